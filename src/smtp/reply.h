/* reply: one SMTP reply, gathered from the bytes of a peer who may be broken or hostile (RFC 5321 section 4.2, RFC 2034/3463).
 *
 * Tolerant as section 4.2.1 is not: lines whose codes differ, missing text, missing space, bare LF are taken and flagged; the last line's code decides. */
#ifndef SMTP_REPLY_H
#define SMTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

enum { REPLY_LINE_MAX = 4096, REPLY_LINES_MAX = 128, REPLY_MAX = 65536 }; /* octets a line without CRLF, lines and octets a reply */

struct reply_line {
	const char *bytes; /* the whole line with its code, without CRLF; NUL-terminated, may hold NULs */
	size_t len;
};

enum reply_flag {
	REPLY_MIXED_CODES = 1, /* the lines' codes differ */
	REPLY_BARE_LF = 2, /* a line ended by LF alone */
	REPLY_LONG_LINE = 4, /* over the 512 octets of 4.5.3.1.5, within our limit */
	REPLY_NO_SPACE = 8, /* "250text", or a separator that is neither space nor hyphen */
	REPLY_NUL = 16, /* NUL or other control bytes in the text */
};

struct reply {
	int code; /* 200..599; 0: none was read */
	char enhanced[12]; /* "5.7.1", "" if there is none */
	struct reply_line *lines;
	size_t count;
	const char *text; /* lines joined by LF, each without its code (an enhanced code stays); NUL-terminated, NULs of the peer shown as spaces */
	unsigned flags;
};

/* Feeding: give it what arrived; it takes the bytes up to the end of the reply and says how many. */
enum reply_state {
	REPLY_MORE, /* all bytes taken, the reply is not at its end */
	REPLY_DONE,
	REPLY_LINE_TOO_LONG, /* REPLY_LINE_MAX passed */
	REPLY_TOO_LONG, /* REPLY_LINES_MAX or REPLY_MAX passed */
	REPLY_NOT_SMTP, /* a line that does not begin with a code [2-5][0-9][0-9] */
};

struct reply_reader;
struct reply_reader *reply_reader_new(struct arena *arena);
enum reply_state reply_feed(struct reply_reader *reader, const char *bytes, size_t len, size_t *taken);
/* After DONE: the reply. After an error: what was read so far, so that nothing is lost (code 0 if no line was whole). In the arena; the reader is empty again. */
struct reply reply_take(struct reply_reader *reader);
size_t reply_pending(const struct reply_reader *reader); /* octets of an unfinished reply */

/* The enhanced status code at the start of `text` (class.subject.detail, RFC 3463 section 2), "" if none. */
void reply_enhanced(const char *text, char enhanced[12]);

#endif
