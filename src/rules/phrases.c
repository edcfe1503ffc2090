#include "rules/phrases.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"

enum { HEAD = 8 };

/* The first eight octets of a text, the first lowest, in lower case; 0 behind its end. */
static uint64_t
head_of(const char *text, size_t len)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t head = 0, low, upper;

	memcpy(&head, text, len < HEAD ? len : HEAD);
	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		head = __builtin_bswap64(head);
	/* An octet from A on, but not one behind Z, carries into its highest bit. */
	low = head & ones * 0x7f;
	upper = (low + ones * (0x80 - 'A')) & ~(low + ones * (0x7f - 'Z')) & ~head & ones * 0x80;
	return head | upper >> 2;
}

/* `head` is a text's. The third octet counts where it is of the same word. */
static unsigned
bucket_of(const struct phrases *phrases, uint64_t head)
{
	uint32_t mask = phrases->inner[head >> 16 & 0xff] ? 0xffffff : 0xffff;

	return ((uint32_t)head & mask) * 0x9e3779b1U >> (32 - PHRASE_BUCKET_BITS);
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

/* How the phrase ends; a stem is without its star from here on. */
static void
set_end(struct phrase_row *phrase, const char *text)
{
	phrase->len = (uint16_t)strlen(text);
	phrase->end = ENDS_WITH_WORD;
	if (phrase->len > 1 && text[phrase->len - 1] == '*') {
		phrase->len--;
		phrase->end = ENDS_AS_STEM;
	} else if (phrase->len >= 3 && phrases_close(text[phrase->len - 3]))
		phrase->end = ENDS_ANYWHERE;
}

static struct placed
place(const struct phrases *phrases, struct phrase_row phrase, unsigned number)
{
	const char *texts = phrases->texts;

	set_end(&phrase, texts + phrase.text);
	phrase.head = head_of(texts + phrase.text, phrase.len);
	phrase.mask = phrase.len < HEAD ? (UINT64_C(1) << (8 * phrase.len)) - 1 : UINT64_MAX;
	if (phrase.instead != 0)
		phrase.instead_len = (uint16_t)strlen(texts + phrase.instead);
	return (struct placed){phrase, bucket_of(phrases, phrase.head), number};
}

void
phrases_make(struct phrases *phrases, const char *texts, const struct phrase_row *list,
    size_t count, const char *inner, struct arena *arena)
{
	struct placed *sorted = arena_alloc(arena, (count + 1) * sizeof *sorted);
	struct phrase_row *copy = arena_alloc(arena, (count + 1) * sizeof *copy);
	unsigned bucket = 0;

	*phrases = (struct phrases){.texts = texts, .list = copy, .count = count};
	for (unsigned c = 0; c < 256; c++)
		phrases->inner[c] =
		    is_alnum((char)c) || c >= 0x80 || (c != 0 && strchr(inner, (int)c) != NULL);
	for (size_t i = 0; i < count; i++)
		sorted[i] = place(phrases, list[i], (unsigned)i);
	if (count > 0)
		qsort(sorted, count, sizeof *sorted, by_place);
	for (size_t i = 0; i < count; i++) {
		copy[i] = sorted[i].phrase;
		if (copy[i].instead_len > copy[i].len + phrases->growth)
			phrases->growth = (size_t)(copy[i].instead_len - copy[i].len);
		while (bucket <= sorted[i].bucket)
			phrases->first[bucket++] = (uint16_t)i;
	}
	while (bucket <= PHRASE_BUCKETS)
		phrases->first[bucket++] = (uint16_t)count;
}

size_t
phrases_letters(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && (is_alnum(text[n]) || (unsigned char)text[n] >= 0x80))
		n++;
	return n;
}

static bool
ends_there(
    const struct phrases *phrases, const struct phrase_row *phrase, const char *text, size_t len)
{
	size_t end = phrase->len;

	if (phrase->end == ENDS_AS_STEM)
		end += phrases_letters(text + end, len - end);
	return phrase->end == ENDS_ANYWHERE || end == len || !phrases_inner(phrases, text[end]);
}

/* `head` is the text's. */
static bool
stands(const struct phrases *phrases, const struct phrase_row *phrase, uint64_t head,
    const char *text, size_t len)
{
	const char *own = phrases->texts + phrase->text;

	if (((head ^ phrase->head) & phrase->mask) != 0 || len < phrase->len ||
	    !ends_there(phrases, phrase, text, len))
		return false;
	for (size_t i = phrase->len; i > HEAD; i--)
		if (to_lower(text[i - 1]) != own[i - 1])
			return false;
	return true;
}

const struct phrase_row *
phrases_find(const struct phrases *phrases, const char *text, size_t len)
{
	uint64_t head = head_of(text, len);
	unsigned bucket = bucket_of(phrases, head);

	for (size_t i = phrases->first[bucket]; i < phrases->first[bucket + 1]; i++)
		if (stands(phrases, &phrases->list[i], head, text, len))
			return &phrases->list[i];
	return NULL;
}

bool
phrases_have(const struct phrases *phrases, const char *text, size_t len, unsigned kind)
{
	uint64_t head = head_of(text, len);
	unsigned bucket = bucket_of(phrases, head);

	for (size_t i = phrases->first[bucket]; i < phrases->first[bucket + 1]; i++)
		if (phrases->list[i].kind == kind && phrases->list[i].len == len &&
		    stands(phrases, &phrases->list[i], head, text, len))
			return true;
	return false;
}
