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

static size_t
plain_span(const char *bytes, size_t len)
{
	size_t n = 0;
	uint64_t eight;

	for (; n + sizeof eight <= len; n += sizeof eight) {
		memcpy(&eight, bytes + n, sizeof eight);
		if (!are_plain(eight))
			break;
	}
	while (n < len && is_plain((unsigned char)bytes[n]))
		n++;
	return n;
}

/* Looked at and copied in one go. The last eight, or the first and last four, overlap what was
 * copied before. False: not all are plain. */
static bool
copy_plain(char *to, const char *bytes, size_t len)
{
	uint64_t eight;
	uint32_t first, last;

	if (len >= sizeof eight) {
		for (size_t n = 0;; n += sizeof eight) {
			if (n + sizeof eight > len)
				n = len - sizeof eight;
			memcpy(&eight, bytes + n, sizeof eight);
			memcpy(to + n, &eight, sizeof eight);
			if (!are_plain(eight))
				return false;
			if (n + sizeof eight == len)
				return true;
		}
	}
	if (len >= sizeof first) {
		memcpy(&first, bytes, sizeof first);
		memcpy(&last, bytes + len - sizeof last, sizeof last);
		memcpy(to, &first, sizeof first);
		memcpy(to + len - sizeof last, &last, sizeof last);
		return are_plain(first | (uint64_t)last << 32);
	}
	for (size_t i = 0; i < len; i++)
		to[i] = bytes[i];
	return plain_span(bytes, len) == len;
}

/* In quotation marks, with what may not stand for itself. */
static void
quote(struct buf *out, const char *bytes, size_t len)
{
	size_t plain = 0; /* where those begin that stand for themselves */

	buf_putc(out, '"');
	for (size_t i = 0; (i += plain_span(bytes + i, len - i)) < len;) {
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

/* As buf_grow, of which each value of a record would be a call: there is nearly always room. */
static char *
grow(struct buf *out, size_t len)
{
	char *at = out->data + out->len;

	if (len == 0 || len >= out->size - out->len)
		return buf_grow(out, len);
	out->len += len;
	at[len] = '\0';
	return at;
}

/* A comma and a key as they are needed before a value for which `len` octets of room are made as
 * well: where it begins. NULL: there is no room. */
static char *
begin(struct json *json, const char *key, size_t len)
{
	size_t comma = json->comma, key_len;
	char *at;

	json->comma = true;
	if (key == NULL) {
		at = grow(json->out, comma + len);
		if (at != NULL && comma > 0)
			*at++ = ',';
		return at;
	}
	key_len = strlen(key);
	at = grow(json->out, comma + key_len + 3 + len);
	if (at == NULL)
		return NULL;
	if (comma > 0)
		*at++ = ',';
	*at = '"';
	if (copy_plain(at + 1, key, key_len)) {
		memcpy(at + 1 + key_len, "\":", 2);
		return at + key_len + 3;
	}
	json->out->len = (size_t)(at - json->out->data); /* octet by octet, then */
	quote(json->out, key, key_len);
	buf_putc(json->out, ':');
	return buf_grow(json->out, len);
}

/* A few octets that need no quotation marks. */
static void
put(struct json *json, const char *key, const char *value, size_t len)
{
	char *at = begin(json, key, len);

	for (size_t i = 0; at != NULL && i < len; i++)
		at[i] = value[i];
}

void
json_object_begin(struct json *json, const char *key)
{
	put(json, key, "{", 1);
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
	put(json, key, "[", 1);
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
	char *at = begin(json, key, len + 2);

	if (at == NULL)
		return;
	*at = '"';
	if (copy_plain(at + 1, bytes, len)) {
		at[len + 1] = '"';
		return;
	}
	json->out->len = (size_t)(at - json->out->data);
	quote(json->out, bytes, len);
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
	put(json, key, digits + start, sizeof digits - start);
}

/* Whatever the locale says. What is no number, or beyond what anybody counts, is 0. */
void
json_decimal(struct json *json, const char *key, double number)
{
	bool sane = number > -1e12 && number < 1e12;
	long long hundredths = sane ? (long long)(number * 100 + (number < 0 ? -0.5 : 0.5)) : 0;

	put(json, key, "-", hundredths < 0);
	hundredths = hundredths < 0 ? -hundredths : hundredths;
	buf_printf(json->out, "%lld.%02lld", hundredths / 100, hundredths % 100);
}

void
json_bool(struct json *json, const char *key, bool value)
{
	put(json, key, value ? "true" : "false", value ? 4 : 5);
}

void
json_none(struct json *json, const char *key)
{
	put(json, key, "null", 4);
}
