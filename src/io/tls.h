/* tls: what we need of OpenSSL: one context for the run, whom it trusts, and what a handshake and
 * its certificates showed.
 *
 * The handshake takes whatever a server speaks; its certificates are judged apart from that, as a
 * strict peer would judge them (security level 2: no MD5, no SHA-1, no RSA under 2048 bits). */
#ifndef IO_TLS_H
#define IO_TLS_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct bio_method_st;
struct ssl_ctx_st;
struct ssl_st;
struct tls_context;
struct tls_facts;

enum { TLS_DH_BITS_MAX = 4096 }; /* a larger group would block the loop for most of a second */

struct tls_check { /* of one handshake: what is found on the way */
	bool must_verify; /* a fault ends the handshake */
	bool blind; /* this host has no CA certificates: nothing can be said of trust */
	bool nameless; /* there is no name that a certificate could be for */
	unsigned faults; /* bits of io/tls_check.c */
	int error; /* X509_V_ERR_… of the first of no known kind */
	int weak_bits, weak_digest; /* of the certificate that is too weak; 0: not that */
	bool weak_issuer; /* it is not the server's own */
	int dh_bits; /* of a group that was refused as too large */
	struct x509_st *certificate; /* that ended the handshake, for OpenSSL does not give it out;
	                                NULL: none did. Owned: tls_check_release */
};

/* `ca`: a file of PEM certificates to trust instead of the system's, or a folder of such; NULL: the
 * system's, or those that SSL_CERT_FILE and SSL_CERT_DIR name. NULL with `*why` (static) when those
 * of `ca` cannot be loaded. The system's are loaded (some 20 ms) when the first handshake needs
 * them. */
struct tls_context *tls_context_new(const char *ca, const char **why);
void tls_context_free(struct tls_context *context); /* NULL is allowed */
bool tls_context_trusts(struct tls_context *context); /* there is somebody to trust */

/* A client's SSL over a BIO of tls_bio_method, whose data is `bio_data`; ready for SSL_connect. A
 * bad certificate is reported, and fails nothing unless check->must_verify (RFC 7435). */
struct ssl_st *tls_client(
    struct tls_context *context, const char *name, struct tls_check *check, void *bio_data);
struct bio_method_st *tls_bio_method(void); /* in io/wire_tls.c */
const char *tls_library(void); /* "OpenSSL 3.0.22 …" */

/* io/tls_trust.c: loads certificates to trust; false: there are none. */
bool tls_trust(struct ssl_ctx_st *ctx, const char *path);
bool tls_trust_system(struct ssl_ctx_st *ctx);

/* io/tls_check.c */
void tls_check_install(struct ssl_ctx_st *ctx);
void tls_facts_read(struct ssl_st *ssl, const struct tls_check *check, struct arena *arena,
    struct tls_facts *facts); /* after the handshake, good or not */
void tls_check_release(struct tls_check *check);
/* Why the last call failed; clears OpenSSL's queue. */
void tls_check_words(const struct tls_check *check, char *words, size_t size);

#endif
