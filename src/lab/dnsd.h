/* dnsd: the lab's nameserver, UDP and TCP on 127.0.0.1. It answers from one zone as a resolver
 * would (RA set) and asks nobody. */
#ifndef LAB_DNSD_H
#define LAB_DNSD_H

#include <stddef.h>

struct dnsd;
struct event_base;
struct zone;

enum {
	DNSD_CLIENTS_MAX = 256,
	DNSD_IDLE_SECONDS = 10
}; /* TCP connections at a time, and how long each may be idle */

/* `port` 0: a free one, the same for UDP and TCP. NULL with the reason in `why`. The zone is
 * borrowed. */
struct dnsd *dnsd_new(
    struct event_base *base, const struct zone *zone, unsigned port, char *why, size_t size);
unsigned dnsd_port(const struct dnsd *dnsd);
void dnsd_free(struct dnsd *dnsd);

#endif
