#include "evidence/mta_sts.h"

#include <string.h>

#include "auth/alias.h"
#include "auth/near_miss.h"
#include "base/arena.h"
#include "dns/book.h"
#include "dns/name.h"
#include "evidence/route.h"
#include "evidence/tls_rpt.h"

enum {
	QUOTE_MAX = 120,
	DAY = 86400, /* seconds */
	WEEK = 7 * DAY,
	NAMES_SHOWN = 5,
};

static const char fetch_error[] = "sts-policy-fetch-error", invalid[] = "sts-policy-invalid",
                  webpki[] = "sts-webpki-invalid";

static const struct fetch_row {
	const char *name;
	const char *result_type;
	const char *means; /* before the detail, if there is one */
} fetches[STS_FETCH_COUNT] = {
    [STS_FETCHED] = {"ok", NULL, ""},
    [STS_FETCH_STATUS] = {"http-status", fetch_error, "it answers with a status other than 200"},
    [STS_FETCH_REDIRECT] = {"redirect", fetch_error,
        "it redirects, and a redirect must not be followed"},
    [STS_FETCH_TOO_LARGE] = {"too-large", fetch_error, "it is longer than 64 KiB"},
    [STS_FETCH_CUT] = {"cut-short", fetch_error, "it ended before its time"},
    [STS_FETCH_NO_ADDRESS] = {"no-address", fetch_error, "its host has no address"},
    [STS_FETCH_PRIVATE] = {"private-address", fetch_error,
        "its host has only addresses that nobody can reach from outside"},
    [STS_FETCH_CONNECT] = {"unreachable", fetch_error, "its host cannot be connected to"},
    [STS_FETCH_TIMEOUT] = {"timeout", fetch_error, "it did not come in time"},
    [STS_FETCH_TLS] = {"tls-failed", fetch_error, "no TLS came about"},
    [STS_FETCH_CERTIFICATE] = {"certificate", webpki, "the certificate of its host is not valid"},
    [STS_FETCH_PROTOCOL] = {"not-http", fetch_error, "what came is not HTTP"},
    [STS_FETCH_LOCAL] = {"local", NULL, "it was not fetched"},
};

const char *
sts_fetch_name(enum sts_fetch fetch)
{
	return fetches[fetch].name;
}

bool
sts_fetch_named(const char *name, enum sts_fetch *fetch)
{
	for (int i = 0; i < STS_FETCH_COUNT; i++)
		if (strcmp(fetches[i].name, name) == 0) {
			*fetch = (enum sts_fetch)i;
			return true;
		}
	return false;
}

const char *
sts_state_name(enum sts_state state)
{
	static const char *const names[STS_STATE_COUNT] = {
	    [STS_UNASKED] = "not-asked",
	    [STS_ABSENT] = "none",
	    [STS_UNKNOWN] = "unknown",
	    [STS_RECORD_BAD] = "record-invalid",
	    [STS_TO_FETCH] = "not-fetched",
	    [STS_FETCH_FAILED] = "fetch-failed",
	    [STS_POLICY_BAD] = "policy-invalid",
	    [STS_HELD] = "valid",
	};

	return names[state];
}

static void
conclude(struct mta_sts *sts, enum sts_state state, const char *result_type, const char *problem)
{
	sts->state = state;
	sts->result_type = result_type;
	sts->problem = problem;
}

/* ---- the record */

static struct slice
text_of(const struct dns_record *record)
{
	return (struct slice){record->u.txt.joined.bytes, record->u.txt.joined.len};
}

static const char *
quoted(struct slice text, struct arena *arena)
{
	return near_quote(text, QUOTE_MAX, arena);
}

static const char *
why_absent(const struct answer *txt, struct arena *arena)
{
	const char *why = alias_gone(txt, arena);

	for (size_t i = 0; i < txt->count && why == NULL; i++) {
		struct slice text = text_of(&txt->records[i]);
		const char *near = near_miss(text, NEAR_STS);

		if (near != NULL)
			why = arena_printf(arena,
			    "\"%s\" is no MTA-STS record: %s; it must begin with \"v=STSv1;\"",
			    quoted(text, arena), near);
	}
	return why;
}

static bool
read_record(const struct answer *txt, struct arena *arena, struct mta_sts *out)
{
	const struct dns_record *only = NULL;
	size_t found = 0;
	const char *why;

	for (size_t i = 0; i < txt->count; i++)
		if (sts_record_is(text_of(&txt->records[i])) && found++ == 0)
			only = &txt->records[i];
	if (found == 0) {
		conclude(out, STS_ABSENT, NULL, why_absent(txt, arena));
		return false;
	}
	out->record_len = only->u.txt.joined.len;
	out->record = arena_copy(arena, only->u.txt.joined.bytes, out->record_len);
	if (found > 1) {
		conclude(out, STS_RECORD_BAD, invalid,
		    arena_printf(arena,
		        "there are %zu records that begin with \"v=STSv1;\", and senders take "
		        "that for none",
		        found));
		return false;
	}
	why = sts_record_parse(text_of(only), arena, out->id);
	if (why == NULL)
		return true;
	conclude(out, STS_RECORD_BAD, invalid,
	    arena_printf(arena, "the record \"%s\" is not valid: %s; senders take that for none",
	        quoted(text_of(only), arena), why));
	out->id[0] = '\0';
	return false;
}

/* ---- the policy host */

static void
add_addresses(
    const struct answer *answer, bool allow_private, size_t *left_alone, struct mta_sts *out)
{
	for (size_t i = 0; i < answer->count; i++) {
		const struct ip *ip = &answer->records[i].u.address;

		if (!allow_private && ip_special(ip) != NULL)
			++*left_alone;
		else if (out->address_count < STS_ADDRESSES_MAX)
			out->addresses[out->address_count++] = *ip;
	}
}

static void
fail(struct mta_sts *out, enum sts_fetch how, const char *detail, struct arena *arena)
{
	sts_take(out, &(struct sts_fetched){.how = how, .detail = detail}, arena);
}

/* There is nobody to ask. */
static void
no_address(
    const struct answer *answers[2], size_t left_alone, struct arena *arena, struct mta_sts *out)
{
	const struct answer *bad = NULL;
	const char *alias = alias_gone(answers[0], arena);

	for (int i = 0; i < 2; i++)
		if (answer_truth(answers[i]) == UNKNOWN)
			bad = answers[i];
	if (left_alone > 0)
		fail(out, STS_FETCH_PRIVATE, NULL, arena);
	else if (bad != NULL)
		conclude(out, STS_UNKNOWN, NULL,
		    arena_printf(arena, "the address of %s is not known: %s", out->host,
		        dns_rcode_name(bad->rcode)));
	else
		fail(out, STS_FETCH_NO_ADDRESS,
		    alias != NULL                       ? alias
		    : answers[0]->rcode == DNS_NXDOMAIN ? "there is no such name"
		                                        : NULL,
		    arena);
}

static bool
find_host(struct book *book, struct arena *arena, bool allow_private, struct mta_sts *out)
{
	const struct answer *answers[2] = {
	    book_ask(book, out->host, DNS_A), book_ask(book, out->host, DNS_AAAA)};
	size_t left_alone = 0;

	if (answers[0] == NULL || answers[1] == NULL)
		return false;
	for (int i = 0; i < 2; i++)
		add_addresses(answers[i], allow_private, &left_alone, out);
	if (out->address_count > 0)
		out->state = STS_TO_FETCH;
	else
		no_address(answers, left_alone, arena, out);
	return true;
}

bool
sts_look_up(struct book *book, struct arena *arena, const char *domain, bool allow_private,
    struct mta_sts *out)
{
	const struct answer *txt =
	    book_ask(book, arena_printf(arena, "_mta-sts.%s", domain), DNS_TXT);

	*out = (struct mta_sts){.domain = arena_string(arena, domain)};
	if (txt == NULL)
		return false;
	out->server = arena_string(arena, txt->server);
	out->ttl = txt->ttl;
	out->host = arena_printf(arena, "mta-sts.%s", domain);
	if (answer_truth(txt) == UNKNOWN) {
		conclude(out, STS_UNKNOWN, NULL,
		    arena_printf(arena, "the record is not known: %s%s%s",
		        dns_rcode_name(txt->rcode), txt->server != NULL ? " from " : "",
		        txt->server != NULL ? txt->server : ""));
		return true;
	}
	return !read_record(txt, arena, out) || find_host(book, arena, allow_private, out);
}

/* ---- the policy */

static void
copy_fetched(struct mta_sts *sts, const struct sts_fetched *fetched, struct arena *arena)
{
	sts->fetched = *fetched;
	sts->fetched.detail = arena_string(arena, fetched->detail);
	sts->fetched.fault = arena_string(arena, fetched->fault);
	sts->fetched.type = arena_string(arena, fetched->type);
	if (fetched->body != NULL)
		sts->fetched.body = arena_copy(arena, fetched->body, fetched->len);
}

/* Of a duration the largest unit that says it well. */
static const char *
span(unsigned long seconds, struct arena *arena)
{
	static const struct {
		unsigned long seconds;
		const char *name;
	} units[] = {{DAY, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};

	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (seconds >= units[i].seconds && seconds % units[i].seconds == 0)
			return arena_printf(arena, "%lu %s%s", seconds / units[i].seconds,
			    units[i].name, seconds == units[i].seconds ? "" : "s");
	return arena_printf(arena, "%lu seconds", seconds);
}

static void
note_policy(struct mta_sts *sts, struct arena *arena)
{
	const struct sts_policy *policy = &sts->policy;
	const char *type = sts->fetched.type;

	if (policy->mode != STS_MODE_NONE && policy->max_age < DAY)
		notes_add(&sts->findings, arena, "sts-max-age-short", "max_age",
		    "senders forget the policy after %s: who holds up their look-ups for as long "
		    "can switch it off",
		    span(policy->max_age, arena));
	else if (policy->mode != STS_MODE_NONE && policy->max_age < WEEK)
		notes_add(&sts->findings, arena, "sts-max-age-low", "max_age",
		    "senders keep the policy for %s; RFC 8461 thinks of weeks",
		    span(policy->max_age, arena));
	if (policy->mode == STS_MODE_TESTING)
		notes_add(&sts->findings, arena, "sts-testing", "mode",
		    "the mode is testing: senders report what is wrong, and send all the same");
	if (type != NULL && !slice_begins(slice_of(type), "text/plain"))
		notes_add(&sts->findings, arena, "sts-type", "policy",
		    "its media type is \"%s\", not text/plain: some senders refuse it",
		    quoted(slice_of(type), arena));
	if (policy->mx_total > policy->mx_count)
		notes_add(&sts->findings, arena, "sts-mx-many", "mx",
		    "it has %zu patterns; the first %d are looked at", policy->mx_total,
		    STS_MX_MAX);
}

static void
take_policy(struct mta_sts *sts, struct arena *arena)
{
	const char *why;
	unsigned line;

	if (sts_policy_parse((struct slice){sts->fetched.body, sts->fetched.len}, arena,
	        &sts->policy, &sts->findings, &line, &why)) {
		conclude(sts, STS_HELD, NULL, NULL);
		note_policy(sts, arena);
	} else if (line == 0) {
		conclude(sts, STS_POLICY_BAD, invalid,
		    arena_printf(arena, "the policy is not valid: %s", why));
	} else {
		conclude(sts, STS_POLICY_BAD, invalid,
		    arena_printf(arena, "line %u of the policy is not valid: %s", line, why));
	}
}

void
sts_take(struct mta_sts *sts, const struct sts_fetched *fetched, struct arena *arena)
{
	const struct fetch_row *row = &fetches[fetched->how];
	const char *why;

	copy_fetched(sts, fetched, arena);
	if (fetched->how == STS_FETCHED) {
		take_policy(sts, arena);
		return;
	}
	why = sts->fetched.detail == NULL
	          ? row->means
	          : arena_printf(arena, "%s: %s", row->means, sts->fetched.detail);
	conclude(sts, fetched->how == STS_FETCH_LOCAL ? STS_UNKNOWN : STS_FETCH_FAILED,
	    row->result_type,
	    arena_printf(
	        arena, "the policy (https://%s/.well-known/mta-sts.txt): %s", sts->host, why));
}

/* ---- and the policy of an earlier run */

static bool
has_pattern(const struct sts_policy *policy, const char *pattern)
{
	for (size_t i = 0; i < policy->mx_count; i++)
		if (strcmp(policy->mx[i], pattern) == 0)
			return true;
	return false;
}

static bool
same_patterns(const struct sts_policy *policy, const struct sts_policy *other)
{
	for (size_t i = 0; i < policy->mx_count; i++)
		if (!has_pattern(other, policy->mx[i]))
			return false;
	return true;
}

/* Section 3.1: the id is what tells senders that there is another policy. */
void
sts_compare(struct mta_sts *sts, const struct sts_fetched *before, struct arena *arena)
{
	struct sts_policy policy;
	struct notes notes = {0};
	const char *why, *changed;
	unsigned line;

	if (before == NULL || before->how != STS_FETCHED || before->id == NULL ||
	    sts->state != STS_HELD || strcmp(before->id, sts->id) != 0 ||
	    !sts_policy_parse(
	        (struct slice){before->body, before->len}, arena, &policy, &notes, &line, &why))
		return;
	changed = policy.mode != sts->policy.mode         ? "mode"
	          : policy.max_age != sts->policy.max_age ? "max_age"
	          : !same_patterns(&policy, &sts->policy) || !same_patterns(&sts->policy, &policy)
	              ? "mx"
	              : NULL;
	if (changed != NULL)
		notes_add(&sts->findings, arena, "sts-id", "id",
		    "\"%s\" has changed since it was fetched before, and the id is still %s: "
		    "senders "
		    "that hold the earlier policy keep it for up to %s",
		    changed, sts->id, span(policy.max_age, arena));
}

/* ---- which hosts it covers */

static void
add_uncovered(struct mta_sts *sts, const char *name, struct arena *arena)
{
	size_t others = sts->hosts - sts->covered;

	if (others <= NAMES_SHOWN)
		sts->uncovered = sts->uncovered == NULL
		                     ? arena_string(arena, name)
		                     : arena_printf(arena, "%s, %s", sts->uncovered, name);
	else if (others == NAMES_SHOWN + 1)
		sts->uncovered = arena_printf(arena, "%s, ...", sts->uncovered);
}

void
sts_match(struct mta_sts *sts, const struct route *route, struct arena *arena)
{
	bool enforced = sts->policy.mode == STS_MODE_ENFORCE;

	if (sts->state != STS_HELD || sts->policy.mode == STS_MODE_NONE ||
	    (route->kind != ROUTE_MX && route->kind != ROUTE_IMPLICIT))
		return;
	for (size_t i = 0; i < route->host_count; i++) {
		sts->hosts++;
		if (sts_policy_covers(&sts->policy, route->hosts[i].name))
			sts->covered++;
		else
			add_uncovered(sts, route->hosts[i].name, arena);
	}
	if (sts->covered == sts->hosts)
		return;
	sts->undeliverable = enforced && sts->covered == 0;
	notes_add(&sts->findings, arena,
	    sts->undeliverable ? "sts-undeliverable" : "sts-mx-uncovered", "mx",
	    sts->covered == 0 ? "the policy covers no mail exchanger (%s): %s"
	                      : "the policy does not cover %s: %s",
	    sts->uncovered,
	    !enforced           ? "with mode enforce, senders would not send there"
	    : sts->covered == 0 ? "senders that enforce it can deliver no mail at all"
	                        : "senders that enforce it do not send there");
}

void
sts_share(struct mta_sts *sts, const struct mta_sts *from, struct arena *arena)
{
	*sts = *from;
	sts->findings = (struct notes){0};
	for (size_t i = 0; i < from->findings.count; i++)
		notes_add(&sts->findings, arena, from->findings.items[i].id,
		    from->findings.items[i].subject, "%s", from->findings.items[i].words);
}

bool
sts_note_lone_host(struct book *book, struct arena *arena, struct mta_sts *sts)
{
	const struct answer *answer;

	if (sts->state != STS_ABSENT)
		return true;
	answer = book_ask(book, sts->host, DNS_A);
	if (answer != NULL && answer_truth(answer) == PRESENT)
		notes_add(&sts->findings, arena, "sts-host-alone", NULL,
		    "%s has an address, but without a record nobody looks for a policy there",
		    sts->host);
	return answer != NULL;
}

void
sts_note_reports(struct mta_sts *sts, const struct tls_rpt *rpt, struct arena *arena)
{
	if (sts->state == STS_HELD && sts->policy.mode != STS_MODE_NONE &&
	    rpt->state == TLS_RPT_ABSENT)
		notes_add(&sts->findings, arena, "sts-no-reports", NULL,
		    "there is no TLS-RPT record (RFC 8460): nobody tells the domain when the "
		    "policy stops mail");
}

/* ---- what it makes of one that was walked */

const char *
sts_effect_name(enum sts_effect effect)
{
	static const char *const names[] = {[STS_NO_EFFECT] = "none",
	    [STS_EFFECT_UNKNOWN] = "unknown",
	    [STS_DELIVERS] = "deliver",
	    [STS_REFUSES] = "refuse"};

	return names[effect];
}

const char *
sts_word_means(const char *word)
{
	static const struct {
		const char *word, *means;
	} rows[] = {
	    {"mx-not-in-policy", "the policy does not cover it"},
	    {"starttls-not-supported", "it takes no STARTTLS"},
	    {"certificate-host-mismatch", "its certificate is of another name"},
	    {"certificate-expired", "its certificate has expired"},
	    {"certificate-not-trusted", "its certificate is of no public authority"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].word, word) == 0)
			return rows[i].means;
	return "no TLS that is verified came about";
}

static enum sts_effect
certificate_effect(const struct sts_met *met, const char **word)
{
	if (met->verify == NULL || strcmp(met->verify, "unknown") == 0)
		return STS_EFFECT_UNKNOWN;
	if (strcmp(met->verify, "ok") == 0 && met->names > 0)
		return STS_DELIVERS;
	/* A name that stands in the subject alone does not count (section 4.1). */
	*word = strcmp(met->verify, "ok") == 0 ? "certificate-host-mismatch" : met->verify;
	return STS_REFUSES;
}

enum sts_effect
sts_effect(const struct mta_sts *sts, const struct sts_met *met, const char **word)
{
	*word = NULL;
	if (sts->state == STS_UNKNOWN)
		return STS_EFFECT_UNKNOWN;
	if (sts->state != STS_HELD || sts->policy.mode == STS_MODE_NONE)
		return STS_NO_EFFECT;
	*word = "mx-not-in-policy";
	if (!sts_policy_covers(&sts->policy, met->mx))
		return STS_REFUSES;
	*word = NULL;
	if (met->done)
		return certificate_effect(met, word);
	if (!met->told)
		return STS_EFFECT_UNKNOWN;
	*word = met->tried ? "validation-failure" : "starttls-not-supported";
	if (met->tried || !met->offered)
		return STS_REFUSES;
	*word = NULL;
	return STS_EFFECT_UNKNOWN; /* it was offered, and we did not ask for it */
}
