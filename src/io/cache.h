/* cache: answers kept for their time.
 *
 * Two generations: new answers go to the young one; when that is full (half of `max`, or
 * CACHE_BYTES) the old one is forgotten in one stroke, and the young one is the old one. */
#ifndef IO_CACHE_H
#define IO_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/answer.h"

struct arena;
struct cache;

enum { CACHE_BYTES = 64 << 20 }; /* hostile answers are large */

struct cache *cache_new(size_t max, uint64_t seed);
void cache_free(struct cache *cache);

/* Where the next answer is to be made: what is made there lives as long as what is kept there. */
struct arena *cache_arena(struct cache *cache);
/* The answer's records, and its canonical name if that differs from `name`, must be in cache_arena,
 * or outlive the cache. */
void cache_put(struct cache *cache, const struct answer *answer, int64_t now_ms, int64_t until_ms);
/* False when there is none, or none that is fresh. The ttl is what is left of it. Valid until
 * cache_turn is called for the second time from now. */
bool cache_get(const struct cache *cache, const char *name, enum dns_type type, int64_t now_ms,
    struct answer *out);
/* To be called now and then: forgetting happens here alone. */
void cache_turn(struct cache *cache);

uint32_t cache_hash(const struct cache *cache, const char *name,
    enum dns_type type); /* keyed: names come from peers */

#endif
