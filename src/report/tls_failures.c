#include "report/tls_failures.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/seen.h"
#include "judge/remedies.h"
#include "report/ndjson_fields.h"

enum { ORGANIZATIONS_SHOWN = 5, LINE_MAX = 8192 };

struct tls_failures_row { /* strings are never NULL */
	const char *policy_type, *policy_domain, *result_type,
	    *mx; /* result_type "": none failed */
	const char *reason, *mx_ip;
	const char *begin, *end; /* the earliest and the latest day; "": not known */
	const char *report; /* the last that told of it: it counts its sessions once */
	const char **organizations;
	size_t organization_count;
	unsigned long reports, sessions, all; /* all: under the policy, good and bad */
};

static const char *
string(const char *text)
{
	return text != NULL ? text : "";
}

static struct tls_failures_row *
find(struct tls_failures *failures, const struct tls_failure *failure)
{
	for (size_t i = 0; i < failures->count; i++) {
		struct tls_failures_row *row = &failures->rows[i];

		if (strcmp(row->result_type, string(failure->result_type)) == 0 &&
		    strcmp(row->mx, string(failure->mx)) == 0 &&
		    strcmp(row->policy_type, string(failure->policy_type)) == 0 &&
		    strcmp(row->policy_domain, string(failure->policy_domain)) == 0 &&
		    strcmp(row->reason, string(failure->reason)) == 0)
			return row;
	}
	return NULL;
}

static const char *
keep(struct tls_failures *failures, const char *text)
{
	return arena_string(failures->arena, string(text));
}

static struct tls_failures_row *
add_row(struct tls_failures *failures, const struct tls_failure *failure)
{
	struct tls_failures_row *row;

	if (failures->count == TLS_FAILURES_MAX) {
		failures->lost++;
		return NULL;
	}
	row = arena_push(failures->arena, &failures->rows, failures->count++, sizeof *row);
	*row = (struct tls_failures_row){.policy_type = keep(failures, failure->policy_type),
	    .policy_domain = keep(failures, failure->policy_domain),
	    .result_type = keep(failures, failure->result_type),
	    .mx = keep(failures, failure->mx),
	    .mx_ip = keep(failures, failure->mx_ip),
	    .reason = keep(failures, failure->reason),
	    .begin = "",
	    .end = ""};
	return row;
}

static void
add_organization(struct tls_failures *failures, struct tls_failures_row *row, const char *name)
{
	if (name == NULL)
		return;
	for (size_t i = 0; i < row->organization_count; i++)
		if (strcmp(row->organizations[i], name) == 0)
			return;
	*(const char **)arena_push(failures->arena, &row->organizations, row->organization_count,
	    sizeof *row->organizations) = keep(failures, name);
	row->organization_count++;
}

/* A report that came twice, by mail and in a folder, say. One without a name of its own is another
 * one. */
static bool
was_there(struct tls_failures *failures, const struct tls_failure *failure)
{
	struct arena *scratch = arena_new();
	const char *key = arena_printf(scratch, "%s\n%s\n%s\n%s", string(failure->organization),
	    string(failure->report), string(failure->begin), string(failure->end));
	bool known;

	if (failures->reports == NULL)
		failures->reports = seen_new(0);
	known = failure->report != NULL && seen_number(failures->reports, key) != 0;
	if (!known && failure->report != NULL)
		seen_add(failures->reports, key, 1);
	failures->repeated += known;
	arena_free(scratch);
	return known;
}

void
tls_failures_add(struct tls_failures *failures, const struct tls_failure *failure)
{
	struct tls_failures_row *row;

	if (failures->arena == NULL)
		failures->arena = arena_new();
	if (failure->first)
		failures->passes = was_there(failures, failure);
	if (failures->passes)
		return;
	row = find(failures, failure);
	if (row == NULL)
		row = add_row(failures, failure);
	if (row == NULL)
		return;
	row->sessions += failure->sessions;
	if (row->reports == 0 || strcmp(row->report, string(failure->report)) != 0) {
		row->reports++;
		row->all += failure->good + failure->bad;
		row->report = keep(failures, failure->report);
	}
	if (failure->begin != NULL &&
	    (*row->begin == '\0' || strcmp(failure->begin, row->begin) < 0))
		row->begin = keep(failures, failure->begin);
	if (failure->end != NULL && strcmp(failure->end, row->end) > 0)
		row->end = keep(failures, failure->end);
	add_organization(failures, row, failure->organization);
}

void
tls_failures_release(struct tls_failures *failures)
{
	arena_free(failures->arena);
	seen_free(failures->reports);
	*failures = (struct tls_failures){0};
}

/* ---- telling */

static int
by_sessions(const void *left, const void *right)
{
	const struct tls_failures_row *a = left, *b = right;
	bool a_failed = *a->result_type != '\0', b_failed = *b->result_type != '\0';

	if (a_failed != b_failed)
		return a_failed ? -1 : 1;
	if (a->sessions != b->sessions)
		return a->sessions > b->sessions ? -1 : 1;
	return strcmp(a->mx, b->mx);
}

static void
sort(struct tls_failures *failures)
{
	if (failures->count > 0)
		qsort(failures->rows, failures->count, sizeof *failures->rows, by_sessions);
}

/* The row of "tlsrpt-" and the word; where there is none, of what is unknown. NULL: none failed. */
static const struct remedy *
remedy_of(const struct remedies *remedies, const struct tls_failures_row *row, struct arena *arena)
{
	const char *id = arena_printf(arena, "tlsrpt-%s", row->result_type);
	enum fact_id fact = fact_named(id, strlen(id));

	if (*row->result_type == '\0')
		return NULL;
	return remedies_of(remedies, fact != FACT_NONE ? fact : FACT_TLSRPT_UNKNOWN);
}

static struct values
values_of(const struct tls_failures_row *row)
{
	return (struct values){.of = {[VALUE_NAME] = row->mx, [VALUE_DOMAIN] = row->policy_domain}};
}

static const char *
host_of(const struct tls_failures_row *row)
{
	return *row->mx != '\0'              ? row->mx
	       : *row->policy_domain != '\0' ? row->policy_domain
	                                     : "a host that is not named";
}

static void
say_head(struct buf *out, const struct text_style *style, const struct tls_failures_row *row)
{
	bool failed = *row->result_type != '\0';

	text_cstring(out, host_of(row));
	buf_puts(out, ": ");
	text_colour(out, style, failed ? TEXT_RED : TEXT_GREEN);
	text_cstring(out, failed ? row->result_type : "no failure");
	text_colour(out, style, TEXT_PLAIN);
	if (failed)
		buf_printf(out, ", %lu of %lu sessions", row->sessions, row->all);
	else
		buf_printf(out, ", %lu sessions", row->all);
	if (*row->begin != '\0') {
		buf_puts(out, failed ? ", since " : ", from ");
		text_cstring(out, row->begin);
	}
	if (*row->end != '\0' && strcmp(row->begin, row->end) != 0) {
		buf_puts(out, failed ? ", last reported for " : " to ");
		text_cstring(out, row->end);
	}
	buf_putc(out, '\n');
}

static void
say_reporters(struct buf *out, const struct text_style *style, const struct tls_failures_row *row)
{
	struct buf line;

	buf_init(&line, LINE_MAX);
	for (size_t i = 0; i < row->organization_count && i < ORGANIZATIONS_SHOWN; i++)
		buf_printf(&line, "%s%s", i > 0 ? ", " : "", row->organizations[i]);
	if (row->organization_count > ORGANIZATIONS_SHOWN)
		buf_printf(&line, " and %zu more", row->organization_count - ORGANIZATIONS_SHOWN);
	if (row->reports > 1)
		buf_printf(&line, " (%lu reports)", row->reports);
	text_field(out, style, "reporter", line.data);
	buf_clear(&line);
	buf_printf(&line, "%s%s%s", row->policy_type, *row->policy_domain != '\0' ? " of " : "",
	    row->policy_domain);
	text_field(out, style, "policy", line.data);
	buf_release(&line);
}

void
text_tls_failures(struct buf *out, const struct text_style *style, const struct remedies *remedies,
    struct tls_failures *failures)
{
	sort(failures);
	for (size_t i = 0; i < failures->count; i++) {
		const struct tls_failures_row *row = &failures->rows[i];
		const struct values values = values_of(row);
		const struct remedy *remedy = remedy_of(remedies, row, failures->arena);

		if (i > 0)
			buf_putc(out, '\n');
		say_head(out, style, row);
		say_reporters(out, style, row);
		text_field(out, style, "address", row->mx_ip);
		text_field(out, style, "reason", row->reason);
		if (remedy == NULL)
			continue;
		text_field(
		    out, style, "meaning", remedy_fill(remedy->what, &values, failures->arena));
		text_field(out, style, "who acts", who_name(remedy->who));
		text_field(
		    out, style, "remedy", remedy_fill(remedy->advice, &values, failures->arena));
	}
	if (failures->repeated > 0)
		buf_printf(out, "\n%lu report%s came more than once, and count%s once\n",
		    failures->repeated, failures->repeated == 1 ? "" : "s",
		    failures->repeated == 1 ? "s" : "");
	if (failures->lost > 0)
		buf_printf(out, "\n%lu more failures are not told\n", failures->lost);
}

void
record_tls_failures(struct buf *out, const struct remedies *remedies, struct tls_failures *failures)
{
	sort(failures);
	for (size_t i = 0; i < failures->count; i++) {
		const struct tls_failures_row *row = &failures->rows[i];
		const struct values values = values_of(row);
		const struct remedy *remedy = remedy_of(remedies, row, failures->arena);
		struct json json;

		record_begin(&json, out, "tls-failure");
		json_cstring(
		    &json, "result_type", *row->result_type != '\0' ? row->result_type : NULL);
		record_name_if(&json, "mx", row->mx);
		json_text(&json, "ip", row->mx_ip);
		json_text(&json, "policy_type", row->policy_type);
		record_name_if(&json, "policy_domain", row->policy_domain);
		json_number(&json, "failed", (long long)row->sessions);
		json_number(&json, "sessions", (long long)row->all);
		json_number(&json, "reports", (long long)row->reports);
		json_text(&json, "since", row->begin);
		json_text(&json, "until", row->end);
		json_strings(&json, "reported_by", row->organizations, row->organization_count);
		json_text(&json, "reason", row->reason);
		if (remedy != NULL) {
			json_cstring(&json, "who", who_name(remedy->who));
			json_text(
			    &json, "what", remedy_fill(remedy->what, &values, failures->arena));
			json_cstring(
			    &json, "advice", remedy_fill(remedy->advice, &values, failures->arena));
		}
		record_end(&json, "tls-failure");
	}
}
