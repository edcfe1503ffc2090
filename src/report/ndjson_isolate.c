/* The records of isolate. */
#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/json.h"
#include "report/isolated.h"
#include "report/ndjson_fields.h"

static void
write_parts(struct json *json, const char *key, part_set parts, size_t count)
{
	json_array_begin(json, key);
	for (size_t i = 0; i < count; i++)
		if (parts >> i & 1)
			json_number(json, NULL, (long long)i);
	json_array_end(json);
}

void
record_isolate_reply(struct json *json, const struct reply *reply)
{
	if (reply == NULL || reply->count == 0)
		return;
	json_object_begin(json, "reply");
	json_number(json, "code", reply->code);
	json_cstring(json, "enhanced", reply->enhanced);
	json_cstring(json, "text", reply->text);
	json_object_end(json);
}

void
record_isolate_test(struct buf *out, const struct isolated *isolated, unsigned number)
{
	const struct isolated_test *test = &isolated->tests[number];
	struct json json;

	record_begin(&json, out, "isolate-test");
	json_cstring(&json, "run", isolated->run);
	json_number(&json, "number", number + 1);
	json_cstring(&json, "message", course_say_name(test->say));
	write_parts(&json, "sent", test->sent, isolated->pieces->count);
	json_cstring(&json, "outcome", course_outcome_name(test->outcome));
	json_text(&json, "stage", test->stage != STAGE_NONE ? stage_name(test->stage) : NULL);
	record_isolate_reply(&json, test->reply);
	json_text(&json, "cause", test->cause);
	json_text(&json, "detail", test->detail);
	record_time(&json, "at", test->at);
	record_end(&json, "isolate-test");
}

static void
write_pieces(struct json *json, const struct isolated *isolated)
{
	json_array_begin(json, "parts");
	for (size_t i = 0; i < isolated->pieces->count; i++) {
		const struct message_piece *piece = &isolated->pieces->items[i];

		json_object_begin(json, NULL);
		json_cstring(json, "kind", piece_kind_name(piece->kind));
		json_cstring(json, "name", piece->name);
		json_number(json, "line", piece->line);
		json_object_end(json);
	}
	json_array_end(json);
}

static void
write_hints(struct json *json, const struct hints *hints)
{
	json_array_begin(json, "suspected");
	for (size_t i = 0; i < hints->count; i++) {
		json_object_begin(json, NULL);
		json_number(json, "part", hints->items[i].piece);
		json_number(json, "times", hints->items[i].times);
		json_cstring(json, "by", hints->items[i].by);
		json_text(json, "words", hints->items[i].words);
		json_object_end(json);
	}
	json_array_end(json);
}

void
record_isolate_plan(struct buf *out, const struct isolated *isolated)
{
	const struct run_facts *facts = &isolated->facts;
	char given[17];
	struct json json;

	snprintf(given, sizeof given, "%016" PRIx64, facts->given);
	record_begin(&json, out, "isolate-plan");
	json_cstring(&json, "run", isolated->run);
	json_cstring(&json, "version", facts->version);
	record_time(&json, "started", facts->started);
	json_strings(&json, "options", facts->options, facts->option_count);
	json_cstring(&json, "given", given);
	record_name(&json, "recipient", isolated->recipient);
	record_name(&json, "mx", isolated->mx);
	record_ip(&json, "ip", &isolated->ip);
	json_number(&json, "port", isolated->port);
	record_ip(&json, "source", &isolated->source);
	json_number(&json, "budget", isolated->course->budget);
	json_bool(&json, "unsigned", isolated->is_unsigned);
	write_pieces(&json, isolated);
	write_hints(&json, isolated->hints);
	record_end(&json, "isolate-plan");
}

static void
write_likely(struct json *json, const struct isolated *isolated, struct arena *arena)
{
	static const char *const kinds[] = {[SUSPICION_ONE] = "one",
	    [SUSPICION_EITHER] = "either",
	    [SUSPICION_BOTH] = "both",
	    [SUSPICION_SUM] = "sum"};

	json_array_begin(json, "likely");
	for (size_t i = 0; i < isolated->likely_count; i++) {
		const struct suspect *suspect = &isolated->likely[i];

		json_object_begin(json, NULL);
		json_cstring(json, "kind", kinds[suspect->kind]);
		write_parts(json, "parts", suspect_parts(suspect), isolated->pieces->count);
		json_cstring(json, "what", isolated_suspect(isolated, suspect, arena));
		json_number(json, "percent", (long long)(suspect->share * 100));
		json_object_end(json);
	}
	json_array_end(json);
}

void
record_isolate(struct buf *out, const struct isolated *isolated, struct arena *arena)
{
	const struct course *course = isolated->course;
	enum course_outcome bare = course_bare(course);
	struct json json;

	record_begin(&json, out, "isolate");
	json_cstring(&json, "run", isolated->run);
	record_name(&json, "recipient", isolated->recipient);
	record_name(&json, "mx", isolated->mx);
	record_ip(&json, "ip", &isolated->ip);
	json_number(&json, "port", isolated->port);
	record_ip(&json, "source", &isolated->source);
	json_cstring(&json, "verdict", course_end_name(isolated->end));
	json_bool(&json, "confirmed", isolated->end == COURSE_FOUND && course->confirmed);
	json_number(&json, "messages", course->count);
	json_number(&json, "budget", course->budget);
	json_text(&json, "cause", isolated->cause);
	if (isolated->end == COURSE_FOUND && bare == COURSE_REFUSED)
		json_cstring(&json, "link", "host");
	if (isolated->end == COURSE_FOUND && bare == COURSE_ACCEPTED)
		json_cstring(&json, "link", "path");
	json_text(&json, "advice", isolated_advice(isolated, arena));
	write_pieces(&json, isolated);
	write_likely(&json, isolated, arena);
	record_end(&json, "isolate");
}
