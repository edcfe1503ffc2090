/* The form of our data files: src/base/stanza.c. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/stanza.h"
#include "expect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct stanza *stanza)
{
	expect(*stanza->id != '\0' && strpbrk(stanza->id, " \t\r\n]") == NULL && stanza->line > 0);
	for (size_t i = 0; i < stanza->count; i++) {
		const struct stanza_field *field = &stanza->fields[i];

		expect(*field->key != '\0' && strpbrk(field->key, " \t\r\n=") == NULL &&
		       field->line > stanza->line);
		expect(*field->value != '\0' && strchr(field->value, '\n') == NULL);
		expect(stanza_get(stanza, field->key) != NULL);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct stanza_error error = {0};
	struct stanza *stanzas;
	size_t count;

	if (stanza_read((const char *)data, size, arena, &stanzas, &count, &error))
		for (size_t i = 0; i < count; i++)
			check(&stanzas[i]);
	else
		expect(error.line > 0 && error.reason[0] != '\0');
	arena_free(arena);
	return 0;
}
