/* Reports on TLS as RFC 8460 has them: a JSON document a line, one for each recipient domain. Every
 * walk is a session, and all of them count, not only the last of a target. */
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "report/ledger.h"
#include "report/ndjson_fields.h"
#include "report/report.h"

enum { LINES_MAX = 200, DAY_MS = 24 * 60 * 60 * 1000 };

struct tlsrpt_detail {
	const char *result_type, *mx, *reason; /* reason: NULL: none */
	struct ip sender, receiver;
	unsigned long sessions;
	struct tlsrpt_detail *next;
};

struct tlsrpt_policy {
	const char *type; /* static: "tlsa" "sts" "no-policy-found" */
	const char *domain; /* of tlsa the base domain */
	const char *const *strings, *const *patterns;
	size_t string_count, pattern_count;
	unsigned long good, bad;
	struct tlsrpt_detail *details;
	struct tlsrpt_policy *next;
};

struct report_tlsrpt { /* a recipient domain */
	const char *domain, *helo, *from;
	int64_t first, last; /* when its walks began */
	struct tlsrpt_policy *policies;
};

/* ---- what a session came to */

enum tlsrpt_outcome { SKIPPED, GOOD, BAD };

struct tlsrpt_session {
	const struct journey *journey;
	const struct attempt *attempt;
	struct tlsrpt_policy *policy;
	enum tlsrpt_outcome outcome;
	const char *word; /* of BAD */
};

static const char *const *
dane_strings(const struct dane *dane, struct arena *arena)
{
	const char **strings = arena_alloc(arena, (dane->record_count + 1) * sizeof *strings);

	for (size_t i = 0; i < dane->record_count; i++)
		strings[i] = dane_record_text(&dane->records[i], arena);
	return strings;
}

static const char *const *
sts_strings(const struct mta_sts *sts, size_t *count, struct arena *arena)
{
	struct slice rest = {sts->fetched.body, sts->fetched.len}, line;
	const char **strings = arena_alloc(arena, LINES_MAX * sizeof *strings);

	*count = 0;
	while (*count < LINES_MAX && slice_line(&rest, &line))
		strings[(*count)++] = slice_copy(line, arena);
	return strings;
}

static struct tlsrpt_policy *
find_policy(struct report_tlsrpt *of, const char *type, const char *domain, struct arena *arena,
    bool *fresh)
{
	struct tlsrpt_policy **at = &of->policies;

	while (
	    *at != NULL && (strcmp((*at)->type, type) != 0 || strcmp((*at)->domain, domain) != 0))
		at = &(*at)->next;
	*fresh = *at == NULL;
	if (*fresh) {
		*at = arena_alloc(arena, sizeof **at);
		(*at)->type = type;
		(*at)->domain = domain == of->domain ? domain : arena_string(arena, domain);
	}
	return *at;
}

static void
by_dane(struct tlsrpt_session *session, struct report_tlsrpt *of, struct arena *arena)
{
	const struct dane *dane = session->attempt->dane;
	const struct dane_meeting meeting = attempt_meeting(session->attempt);
	enum dane_effect effect = dane_sender(&meeting, &session->word);
	bool fresh;

	session->policy = find_policy(
	    of, "tlsa", dane->base != NULL ? dane->base : session->attempt->mx, arena, &fresh);
	if (fresh) {
		session->policy->strings = dane_strings(dane, arena);
		session->policy->string_count = dane->record_count;
	}
	session->outcome = effect == EFFECT_DEFER ? BAD : effect == EFFECT_UNKNOWN ? SKIPPED : GOOD;
	if (session->outcome == BAD && session->word == NULL)
		session->word = "validation-failure";
}

static void
copy_patterns(struct tlsrpt_policy *policy, const struct sts_policy *from, struct arena *arena)
{
	const char **patterns = arena_alloc(arena, (from->mx_count + 1) * sizeof *patterns);

	for (size_t i = 0; i < from->mx_count; i++)
		patterns[i] = arena_string(arena, from->mx[i]);
	policy->patterns = patterns;
	policy->pattern_count = from->mx_count;
}

static void
by_sts(struct tlsrpt_session *session, struct report_tlsrpt *of, struct arena *arena)
{
	const struct mta_sts *sts = session->journey->sts;
	bool fresh;

	session->policy = find_policy(of, "sts", of->domain, arena, &fresh);
	if (fresh && sts->state == STS_HELD) {
		session->policy->strings = sts_strings(sts, &session->policy->string_count, arena);
		copy_patterns(session->policy, &sts->policy, arena);
	}
	if (sts->state != STS_HELD) {
		session->outcome = BAD;
		session->word = sts->result_type;
		return;
	}
	session->outcome = session->attempt->sts == STS_DELIVERS  ? GOOD
	                   : session->attempt->sts == STS_REFUSES ? BAD
	                                                          : SKIPPED;
	session->word = session->attempt->sts_word;
}

/* Withheld before a connection, by --tls-level dane-only: there is nothing to go by. */
static bool
is_dane_required(const struct attempt *attempt)
{
	return attempt->status == WALK_WITHHELD && attempt->stage == STAGE_CONNECT &&
	       attempt->policy != NULL && strcmp(attempt->policy, "dane") == 0 &&
	       attempt->dane != NULL &&
	       (attempt->dane->state == DANE_NONE || attempt->dane->state == DANE_UNUSABLE ||
	           attempt->dane->state == DANE_INSECURE_MX ||
	           attempt->dane->state == DANE_NOT_APPLICABLE);
}

static void
by_requirement(struct tlsrpt_session *session, struct report_tlsrpt *of, struct arena *arena)
{
	bool fresh;

	session->policy = find_policy(of, "no-policy-found", of->domain, arena, &fresh);
	session->outcome = BAD;
	session->word = "dane-required";
}

/* TLS where it is offered, whoever is there. */
static void
by_none(struct tlsrpt_session *session, struct report_tlsrpt *of, struct arena *arena)
{
	const struct dane_meeting meeting = attempt_meeting(session->attempt);
	bool tried = attempt_tls(session->attempt)->error != NULL, fresh;

	session->policy = find_policy(of, "no-policy-found", of->domain, arena, &fresh);
	session->outcome = meeting.done                                    ? GOOD
	                   : meeting.offered && !meeting.refused && !tried ? SKIPPED
	                                                                   : BAD;
	session->word = tried ? "validation-failure" : "starttls-not-supported";
}

static bool
has_dane(const struct attempt *attempt)
{
	return attempt->dane != NULL &&
	       (attempt->dane->state == DANE_USABLE || attempt->dane->state == DANE_UNUSABLE ||
	           (attempt->dane->state == DANE_LOOKUP_FAILED && !attempt->dane->unanswered));
}

static bool
has_sts(const struct mta_sts *sts)
{
	return sts != NULL && (sts->result_type != NULL ||
	                          (sts->state == STS_HELD && sts->policy.mode != STS_MODE_NONE));
}

/* ---- counting */

static const char *
reason_of(const struct tlsrpt_session *session)
{
	const struct tls_facts *tls = attempt_tls(session->attempt);

	if (strcmp(session->word, "mx-not-in-policy") == 0)
		return session->word;
	if (strcmp(session->policy->type, "sts") == 0 && session->journey->sts->result_type != NULL)
		return sts_fetch_name(session->journey->sts->fetched.how);
	return tls->fault_count > 0 ? tls->faults[0].reason : tls->error;
}

static void
add_detail(struct tlsrpt_session *session, struct arena *arena)
{
	const struct attempt *attempt = session->attempt;
	const char *reason = reason_of(session),
	           *word = strcmp(session->word, "mx-not-in-policy") == 0 ? "validation-failure"
	                                                                  : session->word;
	struct tlsrpt_detail **at = &session->policy->details;

	for (; *at != NULL; at = &(*at)->next)
		if (strcmp((*at)->result_type, word) == 0 && strcmp((*at)->mx, attempt->mx) == 0 &&
		    ip_equal(&(*at)->sender, &attempt->source) &&
		    ip_equal(&(*at)->receiver, &attempt->ip)) {
			(*at)->sessions++;
			return;
		}
	*at = arena_alloc(arena, sizeof **at);
	**at = (struct tlsrpt_detail){.result_type = arena_string(arena, word),
	    .mx = arena_string(arena, attempt->mx),
	    .reason = arena_string(arena, reason),
	    .sender = attempt->source,
	    .receiver = attempt->ip,
	    .sessions = 1};
}

static void
take_attempt(
    struct report *report, struct report_tlsrpt *of, const struct journey *journey, size_t i)
{
	struct tlsrpt_session session = {.journey = journey, .attempt = &journey->attempts[i]};

	if (is_dane_required(session.attempt))
		by_requirement(&session, of, report->arena);
	else if (has_dane(session.attempt))
		by_dane(&session, of, report->arena);
	else if (has_sts(journey->sts))
		by_sts(&session, of, report->arena);
	else if (attempt_meeting(session.attempt).asked ||
	         attempt_tls(session.attempt)->error != NULL)
		by_none(&session, of, report->arena);
	if (session.outcome == GOOD)
		session.policy->good++;
	if (session.outcome != BAD)
		return;
	session.policy->bad++;
	add_detail(&session, report->arena);
}

static struct report_tlsrpt *
find_domain(struct report *report, const char *domain)
{
	bool fresh;
	uint64_t *place = ledger_note(report->once, ledger_key(0, slice_of(domain)), &fresh);
	struct report_tlsrpt *new;

	if (!fresh)
		return &report->tlsrpt[*place];
	*place = report->tlsrpt_count;
	new = arena_push(
	    report->arena, &report->tlsrpt, report->tlsrpt_count++, sizeof *report->tlsrpt);
	new->domain = arena_string(report->arena, domain);
	return new;
}

/* Most domains are walked by one sender: his names are kept once. */
static void
take_sender(struct report *report, struct report_tlsrpt *of, const struct journey *journey)
{
	const struct report_tlsrpt *before = of > report->tlsrpt ? of - 1 : of;

	if (before->helo != NULL && strcmp(before->helo, journey->helo) == 0 &&
	    strcmp(before->from, journey->from) == 0) {
		of->helo = before->helo;
		of->from = before->from;
		return;
	}
	of->helo = arena_string(report->arena, journey->helo);
	of->from = arena_string(report->arena, journey->from);
}

static void
take_result(struct report *report, const struct journey *journey)
{
	struct report_tlsrpt *of;

	if (journey->target.domain == NULL || journey->attempt_count == 0)
		return;
	of = find_domain(report, journey->target.domain);
	if (of->first == 0 || journey->started < of->first)
		of->first = journey->started;
	if (journey->started > of->last)
		of->last = journey->started;
	if (of->helo == NULL && journey->helo != NULL && journey->from != NULL)
		take_sender(report, of, journey);
	for (size_t i = 0; i < journey->attempt_count; i++)
		take_attempt(report, of, journey, i);
}

/* ---- telling */

static void
put_detail(struct json *json, const struct tlsrpt_detail *detail)
{
	char text[IP_TEXT];

	json_object_begin(json, NULL);
	json_cstring(json, "result-type", detail->result_type);
	json_text(json, "sending-mta-ip", ip_text(&detail->sender, text));
	json_cstring(json, "receiving-mx-hostname", detail->mx);
	json_text(json, "receiving-ip", ip_text(&detail->receiver, text));
	json_number(json, "failed-session-count", (long long)detail->sessions);
	json_text(json, "failure-reason-code", detail->reason);
	json_object_end(json);
}

static void
put_policy(struct json *json, const struct tlsrpt_policy *policy)
{
	json_object_begin(json, NULL);
	json_object_begin(json, "policy");
	json_cstring(json, "policy-type", policy->type);
	json_strings(json, "policy-string", policy->strings, policy->string_count);
	json_cstring(json, "policy-domain", policy->domain);
	if (policy->pattern_count > 0)
		json_strings(json, "mx-host", policy->patterns, policy->pattern_count);
	json_object_end(json);
	json_object_begin(json, "summary");
	json_number(json, "total-successful-session-count", (long long)policy->good);
	json_number(json, "total-failure-session-count", (long long)policy->bad);
	json_object_end(json);
	json_array_begin(json, "failure-details");
	for (const struct tlsrpt_detail *detail = policy->details; detail != NULL;
	     detail = detail->next)
		put_detail(json, detail);
	json_array_end(json);
	json_object_end(json);
}

/* Whole days of UTC. */
static void
put_range(struct json *json, const struct report_tlsrpt *of)
{
	json_object_begin(json, "date-range");
	record_time(json, "start-datetime", of->first - of->first % DAY_MS);
	record_time(json, "end-datetime", of->last - of->last % DAY_MS + DAY_MS - 1);
	json_object_end(json);
}

static void
put_document(struct report *report, const struct report_tlsrpt *of)
{
	struct arena *arena = report->line;
	const char *helo = of->helo != NULL ? of->helo : "localhost",
	           *from = of->from != NULL && *of->from != '\0'
	                       ? of->from
	                       : arena_printf(arena, "postmaster@%s", helo);
	struct json json;

	json_start(&json, &report->out);
	json_object_begin(&json, NULL);
	json_cstring(&json, "organization-name", helo);
	put_range(&json, of);
	json_cstring(&json, "contact-info", from);
	json_cstring(&json, "report-id",
	    arena_printf(arena, "%lld.%s@%s", (long long)of->first, of->domain, helo));
	json_array_begin(&json, "policies");
	for (const struct tlsrpt_policy *p = of->policies; p != NULL; p = p->next)
		if (p->good + p->bad > 0)
			put_policy(&json, p);
	json_array_end(&json);
	json_object_end(&json);
	buf_putc(&report->out, '\n');
}

static bool
has_sessions(const struct report_tlsrpt *of)
{
	for (const struct tlsrpt_policy *p = of->policies; p != NULL; p = p->next)
		if (p->good + p->bad > 0)
			return true;
	return false;
}

static void
finish(struct report *report)
{
	const struct report_tlsrpt *known = report->tlsrpt;
	size_t at = 0;

	while (at < report->tlsrpt_count && known[at].helo == NULL)
		at++;
	for (size_t i = 0; i < report->tlsrpt_count; i++) {
		arena_reset(report->line);
		if (report->tlsrpt[i].helo == NULL && at < report->tlsrpt_count) {
			report->tlsrpt[i].helo = known[at].helo;
			report->tlsrpt[i].from = known[at].from;
		}
		if (has_sessions(&report->tlsrpt[i]))
			put_document(report, &report->tlsrpt[i]);
		report_flush(report);
	}
}

const struct report_format report_tlsrpt = {.result = take_result, .finish = finish};
