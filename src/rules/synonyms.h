/* synonyms: a text in the rules' own words: "declined", "abgelehnt" and "refusé" become "rejected",
 * so that one pattern serves all who mean the same. Data: the [same:…] stanzas of data/words.conf.
 * Rules are held against the text as it was, too (judge/read.c). */
#ifndef RULES_SYNONYMS_H
#define RULES_SYNONYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct phrases;

/* Octets of a name, an address or a path: no word ends before them. */
extern const char synonyms_inner[];

struct reworded { /* in the arena */
	const char *text;
	size_t len;
	const uint16_t
	    *from; /* of each octet, and of the end: where it was in the text that it was made of;
	              all octets of a word put in are from where the old one began */
};

/* False, and nothing is made, when no phrase stands there. A phrase stands between ends of words
 * only, never within a host name, an address or a URL. `len` is at most UINT16_MAX. */
bool synonyms_reword(const struct phrases *synonyms, const char *text, size_t len,
    struct arena *arena, struct reworded *out);

/* Positions in the reworded text → in the text that it was made of. An end within a word that was
 * put in is the end of the old one. */
size_t reworded_start(const struct reworded *text, size_t at);
size_t reworded_end(const struct reworded *text, size_t at);
/* … and back: the first octet that is from `at` or later. */
size_t reworded_find(const struct reworded *text, size_t at);

#endif
