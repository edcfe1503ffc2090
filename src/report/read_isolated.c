#include "report/read_isolated.h"

#include <stdio.h>

#include "base/arena.h"
#include "report/read_value.h"

enum { PIECES_MAX = SUSPECTS_MAX };

static const char *
word(const json_t *object, const char *key, struct arena *arena)
{
	const char *value = read_word(object, key);

	return value != NULL ? arena_string(arena, value) : NULL;
}

static void
take_ip(const json_t *object, const char *key, struct ip *ip)
{
	const char *value = read_word(object, key);

	if (value == NULL || !ip_parse(ip, value))
		*ip = (struct ip){0};
}

/* ---- the plan */

static void
take_hints(const json_t *array, struct arena *arena, struct hints *hints)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *one = json_array_get(array, i);
		unsigned long piece = read_number(one, "part");
		struct hint *new;

		if (piece >= PIECES_MAX || read_word(one, "by") == NULL)
			continue;
		new = arena_push(arena, &hints->items, hints->count++, sizeof *new);
		*new = (struct hint){.piece = (unsigned)piece,
		    .times = (unsigned)(read_number(one, "times") & 0xff),
		    .by = word(one, "by", arena),
		    .words = word(one, "words", arena)};
	}
}

static void
take_plan(const json_t *record, struct arena *arena, struct isolated_record *out)
{
	const char **options;

	read_run(record, arena, &out->facts);
	/* strings of it are the tree's, which goes */
	options = arena_alloc(arena, (out->facts.option_count + 1) * sizeof *options);
	for (size_t i = 0; i < out->facts.option_count; i++)
		options[i] = arena_string(arena, out->facts.options[i]);
	out->facts.options = options;
	out->facts.version = word(record, "version", arena);
	out->facts.nameserver_count = 0;
	out->recipient = word(record, "recipient", arena);
	out->pieces = json_array_size(json_object_get(record, "parts"));
	take_ip(record, "ip", &out->ip);
	take_ip(record, "source", &out->source);
	take_hints(json_object_get(record, "suspected"), arena, &out->hints);
}

/* ---- a test */

static bool
take_say(const json_t *record, enum course_say *say)
{
	struct slice name = slice_of(read_word(record, "message"));

	for (*say = COURSE_WHOLE; *say <= COURSE_BARE; ++*say)
		if (slice_same(name, course_say_name(*say)))
			return true;
	return false;
}

static bool
take_outcome(const json_t *record, enum course_outcome *outcome)
{
	struct slice name = slice_of(read_word(record, "outcome"));

	for (*outcome = COURSE_REFUSED; *outcome <= COURSE_LIMITED; ++*outcome)
		if (slice_same(name, course_outcome_name(*outcome)))
			return true;
	return false;
}

static const struct reply *
take_reply(const json_t *object, struct arena *arena)
{
	unsigned long code = read_number(object, "code");
	struct reply *reply;

	if (!json_is_object(object) || code > 999)
		return NULL;
	reply = arena_alloc(arena, sizeof *reply);
	reply->code = (int)code;
	reply->count = 1;
	snprintf(reply->enhanced, sizeof reply->enhanced, "%s",
	    read_word(object, "enhanced") != NULL ? read_word(object, "enhanced") : "");
	reply->text = word(object, "text", arena);
	if (reply->text == NULL)
		reply->text = "";
	return reply;
}

static bool
take_test(const json_t *record, struct arena *arena, struct isolated_test *test)
{
	const json_t *sent = json_object_get(record, "sent");
	const char *at = read_word(record, "at");

	if (!take_say(record, &test->say) || !take_outcome(record, &test->outcome))
		return false;
	for (size_t i = 0; i < json_array_size(sent); i++) {
		json_int_t part = json_integer_value(json_array_get(sent, i));

		if (part < 0 || part >= PIECES_MAX)
			return false;
		test->sent |= (part_set)1 << part;
	}
	test->stage = read_stage(slice_of(read_word(record, "stage")));
	test->reply = take_reply(json_object_get(record, "reply"), arena);
	test->detail = word(record, "detail", arena);
	test->cause = word(record, "cause", arena);
	test->at = at != NULL ? read_time(slice_of(at)) : 0;
	return true;
}

/* ---- a line */

static enum course_end
end_of(const json_t *record)
{
	struct slice name = slice_of(read_word(record, "verdict"));

	for (enum course_end end = COURSE_GOES_ON; end <= COURSE_DRIFTED; end++)
		if (slice_same(name, course_end_name(end)))
			return end;
	return COURSE_GOES_ON;
}

static enum isolated_line
take(const json_t *record, struct arena *arena, struct isolated_record *out)
{
	struct slice type = slice_of(read_word(record, "type"));

	out->run = word(record, "run", arena);
	if (out->run == NULL)
		return ISOLATED_FOREIGN;
	if (slice_same(type, "isolate-plan")) {
		take_plan(record, arena, out);
		return ISOLATED_PLAN;
	}
	if (slice_same(type, "isolate-test"))
		return take_test(record, arena, &out->test) ? ISOLATED_TEST : ISOLATED_FOREIGN;
	if (slice_same(type, "isolate")) {
		out->end = end_of(record);
		return ISOLATED_END;
	}
	return ISOLATED_FOREIGN;
}

enum isolated_line
read_isolated(struct slice line, struct arena *arena, struct isolated_record *out)
{
	json_t *record = json_loadb(line.at, line.len, JSON_REJECT_DUPLICATES, NULL);
	enum isolated_line kind = ISOLATED_NONE;

	*out = (struct isolated_record){0};
	if (json_is_object(record))
		kind = take(record, arena, out);
	json_decref(record);
	return kind;
}
