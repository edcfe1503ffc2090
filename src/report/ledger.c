#include "report/ledger.h"

#include <stdlib.h>

#include "base/arena.h"

/* Many small tables, of which one grows at a time: what is needed for that is little. */
enum { SHARDS = 256, FIRST_SIZE = 8 }; /* SHARDS: a power of two */

struct noted {
	uint64_t key, note; /* key 0: free */
};

struct shard {
	struct noted *entries;
	size_t size, count;
};

struct ledger {
	struct shard shards[SHARDS];
	size_t count;
};

struct ledger *
ledger_new(void)
{
	return must_alloc(sizeof(struct ledger));
}

void
ledger_free(struct ledger *ledger)
{
	if (ledger == NULL)
		return;
	for (size_t i = 0; i < SHARDS; i++)
		free(ledger->shards[i].entries);
	free(ledger);
}

static uint64_t
mixed(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

/* FNV-1a, mixed; the length ends a part, so that "ab", "c" is not "a", "bc". */
uint64_t
ledger_key(uint64_t key, struct slice part)
{
	uint64_t sum = key ^ 0xcbf29ce484222325u;

	for (size_t i = 0; i < part.len; i++)
		sum = (sum ^ (unsigned char)part.at[i]) * 0x100000001b3u;
	sum = mixed(sum ^ part.len);
	return sum != 0 ? sum : 1;
}

static struct noted *
place(const struct shard *shard, uint64_t key)
{
	size_t i = (size_t)((mixed(key) & UINT32_MAX) * shard->size >> 32);

	while (shard->entries[i].key != 0 && shard->entries[i].key != key)
		i = i + 1 < shard->size ? i + 1 : 0;
	return &shard->entries[i];
}

static void
grow(struct shard *shard)
{
	struct shard larger = {.size = shard->size > 0 ? shard->size + shard->size / 2 : FIRST_SIZE,
	    .count = shard->count};

	larger.entries = must_alloc(larger.size * sizeof *larger.entries);
	for (size_t i = 0; i < shard->size; i++)
		if (shard->entries[i].key != 0)
			*place(&larger, shard->entries[i].key) = shard->entries[i];
	free(shard->entries);
	*shard = larger;
}

uint64_t *
ledger_note(struct ledger *ledger, uint64_t key, bool *fresh)
{
	struct shard *shard = &ledger->shards[mixed(key) >> 56];
	struct noted *entry;

	if (shard->count >= shard->size - shard->size / 8)
		grow(shard);
	entry = place(shard, key);
	*fresh = entry->key == 0;
	if (*fresh) {
		shard->count++;
		ledger->count++;
		entry->key = key;
	}
	return &entry->note;
}

size_t
ledger_count(const struct ledger *ledger)
{
	return ledger->count;
}

bool
ledger_next(const struct ledger *ledger, struct ledger_place *at, uint64_t *key, uint64_t *note)
{
	for (; at->shard < SHARDS; at->shard++, at->entry = 0)
		while (at->entry < ledger->shards[at->shard].size) {
			const struct noted *entry = &ledger->shards[at->shard].entries[at->entry++];

			*key = entry->key;
			*note = entry->note;
			if (entry->key != 0)
				return true;
		}
	return false;
}
