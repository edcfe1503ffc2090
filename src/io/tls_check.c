/* What a handshake and its certificates showed. Every fault of a chain is gathered, not the first
 * alone; whether any of them ends the handshake is decided when all are known. */
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
#include "smtp/tls_facts.h"

enum fault {
	FAULT_TRUST = 1,
	FAULT_DATE = 2,
	FAULT_NAME = 4,
	FAULT_WEAK = 8,
	FAULT_OTHER = 16,
};

enum {
	CHAIN_LEVEL = 2, /* of SSL_CTX_set_security_level(3) */
	NAMES_SHOWN = 32,
	SUBJECT_SHOWN = 512,
	NAME_SHOWN = 1024,
};

static unsigned
fault_of(int error)
{
	switch (error) {
	case X509_V_OK:
		return 0;
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return FAULT_DATE;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return FAULT_NAME;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_CERT_UNTRUSTED:
	case X509_V_ERR_CERT_REJECTED:
	case X509_V_ERR_INVALID_CA:
		return FAULT_TRUST;
	case X509_V_ERR_EE_KEY_TOO_SMALL:
	case X509_V_ERR_CA_KEY_TOO_SMALL:
	case X509_V_ERR_CA_MD_TOO_WEAK:
		return FAULT_WEAK;
	default:
		return FAULT_OTHER;
	}
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

static struct tls_check *
check_of(X509_STORE_CTX *store)
{
	return SSL_get_app_data(
	    X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
}

/* Goes on past every fault, so that all of them are told. */
static int
gather_fault(int ok, X509_STORE_CTX *store)
{
	struct tls_check *check = check_of(store);
	int error = X509_STORE_CTX_get_error(store);
	unsigned fault = fault_of(error);

	if (ok)
		return 1;
	check->faults |= fault;
	if (fault == FAULT_WEAK)
		note_weakness(check, store, error);
	if (fault == FAULT_OTHER && check->error == 0)
		check->error = error;
	return 1;
}

/* Instead of OpenSSL's own, for the level: that of the handshake is none. */
static int
check_chain(X509_STORE_CTX *store, void *arg)
{
	struct tls_check *check = check_of(store);

	(void)arg;
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
	if (!check->must_verify || (check->faults == 0 && !check->blind))
		return 1;
	if (check->certificate == NULL) {
		check->certificate = X509_STORE_CTX_get0_cert(store);
		X509_up_ref(check->certificate);
	}
	X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
	return 0;
}

void
tls_check_release(struct tls_check *check)
{
	X509_free(check->certificate);
	check->certificate = NULL;
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
		    OBJ_nid2sn(check->weak_digest));
	else
		buf_printf(out, "%s of %d bits, which is too short",
		    check->weak_issuer ? "signed by way of a key" : "for a key", check->weak_bits);
}

static const struct verdict {
	unsigned fault;
	const char *word, *words;
} verdicts[] = {
    {FAULT_TRUST, "certificate-not-trusted", "not signed by a trusted authority"},
    {FAULT_DATE, "certificate-expired", "expired or not valid yet"},
    {FAULT_NAME, "certificate-host-mismatch", "for another name"},
    {FAULT_WEAK, "validation-failure", NULL},
    {FAULT_OTHER, "validation-failure", NULL},
};

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
		buf_puts(out, X509_verify_cert_error_string(check->error));
}

static void
read_verdict(const struct tls_check *check, struct arena *arena, struct tls_facts *facts)
{
	struct buf words;

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

static const char *
time_words(struct arena *arena, const ASN1_TIME *time)
{
	struct tm tm;

	if (time == NULL || ASN1_TIME_to_tm(time, &tm) != 1)
		return NULL;
	return arena_printf(arena, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* As much of it as is shown, without half a character at the end. */
static size_t
shown(const char *text, size_t len)
{
	size_t end = 0, step;

	while (end < len && end < SUBJECT_SHOWN) {
		step = utf8_len(text + end, len - end);
		if (step == 0)
			step = 1;
		if (end + step > SUBJECT_SHOWN)
			break;
		end += step;
	}
	return end;
}

static const char *
name_words(struct arena *arena, const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	const char *words = NULL;
	char *data;
	long len;

	if (bio != NULL &&
	    X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0) {
		len = BIO_get_mem_data(bio, &data);
		words = arena_copy(arena, data, len < 0 ? 0 : shown(data, (size_t)len));
	}
	BIO_free(bio);
	return words;
}

/* What cannot be in a name is escaped as RFC 1035 section 5.1 does: \DDD. So a NUL ends no name,
 * and a blank makes no two of one. */
static const char *
dns_name(struct arena *arena, const ASN1_STRING *string)
{
	const unsigned char *at = ASN1_STRING_get0_data(string);
	size_t len = (size_t)ASN1_STRING_length(string);
	struct buf name;
	const char *words;

	buf_init(&name, NAME_SHOWN);
	for (size_t i = 0; i < len && !name.full; i++)
		if (at[i] <= ' ' || at[i] >= 0x7f || at[i] == '\\')
			buf_printf(&name, "\\%03u", at[i]);
		else
			buf_putc(&name, (char)at[i]);
	words = arena_copy(arena, name.data, name.len);
	buf_release(&name);
	return words;
}

static const char *
ip_name(struct arena *arena, const ASN1_OCTET_STRING *string)
{
	struct ip ip = {.family = 0};
	int len = ASN1_STRING_length(string);
	char text[IP_TEXT];

	if (len != 4 && len != 16)
		return NULL;
	ip.family = len == 4 ? 4 : 6;
	memcpy(ip.bytes, ASN1_STRING_get0_data(string), (size_t)len);
	return arena_string(arena, ip_text(&ip, text));
}

static void
read_names(const X509 *certificate, struct arena *arena, struct tls_facts *facts)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);

	if (names == NULL)
		return;
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		const char *words = name->type == GEN_DNS     ? dns_name(arena, name->d.dNSName)
		                    : name->type == GEN_IPADD ? ip_name(arena, name->d.iPAddress)
		                                              : NULL;

		if (words == NULL)
			continue;
		if (facts->name_count == NAMES_SHOWN)
			break;
		*(const char **)arena_push(
		    arena, &facts->names, facts->name_count++, sizeof *facts->names) = words;
	}
	GENERAL_NAMES_free(names);
}

void
tls_facts_read(
    SSL *ssl, const struct tls_check *check, struct arena *arena, struct tls_facts *facts)
{
	X509 *certificate = SSL_get0_peer_certificate(ssl);
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	char hex[2 * EVP_MAX_MD_SIZE + 1];

	if (SSL_is_init_finished(ssl)) {
		facts->version = arena_string(arena, SSL_get_version(ssl));
		facts->cipher = arena_string(arena, SSL_get_cipher_name(ssl));
	}
	if (certificate != NULL || check->faults != 0)
		read_verdict(check, arena, facts);
	if (certificate == NULL)
		certificate = check->certificate;
	if (certificate == NULL)
		return;
	facts->subject = name_words(arena, X509_get_subject_name(certificate));
	facts->issuer = name_words(arena, X509_get_issuer_name(certificate));
	read_names(certificate, arena, facts);
	facts->not_before = time_words(arena, X509_get0_notBefore(certificate));
	facts->not_after = time_words(arena, X509_get0_notAfter(certificate));
	if (X509_digest(certificate, EVP_sha256(), digest, &len) == 1) {
		for (unsigned i = 0; i < len; i++)
			snprintf(hex + 2 * i, 3, "%02x", digest[i]);
		facts->sha256 = arena_string(arena, hex);
	}
}

void
tls_check_words(const struct tls_check *check, char *words, size_t size)
{
	unsigned long error = ERR_peek_error();
	const char *reason = error != 0 ? ERR_reason_error_string(error) : NULL;

	ERR_clear_error();
	if (check->dh_bits != 0)
		snprintf(words, size,
		    "it wants a Diffie-Hellman group of %d bits, and over %d take too long here",
		    check->dh_bits, TLS_DH_BITS_MAX);
	else
		snprintf(words, size, "%s",
		    reason != NULL ? reason
		    : error != 0   ? "unknown TLS error"
		                   : "no reason given");
}
