#include "base/stanza.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"

static bool
fail(struct stanza_error *error, unsigned line, const char *reason)
{
	error->line = line;
	snprintf(error->reason, sizeof error->reason, "%s", reason);
	return false;
}

static void
trim(const char **start, const char **end)
{
	while (*start < *end && (**start == ' ' || **start == '\t'))
		++*start;
	while (*end > *start && ((*end)[-1] == ' ' || (*end)[-1] == '\t' || (*end)[-1] == '\r'))
		--*end;
}

static bool
plain(const char *start, const char *end)
{
	if (start == end)
		return false;
	for (; start < end; start++)
		if ((unsigned char)*start <= ' ' || *start == 0x7f || *start == ']')
			return false;
	return true;
}

bool
stanza_read(const char *text, size_t len, struct arena *arena, struct stanza **stanzas,
    size_t *count, struct stanza_error *error)
{
	const char *end = text + len;
	struct stanza *current = NULL;
	unsigned number = 0;

	*stanzas = NULL;
	*count = 0;
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *start = text, *stop = newline != NULL ? newline : end;

		text = newline != NULL ? newline + 1 : end;
		number++;
		if (memchr(start, '\0', (size_t)(stop - start)) != NULL)
			return fail(error, number, "a NUL byte");
		trim(&start, &stop);
		if (start == stop || *start == '#')
			continue;
		if (*start == '[') {
			if (stop[-1] != ']' || !plain(start + 1, stop - 1))
				return fail(error, number, "expected [id], the id without spaces");
			current = arena_push(arena, stanzas, *count, sizeof **stanzas);
			++*count;
			current->id = arena_copy(arena, start + 1, (size_t)(stop - start) - 2);
			current->line = number;
			continue;
		}
		const char *equals = memchr(start, '=', (size_t)(stop - start));
		if (equals == NULL)
			return fail(error, number, "expected \"key = value\", [id] or a comment");
		if (current == NULL)
			return fail(error, number, "\"key = value\" before the first [id]");

		const char *key = start, *key_end = equals, *value = equals + 1;
		trim(&key, &key_end);
		trim(&value, &stop);
		if (!plain(key, key_end))
			return fail(error, number, "a key is one word");
		if (value == stop)
			return fail(error, number, "the value is empty");
		struct stanza_field *field =
		    arena_push(arena, &current->fields, current->count, sizeof *field);
		current->count++;
		field->key = arena_copy(arena, key, (size_t)(key_end - key));
		field->value = arena_copy(arena, value, (size_t)(stop - value));
		field->line = number;
	}
	return true;
}

const char *
stanza_get(const struct stanza *stanza, const char *key)
{
	for (size_t i = 0; i < stanza->count; i++)
		if (strcmp(stanza->fields[i].key, key) == 0)
			return stanza->fields[i].value;
	return NULL;
}
