/* spf_lint: what is unwise, fragile or without effect in an SPF record and in those that it leads
 * to, whoever sends. */
#ifndef AUTH_SPF_LINT_H
#define AUTH_SPF_LINT_H

#include "auth/spf_find.h"
#include "base/notes.h"

enum { SPF_LOOKUPS_WARN = 8 };

/* The record of `domain` by itself; `included`: by another, which has the last word on what nothing
 * matches; `whole`: all that is unwise, not only what can make a pass or a fail worth less. */
void spf_lint_record(const struct spf_found *found, const char *domain, bool included, bool whole,
    struct arena *arena, struct notes *notes);

struct spf_reach { /* what an address meets that nothing matches */
	unsigned lookups; /* of SPF_LOOKUPS_MAX; counting stops at SPF_REACH_MAX */
	unsigned voids; /* of SPF_VOIDS_MAX */
	unsigned hidden; /* terms with macros: what they ask for depends on the mail */
	unsigned long long addresses4; /* of IPv4 that pass, whatever the mail */
	const char *failed; /* a look-up that failed: what it would show is not known; NULL: none */
	bool broken; /* a record that it leads to is none, or cannot be used: permerror */
};

enum { SPF_REACH_MAX = 30 };

/* The record and all that it leads to, but for what a, mx and exists name. False: pending. */
bool spf_lint_reach(struct book *book, struct arena *arena, const char *domain,
    const struct spf_record *record, struct notes *notes);

struct spf_lint { /* a domain's record, without any mail */
	const char *domain;
	struct spf_found found;
	struct spf_reach reach;
	enum spf_result
	    result; /* pass: there is one, and it can be used; none, temperror, permerror
	             */
	const char *problem;
	struct notes warnings;
};

/* All of it, and what a, mx and exists name; `allow_private`: private nets are nothing to warn of.
 * False: pending. */
bool spf_lint(struct book *book, struct arena *arena, const char *domain, bool allow_private,
    struct spf_lint *out);
const char *spf_lint_result_name(enum spf_result result); /* "ok" "none" "temperror" "permerror" */

#endif
