/* table: items by the hash of their keys.
 *
 * Keys are names that strangers choose, who could choose them to collide: so the hash is that of
 * base/hash.h which has a secret, drawn anew for each run. What an item is, and whether it is the
 * one with a key, is the user's business. */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_slot {
	uint64_t hash;
	void *item; /* NULL: free */
};

struct table { /* {0}: empty */
	struct table_slot *slots;
	size_t count, room; /* room: a power of two, a quarter of it at least is free */
};

typedef bool table_same(const void *item, const void *key);

void table_release(struct table *table); /* items are the user's */
void *table_find(
    const struct table *table, uint64_t hash, table_same *same, const void *key); /* NULL: none */
void table_put(struct table *table, uint64_t hash, void *item); /* one whose key is not there */
void table_take(struct table *table, uint64_t hash, const void *item); /* one that is there */
/* Each item, in no order that means anything; NULL: that was all. `*at` begins with 0, and nothing
 * is put or taken in between. */
void *table_next(const struct table *table, size_t *at);

#endif
