/* dkim_key: the published key of a selector, "<selector>._domainkey.<domain>" TXT (RFC 6376
 * section 3.6, RFC 8301, RFC 8463). */
#ifndef AUTH_DKIM_KEY_H
#define AUTH_DKIM_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/notes.h"
#include "dns/answer.h"

struct arena;
struct book;
struct evp_pkey_st; /* OpenSSL's EVP_PKEY */

enum {
	DKIM_RSA_MIN = 1024,
	DKIM_RSA_GOOD = 2048,
	DKIM_RSA_MAX = 4096
}; /* bits: less is refused (RFC 8301 section 3.2), less is warned of, more is not understood
      everywhere */
enum { DKIM_ED25519_KEY = 32 }; /* octets of a key, public or private */

enum dkim_type { DKIM_RSA, DKIM_ED25519 };
const char *dkim_type_name(enum dkim_type type); /* "rsa" "ed25519" */

enum dkim_key_state {
	DKIM_KEY_UNKNOWN, /* the look-up failed: nothing is known */
	DKIM_KEY_ABSENT, /* the DNS says that there is none */
	DKIM_KEY_REVOKED, /* p= is empty */
	DKIM_KEY_BAD, /* there is something that verifiers cannot or must not use for mail: see
	                 `problem` */
	DKIM_KEY_TESTING, /* good, and t=y: a failure is to be treated as no signature */
	DKIM_KEY_OK
};
const char *dkim_key_state_name(enum dkim_key_state state); /* "unknown" "absent" … */

struct dkim_key {
	const char *name; /* where it is published */
	enum dkim_key_state state;
	enum dns_rcode rcode; /* of the look-up */
	const char *server; /* that answered; NULL if none did */
	uint32_t ttl; /* of its answer, seconds */
	const char *record; /* as published, its strings joined; NULL if none */
	size_t record_len;
	bool typed; /* `type` and `bits` are known */
	enum dkim_type type;
	unsigned bits; /* 256 for ed25519 */
	bool weak; /* BAD because it is too short */
	bool strict; /* t=s: i= has to be d= itself, not below it */
	const char *note; /* n=, NULL if none */
	const unsigned char
	    *public_key; /* the octets of p=; NULL if there are none that could be read */
	size_t public_key_len;
	const char *problem; /* what is wrong and where; NULL for TESTING and OK */
	const char *alias; /* why it is ABSENT, where the name is an alias that leads nowhere */
	struct notes warnings; /* what is unwise or fragile, whatever the state */
};

/* False: pending, and UNKNOWN so far. Of several TXT records (which is warned of: a verifier may
 * take any) the first that can be used counts, else the first. */
bool dkim_key_look_up(struct book *book, struct arena *arena, const char *selector,
    const char *domain, struct dkim_key *out);
void dkim_key_read(const char *record, size_t len, struct arena *arena,
    struct dkim_key *out); /* one record; `name` and what is known of the look-up stay untouched */

bool dkim_key_usable(const struct dkim_key *key); /* TESTING or OK */
struct evp_pkey_st *dkim_key_open(const struct dkim_key *
        key); /* the caller's, to be freed with EVP_PKEY_free; NULL when there is no readable one */
bool dkim_key_matches(const struct dkim_key *key,
    const struct evp_pkey_st *pair); /* is it the public half of `pair`? */

#endif
