/* An open table of places in the list of fingerprints, which grows without being copied twice. */
#include "base/seen.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"

enum { ROOM_MIN = 256 };

struct seen {
	uint64_t seed;
	uint64_t *prints; /* from 1 */
	uint32_t *numbers; /* of the same place */
	uint32_t count, room;
	uint32_t *slots; /* places; 0: free */
	uint32_t slot_count; /* at most nine of ten are taken */
};

struct seen *
seen_new(uint64_t seed)
{
	struct seen *seen = must_alloc(sizeof *seen);

	seen->seed = seed;
	return seen;
}

void
seen_free(struct seen *seen)
{
	if (seen == NULL)
		return;
	free(seen->prints);
	free(seen->numbers);
	free(seen->slots);
	free(seen);
}

/* The slot of that print, or the free one where it belongs. */
static uint32_t *
find(const struct seen *seen, uint64_t print)
{
	uint32_t at = (uint32_t)((print >> 32) * seen->slot_count >> 32);

	while (seen->slots[at] != 0 && seen->prints[seen->slots[at]] != print)
		at = at + 1 < seen->slot_count ? at + 1 : 0;
	return &seen->slots[at];
}

static void
make_room(struct seen *seen)
{
	if (seen->count + 1 >= seen->room) {
		seen->room = seen->room > 0 ? seen->room * 2 : ROOM_MIN;
		seen->prints = must_realloc(seen->prints, seen->room * sizeof *seen->prints);
		seen->numbers = must_realloc(seen->numbers, seen->room * sizeof *seen->numbers);
		seen->numbers[0] = 0;
	}
	if (seen->slot_count > 0 && seen->count < seen->slot_count / 10 * 9)
		return;
	seen->slot_count = seen->slot_count > 0 ? seen->slot_count / 4 * 5 : ROOM_MIN;
	free(seen->slots);
	seen->slots = must_alloc(seen->slot_count * sizeof *seen->slots);
	for (uint32_t i = 1; i <= seen->count; i++)
		*find(seen, seen->prints[i]) = i;
}

static uint64_t
print_of(const struct seen *seen, const char *text)
{
	return hash_add(seen->seed, text, strlen(text));
}

uint64_t
seen_seed(const struct seen *seen)
{
	return seen->seed;
}

uint32_t
seen_print(const struct seen *seen, uint64_t print)
{
	return seen->count > 0 ? seen->numbers[*find(seen, print)] : 0;
}

void
seen_add_print(struct seen *seen, uint64_t print, uint32_t number)
{
	make_room(seen);
	*find(seen, print) = ++seen->count;
	seen->prints[seen->count] = print;
	seen->numbers[seen->count] = number;
}

uint32_t
seen_number(const struct seen *seen, const char *text)
{
	return seen_print(seen, print_of(seen, text));
}

void
seen_add(struct seen *seen, const char *text, uint32_t number)
{
	seen_add_print(seen, print_of(seen, text), number);
}
