/* seen: which address the world saw, by a message that some server has received: of its trace
 * fields, the one of the first server that is not the sender's own. Pure. */
#ifndef JUDGE_SEEN_H
#define JUDGE_SEEN_H

#include <stddef.h>

#include "mail/received.h"

enum { SEEN_OWN_MAX = 4 };

struct seen_query {
	const struct received *trace; /* the latest hop first */
	size_t count;
	struct ip source; /* ours, as far as is known; family 0: not known */
	const char *
	    own[SEEN_OWN_MAX]; /* names of the sender (HELO, PTR, the domains of MAIL FROM and
	                          From), whose registered domain is taken for its own; NULL: none */
};

/* A hop where `source` was seen, if there is one; else the earliest that a stranger's server wrote,
 * with an address that is not private; NULL: the message tells nothing. Trace fields can be forged
 * by who had the message before: it is what they say, no more. */
const struct received *seen_by_others(const struct seen_query *query);

#endif
