#include "campaign/pipeline.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "campaign/haste.h"
#include "campaign/places.h"
#include "campaign/policies.h"
#include "campaign/senders.h"
#include "campaign/shared.h"
#include "campaign/verdict.h"
#include "dns/book.h"
#include "io/loop.h"
#include "io/resolver.h"
#include "report/run.h"

enum {
	QUEUE_MAX = 1000, /* errands that wait for their site: 2 to 4 KB each */
	PARKED_MAX = 100000, /* targets that wait outside: some hundred octets each */
	SHORT_MS = 100, /* this host is short of everything, and rests for so long at first … */
	SHORT_DOUBLINGS = 7, /* … then twice as long, so often */
	GREYLIST_MS = 5 * 60 * 1000, /* where the reply does not say how long */
};

struct passage { /* an errand in the pipeline */
	struct pipeline *pipeline;
	struct passage *next, **at; /* in the pipeline's list */
	struct passage *next_fresh; /* in that of those whose route was not looked at yet */
	struct errand *errand;
	int64_t began;
	struct destination *destination;
	const struct sender_entry *sender; /* of the destination, or of the decisive attempt */
	struct consult *consult; /* its route is being looked up, or `control` */
	struct book *control; /* of the control question; NULL: there was no need */
	struct place *place; /* that it is in; NULL: none */
	struct sharing *outcome; /* that it is to find out for others, too; NULL: none */
	struct shared_waiter waiter; /* … that another finds out */
	struct site_job job; /* it waits for its site, or walks */
	struct walk *walk;
	int64_t walk_began;
	bool returned; /* it has waited for its place */
	bool put_off; /* the connection that it was to follow on has ended */
	bool decided; /* only evidence, or a policy, is waited for */
	struct sts_entry *policy; /* MTA-STS of its domain; NULL: it is not asked for */
};

struct pipeline {
	const struct pipeline_plan *plan;
	struct pipeline_calls calls;
	struct senders *senders;
	struct sites *sites;
	struct places *places;
	struct shared *shared;
	struct passage *first, **last;
	struct passage *fresh, **last_fresh;
	size_t count, routing;
	bool stopping;
	unsigned shortages; /* in a row: this host was short of what a connection takes … */
	int64_t short_since; /* … the first time then */
	bool refused; /* a site refuses a source, as was just found out */
	struct event turn;
};

static void go_on(struct passage *passage);
static void decide(struct passage *passage);
static void queue(struct passage *passage);
static void go_on_at(struct passage *passage);
static bool is_refused(struct passage *passage);
static void bring_in(struct pipeline *pipeline, struct parked *parked);
static bool route_step(struct book *book, void *arg);
static void on_route(bool complete, void *arg);

/* Walks begin, and errands come in, from the loop alone: no call goes round in a circle. */
static void
wake(struct pipeline *pipeline)
{
	if (!pipeline->stopping)
		event_active(&pipeline->turn, EV_TIMEOUT, 0);
}

/* ---- verdict */

/* Who waits for room at the site comes in. */
static void
leave_place(struct passage *passage)
{
	struct pipeline *pipeline = passage->pipeline;
	struct parked *parked;

	if (passage->place == NULL)
		return;
	parked = place_leave(pipeline->places, passage->place);
	passage->place = NULL;
	if (parked == NULL)
		return;
	sites_expect(pipeline->sites, passage->errand->journey.site, -1, loop_ms());
	bring_in(pipeline, parked);
}

static void
leave(struct passage *passage)
{
	struct pipeline *pipeline = passage->pipeline;

	if (!pipeline->stopping && passage->outcome != NULL)
		sharing_tell(pipeline->shared, passage->outcome);
	if (!pipeline->stopping)
		leave_place(passage);
	*passage->at = passage->next;
	*(passage->next != NULL ? &passage->next->at : &pipeline->last) = passage->at;
	pipeline->count--;
	policy_release(passage->policy);
	book_free(passage->control);
	errand_free(passage->errand); /* and the passage with it */
	wake(pipeline);
}

/* Is it the source that the greeting refuses, and not all the world? */
static bool
is_about_source(const struct journey *journey)
{
	return journey->diagnosed && journey->diagnosis.rule != NULL &&
	       journey->diagnosis.cause != CAUSE_NO_SERVICE &&
	       verdict_is_refused_greeting(journey->decisive);
}

/* Where a site refuses its first targets by the greeting, others need not ask. */
static void
note_greeting(struct passage *passage)
{
	struct pipeline *pipeline = passage->pipeline;
	const struct journey *journey = &passage->errand->journey;
	const struct attempt *decisive = journey->decisive;

	if (passage->place == NULL || decisive == NULL || decisive->shared_from != NULL ||
	    decisive->greeting.count == 0)
		return;
	if (is_about_source(journey) && errand_is_at(passage->errand, journey->site))
		pipeline->refused |=
		    place_note(pipeline->places, passage->place, &decisive->source, decisive,
		        passage->errand->arena, journey->diagnosis.rule, journey->target.text);
	else
		place_note(
		    pipeline->places, passage->place, &decisive->source, NULL, NULL, NULL, NULL);
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
	note_greeting(passage);
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

	passage->job.arg = passage;
	passage->job.deep = site_is_deep(passage->errand->journey.target.depth);
	passage->job.goes_on = passage->errand->journey.attempt_count > 0;
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

static struct attempt *
last_attempt(const struct passage *passage)
{
	const struct journey *journey = &passage->errand->journey;

	return &journey->attempts[journey->attempt_count - 1];
}

static void
ask_again(struct passage *passage)
{
	errand_again(passage->errand);
	queue(passage);
}

/* This host is short of something: it rests, then begins with as many as it had something for.
 * False: it has nothing for anybody. */
static bool
rests(struct pipeline *pipeline)
{
	size_t others = sites_running(pipeline->sites);
	int64_t now = loop_ms();

	if (sites_rests(pipeline->sites, now)) /* it is of the same moment */
		return true;
	if (pipeline->shortages == 0)
		pipeline->short_since = now;
	if (others == 0 && now - pipeline->short_since >= pipeline->plan->patience_ms)
		return false;
	sites_rest(
	    pipeline->sites, (unsigned)others, now + ((int64_t)SHORT_MS << pipeline->shortages));
	if (pipeline->shortages < SHORT_DOUBLINGS)
		pipeline->shortages++;
	return true;
}

/* False: it is none, or the message may be there. */
static bool
rides_out_shortage(struct passage *passage)
{
	const struct attempt *attempt = last_attempt(passage);

	if (!is_short(attempt->error) || attempt->message_id != NULL || !rests(passage->pipeline))
		return false;
	ask_again(passage);
	return true;
}

/* Does the server object to more in one connection, and not to this target? */
static bool
is_objection(const struct attempt *attempt)
{
	if (attempt->transaction <= 1 || attempt->status == WALK_ACCEPTED)
		return false;
	return attempt->ending != END_NONE || attempt->stage < STAGE_RCPT ||
	       attempt->reply.code == 421 || attempt->reply.code == 452;
}

/* As it stands, to be put in again. */
static struct parked *
put_aside(const struct passage *passage)
{
	const struct errand *errand = passage->errand;
	struct parked *parked = parked_new(&errand->journey.target);

	parked->source = errand->journey.source;
	parked->started = errand->journey.started;
	parked->began = passage->began;
	parked->again = errand->journey.again;
	parked->greylisted = errand->greylisted;
	parked->seed = errand->seed;
	return parked;
}

/* Out of the pipeline until then. */
static void
come_back_later(struct passage *passage, struct parked *parked, int64_t until)
{
	parked->until = until;
	places_delay(passage->pipeline->places, parked);
	leave(passage);
}

/* The same before anything was asked. */
static bool
waits_out_shortage(struct passage *passage, int error)
{
	if (!is_short(error) || error == EADDRNOTAVAIL ||
	    passage->errand->journey.attempt_count > 0 || !rests(passage->pipeline))
		return false;
	come_back_later(passage, put_aside(passage), loop_ms() + SHORT_MS);
	return true;
}

static void
wait_for_greylist(struct passage *passage, int64_t named)
{
	struct parked *parked = put_aside(passage);

	parked->again++;
	parked->greylisted = true;
	come_back_later(passage, parked, loop_ms() + (named > 0 ? named : GREYLIST_MS));
}

/* It is to be asked once more by a mail server, and so by us, when that is wanted. */
static bool
waits_for_greylist(const struct passage *passage, const struct haste *haste)
{
	return haste->greylisted && !haste->throttled && !passage->errand->greylisted &&
	       haste->named <= SITES_PAUSE_MAX && passage->pipeline->plan->retry_greylisted;
}

/* Is its destination one of the site that is its place, and not of another by which it may be
 * reached, too? */
static bool
is_at_its_place(const struct passage *passage)
{
	const struct pace *pace = errand_pace(passage->errand, passage->destination);

	return passage->place != NULL && strcmp(pace->site, passage->errand->journey.site) == 0;
}

/* The site says that we are too fast. True: it is asked again. */
static bool
slow_down(struct passage *passage, const struct haste *haste)
{
	struct pipeline *pipeline = passage->pipeline;
	struct journey *journey = &passage->errand->journey;
	const struct pace *pace = errand_pace(passage->errand, passage->destination);
	struct attempt *attempt = last_attempt(passage);
	int64_t now = loop_ms(), until;

	attempt->haste = sites_minute(pipeline->sites, pace, now);
	until = sites_slow(pipeline->sites, pace, &passage->destination->ip, haste->named, now);
	if (is_at_its_place(passage) && attempt->reply.count > 0 &&
	    place_note_busy(passage->place, &passage->sender->source, attempt,
	        passage->errand->arena, journey->target.text, now, until)) {
		pipeline->refused = true;
		return false;
	}
	if (haste->named > SITES_PAUSE_MAX || journey->again >= pipeline->plan->retries)
		return false;
	journey->again++;
	return true;
}

/* What the attempt says of the pace; true: it is to be made again. */
static bool
heed(struct passage *passage, struct haste *haste)
{
	struct pipeline *pipeline = passage->pipeline;
	struct errand *errand = passage->errand;
	const struct destination *destination = passage->destination;
	const struct attempt *attempt = last_attempt(passage);
	const struct pace *pace = errand_pace(errand, passage->destination);
	int64_t now = loop_ms();

	*haste = (struct haste){.throttled = false};
	if (attempt->status == WALK_DEFERRED || attempt->status == WALK_UNREACHABLE ||
	    attempt->status == WALK_DROPPED)
		haste_read(pipeline->plan->rules, attempt,
		    sites_worked(pipeline->sites, &destination->ip, now), errand->arena, haste);
	if (haste->throttled)
		return slow_down(passage, haste);
	if (attempt->ending == END_NONE && attempt->source.family != 0) {
		sites_good(pipeline->sites, pace, &destination->ip, now);
		if (is_at_its_place(passage))
			place_note_good(passage->place, &passage->sender->source);
	}
	return false;
}

/* Others who wait for the same are told after it. */
static void
go_on_and_tell(struct passage *passage)
{
	struct pipeline *pipeline = passage->pipeline;
	struct sharing *outcome = passage->outcome;
	const struct attempt *attempt = last_attempt(passage);

	passage->outcome = NULL;
	if (outcome != NULL && attempt->status != WALK_LOCAL)
		sharing_keep(pipeline->shared, outcome, attempt, passage->errand->arena,
		    passage->errand->journey.target.text, loop_ms());
	go_on(passage);
	if (outcome != NULL)
		sharing_tell(pipeline->shared, outcome);
}

/* There is an attempt. `has_room`: the connection is gone, and its place at the site is free. */
static void
after_walk(struct passage *passage, bool has_room)
{
	struct pipeline *pipeline = passage->pipeline;
	struct errand *errand = passage->errand;
	const struct attempt *attempt = last_attempt(passage);
	const char *site = errand_pace(errand, passage->destination)->site;
	struct haste haste;
	bool again = heed(passage, &haste);

	if (has_room)
		sites_done(pipeline->sites, &passage->job, loop_ms());
	wake(pipeline);
	if (rides_out_shortage(passage))
		return;
	if (attempt->error == 0)
		pipeline->shortages = 0;
	pipeline->calls.attempt(attempt, site, pipeline->calls.arg);
	if (again)
		ask_again(passage);
	else if (waits_for_greylist(passage, &haste))
		wait_for_greylist(passage, haste.named);
	else
		go_on_and_tell(passage);
}

/* Over a connection of its own, then. */
static void
ask_alone(struct passage *passage)
{
	sites_done(passage->pipeline->sites, &passage->job, loop_ms());
	passage->errand->alone = true;
	passage->put_off = false;
	queue(passage);
}

static void
on_walk_done(void *arg)
{
	struct passage *passage = arg;

	passage->walk = NULL;
	if (passage->put_off) {
		ask_alone(passage);
	} else if (is_objection(last_attempt(passage))) {
		place_objects(passage->place, last_attempt(passage)->transaction - 1);
		errand_again(passage->errand);
		ask_alone(passage);
	} else {
		after_walk(passage, true);
	}
}

static void
on_walk_again(void *arg)
{
	struct passage *passage = arg;

	passage->walk = NULL;
	sites_done(passage->pipeline->sites, &passage->job, loop_ms());
	queue(passage);
}

/* Its transaction may be the next of that connection. */
static bool
fits(const struct site_job *next, const struct site_job *job)
{
	const struct passage *a = next->arg, *b = job->arg;
	const struct journey *journey = &a->errand->journey;

	return !a->errand->alone && next->deep && journey->target.depth <= STAGE_RCPT &&
	       a->sender == b->sender && ip_equal(&journey->source, &b->errand->journey.source) &&
	       a->errand->port == b->errand->port &&
	       errand_decide(a->errand, a->destination).demand ==
	           errand_decide(b->errand, b->destination).demand &&
	       strcmp(a->destination->host, b->destination->host) == 0;
}

static unsigned
least(unsigned most, unsigned long limit)
{
	return limit > 0 && limit < most ? (unsigned)limit : most;
}

/* What the table, the server and its past say. */
static bool
takes_another(struct passage *passage)
{
	const struct dialogue *d = walk_dialogue(passage->walk);
	const struct pace *pace = errand_pace(passage->errand, passage->destination);
	unsigned most = place_transactions(passage->place, pace->transactions);

	most = least(most, ehlo_limit(&d->ehlo, "MAILMAX"));
	most = least(most, ehlo_limit(&d->ehlo, "RCPTDOMAINMAX")); /* one domain in each */
	return d->transactions < most && !passage->errand->alone && d->ending == END_NONE &&
	       (d->done || d->decisive.code >= 500) && d->decisive_stage >= STAGE_MAIL;
}

static void
on_walk_rest(void *arg)
{
	struct passage *passage = arg, *next;
	struct walk *walk = passage->walk;
	struct site_job *job = NULL;

	if (takes_another(passage))
		job = sites_follow(passage->pipeline->sites, &passage->job, fits, loop_ms());
	if (job == NULL) {
		walk_quit(walk);
		return;
	}
	next = job->arg;
	next->walk = walk;
	next->walk_began = loop_ms();
	passage->walk = NULL;
	if (!walk_follow(walk, next->errand, next->destination, next->sender, next))
		next->put_off = true;
	after_walk(passage, false);
}

static void
begin_walk(struct passage *passage)
{
	static const struct walk_calls one = {.done = on_walk_done, .again = on_walk_again},
	                               several = {.done = on_walk_done,
	                                   .again = on_walk_again,
	                                   .rest = on_walk_rest};
	struct pipeline *pipeline = passage->pipeline;

	passage->walk_began = loop_ms();
	passage->walk = walk_start(&pipeline->plan->walk, passage->errand, passage->destination,
	    passage->sender, passage->job.deep ? &several : &one, passage);
	if (passage->walk != NULL)
		return;
	sites_done(pipeline->sites, &passage->job, loop_ms()); /* no address would help */
	decide(passage);
}

static struct passage *
first_refused(const struct pipeline *pipeline)
{
	struct passage *passage = pipeline->first;

	while (passage != NULL &&
	       (passage->job.lane == NULL || passage->walk != NULL || !is_refused(passage)))
		passage = passage->next;
	return passage;
}

/* Those that wait for a site which refuses them need not: it is known what they would hear. Each is
 * looked for anew, for the end of one may be the end of others. */
static void
spare_the_refused(struct pipeline *pipeline)
{
	struct passage *passage;

	pipeline->refused = false;
	while ((passage = first_refused(pipeline)) != NULL) {
		sites_withdraw(pipeline->sites, &passage->job, loop_ms());
		go_on_and_tell(passage);
	}
}

static void
bring_in_those_of_now(struct pipeline *pipeline, int64_t now)
{
	struct parked *parked;

	while ((parked = places_due(pipeline->places, now)) != NULL)
		bring_in(pipeline, parked);
}

/* Where nothing is to be looked up, as with a server that was given, there is none to consult. */
static void
begin_routes(struct pipeline *pipeline)
{
	const struct pipeline_plan *plan = pipeline->plan;
	struct passage *passage, *next;

	passage = pipeline->fresh;
	pipeline->fresh = NULL;
	pipeline->last_fresh = &pipeline->fresh;
	for (; passage != NULL; passage = next) {
		next = passage->next_fresh;
		if (errand_route(passage->errand))
			on_route(true, passage);
		else
			passage->consult = consult_start(plan->walk.base, &plan->who,
			    passage->errand->book, route_step, on_route, passage, plan->dns_ms);
	}
}

static void
on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct pipeline *pipeline = arg;
	struct site_job *job;
	int64_t now = loop_ms(), when, due;

	(void)fd;
	(void)what;
	bring_in_those_of_now(pipeline, now);
	begin_routes(pipeline);
	if (pipeline->refused)
		spare_the_refused(pipeline);
	while ((job = sites_next(pipeline->sites, now, &when)) != NULL)
		begin_walk(job->arg);
	due = places_when(pipeline->places);
	when = due < when ? due : when;
	if (when != SITES_NEVER) {
		struct timeval wait = {.tv_sec = (time_t)((when - now) / 1000),
		    .tv_usec = (suseconds_t)((when - now) % 1000 * 1000)};

		event_add(&pipeline->turn, &wait);
	}
	pipeline->calls.room(pipeline->calls.arg);
}

/* ---- sender */

/* What another target's walk was, as an attempt at this destination. */
static void
put_shared(struct passage *passage, const struct attempt *shared, struct arena *arena)
{
	struct attempt *attempt = errand_attempt(passage->errand, passage->destination), own;

	own = *attempt;
	*attempt = *shared;
	attempt->mx = own.mx;
	attempt->preference = own.preference;
	attempt->ip = own.ip;
	attempt->port = own.port;
	attempt->dane = own.dane;
	if (strcmp(shared->mx, own.mx) != 0 || !ip_equal(&shared->ip, &own.ip)) {
		attempt->shared_mx = shared->mx;
		attempt->shared_ip = shared->ip;
	}
	errand_hold(passage->errand, arena);
}

static void
on_shared(void *arg)
{
	go_on_at(arg);
}

/* Before a recipient is named, a server says the same to all of us. True: that is known, and the
 * attempt is there. `*waits`: another is just finding out. */
static bool
is_known(struct passage *passage, bool *waits)
{
	struct pipeline *pipeline = passage->pipeline;
	const struct errand *errand = passage->errand;
	struct attempt attempt;
	struct shared_key key = {.source = passage->sender->source,
	    .ip = passage->destination->ip,
	    .helo = passage->sender->helo,
	    .host = passage->destination->host,
	    .port = errand->port,
	    .depth = errand->journey.target.depth,
	    .demand = errand_decide(errand, passage->destination).demand};
	struct sharing *outcome;
	struct arena *arena;

	*waits = false;
	if (site_is_deep(key.depth) || passage->outcome != NULL)
		return false;
	outcome = shared_find(pipeline->shared, &key);
	if (sharing_take(outcome, loop_ms(), &arena, &attempt)) {
		put_shared(passage, &attempt, arena);
		return true;
	}
	if (sharing_claim(outcome)) {
		passage->outcome = outcome;
		return false;
	}
	passage->waiter = (struct shared_waiter){.told = on_shared, .arg = passage};
	sharing_await(outcome, &passage->waiter);
	*waits = true;
	return false;
}

/* Nor does a site that refuses this source by its greeting, or finds it too fast whatever the
 * pause, say anything else to the next target. */
static bool
is_refused(struct passage *passage)
{
	struct attempt attempt;
	struct arena *arena;

	if (!is_at_its_place(passage) ||
	    !place_refuses(passage->place, &passage->sender->source, &arena, &attempt))
		return false;
	put_shared(passage, &attempt, arena);
	return true;
}

/* It is known who we are at the destination. */
static void
go_on_at(struct passage *passage)
{
	bool waits;

	note_sender(passage);
	if (is_refused(passage) || is_known(passage, &waits))
		go_on(passage);
	else if (!waits)
		queue(passage);
}

static void
on_identified(void *arg)
{
	go_on_at(arg);
}

/* The kernel has no source address for this destination. Where it has a way to nobody at all, or it
 * is not a route that is missing, the other targets will fare the same. */
static void
note_no_source(struct passage *passage, int error)
{
	struct errand *errand = passage->errand;
	const struct destination *destination = passage->destination;
	bool route = error == ENETUNREACH || error == EHOSTUNREACH || error == EADDRNOTAVAIL ||
	             error == EAFNOSUPPORT;

	errand_pass_over(errand, destination, WALK_LOCAL,
	    route ? arena_printf(
	                errand->arena, "this host has no IPv%d route to it", destination->ip.family)
	          : arena_printf(errand->arena, "this host cannot connect: %s", strerror(error)));
	if (!route || (senders_way_out(4).family == 0 && senders_way_out(6).family == 0))
		last_attempt(passage)->error = error;
	passage->pipeline->calls.attempt(last_attempt(passage), NULL, passage->pipeline->calls.arg);
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
			int error = errno;

			if (waits_out_shortage(passage, error))
				return;
			note_no_source(passage, error);
			continue;
		}
		passage->sender = senders_find(pipeline->senders, &source);
		if (passage->sender->identified)
			go_on_at(passage);
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

/* Nothing was ever answered, and not the control question either: that is this host's fault, or its
 * provider's, and no domain's. */
static void
blame_resolver(struct passage *passage)
{
	const struct pipeline_plan *plan = passage->pipeline->plan;
	struct arena *arena = passage->errand->arena;
	struct journey *journey = &passage->errand->journey;

	if (resolver_error(plan->who.resolver) != 0) {
		journey->status = WALK_LOCAL;
		journey->note = journey->route.problem =
		    arena_printf(arena, "this host cannot ask a name server: %s (%s)",
		        resolver_names(plan->who.resolver, arena), plan->origin);
		return;
	}
	journey->note = journey->route.problem =
	    arena_printf(arena, "no name server has answered anything: %s (%s); %s",
	        resolver_names(plan->who.resolver, arena), plan->origin,
	        journey->note != NULL ? journey->note : "the time for look-ups is over");
}

/* Is it ours that is silent, or the domain's? */
static bool
suspects_resolver(const struct passage *passage)
{
	const struct resolver *resolver = passage->pipeline->plan->who.resolver;

	return passage->errand->journey.status == WALK_DNS_ERROR &&
	       resolver_counts(resolver).answered == 0 &&
	       resolver_servers(resolver) > 0; /* no book */
}

static void
park(struct passage *passage, struct place *place)
{
	struct pipeline *pipeline = passage->pipeline;

	sites_expect(pipeline->sites, passage->errand->journey.site, 1, loop_ms());
	place_park(pipeline->places, place, put_aside(passage));
	leave(passage);
}

/* False: there are many at its site already, and it waits outside. */
static bool
takes_place(struct passage *passage)
{
	const char *site = passage->errand->journey.site;
	struct place *place;

	if (site == NULL)
		return true;
	place = places_find(passage->pipeline->places, site);
	if (place_is_crowded(place) && !passage->returned) {
		park(passage, place);
		return false;
	}
	place_enter(place);
	passage->place = place;
	return true;
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
enter(struct passage *passage)
{
	struct pipeline *pipeline = passage->pipeline;

	if (!takes_place(passage))
		return;
	hold_policy(passage);
	if (pipeline->plan->policy_first && awaits_policy(passage, on_policy_walk))
		return;
	if (pipeline->plan->policy_first && passage->policy != NULL)
		passage->errand->journey.sts = policy_known(passage->policy);
	go_on(passage);
}

static void
on_control(bool complete, void *arg)
{
	struct passage *passage = arg;

	(void)complete;
	passage->consult = NULL;
	if (suspects_resolver(passage))
		blame_resolver(passage);
	enter(passage);
}

static void
on_route(bool complete, void *arg)
{
	struct passage *passage = arg;
	struct pipeline *pipeline = passage->pipeline;
	const struct pipeline_plan *plan = pipeline->plan;

	passage->consult = NULL;
	pipeline->routing--;
	wake(pipeline);
	errand_routed(passage->errand, complete);
	if (!suspects_resolver(passage)) {
		enter(passage);
		return;
	}
	passage->control = book_new();
	passage->consult = consult_start(plan->walk.base, &plan->who, passage->control,
	    consult_control, on_control, passage, CONSULT_CONTROL_MS);
}

static struct passage *
add(struct pipeline *pipeline, const struct target *target, const struct ip *source)
{
	const struct pipeline_plan *plan = pipeline->plan;
	struct errand *errand =
	    errand_new(&plan->errands, target, source, plan->port, loop_random());
	struct passage *passage = arena_alloc(errand->arena, sizeof *passage);

	passage->pipeline = pipeline;
	passage->errand = errand;
	passage->at = pipeline->last;
	*pipeline->last = passage;
	pipeline->last = &passage->next;
	errand->journey.started = loop_wall_ms();
	passage->began = loop_ms();
	pipeline->count++;
	pipeline->routing++;
	*pipeline->last_fresh = passage;
	pipeline->last_fresh = &passage->next_fresh;
	wake(pipeline);
	return passage;
}

void
pipeline_add(struct pipeline *pipeline, const struct target *target, const struct ip *source)
{
	add(pipeline, target, source);
}

void
pipeline_rest(struct pipeline *pipeline, int64_t until)
{
	sites_rest(pipeline->sites, pipeline->plan->limits.walks, until);
}

/* Its way is looked up again: the answer about its domain is forgotten, those about the site's
 * servers are not. */
static void
bring_in(struct pipeline *pipeline, struct parked *parked)
{
	struct passage *passage = add(pipeline, &parked->target, &parked->source);
	struct errand *errand = passage->errand;

	errand->journey.started = parked->started;
	errand->journey.again = parked->again;
	errand->greylisted = parked->greylisted;
	errand->seed = parked->seed;
	passage->began = parked->began;
	passage->returned = !parked->greylisted;
	parked_free(parked);
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
	pipeline->sites = sites_new(&plan->limits, loop_random());
	pipeline->places = places_new(loop_random());
	pipeline->shared = shared_new(loop_random());
	pipeline->last = &pipeline->first;
	pipeline->last_fresh = &pipeline->fresh;
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
	       places_count(pipeline->places) < PARKED_MAX &&
	       pipeline->count < pipeline->plan->limits.walks + pipeline->plan->routes + QUEUE_MAX;
}

bool
pipeline_is_empty(const struct pipeline *pipeline)
{
	return pipeline->first == NULL && places_count(pipeline->places) == 0;
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

static void
drop_parked(struct pipeline *pipeline)
{
	struct parked *parked;

	while ((parked = places_take(pipeline->places)) != NULL) {
		const struct journey journey = {.target = parked->target};

		pipeline->calls.dropped(&journey, parked->again > 0, pipeline->calls.arg);
		parked_free(parked);
	}
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
	drop_parked(pipeline);
}

void
pipeline_free(struct pipeline *pipeline)
{
	while (pipeline->first != NULL)
		pipeline_stop(pipeline);
	event_del(&pipeline->turn);
	sites_free(pipeline->sites);
	places_free(pipeline->places);
	shared_free(pipeline->shared);
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
	progress->later_count = places_delayed(pipeline->places);
	if (progress->later_count > 0 && places_when(pipeline->places) > loop_ms())
		progress->later_ms = places_when(pipeline->places) - loop_ms();
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
