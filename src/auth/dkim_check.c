#include "auth/dkim_check.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "dns/name.h"

void
dkim_conclude(struct dkim_verdict *verdict, enum dkim_result result, enum dkim_step failed,
    const char *reason)
{
	verdict->result = result;
	verdict->failed = failed;
	verdict->reason = reason;
}

/* False: the key is none for this signature, and that is the verdict. */
static bool
check_key(const struct dkim_check *check, struct dkim_verdict *verdict)
{
	const struct dkim_signature *signature = &verdict->signature;
	const struct dkim_key *key = &verdict->key;

	if (key->state == DKIM_KEY_UNKNOWN)
		dkim_conclude(verdict, DKIM_TEMPERROR, DKIM_STEP_KEY, key->problem);
	else if (!dkim_key_usable(key))
		dkim_conclude(verdict, key->weak ? DKIM_POLICY : DKIM_PERMERROR, DKIM_STEP_KEY,
		    arena_printf(check->arena,
		        key->state == DKIM_KEY_ABSENT ? "no key: %s" : "no usable key: %s",
		        key->problem));
	else if (key->type != signature->type)
		dkim_conclude(verdict, DKIM_PERMERROR, DKIM_STEP_KEY,
		    arena_printf(check->arena, "a=%s, but the key at %s is of type %s",
		        signature->algorithm, key->name, dkim_type_name(key->type)));
	else if (key->strict &&
	         !name_equal(strrchr(signature->identity, '@') + 1, signature->domain))
		dkim_conclude(verdict, DKIM_PERMERROR, DKIM_STEP_KEY,
		    arena_printf(check->arena,
		        "i=%.80s is below d=, and the key at %s allows only d= itself (t=s)",
		        signature->identity, key->name));
	else
		return true;
	return false;
}

static bool
check_body(const struct dkim_check *check, struct dkim_verdict *verdict)
{
	const struct dkim_signature *signature = &verdict->signature;
	unsigned char hash[DKIM_HASH];
	unsigned long long total;

	if (!dkim_hash_body(check->message, signature->body, signature->limit, hash, &total)) {
		dkim_conclude(verdict, DKIM_TEMPERROR, DKIM_STEP_BODY_HASH,
		    "the crypto library has no SHA-256");
		return false;
	}
	if (signature->limit != NULL && *signature->limit > total) {
		dkim_conclude(verdict, DKIM_FAIL, DKIM_STEP_BODY_HASH,
		    arena_printf(check->arena,
		        "l=%llu, but the body has %llu octets: it was cut short", *signature->limit,
		        total));
		return false;
	}
	if (signature->limit != NULL) {
		verdict->unsigned_octets = total - *signature->limit;
		notes_add(&verdict->warnings, check->arena, "dkim-body-unsigned", signature->domain,
		    "l=%llu leaves %llu octets of the body unsigned: anybody may add more "
		    "behind it",
		    *signature->limit, verdict->unsigned_octets);
	}
	if (memcmp(hash, signature->body_hash, DKIM_HASH) == 0)
		return true;
	dkim_conclude(verdict, DKIM_FAIL, DKIM_STEP_BODY_HASH,
	    "the body hash does not match bh=: the body was changed on the way, or is not what was "
	    "signed");
	return false;
}

static bool
verify_hash(
    EVP_PKEY *key, const struct dkim_signature *signature, const unsigned char hash[DKIM_HASH])
{
	EVP_PKEY_CTX *rsa;
	EVP_MD_CTX *ed25519;
	bool good;

	if (signature->type == DKIM_ED25519) { /* RFC 8463 section 3: PureEdDSA of the hash */
		ed25519 = EVP_MD_CTX_new();
		good = ed25519 != NULL &&
		       EVP_DigestVerifyInit(ed25519, NULL, NULL, NULL, key) == 1 &&
		       EVP_DigestVerify(
		           ed25519, signature->value, signature->value_len, hash, DKIM_HASH) == 1;
		EVP_MD_CTX_free(ed25519);
	} else {
		rsa = EVP_PKEY_CTX_new(key, NULL);
		good = rsa != NULL && EVP_PKEY_verify_init(rsa) == 1 &&
		       EVP_PKEY_CTX_set_rsa_padding(rsa, RSA_PKCS1_PADDING) == 1 &&
		       EVP_PKEY_CTX_set_signature_md(rsa, EVP_sha256()) == 1 &&
		       EVP_PKEY_verify(
		           rsa, signature->value, signature->value_len, hash, DKIM_HASH) == 1;
		EVP_PKEY_CTX_free(rsa);
	}
	ERR_clear_error();
	return good;
}

static bool
check_header(
    const struct dkim_check *check, const struct mail_field *field, struct dkim_verdict *verdict)
{
	const struct dkim_signature *signature = &verdict->signature;
	unsigned char hash[DKIM_HASH];
	EVP_PKEY *key;
	struct buf own;
	bool good;

	buf_init(&own, field->len);
	buf_add(&own, field->at, signature->value_start);
	buf_add(&own, field->at + signature->value_end, field->len - signature->value_end);
	good = dkim_hash_header(check->message, signature->header, signature->names,
	    signature->name_count, field, own.data, own.len, hash);
	buf_release(&own);
	key = good ? dkim_key_open(&verdict->key) : NULL;
	if (key == NULL) {
		dkim_conclude(verdict, DKIM_TEMPERROR, DKIM_STEP_SIGNATURE,
		    "the crypto library cannot use the key");
		return false;
	}
	good = verify_hash(key, signature, hash);
	EVP_PKEY_free(key);
	if (!good)
		dkim_conclude(verdict, DKIM_FAIL, DKIM_STEP_SIGNATURE,
		    arena_printf(check->arena,
		        "the body is as signed, but not the header: a field that h= names was "
		        "changed or added on the way, or the key at %s is not the "
		        "signer's",
		        verdict->key.name));
	return good;
}

void
dkim_check_signature(
    const struct dkim_check *check, const struct mail_field *field, struct dkim_verdict *verdict)
{
	if (check_key(check, verdict) &&
	    (verdict->signature.body_hash == NULL || check_body(check, verdict)) &&
	    check_header(check, field, verdict))
		verdict->result = DKIM_PASS;
}
