/* sender: all that a receiver could hold against one sender, found by our own look-ups: the `sender` record. Gathered once per (source, helo, from). */
#ifndef DNS_SENDER_H
#define DNS_SENDER_H

#include <stdbool.h>
#include <stddef.h>

#include "dns/blocklist.h"
#include "dns/ptr.h"

struct arena;
struct book;

struct sender_query {
	struct ip ip; /* the address that receivers see */
	const char *helo, *from; /* from: "" is the null reverse-path */
	const struct lists *lists; /* NULL: ask none */
};

struct sender {
	struct ip ip;
	const char *helo, *from;
	struct ptr ptr;
	struct listing *listings; /* every list that was asked, whatever it said */
	size_t listing_count;
	bool complete; /* false: the time for it ran out; what is missing is UNKNOWN */
};

/* False: pending; `out` then holds what is known so far, the rest UNKNOWN, so that a deadline can cut it short with nothing lost. */
bool sender_gather(struct book *book, struct arena *arena, const struct sender_query *query, struct sender *out);

#endif
