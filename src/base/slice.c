#include "base/slice.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"

struct slice
slice_of(const char *string)
{
	return (struct slice){string, string != NULL ? strlen(string) : 0};
}

struct slice
slice_from(struct slice slice, size_t start)
{
	if (start > slice.len)
		start = slice.len;
	if (start == 0)
		return slice;
	return (struct slice){slice.at + start, slice.len - start};
}

static bool
is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice
slice_trim(struct slice slice)
{
	while (slice.len > 0 && is_white(slice.at[slice.len - 1]))
		slice.len--;
	while (slice.len > 0 && is_white(*slice.at))
		slice = slice_from(slice, 1);
	return slice;
}

char *
slice_copy(struct slice slice, struct arena *arena)
{
	return arena_copy(arena, slice.len > 0 ? slice.at : "", slice.len);
}

bool
slice_is(struct slice slice, const char *word)
{
	return slice.len == strlen(word) && slice_begins(slice, word);
}

bool
slice_begins_on(struct slice slice, const char *word)
{
	size_t len = strlen(word);

	return slice.len >= len && strncasecmp(slice.at, word, len) == 0;
}

bool
slice_ends(struct slice slice, const char *word)
{
	size_t len = strlen(word);

	return slice.len >= len && slice_begins(slice_from(slice, slice.len - len), word);
}

/* Sixteen octets that are compared at once, by whatever the machine has for that. */
typedef unsigned char sixteen __attribute__((vector_size(16)));

static sixteen
sixteen_of(const char *at)
{
	sixteen octets;

	memcpy(&octets, at, sizeof octets);
	return octets;
}

static bool
is_none(sixteen found)
{
	uint64_t halves[2];

	memcpy(halves, &found, sizeof halves);
	return (halves[0] | halves[1]) == 0;
}

static sixteen
sixteen_times(char c)
{
	return (sixteen){0} + (unsigned char)(c | 0x20);
}

/* At none of the next sixteen places a word of this length begins that has the first two of these
 * octets first and the third one last, the bit of case left out. */
static bool
has_none(const char *at, size_t len, sixteen first, sixteen second, sixteen last)
{
	return is_none((sixteen)((sixteen_of(at) | 0x20) == first) &
	               (sixteen)((sixteen_of(at + 1) | 0x20) == second) &
	               (sixteen)((sixteen_of(at + len - 1) | 0x20) == last));
}

const char *
slice_find(struct slice slice, const char *word)
{
	size_t len = strlen(word), i = 0, stop;
	sixteen first, second, last;

	if (len == 0)
		return slice.at;
	first = sixteen_times(word[0]);
	second = sixteen_times(word[1]);
	last = sixteen_times(word[len - 1]);
	while (i + len <= slice.len) {
		if (len > 1 && i + len - 1 + sizeof(sixteen) <= slice.len &&
		    has_none(slice.at + i, len, first, second, last)) {
			i += sizeof(sixteen);
			continue;
		}
		for (stop = i + sizeof(sixteen); i < stop && i + len <= slice.len; i++)
			if (((unsigned char)slice.at[i] | 0x20) == first[0] &&
			    strncasecmp(slice.at + i, word, len) == 0)
				return slice.at + i;
	}
	return NULL;
}

size_t
slice_span(struct slice slice, const char *set)
{
	size_t n = 0;

	while (n < slice.len && slice.at[n] != '\0' && strchr(set, slice.at[n]) != NULL)
		n++;
	return n;
}

/* Sixteen at a time, the leading octets that are neither; the rest is for the caller. */
static size_t
until_either(struct slice slice, unsigned char one, unsigned char other)
{
	size_t n = 0;

	for (; n + sizeof(sixteen) <= slice.len; n += sizeof(sixteen)) {
		const sixteen octets = sixteen_of(slice.at + n);

		if (!is_none((sixteen)(octets == one) | (sixteen)(octets == other)))
			break;
	}
	return n;
}

size_t
slice_until(struct slice slice, const char *set)
{
	size_t n = 0;

	if (slice.len > 0 && set[0] != '\0' && set[1] == '\0') {
		const char *found = memchr(slice.at, set[0], slice.len);

		return found != NULL ? (size_t)(found - slice.at) : slice.len;
	}
	if (set[0] != '\0' && set[1] != '\0' && set[2] == '\0')
		n = until_either(slice, (unsigned char)set[0], (unsigned char)set[1]);
	while (n < slice.len && (slice.at[n] == '\0' || strchr(set, slice.at[n]) == NULL))
		n++;
	return n;
}

bool
slice_line(struct slice *rest, struct slice *line)
{
	const char *end;

	if (rest->len == 0)
		return false;
	end = memchr(rest->at, '\n', rest->len);
	*line = (struct slice){rest->at, end != NULL ? (size_t)(end - rest->at) : rest->len};
	*rest = slice_from(*rest, line->len + (end != NULL));
	if (line->len > 0 && line->at[line->len - 1] == '\r')
		line->len--;
	return true;
}

size_t
until_crlf(const char *text, size_t len)
{
	const char *at = text, *cr;

	while ((cr = memchr(at, '\r', len - (size_t)(at - text))) != NULL) {
		if ((size_t)(cr - text) + 1 < len && cr[1] == '\n')
			return (size_t)(cr - text);
		at = cr + 1;
	}
	return len;
}

size_t
slice_lines(struct slice slice)
{
	struct slice line;
	size_t n = 0;

	while (slice_line(&slice, &line))
		n++;
	return n;
}

bool
slice_part(struct slice *rest, char separator, struct slice *part)
{
	const char *end;

	if (rest->len == 0)
		return false;
	end = memchr(rest->at, separator, rest->len);
	*part = (struct slice){rest->at, end != NULL ? (size_t)(end - rest->at) : rest->len};
	*rest = slice_from(*rest, part->len + (end != NULL));
	return true;
}

bool
slice_word(struct slice *rest, const char *blank, struct slice *word)
{
	*rest = slice_from(*rest, slice_span(*rest, blank));
	if (rest->len == 0)
		return false;
	*word = (struct slice){rest->at, slice_until(*rest, blank)};
	*rest = slice_from(*rest, word->len);
	return true;
}

bool
slice_number(struct slice slice, unsigned long max, unsigned long *number)
{
	unsigned long value = 0;

	if (slice.len == 0)
		return false;
	for (size_t i = 0; i < slice.len; i++) {
		unsigned long digit = (unsigned long)(slice.at[i] - '0');

		if (!is_digit(slice.at[i]) || value > (max - digit) / 10 || digit > max)
			return false;
		value = value * 10 + digit;
	}
	*number = value;
	return true;
}

bool
slice_is_ascii(struct slice slice)
{
	size_t i = 0;

	while (i + sizeof(sixteen) <= slice.len && is_none(sixteen_of(slice.at + i) & 0x80))
		i += sizeof(sixteen);
	while (i < slice.len && (unsigned char)slice.at[i] < 0x80)
		i++;
	return i == slice.len;
}

bool
text_is_ascii(const char *text)
{
	return slice_is_ascii(slice_of(text));
}

/* Leading octets that are not 0x00-0x1f or 0x7f. */
static size_t
printable(struct slice slice)
{
	size_t i = 0;

	for (; i + sizeof(sixteen) <= slice.len; i += sizeof(sixteen)) {
		const sixteen octets = sixteen_of(slice.at + i);

		if (!is_none((sixteen)(octets < ' ') | (sixteen)(octets == 0x7f)))
			break;
	}
	while (i < slice.len && (unsigned char)slice.at[i] >= ' ' && slice.at[i] != 0x7f)
		i++;
	return i;
}

bool
slice_has_control(struct slice slice)
{
	size_t n;

	while ((n = printable(slice)) < slice.len && slice.at[n] == '\t')
		slice = slice_from(slice, n + 1);
	return n < slice.len;
}

bool
text_has_control(const char *text)
{
	struct slice slice = slice_of(text);

	return printable(slice) < slice.len;
}
