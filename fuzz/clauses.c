/* A reply taken out of its wrapping and cut into clauses, with the openings of the built-in data:
 * the clauses cover the text without a gap, and what is put out of sight keeps its place. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "expect.h"
#include "rules/clauses.h"
#include "rules/rulebase.h"
#include "rules/unwrap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rules *rules;
	struct arena *arena = arena_new();
	char *copy = arena_copy(arena, (const char *)data, size);
	struct unwrapped text;
	struct clauses clauses;

	if (rules == NULL)
		rules = rules_builtin(NULL);
	unwrap(copy, strlen(copy), arena, &text);
	expect(strlen(text.whole) == text.len && text.inner <= text.len && text.reason <= text.len);
	clauses_cut(&rules->openings, text.bare, text.len, &clauses);
	expect((clauses.count == 0) == (text.len == 0) && clauses.count <= CLAUSES_MAX);
	for (size_t i = 0; i < clauses.count; i++) {
		expect(clauses.list[i].start < clauses.list[i].end);
		expect(clauses.list[i].start == (i > 0 ? clauses.list[i - 1].end : 0));
		expect(clauses_at(&clauses, clauses.list[i].start) == i);
	}
	expect(clauses.count == 0 || clauses.list[clauses.count - 1].end == text.len);
	clauses_say_nothing(&rules->openings, &clauses, text.bare);
	for (unsigned hide = 0; hide < 8; hide++) {
		const char *hidden = clauses_hide(&clauses, text.bare, text.len, hide, arena);

		expect(hidden == NULL || strlen(hidden) == text.len);
	}
	arena_free(arena);
	return 0;
}
