#include "mail/header.h"

#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/buf.h"

enum { NAME_MAX_LEN = 77 };

size_t
header_name(struct slice line)
{
	size_t n = 0;

	while (n < line.len && n < NAME_MAX_LEN && line.at[n] > ' ' && line.at[n] < 0x7f &&
	       line.at[n] != ':')
		n++;
	return n > 0 && n < line.len && line.at[n] == ':' ? n : 0;
}

static bool
is_folded(struct slice line)
{
	return line.len > 0 && is_blank(*line.at);
}

bool
header_next(struct slice *rest, struct slice *name, struct slice *value)
{
	struct slice line, next, left;

	do {
		if (!slice_line(rest, &line) || line.len == 0)
			return false;
	} while (is_folded(line) || header_name(line) == 0);
	*name = (struct slice){line.at, header_name(line)};
	*value = slice_from(line, name->len + 1);
	for (left = *rest; slice_line(&left, &next) && is_folded(next); *rest = left)
		if (slice_trim(next).len > 0)
			value->len = (size_t)(next.at + next.len - value->at);
	return true;
}

char *
header_unfold(struct slice value, struct arena *arena)
{
	struct slice line;
	struct buf out;
	char *copy;

	buf_init(&out, HEADER_VALUE_MAX);
	while (slice_line(&value, &line) && !out.full) {
		line = slice_trim(line);
		if (line.len > HEADER_VALUE_MAX)
			line.len = HEADER_VALUE_MAX;
		if (out.len > 0 && line.len > 0)
			buf_putc(&out, ' ');
		buf_add(&out, line.at, line.len);
	}
	copy = arena_copy(arena, out.data, out.len);
	buf_release(&out);
	return copy;
}

char *
header_get(struct slice header, const char *name, struct arena *arena)
{
	struct slice found, value;

	while (header_next(&header, &found, &value))
		if (slice_is(found, name))
			return header_unfold(value, arena);
	return NULL;
}

char *
header_token(const char *value, struct arena *arena)
{
	char *token = arena_copy(arena, value, strcspn(value, "; \t("));

	for (char *p = token; *p != '\0'; p++)
		*p = to_lower(*p);
	return token;
}

/* A quoted string, or a token. `*at` moves behind it. */
static char *
read_value(const char **at, struct arena *arena)
{
	const char *p = *at;
	char *out, *end;

	if (*p != '"') {
		size_t len = strcspn(p, "; \t");

		*at = p + len;
		return arena_copy(arena, p, len);
	}
	out = end = arena_alloc(arena, strlen(p) + 1);
	for (p++; *p != '\0' && *p != '"'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		*end++ = *p;
	}
	*at = *p == '"' ? p + 1 : p;
	return out;
}

char *
header_parameter(const char *value, const char *name, struct arena *arena)
{
	size_t len = strlen(name);

	for (const char *at = strchr(value, ';'); at != NULL && *at != '\0';) {
		const char *word;
		size_t n;
		char *found;

		at += strspn(at, "; \t");
		word = at;
		n = strcspn(word, "=; \t");
		at += n;
		at += strspn(at, " \t");
		if (*at != '=') {
			at += strcspn(at, ";");
			continue;
		}
		at++;
		at += strspn(at, " \t");
		found = read_value(&at, arena);
		if (n == len && strncasecmp(word, name, len) == 0)
			return found;
		at += strcspn(at, ";");
	}
	return NULL;
}
