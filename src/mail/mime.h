/* mime: what makes any text or bytes fit to travel as mail (RFC 2045, 2047, 2231), and the folding
 * of header fields (RFC 5322 section 2.2.3).
 *
 * Lines written here end in CRLF. `out` may become full: its owner looks. A false comes with a
 * static `*why`. */
#ifndef MAIL_MIME_H
#define MAIL_MIME_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

enum {
	MIME_LINE_MAX = 998,
	MIME_LINE_GOOD = 78
}; /* octets without CRLF (RFC 5322 section 2.1.1) */

enum mime_field { /* what a header field's value is made of, so where RFC 2047 section 5 allows
	             encoded words */
	MIME_TEXT, /* words, anywhere */
	MIME_ADDRESSES, /* display names; an address that is not ASCII stays as it is (RFC 6532) */
	MIME_TOKENS, /* nowhere: ASCII only */
};

void mime_base64(const char *bytes, size_t len, struct buf *out); /* lines of 76 */
void mime_quoted_printable(
    const char *line, size_t len, struct buf *out); /* one line without its end, in lines of 76 */

/* Mostly: nothing of it has to be encoded, or can be wrong. */
bool mime_is_plain(const char *value, enum mime_field field);
/* `value` (valid UTF-8, no control bytes but tabs) with what is not ASCII as encoded words, on one
 * line. */
bool mime_words(const char *value, enum mime_field field, struct buf *out, const char **why);
/* "Name: value", folded at blanks so that lines stay within 78 where they can; false if one would
 * pass 998. `value` has no blanks around it. */
bool mime_fold(const char *name, const char *value, struct buf *out, const char **why);
void mime_parameter(const char *name, const char *value,
    struct buf *out); /* name="value", or name*=UTF-8''value (RFC 2231 section 4) */

#endif
