#include "rules/signs.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/slice.h"

static const char *const names[SIGN_COUNT] = {
    [SIGN_NUMBER] = "number",
    [SIGN_CLIENT] = "client",
    [SIGN_HELO] = "helo",
    [SIGN_DESK] = "desk",
    [SIGN_ASK] = "ask",
    [SIGN_TICKET] = "ticket",
};

struct signs {
	struct arena *arena;
	struct sign_sort {
		struct sign_phrase {
			const char *text;
			size_t len;
		} * list;
		size_t count;
		bool first[256], last[256]; /* octets that one begins, and ends, with: looked at
		                               first, for most places are no sign */
	} sorts[SIGN_COUNT];
};

struct signs *
signs_new(void)
{
	struct signs *signs = must_alloc(sizeof *signs);

	signs->arena = arena_new();
	return signs;
}

void
signs_free(struct signs *signs)
{
	if (signs == NULL)
		return;
	arena_free(signs->arena);
	free(signs);
}

bool
signs_add(struct signs *signs, const char *sort, const char *phrase)
{
	size_t len = strlen(phrase);

	for (unsigned i = 0; i < SIGN_COUNT; i++) {
		struct sign_sort *to = &signs->sorts[i];

		if (strcmp(names[i], sort) != 0)
			continue;
		*(struct sign_phrase *)arena_push(signs->arena, &to->list, to->count,
		    sizeof *to->list) = (struct sign_phrase){phrase, len};
		to->count++;
		to->first[(unsigned char)phrase[0]] = true;
		to->last[(unsigned char)phrase[len - 1]] = true;
		return true;
	}
	return false;
}

size_t
signs_begin(const struct signs *signs, enum sign sort, const char *text, size_t len)
{
	const struct sign_sort *from = &signs->sorts[sort];
	char first = len > 0 ? to_lower(text[0]) : '\0',
	     second = len > 1 ? to_lower(text[1]) : '\0';

	if (!from->first[(unsigned char)first])
		return 0;
	for (size_t i = 0; i < from->count; i++)
		if (len >= from->list[i].len && first == from->list[i].text[0] &&
		    (second == from->list[i].text[1] || from->list[i].len == 1) &&
		    strncasecmp(text, from->list[i].text, from->list[i].len) == 0)
			return from->list[i].len;
	return 0;
}

bool
signs_end(const struct signs *signs, enum sign sort, const char *text, size_t at)
{
	const struct sign_sort *from = &signs->sorts[sort];

	if (at == 0 || !from->last[(unsigned char)to_lower(text[at - 1])])
		return false;
	for (size_t i = 0; i < from->count; i++) {
		size_t n = from->list[i].len;

		if (at >= n && strncasecmp(text + at - n, from->list[i].text, n) == 0 &&
		    (at == n || !is_alnum(text[at - n - 1])))
			return true;
	}
	return false;
}
