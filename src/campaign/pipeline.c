#include "campaign/pipeline.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "campaign/policies.h"
#include "campaign/senders.h"
#include "campaign/verdict.h"
#include "io/loop.h"
#include "io/resolver.h"
#include "report/run.h"

enum {
	QUEUE_MAX = 1000, /* errands that wait for their site: 2 to 4 KB each */
};

struct passage { /* an errand in the pipeline */
	struct pipeline *pipeline;
	struct passage *next, **at; /* in the pipeline's list */
	struct errand *errand;
	int64_t began;
	struct destination *destination;
	const struct sender_entry *sender; /* of the destination, or of the decisive attempt */
	struct consult *consult; /* its route is being looked up */
	struct site_job job; /* it waits for its site, or walks */
	struct walk *walk;
	int64_t walk_began;
	bool decided; /* only evidence, or a policy, is waited for */
	struct sts_entry *policy; /* MTA-STS of its domain; NULL: it is not asked for */
};

struct pipeline {
	const struct pipeline_plan *plan;
	struct pipeline_calls calls;
	struct senders *senders;
	struct sites *sites;
	struct passage *first, **last;
	size_t count, routing;
	bool stopping;
	struct event turn;
};

static void go_on(struct passage *passage);
static void decide(struct passage *passage);
static void queue(struct passage *passage);

/* Walks begin, and errands come in, from the loop alone: no call goes round in a circle. */
static void
wake(struct pipeline *pipeline)
{
	if (!pipeline->stopping)
		event_active(&pipeline->turn, EV_TIMEOUT, 0);
}

/* ---- verdict */

static void
leave(struct passage *passage)
{
	struct pipeline *pipeline = passage->pipeline;

	*passage->at = passage->next;
	*(passage->next != NULL ? &passage->next->at : &pipeline->last) = passage->at;
	pipeline->count--;
	policy_release(passage->policy);
	errand_free(passage->errand);
	free(passage);
	wake(pipeline);
}

static void
tell(struct passage *passage)
{
	struct pipeline *pipeline = passage->pipeline;
	struct journey *journey = &passage->errand->journey;

	journey->ms = (long)(loop_ms() - passage->began);
	if (passage->policy != NULL && policy_known(passage->policy) != NULL)
		verdict_policy(journey, policy_known(passage->policy), passage->errand->arena);
	verdict_remedy(journey, pipeline->plan->remedies, passage->errand->arena);
	pipeline->calls.journey(journey, pipeline->calls.arg);
	leave(passage);
}

static void
judge(struct passage *passage)
{
	const struct sender_entry *sender = passage->sender;
	struct errand *errand = passage->errand;
	const struct pipeline_plan *plan = passage->pipeline->plan;
	struct verdict_facts facts = {.rules = plan->rules,
	    .remedies = plan->remedies,
	    .evidence = sender != NULL && sender->evident ? &sender->evidence : NULL,
	    .no_evidence = sender != NULL ? sender->note : NULL,
	    .recipient = errand->recipient,
	    .message_len = errand->message_len,
	    .arena = errand->arena};

	verdict_judge(&errand->journey, &facts);
	tell(passage);
}

static void
on_evidence(void *arg)
{
	struct passage *passage = arg;

	if (passage->sender->gathered)
		judge(passage);
	else /* only identified so far */
		senders_await(passage->pipeline->senders, passage->sender, on_evidence, passage);
}

static void
note_sender(struct passage *passage)
{
	struct journey *journey = &passage->errand->journey;

	journey->sender_ip = passage->sender->source;
	journey->helo = passage->sender->helo;
	journey->from = passage->sender->from;
	journey->helo_origin = passage->sender->origin;
}

/* `done` is called, later, unless the policy is known, or nobody asks for it. */
static bool
awaits_policy(struct passage *passage, policy_done *done)
{
	if (passage->policy == NULL || passage->pipeline->stopping ||
	    policy_known(passage->policy) != NULL)
		return false;
	policy_await(passage->policy, done, passage);
	return true;
}

static void
on_policy_decide(void *arg)
{
	decide(arg);
}

/* All walks are over. */
static void
decide(struct passage *passage)
{
	struct pipeline *pipeline = passage->pipeline;
	struct journey *journey = &passage->errand->journey;
	bool judged = verdict_reach(journey, pipeline->plan->errands.all);
	const struct attempt *decisive = journey->decisive;

	passage->decided = true;
	if (awaits_policy(passage, on_policy_decide))
		return;
	/* A later walk than the decisive one may have been of the other family. */
	if (decisive != NULL && decisive->source.family != 0) {
		passage->sender = senders_find(pipeline->senders, &decisive->source);
		if (passage->sender->identified)
			note_sender(passage);
	}
	if (!judged)
		tell(passage);
	else if (passage->sender == NULL || passage->sender->gathered || pipeline->stopping)
		judge(passage);
	else
		senders_await(pipeline->senders, passage->sender, on_evidence, passage);
}

/* ---- site queue, walk */

static void
queue(struct passage *passage)
{
	struct pipeline *pipeline = passage->pipeline;

	note_sender(passage);
	passage->job.arg = passage;
	passage->job.deep = site_is_deep(passage->errand->journey.target.depth);
	sites_add(pipeline->sites, &passage->job,
	    errand_pace(passage->errand, passage->destination), &passage->destination->ip,
	    loop_ms());
	wake(pipeline);
}

/* What there is too little of while others have some: later there is. */
static bool
is_short(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM ||
	       error == EADDRINUSE || error == EADDRNOTAVAIL;
}

static void
on_walk_done(void *arg)
{
	struct passage *passage = arg;
	struct pipeline *pipeline = passage->pipeline;
	struct journey *journey = &passage->errand->journey;
	const struct attempt *attempt = &journey->attempts[journey->attempt_count - 1];
	size_t others;

	passage->walk = NULL;
	sites_done(pipeline->sites, &passage->job, loop_ms());
	others = sites_running(pipeline->sites);
	wake(pipeline);
	if (is_short(attempt->error) && others > 0) {
		sites_lower(pipeline->sites, (unsigned)others);
		errand_again(passage->errand);
		queue(passage);
		return;
	}
	pipeline->calls.attempt(
	    attempt, errand_pace(passage->errand, passage->destination)->site, pipeline->calls.arg);
	go_on(passage);
}

static void
begin_walk(struct passage *passage)
{
	struct pipeline *pipeline = passage->pipeline;

	passage->walk_began = loop_ms();
	passage->walk = walk_start(&pipeline->plan->walk, passage->errand, passage->destination,
	    passage->sender, on_walk_done, passage);
	if (passage->walk != NULL)
		return;
	sites_done(pipeline->sites, &passage->job, loop_ms()); /* no address would help */
	decide(passage);
}

static void
on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct pipeline *pipeline = arg;
	struct site_job *job;
	int64_t now = loop_ms(), when;

	(void)fd;
	(void)what;
	while ((job = sites_next(pipeline->sites, now, &when)) != NULL)
		begin_walk(job->arg);
	if (when != SITES_NEVER) {
		struct timeval wait = {.tv_sec = (time_t)((when - now) / 1000),
		    .tv_usec = (suseconds_t)((when - now) % 1000 * 1000)};

		event_add(&pipeline->turn, &wait);
	}
	pipeline->calls.room(pipeline->calls.arg);
}

/* ---- sender */

static void
on_identified(void *arg)
{
	queue(arg);
}

/* To the next destination, once it is known who we are there. */
static void
go_on(struct passage *passage)
{
	struct pipeline *pipeline = passage->pipeline;
	struct errand *errand = passage->errand;

	while ((passage->destination = errand_next(errand)) != NULL) {
		const struct destination *destination = passage->destination;
		struct ip source = errand->journey.source;

		if (source.family == 0)
			source = senders_source(&destination->ip);
		if (source.family == 0) {
			errand_pass_over(errand, destination, WALK_LOCAL,
			    arena_printf(errand->arena, "this host has no IPv%d route to it",
			        destination->ip.family));
			continue;
		}
		passage->sender = senders_find(pipeline->senders, &source);
		if (passage->sender->identified)
			queue(passage);
		else
			senders_await(pipeline->senders, passage->sender, on_identified, passage);
		return;
	}
	decide(passage);
}

/* ---- route */

static bool
route_step(struct book *book, void *arg)
{
	struct passage *passage = arg;

	(void)book; /* the errand's own */
	return errand_route(passage->errand);
}

/* "192.0.2.1, 192.0.2.2" */
static const char *
resolver_names(const struct resolver *resolver, struct arena *arena)
{
	const char *names = "";

	for (size_t i = 0; i < resolver_servers(resolver); i++)
		names = arena_printf(
		    arena, "%s%s%s", names, i > 0 ? ", " : "", resolver_server(resolver, i));
	return names;
}

/* A look-up that failed where nothing was ever answered: that is this host's fault, or its
 * provider's, and no domain's. */
static void
blame_resolver(struct passage *passage)
{
	const struct pipeline_plan *plan = passage->pipeline->plan;
	struct arena *arena = passage->errand->arena;
	struct journey *journey = &passage->errand->journey;
	const struct resolver *resolver = plan->who.resolver;
	const char *names = resolver_names(resolver, arena),
	           *whose = plan->resolvers_given ? "(--nameserver)"
	                    : strcmp(names, "127.0.0.1") == 0
	                        ? "(this host's own: /etc/resolv.conf names no other)"
	                        : "(this host's own, by /etc/resolv.conf)";

	if (journey->status != WALK_DNS_ERROR || resolver_counts(resolver).answered > 0 ||
	    resolver_servers(resolver) == 0) /* a book */
		return;
	if (resolver_error(resolver) != 0) {
		journey->status = WALK_LOCAL;
		journey->note = journey->route.problem =
		    arena_printf(arena, "this host has no socket to ask a name server with: %s",
		        strerror(resolver_error(resolver)));
		return;
	}
	journey->note = journey->route.problem =
	    arena_printf(arena, "no name server has answered anything: %s %s; %s", names, whose,
	        journey->note != NULL ? journey->note : "the time for look-ups is over");
}

static void
on_policy_walk(void *arg)
{
	struct passage *passage = arg;

	passage->errand->journey.sts = policy_known(passage->policy);
	go_on(passage);
}

/* Only where mail goes by MX records does a policy say anything. */
static void
hold_policy(struct passage *passage)
{
	const struct pipeline *pipeline = passage->pipeline;
	const struct journey *journey = &passage->errand->journey;

	if (pipeline->plan->policies != NULL &&
	    (journey->route.kind == ROUTE_MX || journey->route.kind == ROUTE_IMPLICIT))
		passage->policy = policies_hold(pipeline->plan->policies, journey->target.domain);
}

static void
on_route(bool complete, void *arg)
{
	struct passage *passage = arg;
	struct pipeline *pipeline = passage->pipeline;

	passage->consult = NULL;
	pipeline->routing--;
	wake(pipeline);
	errand_routed(passage->errand, complete);
	blame_resolver(passage);
	hold_policy(passage);
	if (pipeline->plan->policy_first && awaits_policy(passage, on_policy_walk))
		return;
	if (pipeline->plan->policy_first && passage->policy != NULL)
		passage->errand->journey.sts = policy_known(passage->policy);
	go_on(passage);
}

void
pipeline_add(struct pipeline *pipeline, const struct target *target, const struct ip *source)
{
	const struct pipeline_plan *plan = pipeline->plan;
	struct passage *passage = must_alloc(sizeof *passage);

	passage->pipeline = pipeline;
	passage->at = pipeline->last;
	*pipeline->last = passage;
	pipeline->last = &passage->next;
	passage->errand = errand_new(&plan->errands, target, source, plan->port, loop_random());
	passage->errand->journey.started = loop_wall_ms();
	passage->began = loop_ms();
	pipeline->count++;
	pipeline->routing++;
	passage->consult = consult_start(plan->walk.base, &plan->who, passage->errand->book,
	    route_step, on_route, passage, plan->dns_ms);
}

/* ---- the whole */

struct pipeline *
pipeline_new(
    const struct pipeline_plan *plan, struct senders *senders, const struct pipeline_calls *calls)
{
	struct pipeline *pipeline = must_alloc(sizeof *pipeline);

	pipeline->plan = plan;
	pipeline->calls = *calls;
	pipeline->senders = senders;
	pipeline->sites = sites_new(&plan->limits);
	pipeline->last = &pipeline->first;
	evtimer_assign(&pipeline->turn, plan->walk.base, on_turn, pipeline);
	return pipeline;
}

/* Others are let in for those who wait at their gates; where as many are ready as may walk at once,
 * more of them would but lie in memory until they are cold. */
bool
pipeline_has_room(const struct pipeline *pipeline)
{
	return pipeline->routing < pipeline->plan->routes &&
	       sites_waiting(pipeline->sites) < QUEUE_MAX &&
	       sites_ready(pipeline->sites) < pipeline->plan->limits.walks &&
	       pipeline->count < pipeline->plan->limits.walks + pipeline->plan->routes + QUEUE_MAX;
}

bool
pipeline_is_empty(const struct pipeline *pipeline)
{
	return pipeline->first == NULL;
}

unsigned
pipeline_walks(const struct pipeline *pipeline)
{
	return (unsigned)sites_running(pipeline->sites);
}

bool
pipeline_hopes(const struct pipeline *pipeline, int64_t begun)
{
	for (const struct passage *passage = pipeline->first; passage != NULL;
	     passage = passage->next)
		if (passage->walk != NULL &&
		    (walk_stage(passage->walk) != STAGE_CONNECT || passage->walk_began <= begun))
			return true;
	return false;
}

/* False: it has nothing to tell. */
static bool
tell_what_is_known(struct passage *passage)
{
	struct walk *walk = passage->walk;

	passage->walk = NULL;
	senders_forget(passage->pipeline->senders, passage);
	if (passage->policy != NULL)
		policy_forget(passage->policy, passage);
	if (walk != NULL && walk_stop(walk)) {
		decide(passage);
		return true;
	}
	if (!passage->decided)
		return false;
	decide(passage);
	return true;
}

void
pipeline_stop(struct pipeline *pipeline)
{
	struct passage *passage, *next;

	pipeline->stopping = true;
	event_del(&pipeline->turn);
	for (passage = pipeline->first; passage != NULL; passage = next) {
		bool begun = passage->walk != NULL || passage->errand->journey.attempt_count > 0;

		next = passage->next;
		if (passage->consult != NULL)
			consult_cancel(passage->consult);
		if (tell_what_is_known(passage))
			continue;
		pipeline->calls.dropped(&passage->errand->journey, begun, pipeline->calls.arg);
		leave(passage);
	}
}

void
pipeline_free(struct pipeline *pipeline)
{
	while (pipeline->first != NULL)
		pipeline_stop(pipeline);
	event_del(&pipeline->turn);
	sites_free(pipeline->sites);
	free(pipeline);
}

/* The longest first, as many as there is room for. */
static void
note_held(const char *site, int64_t until, void *arg)
{
	struct run_progress *progress = arg;
	struct run_site new = {.name = site, .ms = until - loop_ms()};
	size_t count = progress->held_count < RUN_HELD ? progress->held_count : RUN_HELD, i = count;

	progress->held_count++;
	for (; i > 0 && progress->held[i - 1].ms < new.ms; i--)
		if (i < RUN_HELD)
			progress->held[i] = progress->held[i - 1];
	if (i < RUN_HELD)
		progress->held[i] = new;
}

void
pipeline_progress(const struct pipeline *pipeline, struct run_progress *progress)
{
	const struct passage *passage = pipeline->first;

	progress->running = pipeline_walks(pipeline);
	sites_held(pipeline->sites, loop_ms(), note_held, progress);
	sites_slowest(pipeline->sites, loop_ms(), &progress->slowest.name, &progress->slowest.ms);
	if (passage == NULL)
		return;
	progress->target = passage->errand->journey.target.text;
	progress->walk_ms = loop_ms() - passage->began;
	if (passage->walk == NULL)
		return;
	progress->mx = passage->destination->host;
	progress->ip = passage->destination->ip;
	progress->port = passage->errand->port;
	progress->stage = walk_stage(passage->walk);
}
