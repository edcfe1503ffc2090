/* probe: one target's journey: route, addresses in order, walk, diagnosis. The only file that knows
 * both the wire and the meaning. */
#ifndef CAMPAIGN_PROBE_H
#define CAMPAIGN_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/consult.h"
#include "journey.h"
#include "mail/message.h"

struct dkim_signer;
struct event_base;
struct probe;
struct remedies;
struct rules;
struct senders;
struct tls_context;

enum { PROBE_ATTEMPTS = 20 }; /* addresses of one target, unless all are asked for */

struct probe_plan { /* one for the run; borrowed */
	struct event_base *base;
	struct consult_who who;
	struct tls_context *(*tls)(
	    void *arg); /* made when the first handshake needs it; NULL from it: no TLS */
	void *tls_arg;
	const struct rules *rules;
	const struct remedies *remedies;
	struct senders *senders;
	uint16_t port;
	enum route_family family;
	bool all, allow_private;
	enum tls_want tls_want;
	bool must_verify;
	long ms[STAGE_COUNT];
	long dns_ms;
	/* the message */
	const char *message; /* the user's own, as it was read; NULL: composed for each target */
	size_t message_len;
	struct message_plan compose; /* from, to, helo, now and random are filled in here */
	struct dkim_signer *const *signers; /* each signs it, whichever it is */
	size_t signer_count;
};

typedef void probe_done(const struct journey *journey,
    void *arg); /* the journey is valid during the call; the probe is then gone */

/* Never calls back from within. */
struct probe *probe_start(const struct probe_plan *plan, const struct target *target,
    const struct ip *source, probe_done *done, void *arg);
/* Cut short (Ctrl-C). A probe that only waits for evidence is reported with what is known, from
 * within; a walk in the middle is broken off (QUIT if it may) and not reported: it proves nothing.
 */
void probe_stop(struct probe *probe);

#endif
