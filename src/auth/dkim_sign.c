#include "auth/dkim_sign.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "auth/dkim_signature.h"
#include "auth/dkim_tags.h"
#include "base/arena.h"
#include "base/buf.h"
#include "dns/name.h"

/* ---- the private key */

static int
no_passphrase(
    char *buf, int size, int writing, void *arg) /* without it OpenSSL asks at the terminal */
{
	(void)buf;
	(void)size;
	(void)writing;
	*(bool *)arg = true;
	return -1;
}

static bool
contains(const char *text, size_t len, const char *word)
{
	size_t word_len = strlen(word);

	for (size_t i = 0; i + word_len <= len; i++)
		if (memcmp(text + i, word, word_len) == 0)
			return true;
	return false;
}

static EVP_PKEY *
read_pem(const char *text, size_t len, const char **why)
{
	BIO *bio = BIO_new_mem_buf(text, (int)len);
	bool locked = false;
	EVP_PKEY *pair =
	    bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, &locked) : NULL;

	BIO_free(bio);
	ERR_clear_error(); /* who looks for TLS errors must not find ours */
	if (pair != NULL)
		return pair;
	if (locked)
		*why = "the key is locked with a passphrase";
	else if (contains(text, len, "PUBLIC KEY-----"))
		*why = "it is a public key; the private one is needed";
	else if (contains(text, len, "CERTIFICATE-----"))
		*why = "it is a certificate; the private key is needed";
	else
		*why = "it is no PEM private key that can be read";
	return NULL;
}

static EVP_PKEY *
read_seed(const char *text, size_t len, struct arena *arena, const char **why)
{
	const unsigned char *seed;
	size_t seed_len;
	EVP_PKEY *pair;

	if (memchr(text, '\0', len) != NULL ||
	    !dkim_base64_decode(arena_copy(arena, text, len), arena, &seed, &seed_len, why) ||
	    seed_len != DKIM_ED25519_KEY) {
		*why = "it is neither a PEM private key nor the base64 of the 32 octets of an "
		       "ed25519 one";
		return NULL;
	}
	pair = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, seed_len);
	ERR_clear_error();
	if (pair == NULL)
		*why = "the crypto library knows no ed25519";
	return pair;
}

EVP_PKEY *
dkim_pair_read(const char *key, size_t len, struct arena *arena, const char **why)
{
	EVP_PKEY *pair = NULL;
	int type, bits;

	if (len > DKIM_KEY_FILE_MAX) {
		*why = "it is too long for a key";
		return NULL;
	}
	pair = contains(key, len, "-----BEGIN ") ? read_pem(key, len, why)
	                                         : read_seed(key, len, arena, why);
	if (pair == NULL)
		return NULL;
	type = EVP_PKEY_get_base_id(pair);
	bits = EVP_PKEY_get_bits(pair);
	if (type == EVP_PKEY_ED25519 || (type == EVP_PKEY_RSA && bits >= DKIM_RSA_MIN))
		return pair;
	if (type == EVP_PKEY_RSA)
		*why = arena_printf(arena,
		    "it is an RSA key of %d bits: less than %d must not sign (RFC 8301)", bits,
		    DKIM_RSA_MIN);
	else
		*why = "DKIM knows RSA and ed25519 keys, and this is neither";
	EVP_PKEY_free(pair);
	return NULL;
}

const char *
dkim_pair_record(const EVP_PKEY *pair, struct arena *arena)
{
	bool rsa = EVP_PKEY_get_base_id(pair) == EVP_PKEY_RSA;
	unsigned char raw[DKIM_ED25519_KEY], *bytes = raw;
	size_t len = sizeof raw;
	const char *record = NULL;

	if (rsa) {
		int der = i2d_PUBKEY(pair, NULL);
		unsigned char *end;

		len = der > 0 ? (size_t)der : 0;
		bytes = end = arena_alloc(arena, len);
		if (len > 0 && i2d_PUBKEY(pair, &end) == der)
			record = arena_printf(
			    arena, "v=DKIM1; k=rsa; p=%s", dkim_base64_encode(bytes, len, arena));
	} else if (EVP_PKEY_get_raw_public_key(pair, raw, &len) == 1) {
		record = arena_printf(
		    arena, "v=DKIM1; k=ed25519; p=%s", dkim_base64_encode(raw, len, arena));
	}
	ERR_clear_error();
	return record;
}

static enum dkim_type
type_of(const EVP_PKEY *pair)
{
	return EVP_PKEY_get_base_id(pair) == EVP_PKEY_RSA ? DKIM_RSA : DKIM_ED25519;
}

static unsigned
bits_of(const EVP_PKEY *pair)
{
	return type_of(pair) == DKIM_RSA ? (unsigned)EVP_PKEY_get_bits(pair) : 256;
}

void
dkim_pair_describe(const EVP_PKEY *pair, const struct dkim_key *published, struct arena *arena,
    struct dkim_pair *out)
{
	*out = (struct dkim_pair){.type = type_of(pair),
	    .bits = bits_of(pair),
	    .record = dkim_pair_record(pair, arena),
	    .matches = dkim_key_matches(published, pair)};
}

/* ---- the signer */

/* What may stand in d= and s=: labels of letters, digits, hyphens; underscores, too, as they are in
 * use. */
static const char *
normal_name(const char *name, struct arena *arena, const char **why)
{
	char normal[NAME_TEXT];
	const char *wrong = "it is empty";

	if (name_normalise(name, normal, &wrong) && *normal != '\0') {
		if (normal[strspn(normal, "abcdefghijklmnopqrstuvwxyz0123456789-_.")] == '\0')
			return arena_string(arena, normal);
		wrong = "a character that is no letter, digit or hyphen";
	}
	*why = arena_printf(
	    arena, "\"%.80s\" is no name: %s", name, *name == '\0' ? "it is empty" : wrong);
	return NULL;
}

struct dkim_signer *
dkim_signer_new(const struct dkim_signer_plan *plan, struct arena *arena, const char **why)
{
	struct dkim_signer *signer = arena_alloc(arena, sizeof *signer);

	*signer = (struct dkim_signer){
	    .header = plan->header, .body = plan->body, .lifetime = plan->lifetime};
	signer->selector = normal_name(plan->selector, arena, why);
	if (signer->selector == NULL)
		return NULL;
	if (plan->domain != NULL &&
	    (signer->domain = normal_name(plan->domain, arena, why)) == NULL)
		return NULL;
	signer->pair = dkim_pair_read(plan->key, plan->key_len, arena, why);
	if (signer->pair == NULL)
		return NULL;
	signer->type = type_of(signer->pair);
	signer->bits = bits_of(signer->pair);
	if (signer->type == DKIM_RSA && signer->bits < DKIM_RSA_GOOD)
		signer->warning =
		    arena_printf(arena, "an RSA key of %u bits: %d are advised (RFC 8301)",
		        signer->bits, DKIM_RSA_GOOD);
	return signer;
}

void
dkim_signer_free(struct dkim_signer *signer)
{
	if (signer == NULL)
		return;
	EVP_PKEY_free(signer->pair);
	signer->pair = NULL;
}

static bool
seal_ed25519(
    EVP_PKEY *pair, const unsigned char hash[DKIM_HASH], unsigned char *signature, size_t *len)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good = context != NULL && EVP_DigestSignInit(context, NULL, NULL, NULL, pair) == 1 &&
	            EVP_DigestSign(context, signature, len, hash, DKIM_HASH) == 1;

	EVP_MD_CTX_free(context);
	return good;
}

static bool
seal_rsa(EVP_PKEY *pair, const unsigned char hash[DKIM_HASH], unsigned char *signature, size_t *len)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(pair, NULL);
	bool good = context != NULL && EVP_PKEY_sign_init(context) == 1 &&
	            EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
	            EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1 &&
	            EVP_PKEY_sign(context, signature, len, hash, DKIM_HASH) == 1;

	EVP_PKEY_CTX_free(context);
	return good;
}

const unsigned char *
dkim_seal(EVP_PKEY *pair, const unsigned char hash[DKIM_HASH], struct arena *arena, size_t *len)
{
	unsigned char *signature;
	bool good;

	*len = (size_t)EVP_PKEY_get_size(pair);
	signature = arena_alloc(arena, *len);
	good = EVP_PKEY_get_base_id(pair) == EVP_PKEY_RSA
	           ? seal_rsa(pair, hash, signature, len)
	           : seal_ed25519(pair, hash, signature, len);
	ERR_clear_error();
	return good ? signature : NULL;
}

/* ---- which fields */

static const struct signed_field {
	const char *name;
	bool absent, once_more; /* named though it is not there; named once more than it is there */
} signed_fields[] = {
    {"From", true, true},
    {"Subject", true, true},
    {"Date", true, true},
    {"To", true, true},
    {"Reply-To", false, true},
    {"Cc", false, true},
    {"Message-ID", false, true},
    {"MIME-Version", false, true},
    {"Content-Type", false, true},
    {"List-Unsubscribe", false, true},
    {"List-Unsubscribe-Post", false, true},
    {"Content-Transfer-Encoding", false, false},
    {"In-Reply-To", false, false},
    {"References", false, false},
    {"List-Id", false, false},
    {"Feedback-ID", false, false},
    {"X-CSA-Complaints", false, false},
    {"Auto-Submitted", false, false},
};

static const char **
choose_names(const struct mail_fields *message, struct arena *arena, size_t *count)
{
	const char **names = NULL;

	*count = 0;
	for (size_t i = 0; i < sizeof signed_fields / sizeof *signed_fields; i++) {
		const struct signed_field *field = &signed_fields[i];
		size_t there = fields_count(message, field->name),
		       times = there > 0 || field->absent ? there + field->once_more : 0;

		for (; times > 0; times--) {
			*(const char **)arena_push(arena, &names, *count, sizeof *names) =
			    field->name;
			++*count;
		}
	}
	return names;
}

/* ---- the field as text */

enum { COLUMNS = 76, TAB = 8 };

struct writer {
	struct buf *out;
	size_t column;
};

/* Adds a piece that is not to be broken: behind `glue`, or on a new line. */
static void
put(struct writer *writer, const char *glue, const char *piece)
{
	size_t len = strlen(glue) + strlen(piece);

	if (writer->column + len > COLUMNS) {
		buf_puts(writer->out, "\r\n\t");
		writer->column = TAB + strlen(piece);
	} else {
		buf_puts(writer->out, glue);
		writer->column += len;
	}
	buf_puts(writer->out, piece);
}

/* Fills lines with base64, which may be broken anywhere. */
static void
put_base64(struct writer *writer, const char *text)
{
	size_t len = strlen(text);

	while (len > 0) {
		size_t room = writer->column < COLUMNS ? COLUMNS - writer->column : 0,
		       part = len < room ? len : room;

		buf_add(writer->out, text, part);
		text += part;
		len -= part;
		writer->column += part;
		if (len > 0) {
			buf_puts(writer->out, "\r\n\t");
			writer->column = TAB;
		}
	}
}

static void
put_names(struct writer *writer, const char *const *names, size_t count, struct arena *arena)
{
	for (size_t i = 0; i < count; i++)
		put(writer, i == 0 ? " " : "",
		    arena_printf(
		        arena, "%s%s%s", i == 0 ? "h=" : "", names[i], i + 1 < count ? ":" : ";"));
}

static void
put_tags(struct writer *writer, const struct dkim_signer *signer, const char *domain, long long now,
    struct arena *arena)
{
	put(writer, "", "DKIM-Signature: v=1;");
	put(writer, " ", arena_printf(arena, "a=%s-sha256;", dkim_type_name(signer->type)));
	put(writer, " ",
	    arena_printf(
	        arena, "c=%s/%s;", dkim_canon_name(signer->header), dkim_canon_name(signer->body)));
	put(writer, " ", arena_printf(arena, "d=%s;", domain));
	put(writer, " ", arena_printf(arena, "s=%s;", signer->selector));
	put(writer, " ", arena_printf(arena, "t=%lld;", now));
	if (signer->lifetime > 0)
		put(writer, " ", arena_printf(arena, "x=%lld;", now + signer->lifetime));
}

/* What is written is first written with b= empty: that is what gets signed. */
static bool
sign(const struct dkim_signer *signer, const char *domain, const struct mail_fields *message,
    long long now, struct arena *arena, struct buf *out, const char **why)
{
	struct writer writer = {.out = out};
	unsigned char hash[DKIM_HASH];
	const unsigned char *signature;
	unsigned long long total;
	size_t count, start = out->len, len;
	const char **names = choose_names(message, arena, &count);

	if (count > DKIM_NAMES_MAX) {
		*why =
		    arena_printf(arena, "%zu fields to sign: verifiers do not look at more than %d",
		        count, DKIM_NAMES_MAX);
		return false;
	}
	if (!dkim_hash_body(message, signer->body, NULL, hash, &total)) {
		*why = "the crypto library has no SHA-256";
		return false;
	}
	put_tags(&writer, signer, domain, now, arena);
	put_names(&writer, names, count, arena);
	put(&writer, " ",
	    arena_printf(arena, "bh=%s;", dkim_base64_encode(hash, DKIM_HASH, arena)));
	put(&writer, " ", "b=");
	if (!dkim_hash_header(message, signer->header, names, count, NULL, out->data + start,
	        out->len - start, hash) ||
	    (signature = dkim_seal(signer->pair, hash, arena, &len)) == NULL) {
		*why = "the crypto library could not sign with the key";
		return false;
	}
	put_base64(&writer, dkim_base64_encode(signature, len, arena));
	buf_puts(out, "\r\n");
	return true;
}

bool
dkim_sign(const struct dkim_signer *signer, const char *domain, const char *bytes, size_t len,
    long long now, struct arena *arena, struct buf *out, const char **why)
{
	struct mail_fields message;
	struct buf field;
	bool good;

	domain = signer->domain != NULL ? signer->domain
	                                : normal_name(domain != NULL ? domain : "", arena, why);
	if (domain == NULL || !fields_read(bytes, len, arena, &message, why))
		return false;
	if (fields_count(&message, "From") == 0) {
		*why = "there is no From to sign";
		return false;
	}
	buf_init(&field, DKIM_FIELD_MAX);
	good = sign(signer, domain, &message, now, arena, &field, why);
	if (good && (field.full || field.len > out->max - out->len)) {
		*why = "the message is too large";
		good = false;
	}
	if (good)
		buf_add(out, field.data, field.len);
	buf_release(&field);
	return good;
}
