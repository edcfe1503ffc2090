#include "lab/certs.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "base/arena.h"

enum { DAY = 24 * 60 * 60 };

/* One leaf serves all: each mail host is a label below mx.lab.example. */
static const struct leaf {
	const char *common_name, *names; /* subjectAltName */
	long from, until; /* days from now */
	bool by_itself;
	const char *digest; /* NULL: SHA256 */
} leaves[CERT_COUNT] = {
    [CERT_GOOD] = {"mx." LAB_ZONE, "DNS:*.mx." LAB_ZONE ",DNS:mx." LAB_ZONE, -1, 30, false, NULL},
    [CERT_EXPIRED] = {"mx." LAB_ZONE, "DNS:*.mx." LAB_ZONE, -730, -365, false, NULL},
    [CERT_ELSEWHERE] = {"mail.elsewhere.example", "DNS:mail.elsewhere.example", -1, 30, false,
        NULL},
    [CERT_SELF_SIGNED] = {"mx." LAB_ZONE, "DNS:*.mx." LAB_ZONE, -1, 30, true, NULL},
    [CERT_SHA1] = {"mx." LAB_ZONE, "DNS:*.mx." LAB_ZONE, -1, 30, false, "SHA1"},
    [CERT_NAMELESS] = {"*.mx." LAB_ZONE, NULL, -1, 30, false, NULL},
};

struct certs {
	EVP_PKEY *ca_key,
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

static X509 *
make_leaf(const struct certs *certs, const struct leaf *leaf)
{
	X509 *cert = X509_new(), *issuer = leaf->by_itself ? cert : certs->ca;
	const EVP_MD *digest =
	    leaf->digest != NULL ? EVP_get_digestbyname(leaf->digest) : EVP_sha256();

	if (cert != NULL &&
	    describe(cert, issuer, 2 + (leaf - leaves), leaf->common_name, leaf->from, leaf->until,
	        certs->key) &&
	    extend(cert, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
	    extend(cert, issuer, NID_ext_key_usage, "serverAuth") &&
	    (leaf->names == NULL || extend(cert, issuer, NID_subject_alt_name, leaf->names)) &&
	    (leaf->by_itself || extend(cert, issuer, NID_authority_key_identifier, "keyid")) &&
	    X509_sign(cert, leaf->by_itself ? certs->key : certs->ca_key, digest) > 0)
		return cert;
	X509_free(cert);
	return NULL;
}

static SSL_CTX *
make_context(const struct certs *certs, enum lab_cert which)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	X509 *cert = NULL;
	bool good = context != NULL;

	if (good)
		SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
		                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
		                              SSL_MODE_RELEASE_BUFFERS);
	if (good && leaves[which].digest != NULL)
		SSL_CTX_set_security_level(context, 0); /* or OpenSSL will not serve it */
	if (good && which != CERT_NONE) { /* a context without a certificate has no cipher to offer:
		                             the handshake ends in an alert */
		cert = make_leaf(certs, &leaves[which]);
		good = cert != NULL && SSL_CTX_use_certificate(context, cert) == 1 &&
		       SSL_CTX_use_PrivateKey(context, certs->key) == 1;
		X509_free(cert);
	}
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
		if ((certs->contexts[which] = make_context(certs, which)) == NULL)
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
	free(certs);
}

bool
certs_write_ca(const struct certs *certs, FILE *out)
{
	return PEM_write_X509(out, certs->ca) == 1;
}

SSL_CTX *
certs_context(struct certs *certs, enum lab_cert which)
{
	return certs->contexts[which];
}
