/* words: finds which of many words stand in a text, in one pass over it. They lie in runs by their
 * first three octets, and their first eight are held against the text at once: small enough for the
 * nearest cache, made in no time, and no slower for many words that no text has. */
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

struct word_index { /* open, for what is built in is written as C (data/mktables.c) */
	const struct term *words; /* one more behind the last, for its mark */
	const struct mark *marks;
	const uint32_t *runs; /* where in words[] the run begins of those whose first three octets
	                         come to this number; WORD_RUNS + 1 of them */
	const char *texts;
	size_t count, mark_count, text_len;
};

struct word_list; /* of what the index is to be made of */
struct word_list *word_list_new(void);
void word_list_free(struct word_list *list);
void word_list_add(struct word_list *list, const char *word,
    size_t tag); /* borrows `word`: in lower case, WORD_MIN octets or more */
void words_make(struct word_index *words, const struct word_list *list, struct arena *arena);

/* Sets bit `tag` in `found` for each word that stands in the text (ASCII letters are taken in lower
 * case), and in `touched` a bit for each 64 of `found` that has got one. */
void words_scan(const struct word_index *words, const char *text, size_t len, uint64_t *found,
    uint64_t *touched);

#endif
