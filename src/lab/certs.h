/* certs: the lab's certificates, made in memory at start-up: a CA, a leaf for every mail host below
 * it, and bad ones. */
#ifndef LAB_CERTS_H
#define LAB_CERTS_H

#include <stdbool.h>
#include <stdio.h>

#include "lab/domains.h"

struct arena;
struct certs;
struct zone_values;
typedef struct ssl_ctx_st SSL_CTX;

struct certs *certs_new(char *why, size_t size); /* NULL with the reason */
void certs_free(struct certs *certs);
/* What TLSA records say of them. */
void certs_digests(const struct certs *certs, struct arena *arena, struct zone_values *out);
bool certs_write_ca(const struct certs *certs, FILE *out); /* PEM */
SSL_CTX *certs_context(
    struct certs *certs, enum lab_cert which); /* for servers; the certs keep it */

#endif
