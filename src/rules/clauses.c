#include "rules/clauses.h"

#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "rules/pattern.h"
#include "rules/phrases.h"

const char openings_inner[] = {PATTERN_DOT, '@', '_', '\0'};

/* ---- where a clause ends */

/* The end of a sentence, or of a part between dashes, bars or bullets: how many octets it takes; 0:
 * none stands here. The dot of "e.g." ends none. */
static size_t
full_stop(const struct phrases *openings, const char *text, size_t at, size_t len)
{
	const char *p = text + at;
	size_t left = len - at;

	if (*p == ';')
		return 1;
	if (*p == '!' || *p == '?')
		return left == 1 || p[1] == ' ';
	if (*p == '.')
		return at < 2 || !is_alpha(p[-1]) ||
		       (phrases_inner(openings, p[-2]) && p[-2] != PATTERN_DOT);
	if (*p != ' ' || left < 4)
		return 0;
	if (p[2] == ' ' && memchr("-*|~/", p[1], 5) != NULL)
		return 3;
	return memcmp(p, " -- ", 4) == 0 ? 4 : 0;
}

static bool
may_stop(char c)
{
	return c == ' ' || c == '.' || c == ';' || c == '!' || c == '?';
}

static size_t
clause_end(const struct phrases *openings, const char *text, size_t start, size_t len)
{
	while (start < len) {
		size_t stop = may_stop(text[start]) ? full_stop(openings, text, start, len) : 0;

		if (stop > 0)
			return start + stop;
		start++;
	}
	return len;
}

static void
add_clause(struct clauses *out, size_t start, size_t end, bool aside)
{
	struct clause *last = out->count > 0 ? &out->list[out->count - 1] : NULL;

	if (start == end)
		return;
	if (last != NULL && (out->count == CLAUSES_MAX || (aside && last->aside))) {
		last->end = end;
		return;
	}
	out->list[out->count++] = (struct clause){start, end, aside};
	out->asides += aside;
}

/* An aside begins where its sentence does, or behind a comma, a colon or a bracket. */
static bool
may_open(const struct phrases *openings, const char *text, size_t start, size_t at)
{
	while (start < at && !phrases_inner(openings, text[start]))
		start++;
	if (at == start)
		return true;
	if (text[at - 1] != ' ')
		return text[at - 1] == '(' || text[at - 1] == '"';
	return at >= start + 2 && memchr(",:)(\"", text[at - 2], 5) != NULL;
}

static size_t
purpose_end(const char *text, size_t at, size_t end)
{
	const char *comma = memchr(text + at, ',', end - at);

	return comma != NULL ? (size_t)(comma - text) + 1 : end;
}

/* Where in a sentence the first aside begins, and where it ends; `end` if there is none. */
static size_t
find_aside(const struct phrases *openings, const char *text, size_t start, size_t end, size_t *stop)
{
	for (size_t at = start; at < end; at++) {
		const struct phrase_row *phrase;

		if (!phrases_inner(openings, text[at]) ||
		    (at > start && phrases_inner(openings, text[at - 1])))
			continue;
		phrase = end - at < 3 ? NULL : phrases_find(openings, text + at, end - at);
		if (phrase == NULL || phrase->kind == OPENS_REASON ||
		    phrase->kind == SAYS_NOTHING ||
		    (phrase->kind != OPENS_ANYWHERE && !may_open(openings, text, start, at)))
			continue;
		*stop = phrase->kind == OPENS_PURPOSE ? purpose_end(text, at, end)
		        : phrase->kind == OPENS_STOCK ? at + phrase->len
		                                      : end;
		return at;
	}
	*stop = end;
	return end;
}

static void
cut_sentence(
    const struct phrases *openings, const char *text, size_t start, size_t end, struct clauses *out)
{
	for (size_t at, stop; start < end; start = stop) {
		at = find_aside(openings, text, start, end, &stop);
		add_clause(out, start, at, false);
		add_clause(out, at, stop, true);
	}
}

void
clauses_cut(const struct phrases *openings, const char *text, size_t len, struct clauses *out)
{
	out->count = out->asides = 0;
	for (size_t start = 0, end; start < len; start = end) {
		end = clause_end(openings, text, start, len);
		cut_sentence(openings, text, start, end, out);
	}
}

size_t
clauses_at(const struct clauses *clauses, size_t at)
{
	size_t i = 0;

	while (i + 1 < clauses->count && at >= clauses->list[i].end)
		i++;
	return i;
}

static bool
has_digit(const char *word, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (is_digit(word[i]) || word[i] == PATTERN_DOT || word[i] == '@')
			return true;
	return false;
}

/* "[CS]": a word alone in brackets is somebody's number. */
static bool
is_token(const char *text, size_t start, size_t end, size_t clause_end)
{
	return start > 0 && text[start - 1] == '[' && end < clause_end && text[end] == ']';
}

bool
clauses_say_nothing(const struct phrases *openings, const struct clauses *clauses, const char *text)
{
	for (size_t i = 0; i < clauses->count; i++) {
		size_t at = clauses->list[i].start, end = clauses->list[i].end;

		while (!clauses->list[i].aside && at < end) {
			size_t n = 0;

			while (at + n < end && phrases_inner(openings, text[at + n]))
				n++;
			if (n > 1 && !has_digit(text + at, n) && !is_token(text, at, at + n, end) &&
			    !phrases_have(openings, text + at, n, SAYS_NOTHING))
				return false;
			at += n + 1;
		}
	}
	return true;
}

/* ---- what is no word */

static bool
in_name(char c)
{
	return is_alnum(c) || c == PATTERN_DOT || c == '-' || c == '_';
}

static void
cover(char *text, size_t start, size_t end)
{
	for (size_t i = start; i < end; i++)
		if (is_alpha(text[i]))
			text[i] = 'x';
}

/* "mx1.spam.example": its last label has letters only, unlike those of "5.7.1" and "XM.SSR-001". */
static size_t
name_end(const char *text, size_t at, size_t len, bool *is_host)
{
	bool dot = false, letters = false;

	for (; at < len && in_name(text[at]); at++) {
		letters = text[at] == PATTERN_DOT || (letters && is_alpha(text[at]));
		dot |= text[at] == PATTERN_DOT;
	}
	*is_host = dot && letters;
	return at;
}

static size_t
link_end(const char *text, size_t at, size_t len)
{
	struct slice rest = {text + at, len - at};

	if (to_lower(text[at]) != 'h') /* most octets */
		return at;
	if (!slice_begins(rest, "http://") && !slice_begins(rest, "https://"))
		return at;
	return at + slice_until(rest, " \"'<>");
}

static void
hide_names(char *text, size_t len, bool links)
{
	for (size_t at = 0; at < len;) {
		bool host = false;
		size_t end = link_end(text, at, len);

		if (end > at) {
			if (links)
				cover(text, at, end);
		} else {
			end = name_end(text, at, len, &host);
			if (host)
				cover(text, at, end);
		}
		at = end > at ? end : at + 1;
	}
}

/* "BAD_RECIPIENT" */
static void
part_words(char *text, size_t len)
{
	for (size_t i = 1; i + 1 < len; i++)
		if (text[i] == '_' && is_alpha(text[i - 1]) && is_alpha(text[i + 1]))
			text[i] = ' ';
}

const char *
clauses_hide(
    const struct clauses *clauses, const char *text, size_t len, unsigned hide, struct arena *arena)
{
	char *hidden;

	if (memchr(text, PATTERN_DOT, len) == NULL && memchr(text, '_', len) == NULL &&
	    (!(hide & HIDE_ASIDES) || clauses->asides == 0))
		return NULL;
	hidden = arena_copy(arena, text, len);
	part_words(hidden, len);
	if (hide & HIDE_NAMES)
		hide_names(hidden, len, hide & HIDE_LINKS);
	for (size_t i = 0; i < clauses->count && hide & HIDE_ASIDES; i++)
		if (clauses->list[i].aside)
			memset(hidden + clauses->list[i].start, ';',
			    clauses->list[i].end - clauses->list[i].start);
	return memcmp(hidden, text, len) != 0 ? hidden : NULL;
}
