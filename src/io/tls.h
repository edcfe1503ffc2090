/* tls: what we need of OpenSSL: one context for the run, and what a handshake showed. */
#ifndef IO_TLS_H
#define IO_TLS_H

#include <stdbool.h>

struct arena;
struct ssl_st;
struct tls_context;
struct tls_facts;

/* `ca_file`: PEM certificates to trust instead of the system's; NULL: the system's bundle. NULL
 * with `*why` (static) when they cannot be loaded. Costs some 20 ms for the system's: make one a
 * run. */
struct tls_context *tls_context_new(const char *ca_file, const char **why);
void tls_context_free(struct tls_context *context);

/* A client's SSL on `fd`, ready for SSL_connect. It never fails for a bad certificate unless
 * `must_verify`: faults are gathered and reported (RFC 7435). */
struct ssl_st *tls_client(struct tls_context *context, int fd, const char *name, bool must_verify);
void tls_facts_read(struct ssl_st *ssl, struct arena *arena,
    struct tls_facts *facts); /* after the handshake, good or not */
const char *tls_error(
    char *words, unsigned long size); /* of the last failed call, and clears OpenSSL's queue */
const char *tls_library(void); /* "OpenSSL 3.0.22 …" */

#endif
