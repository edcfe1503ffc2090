/* slice: a part of a text, as a pointer and a length: looked at, cut, compared, without a copy.
 *
 * Borrowed: it is valid as long as the text that it points into. It may hold NULs; `at` may be NULL
 * when `len` is 0. Letters and digits are those of ASCII, whatever the locale says. */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct arena;

struct slice {
	const char *at;
	size_t len;
};

struct slice slice_of(const char *string); /* NULL: empty */
struct slice slice_from(struct slice slice, size_t start); /* without its first `start` octets */
struct slice slice_trim(struct slice slice); /* without spaces, tabs, CR and LF at both ends */
char *slice_copy(struct slice slice, struct arena *arena); /* NUL-terminated */

bool slice_is(struct slice slice, const char *word); /* equal but for the case of letters */
bool slice_begins_on(struct slice slice, const char *word); /* once the first octet does */
bool slice_ends(struct slice slice, const char *word); /* but for case */
const char *slice_find(struct slice slice, const char *word); /* but for case; NULL: not in it */
size_t slice_span(struct slice slice, const char *set); /* leading octets that are in `set` */
size_t slice_until(struct slice slice, const char *set); /* leading octets that are not */

/* The next line, without its LF or CRLF; false at the end. `*rest` moves behind it. */
bool slice_line(struct slice *rest, struct slice *line);
/* The octets before the first CRLF; all `len` where there is none (a lone CR or LF ends nothing).
 */
size_t until_crlf(const char *text, size_t len);
size_t slice_lines(struct slice slice); /* how many of those there are */
/* The next part before `separator`, which is skipped; false when nothing is left. */
bool slice_part(struct slice *rest, char separator, struct slice *part);
/* The next word between octets of `blank`; false when only those are left. */
bool slice_word(struct slice *rest, const char *blank, struct slice *word);
/* All of it is a decimal number of at most `max`. */
bool slice_number(struct slice slice, unsigned long max, unsigned long *number);

static inline bool
slice_same(struct slice slice, const char *word) /* equal, octet by octet */
{
	if (slice.len == 0)
		return *word == '\0';
	/* Mostly the first octet tells: it is asked of many words in a row. */
	return *slice.at == *word && slice.len == strlen(word) &&
	       memcmp(slice.at, word, slice.len) == 0;
}

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool
is_alnum(char c)
{
	return is_digit(c) || is_alpha(c);
}

static inline bool
is_blank(char c) /* space or tab */
{
	return c == ' ' || c == '\t';
}

static inline char
to_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* But for case. Mostly the first octet tells: it is asked of many words in a row. */
static inline bool
slice_begins(struct slice slice, const char *word)
{
	return *word == '\0' || (slice.len > 0 && to_lower(*slice.at) == to_lower(*word) &&
	                            slice_begins_on(slice, word));
}

bool slice_is_ascii(struct slice slice); /* no octet above 0x7f */
bool slice_has_control(struct slice slice); /* 0x00-0x1f or 0x7f, but for tabs */
bool text_is_ascii(const char *text);
bool text_has_control(const char *text); /* 0x00-0x1f or 0x7f */

#endif
