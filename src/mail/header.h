/* header: the fields of a header, or of any block written like one (RFC 5322 section 2.2), one
 * after the other. Lenient: a line that is no field is passed over. */
#ifndef MAIL_HEADER_H
#define MAIL_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

enum { HEADER_VALUE_MAX = 16384 }; /* octets of an unfolded value: what is beyond is left out */

/* The next field; its value is still folded. `*rest` moves behind it. False at an empty line or at
 * the end; an empty line is skipped, then. */
bool header_next(struct slice *rest, struct slice *name, struct slice *value);
/* Octets of the name that the line begins with; 0: it is no field. */
size_t header_name(struct slice line);
/* The value on one line: each fold, with its blanks, is one space. */
char *header_unfold(struct slice value, struct arena *arena);
/* The first field of that name, unfolded; NULL: there is none. */
char *header_get(struct slice header, const char *name, struct arena *arena);

/* The first word of a value such as Content-Type's ("text/plain; charset=utf-8"), in lower case. */
char *header_token(const char *value, struct arena *arena);
/* The parameter of a value such as Content-Type's, unquoted; NULL: it has none. */
char *header_parameter(const char *value, const char *name, struct arena *arena);

#endif
