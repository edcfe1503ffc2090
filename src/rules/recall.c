#include "rules/recall.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "rules/rulebase.h"

enum {
	PLACES = 8192,
	TEXT_MAX = 1000, /* octets of a reply that is kept: longer ones are rarely the same */
};

struct memory { /* a place */
	uint64_t last; /* hash of what was read here last */
	struct recalled {
		uint64_t hash;
		struct arena *arena; /* of all that is below, and of this */
		const char *text, *enhanced;
		size_t len;
		uint32_t provider;
		enum stage stage;
		int code;
		struct reading reading;
	} * kept; /* NULL: nothing yet */
};

struct recall {
	const struct rules *rules;
	struct memory places[PLACES];
};

struct recall *
recall_new(const struct rules *rules)
{
	struct recall *recall = must_alloc(sizeof *recall);

	recall->rules = rules;
	return recall;
}

void
recall_free(struct recall *recall)
{
	if (recall == NULL)
		return;
	for (size_t i = 0; i < PLACES; i++)
		if (recall->places[i].kept != NULL)
			arena_free(recall->places[i].kept->arena);
	free(recall);
}

static const char *
enhanced_of(const struct said *said)
{
	return said->enhanced != NULL ? said->enhanced : "";
}

static uint64_t
hash_of(const struct said *said, uint32_t provider)
{
	const uint32_t rest[] = {provider, (uint32_t)said->stage, (uint32_t)said->code};
	uint64_t hash = hash_add(0, said->text, said->len);

	hash = hash_add(hash, rest, sizeof rest);
	return hash_add(hash, enhanced_of(said), strlen(enhanced_of(said)));
}

static bool
is_same(const struct recalled *kept, const struct said *said, uint32_t provider, uint64_t hash)
{
	return kept != NULL && kept->hash == hash && kept->len == said->len &&
	       memcmp(kept->text, said->text, said->len) == 0 && kept->provider == provider &&
	       kept->stage == said->stage && kept->code == said->code &&
	       strcmp(kept->enhanced, enhanced_of(said)) == 0;
}

/* What a reading has of its own; the rest is the rule base's. */
static void
copy_reading(const struct reading *from, struct arena *arena, struct reading *to)
{
	*to = *from;
	to->enhanced = arena_string(arena, from->enhanced);
	to->matched = arena_string(arena, from->matched);
	to->listed = arena_string(arena, from->listed);
	to->reference = arena_string(arena, from->reference);
	to->url = arena_string(arena, from->url);
	to->contact = arena_string(arena, from->contact);
	to->lists = arena_alloc(arena, (from->list_count + 1) * sizeof *to->lists);
	for (size_t i = 0; i < from->list_count; i++) {
		to->lists[i] = from->lists[i];
		to->lists[i].name = arena_string(arena, from->lists[i].name);
	}
	to->list = from->list_count > 0 ? to->lists[0].name : NULL;
	to->also = arena_alloc(arena, (from->also_count + 1) * sizeof *to->also);
	for (size_t i = 0; i < from->also_count; i++)
		to->also[i] = from->also[i];
}

static void
keep(struct memory *place, const struct said *said, uint32_t provider, uint64_t hash,
    const struct reading *reading)
{
	struct arena *arena = arena_new();

	if (place->kept != NULL)
		arena_free(place->kept->arena);
	place->kept = arena_alloc(arena, sizeof *place->kept);
	*place->kept = (struct recalled){.hash = hash,
	    .arena = arena,
	    .text = arena_copy(arena, said->text, said->len),
	    .enhanced = arena_string(arena, enhanced_of(said)),
	    .len = said->len,
	    .provider = provider,
	    .stage = said->stage,
	    .code = said->code};
	copy_reading(reading, arena, &place->kept->reading);
}

void
recall_read(
    struct recall *recall, const struct said *said, struct arena *arena, struct reading *out)
{
	uint32_t provider = said->mx != NULL ? rules_provider(recall->rules, said->mx) : 0;
	uint64_t hash = hash_of(said, provider);
	struct memory *place = &recall->places[hash % PLACES];

	if (said->len > TEXT_MAX || said->greeting != NULL || said->client.family != 0) {
		rules_read(recall->rules, said, arena, out);
		return;
	}
	if (is_same(place->kept, said, provider, hash)) {
		*out = place->kept->reading;
		return;
	}
	rules_read(recall->rules, said, arena, out);
	if (place->last == hash)
		keep(place, said, provider, hash, out);
	place->last = hash;
}
