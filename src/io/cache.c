#include "io/cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

enum { BUCKETS = 1 << 16 };

struct kept {
	struct kept *next;
	int64_t born, until;
	struct answer answer;
};

struct generation {
	struct arena *arena;
	struct kept **buckets;
	size_t count;
};

struct cache {
	uint64_t seed;
	size_t max; /* in a generation */
	struct generation young, old, dying; /* nothing is looked for in the dying */
};

static void
generation_init(struct generation *generation)
{
	*generation = (struct generation){
	    .arena = arena_new(), .buckets = must_alloc(BUCKETS * sizeof *generation->buckets)};
}

static void
generation_release(struct generation *generation)
{
	arena_free(generation->arena);
	free(generation->buckets);
}

struct cache *
cache_new(size_t max, uint64_t seed)
{
	struct cache *cache = must_alloc(sizeof *cache);

	cache->seed = seed;
	cache->max = max / 2;
	generation_init(&cache->young);
	generation_init(&cache->old);
	return cache;
}

void
cache_limit(struct cache *cache, size_t max)
{
	cache->max = max / 2;
}

void
cache_free(struct cache *cache)
{
	generation_release(&cache->young);
	generation_release(&cache->old);
	generation_release(&cache->dying);
	free(cache);
}

uint32_t
cache_hash(const struct cache *cache, const char *name, enum dns_type type)
{
	uint64_t hash = cache->seed ^ (uint64_t)type << 48;

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * 0x9e3779b97f4a7c15u ^ hash >> 29;
	return (uint32_t)(hash ^ hash >> 32);
}

/* Before an older answer to the same question, if there is one. */
static void
keep(struct cache *cache, const struct answer *answer, int64_t born, int64_t until)
{
	struct generation *young = &cache->young;
	struct kept *entry = arena_alloc(young->arena, sizeof *entry), **bucket;
	struct answer *own = &entry->answer;

	*own = *answer;
	own->name = arena_string(young->arena, answer->name);
	own->canonical = strcmp(answer->canonical, answer->name) == 0
	                     ? own->name
	                     : arena_string(young->arena, answer->canonical);
	own->records = answer_records(answer, young->arena);
	entry->born = born;
	entry->until = until;
	bucket = &young->buckets[cache_hash(cache, answer->name, answer->type) % BUCKETS];
	entry->next = *bucket;
	*bucket = entry;
	young->count++;
}

void
cache_put(struct cache *cache, const struct answer *answer, int64_t now_ms, int64_t until_ms)
{
	keep(cache, answer, now_ms, until_ms);
}

static const struct kept *
find(const struct generation *generation, const char *name, enum dns_type type, uint32_t hash)
{
	const struct kept *entry = generation->buckets[hash % BUCKETS];

	while (
	    entry != NULL && (entry->answer.type != type || strcmp(entry->answer.name, name) != 0))
		entry = entry->next;
	return entry;
}

bool
cache_get(
    struct cache *cache, const char *name, enum dns_type type, int64_t now_ms, struct answer *out)
{
	uint32_t hash = cache_hash(cache, name, type), age;
	const struct kept *young = find(&cache->young, name, type, hash),
	                  *entry = young != NULL ? young : find(&cache->old, name, type, hash);

	if (entry == NULL || now_ms >= entry->until)
		return false;
	if (entry != young)
		keep(cache, &entry->answer, entry->born, entry->until);
	*out = entry->answer;
	age = (uint32_t)((now_ms - entry->born) / 1000);
	out->ttl = out->ttl > age ? out->ttl - age : 0;
	return true;
}

void
cache_turn(struct cache *cache)
{
	generation_release(&cache->dying);
	cache->dying = (struct generation){0};
	if (cache->young.count < cache->max && arena_size(cache->young.arena) < CACHE_BYTES)
		return;
	cache->dying = cache->old;
	cache->old = cache->young;
	generation_init(&cache->young);
}
