#include "rules/synonyms.h"

#include <string.h>

#include "base/arena.h"
#include "rules/pattern.h"
#include "rules/phrases.h"
#include "rules/words.h"

const char synonyms_inner[] = {PATTERN_DOT, '_', '@', '/', '\0'};

/* Where the next word begins, at `at` or behind it. */
static const char *
next_word(const struct phrases *synonyms, const char *start, const char *at, const char *end)
{
	bool within = at > start && (phrases_inner(synonyms, at[-1]) || at[-1] == '-');

	for (; at < end; at++) {
		bool inner = phrases_inner(synonyms, *at);

		if (inner && (!within || phrases_close(*at)))
			return at;
		within = inner || *at == '-';
	}
	return end;
}

static void
put(char *text, uint16_t *from, size_t *len, const char *bytes, size_t count, size_t origin,
    bool moves)
{
	for (size_t i = 0; i < count; i++) {
		text[*len] = bytes[i];
		from[(*len)++] = (uint16_t)(moves ? origin + i : origin);
	}
}

bool
synonyms_reword(const struct phrases *synonyms, const char *text, size_t len, struct arena *arena,
    struct reworded *out)
{
	const char *end = text + len, *kept = text;
	uint16_t *from = NULL;
	char *copy = NULL;
	size_t n = 0;

	for (const char *at = next_word(synonyms, text, text, end); at < end;
	     at = next_word(synonyms, text, at, end)) {
		const struct phrase_row *synonym =
		    end - at < WORD_MIN ? NULL : phrases_find(synonyms, at, (size_t)(end - at));

		if (synonym == NULL) {
			at++;
			continue;
		}
		if (copy == NULL) { /* a phrase has two octets at least with what follows it */
			size_t room = len + (len / 2 + 1) * (synonyms->growth + 1) + 1;

			copy = arena_alloc(arena, room);
			from = arena_alloc(arena, room * sizeof *from);
		}
		put(copy, from, &n, kept, (size_t)(at - kept), (size_t)(kept - text), true);
		put(copy, from, &n, synonyms->texts + synonym->instead, synonym->instead_len,
		    (size_t)(at - text), false);
		kept = at + synonym->len;
		if (synonym->end == ENDS_AS_STEM)
			kept += phrases_letters(kept, (size_t)(end - kept));
		if (synonym->end == ENDS_ANYWHERE && kept < end && phrases_inner(synonyms, *kept))
			put(copy, from, &n, " ", 1, (size_t)(at - text), false);
		at = kept;
	}
	if (copy == NULL)
		return false;
	put(copy, from, &n, kept, (size_t)(end - kept), (size_t)(kept - text), true);
	from[n] = (uint16_t)len;
	*out = (struct reworded){copy, n, from};
	return true;
}

size_t
reworded_start(const struct reworded *text, size_t at)
{
	return text->from[at];
}

size_t
reworded_end(const struct reworded *text, size_t at)
{
	while (at > 0 && at < text->len && text->from[at] == text->from[at - 1])
		at++;
	return text->from[at];
}

size_t
reworded_find(const struct reworded *text, size_t at)
{
	size_t i = 0;

	while (i < text->len && text->from[i] < at)
		i++;
	return i;
}
