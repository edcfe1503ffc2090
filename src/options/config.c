#include "options/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"

enum { CONFIG_MAX = 1024 * 1024 }; /* octets */

bool
config_open(struct config *config, const char *file, struct arena *arena, const char **why)
{
	FILE *in = fopen(file, "re");
	size_t len = 0;

	*why = NULL;
	*config = (struct config){0};
	if (in != NULL) {
		errno = 0;
		config->rest = arena_alloc(arena, CONFIG_MAX + 2);
		len = fread(config->rest, 1, CONFIG_MAX + 1, in);
	}
	if (in == NULL || ferror(in))
		*why = arena_printf(arena, "cannot be read: %s", strerror(errno));
	else if (len > CONFIG_MAX)
		*why = arena_printf(arena, "larger than %d octets", CONFIG_MAX);
	else if (memchr(config->rest, '\0', len) != NULL)
		*why = "holds a NUL byte: not a configuration file";
	if (in != NULL)
		fclose(in);
	return *why == NULL;
}

/* Ends the string before the blanks at its end. */
static char *
cut_end(char *text)
{
	size_t len = strlen(text);

	while (len > 0 && strchr(" \t\r", text[len - 1]) != NULL)
		text[--len] = '\0';
	return text;
}

bool
config_next(struct config *config, struct arena *arena, struct config_line *line)
{
	char *text, *next;
	size_t len;

	do {
		text = config->rest;
		if (text == NULL)
			return false;
		config->number++;
		next = strchr(text, '\n');
		if (next != NULL)
			*next++ = '\0';
		config->rest = next;
		text = cut_end(text + strspn(text, " \t"));
	} while (*text == '\0' || *text == '#');

	text += strncmp(text, "--", 2) == 0 ? 2 : 0;
	len = strcspn(text, " \t=");
	*line =
	    (struct config_line){.name = arena_copy(arena, text, len), .number = config->number};
	text += len + strspn(text + len, " \t");
	if (*text == '=')
		line->value = text + 1 + strspn(text + 1, " \t");
	else if (*text != '\0')
		line->value = text;
	return true;
}
