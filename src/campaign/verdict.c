#include "campaign/verdict.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"

/* ---- an attempt */

enum walk_status
verdict_of_dialogue(const struct dialogue *d)
{
	switch (d->ending) {
	case END_CLOSED:
	case END_RESET:
	case END_TIMEOUT:
	case END_STOPPED:
		return WALK_DROPPED;
	case END_NOT_SMTP:
	case END_TOO_LONG:
	case END_FLOOD:
	case END_INJECTED:
	case END_TLS_FAILED:
	case END_TLS_MISSING:
	case END_AUTH_FAILED:
	case END_UNEXPECTED:
		return WALK_BROKEN;
	case END_UNREACHABLE:
		return WALK_UNREACHABLE;
	case END_THIS_HOST:
		return WALK_LOCAL;
	case END_NOT_SENDABLE:
		return WALK_SKIPPED;
	case END_NONE:
	case END_COUNT:
		break;
	}
	if (d->done)
		return WALK_ACCEPTED;
	return d->decisive.code >= 500 ? WALK_REFUSED : WALK_DEFERRED;
}

/* The server may speak TLS well: what its domain publishes is not what it has. */
static bool
is_withheld(const struct attempt *attempt, const struct dialogue *d)
{
	if (attempt->policy == NULL)
		return false;
	return d->ending == END_TLS_MISSING ||
	       (d->ending == END_TLS_FAILED &&
	           (attempt_met(attempt)->words != NULL || attempt_tls(attempt)->problem != NULL));
}

void
verdict_take(struct attempt *attempt, const struct dialogue *d, const struct tls_facts *tls)
{
	attempt->tls = tls;
	attempt->status = is_withheld(attempt, d) ? WALK_WITHHELD : verdict_of_dialogue(d);
	attempt->stage = d->done ? d->reached : d->decisive_stage;
	if (attempt->stage == STAGE_HELO)
		attempt->stage = STAGE_EHLO;
	for (size_t i = 0; i < d->transcript.count; i++)
		if (d->transcript.entries[i].stage == STAGE_GREETING)
			attempt->greeting = d->transcript.entries[i].reply;
	attempt->starttls = d->starttls_reply;
	attempt->reply = d->decisive;
	if (d->ending == END_TLS_MISSING && d->starttls_reply.count > 0) {
		attempt->stage = STAGE_STARTTLS;
		attempt->reply = d->starttls_reply;
	}
	attempt->tls_offered = d->starttls_offered;
	attempt->tls_done = attempt_tls(attempt)->done;
	attempt->ehlo = d->ehlo;
	attempt->ending = d->ending;
	attempt->detail = d->detail;
	attempt->transcript = d->transcript;
	attempt->pipeline_asked = d->plan != NULL && d->plan->pipeline && d->transactions > 0;
	attempt->pipelined = d->pipelined;
	if (d->smuggled != SMUGGLED_NOT_ASKED)
		attempt->raw_eol = d->plan->raw_eol;
	attempt->smuggled = d->smuggled;
	attempt->transaction = d->transactions;
}

bool
verdict_is_refused_greeting(const struct attempt *attempt)
{
	return attempt->status == WALK_REFUSED && attempt->stage == STAGE_GREETING;
}

bool
verdict_is_open(const struct attempt *attempt)
{
	if (verdict_is_refused_greeting(attempt))
		return true;
	if (attempt->status == WALK_ACCEPTED || attempt->status == WALK_REFUSED)
		return false;
	return attempt->stage < STAGE_MAIL;
}

enum walk_status
verdict_of_route(enum route_kind kind)
{
	switch (kind) {
	case ROUTE_DNS_ERROR:
		return WALK_DNS_ERROR;
	case ROUTE_NULL_MX:
	case ROUTE_NO_DOMAIN:
	case ROUTE_NO_ADDRESS:
		return WALK_UNDELIVERABLE;
	case ROUTE_OTHER_FAMILY: /* we were told not to ask it */
		return WALK_LOCAL;
	case ROUTE_MX:
	case ROUTE_IMPLICIT:
	case ROUTE_FIXED:
		break;
	}
	return WALK_UNREACHABLE;
}

/* ---- all of them */

/* Until one answers, acceptance and refusal end the search, so they decide. Walked all: what may
 * happen to mail. */
enum { BELOW_DEFERRED = 7 };
static const int best_first[WALK_COUNT] = {[WALK_ACCEPTED] = 10,
    [WALK_REFUSED] = 9,
    [WALK_DEFERRED] = 8,
    [WALK_DROPPED] = 6,
    [WALK_BROKEN] = 5,
    [WALK_WITHHELD] = 4,
    [WALK_UNREACHABLE] = 3,
    [WALK_LOCAL] = 2,
    [WALK_SKIPPED] = 1};
static const int worst_first[WALK_COUNT] = {[WALK_REFUSED] = 10,
    [WALK_DEFERRED] = 9,
    [WALK_WITHHELD] = 8,
    [WALK_BROKEN] = 7,
    [WALK_DROPPED] = 6,
    [WALK_ACCEPTED] = 5,
    [WALK_UNREACHABLE] = 3,
    [WALK_LOCAL] = 2,
    [WALK_SKIPPED] = 1};

/* A greeting of 5yz is one host's: while another says "later", mail waits for that one. */
static int
loudness(const struct attempt *attempt, bool all)
{
	if (all)
		return worst_first[attempt->status];
	return verdict_is_refused_greeting(attempt) ? BELOW_DEFERRED : best_first[attempt->status];
}

/* The earlier of equals; but what a host says past its greeting says more than the greeting of
 * another. */
static bool
speaks_louder(const struct attempt *a, const struct attempt *b, bool all)
{
	if (loudness(a, all) != loudness(b, all))
		return loudness(a, all) > loudness(b, all);
	return verdict_is_refused_greeting(b) && !verdict_is_refused_greeting(a);
}

const struct attempt *
verdict_decisive(const struct attempt *attempts, size_t count, bool all)
{
	const struct attempt *best = NULL;

	for (size_t i = 0; i < count; i++)
		if (best == NULL || speaks_louder(&attempts[i], best, all))
			best = &attempts[i];
	return best;
}

static const struct attempt *
refused_beside(const struct journey *journey)
{
	for (size_t i = 0; i < journey->attempt_count; i++)
		if (&journey->attempts[i] != journey->decisive &&
		    verdict_is_refused_greeting(&journey->attempts[i]))
			return &journey->attempts[i];
	return NULL;
}

/* The last stage in which we asked something and got a whole answer. */
enum stage
verdict_last_asked(const struct attempt *attempt)
{
	enum stage last = STAGE_NONE;

	if (attempt->shared_from != NULL)
		return attempt->asked;
	for (size_t i = 0; i < attempt->transcript.count; i++) {
		const struct transcript_entry *entry = &attempt->transcript.entries[i];
		bool answered = entry->reply.count > 0 || entry->stage == STAGE_CONNECT ||
		                (entry->stage == STAGE_HANDSHAKE && attempt->tls_done);

		if (answered && entry->stage != STAGE_QUIT && entry->stage > last &&
		    attempt->ending != END_UNREACHABLE)
			last = entry->stage;
	}
	return last == STAGE_HELO ? STAGE_EHLO : last;
}

/* RFC 5321 section 4.5.3.2.6, RFC 1047: nobody knows whether it was taken. */
static bool
any_uncertain(const struct journey *journey)
{
	for (size_t i = 0; i < journey->attempt_count; i++)
		if (journey->attempts[i].uncertain)
			return true;
	return false;
}

bool
verdict_reach(struct journey *journey, bool all)
{
	const struct attempt *decisive =
	    verdict_decisive(journey->attempts, journey->attempt_count, all);

	journey->decisive = decisive;
	if (decisive != NULL) {
		journey->status = decisive->status;
		journey->stage = decisive->stage;
		journey->asked = verdict_last_asked(decisive);
	}
	journey->refusal = refused_beside(journey);
	journey->uncertain = any_uncertain(journey);
	return journey->refusal != NULL || journey->status == WALK_REFUSED ||
	       journey->status == WALK_DEFERRED || journey->status == WALK_DROPPED;
}

/* ---- why */

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
add_evidence(struct diagnosis *d, struct arena *arena, const char *sentence)
{
	arena_push(arena, &d->evidence, d->evidence_count, sizeof *d->evidence);
	memmove(d->evidence + 1, d->evidence, d->evidence_count++ * sizeof *d->evidence);
	d->evidence[0] = sentence;
}

static const char *
size_words(const struct verdict_facts *facts, const struct ehlo *ehlo)
{
	if (ehlo->size_offered && ehlo->size > 0)
		return arena_printf(facts->arena,
		    "This message has %zu octets; the EHLO reply allows %llu.", facts->message_len,
		    ehlo->size);
	return arena_printf(facts->arena,
	    "This message has %zu octets; the EHLO reply names no limit.", facts->message_len);
}

/* Fewer connections in a minute than these are nobody's haste. */
enum { HASTE_LEAST = 3 };

/* Too many connections of this run are no word on the sender, whatever the reply says. */
static void
blame_haste(const struct attempt *attempt, const struct verdict_facts *facts, struct diagnosis *out)
{
	const struct remedy *remedy = remedies_of(facts->remedies, FACT_OWN_HASTE);

	if (out->cause == CAUSE_UNKNOWN)
		out->basis = BASIS_INFERRED;
	out->cause = CAUSE_RATE_LIMIT;
	out->who = WHO_NOBODY;
	out->advice = remedy->what;
	out->url = NULL;
	add_evidence(out, facts->arena, remedy->why);
	add_evidence(out, facts->arena,
	    arena_printf(facts->arena,
	        "mxwalk itself had begun %u connections to this site within a minute.",
	        attempt->haste));
}

/* What a reply to AUTH says of the login, by its code, where its words say no more (RFC 4954
 * section 6); CAUSE_UNKNOWN: they do. */
static enum cause
login_cause(int code, enum cause read, enum fact_id *fact)
{
	bool later = code / 100 == 4 && code != 432;

	if (read == CAUSE_PROTOCOL) {
		*fact = FACT_LOGIN_UNKNOWN;
		return CAUSE_PROTOCOL;
	}
	if (read != CAUSE_UNKNOWN && read != CAUSE_AUTH_REQUIRED)
		return CAUSE_UNKNOWN;
	*fact = later ? FACT_LOGIN_LATER : FACT_LOGIN_REFUSED;
	return later ? CAUSE_SYSTEM_ERROR : CAUSE_AUTH_REQUIRED;
}

/* What the DNS shows of the sender has no part in it. */
static void
judge_login(const struct attempt *attempt, const struct verdict_facts *facts, struct diagnosis *out)
{
	const struct remedy *remedy;
	enum cause cause;
	enum fact_id fact;

	if (attempt->stage != STAGE_AUTH || attempt->reply.count == 0)
		return;
	cause = login_cause(attempt->reply.code, out->cause, &fact);
	if (cause == CAUSE_UNKNOWN)
		return;
	remedy = remedies_of(facts->remedies, fact);
	*out = (struct diagnosis){.cause = cause,
	    .basis = BASIS_STATED,
	    .rule = out->rule,
	    .who = remedy->who,
	    .advice = remedy->advice};
	add_evidence(out, facts->arena, remedy->why);
}

static void
judge_attempt(const struct journey *journey, const struct attempt *attempt,
    const struct verdict_facts *facts, struct diagnosis *out)
{
	struct reading reading;
	struct said said = {.stage = attempt->stage,
	    .code = attempt->reply.code,
	    .enhanced = attempt->reply.enhanced,
	    .mx = attempt->mx,
	    .client = facts->evidence != NULL ? facts->evidence->ip : attempt->source};

	if (attempt->reply.count > 0) {
		said.text = whole_text(facts->arena, &attempt->reply, &said.len);
		said.greeting = attempt->greeting.count > 0 ? attempt->greeting.text : NULL;
		rules_read(facts->rules, &said, facts->arena, &reading);
	}
	diagnose(&(struct diagnosis_query){.remedies = facts->remedies,
	             .reading = attempt->reply.count > 0 ? &reading : NULL,
	             .sender = facts->evidence,
	             .end = attempt->ending == END_STOPPED   ? REPLY_IS_LEFT
	                    : attempt->ending == END_TIMEOUT ? REPLY_IS_LATE
	                    : attempt->ending == END_NONE    ? REPLY_IS_WHOLE
	                                                     : REPLY_IS_LOST,
	             .stage = attempt->stage,
	             .setting = {.client = said.client,
	                 .domain = journey->target.domain,
	                 .recipient = facts->recipient}},
	    facts->arena, out);
	if (out->cause == CAUSE_MESSAGE_SIZE && facts->message_len > 0)
		add_evidence(out, facts->arena, size_words(facts, &attempt->ehlo));
	judge_login(attempt, facts, out);
	if (facts->no_evidence != NULL && attempt->stage != STAGE_AUTH)
		add_evidence(out, facts->arena, facts->no_evidence);
	if (attempt->haste >= HASTE_LEAST)
		blame_haste(attempt, facts, out);
}

void
verdict_judge(struct journey *journey, const struct verdict_facts *facts)
{
	if (journey->status == WALK_REFUSED || journey->status == WALK_DEFERRED ||
	    journey->status == WALK_DROPPED) {
		judge_attempt(journey, journey->decisive, facts, &journey->diagnosis);
		journey->diagnosed = true;
	}
	if (journey->refusal != NULL) {
		struct diagnosis *why = arena_alloc(facts->arena, sizeof *why);

		judge_attempt(journey, journey->refusal, facts, why);
		journey->refusal_diagnosis = why;
	}
}

/* ---- what MTA-STS makes of it */

static struct sts_met
met_by(const struct attempt *attempt)
{
	struct sts_met met = {.mx = attempt->mx,
	    .offered = attempt->tls_offered && attempt->starttls.count == 0,
	    .done = attempt->tls_done,
	    .verify = attempt_tls(attempt)->verify,
	    .names = attempt_tls(attempt)->name_count};

	for (size_t i = 0; i < attempt->transcript.count; i++) {
		const struct transcript_entry *entry = &attempt->transcript.entries[i];

		met.told |= (entry->stage == STAGE_EHLO || entry->stage == STAGE_HELO) &&
		            entry->reply.code / 100 == 2;
		met.tried |= entry->stage == STAGE_HANDSHAKE;
	}
	return met;
}

void
verdict_policy(struct journey *journey, const struct mta_sts *sts, struct arena *arena)
{
	struct mta_sts *own = arena_alloc(arena, sizeof *own);

	sts_share(own, sts, arena);
	sts_match(own, &journey->route, arena);
	journey->sts = own;
	for (size_t i = 0; i < journey->attempt_count; i++) {
		struct attempt *attempt = &journey->attempts[i];
		const struct sts_met met = met_by(attempt);

		attempt->sts = sts_effect(own, &met, &attempt->sts_word);
	}
}

/* ---- what to do where no reply decided */

static enum fact_id
end_of_route(enum route_kind kind)
{
	static const enum fact_id ends[] = {[ROUTE_NULL_MX] = FACT_NULL_MX,
	    [ROUTE_NO_DOMAIN] = FACT_NO_DOMAIN,
	    [ROUTE_NO_ADDRESS] = FACT_NO_ADDRESS};

	return (size_t)kind < sizeof ends / sizeof *ends ? ends[kind] : FACT_NONE;
}

/* Endings and statuses are facts by their names. */
static enum fact_id
end_of(const struct journey *journey)
{
	const struct attempt *decisive = journey->decisive;
	const char *ending = decisive != NULL && decisive->ending != END_NONE
	                         ? ending_name(decisive->ending)
	                         : NULL,
	           *status = walk_status_name(journey->status);
	enum fact_id id = FACT_NONE;

	if (journey->status == WALK_WITHHELD)
		id = FACT_WITHHELD;
	if (journey->status == WALK_UNDELIVERABLE)
		id = end_of_route(journey->route.kind);
	if (id == FACT_NONE && ending != NULL)
		id = fact_named(ending, strlen(ending));
	return id != FACT_NONE ? id : fact_named(status, strlen(status));
}

void
verdict_remedy(struct journey *journey, const struct remedies *remedies, struct arena *arena)
{
	const struct attempt *decisive = journey->decisive;
	const char *words = decisive != NULL ? decisive->detail : journey->note;
	const struct values values = {.of = {[VALUE_DOMAIN] = journey->target.domain,
	                                  [VALUE_NAME] = decisive != NULL ? decisive->mx : NULL}};
	const struct remedy *remedy;
	enum fact_id id;

	if (journey->status == WALK_ACCEPTED || journey->diagnosed || journey->excused)
		return;
	id = end_of(journey);
	if (id == FACT_NONE)
		return;
	remedy = remedies_of_end(remedies, id, words);
	journey->remedy = (struct ending_remedy){.id = remedy->id,
	    .what = remedy_fill(remedy->what, &values, arena),
	    .who = remedy->who,
	    .advice = remedy_fill(remedy->advice, &values, arena)};
}
