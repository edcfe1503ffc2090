/* sender: all that a receiver could hold against one sender, found by our own look-ups: the `sender` record. Gathered once per (source, helo, from). */
#ifndef DNS_SENDER_H
#define DNS_SENDER_H

#include <stdbool.h>
#include <stddef.h>

#include "dns/blocklist.h"
#include "dns/ptr.h"
#include "dns/spf.h"

struct arena;
struct book;

struct sender_query {
	struct ip ip; /* the address that receivers see; whether it is one to ask lists about (ip_special) is the caller's business */
	const char *helo, *from; /* from: "" is the null reverse-path */
	const char *author; /* address or domain of the From field; NULL: not known, or the same as `from` */
	const char *const *dkim; /* d= of the signatures, NULL at the end; NULL: none */
	const struct lists *lists; /* NULL: ask none */
	long long now; /* for SPF macros, seconds since the epoch */
};

struct sender {
	struct ip ip;
	const char *helo, *from;
	struct ptr ptr;
	struct listing *listings; /* every list that is on and takes the thing, whatever it said: first about the address, then about each name ("helo" "mail-from" "from" "dkim" "ptr"; a PTR name that is the HELO name is asked about once) */
	size_t listing_count;
	struct spf spf; /* of MAIL FROM, or of postmaster@helo for the null reverse-path */
	bool spf_known;
	bool complete; /* false: the time for it ran out; what is missing is UNKNOWN */
};

/* False: pending; `out` then holds what is known so far, the rest UNKNOWN, so that a deadline can cut it short with nothing lost. All that can be asked at once is. */
bool sender_gather(struct book *book, struct arena *arena, const struct sender_query *query, struct sender *out);

#endif
