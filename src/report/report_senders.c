#include "report/report_senders.h"

#include <string.h>

#include "base/arena.h"
#include "base/veil.h"
#include "report/ndjson.h"
#include "report/read_value.h"

const char *
report_word(struct arena *arena, const json_t *object, const char *key)
{
	const char *text = read_word(object, key);

	return arena_string(arena, text != NULL ? text : "");
}

/* … NULL where it has none. */
static const char *
word_or_none(struct arena *arena, const json_t *object, const char *key)
{
	return arena_string(arena, read_word(object, key));
}

static bool
is_word(const json_t *object, const char *key, const char *word)
{
	const char *text = read_word(object, key);

	return strcmp(text != NULL ? text : "", word) == 0;
}

static struct report_sender *
find_sender(struct report *report, const json_t *identity)
{
	struct report_sender *sender;

	if (report->plan->veil != NULL)
		veil_add_text(report->plan->veil, slice_of(read_word(identity, "ip")));
	for (size_t i = 0; i < report->sender_count; i++) {
		sender = &report->senders[i];
		if (is_word(identity, "ip", sender->ip) &&
		    is_word(identity, "helo", sender->helo) &&
		    is_word(identity, "from", sender->from))
			return sender;
	}
	if (report->sender_count == REPORT_SENDERS) {
		report->lost_senders++;
		return NULL;
	}
	sender =
	    arena_push(report->arena, &report->senders, report->sender_count++, sizeof *sender);
	*sender = (struct report_sender){.ip = report_word(report->arena, identity, "ip"),
	    .helo = report_word(report->arena, identity, "helo"),
	    .from = report_word(report->arena, identity, "from"),
	    .arena = arena_new()};
	return sender;
}

static const char *
first_name(struct arena *arena, const json_t *ptr)
{
	return word_or_none(arena, json_array_get(json_object_get(ptr, "names"), 0), "name");
}

static void
take_listings(struct report_sender *sender, const json_t *dnsbl)
{
	size_t count = json_array_size(dnsbl);

	sender->listings = arena_alloc(sender->arena, (count + 1) * sizeof *sender->listings);
	sender->listing_count = count;
	for (size_t i = 0; i < count; i++) {
		const json_t *from = json_array_get(dnsbl, i);

		sender->listings[i] = (struct report_listing){
		    .black = is_word(from, "kind", "black") || is_word(from, "kind", ""),
		    .list = report_word(sender->arena, from, "list"),
		    .name = report_word(sender->arena, from, "name"),
		    .item = report_word(sender->arena, from, "item"),
		    .identity = report_word(sender->arena, from, "identity"),
		    .state = report_word(sender->arena, from, "state"),
		    .meaning = word_or_none(sender->arena, from, "meaning"),
		    .url = word_or_none(sender->arena, from, "url")};
	}
}

/* With it, what was concluded from an earlier one is void. */
static void
take_sender(struct report *report, const json_t *members)
{
	struct report_sender *sender = find_sender(report, members);
	const json_t *ptr = json_object_get(members, "ptr");

	if (sender == NULL)
		return;
	arena_reset(sender->arena);
	sender->finding_count = 0;
	sender->findings = NULL;
	sender->complete = json_is_true(json_object_get(members, "complete"));
	sender->ptr = first_name(sender->arena, ptr);
	sender->fcrdns = word_or_none(sender->arena, members, "fcrdns");
	sender->spf = word_or_none(sender->arena, json_object_get(members, "spf"), "result");
	sender->dmarc = word_or_none(sender->arena, json_object_get(members, "dmarc"), "result");
	take_listings(sender, json_object_get(members, "dnsbl"));
}

const char *
report_severity(const json_t *object, enum severity otherwise)
{
	const char *word = read_word(object, "severity");

	for (enum severity s = 0; s < SEVERITY_COUNT; s++)
		if (word != NULL && strcmp(word, severity_name(s)) == 0)
			return severity_name(s);
	return severity_name(otherwise);
}

void
report_finding_read(struct report_finding *finding, const json_t *object, struct arena *arena)
{
	const json_t *records = json_object_get(object, "records");

	*finding = (struct report_finding){.id = report_word(arena, object, "id"),
	    .evidence = word_or_none(arena, object, "evidence"),
	    .refused_by = word_or_none(arena, object, "refused_by"),
	    .who = word_or_none(arena, object, "who"),
	    .advice = word_or_none(arena, object, "advice")};
	for (size_t i = 0; i < 2; i++)
		finding->records[i] =
		    arena_string(arena, json_string_value(json_array_get(records, i)));
}

static void
take_finding(struct report *report, const json_t *members)
{
	struct report_sender *sender = find_sender(report, json_object_get(members, "sender"));
	struct report_finding *finding;

	if (sender == NULL)
		return;
	finding =
	    arena_push(sender->arena, &sender->findings, sender->finding_count++, sizeof *finding);
	report_finding_read(finding, members, sender->arena);
	finding->topic = report_word(sender->arena, members, "topic");
	/* A word that is not known here is no verdict. */
	finding->severity = report_severity(members, SEVERITY_UNKNOWN);
	finding->what = report_word(sender->arena, members, "what");
	finding->url = word_or_none(sender->arena, members, "url");
}

void
report_take_other(struct report *report, const struct record *record)
{
	if (record->type == RECORD_SENDER)
		take_sender(report, record->members);
	else if (record->type == RECORD_FINDING)
		take_finding(report, record->members);
	else
		report_take_check(report, record->members);
}

void
report_forget_others(struct report *report)
{
	for (size_t i = 0; i < report->sender_count; i++)
		arena_free(report->senders[i].arena);
	for (size_t i = 0; i < report->check_count; i++)
		arena_free(report->checks[i].arena);
}
