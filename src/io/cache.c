/* One table, and generations: the answers that came in the same time, in an arena of their own. */
#include "io/cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

enum { BUCKETS = 1 << 16, GENERATIONS = 8 };

struct kept {
	struct kept *next; /* in its bucket, the latest answer to a question first */
	struct kept *sibling; /* in its generation */
	uint32_t hash;
	unsigned generation;
	int64_t born, until;
	struct answer answer;
};

struct generation {
	struct arena *arena;
	struct kept *first;
	size_t count;
};

struct cache {
	uint64_t seed;
	size_t max; /* in a generation */
	struct kept **buckets;
	struct generation generations[GENERATIONS];
	unsigned young; /* the one that grows; the oldest is behind it */
	struct arena *dying; /* nothing is found there any more; NULL: none */
};

void
cache_limit(struct cache *cache, size_t max)
{
	cache->max = max / GENERATIONS;
}

struct cache *
cache_new(size_t max, uint64_t seed)
{
	struct cache *cache = must_alloc(sizeof *cache);

	cache->seed = seed;
	cache->buckets = must_alloc(BUCKETS * sizeof *cache->buckets);
	cache->generations[0].arena = arena_new();
	cache_limit(cache, max);
	return cache;
}

void
cache_free(struct cache *cache)
{
	for (size_t i = 0; i < GENERATIONS; i++)
		arena_free(cache->generations[i].arena);
	arena_free(cache->dying);
	free(cache->buckets);
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

static struct kept **
bucket_of(struct cache *cache, uint32_t hash)
{
	return &cache->buckets[hash % BUCKETS];
}

static void
keep(struct cache *cache, const struct answer *answer, uint32_t hash, int64_t born, int64_t until)
{
	struct generation *young = &cache->generations[cache->young];
	struct kept *entry = arena_alloc(young->arena, sizeof *entry),
	            **bucket = bucket_of(cache, hash);
	struct answer *own = &entry->answer;

	*own = *answer;
	own->name = arena_string(young->arena, answer->name);
	own->canonical = strcmp(answer->canonical, answer->name) == 0
	                     ? own->name
	                     : arena_string(young->arena, answer->canonical);
	own->records = answer_records(answer, young->arena);
	entry->hash = hash;
	entry->generation = cache->young;
	entry->born = born;
	entry->until = until;
	entry->next = *bucket;
	*bucket = entry;
	entry->sibling = young->first;
	young->first = entry;
	young->count++;
}

void
cache_put(struct cache *cache, const struct answer *answer, int64_t now_ms, int64_t until_ms)
{
	keep(cache, answer, cache_hash(cache, answer->name, answer->type), now_ms, until_ms);
}

bool
cache_get(
    struct cache *cache, const char *name, enum dns_type type, int64_t now_ms, struct answer *out)
{
	uint32_t hash = cache_hash(cache, name, type), age;
	const struct kept *entry = *bucket_of(cache, hash);

	while (entry != NULL && (entry->hash != hash || entry->answer.type != type ||
	                            strcmp(entry->answer.name, name) != 0))
		entry = entry->next;
	if (entry == NULL || now_ms >= entry->until)
		return false;
	if ((cache->young - entry->generation) % GENERATIONS >= GENERATIONS / 2)
		keep(cache, &entry->answer, hash, entry->born, entry->until);
	*out = entry->answer;
	age = (uint32_t)((now_ms - entry->born) / 1000);
	out->ttl = out->ttl > age ? out->ttl - age : 0;
	return true;
}

/* Its answers are found no more. */
static void
forget(struct cache *cache, struct generation *generation)
{
	for (struct kept *entry = generation->first; entry != NULL; entry = entry->sibling) {
		struct kept **at = bucket_of(cache, entry->hash);

		while (*at != entry)
			at = &(*at)->next;
		*at = entry->next;
	}
	cache->dying = generation->arena;
	*generation = (struct generation){0};
}

void
cache_turn(struct cache *cache)
{
	const struct generation *young = &cache->generations[cache->young];

	arena_free(cache->dying);
	cache->dying = NULL;
	if (young->count < cache->max && arena_size(young->arena) < CACHE_BYTES)
		return;
	cache->young = (cache->young + 1) % GENERATIONS;
	forget(cache, &cache->generations[cache->young]);
	cache->generations[cache->young].arena = arena_new();
}
