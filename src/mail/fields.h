/* fields: the header of a message as fields (RFC 5322 sections 2.2, 3.6 and, for white space before
 * the colon, 4.5). Line ends are CRLF; a bare CR or LF is an octet like others, for a signature
 * covers it. */
#ifndef MAIL_FIELDS_H
#define MAIL_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct arena;

enum { FIELDS_MAX = 1000 }; /* of a header; more are an error */

struct mail_field { /* points into the message */
	const char *at;
	size_t len; /* with its folded lines, without the last CRLF */
	size_t name_len; /* without white space before the colon */
	size_t colon;
	unsigned line; /* of the message, from 1 */
};

struct mail_fields {
	struct mail_field *items;
	size_t count;
	const char *body; /* behind the empty line; body_len 0: none */
	size_t body_len;
};

/* Borrows `bytes`. On false `*why` says which line of the header is no field, or that there are too
 * many; `out` then has the fields before it. */
bool fields_read(
    const char *bytes, size_t len, struct arena *arena, struct mail_fields *out, const char **why);
size_t fields_count(const struct mail_fields *fields, const char *name);

bool field_is(const struct mail_field *field, const char *name); /* any case */
struct slice field_value(const struct mail_field *field); /* what is behind the colon, folds and
                                                             all */
const char *field_single(const struct mail_field *field); /* its name as the standards write it,
                                                             where a message may have one only
                                                             (RFC 5322 section 3.6, RFC 2045);
                                                             else NULL */

/* Octets of an mbox "From " line at the start of a message, with its line end; 0: there is none.
 * "From : …" is a header field in its obsolete form. */
size_t fields_mbox_line(const char *bytes, size_t len);

#endif
