/* arc: is the ARC chain of a message good? (RFC 8617 section 5.2.) Keys come from the book. */
#ifndef AUTH_ARC_H
#define AUTH_ARC_H

#include <stdbool.h>

#include "auth/dkim.h"

struct arena;
struct book;

enum arc_state { ARC_NONE, ARC_PASS, ARC_FAIL, ARC_UNKNOWN /* a key could not be looked up */ };

struct arc {
	enum arc_state state;
	unsigned sets; /* the highest number */
	const char *reason; /* a sentence: why it is not good; NULL for NONE and PASS */
	const char *signer; /* d= of the last seal; NULL: not known */
	unsigned line; /* of the message: of the field that the reason, or the last seal, is about;
	                  0: none */
};

/* False: pending, and UNKNOWN so far. */
bool arc_verify(
    struct book *book, struct arena *arena, const struct dkim_query *query, struct arc *out);

#endif
