/* txt_fields: the form that the records of MTA-STS and TLS-RPT have in common: a version, and then
 * "name=value" behind semicolons (RFC 8461 section 3.1, RFC 8460 section 3). Pure. */
#ifndef EVIDENCE_TXT_FIELDS_H
#define EVIDENCE_TXT_FIELDS_H

#include <stdbool.h>

#include "base/slice.h"

enum { TXT_FIELD_NAME_MAX = 32 };

/* `rest` begins behind the version or a field. The next field; false at the end, or with `*why`
 * (static) where no field stands. What a value may hold is the caller's to say. */
bool txt_field(struct slice *rest, struct slice *name, struct slice *value, const char **why);

/* A value of the grammar: printable, without blanks, "=" and ";", and not empty. */
bool txt_value_is(struct slice value);

/* Letters and digits, "_", "-" and "." behind the first of them; 32 at most. */
bool txt_name_is(struct slice name);

#endif
