/* neighbours: how many of the addresses around one are on the list that has it, too: is it me, or
 * the network? A sample of its /24, for a list is asked no more than it takes to tell. */
#ifndef EVIDENCE_NEIGHBOURS_H
#define EVIDENCE_NEIGHBOURS_H

#include "evidence/blocklist.h"

enum { NEIGHBOURS_ASKED = 32 };

struct neighbours {
	const struct list *list; /* NULL: nothing was asked */
	const char *net; /* "192.0.2.0/24" */
	unsigned asked, listed, unknown; /* unknown: of those asked */
};

/* IPv6 has no such neighbourhood: lists take a /64 for one. False: pending. */
bool neighbours_look_up(struct book *book, struct arena *arena, const struct list *list,
    const struct ip *ip, struct neighbours *out);

#endif
