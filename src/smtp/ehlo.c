/* A line is a keyword and its parameters; tables say what each keyword of interest sets. */
#include "smtp/ehlo.h"

#include <limits.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/slice.h"
#include "smtp/reply.h"

static const struct {
	const char *keyword;
	size_t flag; /* offset of a bool in struct ehlo */
} flags[] = {
    {"STARTTLS", offsetof(struct ehlo, starttls)},
    {"PIPELINING", offsetof(struct ehlo, pipelining)},
    {"CHUNKING", offsetof(struct ehlo, chunking)},
    {"8BITMIME", offsetof(struct ehlo, mime8bit)},
    {"SMTPUTF8", offsetof(struct ehlo, smtputf8)},
    {"ENHANCEDSTATUSCODES", offsetof(struct ehlo, enhanced)},
    {"DSN", offsetof(struct ehlo, dsn)},
    {"REQUIRETLS", offsetof(struct ehlo, requiretls)},
};

static void
read_size(const char *text, struct ehlo *out)
{
	unsigned long long size = 0;

	out->size_offered = true;
	for (; *text != '\0'; text++) {
		unsigned digit = (unsigned)(*text - '0');

		if (digit > 9 || size > (ULLONG_MAX - digit) / 10)
			return; /* not a number we can hold: a limit that is not known, so none to
			           keep back a message by */
		size = size * 10 + digit;
	}
	out->size = size;
}

static void
read_auth(const char *text, struct ehlo *out)
{
	if (out->auth == NULL)
		out->auth = text;
}

static void
read_limits(const char *text, struct ehlo *out)
{
	if (out->limits == NULL)
		out->limits = text;
}

static const struct {
	const char *keyword;
	bool equals; /* "AUTH=LOGIN", from before RFC 2554, is still sent beside the proper form */
	void (*read)(const char *text, struct ehlo *out);
} values[] = {
    {"SIZE", false, read_size},
    {"AUTH", true, read_auth},
    {"LIMITS", false, read_limits},
};

/* A copy without the blanks around it. */
static char *
trimmed(struct arena *arena, const char *text, size_t len)
{
	while (len > 0 && is_blank(text[0]))
		text++, len--;
	while (len > 0 && is_blank(text[len - 1]))
		len--;
	return arena_copy(arena, text, len);
}

/* The first IP address among the words, in brackets or bare: "at your service, [192.0.2.1]", "Hello
 * [IPv6:2001:db8::1]", "Hello x (192.0.2.1)". Of
 * two, one behind the other, the first is what we said in EHLO: "Hello [10.0.0.5]
 * ([192.0.2.1])". */
static struct ip
address_in(const char *words)
{
	static const char bytes[] = "0123456789abcdefABCDEF.:";
	struct ip ip, found = {0};
	char text[IP_TEXT];

	while (*words != '\0') {
		size_t len;

		if (strncasecmp(words, "IPv6:", 5) == 0)
			words += 5;
		len = strspn(words, bytes);
		if (len > 0 && len < sizeof text && strchr(" \t[](),;<>=", words[len]) != NULL) {
			memcpy(text, words, len);
			text[len] = '\0';
			if (ip_parse(&ip, text))
				found = ip;
			else if (found.family != 0)
				break;
		} else if (found.family != 0) {
			break;
		}
		words += len > 0 ? len : 1;
		words += strcspn(words, " \t[](),;<>=");
		words += strspn(words, " \t[](),;<>=");
	}
	return found;
}

static void
read_first(const char *text, size_t len, struct arena *arena, struct ehlo *out)
{
	const char *line = trimmed(arena, text, len);
	size_t word = strcspn(line, " \t");

	if (word > 0)
		out->host = arena_copy(arena, line, word);
	line += word + strspn(line + word, " \t");
	if (*line == '\0')
		return;
	out->greets = line;
	out->client = address_in(line);
}

static void
read_keyword(const char *text, size_t len, struct arena *arena, struct ehlo *out)
{
	const char *line = trimmed(arena, text, len);
	size_t word = strcspn(line, " \t");
	const char *rest = line + word + strspn(line + word, " \t");

	if (*line == '\0')
		return;
	if (out->keyword_count < EHLO_KEYWORDS_MAX) {
		*(const char **)arena_push(
		    arena, &out->keywords, out->keyword_count, sizeof *out->keywords) = line;
		out->keyword_count++;
	}
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (strlen(flags[i].keyword) == word &&
		    strncasecmp(line, flags[i].keyword, word) == 0)
			*(bool *)((char *)out + flags[i].flag) = true;
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		size_t size = strlen(values[i].keyword);

		if (strncasecmp(line, values[i].keyword, size) != 0)
			continue;
		if (size == word)
			values[i].read(rest, out);
		else if (values[i].equals && line[size] == '=')
			values[i].read(line + size + 1, out);
	}
}

void
ehlo_read(const struct reply *reply, struct arena *arena, struct ehlo *out)
{
	const char *text = reply->text;

	*out = (struct ehlo){0};
	if (reply->code / 100 != 2)
		return;
	for (size_t i = 0; i < reply->count;
	     i++) { /* the text has one LF fewer than there are lines */
		size_t len = strcspn(text, "\n");

		if (i == 0)
			read_first(text, len, arena, out);
		else
			read_keyword(text, len, arena, out);
		text += len + (text[len] == '\n');
	}
}

unsigned long
ehlo_limit(const struct ehlo *ehlo, const char *name)
{
	struct slice rest = slice_of(ehlo->limits), word, key;
	unsigned long number;

	while (slice_word(&rest, " \t", &word))
		if (slice_part(&word, '=', &key) && slice_is(key, name) &&
		    slice_number(word, 1000000, &number))
			return number;
	return 0;
}
