#include "campaign/probe.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth/dkim_sign.h"
#include "base/arena.h"
#include "base/buf.h"
#include "campaign/senders.h"
#include "dns/book.h"
#include "io/loop.h"
#include "io/talk.h"

struct place { /* one address to try */
	const char *host;
	uint16_t preference;
	struct ip ip;
};

struct probe {
	const struct probe_plan *plan;
	struct ip source; /* family 0: the kernel's choice */
	struct arena *arena;
	struct book *book;
	uint64_t seed;
	struct journey journey;
	struct place *places;
	size_t place_count, next;
	int64_t began;
	/* what is waited for: at most one of them */
	struct consult *consult;
	const struct sender_entry *sender; /* of the walk under way, or of the decisive one */
	struct talk *talk;
	struct talk_plan talk_plan;
	struct talk_result talk_result;
	struct plan walk;
	bool decided; /* the walks are over; only evidence is waited for */
	probe_done *done;
	void *arg;
};

static void try_next(struct probe *probe);
static void walk(struct probe *probe);

static void
release(struct probe *probe)
{
	book_free(probe->book);
	arena_free(probe->arena);
	free(probe);
}

static void
report(struct probe *probe)
{
	probe->journey.ms = (long)(loop_ms() - probe->began);
	probe->done(&probe->journey, probe->arg);
	release(probe);
}

/* The reply as the server sent it: all lines, with their codes. */
static const char *
whole_text(struct arena *arena, const struct reply *reply, size_t *len)
{
	struct buf text;
	const char *copy;

	buf_init(&text, REPLY_MAX + REPLY_LINES_MAX);
	for (size_t i = 0; i < reply->count; i++) {
		if (i > 0)
			buf_putc(&text, '\n');
		for (size_t k = 0; k < reply->lines[i].len; k++)
			buf_putc(&text,
			    reply->lines[i].bytes[k] != '\0' ? reply->lines[i].bytes[k] : ' ');
	}
	*len = text.len;
	copy = arena_copy(arena, text.data, text.len);
	buf_release(&text);
	return copy;
}

/* What the walk itself knows goes before what is only for information. */
static void
add_evidence(struct probe *probe, const char *sentence)
{
	struct diagnosis *d = &probe->journey.diagnosis;

	arena_push(probe->arena, &d->evidence, d->evidence_count, sizeof *d->evidence);
	memmove(d->evidence + 1, d->evidence, d->evidence_count++ * sizeof *d->evidence);
	d->evidence[0] = sentence;
}

static const char *
size_words(struct probe *probe, const struct ehlo *ehlo)
{
	if (ehlo->size_offered && ehlo->size > 0)
		return arena_printf(probe->arena,
		    "This message has %zu octets; the EHLO reply allows %llu.",
		    probe->walk.message_len, ehlo->size);
	return arena_printf(probe->arena,
	    "This message has %zu octets; the EHLO reply names no limit.", probe->walk.message_len);
}

static void
judge(struct probe *probe)
{
	struct journey *journey = &probe->journey;
	const struct attempt *attempt = journey->decisive;
	const struct sender *evidence =
	    probe->sender != NULL && probe->sender->evident ? &probe->sender->evidence : NULL;
	/* Slow is not refused: from a deadline of ours nothing is inferred. */
	enum stage stage = attempt->ending == END_TIMEOUT ? STAGE_NONE : attempt->stage;
	struct reading reading;
	struct said said = {.stage = attempt->stage,
	    .code = attempt->reply.code,
	    .enhanced = attempt->reply.enhanced,
	    .mx = attempt->mx,
	    .client = evidence != NULL ? evidence->ip : attempt->source};

	if (attempt->reply.count > 0) {
		said.text = whole_text(probe->arena, &attempt->reply, &said.len);
		said.greeting = attempt->greeting.count > 0 ? attempt->greeting.text : NULL;
		rules_read(probe->plan->rules, &said, probe->arena, &reading);
	}
	diagnose(&(struct diagnosis_query){.remedies = probe->plan->remedies,
	             .reading = attempt->reply.count > 0 ? &reading : NULL,
	             .sender = evidence,
	             .stage = stage,
	             .setting = {.client = said.client,
	                 .domain = journey->target.domain,
	                 .recipient = probe->walk.rcpt}},
	    probe->arena, &journey->diagnosis);
	journey->diagnosed = true;
	if (journey->diagnosis.cause == CAUSE_MESSAGE_SIZE && probe->walk.message_len > 0)
		add_evidence(probe, size_words(probe, &attempt->ehlo));
	if (probe->sender != NULL && probe->sender->note != NULL) /* why there is no evidence */
		add_evidence(probe, probe->sender->note);
}

static void
on_evidence(void *arg)
{
	struct probe *probe = arg;

	if (!probe->sender->gathered) { /* only identified so far */
		senders_await(probe->plan->senders, probe->sender, on_evidence, probe);
		return;
	}
	judge(probe);
	report(probe);
}

static void
note_sender(struct probe *probe)
{
	struct journey *journey = &probe->journey;

	journey->sender_ip = probe->sender->source;
	journey->helo = probe->sender->helo;
	journey->from = probe->sender->from;
	journey->helo_origin = probe->sender->origin;
}

/* All walks are over. */
static void
decide(struct probe *probe)
{
	struct journey *journey = &probe->journey;

	probe->decided = true;
	journey->decisive =
	    journey_decide(journey->attempts, journey->attempt_count, probe->plan->all);
	if (journey->decisive != NULL) {
		journey->status = journey->decisive->status;
		journey->stage = journey->decisive->stage;
	}
	if (journey->decisive != NULL &&
	    journey->decisive->source.family !=
	        0) { /* a later walk may have been of the other family */
		probe->sender = senders_find(probe->plan->senders, &journey->decisive->source);
		if (probe->sender->identified)
			note_sender(probe);
	}
	if (journey->status != WALK_REFUSED && journey->status != WALK_DEFERRED &&
	    journey->status != WALK_DROPPED) {
		report(probe);
		return;
	}
	if (probe->sender != NULL && !probe->sender->gathered) {
		senders_await(probe->plan->senders, probe->sender, on_evidence, probe);
		return;
	}
	judge(probe);
	report(probe);
}

static struct attempt *
add_attempt(struct probe *probe, const struct place *place)
{
	struct journey *journey = &probe->journey;
	struct attempt *attempt =
	    arena_push(probe->arena, &journey->attempts, journey->attempt_count, sizeof *attempt);

	journey->attempt_count++;
	attempt->mx = place->host;
	attempt->preference = place->preference;
	attempt->ip = place->ip;
	attempt->port = probe->talk_plan.port;
	attempt->stage = STAGE_CONNECT;
	return attempt;
}

/* An address that is not tried, and why. */
static void
pass_over(struct probe *probe, const struct place *place, enum walk_status status, const char *why)
{
	struct attempt *attempt = add_attempt(probe, place);

	attempt->status = status;
	attempt->detail = why;
}

static void
on_talk_done(void *arg)
{
	struct probe *probe = arg;
	const struct talk_result *result = &probe->talk_result;
	const struct dialogue *d = &result->dialogue;
	struct attempt *attempt = add_attempt(probe, &probe->places[probe->next - 1]);

	probe->talk = NULL;
	attempt->source = result->source;
	attempt->status = attempt_status(d);
	attempt->stage = d->done ? d->reached : d->decisive_stage;
	if (attempt->stage == STAGE_HELO)
		attempt->stage = STAGE_EHLO;
	for (size_t i = 0; i < d->transcript.count; i++)
		if (d->transcript.entries[i].stage == STAGE_GREETING)
			attempt->greeting = d->transcript.entries[i].reply;
	attempt->reply = d->decisive;
	attempt->tls_offered = d->starttls_offered;
	attempt->tls_done = result->tls.done;
	attempt->tls = result->tls;
	attempt->ehlo = d->ehlo;
	attempt->ending = d->ending;
	attempt->detail = d->detail;
	attempt->transcript = d->transcript;
	attempt->ms = result->ms;
	try_next(probe);
}

/* The signatures, each over the message as it was made, and the message behind them. */
static bool
sign(struct probe *probe, const struct buf *text, long long now, struct buf *out, const char **why)
{
	const struct probe_plan *plan = probe->plan;
	const char *at = strrchr(probe->walk.from, '@'),
	           *domain = at != NULL ? at + 1 : probe->walk.helo;

	for (size_t i = 0; i < plan->signer_count; i++)
		if (!dkim_sign(plan->signers[i], domain, text->data, text->len, now, probe->arena,
		        out, why)) {
			*why = arena_printf(probe->arena, "the message cannot be signed: %s", *why);
			return false;
		}
	buf_add(out, text->data, text->len);
	if (out->full)
		*why = "the message is too large";
	return !out->full;
}

/* The message for this walk; false with `*why` when it cannot be made. */
static bool
compose(struct probe *probe, const char **why)
{
	const struct probe_plan *plan = probe->plan;
	struct message_plan message = plan->compose;
	time_t now = (time_t)(loop_wall_ms() / 1000);
	struct tm local;
	struct buf text, whole;
	unsigned line;
	bool good;

	localtime_r(&now, &local);
	message.from = probe->walk.from;
	message.to = probe->walk.rcpt;
	message.helo = probe->walk.helo;
	message.now = now;
	message.zone = (int)(local.tm_gmtoff / 60);
	message.random[0] = loop_random();
	message.random[1] = loop_random();
	buf_init(&text, MESSAGE_MAX);
	buf_init(&whole, MESSAGE_MAX);
	if (plan->message != NULL)
		good = message_from_file(
		    plan->message, plan->message_len, &message, &text, why, &line);
	else
		good = message_compose(&message, &text, why);
	good = good && sign(probe, &text, message.now, &whole, why);
	if (good) {
		probe->walk.message = arena_copy(probe->arena, whole.data, whole.len);
		probe->walk.message_len = whole.len;
	}
	buf_release(&text);
	buf_release(&whole);
	return good;
}

static void
on_identified(void *arg)
{
	walk(arg);
}

/* Walks the address before `next`, once it is known who we are there. */
static void
walk(struct probe *probe)
{
	const struct probe_plan *plan = probe->plan;
	const struct place *place = &probe->places[probe->next - 1];
	struct journey *journey = &probe->journey;
	const char *why;

	if (!probe->sender->identified) {
		senders_await(plan->senders, probe->sender, on_identified, probe);
		return;
	}
	note_sender(probe);
	probe->walk = (struct plan){.helo = journey->helo,
	    .from = journey->from,
	    .rcpt = journey->target.rcpt,
	    .depth = journey->target.depth,
	    .tls = plan->tls_want};
	memcpy(probe->walk.ms, plan->ms, sizeof probe->walk.ms);
	if (probe->walk.depth >= STAGE_RCPT && probe->walk.rcpt == NULL)
		probe->walk.rcpt =
		    arena_printf(probe->arena, "postmaster@%s", journey->target.domain);
	if (probe->walk.depth == STAGE_MESSAGE && !compose(probe, &why)) {
		pass_over(probe, place, WALK_SKIPPED, why);
		decide(probe);
		return;
	}
	probe->talk_plan.base = plan->base;
	probe->talk_plan.tls = plan->tls_want != TLS_NEVER && probe->walk.depth >= STAGE_STARTTLS
	                           ? plan->tls(plan->tls_arg)
	                           : NULL;
	probe->talk_plan.source = probe->source;
	probe->talk_plan.address = place->ip;
	probe->talk_plan.name = place->host;
	probe->talk_plan.must_verify = plan->must_verify;
	probe->talk_plan.plan = &probe->walk;
	probe->talk =
	    talk_start(&probe->talk_plan, probe->arena, &probe->talk_result, on_talk_done, probe);
}

static void
try_next(struct probe *probe)
{
	const struct probe_plan *plan = probe->plan;
	struct journey *journey = &probe->journey;

	while (probe->next < probe->place_count) {
		const struct place *place = &probe->places[probe->next];
		const char *special = ip_special(&place->ip);
		struct ip source = probe->source;
		char text[IP_TEXT];

		if (!plan->all && journey->attempt_count > 0 &&
		    !attempt_is_open(&journey->attempts[journey->attempt_count - 1]))
			break;
		if (!plan->all && journey->attempt_count >= PROBE_ATTEMPTS)
			break;
		probe->next++;
		if (special != NULL && !plan->allow_private) {
			pass_over(probe, place, WALK_SKIPPED,
			    arena_printf(probe->arena,
			        "%s is a %s address, and those are left alone without "
			        "--allow-private",
			        ip_text(&place->ip, text), special));
			continue;
		}
		if (source.family != 0 && source.family != place->ip.family) {
			pass_over(probe, place, WALK_UNREACHABLE,
			    "the source address is of the other family");
			continue;
		}
		if (source.family == 0)
			source = senders_source(&place->ip);
		if (source.family == 0) {
			pass_over(probe, place, WALK_UNREACHABLE,
			    arena_printf(probe->arena, "this host has no IPv%d route to it",
			        place->ip.family));
			continue;
		}
		probe->sender = senders_find(plan->senders, &source);
		walk(probe);
		return;
	}
	journey->untried = probe->place_count - probe->next;
	if (!plan->all && journey->attempt_count > 0 &&
	    !attempt_is_open(&journey->attempts[journey->attempt_count - 1]))
		journey->untried = 0; /* it was decided: nobody misses them */
	decide(probe);
}

/* The journey of --server and of "[host]:port": its addresses, no MX. */
static bool
fixed_step(struct book *book, struct probe *probe)
{
	static const enum dns_type types[] = {DNS_AAAA, DNS_A};
	const char *host = probe->journey.target.host;
	const struct answer *answers[2] = {NULL, NULL};
	struct place place = {.host = host};
	bool pending = false, unknown = false;

	probe->place_count = 0;
	if (ip_parse(&place.ip, host)) {
		*(struct place *)arena_push(
		    probe->arena, &probe->places, probe->place_count++, sizeof place) = place;
		return true;
	}
	for (int i = 0; i < 2; i++)
		if (probe->plan->family == ROUTE_BOTH ||
		    (probe->plan->family == ROUTE_V4) == (types[i] == DNS_A)) {
			answers[i] = book_ask(book, host, types[i]);
			pending |= answers[i] == NULL;
		}
	if (pending)
		return false;
	for (int i = 0; i < 2; i++) {
		for (size_t k = 0; answers[i] != NULL && k < answers[i]->count && k < 16; k++) {
			place.ip = answers[i]->records[k].u.address;
			*(struct place *)arena_push(probe->arena, &probe->places,
			    probe->place_count++, sizeof place) = place;
		}
		if (answers[i] != NULL && answer_truth(answers[i]) == UNKNOWN) {
			unknown = true;
			probe->journey.note = arena_printf(probe->arena, "look-up of %s %s: %s",
			    host, dns_type_name(types[i]), dns_rcode_name(answers[i]->rcode));
		}
	}
	if (probe->place_count > 0) {
		probe->journey.note = NULL;
		return true;
	}
	probe->journey.status = unknown ? WALK_DNS_ERROR : WALK_UNDELIVERABLE;
	if (!unknown)
		probe->journey.note = arena_printf(probe->arena, "%s has no address", host);
	return true;
}

static bool
route_step(struct book *book, void *arg)
{
	struct probe *probe = arg;
	struct journey *journey = &probe->journey;

	if (journey->fixed)
		return fixed_step(book, probe);
	return route_find(book, probe->arena, journey->target.domain, probe->plan->family,
	    probe->seed, &journey->route);
}

static void
take_route(struct probe *probe)
{
	struct journey *journey = &probe->journey;
	const struct route *route = &journey->route;

	for (size_t i = 0; i < route->host_count; i++)
		for (size_t k = 0; k < route->hosts[i].address_count; k++) {
			struct place *place = arena_push(
			    probe->arena, &probe->places, probe->place_count, sizeof *place);

			probe->place_count++;
			*place = (struct place){.host = route->hosts[i].name,
			    .preference = route->hosts[i].preference,
			    .ip = route->hosts[i].addresses[k]};
		}
	if (probe->place_count == 0) {
		journey->status = route_status(route->kind);
		journey->note = route->problem;
	}
}

static void
on_route(bool complete, void *arg)
{
	struct probe *probe = arg;

	probe->consult = NULL;
	if (!complete && probe->place_count == 0 && probe->journey.route.host_count == 0 &&
	    probe->journey.note == NULL && probe->journey.route.problem == NULL) {
		probe->journey.status = WALK_DNS_ERROR;
		probe->journey.note = "the name servers did not answer in time";
		decide(probe);
		return;
	}
	if (!probe->journey.fixed)
		take_route(probe);
	if (probe->place_count == 0) {
		decide(probe);
		return;
	}
	try_next(probe);
}

static void
copy_target(struct probe *probe, const struct target *target)
{
	struct target *own = &probe->journey.target;

	*own = *target;
	own->text = arena_string(probe->arena, target->text);
	own->domain = arena_string(probe->arena, target->domain);
	own->rcpt = arena_string(probe->arena, target->rcpt);
	own->host = arena_string(probe->arena, target->host);
}

struct probe *
probe_start(const struct probe_plan *plan, const struct target *target, const struct ip *source,
    probe_done *done, void *arg)
{
	struct probe *probe = must_alloc(sizeof *probe);

	probe->plan = plan;
	probe->source = probe->journey.source = *source;
	probe->arena = arena_new();
	probe->book = book_new();
	probe->seed = loop_random();
	probe->began = loop_ms();
	probe->done = done;
	probe->arg = arg;
	probe->journey.started = loop_wall_ms();
	copy_target(probe, target);
	probe->journey.fixed = target->host != NULL;
	probe->talk_plan.port = target->port != 0 ? target->port : plan->port;
	probe->consult = consult_start(
	    plan->base, &plan->who, probe->book, route_step, on_route, probe, plan->dns_ms);
	return probe;
}

void
probe_stop(struct probe *probe)
{
	if (probe->consult != NULL)
		consult_cancel(probe->consult);
	if (probe->talk != NULL)
		talk_stop(probe->talk);
	senders_forget(probe->plan->senders, probe);
	if (probe->decided) {
		judge(probe);
		report(probe);
	} else {
		release(probe);
	}
}
