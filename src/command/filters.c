#include "command/filters.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "io/filter.h"
#include "io/loop.h"
#include "options/target.h"

enum { QUESTION_MAX = 130 * 1024 * 1024 };

struct filter_round { /* all that are asked together */
	struct event_base *base;
	struct arena *arena;
	size_t open;
};

struct filter_question {
	struct filter_round *round;
	struct component *component;
	struct buf bytes;
};

static bool
is_complete(struct slice answer, bool ended, void *arg)
{
	const struct filter_question *question = arg;

	return component_complete(question->component->kind, answer, ended);
}

static void
take_answer(struct slice answer, const char *why, void *arg)
{
	struct filter_question *question = arg;
	struct filter_round *round = question->round;

	if (why != NULL)
		question->component->problem = arena_string(round->arena, why);
	else
		component_read(
		    question->component->kind, answer, round->arena, question->component);
	buf_release(&question->bytes);
	if (--round->open == 0)
		loop_stop(round->base);
}

static void
ask(struct filter_round *round, const struct component_plan *plan, const char *given,
    struct component *component)
{
	struct filter_question *question = arena_alloc(round->arena, sizeof *question);
	struct filter_plan filter = {
	    .base = round->base, .complete = is_complete, .done = take_answer, .arg = question};
	const char *host = "127.0.0.1", *why;
	char text[IP_TEXT];
	uint16_t port = 0;

	if (strcmp(given, "auto") != 0)
		target_server(given, round->arena, &host, &port, &why);
	ip_parse(&filter.address, host);
	filter.port = port != 0 ? port : (uint16_t)component_port(component->kind);
	component->at = arena_printf(round->arena, filter.address.family == 6 ? "[%s]:%u" : "%s:%u",
	    ip_text(&filter.address, text), filter.port);
	question->round = round;
	question->component = component;
	buf_init(&question->bytes, QUESTION_MAX);
	component_ask(component->kind, plan, &question->bytes);
	filter.question = (struct slice){question->bytes.data, question->bytes.len};
	round->open++;
	filter_ask(&filter);
}

size_t
filters_ask(const struct options *options, struct event_base *base,
    const struct component_plan *plan, struct arena *arena, const struct component **out)
{
	const struct strings *given[COMPONENT_COUNT] = {[COMPONENT_RSPAMD] = &options->rspamd,
	    [COMPONENT_SPAMD] = &options->spamd,
	    [COMPONENT_CLAMD] = &options->clamd};
	struct filter_round round = {.base = base, .arena = arena};
	struct component *components;
	size_t count = 0, at = 0;

	for (unsigned kind = 0; kind < COMPONENT_COUNT; kind++)
		count += given[kind]->count;
	components = arena_alloc(arena, (count + 1) * sizeof *components);
	for (unsigned kind = 0; kind < COMPONENT_COUNT; kind++)
		for (size_t i = 0; i < given[kind]->count; i++, at++) {
			components[at].kind = (enum component_kind)kind;
			ask(&round, plan, given[kind]->items[i], &components[at]);
		}
	while (round.open > 0)
		loop_run(base);
	*out = components;
	return count;
}
