/* policyd: the lab's policy hosts (MTA-STS): one HTTPS server for all, told apart by the name that
 * a client asks for (SNI). */
#ifndef LAB_POLICYD_H
#define LAB_POLICYD_H

#include <stddef.h>

struct certs;
struct event_base;
struct policyd;

/* On LAB_POLICY_HOST and a free port. NULL with the reason in `why`. `certs` is borrowed. */
struct policyd *policyd_new(struct event_base *base, struct certs *certs, char *why, size_t size);
unsigned policyd_port(const struct policyd *policyd);
void policyd_free(struct policyd *policyd); /* NULL is allowed */

#endif
