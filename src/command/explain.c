/* explain: what a refusal means. Texts as arguments, or one a line on standard input: a reply, or an object with the reply in `text`. No network. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "command/command.h"
#include "command/dns.h"
#include "dns/blocklist.h"
#include "judge/rules.h"
#include "record.h"
#include "text.h"

enum { INPUT_LINE_MAX = 1024 * 1024 };

struct explainer {
	const struct options *options;
	const struct rules *rules;
	struct arena *arena; /* of one reply */
	struct buf out;
	struct text_style style;
};

static void
explain_as_text(struct explainer *explainer, const struct said *said, const struct reading *reading)
{
	struct buf *out = &explainer->out;

	text_safe(out, said->text, said->len);
	buf_printf(out, "\n  %s: %s\n", cause_name(reading->cause), cause_words(reading->cause));
	text_field(out, &explainer->style, "list", reading->list);
	text_field(out, &explainer->style, "listed", reading->listed);
	text_field(out, &explainer->style, "provider", reading->provider);
	text_field(out, &explainer->style, "rule", reading->rule);
	text_field(out, &explainer->style, "who", who_name(reading->who));
	text_field(out, &explainer->style, "advice", reading->advice);
	text_field(out, &explainer->style, "see", reading->url);
	buf_putc(out, '\n');
}

/* False: standard output takes no more. */
static bool
explain_one(struct explainer *explainer, const char *id, const struct said *said)
{
	struct reading reading;

	rules_read(explainer->rules, said, explainer->arena, &reading);
	buf_clear(&explainer->out);
	if (explainer->options->format == FORMAT_NDJSON)
		record_explanation(&explainer->out, id, &reading, said->text, said->len);
	else
		explain_as_text(explainer, said, &reading);
	arena_reset(explainer->arena);
	return fwrite(explainer->out.data, 1, explainer->out.len, stdout) == explainer->out.len;
}

static const char *
member(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static bool
explain_object(struct explainer *explainer, const char *line, size_t len)
{
	json_t *object = json_loadb(line, len, JSON_DISABLE_EOF_CHECK, NULL);
	const char *text = member(object, "text"), *stage = member(object, "stage");
	bool well = true;

	if (text != NULL) {
		struct said said = {
			.text = text,
			.len = json_string_length(json_object_get(object, "text")),
			.stage = explainer->options->stage,
			.code = (int)json_integer_value(json_object_get(object, "code")),
			.enhanced = member(object, "enhanced"),
			.mx = member(object, "mx") != NULL ? member(object, "mx") : explainer->options->mx,
			.greeting = member(object, "greeting"),
		};

		if (stage != NULL)
			stage_parse(stage, &said.stage);
		well = explain_one(explainer, member(object, "id"), &said);
	}
	json_decref(object);
	return well;
}

static bool
explain_text(struct explainer *explainer, const char *text, size_t len)
{
	const struct said said = { .text = text, .len = len, .stage = explainer->options->stage, .mx = explainer->options->mx };

	return explain_one(explainer, NULL, &said);
}

static bool
explain_input(struct explainer *explainer)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	bool well = true;

	while (well && (len = getline(&line, &size, stdin)) > 0) {
		while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
			len--;
		if (len == 0 || len > INPUT_LINE_MAX)
			continue;
		well = *line == '{' ? explain_object(explainer, line, (size_t)len) : explain_text(explainer, line, (size_t)len);
	}
	free(line);
	return well;
}

static int
explain_all(struct explainer *explainer)
{
	const struct strings *texts = &explainer->options->operands;
	bool well = true;

	for (size_t i = 0; well && i < texts->count; i++)
		well = explain_text(explainer, texts->items[i], strlen(texts->items[i]));
	if (texts->count == 0)
		well = explain_input(explainer);
	if (well)
		return EXIT_OK;
	log_error("standard output: write error");
	return EXIT_WRITE;
}

int
command_explain(const struct options *options)
{
	struct explainer explainer = { .options = options, .style = { .width = 100 } };
	int status;
	struct lists *lists = lists_open(options, &status);
	struct rules *rules = lists != NULL ? rules_open(options, lists, &status) : NULL;

	if (rules != NULL) {
		explainer.rules = rules;
		explainer.arena = arena_new();
		buf_init(&explainer.out, 4 * INPUT_LINE_MAX);
		status = explain_all(&explainer);
		buf_release(&explainer.out);
		arena_free(explainer.arena);
		rules_free(rules);
	}
	lists_free(lists);
	return status;
}
