#include "mail/received.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"

struct span {
	const char *at;
	size_t len;
};

struct reader {
	const char *at, *end;
	struct arena *arena;
	struct received *out;
};

/* ---- words and comments */

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
skip_space(struct reader *reader)
{
	while (reader->at < reader->end && is_space(*reader->at))
		reader->at++;
}

/* Up to white space, a comment or the date. */
static struct span
take_word(struct reader *reader)
{
	struct span word = {reader->at, 0};

	while (reader->at < reader->end && !is_space(*reader->at) && *reader->at != '(' &&
	       *reader->at != ';')
		reader->at++;
	word.len = (size_t)(reader->at - word.at);
	return word;
}

/* What is between the brackets; they nest, and one that is never closed goes to the end. */
static struct span
take_comment(struct reader *reader)
{
	struct span inner = {reader->at + 1, 0};
	unsigned depth = 0;

	for (; reader->at < reader->end; reader->at++) {
		if (*reader->at == '\\' && reader->at + 1 < reader->end)
			reader->at++;
		else if (*reader->at == '(')
			depth++;
		else if (*reader->at == ')' && --depth == 0)
			break;
	}
	inner.len = (size_t)(reader->at - inner.at);
	if (reader->at < reader->end)
		reader->at++;
	return inner;
}

static bool
is_word(struct span word, const char *text)
{
	return word.len == strlen(text) && strncasecmp(word.at, text, word.len) == 0;
}

static bool
begins(struct span word, const char *text)
{
	return word.len >= strlen(text) && strncasecmp(word.at, text, strlen(text)) == 0;
}

/* ---- addresses and names */

static bool
read_bare(struct span text, struct ip *ip)
{
	char copy[IP_TEXT];

	if (text.len == 0 || text.len >= sizeof copy)
		return false;
	memcpy(copy, text.at, text.len);
	copy[text.len] = '\0';
	return strlen(copy) == text.len && ip_parse(ip, copy);
}

/* "[192.0.2.1]", "[IPv6:2001:db8::1]", "[192.0.2.1]:25", "192.0.2.1"; with "user@" before it when
 * an ident server was asked. */
static bool
read_address(struct span text, struct ip *ip)
{
	const char *at = memchr(text.at, '@', text.len), *close;

	if (at != NULL)
		text = (struct span){at + 1, text.len - (size_t)(at + 1 - text.at)};
	if (text.len == 0 || *text.at != '[')
		return read_bare(text, ip);
	close = memchr(text.at, ']', text.len);
	if (close == NULL)
		return false;
	text = (struct span){text.at + 1, (size_t)(close - text.at) - 1};
	if (begins(text, "IPv6:"))
		text = (struct span){text.at + 5, text.len - 5};
	return read_bare(text, ip);
}

/* NULL for what says that there is none, and for what is no name: it comes from a stranger and will
 * be shown. */
static const char *
read_name(const struct reader *reader, struct span text)
{
	const char *at = memchr(text.at, '@', text.len);

	if (at != NULL)
		text = (struct span){at + 1, text.len - (size_t)(at + 1 - text.at)};
	if (text.len > 0 && text.at[text.len - 1] == '.')
		text.len--;
	if (text.len == 0 || text.len > RECEIVED_NAME_MAX || is_word(text, "unknown") ||
	    is_word(text, "?"))
		return NULL;
	for (size_t i = 0; i < text.len; i++)
		if (!isalnum((unsigned char)text.at[i]) &&
		    (text.at[i] == '\0' || strchr("-._[]:", text.at[i]) == NULL))
			return NULL;
	return arena_copy(reader->arena, text.at, text.len);
}

/* ---- the client */

/* "helo=x" of Exim, "HELO x" of qmail, "EHLO x" of Yahoo: what the client said, whatever it looks
 * like. */
static bool
is_helo(struct reader *inner, struct span word)
{
	if (begins(word, "helo=") || begins(word, "ehlo=")) {
		inner->out->helo = read_name(inner, (struct span){word.at + 5, word.len - 5});
		return true;
	}
	if (!is_word(word, "HELO") && !is_word(word, "EHLO"))
		return false;
	skip_space(inner);
	inner->out->helo = read_name(inner, take_word(inner));
	return true;
}

/* "(PTR [IP])", "([IP] helo=HELO)", "(IP)", "(HELO HELO)", "(PTR [IP] (may be forged))"; others
 * (TLS, a software's name) have no address where these have it. */
static void
read_comment(const struct reader *reader, struct span comment)
{
	struct reader inner = {comment.at, comment.at + comment.len, reader->arena, reader->out};
	struct span before = {NULL, 0};
	struct ip ip;

	for (unsigned i = 0;
	     skip_space(&inner), inner.at < inner.end && *inner.at != '(' && *inner.at != ';';
	     i++) {
		struct span word = take_word(&inner);

		if (is_helo(&inner, word))
			continue;
		if (reader->out->client.family == 0 &&
		    (i == 0 || (i == 1 && memchr(word.at, '@', word.len) == NULL)) &&
		    read_address(word, &ip)) {
			reader->out->client = ip;
			if (before.at != NULL)
				reader->out->ptr = read_name(reader, before);
		}
		before = word;
	}
}

static void
read_from(struct reader *reader)
{
	struct span from, word = {NULL, 0};
	struct received *out = reader->out;
	struct ip ip;
	bool told_apart;

	skip_space(reader);
	from = take_word(reader);
	while (skip_space(reader), reader->at < reader->end && *reader->at != ';') {
		if (*reader->at == '(') {
			read_comment(reader, take_comment(reader));
			continue;
		}
		word = take_word(reader);
		if (is_word(word, "by"))
			break;
		if (out->client.family == 0 && word.len > 0 && *word.at == '[' &&
		    read_address(word, &ip))
			out->client = ip;
	}
	told_apart = out->helo !=
	             NULL; /* by a word before it: then the first word is what the server found */
	if (out->client.family == 0 && read_address(from, &ip))
		out->client = ip;
	if (told_apart && out->ptr == NULL && !read_address(from, &ip))
		out->ptr = read_name(reader, from);
	if (!told_apart)
		out->helo = read_name(reader, from);
	if (is_word(word, "by"))
		reader->at = word.at; /* for who reads on */
}

/* ---- the server */

/* "by HOST (…) with ESMTPSA id …": the clauses may come in any order, and the date ends them. */
static void
read_rest(struct reader *reader)
{
	struct received *out = reader->out;
	struct span clause, word;

	while (skip_space(reader), reader->at < reader->end && *reader->at != ';') {
		if (*reader->at == '(') {
			take_comment(reader);
			continue;
		}
		clause = take_word(reader);
		if (!is_word(clause, "by") && !is_word(clause, "with"))
			continue;
		skip_space(reader);
		if (reader->at < reader->end && *reader->at == '(')
			continue;
		word = take_word(reader);
		if (is_word(clause, "by") && out->by == NULL)
			out->by = read_name(reader, word);
		else if (is_word(clause, "with"))
			out->submitted = is_word(word, "ESMTPA") || is_word(word, "ESMTPSA") ||
			                 is_word(word, "UTF8SMTPA") ||
			                 is_word(word, "UTF8SMTPSA") || is_word(word, "ASMTP") ||
			                 is_word(word, "HTTP") || is_word(word, "HTTPS");
	}
}

void
received_read(const char *value, size_t len, struct arena *arena, struct received *out)
{
	struct reader reader = {
	    value, value + (len < RECEIVED_OCTETS_MAX ? len : RECEIVED_OCTETS_MAX), arena, out};
	struct span first;

	*out = (struct received){0};
	skip_space(&reader);
	first = take_word(&reader);
	if (is_word(first, "from"))
		read_from(&reader);
	else
		reader.at = first.at;
	read_rest(&reader);
}

/* ---- a message */

static const char *
line_end(const char *at, const char *end)
{
	const char *lf = memchr(at, '\n', (size_t)(end - at));

	return lf != NULL ? lf + 1 : end;
}

size_t
received_trace(const char *message, size_t len, struct arena *arena, struct received **out)
{
	static const char name[] = "Received:";
	const char *at = message, *end = message + len, *next;
	size_t count = 0;

	*out = NULL;
	for (; at < end && *at != '\r' && *at != '\n' && count < RECEIVED_FIELDS_MAX; at = next) {
		next = line_end(at, end);
		while (next < end && (*next == ' ' || *next == '\t'))
			next = line_end(next, end);
		if ((size_t)(next - at) < sizeof name - 1 ||
		    strncasecmp(at, name, sizeof name - 1) != 0)
			continue;
		received_read(at + sizeof name - 1, (size_t)(next - at) - (sizeof name - 1), arena,
		    arena_push(arena, out, count, sizeof **out));
		count++;
	}
	return count;
}
