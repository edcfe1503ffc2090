/* The records of explain. */
#include "base/buf.h"
#include "base/json.h"
#include "report/ndjson.h"
#include "report/ndjson_fields.h"

static void
write_named_lists(struct json *json, const struct reading *reading)
{
	json_array_begin(json, "lists");
	for (size_t i = 0; i < reading->list_count; i++)
		json_cstring(json, NULL, reading->lists[i].name);
	json_array_end(json);
}

/* What the DNS had to say to it. */
static void
write_basis(struct json *json, const struct diagnosis *diagnosis)
{
	json_cstring(json, "basis", basis_name(diagnosis->basis));
	json_strings(json, "evidence", diagnosis->evidence, diagnosis->evidence_count);
}

void
record_explanation(struct buf *out, const struct explanation *explanation)
{
	const struct reading *reading = explanation->reading;
	const struct diagnosis *diagnosis = explanation->diagnosis;
	struct json json;

	record_begin(&json, out, "explanation");
	json_text(&json, "id", explanation->id);
	json_text(&json, "stage",
	    explanation->stage != STAGE_NONE ? stage_name(explanation->stage) : NULL);
	json_text(&json, "said_by", explanation->said_by);
	json_cstring(&json, "direction", explanation->inbound ? "inbound" : "outbound");
	record_name_if(&json, "recipient", explanation->recipient);
	record_name_if(&json, "recipient_domain", explanation->recipient_domain);
	record_name_if(&json, "relay", explanation->relay);
	json_text(&json, "relay_ip", explanation->relay_ip);
	json_text(&json, "queue_id", explanation->queue_id);
	json_text(&json, "time", explanation->time);
	json_text(&json, "file", explanation->file);
	if (explanation->line > 0)
		json_number(&json, "line", (long long)explanation->line);
	json_number(&json, "code", reading->code);
	json_cstring(&json, "enhanced", reading->enhanced);
	json_text(&json, "enhanced_note", reading->enhanced_note);
	json_bytes(&json, "text", explanation->text, explanation->len);
	json_cstring(&json, "cause", cause_name(explained_cause(explanation)));
	if (diagnosis != NULL)
		write_basis(&json, diagnosis);
	json_cstring(&json, "rule", reading->rule);
	json_text(&json, "rival", reading->rival);
	json_cstring(&json, "matched", reading->matched);
	json_cstring(&json, "list", diagnosis != NULL ? diagnosis->list : reading->list);
	write_named_lists(&json, reading);
	json_cstring(&json, "what", listed_what_name(reading->what));
	record_name(&json, "listed", reading->listed);
	json_cstring(&json, "provider", reading->provider);
	json_text(&json, "reference", reading->reference);
	json_text(&json, "contact", reading->contact);
	record_ip(&json, "client", &reading->client);
	json_cstring(&json, "url", diagnosis != NULL ? diagnosis->url : explanation->counsel->url);
	json_cstring(
	    &json, "who", who_name(diagnosis != NULL ? diagnosis->who : explanation->counsel->who));
	json_cstring(
	    &json, "advice", diagnosis != NULL ? diagnosis->advice : explanation->counsel->advice);
	json_cstring(&json, "suppress", suppress_name(explained_suppress(explanation)));
	json_bool(&json, "hardbounce", explained_suppress(explanation) == SUPPRESS_YES);
	if (diagnosis != NULL)
		record_also(&json, diagnosis->also, diagnosis->also_count);
	else
		record_also(&json, reading->also, reading->also_count);
	record_end(&json, "explanation");
}

static void
write_passed(struct json *json, const struct explained *explained)
{
	static const char *const keys[PASSED_COUNT] = {[PASSED_SILENT] = "silent_lines",
	    [PASSED_UNKNOWN] = "unknown_lines",
	    [PASSED_TOO_LONG] = "long_lines",
	    [PASSED_OBJECT] = "silent_objects",
	    [PASSED_BROKEN] = "broken_json",
	    [PASSED_MAIL] = "silent_mails",
	    [PASSED_PARTS] = "unread_mails"};
	unsigned long all = 0;

	for (unsigned i = 0; i < PASSED_COUNT; i++)
		all += i == PASSED_TOO_LONG || i == PASSED_PARTS ? 0 : explained->passed[i];
	json_number(json, "passed_over", (long long)all);
	json_number(json, "too_long", (long long)explained->passed[PASSED_TOO_LONG]);
	json_object_begin(json, "passed");
	for (unsigned i = 0; i < PASSED_COUNT; i++)
		if (explained->passed[i] > 0)
			json_number(json, keys[i], (long long)explained->passed[i]);
	json_object_end(json);
}

static void
write_remedies(struct json *json, const struct explained *explained)
{
	json_array_begin(json, "remedies");
	for (size_t i = 0; i < explained->remedy_count; i++) {
		const struct explained_remedy *remedy = &explained->remedies[i];

		json_object_begin(json, NULL);
		json_cstring(json, "cause", cause_name(remedy->cause));
		json_number(json, "count", (long long)explained->cause[remedy->cause]);
		json_cstring(json, "who", who_name(remedy->counsel.who));
		json_cstring(json, "advice", remedy->counsel.advice);
		json_object_end(json);
	}
	json_array_end(json);
}

void
record_explained(struct buf *out, struct explained *explained)
{
	enum cause causes[CAUSE_COUNT];
	size_t n = explained_causes(explained, causes);
	struct buf sentence;
	struct json json;

	buf_init(&sentence, 4096);
	explained_sentence(explained, &sentence);
	record_begin(&json, out, "summary");
	json_number(&json, "explained", (long long)explained->replies);
	json_number(&json, "deferred", (long long)explained->deferred);
	json_number(&json, "inbound", (long long)explained->inbound);
	json_number(&json, "sent_later", (long long)explained->sent_later);
	write_passed(&json, explained);
	json_text(&json, "first", explained->first);
	json_text(&json, "last", explained->last);
	json_cstring(&json, "sentence", sentence.data);
	json_object_begin(&json, "cause");
	for (size_t i = 0; i < n; i++)
		json_number(&json, cause_name(causes[i]), (long long)explained->cause[causes[i]]);
	json_object_end(&json);
	record_counter(&json, "list", explained->lists);
	record_counter(&json, "provider", explained->providers);
	record_counter(&json, "domain", explained->domains);
	write_remedies(&json, explained);
	record_end(&json, "summary");
	buf_release(&sentence);
}

void
record_rule(struct buf *out, const struct rule_view *rule)
{
	struct json json;

	record_begin(&json, out, "rule");
	json_cstring(&json, "id", rule->id);
	json_cstring(&json, "cause", rule->cause);
	json_text(&json, "stage", rule->stage);
	json_text(&json, "provider", rule->provider);
	json_text(&json, "list", rule->list);
	json_text(&json, "pattern", rule->pattern);
	json_strings(&json, "examples", rule->examples, rule->example_count);
	json_cstring(&json, "who", rule->who);
	json_text(&json, "advice", rule->advice);
	json_text(&json, "url", rule->url);
	record_end(&json, "rule");
}
