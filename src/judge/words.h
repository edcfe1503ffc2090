/* words: finds which of many words stand in a text, in one pass over it, however many words there are (Aho and Corasick, 1975). */
#ifndef JUDGE_WORDS_H
#define JUDGE_WORDS_H

#include <stddef.h>
#include <stdint.h>

struct words;

struct words *words_new(void);
void words_free(struct words *words); /* NULL is allowed */
void words_add(struct words *words, const char *word, size_t tag); /* `word` in lower case, not empty */
void words_ready(struct words *words); /* after the last word_add, before the first scan */
/* Sets bit `tag` in `found` for each word that stands in the text (ASCII letters are taken in lower case). */
void words_scan(const struct words *words, const char *text, size_t len, uint64_t *found);

#endif
