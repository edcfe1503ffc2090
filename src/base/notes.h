/* notes: a list of sentences for people, each once, in the order in which they were noted. */
#ifndef BASE_NOTES_H
#define BASE_NOTES_H

#include <stddef.h>

struct arena;

enum { NOTES_MAX = 64, NOTE_MAX = 1000 }; /* what is beyond is not noted, or cut */

struct notes { /* {0} is an empty list */
	const char **items; /* in the arena that notes_add was given */
	size_t count;
};

void notes_add(struct notes *notes, struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
