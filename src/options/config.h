/* config: a file of options, as lines "name", "name value" or "name = value"; dashes before the
 * name are allowed, a line with "#" in front is a comment. What the names mean is the parser's. */
#ifndef OPTIONS_CONFIG_H
#define OPTIONS_CONFIG_H

#include <stdbool.h>

struct arena;

struct config {
	char *rest;
	unsigned number;
};

struct config_line {
	const char *name, *value; /* value NULL: there is none; both live in the arena */
	unsigned number; /* from 1 */
};

/* All of the file is read at once. False: `*why` says what is wrong with it. */
bool config_open(struct config *config, const char *file, struct arena *arena, const char **why);
bool config_next(struct config *config, struct arena *arena, struct config_line *line);

#endif
