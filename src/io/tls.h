/* tls: what we need of OpenSSL: one context for the run, whom it trusts, and what a handshake and
 * its certificates showed.
 *
 * The handshake takes whatever a server speaks; its certificates are judged apart from that, as a
 * strict peer would judge them (security level 2: no MD5, no SHA-1, no RSA under 2048 bits). */
#ifndef IO_TLS_H
#define IO_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "smtp/tls_facts.h"

struct arena;
struct X509_VERIFY_PARAM_st;
struct X509_name_st;
struct bio_method_st;
struct dane;
struct dane_met;
struct ssl_ctx_st;
struct ssl_session_st;
struct ssl_st;
struct stack_st_X509;
struct tls_context;
struct tls_kept;
struct tls_sessions;
struct x509_store_ctx_st;

enum { TLS_DH_BITS_MAX = 4096 }; /* a larger group would block the loop for most of a second */

struct tls_wish { /* what a handshake is to be; borrowed */
	const char *name; /* of the host: for SNI and the certificate's check */
	bool must_verify; /* a certificate that is not good ends it … */
	bool must_match; /* … or one that matches no TLSA record */
	bool bind; /* to find what AUTH is bound to */
	bool small; /* with a ClientHello that fits into one packet */
	enum tls_trial trial; /* to see what the server takes */
	const struct dane *dane; /* NULL: there are no records to be tried */
	/* From where to where the connection is, in any words: a session that the server gives is
	 * kept for the next one that goes there, and offered. NULL: none is. */
	const char *way;
	bool anew; /* what was offered did harm: nothing is any more */
	struct tls_facts *facts;
	struct dane_met *met;
	struct arena *arena; /* of the facts */
};

struct tls_error { /* X509_V_ERR_… */
	int error, depth;
};

enum { TLS_ERRORS_MAX = 8 };

struct tls_check { /* of one handshake: what is found on the way */
	struct tls_wish wish;
	struct tls_sessions *sessions; /* NULL: none is kept */
	char *way; /* the wish's, and what else a session belongs to; owned */
	struct tls_kept *seen_here; /* what was offered, or came of this handshake; held */
	struct ssl_session_st *session; /* that waits for the facts; owned */
	bool known; /* the handshake is done, and so are the facts */
	bool resumed;
	bool by_dane; /* there are records that OpenSSL tries */
	struct tls_error dane_errors[TLS_ERRORS_MAX];
	size_t dane_error_count;
	bool dane_tried;
	bool dane_known; /* … by the way, as authorities have it: these are what matched */
	size_t dane_record;
	int dane_depth;
	const char *dane_name;
	struct tls_error errors[TLS_ERRORS_MAX]; /* of the chain */
	size_t error_count;
	bool by_name; /* whom the host trusts is loaded as it is met: not all of them are */
	bool blind; /* this host has no CA certificates: nothing can be said of trust */
	bool nameless; /* there is no name that a certificate could be for */
	unsigned faults; /* bits of io/tls_check.c */
	int error; /* X509_V_ERR_… of the first of no known kind */
	int weak_bits, weak_digest; /* of the certificate that is too weak; 0: not that */
	bool weak_issuer; /* it is not the server's own */
	int dh_bits; /* of a group that was refused as too large */
	struct stack_st_X509 *chain; /* as it was sent, for OpenSSL does not give it out when the
	                                handshake fails; NULL: none was. Owned: tls_check_release */
};

/* `ca`: a file of PEM certificates to trust instead of the system's, or a folder of such; NULL: the
 * system's, or those that SSL_CERT_FILE and SSL_CERT_DIR name. NULL with `*why` (static) when those
 * of `ca` cannot be loaded. The system's are loaded (some 20 ms) when the first handshake needs
 * them; where only `few` are to come, each issuer when it is met, if the system has them by name.
 */
struct tls_context *tls_context_new(const char *ca, bool few, const char **why);
void tls_context_free(struct tls_context *context); /* NULL is allowed */
/* The certificate (with its chain) and the key (PEM) that are shown to servers which ask. False
 * with `*why` (static). */
bool tls_context_identify(
    struct tls_context *context, const char *certificate, const char *key, const char **why);
/* All handshakes of the context are tried with that; borrowed. False with `*why` (static). */
bool tls_context_restrict(
    struct tls_context *context, const struct tls_choice *choice, const char **why);
bool tls_context_trusts(struct tls_context *context); /* there is somebody to trust */

/* A client's SSL over a BIO of tls_bio_method, whose data is `bio_data`; ready for SSL_connect. A
 * bad certificate is reported, and fails nothing unless the wish says so (RFC 7435). */
struct ssl_st *tls_client(struct tls_context *context, struct tls_check *check, void *bio_data);
struct bio_method_st *tls_bio_method(void); /* in io/wire_tls.c */
const char *tls_library(void); /* "OpenSSL 3.0.22 …" */

/* What a certificate has to be for: a name, or an address. */
void tls_name_expect(struct X509_VERIFY_PARAM_st *param, const char *name);

/* io/tls_trust.c: loads certificates to trust; false: there are none. */
bool tls_trust(struct ssl_ctx_st *ctx, const char *path);
bool tls_trust_system(struct ssl_ctx_st *ctx);
/* … each when it is met; false: they do not lie there by name. */
bool tls_trust_by_name(struct ssl_ctx_st *ctx);

/* io/tls_check.c */
void tls_check_install(struct ssl_ctx_st *ctx);
/* What was found about the chain, into the wish's facts. */
void tls_check_read(const struct tls_check *check);
struct tls_check *tls_check_of(struct x509_store_ctx_st *store);
void tls_error_keep(struct tls_error *errors, size_t *count, struct x509_store_ctx_st *store);
const char *tls_error_word(int error); /* of RFC 8460 section 4.3 */
const char *tls_error_name(int error); /* "X509_V_ERR_CERT_HAS_EXPIRED" */
/* Does a chain that was seen before match the records that there are now? */
bool tls_check_known(
    struct ssl_st *ssl, struct tls_check *check, const struct stack_st_X509 *chain);
void tls_check_release(struct tls_check *check);
/* Why the last call failed; clears OpenSSL's queue. */
void tls_check_words(const struct tls_check *check, char *words, size_t size);

/* io/tls_read.c: after the handshake, good or not: what it showed, into the wish's facts. */
void tls_facts_read(struct ssl_st *ssl, struct tls_check *check);
const char *tls_name_words(struct arena *arena, const struct X509_name_st *name);

/* io/tls_dane.c */
void tls_dane_begin(struct ssl_st *ssl, struct tls_check *check);
/* Is an issuer in a chain that authorities have found to be good, and that was sent, one that a
 * record names? Then there is nothing left to be verified. */
bool tls_dane_known(struct x509_store_ctx_st *good, struct tls_check *check);
/* False: no record matches. The store's context then holds the error. */
bool tls_dane_verify(struct x509_store_ctx_st *store, struct tls_check *check);
/* OpenSSL's own word for what matched is gone when a handshake begins. */
void tls_dane_keep(struct ssl_st *ssl, struct tls_check *check);
void tls_dane_read(struct ssl_st *ssl, struct tls_check *check); /* into wish.met */

#endif
