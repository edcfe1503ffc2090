#include "rules/words.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

enum { RUN_BITS = 13, RUNS = 1 << RUN_BITS, HEAD = 8 };

struct mark { /* tags whose bits stand in the same 64 */
	size_t at;
	uint64_t bits;
};

struct word_index {
	struct added {
		const char *text; /* borrowed */
		unsigned run;
		size_t tag;
	} * list;
	size_t count;
	struct arena *arena;
	struct term {
		uint64_t head,
		    mask; /* its first eight octets, the first lowest; which of them it has */
		const char *text;
		uint32_t len;
		uint32_t mark; /* the first of its marks; they end where the next word's begin */
	} * words;
	struct mark *marks;
	uint32_t runs[RUNS + 1]; /* where in words[] the run begins of those whose first three
	                            octets come to this number */
	unsigned char lower[256];
};

struct word_index *
words_new(void)
{
	struct word_index *words = must_alloc(sizeof *words);

	words->arena = arena_new();
	for (unsigned i = 0; i < 256; i++)
		words->lower[i] = (unsigned char)(i >= 'A' && i <= 'Z' ? i - 'A' + 'a' : i);
	return words;
}

void
words_free(struct word_index *words)
{
	if (words == NULL)
		return;
	arena_free(words->arena);
	free(words);
}

static unsigned
run_of(uint64_t head)
{
	return (uint32_t)((head & 0xffffff) * 0x9e3779b1U) >> (32 - RUN_BITS);
}

static uint64_t
head_of(const char *word)
{
	uint64_t head = 0;

	for (unsigned i = 0; i < HEAD && word[i] != '\0'; i++)
		head |= (uint64_t)(unsigned char)word[i] << (8 * i);
	return head;
}

void
words_add(struct word_index *words, const char *word, size_t tag)
{
	*(struct added *)arena_push(words->arena, &words->list, words->count, sizeof *words->list) =
	    (struct added){word, run_of(head_of(word)), tag};
	words->count++;
}

static int
by_text(const void *a, const void *b)
{
	const struct added *x = a, *y = b;
	int order = strcmp(x->text, y->text);

	return order != 0 ? order : x->tag < y->tag ? -1 : x->tag > y->tag;
}

/* All words run by run: most runs are short, and so is sorting each. */
static struct added *
sort_words(const struct word_index *words)
{
	struct added *sorted = arena_alloc(words->arena, (words->count + 1) * sizeof *sorted);
	uint32_t *next = arena_alloc(words->arena, (RUNS + 1) * sizeof *next), start = 0;

	for (size_t i = 0; i < words->count; i++)
		next[words->list[i].run + 1]++;
	for (unsigned run = 0; run < RUNS; run++)
		next[run + 1] += next[run];
	for (size_t i = 0; i < words->count; i++)
		sorted[next[words->list[i].run]++] = words->list[i];
	for (unsigned run = 0; run < RUNS; start = next[run++]) /* each now is its run's end */
		if (next[run] - start > 1)
			qsort(sorted + start, next[run] - start, sizeof *sorted, by_text);
	return sorted;
}

static void
add_mark(struct word_index *words, uint32_t first, uint32_t *count, size_t tag)
{
	if (*count == first || words->marks[*count - 1].at != tag / 64)
		words->marks[(*count)++] = (struct mark){tag / 64, 0};
	words->marks[*count - 1].bits |= UINT64_C(1) << (tag % 64);
}

void
words_ready(struct word_index *words)
{
	uint32_t count = 0, marks = 0;
	unsigned run = 0;
	const struct added *sorted = sort_words(words);

	words->words = arena_alloc(words->arena, (words->count + 1) * sizeof *words->words);
	words->marks = arena_alloc(words->arena, (words->count + 1) * sizeof *words->marks);
	for (size_t i = 0; i < words->count; i++) {
		const struct added *added = &sorted[i];

		while (run <= added->run)
			words->runs[run++] = count;
		if (i == 0 || strcmp(added->text, added[-1].text) != 0) {
			size_t len = strlen(added->text);

			words->words[count++] = (struct term){head_of(added->text),
			    len < HEAD ? (UINT64_C(1) << (8 * len)) - 1 : UINT64_MAX, added->text,
			    (uint32_t)len, marks};
		}
		add_mark(words, words->words[count - 1].mark, &marks, added->tag);
	}
	while (run <= RUNS)
		words->runs[run++] = count;
	words->words[count].mark = marks;
}

static bool
stands_at(const struct word_index *words, const struct term *word, const char *text, size_t len)
{
	if (word->len > len)
		return false;
	for (size_t i = HEAD; i < word->len; i++)
		if ((unsigned char)word->text[i] != words->lower[(unsigned char)text[i]])
			return false;
	return true;
}

void
words_scan(const struct word_index *words, const char *text, size_t len, uint64_t *found)
{
	uint64_t head = 0;

	for (size_t i = 0; i < len + HEAD - 1; i++) { /* `head` runs seven octets ahead */
		head = head >> 8 |
		       (i < len ? (uint64_t)words->lower[(unsigned char)text[i]] << (8 * (HEAD - 1))
		                : 0);
		if (i + 1 < HEAD)
			continue;
		unsigned run = run_of(head);

		for (const struct term *word = words->words + words->runs[run],
		                       *end = words->words + words->runs[run + 1];
		     word < end; word++)
			if (((head ^ word->head) & word->mask) == 0 &&
			    (word->len <= HEAD ||
			        stands_at(words, word, text + i + 1 - HEAD, len - (i + 1 - HEAD))))
				for (uint32_t m = word->mark; m < word[1].mark; m++)
					found[words->marks[m].at] |= words->marks[m].bits;
	}
}
