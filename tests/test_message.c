/* Messages: composed, taken from a file, stuffed; and the addresses they go between. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "mail/address.h"
#include "mail/message.h"
#include "mail/mime.h"

#define BYTES(s) s, sizeof(s) - 1
#define COUNT(a) (sizeof(a) / sizeof *(a))
#define FIFTY "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"

static struct buf out;
static const char *why;

static void
setup(void)
{
	buf_init(&out, MESSAGE_MAX);
	why = NULL;
}

static void
teardown(void)
{
	buf_release(&out);
}

TestSuite(address, .init = setup, .fini = teardown);
TestSuite(stuff, .init = setup, .fini = teardown);
TestSuite(file, .init = setup, .fini = teardown);
TestSuite(mime, .init = setup, .fini = teardown);
TestSuite(compose, .init = setup, .fini = teardown);

/* What must hold for all that goes on the wire. */
static void
expect_fit(const struct buf *message)
{
	size_t line = 0;

	cr_expect(
	    message->len == 0 ||
	        (message->len >= 2 && memcmp(message->data + message->len - 2, "\r\n", 2) == 0),
	    "no CRLF at the end");
	for (size_t i = 0; i < message->len; i++) {
		if (message->data[i] == '\r')
			cr_assert(message->data[i + 1] == '\n', "a bare CR at %zu", i);
		if (message->data[i] == '\n')
			cr_assert(i > 0 && message->data[i - 1] == '\r', "a bare LF at %zu", i);
		cr_assert(message->data[i] != '\0', "a NUL at %zu", i);
		line = message->data[i] == '\n' ? 0 : line + 1;
		cr_assert_leq(line, MIME_LINE_MAX + 1, "a line over 998");
	}
}

/* ---- addresses */

Test(address, good)
{
	static const struct {
		const char *address;
		size_t at;
	} good[] = {
	    {"user@example.org", 4}, {"user@localhost", 4}, {"u@e", 1},
	    {"first.last@example.org", 10}, {"a.b.c.d@example.org", 7}, {"user+tag@example.org", 8},
	    {"!#$%&'*+-/=?^_`{|}~@example.org", 19}, {"123@example.org", 3},
	    {"user@123.example", 4}, {"user@xn--bcher-kva.example", 4}, {"user@a-b.example", 4},
	    {"USER@EXAMPLE.ORG", 4}, {"\"user\"@example.org", 6}, {"\"\"@example.org", 2},
	    {"\"a b\"@example.org", 5}, {"\"a@b\"@example.org", 5}, {"\"a..b\"@example.org", 6},
	    {"\"a\\\"b\"@example.org", 6}, {"\"a\\\\\"@example.org", 5},
	    {"\"a\\@b\"@example.org", 6}, {"\"<>()[],;:\"@example.org", 11},
	    {"user@[192.0.2.1]", 4}, {"user@[IPv6:2001:db8::1]", 4}, {"user@[ipv6:::1]", 4},
	    {"user@[IPv6:::ffff:192.0.2.1]", 4}, {"j\xc3\xbcrgen@example.org", 7},
	    {"user@b\xc3\xbc"
	     "cher.example",
	        4},
	    {"\xe7\x94\xa8\xe6\x88\xb7@\xe4\xbe\x8b\xe5\xad\x90.example", 6},
	    {"\"j\xc3\xbcrgen\"@example.org", 9}, {FIFTY "01234567890123@example.org", 64},
	    {"u@" FIFTY "0123456789012.example", 1},
	    {"u@" FIFTY "." FIFTY "." FIFTY "." FIFTY "."
	     "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeee",
	        1}, /* 254 in all */
	};

	for (size_t i = 0; i < COUNT(good); i++) {
		size_t at = 999;

		cr_expect(
		    address_valid(good[i].address, &at, &why), "%s: %s", good[i].address, why);
		cr_expect_eq(at, good[i].at, "%s: at %zu", good[i].address, at);
	}
}

Test(address, bad)
{
	static const struct {
		const char *address, *why; /* a part of it */
	} bad[] = {
	    {"", "empty"},
	    {"@", "no local part"},
	    {"@example.org", "no local part"},
	    {"user", "no '@'"},
	    {"postmaster", "no '@'"},
	    {"user@", "no domain"},
	    {"\"user\"", "no '@'"},
	    {".user@example.org", "dot"},
	    {"user.@example.org", "dot"},
	    {"us..er@example.org", "dot"},
	    {"us er@example.org", "character"},
	    {" user@example.org", "character"},
	    {"<user@example.org>", "character"},
	    {"us<er@example.org", "character"},
	    {"us,er@example.org", "character"},
	    {"us:er@example.org", "character"},
	    {"us;er@example.org", "character"},
	    {"us(er)@example.org", "character"},
	    {"us\\er@example.org", "character"},
	    {"us\"er@example.org", "character"},
	    {"\"us\"er@example.org", "character"},
	    {"\"user@example.org", "closing quote"},
	    {"\"user\\\"@example.org", "closing quote"},
	    {"\"user\\", "closing quote"},
	    {"\"", "closing quote"},
	    {"user@a@b", "letters"},
	    {"user@example.org ", "letters"},
	    {"user@exam ple.org", "letters"},
	    {"user@example_org", "letters"},
	    {"user@example.org>", "letters"},
	    {"user@example.org> SIZE=1", "letters"},
	    {"user@.example.org", "empty label"},
	    {"user@example..org", "empty label"},
	    {"user@example.org.", "empty label"},
	    {"user@-example.org", "hyphen"},
	    {"user@example-.org", "hyphen"},
	    {"user@example.org\r\nDATA", "control"},
	    {"user\r\n@example.org", "control"},
	    {"\"us\r\ner\"@example.org", "control"},
	    {"user@example.org\n", "control"},
	    {"us\ter@example.org", "control"},
	    {"\"us\ter\"@example.org", "control"},
	    {"user\177@example.org", "control"},
	    {"us\033er@example.org", "control"},
	    {"us\xfc"
	     "er@example.org",
	        "UTF-8"},
	    {"user@ex\xc3mple.org", "UTF-8"},
	    {"us\xc0\xaf"
	     "er@example.org",
	        "UTF-8"},
	    {"us\xed\xa0\x80@example.org", "UTF-8"},
	    {"user@[192.0.2.1", "literal"},
	    {"user@[192.0.2.256]", "literal"},
	    {"user@[192.0.2]", "literal"},
	    {"user@[192.0.2.1]x", "literal"},
	    {"user@[]", "literal"},
	    {"user@[", "literal"},
	    {"user@[IPv6:]", "literal"},
	    {"user@[IPv6:2001:db8::1", "literal"},
	    {"user@[IPv6:192.0.2.1]", "literal"},
	    {"user@[2001:db8::1]", "literal"},
	    {"user@[IPv6:fe80::1%eth0]", "literal"},
	    {"user@[IPv6:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]", "literal"},
	    {"user@[x400:c=de]", "literal"},
	    {FIFTY "012345678901234@example.org", "64"},
	    {"u@" FIFTY "01234567890123.example", "63"},
	    {"u@" FIFTY "." FIFTY "." FIFTY "." FIFTY "."
	     "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeee",
	        "254"},
	    {"u@" FIFTY "." FIFTY "." FIFTY "." FIFTY "." FIFTY "x", "254"}, /* a domain of 255 */
	    {"u@" FIFTY "." FIFTY "." FIFTY "." FIFTY "." FIFTY "xx", "255"},
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		size_t at;

		why = NULL;
		cr_expect_not(
		    address_valid(bad[i].address, &at, &why), "\"%s\" is good?", bad[i].address);
		cr_expect(why != NULL && strstr(why, bad[i].why) != NULL, "\"%s\": %s",
		    bad[i].address, why);
	}
}

Test(address, says_where_SMTPUTF8_is_needed)
{
	static const char local[] = "j\xc3\xbcrgen@example.org", domain[] = "user@b\xc3\xbc"
	                                                                    "cher.example";
	size_t at;

	cr_assert(address_valid(local, &at, &why));
	cr_expect(message_is_8bit(local, at));
	cr_assert(address_valid(domain, &at, &why));
	cr_expect_not(message_is_8bit(domain, at), "its domain can be an A-label");
}

/* ---- stuffing */

Test(stuff, exact)
{
	static const struct {
		const char *name, *bytes;
		size_t len;
		const char *stuffed;
	} cases[] = {
	    {"empty", BYTES(""), ".\r\n"},
	    {"no dot", BYTES("a\r\nb\r\n"), "a\r\nb\r\n.\r\n"},
	    {"a dot at the start", BYTES(".a\r\n"), "..a\r\n.\r\n"},
	    {"a dot behind CRLF", BYTES("a\r\n.b\r\n"), "a\r\n..b\r\n.\r\n"},
	    {"only a dot", BYTES(".\r\n"), "..\r\n.\r\n"},
	    {"two dots", BYTES("..\r\n"), "...\r\n.\r\n"},
	    {"dots on every line", BYTES(".\r\n.\r\n.\r\n"), "..\r\n..\r\n..\r\n.\r\n"},
	    {"a dot within", BYTES("a.b\r\nc.\r\n"), "a.b\r\nc.\r\n.\r\n"},
	    {"empty lines", BYTES("\r\n\r\n.\r\n\r\n"), "\r\n\r\n..\r\n\r\n.\r\n"},
	    {"no end of line", BYTES("a"), "a\r\n.\r\n"},
	    {"no end of line behind a dot", BYTES("a\r\n."), "a\r\n..\r\n.\r\n"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_clear(&out);
		message_stuff(cases[i].bytes, cases[i].len, &out);
		cr_expect_str_eq(out.data, cases[i].stuffed, "%s: \"%s\"", cases[i].name, out.data);
	}
}

Test(stuff, the_worst_message_fits)
{
	enum { LINES = 3000 };
	char *bytes = malloc(LINES * 3);

	for (size_t i = 0; i < LINES; i++)
		memcpy(bytes + i * 3, ".\r\n", 3);
	message_stuff(bytes, LINES * 3, &out);
	cr_expect_leq(out.len, LINES * 3 / 3 * 4 + 16, "the reckoning behind MESSAGE_WIRE_MAX");
	free(bytes);
}

/* ---- a user's message */

Test(file, mends_line_ends_only)
{
	static const struct {
		const char *name, *bytes;
		size_t len;
		const char *message;
	} cases[] = {
	    {"empty", BYTES(""), ""},
	    {"LF", BYTES("A: b\n\nc\n"), "A: b\r\n\r\nc\r\n"},
	    {"CR", BYTES("A: b\r\rc\r"), "A: b\r\n\r\nc\r\n"},
	    {"CRLF", BYTES("A: b\r\n\r\nc\r\n"), "A: b\r\n\r\nc\r\n"},
	    {"mixed", BYTES("a\nb\rc\r\nd"), "a\r\nb\r\nc\r\nd\r\n"},
	    {"CR CR LF is two", BYTES("a\r\r\nb\n"), "a\r\n\r\nb\r\n"},
	    {"LF CR is two", BYTES("a\n\rb\n"), "a\r\n\r\nb\r\n"},
	    {"CR at the end", BYTES("a\r"), "a\r\n"},
	    {"no end", BYTES("a"), "a\r\n"},
	    {"only a line end", BYTES("\n"), "\r\n"},
	    {"empty lines at the end stay", BYTES("a\n\n\n"), "a\r\n\r\n\r\n"},
	    {"mbox", BYTES("From a@example.org Thu Jan  1 00:00:00 2026\nA: b\n"), "A: b\r\n"},
	    {"mbox, later", BYTES("A: b\nFrom a\n"), "A: b\r\nFrom a\r\n"},
	    {"From: is no mbox line", BYTES("From: a\nB: c\n"), "From: a\r\nB: c\r\n"},
	    {"dots, blanks, 8-bit, control bytes", BYTES(".\n \t \n\xff\x01\n"),
	        ".\r\n \t \r\n\xff\x01\r\n"},
	    {"percent signs without a plan", BYTES("A: %DATE%\n"), "A: %DATE%\r\n"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		unsigned line;

		buf_clear(&out);
		cr_expect(message_from_file(cases[i].bytes, cases[i].len, NULL, &out, &why, &line),
		    "%s: %s", cases[i].name, why);
		cr_expect_str_eq(out.data, cases[i].message, "%s: \"%s\"", cases[i].name, out.data);
		expect_fit(&out);
	}
}

Test(file, refuses_a_NUL)
{
	unsigned line;

	cr_assert_not(message_from_file(BYTES("A: b\r\n\r\nc\0d\r\n"), NULL, &out, &why, &line));
	cr_expect_str_eq(why, "a NUL byte");
	cr_expect_eq(line, 3);
}

Test(file, limit_of_a_line)
{
	char *bytes = malloc(2 + 1000);

	memset(bytes, 'x', 1002);
	bytes[0] = 'a';
	bytes[1] = '\n';
	for (size_t len = MIME_LINE_MAX - 1; len <= MIME_LINE_MAX + 1; len++) {
		unsigned line;

		buf_clear(&out);
		cr_expect_eq(message_from_file(bytes, 2 + len, NULL, &out, &why, &line),
		    len <= MIME_LINE_MAX, "%zu", len);
		if (len > MIME_LINE_MAX) {
			cr_expect_not_null(strstr(why, "998"));
			cr_expect_eq(line, 2);
		}
	}
	free(bytes);
}

Test(file, limit_of_a_message)
{
	struct buf small;

	for (size_t max = 5; max <= 7; max++) {
		unsigned line;

		buf_init(&small, max);
		cr_expect_eq(
		    message_from_file(BYTES("a\nb\n"), NULL, &small, &why, &line), max >= 6);
		if (max < 6) {
			cr_expect_not_null(strstr(why, "too large"));
			cr_expect_eq(line, 0);
		}
		buf_release(&small);
	}
}

static const struct message_plan plain = {
    .from = "a@example.org",
    .to = "b@example.com",
    .helo = "mail.example.org",
    .now = 1767225600,
    .zone = 60,
    .random = {0x0123456789abcdefull, 42},
    .version = "mxwalk 9.9",
};

Test(file, replaces_tokens)
{
	static const char bytes[] =
	    "From: <%FROM_ADDRESS%>\nTo: %TO_ADDRESS%, %TO_ADDRESS%\nDate: %DATE%\nMessage-ID: "
	    "<%MESSAGEID%>\nX: 100% %DATE %NONE%%DATE%%\n\n%DATE%\n";
	unsigned line;

	cr_assert(message_from_file(bytes, sizeof bytes - 1, &plain, &out, &why, &line));
	cr_expect_str_eq(out.data,
	    "From: <a@example.org>\r\nTo: b@example.com, b@example.com\r\nDate: Thu, 1 Jan 2026 "
	    "01:00:00 +0100\r\n"
	    "Message-ID: <0123456789abcdef000000000000002a@mail.example.org>\r\n"
	    "X: 100% %DATE %NONE%Thu, 1 Jan 2026 01:00:00 +0100%\r\n\r\nThu, 1 Jan 2026 01:00:00 "
	    "+0100\r\n");
}

Test(file, tokens_bring_in_no_lines)
{
	struct message_plan plan = plain;
	unsigned line;

	plan.to = "b@example.com\r\nBcc: c@example.com";
	cr_expect_not(message_from_file(BYTES("To: %TO_ADDRESS%\n"), &plan, &out, &why, &line));
	cr_expect_not_null(strstr(why, "control byte"));
}

/* ---- encodings */

Test(mime, base64)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *text;
	} cases[] = {
	    {BYTES(""), ""},
	    {BYTES("f"), "Zg==\r\n"},
	    {BYTES("fo"), "Zm8=\r\n"},
	    {BYTES("foo"), "Zm9v\r\n"},
	    {BYTES("\0\xff"), "AP8=\r\n"},
	    {BYTES("012345678901234567890123456789012345678901234567890123456"),
	        "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2\r\n"},
	    {BYTES("0123456789012345678901234567890123456789012345678901234567"),
	        "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2\r\nNw"
	        "==\r\n"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_clear(&out);
		mime_base64(cases[i].bytes, cases[i].len, &out);
		cr_expect_str_eq(out.data, cases[i].text);
	}
}

Test(mime, quoted_printable)
{
	static const struct {
		const char *line;
		size_t len;
		const char *text;
	} cases[] = {
	    {BYTES(""), "\r\n"},
	    {BYTES("a b\tc"), "a b\tc\r\n"},
	    {BYTES("1=2"), "1=3D2\r\n"},
	    {BYTES("a "), "a=20\r\n"},
	    {BYTES("a\t"), "a=09\r\n"},
	    {BYTES(" "), "=20\r\n"},
	    {BYTES("\xc3\xa9\xff"), "=C3=A9=FF\r\n"},
	    {BYTES("\0\033\177"), "=00=1B=7F\r\n"},
	    {BYTES(FIFTY "aaaaaaaaaabbbbbbbbbbccccc"), FIFTY "aaaaaaaaaabbbbbbbbbbccccc\r\n"},
	    {BYTES(FIFTY "aaaaaaaaaabbbbbbbbbbcccccc"),
	        FIFTY "aaaaaaaaaabbbbbbbbbbccccc=\r\nc\r\n"},
	    {BYTES(FIFTY "aaaaaaaaaabbbbbbbbbbccc=c"),
	        FIFTY "aaaaaaaaaabbbbbbbbbbccc=\r\n=3Dc\r\n"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_clear(&out);
		mime_quoted_printable(cases[i].line, cases[i].len, &out);
		cr_expect_str_eq(out.data, cases[i].text, "%zu: \"%s\"", i, out.data);
	}
}

Test(mime, words)
{
	static const struct {
		enum mime_field field;
		const char *value, *words;
	} cases[] = {
	    {MIME_TEXT, "", ""},
	    {MIME_TEXT, "plain words", "plain words"},
	    {MIME_TEXT, "a  b\tc", "a  b\tc"},
	    {MIME_TEXT, "\xc3\xa9", "=?UTF-8?B?w6k=?="},
	    {MIME_TEXT, "a \xc3\xa9 b", "a =?UTF-8?B?w6k=?= b"},
	    {MIME_TEXT, "a \xc3\xa9  \xc3\xa9 b", "a =?UTF-8?B?w6kgIMOp?= b"},
	    {MIME_TEXT, "\"\xc3\xa9 b\"", "=?UTF-8?B?IsOp?= b\""},
	    {MIME_TEXT, "=?UTF-8?B?w6k=?=", "=?UTF-8?B?w6k=?="},
	    {MIME_ADDRESSES, "a@example.org", "a@example.org"},
	    {MIME_ADDRESSES, "\"A, B\" <a@example.org>", "\"A, B\" <a@example.org>"},
	    {MIME_ADDRESSES, "\xc3\xa9 <a@example.org>", "=?UTF-8?B?w6k=?= <a@example.org>"},
	    {MIME_ADDRESSES, "\xc3\xa9 \xc3\xa9 <a@example.org>",
	        "=?UTF-8?B?w6kgw6k=?= <a@example.org>"},
	    {MIME_ADDRESSES, "\"\xc3\xa9, \\\"x\\\"\" <a@example.org>",
	        "=?UTF-8?B?w6ksICJ4Ig==?= <a@example.org>"},
	    {MIME_ADDRESSES, "\"\xc3\xa9\" \xc3\xa9 <a@example.org>",
	        "=?UTF-8?B?w6kgw6k=?= <a@example.org>"},
	    {MIME_ADDRESSES, "\"\xc3\xa9@x\" <a@example.org>",
	        "=?UTF-8?B?w6lAeA==?= <a@example.org>"},
	    {MIME_ADDRESSES, "j\xc3\xbcrgen@example.org", "j\xc3\xbcrgen@example.org"},
	    {MIME_ADDRESSES, "J <j\xc3\xbcrgen@example.org>, b@example.org",
	        "J <j\xc3\xbcrgen@example.org>, b@example.org"},
	    {MIME_ADDRESSES, "\"j \xc3\xbc\"@example.org", "\"j \xc3\xbc\"@example.org"},
	    {MIME_ADDRESSES,
	        "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
	        "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9 "
	        "<a@b>",
	        "=?UTF-8?B?w6nDqcOpw6nDqcOpw6nDqcOpw6nDqcOpw6nDqcOpw6nDqcOpw6k=?= =?UTF-8?B?w6k=?= "
	        "<a@b>"},
	    {MIME_TOKENS, "text/plain", "text/plain"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_clear(&out);
		cr_expect(mime_words(cases[i].value, cases[i].field, &out, &why), "%s: %s",
		    cases[i].value, why);
		cr_expect_str_eq(out.data, cases[i].words, "%s: %s", cases[i].value, out.data);
	}
}

Test(mime, words_that_cannot_be)
{
	static const struct {
		enum mime_field field;
		const char *value, *why;
	} cases[] = {
	    {MIME_TOKENS, "text/pl\xc3\xa9in", "ASCII"},
	    {MIME_ADDRESSES, "\"A <a@example.org>", "quoted string"},
	    {MIME_ADDRESSES, "\xc3\xa9 \"A <a@example.org>", "quoted string"},
	    {MIME_ADDRESSES, "\xc3\xa9<a@example.org>", "plain words"},
	    {MIME_ADDRESSES, "\xc3\xa9, A <a@example.org>", "plain words"},
	    {MIME_ADDRESSES, "a@example.org (\xc3\xa9)", "plain words"},
	    {MIME_ADDRESSES, "\"\xc3\xa9\"\"b\" <a@example.org>", "plain words"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		why = NULL;
		cr_expect_not(
		    mime_words(cases[i].value, cases[i].field, &out, &why), "%s", cases[i].value);
		cr_expect(why != NULL && strstr(why, cases[i].why) != NULL, "%s: %s",
		    cases[i].value, why);
	}
}

Test(mime, fold)
{
	static const struct {
		const char *value, *field;
	} cases[] = {
	    {"", "Name:\r\n"},
	    {"a", "Name: a\r\n"},
	    {FIFTY " 012345678901234567890", "Name: " FIFTY " 012345678901234567890\r\n"}, /* 78 */
	    {FIFTY " 0123456789012345678901", "Name: " FIFTY "\r\n 0123456789012345678901\r\n"},
	    {FIFTY " \t 0123456789012345678901",
	        "Name: " FIFTY "\r\n \t 0123456789012345678901\r\n"},
	    {FIFTY "aaaaaaaaaabbbbbbbbbbcc b", "Name: " FIFTY "aaaaaaaaaabbbbbbbbbbcc\r\n b\r\n"},
	    {FIFTY "aaaaaaaaaabbbbbbbbbbccc b", "Name:\r\n " FIFTY "aaaaaaaaaabbbbbbbbbbccc b\r\n"},
	    {FIFTY FIFTY " b", "Name:\r\n " FIFTY FIFTY "\r\n b\r\n"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_clear(&out);
		cr_expect(mime_fold("Name", cases[i].value, &out, &why));
		cr_expect_str_eq(out.data, cases[i].field, "%zu: \"%s\"", i, out.data);
	}
}

Test(mime, a_word_that_no_fold_helps)
{
	char value[1001];

	for (size_t len = MIME_LINE_MAX - 2; len <= MIME_LINE_MAX;
	     len++) { /* with the blank before it: 997, 998, 999 */
		memset(value, 'x', len);
		value[len] = '\0';
		buf_clear(&out);
		cr_expect_eq(mime_fold("Name", value, &out, &why), len < MIME_LINE_MAX, "%zu", len);
	}
	for (size_t blanks = MIME_LINE_MAX - 1; blanks <= MIME_LINE_MAX; blanks++) {
		memset(value, ' ', sizeof value);
		value[0] = value[blanks + 1] = 'x';
		value[blanks + 2] = '\0';
		cr_expect_eq(mime_fold("Name", value, &out, &why), blanks < MIME_LINE_MAX,
		    "%zu blanks and a word", blanks);
	}
}

Test(mime, parameter)
{
	static const struct {
		const char *value, *text;
	} cases[] = {
	    {"a.txt", "filename=\"a.txt\""},
	    {"a b;c.txt", "filename=\"a b;c.txt\""},
	    {"a\"b\\c", "filename=\"a\\\"b\\\\c\""},
	    {"\xc3\xa9 a-_.txt", "filename*=UTF-8''%C3%A9%20a-_.txt"},
	    {"\xc3\xa9'*%", "filename*=UTF-8''%C3%A9%27%2A%25"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_clear(&out);
		mime_parameter("filename", cases[i].value, &out);
		cr_expect_str_eq(out.data, cases[i].text, "%s", out.data);
	}
}

/* ---- the test message */

static const char *
composed(const struct message_plan *plan)
{
	buf_clear(&out);
	cr_assert(message_compose(plan, &out, &why), "%s", why);
	expect_fit(&out);
	return out.data;
}

/* Is `line` a whole line of the message? */
static bool
has_line(const char *message, const char *line)
{
	size_t len = strlen(line);

	for (const char *at = message; (at = strstr(at, line)) != NULL; at++)
		if ((at == message || at[-1] == '\n') && strncmp(at + len, "\r\n", 2) == 0)
			return true;
	return false;
}

static size_t
count_of(const char *message, const char *what)
{
	size_t count = 0;

	for (const char *at = message; (at = strstr(at, what)) != NULL; at++)
		count++;
	return count;
}

Test(compose, whole)
{
	cr_expect_str_eq(composed(&plain),
	    "Date: Thu, 1 Jan 2026 01:00:00 +0100\r\n"
	    "From: a@example.org\r\n"
	    "To: b@example.com\r\n"
	    "Message-ID: <0123456789abcdef000000000000002a@mail.example.org>\r\n"
	    "Subject: mxwalk delivery test\r\n"
	    "Auto-Submitted: auto-generated\r\n"
	    "X-Mailer: mxwalk 9.9\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n"
	    "\r\n"
	    "This is an automatic test of mail delivery, made by mxwalk.\r\n"
	    "\r\n"
	    "Sender: a@example.org\r\n"
	    "Host:   mail.example.org\r\n"
	    "\r\n"
	    "It finds out whether mail from this sender and host is taken here.\r\n"
	    "You need not do anything. To have such tests stopped, please write to\r\n"
	    "a@example.org.\r\n");
}

Test(compose, from_nobody)
{
	struct message_plan plan = plain;
	const char *message;

	plan.from = "";
	message = composed(&plan);
	cr_expect(has_line(message, "From: postmaster@mail.example.org"));
	cr_expect(has_line(message, "postmaster@mail.example.org."));
}

Test(compose, from_an_address_literal)
{
	struct message_plan plan = plain;

	plan.helo = "[192.0.2.1]";
	cr_expect(has_line(
	    composed(&plan), "Message-ID: <0123456789abcdef000000000000002a@[192.0.2.1]>"));
}

Test(compose, from_an_address_that_is_not_ASCII)
{
	struct message_plan plan = plain;
	const char *message;

	plan.from = "j\xc3\xbc@example.org";
	message = composed(&plan);
	cr_expect(
	    has_line(message, "From: j\xc3\xbc@example.org"), "RFC 6532: for SMTPUTF8 as it is");
	cr_expect(has_line(message, "Sender: j=C3=BC@example.org"));
}

Test(compose, dates)
{
	static const struct {
		long long now;
		int zone;
		const char *date;
	} dates[] = {
	    {0, 0, "Date: Thu, 1 Jan 1970 00:00:00 +0000"},
	    {-1, 0, "Date: Wed, 31 Dec 1969 23:59:59 +0000"},
	    {0, -60, "Date: Wed, 31 Dec 1969 23:00:00 -0100"},
	    {951782400, 0, "Date: Tue, 29 Feb 2000 00:00:00 +0000"},
	    {951868799, 0, "Date: Tue, 29 Feb 2000 23:59:59 +0000"},
	    {951868800, 0, "Date: Wed, 1 Mar 2000 00:00:00 +0000"},
	    {1709164800, 330, "Date: Thu, 29 Feb 2024 05:30:00 +0530"},
	    {1709164800, -210, "Date: Wed, 28 Feb 2024 20:30:00 -0330"},
	    {1764460799, 0, "Date: Sat, 29 Nov 2025 23:59:59 +0000"},
	    {1767225599, 0, "Date: Wed, 31 Dec 2025 23:59:59 +0000"},
	    {1767225600, 840, "Date: Thu, 1 Jan 2026 14:00:00 +1400"},
	    {2147483648, 0, "Date: Tue, 19 Jan 2038 03:14:08 +0000"},
	    {4107542400, 0, "Date: Mon, 1 Mar 2100 00:00:00 +0000"},
	    {4107542399, 0, "Date: Sun, 28 Feb 2100 23:59:59 +0000"},
	};

	for (size_t i = 0; i < COUNT(dates); i++) {
		struct message_plan plan = plain;

		plan.now = dates[i].now;
		plan.zone = dates[i].zone;
		cr_expect(
		    has_line(composed(&plan), dates[i].date), "%s: %.40s", dates[i].date, out.data);
	}
}

Test(compose, headers_replace_ours_or_are_added)
{
	static const char *const headers[] = {"subject: hello", "X-One:1",
	    "Reply-To:   c@example.org  ", "FROM: d@example.org", "X-One: 2",
	    "X-Empty:", "Date-X: no date"};
	struct message_plan plan = plain;
	const char *message;

	plan.headers = headers;
	plan.header_count = COUNT(headers);
	message = composed(&plan);
	cr_expect(has_line(message, "subject: hello"));
	cr_expect_not(has_line(message, "Subject: mxwalk delivery test"));
	cr_expect(has_line(message, "FROM: d@example.org"));
	cr_expect_not(has_line(message, "From: a@example.org"));
	cr_expect(has_line(message, "X-One: 1"));
	cr_expect(has_line(message, "X-One: 2"));
	cr_expect(has_line(message, "Reply-To: c@example.org"));
	cr_expect(has_line(message, "X-Empty:"));
	cr_expect(has_line(message, "Date-X: no date"));
	cr_expect(has_line(message, "Date: Thu, 1 Jan 2026 01:00:00 +0100"), "Date-X is not Date");
	cr_expect_lt(strstr(message, "FROM:"), strstr(message, "To: b@"), "in the place of ours");
	cr_expect_lt(strstr(message, "X-Empty:"), strstr(message, "\r\n\r\n"));
}

Test(compose, headers_that_cannot_be)
{
	static const struct {
		const char *header, *why;
	} cases[] = {
	    {"", "colon"},
	    {"Subject", "colon"},
	    {"Subject hello", "colon"},
	    {": hello", "name"},
	    {"Sub ject: hello", "name"},
	    {"Subject : hello", "name"},
	    {" Subject: hello", "name"},
	    {"S\xc3\xbc"
	     "bject: hello",
	        "name"},
	    {"Subject: hello\r\nBcc: x@example.org", "control"},
	    {"Subject: hello\n", "control"},
	    {"Sub\rject: hello", "control"},
	    {"Subject: \033[1m", "control"},
	    {"Subject: \177", "control"},
	    {"Subject: \xfc", "UTF-8"},
	    {"Content-Type: text/pl\xc3\xa9in", "ASCII"},
	    {"From: \xc3\xa9<a@example.org>", "plain words"},
	    {FIFTY "012345678901234567890123456: x", "76"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct message_plan plan = plain;

		plan.headers = &cases[i].header;
		plan.header_count = 1;
		why = NULL;
		cr_expect_not(message_compose(&plan, &out, &why), "\"%s\"", cases[i].header);
		cr_expect(why != NULL && strstr(why, cases[i].why) != NULL, "\"%s\": %s",
		    cases[i].header, why);
	}
}

Test(compose, no_name_brings_in_a_line)
{
	static const char evil[] = "x@example.org\r\nBcc: y@example.org";

	for (int i = 0; i < 4; i++) {
		struct message_plan plan = plain;
		const char **names[] = {&plan.from, &plan.to, &plan.helo, &plan.version};

		*names[i] = evil;
		why = NULL;
		cr_expect_not(message_compose(&plan, &out, &why), "%d", i);
		cr_expect_not_null(why);
	}
}

Test(compose, long_headers_are_folded)
{
	static const char *const headers[] = {
	    "Subject: one two three four five six seven eight nine ten eleven twelve thirteen "
	    "fourteen fifteen sixteen seventeen eighteen nineteen twenty",
	    "X-Greeting: Gr\xc3\xbc\xc3\x9f"
	    "e aus Z\xc3\xbcrich und K\xc3\xb6ln, "
	    "\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2"
	    "\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97"
	    "\xe6\xbc\xa2\xe5\xad\x97",
	};
	struct message_plan plan = plain;
	const char *message;
	size_t line = 0;

	plan.headers = headers;
	plan.header_count = COUNT(headers);
	message = composed(&plan);
	cr_expect_not(message_is_8bit(message, out.len));
	for (; *message != '\0'; message++) {
		line = *message == '\n' ? 0 : line + 1;
		cr_assert_leq(line, MIME_LINE_GOOD + 1);
	}
}

Test(compose, body)
{
	static const struct {
		const char *name, *body;
		size_t len;
		const char *encoding, *text;
	} cases[] = {
	    {"empty", BYTES(""), "7bit", ""},
	    {"LF", BYTES("a\nb"), "7bit", "a\r\nb\r\n"},
	    {"dots, equals signs and tabs as they are", BYTES(".\n1=2\t\n"), "7bit",
	        ".\r\n1=2\t\r\n"},
	    {"not ASCII", BYTES("1=\xc3\xa9\n.\n"), "quoted-printable", "1=3D=C3=A9\r\n.\r\n"},
	    {"a control byte", BYTES("a\0\033"), "quoted-printable", "a=00=1B\r\n"},
	    {"bare CR", BYTES("a\rb\xc3\xa9\r"), "quoted-printable", "a\r\nb=C3=A9\r\n"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct message_plan plan = plain;
		const char *message;
		char header[80];

		plan.body = cases[i].body;
		plan.body_len = cases[i].len;
		message = composed(&plan);
		snprintf(header, sizeof header, "Content-Transfer-Encoding: %s", cases[i].encoding);
		cr_expect(has_line(message, header), "%s", cases[i].name);
		cr_expect_str_eq(
		    strstr(message, "\r\n\r\n") + 4, cases[i].text, "%s", cases[i].name);
	}
}

Test(compose, a_long_line_of_the_body)
{
	char body[MIME_LINE_MAX + 2];

	memset(body, 'x', sizeof body);
	for (size_t len = MIME_LINE_MAX; len <= MIME_LINE_MAX + 1; len++) {
		struct message_plan plan = plain;

		plan.body = body;
		plan.body_len = len;
		cr_expect_eq(has_line(composed(&plan), "Content-Transfer-Encoding: 7bit"),
		    len <= MIME_LINE_MAX);
	}
}

Test(compose, a_body_that_is_not_UTF_8)
{
	static const char *const latin[] = {"Content-Type: text/plain; charset=iso-8859-1"};
	struct message_plan plan = plain;
	const char *message;

	plan.body = "\xe9";
	plan.body_len = 1;
	cr_expect_not(message_compose(&plan, &out, &why));
	cr_expect_not_null(strstr(why, "UTF-8"));
	plan.headers = latin;
	plan.header_count = 1;
	message = composed(&plan);
	cr_expect(has_line(message, latin[0]));
	cr_expect(has_line(message, "=E9"));
	cr_expect_eq(count_of(message, "Content-Type:"), 1);
}

Test(compose, a_body_that_its_sender_vouches_for)
{
	static const char *const headers[] = {"content-transfer-encoding: 8bit"};
	struct message_plan plan = plain;
	char line[MIME_LINE_MAX + 1];
	const char *message;

	plan.headers = headers;
	plan.header_count = 1;
	plan.body = "1=\xc3\xa9\n";
	plan.body_len = strlen(plan.body);
	message = composed(&plan);
	cr_expect(has_line(message, "1=\xc3\xa9"));
	cr_expect(has_line(message, headers[0]));
	cr_expect_eq(count_of(message, "Transfer-Encoding"), 0);

	memset(line, 'x', sizeof line);
	plan.body = line;
	plan.body_len = sizeof line;
	cr_expect_not(message_compose(&plan, &out, &why));
	cr_expect_not_null(strstr(why, "998"));
	plan.body = "a\0b";
	plan.body_len = 3;
	cr_expect_not(message_compose(&plan, &out, &why));
	cr_expect_not_null(strstr(why, "NUL"));
}

Test(compose, attachments)
{
	static const struct message_file files[] = {
	    {"a b.txt", "text/plain; charset=us-ascii", "foo", 3},
	    {"\xc3\xa9.bin", NULL, "\0\xff", 2},
	    {"empty", NULL, "", 0},
	};
	struct message_plan plan = plain;

	plan.body = "hello";
	plan.body_len = 5;
	plan.files = files;
	plan.file_count = COUNT(files);
	cr_expect_str_eq(strstr(composed(&plan), "MIME-Version"),
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/mixed; boundary=\"=_0123456789abcdef000000000000002a\"\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n"
	    "\r\n"
	    "\r\n--=_0123456789abcdef000000000000002a\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n"
	    "\r\n"
	    "hello\r\n"
	    "\r\n--=_0123456789abcdef000000000000002a\r\n"
	    "Content-Type: text/plain; charset=us-ascii\r\n"
	    "Content-Disposition: attachment;\r\n filename=\"a b.txt\"\r\n"
	    "Content-Transfer-Encoding: base64\r\n"
	    "\r\n"
	    "Zm9v\r\n"
	    "\r\n--=_0123456789abcdef000000000000002a\r\n"
	    "Content-Type: application/octet-stream\r\n"
	    "Content-Disposition: attachment;\r\n filename*=UTF-8''%C3%A9.bin\r\n"
	    "Content-Transfer-Encoding: base64\r\n"
	    "\r\n"
	    "AP8=\r\n"
	    "\r\n--=_0123456789abcdef000000000000002a\r\n"
	    "Content-Type: application/octet-stream\r\n"
	    "Content-Disposition: attachment;\r\n filename=\"empty\"\r\n"
	    "Content-Transfer-Encoding: base64\r\n"
	    "\r\n"
	    "\r\n--=_0123456789abcdef000000000000002a--\r\n");
}

Test(compose, attachments_with_a_body_that_is_not_ASCII)
{
	static const struct message_file file = {"a", NULL, "", 0};
	struct message_plan plan = plain;
	const char *message;

	plan.body = "\xc3\xa9";
	plan.body_len = 2;
	plan.files = &file;
	plan.file_count = 1;
	message = composed(&plan);
	cr_expect_lt(strstr(message, "Content-Transfer-Encoding: 7bit"),
	    strstr(message, "\r\n\r\n"),
	    "RFC 2045 section 6.4: a multipart is not quoted-printable");
	cr_expect_gt(strstr(message, "Content-Transfer-Encoding: quoted-printable"),
	    strstr(message, "\r\n\r\n"));
}

Test(compose, attachments_that_cannot_be)
{
	static const char *const html[] = {"Content-Type: text/html"};
	static const struct {
		struct message_file file;
		const char *why;
	} cases[] = {
	    {{"", NULL, "", 0}, "empty"},
	    {{FIFTY FIFTY FIFTY FIFTY FIFTY "123456", NULL, "", 0}, "255"},
	    {{"a\r\nb", NULL, "", 0}, "control"},
	    {{"\xff", NULL, "", 0}, "UTF-8"},
	    {{"a", "", "", 0}, "text/plain"},
	    {{"a", "text", "", 0}, "text/plain"},
	    {{"a", "text/", "", 0}, "text/plain"},
	    {{"a", "/plain", "", 0}, "text/plain"},
	    {{"a", "text /plain", "", 0}, "text/plain"},
	    {{"a", "text/plain\r\nX: y", "", 0}, "text/plain"},
	    {{"a", "text/pl\xc3\xa9in", "", 0}, "text/plain"},
	    {{"a", "message/rfc822", "", 0}, "base64"},
	    {{"a", "Multipart/mixed", "", 0}, "base64"},
	};
	struct message_plan plan = plain;

	plan.file_count = 1;
	for (size_t i = 0; i < COUNT(cases); i++) {
		plan.files = &cases[i].file;
		why = NULL;
		cr_expect_not(message_compose(&plan, &out, &why), "%zu", i);
		cr_expect(why != NULL && strstr(why, cases[i].why) != NULL, "%zu: %s", i, why);
	}
	plan.files = &(struct message_file){FIFTY FIFTY FIFTY FIFTY FIFTY "12345", NULL, "", 0};
	composed(&plan);
	plan.headers = html;
	plan.header_count = 1;
	cr_expect_not(message_compose(&plan, &out, &why));
	cr_expect_not_null(strstr(why, "MIME headers"));
}

Test(compose, a_message_that_does_not_fit)
{
	struct buf small;

	composed(&plain);
	for (size_t max = out.len - 1; max <= out.len; max++) {
		buf_init(&small, max);
		cr_expect_eq(message_compose(&plain, &small, &why), max == out.len);
		buf_release(&small);
	}
}
