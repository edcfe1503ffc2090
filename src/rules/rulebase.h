/* rulebase: the rule base in memory, between those who fill it (rules.c, rules_load.c), those who
 * read by it (read.c), and what one rule says (rule.c). Nobody else looks in. */
#ifndef RULES_RULEBASE_H
#define RULES_RULEBASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/clauses.h"
#include "rules/pattern.h"
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

struct code_range { /* reply codes */
	int least, most;
};

struct enhanced_range {
	int class, subject, least, most; /* class 0: any */
};

struct rule {
	const char *id;
	size_t id_hash; /* looked at before the id is */
	enum rule_class class;
	enum cause cause;
	enum who who;
	enum listed_what what;
	const char *list, *provider, *url,
	    *advice; /* NULL: none given. list: "{ref}" stands for that group */
	const char *only; /* id of the provider that must have been recognised; NULL: any */
	unsigned stages, carriers; /* bit sets; 0: any */
	unsigned about; /* of enum about */
	uint64_t
	    yields_to; /* bit set of causes: it is not chosen where one of these is stated, too … */
	const char **yields; /* … or one of these rules matches */
	size_t yield_count;
	bool yields_beyond; /* one of these rules is of a later class */
	struct code_range codes[RANGES_MAX];
	struct enhanced_range enhanced[RANGES_MAX];
	size_t code_count, enhanced_count;
	struct pattern **patterns,
	    **unless; /* the alternatives of all `pattern` and `unless` keys */
	size_t pattern_count, unless_count;
	size_t unless_entry; /* where in the rule base's entries those of `unless` begin */
	const char *source; /* the first, as written */
	struct word_choice words; /* given by hand, for patterns that have no choice */
	const char **examples;
	size_t example_count;
	const char *stage_text; /* as written, for rules_at() */
	unsigned file; /* 0: built in */
	size_t number; /* in order of loading */
};

struct brand { /* a list's name in a text */
	const char *id, *name, *family, *url; /* name NULL: the group "list" is the name */
	enum listed_what what;
	struct pattern **patterns;
	size_t pattern_count;
};

struct provider {
	const char *id, *name, *url;
	const char *mx; /* a suffix of its hosts' names, the first; NULL: none. All are in
	                   rules.suffixes */
	struct pattern **patterns;
	size_t pattern_count;
};

enum { SUFFIX_BUCKETS = 512 };

struct suffix { /* of the names of a provider's hosts */
	const char *text;
	size_t len, provider; /* index */
	const struct suffix *next; /* in its bucket */
};

struct word_class { /* {name} in a pattern is a choice among `words` */
	const char *name, *words;
};

struct same { /* `phrase` is read as `instead` */
	const char *phrase, *instead;
	size_t number; /* in order of loading */
};

struct rules {
	const struct lists *lists;
	struct arena *arena;
	struct rule **rules; /* in order of loading */
	size_t count;
	struct rule **ranked; /* in order of belief */
	struct rule_entry { /* a pattern, and whose it is: of rules in order of belief, then of
		          brands, of providers, and what rules except */
		struct pattern *pattern; /* NULL: a rule that its scope alone makes match */
		size_t owner; /* index in ranked, brands, providers */
		unsigned char choices; /* four bits a choice: those that must have been found */
	} * entries;
	uint64_t *needs, *given; /* of sixteen entries each: the choices that they ask for; what
	                            counts as found in any text, because they ask for none */
	size_t entry_count, brand_entry,
	    provider_entry; /* all; where the brands' and the providers' begin */
	size_t unless_entry;
	size_t class_entry[CLASS_COUNT + 1]; /* where each class of rules begins */
	size_t *wordless,
	    wordless_count; /* entries of rules that no word finds: scope alone chooses */
	struct brand **brands;
	size_t brand_count;
	struct provider **providers;
	size_t provider_count;
	const struct suffix *suffixes[SUFFIX_BUCKETS]; /* by suffix_hash() */
	struct word_class *classes;
	size_t class_count;
	struct same *sames;
	size_t same_count;
	struct synonyms *synonyms; /* made of them; NULL: there are none */
	struct signs *signs;
	struct openings *openings; /* of asides, as data/words.conf has them */
	struct word_index *words;
	struct matcher *matcher; /* scratch */
	struct pattern *
	    *patterns; /* all that were ever made, also for rules since replaced or refused */
	size_t pattern_count;
	bool builtin; /* what is being added was tested when the program was built */
	unsigned files;
};

/* What a rule's scope is held against. */
struct scope {
	int code;
	struct enhanced_range enhanced; /* least == most; subject -1: no enhanced code */
	enum stage stage;
	enum carrier carrier;
	const struct provider *provider;
};

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
void rules_rank(struct rules *rules); /* rules.c: after loading */

#endif
