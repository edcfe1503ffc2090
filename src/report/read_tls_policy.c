/* MTA-STS of a result, out of its record. */
#include <string.h>

#include "base/arena.h"
#include "report/read_value.h"

static void
read_state(const json_t *object, struct mta_sts *sts)
{
	const char *word = read_word(object, "state");

	for (int s = STS_UNASKED; word != NULL && s < STS_STATE_COUNT; s++)
		if (strcmp(sts_state_name((enum sts_state)s), word) == 0)
			sts->state = (enum sts_state)s;
}

static void
read_findings(const json_t *array, struct arena *arena, struct notes *notes)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *from = json_array_get(array, i);
		const char *words = read_word(from, "words"), *id = read_word(from, "id");

		if (id != NULL && words != NULL)
			notes_add(notes, arena, id, read_word(from, "subject"), "%s", words);
	}
}

/* The lines as they were, each with an LF. */
static void
read_lines(const json_t *array, struct arena *arena, struct sts_fetched *fetched)
{
	size_t len = 0, at = 0;
	char *body;

	for (size_t i = 0; i < json_array_size(array); i++)
		len += json_string_length(json_array_get(array, i)) + 1;
	body = arena_alloc(arena, len + 1);
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *line = json_array_get(array, i);

		if (!json_is_string(line))
			continue;
		memcpy(body + at, json_string_value(line), json_string_length(line));
		at += json_string_length(line);
		body[at++] = '\n';
	}
	fetched->body = body;
	fetched->len = at;
}

static void
read_policy(const json_t *object, struct arena *arena, struct mta_sts *sts)
{
	const char *mode = read_word(object, "mode");
	const json_t *patterns = json_object_get(object, "patterns");
	size_t count = json_array_size(patterns);

	for (int m = STS_MODE_NONE; mode != NULL && m <= STS_MODE_ENFORCE; m++)
		if (strcmp(sts_mode_name((enum sts_mode)m), mode) == 0)
			sts->policy.mode = (enum sts_mode)m;
	sts->policy.max_age = read_number(object, "max_age");
	sts->policy.mx = arena_alloc(arena, (count + 1) * sizeof *sts->policy.mx);
	for (size_t i = 0; i < count; i++)
		if (json_is_string(json_array_get(patterns, i)))
			sts->policy.mx[sts->policy.mx_count++] =
			    json_string_value(json_array_get(patterns, i));
	sts->policy.mx_total = sts->policy.mx_count;
	read_lines(json_object_get(object, "policy"), arena, &sts->fetched);
}

static void
read_fetch(const json_t *object, struct sts_fetched *fetched)
{
	const char *how = read_word(object, "how"), *ip = read_word(object, "ip");

	if (how != NULL)
		sts_fetch_named(how, &fetched->how);
	if (ip != NULL)
		ip_parse(&fetched->ip, ip);
	fetched->status = (long)read_number(object, "status");
	fetched->type = read_word(object, "media_type");
	fetched->fault = read_word(object, "fault");
	fetched->detail = read_word(object, "detail");
	fetched->ms = (long)read_number(object, "ms");
}

void
read_sts(const json_t *object, struct arena *arena, struct journey *journey)
{
	struct mta_sts *sts;
	const char *id = read_word(object, "id");

	if (!json_is_object(object))
		return;
	sts = arena_alloc(arena, sizeof *sts);
	sts->domain = journey->target.domain;
	read_state(object, sts);
	if (id != NULL)
		strncpy(sts->id, id, sizeof sts->id - 1);
	read_fetch(json_object_get(object, "fetch"), &sts->fetched);
	if (sts->state == STS_HELD)
		read_policy(object, arena, sts);
	sts->result_type = read_word(object, "result_type");
	sts->problem = read_word(object, "problem");
	sts->undeliverable = json_is_true(json_object_get(object, "undeliverable"));
	read_findings(json_object_get(object, "findings"), arena, &sts->findings);
	sts_match(sts, &journey->route, arena); /* what it notes is noted already */
	journey->sts = sts;
}

void
read_sts_effect(const json_t *object, struct attempt *attempt)
{
	const char *effect = read_word(object, "effect");

	for (int e = STS_NO_EFFECT; effect != NULL && e <= STS_REFUSES; e++)
		if (strcmp(sts_effect_name((enum sts_effect)e), effect) == 0)
			attempt->sts = (enum sts_effect)e;
	attempt->sts_word = read_word(object, "word");
}
