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
are_plain(const char *bytes)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t eight, quote, slash;

	memcpy(&eight, bytes, sizeof eight);
	quote = eight ^ ones * '"';
	slash = eight ^ ones * '\\';
	return (((eight - ones * 0x20) | (quote - ones) | (slash - ones) | (eight + ones) | eight) &
	           ones * 0x80) == 0;
}

static size_t
plain_span(const char *bytes, size_t len)
{
	size_t n = 0;

	while (n + 8 <= len && are_plain(bytes + n))
		n += 8;
	if (len >= 8 && n + 8 > len && are_plain(bytes + len - 8))
		return len;
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

/* Nearly all strings are plain, and go in at once. */
static void
quote(struct buf *out, const char *bytes, size_t len)
{
	size_t plain = plain_span(bytes, len);
	char *quoted;

	if (plain < len) {
		quote_from(out, bytes, len, plain);
		return;
	}
	quoted = buf_grow(out, len + 2);
	if (quoted == NULL)
		return;
	*quoted = '"';
	if (len > 0)
		memcpy(quoted + 1, bytes, len);
	quoted[len + 1] = '"';
}

/* Nearly all keys are plain, and go in at once with what is around them. */
static void
begin(struct json *json, const char *key)
{
	size_t comma = json->comma, len = key != NULL ? strlen(key) : 0;
	bool plain = plain_span(key, len) == len;
	char *head = buf_grow(json->out, comma + (key != NULL && plain ? len + 3 : 0));

	json->comma = true;
	if (head != NULL && comma)
		*head++ = ',';
	if (key != NULL && !plain) {
		quote(json->out, key, len);
		buf_putc(json->out, ':');
	} else if (key != NULL && head != NULL) {
		*head++ = '"';
		memcpy(head, key, len);
		memcpy(head + len, "\":", 2);
	}
}

void
json_object_begin(struct json *json, const char *key)
{
	begin(json, key);
	buf_putc(json->out, '{');
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
	begin(json, key);
	buf_putc(json->out, '[');
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
	begin(json, key);
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
	char digits[20]; /* of 2^64, from behind */
	size_t start = sizeof digits;
	unsigned long long left =
	    number < 0 ? 0ULL - (unsigned long long)number : (unsigned long long)number;

	begin(json, key);
	do
		digits[--start] = (char)('0' + left % 10);
	while ((left /= 10) > 0);
	if (number < 0)
		buf_putc(json->out, '-');
	buf_add(json->out, digits + start, sizeof digits - start);
}

/* Whatever the locale says. What is no number, or beyond what anybody counts, is 0. */
void
json_decimal(struct json *json, const char *key, double number)
{
	bool sane = number > -1e12 && number < 1e12;
	long long hundredths = sane ? (long long)(number * 100 + (number < 0 ? -0.5 : 0.5)) : 0;

	begin(json, key);
	if (hundredths < 0)
		buf_putc(json->out, '-');
	hundredths = hundredths < 0 ? -hundredths : hundredths;
	buf_printf(json->out, "%lld.%02lld", hundredths / 100, hundredths % 100);
}

void
json_bool(struct json *json, const char *key, bool value)
{
	begin(json, key);
	buf_puts(json->out, value ? "true" : "false");
}

void
json_none(struct json *json, const char *key)
{
	begin(json, key);
	buf_puts(json->out, "null");
}
