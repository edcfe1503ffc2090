#include "campaign/places.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/heap.h"
#include "base/table.h"
#include "campaign/shared.h"

struct refused_source { /* of one source */
	struct refused_source *next;
	struct ip source;
	unsigned count; /* targets */
	struct arena *arena;
	const char *rule; /* that reads it */
	struct attempt attempt; /* the first */
};

struct busy_source { /* that is told time and again that it is too fast */
	struct busy_source *next;
	struct ip source;
	unsigned vain; /* pauses in a row */
	int64_t until; /* end of the last */
	struct arena *arena; /* NULL: it may be told something else yet */
	struct attempt attempt;
};

struct place {
	uint64_t hash; /* of the site */
	size_t present; /* in the pipeline */
	struct parked *first, **last;
	unsigned transactions; /* 0: no more is known */
	struct refused_source *refusals;
	struct busy_source *busy;
	char site[];
};

struct places {
	struct table table; /* of sites */
	uint64_t secret;
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

static bool
is_place(const void *item, const void *site)
{
	return strcmp(((const struct place *)item)->site, site) == 0;
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
free_busy(struct busy_source **at)
{
	struct busy_source *found = *at;

	*at = found->next;
	arena_free(found->arena);
	free(found);
}

static void
free_place(struct place *place)
{
	for (struct parked *parked = place->first, *next; parked != NULL; parked = next) {
		next = parked->next;
		parked_free(parked);
	}
	free_refusals(place->refusals);
	while (place->busy != NULL)
		free_busy(&place->busy);
	free(place);
}

struct places *
places_new(uint64_t secret)
{
	struct places *places = must_alloc(sizeof *places);

	places->secret = secret;
	places->delayed =
	    (struct heap){.before = is_earlier, .slot = offsetof(struct parked, slot)};
	return places;
}

void
places_free(struct places *places)
{
	struct place *place;
	size_t at = 0;

	if (places == NULL)
		return;
	for (struct parked *parked; (parked = heap_first(&places->delayed)) != NULL;) {
		heap_remove(&places->delayed, parked);
		parked_free(parked);
	}
	heap_release(&places->delayed);
	while ((place = table_next(&places->table, &at)) != NULL)
		free_place(place);
	table_release(&places->table);
	free(places);
}

struct place *
places_find(struct places *places, const char *site)
{
	size_t len = strlen(site);
	uint64_t hash = hash_secret(places->secret, site, len);
	struct place *place = table_find(&places->table, hash, is_place, site);

	if (place != NULL)
		return place;
	place = must_alloc(sizeof *place + len + 1);
	place->hash = hash;
	memcpy(place->site, site, len + 1);
	place->last = &place->first;
	table_put(&places->table, hash, place);
	return place;
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
	if (place->present == 0 && place->transactions == 0 && place->refusals == NULL &&
	    place->busy == NULL) {
		table_take(&places->table, place->hash, place);
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
places_delayed(const struct places *places)
{
	return places->delayed.count;
}

size_t
places_count(const struct places *places)
{
	return places->count;
}

struct parked *
places_take(struct places *places)
{
	struct parked *parked = places_due(places, INT64_MAX);
	struct place *place;
	size_t at = 0;

	if (parked != NULL || places->count == 0)
		return parked;
	while ((place = table_next(&places->table, &at)) != NULL && place->first == NULL)
		;
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

/* ---- what it says to everybody */

static struct refused_source **
refusal_of(struct place *place, const struct ip *source)
{
	struct refused_source **at = &place->refusals;

	while (*at != NULL && !ip_equal(&(*at)->source, source))
		at = &(*at)->next;
	return at;
}

static unsigned
bit_of(const struct place *place, const struct ip *source)
{
	return (unsigned)(hash_add(place->hash, source, sizeof *source) % PLACE_BITS);
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

/* For others, as that of the target; into an arena of its own. */
static struct attempt
keep_attempt(
    const struct attempt *attempt, struct arena *arena, const char *target, struct arena **own)
{
	struct arena *fresh = arena_new();
	struct attempt kept = attempt_keep(attempt, arena, fresh, own);

	kept.shared_from = arena_string(*own, target);
	arena_free(fresh);
	return kept;
}

static struct refused_source *
add_refusal(struct refused_source **at, const struct ip *source, const struct attempt *refusal,
    struct arena *arena, const char *rule, const char *target)
{
	struct refused_source *new = must_alloc(sizeof *new);

	new->source = *source;
	new->attempt = keep_attempt(refusal, arena, target, &new->arena);
	new->rule = arena_string(new->arena, rule);
	return *at = new;
}

bool
place_note(struct places *places, struct place *place, const struct ip *source,
    const struct attempt *refusal, struct arena *arena, const char *rule, const char *target)
{
	struct refused_source **at = refusal_of(place, source), *found = *at;
	unsigned bit = bit_of(place, source);

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

static struct busy_source **
busy_of(struct place *place, const struct ip *source)
{
	struct busy_source **at = &place->busy;

	while (*at != NULL && !ip_equal(&(*at)->source, source))
		at = &(*at)->next;
	return at;
}

bool
place_note_busy(struct place *place, const struct ip *source, const struct attempt *attempt,
    struct arena *arena, const char *target, int64_t now, int64_t until)
{
	struct busy_source **at = busy_of(place, source), *found = *at;

	if (until <= now) /* it is not left alone */
		return false;
	if (found == NULL) {
		found = *at = must_alloc(sizeof *found);
		found->source = *source;
	} else if (found->arena != NULL || now < found->until) { /* … of the same time */
		return false;
	}
	found->until = until;
	if (++found->vain < PLACE_VAIN)
		return false;
	found->attempt = keep_attempt(attempt, arena, target, &found->arena);
	return true;
}

void
place_note_good(struct place *place, const struct ip *source)
{
	struct busy_source **at = busy_of(place, source);

	if (*at != NULL && (*at)->arena == NULL)
		free_busy(at);
}

bool
place_refuses(const struct place *place, const struct ip *source, struct arena **arena,
    struct attempt *attempt)
{
	const struct refused_source *refused = *refusal_of((struct place *)place, source);
	const struct busy_source *busy = *busy_of((struct place *)place, source);
	bool always = refused != NULL && refused->count >= PLACE_REFUSALS;

	if (!always && (busy == NULL || busy->arena == NULL))
		return false;
	*attempt = always ? refused->attempt : busy->attempt;
	*arena = always ? refused->arena : busy->arena;
	return true;
}
