#include "preflight/mailboxes.h"

#include <string.h>

#include "base/arena.h"

enum { NESTING_MAX = 50 }; /* comments within comments */

struct mailbox_reader {
	const char *at, *end;
	char *scratch; /* as long as the value */
	struct arena *arena;
	struct strict_mailboxes *out;
};

struct address_words { /* words before "<", or the local part */
	const char *start, *end; /* without what is around it */
	size_t words;
	const char *text; /* without quotes; NULL: no word */
	bool quoted, dotted;
};

static bool
fail(struct mailbox_reader *reader, const char *at, const char *why)
{
	if (reader->out->fault == NULL) {
		reader->out->fault = why;
		reader->out->fault_at = at;
	}
	return false;
}

static bool
at_end(const struct mailbox_reader *reader)
{
	return reader->at == reader->end;
}

static bool
next_is(const struct mailbox_reader *reader, char c)
{
	return !at_end(reader) && *reader->at == c;
}

static bool
is_atext(char c)
{
	return is_alnum(c) || (unsigned char)c >= 0x80 ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static bool
skip_comment(struct mailbox_reader *reader)
{
	const char *start = reader->at;
	unsigned depth = 0;

	do {
		char c = *reader->at++;

		if (c == '(' && ++depth > NESTING_MAX)
			return fail(reader, start, "a comment within comments without end");
		if (c == ')')
			depth--;
		if (c == '\\' && !at_end(reader))
			reader->at++;
	} while (depth > 0 && !at_end(reader));
	return depth == 0 || fail(reader, start, "a comment that is not closed");
}

/* White space, folds and comments. */
static bool
skip_blank(struct mailbox_reader *reader)
{
	while (!at_end(reader)) {
		char c = *reader->at;

		if (c == '(') {
			if (!skip_comment(reader))
				return false;
		} else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			reader->at++;
		} else {
			break;
		}
	}
	return true;
}

/* A quoted string: its text is appended to `*text`. */
static bool
read_quoted(struct mailbox_reader *reader, char **text)
{
	const char *start = reader->at++;

	for (; !at_end(reader) && *reader->at != '"'; reader->at++) {
		if (*reader->at == '\\' && reader->at + 1 < reader->end)
			reader->at++;
		if (*reader->at != '\r' && *reader->at != '\n')
			*(*text)++ = *reader->at;
	}
	if (at_end(reader))
		return fail(reader, start, "a quotation mark that is not closed");
	reader->at++;
	return true;
}

/* Words and, where they are written without blanks around them, dots between. */
static bool
read_phrase(struct mailbox_reader *reader, struct address_words *out)
{
	char *end = reader->scratch;

	*out = (struct address_words){.start = reader->at, .end = reader->at};
	for (;;) {
		const char *before = reader->at;

		if (!skip_blank(reader))
			return false;
		if (at_end(reader))
			break;
		if (out->words == 0)
			out->start = out->end = reader->at;
		if (out->words > 0 && before != reader->at && *reader->at != '.' &&
		    (*reader->at == '"' || is_atext(*reader->at)))
			*end++ = ' ';
		if (*reader->at == '"') {
			if (!read_quoted(reader, &end))
				return false;
			out->quoted = true;
		} else if (*reader->at == '.') {
			out->dotted = true;
			*end++ = *reader->at++;
		} else if (is_atext(*reader->at)) {
			while (!at_end(reader) && is_atext(*reader->at))
				*end++ = *reader->at++;
		} else {
			break;
		}
		out->words++;
		out->end = reader->at;
	}
	if (out->words > 0)
		out->text =
		    arena_copy(reader->arena, reader->scratch, (size_t)(end - reader->scratch));
	return true;
}

/* ---- addresses */

/* A dot-atom or one quoted string, nothing around its dots. */
static bool
check_local(struct mailbox_reader *reader, const struct address_words *local)
{
	const char *dot = NULL;

	if (local->words == 0)
		return fail(reader, reader->at, "an address has no part before its @");
	if (*local->start == '"')
		return local->words == 1 ||
		       fail(reader, local->start, "something stands beside a quoted local part");
	for (const char *p = local->start; p < local->end; p++) {
		if (*p != '.' && !is_atext(*p))
			return fail(reader, p,
			    "a local part with a blank, a quotation mark or a "
			    "comment in it");
		if (*p == '.' && (p == local->start || p + 1 == local->end || dot == p - 1))
			return fail(reader, p,
			    "a dot begins or ends the local part, or two stand "
			    "together");
		dot = *p == '.' ? p : dot;
	}
	return true;
}

static bool
read_domain(struct mailbox_reader *reader, struct slice *domain)
{
	const char *start, *dot = NULL;

	if (!skip_blank(reader))
		return false;
	start = reader->at;
	if (next_is(reader, '[')) {
		while (!at_end(reader) && *reader->at != ']')
			reader->at++;
		if (at_end(reader))
			return fail(
			    reader, start, "an address literal without its closing bracket");
		reader->at++;
	} else {
		for (; !at_end(reader) && (is_atext(*reader->at) || *reader->at == '.');
		     reader->at++) {
			if (*reader->at != '.')
				continue;
			if (reader->at == start || dot == reader->at - 1)
				return fail(reader, reader->at,
				    "a dot begins the domain, or two stand together");
			dot = reader->at;
		}
		if (reader->at == start)
			return fail(reader, start, "an address has no domain");
		if (dot == reader->at - 1)
			return fail(reader, dot, "a dot ends the domain");
	}
	*domain = (struct slice){start, (size_t)(reader->at - start)};
	return skip_blank(reader);
}

static void
add(struct mailbox_reader *reader, const char *at, const char *name,
    const struct address_words *local, struct slice domain)
{
	struct strict_mailboxes *out = reader->out;
	struct strict_mailbox *one;

	out->total++;
	if (out->count == MAILBOXES_MAX)
		return;
	one = arena_push(reader->arena, &out->items, out->count, sizeof *one);
	out->count++;
	one->at = at;
	one->name = name;
	one->local = arena_copy(reader->arena, local->start, (size_t)(local->end - local->start));
	one->domain = slice_copy(domain, reader->arena);
}

/* Behind "<". */
static bool
read_angle(struct mailbox_reader *reader, const struct address_words *name)
{
	const char *open = reader->at++;
	struct address_words local;
	struct slice domain;

	if (!read_phrase(reader, &local))
		return false;
	if (next_is(reader, '>'))
		return fail(reader, open,
		    local.words == 0 ? "there is no address between < and >"
		                     : "what stands between < and > has no @");
	if (!next_is(reader, '@'))
		return fail(reader, reader->at,
		    at_end(reader) ? "an angle bracket that is not closed"
		                   : "something that is no address between < and >");
	if (!check_local(reader, &local))
		return false;
	reader->at++;
	if (!read_domain(reader, &domain))
		return false;
	if (!next_is(reader, '>'))
		return at_end(reader) ? fail(reader, open, "an angle bracket that is not closed")
		                      : fail(reader, reader->at,
		                            "something that is no address between < and >");
	reader->at++;
	if (name->words > 0 && name->dotted && !name->quoted)
		fail(reader, name->start, "a display name with a dot needs quotation marks");
	add(reader, name->words > 0 ? name->start : open, name->text, &local, domain);
	return skip_blank(reader);
}

static bool
read_mailbox(struct mailbox_reader *reader, struct address_words *first)
{
	struct slice domain;

	if (next_is(reader, '<'))
		return read_angle(reader, first);
	if (!next_is(reader, '@'))
		return fail(reader, first->words > 0 ? first->start : reader->at,
		    first->words > 0 ? "words that are no address: an @, or < and > are missing"
		                     : "something that is no address");
	if (!check_local(reader, first))
		return false;
	reader->at++;
	if (!read_domain(reader, &domain))
		return false;
	add(reader, first->start, NULL, first, domain);
	return true;
}

/* Behind ":" and up to ";". */
static bool
read_group(struct mailbox_reader *reader, const struct address_words *name)
{
	reader->at++;
	reader->out->groups++;
	if (name->words == 0)
		return fail(reader, reader->at - 1, "a group without a name");
	if (!skip_blank(reader))
		return false;
	while (!next_is(reader, ';')) {
		struct address_words first;

		if (at_end(reader))
			return fail(reader, name->start, "a group that no semicolon ends");
		if (!read_phrase(reader, &first) || !read_mailbox(reader, &first))
			return false;
		if (next_is(reader, ','))
			reader->at++;
		else if (!next_is(reader, ';'))
			return fail(reader, reader->at, "something stands behind an address");
	}
	reader->at++;
	return skip_blank(reader);
}

void
mailboxes_read(struct slice value, struct arena *arena, struct strict_mailboxes *out)
{
	struct mailbox_reader reader = {
	    .at = value.at, .end = value.at + value.len, .arena = arena, .out = out};

	reader.scratch = arena_alloc(arena, 2 * value.len + 2);
	*out = (struct strict_mailboxes){0};
	for (;;) {
		struct address_words first;
		bool good;

		if (!read_phrase(&reader, &first))
			return;
		if (next_is(&reader, ':'))
			good = read_group(&reader, &first);
		else if (first.words == 0 && at_end(&reader))
			good = fail(&reader, reader.at,
			    out->total > 0 ? "a comma with no address behind it"
			                   : "there is no address");
		else
			good = read_mailbox(&reader, &first);
		if (!good || at_end(&reader))
			return;
		if (*reader.at != ',') {
			fail(&reader, reader.at, "something stands behind an address");
			return;
		}
		reader.at++;
	}
}
