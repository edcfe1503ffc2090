/* words: finds which of many words stand in a text, in one pass over it. They lie in runs by their
 * first four octets, the shortest by their three; which of those any word begins with is a bit of a
 * small table, asked first. A word's first eight octets are held against the text at once: small
 * enough for the nearest cache, made in no time, and no slower for many words that no text has. */
#ifndef RULES_WORDS_H
#define RULES_WORDS_H

#include <stddef.h>
#include <stdint.h>

enum { WORD_MIN = 3 }; /* octets of a word at least */

struct arena;

struct term { /* a word */
	uint64_t head, mask; /* its first eight octets, the first lowest; which of them it has */
	uint32_t text; /* where in `texts` it stands, NUL-terminated */
	uint32_t len;
	uint32_t mark; /* the first of its marks; they end where the next word's begin */
};

struct mark { /* tags whose bits stand in the same 64 */
	uint32_t at;
	uint64_t bits;
};

enum { WORD_RUN_BITS = 13, WORD_RUNS = 1 << WORD_RUN_BITS };
enum { WORD_BEGIN_BITS = 16, WORD_BEGINS = (1 << WORD_BEGIN_BITS) / 64 };

struct word_index { /* open, for what is built in is written as C (data/mktables.c) */
	const struct term *words; /* one more behind the last, for its mark */
	const struct mark *marks;
	const uint32_t *runs; /* where in words[] the run begins of those whose first octets come to
	                         this number; WORD_RUNS + 1 of them */
	const uint64_t *begins; /* a bit for each number that the first octets of a word come to;
	                           WORD_BEGINS of them */
	const char *texts;
	size_t count, mark_count, text_len;
};

struct word_list; /* of what the index is to be made of */
struct word_list *word_list_new(void);
void word_list_free(struct word_list *list);
void word_list_add(struct word_list *list, const char *word,
    size_t tag); /* borrows `word`: in lower case, WORD_MIN octets or more */
void words_make(struct word_index *words, const struct word_list *list, struct arena *arena);

/* What a text was found to have. All 0 at first, or what counts as found in any. */
struct found_words {
	uint64_t *bits; /* by tag */
	uint64_t *seen; /* by word, of words_seen() numbers */
};

static inline size_t
words_seen(const struct word_index *words)
{
	return words->count / 64 + 1;
}

/* Adds the tags of each word that stands in the text (ASCII letters are taken in lower case). */
void words_scan(
    const struct word_index *words, const char *text, size_t len, const struct found_words *found);

#endif
