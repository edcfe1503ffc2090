/* overview: what the tally of a run, or of several, comes to, in the order in which people want to
 * know it. Pure. */
#ifndef REPORT_OVERVIEW_H
#define REPORT_OVERVIEW_H

#include "report/tally.h"

struct arena;

struct overview_list {
	const char *name;
	unsigned long count;
};

struct overview_cause {
	enum cause cause;
	unsigned long count, basis[BASIS_COUNT], who[WHO_COUNT];
	struct overview_list *lists; /* that were named for it, the most frequent first */
	size_t list_count;
};

struct overview_place { /* a site, a source, or a site as one source sees it */
	const char *site, *source; /* NULL: all, or not known */
	unsigned targets, status[WALK_COUNT];
	/* What most of its refusals, or of its deferrals where it refuses nobody, have in common.
	 */
	unsigned troubled; /* refused, or deferred */
	enum cause cause;
	const char *list; /* NULL: none */
	unsigned of_cause; /* how many of them */
};

enum overview_trait { /* of a site: so it is at one of its targets */
	SITE_TLS_SEEN, /* whatever it shows */
	SITE_TLS_13,
	SITE_HYBRID,
	SITE_NEAR_END,
	SITE_DANE,
	SITE_DANE_FAILS,
	SITE_STS, /* enforced */
	SITE_STS_FAILS,
	SITE_STS_TESTING,
	SITE_TRAITS
};

struct overview {
	const struct tally *tally;
	struct overview_cause causes[CAUSE_COUNT]; /* the most frequent first */
	size_t cause_count;
	struct overview_list *lists; /* blocklists, the most frequent first */
	size_t list_count;
	/* The largest first; of equal ones by name. Targets without a site are in none, those whose
	 * site is one too many to be told apart in one named "(others)", the last. */
	struct overview_place *sites, *sources;
	struct overview_place *pairs; /* by overview_make_pairs */
	size_t site_count, source_count, pair_count;
	unsigned long with_site; /* targets that have one */
	unsigned long tls[TALLY_TLS_COUNT], policy[POLICY_COUNT];
	unsigned long tls_sites[SITE_TRAITS]; /* how many, of those that are told apart */
	unsigned long who[WHO_COUNT]; /* of what was not accepted: who has to act */
};

/* All in the arena, and in the tally as long as that is not changed. */
void overview_make(struct overview *overview, const struct tally *tally, struct arena *arena);

/* The sites as each source sees them, which not every summary tells. */
void overview_make_pairs(struct overview *overview, struct arena *arena);
/* What one source met at one site; NULL: it asked no target there. The names are the overview's own
 * or equal. */
const struct overview_place *overview_pair(
    const struct overview *overview, const char *site, const char *source);

/* Where in `pairs` those of a site begin, which stand together. */
size_t overview_pairs_of(const struct overview *overview, const struct overview_place *site);

/* What a sender has to do first: the cause within his reach that holds up most targets; NULL: none
 * does. */
const struct overview_cause *overview_first(const struct overview *overview);

const char *overview_trait_name(enum overview_trait trait); /* the record's word */
const char *overview_trait_words(enum overview_trait trait); /* "DANE that fails" */
/* Which source meets a cause most, and how often; NULL: none. */
const char *overview_source_of(
    const struct overview *overview, enum cause cause, unsigned long *count);

unsigned overview_undetermined(const unsigned status[WALK_COUNT]);

#endif
