/* phrases: which of many phrases a text goes on with at the beginning of a word. A phrase stands
 * between ends of words, but a stem ("rechazad*") has any ending, and in Chinese and Japanese a
 * word begins and ends anywhere. ASCII letters are taken in lower case. Made once, then only read.
 */
#ifndef RULES_PHRASES_H
#define RULES_PHRASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

enum phrase_end { ENDS_WITH_WORD, ENDS_AS_STEM, ENDS_ANYWHERE };

struct phrase_row {
	uint64_t head, mask; /* its first eight octets, the first lowest; which of them it has */
	uint32_t text; /* where in `texts` it stands: in lower case, two octets or more; a * follows
	                  a stem */
	uint32_t instead; /* … and what it is read as; 0 where that is not the question */
	uint16_t len, instead_len;
	uint16_t kind; /* whatever its owner makes of it */
	uint16_t end; /* enum phrase_end */
};

enum { PHRASE_BUCKET_BITS = 12, PHRASE_BUCKETS = 1 << PHRASE_BUCKET_BITS };

struct phrases { /* open, for what is built in is written as C (data/mktables.c) */
	const char *texts; /* borrowed */
	const struct phrase_row *list; /* bucket by bucket, in each the longest first */
	size_t count;
	uint16_t first[PHRASE_BUCKETS + 1]; /* where in list[] the bucket begins of those whose
	                                       first three octets, or the two of a short word,
	                                       come to this number */
	size_t growth; /* how much longer `instead` is than a phrase, at most, in octets */
	bool inner[256]; /* octets of a word: letters, digits, what is not ASCII, and what the owner
	                    adds to them */
};

/* Of at most UINT16_MAX, whose lengths are not set yet; of two that are the same, the earlier one
 * is found. `inner`: octets of a word beside those that always are. */
void phrases_make(struct phrases *phrases, const char *texts, const struct phrase_row *list,
    size_t count, const char *inner, struct arena *arena);
/* The longest that the text, of two octets or more, begins with; NULL: none. */
const struct phrase_row *phrases_find(const struct phrases *phrases, const char *text, size_t len);
/* How many letters and digits the text begins with. */
size_t phrases_letters(const char *text, size_t len);
/* All of the text is one, and of this kind. */
bool phrases_have(const struct phrases *phrases, const char *text, size_t len, unsigned kind);

/* The octet begins a character of Chinese or Japanese, where no blank is between words. */
static inline bool
phrases_close(char c)
{
	return (unsigned char)c >= 0xe3 && (unsigned char)c <= 0xe9;
}

static inline bool
phrases_inner(const struct phrases *phrases, char c)
{
	return phrases->inner[(unsigned char)c];
}

#endif
