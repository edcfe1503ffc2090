#include "rules/phrases.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"

static unsigned
bucket_of(const char *text)
{
	return ((unsigned)(unsigned char)to_lower(text[0]) * 31 +
	           (unsigned)(unsigned char)to_lower(text[1])) %
	       PHRASE_BUCKETS;
}

struct placed {
	struct phrase_row phrase;
	unsigned bucket, number;
};

static int
by_place(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->bucket != y->bucket)
		return x->bucket < y->bucket ? -1 : 1;
	if (x->phrase.len != y->phrase.len)
		return x->phrase.len > y->phrase.len ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static struct placed
place(const char *texts, struct phrase_row phrase, unsigned number)
{
	phrase.len = (uint16_t)strlen(texts + phrase.text);
	if (phrase.instead != 0)
		phrase.instead_len = (uint16_t)strlen(texts + phrase.instead);
	return (struct placed){phrase, bucket_of(texts + phrase.text), number};
}

void
phrases_make(struct phrases *phrases, const char *texts, const struct phrase_row *list,
    size_t count, const char *inner, struct arena *arena)
{
	struct placed *sorted = arena_alloc(arena, (count + 1) * sizeof *sorted);
	struct phrase_row *copy = arena_alloc(arena, (count + 1) * sizeof *copy);
	unsigned bucket = 0;

	for (size_t i = 0; i < count; i++)
		sorted[i] = place(texts, list[i], (unsigned)i);
	if (count > 0)
		qsort(sorted, count, sizeof *sorted, by_place);
	*phrases = (struct phrases){.texts = texts, .list = copy, .count = count};
	for (size_t i = 0; i < count; i++) {
		copy[i] = sorted[i].phrase;
		if (copy[i].instead_len > copy[i].len + phrases->growth)
			phrases->growth = (size_t)(copy[i].instead_len - copy[i].len);
		while (bucket <= sorted[i].bucket)
			phrases->first[bucket++] = (uint16_t)i;
	}
	while (bucket <= PHRASE_BUCKETS)
		phrases->first[bucket++] = (uint16_t)count;
	for (unsigned c = 0; c < 256; c++)
		phrases->inner[c] =
		    is_alnum((char)c) || c >= 0x80 || (c != 0 && strchr(inner, (int)c) != NULL);
}

static bool
stands(const struct phrases *phrases, const struct phrase_row *phrase, const char *text, size_t len)
{
	const char *own = phrases->texts + phrase->text;

	if (len < phrase->len || (len > phrase->len && phrases_inner(phrases, text[phrase->len])))
		return false;
	for (size_t i = phrase->len; i-- > 0;)
		if (to_lower(text[i]) != own[i])
			return false;
	return true;
}

const struct phrase_row *
phrases_find(const struct phrases *phrases, const char *text, size_t len)
{
	unsigned bucket = bucket_of(text);

	for (size_t i = phrases->first[bucket]; i < phrases->first[bucket + 1]; i++)
		if (stands(phrases, &phrases->list[i], text, len))
			return &phrases->list[i];
	return NULL;
}

bool
phrases_have(const struct phrases *phrases, const char *text, size_t len, unsigned kind)
{
	unsigned bucket = bucket_of(text);

	for (size_t i = phrases->first[bucket]; i < phrases->first[bucket + 1]; i++)
		if (phrases->list[i].kind == kind && phrases->list[i].len == len &&
		    stands(phrases, &phrases->list[i], text, len))
			return true;
	return false;
}
