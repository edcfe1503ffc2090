/* library: functions of a shared library that is loaded when it is first needed: linked, it would
 * be loaded, with all that it needs, at each start of the program. */
#ifndef BASE_LIBRARY_H
#define BASE_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

struct library_function {
	const char *name; /* NULL: the last is before this */
	size_t at; /* offset of the pointer to it in what is filled */
};

/* Loads the first of the files that is there (`files` ends with NULL), and fills in pointers to the
 * functions. False with `*why`, valid until the next call: there is none, or one lacks a function.
 * What was loaded stays. */
bool library_load(const char *const *files, const struct library_function *functions, void *into,
    const char **why);

#endif
