#include "base/json.h"

#include <string.h>

#include "base/buf.h"
#include "base/shown.h"
#include "base/utf8.h"

void
json_start(struct json *json, struct buf *out)
{
	*json = (struct json){.out = out, .start = out->len};
}

/* ASCII that stands for itself. */
static bool
is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void
escape_unit(struct buf *out, unsigned unit)
{
	static const char hex[] = "0123456789abcdef";
	char six[6] = {'\\', 'u', hex[unit >> 12 & 15], hex[unit >> 8 & 15], hex[unit >> 4 & 15],
	    hex[unit & 15]};

	buf_add(out, six, 6);
}

static void
escape(struct buf *out, uint32_t code)
{
	if (code == '"' || code == '\\') {
		char two[2] = {'\\', (char)code};

		buf_add(out, two, 2);
	} else if (code > 0xffff) {
		escape_unit(out, 0xd7c0 + (code >> 10));
		escape_unit(out, 0xdc00 + (code & 0x3ff));
	} else {
		escape_unit(out, code);
	}
}

/* Eight octets are looked at together: one that is 0 in `quote`, `slash` or below 0x20 borrows from
 * its highest bit, and 0x7f carries into it. */
static bool
are_plain(uint64_t eight)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t quote = eight ^ ones * '"', slash = eight ^ ones * '\\';

	return (((eight - ones * 0x20) | (quote - ones) | (slash - ones) | (eight + ones) | eight) &
	           ones * 0x80) == 0;
}

static uint64_t
eight_of(const char *bytes)
{
	uint64_t eight;

	memcpy(&eight, bytes, sizeof eight);
	return eight;
}

/* Of less than eight: some of them stand there twice. */
static uint64_t
few_of(const char *bytes, size_t len)
{
	const uint64_t filler = UINT64_C(0x6161616161000000);
	uint32_t first, last;

	if (len < 4)
		return len == 0 ? filler | 0x616161
		                : filler | (unsigned char)bytes[0] |
		                      (uint64_t)(unsigned char)bytes[len / 2] << 8 |
		                      (uint64_t)(unsigned char)bytes[len - 1] << 16;
	memcpy(&first, bytes, sizeof first);
	memcpy(&last, bytes + len - sizeof last, sizeof last);
	return first | (uint64_t)last << 32;
}

static size_t
plain_span(const char *bytes, size_t len)
{
	size_t n = 0;

	if (len < 8) {
		if (are_plain(few_of(bytes, len)))
			return len;
	} else {
		while (n + 8 <= len && are_plain(eight_of(bytes + n)))
			n += 8;
		if (n + 8 > len && are_plain(eight_of(bytes + len - 8)))
			return len;
	}
	while (n < len && is_plain((unsigned char)bytes[n]))
		n++;
	return n;
}

/* From `i` on there is something that may not stand for itself. */
static void
quote_from(struct buf *out, const char *bytes, size_t len, size_t i)
{
	size_t plain = 0; /* where those begin that stand for themselves */

	buf_putc(out, '"');
	for (; (i += plain_span(bytes + i, len - i)) < len;) {
		size_t n = 1;
		uint32_t code = (unsigned char)bytes[i];

		if (code >= 0x80 && (n = utf8_len(bytes + i, len - i)) > 0) {
			code = utf8_code(bytes + i, n);
			if (shown_as_it_is(code)) {
				i += n;
				continue;
			}
		}
		buf_add(out, bytes + plain, i - plain);
		escape(out, code);
		plain = i += n > 0 ? n : 1;
	}
	buf_add(out, bytes + plain, len - plain);
	buf_putc(out, '"');
}

/* What stands before a value, octet by octet if need be. */
static void
begin_slowly(struct json *json, const char *key, size_t len)
{
	if (json->comma)
		buf_putc(json->out, ',');
	quote_from(json->out, key, len, 0);
	buf_putc(json->out, ':');
}

enum { KEY_MAX = 32, MARKS = 8 }; /* of a key that goes in quickly; what stands around both */

/* Short ones mostly, for which a call would cost more than they. */
static char *
copy(char *to, const char *bytes, size_t len)
{
	if (len > 16) {
		memcpy(to, bytes, len);
	} else if (len >= 8) {
		uint64_t first = eight_of(bytes), last = eight_of(bytes + len - 8);

		memcpy(to, &first, sizeof first);
		memcpy(to + len - 8, &last, sizeof last);
	} else if (len >= 4) {
		uint32_t first, last;

		memcpy(&first, bytes, sizeof first);
		memcpy(&last, bytes + len - 4, sizeof last);
		memcpy(to, &first, sizeof first);
		memcpy(to + len - 4, &last, sizeof last);
	} else {
		for (size_t i = 0; i < len; i++)
			to[i] = bytes[i];
	}
	return to + len;
}

/* The same as put, where there is room and the key is short and plain. False: nothing was put. */
static bool
put_quickly(struct json *json, const char *key, const char *value, size_t len, bool quoted)
{
	struct buf *out = json->out;
	size_t room = out->size > 0 ? out->size - out->len : 0;
	char *at = out->data + out->len;

	if (room <= KEY_MAX + MARKS || len >= room - KEY_MAX - MARKS)
		return false;
	if (json->comma)
		*at++ = ',';
	if (key != NULL) {
		size_t key_len = strlen(key);

		if (key_len > KEY_MAX || plain_span(key, key_len) < key_len)
			return false;
		*at++ = '"';
		at = copy(at, key, key_len);
		*at++ = '"';
		*at++ = ':';
	}
	if (quoted)
		*at++ = '"';
	at = copy(at, value, len);
	if (quoted)
		*at++ = '"';
	*at = '\0';
	out->len = (size_t)(at - out->data);
	return json->comma = true;
}

/* A value with what stands before it. Nearly all keys are plain, and all goes in at once. */
static void
put(struct json *json, const char *key, const char *value, size_t len, bool quoted)
{
	size_t comma = json->comma, key_len, head;
	char *at;

	if (put_quickly(json, key, value, len, quoted))
		return;
	key_len = key != NULL ? strlen(key) : 0;
	head = key != NULL ? key_len + 3 : 0;
	if (key != NULL && plain_span(key, key_len) < key_len) {
		begin_slowly(json, key, key_len);
		comma = head = 0;
	}
	json->comma = true;
	at = buf_grow(json->out, comma + head + len + 2 * (size_t)quoted);
	if (at == NULL)
		return;
	if (comma)
		*at++ = ',';
	if (head > 0) {
		*at++ = '"';
		memcpy(at, key, key_len);
		memcpy(at + key_len, "\":", 2);
		at += key_len + 2;
	}
	if (quoted)
		*at++ = '"';
	memcpy(at, value, len);
	if (quoted)
		at[len] = '"';
}

void
json_object_begin(struct json *json, const char *key)
{
	put(json, key, "{", 1, false);
	json->comma = false;
}

void
json_object_end(struct json *json)
{
	buf_putc(json->out, '}');
	json->comma = true;
}

void
json_array_begin(struct json *json, const char *key)
{
	put(json, key, "[", 1, false);
	json->comma = false;
}

void
json_array_end(struct json *json)
{
	buf_putc(json->out, ']');
	json->comma = true;
}

void
json_bytes(struct json *json, const char *key, const char *bytes, size_t len)
{
	size_t plain = plain_span(bytes, len);

	if (plain == len) {
		put(json, key, len > 0 ? bytes : "", len, true);
		return;
	}
	put(json, key, "", 0, false);
	quote_from(json->out, bytes, len, plain);
}

void
json_cstring(struct json *json, const char *key, const char *string)
{
	if (string == NULL)
		json_none(json, key);
	else
		json_bytes(json, key, string, strlen(string));
}

void
json_text(struct json *json, const char *key, const char *string)
{
	if (string != NULL && *string != '\0')
		json_cstring(json, key, string);
}

void
json_strings(struct json *json, const char *key, const char *const *strings, size_t count)
{
	json_array_begin(json, key);
	for (size_t i = 0; i < count; i++)
		json_cstring(json, NULL, strings[i]);
	json_array_end(json);
}

void
json_number(struct json *json, const char *key, long long number)
{
	char digits[21]; /* of 2^64 and its sign, from behind */
	size_t start = sizeof digits;
	unsigned long long left =
	    number < 0 ? 0ULL - (unsigned long long)number : (unsigned long long)number;

	do
		digits[--start] = (char)('0' + left % 10);
	while ((left /= 10) > 0);
	if (number < 0)
		digits[--start] = '-';
	put(json, key, digits + start, sizeof digits - start, false);
}

/* Whatever the locale says. What is no number, or beyond what anybody counts, is 0. */
void
json_decimal(struct json *json, const char *key, double number)
{
	bool sane = number > -1e12 && number < 1e12;
	long long hundredths = sane ? (long long)(number * 100 + (number < 0 ? -0.5 : 0.5)) : 0;

	put(json, key, "-", hundredths < 0, false);
	hundredths = hundredths < 0 ? -hundredths : hundredths;
	buf_printf(json->out, "%lld.%02lld", hundredths / 100, hundredths % 100);
}

void
json_bool(struct json *json, const char *key, bool value)
{
	put(json, key, value ? "true" : "false", value ? 4 : 5, false);
}

void
json_none(struct json *json, const char *key)
{
	put(json, key, "null", 4, false);
}
