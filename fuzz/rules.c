/* A reply read by the built-in rules; and the same bytes, up to the first NUL, as a file of rules.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "rules/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rules *rules;
	struct stanza_error error;
	struct reading reading;
	struct arena *arena = arena_new();
	struct said said = {.text = (const char *)data, .len = size};
	struct rules *own;

	if (rules == NULL)
		rules = rules_builtin(NULL);
	rules_read(rules, &said, arena, &reading);
	if (reading.enhanced == NULL)
		abort();
	own = rules_new(NULL);
	if (rules_add(own, (const char *)data, size, &error))
		rules_read(own, &said, arena, &reading);
	rules_free(own);
	arena_free(arena);
	return 0;
}
