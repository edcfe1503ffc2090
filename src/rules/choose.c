#include "rules/choose.h"

#include <string.h>

/* Keeps those that `stays` says; all, if that were none. */
static size_t
keep(struct candidate *candidates, size_t count, const bool *stays)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		kept += stays[i];
	if (kept == 0)
		return count;
	kept = 0;
	for (size_t i = 0; i < count; i++) { /* the others go behind, in their order */
		struct candidate one = candidates[i];

		if (!stays[i])
			continue;
		memmove(&candidates[kept + 1], &candidates[kept], (i - kept) * sizeof one);
		candidates[kept++] = one;
	}
	return kept;
}

static bool
yields_to(const struct rules *rules, const struct rule *rule, const struct rule *other)
{
	if (rule->yields_to >> other->cause & 1 && rule->cause != other->cause)
		return true;
	for (size_t i = 0; i < rule->yields.count; i++)
		if (strcmp(rules_text(rules, rules_ref(rules, rule->yields, i)),
		        rules_text(rules, other->id)) == 0)
			return true;
	return false;
}

static bool
has_to_yield(const struct rules *rules, const struct candidate *candidates, size_t count, size_t i)
{
	for (size_t k = 0; k < count; k++)
		if (k != i && yields_to(rules, candidates[i].rule, candidates[k].rule))
			return true;
	return false;
}

static bool
takes_in(const struct text_span *outer, const struct text_span *inner)
{
	return outer->start <= inner->start && outer->end >= inner->end &&
	       outer->end - outer->start > inner->end - inner->start;
}

static bool
is_taken_in(const struct candidate *candidates, size_t count, size_t i)
{
	for (size_t k = 0; k < count; k++)
		if (takes_in(&candidates[k].match.all, &candidates[i].match.all))
			return true;
	return false;
}

static size_t
narrow(const struct rules *rules, struct candidate *candidates, size_t count)
{
	bool stays[CANDIDATES_MAX];
	enum rule_class class = CLASS_COUNT;
	size_t first = SIZE_MAX;

	for (size_t i = 0; i < count; i++)
		stays[i] = !has_to_yield(rules, candidates, count, i);
	count = keep(candidates, count, stays);
	for (size_t i = 0; i < count; i++)
		class = candidates[i].rule->class < class ? candidates[i].rule->class : class;
	for (size_t i = 0; i < count; i++)
		stays[i] = candidates[i].rule->class == class;
	count = keep(candidates, count, stays);
	for (size_t i = 0; i < count; i++)
		first = candidates[i].clause < first ? candidates[i].clause : first;
	for (size_t i = 0; i < count; i++)
		stays[i] = candidates[i].clause == first;
	count = keep(candidates, count, stays);
	for (size_t i = 0; i < count; i++)
		stays[i] = !is_taken_in(candidates, count, i);
	return keep(candidates, count, stays);
}

static void
add_also(struct choice *out, const struct rule *rule)
{
	if (rule->cause == out->best->rule->cause || rule->cause == CAUSE_UNKNOWN ||
	    rule->class > CLASS_GENERIC || out->also_count == ALSO_MAX)
		return;
	for (size_t i = 0; i < out->also_count; i++)
		if (out->also[i]->cause == rule->cause)
			return;
	out->also[out->also_count++] = rule;
}

void
choose(const struct rules *rules, struct candidate *candidates, size_t count, struct choice *out)
{
	size_t left;

	*out = (struct choice){.best = NULL};
	if (count == 0)
		return;
	left = narrow(rules, candidates, count);
	out->best = &candidates[0];
	for (size_t i = 1; i < left && out->rival == NULL; i++)
		if (candidates[i].rule->cause != candidates[0].rule->cause)
			out->rival = candidates[i].rule;
	for (size_t i = 1; i < count; i++)
		add_also(out, candidates[i].rule);
}
