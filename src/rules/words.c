#include "rules/words.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"

enum { HEAD = 8 };

struct word_list {
	struct added {
		const char *text; /* borrowed */
		uint32_t number; /* that its first octets come to */
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

enum { LONG = 4 }; /* octets of a word that is found by its first four */

/* What the first octets of a word come to, WORD_BEGIN_BITS wide; the run is its upper part. */
static uint32_t
number_of_four(uint64_t head)
{
	return (uint32_t)head * 0x9e3779b1U >> (32 - WORD_BEGIN_BITS);
}

static uint32_t
number_of_three(uint64_t head)
{
	return (uint32_t)(head & 0xffffff) * 0x85ebca77U >> (32 - WORD_BEGIN_BITS);
}

static uint32_t
number_of(uint64_t head, size_t len)
{
	return len < LONG ? number_of_three(head) : number_of_four(head);
}

static unsigned
run_of(uint32_t number)
{
	return number >> (WORD_BEGIN_BITS - WORD_RUN_BITS);
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
	    (struct added){word, number_of(head_of(word), strlen(word)), tag};
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
		next[run_of(list->list[i].number) + 1]++;
	for (unsigned run = 0; run < WORD_RUNS; run++)
		next[run + 1] += next[run];
	for (size_t i = 0; i < list->count; i++)
		sorted[next[run_of(list->list[i].number)]++] = list->list[i];
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
	uint64_t *begins = arena_alloc(arena, WORD_BEGINS * sizeof *begins);
	size_t room = 0;
	unsigned run = 0;
	char *texts;

	for (size_t i = 0; i < list->count; i++)
		room += strlen(list->list[i].text) + 1;
	texts = arena_alloc(arena, room + 1);
	*words = (struct word_index){
	    .words = terms, .marks = marks, .runs = runs, .begins = begins, .texts = texts};
	for (size_t i = 0; i < list->count; i++) {
		const struct added *added = &sorted[i];

		begins[added->number / 64] |= UINT64_C(1) << (added->number % 64);
		while (run <= run_of(added->number))
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

static bool
stands_at(const struct word_index *words, const struct term *word, const char *text, size_t len)
{
	const char *own = words->texts + word->text;

	if (word->len > len)
		return false;
	for (size_t i = HEAD; i < word->len; i++)
		if (own[i] != to_lower(text[i]))
			return false;
	return true;
}

/* A word says all that it can the first time that it is found. */
static void
add_marks(const struct word_index *words, const struct term *word, const struct found_words *found)
{
	size_t number = (size_t)(word - words->words);

	if (found->seen[number / 64] >> (number % 64) & 1)
		return;
	found->seen[number / 64] |= UINT64_C(1) << (number % 64);
	for (uint32_t m = word->mark; m < word[1].mark; m++)
		found->bits[words->marks[m].at] |= words->marks[m].bits;
}

/* `head`: the first eight octets of `text` in lower case, with 0 behind its end. */
static void
scan_run(const struct word_index *words, uint32_t number, uint64_t head, const char *text,
    size_t len, const struct found_words *found)
{
	unsigned run = run_of(number);

	for (const struct term *word = words->words + words->runs[run],
	                       *end = words->words + words->runs[run + 1];
	     word < end; word++)
		if (((head ^ word->head) & word->mask) == 0 &&
		    (word->len <= HEAD || stands_at(words, word, text, len)))
			add_marks(words, word, found);
}

static bool
may_begin(const struct word_index *words, uint32_t number)
{
	return words->begins[number / 64] >> (number % 64) & 1;
}

void
words_scan(
    const struct word_index *words, const char *text, size_t len, const struct found_words *found)
{
	uint64_t head = 0;

	for (size_t i = 0; i < len && i + 1 < HEAD; i++)
		head |= (uint64_t)(unsigned char)to_lower(text[i]) << (8 * (i + 1));
	for (size_t i = 0; i < len; i++) {
		size_t ahead = i + HEAD - 1;
		uint64_t next = ahead < len ? (unsigned char)to_lower(text[ahead]) : 0;
		uint32_t four, three;

		head = head >> 8 | next << (8 * (HEAD - 1));
		four = number_of_four(head);
		three = number_of_three(head);
		if (may_begin(words, four))
			scan_run(words, four, head, text + i, len - i, found);
		if (may_begin(words, three))
			scan_run(words, three, head, text + i, len - i, found);
	}
}
