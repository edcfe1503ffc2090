/* rules: reply text → cause. Data (data/rules.conf and what --rules adds; base/stanza.h), compiled
 * once, then only read.
 *
 * A reading is made from the reply alone: no DNS, no clock. Text decides before the enhanced code,
 * the enhanced code before the stage; the stage decides only between readings that the text allows.
 */
#ifndef RULES_RULES_H
#define RULES_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ip.h"
#include "base/stanza.h"
#include "rules/cause.h"
#include "smtp/stage.h"

struct arena;
struct lists;
struct rules;

/* `lists` (borrowed, may be NULL) turns "Spamhaus PBL" or a URL into a canonical list and knows the
 * dead ones. */
struct rules *rules_new(const struct lists *lists); /* empty */
/* With data/{words,providers,rules}.conf. Costs next to nothing: they were loaded when the program
 * was built. */
struct rules *rules_builtin(const struct lists *lists);
/* The same with data/verdicts.conf: what sending systems and lists say of their own. Not to be
 * mixed with the words of servers. */
struct rules *rules_verdicts(const struct lists *lists);
void rules_free(struct rules *rules); /* NULL is allowed */
/* Adds a file's rules; one with the id of an earlier rule replaces it. Refused whole, with line and
 * reason, when a rule is broken: unknown key, cause or stage, no pattern, no example, a pattern
 * that does not compile or could run away (nested quantifiers), an example that the rule does not
 * match. */
bool rules_add(struct rules *rules, const char *text, size_t len, struct stanza_error *error);
size_t rules_count(const struct rules *rules);

struct rule_view { /* for explain --rules and for tests */
	const char *id, *cause, *stage, *provider, *pattern, *list, *who, *advice, *url;
	const char *const *examples; /* in the arena */
	size_t example_count;
};
struct rule_view rules_at(const struct rules *rules, size_t i, struct arena *arena);

struct said { /* what is to be read */
	const char *text; /* the reply: all lines joined by LF, with or without codes; not
	                     necessarily valid UTF-8; no NULs */
	size_t len;
	enum stage stage; /* STAGE_NONE: not known */
	int code; /* 0: take it from the text */
	const char *enhanced; /* NULL or "": take it from the text */
	const char *mx; /* host that said it, NULL if not known */
	const char *greeting; /* text of its greeting, NULL if not known: marks the provider */
	struct ip client; /* the address that we came from, family 0 if not known */
};

enum listed_what { LISTED_NOTHING, LISTED_IP, LISTED_HELO, LISTED_SENDER, LISTED_URL, LISTED_PTR };
const char *listed_what_name(
    enum listed_what what); /* "ip" "helo" "sender" "url" "ptr"; NULL for nothing */

/* What a reply complains of more closely than its cause says: facts that somebody could check. A
 * set, for a rule may be about several. */
enum about {
	ABOUT_LOOKS = 1, /* how the address or its name looks (generic, dynamic), no record missing
	                  */
	ABOUT_RESOLVING = 2 /* that a name is not full, does not resolve, or leads elsewhere */
};

struct named_list {
	const char *name; /* zone if the text has it, else the product's name */
	const struct list *list; /* NULL: not one that we know how to ask */
	const char *dead; /* lists_dead(), NULL if alive */
};

struct reading { /* strings are static, the rule base's, or in the arena; NULL when there is nothing
	          */
	int code;
	const char *enhanced; /* "" if none */
	const char *enhanced_note; /* "missing", "doubled", "its class contradicts the code" */
	enum cause cause;
	const char *rule; /* id; NULL when nothing matched */
	unsigned about; /* of enum about: what that rule says it is about */
	const char *rival; /* id of a rule with another cause that would have been chosen, stood it
	                      earlier in the file; NULL: the place decided nothing */
	const char *matched; /* the words */
	const char *list; /* first of lists[] */
	struct named_list *lists;
	size_t list_count;
	enum listed_what what; /* which identity is listed … */
	const char *listed; /* … and its value */
	const char *provider, *reference, *url, *contact;
	struct ip client; /* our address as the text quotes it; family 0 if it does not */
	enum who who; /* by the rule; WHO_NOBODY: it does not say */
	const char *advice; /* of the rule; its {placeholders} are not filled: judge/counsel.h */
	struct also { /* other readings that the text allows, the better first */
		enum cause cause;
		const char *rule;
		unsigned about;
	} * also;
	size_t also_count;
};

void rules_read(
    const struct rules *rules, const struct said *said, struct arena *arena, struct reading *out);

#endif
