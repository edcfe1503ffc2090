#include "io/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/slice.h"
#include "evidence/dane.h"
#include "io/tls_resume.h"

enum { STATUS_INTERNAL = 70 };

#define SMALL_GROUPS "X25519:P-256" /* no post-quantum share of a thousand octets */

struct tls_context {
	SSL_CTX *ctx;
	BIO_METHOD *bio;
	struct tls_sessions *sessions;
	const char *sni; /* NULL: the host's name */
	bool few; /* handshakes are to come */
	bool by_name; /* each authority is loaded when it is met */
	bool asked; /* whether there is anybody to trust */
	bool trusts;
};

/* Under TLS 1.3 they come after the handshake. */
static int
on_session(SSL *ssl, SSL_SESSION *session)
{
	struct tls_check *check = SSL_get_app_data(ssl);

	if (check->way == NULL)
		return 0;
	tls_resume_take(check, session);
	return 1;
}

/* When it is needed: OpenSSL takes as long for its context as the rest of a walk takes. */
static bool
context_open(struct tls_context *context)
{
	if (context->ctx != NULL)
		return true;
	context->ctx = SSL_CTX_new(TLS_client_method());
	context->bio = tls_bio_method();
	if (context->ctx == NULL || context->bio == NULL)
		return false;
	/* A probe reports what a server speaks; it is not for it to refuse the old. */
	SSL_CTX_set_security_level(context->ctx, 0);
	SSL_CTX_set_min_proto_version(context->ctx, TLS1_VERSION);
	SSL_CTX_set_options(context->ctx, SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_mode(context->ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
	                                   SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_read_ahead(context->ctx, 1); /* one read a record instead of two */
	SSL_CTX_set_session_cache_mode(
	    context->ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(context->ctx, on_session);
	context->sessions = tls_sessions_new();
	SSL_CTX_dane_enable(context->ctx);
	tls_check_install(context->ctx);
	return true;
}

struct tls_context *
tls_context_new(const char *ca, bool few, const char **why)
{
	struct tls_context *context = must_alloc(sizeof *context);

	context->few = few;
	if (ca == NULL)
		return context;
	if (!context_open(context)) {
		tls_context_free(context);
		*why = "OpenSSL gives no context";
		return NULL;
	}
	context->asked = true;
	context->trusts = tls_trust(context->ctx, ca);
	if (!context->trusts) {
		tls_context_free(context);
		*why = "no PEM certificates in it, or it cannot be read";
		return NULL;
	}
	return context;
}

void
tls_context_free(struct tls_context *context)
{
	if (context == NULL)
		return;
	tls_sessions_free(context->sessions);
	SSL_CTX_free(context->ctx);
	BIO_meth_free(context->bio);
	free(context);
}

/* Nobody is asked for a passphrase in the middle of a walk. */
static int
no_passphrase(char *text, int size, int writing, void *arg)
{
	(void)text, (void)size, (void)writing, (void)arg;
	return -1;
}

bool
tls_context_identify(
    struct tls_context *context, const char *certificate, const char *key, const char **why)
{
	*why = NULL;
	if (!context_open(context)) {
		*why = "OpenSSL gives no context";
		return false;
	}
	SSL_CTX_set_default_passwd_cb(context->ctx, no_passphrase);
	if (SSL_CTX_use_certificate_chain_file(context->ctx, certificate) != 1)
		*why = "there is no PEM certificate in it, or it cannot be read";
	else if (SSL_CTX_use_PrivateKey_file(context->ctx, key, SSL_FILETYPE_PEM) != 1)
		*why = "the key is no PEM key, is locked, or cannot be read";
	else if (SSL_CTX_check_private_key(context->ctx) != 1)
		*why = "the key is not that of the certificate";
	ERR_clear_error();
	return *why == NULL;
}

/* Those of 1.3 have names of their own, and a list of their own. */
static void
divide(struct slice names, struct buf *older, struct buf *newer)
{
	struct slice name;

	while (slice_part(&names, ':', &name)) {
		struct buf *list = slice_begins(name, "TLS_") ? newer : older;

		if (list->len > 0)
			buf_putc(list, ':');
		buf_add(list, name.at, name.len);
	}
}

/* Nothing is spoken beside what is named: no version, then, of which no cipher is. */
static bool
choose_ciphers(SSL_CTX *ctx, const char *ciphers, unsigned *versions)
{
	struct buf older, newer;
	bool good = true;

	buf_init(&older, strlen(ciphers));
	buf_init(&newer, strlen(ciphers));
	divide(slice_of(ciphers), &older, &newer);
	if (older.len == 0)
		*versions &= VERSION_TLS13;
	else
		good = SSL_CTX_set_cipher_list(ctx, older.data) == 1;
	if (newer.len == 0)
		*versions &= ~(unsigned)VERSION_TLS13;
	else
		good = good && SSL_CTX_set_ciphersuites(ctx, newer.data) == 1;
	buf_release(&older);
	buf_release(&newer);
	return good;
}

bool
tls_context_restrict(struct tls_context *context, const struct tls_choice *choice, const char **why)
{
	static const struct {
		enum tls_version version;
		uint64_t off;
	} all[] = {{VERSION_TLS10, SSL_OP_NO_TLSv1}, {VERSION_TLS11, SSL_OP_NO_TLSv1_1},
	    {VERSION_TLS12, SSL_OP_NO_TLSv1_2}, {VERSION_TLS13, SSL_OP_NO_TLSv1_3}};
	unsigned versions = choice->versions != 0 ? choice->versions : VERSION_ALL;

	*why = NULL;
	context->sni = choice->sni;
	if (!context_open(context))
		*why = "OpenSSL gives no context";
	else if (choice->ciphers != NULL &&
	         !choose_ciphers(context->ctx, choice->ciphers, &versions))
		*why = "OpenSSL knows none of these ciphers";
	else if (versions == 0)
		*why = "none of these ciphers goes with a version that may be spoken";
	for (size_t i = 0; i < sizeof all / sizeof *all && *why == NULL; i++)
		if ((versions & all[i].version) == 0)
			SSL_CTX_set_options(context->ctx, all[i].off);
	ERR_clear_error();
	return *why == NULL;
}

bool
tls_context_trusts(struct tls_context *context)
{
	if (context->asked)
		return context->trusts;
	context->asked = true;
	if (!context_open(context))
		return false;
	context->by_name = context->few && tls_trust_by_name(context->ctx);
	context->trusts = context->by_name || tls_trust_system(context->ctx);
	return context->trusts;
}

static bool
is_address(const char *name)
{
	ASN1_OCTET_STRING *address = a2i_IPADDRESS(name);

	ASN1_OCTET_STRING_free(address);
	return address != NULL;
}

void
tls_name_expect(X509_VERIFY_PARAM *param, const char *name)
{
	if (is_address(name)) {
		X509_VERIFY_PARAM_set1_ip_asc(param, name);
		return;
	}
	/* RFC 9525 section 2: a common name is no name of a server. */
	X509_VERIFY_PARAM_set_hostflags(
	    param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	X509_VERIFY_PARAM_set1_host(param, name, 0);
}

/* RFC 7672 section 8.1: whoever goes by TLSA records says their base in SNI. */
static void
name_peer(SSL *ssl, const struct tls_wish *wish, const char *sni)
{
	const struct dane *dane = wish->dane;
	const char *name = sni != NULL                        ? sni
	                   : dane != NULL && dane->usable > 0 ? dane->base
	                                                      : wish->name;

	if (!is_address(name)) /* an address has no SNI (RFC 6066 section 3) */
		SSL_set_tlsext_host_name(ssl, name);
	tls_name_expect(SSL_get0_param(ssl), wish->name);
}

/* SSL options go for versions, lists for the rest; what the library lacks is not offered, and then
 * the handshake fails before it begins. */
static void
restrict_to(SSL *ssl, enum tls_trial trial)
{
	static const struct {
		int least, most;
		const char *ciphers, *signatures;
	} trials[] = {
	    [TRIAL_TLS10] = {TLS1_VERSION, TLS1_VERSION, "DEFAULT:@SECLEVEL=0", NULL},
	    [TRIAL_TLS11] = {TLS1_1_VERSION, TLS1_1_VERSION, "DEFAULT:@SECLEVEL=0", NULL},
	    [TRIAL_RSA] = {TLS1_2_VERSION, 0, "aRSA:!kRSA:@SECLEVEL=0",
	        "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:"
	        "rsa_pkcs1_sha256:rsa_pkcs1_sha384:rsa_pkcs1_sha512"},
	    [TRIAL_ECDSA] = {TLS1_2_VERSION, 0, "aECDSA:@SECLEVEL=0",
	        "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:ed448"},
	    [TRIAL_CIPHERS] = {TLS1_VERSION, TLS1_2_VERSION,
	        "eNULL:RC4:3DES:DES:SEED:IDEA:kRSA:!kPSK:!aPSK:!aNULL:@SECLEVEL=0", NULL},
	    [TRIAL_DH] = {TLS1_VERSION, TLS1_2_VERSION, "kDHE:!aNULL:!aPSK:@SECLEVEL=0", NULL},
	};

	if (trial == TRIAL_NONE)
		return;
	SSL_set_min_proto_version(ssl, trials[trial].least);
	SSL_set_max_proto_version(ssl, trials[trial].most);
	SSL_set_cipher_list(ssl, trials[trial].ciphers);
	if (trials[trial].signatures != NULL)
		SSL_set1_sigalgs_list(ssl, trials[trial].signatures);
	SSL_set_options(ssl, SSL_OP_LEGACY_SERVER_CONNECT);
}

struct ssl_st *
tls_client(struct tls_context *context, struct tls_check *check, void *bio_data)
{
	const struct tls_wish *wish = &check->wish;
	bool open = context_open(context);
	SSL *ssl = open ? SSL_new(context->ctx) : NULL;
	BIO *bio = open ? BIO_new(context->bio) : NULL;

	if (ssl == NULL || bio == NULL) {
		log_error("out of memory");
		exit(STATUS_INTERNAL);
	}
	BIO_set_data(bio, bio_data);
	BIO_set_init(bio, 1);
	SSL_set_bio(ssl, bio, bio);
	SSL_set_connect_state(ssl);
	SSL_set_app_data(ssl, check);
	check->blind = !tls_context_trusts(context);
	check->by_name = context->by_name;
	check->nameless = *wish->name == '\0'; /* OpenSSL takes that for "any name" */
	if (!check->nameless)
		name_peer(ssl, wish, context->sni);
	tls_dane_begin(ssl, check);
	if (wish->small)
		SSL_set1_groups_list(ssl, SMALL_GROUPS);
	restrict_to(ssl, wish->trial);
	if (wish->must_verify || wish->must_match)
		SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	tls_resume_offer(context->sessions, ssl, check);
	ERR_clear_error();
	return ssl;
}

const char *
tls_library(void)
{
	return OpenSSL_version(OPENSSL_VERSION);
}
