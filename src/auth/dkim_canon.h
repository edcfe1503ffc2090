/* dkim_canon: a message as its signatures see it: the two ways to write its fields and its body
 * down (RFC 6376 section 3.4), and the hashes of that. Messages have CRLF line ends; a bare CR or
 * LF is a byte like others. */
#ifndef AUTH_DKIM_CANON_H
#define AUTH_DKIM_CANON_H

#include <stdbool.h>
#include <stddef.h>

#include "mail/fields.h"

struct arena;
struct buf;

enum dkim_canon { DKIM_SIMPLE, DKIM_RELAXED };
const char *dkim_canon_name(enum dkim_canon canon); /* "simple" "relaxed" */

enum { DKIM_HASH = 32 }; /* octets of SHA-256, the one hash that is left (RFC 8301) */

/* Appends a field of `len` octets (without its last CRLF) to `out`, without a CRLF behind it. It
 * never grows. */
void dkim_canon_field(enum dkim_canon canon, const char *field, size_t len, struct buf *out);
void dkim_canon_body(enum dkim_canon canon, const char *body, size_t len,
    struct buf *out); /* grows by two octets at most */

/* bh=: of the first `*limit` octets (l=) of the canonical body, of all with NULL. `*total` is how
 * many it has; less than `*limit` is the caller's to see. Both hashes are false only when libcrypto
 * has no SHA-256. */
bool dkim_hash_body(const struct mail_fields *message, enum dkim_canon canon,
    const unsigned long long *limit, unsigned char hash[DKIM_HASH], unsigned long long *total);

/* What is signed (section 3.7): the fields that `names` say, each time the last one that was not
 * yet taken, an absent one as nothing; then `own`, the signature field itself with b= empty and
 * without CRLF. `skip` (or NULL) is that field within the message: it does not sign itself. */
bool dkim_hash_header(const struct mail_fields *message, enum dkim_canon canon,
    const char *const *names, size_t count, const struct mail_field *skip, const char *own,
    size_t own_len, unsigned char hash[DKIM_HASH]);

#endif
