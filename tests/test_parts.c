/* Mails as they come: fields, parts, encodings, character sets, encoded words, HTML. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "logs/dsn.h"
#include "mail/charset.h"
#include "mail/encoded_word.h"
#include "mail/header.h"
#include "mail/html.h"
#include "mail/parts.h"
#include "mail/transfer.h"

#define MULTI "Content-Type: multipart/mixed; boundary=\"b\"\n\n"

static const struct {
	const char *mail, *expected; /* depth type:body; of each part but the mail itself */
} trees[] = {
    {"Subject: x\n\nhello\n", ""},
    {MULTI "preamble\n--b\n\none\n--b\nContent-Type: Text/HTML; charset=x\n\ntwo\n--b--\nend\n",
        "1 text/plain:one\n;1 text/html:two\n;"},
    {MULTI "--b\n\none\n", "1 text/plain:one\n;"}, /* no end */
    {MULTI "--b  \r\n\r\none\r\n--b--\r\n", "1 text/plain:one\r\n;"},
    {MULTI "--bc\n\none\n", "1 text/plain:one\n;"}, /* not the one that the header names */
    {MULTI "--zz\nContent-Type: text/plain\n\none\n--zz--\n", "1 text/plain:one\n;"},
    {"Content-Type: multipart/x\n\n--q\n\none\n--q\n\ntwo\n",
        "1 text/plain:one\n;1 text/plain:two\n;"},
    {MULTI "--b\nContent-Type: multipart/report; boundary=c\n\n--c\n\nin\n--c--\n--b\n\nout\n",
        "1 multipart/report:;2 text/plain:in\n;1 text/plain:out\n;"},
    {MULTI "--b\nContent-Type: multipart/report; boundary=c\n\n--c\n\nin\n--b\n\nout\n",
        "1 multipart/report:;2 text/plain:in\n;1 text/plain:out\n;"}, /* the inner end is missing */
    {MULTI "--b\nContent-Type: message/rfc822\n\nTo: x\n\n--b inside\n--b--\n",
        "1 message/rfc822:To: x\n\n--b inside\n;"},
    {"From: x\n\n--q\n\nwords\n--q\nContent-Type: message/delivery-status\n\nStatus: 5.1.1\n",
        "1 text/plain:words\n;1 message/delivery-status:Status: 5.1.1\n;"}, /* its header is lost */
};

Test(parts, trees)
{
	for (size_t i = 0; i < sizeof trees / sizeof trees[0]; i++) {
		struct arena *arena = arena_new();
		struct parts parts;
		struct buf out;

		buf_init(&out, 10000);
		parts_read(slice_of(trees[i].mail), arena, &parts);
		for (size_t k = 1; k < parts.count; k++) {
			const struct mail_part *part = &parts.items[k];

			buf_printf(&out, "%u %s:%.*s;", part->depth, part->type,
			    part->multipart ? 0 : (int)part->body.len, part->body.at);
		}
		cr_expect_str_eq(
		    out.data, trees[i].expected, "%s\n  got %s", trees[i].mail, out.data);
		buf_release(&out);
		arena_free(arena);
	}
}

Test(parts, limits)
{
	struct arena *arena = arena_new();
	struct parts parts;
	struct buf mail;

	buf_init(&mail, 1 << 20);
	buf_puts(&mail, MULTI);
	for (int i = 0; i < PARTS_MAX * 2; i++)
		buf_puts(&mail, "--b\n\nx\n");
	parts_read((struct slice){mail.data, mail.len}, arena, &parts);
	cr_expect(parts.too_many && parts.count == PARTS_MAX);
	buf_clear(&mail);
	for (int i = 0; i < 1000; i++)
		buf_printf(&mail, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
	parts_read((struct slice){mail.data, mail.len}, arena, &parts);
	cr_expect(parts.too_deep && parts.count == PARTS_DEPTH_MAX + 1);
	buf_release(&mail);
	arena_free(arena);
}

Test(parts, fields)
{
	struct arena *arena = arena_new();
	struct slice header =
	    slice_of("A: one\n  two\n\tthree\nno field\nb:\n x\nA: again\n\nC: body\n");

	cr_expect_str_eq(header_get(header, "a", arena), "one two three");
	cr_expect_str_eq(header_get(header, "B", arena), "x");
	cr_expect_null(header_get(header, "c", arena));
	cr_expect_str_eq(header_token("Multipart/Mixed; x", arena), "multipart/mixed");
	cr_expect_str_eq(
	    header_parameter("a/b; x=1 ; Boundary=\"a\\\"b;c\"; y", "boundary", arena), "a\"b;c");
	cr_expect_str_eq(header_parameter("a/b; boundary = x; z=2", "z", arena), "2");
	cr_expect_null(header_parameter("a/b; xboundary=x", "boundary", arena));
	arena_free(arena);
}

static const struct {
	const char *text, *encoding, *expected;
} encodings[] = {
    {"aGVsbG8=\n", "base64", "hello"},
    {"aGVs\nb G8", "base64", "hello"},
    {"aGVsbG8=aGVsbG8=", "base64", "hellohello"},
    {"!!", "base64", ""},
    {"a=3Db=\r\nc= \nd=zz=", "quoted-printable", "a=bcd=zz="},
    {"a=3Db", "8bit", "a=3Db"},
};

Test(transfer, table)
{
	for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++) {
		struct arena *arena = arena_new();
		struct slice out =
		    transfer_decode(slice_of(encodings[i].text), encodings[i].encoding, arena);

		cr_expect(slice_same(out, encodings[i].expected), "%s: %.*s", encodings[i].text,
		    (int)out.len, out.at);
		arena_free(arena);
	}
}

static const struct {
	const char *text, *set, *expected;
	bool known;
} sets[] = {
    {"caf\xc3\xa9", "utf-8", "café", true},
    {"caf\xe9", NULL, "café", true},
    {"caf\xe9", "ISO-8859-1", "café", true},
    {"\x1b$B$\"\x1b(B.", "iso-2022-jp", "あ.", true},
    {"caf\xe9", "no-such-set", "café", false},
    {"abc", "utf-8//TRANSLIT", "abc", false},
    {"a\r\nb\0c", "utf-8", "a\nb", true},
    {"a\xff", "us-ascii", "aÿ", true},
};

Test(charset, table)
{
	for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
		struct arena *arena = arena_new();
		bool known;
		struct slice out = charset_utf8(slice_of(sets[i].text), sets[i].set, arena, &known);

		cr_expect(slice_same(out, sets[i].expected) && known == sets[i].known, "%s: %.*s",
		    sets[i].text, (int)out.len, out.at);
		arena_free(arena);
	}
}

static const char *const words[][2] = {
    {"=?utf-8?Q?a=20b?=", "a b"},
    {"=?iso-8859-1*fr?q?caf=E9_x?= =?utf-8?B?eQ==?= z", "café xy z"},
    {"x =?utf-8?q?y?= z", "x y z"},
    {"=?utf-8?x?y?=", "=?utf-8?x?y?="},
    {"=?utf-8?q?y", "=?utf-8?q?y"},
    {"plain", "plain"},
};

Test(encoded_word, table)
{
	struct arena *arena = arena_new();

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		cr_expect_str_eq(encoded_words_read(words[i][0], arena), words[i][1], "%s: %s",
		    words[i][0], encoded_words_read(words[i][0], arena));
	arena_free(arena);
}

static const char *const pages[][2] = {
    {"<p>a<br>b</p>", "a\nb\n"},
    {"<html><head><title>x</title></head><body>&lt;a@b&gt; &amp; c", "<a@b> & c"},
    {"a<!-- b -->c<style>d</style>e", "ace"},
    {"<user@example.com>: no", "<user@example.com>: no"},
    {"a < b", "a < b"},
    {"<div  x", ""},
};

Test(html, table)
{
	struct arena *arena = arena_new();

	for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
		struct slice out = html_text(slice_of(pages[i][0]), arena);

		cr_expect(
		    slice_same(out, pages[i][1]), "%s: %.*s", pages[i][0], (int)out.len, out.at);
	}
	cr_expect(html_is(slice_of("x <br> y")) && html_is(slice_of("</p>")));
	cr_expect(!html_is(slice_of("<user@example.com> <<< 550")));
	arena_free(arena);
}

static const char *const hosts[][3] = {
    {"MX.Example.com. [192.0.2.1]", "mx.example.com", "192.0.2.1"},
    {"mx.example.com (TCP|198.51.100.2|4|192.0.2.1|25)", "mx.example.com", "198.51.100.2"},
    {"[192.0.2.1]:25", "192.0.2.1", "192.0.2.1"},
    {"192.0.2.1:25", "192.0.2.1", "192.0.2.1"},
    {"[IPv6:2001:db8::1]", "2001:db8::1", "2001:db8::1"},
    {"mx.example.com:25", "mx.example.com", NULL},
    {" ", NULL, NULL},
};

Test(dsn, hosts)
{
	struct arena *arena = arena_new();

	for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
		const char *ip, *name = host_read(slice_of(hosts[i][0]), arena, &ip);

		cr_expect((name == NULL) == (hosts[i][1] == NULL) &&
		              (ip == NULL) == (hosts[i][2] == NULL),
		    "%s: %s %s", hosts[i][0], name, ip);
		if (name != NULL && hosts[i][1] != NULL)
			cr_expect_str_eq(name, hosts[i][1]);
		if (ip != NULL && hosts[i][2] != NULL)
			cr_expect_str_eq(ip, hosts[i][2]);
	}
	arena_free(arena);
}
