/* maild: the lab's mail servers: one listener a domain, each on a loopback address of its own, all
 * on one port. */
#ifndef LAB_MAILD_H
#define LAB_MAILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct certs;
struct event_base;
struct maild;

/* `port` 0: a free one. NULL with the reason in `why`. `log` (may be NULL) gets each line that is
 * said and heard (session.c); borrowed, as is `certs`. */
struct maild *maild_new(
    struct event_base *base, struct certs *certs, FILE *log, unsigned port, char *why, size_t size);
unsigned maild_port(const struct maild *maild);
bool maild_has_ip6(const struct maild *maild);
void maild_free(struct maild *maild);

bool maild_ip6_possible(void); /* does this machine have ::1? */

#endif
