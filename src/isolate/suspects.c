#include "isolate/suspects.h"

#include <stdlib.h>

#include "base/arena.h"

/* How often a refusal has which kind of reason, before anything is known (two parts are given more
 * than their due, for they take the most messages); and how often an outcome is chance (another
 * server behind the name, a filter that learns). bench/isolate shows what comes of it. */
#define SHARE_ONE .70
#define SHARE_EITHER .13
#define SHARE_BOTH .13
#define SHARE_SUM .04
#define CHANCE .02

/* What a set is worth: most where either outcome is as likely, 1; and so much more for each
 * certainty that it would prove the reason as well, which has to be done once anyway. So much
 * better another set must be than the simpler one before it. */
#define WORTH_OF_PROOF .4
#define SLACK .002
/* Where few parts are to be sent: what a set of all would be worth less. */
#define COST_OF_ALL .6

enum { RANDOM_SETS = 160, FEW = 2, PAIR_WEIGHT_MAX = 8 };

struct suspects {
	struct suspect *items;
	size_t count;
	unsigned parts;
	uint64_t random;
	double *marginal; /* by part */
	unsigned *order; /* parts, the most suspected first */
	struct proof noted[SUSPECTS_NOTED]; /* outcomes */
	unsigned noted_count;
	bool sparing;
};

static void
put(struct suspects *suspects, enum suspicion kind, unsigned first, unsigned second, double share)
{
	suspects->items[suspects->count++] = (struct suspect){kind, first, second, share};
}

/* The shares add up to 1 again, and the parts are put in their order. */
static void
weigh(struct suspects *suspects)
{
	double sum = 0;

	for (size_t i = 0; i < suspects->count; i++)
		sum += suspects->items[i].share;
	for (unsigned part = 0; part < suspects->parts; part++)
		suspects->marginal[part] = 0;
	for (size_t i = 0; i < suspects->count; i++) {
		struct suspect *suspect = &suspects->items[i];

		suspect->share /= sum;
		if (suspect->kind == SUSPICION_SUM)
			continue;
		suspects->marginal[suspect->first] += suspect->share;
		if (suspect->second != suspect->first)
			suspects->marginal[suspect->second] += suspect->share;
	}
	for (unsigned i = 0; i < suspects->parts; i++) {
		unsigned at = i;

		for (;
		     at > 0 && suspects->marginal[suspects->order[at - 1]] < suspects->marginal[i];
		     at--)
			suspects->order[at] = suspects->order[at - 1];
		suspects->order[at] = i;
	}
}

/* What points to one part says little of a pair: a part that is suspected for good reasons would be
 * refused alone. */
static double
in_pairs(double weight)
{
	return weight < PAIR_WEIGHT_MAX ? weight : PAIR_WEIGHT_MAX;
}

struct suspects *
suspects_new(const double *weights, size_t count, uint64_t seed, struct arena *arena)
{
	struct suspects *suspects = arena_alloc(arena, sizeof *suspects);
	unsigned parts = count < SUSPECTS_MAX ? (unsigned)count : SUSPECTS_MAX;
	double sum = 0, pairs = 0;

	*suspects = (struct suspects){.parts = parts, .random = seed | 1};
	suspects->items = arena_alloc(arena, (parts * parts + 1) * sizeof *suspects->items);
	suspects->marginal = arena_alloc(arena, (parts + 1) * sizeof *suspects->marginal);
	suspects->order = arena_alloc(arena, (parts + 1) * sizeof *suspects->order);
	/* A sum: of two parts that are refused together one may be of a kind that nobody suspects.
	 */
	for (unsigned i = 0; i < parts; i++) {
		for (unsigned j = 0; j < i; j++)
			pairs += in_pairs(weights[i]) + in_pairs(weights[j]);
		sum += weights[i];
	}
	for (unsigned i = 0; i < parts; i++) {
		put(suspects, SUSPICION_ONE, i, i, SHARE_ONE * weights[i] / sum);
		for (unsigned j = 0; j < i; j++) {
			double share = (in_pairs(weights[i]) + in_pairs(weights[j])) / pairs;

			put(suspects, SUSPICION_EITHER, j, i, SHARE_EITHER * share);
			put(suspects, SUSPICION_BOTH, j, i, SHARE_BOTH * share);
		}
	}
	put(suspects, SUSPICION_SUM, 0, 0, SHARE_SUM);
	weigh(suspects);
	return suspects;
}

part_set
suspects_all(const struct suspects *suspects)
{
	return ((part_set)1 << suspects->parts) - 1;
}

static part_set
only(unsigned part)
{
	return (part_set)1 << part;
}

part_set
suspect_parts(const struct suspect *suspect)
{
	return suspect->kind == SUSPICION_SUM ? 0 : only(suspect->first) | only(suspect->second);
}

/* Would it be refused, if this is the reason? */
static bool
foretells(const struct suspect *suspect, part_set sent)
{
	part_set parts = suspect_parts(suspect);

	switch (suspect->kind) {
	case SUSPICION_ONE:
	case SUSPICION_EITHER:
		return (sent & parts) != 0;
	case SUSPICION_BOTH:
		return (sent & parts) == parts;
	case SUSPICION_SUM:
		break;
	}
	return sent != 0;
}

void
suspects_note(struct suspects *suspects, part_set sent, bool refused)
{
	if (suspects->noted_count < SUSPECTS_NOTED)
		suspects->noted[suspects->noted_count++] = (struct proof){sent, refused};
	for (size_t i = 0; i < suspects->count; i++) {
		struct suspect *suspect = &suspects->items[i];

		suspect->share *= foretells(suspect, sent) == refused ? 1 - CHANCE : CHANCE;
	}
	weigh(suspects);
}

/* ---- what proves a reason */

unsigned
suspect_proofs(
    const struct suspects *suspects, const struct suspect *suspect, struct proof proofs[PROOFS])
{
	part_set all = suspects_all(suspects), parts = suspect_parts(suspect);
	bool first = suspects->marginal[suspect->first] < suspects->marginal[suspect->second];
	part_set less = only(first ? suspect->first : suspect->second);

	switch (suspect->kind) {
	case SUSPICION_ONE:
	case SUSPICION_EITHER:
		proofs[0] = (struct proof){less, true};
		proofs[1] = (struct proof){all & ~parts, false};
		return PROOFS;
	case SUSPICION_BOTH:
		proofs[0] = (struct proof){parts, true};
		proofs[1] = (struct proof){all & ~less, false};
		return PROOFS;
	case SUSPICION_SUM:
		break;
	}
	return 0;
}

static bool
was_noted(const struct suspects *suspects, const struct proof *proof)
{
	for (unsigned i = 0; i < suspects->noted_count; i++)
		if (suspects->noted[i].sent == proof->sent &&
		    suspects->noted[i].refused == proof->refused)
			return true;
	return false;
}

/* Would sending these prove this reason, which nothing has yet? */
static bool
would_prove(const struct suspects *suspects, const struct suspect *suspect, part_set sent)
{
	struct proof proofs[PROOFS];
	unsigned count = suspect_proofs(suspects, suspect, proofs);

	for (unsigned i = 0; i < count; i++)
		if (proofs[i].sent == sent)
			return !was_noted(suspects, &proofs[i]);
	return false;
}

/* ---- the next test: the set of which the outcome is worth most */

static uint64_t
random_bits(struct suspects *suspects)
{
	suspects->random ^= suspects->random << 13;
	suspects->random ^= suspects->random >> 7;
	suspects->random ^= suspects->random << 17;
	return suspects->random;
}

struct set_search {
	const struct suspects *suspects;
	part_set best;
	double worth;
};

static unsigned
count_parts(part_set parts)
{
	unsigned count = 0;

	for (; parts != 0; parts &= parts - 1)
		count++;
	return count;
}

static void
consider(struct set_search *search, part_set sent)
{
	const struct suspects *suspects = search->suspects;
	part_set all = suspects_all(suspects);
	bool may_prove = count_parts(sent) <= FEW || count_parts(all & ~sent) <= FEW;
	double refused = 0, proven = 0, worth;

	if (sent == 0 || sent == all)
		return;
	for (size_t i = 0; i < suspects->count; i++) {
		const struct suspect *suspect = &suspects->items[i];

		if (foretells(suspect, sent))
			refused += suspect->share;
		if (may_prove && would_prove(suspects, suspect, sent))
			proven += suspect->share;
	}
	refused = refused * (1 - CHANCE) + (1 - refused) * CHANCE;
	worth = 4 * refused * (1 - refused) + WORTH_OF_PROOF * proven;
	if (suspects->sparing)
		worth -= COST_OF_ALL * count_parts(sent) / suspects->parts;
	if (search->best == 0 || worth > search->worth + SLACK) {
		search->worth = worth;
		search->best = sent;
	}
}

void
suspects_spare(struct suspects *suspects)
{
	suspects->sparing = true;
}

part_set
suspects_next(struct suspects *suspects)
{
	struct set_search search = {.suspects = suspects};
	part_set all = suspects_all(suspects), first = 0;

	for (unsigned i = 0; i < suspects->parts; i++) {
		part_set one = only(suspects->order[i]);

		first |= one;
		consider(&search, one);
		consider(&search, all & ~one);
		consider(&search, first);
		consider(&search, all & ~first);
		if (i > 0) {
			part_set two = one | only(suspects->order[0]);

			consider(&search, two);
			consider(&search, all & ~two);
		}
	}
	for (unsigned i = 0; i < RANDOM_SETS; i++)
		consider(&search, random_bits(suspects) & all);
	return search.best;
}

/* ---- what is known */

static int
by_share(const void *a, const void *b)
{
	const struct suspect *one = a, *other = b;

	return (one->share < other->share) - (one->share > other->share);
}

size_t
suspects_list(const struct suspects *suspects, struct suspect *list, size_t most)
{
	size_t count = 0;

	for (size_t i = 0; i < suspects->count; i++) {
		size_t at = count < most ? count++ : most;

		for (; at > 0 && by_share(&list[at - 1], &suspects->items[i]) > 0; at--)
			if (at < most)
				list[at] = list[at - 1];
		if (at < most)
			list[at] = suspects->items[i];
	}
	return count;
}

struct suspect
suspects_best(const struct suspects *suspects)
{
	struct suspect best = suspects->items[0];

	for (size_t i = 1; i < suspects->count; i++)
		if (suspects->items[i].share > best.share)
			best = suspects->items[i];
	return best;
}
