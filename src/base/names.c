#include "base/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/table.h"

struct one_name {
	const char *at;
	size_t len;
	unsigned number;
};

struct names {
	size_t max, count;
	uint64_t secret;
	struct table table; /* of struct one_name */
	struct arena *arena;
	struct one_name **all; /* by number */
};

struct names *
names_new(size_t max, uint64_t secret)
{
	struct names *names = must_alloc(sizeof *names);

	names->max = max;
	names->secret = secret;
	names->arena = arena_new();
	return names;
}

static bool
is_name(const void *item, const void *wanted)
{
	const struct one_name *one = item;
	const struct slice *name = wanted;

	return one->len == name->len && (one->len == 0 || memcmp(one->at, name->at, one->len) == 0);
}

void
names_free(struct names *names)
{
	if (names == NULL)
		return;
	table_release(&names->table);
	free(names->all);
	arena_free(names->arena);
	free(names);
}

static struct one_name *
add(struct names *names, struct slice name, uint64_t hash)
{
	struct one_name *new = arena_alloc(names->arena, sizeof *new);

	*new =
	    (struct one_name){slice_copy(name, names->arena), name.len, (unsigned)names->count + 1};
	table_put(&names->table, hash, new);
	if ((names->count & (names->count - 1)) == 0)
		names->all =
		    must_realloc(names->all, (names->count * 2 + 1) * sizeof(struct one_name *));
	names->all[names->count++] = new;
	return new;
}

unsigned
names_number(struct names *names, struct slice name)
{
	uint64_t hash = hash_secret(names->secret, name.at, name.len);
	const struct one_name *one = table_find(&names->table, hash, is_name, &name);

	if (one == NULL && names->count < names->max)
		one = add(names, name, hash);
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
