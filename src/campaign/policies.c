#include "campaign/policies.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/table.h"
#include "dns/book.h"
#include "evidence/sts_book.h"
#include "io/loop.h"
#include "io/policy_fetch.h"

enum {
	FAILED_MS = 5 * 60 * 1000, /* until a fetch that failed is tried again */
	KEPT_MAX = 1000, /* that nobody holds */
	SECOND = 1000, /* milliseconds */
};

struct sts_waiter {
	struct sts_waiter *next;
	policy_done *done;
	void *arg;
};

struct sts_entry {
	struct policies *policies;
	char *domain;
	unsigned holders;
	struct arena *arena;
	struct book *book;
	struct consult *consult; /* the record is being looked up */
	struct fetch *fetch; /* the policy is being fetched */
	struct event turn; /* what is known at once is told later all the same */
	struct mta_sts sts;
	bool known;
	int64_t until; /* it holds; 0: for those only who hold it now */
	struct sts_waiter *waiters;
	TAILQ_ENTRY(sts_entry) link; /* of those that nobody holds, the longest first */
	bool filed; /* found by its domain */
};

struct policies {
	const struct policies_plan *plan;
	struct table by_domain;
	uint64_t secret; /* base/table.h */
	TAILQ_HEAD(, sts_entry) kept;
	size_t kept_count;
};

static bool
is_of(const void *policy, const void *domain)
{
	return strcmp(((const struct sts_entry *)policy)->domain, domain) == 0;
}

static uint64_t
hash_of(const struct policies *policies, const char *domain)
{
	return hash_secret(policies->secret, domain, strlen(domain));
}

struct policies *
policies_new(const struct policies_plan *plan)
{
	struct policies *policies = must_alloc(sizeof *policies);

	policies->plan = plan;
	policies->secret = loop_random();
	TAILQ_INIT(&policies->kept);
	return policies;
}

/* ---- the end of one */

static void
unfile(struct sts_entry *policy)
{
	struct policies *policies = policy->policies;

	if (policy->filed)
		table_take(&policies->by_domain, hash_of(policies, policy->domain), policy);
	policy->filed = false;
}

static void
end(struct sts_entry *policy)
{
	struct sts_waiter *waiter = policy->waiters, *next;

	unfile(policy);
	for (; waiter != NULL; waiter = next) {
		next = waiter->next;
		free(waiter);
	}
	if (policy->consult != NULL)
		consult_cancel(policy->consult);
	if (policy->fetch != NULL)
		fetch_cancel(policy->fetch);
	event_del(&policy->turn);
	book_free(policy->book);
	arena_free(policy->arena);
	free(policy->domain);
	free(policy);
}

static void
keep(struct sts_entry *policy)
{
	struct policies *policies = policy->policies;

	TAILQ_INSERT_TAIL(&policies->kept, policy, link);
	if (++policies->kept_count <= KEPT_MAX)
		return;
	policy = TAILQ_FIRST(&policies->kept);
	TAILQ_REMOVE(&policies->kept, policy, link);
	policies->kept_count--;
	end(policy);
}

void
policy_release(struct sts_entry *policy)
{
	if (policy == NULL || --policy->holders > 0)
		return;
	if (policy->known && policy->filed && policy->until > loop_ms())
		keep(policy);
	else
		end(policy);
}

void
policies_free(struct policies *policies)
{
	struct sts_entry *policy;
	size_t at = 0;

	if (policies == NULL)
		return;
	while ((policy = table_next(&policies->by_domain, &at)) != NULL) {
		policy->filed = false;
		end(policy);
	}
	table_release(&policies->by_domain);
	free(policies);
}

/* ---- finding out */

/* Waiters may let go of it, or hold it again, while they are called. */
static void
tell(struct sts_entry *policy)
{
	struct sts_waiter *waiter = policy->waiters, *next;

	policy->waiters = NULL;
	policy->holders++;
	for (; waiter != NULL; waiter = next) {
		policy_done *done = waiter->done;
		void *arg = waiter->arg;

		next = waiter->next;
		free(waiter);
		done(arg);
	}
	policy_release(policy);
}

static void
on_turn(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	tell(arg);
}

static void
conclude(struct sts_entry *policy)
{
	const struct mta_sts *sts = &policy->sts;
	int64_t age = (int64_t)sts->policy.max_age * SECOND;

	policy->known = true;
	book_free(policy->book);
	policy->book = NULL;
	if (sts->state == STS_HELD)
		policy->until = loop_ms() + (age > FAILED_MS ? age : FAILED_MS);
	else if (sts->state == STS_FETCH_FAILED || sts->state == STS_POLICY_BAD)
		policy->until = loop_ms() + FAILED_MS;
	event_active(&policy->turn, EV_TIMEOUT, 0);
}

static void
take(struct sts_entry *policy, const struct sts_fetched *fetched)
{
	const struct sts_book *before = policy->policies->plan->before;

	sts_take(&policy->sts, fetched, policy->arena);
	if (before != NULL)
		sts_compare(&policy->sts, sts_book_find(before, policy->domain), policy->arena);
	conclude(policy);
}

static void
on_fetched(const struct sts_fetched *fetched, void *arg)
{
	struct sts_entry *policy = arg;
	const struct policies_plan *plan = policy->policies->plan;
	struct sts_fetched named = *fetched;

	policy->fetch = NULL;
	named.id = policy->sts.id;
	if (plan->record != NULL)
		plan->record(policy->domain, &named, plan->record_arg);
	take(policy, fetched);
}

static void
replay(struct sts_entry *policy)
{
	const struct policies_plan *plan = policy->policies->plan;
	const struct sts_fetched *fetched = sts_book_find(plan->replay, policy->domain);
	const struct sts_fetched none = {
	    .how = STS_FETCH_LOCAL, .detail = "the file of --sts-replay does not hold it"};

	take(policy, fetched != NULL ? fetched : &none);
}

static void
fetch(struct sts_entry *policy)
{
	const struct policies_plan *plan = policy->policies->plan;
	struct mta_sts *sts = &policy->sts;

	if (plan->replay != NULL)
		replay(policy);
	else
		policy->fetch = fetcher_ask(plan->fetcher, sts->host, sts->addresses,
		    sts->address_count, on_fetched, policy);
}

/* A replay knows how the fetch went, and needs no address for it. */
static bool
wants_fetch(const struct sts_entry *policy)
{
	const struct mta_sts *sts = &policy->sts;

	return sts->state == STS_TO_FETCH ||
	       (policy->policies->plan->replay != NULL && sts->state == STS_FETCH_FAILED &&
	           sts_book_find(policy->policies->plan->replay, policy->domain) != NULL);
}

static bool
look_up_step(struct book *book, void *arg)
{
	struct sts_entry *policy = arg;

	return sts_look_up(book, policy->arena, policy->domain,
	    policy->policies->plan->allow_private, &policy->sts);
}

static void
on_looked_up(bool complete, void *arg)
{
	struct sts_entry *policy = arg;

	(void)complete; /* what is missing is a time-out in the book */
	policy->consult = NULL;
	if (wants_fetch(policy))
		fetch(policy);
	else
		conclude(policy);
}

static struct sts_entry *
begin(struct policies *policies, const char *domain)
{
	const struct policies_plan *plan = policies->plan;
	struct sts_entry *policy = must_alloc(sizeof *policy);

	policy->policies = policies;
	policy->domain = must_string(domain);
	policy->arena = arena_new();
	policy->book = book_new();
	evtimer_assign(&policy->turn, plan->base, on_turn, policy);
	table_put(&policies->by_domain, hash_of(policies, domain), policy);
	policy->filed = true;
	policy->consult = consult_start(
	    plan->base, &plan->who, policy->book, look_up_step, on_looked_up, policy, plan->dns_ms);
	return policy;
}

struct sts_entry *
policies_hold(struct policies *policies, const char *domain)
{
	struct sts_entry *policy =
	    table_find(&policies->by_domain, hash_of(policies, domain), is_of, domain);

	if (policy != NULL && policy->holders == 0) {
		TAILQ_REMOVE(&policies->kept, policy, link);
		policies->kept_count--;
	}
	if (policy != NULL && policy->known && policy->until <= loop_ms()) {
		unfile(policy);
		if (policy->holders == 0)
			end(policy);
		policy = NULL;
	}
	if (policy == NULL)
		policy = begin(policies, domain);
	policy->holders++;
	return policy;
}

const struct mta_sts *
policy_known(const struct sts_entry *policy)
{
	return policy->known ? &policy->sts : NULL;
}

void
policy_await(struct sts_entry *policy, policy_done *done, void *arg)
{
	struct sts_waiter *waiter = must_alloc(sizeof *waiter), **last = &policy->waiters;

	*waiter = (struct sts_waiter){.done = done, .arg = arg};
	while (*last != NULL)
		last = &(*last)->next;
	*last = waiter;
}

void
policy_forget(struct sts_entry *policy, void *arg)
{
	for (struct sts_waiter **at = &policy->waiters; *at != NULL;) {
		struct sts_waiter *waiter = *at;

		if (waiter->arg == arg) {
			*at = waiter->next;
			free(waiter);
		} else {
			at = &waiter->next;
		}
	}
}
