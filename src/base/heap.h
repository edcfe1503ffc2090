/* heap: a binary heap of items that know their place in it: the first is always at hand, and any of
 * them can be moved or taken out. */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>

struct heap { /* set `before` and `slot`; the rest {0} */
	bool (*before)(const void *a, const void *b);
	size_t slot; /* offset in an item of its size_t slot: from 1; 0: it is not in a heap */
	void **items; /* from 1 */
	size_t count, room;
};

void heap_release(struct heap *heap); /* not the items */
void *heap_first(const struct heap *heap); /* NULL: it is empty */
void heap_put(struct heap *heap, void *item); /* in, or to the place that is its own by now */
void heap_remove(struct heap *heap, void *item); /* one that is not in it is passed over */
bool heap_has(const struct heap *heap, const void *item);

#endif
