/* words: finds which of many words stand in a text, in one pass over it. They lie in runs by their
 * first three octets, and their first eight are held against the text at once: small enough for the
 * nearest cache, made in no time, and no slower for many words that no text has. */
#ifndef RULES_WORDS_H
#define RULES_WORDS_H

#include <stddef.h>
#include <stdint.h>

enum { WORD_MIN = 3 }; /* octets of a word at least */

struct word_index;

struct word_index *words_new(void);
void words_free(struct word_index *words); /* NULL is allowed */
void words_add(struct word_index *words, const char *word,
    size_t tag); /* borrows `word`: in lower case, WORD_MIN octets or more */
void words_ready(struct word_index *words); /* after the last word_add, before the first scan */
/* Sets bit `tag` in `found` for each word that stands in the text (ASCII letters are taken in lower
 * case). */
void words_scan(const struct word_index *words, const char *text, size_t len, uint64_t *found);

#endif
