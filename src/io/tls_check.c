/* Is a chain good? Every fault of it is gathered, not the first alone; whether any of them ends the
 * handshake is decided when all are known. */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/ip.h"
#include "base/slice.h"
#include "base/utf8.h"
#include "io/tls.h"
#include "io/tls_words.h"
#include "smtp/tls_facts.h"

enum fault {
	FAULT_TRUST = 1,
	FAULT_EXPIRED = 2,
	FAULT_NAME = 4,
	FAULT_WEAK = 8,
	FAULT_OTHER = 16,
	FAULT_EARLY = 32,
	FAULT_ADDRESS = 64, /* an address was asked */
};

enum { CHAIN_LEVEL = 2 }; /* of SSL_CTX_set_security_level(3) */

/* What may be wrong with a chain. OpenSSL has no names at run time; the word is RFC 8460's. */
/* clang-format off */
static const struct tls_error_row {
	int error;
	unsigned fault;
	const char *name, *word;
} error_rows[] = {
#define ROW(error, fault, word) {error, fault, #error, word}
	ROW(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, FAULT_TRUST, "certificate-not-trusted"),
	ROW(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, FAULT_TRUST, "certificate-not-trusted"),
	ROW(X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, FAULT_TRUST, "certificate-not-trusted"),
	ROW(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, FAULT_TRUST, "certificate-not-trusted"),
	ROW(X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, FAULT_TRUST, "certificate-not-trusted"),
	ROW(X509_V_ERR_CERT_UNTRUSTED, FAULT_TRUST, "certificate-not-trusted"),
	ROW(X509_V_ERR_CERT_REJECTED, FAULT_TRUST, "certificate-not-trusted"),
	ROW(X509_V_ERR_INVALID_CA, FAULT_TRUST, "certificate-not-trusted"),
	ROW(X509_V_ERR_CERT_HAS_EXPIRED, FAULT_EXPIRED, "certificate-expired"),
	ROW(X509_V_ERR_CERT_NOT_YET_VALID, FAULT_EARLY, "validation-failure"),
	ROW(X509_V_ERR_HOSTNAME_MISMATCH, FAULT_NAME, "certificate-host-mismatch"),
	ROW(X509_V_ERR_IP_ADDRESS_MISMATCH, FAULT_ADDRESS, "certificate-host-mismatch"),
	ROW(X509_V_ERR_EE_KEY_TOO_SMALL, FAULT_WEAK, "validation-failure"),
	ROW(X509_V_ERR_CA_KEY_TOO_SMALL, FAULT_WEAK, "validation-failure"),
	ROW(X509_V_ERR_CA_MD_TOO_WEAK, FAULT_WEAK, "validation-failure"),
	ROW(X509_V_ERR_DANE_NO_MATCH, FAULT_OTHER, "tlsa-invalid"),
	ROW(X509_V_ERR_CERT_SIGNATURE_FAILURE, FAULT_OTHER, "validation-failure"),
	ROW(X509_V_ERR_CERT_CHAIN_TOO_LONG, FAULT_OTHER, "validation-failure"),
	ROW(X509_V_ERR_INVALID_PURPOSE, FAULT_OTHER, "validation-failure"),
	ROW(X509_V_ERR_PATH_LENGTH_EXCEEDED, FAULT_OTHER, "validation-failure"),
	ROW(X509_V_ERR_CERT_REVOKED, FAULT_OTHER, "validation-failure"),
	ROW(X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, FAULT_OTHER, "validation-failure"),
	ROW(X509_V_ERR_PERMITTED_VIOLATION, FAULT_OTHER, "validation-failure"),
	ROW(X509_V_ERR_EXCLUDED_VIOLATION, FAULT_OTHER, "validation-failure"),
	ROW(X509_V_ERR_UNSPECIFIED, FAULT_OTHER, "validation-failure"),
#undef ROW
};
/* clang-format on */

static const struct tls_error_row *
row_of(int error)
{
	const struct tls_error_row *row = error_rows;

	while (row->error != error && row->error != X509_V_ERR_UNSPECIFIED)
		row++;
	return row;
}

const char *
tls_error_word(int error)
{
	return row_of(error)->word;
}

const char *
tls_error_name(int error)
{
	return row_of(error)->name;
}

void
tls_error_keep(struct tls_error *errors, size_t *count, X509_STORE_CTX *store)
{
	struct tls_error new = {
	    X509_STORE_CTX_get_error(store), X509_STORE_CTX_get_error_depth(store)};

	for (size_t i = 0; i < *count; i++)
		if (errors[i].error == new.error && errors[i].depth == new.depth)
			return;
	if (*count < TLS_ERRORS_MAX)
		errors[(*count)++] = new;
}

static void
note_weakness(struct tls_check *check, X509_STORE_CTX *store, int error)
{
	const X509 *certificate = X509_STORE_CTX_get_current_cert(store);

	if (certificate == NULL || check->weak_bits != 0 || check->weak_digest != 0)
		return;
	check->weak_issuer = X509_STORE_CTX_get_error_depth(store) > 0;
	if (error == X509_V_ERR_CA_MD_TOO_WEAK)
		check->weak_digest = X509_get_signature_nid(certificate);
	else
		check->weak_bits = EVP_PKEY_get_bits(X509_get0_pubkey(certificate));
}

struct tls_check *
tls_check_of(X509_STORE_CTX *store)
{
	return SSL_get_app_data(
	    X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
}

/* Goes on past every fault, so that all of them are told. */
static int
gather_fault(int ok, X509_STORE_CTX *store)
{
	struct tls_check *check = tls_check_of(store);
	int error = X509_STORE_CTX_get_error(store);
	unsigned fault = row_of(error)->fault;

	if (ok)
		return 1;
	tls_error_keep(check->errors, &check->error_count, store);
	check->faults |= fault;
	if (fault == FAULT_WEAK)
		note_weakness(check, store, error);
	if (fault == FAULT_OTHER && check->error == 0)
		check->error = error;
	return 1;
}

/* By authorities and dates, at a level of its own: that of the handshake is none. */
static void
check_by_authorities(X509_STORE_CTX *store, struct tls_check *check)
{
	X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(store), CHAIN_LEVEL);
	X509_STORE_CTX_set_verify_cb(store, gather_fault);
	if (X509_verify_cert(store) <= 0 && check->faults == 0) {
		check->faults |= FAULT_OTHER;
		check->error = X509_STORE_CTX_get_error(store);
	}
	if (check->nameless)
		check->faults |= FAULT_NAME;
	if (check->blind) /* then this says nothing of the certificate */
		check->faults &= ~(unsigned)FAULT_TRUST;
}

/* The context of the handshake goes by TLSA records: authorities are asked in one of their own. */
static void
check_apart(X509_STORE_CTX *store, struct tls_check *check)
{
	int index = SSL_get_ex_data_X509_STORE_CTX_idx();
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, index);
	X509_STORE_CTX *own = X509_STORE_CTX_new();

	if (own == NULL ||
	    X509_STORE_CTX_init(own, SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl)),
	        X509_STORE_CTX_get0_cert(store), X509_STORE_CTX_get0_untrusted(store)) != 1 ||
	    X509_STORE_CTX_set_default(own, "ssl_server") != 1 ||
	    X509_STORE_CTX_set_ex_data(own, index, ssl) != 1) {
		check->faults |= FAULT_OTHER;
		check->error = X509_V_ERR_OUT_OF_MEM;
	} else {
		tls_name_expect(X509_STORE_CTX_get0_param(own), check->wish.name);
		check_by_authorities(own, check);
		check->dane_known = check->faults == 0 && tls_dane_known(own, check);
	}
	X509_STORE_CTX_free(own);
}

/* What an earlier chain, which is not that of this handshake, came to. */
static void
forget(struct tls_check *check)
{
	tls_check_release(check);
	check->error_count = check->dane_error_count = 0;
	check->dane_tried = check->dane_known = false;
	check->faults = 0;
	check->error = check->weak_bits = check->weak_digest = 0;
}

/* Instead of OpenSSL's own. */
static int
check_chain(X509_STORE_CTX *store, void *arg)
{
	struct tls_check *check = tls_check_of(store);
	bool matches = false, good;

	(void)arg;
	forget(check);
	check->chain = X509_chain_up_ref(X509_STORE_CTX_get0_untrusted(store));
	if (check->by_dane) {
		check_apart(store, check);
		matches = check->dane_known || tls_dane_verify(store, check);
	} else {
		check_by_authorities(store, check);
	}
	good = check->wish.must_match    ? matches
	       : check->wish.must_verify ? check->faults == 0 && !check->blind
	                                 : true;
	if (!good)
		X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
	return good;
}

bool
tls_check_known(SSL *ssl, struct tls_check *check, const STACK_OF(X509) * chain)
{
	X509_STORE_CTX *store = X509_STORE_CTX_new();
	STACK_OF(X509) *sent = X509_chain_up_ref((STACK_OF(X509) *)chain);
	X509_VERIFY_PARAM *own = SSL_get0_param(ssl), *param;
	bool matches = false;

	if (store != NULL && sent != NULL &&
	    X509_STORE_CTX_init(store, SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl)),
	        sk_X509_value(sent, 0), sent) == 1 &&
	    X509_STORE_CTX_set_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx(), ssl) == 1 &&
	    X509_STORE_CTX_set_default(store, "ssl_server") == 1) {
		param = X509_STORE_CTX_get0_param(store);
		X509_VERIFY_PARAM_set1(param, own);
		X509_STORE_CTX_set0_dane(store, SSL_get0_dane(ssl));
		check_chain(store, NULL);
		X509_VERIFY_PARAM_move_peername(own, param);
		matches = check->dane_tried && check->dane_error_count == 0;
		if (matches)
			tls_dane_keep(ssl, check);
	}
	X509_STORE_CTX_free(store);
	sk_X509_pop_free(sent, X509_free);
	tls_check_release(check);
	ERR_clear_error();
	return matches;
}

void
tls_check_release(struct tls_check *check)
{
	sk_X509_pop_free(check->chain, X509_free);
	check->chain = NULL;
}

/* Asked of everything that a security level could forbid. */
static int
allow(const SSL *ssl, const SSL_CTX *ctx, int what, int strength, int id, void *other, void *arg)
{
	struct tls_check *check;
	int bits;

	(void)ctx;
	(void)strength;
	(void)id;
	(void)arg;
	if (what != SSL_SECOP_TMP_DH || ssl == NULL || other == NULL)
		return 1;
	check = SSL_get_app_data(ssl);
	bits = EVP_PKEY_get_bits(other);
	if (bits <= TLS_DH_BITS_MAX)
		return 1;
	check->dh_bits = bits;
	return 0;
}

void
tls_check_install(SSL_CTX *ctx)
{
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, check_chain, NULL);
	SSL_CTX_set_security_callback(ctx, allow);
}

/* ---- words */

static void
put_weakness(const struct tls_check *check, struct buf *out)
{
	if (check->weak_digest != 0)
		buf_printf(out, "%s with %s, which is too weak",
		    check->weak_issuer ? "signed by way of a certificate that is signed" : "signed",
		    tls_digest_words(OBJ_nid2sn(check->weak_digest)));
	else
		buf_printf(out, "%s of %d bits, which is too short",
		    check->weak_issuer ? "signed by way of a key" : "for a key", check->weak_bits);
}

static const struct verdict {
	unsigned fault;
	const char *word, *words;
} verdicts[] = {
    {FAULT_TRUST, "certificate-not-trusted", "not signed by a trusted authority"},
    {FAULT_EXPIRED, "certificate-expired", "expired"},
    {FAULT_EARLY, "validation-failure", "not valid yet"},
    {FAULT_NAME, "certificate-host-mismatch", "for another name"},
    {FAULT_ADDRESS, "certificate-host-mismatch", "not for this address"},
    {FAULT_WEAK, "validation-failure", NULL},
    {FAULT_OTHER, "validation-failure", NULL},
};

static void
put_fault_words(int error, struct buf *out)
{
	char words[TLS_WORDS];

	tls_fault_words(error, words);
	buf_puts(out, words);
}

static void
put_fault(const struct verdict *verdict, const struct tls_check *check, struct buf *out)
{
	if (out->len > 0)
		buf_puts(out, "; ");
	if (verdict->words != NULL)
		buf_puts(out, verdict->words);
	else if (verdict->fault == FAULT_WEAK)
		put_weakness(check, out);
	else
		put_fault_words(check->error, out);
}

static void
read_verdict(const struct tls_check *check, struct arena *arena, struct tls_facts *facts)
{
	struct buf words;

	facts->blind = check->blind;
	facts->verify = check->blind ? "unknown" : "ok";
	if (check->faults == 0 && !check->blind)
		return;
	buf_init(&words, 1024);
	if (check->blind)
		buf_puts(&words, "unknown: this host has no CA certificates");
	for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++)
		if (check->faults & verdicts[i].fault)
			put_fault(&verdicts[i], check, &words);
	for (size_t i = sizeof verdicts / sizeof *verdicts; i-- > 0;)
		if (check->faults & verdicts[i].fault)
			facts->verify = verdicts[i].word;
	facts->problem = arena_copy(arena, words.data, words.len);
	buf_release(&words);
}

static void
read_faults(const struct tls_check *check)
{
	struct tls_facts *facts = check->wish.facts;

	for (size_t i = 0; i < check->error_count; i++) {
		char words[TLS_WORDS];

		tls_fault_words(check->errors[i].error, words);
		facts->faults[facts->fault_count++] =
		    (struct tls_fault){.word = tls_error_word(check->errors[i].error),
		        .reason = tls_error_name(check->errors[i].error),
		        .words = arena_string(check->wish.arena, words),
		        .depth = check->errors[i].depth};
	}
}

void
tls_check_read(const struct tls_check *check)
{
	if (check->chain == NULL)
		return;
	read_verdict(check, check->wish.arena, check->wish.facts);
	read_faults(check);
}

void
tls_check_words(const struct tls_check *check, char *words, size_t size)
{
	unsigned long error = ERR_peek_error();
	char ours[TLS_WORDS];

	ERR_clear_error();
	tls_error_words(error, ours);
	if (check->dh_bits != 0)
		snprintf(words, size,
		    "it wants a Diffie-Hellman group of %d bits, and over %d take too long here",
		    check->dh_bits, TLS_DH_BITS_MAX);
	else
		snprintf(words, size, "%s", ours);
}
