#include "judge/words.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "judge/pattern.h"

/* Bytes that stand in no word share column 0, which leads back to the root: the table stays small. */
struct words {
	unsigned char column[256]; /* of a byte as words have it */
	unsigned char fold[256]; /* of a byte as texts have it, large letters too */
	unsigned columns;
	struct word {
		const char *text; /* in the arena */
		size_t tag;
	} *list;
	size_t count;
	struct arena *arena;
	uint32_t *next; /* [state * columns + column]; with ENDS where a word ends in the next state, or in one that `shorter` leads to */
	uint32_t *shorter; /* the state of the longest word end that is a suffix of this state's word; 0: none */
	struct end {
		size_t tag;
		struct end *more;
	} **ends; /* words that end in this state */
	uint32_t states;
	struct hit { /* what a scan has to set when it comes to a state: all its words' tags, those of one uint64_t together */
		uint32_t index;
		uint64_t bits;
	} *hits;
	uint32_t *hits_from; /* [state] up to [state + 1] in `hits` */
};

static const uint32_t ENDS = UINT32_C(1) << 31;

struct words *
words_new(void)
{
	struct words *words = must_alloc(sizeof *words);

	words->arena = arena_new();
	words->columns = 1;
	return words;
}

void
words_free(struct words *words)
{
	if (words == NULL)
		return;
	arena_free(words->arena);
	free(words->next);
	free(words->shorter);
	free(words->ends);
	free(words->hits);
	free(words->hits_from);
	free(words);
}

static unsigned char
lower(char c)
{
	if (c == PATTERN_DOT)
		return '.';
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

void
words_add(struct words *words, const char *word, size_t tag)
{
	struct word *entry = arena_push(words->arena, &words->list, words->count, sizeof *entry);

	words->count++;
	entry->text = arena_string(words->arena, word);
	entry->tag = tag;
	for (; *word != '\0'; word++) {
		unsigned char byte = lower(*word);

		if (words->column[byte] == 0 && words->columns < 256)
			words->column[byte] = (unsigned char)words->columns++;
	}
}

static void
make_trie(struct words *words)
{
	for (size_t i = 0; i < words->count; i++) {
		uint32_t state = 0;

		for (const char *p = words->list[i].text; *p != '\0'; p++) {
			uint32_t *next = &words->next[state * words->columns + words->column[lower(*p)]];

			if (*next == 0)
				*next = words->states++;
			state = *next;
		}
		struct end *end = arena_alloc(words->arena, sizeof *end);
		*end = (struct end){ words->list[i].tag, words->ends[state] };
		words->ends[state] = end;
	}
}

/* Level by level, each state learns where to go on when its own word cannot: to the longest suffix that begins a word. */
static void
make_links(struct words *words)
{
	uint32_t *queue = must_alloc(words->states * sizeof *queue), *fall = must_alloc(words->states * sizeof *fall);
	uint32_t first = 0, last = 0;

	for (unsigned c = 1; c < words->columns; c++)
		if (words->next[c] != 0)
			queue[last++] = words->next[c];
	while (first < last) {
		uint32_t state = queue[first++], suffix = fall[state];

		words->shorter[state] = words->ends[suffix] != NULL ? suffix : words->shorter[suffix];
		for (unsigned c = 1; c < words->columns; c++) {
			uint32_t *next = &words->next[state * words->columns + c];

			if (*next == 0) {
				*next = words->next[suffix * words->columns + c];
				continue;
			}
			fall[*next] = words->next[suffix * words->columns + c];
			queue[last++] = *next;
		}
	}
	free(queue);
	free(fall);
}

static void
add_hit(struct words *words, size_t tag, uint32_t from, uint32_t *count, size_t *room)
{
	uint32_t index = (uint32_t)(tag / 64);

	for (uint32_t i = from; i < *count; i++)
		if (words->hits[i].index == index) {
			words->hits[i].bits |= UINT64_C(1) << (tag % 64);
			return;
		}
	if (*count == *room) {
		*room = *room * 2 + 64;
		words->hits = must_realloc(words->hits, *room * sizeof *words->hits);
	}
	words->hits[(*count)++] = (struct hit){ index, UINT64_C(1) << (tag % 64) };
}

static void
gather_hits(struct words *words)
{
	uint32_t count = 0;
	size_t room = 0;

	words->hits_from = must_alloc((words->states + 1) * sizeof *words->hits_from);
	for (uint32_t state = 0; state < words->states; state++) {
		words->hits_from[state] = count;
		for (uint32_t s = state; s != 0; s = words->shorter[s])
			for (const struct end *end = words->ends[s]; end != NULL; end = end->more)
				add_hit(words, end->tag, words->hits_from[state], &count, &room);
	}
	words->hits_from[words->states] = count;
}

void
words_ready(struct words *words)
{
	size_t room = 1;

	for (size_t i = 0; i < words->count; i++)
		room += strlen(words->list[i].text);
	words->next = must_alloc(room * words->columns * sizeof *words->next);
	words->ends = must_alloc(room * sizeof *words->ends);
	words->shorter = must_alloc(room * sizeof *words->shorter);
	words->states = 1;
	make_trie(words);
	make_links(words);
	gather_hits(words);
	for (size_t i = 0; i < (size_t)words->states * words->columns; i++)
		if (words->hits_from[words->next[i]] < words->hits_from[words->next[i] + 1])
			words->next[i] |= ENDS;
	for (unsigned byte = 0; byte < 256; byte++)
		words->fold[byte] = words->column[lower((char)byte)];
}

void
words_scan(const struct words *words, const char *text, size_t len, uint64_t *found)
{
	uint32_t state = 0;

	for (size_t i = 0; i < len; i++) {
		state = words->next[state * words->columns + words->fold[(unsigned char)text[i]]];
		if ((state & ENDS) == 0)
			continue;
		state &= ~ENDS;
		for (uint32_t h = words->hits_from[state]; h < words->hits_from[state + 1]; h++)
			found[words->hits[h].index] |= words->hits[h].bits;
	}
}
