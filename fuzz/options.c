/* What users and their files say: an argument vector (words end at a NUL), a target, a file of
 * blocklists. The first byte says which. What is refused is refused with words. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "evidence/lists.h"
#include "expect.h"
#include "options/options.h"
#include "options/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WORDS_MAX = 64 };

static void
expect_words(const char *words) /* what is not to be shown as it is, base/log takes out */
{
	expect(words != NULL && *words != '\0');
}

static void
check_arguments(char *text, size_t len, unsigned command, struct arena *arena)
{
	char *words[WORDS_MAX + 1] = {NULL}, error[OPTIONS_ERROR];
	struct options options;
	int count = 0;

	for (char *word = text; word < text + len && count < WORDS_MAX; word += strlen(word) + 1) {
		if (strstr(word, "conf") != NULL)
			return; /* would open whatever file the fuzzer names */
		words[count++] = word;
	}
	if (!options_parse(&options, (enum command_id)(command % COMMAND_COUNT), count, words, NULL,
	        arena, error))
		expect_words(error);
}

static void
check_target(const char *text, struct arena *arena)
{
	struct target target;
	const char *why = NULL;

	if (!target_parse(text, arena, &target, &why)) {
		expect_words(why);
		return;
	}
	expect(target.domain != NULL && *target.domain != '\0');
	expect(target.rcpt == NULL || strpbrk(target.rcpt, "\r\n") == NULL);
}

static void
check_lists(const char *text, size_t len)
{
	struct lists *lists = lists_new();
	struct stanza_error error;

	if (lists_add(lists, text, len, &error))
		for (size_t i = 0; i < lists_count(lists); i++)
			expect(lists_at(lists, i)->zone != NULL);
	lists_free(lists);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena;
	char *text;

	if (size < 2)
		return 0;
	arena = arena_new();
	text = arena_copy(arena, (const char *)data + 1, size - 1);
	switch (data[0] % 10) {
	case 8:
		check_target(text, arena);
		break;
	case 9:
		check_lists(text, size - 1);
		break;
	default:
		check_arguments(text, size - 1, data[0] % 10, arena);
		break;
	}
	arena_free(arena);
	return 0;
}
