/* dkim_signature: what a DKIM-Signature field says (RFC 6376 section 3.5, RFC 8301, RFC 8463).
 * Reads; verifies nothing. */
#ifndef AUTH_DKIM_SIGNATURE_H
#define AUTH_DKIM_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/dkim_canon.h"
#include "auth/dkim_key.h"

struct arena;

enum { DKIM_NAMES_MAX = 500 }; /* names in h= */

struct dkim_signature {
	const char *domain, *selector, *algorithm; /* d= s= a=, as written; NULL where missing */
	const char *identity; /* i=, or "@" and d= */
	enum dkim_type type;
	enum dkim_canon header, body; /* c= */
	const char *const *names; /* h= */
	size_t name_count;
	const unsigned char *body_hash; /* bh=: DKIM_HASH octets */
	const unsigned char *value; /* b= */
	size_t value_len;
	const unsigned long long *limit, *time, *expires; /* l= t= x=; NULL where missing */
	size_t value_start,
	    value_end; /* where b='s value stands in the field, white space around it included */
};

/* On false `*why` says what is wrong, and `out` has what could be read before it was seen. */
bool dkim_signature_read(const struct mail_field *field, struct arena *arena,
    struct dkim_signature *out, const char **why);

#endif
