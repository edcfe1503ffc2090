/* The rule base: filling and order. Loading is rules_load.c's, what a single rule says to a text
 * rule.c's, reading by all of them read.c's. */
#include "rules/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "rules/builtin.h"
#include "rules/rulebase.h"

struct rules *
rules_new(const struct lists *lists)
{
	struct rules *rules = must_alloc(sizeof *rules);

	rules->lists = lists;
	rules->arena = arena_new();
	rules->matcher = matcher_new();
	rules->openings = openings_new();
	rules->signs = signs_new();
	rules_rank(rules);
	return rules;
}

void
rules_free(struct rules *rules)
{
	if (rules == NULL)
		return;
	for (size_t i = 0; i < rules->pattern_count; i++)
		pattern_release(rules->patterns[i]);
	words_free(rules->words);
	synonyms_free(rules->synonyms);
	openings_free(rules->openings);
	signs_free(rules->signs);
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
	return x->number < y->number ? -1 : x->number > y->number;
}

static void
add_entry(
    struct rules *rules, size_t owner, struct pattern *pattern, const struct word_choice *by_hand)
{
	struct rule_entry *entry =
	    arena_push(rules->arena, &rules->entries, rules->entry_count, sizeof *entry);
	size_t tag = rules->entry_count * CHOICES_MAX,
	       count = pattern != NULL ? pattern->choice_count : 0;
	const struct word_choice *choices = count > 0 ? pattern->choices : by_hand;

	if (count == 0 && by_hand != NULL && by_hand->count > 0)
		count = 1;
	*entry = (struct rule_entry){pattern, owner, (unsigned char)((1U << count) - 1)};
	rules->entry_count++;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < choices[i].count; k++)
			words_add(rules->words, choices[i].words[k], tag + i);
}

static void
add_rule_entries(struct rules *rules, size_t rank)
{
	const struct rule *rule = rules->ranked[rank];

	for (size_t k = 0; k < rule->pattern_count; k++)
		add_entry(rules, rank, rule->patterns[k], &rule->words);
	if (rule->pattern_count == 0)
		add_entry(rules, rank, NULL, NULL);
}

/* The longest first, for "mail box" begins as "mail" does; of the same phrase the one that was
 * loaded last. */
static int
by_length(const void *a, const void *b)
{
	const struct same *x = a, *y = b;
	size_t n = strlen(x->phrase), m = strlen(y->phrase);

	if (n != m)
		return n > m ? -1 : 1;
	return x->number > y->number ? -1 : x->number < y->number;
}

static void
make_synonyms(struct rules *rules)
{
	synonyms_free(rules->synonyms);
	rules->synonyms = NULL;
	if (rules->same_count == 0)
		return;
	rules->synonyms = synonyms_new();
	qsort(rules->sames, rules->same_count, sizeof *rules->sames, by_length);
	for (size_t i = 0; i < rules->same_count; i++)
		synonyms_add(rules->synonyms, rules->sames[i].phrase, rules->sames[i].instead);
}

/* A rule that yields to one of a later class has to be asked together with it. */
static bool
yields_beyond(const struct rules *rules, const struct rule *rule)
{
	for (size_t i = 0; i < rule->yield_count; i++)
		for (size_t k = 0; k < rules->count; k++)
			if (rules->rules[k]->class > rule->class &&
			    rules->rules[k]->class <= CLASS_SPECIFIC &&
			    strcmp(rules->rules[k]->id, rule->yields[i]) == 0)
				return true;
	return false;
}

void
rules_rank(struct rules *rules)
{
	make_synonyms(rules);
	words_free(rules->words);
	rules->words = words_new();
	rules->entries = NULL;
	rules->entry_count = 0;
	rules->ranked = arena_alloc(rules->arena, (rules->count + 1) * sizeof *rules->ranked);
	if (rules->count > 0) {
		memcpy(rules->ranked, rules->rules, rules->count * sizeof *rules->ranked);
		qsort(rules->ranked, rules->count, sizeof *rules->ranked, by_belief);
	}
	for (size_t i = 0; i < rules->count; i++)
		rules->rules[i]->yields_beyond = rules->rules[i]->class < CLASS_SPECIFIC &&
		                                 yields_beyond(rules, rules->rules[i]);
	for (size_t i = 0, class = 0; class <= CLASS_COUNT; class ++) {
		rules->class_entry[class] = rules->entry_count;
		for (; i < rules->count && rules->ranked[i]->class == class; i++)
			add_rule_entries(rules, i);
	}
	rules->brand_entry = rules->entry_count;
	for (size_t i = 0; i < rules->brand_count; i++)
		for (size_t k = 0; k < rules->brands[i]->pattern_count; k++)
			add_entry(rules, i, rules->brands[i]->patterns[k], NULL);
	rules->provider_entry = rules->entry_count;
	for (size_t i = 0; i < rules->provider_count; i++)
		for (size_t k = 0; k < rules->providers[i]->pattern_count; k++)
			add_entry(rules, i, rules->providers[i]->patterns[k], NULL);
	rules->unless_entry = rules->entry_count;
	for (size_t i = 0; i < rules->count; i++) {
		rules->ranked[i]->unless_entry = rules->entry_count;
		for (size_t k = 0; k < rules->ranked[i]->unless_count; k++)
			add_entry(rules, i, rules->ranked[i]->unless[k], NULL);
	}
	rules->needs =
	    arena_alloc(rules->arena, (rules->entry_count / 16 + 1) * sizeof *rules->needs);
	rules->given =
	    arena_alloc(rules->arena, (rules->entry_count / 16 + 1) * sizeof *rules->given);
	for (size_t i = 0; i < rules->entry_count; i++) {
		rules->needs[i / 16] |= (uint64_t)rules->entries[i].choices << (i % 16 * 4);
		if (rules->entries[i].choices == 0 && i >= rules->brand_entry)
			rules->given[i / 16] |= UINT64_C(15) << (i % 16 * 4);
	}
	rules->wordless =
	    arena_alloc(rules->arena, (rules->brand_entry + 1) * sizeof *rules->wordless);
	rules->wordless_count = 0;
	for (size_t i = 0; i < rules->brand_entry; i++)
		if (rules->entries[i].choices == 0)
			rules->wordless[rules->wordless_count++] = i;
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
	rules->files += !rules->builtin;
	for (size_t i = 0; i < count && well; i++)
		well = rule_load(rules, &stanzas[i], error);
	if (!well) { /* as if nothing had been read; what was compiled stays in the books until the
		        end */
		before.patterns = rules->patterns;
		before.pattern_count = rules->pattern_count;
		*rules = before;
		return false;
	}
	if (!rules->builtin)
		rules_rank(rules);
	return true;
}

struct builtin_file {
	const char *name, *text;
	size_t len;
};

static bool
add_files(
    struct rules *rules, const struct builtin_file *files, size_t count, struct stanza_error *error)
{
	rules->builtin = true; /* tests ran every example */
	for (size_t i = 0; i < count; i++)
		if (!rules_add(rules, files[i].text, files[i].len, error)) {
			char reason[sizeof error->reason];

			snprintf(reason, sizeof reason, "%s", error->reason);
			snprintf(error->reason, sizeof error->reason, "%s: %.120s", files[i].name,
			    reason);
			return false;
		}
	rules->builtin = false;
	rules_rank(rules);
	return true;
}

bool
rules_add_builtin(struct rules *rules, struct stanza_error *error)
{
	const struct builtin_file files[] = {
	    {"data/words.conf", data_words, data_words_size},
	    {"data/providers.conf", data_providers, data_providers_size},
	    {"data/rules.conf", data_rules, data_rules_size},
	};

	return add_files(rules, files, sizeof files / sizeof files[0], error);
}

bool
rules_add_verdicts(struct rules *rules, struct stanza_error *error)
{
	const struct builtin_file file = {"data/verdicts.conf", data_verdicts, data_verdicts_size};

	return add_files(rules, &file, 1, error);
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
	    .pattern = rule->source,
	    .list = rule->list,
	    .who = who_name(rule->who),
	    .advice = rule->advice,
	    .url = rule->url,
	    .examples = rule->examples,
	    .example_count = rule->example_count,
	};
}
