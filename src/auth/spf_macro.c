#include "auth/spf_macro.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"

static bool
is_macro_letter(char letter, bool explanation)
{
	return letter != '\0' && (strchr("slodiphv", letter) != NULL ||
	                             (explanation && strchr("crt", letter) != NULL));
}

/* What stands between "%{" and "}". */
static bool
read_macro(struct slice body, bool explanation, struct spf_element *out, const char **why)
{
	size_t i = 0;

	if (body.len == 0) {
		*why = "a macro without a letter";
		return false;
	}
	out->letter = to_lower(body.at[i]);
	out->escape = out->letter != body.at[i];
	i++;
	if (!is_macro_letter(out->letter, explanation)) {
		*why = is_macro_letter(out->letter, true)
		           ? "the macros c, r and t may stand in an explanation only"
		           : "no such macro: the letters are s l o d i p h v";
		return false;
	}
	if (i < body.len && is_digit(body.at[i])) {
		for (; i < body.len && is_digit(body.at[i]); i++)
			if (out->keep < 1000) /* no name has so many parts */
				out->keep = out->keep * 10 + (unsigned)(body.at[i] - '0');
		if (out->keep == 0) {
			*why = "a macro that keeps 0 parts";
			return false;
		}
	}
	if (i < body.len && to_lower(body.at[i]) == 'r') {
		out->reverse = true;
		i++;
	}
	out->delimiters = slice_from(body, i);
	for (; i < body.len; i++)
		if (body.at[i] == '\0' || strchr(".-+,/_=", body.at[i]) == NULL) {
			*why = "a macro's letter may be followed by digits, r and the delimiters . "
			       "- + , / _ = only";
			return false;
		}
	return true;
}

static bool
read_percent(
    struct slice text, size_t *at, bool explanation, struct spf_element *out, const char **why)
{
	static const struct slice percent = {"%", 1}, space = {" ", 1}, url_space = {"%20", 3};
	char next = *at + 1 < text.len ? text.at[*at + 1] : '\0';
	const char *end;

	out->expands = true;
	if (next == '{') {
		struct slice body = slice_from(text, *at + 2);

		end = memchr(body.at, '}', body.len);
		if (end == NULL) {
			*why = "a macro is not closed by }";
			return false;
		}
		body.len = (size_t)(end - body.at);
		*at += body.len + 3;
		return read_macro(body, explanation, out, why);
	}
	if (next != '%' && next != '_' && next != '-') {
		*why = "a % must be followed by {, %, _ or -";
		return false;
	}
	out->literal = next == '%' ? percent : next == '_' ? space : url_space;
	*at += 2;
	return true;
}

bool
spf_macro_next(
    struct slice text, size_t *at, bool explanation, struct spf_element *out, const char **why)
{
	size_t start = *at;

	memset(out, 0, sizeof *out);
	*why = NULL;
	if (start >= text.len)
		return false;
	if (text.at[start] == '%')
		return read_percent(text, at, explanation, out, why);
	while (*at < text.len && text.at[*at] != '%' && text.at[*at] >= (explanation ? ' ' : '!') &&
	       text.at[*at] <= '~')
		++*at;
	out->literal = (struct slice){text.at + start, *at - start};
	if (*at > start)
		return true;
	*why =
	    text.at[start] & 0x80 ? "a character outside ASCII" : "a control character or a space";
	return false;
}

bool
spf_macro_uses(struct slice text, const char *letters)
{
	struct spf_element element;
	const char *why;
	size_t at = 0;

	while (spf_macro_next(text, &at, true, &element, &why))
		if (element.letter != '\0' &&
		    (letters == NULL || strchr(letters, element.letter) != NULL))
			return true;
	return false;
}

static bool
is_delimiter(char c, struct slice delimiters)
{
	return delimiters.len == 0 ? c == '.'
	                           : c != '\0' && memchr(delimiters.at, c, delimiters.len) != NULL;
}

static size_t
split(const char *value, struct slice delimiters, struct arena *arena, struct slice **parts)
{
	struct slice part = {value, 0};
	size_t count = 0;

	*parts = NULL;
	for (;; part.len++) {
		char c = part.at[part.len];

		if (c != '\0' && !is_delimiter(c, delimiters))
			continue;
		*(struct slice *)arena_push(arena, parts, count, sizeof part) = part;
		count++;
		if (c == '\0')
			return count;
		part = (struct slice){part.at + part.len + 1, (size_t)-1}; /* the loop makes it 0 */
	}
}

static void
add_escaped(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];

		if (is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z') ||
		    (c != '\0' && strchr("-._~", c) != NULL))
			buf_putc(out, c);
		else
			buf_printf(out, "%%%02X", (unsigned)(unsigned char)c);
	}
}

static void
expand(const struct spf_element *element, const char *value, struct arena *arena, struct buf *out)
{
	struct slice *parts;
	size_t count = split(value, element->delimiters, arena, &parts);
	size_t skip = element->keep > 0 && element->keep < count ? count - element->keep : 0;

	for (size_t i = skip; i < count; i++) {
		struct slice part = parts[element->reverse ? count - 1 - i : i];

		if (i > skip)
			buf_putc(out, '.');
		if (element->escape)
			add_escaped(out, part);
		else
			buf_add(out, part.at, part.len);
	}
}

void
spf_macro_expand(struct slice text, bool explanation, const struct spf_values *values,
    struct arena *arena, struct buf *out)
{
	struct spf_element element;
	const char *why;
	size_t at = 0;

	while (!out->full && spf_macro_next(text, &at, explanation, &element, &why)) {
		const char *value =
		    element.letter != '\0' ? values->of[element.letter - 'a'] : NULL;

		if (element.letter == '\0')
			buf_add(out, element.literal.at, element.literal.len);
		else if (value != NULL)
			expand(&element, value, arena, out);
	}
}
