#include "isolate/suspects.h"

#include <math.h>
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

/* So much nearer to one half another set must be than the simpler one before it. */
#define SLACK .02

enum { RANDOM_SETS = 160 };

struct suspects {
	struct suspect *items;
	size_t count;
	unsigned parts;
	uint64_t random;
	double *marginal; /* by part */
	unsigned *order; /* parts, the most suspected first */
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
			pairs += weights[i] + weights[j];
		sum += weights[i];
	}
	for (unsigned i = 0; i < parts; i++) {
		put(suspects, SUSPICION_ONE, i, i, SHARE_ONE * weights[i] / sum);
		for (unsigned j = 0; j < i; j++) {
			double share = (weights[i] + weights[j]) / pairs;

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
	for (size_t i = 0; i < suspects->count; i++) {
		struct suspect *suspect = &suspects->items[i];

		suspect->share *= foretells(suspect, sent) == refused ? 1 - CHANCE : CHANCE;
	}
	weigh(suspects);
}

/* ---- the next test: the set whose refusal is as likely as its acceptance */

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
	double distance; /* of its chance of refusal from one half */
};

static void
consider(struct set_search *search, part_set sent)
{
	double refused = 0;

	if (sent == 0 || sent == suspects_all(search->suspects))
		return;
	for (size_t i = 0; i < search->suspects->count; i++)
		if (foretells(&search->suspects->items[i], sent))
			refused += search->suspects->items[i].share;
	if (fabs(refused - .5) < search->distance - SLACK) {
		search->distance = fabs(refused - .5);
		search->best = sent;
	}
}

part_set
suspects_next(struct suspects *suspects)
{
	struct set_search search = {.suspects = suspects, .distance = 1};
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

double
suspects_part(const struct suspects *suspects, unsigned part)
{
	return suspects->marginal[part];
}
