/* The records of diff. */
#include "base/buf.h"
#include "base/json.h"
#include "report/change.h"
#include "report/ndjson_fields.h"

static void
write_state(struct json *json, const char *key, const struct change_state *state)
{
	if (!state->known) {
		json_none(json, key);
		return;
	}
	json_object_begin(json, key);
	json_cstring(json, "status", walk_status_name(state->status));
	json_cstring(json, "stage", stage_name(state->stage));
	if (state->code > 0)
		json_number(json, "code", state->code);
	json_cstring(json, "cause", state->diagnosed ? cause_name(state->cause) : NULL);
	json_cstring(json, "list", state->list);
	json_cstring(json, "text", state->text);
	json_cstring(json, "tls", tally_tls_words(state->tls));
	json_object_end(json);
}

void
record_change(struct buf *out, const struct change *change)
{
	struct json json;

	record_begin(&json, out, "change");
	json_cstring(&json, "kind", change_name(change->kind));
	json_bool(&json, "worse", change->worse);
	json_cstring(&json, "subject", subject_name(change->subject));
	json_cstring(&json, "name", change->name);
	json_text(&json, "source", change->source);
	if (change->old != NULL) {
		write_state(&json, "old", change->old);
		write_state(&json, "new", change->new);
	} else {
		json_cstring(&json, "was", change->was);
		json_cstring(&json, "is", change->is);
	}
	record_end(&json, "change");
}

void
record_changes(struct buf *out, const struct change_count *count)
{
	struct json json;

	record_begin(&json, out, "changes");
	json_object_begin(&json, "kind");
	for (enum change_kind kind = 0; kind < CHANGE_COUNT; kind++)
		if (count->of[kind] > 0)
			json_number(&json, change_name(kind), (long long)count->of[kind]);
	json_object_end(&json);
	json_number(&json, "worse", (long long)count->worse);
	json_object_begin(&json, "same");
	for (enum change_subject subject = 0; subject < SUBJECT_COUNT; subject++)
		if (count->same[subject] > 0)
			json_number(&json, subject_name(subject), (long long)count->same[subject]);
	json_object_end(&json);
	record_end(&json, "changes");
}
