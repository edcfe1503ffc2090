/* The rule base: filling and order. Loading is rules_load.c's, what a single rule says to a text
 * rule.c's, reading by all of them read.c's. */
#include "rules/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "rules/rulebase.h"

static void
make_signs(struct rules *rules)
{
	rules->signs = signs_new();
	for (size_t i = 0; i < rules->sign_word_count; i++)
		signs_add(rules->signs, rules_text(rules, rules->sign_words[i].sort),
		    rules_text(rules, rules->sign_words[i].phrase));
}

struct rules *
rules_from(const struct rules *tables, const struct lists *lists)
{
	struct rules *rules = must_alloc(sizeof *rules);

	*rules = *tables;
	rules->lists = lists;
	rules->arena = arena_new();
	rules->matcher = matcher_new();
	make_signs(rules);
	return rules;
}

struct rules *
rules_new(const struct lists *lists)
{
	static const struct rules empty = {.texts = "", .text_len = 1, .text_room = 1};
	struct rules *rules = rules_from(&empty, lists);

	rules_rank(rules);
	return rules;
}

void
rules_free(struct rules *rules)
{
	if (rules == NULL)
		return;
	signs_free(rules->signs);
	matcher_free(rules->matcher);
	arena_free(rules->arena);
	free(rules);
}

/* ---- order */

/* What rules_rank() makes, on the way. */
struct ranking {
	struct rules *rules;
	struct ranked_rule *ranked;
	struct word_list *words;
};

struct rule_standing { /* of a rule */
	const struct rule *rule;
	uint32_t number;
};

static int
by_belief(const void *a, const void *b)
{
	const struct rule *x = ((const struct rule_standing *)a)->rule,
	                  *y = ((const struct rule_standing *)b)->rule;

	if (x->class != y->class)
		return x->class < y->class ? -1 : 1;
	if (x->file != y->file) /* who adds a file knows better */
		return x->file > y->file ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* A rule that yields to one of a later class has to be asked together with it. */
static bool
yields_beyond(const struct rules *rules, const struct rule *rule)
{
	for (size_t i = 0; i < rule->yields.count; i++)
		for (size_t k = 0; k < rules->count; k++)
			if (rules->rules[k].class > rule->class &&
			    rules->rules[k].class <= CLASS_SPECIFIC &&
			    strcmp(rules_text(rules, rules->rules[k].id),
			        rules_text(rules, rules_ref(rules, rule->yields, i))) == 0)
				return true;
	return false;
}

static void
rank_rules(struct ranking *ranking)
{
	struct rules *rules = ranking->rules;
	struct rule_standing *standings =
	    arena_alloc(rules->arena, (rules->count + 1) * sizeof *standings);

	ranking->ranked = arena_alloc(rules->arena, (rules->count + 1) * sizeof *ranking->ranked);
	rules->ranked = ranking->ranked;
	for (uint32_t i = 0; i < rules->count; i++)
		standings[i] = (struct rule_standing){&rules->rules[i], i};
	if (rules->count > 0)
		qsort(standings, rules->count, sizeof *standings, by_belief);
	for (size_t i = 0; i < rules->count; i++)
		ranking->ranked[i] = (struct ranked_rule){.rule = standings[i].number,
		    .yields_beyond = standings[i].rule->class < CLASS_SPECIFIC &&
		                     yields_beyond(rules, standings[i].rule)};
}

static void
add_entry(struct ranking *ranking, size_t owner, uint32_t pattern, size_t choices)
{
	struct rules *rules = ranking->rules;

	*(struct rule_entry *)arena_push(
	    rules->arena, &rules->entries, rules->entry_count, sizeof *rules->entries) =
	    (struct rule_entry){pattern, (uint32_t)owner, (unsigned char)((1U << choices) - 1)};
	rules->entry_count++;
}

/* The patterns of a rule, a brand or a provider. */
static void
add_entries(struct ranking *ranking, size_t owner, struct ref_list patterns)
{
	struct rules *rules = ranking->rules;

	for (size_t k = 0; k < patterns.count; k++) {
		struct pattern pattern = rules_pattern(rules, rules_ref(rules, patterns, k));
		size_t tag = rules->entry_count * CHOICES_MAX;
		const char *word = pattern.words;

		add_entry(ranking, owner, pattern.number, pattern.choice_count);
		for (size_t i = 0; i < pattern.choice_count; i++, word++)
			for (; *word != '\0'; word += strlen(word) + 1)
				word_list_add(ranking->words, word, tag + i);
	}
}

/* Words that were given by hand are the choice of patterns that have none. */
static void
add_rule_entries(struct ranking *ranking, size_t rank)
{
	struct rules *rules = ranking->rules;
	const struct rule *rule = &rules->rules[ranking->ranked[rank].rule];
	size_t first = rules->entry_count;

	add_entries(ranking, rank, rule->patterns);
	if (rule->patterns.count == 0)
		add_entry(ranking, rank, NO_PATTERN, 0);
	for (size_t i = first; i < rules->entry_count && rule->patterns.count > 0; i++) {
		struct rule_entry *entry = &((struct rule_entry *)rules->entries)[i];

		if (entry->choices != 0 || rule->words.count == 0)
			continue;
		entry->choices = 1;
		for (size_t k = 0; k < rule->words.count; k++)
			word_list_add(ranking->words,
			    rules_text(rules, rules_ref(rules, rule->words, k)), i * CHOICES_MAX);
	}
}

static void
make_entries(struct ranking *ranking)
{
	struct rules *rules = ranking->rules;

	rules->entries = NULL;
	rules->entry_count = 0;
	for (size_t i = 0, class = 0; class <= CLASS_COUNT; class ++) {
		rules->class_entry[class] = rules->entry_count;
		for (; i < rules->count && rules->rules[rules->ranked[i].rule].class == class; i++)
			add_rule_entries(ranking, i);
	}
	rules->brand_entry = rules->entry_count;
	for (size_t i = 0; i < rules->brand_count; i++)
		add_entries(ranking, i, rules->brands[i].patterns);
	rules->provider_entry = rules->entry_count;
	for (size_t i = 0; i < rules->provider_count; i++)
		add_entries(ranking, i, rules->providers[i].patterns);
	rules->unless_entry = rules->entry_count;
	for (size_t i = 0; i < rules->count; i++) {
		ranking->ranked[i].unless_entry = (uint32_t)rules->entry_count;
		add_entries(ranking, i, rules->rules[rules->ranked[i].rule].unless);
	}
}

static void
make_needs(struct rules *rules)
{
	uint64_t *needs = arena_alloc(rules->arena, (rules->entry_count / 16 + 1) * sizeof *needs),
	         *given = arena_alloc(rules->arena, (rules->entry_count / 16 + 1) * sizeof *given);
	uint32_t *wordless = arena_alloc(rules->arena, (rules->brand_entry + 1) * sizeof *wordless);

	rules->needs = needs;
	rules->given = given;
	rules->wordless = wordless;
	rules->wordless_count = 0;
	for (size_t i = 0; i < rules->entry_count; i++) {
		needs[i / 16] |= (uint64_t)rules->entries[i].choices << (i % 16 * 4);
		if (rules->entries[i].choices != 0)
			continue;
		if (i >= rules->brand_entry)
			given[i / 16] |= UINT64_C(15) << (i % 16 * 4);
		else
			wordless[rules->wordless_count++] = (uint32_t)i;
	}
}

/* Of the same phrase the one that was loaded last is found. */
static void
make_phrases(struct rules *rules)
{
	size_t n = rules->same_count > rules->aside_count ? rules->same_count : rules->aside_count;
	struct phrase_row *list = arena_alloc(rules->arena, (n + 1) * sizeof *list);

	for (size_t i = 0; i < rules->same_count; i++) {
		const struct same *same = &rules->sames[rules->same_count - 1 - i];

		list[i] = (struct phrase_row){.text = same->phrase, .instead = same->instead};
	}
	phrases_make(
	    &rules->synonyms, rules->texts, list, rules->same_count, synonyms_inner, rules->arena);
	for (size_t i = 0; i < rules->aside_count; i++)
		list[i] = (struct phrase_row){
		    .text = rules->asides[i].phrase, .kind = (uint16_t)rules->asides[i].kind};
	phrases_make(
	    &rules->openings, rules->texts, list, rules->aside_count, openings_inner, rules->arena);
}

void
rules_rank(struct rules *rules)
{
	struct ranking ranking = {.rules = rules, .words = word_list_new()};

	make_phrases(rules);
	rank_rules(&ranking);
	make_entries(&ranking);
	make_needs(rules);
	words_make(&rules->words, ranking.words, rules->arena);
	word_list_free(ranking.words);
}

/* ---- filling */

/* A copy that arena_push can go on with. */
static void *
copy_list(struct arena *arena, const void *items, size_t count, size_t size)
{
	size_t room = 4;
	void *copy;

	while (room < count)
		room *= 2;
	copy = arena_alloc(arena, room * size);
	return count > 0 ? memcpy(copy, items, count * size) : copy;
}

/* What others read, or is a constant, is not written to. */
static void
copy_lists(struct rules *rules)
{
	struct arena *arena = rules->arena;

	rules->refs = copy_list(arena, rules->refs, rules->ref_count, sizeof *rules->refs);
	rules->patterns =
	    copy_list(arena, rules->patterns, rules->pattern_count, sizeof *rules->patterns);
	rules->rules = copy_list(arena, rules->rules, rules->count, sizeof *rules->rules);
	rules->brands = copy_list(arena, rules->brands, rules->brand_count, sizeof *rules->brands);
	rules->providers =
	    copy_list(arena, rules->providers, rules->provider_count, sizeof *rules->providers);
	rules->suffixes =
	    copy_list(arena, rules->suffixes, rules->suffix_count, sizeof *rules->suffixes);
	rules->classes =
	    copy_list(arena, rules->classes, rules->class_count, sizeof *rules->classes);
	rules->sames = copy_list(arena, rules->sames, rules->same_count, sizeof *rules->sames);
	rules->asides = copy_list(arena, rules->asides, rules->aside_count, sizeof *rules->asides);
	rules->sign_words =
	    copy_list(arena, rules->sign_words, rules->sign_word_count, sizeof *rules->sign_words);
	rules->text_room = rules->text_len; /* and the texts with the first that is added */
}

static bool
add_stanzas(struct rules *rules, const char *text, size_t len, struct stanza_error *error)
{
	struct stanza *stanzas;
	size_t count;

	if (!stanza_read(text, len, rules->arena, &stanzas, &count, error))
		return false;
	rules->files += !rules->builtin;
	for (size_t i = 0; i < count; i++)
		if (!rule_load(rules, &stanzas[i], error))
			return false;
	for (size_t i = 0; i < count && !rules->builtin; i++)
		if (!rule_check_yields(rules, &stanzas[i], error))
			return false;
	return true;
}

bool
rules_add(struct rules *rules, const char *text, size_t len, struct stanza_error *error)
{
	struct rules before = *rules;
	bool well;

	copy_lists(rules);
	well = add_stanzas(rules, text, len, error);
	if (well) {
		rules_rank(rules);
		return true;
	}
	before.pattern_count = rules->pattern_count; /* what was compiled stays with the matcher */
	*rules = before; /* as if nothing had been read */
	signs_free(rules->signs);
	make_signs(rules);
	return false;
}

bool
rules_add_own(struct rules *rules, const char *text, size_t len, struct stanza_error *error)
{
	bool well;

	rules->builtin = true;
	well = add_stanzas(rules, text, len, error);
	rules->builtin = false;
	return well;
}

size_t
rules_count(const struct rules *rules)
{
	return rules->count;
}

struct rule_view
rules_at(const struct rules *rules, size_t i, struct arena *arena)
{
	const struct rule *rule = &rules->rules[rules->ranked[i].rule];
	const char **examples = arena_alloc(arena, (rule->examples.count + 1) * sizeof *examples);

	for (size_t k = 0; k < rule->examples.count; k++)
		examples[k] = rules_text(rules, rules_ref(rules, rule->examples, k));
	return (struct rule_view){
	    .id = rules_text(rules, rule->id),
	    .cause = cause_name(rule->cause),
	    .stage = rules_text(rules, rule->stage_text),
	    .provider = rules_text(rules, rule->provider),
	    .pattern = rules_text(rules, rule->source),
	    .list = rules_text(rules, rule->list),
	    .who = who_name(rule->who),
	    .advice = rules_text(rules, rule->advice),
	    .url = rules_text(rules, rule->url),
	    .examples = examples,
	    .example_count = rule->examples.count,
	};
}
