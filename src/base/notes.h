/* notes: a list of remarks for people, each once, in the order in which they were noted. */
#ifndef BASE_NOTES_H
#define BASE_NOTES_H

#include <stddef.h>

struct arena;

enum { NOTES_MAX = 64, NOTE_MAX = 8192 }; /* what is beyond is not noted, or cut */

struct note {
	const char *id; /* static: of its kind, the same for ever; programs go by it */
	const char
	    *subject; /* what it is about: a domain, a tag, a field; NULL: nothing in particular */
	const char *words;
};

struct notes { /* {0} is an empty list */
	struct note *items; /* in the arena that notes_add was given */
	size_t count;
};

/* `id` and `subject` are borrowed. */
void notes_add(struct notes *notes, struct arena *arena, const char *id, const char *subject,
    const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
