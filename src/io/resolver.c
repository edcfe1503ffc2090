/* A job is one question and those who wait for its answer. It is always on exactly one list:
 *   open    asked, and all of it young; nameservers look after the time
 *   late    one nameserver at least has let NAMESERVER_TRY_MS pass
 *   paused  nobody could be reached, or all failed; to be asked again when its `wake` says so
 *   ready   answered; `deliver` tells those who wait, from the loop and from nowhere else */
#include "io/resolver.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "dns/book.h"
#include "dns/name.h"
#include "dns/wire.h"
#include "io/cache.h"
#include "io/loop.h"
#include "io/nameserver.h"

enum {
	TICK_MS = 100,
	UNREACHED_ROUNDS = 3, /* of asking all of them, when none could be reached */
	PAUSE_MS = 250, /* before the second; doubled each time */
	AGAIN_MS = 3000, /* what took longer than that is no passing trouble */
	KEEP_POSITIVE_MS = 3600 * 1000,
	KEEP_NEGATIVE_MS = 900 * 1000,
	KEEP_FAILURE_MS = 5 * 1000, /* so that a burst does not ask again */
	BUCKETS = 4096,
};

struct lookup {
	TAILQ_ENTRY(lookup) link;
	struct job *job;
	resolver_done *done;
	void (*sent)(void *arg);
	void *arg;
};
TAILQ_HEAD(lookups, lookup);

/* A job at one nameserver: each has a first turn and, for what may have been lost, a second. */
struct turn {
	struct job *job;
	struct inquiry *inquiry; /* NULL when none is under way */
	bool tried;
	unsigned flags; /* of nameserver_ask */
};

TAILQ_HEAD(jobs, job);
struct job {
	TAILQ_ENTRY(job) link;
	struct jobs *list;
	struct job *chain; /* in `buckets`: jobs that can be joined */
	struct resolver *resolver;
	char *name; /* behind the turns */
	enum dns_type type;
	struct lookups lookups;
	unsigned round;
	int64_t sent; /* loop_ms, for the first time; 0: it still waits in line */
	int64_t due; /* loop_ms, of a late one */
	struct event wake; /* of a paused one */
	unsigned batch; /* of a ready one */
	bool fresh; /* not out of the cache */
	struct answer answer; /* until it is there: the most telling failure, TIMEOUT at first */
	struct turn turns[]; /* of the servers in order, then of them again */
};

struct resolver {
	struct event_base *base;
	struct nameserver *servers[RESOLVER_SERVERS_MAX];
	size_t server_count;
	struct book *book; /* instead of nameservers */
	struct cache *cache;
	struct job *buckets[BUCKETS];
	struct jobs open, late, paused, ready;
	struct job *delivering;
	unsigned batch; /* of those that become ready now */
	struct arena *now, *last; /* answers of this batch, and of the one that is given out */
	bool gone; /* freed from within a callback */
	struct event deliver, tick;
	resolver_done *observe;
	void *observe_arg;
	struct resolver_counts counts;
};

static const struct timeval tick_interval = {.tv_usec = TICK_MS * 1000};

/* ---- jobs and lists */

static struct job **
bucket_of(struct resolver *resolver, const char *name, enum dns_type type)
{
	return &resolver->buckets[cache_hash(resolver->cache, name, type) % BUCKETS];
}

static struct job *
find_job(struct resolver *resolver, const char *name, enum dns_type type)
{
	struct job *job = *bucket_of(resolver, name, type);

	while (job != NULL && (job->type != type || strcmp(job->name, name) != 0))
		job = job->chain;
	return job;
}

static void
move(struct job *job, struct jobs *list)
{
	if (job->list != NULL)
		TAILQ_REMOVE(job->list, job, link);
	job->list = list;
	if (list != NULL)
		TAILQ_INSERT_TAIL(list, job, link);
}

static void on_wake(evutil_socket_t fd, short what, void *arg);

/* A first turn and a second one for each nameserver. */
static size_t
turns_of(const struct resolver *resolver)
{
	return 2 * resolver->server_count;
}

static struct job *
job_new(struct resolver *resolver, const char *name, enum dns_type type)
{
	size_t turns = turns_of(resolver), len = strlen(name) + 1;
	struct job *job = must_alloc(sizeof *job + turns * sizeof *job->turns + len),
	           **bucket = bucket_of(resolver, name, type);

	job->resolver = resolver;
	job->name = memcpy(job->turns + turns, name, len);
	job->type = type;
	TAILQ_INIT(&job->lookups);
	evtimer_assign(&job->wake, resolver->base, on_wake, job);
	for (size_t i = 0; i < turns; i++)
		job->turns[i].job = job;
	job->answer = (struct answer){
	    .name = job->name, .type = type, .rcode = DNS_TIMEOUT, .canonical = job->name};
	job->chain = *bucket;
	*bucket = job;
	return job;
}

static struct nameserver *
server_of(const struct turn *turn)
{
	const struct resolver *resolver = turn->job->resolver;

	return resolver->servers[(size_t)(turn - turn->job->turns) % resolver->server_count];
}

static void
drop_inquiries(struct job *job)
{
	for (size_t i = 0; i < turns_of(job->resolver); i++) {
		if (job->turns[i].inquiry != NULL)
			inquiry_drop(job->turns[i].inquiry);
		job->turns[i].inquiry = NULL;
	}
}

/* From now on the same question is a new job. */
static void
unchain(struct job *job)
{
	struct job **at = bucket_of(job->resolver, job->name, job->type);

	while (*at != NULL && *at != job)
		at = &(*at)->chain;
	if (*at != NULL)
		*at = job->chain;
}

static void
job_free(struct job *job)
{
	drop_inquiries(job);
	unchain(job);
	move(job, NULL);
	event_del(&job->wake);
	for (struct lookup *lookup; (lookup = TAILQ_FIRST(&job->lookups)) != NULL;) {
		TAILQ_REMOVE(&job->lookups, lookup, link);
		free(lookup);
	}
	free(job);
}

static void
make_ready(struct job *job)
{
	job->batch = job->resolver->batch;
	move(job, &job->resolver->ready);
	event_active(&job->resolver->deliver, EV_TIMEOUT, 0);
}

/* ---- the end of a question */

static bool
is_failure(const struct answer *answer)
{
	return answer->rcode != DNS_NOERROR && answer->rcode != DNS_NXDOMAIN;
}

/* A domain's mail exchangers are asked for once in a run; they would only take the place of
 * addresses, which are those of many domains. */
static bool
is_kept(enum dns_type type)
{
	return type != DNS_MX;
}

static int64_t
keep_ms(const struct resolver *resolver, const struct answer *answer)
{
	int64_t ms = (int64_t)answer->ttl * 1000,
	        most = answer->count > 0 ? KEEP_POSITIVE_MS : KEEP_NEGATIVE_MS;

	if (!is_kept(answer->type))
		return 0;
	if (resolver->book != NULL)
		return KEEP_POSITIVE_MS; /* it will say nothing else */
	if (is_failure(answer))
		return KEEP_FAILURE_MS;
	return ms < most ? ms : most;
}

static void
finish(struct job *job, const struct answer *answer)
{
	struct resolver *resolver = job->resolver;
	int64_t now = loop_ms(), keep = keep_ms(resolver, answer);

	drop_inquiries(job);
	job->answer = *answer;
	job->fresh = true;
	resolver->counts.failed += is_failure(answer);
	resolver->counts.answered += answer->rcode != DNS_TIMEOUT;
	if (keep > 0)
		cache_put(resolver->cache, answer, now, now + keep);
	make_ready(job);
}

/* Which of two failures tells more: an answer more than none, trouble with the domain more than
 * trouble with us. */
static size_t
weight(enum dns_rcode rcode)
{
	static const enum dns_rcode least_first[] = {
	    DNS_TIMEOUT, DNS_GARBLED, DNS_FORMERR, DNS_NOTIMP, DNS_REFUSED, DNS_SERVFAIL};
	size_t i = 0, count = sizeof least_first / sizeof *least_first;

	while (i < count && least_first[i] != rcode)
		i++;
	return i < count ? i : 2;
}

static void
note_failure(struct turn *turn, enum dns_rcode rcode)
{
	struct answer *answer = &turn->job->answer;

	if (weight(rcode) <= weight(answer->rcode))
		return;
	answer->rcode = rcode;
	answer->server = nameserver_text(server_of(turn));
}

/* ---- asking */

static void
ask(struct turn *turn, unsigned flags)
{
	struct job *job = turn->job;

	turn->tried = true;
	turn->flags = flags;
	turn->inquiry = nameserver_ask(server_of(turn), job->name, job->type, flags, turn);
}

/* Of those from `from` on, one for each nameserver. */
static struct turn *
first_untried(struct job *job, size_t from, bool dead)
{
	for (size_t i = from; i < from + job->resolver->server_count; i++)
		if (!job->turns[i].tried && nameserver_dead(server_of(&job->turns[i])) == dead)
			return &job->turns[i];
	return NULL;
}

/* Asks the next nameserver: a dead one only while nobody has said anything. False: nobody is left.
 */
static bool
ask_next(struct job *job, size_t from)
{
	struct turn *next = first_untried(job, from, false);

	if (next == NULL && job->answer.rcode == DNS_TIMEOUT)
		next = first_untried(job, from, true);
	if (next != NULL)
		ask(next, 0);
	return next != NULL;
}

static void
start_tick(struct resolver *resolver)
{
	if (!evtimer_pending(&resolver->tick, NULL))
		evtimer_add(&resolver->tick, &tick_interval);
}

/* Where nobody could be reached, the nameserver is being restarted, or a send buffer is full:
 * time-outs have had their time. Where all fail, one of theirs may be at its limit. */
static bool
may_pause(const struct job *job)
{
	if (job->answer.rcode == DNS_TIMEOUT)
		return job->list == &job->resolver->open && job->round + 1 < UNREACHED_ROUNDS;
	return job->answer.rcode == DNS_SERVFAIL && job->round + 1 < RESOLVER_ROUNDS &&
	       loop_ms() - job->sent < AGAIN_MS;
}

static void
pause_job(struct job *job)
{
	long ms = (long)PAUSE_MS << job->round++;
	struct timeval after = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	drop_inquiries(job);
	move(job, &job->resolver->paused);
	evtimer_add(&job->wake, &after);
}

/* One that is late may still have something better to say than another's failure. */
static bool
worth_waiting(const struct job *job)
{
	for (size_t i = 0; i < turns_of(job->resolver); i++)
		if (job->turns[i].inquiry != NULL &&
		    (job->answer.rcode == DNS_TIMEOUT ||
		        !nameserver_dead(server_of(&job->turns[i]))))
			return true;
	return false;
}

/* After a failure: the next nameserver, or the end. */
static void
advance(struct job *job)
{
	if (ask_next(job, 0) || worth_waiting(job))
		return;
	if (may_pause(job))
		pause_job(job);
	else
		finish(job, &job->answer);
}

static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct job *job = arg;

	(void)fd;
	(void)what;
	for (size_t i = 0; i < turns_of(job->resolver); i++)
		job->turns[i].tried = false;
	move(job, &job->resolver->open);
	advance(job);
}

static bool
any_alive(const struct resolver *resolver)
{
	for (size_t i = 0; i < resolver->server_count; i++)
		if (!nameserver_dead(resolver->servers[i]))
			return true;
	return false;
}

/* ---- what nameservers tell */

/* It was cut off; or it cannot be read, and may have been cut on the way, or be the answer to
 * something else that c-ares 1.34 had on that socket. */
static void
ask_by_tcp(struct turn *turn)
{
	if (!(turn->flags & ASK_TCP)) {
		ask(turn, turn->flags | ASK_TCP);
		return;
	}
	note_failure(turn, DNS_GARBLED);
	advance(turn->job);
}

static void
on_sent(void *arg)
{
	struct turn *turn = arg;
	struct job *job = turn->job;
	struct lookup *next;

	if (job->sent != 0)
		return;
	job->sent = loop_ms();
	for (struct lookup *lookup = TAILQ_FIRST(&job->lookups); lookup != NULL; lookup = next) {
		next = TAILQ_NEXT(lookup, link);
		if (lookup->sent != NULL)
			lookup->sent(lookup->arg);
	}
}

static void
on_late(void *arg)
{
	struct turn *turn = arg;
	struct job *job = turn->job;
	struct resolver *resolver = job->resolver;

	if (job->list == &resolver->open) {
		job->due = loop_ms() - NAMESERVER_TRY_MS + RESOLVER_QUESTION_MS;
		move(job, &resolver->late);
		start_tick(resolver);
	}
	if (!ask_next(job, 0))
		ask_next(job, resolver->server_count);
	if (nameserver_dead(server_of(turn)) && any_alive(resolver))
		nameserver_flush(
		    server_of(turn)); /* who stands in line there is better off elsewhere */
}

static void
on_failure(struct turn *turn, enum dns_rcode rcode)
{
	note_failure(turn, rcode);
	if (rcode == DNS_GARBLED)
		ask_by_tcp(turn);
	else
		advance(turn->job);
}

static void
on_message(struct turn *turn, const void *message, size_t len)
{
	struct job *job = turn->job;
	const char *why;
	struct answer answer;
	bool truncated = false, read;

	read = wire_response(
	    message, len, job->name, job->type, job->resolver->now, &answer, &truncated, &why);
	answer.server = nameserver_text(server_of(turn));
	if (truncated) {
		ask_by_tcp(turn);
	} else if (!read) {
		on_failure(turn, DNS_GARBLED);
	} else if (answer.rcode == DNS_FORMERR &&
	           !(turn->flags & ASK_PLAIN)) { /* RFC 6891 section 7 */
		ask(turn, turn->flags | ASK_PLAIN);
	} else if (is_failure(&answer)) {
		on_failure(turn, answer.rcode);
	} else {
		finish(job, &answer);
	}
}

static void
on_heard(const void *message, size_t len, enum dns_rcode failure, void *arg)
{
	struct turn *turn = arg;

	turn->inquiry = NULL;
	if (message != NULL)
		on_message(turn, message, len);
	else
		on_failure(turn, failure);
}

static const struct nameserver_user nameserver_user = {
    .sent = on_sent, .late = on_late, .heard = on_heard};

/* ---- time */

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct resolver *resolver = arg;
	int64_t now = loop_ms();
	struct job *job, *next;

	(void)fd;
	(void)what;
	for (job = TAILQ_FIRST(&resolver->late); job != NULL; job = next) {
		next = TAILQ_NEXT(job, link);
		if (job->due <= now || !worth_waiting(job)) /* whom it waits for may have died */
			finish(job, &job->answer);
	}
	if (!TAILQ_EMPTY(&resolver->late))
		start_tick(resolver);
}

/* ---- giving answers out */

static void
deliver(struct resolver *resolver, struct job *job)
{
	struct lookup *lookup;

	resolver->delivering = job;
	unchain(job);
	move(job, NULL);
	if (job->fresh && resolver->observe != NULL)
		resolver->observe(&job->answer, resolver->observe_arg);
	while ((lookup = TAILQ_FIRST(&job->lookups)) != NULL && !resolver->gone) {
		resolver_done *done = lookup->done;
		void *arg = lookup->arg;

		TAILQ_REMOVE(&job->lookups, lookup, link);
		free(lookup);
		done(&job->answer, arg);
	}
	resolver->delivering = NULL;
	job_free(job);
}

static void
release(struct resolver *resolver)
{
	struct jobs *lists[] = {
	    &resolver->open, &resolver->late, &resolver->paused, &resolver->ready};

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		while (!TAILQ_EMPTY(lists[i]))
			job_free(TAILQ_FIRST(lists[i]));
	for (size_t i = 0; i < resolver->server_count; i++)
		nameserver_free(resolver->servers[i]);
	event_del(&resolver->deliver);
	event_del(&resolver->tick);
	book_free(resolver->book);
	cache_free(resolver->cache);
	arena_free(resolver->now);
	arena_free(resolver->last);
	free(resolver);
}

static void
on_deliver(evutil_socket_t fd, short what, void *arg)
{
	struct resolver *resolver = arg;
	unsigned batch = resolver->batch++;
	struct arena *given = resolver->now;
	struct job *job;

	(void)fd;
	(void)what;
	resolver->now = resolver->last;
	resolver->last = given;
	while (
	    !resolver->gone && (job = TAILQ_FIRST(&resolver->ready)) != NULL && job->batch == batch)
		deliver(resolver, job);
	if (resolver->gone) {
		release(resolver);
		return;
	}
	arena_reset(resolver->last);
	cache_turn(resolver->cache); /* what became ready meanwhile may have answers from it, until
	                                its own batch, which is the next */
}

/* ---- what others call */

static struct resolver *
make(struct event_base *base)
{
	struct resolver *resolver = must_alloc(sizeof *resolver);

	resolver->base = base;
	resolver->cache = cache_new(RESOLVER_CACHE_MAX, loop_random());
	resolver->now = arena_new();
	resolver->last = arena_new();
	TAILQ_INIT(&resolver->open);
	TAILQ_INIT(&resolver->late);
	TAILQ_INIT(&resolver->paused);
	TAILQ_INIT(&resolver->ready);
	evtimer_assign(&resolver->deliver, base, on_deliver, resolver);
	evtimer_assign(&resolver->tick, base, on_tick, resolver);
	return resolver;
}

static bool
add_server(struct resolver *resolver, const struct nameserver_address *address, const char **why)
{
	struct nameserver *server = nameserver_new(resolver->base, address, &nameserver_user, why);

	if (server != NULL)
		resolver->servers[resolver->server_count++] = server;
	return server != NULL;
}

static bool
add_servers(struct resolver *resolver, const char *const *servers, size_t count, const char **why)
{
	struct nameserver_address addresses[RESOLVER_SERVERS_MAX];

	*why = "more than 8 nameservers";
	if (count > RESOLVER_SERVERS_MAX)
		return false;
	for (size_t i = 0; i < count; i++) {
		*why = servers[i];
		if (!nameserver_parse(servers[i], &addresses[i]))
			return false;
	}
	if (count == 0)
		count = nameserver_system(addresses, RESOLVER_SERVERS_MAX);
	*why = "no nameserver";
	for (size_t i = 0; i < count; i++)
		if (!add_server(resolver, &addresses[i], why))
			return false;
	return count > 0;
}

struct resolver *
resolver_new(struct event_base *base, const char *const *servers, size_t count, const char **why)
{
	struct resolver *resolver = make(base);

	if (add_servers(resolver, servers, count, why))
		return resolver;
	release(resolver);
	return NULL;
}

struct resolver *
resolver_replay(struct event_base *base, struct book *closed)
{
	struct resolver *resolver = make(base);

	resolver->book = closed;
	return resolver;
}

void
resolver_free(struct resolver *resolver)
{
	if (resolver == NULL)
		return;
	resolver->gone = true;
	if (resolver->delivering == NULL)
		release(resolver);
}

void
resolver_on_answer(struct resolver *resolver, resolver_done *observe, void *arg)
{
	resolver->observe = observe;
	resolver->observe_arg = arg;
}

void
resolver_limit(struct resolver *resolver, unsigned at_once, size_t kept)
{
	for (size_t i = 0; i < resolver->server_count; i++)
		nameserver_limit(resolver->servers[i], at_once);
	cache_limit(resolver->cache, kept);
}

static void
start(struct job *job)
{
	struct resolver *resolver = job->resolver;

	if (is_kept(job->type) &&
	    cache_get(resolver->cache, job->name, job->type, loop_ms(), &job->answer)) {
		resolver->counts.cached++;
		make_ready(job);
		return;
	}
	resolver->counts.asked++;
	if (resolver->book != NULL) {
		finish(job, book_ask(resolver->book, job->name, job->type));
		return;
	}
	move(job, &resolver->open);
	advance(job);
}

static struct job *
job_for(struct resolver *resolver, const char *name, enum dns_type type)
{
	char text[NAME_TEXT];
	bool is_name = name_normalise(name, text, NULL);
	struct job *job = find_job(resolver, is_name ? text : name, type);

	if (job != NULL) {
		resolver->counts.joined++;
		return job;
	}
	job = job_new(resolver, is_name ? text : name, type);
	if (is_name) {
		start(job);
	} else { /* nobody can have it, and nobody can be asked */
		job->answer.rcode = DNS_NXDOMAIN;
		make_ready(job);
	}
	return job;
}

struct lookup *
resolver_ask(struct resolver *resolver, const char *name, enum dns_type type, resolver_done *done,
    void (*sent)(void *arg), void *arg)
{
	struct lookup *lookup = must_alloc(sizeof *lookup);

	lookup->job = job_for(resolver, name, type);
	lookup->done = done;
	lookup->sent = sent;
	lookup->arg = arg;
	TAILQ_INSERT_TAIL(&lookup->job->lookups, lookup, link);
	return lookup;
}

bool
lookup_waits(const struct lookup *lookup)
{
	const struct job *job = lookup->job;

	return job->sent == 0 && job->list != &job->resolver->ready;
}

/* What is not answered yet is not asked on for nobody. */
void
lookup_forget(struct lookup *lookup)
{
	struct job *job = lookup->job;

	TAILQ_REMOVE(&job->lookups, lookup, link);
	free(lookup);
	if (TAILQ_EMPTY(&job->lookups) && job != job->resolver->delivering &&
	    job->list != &job->resolver->ready)
		job_free(job);
}

struct resolver_counts
resolver_counts(const struct resolver *resolver)
{
	return resolver->counts;
}

int
resolver_error(const struct resolver *resolver)
{
	int error = 0;

	if (resolver->counts.answered > 0)
		return 0;
	for (size_t i = 0; i < resolver->server_count; i++) {
		error = nameserver_error(resolver->servers[i]);
		if (error == 0)
			return 0;
	}
	return error;
}

const char *
resolver_names(const struct resolver *resolver, struct arena *arena)
{
	const char *names = "";

	for (size_t i = 0; i < resolver->server_count; i++) {
		int trouble = nameserver_trouble(resolver->servers[i]);

		names = arena_printf(arena, "%s%s%s%s%s", names, i > 0 ? ", " : "",
		    resolver_server(resolver, i), trouble != 0 ? ": " : "",
		    trouble != 0 ? strerror(trouble) : "");
	}
	return names;
}

size_t
resolver_servers(const struct resolver *resolver)
{
	return resolver->server_count;
}

const char *
resolver_server(const struct resolver *resolver, size_t i)
{
	return nameserver_text(resolver->servers[i]);
}
