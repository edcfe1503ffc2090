#include "report/ledger.h"

#include <stdlib.h>

#include "base/arena.h"

enum { FIRST_SIZE = 1024 }; /* a power of two */

struct noted {
	uint64_t key, note; /* key 0: free */
};

struct ledger {
	struct noted *entries;
	size_t size, count;
};

struct ledger *
ledger_new(void)
{
	struct ledger *ledger = must_alloc(sizeof *ledger);

	ledger->size = FIRST_SIZE;
	ledger->entries = must_alloc(FIRST_SIZE * sizeof *ledger->entries);
	return ledger;
}

void
ledger_free(struct ledger *ledger)
{
	if (ledger == NULL)
		return;
	free(ledger->entries);
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
place(const struct ledger *ledger, uint64_t key)
{
	size_t i = (size_t)mixed(key) & (ledger->size - 1);

	while (ledger->entries[i].key != 0 && ledger->entries[i].key != key)
		i = (i + 1) & (ledger->size - 1);
	return &ledger->entries[i];
}

static void
grow(struct ledger *ledger)
{
	struct ledger larger = {.size = ledger->size * 2, .count = ledger->count};

	larger.entries = must_alloc(larger.size * sizeof *larger.entries);
	for (size_t i = 0; i < ledger->size; i++)
		if (ledger->entries[i].key != 0)
			*place(&larger, ledger->entries[i].key) = ledger->entries[i];
	free(ledger->entries);
	*ledger = larger;
}

uint64_t *
ledger_note(struct ledger *ledger, uint64_t key, bool *fresh)
{
	struct noted *entry = place(ledger, key);

	*fresh = entry->key == 0;
	if (!*fresh)
		return &entry->note;
	if (ledger->count >= ledger->size / 4 * 3) {
		grow(ledger);
		entry = place(ledger, key);
	}
	ledger->count++;
	entry->key = key;
	return &entry->note;
}

size_t
ledger_count(const struct ledger *ledger)
{
	return ledger->count;
}

bool
ledger_next(const struct ledger *ledger, size_t *i, uint64_t *key, uint64_t *note)
{
	for (; *i < ledger->size; ++*i)
		if (ledger->entries[*i].key != 0) {
			*key = ledger->entries[*i].key;
			*note = ledger->entries[*i].note;
			++*i;
			return true;
		}
	return false;
}
