/* stanza: the readable form of our data files (rules, blocklists).
 *
 *     # a comment, only at the start of a line
 *     [id]
 *     key = value, verbatim up to the end of the line
 *     key = a key may come several times
 *
 * Not inih: that cuts lines at 200 bytes and ends a value at " ;", and replies have both. The
 * stanzas are copies: the text may go. */
#ifndef BASE_STANZA_H
#define BASE_STANZA_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

struct stanza_field {
	const char *key, *value; /* in the arena */
	unsigned line;
};

struct stanza {
	const char *id; /* in the arena: never empty; no spaces, no control bytes */
	unsigned line; /* of its [id], from 1 */
	struct stanza_field *fields;
	size_t count;
};

struct stanza_error {
	unsigned line;
	char reason[160];
};

/* Reads all of `text`. On false, `error` says which line and why. */
bool stanza_read(const char *text, size_t len, struct arena *arena, struct stanza **stanzas,
    size_t *count, struct stanza_error *error);
const char *stanza_get(
    const struct stanza *stanza, const char *key); /* the first value, NULL if absent */

#endif
