/* The base: arena, buf, ip, json, log, stanza, utf8. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <jansson.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/ip.h"
#include "base/json.h"
#include "base/log.h"
#include "base/stanza.h"
#include "base/utf8.h"

#define BYTES(s) s, sizeof(s) - 1
#define COUNT(a) (sizeof(a) / sizeof *(a))

/* ---- arena */

static struct arena *arena;

static void
setup(void)
{
	arena = arena_new();
}

static void
teardown(void)
{
	arena_free(arena);
}

TestSuite(arena, .init = setup, .fini = teardown);
TestSuite(stanza, .init = setup, .fini = teardown);

/* Takes pieces of many sizes, and looks afterwards whether any was written over. */
static void
fill_and_check(void)
{
	static const size_t sizes[] = {
	    1, 3, 15, 16, 17, 100, 1000, 1024, 1025, 4000, 4095, 4096, 4097, 10000, 7, 100000, 1};
	enum { ROUNDS = 20 };
	unsigned char *pieces[ROUNDS][COUNT(sizes)];

	for (size_t r = 0; r < ROUNDS; r++)
		for (size_t i = 0; i < COUNT(sizes); i++) {
			unsigned char *p = pieces[r][i] = arena_alloc(arena, sizes[i]);

			cr_assert_eq((uintptr_t)p % _Alignof(max_align_t), 0, "aligned");
			for (size_t k = 0; k < sizes[i]; k++)
				cr_assert_eq(p[k], 0, "zeroed");
			memset(p, (int)(r * COUNT(sizes) + i) % 255 + 1, sizes[i]);
		}
	for (size_t r = 0; r < ROUNDS; r++)
		for (size_t i = 0; i < COUNT(sizes); i++)
			for (size_t k = 0; k < sizes[i]; k++)
				cr_assert_eq(pieces[r][i][k], (r * COUNT(sizes) + i) % 255 + 1,
				    "written over");
}

Test(arena, grows)
{
	fill_and_check();
}

/* A large piece lies behind the first block, and one more block before it. */
Test(arena, a_block_behind_the_first_is_gone_after_a_reset)
{
	for (unsigned round = 0; round < 4; round++) {
		arena_alloc(arena, 20000);
		for (unsigned i = 0; i < 100; i++)
			memset(arena_alloc(arena, 1000), 1, 1000);
		arena_reset(arena);
	}
}

Test(arena, is_as_new_after_a_reset)
{
	for (int i = 0; i < 3; i++) {
		fill_and_check();
		arena_reset(arena);
	}
	arena_reset(arena);
}

/* Small while little is in it; and a giant of one round is not kept for the next. */
Test(arena, size)
{
	arena_alloc(arena, 100);
	cr_expect_leq(arena_size(arena), 2048, "%zu", arena_size(arena));
	for (int i = 0; i < 100; i++)
		arena_alloc(arena, 100);
	cr_expect_leq(arena_size(arena), 16384, "%zu", arena_size(arena));
	arena_alloc(arena, 1000000);
	cr_expect_geq(arena_size(arena), 1000000);
	arena_reset(arena);
	cr_expect_leq(arena_size(arena), 6144, "%zu", arena_size(arena));
	arena_alloc(arena, 4000);
	cr_expect_leq(arena_size(arena), 6144, "%zu", arena_size(arena));
}

/* What lies behind the first block is gone with the rest. */
Test(arena, forgets_a_giant_behind_its_first_block)
{
	arena_alloc(arena, 100);
	arena_alloc(arena, 2000);
	for (int i = 0; i < 20; i++)
		arena_alloc(arena, 100);
	arena_reset(arena);
	cr_expect_leq(arena_size(arena), 6144, "%zu", arena_size(arena));
	fill_and_check();
}

Test(arena, nothing_is_something)
{
	cr_expect_not_null(arena_alloc(arena, 0));
	arena_free(NULL);
}

Test(arena, copies)
{
	char bytes[] = {'a', '\0', 'b'};
	char *copy = arena_copy(arena, bytes, 3);

	memset(bytes, 'x', 3);
	cr_expect_eq(memcmp(copy, "a\0b", 4), 0, "with a NUL behind");
	cr_expect_str_eq(arena_copy(arena, NULL, 0), "");
	cr_expect_str_eq(arena_string(arena, "abc"), "abc");
	cr_expect_null(arena_string(arena, NULL));
}

Test(arena, prints)
{
	char *text = arena_printf(arena, "%d %s%10000s", 42, "x", "y");

	cr_expect_eq(strlen(text), 10004);
	cr_expect_eq(strncmp(text, "42 x ", 5), 0);
	cr_expect_eq(text[10003], 'y');
	cr_expect_str_eq(arena_printf(arena, "%s", ""), "");
}

Test(arena, pushes)
{
	long *numbers = NULL, *others = NULL;

	for (size_t i = 0; i < 1000; i++) {
		long *number = arena_push(arena, &numbers, i, sizeof *number);

		cr_assert_eq(*number, 0, "zeroed");
		cr_assert_eq(number, numbers + i);
		*number = (long)i;
		*(long *)arena_push(arena, &others, i, sizeof *others) = -1; /* stands in the way */
	}
	for (size_t i = 0; i < 1000; i++)
		cr_assert(numbers[i] == (long)i && others[i] == -1);
}

Test(arena, out_of_memory_ends_the_program, .exit_code = 70)
{
	arena_alloc(arena, SIZE_MAX);
}

Test(arena, the_same_outside)
{
	char *p = must_alloc(0);

	cr_expect_not_null(p);
	p = must_realloc(p, 0);
	cr_expect_not_null(p);
	p = must_realloc(p, 3);
	memcpy(p, "ab", 3);
	p = must_realloc(p, 10000);
	cr_expect_str_eq(p, "ab");
	free(p);
	p = must_string("abc");
	cr_expect_str_eq(p, "abc");
	free(p);
	cr_expect_null(must_string(NULL));
}

/* ---- buf */

static void
expect_buf(const struct buf *buf, const char *text, bool full)
{
	cr_expect_eq(buf->len, strlen(text));
	cr_expect_str_eq(buf->data, text);
	cr_expect_eq(buf->full, full);
}

Test(buf, is_empty_at_first)
{
	struct buf buf;

	buf_init(&buf, 10);
	expect_buf(&buf, "", false);
	buf_drop(&buf, 1);
	buf_clear(&buf);
	buf_add(&buf, NULL, 0);
	buf_puts(&buf, "");
	expect_buf(&buf, "", false);
	cr_expect_eq(buf.size, 0, "no memory for nothing");
	buf_release(&buf);
}

Test(buf, takes_all_or_nothing)
{
	struct buf buf;

	buf_init(&buf, 10);
	buf_puts(&buf, "123456789");
	buf_puts(&buf, "xx");
	expect_buf(&buf, "123456789", true);
	buf_putc(&buf, '0');
	expect_buf(&buf, "1234567890", true);
	buf_putc(&buf, 'x');
	buf_printf(&buf, "%d", 1);
	expect_buf(&buf, "1234567890", true);
	buf_clear(&buf);
	expect_buf(&buf, "", false);
	buf_printf(&buf, "%s", "12345678901");
	expect_buf(&buf, "", true);
	buf_clear(&buf);
	buf_printf(&buf, "%s", "1234567890");
	expect_buf(&buf, "1234567890", false);
	buf_release(&buf);
	expect_buf(&buf, "", false);
	buf_puts(&buf, "again");
	expect_buf(&buf, "again", false);
	buf_release(&buf);
}

Test(buf, may_hold_nothing)
{
	struct buf buf;

	buf_init(&buf, 0);
	buf_add(&buf, "", 0);
	expect_buf(&buf, "", false);
	buf_putc(&buf, 'x');
	expect_buf(&buf, "", true);
	buf_release(&buf);
}

Test(buf, grows_at_every_length)
{
	for (size_t len = 0; len < 300; len++) {
		char text[300];
		struct buf buf;

		memset(text, 'x', len);
		text[len] = '\0';
		buf_init(&buf, len);
		buf_add(&buf, text, len);
		expect_buf(&buf, text, false);
		buf_release(&buf);
		buf_printf(&buf, "%s", text);
		expect_buf(&buf, text, false);
		buf_release(&buf);
		for (size_t i = 0; i < len; i++)
			buf_putc(&buf, 'x');
		expect_buf(&buf, text, false);
		buf_putc(&buf, 'x');
		expect_buf(&buf, text, true);
		buf_release(&buf);
	}
}

Test(buf, holds_NULs)
{
	struct buf buf;

	buf_init(&buf, 10);
	buf_add(&buf, "a\0b", 3);
	buf_putc(&buf, '\0');
	cr_expect_eq(buf.len, 4);
	cr_expect_eq(memcmp(buf.data, "a\0b\0", 5), 0);
	buf_release(&buf);
}

Test(buf, drops_from_the_front)
{
	struct buf buf;

	buf_init(&buf, 10);
	buf_puts(&buf, "1234567890");
	buf_drop(&buf, 0);
	expect_buf(&buf, "1234567890", false);
	buf_drop(&buf, 3);
	expect_buf(&buf, "4567890", false);
	buf_puts(&buf, "abc");
	expect_buf(&buf, "4567890abc", false);
	buf_drop(&buf, 11);
	expect_buf(&buf, "", false);
	buf_release(&buf);
}

/* ---- ip */

Test(ip, reads_and_writes)
{
	static const struct {
		const char *in;
		int family;
		const char *text;
	} cases[] = {
	    {"192.0.2.1", 4, "192.0.2.1"},
	    {"0.0.0.0", 4, "0.0.0.0"},
	    {"255.255.255.255", 4, "255.255.255.255"},
	    {"::", 6, "::"},
	    {"::1", 6, "::1"},
	    {"2001:DB8:0:0:0:0:0:1", 6, "2001:db8::1"},
	    {"2001:db8:0:1:1:1:1:1", 6, "2001:db8:0:1:1:1:1:1"},
	    {"2001:0:0:1:0:0:0:1", 6, "2001:0:0:1::1"},
	    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 6,
	        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	    {"::ffff:192.0.2.1", 4, "192.0.2.1"},
	    {"::FFFF:c000:201", 4, "192.0.2.1"},
	    {"64:ff9b::192.0.2.1", 6, "64:ff9b::c000:201"},
	    {"", 0, ""},
	    {"192.0.2", 0, ""},
	    {"192.0.2.256", 0, ""},
	    {"192.0.2.1.", 0, ""},
	    {"192.0.2.1 ", 0, ""},
	    {" 192.0.2.1", 0, ""},
	    {"192.0.2.1/32", 0, ""},
	    {"0x7f.1", 0, ""},
	    {"2130706433", 0, ""},
	    {"[::1]", 0, ""},
	    {"fe80::1%eth0", 0, ""},
	    {"2001:db8", 0, ""},
	    {"2001:db8:::1", 0, ""},
	    {"1:2:3:4:5:6:7:8:9", 0, ""},
	    {"example.org", 0, ""},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[IP_TEXT];
		struct ip ip;

		memset(&ip, 0xff, sizeof ip);
		cr_expect_eq(ip_parse(&ip, cases[i].in), cases[i].family != 0, "%s", cases[i].in);
		cr_expect_eq(ip.family, cases[i].family, "%s", cases[i].in);
		cr_expect_str_eq(ip_text(&ip, text), cases[i].text, "%s: %s", cases[i].in, text);
	}
}

static struct ip
ip_of(const char *text)
{
	struct ip ip;

	cr_assert(ip_parse(&ip, text), "%s", text);
	return ip;
}

Test(ip, equal)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} cases[] = {
	    {"192.0.2.1", "192.0.2.1", true}, {"192.0.2.1", "::ffff:192.0.2.1", true},
	    {"192.0.2.1", "192.0.2.2", false}, {"::1", "0:0::1", true}, {"::1", "::2", false},
	    {"1.0.0.0", "100::", false}, /* the same octets, another family */
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ip a = ip_of(cases[i].a), b = ip_of(cases[i].b);

		cr_expect_eq(ip_equal(&a, &b), cases[i].equal, "%s %s", cases[i].a, cases[i].b);
	}
}

Test(ip, within)
{
	static const struct {
		const char *ip, *net;
		unsigned bits;
		bool within;
	} cases[] = {
	    {"192.0.2.1", "192.0.2.1", 32, true},
	    {"192.0.2.1", "192.0.2.0", 32, false},
	    {"192.0.2.1", "192.0.2.0", 31, true},
	    {"192.0.2.2", "192.0.2.0", 31, false},
	    {"192.0.2.127", "192.0.2.0", 25, true},
	    {"192.0.2.128", "192.0.2.0", 25, false},
	    {"10.255.255.255", "10.0.0.0", 8, true},
	    {"11.0.0.0", "10.0.0.0", 8, false},
	    {"11.0.0.0", "10.0.0.0", 7, true},
	    {"203.0.113.1", "0.0.0.0", 0, true},
	    {"192.0.2.1", "192.0.2.1", 33, false},
	    {"::ffff:192.0.2.1", "192.0.2.0", 24, true},
	    {"2001:db8::1", "2001:db8::", 32, true},
	    {"2001:db9::1", "2001:db8::", 32, false},
	    {"2001:db9::1", "2001:db8::", 31, true},
	    {"2001:db8::1", "2001:db8::1", 128, true},
	    {"2001:db8::2", "2001:db8::1", 128, false},
	    {"2001:db8::1", "2001:db8::1", 129, false},
	    {"2001:db8::1", "::", 0, true},
	    {"2001:db8::1", "0.0.0.0", 0, false},
	    {"192.0.2.1", "::", 0, false},
	};
	struct ip none = {0};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ip ip = ip_of(cases[i].ip), net = ip_of(cases[i].net);

		cr_expect_eq(ip_within(&ip, &net, cases[i].bits), cases[i].within, "%s %s/%u",
		    cases[i].ip, cases[i].net, cases[i].bits);
	}
	cr_expect_not(ip_within(&none, &none, 0));
}

Test(ip, bits)
{
	struct ip four = ip_of("192.0.2.1"), six = ip_of("::1"), mapped = ip_of("::ffff:192.0.2.1");

	cr_expect_eq(ip_bits(&four), 32);
	cr_expect_eq(ip_bits(&six), 128);
	cr_expect_eq(ip_bits(&mapped), 32);
}

Test(ip, special)
{
	static const struct {
		const char *before, *first, *last, *after; /* NULL: as special as its neighbour */
		const char *why;
	} nets[] = {
	    {NULL, "0.0.0.0", "0.255.255.255", "1.0.0.0", "unspecified"},
	    {"9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0", "private"},
	    {"100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0", "shared"},
	    {"126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0", "loopback"},
	    {"169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0", "link-local"},
	    {"172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0", "private"},
	    {"191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0", "reserved"},
	    {"192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0", "documentation"},
	    {"192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0", "reserved"},
	    {"192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0", "private"},
	    {"198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0", "reserved"},
	    {"198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0", "documentation"},
	    {"203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0", "documentation"},
	    {"223.255.255.255", "224.0.0.0", "239.255.255.255", NULL, "multicast"},
	    {NULL, "240.0.0.0", "255.255.255.255", NULL, "reserved"},
	    {"9.255.255.255", "::ffff:10.0.0.0", "::ffff:10.255.255.255", "::ffff:11.0.0.0",
	        "private"},
	    {NULL, "::", "::", NULL, "unspecified"},
	    {NULL, "::1", "::1", NULL, "loopback"},
	    /* outside 2000::/3, and its edges */
	    {NULL, "1::", "ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL, "reserved"},
	    {NULL, "100::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2000::", "reserved"},
	    {"2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	        "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::", "reserved"},
	    {"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::",
	        "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::", "documentation"},
	    {"3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	        "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::", "documentation"},
	    {"3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	        "4000::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL, "reserved"},
	    {NULL, "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL, "private"},
	    {NULL, "fe00::", "fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL, "reserved"},
	    {NULL, "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL, "link-local"},
	    {NULL, "fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL, "private"},
	    {NULL, "ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL, "multicast"},
	    /* an IPv4 address inside: NAT64, 6to4, compatible, SIIT, ISATAP, Teredo */
	    {"64:ff9b::9.255.255.255", "64:ff9b::10.0.0.0", "64:ff9b::10.255.255.255",
	        "64:ff9b::11.0.0.0", "private"},
	    {"64:ff9b::126.255.255.255", "64:ff9b::127.0.0.0", "64:ff9b::127.255.255.255",
	        "64:ff9b::128.0.0.0", "loopback"},
	    {"64:ff9b::169.253.255.255", "64:ff9b::169.254.0.0", "64:ff9b::169.254.255.255",
	        "64:ff9b::169.255.0.0", "link-local"},
	    {NULL, "64:ff9b:0:0:0:1::", "64:ff9b:0:ffff:ffff:ffff:ffff:ffff", NULL, "reserved"},
	    {NULL, "64:ff9b:1::10.0.0.1", "64:ff9b:1::10.255.255.255", NULL, "private"},
	    {NULL, "64:ff9b:1::8.8.8.8", "64:ff9b:1:ffff:ffff:ffff:8.8.8.8", NULL, "reserved"},
	    {"2002:9ff:ffff::1", "2002:a00::", "2002:aff:ffff:ffff:ffff:ffff:ffff:ffff",
	        "2002:b00::1", "private"},
	    {"2002:c0a7:ffff::1", "2002:c0a8::", "2002:c0a8:ffff::1", "2002:c0a9::1", "private"},
	    {"2002:7eff:ffff::1", "2002:7f00::", "2002:7fff:ffff::1", "2002:8000::1", "loopback"},
	    {NULL, "::127.0.0.1", "::127.255.255.255", NULL, "loopback"},
	    {NULL, "::10.0.0.1", "::10.255.255.255", NULL, "private"},
	    {NULL, "::8.8.8.8", "::9.9.9.9", NULL, "reserved"},
	    {NULL, "::ffff:0:127.0.0.1", "::ffff:0:127.255.255.255", NULL, "loopback"},
	    {NULL, "::ffff:0:8.8.8.8", "::ffff:0:9.9.9.9", NULL, "reserved"},
	    {"2001:470:1:1:0:5efe:9.255.255.255", "2001:470:1:1:0:5efe:10.0.0.0",
	        "2001:470:1:1:200:5efe:10.255.255.255", "2001:470:1:1:200:5efe:11.0.0.0",
	        "private"},
	    {NULL, "fe80::5efe:8.8.8.8", "fe80::5efe:127.0.0.1", NULL, "link-local"},
	    {NULL, "2001:0:a00:1::1", "2001:0:a00:1:ffff:ffff:f5ff:fffe", NULL, "reserved"},
	};

	for (size_t i = 0; i < COUNT(nets); i++) {
		const char *const in[] = {nets[i].first, nets[i].last}, *const beside[] = {
		                                                            nets[i].before,
		                                                            nets[i].after};

		for (size_t k = 0; k < 2; k++) {
			struct ip ip = ip_of(in[k]);
			const char *why = ip_special(&ip);

			cr_expect(
			    why != NULL && strcmp(why, nets[i].why) == 0, "%s: %s", in[k], why);
			cr_expect(ip_is_public(&ip) == (strcmp(nets[i].why, "documentation") == 0),
			    "%s", in[k]);
			if (beside[k] == NULL)
				continue;
			ip = ip_of(beside[k]);
			cr_expect_null(ip_special(&ip), "%s", beside[k]);
			cr_expect(ip_is_public(&ip), "%s", beside[k]);
		}
	}
}

Test(ip, reachable)
{
	static const char *const texts[] = {"1.1.1.1", "8.8.8.8", "172.217.0.1", "192.1.2.3",
	    "223.1.1.1", "2001:4860:4860::8888", "2606:4700::1", "2a00:1450::1",
	    "64:ff9b::808:808"};

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct ip ip = ip_of(texts[i]);

		cr_expect_null(ip_special(&ip), "%s", texts[i]);
	}
}

Test(ip, reverse)
{
	static const struct {
		const char *ip, *suffix, *name;
	} cases[] = {
	    {"192.0.2.1", "in-addr.arpa", "1.2.0.192.in-addr.arpa"},
	    {"255.255.255.255", "zen.example", "255.255.255.255.zen.example"},
	    {"::ffff:127.0.0.2", "zen.example", "2.0.0.127.zen.example"},
	    {"2001:db8::567:89ab", "ip6.arpa",
	        "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t need = strlen(cases[i].name) + 1;
		struct ip ip = ip_of(cases[i].ip);
		char name[200];

		cr_expect(ip_reverse(&ip, cases[i].suffix, name, need));
		cr_expect_str_eq(name, cases[i].name);
		cr_expect_not(ip_reverse(&ip, cases[i].suffix, name, need - 1), "too small by one");
	}
}

/* ---- utf8 */

Test(utf8, len)
{
	static const struct {
		const char *bytes;
		size_t left, len;
	} cases[] = {
	    {BYTES(""), 0},
	    {BYTES("a"), 1},
	    {BYTES("\0"), 1},
	    {BYTES("\x7f"), 1},
	    {BYTES("\x80"), 0},
	    {BYTES("\xbf"), 0},
	    {BYTES("\xc0\x80"), 0}, /* overlong */
	    {BYTES("\xc1\xbf"), 0},
	    {BYTES("\xc2\x80"), 2},
	    {BYTES("\xc2"), 0},
	    {BYTES("\xc2\x7f"), 0},
	    {BYTES("\xc2\xc0"), 0},
	    {BYTES("\xdf\xbf"), 2},
	    {BYTES("\xe0\x9f\xbf"), 0},
	    {BYTES("\xe0\xa0\x80"), 3},
	    {BYTES("\xe1\x80\x80"), 3},
	    {BYTES("\xe1\x80"), 0},
	    {BYTES("\xe1\x80\x7f"), 0},
	    {BYTES("\xe1\x80\xc0"), 0},
	    {BYTES("\xec\xbf\xbf"), 3},
	    {BYTES("\xed\x9f\xbf"), 3},
	    {BYTES("\xed\xa0\x80"), 0}, /* surrogate */
	    {BYTES("\xee\x80\x80"), 3},
	    {BYTES("\xef\xbf\xbf"), 3},
	    {BYTES("\xf0\x8f\xbf\xbf"), 0},
	    {BYTES("\xf0\x90\x80\x80"), 4},
	    {BYTES("\xf1\x80\x80\x80"), 4},
	    {BYTES("\xf3\xbf\xbf\xbf"), 4},
	    {BYTES("\xf3\xbf\xbf"), 0},
	    {BYTES("\xf3\xbf\xbf\x7f"), 0},
	    {BYTES("\xf4\x8f\xbf\xbf"), 4},
	    {BYTES("\xf4\x90\x80\x80"), 0}, /* above U+10FFFF */
	    {BYTES("\xf5\x80\x80\x80"), 0},
	    {BYTES("\xff"), 0},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		cr_expect_eq(utf8_len(cases[i].bytes, cases[i].left), cases[i].len, "case %zu", i);
	cr_expect_eq(utf8_len("\xc3\xa9", 1), 0, "cut");
	cr_expect(utf8_valid(BYTES("a\xc3\xa9\xe6\xbc\xa2\0")));
	cr_expect(utf8_valid("", 0));
	cr_expect_not(utf8_valid(BYTES("a\xc3")));
	cr_expect_not(utf8_valid(BYTES("\xa9\xc3")));
}

/* ---- json */

static json_t *
read_back(const struct buf *buf)
{
	json_error_t error;
	json_t *value = json_loadb(
	    buf->data, buf->len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY, &error);

	cr_assert_not_null(value, "%s: %s", error.text, buf->data);
	return value;
}

Test(json, structure)
{
	struct json json;
	struct buf out;

	buf_init(&out, 1000);
	json_start(&json, &out);
	json_object_begin(&json, NULL);
	json_cstring(&json, "s", "text");
	json_cstring(&json, "none", NULL);
	json_text(&json, "left out", NULL);
	json_text(&json, "left out too", "");
	json_text(&json, "t", "x");
	json_array_begin(&json, "a");
	json_number(&json, NULL, LLONG_MIN);
	json_number(&json, NULL, LLONG_MAX);
	json_bool(&json, NULL, true);
	json_bool(&json, NULL, false);
	json_none(&json, NULL);
	json_object_begin(&json, NULL);
	json_object_end(&json);
	json_array_begin(&json, NULL);
	json_array_end(&json);
	json_cstring(&json, NULL, "");
	json_array_end(&json);
	json_object_begin(&json, "o");
	json_number(&json, "n", 0);
	json_object_end(&json);
	json_bytes(&json, "b", "x\0y", 3);
	json_object_end(&json);
	cr_expect_str_eq(out.data,
	    "{\"s\":\"text\",\"none\":null,\"t\":\"x\",\"a\":[-9223372036854775808,"
	    "9223372036854775807,true,false,null,{},[],\"\"],"
	    "\"o\":{\"n\":0},\"b\":\"x\\u0000y\"}");
	json_decref(read_back(&out));
	buf_release(&out);
}

Test(json, strings)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *json;
	} cases[] = {
	    {BYTES(""), "\"\""},
	    {BYTES("plain"), "\"plain\""},
	    {BYTES("\"\\/"), "\"\\\"\\\\/\""},
	    {BYTES("\r\n\t"), "\"\\u000d\\u000a\\u0009\""},
	    {BYTES("\0\033\177"), "\"\\u0000\\u001b\\u007f\""},
	    {BYTES("\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80"),
	        "\"\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80\""},
	    {BYTES("\xe9"), "\"\\u00e9\""},
	    {BYTES("a\xff\x62"), "\"a\\u00ffb\""},
	    {BYTES("\xc3"), "\"\\u00c3\""},
	    {BYTES("\xc3\""), "\"\\u00c3\\\"\""},
	    {BYTES("\xe6\xbc"), "\"\\u00e6\\u00bc\""},
	    {BYTES("\xed\xa0\x80"), "\"\\u00ed\\u00a0\\u0080\""},
	    {BYTES("\xc0\xaf"), "\"\\u00c0\\u00af\""},
	    {BYTES("\xf4\x90\x80\x80"), "\"\\u00f4\\u0090\\u0080\\u0080\""},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct json json;
		struct buf out;

		buf_init(&out, 1000);
		json_start(&json, &out);
		json_bytes(&json, NULL, cases[i].bytes, cases[i].len);
		cr_expect_str_eq(out.data, cases[i].json, "%s", out.data);
		json_decref(read_back(&out));
		buf_release(&out);
	}
}

/* What a string of two bytes is to be read as: one character, or each byte as the character of its
 * value. */
static size_t
two_as_utf8(unsigned a, unsigned b, char text[4])
{
	const unsigned bytes[] = {a, b};
	size_t len = 0;

	if (a >= 0xc2 && a <= 0xdf && b >= 0x80 && b <= 0xbf) {
		text[0] = (char)a;
		text[1] = (char)b;
		return 2;
	}
	for (int i = 0; i < 2; i++)
		if (bytes[i] < 0x80) {
			text[len++] = (char)bytes[i];
		} else {
			text[len++] = (char)(0xc0 | bytes[i] >> 6);
			text[len++] = (char)(0x80 | (bytes[i] & 0x3f));
		}
	return len;
}

Test(json, any_two_bytes_are_read_back)
{
	struct buf out;

	buf_init(&out, 10000);
	for (unsigned a = 0; a < 256; a++) {
		struct json json;
		json_t *read;

		buf_clear(&out);
		json_start(&json, &out);
		json_array_begin(&json, NULL);
		for (unsigned b = 0; b < 256; b++) {
			const char bytes[2] = {(char)a, (char)b};

			json_bytes(&json, NULL, bytes, 2);
		}
		json_array_end(&json);
		read = read_back(&out);
		for (unsigned b = 0; b < 256; b++) {
			const json_t *string = json_array_get(read, b);
			char text[4];
			size_t len = two_as_utf8(a, b, text);

			cr_assert_eq(json_string_length(string), len, "%02x %02x", a, b);
			cr_assert_eq(
			    memcmp(json_string_value(string), text, len), 0, "%02x %02x", a, b);
		}
		json_decref(read);
	}
	buf_release(&out);
}

Test(json, hostile_keys)
{
	struct json json;
	struct buf out;
	json_t *read;

	buf_init(&out, 1000);
	json_start(&json, &out);
	json_object_begin(&json, NULL);
	json_number(&json, "\"}\n\xff", 1);
	json_object_end(&json);
	read = read_back(&out);
	cr_expect_eq(json_integer_value(json_object_get(read, "\"}\n\xc3\xbf")), 1);
	json_decref(read);
	buf_release(&out);
}

/* ---- log */

TestSuite(log, .init = cr_redirect_stderr);

Test(log, says_who_speaks)
{
	log_error("%s: %d", "error", 1);
	log_warn("warning");
	log_note("note");
	cr_assert_stderr_eq_str("mxwalk: error: 1\nmxwalk: warning: warning\nmxwalk: note\n");
}

Test(log, quiet_leaves_only_errors)
{
	log_quiet(true);
	log_error("error");
	log_warn("warning");
	log_note("note");
	log_quiet(false);
	log_note("heard again");
	cr_assert_stderr_eq_str("mxwalk: error\nmxwalk: heard again\n");
}

Test(log, shows_control_bytes)
{
	log_error("a\r\nb\033[2J\177\xc3\xa9");
	cr_assert_stderr_eq_str("mxwalk: a\\x0d\\x0ab\\x1b[2J\\x7f\xc3\xa9\n");
}

Test(log, clears_an_open_line)
{
	log_progress("1 done");
	log_progress("2 done");
	log_error("a");
	log_error("b");
	log_progress(NULL);
	cr_assert_stderr_eq_str("\r\033[K1 done\r\033[K2 done\r\033[Kmxwalk: a\nmxwalk: b\n");
}

Test(log, cuts_what_is_too_long)
{
	char expected[2100];

	log_error("%05000d", 0);
	strcpy(expected, "mxwalk: ");
	memset(expected + 8, '0', 2047);
	strcpy(expected + 8 + 2047, "\n");
	cr_assert_stderr_eq_str(expected);
}

/* ---- stanza */

static struct stanza *stanzas;
static size_t count;
static struct stanza_error error;

static bool
read_stanzas(const char *text, size_t len)
{
	char *exact = malloc(len + 1); /* so that a sanitizer sees a byte too far; gone afterwards:
	                                  the stanzas are copies */
	bool ok;

	memcpy(exact, text, len);
	memset(&error, 0, sizeof error);
	ok = stanza_read(exact, len, arena, &stanzas, &count, &error);
	free(exact);
	return ok;
}

Test(stanza, whole)
{
	cr_assert(
	    read_stanzas(BYTES("# comment\n\n[one]\nkey = value ; # \"all\" of it = this\nkey = "
	                       "again\n  other\t=\tx  \n\n[two.2]\r\nk=v\r\n  # comment\n[three]")),
	    "%u: %s", error.line, error.reason);
	cr_assert_eq(count, 3);
	cr_expect_str_eq(stanzas[0].id, "one");
	cr_expect_eq(stanzas[0].line, 3);
	cr_assert_eq(stanzas[0].count, 3);
	cr_expect_str_eq(stanzas[0].fields[0].key, "key");
	cr_expect_str_eq(stanzas[0].fields[0].value, "value ; # \"all\" of it = this");
	cr_expect_eq(stanzas[0].fields[0].line, 4);
	cr_expect_str_eq(stanzas[0].fields[1].value, "again");
	cr_expect_str_eq(stanzas[0].fields[2].key, "other");
	cr_expect_str_eq(stanzas[0].fields[2].value, "x");
	cr_expect_eq(stanzas[0].fields[2].line, 6);
	cr_expect_str_eq(stanzas[1].id, "two.2");
	cr_expect_str_eq(stanzas[1].fields[0].value, "v");
	cr_expect_str_eq(stanzas[2].id, "three");
	cr_expect_eq(stanzas[2].count, 0);
	cr_expect_eq(stanzas[2].line, 11);
	cr_expect_str_eq(stanza_get(&stanzas[0], "key"), "value ; # \"all\" of it = this");
	cr_expect_null(stanza_get(&stanzas[0], "KEY"));
	cr_expect_null(stanza_get(&stanzas[2], "key"));
}

Test(stanza, nothing)
{
	static const char *const texts[] = {"", "\n", "\r\n", "# only a comment", "  \t \n#\n"};

	for (size_t i = 0; i < COUNT(texts); i++) {
		cr_expect(read_stanzas(texts[i], strlen(texts[i])));
		cr_expect_eq(count, 0);
	}
}

Test(stanza, faults)
{
	static const struct {
		const char *text;
		size_t len;
		unsigned line;
		const char *reason;
	} cases[] = {
	    {BYTES("k = v\n"), 1, "before the first"},
	    {BYTES("[a]\nk\n"), 2, "expected \"key = value\""},
	    {BYTES("\n\nwords\n"), 3, "expected \"key = value\""},
	    {BYTES("[]\n"), 1, "[id]"},
	    {BYTES("["), 1, "[id]"},
	    {BYTES("[a\nk = v\n"), 1, "[id]"},
	    {BYTES("[a b]\n"), 1, "[id]"},
	    {BYTES("[a]]\n"), 1, "[id]"},
	    {BYTES("[a] # comment\n"), 1, "[id]"},
	    {BYTES("[a\033]\n"), 1, "[id]"},
	    {BYTES("[a]\n\nk l = v\n"), 3, "one word"},
	    {BYTES("[a]\n= v\n"), 2, "one word"},
	    {BYTES("[a]\nk =\n"), 2, "empty"},
	    {BYTES("[a]\nk = \t \r\n"), 2, "empty"},
	    {BYTES("[a]\nk = v\0w\n"), 2, "NUL"},
	    {BYTES("# \0\n"), 1, "NUL"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		cr_expect_not(read_stanzas(cases[i].text, cases[i].len), "case %zu", i);
		cr_expect_eq(error.line, cases[i].line, "case %zu: line %u", i, error.line);
		cr_expect_not_null(
		    strstr(error.reason, cases[i].reason), "case %zu: %s", i, error.reason);
	}
}

Test(stanza, many_and_long)
{
	enum { MANY = 500, LONG = 5000 };
	struct buf text;

	buf_init(&text, 10000000);
	for (unsigned i = 0; i < MANY; i++)
		buf_printf(&text, "[s%u]\na = %u\nlong = %0*u\nb = x\n", i, i, LONG, i);
	cr_assert(read_stanzas(text.data, text.len));
	cr_assert_eq(count, MANY);
	for (unsigned i = 0; i < MANY; i++) {
		char id[20];

		snprintf(id, sizeof id, "s%u", i);
		cr_assert_str_eq(stanzas[i].id, id);
		cr_assert_eq(stanzas[i].count, 3);
		cr_assert_str_eq(stanza_get(&stanzas[i], "a"), id + 1);
		cr_assert_eq(strlen(stanza_get(&stanzas[i], "long")), LONG);
		cr_assert_eq(stanzas[i].fields[2].line, i * 4 + 4);
	}
	buf_release(&text);
}
