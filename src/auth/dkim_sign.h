/* dkim_sign: signs a message (RFC 6376 section 5, RFC 8301, RFC 8463). The same inputs give the
 * same octets.
 *
 * From, Subject, Date and To are signed once more than they are there, so that nobody can add a
 * second; so are Reply-To, Cc, Message-ID, the MIME fields and those of RFC 8058 where they are. l=
 * is never used. */
#ifndef AUTH_DKIM_SIGN_H
#define AUTH_DKIM_SIGN_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/dkim_canon.h"
#include "auth/dkim_key.h"

struct arena;
struct buf;
struct evp_pkey_st;

enum { DKIM_FIELD_MAX = 64 * 1024 }; /* octets of one signature field, more than it can need */
enum { DKIM_KEY_FILE_MAX = 64 * 1024 }; /* octets of a key file */

struct dkim_signer_plan {
	const char *key; /* PEM (PKCS#1 or PKCS#8, without passphrase), or the base64 of an ed25519
	                    seed; white space around it is allowed */
	size_t key_len;
	const char *selector;
	const char *domain; /* d=; NULL: what dkim_sign is given */
	enum dkim_canon header, body; /* relaxed for both is what survives the way */
	long long lifetime; /* seconds from t= to x=; 0: no x= */
};

struct dkim_signer { /* made once, used for many messages; read-only to its users */
	struct evp_pkey_st *pair;
	enum dkim_type type;
	unsigned bits;
	const char *selector, *domain; /* normal form (name.h); domain NULL: as above */
	enum dkim_canon header, body;
	long long lifetime;
	const char *warning; /* what is unwise about the key; NULL if nothing */
};

/* NULL: `*why` says what is wrong with the plan. Strings live in `arena`; dkim_signer_free has to
 * come before the arena goes. */
struct dkim_signer *dkim_signer_new(
    const struct dkim_signer_plan *plan, struct arena *arena, const char **why);
void dkim_signer_free(struct dkim_signer *signer); /* NULL is allowed */

/* Reads a private key as a plan's. NULL and `*why`: it is none, or none that may sign. To be freed
 * with EVP_PKEY_free. */
struct evp_pkey_st *dkim_pair_read(
    const char *key, size_t len, struct arena *arena, const char **why);

/* What the record at the selector has to say: "v=DKIM1; k=ed25519; p=…", in the arena; NULL if
 * OpenSSL cannot tell. */
const char *dkim_pair_record(const struct evp_pkey_st *pair, struct arena *arena);

struct dkim_pair { /* what there is to say of a private key, without the key */
	const char *file; /* where it came from; NULL if from nowhere */
	enum dkim_type type;
	unsigned bits;
	const char *record; /* as above */
	bool matches; /* the key that is published */
};
void dkim_pair_describe(const struct evp_pkey_st *pair, const struct dkim_key *published,
    struct arena *arena, struct dkim_pair *out);

/* The raw signature of a hash (dkim_hash_header), in the arena; NULL if OpenSSL failed. */
const unsigned char *dkim_seal(struct evp_pkey_st *pair, const unsigned char hash[DKIM_HASH],
    struct arena *arena, size_t *len);

/* Appends the DKIM-Signature field, with its CRLF, to `out`: it goes before the message. `message`
 * has CRLF line ends. `domain` is d= where the signer has none. Several signers each sign the
 * message as it is, without each other's fields. On false `*why` says what is wrong, and `out` is
 * as it was. */
bool dkim_sign(const struct dkim_signer *signer, const char *domain, const char *message,
    size_t len, long long now, struct arena *arena, struct buf *out, const char **why);

#endif
