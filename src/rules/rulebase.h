/* rulebase: the rule base in memory, between those who fill it (rules.c, rules_load.c), those who
 * read by it (read.c), and what one rule says (rule.c). Nobody else looks in. */
#ifndef RULES_RULEBASE_H
#define RULES_RULEBASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/clauses.h"
#include "rules/pattern.h"
#include "rules/phrases.h"
#include "rules/rules.h"
#include "rules/signs.h"
#include "rules/synonyms.h"
#include "rules/unwrap.h"
#include "rules/words.h"

/* The order of meaning: what stands earlier is believed before what stands later. */
enum rule_class {
	CLASS_TAG, /* a provider's tag or code: means what its documentation says, whatever the
	              words */
	CLASS_LIST, /* a named list, a list's URL */
	CLASS_SPECIFIC, /* words that leave one reading */
	CLASS_TABLE, /* a number in a provider's table of codes, which words said beside it outrank
	              */
	CLASS_SHARP, /* an enhanced code that providers use as it was meant */
	CLASS_GENERIC, /* words that usually mean it */
	CLASS_POLICY, /* "policy", and no more */
	CLASS_FALLBACK, /* an enhanced code or a word that is better than nothing */
	CLASS_COUNT
};

enum { RANGES_MAX = 6 };

/* What is built in was loaded and ranked when the program was built (data/mktables.c writes it as
 * C) and is read where it stands, by every process that needs it and by nobody else: it has no
 * pointers, which would have to be put right at each start. Texts are places in one pool, lists
 * are places in one list of numbers, and whatever is named is named by its number. */
typedef uint32_t text_ref; /* where in rules.texts it begins, NUL-terminated; 0: NULL */

struct ref_list { /* of rules.refs; what they are places or numbers of, its owner knows */
	uint32_t first, count;
};

struct code_range { /* reply codes */
	int least, most;
};

struct enhanced_range {
	int class, subject, least, most; /* class 0: any */
};

struct rule {
	text_ref id;
	uint32_t id_hash; /* looked at before the id is */
	enum rule_class class;
	enum cause cause;
	enum who who;
	enum listed_what what;
	text_ref list, provider, url, advice; /* 0: none given. list: "{ref}" stands for that
	                                         group */
	uint32_t only; /* 1 + the number of the provider that must have been recognised; 0: any */
	unsigned stages, carriers; /* bit sets; 0: any */
	unsigned about; /* of enum about */
	uint64_t
	    yields_to; /* bit set of causes: it is not chosen where one of these is stated, too … */
	struct ref_list yields; /* texts: … or a rule with one of these ids matches */
	struct code_range codes[RANGES_MAX];
	struct enhanced_range enhanced[RANGES_MAX];
	uint32_t code_count, enhanced_count;
	struct ref_list patterns,
	    unless; /* patterns: the alternatives of all `pattern` and `unless` keys */
	text_ref source; /* the first pattern, as written */
	struct ref_list words; /* texts: given by hand, for patterns that have no choice */
	struct ref_list examples; /* texts */
	text_ref stage_text; /* as written, for rules_at() */
	uint32_t file; /* 0: built in */
	uint32_t number; /* in order of loading */
};

struct pattern_row { /* a struct pattern, whose number is its place */
	text_ref source;
	text_ref words;
	uint32_t choice_count;
};

struct brand { /* a list's name in a text */
	text_ref id, name, family, url; /* name 0: the group "list" is the name */
	enum listed_what what;
	struct ref_list patterns;
};

struct provider {
	text_ref id, name, url;
	text_ref mx; /* a suffix of its hosts' names, the first; 0: none. All are in
	                rules.suffixes */
	struct ref_list patterns;
};

enum { SUFFIX_BUCKETS = 512 };

struct suffix { /* of the names of a provider's hosts */
	text_ref text;
	uint32_t len, provider; /* its number */
	uint32_t next; /* in its bucket, 1 + number; 0: none */
};

struct word_class { /* {name} in a pattern is a choice among `words` */
	text_ref name, words;
};

struct same { /* `phrase` is read as `instead` */
	text_ref phrase, instead;
};

struct aside { /* a phrase that opens one, or only looks like it */
	text_ref phrase;
	enum opening kind;
};

struct sign_word {
	text_ref sort, phrase;
};

struct ranked_rule {
	uint32_t rule; /* its number */
	uint32_t unless_entry; /* where in the rule base's entries those of its `unless` begin */
	bool yields_beyond; /* one of the rules that it yields to is of a later class */
};

enum { NO_PATTERN = UINT32_MAX };

struct rule_entry { /* a pattern, and whose it is: of rules in order of belief, then of brands, of
	               providers, and what rules except */
	uint32_t pattern; /* NO_PATTERN: a rule that its scope alone makes match */
	uint32_t owner; /* number in ranked, brands, providers */
	unsigned char choices; /* four bits a choice: those that must have been found */
};

struct rules {
	/* as loaded, in order of loading; what is added copies what grows */
	const char *texts;
	const uint32_t *refs;
	const struct pattern_row *patterns;
	const struct rule *rules;
	const struct brand *brands;
	const struct provider *providers;
	const struct suffix *suffixes;
	const struct word_class *classes;
	const struct same *sames;
	const struct aside *asides;
	const struct sign_word *sign_words;
	size_t text_len, text_room, ref_count, pattern_count, count, brand_count, provider_count,
	    suffix_count, class_count, same_count, aside_count, sign_word_count;
	uint32_t suffix_buckets[SUFFIX_BUCKETS]; /* by suffix_hash(): 1 + number; 0: none */
	uint32_t files;

	/* made of that by rules_rank() */
	const struct ranked_rule *ranked; /* in order of belief */
	const struct rule_entry *entries;
	const uint64_t *needs, *given; /* of sixteen entries each: the choices that they ask for;
	                                  what counts as found in any text, because they ask for
	                                  none */
	size_t entry_count, brand_entry,
	    provider_entry; /* all; where the brands' and the providers' begin */
	size_t unless_entry;
	size_t class_entry[CLASS_COUNT + 1]; /* where each class of rules begins */
	const uint32_t *wordless; /* entries of rules that no word finds: scope alone chooses */
	size_t wordless_count;
	struct word_index words;
	struct phrases synonyms, openings;

	/* of this one base */
	const struct lists *lists;
	struct arena *arena;
	struct matcher *matcher; /* scratch, and what was compiled */
	struct signs *signs; /* of sign_words */
	bool builtin; /* what is being added is what the program will carry: its examples are
	                 run by the tests, its patterns compiled when they are needed */
};

extern const struct rules builtin_rules, builtin_verdicts; /* data/mktables.c */

static inline const char *
rules_text(const struct rules *rules, text_ref text)
{
	return text != 0 ? rules->texts + text : NULL;
}

static inline uint32_t
rules_ref(const struct rules *rules, struct ref_list list, size_t i)
{
	return rules->refs[list.first + i];
}

struct pattern rules_pattern(const struct rules *rules, uint32_t number);
bool rules_match(
    const struct rules *rules, uint32_t pattern, const char *text, size_t len, struct match *match);

/* What a rule's scope is held against. */
struct scope {
	int code;
	struct enhanced_range enhanced; /* least == most; subject -1: no enhanced code */
	enum stage stage;
	enum carrier carrier;
	uint32_t provider; /* 1 + number; 0: not known */
};

/* 1 + the number of the first of the providers one of whose suffixes the host's name ends with,
 * label by label; 0: none. */
uint32_t rules_provider(const struct rules *rules, const char *host);

bool rule_in_scope(const struct rule *rule, const struct scope *scope);
/* One of the rule's patterns matches and the `unless` does not; a rule without patterns matches
 * whatever its scope allows. */
bool rule_matches(const struct rules *rules, const struct rule *rule, const char *text, size_t len,
    struct match *match);
/* Goes through a name from its end: the hash so far, and the octet before what was hashed. */
static inline size_t
suffix_hash(size_t hash, char c)
{
	return (hash ^ (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c)) * 16777619U;
}
void enhanced_parse(const char *text, struct enhanced_range *out); /* subject -1 when it is none */

bool rule_load(struct rules *rules, const struct stanza *stanza,
    struct stanza_error *error); /* rules_load.c: one stanza of any sort */
struct rules *rules_from(const struct rules *tables, const struct lists *lists);
/* rules_load.c: once all of a file are loaded: is each id in its `yields` that of a rule? */
bool rule_check_yields(
    const struct rules *rules, const struct stanza *stanza, struct stanza_error *error);
void rules_rank(struct rules *rules); /* rules.c: after loading */
/* The same as rules_add, for what is to be built in. Not ranked yet. */
bool rules_add_own(struct rules *rules, const char *text, size_t len, struct stanza_error *error);

#endif
