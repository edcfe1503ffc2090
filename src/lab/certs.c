#include "lab/certs.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "base/arena.h"
#include "lab/zone.h"

enum { DAY = 24 * 60 * 60 };

#define WILD "DNS:*.mx." LAB_ZONE

/* One leaf serves all: each mail host is a label below mx.lab.example. */
static const struct leaf {
	const char *common_name, *names; /* subjectAltName */
	long from, until; /* days from now */
	bool by_itself;
	const char *digest; /* NULL: SHA256 */
	bool chained; /* sent with the authority's */
	bool small; /* a key of its own, RSA 1024 */
	const char *usage; /* NULL: serverAuth */
	bool old; /* served with any version of TLS */
	bool rsa; /* a key of RSA 2048, made when it is asked for */
	enum lab_cert beside; /* another, of such a key; 0: none */
	const char *ciphers; /* NULL: the library's */
	bool dh; /* in a small group */
} leaves[CERT_COUNT] = {
    [CERT_GOOD] = {.common_name = "mx." LAB_ZONE,
        .names = "DNS:*.mx." LAB_ZONE ",DNS:mx." LAB_ZONE,
        .from = -1,
        .until = 30},
    [CERT_EXPIRED] = {.common_name = "mx." LAB_ZONE, .names = WILD, .from = -730, .until = -365},
    [CERT_ELSEWHERE] = {.common_name = "mail.elsewhere.example",
        .names = "DNS:mail.elsewhere.example",
        .from = -1,
        .until = 30},
    [CERT_SELF_SIGNED] =
        {.common_name = "mx." LAB_ZONE, .names = WILD, .from = -1, .until = 30, .by_itself = true},
    [CERT_SHA1] =
        {.common_name = "mx." LAB_ZONE, .names = WILD, .from = -1, .until = 30, .digest = "SHA1"},
    [CERT_NAMELESS] = {.common_name = "*.mx." LAB_ZONE, .from = -1, .until = 30},
    [CERT_CHAINED] =
        {.common_name = "mx." LAB_ZONE, .names = WILD, .from = -1, .until = 30, .chained = true},
    [CERT_ELSEWHERE_CHAINED] = {.common_name = "mail.elsewhere.example",
        .names = "DNS:mail.elsewhere.example",
        .from = -1,
        .until = 30,
        .chained = true},
    [CERT_SOON] = {.common_name = "mx." LAB_ZONE, .names = WILD, .from = -85, .until = 5},
    [CERT_EARLY] = {.common_name = "mx." LAB_ZONE, .names = WILD, .from = 5, .until = 30},
    [CERT_SMALL] =
        {.common_name = "mx." LAB_ZONE, .names = WILD, .from = -1, .until = 30, .small = true},
    [CERT_CLIENT] = {.common_name = "mx." LAB_ZONE,
        .names = WILD,
        .from = -1,
        .until = 30,
        .usage = "clientAuth"},
    [CERT_OLD] =
        {.common_name = "mx." LAB_ZONE, .names = WILD, .from = -1, .until = 30, .old = true},
    [CERT_TWO] = {.common_name = "mx." LAB_ZONE,
        .names = WILD,
        .from = -1,
        .until = 30,
        .beside = CERT_WEAK,
        .ciphers = "DEFAULT:!kRSA"},
    [CERT_TWO_EXPIRED] = {.common_name = "mx." LAB_ZONE,
        .names = WILD,
        .from = -1,
        .until = 30,
        .beside = CERT_EXPIRED,
        .ciphers = "DEFAULT:!kRSA"},
    [CERT_WEAK] = {.common_name = "mx." LAB_ZONE,
        .names = WILD,
        .from = -1,
        .until = 30,
        .rsa = true,
        .ciphers = "DEFAULT:kRSA"},
    [CERT_DH] = {.common_name = "mx." LAB_ZONE,
        .names = WILD,
        .from = -1,
        .until = 30,
        .rsa = true,
        .ciphers = "DEFAULT:!kRSA:@SECLEVEL=0",
        .dh = true},
    [CERT_POLICY] = {.common_name = "mta-sts." LAB_ZONE, .from = -1, .until = 30},
};

struct certs {
	EVP_PKEY *ca_key, *rsa, /* of the few that are of such a key; NULL: not made yet */
	    *key; /* one key for all leaves: it is practice, and start-up stays short */
	X509 *ca;
	SSL_CTX *contexts[CERT_COUNT];
};

static bool
extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;
	bool good;

	X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	good = extension != NULL && X509_add_ext(cert, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return good;
}

static bool
describe(X509 *cert, X509 *issuer, long serial, const char *common_name, long from, long until,
    EVP_PKEY *key)
{
	X509_NAME *name = X509_get_subject_name(cert);

	return X509_set_version(cert, X509_VERSION_3) == 1 &&
	       ASN1_INTEGER_set(X509_get_serialNumber(cert), serial) == 1 &&
	       X509_gmtime_adj(X509_getm_notBefore(cert), from * DAY) != NULL &&
	       X509_gmtime_adj(X509_getm_notAfter(cert), until * DAY) != NULL &&
	       X509_NAME_add_entry_by_txt(
	           name, "O", MBSTRING_ASC, (const unsigned char *)"mxwalk lab", -1, -1, 0) == 1 &&
	       X509_NAME_add_entry_by_txt(
	           name, "CN", MBSTRING_ASC, (const unsigned char *)common_name, -1, -1, 0) == 1 &&
	       X509_set_issuer_name(cert, X509_get_subject_name(issuer)) == 1 &&
	       X509_set_pubkey(cert, key) == 1;
}

static X509 *
make_ca(EVP_PKEY *key)
{
	X509 *ca = X509_new();

	if (ca != NULL && describe(ca, ca, 1, "mxwalk lab CA", -1, 30, key) &&
	    extend(ca, ca, NID_basic_constraints, "critical,CA:TRUE") &&
	    extend(ca, ca, NID_key_usage, "critical,keyCertSign,cRLSign") &&
	    extend(ca, ca, NID_subject_key_identifier, "hash") &&
	    X509_sign(ca, key, EVP_sha256()) > 0)
		return ca;
	X509_free(ca);
	return NULL;
}

/* "DNS:mta-sts.sts-good.lab.example,…" */
static const char *
policy_hosts(struct arena *arena)
{
	const char *names = "DNS:mta-sts." LAB_ZONE;

	for (size_t i = 0; i < lab_domain_count; i++)
		if (lab_domains[i].policy.cert == CERT_POLICY)
			names = arena_printf(
			    arena, "%s,DNS:mta-sts.%s." LAB_ZONE, names, lab_domains[i].name);
	return names;
}

static bool
name_hosts(X509 *cert, X509 *issuer, const struct leaf *leaf)
{
	struct arena *arena = arena_new();
	const char *names = leaf == &leaves[CERT_POLICY] ? policy_hosts(arena) : leaf->names;
	bool good = names == NULL || extend(cert, issuer, NID_subject_alt_name, names);

	arena_free(arena);
	return good;
}

static X509 *
make_leaf(const struct certs *certs, const struct leaf *leaf, EVP_PKEY *key)
{
	X509 *cert = X509_new(), *issuer = leaf->by_itself ? cert : certs->ca;
	const EVP_MD *digest =
	    leaf->digest != NULL ? EVP_get_digestbyname(leaf->digest) : EVP_sha256();

	if (cert != NULL &&
	    describe(cert, issuer, 2 + (leaf - leaves), leaf->common_name, leaf->from, leaf->until,
	        key) &&
	    extend(cert, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
	    extend(cert, issuer, NID_ext_key_usage,
	        leaf->usage != NULL ? leaf->usage : "serverAuth") &&
	    name_hosts(cert, issuer, leaf) &&
	    (leaf->by_itself || extend(cert, issuer, NID_authority_key_identifier, "keyid")) &&
	    X509_sign(cert, leaf->by_itself ? key : certs->ca_key, digest) > 0)
		return cert;
	X509_free(cert);
	return NULL;
}

static EVP_PKEY *
rsa_key(struct certs *certs)
{
	if (certs->rsa == NULL)
		certs->rsa = EVP_RSA_gen(2048);
	return certs->rsa;
}

static bool
give_beside(struct certs *certs, const struct leaf *leaf, SSL_CTX *context)
{
	EVP_PKEY *key = rsa_key(certs);
	X509 *cert = make_leaf(certs, leaf, key);
	bool good = cert != NULL && SSL_CTX_use_certificate(context, cert) == 1 &&
	            SSL_CTX_use_PrivateKey(context, key) == 1;

	X509_free(cert);
	return good;
}

static bool
give_small_group(SSL_CTX *context)
{
	EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(NULL, "DH", NULL);
	EVP_PKEY *group = NULL;
	bool good = maker != NULL && EVP_PKEY_paramgen_init(maker) == 1 &&
	            EVP_PKEY_CTX_set_group_name(maker, "modp_1536") == 1 &&
	            EVP_PKEY_paramgen(maker, &group) == 1 &&
	            SSL_CTX_set0_tmp_dh_pkey(context, group) == 1;

	if (!good)
		EVP_PKEY_free(group);
	EVP_PKEY_CTX_free(maker);
	return good;
}

/* What a server is that should not be like that. */
static bool
give_habits(struct certs *certs, const struct leaf *leaf, SSL_CTX *context)
{
	if (leaf->old || leaf->dh)
		SSL_CTX_set_security_level(context, 0);
	SSL_CTX_set_min_proto_version(context, leaf->old ? TLS1_VERSION : TLS1_2_VERSION);
	return (leaf->ciphers == NULL || SSL_CTX_set_cipher_list(context, leaf->ciphers) == 1) &&
	       (!leaf->dh || give_small_group(context)) &&
	       (leaf->beside == 0 || give_beside(certs, &leaves[leaf->beside], context));
}

static bool
give_certificate(struct certs *certs, const struct leaf *leaf, SSL_CTX *context)
{
	EVP_PKEY *key = leaf->small ? EVP_RSA_gen(1024) : leaf->rsa ? rsa_key(certs) : certs->key;
	X509 *cert = make_leaf(certs, leaf, key);
	bool good = cert != NULL && SSL_CTX_use_certificate(context, cert) == 1 &&
	            SSL_CTX_use_PrivateKey(context, key) == 1 &&
	            (!leaf->chained || SSL_CTX_add1_chain_cert(context, certs->ca) == 1);

	X509_free(cert);
	if (leaf->small)
		EVP_PKEY_free(key);
	return good;
}

static SSL_CTX *
make_context(struct certs *certs, enum lab_cert which)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	bool good = context != NULL;

	if (good)
		SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
		                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
		                              SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
	if (good && (leaves[which].digest != NULL || leaves[which].small))
		SSL_CTX_set_security_level(context, 0); /* or OpenSSL will not serve it */
	if (good && which != CERT_NONE) /* a context without a certificate has no cipher to offer:
	                                   the handshake ends in an alert */
		good = give_certificate(certs, &leaves[which], context) &&
		       give_habits(certs, &leaves[which], context);
	if (good)
		return context;
	SSL_CTX_free(context);
	return NULL;
}

static bool
make_all(struct certs *certs)
{
	certs->ca_key = EVP_EC_gen("P-256");
	certs->key = EVP_EC_gen("P-256");
	certs->ca = certs->ca_key != NULL && certs->key != NULL ? make_ca(certs->ca_key) : NULL;
	if (certs->ca == NULL)
		return false;
	for (enum lab_cert which = 0; which < CERT_COUNT; which++)
		if (!leaves[which].rsa && leaves[which].beside == 0 &&
		    (certs->contexts[which] = make_context(certs, which)) == NULL)
			return false;
	return true;
}

struct certs *
certs_new(char *why, size_t size)
{
	struct certs *certs = must_alloc(sizeof *certs);

	if (make_all(certs))
		return certs;
	snprintf(why, size, "no certificates: %s", ERR_reason_error_string(ERR_peek_last_error()));
	certs_free(certs);
	return NULL;
}

void
certs_free(struct certs *certs)
{
	if (certs == NULL)
		return;
	for (enum lab_cert which = 0; which < CERT_COUNT; which++)
		SSL_CTX_free(certs->contexts[which]);
	X509_free(certs->ca);
	EVP_PKEY_free(certs->ca_key);
	EVP_PKEY_free(certs->key);
	EVP_PKEY_free(certs->rsa);
	free(certs);
}

bool
certs_write_ca(const struct certs *certs, FILE *out)
{
	return PEM_write_X509(out, certs->ca) == 1;
}

static const char *
hex_of(struct arena *arena, const void *bytes, size_t len)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	const char *hex = "";
	unsigned size = 0;

	EVP_Digest(bytes, len, digest, &size, EVP_sha256(), NULL);
	for (unsigned i = 0; i < size; i++)
		hex = arena_printf(arena, "%s%02x", hex, digest[i]);
	return hex;
}

static const char *
key_hex(struct arena *arena, EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	const char *hex = hex_of(arena, der, len > 0 ? (size_t)len : 0);

	OPENSSL_free(der);
	return hex;
}

static const char *
pem_hex(struct arena *arena, EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	const char *hex = "";
	char *text;
	long len;

	if (bio != NULL && PEM_write_bio_PUBKEY(bio, key) == 1) {
		len = BIO_get_mem_data(bio, &text);
		hex = hex_of(arena, text, len > 0 ? (size_t)len : 0);
	}
	BIO_free(bio);
	return hex;
}

void
certs_digests(const struct certs *certs, struct arena *arena, struct zone_values *out)
{
	unsigned char *der = NULL;
	int len = i2d_X509(certs->ca, &der);

	out->ca = hex_of(arena, der, len > 0 ? (size_t)len : 0);
	out->ca_key = key_hex(arena, certs->ca_key);
	out->key = key_hex(arena, certs->key);
	out->pem = pem_hex(arena, certs->key);
	OPENSSL_free(der);
}

SSL_CTX *
certs_context(struct certs *certs, enum lab_cert which)
{
	if (certs->contexts[which] == NULL)
		certs->contexts[which] = make_context(certs, which);
	return certs->contexts[which];
}
