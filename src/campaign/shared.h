/* shared: outcomes that are the same for many targets: what a server says to this source before a
 * recipient is named, asked once. Pure.
 *
 * What belongs to one outcome: the source, what we call ourselves, the mail exchanger's name and
 * address, the port and the depth; all else is the same for the whole run. What was said at MAIL
 * and RCPT is of one domain, and never here. */
#ifndef CAMPAIGN_SHARED_H
#define CAMPAIGN_SHARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "evidence/tls_level.h"
#include "journey.h"

struct arena;
struct sharing;
struct shared;

enum {
	SHARED_MS = 60 * 60 * 1000, /* an outcome is asked for again after that */
	SHARED_OCTETS = 32 * 1024 * 1024, /* of what is kept: at more, all is asked for again */
};

struct shared_key {
	struct ip source, ip;
	const char *helo, *host;
	uint16_t port;
	enum stage depth;
	enum tls_demand demand;
};

typedef void shared_told(void *arg);

struct shared_waiter { /* part of what waits; the caller owns it */
	shared_told *told;
	void *arg;
	struct shared_waiter *next; /* private */
};

struct shared *shared_new(uint64_t secret); /* base/table.h */
void shared_free(struct shared *shared); /* nobody is told. NULL is allowed */

struct sharing *shared_find(struct shared *shared, const struct shared_key *key);
/* Is it known? Then what it is, in an arena that whoever uses it is to hold: its `shared_from` is
 * whose walk it was. Transcripts are not kept. */
bool sharing_take(
    const struct sharing *outcome, int64_t now, struct arena **arena, struct attempt *attempt);
/* Whoever has it is to ask for it; false: somebody does already. */
bool sharing_claim(struct sharing *outcome);
void sharing_await(struct sharing *outcome, struct shared_waiter *waiter);
/* What came of it, of whose target, both in that arena; kept at once, told by sharing_tell. */
void sharing_keep(struct shared *shared, struct sharing *outcome, const struct attempt *attempt,
    struct arena *arena, const char *target, int64_t now);
/* The claim ends: those who wait look again. The outcome may be gone after that. */
void sharing_tell(struct shared *shared, struct sharing *outcome);

/* All but the transcript of an attempt that is in `own`, kept in `*kept`, which is held: where
 * there was a handshake, that arena itself, else `into`. */
struct attempt attempt_keep(
    const struct attempt *attempt, struct arena *own, struct arena *into, struct arena **kept);

#endif
