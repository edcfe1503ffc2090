#include "base/table.h"

#include <stdlib.h>

#include "base/arena.h"

enum { ROOM_MIN = 16 };

void
table_release(struct table *table)
{
	free(table->slots);
	*table = (struct table){0};
}

static size_t
next_slot(const struct table *table, size_t at)
{
	return (at + 1) & (table->room - 1);
}

/* The first free slot from where the hash belongs. */
static struct table_slot *
free_slot(const struct table *table, uint64_t hash)
{
	size_t at = hash & (table->room - 1);

	while (table->slots[at].item != NULL)
		at = next_slot(table, at);
	return &table->slots[at];
}

static void
grow(struct table *table)
{
	struct table old = *table;

	table->room = old.room > 0 ? old.room * 2 : ROOM_MIN;
	table->slots = must_alloc(table->room * sizeof *table->slots);
	for (size_t i = 0; i < old.room; i++)
		if (old.slots[i].item != NULL)
			*free_slot(table, old.slots[i].hash) = old.slots[i];
	free(old.slots);
}

void *
table_find(const struct table *table, uint64_t hash, table_same *same, const void *key)
{
	if (table->count == 0)
		return NULL;
	for (size_t at = hash & (table->room - 1); table->slots[at].item != NULL;
	     at = next_slot(table, at))
		if (table->slots[at].hash == hash && same(table->slots[at].item, key))
			return table->slots[at].item;
	return NULL;
}

void
table_put(struct table *table, uint64_t hash, void *item)
{
	if (table->count >= table->room / 4 * 3)
		grow(table);
	*free_slot(table, hash) = (struct table_slot){hash, item};
	table->count++;
}

/* Those behind it that it stood in the way of move up, so that no search stops at a gap. */
static void
close_gap(struct table *table, size_t gap)
{
	size_t mask = table->room - 1;

	for (size_t at = next_slot(table, gap); table->slots[at].item != NULL;
	     at = next_slot(table, at)) {
		size_t home = table->slots[at].hash & mask;

		if (((at - home) & mask) < ((at - gap) & mask))
			continue;
		table->slots[gap] = table->slots[at];
		gap = at;
	}
	table->slots[gap].item = NULL;
}

void
table_take(struct table *table, uint64_t hash, const void *item)
{
	size_t at = hash & (table->room - 1);

	while (table->slots[at].item != item)
		at = next_slot(table, at);
	close_gap(table, at);
	table->count--;
}

void *
table_next(const struct table *table, size_t *at)
{
	while (*at < table->room) {
		void *item = table->slots[(*at)++].item;

		if (item != NULL)
			return item;
	}
	return NULL;
}
