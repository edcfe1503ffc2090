/* A balanced tree: see counter.c. */
#include "base/names.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

struct one_name {
	const char *at;
	size_t len;
	unsigned number;
};

enum { RECENT = 64 };

struct names {
	size_t max, count;
	const struct one_name *recent[RECENT]; /* asked for of late, by their ends: mostly again */
	void *tree; /* of struct one_name */
	struct arena *arena;
	struct one_name **all; /* by number */
};

struct names *
names_new(size_t max)
{
	struct names *names = must_alloc(sizeof *names);

	names->max = max;
	names->arena = arena_new();
	return names;
}

static int
by_octets(const void *a, const void *b)
{
	const struct one_name *x = a, *y = b;

	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	return memcmp(x->at, y->at, x->len);
}

void
names_free(struct names *names)
{
	if (names == NULL)
		return;
	for (size_t i = 0; i < names->count; i++)
		tdelete(names->all[i], &names->tree, by_octets);
	free(names->all);
	arena_free(names->arena);
	free(names);
}

static struct one_name *
add(struct names *names, struct slice name)
{
	struct one_name *new = arena_alloc(names->arena, sizeof *new);

	*new =
	    (struct one_name){slice_copy(name, names->arena), name.len, (unsigned)names->count + 1};
	if (tsearch(new, &names->tree, by_octets) == NULL) /* out of memory */
		return NULL;
	if ((names->count & (names->count - 1)) == 0)
		names->all =
		    must_realloc(names->all, (names->count * 2 + 1) * sizeof(struct one_name *));
	names->all[names->count++] = new;
	return new;
}

static const struct one_name **
recent_place(struct names *names, const struct one_name *key)
{
	size_t sum = key->len;

	if (key->len > 0)
		sum = sum * 7 + (unsigned char)key->at[0] * 3u +
		      (unsigned char)key->at[key->len - 1] +
		      (unsigned char)key->at[key->len / 2] * 5u;
	return &names->recent[sum % RECENT];
}

unsigned
names_number(struct names *names, struct slice name)
{
	const struct one_name key = {name.at != NULL ? name.at : "", name.len, 0};
	const struct one_name **recent = recent_place(names, &key), *one;
	void *found;

	if (*recent != NULL && by_octets(*recent, &key) == 0)
		return (*recent)->number;
	found = tfind(&key, &names->tree, by_octets);
	one = found != NULL ? *(struct one_name **)found : NULL;
	if (one == NULL && names->count < names->max)
		one = add(names, (struct slice){key.at, key.len});
	if (one != NULL)
		*recent = one;
	return one != NULL ? one->number : 0;
}

const char *
names_at(const struct names *names, unsigned number)
{
	return number > 0 && number <= names->count ? names->all[number - 1]->at : NULL;
}

size_t
names_count(const struct names *names)
{
	return names->count;
}
