/* pipeline: errand → route → sender → site queue → walk → verdict. Errands are put in at one end
 * and come out as journeys at the other; what lies between waits for one thing at a time. Routes
 * are found before a connection is thought of, so that slow name servers hold up no walk. */
#ifndef CAMPAIGN_PIPELINE_H
#define CAMPAIGN_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "campaign/errand.h"
#include "campaign/site.h"
#include "campaign/walk.h"
#include "io/consult.h"

struct pipeline;
struct policies;
struct remedies;
struct rules;
struct run_progress;
struct senders;

struct pipeline_plan { /* one for the run; borrowed */
	struct consult_who who;
	const char *origin; /* why `who` asks those whom it asks, in words */
	long dns_ms;
	unsigned routes; /* that are looked up at the same time */
	uint16_t port;
	struct errand_rules errands;
	struct site_limits limits;
	int64_t patience_ms; /* so long this host may have nothing for any connection */
	unsigned retries; /* of a target whose site says that we are too fast */
	bool retry_greylisted; /* once */
	struct walk_plan walk;
	struct policies *policies; /* MTA-STS; NULL: nobody asks for them */
	bool policy_first; /* no walk begins before the policy of its domain is known */
	const struct rules *rules;
	const struct remedies *remedies;
};

struct pipeline_calls {
	void (*journey)(const struct journey *journey, void *arg); /* valid during the call */
	void (*attempt)(const struct attempt *attempt, const char *site,
	    void *arg); /* a connection was made, or could not be */
	void (*dropped)(const struct journey *journey, bool begun,
	    void *arg); /* it was broken off; begun: it had a connection */
	void (*room)(void *arg); /* something moved: there may be room, or an end */
	void *arg;
};

struct pipeline *pipeline_new(
    const struct pipeline_plan *plan, struct senders *senders, const struct pipeline_calls *calls);
void pipeline_free(struct pipeline *pipeline); /* what is in it is gone */

bool pipeline_has_room(const struct pipeline *pipeline);
bool pipeline_is_empty(const struct pipeline *pipeline);
unsigned pipeline_walks(const struct pipeline *pipeline); /* under way */
/* Is there a connection, or one that was begun by then and may still come about? */
bool pipeline_hopes(const struct pipeline *pipeline, int64_t begun);
void pipeline_rest(struct pipeline *pipeline, int64_t until); /* no connection begins before that */
/* Nothing is called back from within. */
void pipeline_add(struct pipeline *pipeline, const struct target *target, const struct ip *source);

/* The end: what is decided, or was sent and has no reply, is told from within; the rest is
 * dropped. */
void pipeline_stop(struct pipeline *pipeline);

/* What the first one in it is about. */
void pipeline_progress(const struct pipeline *pipeline, struct run_progress *progress);

#endif
