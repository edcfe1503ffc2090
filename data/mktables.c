/* mktables: loads a rule base and writes it as C, so that the program need not load it at each
 * start. Runs while the program is built; only what is in rules/rulebase.h is known here.
 *
 * usage: mktables NAME FILE... */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "rules/rulebase.h"

/* Every octet that could mean something to a compiler is written as a number. */
static void
put_octets(const char *name, const char *bytes, size_t len)
{
	printf("static const char %s[] =\n\t\"", name);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c == '"' || c == '\\' || c == '?' || c < ' ' || c > '~')
			printf("\\%03o", c);
		else
			putchar(c);
		if (i % 96 == 95 && i + 1 < len)
			printf("\"\n\t\"");
	}
	printf("\";\n\n");
}

static void
put_begin(const char *type, const char *name)
{
	printf("static const %s %s[] = {\n", type, name);
}

static void
put_end(void)
{
	printf("\t{0},\n};\n\n"); /* no list is empty, for C */
}

static void
put_list(const char *name, struct ref_list list)
{
	printf(" .%s = {%u, %u},", name, list.first, list.count);
}

static void
put_uint32s(const char *name, const uint32_t *numbers, size_t count)
{
	printf("static const uint32_t %s[] = {", name);
	for (size_t i = 0; i < count; i++)
		printf("%s%u,", i % 16 == 0 ? "\n\t" : " ", numbers[i]);
	printf("\n\t0,\n};\n\n");
}

static void
put_uint64s(const char *name, const uint64_t *numbers, size_t count)
{
	printf("static const uint64_t %s[] = {", name);
	for (size_t i = 0; i < count; i++)
		printf("%s0x%llx,", i % 8 == 0 ? "\n\t" : " ", (unsigned long long)numbers[i]);
	printf("\n\t0,\n};\n\n");
}

/* ---- what was loaded */

static void
put_patterns(const struct rules *rules)
{
	put_begin("struct pattern_row", "patterns");
	for (size_t i = 0; i < rules->pattern_count; i++)
		printf("\t{%u, %u, %u},\n", rules->patterns[i].source, rules->patterns[i].words,
		    rules->patterns[i].choice_count);
	put_end();
}

static void
put_rule(const struct rule *rule)
{
	printf("\t{.id = %u, .id_hash = %uU, .class = %d, .cause = %d, .who = %d, .what = %d,\n"
	       "\t .list = %u, .provider = %u, .url = %u, .advice = %u, .only = %u,\n"
	       "\t .stages = %uU, .carriers = %uU, .about = %uU, .yields_to = 0x%llxU,\n\t",
	    rule->id, rule->id_hash, (int)rule->class, (int)rule->cause, (int)rule->who,
	    (int)rule->what, rule->list, rule->provider, rule->url, rule->advice, rule->only,
	    rule->stages, rule->carriers, rule->about, (unsigned long long)rule->yields_to);
	put_list("patterns", rule->patterns);
	put_list("unless", rule->unless);
	put_list("yields", rule->yields);
	put_list("words", rule->words);
	put_list("examples", rule->examples);
	printf("\n\t .source = %u, .stage_text = %u, .file = %u, .number = %u,\n"
	       "\t .code_count = %u, .enhanced_count = %u, .codes = {",
	    rule->source, rule->stage_text, rule->file, rule->number, rule->code_count,
	    rule->enhanced_count);
	for (size_t i = 0; i < RANGES_MAX; i++)
		printf("{%d, %d}, ", rule->codes[i].least, rule->codes[i].most);
	printf("}, .enhanced = {");
	for (size_t i = 0; i < RANGES_MAX; i++)
		printf("{%d, %d, %d, %d}, ", rule->enhanced[i].class, rule->enhanced[i].subject,
		    rule->enhanced[i].least, rule->enhanced[i].most);
	printf("}},\n");
}

static void
put_loaded(const struct rules *rules)
{
	put_octets("texts", rules->texts, rules->text_len);
	put_uint32s("refs", rules->refs, rules->ref_count);
	put_patterns(rules);
	put_begin("struct rule", "all_rules");
	for (size_t i = 0; i < rules->count; i++)
		put_rule(&rules->rules[i]);
	put_end();
	put_begin("struct brand", "brands");
	for (size_t i = 0; i < rules->brand_count; i++) {
		const struct brand *brand = &rules->brands[i];

		printf("\t{%u, %u, %u, %u, %d, {%u, %u}},\n", brand->id, brand->name, brand->family,
		    brand->url, (int)brand->what, brand->patterns.first, brand->patterns.count);
	}
	put_end();
	put_begin("struct provider", "providers");
	for (size_t i = 0; i < rules->provider_count; i++) {
		const struct provider *provider = &rules->providers[i];

		printf("\t{%u, %u, %u, %u, {%u, %u}},\n", provider->id, provider->name,
		    provider->url, provider->mx, provider->patterns.first,
		    provider->patterns.count);
	}
	put_end();
	put_begin("struct suffix", "suffixes");
	for (size_t i = 0; i < rules->suffix_count; i++)
		printf("\t{%u, %u, %u, %u},\n", rules->suffixes[i].text, rules->suffixes[i].len,
		    rules->suffixes[i].provider, rules->suffixes[i].next);
	put_end();
}

static void
put_language(const struct rules *rules)
{
	put_begin("struct word_class", "classes");
	for (size_t i = 0; i < rules->class_count; i++)
		printf("\t{%u, %u},\n", rules->classes[i].name, rules->classes[i].words);
	put_end();
	put_begin("struct same", "sames");
	for (size_t i = 0; i < rules->same_count; i++)
		printf("\t{%u, %u},\n", rules->sames[i].phrase, rules->sames[i].instead);
	put_end();
	put_begin("struct aside", "asides");
	for (size_t i = 0; i < rules->aside_count; i++)
		printf("\t{%u, %d},\n", rules->asides[i].phrase, (int)rules->asides[i].kind);
	put_end();
	put_begin("struct sign_word", "sign_words");
	for (size_t i = 0; i < rules->sign_word_count; i++)
		printf("\t{%u, %u},\n", rules->sign_words[i].sort, rules->sign_words[i].phrase);
	put_end();
}

/* ---- what was made of it */

static void
put_phrases(const char *name, const struct phrases *phrases)
{
	put_begin("struct phrase_row", name);
	for (size_t i = 0; i < phrases->count; i++) {
		const struct phrase_row *phrase = &phrases->list[i];

		printf("\t{0x%llx, 0x%llx, %u, %u, %u, %u, %u, %u},\n",
		    (unsigned long long)phrase->head, (unsigned long long)phrase->mask,
		    phrase->text, phrase->instead, phrase->len, phrase->instead_len, phrase->kind,
		    phrase->end);
	}
	put_end();
}

static void
put_words(const struct word_index *words)
{
	put_octets("word_texts", words->texts, words->text_len);
	put_begin("struct term", "terms");
	for (size_t i = 0; i <= words->count; i++) {
		const struct term *term = &words->words[i];

		printf("\t{0x%llx, 0x%llx, %u, %u, %u},\n", (unsigned long long)term->head,
		    (unsigned long long)term->mask, term->text, term->len, term->mark);
	}
	put_end();
	put_begin("struct mark", "marks");
	for (size_t i = 0; i < words->mark_count; i++)
		printf("\t{%u, 0x%llx},\n", words->marks[i].at,
		    (unsigned long long)words->marks[i].bits);
	put_end();
	put_uint32s("runs", words->runs, WORD_RUNS + 1);
	put_uint64s("begins", words->begins, WORD_BEGINS);
}

static void
put_ranked(const struct rules *rules)
{
	put_begin("struct ranked_rule", "ranked");
	for (size_t i = 0; i < rules->count; i++)
		printf("\t{%u, %u, %d},\n", rules->ranked[i].rule, rules->ranked[i].unless_entry,
		    rules->ranked[i].yields_beyond);
	put_end();
	put_begin("struct rule_entry", "entries");
	for (size_t i = 0; i < rules->entry_count; i++)
		printf("\t{%u, %u, %u},\n", rules->entries[i].pattern, rules->entries[i].owner,
		    rules->entries[i].choices);
	put_end();
	put_uint64s("needs", rules->needs, rules->entry_count / 16 + 1);
	put_uint64s("given", rules->given, rules->entry_count / 16 + 1);
	put_uint32s("wordless", rules->wordless, rules->wordless_count);
}

/* ---- all of it */

static void
put_phrase_table(const char *name, const struct phrases *phrases)
{
	printf("\t.%s = {.texts = texts, .list = %s, .count = %zu, .growth = %zu, .first = {", name,
	    name, phrases->count, phrases->growth);
	for (size_t i = 0; i <= PHRASE_BUCKETS; i++)
		printf("%s%u, ", i % 16 == 0 ? "\n\t\t" : "", phrases->first[i]);
	printf("},\n\t.inner = {");
	for (size_t i = 0; i < 256; i++)
		printf("%s%d, ", i % 32 == 0 ? "\n\t\t" : "", phrases->inner[i]);
	printf("}},\n");
}

static void
put_base(const struct rules *rules, const char *name)
{
	printf("const struct rules %s = {\n"
	       "\t.texts = texts, .refs = refs, .patterns = patterns, .rules = all_rules,\n"
	       "\t.brands = brands, .providers = providers, .suffixes = suffixes,\n"
	       "\t.classes = classes, .sames = sames, .asides = asides,\n"
	       "\t.sign_words = sign_words, .ranked = ranked, .entries = entries,\n"
	       "\t.needs = needs, .given = given, .wordless = "
	       "wordless,\n",
	    name);
	printf("\t.text_len = %zu, .ref_count = %zu, .pattern_count = %zu, .count = %zu,\n"
	       "\t.brand_count = %zu, .provider_count = %zu, .suffix_count = %zu,\n"
	       "\t.class_count = %zu, .same_count = %zu, .aside_count = %zu,\n"
	       "\t.sign_word_count = %zu, .wordless_count = %zu,\n",
	    rules->text_len, rules->ref_count, rules->pattern_count, rules->count,
	    rules->brand_count, rules->provider_count, rules->suffix_count, rules->class_count,
	    rules->same_count, rules->aside_count, rules->sign_word_count, rules->wordless_count);
	printf("\t.entry_count = %zu, .brand_entry = %zu, .provider_entry = %zu,\n"
	       "\t.unless_entry = %zu, .class_entry = {",
	    rules->entry_count, rules->brand_entry, rules->provider_entry, rules->unless_entry);
	for (size_t i = 0; i <= CLASS_COUNT; i++)
		printf("%zu, ", rules->class_entry[i]);
	printf("},\n\t.suffix_buckets = {");
	for (size_t i = 0; i < SUFFIX_BUCKETS; i++)
		printf("%s%u, ", i % 16 == 0 ? "\n\t\t" : "", rules->suffix_buckets[i]);
	printf("},\n\t.words = {terms, marks, runs, begins, word_texts, %zu, %zu, %zu},\n",
	    rules->words.count, rules->words.mark_count, rules->words.text_len);
	put_phrase_table("synonyms", &rules->synonyms);
	put_phrase_table("openings", &rules->openings);
	printf("};\n");
}

static bool
add_file(struct rules *rules, const char *name)
{
	FILE *file = fopen(name, "r");
	struct stanza_error error;
	struct buf text;
	char piece[65536];
	size_t n;
	bool well;

	if (file == NULL) {
		fprintf(stderr, "mktables: %s: %s\n", name, strerror(errno));
		return false;
	}
	buf_init(&text, SIZE_MAX);
	while ((n = fread(piece, 1, sizeof piece, file)) > 0)
		buf_add(&text, piece, n);
	fclose(file);
	well = rules_add_own(rules, text.data, text.len, &error);
	if (!well)
		fprintf(stderr, "%s:%u: %s\n", name, error.line, error.reason);
	buf_release(&text);
	return well;
}

int
main(int argc, char **argv)
{
	struct rules *rules = rules_new(NULL);

	for (int i = 2; i < argc; i++)
		if (!add_file(rules, argv[i]))
			return 1;
	rules_rank(rules);
	printf("/* Made by data/mktables.c; do not edit. */\n#include \"rules/rulebase.h\"\n\n");
	put_loaded(rules);
	put_language(rules);
	put_phrases("synonyms", &rules->synonyms);
	put_phrases("openings", &rules->openings);
	put_words(&rules->words);
	put_ranked(rules);
	put_base(rules, argv[1]);
	rules_free(rules);
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
