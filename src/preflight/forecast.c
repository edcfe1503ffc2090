#include <string.h>

#include "base/arena.h"
#include "preflight/preflight.h"

const char *
outlook_name(enum outlook outlook)
{
	static const char *const names[] = {"takes", "warns", "unknown", "refuses"};

	return names[outlook];
}

bool
mailing_is_bulk(const struct mailing *mailing, const struct receiver *receiver, size_t number)
{
	const struct audience_share *audience = mailing->audience;
	unsigned long long volume = mailing->volume;

	if (receiver->bulk == 0)
		return false;
	if (volume == 0)
		return true;
	if (audience != NULL && audience->recipients > 0)
		volume = volume * audience->of[number] / audience->recipients;
	return volume >= receiver->bulk;
}

static void
add_code(struct forecast *forecast, struct arena *arena, const char *code)
{
	for (size_t i = 0; i < forecast->code_count; i++)
		if (strcmp(forecast->codes[i], code) == 0)
			return;
	*(const char **)arena_push(
	    arena, &forecast->codes, forecast->code_count, sizeof *forecast->codes) = code;
	forecast->code_count++;
}

static void
weigh(struct forecast *out, const struct finding *finding, const struct demand *demand,
    struct arena *arena)
{
	if (finding->result == FINDING_UNKNOWN) {
		out->unknown += demand->weight == DEMAND_REFUSES;
		return;
	}
	out->warns += demand->weight == DEMAND_WARNS;
	if (demand->weight != DEMAND_REFUSES)
		return;
	out->refuses++;
	if (demand->code != NULL)
		add_code(out, arena, demand->code);
}

void
preflight_forecast(const struct requirements *requirements, const struct finding *findings,
    size_t receiver, const struct mailing *mailing, struct arena *arena, struct forecast *out)
{
	*out = (struct forecast){.receiver = requirements_receiver(requirements, receiver)};
	out->bulk = mailing_is_bulk(mailing, out->receiver, receiver);
	for (unsigned i = 0; i < CHECK_COUNT; i++) {
		struct demand demand;

		if (findings[i].result != FINDING_FAIL && findings[i].result != FINDING_UNKNOWN)
			continue;
		demand = requirements_demand(requirements, findings[i].id, receiver, out->bulk);
		weigh(out, &findings[i], &demand, arena);
	}
	out->outlook = out->refuses > 0   ? OUTLOOK_REFUSES
	               : out->unknown > 0 ? OUTLOOK_UNKNOWN
	               : out->warns > 0   ? OUTLOOK_WARNS
	                                  : OUTLOOK_TAKES;
}

/* ---- in the order of what they cost */

static void
weigh_all(
    const struct requirements *requirements, const struct mailing *mailing, struct ranked *ranked)
{
	const struct audience_share *audience = mailing->audience;

	for (size_t i = 0; i < requirements_receivers(requirements); i++) {
		bool bulk = mailing_is_bulk(mailing, requirements_receiver(requirements, i), i);
		struct demand demand =
		    requirements_demand(requirements, ranked->finding->id, i, bulk);
		double share = audience != NULL && audience->recipients > 0
		                   ? (double)audience->of[i] / (double)audience->recipients
		                   : 1;

		ranked->weight = demand.weight > ranked->weight ? demand.weight : ranked->weight;
		ranked->cost += demand.weight == DEMAND_REFUSES ? 100 * share
		                : demand.weight == DEMAND_WARNS ? share
		                                                : 0;
	}
}

static unsigned
class_of(const struct ranked *ranked)
{
	if (ranked->weight == DEMAND_INFO)
		return 3;
	if (ranked->weight == DEMAND_REFUSES)
		return ranked->finding->result == FINDING_FAIL ? 0 : 1;
	return 2;
}

static bool
comes_before(const struct ranked *a, const struct ranked *b)
{
	unsigned class_a = class_of(a), class_b = class_of(b);

	return class_a != class_b ? class_a < class_b : a->cost > b->cost;
}

size_t
preflight_rank(const struct requirements *requirements, const struct finding *findings,
    const struct mailing *mailing, struct arena *arena, struct ranked **out)
{
	struct ranked *ranked = arena_alloc(arena, CHECK_COUNT * sizeof *ranked);
	size_t count = 0;

	for (unsigned i = 0; i < CHECK_COUNT; i++) {
		struct ranked one = {.finding = &findings[i]};
		size_t at = count;

		if (findings[i].result != FINDING_FAIL && findings[i].result != FINDING_UNKNOWN)
			continue;
		weigh_all(requirements, mailing, &one);
		for (; at > 0 && comes_before(&one, &ranked[at - 1]); at--)
			ranked[at] = ranked[at - 1];
		ranked[at] = one;
		count++;
	}
	*out = ranked;
	return count;
}
