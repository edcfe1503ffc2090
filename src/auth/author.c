#include "auth/author.h"

#include <string.h>

#include "auth/dkim_canon.h"
#include "base/arena.h"
#include "dns/name.h"

struct reader { /* of one From value */
	const char *at, *end;
	struct arena *arena;
	char *kept; /* the address at hand: what is no comment, no space, and not in quotes */
	size_t count;
	const char *domain, *why;
};

/* What stands in quotes or in a comment never counts (RFC 5322 section 3.2): an address in a
 * display name is no address. */
static void
pass_over_quoted(struct reader *reader)
{
	reader->at++;
	while (reader->at < reader->end && *reader->at != '"')
		reader->at += *reader->at == '\\' && reader->at + 1 < reader->end ? 2 : 1;
	if (reader->at < reader->end)
		reader->at++;
}

static void
pass_over_comment(struct reader *reader)
{
	unsigned depth = 0; /* they nest */

	do {
		if (*reader->at == '\\' && reader->at + 1 < reader->end)
			reader->at++;
		else if (*reader->at == '(')
			depth++;
		else if (*reader->at == ')')
			depth--;
		reader->at++;
	} while (reader->at < reader->end && depth > 0);
}

/* An address has ended: "user@domain", with or without what stood around "<>". An empty one, or a
 * group's name, is none. */
static bool
take(struct reader *reader)
{
	char name[NAME_TEXT];
	const char *at;

	reader->kept[reader->count] = '\0';
	reader->count = 0;
	at = strrchr(reader->kept, '@');
	if (at == NULL)
		return true;
	if (at[1] == '\0')
		return true;
	if (!name_normalise(at + 1, name, &reader->why))
		return false;
	if (reader->domain != NULL && !name_equal(reader->domain, name)) {
		reader->why = "it has addresses of several domains";
		return false;
	}
	reader->domain = arena_string(reader->arena, name);
	return true;
}

static bool
step(struct reader *reader)
{
	char c = *reader->at;

	switch (c) {
	case '"':
		pass_over_quoted(reader);
		return true;
	case '(':
		pass_over_comment(reader);
		return true;
	case '<': /* what stood before was the display name */
	case ':': /* or a group's */
		reader->count = 0;
		break;
	case ',':
	case ';':
	case '>':
		if (!take(reader))
			return false;
		break;
	case ' ':
	case '\t':
	case '\r':
	case '\n':
	case '\0':
		break;
	default:
		reader->kept[reader->count++] = c;
	}
	reader->at++;
	return true;
}

bool
author_read(
    const char *value, size_t len, struct arena *arena, const char **domain, const char **why)
{
	struct reader reader = {
	    .at = value, .end = value + len, .arena = arena, .kept = arena_alloc(arena, len + 1)};
	bool good = true;

	while (good && reader.at < reader.end)
		good = step(&reader);
	good = good && take(&reader);
	*domain = reader.domain;
	*why = reader.why != NULL ? reader.why : "it has no address";
	return good && reader.domain != NULL;
}

bool
author_domain(
    const char *message, size_t len, struct arena *arena, const char **domain, const char **why)
{
	const struct dkim_field *from = NULL;
	struct dkim_message split;

	*domain = NULL;
	if (!dkim_message_split(message, len, arena, &split, why))
		return false;
	for (size_t i = 0; i < split.count; i++) {
		if (!dkim_field_is(&split.fields[i], "From"))
			continue;
		if (from != NULL) {
			*why = "there is more than one From field";
			return false;
		}
		from = &split.fields[i];
	}
	if (from == NULL) {
		*why = "there is no From field";
		return false;
	}
	if (author_read(
	        from->at + from->colon + 1, from->len - from->colon - 1, arena, domain, why))
		return true;
	*why = arena_printf(arena, "the From field: %s", *why);
	return false;
}
