/* places: what is known of the sites of a run beside their pace (site.h): who waits for one outside
 * of the pipeline, how many transactions a connection there takes, whom it refused. Pure.
 *
 * A site that is slower than its targets come in would fill the pipeline: of each a few are in it,
 * and the others are parked, some hundred octets each. */
#ifndef CAMPAIGN_PLACES_H
#define CAMPAIGN_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "journey.h"

struct arena;
struct place;
struct places;

enum {
	PLACE_CROWD = 64, /* targets of one site in the pipeline */
	PLACE_REFUSALS = 3, /* so many first targets whose greetings are 554 speak for the site */
	PLACE_VAIN = 8, /* … or so often in a row a site said that we are too fast */
	PLACE_BITS = 1 << 20, /* sites that greeted somebody well are told apart by so many */
};

struct parked { /* a target outside of the pipeline */
	struct parked *next; /* private, as is the next */
	size_t slot;
	struct target target; /* strings are its own */
	struct ip source;
	int64_t started, began; /* errand.h, pipeline.c */
	int64_t until; /* when it comes back; 0: when there is room at its site */
	unsigned again;
	bool greylisted;
	uint64_t seed;
};

struct parked *parked_new(const struct target *target);
void parked_free(struct parked *parked); /* NULL is allowed */

struct places *places_new(uint64_t secret); /* base/table.h */
void places_free(struct places *places);

struct place *places_find(struct places *places, const char *site);
bool place_is_crowded(const struct place *place);
void place_enter(struct place *place);
/* One of those that are in the pipeline leaves: who is to come in for it; NULL: nobody waits. The
 * place may be gone after that. */
struct parked *place_leave(struct places *places, struct place *place);
void place_park(struct places *places, struct place *place, struct parked *parked);

/* Waits for a time. */
void places_delay(struct places *places, struct parked *parked);
struct parked *places_due(struct places *places, int64_t now); /* NULL: nobody is */
int64_t places_when(const struct places *places); /* INT64_MAX: nobody waits for a time */

size_t places_delayed(const struct places *places); /* who does */
size_t places_count(const struct places *places); /* of all that wait */
struct parked *places_take(struct places *places); /* any of them; NULL: none is left */

/* How many transactions a connection takes; more than `most` never. */
unsigned place_transactions(const struct place *place, unsigned most);
void place_objects(struct place *place, unsigned transactions); /* to more than so many */

/* What a target came to there from that source: `refusal`, in that arena, greeted it with 5yz, as
 * `rule` reads it; NULL: somebody greeted it well. True: it is known from now on that the site
 * refuses the source, for its first targets were all refused, and for the same. */
bool place_note(struct places *places, struct place *place, const struct ip *source,
    const struct attempt *refusal, struct arena *arena, const char *rule, const char *target);
/* It said to that source that we are too fast, and is left alone until then. True: it is known from
 * now on that it says so always, for there was nothing else for PLACE_VAIN pauses. */
bool place_note_busy(struct place *place, const struct ip *source, const struct attempt *attempt,
    struct arena *arena, const char *target, int64_t now, int64_t until);
void place_note_good(struct place *place, const struct ip *source); /* it said something else */
/* What the site says to that source, whoever it is for, in an arena that the caller is to hold;
 * false: that is not known. */
bool place_refuses(const struct place *place, const struct ip *source, struct arena **arena,
    struct attempt *attempt);

#endif
