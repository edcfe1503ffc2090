#include "command/pinned.h"

#include <event2/event.h>
#include <signal.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "campaign/verdict.h"
#include "command/own_host.h"
#include "dns/book.h"
#include "evidence/identify.h"
#include "io/loop.h"
#include "io/tls.h"
#include "options/target.h"

enum { TICK_MS = 1000 };

static struct tls_context *
give_tls(void *arg)
{
	struct pinned *pinned = arg;
	const char *why;

	if (pinned->tls == NULL)
		pinned->tls = tls_context_new(pinned->options->tls_ca, true, &why);
	return pinned->tls;
}

/* ---- signals and waiting */

static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	struct pinned *pinned = arg;

	(void)number;
	(void)what;
	pinned->interrupted = true;
	loop_stop(pinned->dns.base);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct pinned *pinned = arg;
	int64_t left = pinned->until - loop_ms();
	struct timeval wait = {.tv_sec = left / 1000, .tv_usec = left % 1000 * 1000};

	(void)fd;
	(void)what;
	if (left <= 0) {
		loop_stop(pinned->dns.base);
		return;
	}
	if (left > TICK_MS)
		wait = (struct timeval){.tv_sec = 1};
	if (pinned->wait_shown != NULL)
		pinned->wait_shown((long)(left + TICK_MS - 1) / TICK_MS, pinned->arg);
	evtimer_add(pinned->timer, &wait);
}

static void
watch(struct pinned *pinned)
{
	static const int numbers[PINNED_SIGNALS] = {SIGINT, SIGTERM, SIGHUP};

	for (size_t i = 0; i < PINNED_SIGNALS; i++) {
		pinned->signals[i] = evsignal_new(pinned->dns.base, numbers[i], on_signal, pinned);
		event_add(pinned->signals[i], NULL);
	}
	pinned->timer = evtimer_new(pinned->dns.base, on_tick, pinned);
}

void
pinned_wait(struct pinned *pinned, long ms)
{
	if (ms <= 0 || pinned->interrupted)
		return;
	pinned->until = loop_ms() + ms;
	on_tick(-1, 0, pinned);
	loop_run(pinned->dns.base);
	evtimer_del(pinned->timer);
	log_progress(NULL);
}

/* ---- the way there */

static int
read_target(struct pinned *pinned)
{
	const struct options *o = pinned->options;
	const char *why;

	if (!target_parse(o->to.items[0], pinned->arena, &pinned->target, &why)) {
		log_error("--to %s: %s", o->to.items[0], why);
		return EXIT_USAGE;
	}
	if (o->server.host != NULL) {
		pinned->target.host = o->server.host;
		pinned->target.port = (uint16_t)o->server.port;
	}
	return EXIT_OK;
}

static bool
route_step(struct book *book, void *arg)
{
	struct pinned *pinned = arg;

	(void)book;
	return errand_route(pinned->route);
}

static struct destination *
next_destination(struct pinned *pinned, const struct ip *ip)
{
	struct destination *next;

	while ((next = errand_next(pinned->route)) != NULL)
		if (ip == NULL || ip_equal(&next->ip, ip))
			break;
	return next;
}

static int
find_destination(struct pinned *pinned, const struct ip *ip)
{
	const struct options *o = pinned->options;
	struct journey *journey;
	bool complete;

	pinned->route = errand_new(&pinned->rules, &pinned->target, &pinned->sender.source,
	    (uint16_t)o->port, loop_random());
	journey = &pinned->route->journey;
	complete =
	    dns_consult(&pinned->dns, pinned->route->book, route_step, pinned, o->timeout_dns);
	errand_routed(pinned->route, complete);
	pinned->destination = next_destination(pinned, ip);
	if (pinned->destination != NULL)
		return EXIT_OK;
	if (ip != NULL && journey->note == NULL && journey->attempt_count == 0) {
		char text[IP_TEXT];

		log_error("%s: no server has the address %s any more, to which the messages went",
		    pinned->target.text, ip_text(ip, text));
		return EXIT_UNDETERMINED;
	}
	log_error("%s: no server to ask: %s", pinned->target.text,
	    journey->note != NULL        ? journey->note
	    : journey->attempt_count > 0 ? journey->attempts[0].detail
	                                 : walk_status_name(journey->status));
	return EXIT_UNDETERMINED;
}

static bool
identify_step(struct book *book, void *arg)
{
	struct pinned *pinned = arg;
	struct identity identity;
	struct identity_query who = {.ip = pinned->sender.source,
	    .helo = pinned->options->ehlo,
	    .from = pinned->options->from,
	    .hostname = own_hostname(pinned->arena)};
	bool done;

	if (pinned->options->public_ip.family == who.ip.family)
		who.ip = pinned->options->public_ip;
	done = identify(book, pinned->arena, &who, &identity);
	pinned->sender.helo = identity.helo;
	pinned->sender.from = identity.from;
	pinned->sender.origin = identity.origin;
	return done;
}

static int
find_sender(struct pinned *pinned)
{
	struct book *book = book_new();

	if (pinned->sender.source.family == 0)
		pinned->sender.source = senders_source(&pinned->destination->ip);
	if (pinned->sender.source.family == 0) {
		log_error("this host has no IPv%d route to %s", pinned->destination->ip.family,
		    pinned->destination->host);
		return EXIT_LOCAL;
	}
	dns_consult(&pinned->dns, book, identify_step, pinned, pinned->options->timeout_dns);
	book_free(book);
	pinned->sender.identified = true;
	return EXIT_OK;
}

static void
make_plan(struct pinned *pinned)
{
	const struct options *o = pinned->options;

	pinned->rules = (struct errand_rules){
	    .family = o->family, .allow_private = o->allow_private, .target_ms = o->timeout_target};
	pinned->plan = (struct walk_plan){.base = pinned->dns.base,
	    .tls = give_tls,
	    .tls_arg = pinned,
	    .tls_want = o->tls,
	    .must_verify = o->tls_verify,
	    .letter = {.compose = {.version = PACKAGE_NAME " " PACKAGE_VERSION},
	        .signers = pinned->keys.signers,
	        .signer_count = pinned->keys.count}};
	options_deadlines(o, pinned->plan.ms);
	if (o->sources.count > 0)
		pinned->sender.source = o->sources.items[0];
}

int
pinned_open(
    struct pinned *pinned, const struct options *options, const struct ip *ip, struct arena *arena)
{
	int status;

	*pinned = (struct pinned){.options = options, .arena = arena};
	status = read_target(pinned);
	if (status == EXIT_OK)
		status = dkim_keys_open(&pinned->keys, options, arena);
	if (status == EXIT_OK)
		status = dns_open(&pinned->dns, options);
	if (status == EXIT_OK)
		status = rulebook_open(&pinned->rulebook, options, pinned->dns.lists);
	if (status != EXIT_OK)
		return status;
	watch(pinned);
	make_plan(pinned);
	status = find_destination(pinned, ip);
	return status == EXIT_OK ? find_sender(pinned) : status;
}

int
pinned_close(struct pinned *pinned, int status)
{
	int closed;

	for (size_t i = 0; i < PINNED_SIGNALS; i++)
		if (pinned->signals[i] != NULL)
			event_free(pinned->signals[i]);
	if (pinned->timer != NULL)
		event_free(pinned->timer);
	errand_free(pinned->route);
	dkim_keys_close(&pinned->keys, false);
	tls_context_free(pinned->tls);
	rulebook_close(&pinned->rulebook);
	closed = dns_close(&pinned->dns);
	return closed != EXIT_OK ? closed : status;
}

/* ---- a walk */

static void
on_walked(void *arg)
{
	struct pinned *pinned = arg;

	pinned->walk = NULL;
	loop_stop(pinned->dns.base);
}

static void
judge(struct pinned *pinned, struct errand *errand)
{
	const struct verdict_facts facts = {.rules = pinned->rulebook.rules,
	    .remedies = pinned->rulebook.remedies,
	    .recipient = pinned->target.rcpt,
	    .message_len = errand->message_len,
	    .arena = errand->arena};

	if (errand->journey.attempt_count > 0 && verdict_reach(&errand->journey, false))
		verdict_judge(&errand->journey, &facts);
}

struct errand *
pinned_walk(struct pinned *pinned)
{
	static const struct walk_calls calls = {.done = on_walked};
	struct errand *errand = errand_new(&pinned->rules, &pinned->target, &pinned->sender.source,
	    pinned->route->port, loop_random());

	errand->journey.fixed = true;
	pinned->walk =
	    walk_start(&pinned->plan, errand, pinned->destination, &pinned->sender, &calls, pinned);
	if (pinned->walk != NULL)
		loop_run(pinned->dns.base);
	if (pinned->walk != NULL)
		walk_stop(pinned->walk);
	pinned->walk = NULL;
	judge(pinned, errand);
	return errand;
}

const struct reply *
pinned_keep_reply(struct pinned *pinned, const struct reply *reply)
{
	struct reply *kept;

	if (reply->count == 0)
		return NULL;
	kept = arena_alloc(pinned->arena, sizeof *kept);
	*kept = *reply;
	kept->text = arena_string(pinned->arena, reply->text);
	kept->lines = NULL;
	return kept;
}

enum course_outcome
pinned_outcome(const struct journey *journey)
{
	if (journey->decisive == NULL)
		return COURSE_UNKNOWN;
	if (journey->status == WALK_ACCEPTED)
		return COURSE_ACCEPTED;
	if (journey->status == WALK_REFUSED)
		return COURSE_REFUSED;
	if (journey->status != WALK_DEFERRED || !journey->diagnosed)
		return COURSE_UNKNOWN;
	return journey->diagnosis.cause == CAUSE_GREYLIST     ? COURSE_GREYLISTED
	       : journey->diagnosis.cause == CAUSE_RATE_LIMIT ? COURSE_LIMITED
	                                                      : COURSE_UNKNOWN;
}
