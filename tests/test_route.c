#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "dns/book.h"
#include "evidence/route.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static void
load(struct book *book, const char *line)
{
	char reason[120] = "";

	cr_assert(book_read_line(book, line, strlen(line), reason, sizeof reason), "%s: %s", line,
	    reason);
}

/* Host by host, "preference name@address@address" or "preference name!problem". */
static void
describe(const struct route *route, struct buf *out)
{
	char text[IP_TEXT];

	for (size_t i = 0; i < route->host_count; i++) {
		const struct route_host *host = &route->hosts[i];

		buf_printf(out, "%s%u %s", i > 0 ? " " : "", host->preference, host->name);
		if (host->alias)
			buf_puts(out, "(alias)");
		for (size_t a = 0; a < host->address_count; a++)
			buf_printf(out, "@%s", ip_text(&host->addresses[a], text));
		if (host->problem != NULL)
			buf_printf(out, "!%s", host->problem);
	}
}

#define MX(data) "{\"name\":\"example.com\",\"type\":\"MX\",\"ad\":true,\"data\":[" data "]}"
#define NO_MX "{\"name\":\"example.com\",\"type\":\"MX\",\"data\":[]}"
#define HOST(name, type, data) "{\"name\":\"" name "\",\"type\":\"" type "\",\"data\":[" data "]}"
#define FAIL(name, type, rcode)                                                                    \
	"{\"name\":\"" name "\",\"type\":\"" type "\",\"rcode\":\"" rcode                          \
	"\",\"server\":\"192.0.2.53\"}"

static const struct journey {
	const char *what, *lines[8];
	enum route_family family;
	enum route_kind kind;
	const char *hosts, *problem;
} journeys[] = {
    {"by preference, IPv6 first",
        {MX("\"20 b.example\",\"10 a.example\""),
            HOST("a.example", "A", "\"192.0.2.1\",\"192.0.2.2\""),
            HOST("a.example", "AAAA", "\"2001:db8::1\""), HOST("b.example", "A", "\"192.0.2.3\"")},
        ROUTE_BOTH, ROUTE_MX, "10 a.example@2001:db8::1@192.0.2.1@192.0.2.2 20 b.example@192.0.2.3",
        NULL},
    {"IPv4 only",
        {MX("\"10 a.example\""), HOST("a.example", "A", "\"192.0.2.1\""),
            HOST("a.example", "AAAA", "\"2001:db8::1\"")},
        ROUTE_V4, ROUTE_MX, "10 a.example@192.0.2.1", NULL},
    {"IPv6 only",
        {MX("\"10 a.example\""), HOST("a.example", "A", "\"192.0.2.1\""),
            HOST("a.example", "AAAA", "\"2001:db8::1\"")},
        ROUTE_V6, ROUTE_MX, "10 a.example@2001:db8::1", NULL},
    {"IPv6 only, there is none", {MX("\"10 a.example\""), HOST("a.example", "A", "\"192.0.2.1\"")},
        ROUTE_V6, ROUTE_OTHER_FAMILY, "10 a.example!no IPv6 address",
        "the mail exchangers of example.com have IPv4 addresses only, and only IPv6 was to be "
        "asked"},
    {"IPv4 only, there is none",
        {MX("\"10 a.example\",\"20 b.example\""), HOST("a.example", "AAAA", "\"2001:db8::1\""),
            HOST("b.example", "AAAA", ""), HOST("c.example", "AAAA", "\"2001:db8::2\"")},
        ROUTE_V4, ROUTE_OTHER_FAMILY, "10 a.example!no IPv4 address 20 b.example!no address",
        "the mail exchangers of example.com have IPv6 addresses only, and only IPv4 was to be "
        "asked"},
    {"IPv4 only, there is no other either",
        {MX("\"10 a.example\""), HOST("a.example", "TXT", "\"\"")}, ROUTE_V4, ROUTE_NO_ADDRESS,
        "10 a.example!no address",
        "no mail exchanger of example.com can be connected to (a.example: no address)"},
    {"IPv4 only, and whether there is another is unknown",
        {MX("\"10 a.example\""), HOST("a.example", "A", ""), FAIL("a.example", "AAAA", "SERVFAIL")},
        ROUTE_V4, ROUTE_DNS_ERROR, "10 a.example!AAAA: SERVFAIL",
        "no address of a mail exchanger of example.com could be found out (a.example: AAAA: "
        "SERVFAIL)"},
    {"IPv4 only, unknown, though there is another",
        {MX("\"10 a.example\""), FAIL("a.example", "A", "TIMEOUT"),
            HOST("a.example", "AAAA", "\"2001:db8::1\"")},
        ROUTE_V4, ROUTE_DNS_ERROR, "10 a.example!A: TIMEOUT",
        "no address of a mail exchanger of example.com could be found out (a.example: A: TIMEOUT)"},
    {"IPv4 only, one of the other, one that fails there",
        {MX("\"10 a.example\",\"20 b.example\""), HOST("a.example", "A", ""),
            FAIL("a.example", "AAAA", "SERVFAIL"), HOST("b.example", "AAAA", "\"2001:db8::1\"")},
        ROUTE_V4, ROUTE_OTHER_FAMILY, "10 a.example!AAAA: SERVFAIL 20 b.example!no IPv4 address",
        "the mail exchangers of example.com have IPv6 addresses only, and only IPv4 was to be "
        "asked"},
    {"one host is not there",
        {MX("\"10 a.example\",\"20 b.example\""), HOST("b.example", "A", "\"192.0.2.3\"")},
        ROUTE_BOTH, ROUTE_MX, "10 a.example!no such name 20 b.example@192.0.2.3",
        "not all addresses of the mail exchangers of example.com can be found (a.example: no such "
        "name)"},
    {"one host's look-ups fail",
        {MX("\"10 a.example\",\"20 b.example\""), FAIL("a.example", "A", "SERVFAIL"),
            FAIL("a.example", "AAAA", "TIMEOUT"), HOST("b.example", "A", "\"192.0.2.3\"")},
        ROUTE_BOTH, ROUTE_MX, "10 a.example!A: SERVFAIL, AAAA: TIMEOUT 20 b.example@192.0.2.3",
        "not all addresses of the mail exchangers of example.com can be found (a.example: A: "
        "SERVFAIL, AAAA: TIMEOUT)"},
    {"one family's look-up fails",
        {MX("\"10 a.example\""), HOST("a.example", "A", "\"192.0.2.1\""),
            FAIL("a.example", "AAAA", "SERVFAIL")},
        ROUTE_BOTH, ROUTE_MX, "10 a.example@192.0.2.1!AAAA: SERVFAIL",
        "not all addresses of the mail exchangers of example.com can be found (a.example: AAAA: "
        "SERVFAIL)"},
    {"one family's look-up fails, the other has nothing",
        {MX("\"10 a.example\""), HOST("a.example", "A", ""), FAIL("a.example", "AAAA", "SERVFAIL")},
        ROUTE_BOTH, ROUTE_DNS_ERROR, "10 a.example!AAAA: SERVFAIL",
        "no address of a mail exchanger of example.com could be found out (a.example: AAAA: "
        "SERVFAIL)"},
    {"an unknown among the absent",
        {MX("\"10 a.example\",\"20 b.example\""), FAIL("b.example", "A", "TIMEOUT")}, ROUTE_BOTH,
        ROUTE_DNS_ERROR, "10 a.example!no such name 20 b.example!A: TIMEOUT",
        "no address of a mail exchanger of example.com could be found out (a.example: no such "
        "name, b.example: A: TIMEOUT)"},
    {"none has an address",
        {MX("\"10 a.example\",\"20 b.example\",\"30 c.example\",\"40 d.example\""),
            HOST("b.example", "A", "")},
        ROUTE_BOTH, ROUTE_NO_ADDRESS,
        "10 a.example!no such name 20 b.example!no address 30 c.example!no such name 40 "
        "d.example!no such name",
        "no mail exchanger of example.com can be connected to (a.example: no such name, b.example: "
        "no address, c.example: no such name, and 1 more)"},
    {"an address for a name",
        {MX("\"10 192.0.2.1\",\"20 b.example\""), HOST("b.example", "A", "\"192.0.2.3\""),
            HOST("192.0.2.1", "A", "\"192.0.2.1\"")},
        ROUTE_BOTH, ROUTE_MX, "10 192.0.2.1!an address instead of a name 20 b.example@192.0.2.3",
        "not all addresses of the mail exchangers of example.com can be found (192.0.2.1: an "
        "address instead of a name)"},
    {"nothing but an address for a name", {MX("\"10 192.0.2.1\"")}, ROUTE_BOTH, ROUTE_NO_ADDRESS,
        "10 192.0.2.1!an address instead of a name",
        "no mail exchanger of example.com can be connected to (192.0.2.1: an address instead of a "
        "name)"},
    {"an alias",
        {MX("\"10 a.example\""), HOST("a.example", "CNAME", "\"c.example\""),
            HOST("c.example", "A", "\"192.0.2.1\"")},
        ROUTE_BOTH, ROUTE_MX, "10 a.example(alias)@192.0.2.1", NULL},
    {"a host twice",
        {MX("\"30 a.example\",\"20 b.example\",\"10 a.example\""),
            HOST("a.example", "A", "\"192.0.2.1\""), HOST("b.example", "A", "\"192.0.2.2\"")},
        ROUTE_BOTH, ROUTE_MX, "10 a.example@192.0.2.1 20 b.example@192.0.2.2", NULL},
    {"an address twice, once mapped",
        {MX("\"10 a.example\""), HOST("a.example", "A", "\"192.0.2.1\""),
            HOST("a.example", "AAAA", "\"::ffff:192.0.2.1\"")},
        ROUTE_BOTH, ROUTE_MX, "10 a.example@192.0.2.1", NULL},

    {"null MX", {MX("\"0 .\"")}, ROUTE_BOTH, ROUTE_NULL_MX, "",
        "example.com takes no mail (null MX, RFC 7505)"},
    {"null MX with another preference", {MX("\"10 .\",\"0 .\"")}, ROUTE_BOTH, ROUTE_NULL_MX, "",
        "example.com takes no mail (null MX, RFC 7505)"},
    {"null MX among others",
        {MX("\"0 .\",\"10 a.example\""), HOST("a.example", "A", "\"192.0.2.1\"")}, ROUTE_BOTH,
        ROUTE_MX, "10 a.example@192.0.2.1",
        "a null MX stands among other MX records (RFC 7505 section 3)"},
    {"null MX among others, none of any use", {MX("\"0 .\",\"10 a.example\"")}, ROUTE_BOTH,
        ROUTE_NO_ADDRESS, "10 a.example!no such name",
        "a null MX stands among other MX records (RFC 7505 section 3); no mail exchanger of "
        "example.com can be connected to (a.example: no such name)"},

    {"implicit",
        {NO_MX, HOST("example.com", "A", "\"192.0.2.1\""),
            HOST("example.com", "AAAA", "\"2001:db8::1\"")},
        ROUTE_BOTH, ROUTE_IMPLICIT, "0 example.com@2001:db8::1@192.0.2.1", NULL},
    {"implicit, one family fails",
        {NO_MX, HOST("example.com", "A", "\"192.0.2.1\""), FAIL("example.com", "AAAA", "SERVFAIL")},
        ROUTE_BOTH, ROUTE_IMPLICIT, "0 example.com@192.0.2.1!AAAA: SERVFAIL",
        "not all addresses of the mail exchangers of example.com can be found (example.com: AAAA: "
        "SERVFAIL)"},
    {"implicit, and no address", {NO_MX}, ROUTE_BOTH, ROUTE_NO_ADDRESS, "0 example.com!no address",
        "example.com has no MX and no address"},
    {"implicit, and no address of the family", {NO_MX, HOST("example.com", "A", "\"192.0.2.1\"")},
        ROUTE_V6, ROUTE_OTHER_FAMILY, "0 example.com!no IPv6 address",
        "example.com, which has no MX, has IPv4 addresses only, and only IPv6 was to be asked"},
    {"implicit, the address unknown", {NO_MX, FAIL("example.com", "A", "TIMEOUT")}, ROUTE_BOTH,
        ROUTE_DNS_ERROR, "0 example.com!A: TIMEOUT",
        "no address of a mail exchanger of example.com could be found out (example.com: A: "
        "TIMEOUT)"},
    {"implicit behind an alias",
        {HOST("example.com", "CNAME", "\"e.example\""), HOST("e.example", "A", "\"192.0.2.1\"")},
        ROUTE_BOTH, ROUTE_IMPLICIT, "0 e.example@192.0.2.1", NULL},
    {"MX behind an alias",
        {HOST("example.com", "CNAME", "\"e.example\""), HOST("e.example", "MX", "\"10 a.example\""),
            HOST("a.example", "A", "\"192.0.2.1\"")},
        ROUTE_BOTH, ROUTE_MX, "10 a.example@192.0.2.1", NULL},

    {"no such domain", {FAIL("example.com", "MX", "NXDOMAIN")}, ROUTE_BOTH, ROUTE_NO_DOMAIN, "",
        "example.com does not exist (NXDOMAIN from 192.0.2.53)"},
    {"an alias of nothing", {HOST("example.com", "CNAME", "\"e.example\"")}, ROUTE_BOTH,
        ROUTE_NO_DOMAIN, "",
        "example.com leads nowhere: it is an alias (CNAME) of e.example, which does not exist: "
        "whoever "
        "holds e.example has to put a record there, or the alias has to go (NXDOMAIN from replay)"},
    {"SERVFAIL", {FAIL("example.com", "MX", "SERVFAIL")}, ROUTE_BOTH, ROUTE_DNS_ERROR, "",
        "MX look-up of example.com: SERVFAIL from 192.0.2.53"},
    {"REFUSED", {FAIL("example.com", "MX", "REFUSED")}, ROUTE_BOTH, ROUTE_DNS_ERROR, "",
        "MX look-up of example.com: REFUSED from 192.0.2.53"},
    {"TIMEOUT, though there is an address",
        {FAIL("example.com", "MX", "TIMEOUT"), HOST("example.com", "A", "\"192.0.2.1\"")},
        ROUTE_BOTH, ROUTE_DNS_ERROR, "", "MX look-up of example.com: TIMEOUT from 192.0.2.53"},
    {"a loop", {HOST("example.com", "CNAME", "\"example.com\"")}, ROUTE_BOTH, ROUTE_DNS_ERROR, "",
        "MX look-up of example.com: SERVFAIL from replay"},
};

Test(route, journeys)
{
	for (size_t i = 0; i < COUNT(journeys); i++) {
		const struct journey *j = &journeys[i];
		struct arena *arena = arena_new();
		struct book *book = book_new();
		struct route route;
		struct buf hosts;

		for (size_t line = 0; j->lines[line] != NULL; line++)
			load(book, j->lines[line]);
		book_close(book);
		buf_init(&hosts, 10000);
		cr_assert(
		    route_find(book, arena, "Example.COM.", j->family, 1, &route), "%s", j->what);
		describe(&route, &hosts);
		cr_expect_eq(route.kind, j->kind, "%s: %s", j->what, route_kind_name(route.kind));
		cr_expect_str_eq(hosts.data, j->hosts, "%s: %s", j->what, hosts.data);
		cr_expect_str_eq(route.domain, "example.com");
		if (j->problem == NULL)
			cr_expect_null(route.problem, "%s: %s", j->what, route.problem);
		else
			cr_expect_str_eq(route.problem, j->problem, "%s: %s", j->what,
			    route.problem != NULL ? route.problem : "nothing");
		cr_expect_eq(
		    route.null_mx_mixed, strstr(j->what, "null MX among") != NULL, "%s", j->what);
		buf_release(&hosts);
		book_free(book);
		arena_free(arena);
	}
}

Test(route, facts)
{
	struct arena *arena = arena_new();
	struct book *book = book_new();
	struct route route;

	load(book, MX("\"10 a.example\""));
	load(book, FAIL("a.example", "AAAA", "REFUSED"));
	load(book, HOST("a.example", "A", "\"192.0.2.1\""));
	load(book, HOST("w.example", "CNAME", "\"example.com\""));
	book_close(book);
	cr_assert(route_find(book, arena, "example.com", ROUTE_BOTH, 0, &route));
	cr_expect(route.authentic);
	cr_expect_eq(route.hosts[0].rcode[0], DNS_NOERROR);
	cr_expect_eq(route.hosts[0].rcode[1], DNS_REFUSED);
	cr_assert(route_find(book, arena, "example.com", ROUTE_V4, 0, &route));
	cr_expect_eq(route.hosts[0].rcode[1], DNS_NOERROR, "it was not asked");
	cr_assert(route_find(book, arena, "w.example", ROUTE_BOTH, 0, &route));
	cr_expect_not(route.authentic, "the alias was not");
	cr_expect_str_eq(route.canonical, "example.com");
	cr_expect_str_eq(route.domain, "w.example");
	book_free(book);
	arena_free(arena);
}

Test(route, no_name)
{
	struct arena *arena = arena_new();
	struct book *book = book_new();
	struct route route;

	cr_assert(route_find(book, arena, "a..b", ROUTE_BOTH, 0, &route));
	cr_expect_eq(route.kind, ROUTE_NO_DOMAIN);
	cr_expect_str_eq(route.problem, "\"a..b\" is no domain name: an empty label");
	cr_expect_eq(book_wanted(book), 0);
	book_free(book);
	arena_free(arena);
}

Test(route, asks_for_all_hosts_at_once)
{
	struct arena *arena = arena_new();
	struct book *book = book_new();
	struct route route;

	cr_expect_not(route_find(book, arena, "example.com", ROUTE_BOTH, 0, &route));
	cr_assert_eq(book_wanted(book), 1);
	cr_expect_eq(book_want(book, 0).type, DNS_MX);
	load(book, MX("\"10 a.example\",\"10 b.example\",\"20 c.example\",\"30 192.0.2.1\""));
	cr_expect_not(route_find(book, arena, "example.com", ROUTE_BOTH, 0, &route));
	cr_expect_eq(book_wanted(book), 6);
	book_forget_wants(book);
	cr_expect_not(route_find(book, arena, "example.com", ROUTE_V4, 0, &route));
	cr_expect_eq(book_wanted(book), 3);
	while (book_wanted(book) > 0) {
		struct question question = book_want(book, 0);

		cr_expect_eq(question.type, DNS_A);
		book_put(
		    book, &(struct answer){
		              .name = question.name, .type = question.type, .rcode = DNS_TIMEOUT});
	}
	cr_expect(route_find(book, arena, "example.com", ROUTE_V4, 0, &route));
	cr_expect_eq(route.kind, ROUTE_DNS_ERROR);
	book_free(book);
	arena_free(arena);
}

static void
order_of(struct book *book, uint64_t seed, char order[5])
{
	struct arena *arena = arena_new();
	struct route route;

	cr_assert(route_find(book, arena, "example.com", ROUTE_BOTH, seed, &route));
	cr_assert_eq(route.host_count, 4);
	for (size_t i = 0; i < 4; i++)
		order[i] = route.hosts[i].name[0];
	order[4] = '\0';
	arena_free(arena);
}

/* Of 600 seeds each of the 6 orders of three equals gets about 100; the last is always the last. */
Test(route, shuffles_equals)
{
	static const char *const orders[] = {"abcz", "acbz", "bacz", "bcaz", "cabz", "cbaz"};
	struct book *book = book_new(), *turned = book_new();
	unsigned times[COUNT(orders)] = {0};

	load(book, MX("\"20 z.example\",\"10 a.example\",\"10 b.example\",\"10 c.example\""));
	load(turned, MX("\"10 c.example\",\"10 b.example\",\"10 a.example\",\"20 z.example\""));
	book_close(book);
	book_close(turned);
	for (uint64_t seed = 0; seed < 600; seed++) {
		char order[5], again[5];
		size_t i = 0;

		order_of(book, seed, order);
		order_of(turned, seed, again);
		cr_expect_str_eq(order, again, "the seed decides, not the DNS");
		while (i < COUNT(orders) && strcmp(order, orders[i]) != 0)
			i++;
		cr_assert(i < COUNT(orders), "%s", order);
		times[i]++;
	}
	for (size_t i = 0; i < COUNT(orders); i++)
		cr_expect(times[i] > 60 && times[i] < 140, "%s: %u", orders[i], times[i]);
	book_free(book);
	book_free(turned);
}

Test(route, limits)
{
	struct arena *arena = arena_new();
	struct book *book = book_new();
	struct buf line;
	struct route route;
	size_t six = 0;

	buf_init(&line, 10000);
	buf_puts(&line, "{\"name\":\"example.com\",\"type\":\"MX\",\"data\":[\"1 a.example\"");
	for (int i = 0; i < 70; i++)
		buf_printf(&line, ",\"%d m%d.example\"", 2 + i, i);
	buf_puts(&line, "]}");
	load(book, line.data);
	for (int type = 0; type < 2; type++) {
		buf_clear(&line);
		buf_printf(&line, "{\"name\":\"a.example\",\"type\":\"%s\",\"data\":[",
		    type == 0 ? "A" : "AAAA");
		for (int i = 0; i < 20; i++)
			buf_printf(&line, "%s\"%s%d\"", i > 0 ? "," : "",
			    type == 0 ? "192.0.2." : "2001:db8::", i);
		buf_puts(&line, "]}");
		load(book, line.data);
	}
	book_close(book);
	cr_assert(route_find(book, arena, "example.com", ROUTE_BOTH, 0, &route));
	cr_expect_eq(route.kind, ROUTE_MX);
	cr_assert_eq(route.host_count, 64);
	cr_expect_eq(route.hosts[63].preference, 64, "the best are kept");
	cr_assert_eq(route.hosts[0].address_count, 16);
	while (route.hosts[0].addresses[six].family == 6)
		six++;
	cr_expect_eq(six, 8, "neither family crowds the other out");
	cr_expect_str_eq(route.problem,
	    "71 mail exchangers, 64 are looked at; a.example has 40 addresses, 16 are looked at; "
	    "not all addresses of the mail exchangers of example.com can be found (m0.example: no "
	    "such name, m1.example: no such name, m2.example: no such name, and 60 more)",
	    "%s", route.problem);
	cr_assert(route_find(book, arena, "example.com", ROUTE_V6, 0, &route));
	cr_expect_eq(route.hosts[0].address_count, 16);
	buf_release(&line);
	book_free(book);
	arena_free(arena);
}

Test(route, words)
{
	cr_expect_str_eq(route_kind_name(ROUTE_MX), "mx");
	cr_expect_str_eq(route_kind_name(ROUTE_IMPLICIT), "implicit-mx");
	cr_expect_str_eq(route_kind_name(ROUTE_NULL_MX), "null-mx");
	cr_expect_str_eq(route_kind_name(ROUTE_NO_DOMAIN), "nxdomain");
	cr_expect_str_eq(route_kind_name(ROUTE_NO_ADDRESS), "no-address");
	cr_expect_str_eq(route_kind_name(ROUTE_OTHER_FAMILY), "other-family");
	cr_expect_str_eq(route_kind_name(ROUTE_DNS_ERROR), "dns-error");
}

/* A server that was given: no MX is asked for, the order is the same. */
static const struct {
	const char *what, *host, *lines[3];
	enum route_family family;
	enum route_kind kind;
	const char *hosts, *problem;
} given[] = {
    {"an address", "192.0.2.1", {0}, ROUTE_BOTH, ROUTE_FIXED, "0 192.0.2.1@192.0.2.1", NULL},
    {"a name", "a.example",
        {HOST("a.example", "A", "\"192.0.2.1\""), HOST("a.example", "AAAA", "\"2001:db8::1\"")},
        ROUTE_BOTH, ROUTE_FIXED, "0 a.example@2001:db8::1@192.0.2.1", NULL},
    {"a name, IPv4 only", "a.example",
        {HOST("a.example", "A", "\"192.0.2.1\""), HOST("a.example", "AAAA", "\"2001:db8::1\"")},
        ROUTE_V4, ROUTE_FIXED, "0 a.example@192.0.2.1", NULL},
    {"no such name", "a.example", {0}, ROUTE_BOTH, ROUTE_NO_ADDRESS, "0 a.example!no such name",
        "a.example has no address"},
    {"none of that family", "a.example", {HOST("a.example", "A", "\"192.0.2.1\"")}, ROUTE_V6,
        ROUTE_OTHER_FAMILY, "0 a.example!no IPv6 address",
        "a.example has IPv4 addresses only, and only IPv6 was to be asked"},
    {"nothing of any family", "a.example", {HOST("a.example", "TXT", "\"\"")}, ROUTE_V6,
        ROUTE_NO_ADDRESS, "0 a.example!no address", "a.example has no address"},
    {"an address of the other family", "192.0.2.1", {0}, ROUTE_V6, ROUTE_OTHER_FAMILY,
        "0 192.0.2.1", "192.0.2.1 is an IPv4 address, and only IPv6 was to be asked"},
    {"the look-up fails", "a.example", {FAIL("a.example", "A", "SERVFAIL")}, ROUTE_BOTH,
        ROUTE_DNS_ERROR, "0 a.example!A: SERVFAIL", "look-up of a.example A: SERVFAIL"},
    {"one look-up fails", "a.example",
        {FAIL("a.example", "AAAA", "SERVFAIL"), HOST("a.example", "A", "\"192.0.2.1\"")},
        ROUTE_BOTH, ROUTE_FIXED, "0 a.example@192.0.2.1!AAAA: SERVFAIL",
        "look-up of a.example AAAA: SERVFAIL"},
};

Test(route, given)
{
	for (size_t i = 0; i < COUNT(given); i++) {
		struct book *book = book_new();
		struct arena *arena = arena_new();
		struct route route;
		struct buf hosts;

		buf_init(&hosts, 4096);
		for (size_t k = 0; k < COUNT(given[i].lines) && given[i].lines[k] != NULL; k++)
			load(book, given[i].lines[k]);
		book_close(book);
		cr_assert(route_fixed(book, arena, given[i].host, given[i].family, &route));
		describe(&route, &hosts);
		cr_expect_eq(route.kind, given[i].kind, "%s: %s", given[i].what,
		    route_kind_name(route.kind));
		cr_expect_str_eq(hosts.data, given[i].hosts, "%s: %s", given[i].what, hosts.data);
		cr_expect_eq(route.problem == NULL, given[i].problem == NULL, "%s", given[i].what);
		if (route.problem != NULL && given[i].problem != NULL)
			cr_expect_str_eq(route.problem, given[i].problem, "%s: %s", given[i].what,
			    route.problem);
		buf_release(&hosts);
		book_free(book);
		arena_free(arena);
	}
}
