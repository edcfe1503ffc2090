#include "rules/synonyms.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "rules/pattern.h"
#include "rules/words.h"

struct synonyms {
	struct arena *arena;
	struct phrase_bucket { /* the phrases whose first two octets come to one number, in the
		        order they were added */
		struct synonym {
			const char *phrase, *instead;
			size_t len, instead_len;
		} * list;
		size_t count;
	} buckets[256];
	unsigned char lower[256];
	bool inner[256]; /* octets of a word, and of a name or an address: letters, digits, what is
	                    not ASCII, dots inside a name */
	size_t growth; /* how much longer a text can become: the greatest gain of a phrase, in
	                  octets */
};

struct synonyms *
synonyms_new(void)
{
	struct synonyms *synonyms = must_alloc(sizeof *synonyms);

	synonyms->arena = arena_new();
	for (unsigned c = 0; c < 256; c++) {
		unsigned lower = c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;

		synonyms->lower[c] = (unsigned char)lower;
		synonyms->inner[c] = (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z') ||
		                     c >= 0x80 || c == PATTERN_DOT || c == '_' || c == '@' ||
		                     c == '/';
	}
	return synonyms;
}

void
synonyms_free(struct synonyms *synonyms)
{
	if (synonyms == NULL)
		return;
	arena_free(synonyms->arena);
	free(synonyms);
}

static unsigned
bucket_of(const struct synonyms *synonyms, const char *at)
{
	return (synonyms->lower[(unsigned char)at[0]] * 31U +
	           synonyms->lower[(unsigned char)at[1]]) &
	       255;
}

void
synonyms_add(struct synonyms *synonyms, const char *phrase, const char *instead)
{
	struct phrase_bucket *bucket = &synonyms->buckets[bucket_of(synonyms, phrase)];
	struct synonym *new =
	    arena_push(synonyms->arena, &bucket->list, bucket->count, sizeof *bucket->list);

	bucket->count++;
	*new = (struct synonym){phrase, instead, strlen(phrase), strlen(instead)};
	if (new->instead_len > new->len &&new->instead_len - new->len > synonyms->growth)
		synonyms->growth = new->instead_len - new->len;
}

static bool
stands(
    const struct synonyms *synonyms, const struct synonym *synonym, const char *at, const char *end)
{
	if ((size_t)(end - at) < synonym->len)
		return false;
	for (size_t i = 0; i < synonym->len; i++)
		if (synonyms->lower[(unsigned char)at[i]] != (unsigned char)synonym->phrase[i])
			return false;
	return at + synonym->len == end || !synonyms->inner[(unsigned char)at[synonym->len]];
}

static const struct synonym *
find(const struct synonyms *synonyms, const char *at, const char *end)
{
	const struct phrase_bucket *bucket;

	if (end - at < WORD_MIN)
		return NULL;
	bucket = &synonyms->buckets[bucket_of(synonyms, at)];
	for (size_t i = 0; i < bucket->count; i++)
		if (stands(synonyms, &bucket->list[i], at, end))
			return &bucket->list[i];
	return NULL;
}

/* Where the next word begins, at `at` or behind it. */
static const char *
next_word(const struct synonyms *synonyms, const char *start, const char *at, const char *end)
{
	bool within = at > start && (synonyms->inner[(unsigned char)at[-1]] || at[-1] == '-');

	for (; at < end; at++) {
		bool inner = synonyms->inner[(unsigned char)*at];

		if (inner && !within)
			return at;
		within = inner || *at == '-';
	}
	return end;
}

static void
put(char *text, uint16_t *from, size_t *len, const char *bytes, size_t count, size_t origin,
    bool moves)
{
	for (size_t i = 0; i < count; i++) {
		text[*len] = bytes[i];
		from[(*len)++] = (uint16_t)(moves ? origin + i : origin);
	}
}

bool
synonyms_reword(const struct synonyms *synonyms, const char *text, size_t len, struct arena *arena,
    struct reworded *out)
{
	const char *end = text + len, *kept = text;
	uint16_t *from = NULL;
	char *copy = NULL;
	size_t n = 0;

	for (const char *at = next_word(synonyms, text, text, end); at < end;
	     at = next_word(synonyms, text, at, end)) {
		const struct synonym *synonym = find(synonyms, at, end);

		if (synonym == NULL) {
			at++;
			continue;
		}
		if (copy == NULL) { /* a phrase has two octets at least with what follows it */
			size_t room = len + (len / 2 + 1) * synonyms->growth + 1;

			copy = arena_alloc(arena, room);
			from = arena_alloc(arena, room * sizeof *from);
		}
		put(copy, from, &n, kept, (size_t)(at - kept), (size_t)(kept - text), true);
		put(copy, from, &n, synonym->instead, synonym->instead_len, (size_t)(at - text),
		    false);
		kept = at += synonym->len;
	}
	if (copy == NULL)
		return false;
	put(copy, from, &n, kept, (size_t)(end - kept), (size_t)(kept - text), true);
	from[n] = (uint16_t)len;
	*out = (struct reworded){copy, n, from};
	return true;
}

size_t
reworded_start(const struct reworded *text, size_t at)
{
	return text->from[at];
}

size_t
reworded_end(const struct reworded *text, size_t at)
{
	while (at > 0 && at < text->len && text->from[at] == text->from[at - 1])
		at++;
	return text->from[at];
}

size_t
reworded_find(const struct reworded *text, size_t at)
{
	size_t i = 0;

	while (i < text->len && text->from[i] < at)
		i++;
	return i;
}
