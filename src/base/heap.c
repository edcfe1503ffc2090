#include "base/heap.h"

#include <stdlib.h>

#include "base/arena.h"

static size_t *
slot_of(const struct heap *heap, const void *item)
{
	return (size_t *)(void *)((char *)item + heap->slot);
}

static void
place(struct heap *heap, size_t slot, void *item)
{
	heap->items[slot] = item;
	*slot_of(heap, item) = slot;
}

static void
sift_up(struct heap *heap, size_t slot, void *item)
{
	for (; slot > 1 && heap->before(item, heap->items[slot / 2]); slot /= 2)
		place(heap, slot, heap->items[slot / 2]);
	place(heap, slot, item);
}

static void
sift_down(struct heap *heap, size_t slot, void *item)
{
	size_t child;

	for (; (child = slot * 2) <= heap->count; slot = child) {
		if (child < heap->count && heap->before(heap->items[child + 1], heap->items[child]))
			child++;
		if (!heap->before(heap->items[child], item))
			break;
		place(heap, slot, heap->items[child]);
	}
	place(heap, slot, item);
}

void
heap_release(struct heap *heap)
{
	free(heap->items);
	heap->items = NULL;
	heap->count = heap->room = 0;
}

void *
heap_first(const struct heap *heap)
{
	return heap->count > 0 ? heap->items[1] : NULL;
}

void
heap_put(struct heap *heap, void *item)
{
	size_t slot = *slot_of(heap, item);

	if (slot == 0) {
		if (heap->count + 1 >= heap->room) {
			heap->room = heap->room * 2 + 16;
			heap->items = must_realloc(heap->items, heap->room * sizeof *heap->items);
		}
		slot = ++heap->count;
	}
	sift_up(heap, slot, item);
	sift_down(heap, *slot_of(heap, item), item);
}

void
heap_remove(struct heap *heap, void *item)
{
	size_t slot = *slot_of(heap, item);
	void *last;

	if (slot == 0)
		return;
	*slot_of(heap, item) = 0;
	last = heap->items[heap->count--];
	if (last == item)
		return;
	place(heap, slot, last);
	heap_put(heap, last);
}

bool
heap_has(const struct heap *heap, const void *item)
{
	return *slot_of(heap, item) > 0;
}
