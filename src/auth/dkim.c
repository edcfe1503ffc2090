#include "auth/dkim.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/buf.h"
#include "dns/name.h"

/* ---- words */

static const char *const result_names[] = {
    [DKIM_NONE] = "none",
    [DKIM_NEUTRAL] = "neutral",
    [DKIM_PERMERROR] = "permerror",
    [DKIM_POLICY] = "policy",
    [DKIM_FAIL] = "fail",
    [DKIM_TEMPERROR] = "temperror",
    [DKIM_PASS] = "pass",
};

const char *
dkim_result_name(enum dkim_result result)
{
	return result_names[result];
}

bool
dkim_result_parse(const char *text, enum dkim_result *result)
{
	for (*result = DKIM_NONE; *result <= DKIM_PASS; ++*result)
		if (strcasecmp(text, result_names[*result]) == 0)
			return true;
	return false;
}

const char *
dkim_step_name(enum dkim_step step)
{
	static const char *const names[] = {
	    [DKIM_STEP_NONE] = NULL,
	    [DKIM_STEP_SYNTAX] = "syntax",
	    [DKIM_STEP_KEY] = "key",
	    [DKIM_STEP_BODY_HASH] = "body-hash",
	    [DKIM_STEP_SIGNATURE] = "signature",
	    [DKIM_STEP_EXPIRED] = "expired",
	};

	return names[step];
}

/* ---- one signature */

struct verification {
	struct arena *arena;
	const struct dkim_query *query;
	struct mail_fields message;
};

static void
conclude(struct dkim_verdict *verdict, enum dkim_result result, enum dkim_step failed,
    const char *reason)
{
	verdict->result = result;
	verdict->failed = failed;
	verdict->reason = reason;
}

/* False: the key is none for this signature, and that is the verdict. */
static bool
check_key(struct verification *eval, struct dkim_verdict *verdict)
{
	const struct dkim_signature *signature = &verdict->signature;
	const struct dkim_key *key = &verdict->key;

	if (key->state == DKIM_KEY_UNKNOWN)
		conclude(verdict, DKIM_TEMPERROR, DKIM_STEP_KEY, key->problem);
	else if (!dkim_key_usable(key))
		conclude(verdict, key->weak ? DKIM_POLICY : DKIM_PERMERROR, DKIM_STEP_KEY,
		    arena_printf(eval->arena,
		        key->state == DKIM_KEY_ABSENT ? "no key: %s" : "no usable key: %s",
		        key->problem));
	else if (key->type != signature->type)
		conclude(verdict, DKIM_PERMERROR, DKIM_STEP_KEY,
		    arena_printf(eval->arena, "a=%s, but the key at %s is of type %s",
		        signature->algorithm, key->name, dkim_type_name(key->type)));
	else if (key->strict &&
	         !name_equal(strrchr(signature->identity, '@') + 1, signature->domain))
		conclude(verdict, DKIM_PERMERROR, DKIM_STEP_KEY,
		    arena_printf(eval->arena,
		        "i=%.80s is below d=, and the key at %s allows only d= itself (t=s)",
		        signature->identity, key->name));
	else
		return true;
	return false;
}

static bool
check_body(struct verification *eval, struct dkim_verdict *verdict)
{
	const struct dkim_signature *signature = &verdict->signature;
	unsigned char hash[DKIM_HASH];
	unsigned long long total;

	if (!dkim_hash_body(&eval->message, signature->body, signature->limit, hash, &total)) {
		conclude(verdict, DKIM_TEMPERROR, DKIM_STEP_BODY_HASH,
		    "the crypto library has no SHA-256");
		return false;
	}
	if (signature->limit != NULL && *signature->limit > total) {
		conclude(verdict, DKIM_FAIL, DKIM_STEP_BODY_HASH,
		    arena_printf(eval->arena,
		        "l=%llu, but the body has %llu octets: it was cut short", *signature->limit,
		        total));
		return false;
	}
	if (signature->limit != NULL) {
		verdict->unsigned_octets = total - *signature->limit;
		notes_add(&verdict->warnings, eval->arena, "dkim-body-unsigned", signature->domain,
		    "l=%llu leaves %llu octets of the body unsigned: anybody may add more "
		    "behind it",
		    *signature->limit, verdict->unsigned_octets);
	}
	if (memcmp(hash, signature->body_hash, DKIM_HASH) == 0)
		return true;
	conclude(verdict, DKIM_FAIL, DKIM_STEP_BODY_HASH,
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
    struct verification *eval, const struct mail_field *field, struct dkim_verdict *verdict)
{
	const struct dkim_signature *signature = &verdict->signature;
	unsigned char hash[DKIM_HASH];
	EVP_PKEY *key;
	struct buf own;
	bool good;

	buf_init(&own, field->len);
	buf_add(&own, field->at, signature->value_start);
	buf_add(&own, field->at + signature->value_end, field->len - signature->value_end);
	good = dkim_hash_header(&eval->message, signature->header, signature->names,
	    signature->name_count, field, own.data, own.len, hash);
	buf_release(&own);
	key = good ? dkim_key_open(&verdict->key) : NULL;
	if (key == NULL) {
		conclude(verdict, DKIM_TEMPERROR, DKIM_STEP_SIGNATURE,
		    "the crypto library cannot use the key");
		return false;
	}
	good = verify_hash(key, signature, hash);
	EVP_PKEY_free(key);
	if (!good)
		conclude(verdict, DKIM_FAIL, DKIM_STEP_SIGNATURE,
		    arena_printf(eval->arena,
		        "the body is as signed, but not the header: a field that h= names was "
		        "changed or added on the way, or the key at %s is not the "
		        "signer's",
		        verdict->key.name));
	return good;
}

static void
check_times(struct verification *eval, struct dkim_verdict *verdict)
{
	const struct dkim_signature *signature = &verdict->signature;
	unsigned long long now = eval->query->now > 0 ? (unsigned long long)eval->query->now : 0;

	if (signature->time != NULL && *signature->time > now + DKIM_CLOCK_SKEW)
		notes_add(&verdict->warnings, eval->arena, "dkim-time-ahead", signature->domain,
		    "t= lies %llu seconds ahead: a verifier may ignore the signature",
		    *signature->time - now);
	verdict->expired = signature->expires != NULL && now > *signature->expires;
	if (verdict->expired && verdict->result == DKIM_PASS)
		conclude(verdict, DKIM_FAIL, DKIM_STEP_EXPIRED,
		    arena_printf(eval->arena, "the signature expired %llu seconds ago (x=)",
		        now - *signature->expires));
}

static size_t
count_signed(const struct dkim_signature *signature, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < signature->name_count; i++)
		count += strcasecmp(name, signature->names[i]) == 0;
	return count;
}

static void
note_repeated(struct verification *eval, struct dkim_verdict *verdict, const char *name,
    size_t there, size_t covered)
{
	if (covered > 0 && covered < there)
		notes_add(&verdict->warnings, eval->arena, "dkim-field-added", name,
		    "the message has %zu %s fields, and the signature covers only %zu, "
		    "from the last upwards: the first, which people are shown, may be "
		    "anybody's (RFC 6376 section 8.15); one is allowed (RFC 5322 section "
		    "3.6)",
		    there, name, covered);
	else
		notes_add(&verdict->warnings, eval->arena, "dkim-field-repeated", name,
		    "the message has %zu %s fields; one is allowed (RFC 5322 section 3.6), "
		    "and many receivers refuse more",
		    there, name);
}

/* A field that stands once more than it may, or than it was signed: a signature takes the lowest,
 * people are shown the first (RFC 6376 section 8.15). */
static void
check_repeated(struct verification *eval, struct dkim_verdict *verdict)
{
	const struct dkim_signature *signature = &verdict->signature;

	for (size_t i = 0; i < eval->message.count; i++) {
		const char *name = field_single(&eval->message.items[i]);
		size_t there = name != NULL ? fields_count(&eval->message, name) : 0;

		if (there > 1)
			note_repeated(eval, verdict, name, there, count_signed(signature, name));
	}
}

static void
check_signature(
    struct verification *eval, const struct mail_field *field, struct dkim_verdict *verdict)
{
	if (check_key(eval, verdict) && check_body(eval, verdict) &&
	    check_header(eval, field, verdict))
		verdict->result = DKIM_PASS;
	check_times(eval, verdict);
	check_repeated(eval, verdict);
}

/* ---- the message */

/* Reads the signatures and asks for all their keys at once. False: pending. */
static bool
read_signatures(struct verification *eval, struct book *book,
    const struct mail_field *fields[DKIM_SIGNATURES_MAX], struct dkim *out)
{
	bool pending = false;
	const char *why;

	for (size_t i = 0; i < eval->message.count; i++) {
		struct dkim_verdict *verdict = &out->signatures[out->count];
		const struct mail_field *field = &eval->message.items[i];

		if (!field_is(field, "DKIM-Signature") || out->total++ >= DKIM_SIGNATURES_MAX)
			continue;
		fields[out->count++] = field;
		if (!dkim_signature_read(field, eval->arena, &verdict->signature, &why))
			conclude(verdict, DKIM_PERMERROR, DKIM_STEP_SYNTAX, why);
		else if (!dkim_key_look_up(book, eval->arena, verdict->signature.selector,
		             verdict->signature.domain, &verdict->key))
			pending = true;
	}
	return !pending;
}

bool
dkim_verify(
    struct book *book, struct arena *arena, const struct dkim_query *query, struct dkim *out)
{
	const struct mail_field *fields[DKIM_SIGNATURES_MAX];
	struct verification eval = {.arena = arena, .query = query};
	bool known;

	*out = (struct dkim){
	    .signatures = arena_alloc(arena, DKIM_SIGNATURES_MAX * sizeof *out->signatures)};
	if (!fields_read(query->message, query->len, arena, &eval.message, &out->problem)) {
		out->result = DKIM_PERMERROR;
		return true;
	}
	known = read_signatures(&eval, book, fields, out);
	for (size_t i = 0; i < out->count; i++) {
		if (out->signatures[i].failed != DKIM_STEP_SYNTAX)
			check_signature(&eval, fields[i], &out->signatures[i]);
		if (out->signatures[i].result > out->result)
			out->result = out->signatures[i].result;
	}
	if (out->total > out->count)
		out->problem =
		    arena_printf(arena, "%zu signatures; only the first %d are looked at",
		        out->total, DKIM_SIGNATURES_MAX);
	return known;
}
