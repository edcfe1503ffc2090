#include "auth/dkim_key.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

#include "auth/alias.h"
#include "auth/dkim_tags.h"
#include "auth/near_miss.h"
#include "base/arena.h"
#include "dns/book.h"
#include "dns/name.h"

const char *
dkim_type_name(enum dkim_type type)
{
	return type == DKIM_RSA ? "rsa" : "ed25519";
}

const char *
dkim_key_state_name(enum dkim_key_state state)
{
	static const char *const names[] = {
	    [DKIM_KEY_UNKNOWN] = "unknown",
	    [DKIM_KEY_ABSENT] = "absent",
	    [DKIM_KEY_REVOKED] = "revoked",
	    [DKIM_KEY_BAD] = "bad",
	    [DKIM_KEY_TESTING] = "testing",
	    [DKIM_KEY_OK] = "ok",
	};

	return names[state];
}

static void
bad(struct dkim_key *key, const char *problem)
{
	key->state = DKIM_KEY_BAD;
	key->problem = problem;
}

/* ---- the key itself */

/* SubjectPublicKeyInfo is what all publish and what the RFC's example has; its text says
 * RSAPublicKey, and verifiers take that, too. `*rest`: octets behind it.
 */
static EVP_PKEY *
open_rsa(const unsigned char *bytes, size_t len, bool *bare, size_t *rest)
{
	const unsigned char *at = bytes;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)len);

	*bare = key == NULL;
	if (key == NULL) {
		at = bytes;
		key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)len);
	}
	*rest = key != NULL ? len - (size_t)(at - bytes) : 0;
	ERR_clear_error(); /* who looks for TLS errors must not find ours */
	return key;
}

static void
read_rsa(struct arena *arena, struct dkim_key *key)
{
	size_t rest;
	bool bare;
	EVP_PKEY *rsa = open_rsa(key->public_key, key->public_key_len, &bare, &rest);
	int type = rsa != NULL ? EVP_PKEY_get_base_id(rsa) : EVP_PKEY_NONE,
	    bits = rsa != NULL ? EVP_PKEY_get_bits(rsa) : 0;

	EVP_PKEY_free(rsa);
	if (type != EVP_PKEY_RSA) {
		key->public_key = NULL;
		if (key->public_key_len == DKIM_ED25519_KEY)
			bad(key,
			    "p= has the 32 octets of an ed25519 key, but there is no k=ed25519");
		else
			bad(key, type == EVP_PKEY_NONE
			             ? "p= is base64, but no RSA public key (cut off?)"
			             : "p= is a public key, but not an RSA one");
		return;
	}
	key->typed = true;
	key->bits = (unsigned)bits;
	if (bits < DKIM_RSA_MIN) {
		key->weak = true;
		bad(key, arena_printf(arena,
		             "an RSA key of %d bits: verifiers refuse less than %d (RFC 8301)",
		             bits, DKIM_RSA_MIN));
		return;
	}
	if (bits < DKIM_RSA_GOOD)
		notes_add(&key->warnings, arena, "dkim-key-short", key->name,
		    "an RSA key of %d bits: %d are advised (RFC 8301)", bits, DKIM_RSA_GOOD);
	if (bits > DKIM_RSA_MAX)
		notes_add(&key->warnings, arena, "dkim-key-long", key->name,
		    "an RSA key of %d bits: verifiers need not support more than %d (RFC 8301)",
		    bits, DKIM_RSA_MAX);
	if (bare)
		notes_add(&key->warnings, arena, "dkim-key-bare", key->name,
		    "p= is a bare RSAPublicKey: verifiers that want a SubjectPublicKeyInfo cannot "
		    "read it");
	if (rest > 0)
		notes_add(&key->warnings, arena, "dkim-key-trailing", key->name,
		    "p= has %zu octets more than the key: not all verifiers pass over that", rest);
}

static void
read_ed25519(struct arena *arena, struct dkim_key *key)
{
	if (key->public_key_len == DKIM_ED25519_KEY) {
		key->typed = true;
		key->bits = 256;
		return;
	}
	key->public_key = NULL;
	if (key->public_key_len == DKIM_ED25519_KEY + 12)
		bad(key, "p= is a SubjectPublicKeyInfo; for ed25519 it has to be the bare 32 "
		         "octets, that is, the last 32 of these (RFC 8463 section 4.2)");
	else
		bad(key, arena_printf(arena, "p= has %zu octets; an ed25519 key has %d",
		             key->public_key_len, DKIM_ED25519_KEY));
}

EVP_PKEY *
dkim_key_open(const struct dkim_key *key)
{
	EVP_PKEY *opened;
	size_t rest;
	bool bare;

	if (!key->typed || key->public_key == NULL)
		return NULL;
	if (key->type == DKIM_RSA)
		return open_rsa(key->public_key, key->public_key_len, &bare, &rest);
	opened = EVP_PKEY_new_raw_public_key(
	    EVP_PKEY_ED25519, NULL, key->public_key, key->public_key_len);
	ERR_clear_error();
	return opened;
}

bool
dkim_key_matches(const struct dkim_key *key, const EVP_PKEY *pair)
{
	EVP_PKEY *published = dkim_key_open(key);
	bool same = published != NULL && EVP_PKEY_eq(published, pair) == 1;

	EVP_PKEY_free(published);
	ERR_clear_error();
	return same;
}

bool
dkim_key_usable(const struct dkim_key *key)
{
	return key->state == DKIM_KEY_TESTING || key->state == DKIM_KEY_OK;
}

/* ---- the record */

/* What has often gone wrong on the way into the zone, better named than by the octet where it
 * shows. */
static const char *
published_wrongly(const char *record, size_t len)
{
	struct slice text = {record, len};
	const char *before = near_before(&text);

	if (before != NULL && slice_span((struct slice){record, len}, " \t") == 0)
		return before;
	for (size_t i = 1; i < len; i++)
		if (record[i] == ';' && record[i - 1] == '\\')
			return "there is a backslash before a semicolon: the zone's escaping was "
			       "published with the record";
	return NULL;
}

static void
read_flags(const char *flags, struct arena *arena, struct dkim_key *key)
{
	const char *flag;

	while (
	    dkim_list_next(&flags, arena, &flag)) { /* those that are not known are passed over */
		if (strcmp(flag, "y") == 0)
			key->state = DKIM_KEY_TESTING;
		else if (strcmp(flag, "s") == 0)
			key->strict = true;
	}
}

/* k= s= h= g=: is the key for this use at all? */
static bool
check_use(const struct dkim_tags *tags, struct arena *arena, struct dkim_key *key)
{
	const char *type = dkim_tags_value(tags, "k"), *services = dkim_tags_value(tags, "s"),
	           *hashes = dkim_tags_value(tags, "h"), *local = dkim_tags_value(tags, "g");

	key->type = type != NULL && strcmp(type, "ed25519") == 0 ? DKIM_ED25519 : DKIM_RSA;
	if (type != NULL && strcmp(type, dkim_type_name(key->type)) != 0) {
		const char *meant = strncmp(type, "ed25519", 7) == 0 ? "; it is written k=ed25519"
		                    : strncmp(type, "rsa", 3) == 0   ? "; it is written k=rsa"
		                                                     : "";

		bad(key, arena_printf(arena, "k=%.40s: no such key type%s", type, meant));
	} else if (services != NULL && !dkim_list_has(services, arena, "*") &&
	           !dkim_list_has(services, arena, "email")) {
		bad(key, arena_printf(arena, "s=%.40s: the key is not for email", services));
	} else if (hashes != NULL && !dkim_list_has(hashes, arena, "sha256")) {
		bad(key,
		    arena_printf(arena,
		        "h=%.40s: the key is not for sha256, and no other hash is left (RFC 8301)",
		        hashes));
	}
	if (local != NULL && strcmp(local, "*") != 0)
		notes_add(&key->warnings, arena, "dkim-key-g", key->name,
		    "g= is of an older standard (RFC 4871); verifiers that still know it take the "
		    "key for that local part only");
	return key->state != DKIM_KEY_BAD;
}

static void
read_public_key(const char *value, struct arena *arena, struct dkim_key *key)
{
	const char *why;

	if (value == NULL) {
		bad(key, "there is no p=: it is no key record");
		return;
	}
	if (*value == '\0') {
		key->state = DKIM_KEY_REVOKED;
		key->problem = "p= is empty: the key was revoked";
		return;
	}
	if (!dkim_base64_decode(value, arena, &key->public_key, &key->public_key_len, &why)) {
		bad(key, arena_printf(arena, "p=: %s%s", why,
		             strchr(value, '"') != NULL
		                 ? " (the quotes between its strings were published)"
		                 : ""));
		return;
	}
	if (key->type == DKIM_RSA)
		read_rsa(arena, key);
	else
		read_ed25519(arena, key);
}

void
dkim_key_read(const char *record, size_t len, struct arena *arena, struct dkim_key *out)
{
	const char *version, *why, *wrongly = published_wrongly(record, len);
	struct dkim_tags tags;

	*out = (struct dkim_key){.name = out->name,
	    .rcode = out->rcode,
	    .server = out->server,
	    .ttl = out->ttl,
	    .state = DKIM_KEY_OK,
	    .record = arena_copy(arena, record, len),
	    .record_len = len};
	if (wrongly != NULL) {
		bad(out, wrongly);
		return;
	}
	if (!dkim_tags_parse(record, len, arena, &tags, &why)) {
		bad(out, why);
		return;
	}
	version = dkim_tags_value(&tags, "v");
	if (version != NULL &&
	    (strcmp(version, "DKIM1") != 0 || strcmp(tags.items[0].name, "v") != 0)) {
		if (strcmp(version, "DKIM1") == 0)
			bad(out, "v= is not the first tag, so verifiers discard the record");
		else
			bad(out, arena_printf(arena,
			             "v=%.40s: it has to be DKIM1, so verifiers discard the record",
			             version));
		return;
	}
	out->note = dkim_tags_value(&tags, "n");
	if (!check_use(&tags, arena, out))
		return;
	read_flags(dkim_tags_value(&tags, "t"), arena, out);
	read_public_key(dkim_tags_value(&tags, "p"), arena, out);
}

/* ---- looking up */

static void
choose_record(const struct answer *answer, struct arena *arena, struct dkim_key *out)
{
	struct dkim_key first = *out;

	for (size_t i = 0; i < answer->count; i++) {
		dkim_key_read(answer->records[i].u.txt.joined.bytes,
		    answer->records[i].u.txt.joined.len, arena, out);
		if (dkim_key_usable(out))
			break;
		if (i == 0)
			first = *out;
	}
	if (!dkim_key_usable(out))
		*out = first;
	if (answer->count > 1)
		notes_add(&out->warnings, arena, "dkim-key-several", out->name,
		    "%s has %zu TXT records, and a verifier may take any of them", out->name,
		    answer->count);
}

bool
dkim_key_look_up(struct book *book, struct arena *arena, const char *selector, const char *domain,
    struct dkim_key *out)
{
	const char *name = arena_printf(arena, "%s._domainkey.%s", selector, domain), *why, *alias;
	char normal[NAME_TEXT];
	const struct answer *answer;

	*out = (struct dkim_key){.name = name};
	if (!name_normalise(name, normal, &why)) {
		bad(out, arena_printf(arena, "\"%.80s\" is no domain name: %s", name, why));
		return true;
	}
	out->name = arena_string(arena, normal);
	answer = book_ask(book, out->name, DNS_TXT);
	if (answer == NULL) {
		out->rcode = DNS_TIMEOUT;
		out->problem =
		    arena_printf(arena, "the look-up of TXT %s has not ended", out->name);
		return false;
	}
	out->rcode = answer->rcode;
	out->server = answer->server;
	out->ttl = answer->ttl;
	switch (answer_truth(answer)) {
	case UNKNOWN:
		out->state = DKIM_KEY_UNKNOWN;
		out->problem = arena_printf(arena, "the look-up of TXT %s failed: %s", out->name,
		    dns_rcode_name(answer->rcode));
		break;
	case ABSENT:
		out->state = DKIM_KEY_ABSENT;
		alias = out->alias = alias_gone(answer, arena);
		out->problem = arena_printf(arena,
		    alias != NULL                   ? "%s has no TXT record: %s"
		    : answer->rcode == DNS_NXDOMAIN ? "%s does not exist%s"
		                                    : "%s has no TXT record%s",
		    out->name, alias != NULL ? alias : "");
		break;
	case PRESENT:
		choose_record(answer, arena, out);
		break;
	}
	return true;
}
