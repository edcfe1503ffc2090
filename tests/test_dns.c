/* The DNS core but for the routes: answer, name, book, wire, ptr. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "dns/answer.h"
#include "dns/book.h"
#include "dns/name.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* ---- answer */

Test(answer, three_truths)
{
	static const struct dns_record record;
	static const struct {
		enum dns_rcode rcode;
		size_t count;
		enum truth truth;
	} rows[] = {
		{DNS_NOERROR, 1, PRESENT}, {DNS_NOERROR, 0, ABSENT}, {DNS_NXDOMAIN, 0, ABSENT}, {DNS_SERVFAIL, 0, UNKNOWN}, {DNS_REFUSED, 0, UNKNOWN},
		{DNS_TIMEOUT, 0, UNKNOWN}, {DNS_GARBLED, 0, UNKNOWN}, {DNS_FORMERR, 0, UNKNOWN}, {DNS_NOTIMP, 0, UNKNOWN}, {(enum dns_rcode)16, 0, UNKNOWN},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct answer answer = {.rcode = rows[i].rcode, .records = &record, .count = rows[i].count};

		cr_expect_eq(answer_truth(&answer), rows[i].truth, "row %zu", i);
	}
}

Test(answer, words)
{
	static const enum dns_type types[] = {DNS_A, DNS_NS, DNS_CNAME, DNS_SOA, DNS_PTR, DNS_MX, DNS_TXT, DNS_AAAA, DNS_TLSA};
	static const enum dns_rcode rcodes[] = {DNS_NOERROR, DNS_FORMERR, DNS_SERVFAIL, DNS_NXDOMAIN, DNS_NOTIMP, DNS_REFUSED, DNS_TIMEOUT, DNS_GARBLED, (enum dns_rcode)16};

	for (size_t i = 0; i < COUNT(types); i++) {
		enum dns_type type = DNS_A;

		cr_expect(dns_type_parse(dns_type_name(types[i]), &type));
		cr_expect_eq(type, types[i]);
	}
	for (size_t i = 0; i < COUNT(rcodes); i++) {
		enum dns_rcode rcode = DNS_NOERROR;

		cr_expect(dns_rcode_parse(dns_rcode_name(rcodes[i]), &rcode));
		cr_expect_eq(rcode, rcodes[i]);
	}
	enum dns_type type;
	enum dns_rcode rcode;

	cr_expect(dns_type_parse("aaaa", &type) && type == DNS_AAAA);
	cr_expect_not(dns_type_parse("SPF", &type));
	cr_expect_not(dns_type_parse("", &type));
	cr_expect(dns_rcode_parse("nxdomain", &rcode) && rcode == DNS_NXDOMAIN);
	cr_expect_not(dns_rcode_parse("NODATA", &rcode));
	cr_expect_str_eq(dns_type_name((enum dns_type)99), "TYPE");
	cr_expect_str_eq(dns_rcode_name((enum dns_rcode)4000), "RCODE");
}

/* ---- name */

#define L63 "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabc"
#define L61 "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghija"

Test(name, normalise)
{
	static const struct {
		const char *in, *out, *why; /* one of the two is NULL */
	} rows[] = {
		{"Example.COM", "example.com", NULL},
		{"example.com.", "example.com", NULL},
		{".", "", NULL},
		{"", "", NULL},
		{"_dmarc.Example.com", "_dmarc.example.com", NULL},
		{"*.example.com", "*.example.com", NULL},
		{"a\\.b.example", "a\\046b.example", NULL},
		{"a\\046b.example", "a\\046b.example", NULL},
		{"a\\\\b.example", "a\\092b.example", NULL},
		{"a b.example", "a\\032b.example", NULL},
		{"\\000\\255.example", "\\000\\255.example", NULL},
		{"\\A\\066.example", "ab.example", NULL},
		{"m\303\274nchen.de", "xn--mnchen-3ya.de", NULL},
		{"M\303\234NCHEN.DE", "xn--mnchen-3ya.de", NULL},
		{"mu\314\210nchen.de", "xn--mnchen-3ya.de", NULL}, /* decomposed */
		{"fa\303\237.de", "xn--fa-hia.de", NULL}, /* not "fass": nontransitional */
		{"_dmarc.m\303\274nchen.de.", "_dmarc.xn--mnchen-3ya.de", NULL},
		{"\344\276\213\343\201\210\343\200\202\343\203\206\343\202\271\343\203\210", "xn--r8jz45g.xn--zckzah", NULL}, /* an ideographic full stop divides */
		{L63 "." L63 "." L63 "." L61, L63 "." L63 "." L63 "." L61, NULL},
		{L63 "." L63 "." L63 "." L61 ".", L63 "." L63 "." L63 "." L61, NULL},
		{L63 "." L63 "." L63 "." L61 "x", NULL, "the name is longer than 253 octets"},
		{L63 "x.example", NULL, "a label is longer than 63 octets"},
		{"a..b", NULL, "an empty label"},
		{".a", NULL, "an empty label"},
		{"..", NULL, "an empty label"},
		{"a..", NULL, "an empty label"},
		{"a\tb.example", NULL, "a control character"},
		{"a\177.example", NULL, "a control character"},
		{"a\\", NULL, "a backslash that escapes nothing"},
		{"a\\25", NULL, "a backslash that escapes nothing"},
		{"a\\256", NULL, "a backslash that escapes nothing"},
		{"\377.example", NULL, "not UTF-8"},
		{"-\303\274.de", NULL, "not valid in IDNA2008 (a hyphen begins or ends a label)"},
		{"\342\230\203.net", NULL, "not valid in IDNA2008 (a character that is not allowed)"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char out[NAME_TEXT];
		const char *why = "?";
		bool ok = name_normalise(rows[i].in, out, &why);

		cr_expect_eq(ok, rows[i].out != NULL, "%s: %s", rows[i].in, why);
		cr_expect_str_eq(out, rows[i].out != NULL ? rows[i].out : "", "%s", rows[i].in);
		if (rows[i].why == NULL)
			cr_expect_null(why);
		else
			cr_expect_str_eq(why, rows[i].why, "%s: %s", rows[i].in, why);
	}
}

Test(name, longest_and_beyond)
{
	char in[6000], out[NAME_TEXT];
	size_t len = 0;

	for (int i = 0; i < 253; i++) /* 253 octets, all to be escaped */
		len += (size_t)sprintf(in + len, i % 64 == 63 ? "." : "\\001");
	cr_expect(name_normalise(in, out, NULL));
	cr_expect_str_eq(in, out);
	memset(in, 'a', sizeof in - 1);
	in[sizeof in - 1] = '\0';
	cr_expect_not(name_normalise(in, out, NULL));
	cr_expect_str_empty(out);
}

Test(name, host)
{
	static const struct {
		const char *name;
		bool host;
	} rows[] = {
		{"mail.example.com", true}, {"a-b.c1", true}, {"3com.com", true}, {"1.2.3.com", true}, {L63 ".example", true},
		{"localhost", false}, {"", false}, {"-a.com", false}, {"a-.com", false}, {"a_b.com", false}, {"a.b.3", false}, {"192.0.2.1", false},
		{"a..b", false}, {"a.b.", false}, {".a.b", false}, {"[192.0.2.1]", false}, {"a b.com", false}, {"m\303\274.de", false}, {L63 "x.example", false},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		cr_expect_eq(name_is_host(rows[i].name), rows[i].host, "%s", rows[i].name);
}

Test(name, relations)
{
	cr_expect(name_equal("Example.com", "eXample.com."));
	cr_expect(name_equal("", "."));
	cr_expect_not(name_equal("example.com", "example.co"));
	cr_expect(name_within("a.example.com", "Example.com."));
	cr_expect(name_within("example.com", "example.com"));
	cr_expect(name_within("example.com", ""));
	cr_expect_not(name_within("badexample.com", "example.com"));
	cr_expect_not(name_within("example.com", "a.example.com"));
	cr_expect_eq(name_labels(""), 0);
	cr_expect_eq(name_labels("com"), 1);
	cr_expect_eq(name_labels("a.b.com."), 3);
	cr_expect_str_eq(name_last_labels("a.b.example.com", 2), "example.com");
	cr_expect_str_eq(name_last_labels("example.com", 5), "example.com");
	cr_expect_str_eq(name_last_labels("example.com", 0), "");
	cr_expect_str_eq(name_parent("a.b"), "b");
	cr_expect_str_eq(name_parent("b"), "");
	cr_expect_str_eq(name_parent(""), "");
}

/* ---- book */

static void
load(struct book *book, const char *line)
{
	char reason[120] = "";

	cr_assert(book_read_line(book, line, strlen(line), reason, sizeof reason), "%s: %s", line, reason);
}

Test(book, asks_then_answers)
{
	struct book *book = book_new();
	struct question question;
	const struct answer *answer;

	cr_assert_null(book_ask(book, "Example.com.", DNS_MX));
	cr_assert_null(book_ask(book, "example.com", DNS_MX));
	cr_assert_null(book_ask(book, "example.com", DNS_TXT));
	cr_assert_eq(book_wanted(book), 2);
	question = book_want(book, 0);
	cr_expect_str_eq(question.name, "example.com");
	cr_expect_eq(question.type, DNS_MX);
	cr_expect_eq(book_used(book), 0);

	book_put(book, &(struct answer){.name = "EXAMPLE.com", .type = DNS_MX, .rcode = DNS_TIMEOUT});
	cr_assert_eq(book_wanted(book), 1);
	cr_expect_eq(book_want(book, 0).type, DNS_TXT);
	answer = book_ask(book, "example.com", DNS_MX);
	cr_assert_not_null(answer);
	cr_expect_eq(answer->rcode, DNS_TIMEOUT);
	cr_expect_str_eq(answer->canonical, "example.com");
	cr_expect_eq(book_ask(book, "example.com", DNS_MX), answer);
	cr_assert_eq(book_used(book), 1);
	cr_expect_eq(book_use(book, 0), answer);

	book_forget_wants(book);
	cr_expect_eq(book_wanted(book), 0);
	cr_assert_null(book_ask(book, "example.com", DNS_TXT));
	cr_expect_eq(book_wanted(book), 1);

	load(book, "{\"name\":\"example.com\",\"type\":\"MX\",\"data\":[\"5 mx.example.com\"]}");
	cr_expect_eq(answer->rcode, DNS_TIMEOUT, "the first stays valid");
	answer = book_ask(book, "example.com", DNS_MX);
	cr_expect_eq(answer->count, 1, "the second replaces it");
	cr_expect_eq(book_used(book), 1);
	cr_expect_eq(book_use(book, 0), answer);
	book_free(book);
}

Test(book, no_name_is_no_question)
{
	struct book *book = book_new();
	const struct answer *answer = book_ask(book, "a..b", DNS_A);

	cr_assert_not_null(answer);
	cr_expect_eq(answer->rcode, DNS_NXDOMAIN);
	cr_expect_eq(answer_truth(answer), ABSENT);
	cr_expect_eq(book_ask(book, "a..b", DNS_A), answer);
	cr_expect_eq(book_wanted(book), 0);
	cr_expect_eq(book_used(book), 0);
	book_free(book);
}

Test(book, closed)
{
	static const struct {
		const char *name;
		enum dns_type type;
		enum dns_rcode rcode;
		size_t count;
	} rows[] = {
		{"a.b.example.com", DNS_A, DNS_NOERROR, 1},
		{"a.b.example.com", DNS_MX, DNS_NOERROR, 0}, /* held with other types */
		{"b.example.com", DNS_A, DNS_NOERROR, 0}, /* RFC 8020: above one that is held */
		{"com", DNS_A, DNS_NOERROR, 0},
		{"x.example.com", DNS_A, DNS_NXDOMAIN, 0},
		{"no.example.com", DNS_A, DNS_NXDOMAIN, 0},
		{"no.example.com", DNS_MX, DNS_NXDOMAIN, 0}, /* holding an NXDOMAIN is not holding the name */
		{"time.example.net", DNS_A, DNS_TIMEOUT, 0},
		{"time.example.net", DNS_MX, DNS_NOERROR, 0},
		{"example.net", DNS_A, DNS_NXDOMAIN, 0}, /* nothing is known of it by a time-out below it */
		{"spf.example.org", DNS_TXT, DNS_NOERROR, 0}, /* held with a type that we do not know */
		{"empty.example.org", DNS_TXT, DNS_NOERROR, 0},
	};
	struct book *book = book_new();

	load(book, "{\"name\":\"a.b.example.com\",\"type\":\"A\",\"rcode\":\"NOERROR\",\"ad\":true,\"ttl\":60,\"data\":[\"192.0.2.1\"]}");
	load(book, "{\"name\":\"no.example.com\",\"type\":\"A\",\"rcode\":\"NXDOMAIN\",\"data\":[]}");
	load(book, "{\"name\":\"time.example.net\",\"type\":\"A\",\"rcode\":\"TIMEOUT\"}");
	load(book, "{\"name\":\"spf.example.org\",\"type\":\"SPF\",\"rcode\":\"NOERROR\",\"data\":[\"v=spf1 -all\"]}");
	load(book, "{\"name\":\"empty.example.org\",\"type\":\"A\",\"rcode\":\"NOERROR\",\"data\":[]}");
	book_close(book);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct answer *answer = book_ask(book, rows[i].name, rows[i].type);

		cr_assert_not_null(answer, "%s", rows[i].name);
		cr_expect_eq(answer->rcode, rows[i].rcode, "%s: %s", rows[i].name, dns_rcode_name(answer->rcode));
		cr_expect_eq(answer->count, rows[i].count, "%s", rows[i].name);
		cr_expect_str_eq(answer->server, "replay");
		cr_expect_eq(book_ask(book, rows[i].name, rows[i].type), answer);
	}
	cr_expect_eq(book_wanted(book), 0);
	cr_expect_eq(book_used(book), COUNT(rows));
	book_free(book);
}

Test(book, follows_aliases)
{
	struct book *book = book_new();
	const struct answer *answer;

	load(book, "{\"name\":\"a.example\",\"type\":\"CNAME\",\"ttl\":300,\"ad\":true,\"data\":[\"b.example\"]}");
	load(book, "{\"name\":\"b.example\",\"type\":\"CNAME\",\"ttl\":20,\"ad\":true,\"data\":[\"C.example.\"]}");
	cr_assert_null(book_ask(book, "a.example", DNS_A));
	cr_assert_eq(book_wanted(book), 1);
	cr_expect_str_eq(book_want(book, 0).name, "c.example", "the missing link is what is wanted");
	cr_expect_eq(book_want(book, 0).type, DNS_A);

	load(book, "{\"name\":\"c.example\",\"type\":\"A\",\"ttl\":60,\"ad\":false,\"data\":[\"192.0.2.1\"],\"server\":\"192.0.2.53\"}");
	answer = book_ask(book, "a.example", DNS_A);
	cr_assert_not_null(answer);
	cr_expect_str_eq(answer->name, "a.example");
	cr_expect_str_eq(answer->canonical, "c.example");
	cr_expect_str_eq(answer->server, "192.0.2.53");
	cr_expect_eq(answer->ttl, 20);
	cr_expect_eq(answer->count, 1);
	cr_expect_not(answer->authentic, "as secure as its weakest link");
	cr_expect_eq(book_ask(book, "a.example", DNS_A), answer);

	answer = book_ask(book, "a.example", DNS_CNAME); /* a question for the CNAME itself is not sent on */
	cr_assert_eq(answer->count, 1);
	cr_expect_str_eq(answer->records[0].u.name, "b.example");

	load(book, "{\"name\":\"c.example\",\"type\":\"MX\",\"rcode\":\"SERVFAIL\"}");
	answer = book_ask(book, "a.example", DNS_MX);
	cr_expect_eq(answer->rcode, DNS_SERVFAIL);
	cr_expect_str_eq(answer->canonical, "c.example");
	book_free(book);
}

Test(book, follows_chains_that_left_their_message)
{
	struct book *book = book_new();
	const struct answer *answer;
	static const struct dns_record record = {.ttl = 5, .u.mx = {10, "mx.example"}};

	cr_assert_null(book_ask(book, "a.example", DNS_MX));
	book_put(book, &(struct answer){.name = "a.example", .type = DNS_MX, .canonical = "z.example", .ttl = 9, .authentic = true});
	cr_assert_null(book_ask(book, "a.example", DNS_MX));
	cr_assert_eq(book_wanted(book), 1);
	cr_expect_str_eq(book_want(book, 0).name, "z.example");
	book_put(book, &(struct answer){.name = "z.example", .type = DNS_MX, .canonical = "z.example", .ttl = 5, .authentic = true, .records = &record, .count = 1});
	answer = book_ask(book, "a.example", DNS_MX);
	cr_assert_not_null(answer);
	cr_expect_str_eq(answer->canonical, "z.example");
	cr_expect_eq(answer->ttl, 5);
	cr_expect(answer->authentic);
	cr_expect_eq(answer->count, 1);

	/* With NXDOMAIN the chain is whole: its end does not exist. */
	book_put(book, &(struct answer){.name = "a.example", .type = DNS_A, .canonical = "y.example", .rcode = DNS_NXDOMAIN});
	answer = book_ask(book, "a.example", DNS_A);
	cr_assert_not_null(answer);
	cr_expect_eq(answer->rcode, DNS_NXDOMAIN);
	cr_expect_str_eq(answer->canonical, "y.example");
	book_close(book);
	cr_expect_eq(book_ask(book, "a.example", DNS_TXT)->rcode, DNS_NOERROR, "an alias exists whatever its end is");
	book_free(book);
}

Test(book, loops_and_lengths)
{
	struct book *book = book_new();
	char line[120];

	load(book, "{\"name\":\"self.example\",\"type\":\"CNAME\",\"data\":[\"self.example\"]}");
	load(book, "{\"name\":\"x.example\",\"type\":\"CNAME\",\"data\":[\"y.example\"]}");
	load(book, "{\"name\":\"y.example\",\"type\":\"CNAME\",\"data\":[\"x.example\"]}");
	for (int i = 0; i < 10; i++) {
		snprintf(line, sizeof line, "{\"name\":\"n%d.example\",\"type\":\"CNAME\",\"data\":[\"n%d.example\"]}", i, i + 1);
		load(book, line);
	}
	load(book, "{\"name\":\"n10.example\",\"type\":\"A\",\"ttl\":60,\"data\":[\"192.0.2.1\"]}");
	cr_expect_eq(book_ask(book, "self.example", DNS_A)->rcode, DNS_SERVFAIL);
	cr_expect_eq(book_ask(book, "x.example", DNS_A)->rcode, DNS_SERVFAIL);
	cr_expect_eq(book_ask(book, "n1.example", DNS_A)->rcode, DNS_SERVFAIL, "nine links");
	cr_expect_eq(book_ask(book, "n1.example", DNS_A)->ttl, 0);
	cr_expect_eq(book_ask(book, "n2.example", DNS_A)->rcode, DNS_NOERROR, "eight links");
	cr_expect_eq(book_ask(book, "n2.example", DNS_A)->count, 1);
	cr_expect_eq(book_wanted(book), 0);
	book_free(book);
}

Test(book, many_names)
{
	struct book *book = book_new();
	char name[40];

	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof name, "host%d.example.com", i);
		book_put(book, &(struct answer){.name = name, .type = DNS_A, .rcode = DNS_NOERROR, .ttl = (uint32_t)i});
	}
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof name, "host%d.example.com", i);
		cr_assert_eq(book_ask(book, name, DNS_A)->ttl, (uint32_t)i);
	}
	cr_expect_eq(book_used(book), 5000);
	book_free(book);
}

Test(book, round_trip)
{
	static const struct {
		const char *name;
		enum dns_type type;
		const char *line;
	} rows[] = {
		{"example.com", DNS_A,
			"{\"name\":\"example.com\",\"type\":\"A\",\"rcode\":\"NOERROR\",\"ad\":true,\"ttl\":300,\"data\":[\"192.0.2.1\",\"192.0.2.2\"],\"server\":\"192.0.2.53:5300\"}\n"},
		{"example.com", DNS_AAAA,
			"{\"name\":\"example.com\",\"type\":\"AAAA\",\"rcode\":\"NOERROR\",\"ad\":false,\"ttl\":0,\"data\":[\"2001:db8::1\",\"::ffff:192.0.2.1\"],\"server\":\"replay\"}\n"},
		{"example.com", DNS_MX,
			"{\"name\":\"example.com\",\"type\":\"MX\",\"rcode\":\"NOERROR\",\"ad\":false,\"ttl\":1,\"data\":[\"10 mx1.example.com\",\"0 .\"],\"server\":\"replay\"}\n"},
		{"example.com", DNS_TXT,
			"{\"name\":\"example.com\",\"type\":\"TXT\",\"rcode\":\"NOERROR\",\"ad\":false,\"ttl\":1,\"data\":[\"v=spf1 -all\",[\"a\",\"\\\"\\\\\\u0000\\u001f\\u007f\\u0080\\u00ff\"],\"\",[]],\"server\":\"replay\"}\n"},
		{"1.2.0.192.in-addr.arpa", DNS_PTR,
			"{\"name\":\"1.2.0.192.in-addr.arpa\",\"type\":\"PTR\",\"rcode\":\"NOERROR\",\"ad\":false,\"ttl\":1,\"data\":[\"mail.example.com\",\"a\\\\032b.example\"],\"server\":\"replay\"}\n"},
		{"example.com", DNS_NS,
			"{\"name\":\"example.com\",\"type\":\"NS\",\"rcode\":\"NOERROR\",\"ad\":false,\"ttl\":1,\"data\":[\"ns.example.com\"],\"server\":\"replay\"}\n"},
		{"www.example.com", DNS_CNAME,
			"{\"name\":\"www.example.com\",\"type\":\"CNAME\",\"rcode\":\"NOERROR\",\"ad\":false,\"ttl\":1,\"data\":[\"example.com\"],\"server\":\"replay\"}\n"},
		{"", DNS_SOA,
			"{\"name\":\"\",\"type\":\"SOA\",\"rcode\":\"NOERROR\",\"ad\":false,\"ttl\":1,\"data\":[\"ns.example.com . 4294967295 2 3 4 5\"],\"server\":\"replay\"}\n"},
		{"_25._tcp.mx.example.com", DNS_TLSA,
			"{\"name\":\"_25._tcp.mx.example.com\",\"type\":\"TLSA\",\"rcode\":\"NOERROR\",\"ad\":true,\"ttl\":1,\"data\":[\"3 1 1 00ff7a\"],\"server\":\"replay\"}\n"},
		{"t.example.com", DNS_TXT,
			"{\"name\":\"t.example.com\",\"type\":\"TXT\",\"rcode\":\"TIMEOUT\",\"ad\":false,\"ttl\":0,\"data\":[],\"server\":\"replay\"}\n"},
		{"g.example.com", DNS_TXT,
			"{\"name\":\"g.example.com\",\"type\":\"TXT\",\"rcode\":\"GARBLED\",\"ad\":false,\"ttl\":0,\"data\":[],\"server\":\"replay\"}\n"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct book *book = book_new();
		struct buf out;

		load(book, rows[i].line);
		buf_init(&out, 4096);
		book_write_line(book_ask(book, rows[i].name, rows[i].type), &out);
		cr_expect_str_eq(out.data, rows[i].line);
		buf_release(&out);
		book_free(book);
	}
}

Test(book, writes_an_alias_as_two_lines)
{
	struct book *book = book_new(), *again = book_new();
	const struct answer *answer;
	struct buf out;
	char *half;

	load(book, "{\"name\":\"a.example\",\"type\":\"CNAME\",\"ttl\":7,\"data\":[\"b.example\"]}");
	load(book, "{\"name\":\"b.example\",\"type\":\"MX\",\"ttl\":9,\"data\":[\"1 mx.example\"]}");
	buf_init(&out, 4096);
	book_write_line(book_ask(book, "a.example", DNS_MX), &out);
	half = strchr(out.data, '\n') + 1;
	book_read_line(again, out.data, (size_t)(half - out.data), (char[80]){0}, 80);
	book_read_line(again, half, strlen(half), (char[80]){0}, 80);
	answer = book_ask(again, "a.example", DNS_MX);
	cr_assert_not_null(answer);
	cr_expect_str_eq(answer->canonical, "b.example");
	cr_expect_eq(answer->ttl, 7);
	cr_expect_str_eq(answer->records[0].u.mx.host, "mx.example");
	buf_release(&out);
	book_free(book);
	book_free(again);
}

Test(book, texts)
{
	static const struct {
		const char *data, *joined;
		size_t strings, len;
	} rows[] = {
		{"\"abc\"", "abc", 1, 3},
		{"[\"ab\",\"c\"]", "abc", 2, 3},
		{"\"\\u00e4\"", "\344", 1, 1},
		{"\"\303\244\"", "\344", 1, 1}, /* the same code point, not escaped */
		{"\"\\u0080\\u00ff\"", "\200\377", 1, 2},
		{"\"a\\u0000b\"", "a\0b", 1, 3},
		{"\"\342\202\254 \303\244\"", "\342\202\254 \303\244", 1, 6}, /* above U+00FF: it is UTF-8 */
		{"\"\304\200\"", "\304\200", 1, 2},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct book *book = book_new();
		const struct answer *answer;
		char line[200];

		snprintf(line, sizeof line, "{\"name\":\"example.com\",\"type\":\"TXT\",\"data\":[%s]}", rows[i].data);
		load(book, line);
		answer = book_ask(book, "example.com", DNS_TXT);
		cr_expect_eq(answer->records[0].u.txt.count, rows[i].strings, "row %zu", i);
		cr_assert_eq(answer->records[0].u.txt.joined.len, rows[i].len, "row %zu", i);
		cr_expect_arr_eq(answer->records[0].u.txt.joined.bytes, rows[i].joined, rows[i].len + 1, "row %zu", i);
		book_free(book);
	}
}

Test(book, refuses_bad_lines)
{
	static const struct {
		const char *line, *reason; /* how it begins */
	} rows[] = {
		{"", "no JSON"},
		{"{\"name\":\"a\"", "no JSON"},
		{"{\"name\":\"a\",\"type\":\"A\"} x", "no JSON"},
		{"[]", "no JSON object"},
		{"{}", "no \"name\""},
		{"{\"name\":1,\"type\":\"A\"}", "\"name\" is no text"},
		{"{\"name\":\"a\\u0000b\",\"type\":\"A\"}", "\"name\" is no text"},
		{"{\"name\":\"a..b\",\"type\":\"A\"}", "\"name\": an empty label"},
		{"{\"name\":\"a\"}", "no \"type\""},
		{"{\"name\":\"a\",\"type\":\"A\",\"rcode\":\"NODATA\"}", "\"rcode\": there is no \"NODATA\""},
		{"{\"name\":\"a\",\"type\":\"A\",\"rcode\":3}", "\"rcode\" is no text"},
		{"{\"name\":\"a\",\"type\":\"A\",\"ttl\":-1}", "\"ttl\""},
		{"{\"name\":\"a\",\"type\":\"A\",\"ttl\":1.5}", "\"ttl\""},
		{"{\"name\":\"a\",\"type\":\"A\",\"ttl\":2147483648}", "\"ttl\""},
		{"{\"name\":\"a\",\"type\":\"A\",\"ad\":1}", "\"ad\""},
		{"{\"name\":\"a\",\"type\":\"A\",\"data\":\"192.0.2.1\"}", "\"data\" is no array"},
		{"{\"name\":\"a\",\"type\":\"A\",\"server\":5}", "\"server\" is no text"},
		{"{\"name\":\"a\",\"type\":\"A\",\"rcode\":\"NXDOMAIN\",\"data\":[\"192.0.2.1\"]}", "\"data\" with"},
		{"{\"name\":\"a\",\"type\":\"A\",\"data\":[\"192.0.2.1\",\"192.0.2\"]}", "data[1]: \"192.0.2\" is no A"},
		{"{\"name\":\"a\",\"type\":\"A\",\"data\":[\"::ffff:192.0.2.1\"]}", "data[0]"},
		{"{\"name\":\"a\",\"type\":\"A\",\"data\":[1]}", "data[0]"},
		{"{\"name\":\"a\",\"type\":\"AAAA\",\"data\":[\"192.0.2.1\"]}", "data[0]"},
		{"{\"name\":\"a\",\"type\":\"MX\",\"data\":[\"mx.example\"]}", "data[0]: \"mx.example\" is no MX"},
		{"{\"name\":\"a\",\"type\":\"MX\",\"data\":[\"65536 mx.example\"]}", "data[0]"},
		{"{\"name\":\"a\",\"type\":\"MX\",\"data\":[\"1 mx.example x\"]}", "data[0]"},
		{"{\"name\":\"a\",\"type\":\"MX\",\"data\":[\"1 a..b\"]}", "data[0]"},
		{"{\"name\":\"a\",\"type\":\"PTR\",\"data\":[\"\"]}", "data[0]"},
		{"{\"name\":\"a\",\"type\":\"SOA\",\"data\":[\"a b 1 2 3 4\"]}", "data[0]"},
		{"{\"name\":\"a\",\"type\":\"SOA\",\"data\":[\"a b 1 2 3 4 99999999999\"]}", "data[0]"},
		{"{\"name\":\"a\",\"type\":\"TLSA\",\"data\":[\"3 1 1 0\"]}", "data[0]"},
		{"{\"name\":\"a\",\"type\":\"TLSA\",\"data\":[\"3 1 1 0g\"]}", "data[0]"},
		{"{\"name\":\"a\",\"type\":\"TLSA\",\"data\":[\"3 1 256 00\"]}", "data[0]"},
		{"{\"name\":\"a\",\"type\":\"TXT\",\"data\":[1]}", "data[0]"},
		{"{\"name\":\"a\",\"type\":\"TXT\",\"data\":[[\"a\",1]]}", "data[0]"},
	};
	struct book *book = book_new();

	for (size_t i = 0; i < COUNT(rows); i++) {
		char reason[120] = "";

		cr_expect_not(book_read_line(book, rows[i].line, strlen(rows[i].line), reason, sizeof reason), "%s", rows[i].line);
		cr_expect_eq(strncmp(reason, rows[i].reason, strlen(rows[i].reason)), 0, "%s: %s", rows[i].line, reason);
	}
	book_close(book);
	cr_expect_eq(book_ask(book, "a", DNS_A)->rcode, DNS_NXDOMAIN, "nothing of them is kept");
	book_free(book);
}

Test(book, tolerates_what_tools_write)
{
	struct book *book = book_new();

	load(book, "{\"name\": \"e.example\", \"type\": \"MX\", \"ttl\": 60, \"ad\": false, \"rcode\": \"NOERROR\", \"data\": [\"0 \", \" 10\\tmx.example. \"]}\r\n");
	cr_expect_str_eq(book_ask(book, "e.example", DNS_MX)->records[0].u.mx.host, "");
	cr_expect_str_eq(book_ask(book, "e.example", DNS_MX)->records[1].u.mx.host, "mx.example");
	load(book, "{\"name\":\"a b.example\",\"type\":\"a\",\"data\":[\"192.0.2.1\"],\"note\":{},\"server\":null}");
	cr_expect_eq(book_ask(book, "a\\032b.example", DNS_A)->count, 1);
	load(book, "{\"name\":\"t.example\",\"type\":\"TLSA\",\"data\":[\"3 1 1 00FF\"]}");
	cr_expect_arr_eq(book_ask(book, "t.example", DNS_TLSA)->records[0].u.tlsa.data.bytes, "\0\377", 2);
	book_free(book);
}
