/* errand: one target from one source: where it is to be asked, in which order, and what came of it
 * so far. The value that goes through the pipeline (campaign.c). Pure. */
#ifndef CAMPAIGN_ERRAND_H
#define CAMPAIGN_ERRAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "campaign/pace.h"
#include "evidence/tls_level.h"
#include "journey.h"

struct arena;
struct book;

enum {
	ERRAND_HEARD = 2 * 1024 * 1024
}; /* octets of one target's servers that are kept: more is
not asked for */
enum { ERRAND_ATTEMPTS = 20 }; /* addresses of one target, unless all are asked for */

struct destination { /* one address to try */
	const char *host;
	const char *canonical; /* of the host: behind its CNAME */
	uint16_t preference;
	struct ip ip;
	const struct dane *dane; /* of the host; NULL: not known */
	struct pace pace; /* of its site; site NULL: not asked for yet */
	bool small_hello; /* a ClientHello of more than one packet does not get there … */
	bool anew; /* … and it does not bear its own sessions of TLS */
};

struct errand_rules { /* of the run; borrowed */
	enum route_family family;
	const struct paces *paces;
	bool all; /* ask every address, whatever the others say */
	bool allow_private;
	long target_ms; /* for all walks of one errand; 0: for ever */
	enum tls_level level;
	bool require_tls; /* RFC 8689 */
	bool private_only; /* nobody else is asked */
	const char *socket; /* of the server that all are asked at; NULL: the route says */
	bool trust_ad; /* whatever resolver says what is authentic */
	bool sources[2]; /* does the run have sources of IPv4, of IPv6? */
	/* Why the bearer of this name, or of this address, is left alone, in the arena or static;
	 * NULL: it is not. */
	const char *(*opted_out)(
	    const char *name, const struct ip *ip, struct arena *arena, void *arg);
	void *arg;
};

struct errand {
	struct arena *arena; /* all that is known of it */
	struct arena **held; /* of others, that attempts are in */
	size_t held_count;
	struct book *book; /* of its look-ups */
	uint64_t seed; /* orders mail exchangers of equal preference */
	const struct errand_rules *rules;
	struct journey journey;
	struct destination *destinations;
	size_t count, next; /* those before `next` are done with */
	size_t spared; /* of those, not asked, for their host had refused already */
	uint16_t port;
	long spent; /* milliseconds of walks */
	bool alone; /* to be asked over a connection of its own */
	bool greylisted; /* it was, and has come back for that */
	size_t heard, weighed; /* octets that servers said; in so many attempts */
	const char *recipient; /* that was, or was to be, named; NULL: none was */
	size_t message_len; /* of the message that was to be sent; 0: none was */
};

/* Source of family 0: the kernel's choice. */
struct errand *errand_new(const struct errand_rules *rules, const struct target *target,
    const struct ip *source, uint16_t port, uint64_t seed);
void errand_free(struct errand *errand); /* NULL is allowed */
void errand_hold(struct errand *errand, struct arena *arena); /* as long as the errand */

/* Looks up the route, and what its hosts publish for DANE; false: pending (io/consult.h). */
bool errand_route(struct errand *errand);
/* The route is final. `complete`: the look-ups were not cut short. */
void errand_routed(struct errand *errand, bool complete);

bool errand_is_at(struct errand *errand, const char *site); /* are all its destinations there? */
const struct pace *errand_pace(struct errand *errand, struct destination *destination);
struct tls_decision errand_decide(
    const struct errand *errand, const struct destination *destination);

/* The next destination; NULL: there is nobody more to ask, or no need to. Addresses that are to be
 * left alone are passed over, and noted as attempts. */
struct destination *errand_next(struct errand *errand);

/* The attempt at a destination, to be filled. */
struct attempt *errand_attempt(struct errand *errand, const struct destination *destination);
/* … which was not made, and why. */
void errand_pass_over(struct errand *errand, const struct destination *destination,
    enum walk_status status, const char *why);

/* Takes the last attempt back: it is to be made again. */
void errand_again(struct errand *errand);

#endif
