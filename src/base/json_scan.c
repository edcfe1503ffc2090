#include "base/json_scan.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
skip_space(struct json_scan *scan)
{
	while (scan->at < scan->end && *scan->at <= ' ' && is_space(*scan->at))
		scan->at++;
}

/* Most of a record are strings: they are looked through sixteen octets at a time (a vector of the
 * compiler's, on any machine). */
typedef char octets16 __attribute__((vector_size(16)));

/* A bit for each octet of which all bits are set, from the first. */
static unsigned
bits_of(octets16 octets)
{
#ifdef __SSE2__
	return (unsigned)__builtin_ia32_pmovmskb128(octets);
#else
	unsigned bits = 0;

	for (unsigned i = 0; i < 16; i++)
		bits |= (unsigned)(octets[i] != 0) << i;
	return bits;
#endif
}

/* Where the next quote or backslash stands; `end`: nowhere. */
static const char *
find_quote(const char *at, const char *end)
{
	octets16 octets;
	unsigned found;

	for (; end - at >= 16; at += 16) {
		memcpy(&octets, at, 16);
		found = bits_of((octets16)((octets == '"') | (octets == '\\')));
		if (found != 0)
			return at + __builtin_ctz(found);
	}
	while (at < end && *at != '"' && *at != '\\')
		at++;
	return at;
}

/* Behind the closing quote of a string that begins at `at`; NULL: there is none. */
static const char *
string_end(const char *at, const char *end)
{
	for (at++; (at = find_quote(at, end)) < end; at += 2) {
		if (*at == '"')
			return at + 1;
		if (end - at < 2)
			break;
	}
	return NULL;
}

/* Behind the object or array that begins at `at`. */
static const char *
nest_end(const char *at, const char *end)
{
	enum { PLAIN, QUOTE, OPENS, CLOSES };
	static const unsigned char kinds[256] = {
	    ['"'] = QUOTE, ['{'] = OPENS, ['['] = OPENS, ['}'] = CLOSES, [']'] = CLOSES};
	size_t depth = 0;

	for (; at < end; at++) {
		unsigned char kind = kinds[(unsigned char)*at];

		if (kind == PLAIN)
			continue;
		if (kind == QUOTE) {
			at = string_end(at, end);
			if (at == NULL)
				return NULL;
			at--;
		} else if (kind == OPENS) {
			depth++;
		} else if (--depth == 0) {
			return at + 1;
		}
	}
	return NULL;
}

static const char *
value_end(const char *at, const char *end)
{
	if (*at == '"')
		return string_end(at, end);
	if (*at == '{' || *at == '[')
		return nest_end(at, end);
	while (at < end && *at != ',' && *at != '}' && *at != ']' && !is_space(*at))
		at++;
	return at;
}

/* The value that comes next, and moves behind it. */
static bool
take_value(struct json_scan *scan, struct slice *value)
{
	const char *end;

	skip_space(scan);
	if (scan->at == scan->end)
		return false;
	end = value_end(scan->at, scan->end);
	if (end == NULL || end == scan->at)
		return false;
	*value = (struct slice){scan->at, (size_t)(end - scan->at)};
	scan->at = end;
	skip_space(scan);
	return true;
}

struct json_scan
json_scan_begin(struct slice text)
{
	struct slice trimmed = slice_trim(text);
	char first = trimmed.len > 1 ? *trimmed.at : '\0',
	     last = trimmed.len > 1 ? trimmed.at[trimmed.len - 1] : '\0';
	struct json_scan scan = {.object = first == '{'};

	scan.bad = !(first == '{' && last == '}') && !(first == '[' && last == ']');
	if (!scan.bad) {
		scan.at = trimmed.at + 1;
		scan.end = trimmed.at + trimmed.len - 1;
	}
	return scan;
}

static bool
take_key(struct json_scan *scan, struct slice *key)
{
	if (!take_value(scan, key) || *key->at != '"' || scan->at == scan->end || *scan->at != ':')
		return false;
	*key = (struct slice){key->at + 1, key->len - 2};
	scan->at++;
	return true;
}

static bool
take_comma(struct json_scan *scan)
{
	if (!scan->begun) {
		scan->begun = true;
		return true;
	}
	if (*scan->at != ',')
		return false;
	scan->at++;
	return true;
}

bool
json_scan_next(struct json_scan *scan, struct json_member *member)
{
	*member = (struct json_member){{NULL, 0}, {NULL, 0}};
	if (scan->bad)
		return false;
	skip_space(scan);
	if (scan->at == scan->end || (scan->inner && *scan->at == '}'))
		return false;
	scan->bad = !take_comma(scan) || (scan->object && !take_key(scan, &member->key)) ||
	            !take_value(scan, &member->value);
	return !scan->bad;
}

bool
json_scan_enter(struct json_scan *scan, struct json_scan *object)
{
	if (scan->bad)
		return false;
	skip_space(scan);
	if (scan->at == scan->end)
		return false;
	scan->bad = !take_comma(scan);
	skip_space(scan);
	scan->bad |= scan->at == scan->end || *scan->at != '{';
	if (scan->bad)
		return false;
	*object =
	    (struct json_scan){.at = scan->at + 1, .end = scan->end, .object = true, .inner = true};
	return true;
}

void
json_scan_leave(struct json_scan *scan, struct json_scan *object)
{
	struct json_member member;

	while (json_scan_next(object, &member))
		;
	scan->bad |= object->bad || object->at == object->end;
	scan->at = object->at + !scan->bad;
	skip_space(scan);
}

/* ---- values */

static int
hex(char c)
{
	return is_digit(c)                                ? c - '0'
	       : to_lower(c) >= 'a' && to_lower(c) <= 'f' ? to_lower(c) - 'a' + 10
	                                                  : -1;
}

/* The four digits behind \u; false: there are none. */
static bool
read_unit(const char *at, const char *end, uint32_t *unit)
{
	*unit = 0;
	if (end - at < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		if (hex(at[i]) < 0)
			return false;
		*unit = *unit << 4 | (uint32_t)hex(at[i]);
	}
	return true;
}

static char *
put_code(char *out, uint32_t code)
{
	if (code < 0x80) {
		*out++ = (char)code;
	} else if (code < 0x800) {
		*out++ = (char)(0xc0 | code >> 6);
		*out++ = (char)(0x80 | (code & 0x3f));
	} else if (code < 0x10000) {
		*out++ = (char)(0xe0 | code >> 12);
		*out++ = (char)(0x80 | (code >> 6 & 0x3f));
		*out++ = (char)(0x80 | (code & 0x3f));
	} else {
		*out++ = (char)(0xf0 | code >> 18);
		*out++ = (char)(0x80 | (code >> 12 & 0x3f));
		*out++ = (char)(0x80 | (code >> 6 & 0x3f));
		*out++ = (char)(0x80 | (code & 0x3f));
	}
	return out;
}

/* Behind "\u": one unit, or a pair of surrogates; half a pair is U+FFFD. */
static const char *
put_unicode(const char *at, const char *end, char **out)
{
	uint32_t unit, low;

	if (!read_unit(at, end, &unit))
		return at;
	at += 4;
	if (unit >= 0xd800 && unit < 0xdc00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u' &&
	    read_unit(at + 2, end, &low) && low >= 0xdc00 && low < 0xe000) {
		unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
		at += 6;
	} else if (unit >= 0xd800 && unit < 0xe000) {
		unit = 0xfffd;
	}
	*out = put_code(*out, unit);
	return at;
}

/* Behind a backslash. No escape is longer than what it stands for. */
static const char *
put_escape(const char *at, const char *end, char **out)
{
	static const char names[] = "bfnrt", values[] = "\b\f\n\r\t";
	const char *name = memchr(names, *at, sizeof names - 1);

	if (*at == 'u')
		return put_unicode(at + 1, end, out);
	*(*out)++ = name != NULL ? values[name - names] : *at;
	return at + 1;
}

struct slice
json_scan_string(struct slice value, struct arena *arena)
{
	const char *at, *end;
	char *text, *out;

	if (value.len < 2 || *value.at != '"')
		return (struct slice){NULL, 0};
	at = value.at + 1;
	end = value.at + value.len - 1;
	if (memchr(at, '\\', (size_t)(end - at)) == NULL)
		return (struct slice){at, (size_t)(end - at)};
	text = out = arena_alloc(arena, value.len);
	while (at < end)
		if (*at == '\\' && end - at > 1)
			at = put_escape(at + 1, end, &out);
		else
			*out++ = *at++;
	return (struct slice){text, (size_t)(out - text)};
}

struct slice
json_scan_word(struct slice value)
{
	if (value.len < 2 || *value.at != '"')
		return (struct slice){NULL, 0};
	return (struct slice){value.at + 1, value.len - 2};
}

bool
json_scan_number(struct slice value, long long *number)
{
	bool negative = value.len > 0 && *value.at == '-';
	unsigned long magnitude;

	if (!slice_number(negative ? slice_from(value, 1) : value, LLONG_MAX, &magnitude))
		return false;
	*number = negative ? -(long long)magnitude : (long long)magnitude;
	return true;
}

bool
json_scan_true(struct slice value)
{
	return slice_same(value, "true");
}
