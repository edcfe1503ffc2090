/* A balanced tree, not a hash table: the names come from strangers, who could choose them to
 * collide. */
#include "base/counter.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

struct counter {
	size_t max, count, shown;
	void *tree; /* of struct count */
	struct arena *arena;
	struct count **all; /* as they came */
	struct count *sorted;
	unsigned long others;
};

struct counter *
counter_new(size_t max)
{
	struct counter *counter = must_alloc(sizeof *counter);

	counter->max = counter->shown = max;
	counter->arena = arena_new();
	return counter;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct count *)a)->name, ((const struct count *)b)->name);
}

static int
by_count(const void *a, const void *b)
{
	const struct count *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return strcmp(x->name, y->name);
}

void
counter_free(struct counter *counter)
{
	if (counter == NULL)
		return;
	for (size_t i = 0; i < counter->count; i++)
		tdelete(counter->all[i], &counter->tree, by_name);
	free(counter->sorted);
	arena_free(counter->arena);
	free(counter);
}

void
counter_add(struct counter *counter, const char *name)
{
	const struct count key = {name, 0};
	void *found = tfind(&key, &counter->tree, by_name);
	struct count *new;

	if (found != NULL) {
		(*(struct count **)found)->count++;
		return;
	}
	if (counter->count == counter->max) {
		counter->others++;
		return;
	}
	new = arena_alloc(counter->arena, sizeof *new);
	*new = (struct count){arena_string(counter->arena, name), 1};
	if (tsearch(new, &counter->tree, by_name) == NULL) { /* out of memory */
		counter->others++;
		return;
	}
	*(struct count **)arena_push(
	    counter->arena, &counter->all, counter->count, sizeof *counter->all) = new;
	counter->count++;
}

void
counter_show(struct counter *counter, size_t shown)
{
	counter->shown = shown;
}

size_t
counter_list(struct counter *counter, const struct count **list)
{
	size_t n = counter->count;
	unsigned long others = counter->others;

	counter->sorted = must_realloc(counter->sorted, (n + 1) * sizeof *counter->sorted);
	for (size_t i = 0; i < n; i++)
		counter->sorted[i] = *counter->all[i];
	qsort(counter->sorted, n, sizeof *counter->sorted, by_count);
	while (n > counter->shown)
		others += counter->sorted[--n].count;
	if (others > 0)
		counter->sorted[n++] = (struct count){COUNTER_OTHERS, others};
	*list = counter->sorted;
	return n;
}
