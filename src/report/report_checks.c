/* What `check` and `preflight` came to. Their words are of many sets: here they are one verdict. */
#include <string.h>

#include "base/arena.h"
#include "report/ndjson.h"
#include "report/read_value.h"
#include "report/report_senders.h"

enum { FINDINGS = 200 }; /* that are kept of one */

/* ---- which one it is */

static void
add_part(struct buf *subject, const char *before, const char *text)
{
	if (text != NULL && *text != '\0')
		buf_printf(subject, "%s%s", subject->len > 0 ? before : "", text);
}

/* Whom or what it was about: the first of these that it has. */
static void
subject_of(struct buf *subject, const json_t *members)
{
	static const char *const keys[] = {
	    "ip", "from", "domain", "name", "item", "file", "list", "host", "target"};
	const char *last = "";
	unsigned found = 0;

	for (size_t i = 0; i < sizeof keys / sizeof keys[0] && found < 3; i++) {
		const char *text = read_word(members, keys[i]);

		if (text == NULL || *text == '\0' || strcmp(text, last) == 0)
			continue;
		add_part(subject, " ", text);
		last = text;
		found++;
	}
}

static struct report_check *
find_check(struct report *report, const char *name, const char *subject)
{
	struct report_check *check;

	for (size_t i = 0; i < report->check_count; i++) {
		check = &report->checks[i];
		if (strcmp(name, check->check) == 0 && strcmp(check->subject, subject) == 0)
			return check;
	}
	if (report->check_count == REPORT_CHECKS) {
		report->lost_checks++;
		return NULL;
	}
	check = arena_push(report->arena, &report->checks, report->check_count++, sizeof *check);
	check->check = arena_string(report->arena, name);
	check->subject = arena_string(report->arena, subject);
	check->arena = arena_new();
	return check;
}

/* ---- what it came to */

/* "none" of a record that should be there is a doubt, of the PTR it is a refusal, and a list that
 * refuses to answer says nothing. */
static enum walk_status
status_of(const char *check, const char *result)
{
	static const struct {
		const char *check, *result; /* check NULL: of all others */
		enum walk_status status;
	} words[] = {{"ptr", "none", WALK_REFUSED}, {NULL, "pass", WALK_ACCEPTED},
	    {NULL, "ok", WALK_ACCEPTED}, {NULL, "clean", WALK_ACCEPTED},
	    {NULL, "good", WALK_ACCEPTED}, {NULL, "valid", WALK_ACCEPTED},
	    {NULL, "published", WALK_ACCEPTED}, {NULL, "testing", WALK_DEFERRED},
	    {NULL, "takes", WALK_ACCEPTED}, {NULL, "none", WALK_DEFERRED},
	    {NULL, "warns", WALK_DEFERRED}, {NULL, "softfail", WALK_DEFERRED},
	    {NULL, "neutral", WALK_DEFERRED}, {NULL, "unknown", WALK_DNS_ERROR},
	    {NULL, "temperror", WALK_DNS_ERROR}, {NULL, "dns-error", WALK_DNS_ERROR},
	    {"dnsbl", "refused", WALK_DNS_ERROR}, {"dnsbl", "broken", WALK_DNS_ERROR},
	    {NULL, "pending", WALK_DNS_ERROR}, {NULL, "", WALK_DNS_ERROR}};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(words[i].result, result) == 0 &&
		    (words[i].check == NULL || strcmp(words[i].check, check) == 0))
			return words[i].status;
	return WALK_REFUSED;
}

static void
add_finding(struct report_check *check, const char *severity, const char *what,
    const struct report_finding *rest)
{
	struct report_finding *finding;

	if (check->finding_count == FINDINGS)
		return;
	finding =
	    arena_push(check->arena, &check->findings, check->finding_count++, sizeof *finding);
	*finding = *rest;
	finding->severity = severity;
	finding->what = what;
	finding->topic = check->check;
}

/* Of `host` (NULL: of all): an advice, or a note. */
static void
take_finding(struct report_check *check, const json_t *from, const char *host)
{
	const char *severity = report_severity(from, SEVERITY_WARNS); /* a note has none */
	const char *what =
	    report_word(check->arena, from, read_word(from, "what") != NULL ? "what" : "words");
	struct report_finding rest;

	if (strcmp(severity, severity_name(SEVERITY_GOOD)) == 0 ||
	    strcmp(severity, severity_name(SEVERITY_INFO)) == 0 || *what == '\0')
		return;
	if (host != NULL)
		what = arena_printf(check->arena, "%s: %s", host, what);
	report_finding_read(&rest, from, check->arena);
	add_finding(check, severity, what, &rest);
}

static void
take_findings(struct report_check *check, const json_t *members, const char *host)
{
	const json_t *findings = json_object_get(members, "findings");

	for (size_t i = 0; i < json_array_size(findings); i++)
		take_finding(check, json_array_get(findings, i), host);
}

/* ---- of a message */

/* "gmail 550 5.7.26, yahoo" */
static const char *
who_refuses(struct report_check *check, const json_t *of)
{
	const json_t *providers = json_object_get(of, "providers");
	struct buf words;
	const char *copy;

	buf_init(&words, TEXT_LINE);
	for (size_t i = 0; i < json_array_size(providers); i++) {
		const json_t *one = json_array_get(providers, i);
		const char *severity = read_word(one, "severity");

		if (severity == NULL || strcmp(severity, "refuses") != 0)
			continue;
		add_part(&words, ", ", read_word(one, "provider"));
		add_part(&words, " ", read_word(one, "code"));
	}
	copy = words.len > 0 ? arena_string(check->arena, words.data) : NULL;
	buf_release(&words);
	return copy;
}

static void
take_message_check(struct report_check *check, const json_t *from)
{
	const char *result = read_word(from, "result");
	bool unknown = result != NULL && strcmp(result, "unknown") == 0;
	const struct report_finding rest = {.id = report_word(check->arena, from, "id"),
	    .refused_by = who_refuses(check, from),
	    .advice = arena_string(check->arena, read_word(from, "advice"))};
	const char *what = read_word(from, "what"), *about = read_word(from, "about");

	if (result == NULL || strcmp(result, "pass") == 0)
		return;
	if (unknown && about != NULL && what != NULL)
		what = arena_printf(check->arena, "%s: %s", about, what);
	else if (what == NULL)
		what = about;
	if (what != NULL)
		add_finding(check,
		    unknown ? severity_name(SEVERITY_UNKNOWN)
		            : report_severity(from, SEVERITY_WARNS),
		    arena_string(check->arena, what), &rest);
}

static void
take_outlook(struct report_check *check, const json_t *from)
{
	size_t count;
	const char **codes = read_words(from, "codes", check->arena, &count);
	struct report_outlook *outlook =
	    arena_push(check->arena, &check->outlooks, check->outlook_count++, sizeof *outlook);
	struct buf words;

	buf_init(&words, TEXT_LINE);
	for (size_t i = 0; i < count; i++)
		add_part(&words, ", ", codes[i]);
	*outlook = (struct report_outlook){.name = report_word(check->arena, from, "name"),
	    .outlook = report_word(check->arena, from, "outlook"),
	    .codes = arena_string(check->arena, words.data)};
	buf_release(&words);
}

static void
take_message(struct report_check *check, const json_t *members)
{
	const json_t *checks = json_object_get(members, "checks"),
	             *verdicts = json_object_get(members, "verdicts");

	for (size_t i = 0; i < json_array_size(checks); i++)
		take_message_check(check, json_array_get(checks, i));
	for (size_t i = 0; i < json_array_size(verdicts) && i < FINDINGS; i++)
		take_outlook(check, json_array_get(verdicts, i));
}

/* ---- all of it */

/* The gravest comes first. */
static const char *
gravest(const struct report_check *check)
{
	for (enum severity s = 0; s < SEVERITY_INFO; s++)
		for (size_t i = 0; i < check->finding_count; i++)
			if (strcmp(check->findings[i].severity, severity_name(s)) == 0)
				return check->findings[i].what;
	return NULL;
}

static void
fill(struct report_check *check, const json_t *members)
{
	const json_t *hosts = json_object_get(members, "hosts");
	const char *kind = read_word(members, "kind");

	check->result = report_word(check->arena, members, "result");
	check->problem = arena_string(check->arena, read_word(members, "problem"));
	take_findings(check, members, NULL);
	for (size_t i = 0; i < json_array_size(hosts); i++)
		take_findings(
		    check, json_array_get(hosts, i), read_word(json_array_get(hosts, i), "mx"));
	take_message(check, members);
	check->status = status_of(check->check, check->result);
	if (strcmp(check->check, "dnsbl") == 0 && kind != NULL && strcmp(kind, "black") != 0 &&
	    check->status == WALK_REFUSED)
		check->status = WALK_ACCEPTED; /* on a list that it is good to be on */
	if (check->status == WALK_ACCEPTED && check->finding_count > 0)
		check->status = WALK_DEFERRED;
	if (check->problem == NULL && check->status != WALK_ACCEPTED)
		check->problem = gravest(check);
}

void
report_take_check(struct report *report, const json_t *members)
{
	const char *name = read_word(members, "check");
	struct report_check *check;
	struct buf subject;

	buf_init(&subject, RECORD_MAX);
	if (name == NULL) {
		add_part(&subject, "", read_word(members, "file"));
		add_part(&subject, " from ", read_word(members, "ip"));
	} else {
		subject_of(&subject, members);
	}
	check = find_check(report, name != NULL ? name : "preflight", subject.data);
	buf_release(&subject);
	if (check == NULL)
		return;
	arena_reset(check->arena);
	*check = (struct report_check){
	    .check = check->check, .subject = check->subject, .arena = check->arena};
	fill(check, members);
}
