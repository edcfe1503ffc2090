#include "base/json.h"

#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"

void
json_start(struct json *json, struct buf *out)
{
	*json = (struct json){.out = out};
}

/* ASCII that stands for itself. */
static bool
is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void
quote(struct buf *out, const char *bytes, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *s = (const unsigned char *)bytes;
	size_t plain = 0;

	buf_putc(out, '"');
	for (size_t i = 0; i < len;) {
		size_t n = is_plain(s[i]) ? 1 : s[i] < 0x80 ? 0 : utf8_len(bytes + i, len - i);

		if (n > 0) {
			i += n;
			continue;
		}
		buf_add(out, bytes + plain, i - plain);
		if (s[i] == '"' || s[i] == '\\') {
			char two[2] = {'\\', bytes[i]};

			buf_add(out, two, 2);
		} else {
			char six[6] = {'\\', 'u', '0', '0', hex[s[i] >> 4], hex[s[i] & 15]};

			buf_add(out, six, 6);
		}
		plain = ++i;
	}
	buf_add(out, bytes + plain, len - plain);
	buf_putc(out, '"');
}

static void
begin(struct json *json, const char *key)
{
	if (json->comma)
		buf_putc(json->out, ',');
	json->comma = true;
	if (key != NULL) {
		quote(json->out, key, strlen(key));
		buf_putc(json->out, ':');
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
	begin(json, key);
	buf_printf(json->out, "%lld", number);
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
