/* message: the test message, and a user's own, as bytes that may go on the wire (RFC 5322, RFC 5321
 * section 4.5.2).
 *
 * What leaves here has CRLF line ends only, no NUL and no line over 998 octets; a bare CR or LF
 * never goes out. A false comes with a static `*why`; what `out` holds then is of no use. An `out`
 * that is too small is such a false; MESSAGE_MAX is the size to give it. */
#ifndef MAIL_MESSAGE_H
#define MAIL_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct buf;

enum {
	MESSAGE_MAX = 50 * 1024 * 1024,
	MESSAGE_WIRE_MAX = MESSAGE_MAX / 3 * 4 + 16
}; /* octets; once stuffed, at worst */

struct message_file { /* an attachment, read by the caller */
	const char *name; /* base name, UTF-8 */
	const char *type; /* "application/pdf"; NULL: application/octet-stream */
	const char *bytes;
	size_t len;
};

struct message_text {
	const char *type; /* "text/html"; charset=utf-8 is added where it names none */
	const char *bytes; /* UTF-8 */
	size_t len;
};

struct message_plan {
	const char *from,
	    *to; /* addresses; from "" : null reverse-path, the header then says postmaster@helo */
	const char *helo; /* domain for the Message-ID and for "who sent this" */
	long long now; /* seconds since the epoch, for Date */
	int zone; /* minutes east of UTC */
	unsigned long long random[2]; /* for Message-ID and MIME boundary */
	const char *version; /* "mxwalk 0.1" */
	const char *const *headers; /* "Name: value" of --header, UTF-8, on one line: replaces ours
	                               of the same name, else is added */
	size_t header_count;
	const char *const *added; /* the same, in the place of none */
	size_t added_count;
	const char *body; /* NULL: our own words on what this is and how to stop it */
	size_t body_len;
	const struct message_text *texts; /* the same in other forms, beside it
	                                     (multipart/alternative) */
	size_t text_count;
	const struct message_file *files;
	size_t file_count;
};

/* Composes the test message: plain text, or multipart/mixed with attachments; Message-ID, Date,
 * From, To, Subject, Auto-Submitted, X-Mailer, MIME headers. Header values are folded at 78; one
 * that is not ASCII becomes encoded words. The body goes as it is (line ends mended) when it is
 * ASCII with no line over 998 octets, else as quoted-printable UTF-8. A --header that says
 * Content-Transfer-Encoding vouches for the body: it goes as it is. */
bool message_compose(const struct message_plan *plan, struct buf *out, const char **why);

/* What is given of headers, texts and files. `own_mime`: fields of MIME are not the user's. */
bool message_parts_check(const struct message_plan *plan, bool own_mime, const char **why);

#define MESSAGE_BODY_TOKEN "%BODY%"

/* Takes a user's message as it is and mends only its line ends: LF, CR and CRLF each become CRLF, a
 * last line gets its own. An mbox "From " line at the start is dropped. With a `plan` (else NULL)
 * swaks's tokens are replaced wherever they stand: %FROM_ADDRESS% %TO_ADDRESS% %DATE% %MESSAGEID%
 * (without angle brackets) %SWAKS_VERSION% (ours) %NEW_HEADERS% (nothing) %BODY% (the plan's
 * body, or our own words) %NEWLINE%. On false `*line` is the line at fault, from 1; 0: none in
 * particular. */
bool message_from_file(const char *bytes, size_t len, const struct message_plan *plan,
    struct buf *out, const char **why, unsigned *line);

/* The tokens alone: all else stays as it is. */
void message_put_tokens(struct slice text, const struct message_plan *plan, struct buf *out);

bool message_is_8bit(const char *bytes, size_t len); /* any byte ≥ 0x80 */
bool message_header_is_8bit(const char *bytes, size_t len); /* before the first empty line */

/* Dot-stuffing and the final dot (RFC 5321 4.5.2): `bytes` has CRLF ends; MESSAGE_WIRE_MAX is the
 * size to give `out`. */
void message_stuff(const char *bytes, size_t len, struct buf *out);

#endif
