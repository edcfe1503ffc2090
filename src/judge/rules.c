/* The rule base: filling, order, and what a single rule says to a text. Reading by it is read.c's. */
#include "judge/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "judge/builtin.h"
#include "judge/rulebase.h"

static const char *const what_names[] = {
	[LISTED_NOTHING] = NULL, [LISTED_IP] = "ip", [LISTED_HELO] = "helo", [LISTED_SENDER] = "sender", [LISTED_URL] = "url", [LISTED_PTR] = "ptr",
};

const char *
listed_what_name(enum listed_what what)
{
	return what_names[what];
}

struct rules *
rules_new(const struct lists *lists)
{
	struct rules *rules = must_alloc(sizeof *rules);

	rules->lists = lists;
	rules->arena = arena_new();
	rules->matcher = matcher_new();
	rules_rank(rules);
	return rules;
}

void
rules_free(struct rules *rules)
{
	if (rules == NULL)
		return;
	for (size_t i = 0; i < rules->code_count; i++)
		pattern_release(rules->codes[i]);
	words_free(rules->words);
	matcher_free(rules->matcher);
	arena_free(rules->arena);
	free(rules);
}

/* ---- order */

static int
by_belief(const void *a, const void *b)
{
	const struct rule *x = *(struct rule *const *)a, *y = *(struct rule *const *)b;

	if (x->class != y->class)
		return x->class < y->class ? -1 : 1;
	if (x->file != y->file) /* who adds a file knows better */
		return x->file > y->file ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

static bool
add_words(struct rules *rules, const struct rule *rule, size_t tag)
{
	bool sure = rule->pattern_count > 0;

	for (size_t i = 0; i < rule->pattern_count; i++)
		sure = sure && rule->patterns[i].word_count > 0;
	if (rule->word_count > 0) {
		for (size_t i = 0; i < rule->word_count; i++)
			words_add(rules->words, rule->words[i], tag);
		return true;
	}
	for (size_t i = 0; sure && i < rule->pattern_count; i++)
		for (size_t k = 0; k < rule->patterns[i].word_count; k++)
			words_add(rules->words, rule->patterns[i].words[k], tag);
	return sure;
}

void
rules_rank(struct rules *rules)
{
	size_t tag = rules->count;

	words_free(rules->words);
	rules->words = words_new();
	rules->ranked = arena_alloc(rules->arena, (rules->count + 1) * sizeof *rules->ranked);
	rules->wordless = arena_alloc(rules->arena, (rules->count + 1) * sizeof *rules->wordless);
	rules->wordless_count = 0;
	if (rules->count > 0) {
		memcpy(rules->ranked, rules->rules, rules->count * sizeof *rules->ranked);
		qsort(rules->ranked, rules->count, sizeof *rules->ranked, by_belief);
	}
	for (size_t i = 0; i < rules->count; i++)
		if (!add_words(rules, rules->ranked[i], i))
			rules->wordless[rules->wordless_count++] = i;
	for (size_t i = 0; i < rules->brand_count; i++, tag++)
		for (size_t k = 0; k < rules->brands[i]->pattern.word_count; k++)
			words_add(rules->words, rules->brands[i]->pattern.words[k], tag);
	for (size_t i = 0; i < rules->provider_count; i++, tag++)
		for (size_t k = 0; k < rules->providers[i]->pattern_count; k++)
			for (size_t w = 0; w < rules->providers[i]->patterns[k].word_count; w++)
				words_add(rules->words, rules->providers[i]->patterns[k].words[w], tag);
	words_ready(rules->words);
}

/* ---- filling */

bool
rules_add(struct rules *rules, const char *text, size_t len, struct stanza_error *error)
{
	struct stanza *stanzas;
	struct rules before;
	bool well = true;
	size_t count;

	if (!stanza_read(text, len, rules->arena, &stanzas, &count, error))
		return false;
	before = *rules;
	before.rules = arena_alloc(rules->arena, (rules->count + 1) * sizeof *rules->rules);
	if (rules->count > 0)
		memcpy(before.rules, rules->rules, rules->count * sizeof *rules->rules);
	rules->files++;
	for (size_t i = 0; i < count && well; i++)
		well = rule_load(rules, &stanzas[i], error);
	if (!well) { /* as if nothing had been read; what was compiled stays in the books until the end */
		before.codes = rules->codes;
		before.code_count = rules->code_count;
		*rules = before;
		return false;
	}
	rules_rank(rules);
	return true;
}

bool
rules_add_builtin(struct rules *rules, struct stanza_error *error)
{
	const struct {
		const char *name, *text;
		size_t len;
	} files[] = {
		{ "data/providers.conf", data_providers, data_providers_size },
		{ "data/rules.conf", data_rules, data_rules_size },
		{ "data/advice.conf", data_advice, data_advice_size },
	};

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		if (!rules_add(rules, files[i].text, files[i].len, error)) {
			char reason[sizeof error->reason];

			snprintf(reason, sizeof reason, "%s", error->reason);
			snprintf(error->reason, sizeof error->reason, "%s: %.120s", files[i].name, reason);
			return false;
		}
	return true;
}

size_t
rules_count(const struct rules *rules)
{
	return rules->count;
}

struct rule_view
rules_at(const struct rules *rules, size_t i)
{
	const struct rule *rule = rules->ranked[i];

	return (struct rule_view){
		.id = rule->id,
		.cause = cause_name(rule->cause),
		.stage = rule->stage_text,
		.provider = rule->provider,
		.pattern = rule->pattern_count > 0 ? rule->patterns[0].source : NULL,
		.list = rule->list,
		.who = who_name(rule->who),
		.advice = rule->advice,
		.url = rule->url,
		.examples = rule->examples,
		.example_count = rule->example_count,
	};
}

const struct counsel *
rules_counsel(const struct rules *rules, enum cause cause, const char *provider)
{
	const struct counsel *general = NULL;

	for (size_t i = 0; i < rules->counsel_count; i++) {
		const struct counsel *counsel = rules->counsels[i];

		if (counsel->cause != cause)
			continue;
		if (counsel->provider == NULL)
			general = counsel;
		else if (provider != NULL && strcmp(counsel->provider, provider) == 0)
			return counsel;
	}
	return general;
}

/* ---- what a rule says to a text */

void
enhanced_parse(const char *text, struct enhanced_range *out)
{
	char *end;

	*out = (struct enhanced_range){ 0, -1, 0, 0 };
	if (text == NULL || text[0] == '\0' || text[1] != '.')
		return;
	out->class = text[0] - '0';
	out->subject = (int)strtol(text + 2, &end, 10);
	out->least = out->most = *end == '.' ? (int)strtol(end + 1, NULL, 10) : 0;
}

bool
rule_in_scope(const struct rule *rule, const struct scope *scope)
{
	bool well;

	if (rule->stages != 0 && !(rule->stages & 1U << scope->stage))
		return false;
	if (rule->carriers != 0 && !(rule->carriers & 1U << scope->carrier))
		return false;
	if (rule->only != NULL && (scope->provider == NULL || scope->provider->name != rule->only))
		return false;
	well = rule->code_count == 0;
	for (size_t i = 0; i < rule->code_count && !well; i++)
		well = scope->code >= rule->codes[i].least && scope->code <= rule->codes[i].most;
	if (!well)
		return false;
	well = rule->enhanced_count == 0;
	for (size_t i = 0; i < rule->enhanced_count && !well; i++) {
		const struct enhanced_range *range = &rule->enhanced[i];

		well = (range->class == 0 || range->class == scope->enhanced.class) && range->subject == scope->enhanced.subject && scope->enhanced.least >= range->least && scope->enhanced.least <= range->most;
	}
	return well;
}

bool
rule_matches(const struct rules *rules, const struct rule *rule, const char *text, size_t len, struct match *match)
{
	struct match ignored;
	bool found = rule->pattern_count == 0;

	if (found)
		*match = (struct match){ .all = { 0, 0 } };
	for (size_t i = 0; i < rule->pattern_count && !found; i++)
		found = pattern_match(&rule->patterns[i], rules->matcher, text, len, match);
	return found && (rule->unless.code == NULL || !pattern_match(&rule->unless, rules->matcher, text, len, &ignored));
}
