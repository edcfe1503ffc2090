#include "mail/address.h"

#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/ip.h"
#include "base/slice.h"
#include "base/utf8.h"

/* RFC 5322 section 3.2.3; RFC 6531 section 3.3 adds all that is not ASCII. */
static bool
is_atext(char c)
{
	return is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL) ||
	       (unsigned char)c >= 0x80;
}

/* ---- a list of addresses (RFC 5322 section 3.4, with the obsolete forms of section 4.4) */

enum { QUOTE_MAX = 80 }; /* octets of a quotation */

struct list_reader {
	struct slice rest;
	struct arena *arena;
	struct mailbox_list *out;
	char *kept; /* the words at hand; room for all of the list */
	const char *why; /* NULL: all is well so far */
	bool in_group;
};

static bool
fail(struct list_reader *reader, const char *why)
{
	if (reader->why == NULL)
		reader->why = why;
	return false;
}

static char
peek(const struct list_reader *reader)
{
	return reader->rest.len > 0 ? reader->rest.at[0] : '\0';
}

static void
take(struct list_reader *reader, size_t len)
{
	reader->rest = slice_from(reader->rest, len);
}

/* Comments nest. */
static bool
pass_comment(struct list_reader *reader)
{
	unsigned depth = 0;

	while (reader->rest.len > 0) {
		char c = peek(reader);

		take(reader, c == '\\' ? 2 : 1);
		depth += c == '(';
		depth -= c == ')';
		if (depth == 0)
			return true;
	}
	return fail(reader, "a \"(\" is not closed");
}

/* White space, folds and comments. */
static bool
pass_blanks(struct list_reader *reader)
{
	for (;;) {
		take(reader, slice_span(reader->rest, " \t\r\n"));
		if (peek(reader) != '(' || reader->rest.len == 0)
			return true;
		if (!pass_comment(reader))
			return false;
	}
}

/* The octets of a quoted string, quotes included; 0: it is not closed. */
static size_t
quoted_span(struct slice text)
{
	for (size_t i = 1; i < text.len; i++) {
		if (text.at[i] == '"')
			return i + 1;
		if (text.at[i] == '\\')
			i++;
	}
	return 0;
}

/* An atom or a quoted string, and the blanks behind it. */
static bool
take_word(struct list_reader *reader, struct slice *word)
{
	struct slice rest = reader->rest;

	*word = (struct slice){rest.at, 0};
	if (peek(reader) == '"') {
		word->len = quoted_span(rest);
		if (word->len == 0)
			return fail(reader, "a quotation mark is not closed");
	} else {
		while (word->len < rest.len && is_atext(rest.at[word->len]))
			word->len++;
	}
	take(reader, word->len);
	return pass_blanks(reader);
}

struct phrase { /* words with what may be dots between: a display name, or a local part */
	const char *text; /* without blanks and comments */
	size_t words;
	bool dotted; /* exactly one dot between any two words, none at the ends */
	struct slice written;
};

static bool
take_phrase(struct list_reader *reader, struct phrase *out)
{
	const char *start = reader->rest.at, *end = start;
	bool dot = true; /* as if before the first word */
	size_t kept = 0;

	*out = (struct phrase){.dotted = true};
	while (reader->rest.len > 0) {
		struct slice word = {reader->rest.at, 1};

		if (peek(reader) == '.') {
			out->dotted &= !dot;
			dot = true;
			take(reader, 1);
			end = reader->rest.at;
			if (!pass_blanks(reader))
				return false;
		} else if (peek(reader) == '"' || is_atext(peek(reader))) {
			out->dotted &= dot;
			dot = false;
			end = reader->rest.at;
			if (!take_word(reader, &word))
				return false;
			end += word.len;
			out->words++;
		} else {
			break;
		}
		memcpy(reader->kept + kept, word.at, word.len);
		kept += word.len;
	}
	out->dotted &= !dot;
	out->text = arena_copy(reader->arena, reader->kept, kept);
	out->written = (struct slice){start, (size_t)(end - start)};
	return true;
}

static const char *
quote(struct list_reader *reader, struct slice text)
{
	return arena_printf(reader->arena, "%.*s%s",
	    (int)(text.len < QUOTE_MAX ? text.len : QUOTE_MAX), text.at,
	    text.len > QUOTE_MAX ? "..." : "");
}

/* "[192.0.2.1]", or labels with dots between. */
static bool
take_domain(struct list_reader *reader, const char **domain)
{
	struct phrase phrase;
	size_t end;

	if (!pass_blanks(reader))
		return false;
	if (peek(reader) == '[') {
		end = slice_until(reader->rest, "]\r\n");
		if (end == reader->rest.len || reader->rest.at[end] != ']')
			return fail(reader, "a \"[\" is not closed");
		*domain = arena_copy(reader->arena, reader->rest.at, end + 1);
		take(reader, end + 1);
		return pass_blanks(reader);
	}
	if (!take_phrase(reader, &phrase))
		return false;
	if (phrase.words == 0)
		return fail(reader, "there is no domain behind an \"@\"");
	if (!phrase.dotted || strchr(phrase.text, '"') != NULL)
		return fail(reader, arena_printf(reader->arena, "\"%s\" is no domain",
		                        quote(reader, phrase.written)));
	*domain = phrase.text;
	return true;
}

/* "@DOMAIN", behind a local part. */
static bool
take_address(struct list_reader *reader, const struct phrase *local)
{
	struct mailbox *mailbox;
	const char *domain;

	if (local->words == 0)
		return fail(reader, "there is no local part before an \"@\"");
	if (!local->dotted)
		return fail(reader,
		    arena_printf(reader->arena,
		        "\"%s\" is no local part: an address behind a name needs \"<>\", and a dot "
		        "at an end or doubled takes quotes",
		        quote(reader, local->written)));
	take(reader, 1);
	if (!take_domain(reader, &domain))
		return false;
	mailbox =
	    arena_push(reader->arena, &reader->out->items, reader->out->count, sizeof *mailbox);
	reader->out->count++;
	*mailbox = (struct mailbox){.local = local->text, .domain = domain};
	return true;
}

/* "@ONE,@TWO:" is a route, long obsolete. */
static bool
pass_route(struct list_reader *reader)
{
	const char *domain;

	if (peek(reader) != '@')
		return true;
	while (peek(reader) == '@' || peek(reader) == ',') {
		bool hop = peek(reader) == '@';

		take(reader, 1);
		if (hop ? !take_domain(reader, &domain) : !pass_blanks(reader))
			return false;
	}
	if (peek(reader) != ':')
		return fail(reader, "there is no local part before an \"@\"");
	take(reader, 1);
	return pass_blanks(reader);
}

static bool
take_angle(struct list_reader *reader)
{
	struct phrase local;

	take(reader, 1);
	if (!pass_blanks(reader) || !pass_route(reader) || !take_phrase(reader, &local))
		return false;
	if (peek(reader) == '>' && local.words == 0)
		return fail(reader, "\"<>\" is empty");
	if (peek(reader) != '@')
		return fail(reader, arena_printf(reader->arena, "\"%s\" within \"<>\" has no \"@\"",
		                        quote(reader, local.written)));
	if (!take_address(reader, &local))
		return false;
	if (peek(reader) != '>')
		return fail(reader, reader->rest.len == 0 || peek(reader) == ','
		                        ? "a \"<\" is not closed"
		                        : "there is more than one address within \"<>\"");
	take(reader, 1);
	return pass_blanks(reader);
}

static bool take_elements(struct list_reader *reader);

static bool
take_group(struct list_reader *reader)
{
	take(reader, 1);
	reader->in_group = true;
	if (!take_elements(reader))
		return false;
	if (peek(reader) != ';')
		return fail(
		    reader, "a group, which begins with its name and \":\", ends in no \";\"");
	reader->in_group = false;
	take(reader, 1);
	return pass_blanks(reader);
}

static bool
take_element(struct list_reader *reader)
{
	struct phrase phrase;

	if (!take_phrase(reader, &phrase))
		return false;
	switch (peek(reader)) {
	case '<':
		return take_angle(reader);
	case '@':
		if (!take_address(reader, &phrase))
			return false;
		return peek(reader) != '<' ||
		       fail(reader, "the name before \"<\" has an \"@\" without quotes around it");
	case ':':
		if (phrase.words > 0 && !reader->in_group)
			return take_group(reader);
		return fail(reader, "a \":\" stands where none may");
	case '>':
		return fail(reader, "a \">\" has no \"<\" before it");
	}
	return fail(reader,
	    arena_printf(reader->arena, "\"%s\" is no address%s", quote(reader, phrase.written),
	        peek(reader) == ',' ? ": a comma within a name takes quotes" : ""));
}

/* Up to the end, or a group's. Empty elements are an obsolete form. */
static bool
take_elements(struct list_reader *reader)
{
	if (!pass_blanks(reader))
		return false;
	while (reader->rest.len > 0 && !(reader->in_group && peek(reader) == ';')) {
		if (peek(reader) != ',' && !take_element(reader))
			return false;
		if (reader->rest.len == 0 || (reader->in_group && peek(reader) == ';'))
			break;
		if (peek(reader) == ';')
			return fail(reader, "a \";\" divides no addresses: a comma does");
		if (peek(reader) != ',')
			return fail(reader, "something other than a comma follows an address");
		take(reader, 1);
		if (!pass_blanks(reader))
			return false;
	}
	return true;
}

bool
address_list_read(
    struct slice value, struct arena *arena, struct mailbox_list *out, const char **why)
{
	struct list_reader reader = {
	    .rest = value, .arena = arena, .out = out, .kept = arena_alloc(arena, value.len + 1)};

	*out = (struct mailbox_list){0};
	for (size_t i = 0; i < value.len; i++)
		if (((unsigned char)value.at[i] < ' ' && strchr("\t\r\n", value.at[i]) == NULL) ||
		    value.at[i] == 0x7f || value.at[i] == '\0') {
			*why = "it has a control character";
			return false;
		}
	if (take_elements(&reader))
		return true;
	*why = reader.why;
	return false;
}

/* ---- one address (RFC 5321 section 4.1.2) */

static const char bad_character[] = "a character that a local part may not have without quotes";

static size_t
quoted_len(const char *s, const char **why)
{
	size_t i = 1;

	for (; s[i] != '"'; i++) {
		if (s[i] == '\\' && s[i + 1] != '\0')
			i++;
		if (s[i] == '\0') {
			*why = "a quoted local part has no closing quote";
			return 0;
		}
	}
	return i + 1;
}

static size_t
dotted_len(const char *s, const char **why)
{
	size_t i = 0;

	for (; is_atext(s[i]) || s[i] == '.'; i++)
		if (s[i] == '.' && (i == 0 || s[i - 1] == '.' || !is_atext(s[i + 1]))) {
			*why =
			    "a dot in the local part is at an end or doubled, which takes quotes";
			return 0;
		}
	if (i == 0)
		*why = *s == '@' ? "no local part before the '@'" : bad_character;
	return i;
}

/* RFC 5321 section 4.1.3. */
static bool
check_literal(const char *s, const char **why)
{
	char text[IP_TEXT];
	size_t len = strlen(s);
	bool six = strncasecmp(s, "[IPv6:", 6) == 0;
	size_t skip = six ? 6 : 1;
	struct ip ip;

	*why = "an address literal is [192.0.2.1] or [IPv6:2001:db8::1]";
	if (len < skip + 1 || s[len - 1] != ']' || len - skip - 1 >= sizeof text)
		return false;
	memcpy(text, s + skip, len - skip - 1);
	text[len - skip - 1] = '\0';
	return (strchr(text, ':') != NULL) == six && ip_parse(&ip, text);
}

static bool
check_label(const char *s, size_t len, const char **why)
{
	bool ascii = slice_is_ascii((struct slice){s, len});

	*why = NULL;
	if (len == 0)
		*why = "the domain has an empty label";
	else if (ascii && len > 63) /* another's length counts only once it is an A-label */
		*why = "a label of the domain is longer than 63 octets";
	else if (s[0] == '-' || s[len - 1] == '-')
		*why = "a label of the domain begins or ends with a hyphen";
	for (size_t i = 0; i < len && *why == NULL; i++)
		if (!is_alnum(s[i]) && s[i] != '-' && (unsigned char)s[i] < 0x80)
			*why = "the domain may have letters, digits, hyphens and dots only";
	return *why == NULL;
}

static bool
check_domain(const char *s, const char **why)
{
	if (*s == '\0') {
		*why = "no domain behind the '@'";
		return false;
	}
	if (*s == '[')
		return check_literal(s, why);
	for (;;) {
		size_t len = strcspn(s, ".");

		if (!check_label(s, len, why))
			return false;
		if (s[len] == '\0')
			return true;
		s += len + 1;
	}
}

/* The limits of RFC 5321 section 4.5.3.1; the path's, less its angle brackets. */
static bool
check_lengths(size_t local, size_t domain, const char **why)
{
	*why = NULL;
	if (local > 64)
		*why = "the local part is longer than 64 octets";
	else if (domain > 255)
		*why = "the domain is longer than 255 octets";
	else if (local + 1 + domain > 254)
		*why = "the address is longer than 254 octets";
	return *why == NULL;
}

bool
address_valid(const char *address, size_t *at, const char **why)
{
	size_t len = strlen(address), local;

	if (len == 0) {
		*why = "it is empty";
		return false;
	}
	if (text_has_control(address)) {
		*why = "a control byte";
		return false;
	}
	if (!utf8_valid(address, len)) {
		*why = "not valid UTF-8";
		return false;
	}
	local = *address == '"' ? quoted_len(address, why) : dotted_len(address, why);
	if (local == 0)
		return false;
	if (address[local] != '@') {
		*why = address[local] == '\0' ? "no '@'" : bad_character;
		return false;
	}
	*at = local;
	return check_lengths(local, len - local - 1, why) && check_domain(address + local + 1, why);
}

/* The local part without its quotes. */
static char *
unquoted(const char *address, const char *at, struct arena *arena)
{
	bool quoted = *address == '"' && at > address + 1 && at[-1] == '"';
	char *local = arena_alloc(arena, (size_t)(at - address) + 1), *to = local;

	for (address += quoted, at -= quoted; address < at; address++) {
		if (quoted && *address == '\\' && address + 1 < at)
			address++;
		*to++ = *address;
	}
	*to = '\0';
	return local;
}

const char *
address_onward(const char *address, struct arena *arena)
{
	const char *at = strrchr(address, '@');
	char *local, *mark;

	if (at == NULL)
		return NULL;
	local = unquoted(address, at, arena);
	mark = strrchr(local, '@');
	if (mark == NULL)
		mark = strrchr(local, '%');
	if (mark != NULL && mark > local && mark[1] != '\0')
		return arena_printf(arena, "%.*s@%s", (int)(mark - local), local, mark + 1);
	mark = strchr(local, '!');
	if (mark == NULL || mark == local || mark[1] == '\0')
		return NULL;
	return arena_printf(arena, "%s@%.*s", mark + 1, (int)(mark - local), local);
}
