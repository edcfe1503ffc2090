#include "rules/words.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

enum { HEAD = 8 };

struct word_list {
	struct added {
		const char *text; /* borrowed */
		unsigned run;
		size_t tag;
	} * list;
	size_t count;
	struct arena *arena;
};

struct word_list *
word_list_new(void)
{
	struct word_list *list = must_alloc(sizeof *list);

	list->arena = arena_new();
	return list;
}

void
word_list_free(struct word_list *list)
{
	arena_free(list->arena);
	free(list);
}

static unsigned
run_of(uint64_t head)
{
	return (uint32_t)((head & 0xffffff) * 0x9e3779b1U) >> (32 - WORD_RUN_BITS);
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
word_list_add(struct word_list *list, const char *word, size_t tag)
{
	*(struct added *)arena_push(list->arena, &list->list, list->count, sizeof *list->list) =
	    (struct added){word, run_of(head_of(word)), tag};
	list->count++;
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
sort_words(const struct word_list *list)
{
	struct added *sorted = arena_alloc(list->arena, (list->count + 1) * sizeof *sorted);
	uint32_t *next = arena_alloc(list->arena, (WORD_RUNS + 1) * sizeof *next), start = 0;

	for (size_t i = 0; i < list->count; i++)
		next[list->list[i].run + 1]++;
	for (unsigned run = 0; run < WORD_RUNS; run++)
		next[run + 1] += next[run];
	for (size_t i = 0; i < list->count; i++)
		sorted[next[list->list[i].run]++] = list->list[i];
	for (unsigned run = 0; run < WORD_RUNS; start = next[run++]) /* each now is its run's end */
		if (next[run] - start > 1)
			qsort(sorted + start, next[run] - start, sizeof *sorted, by_text);
	return sorted;
}

static void
add_mark(struct mark *marks, size_t first, size_t *count, size_t tag)
{
	if (*count == first || marks[*count - 1].at != tag / 64)
		marks[(*count)++] = (struct mark){(uint32_t)(tag / 64), 0};
	marks[*count - 1].bits |= UINT64_C(1) << (tag % 64);
}

static struct term
make_term(const char *word, char *texts, size_t *text_len, size_t mark)
{
	size_t len = strlen(word), at = *text_len;

	memcpy(texts + at, word, len + 1);
	*text_len += len + 1;
	return (struct term){head_of(word),
	    len < HEAD ? (UINT64_C(1) << (8 * len)) - 1 : UINT64_MAX, (uint32_t)at, (uint32_t)len,
	    (uint32_t)mark};
}

void
words_make(struct word_index *words, const struct word_list *list, struct arena *arena)
{
	const struct added *sorted = sort_words(list);
	struct term *terms = arena_alloc(arena, (list->count + 1) * sizeof *terms);
	struct mark *marks = arena_alloc(arena, (list->count + 1) * sizeof *marks);
	uint32_t *runs = arena_alloc(arena, (WORD_RUNS + 1) * sizeof *runs);
	size_t room = 0;
	unsigned run = 0;
	char *texts;

	for (size_t i = 0; i < list->count; i++)
		room += strlen(list->list[i].text) + 1;
	texts = arena_alloc(arena, room + 1);
	*words = (struct word_index){.words = terms, .marks = marks, .runs = runs, .texts = texts};
	for (size_t i = 0; i < list->count; i++) {
		const struct added *added = &sorted[i];

		while (run <= added->run)
			runs[run++] = (uint32_t)words->count;
		if (i == 0 || strcmp(added->text, added[-1].text) != 0)
			terms[words->count++] =
			    make_term(added->text, texts, &words->text_len, words->mark_count);
		add_mark(marks, terms[words->count - 1].mark, &words->mark_count, added->tag);
	}
	while (run <= WORD_RUNS)
		runs[run++] = (uint32_t)words->count;
	terms[words->count].mark = (uint32_t)words->mark_count;
}

static unsigned char
lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool
stands_at(const struct word_index *words, const struct term *word, const char *text, size_t len)
{
	const char *own = words->texts + word->text;

	if (word->len > len)
		return false;
	for (size_t i = HEAD; i < word->len; i++)
		if ((unsigned char)own[i] != lower(text[i]))
			return false;
	return true;
}

void
words_scan(const struct word_index *words, const char *text, size_t len, uint64_t *found,
    uint64_t *touched)
{
	uint64_t head = 0;

	for (size_t i = 0; i < len + HEAD - 1; i++) { /* `head` runs seven octets ahead */
		head = head >> 8 | (i < len ? (uint64_t)lower(text[i]) << (8 * (HEAD - 1)) : 0);
		if (i + 1 < HEAD)
			continue;
		unsigned run = run_of(head);

		for (const struct term *word = words->words + words->runs[run],
		                       *end = words->words + words->runs[run + 1];
		     word < end; word++)
			if (((head ^ word->head) & word->mask) == 0 &&
			    (word->len <= HEAD ||
			        stands_at(words, word, text + i + 1 - HEAD, len - (i + 1 - HEAD))))
				for (uint32_t m = word->mark; m < word[1].mark; m++) {
					uint32_t at = words->marks[m].at;

					found[at] |= words->marks[m].bits;
					touched[at / 64] |= UINT64_C(1) << (at % 64);
				}
	}
}
