/* near_miss: TXT records that were meant as records of SPF, DMARC, MTA-STS or TLS-RPT, and what is
 * wrong with how they begin: what zone editors, word processors and tired people put there. */
#ifndef AUTH_NEAR_MISS_H
#define AUTH_NEAR_MISS_H

#include "base/slice.h"

struct arena;

enum near_kind { NEAR_SPF, NEAR_DMARC, NEAR_STS, NEAR_TLS_RPT };

/* Why `text`, which is no record of the kind, is none, although it seems to be meant as one: "a
 * byte order mark stands before it". NULL: it is something else. */
const char *near_miss(struct slice text, enum near_kind kind);

/* Takes off what stands before a record and is no part of it (a byte order mark, quotation marks,
 * white space …); the first such thing is the reason, NULL if there is none. */
const char *near_before(struct slice *text);

/* `text`, shortened to `max` octets and with \xNN for what is not printable. */
const char *near_quote(struct slice text, size_t max, struct arena *arena);

#endif
