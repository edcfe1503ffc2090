/* What reaches a terminal: every code point of the dangerous classes, and whatever octets come. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/shown.h"
#include "base/utf8.h"

static size_t
encode(uint32_t code, char out[4])
{
	static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	for (size_t i = len; i-- > 1; code >>= 6)
		out[i] = (char)(0x80 | (code & 0x3f));
	out[0] = (char)(len == 1 ? code : lead[len] | code);
	return len;
}

static bool
must_not_be_shown(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x2069) || c == 0xfeff ||
	       (c >= 0xe0000 && c <= 0xe0fff);
}

static bool
must_be_shown(uint32_t c)
{
	return (c >= 0x20 && c < 0x7f) || (c >= 0xa0 && c < 0x300 && c != 0xad) ||
	       (c >= 0x370 && c < 0x600) || (c >= 0x3041 && c < 0x3100) ||
	       (c >= 0x4e00 && c < 0xa000) || (c >= 0xac00 && c < 0xd7a4) ||
	       (c >= 0x2010 && c < 0x2028) || (c >= 0x1f300 && c < 0x1f700) || c == 0xfffd;
}

Test(shown, every_code_point)
{
	char bytes[4], escape[SHOWN_ESCAPE], expected[SHOWN_ESCAPE];

	for (uint32_t code = 0; code <= 0x10ffff; code++) {
		size_t len;

		if (code >= 0xd800 && code <= 0xdfff)
			continue;
		len = encode(code, bytes);
		cr_assert_eq(utf8_len(bytes, len), len, "U+%04X", code);
		cr_assert_eq(utf8_code(bytes, len), code, "U+%04X", code);
		cr_assert_eq(shown_next(bytes, len, escape), len, "U+%04X", code);
		cr_assert_eq(*escape == '\0', shown_as_it_is(code), "U+%04X", code);
		if (must_not_be_shown(code))
			cr_assert_not(shown_as_it_is(code), "U+%04X", code);
		if (must_be_shown(code))
			cr_assert(shown_as_it_is(code), "U+%04X", code);
		snprintf(expected, sizeof expected, code < 0x80 ? "\\x%02x" : "\\u{%04X}", code);
		if (*escape != '\0')
			cr_assert_str_eq(escape, expected);
	}
}

Test(shown, octets_that_are_no_character)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *shown;
	} cases[] = {
	    {"caf\xc3\xa9", 5, "caf\xc3\xa9"},
	    {"caf\xe9 x", 6, "caf\\xe9 x"},
	    {"\x9b"
	     "31m",
	        4, "\\x9b31m"},
	    {"\xc2\x9b"
	     "31m",
	        5, "\\u{009B}31m"},
	    {"\xc2", 1, "\\xc2"},
	    {"\xe2\x80", 2, "\\xe2\\x80"},
	    {"\xe2\x80\xae", 3, "\\u{202E}"},
	    {"\xed\xa0\x80", 3, "\\xed\\xa0\\x80"}, /* a surrogate */
	    {"\xc0\x9b", 2, "\\xc0\\x9b"}, /* overlong */
	    {"\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80"}, /* above U+10FFFF */
	    {"\xf3\xa0\x81\x81", 4, "\\u{E0041}"},
	    {"a\0b\tc\n\r", 7, "a\\x00b\\x09c\\x0a\\x0d"},
	    {"\x1b[31m", 5, "\\x1b[31m"},
	    {"", 0, ""},
	};
	struct buf out;

	buf_init(&out, 1000);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		buf_clear(&out);
		shown_add(&out, cases[i].bytes, cases[i].len);
		cr_expect_str_eq(out.data, cases[i].shown);
	}
	buf_release(&out);
}

/* Valid UTF-8, and no character that must not be there. */
static void
expect_safe(const char *bytes, size_t len, bool layout)
{
	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_len(bytes + i, len - i);
		cr_assert_neq(n, 0, "not UTF-8 at %zu: %02x", i, (unsigned char)bytes[i]);
		if (layout && (bytes[i] == '\n' || bytes[i] == '\t'))
			continue;
		if (layout && bytes[i] == '\033') {
			cr_assert(i + 4 <= len && bytes[i + 1] == '[');
			continue;
		}
		cr_assert_not(must_not_be_shown(utf8_code(bytes + i, n)), "at %zu", i);
	}
}

static size_t
random_octets(char *bytes, size_t max)
{
	size_t len = 0, wanted = (size_t)rand() % max;

	while (len + 4 <= wanted)
		if (rand() % 3 == 0)
			bytes[len++] = (char)rand();
		else
			len += encode(rand() % 2 ? (uint32_t)rand() % 0x300
			                         : 0x2000 + (uint32_t)rand() % 0x100,
			    bytes + len);
	return len;
}

Test(shown, whatever_comes)
{
	char bytes[200];
	struct buf out, twice, guarded;
	struct json json;

	buf_init(&out, 100000);
	buf_init(&twice, 100000);
	buf_init(&guarded, 100000);
	srand(1);
	for (unsigned round = 0; round < 20000; round++) {
		size_t len = random_octets(bytes, sizeof bytes);

		buf_clear(&out);
		shown_add(&out, bytes, len);
		expect_safe(out.data, out.len, false);
		buf_clear(&twice);
		shown_add(&twice, out.data, out.len);
		cr_assert_str_eq(twice.data, out.data, "what is shown, is shown as it is");
		buf_clear(&guarded);
		buf_add(&guarded, bytes, len);
		shown_guard(&guarded);
		expect_safe(guarded.data, guarded.len, true);
		buf_clear(&out);
		json_start(&json, &out);
		json_bytes(&json, NULL, bytes, len);
		expect_safe(out.data, out.len, false);
	}
	buf_release(&out);
	buf_release(&twice);
	buf_release(&guarded);
}

Test(shown, the_guard_lets_our_own_layout_pass)
{
	static const char ours[] =
	    "\033[1mexample.com\033[0m: \033[31mrefused\033[0m\n\tcaf\xc3\xa9\n";
	struct buf text;

	buf_init(&text, 100);
	buf_puts(&text, ours);
	shown_guard(&text);
	cr_expect_str_eq(text.data, ours);
	buf_puts(&text, "a\033[2Jb\rc\033");
	shown_guard(&text);
	cr_expect_not_null(strstr(text.data, "\na\\x1b[2Jb\\x0dc\\x1b"), "%s", text.data);
	cr_expect_eq(text.max, 100);
	buf_release(&text);
}

Test(json, is_safe_to_look_at_and_loses_nothing)
{
	char bytes[4];
	struct buf out;
	struct json json;

	buf_init(&out, 1000);
	for (uint32_t code = 0; code <= 0x10ffff; code++) {
		size_t len;
		json_t *back;

		if ((code >= 0xd800 && code <= 0xdfff) || (code > 0x3000 && code % 61 != 0))
			continue;
		len = encode(code, bytes);
		buf_clear(&out);
		json_start(&json, &out);
		json_bytes(&json, NULL, bytes, len);
		expect_safe(out.data, out.len, false);
		back = json_loadb(out.data, out.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		cr_assert_not_null(back, "U+%04X: %s", code, out.data);
		cr_assert_eq(json_string_length(back), len);
		cr_assert_eq(memcmp(json_string_value(back), bytes, len), 0, "U+%04X", code);
		json_decref(back);
	}
	buf_release(&out);
}

Test(log, is_filtered_too, .init = cr_redirect_stderr)
{
	log_error("%s", "a\xc2\x9b"
	                "31m \x9b \xe2\x80\xae \xef\xbb\xbf\xf3\xa0\x81\x81 \xc3\xa9");
	cr_assert_stderr_eq_str(
	    "mxwalk: a\\u{009B}31m \\x9b \\u{202E} \\u{FEFF}\\u{E0041} \xc3\xa9\n");
}
