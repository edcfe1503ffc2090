#include "io/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "smtp/tls_facts.h"

enum fault { FAULT_TRUST = 1, FAULT_DATE = 2, FAULT_NAME = 4, FAULT_OTHER = 8 };

struct tls_context {
	SSL_CTX *ctx;
	bool trusts; /* there is something to trust */
};

/* One file, not a folder of hashes: the folder costs a file look-up for every unknown issuer (half
 * of all mail servers). */
static const char *const bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt", /* Debian, Ubuntu, Alpine, Arch */
    "/etc/pki/tls/certs/ca-bundle.crt", /* Fedora, RHEL */
    "/etc/ssl/ca-bundle.pem", /* SUSE */
    "/etc/ssl/cert.pem", /* OpenBSD, macOS, Alpine */
    "/usr/local/share/certs/ca-root-nss.crt", /* FreeBSD */
};

static int faults_index = -1; /* the slot of an SSL where its enum fault bits are gathered: a number
                                 of OpenSSL's, the same for the whole process */

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
	default:
		return FAULT_OTHER;
	}
}

/* Goes on past every fault, so that all of them are told. */
static int
gather_faults(int ok, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	uintptr_t faults = (uintptr_t)SSL_get_ex_data(ssl, faults_index);

	if (!ok) {
		faults |= fault_of(X509_STORE_CTX_get_error(store));
		SSL_set_ex_data(ssl, faults_index, (void *)faults);
	}
	return SSL_get_verify_mode(ssl) == SSL_VERIFY_NONE ? 1 : ok;
}

struct tls_context *
tls_context_new(const char *ca_file, const char **why)
{
	struct tls_context *context = must_alloc(sizeof *context);

	if (faults_index < 0)
		faults_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	context->ctx = SSL_CTX_new(TLS_client_method());
	if (context->ctx == NULL) {
		free(context);
		*why = "OpenSSL gives no context";
		return NULL;
	}
	/* A probe reports what a server speaks; it is not for it to refuse the old. */
	SSL_CTX_set_security_level(context->ctx, 0);
	SSL_CTX_set_min_proto_version(context->ctx, TLS1_VERSION);
	SSL_CTX_set_mode(context->ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
	                                   SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_read_ahead(context->ctx, 1); /* one read a record instead of two */
	SSL_CTX_set_session_cache_mode(context->ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(context->ctx, SSL_VERIFY_NONE, gather_faults);
	if (ca_file != NULL) {
		context->trusts = SSL_CTX_load_verify_file(context->ctx, ca_file) == 1;
		if (!context->trusts) {
			char words[256];

			tls_error(words, sizeof words);
			tls_context_free(context);
			*why = "no PEM certificates in it, or it cannot be read";
			return NULL;
		}
		return context;
	}
	for (size_t i = 0; i < sizeof bundles / sizeof *bundles && !context->trusts; i++)
		if (access(bundles[i], R_OK) == 0)
			context->trusts = SSL_CTX_load_verify_file(context->ctx, bundles[i]) == 1;
	if (!context->trusts)
		context->trusts = SSL_CTX_set_default_verify_paths(context->ctx) == 1;
	ERR_clear_error();
	return context;
}

void
tls_context_free(struct tls_context *context)
{
	if (context == NULL)
		return;
	SSL_CTX_free(context->ctx);
	free(context);
}

struct ssl_st *
tls_client(struct tls_context *context, int fd, const char *name, bool must_verify)
{
	SSL *ssl = SSL_new(context->ctx);
	ASN1_OCTET_STRING *address = a2i_IPADDRESS(name);

	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1) {
		fputs("mxwalk: out of memory\n", stderr);
		exit(70);
	}
	SSL_set_connect_state(ssl);
	if (address != NULL) { /* an address has no SNI (RFC 6066 section 3) */
		X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name);
	} else {
		SSL_set_tlsext_host_name(ssl, name);
		SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
		SSL_set1_host(ssl, name);
	}
	ASN1_OCTET_STRING_free(address);
	if (must_verify)
		SSL_set_verify(ssl, SSL_VERIFY_PEER, gather_faults);
	ERR_clear_error();
	return ssl;
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
		words = arena_copy(arena, data, len < 0 ? 0 : len > 512 ? 512 : (size_t)len);
	}
	BIO_free(bio);
	return words;
}

static const char *
dns_names(struct arena *arena, const X509 *certificate)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	struct buf list;
	const char *words;

	if (names == NULL)
		return NULL;
	buf_init(&list, 4096);
	for (int i = 0, shown = 0; i < sk_GENERAL_NAME_num(names) && shown < 32; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type != GEN_DNS)
			continue;
		if (shown++ > 0)
			buf_putc(&list, ' ');
		buf_add(&list, ASN1_STRING_get0_data(name->d.dNSName),
		    (size_t)ASN1_STRING_length(name->d.dNSName));
	}
	words = arena_copy(arena, list.data, list.len);
	buf_release(&list);
	GENERAL_NAMES_free(names);
	return words;
}

static void
read_verdict(SSL *ssl, struct arena *arena, struct tls_facts *facts)
{
	static const struct {
		unsigned fault;
		const char *word, *words;
	} table[] = {
	    {FAULT_TRUST, "certificate-not-trusted", "not signed by a trusted authority"},
	    {FAULT_DATE, "certificate-expired", "expired or not valid yet"},
	    {FAULT_NAME, "certificate-host-mismatch", "for another name"},
	    {FAULT_OTHER, "validation-failure", NULL},
	};
	unsigned faults = (unsigned)(uintptr_t)SSL_get_ex_data(ssl, faults_index);
	struct buf words;

	facts->verify = "ok";
	if (faults == 0)
		return;
	buf_init(&words, 1024);
	for (size_t i = sizeof table / sizeof *table; i-- > 0;)
		if (faults & table[i].fault)
			facts->verify = table[i].word;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (faults & table[i].fault)
			buf_printf(&words, "%s%s", words.len > 0 ? "; " : "",
			    table[i].words != NULL
			        ? table[i].words
			        : X509_verify_cert_error_string(SSL_get_verify_result(ssl)));
	facts->problem = arena_copy(arena, words.data, words.len);
	buf_release(&words);
}

void
tls_facts_read(struct ssl_st *ssl, struct arena *arena, struct tls_facts *facts)
{
	X509 *certificate = SSL_get0_peer_certificate(ssl);
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	char hex[2 * EVP_MAX_MD_SIZE + 1];

	if (SSL_is_init_finished(ssl)) {
		facts->version = arena_string(arena, SSL_get_version(ssl));
		facts->cipher = arena_string(arena, SSL_get_cipher_name(ssl));
	}
	if (certificate != NULL || SSL_get_ex_data(ssl, faults_index) != NULL)
		read_verdict(ssl, arena, facts);
	if (certificate ==
	    NULL) /* a handshake that failed for the certificate does not give it out */
		return;
	facts->subject = name_words(arena, X509_get_subject_name(certificate));
	facts->issuer = name_words(arena, X509_get_issuer_name(certificate));
	facts->names = dns_names(arena, certificate);
	facts->not_before = time_words(arena, X509_get0_notBefore(certificate));
	facts->not_after = time_words(arena, X509_get0_notAfter(certificate));
	if (X509_digest(certificate, EVP_sha256(), digest, &len) == 1) {
		for (unsigned i = 0; i < len; i++)
			snprintf(hex + 2 * i, 3, "%02x", digest[i]);
		facts->sha256 = arena_string(arena, hex);
	}
}

const char *
tls_error(char *words, unsigned long size)
{
	unsigned long error = ERR_peek_error();
	const char *reason = error != 0 ? ERR_reason_error_string(error) : NULL;

	snprintf(words, size, "%s",
	    reason != NULL ? reason
	    : error != 0   ? "unknown TLS error"
	                   : "no reason given");
	ERR_clear_error();
	return words;
}

const char *
tls_library(void)
{
	return OpenSSL_version(OPENSSL_VERSION);
}
