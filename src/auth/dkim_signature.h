/* dkim_signature: what a DKIM-Signature field says (RFC 6376 section 3.5, RFC 8301, RFC 8463), and
 * the two fields of an ARC set that are made like one (RFC 8617 sections 4.1.2, 4.1.3). Reads;
 * verifies nothing. */
#ifndef AUTH_DKIM_SIGNATURE_H
#define AUTH_DKIM_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/dkim_canon.h"
#include "auth/dkim_key.h"

struct arena;

enum { DKIM_NAMES_MAX = 500 }; /* names in h= */
enum { ARC_SETS_MAX = 50 }; /* RFC 8617 section 4.2.1 */

enum dkim_kind { DKIM_OF_MESSAGE, DKIM_ARC_MESSAGE, DKIM_ARC_SEAL };

struct dkim_signature {
	const char *domain, *selector, *algorithm; /* d= s= a=, as written; NULL where missing */
	const char *identity; /* i=, or "@" and d=; of ARC the latter */
	unsigned set; /* ARC: i=, from 1 */
	const char *chain; /* ARC-Seal: cv=, "none" "pass" "fail" in any case */
	enum dkim_type type;
	enum dkim_canon header, body; /* c= */
	const char *const *names; /* h=; none of a seal, which covers what section 5.1.1 says */
	size_t name_count;
	const unsigned char *body_hash; /* bh=: DKIM_HASH octets; NULL: of a seal */
	const unsigned char *value; /* b= */
	size_t value_len;
	const unsigned long long *limit, *time, *expires; /* l= t= x=; NULL where missing */
	size_t value_start,
	    value_end; /* where b='s value stands in the field, white space around it included */
};

/* On false `*why` says what is wrong, and `out` has what could be read before it was seen. */
bool dkim_signature_read(enum dkim_kind kind, const struct mail_field *field, struct arena *arena,
    struct dkim_signature *out, const char **why);

#endif
