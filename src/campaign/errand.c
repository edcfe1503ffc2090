#include "campaign/errand.h"

#include <string.h>

#include "base/arena.h"
#include "campaign/verdict.h"
#include "dns/book.h"

struct errand *
errand_new(const struct errand_rules *rules, const struct target *target, const struct ip *source,
    uint16_t port, uint64_t seed)
{
	struct arena *arena = arena_new();
	struct errand *errand = arena_alloc(arena, sizeof *errand);
	struct target *own = &errand->journey.target;

	errand->arena = arena;
	errand->book = book_new();
	errand->seed = seed;
	errand->rules = rules;
	errand->port = target->port != 0 ? target->port : port;
	errand->journey.source = *source;
	errand->journey.fixed = target->host != NULL || rules->socket != NULL;
	*own = *target;
	own->text = arena_string(errand->arena, target->text);
	own->domain = arena_string(errand->arena, target->domain);
	own->rcpt = arena_string(errand->arena, target->rcpt);
	own->host = arena_string(errand->arena, target->host);
	return errand;
}

void
errand_free(struct errand *errand)
{
	if (errand == NULL)
		return;
	book_free(errand->book);
	for (size_t i = 0; i < errand->held_count; i++)
		arena_free(errand->held[i]);
	arena_free(errand->arena); /* which it is in itself */
}

static bool
find_danes(struct errand *errand)
{
	struct journey *journey = &errand->journey;
	const struct route *route = &journey->route;
	struct dane *danes = arena_alloc(errand->arena, route->host_count * sizeof *danes);
	bool known = true;

	for (size_t i = 0; i < route->host_count; i++)
		known = dane_find(errand->book, errand->arena, route, &route->hosts[i],
		            errand->port, errand->rules->trust_ad, &danes[i]) &&
		        known;
	journey->danes = danes;
	return known;
}

void
errand_hold(struct errand *errand, struct arena *arena)
{
	*(struct arena **)arena_push(errand->arena, &errand->held, errand->held_count++,
	    sizeof *errand->held) = arena_hold(arena);
}

bool
errand_route(struct errand *errand)
{
	struct journey *journey = &errand->journey;
	bool known;

	if (errand->rules->socket != NULL) {
		journey->route.kind = ROUTE_FIXED;
		return true;
	}
	known = journey->fixed ? route_fixed(errand->book, errand->arena, journey->target.host,
	                             errand->rules->family, &journey->route)
	                       : route_find(errand->book, errand->arena, journey->target.domain,
	                             errand->rules->family, errand->seed, &journey->route);

	return known && find_danes(errand);
}

static void
add_host(struct errand *errand, const struct route_host *host, const struct dane *dane)
{
	const struct ip *source = &errand->journey.source;

	for (size_t i = 0; i < host->address_count; i++) {
		struct destination *new;

		if (source->family != 0 && source->family != host->addresses[i].family)
			continue;
		new =
		    arena_push(errand->arena, &errand->destinations, errand->count++, sizeof *new);
		*new = (struct destination){.host = host->name,
		    .canonical = host->canonical,
		    .preference = host->preference,
		    .dane = dane,
		    .ip = host->addresses[i]};
	}
}

static bool
has_address(const struct route *route)
{
	for (size_t i = 0; i < route->host_count; i++)
		if (route->hosts[i].address_count > 0)
			return true;
	return false;
}

/* It is on this host, and we are, too: what the DNS shows is about the loopback address. */
static void
add_socket(struct errand *errand)
{
	struct destination *new =
	    arena_push(errand->arena, &errand->destinations, errand->count++, sizeof *new);

	*new = (struct destination){.host = errand->rules->socket};
	ip_parse(&new->ip, "127.0.0.1");
}

/* It has addresses, but none of the source's family: not its fault. Where another source of the run
 * can ask, nothing is left open; else this machine could not. */
static void
excuse(struct errand *errand)
{
	struct journey *journey = &errand->journey;
	bool four = journey->source.family == 4;

	journey->excused = errand->rules->sources[four ? 1 : 0];
	journey->status = journey->excused ? WALK_SKIPPED : WALK_LOCAL;
	journey->note = four ? "it has IPv6 addresses only, and this source is of IPv4"
	                     : "it has IPv4 addresses only, and this source is of IPv6";
}

const struct pace *
errand_pace(struct errand *errand, struct destination *destination)
{
	if (destination->pace.site == NULL)
		pace_find(errand->rules->paces,
		    errand->rules->socket != NULL ? NULL : destination->host, &destination->ip,
		    errand->arena, &destination->pace);
	return &destination->pace;
}

bool
errand_is_at(struct errand *errand, const char *site)
{
	for (size_t i = 0; i < errand->count; i++)
		if (strcmp(errand_pace(errand, &errand->destinations[i])->site, site) != 0)
			return false;
	return true;
}

void
errand_routed(struct errand *errand, bool complete)
{
	struct journey *journey = &errand->journey;
	struct route *route = &journey->route;

	book_free(errand->book); /* what is needed of it is in the route */
	errand->book = NULL;
	for (size_t i = 0; i < route->host_count; i++)
		add_host(
		    errand, &route->hosts[i], journey->danes != NULL ? &journey->danes[i] : NULL);
	if (errand->rules->socket != NULL)
		add_socket(errand);
	if (errand->count > 0) {
		journey->site = pace_site(
		    errand->rules->paces, errand_pace(errand, &errand->destinations[0]), route);
		return;
	}
	if (has_address(route)) {
		excuse(errand);
		return;
	}
	journey->status = verdict_of_route(route->kind);
	journey->note = route->problem;
	if (!complete && journey->note == NULL) {
		journey->status = WALK_DNS_ERROR;
		journey->note = "the name servers did not answer in time";
	}
}

struct attempt *
errand_attempt(struct errand *errand, const struct destination *destination)
{
	struct journey *journey = &errand->journey;
	struct attempt *attempt =
	    arena_push(errand->arena, &journey->attempts, journey->attempt_count, sizeof *attempt);

	journey->attempt_count++;
	attempt->mx = destination->host;
	attempt->preference = destination->preference;
	if (errand->rules->socket == NULL)
		attempt->ip = destination->ip;
	attempt->dane = destination->dane;
	attempt->port = errand->port;
	attempt->stage = STAGE_CONNECT;
	return attempt;
}

void
errand_pass_over(struct errand *errand, const struct destination *destination,
    enum walk_status status, const char *why)
{
	struct attempt *attempt = errand_attempt(errand, destination);

	attempt->status = status;
	attempt->detail = why;
}

void
errand_again(struct errand *errand)
{
	struct journey *journey = &errand->journey;

	journey->attempts[--journey->attempt_count] = (struct attempt){0};
}

/* The recipient, where its domain is an alias of another (RFC 5321 section 2.3.5). */
static const char *
recipient_there(const struct errand *errand)
{
	const struct journey *journey = &errand->journey;
	const char *rcpt = journey->target.rcpt, *canonical = journey->route.canonical,
	           *at = rcpt != NULL ? strrchr(rcpt, '@') : NULL;

	return at != NULL && canonical != NULL
	           ? arena_printf(errand->arena, "%.*s@%s", (int)(at - rcpt), rcpt, canonical)
	           : NULL;
}

/* By the address, by a name of the host, or by that of the domain which this one is an alias of,
 * or by the recipient there: known only now that the DNS was asked. */
static const char *
opted_out(const struct errand *errand, const struct destination *destination)
{
	const struct errand_rules *rules = errand->rules;
	const char *names[] = {destination->host, destination->canonical,
	    errand->journey.route.canonical,
	    rules->opted_out != NULL ? recipient_there(errand) : NULL};
	const char *why = NULL;

	if (rules->opted_out == NULL)
		return NULL;
	for (size_t i = 0; i < sizeof names / sizeof *names && why == NULL; i++)
		if (names[i] != NULL)
			why =
			    rules->opted_out(names[i], &destination->ip, errand->arena, rules->arg);
	return why;
}

static const char *
left_alone(const struct errand *errand, const struct destination *destination)
{
	const struct errand_rules *rules = errand->rules;
	const char *special = rules->socket == NULL ? ip_special(&destination->ip) : NULL;
	char text[IP_TEXT];

	if (special == NULL && rules->private_only && rules->socket == NULL)
		return "--raw-eol is for private and loopback addresses alone";
	if (special != NULL && !rules->allow_private)
		return arena_printf(errand->arena,
		    "%s is a %s address, and those are left alone without --allow-private",
		    ip_text(&destination->ip, text), special);
	return opted_out(errand, destination);
}

/* A host that greets with 5yz is not asked again: neither at another of its addresses, nor under
 * another name (RFC 7504 section 4). */
static bool
has_refused(const struct errand *errand, const struct destination *destination)
{
	const struct journey *journey = &errand->journey;

	for (size_t i = 0; i < journey->attempt_count; i++) {
		const struct attempt *attempt = &journey->attempts[i];

		if (verdict_is_refused_greeting(attempt) &&
		    (strcmp(attempt->mx, destination->host) == 0 ||
		        ip_equal(&attempt->ip, &destination->ip)))
			return true;
	}
	return false;
}

static size_t
length(const char *string)
{
	return string != NULL ? strlen(string) : 0;
}

/* What a server made us keep: replies, and what its certificate says. */
static size_t
octets_of(const struct attempt *attempt)
{
	const struct tls_facts *tls = attempt_tls(attempt);
	size_t octets = length(tls->subject) + length(tls->issuer) + length(tls->problem);

	for (size_t i = 0; i < tls->name_count; i++)
		octets += length(tls->names[i]);
	for (size_t i = 0; i < attempt->transcript.count; i++) {
		const struct reply *reply = &attempt->transcript.entries[i].reply;

		for (size_t k = 0; k < reply->count; k++)
			octets += reply->lines[k].len;
	}
	return octets;
}

/* Many servers that each say as much as they may would fill the memory. */
static bool
has_heard_enough(struct errand *errand)
{
	struct journey *journey = &errand->journey;

	while (errand->weighed < journey->attempt_count)
		errand->heard += octets_of(&journey->attempts[errand->weighed++]);
	if (errand->heard < ERRAND_HEARD)
		return false;
	journey->note = "its servers have said 2 MiB, and no more of them were asked";
	return true;
}

struct tls_decision
errand_decide(const struct errand *errand, const struct destination *destination)
{
	const struct journey *journey = &errand->journey;
	struct tls_decision decision = tls_level_decide(
	    errand->rules->level, destination->dane, journey->sts, destination->host);

	return errand->rules->require_tls ? tls_level_require(decision, destination->dane,
	                                        journey->sts, destination->host, journey->fixed)
	                                  : decision;
}

/* By a policy that nobody there can meet. */
static bool
is_withheld(struct errand *errand, const struct destination *destination)
{
	struct tls_decision decision = errand_decide(errand, destination);

	if (decision.demand != DEMAND_ELSEWHERE)
		return false;
	errand_pass_over(errand, destination, WALK_WITHHELD, decision.why);
	errand->journey.attempts[errand->journey.attempt_count - 1].policy = decision.policy;
	return true;
}

static bool
goes_on(struct errand *errand)
{
	const struct journey *journey = &errand->journey;

	if (errand->next == errand->count ||
	    (errand->rules->target_ms > 0 && errand->spent >= errand->rules->target_ms))
		return false;
	if (!errand->rules->all && journey->attempt_count > 0 &&
	    (journey->attempt_count >= ERRAND_ATTEMPTS ||
	        !verdict_is_open(&journey->attempts[journey->attempt_count - 1])))
		return false;
	return !has_heard_enough(errand);
}

struct destination *
errand_next(struct errand *errand)
{
	while (goes_on(errand)) {
		struct destination *destination = &errand->destinations[errand->next++];
		const char *why;

		if (!errand->rules->all && has_refused(errand, destination)) {
			errand->spared++;
			continue;
		}
		why = left_alone(errand, destination);
		if (why != NULL)
			errand_pass_over(errand, destination, WALK_SKIPPED, why);
		else if (!is_withheld(errand, destination))
			return destination;
	}
	errand->journey.untried = errand->count - errand->next + errand->spared;
	return NULL;
}
