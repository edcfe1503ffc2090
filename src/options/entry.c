#include "options/entry.h"

#include <string.h>

#include "base/utf8.h"

/* Blanks that programs for text and for tables put there, and marks that nobody sees. */
static const char *const blanks[] = {" ", "\t", "\r", "\n", "\v", "\f", "\xc2\xa0" /* NBSP */,
    "\xe2\x80\x80", "\xe2\x80\x81", "\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85",
    "\xe2\x80\x86", "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a" /* U+200A */,
    "\xe2\x80\x8b" /* zero-width space */, "\xe2\x80\x8c", "\xe2\x80\x8d", "\xe2\x80\x8e",
    "\xe2\x80\x8f", "\xe2\x80\xaa", "\xe2\x80\xab", "\xe2\x80\xac", "\xe2\x80\xad", "\xe2\x80\xae",
    "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe2\x81\xa0", "\xe2\x81\xa6", "\xe2\x81\xa7", "\xe2\x81\xa8",
    "\xe2\x81\xa9", "\xe3\x80\x80", "\xef\xbb\xbf" /* byte order mark */};

static const char *const quotes[] = {"\"", "'", "`", "\xe2\x80\x9c", "\xe2\x80\x9d", "\xe2\x80\x9e",
    "\xe2\x80\x9f", "\xe2\x80\x98", "\xe2\x80\x99", "\xe2\x80\x9a", "\xe2\x80\x9b", "\xc2\xab",
    "\xc2\xbb", "\xe2\x80\xb9", "\xe2\x80\xba"};

/* The same in Windows-1252, of text that is not UTF-8. */
static const char *const old_blanks[] = {"\xa0"};
static const char *const old_quotes[] = {
    "\x93", "\x94", "\x84", "\x91", "\x92", "\x82", "\xab", "\xbb"};

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* The octets that `text` has in front of one of `set`; 0: none. */
static size_t
leads(struct slice text, const char *const *set, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(set[i]);

		if (len <= text.len && memcmp(text.at, set[i], len) == 0)
			return len;
	}
	return 0;
}

static size_t
ends(struct slice text, const char *const *set, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(set[i]);

		if (len <= text.len && memcmp(text.at + text.len - len, set[i], len) == 0)
			return len;
	}
	return 0;
}

/* Most entries have none of all this: no blank begins or ends with a printable octet of ASCII, no
 * quotation mark with a letter or digit. */
static bool
is_printable(char c)
{
	return c > ' ' && c <= '~';
}

static size_t
leading_blank(struct slice text)
{
	return text.len == 0 || is_printable(*text.at) ? 0 : leads(text, blanks, COUNT(blanks));
}

static size_t
trailing_blank(struct slice text)
{
	return text.len == 0 || is_printable(text.at[text.len - 1])
	           ? 0
	           : ends(text, blanks, COUNT(blanks));
}

static struct slice
trim(struct slice text, bool old)
{
	size_t n;

	while ((n = leading_blank(text)) > 0 ||
	       (old && (n = leads(text, old_blanks, COUNT(old_blanks))) > 0))
		text = slice_from(text, n);
	while ((n = trailing_blank(text)) > 0 ||
	       (old && (n = ends(text, old_blanks, COUNT(old_blanks))) > 0))
		text.len -= n;
	return text;
}

/* Takes off a pair around the whole; of `"a b"@example.com` the quotes stay. */
static bool
unquote(struct slice *text, bool old)
{
	size_t front, back;

	if (text->len == 0 || is_alnum(*text->at))
		return false;
	front = leads(*text, quotes, COUNT(quotes));
	back = ends(*text, quotes, COUNT(quotes));
	if (old && front == 0)
		front = leads(*text, old_quotes, COUNT(old_quotes));
	if (old && back == 0)
		back = ends(*text, old_quotes, COUNT(old_quotes));
	if (front == 0 && back == 0 && text->len > 2 && text->at[0] == '<' &&
	    text->at[text->len - 1] == '>')
		front = back = 1;
	if (front == 0 || back == 0 || front + back >= text->len)
		return false;
	*text = (struct slice){text->at + front, text->len - front - back};
	return true;
}

struct slice
entry_trim(struct slice text)
{
	bool old = !utf8_valid(text.at, text.len);

	do
		text = trim(text, old);
	while (unquote(&text, old));
	return text;
}

/* Up to where a comment begins. */
static struct slice
without_comment(struct slice line)
{
	bool quoted = false, blank = true;

	for (size_t i = 0, step; i < line.len; i += step) {
		size_t n = is_printable(line.at[i]) ? 0 : leading_blank(slice_from(line, i));

		step = n > 0 ? n : 1;
		if (line.at[i] == '#' && blank && !quoted) {
			line.len = i;
			break;
		}
		blank = n > 0;
		if (quoted && line.at[i] == '\\')
			step = 2;
		else if (line.at[i] == '"' && (i == 0 || quoted))
			quoted = !quoted;
	}
	return line;
}

struct slice
entry_of(struct slice line)
{
	line = trim(line, false);
	if (line.len > 0 && memchr(line.at, '#', line.len) != NULL)
		line = without_comment(line);
	return entry_trim(line);
}
