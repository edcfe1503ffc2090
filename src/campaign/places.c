#include "campaign/places.h"

#include <search.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/heap.h"
#include "campaign/shared.h"

struct refused_source { /* of one source */
	struct refused_source *next;
	struct ip source;
	unsigned count; /* targets */
	struct arena *arena;
	const char *rule; /* that reads it */
	struct attempt attempt; /* the first */
};

struct place {
	char *site;
	size_t present; /* in the pipeline */
	struct parked *first, **last;
	unsigned transactions; /* 0: no more is known */
	struct refused_source *refusals;
};

struct places {
	void *tree; /* names come from strangers */
	struct heap delayed;
	size_t count;
	/* Sites and sources of which somebody was greeted well, by their hash: where two have the
	 * same, a site is asked more often than it need be, and no harm is done. */
	unsigned char greeted[PLACE_BITS / 8];
};

struct parked *
parked_new(const struct target *target)
{
	struct parked *parked = must_alloc(sizeof *parked);
	struct target *own = &parked->target;

	*own = *target;
	own->text = must_string(target->text);
	own->domain = must_string(target->domain);
	own->rcpt = must_string(target->rcpt);
	own->host = must_string(target->host);
	return parked;
}

void
parked_free(struct parked *parked)
{
	if (parked == NULL)
		return;
	free((char *)parked->target.text);
	free((char *)parked->target.domain);
	free((char *)parked->target.rcpt);
	free((char *)parked->target.host);
	free(parked);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(((const struct place *)a)->site, ((const struct place *)b)->site);
}

static bool
is_earlier(const void *a, const void *b)
{
	return ((const struct parked *)a)->until < ((const struct parked *)b)->until;
}

static void
free_refusals(struct refused_source *refusal)
{
	while (refusal != NULL) {
		struct refused_source *next = refusal->next;

		arena_free(refusal->arena);
		free(refusal);
		refusal = next;
	}
}

static void
free_place(void *node)
{
	struct place *place = node;

	for (struct parked *parked = place->first, *next; parked != NULL; parked = next) {
		next = parked->next;
		parked_free(parked);
	}
	free_refusals(place->refusals);
	free(place->site);
	free(place);
}

struct places *
places_new(void)
{
	struct places *places = must_alloc(sizeof *places);

	places->delayed =
	    (struct heap){.before = is_earlier, .slot = offsetof(struct parked, slot)};
	return places;
}

void
places_free(struct places *places)
{
	if (places == NULL)
		return;
	for (struct parked *parked; (parked = heap_first(&places->delayed)) != NULL;) {
		heap_remove(&places->delayed, parked);
		parked_free(parked);
	}
	heap_release(&places->delayed);
	tdestroy(places->tree, free_place);
	free(places);
}

struct place *
places_find(struct places *places, const char *site)
{
	struct place wanted = {.site = (char *)site}, **node, *new;

	node = tsearch(&wanted, &places->tree, compare);
	if (node == NULL)
		abort(); /* base/arena.h: out of memory ends the program */
	if (*node != &wanted)
		return *node;
	new = must_alloc(sizeof *new);
	new->site = must_string(site);
	new->last = &new->first;
	return *node = new;
}

bool
place_is_crowded(const struct place *place)
{
	return place->present >= PLACE_CROWD;
}

void
place_enter(struct place *place)
{
	place->present++;
}

struct parked *
place_leave(struct places *places, struct place *place)
{
	struct parked *parked = place->first;

	place->present--;
	if (parked != NULL) {
		place->first = parked->next;
		if (place->first == NULL)
			place->last = &place->first;
		places->count--;
		return parked;
	}
	if (place->present == 0 && place->transactions == 0 && place->refusals == NULL) {
		tdelete(place, &places->tree, compare);
		free_place(place);
	}
	return NULL;
}

void
place_park(struct places *places, struct place *place, struct parked *parked)
{
	parked->next = NULL;
	*place->last = parked;
	place->last = &parked->next;
	places->count++;
}

void
places_delay(struct places *places, struct parked *parked)
{
	heap_put(&places->delayed, parked);
	places->count++;
}

struct parked *
places_due(struct places *places, int64_t now)
{
	struct parked *parked = heap_first(&places->delayed);

	if (parked == NULL || parked->until > now)
		return NULL;
	heap_remove(&places->delayed, parked);
	places->count--;
	return parked;
}

int64_t
places_when(const struct places *places)
{
	const struct parked *parked = heap_first(&places->delayed);

	return parked != NULL ? parked->until : INT64_MAX;
}

size_t
places_count(const struct places *places)
{
	return places->count;
}

static void
find_parked(const void *node, VISIT visit, void *arg)
{
	struct place *place = *(struct place *const *)node, **found = arg;

	if ((visit == postorder || visit == leaf) && place->first != NULL)
		*found = place;
}

struct parked *
places_take(struct places *places)
{
	struct parked *parked = places_due(places, INT64_MAX);
	struct place *place = NULL;

	if (parked != NULL || places->count == 0)
		return parked;
	twalk_r(places->tree, find_parked, &place);
	parked = place->first;
	place->first = parked->next;
	if (place->first == NULL)
		place->last = &place->first;
	places->count--;
	return parked;
}

/* ---- transactions */

unsigned
place_transactions(const struct place *place, unsigned most)
{
	return place->transactions > 0 && place->transactions < most ? place->transactions : most;
}

void
place_objects(struct place *place, unsigned transactions)
{
	place->transactions = place_transactions(place, transactions > 0 ? transactions : 1);
}

/* ---- refusals */

static struct refused_source **
refusal_of(struct place *place, const struct ip *source)
{
	struct refused_source **at = &place->refusals;

	while (*at != NULL && !ip_equal(&(*at)->source, source))
		at = &(*at)->next;
	return at;
}

static unsigned
hash_of(const struct place *place, const struct ip *source)
{
	unsigned hash = 2166136261u; /* FNV-1a */

	for (const char *c = place->site; *c != '\0'; c++)
		hash = (hash ^ (unsigned char)*c) * 16777619u;
	for (size_t i = 0; i < sizeof source->bytes; i++)
		hash = (hash ^ source->bytes[i]) * 16777619u;
	return hash % PLACE_BITS;
}

static void
forget_refusal(struct refused_source **at)
{
	struct refused_source *found = *at;

	if (found == NULL || found->count >= PLACE_REFUSALS)
		return;
	*at = found->next;
	found->next = NULL;
	free_refusals(found);
}

static struct refused_source *
add_refusal(struct refused_source **at, const struct ip *source, const struct attempt *refusal,
    struct arena *arena, const char *rule, const char *target)
{
	struct refused_source *new = must_alloc(sizeof *new);
	struct arena *fresh = arena_new();

	new->source = *source;
	new->attempt = attempt_keep(refusal, arena, fresh, &new->arena);
	new->rule = arena_string(new->arena, rule);
	new->attempt.shared_from = arena_string(new->arena, target);
	arena_free(fresh);
	return *at = new;
}

bool
place_note(struct places *places, struct place *place, const struct ip *source,
    const struct attempt *refusal, struct arena *arena, const char *rule, const char *target)
{
	struct refused_source **at = refusal_of(place, source), *found = *at;
	unsigned bit = hash_of(place, source);

	if (refusal == NULL)
		places->greeted[bit / 8] |= (unsigned char)(1u << bit % 8);
	if (places->greeted[bit / 8] & 1u << bit % 8) {
		forget_refusal(at);
		return false;
	}
	if (found == NULL)
		found = add_refusal(at, source, refusal, arena, rule, target);
	if (strcmp(found->rule, rule) != 0) { /* they are not all refused for the same */
		places->greeted[bit / 8] |= (unsigned char)(1u << bit % 8);
		forget_refusal(at);
		return false;
	}
	return ++found->count == PLACE_REFUSALS;
}

bool
place_refuses(const struct place *place, const struct ip *source, struct arena **arena,
    struct attempt *attempt)
{
	const struct refused_source *found = *refusal_of((struct place *)place, source);

	if (found == NULL || found->count < PLACE_REFUSALS)
		return false;
	*attempt = found->attempt;
	*arena = found->arena;
	return true;
}
