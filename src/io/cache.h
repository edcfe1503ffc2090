/* cache: answers kept for their time.
 *
 * Eight generations: new answers go to the youngest, and so does a copy of one of the older half
 * that is asked for; when it is full (an eighth of `max`, or CACHE_BYTES) the oldest is forgotten
 * in one stroke, and a new one begins. So what is asked for again and again stays, however many
 * answers come that nobody asks for twice. */
#ifndef IO_CACHE_H
#define IO_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/answer.h"

struct arena;
struct cache;

enum { CACHE_BYTES = 16 << 20 }; /* hostile answers are large */

struct cache *cache_new(size_t max, uint64_t seed);
void cache_free(struct cache *cache);
void cache_limit(struct cache *cache, size_t max);

/* A copy is kept; of `server` the pointer. */
void cache_put(struct cache *cache, const struct answer *answer, int64_t now_ms, int64_t until_ms);
/* False when there is none, or none that is fresh. The ttl is what is left of it. Valid until
 * cache_turn is called for the second time from now. */
bool cache_get(
    struct cache *cache, const char *name, enum dns_type type, int64_t now_ms, struct answer *out);
/* To be called now and then: forgetting happens here alone. */
void cache_turn(struct cache *cache);

uint32_t cache_hash(const struct cache *cache, const char *name,
    enum dns_type type); /* keyed: names come from peers */

#endif
