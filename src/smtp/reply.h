/* reply: one SMTP reply, gathered from the bytes of a peer who may be broken or hostile (RFC 5321
 * section 4.2, RFC 2034/3463).
 *
 * Tolerant as section 4.2.1 is not: lines whose codes differ, missing text, missing space, bare LF
 * are taken and flagged; the last line's code decides. */
#ifndef SMTP_REPLY_H
#define SMTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

enum {
	REPLY_LINE_MAX = 12288, /* what a challenge of AUTH may have (RFC 4954 section 4) */
	REPLY_LINES_MAX = 128,
	REPLY_MAX = 65536
}; /* octets a line without its end, lines a reply, octets a reply with line ends */

struct reply_line {
	const char
	    *bytes; /* the whole line with its code, without CRLF; NUL-terminated, may hold NULs */
	size_t len;
};

enum reply_flag {
	REPLY_MIXED_CODES = 1, /* the lines' codes differ */
	REPLY_BARE_LF = 2, /* a line ended by LF alone */
	REPLY_LONG_LINE = 4, /* over the 512 octets of 4.5.3.1.5, within our limit */
	REPLY_NO_SPACE =
	    8, /* "250text", or a separator that is neither space nor hyphen: stays in the text */
	REPLY_NUL = 16, /* NUL or other control bytes in a line; a CR that no LF follows is one, a
	                   tab is not */
	REPLY_UNFINISHED = 32, /* taken before its end: the last of `lines` may be cut */
	REPLY_CUT = 64, /* there were more lines, or more of the last: not kept */
};

struct reply {
	int code; /* 200..599, the last whole line's that has one; 0: none was read */
	char enhanced[12]; /* "5.7.1", "" if there is none */
	struct reply_line *lines;
	size_t count;
	const char *text; /* lines joined by LF, each without its code (an enhanced code stays);
	                     NUL-terminated, NULs of the peer shown as spaces */
	unsigned flags;
};

/* Feeding: give it what arrived; it takes the bytes up to the end of the reply and says how many.
 * Any state but MORE stays until reply_take. */
enum reply_state {
	REPLY_MORE, /* all bytes taken, the reply is not at its end */
	REPLY_DONE,
	REPLY_LINE_TOO_LONG, /* REPLY_LINE_MAX passed: by the first byte not taken */
	REPLY_TOO_LONG, /* REPLY_LINES_MAX or REPLY_MAX passed, likewise */
	REPLY_NOT_SMTP, /* a line that does not begin with a code [2-5][0-9][0-9] */
};

struct reply_reader;
struct reply_reader *reply_reader_new(struct arena *arena);
enum reply_state reply_feed(
    struct reply_reader *reader, const char *bytes, size_t len, size_t *taken);
/* After DONE: the reply. Else (an error, or the peer is lost): what was read so far, a line without
 * its end too; code and enhanced code are of whole lines only, code 0 if none has one. In the
 * arena; the reader is empty again. */
struct reply reply_take(struct reply_reader *reader);
size_t reply_pending(
    const struct reply_reader *reader); /* octets of an unfinished reply, line ends counted */

/* The text of such lines. */
const char *reply_join(const struct reply_line *lines, size_t count, struct arena *arena);

/* The enhanced status code at the very start of `text` (class.subject.detail, RFC 3463 section 2),
 * "" if none; "5.7.1.2" is an address, not a code. */
void reply_enhanced(const char *text, char enhanced[12]);

#endif
