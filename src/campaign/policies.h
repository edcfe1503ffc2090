/* policies: the MTA-STS policies of a run's domains: each is looked up and fetched once, and kept
 * as long as it says (max_age), or for five minutes where the fetch failed (RFC 8461 section 3.3).
 */
#ifndef CAMPAIGN_POLICIES_H
#define CAMPAIGN_POLICIES_H

#include <stdbool.h>

#include "evidence/mta_sts.h"
#include "io/consult.h"

struct event_base;
struct fetcher;
struct policies;
struct sts_entry;
struct sts_book;

struct policies_plan { /* borrowed for the life of the policies */
	struct event_base *base;
	struct consult_who who;
	long dns_ms;
	bool allow_private;
	struct fetcher *fetcher;
	const struct sts_book *replay; /* where they are taken from instead; NULL: nowhere */
	const struct sts_book *before; /* of an earlier run, for comparison; NULL: none */
	void (*record)(const char *domain, const struct sts_fetched *fetched,
	    void *arg); /* gets each that was fetched; NULL: nobody */
	void *record_arg;
};

struct policies *policies_new(const struct policies_plan *plan);
void policies_free(struct policies *policies); /* NULL is allowed; what is held is gone */

/* The policy of a domain; of one that is not known, it begins to find out. To be released. */
struct sts_entry *policies_hold(struct policies *policies, const char *domain);
void policy_release(struct sts_entry *policy); /* NULL is allowed */

const struct mta_sts *policy_known(const struct sts_entry *policy); /* NULL: not yet */
typedef void policy_done(void *arg);
/* `done` is called once, later, when it is known: for one who holds it, and is not to be called
 * for one that is known. */
void policy_await(struct sts_entry *policy, policy_done *done, void *arg);
void policy_forget(struct sts_entry *policy, void *arg); /* does not wait any more */

#endif
