/* choose: of the rules that match a text, the one that decides.
 *
 * Whoever yields to another that is there goes first; of the others the sharpest class stays
 * (rules/rulebase.h), of those the clause that speaks first, and in it the match that takes in
 * another's. Only what is left hangs on the place in the file, and that is told (`rival`). */
#ifndef RULES_CHOOSE_H
#define RULES_CHOOSE_H

#include <stddef.h>

#include "rules/rulebase.h"

enum { CANDIDATES_MAX = 24, ALSO_MAX = 2 };

struct candidate {
	const struct rule *rule;
	struct match match; /* places in the whole text */
	size_t clause; /* its number in the text */
	bool yields_beyond; /* to a rule of a later class, which has to be asked, too */
};

struct choice { /* pointers are into the candidates */
	const struct candidate *best; /* NULL: there was none */
	const struct rule *rival; /* of another cause, passed over only for its place in the file;
	                             NULL: none */
	const struct rule *also[ALSO_MAX]; /* the others, of other causes than the best and each
	                                      other */
	size_t also_count;
};

/* In order of the file. Sorts `candidates`. */
void choose(
    const struct rules *rules, struct candidate *candidates, size_t count, struct choice *out);

#endif
