/* The DNS core but for the routes: answer, name, book, wire, ptr. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "dns/answer.h"
#include "dns/book.h"
#include "dns/name.h"
#include "dns/public.h"
#include "dns/wire.h"
#include "evidence/ptr.h"
#include "rules/builtin.h"

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
	    {DNS_NOERROR, 1, PRESENT},
	    {DNS_NOERROR, 0, ABSENT},
	    {DNS_NXDOMAIN, 0, ABSENT},
	    {DNS_SERVFAIL, 0, UNKNOWN},
	    {DNS_REFUSED, 0, UNKNOWN},
	    {DNS_TIMEOUT, 0, UNKNOWN},
	    {DNS_GARBLED, 0, UNKNOWN},
	    {DNS_FORMERR, 0, UNKNOWN},
	    {DNS_NOTIMP, 0, UNKNOWN},
	    {(enum dns_rcode)16, 0, UNKNOWN},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct answer answer = {
		    .rcode = rows[i].rcode, .records = &record, .count = rows[i].count};

		cr_expect_eq(answer_truth(&answer), rows[i].truth, "row %zu", i);
	}
}

Test(answer, words)
{
	static const enum dns_type types[] = {
	    DNS_A, DNS_NS, DNS_CNAME, DNS_SOA, DNS_PTR, DNS_MX, DNS_TXT, DNS_AAAA, DNS_TLSA};
	static const enum dns_rcode rcodes[] = {DNS_NOERROR, DNS_FORMERR, DNS_SERVFAIL,
	    DNS_NXDOMAIN, DNS_NOTIMP, DNS_REFUSED, DNS_TIMEOUT, DNS_GARBLED, (enum dns_rcode)16};

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
	    {"\344\276\213\343\201\210\343\200\202\343\203\206\343\202\271\343\203\210",
	        "xn--r8jz45g.xn--zckzah", NULL}, /* an ideographic full stop divides */
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
	    {"mail.example.com", true},
	    {"a-b.c1", true},
	    {"3com.com", true},
	    {"1.2.3.com", true},
	    {L63 ".example", true},
	    {"localhost", false},
	    {"", false},
	    {"-a.com", false},
	    {"a-.com", false},
	    {"a_b.com", false},
	    {"a.b.3", false},
	    {"192.0.2.1", false},
	    {"a..b", false},
	    {"a.b.", false},
	    {".a.b", false},
	    {"[192.0.2.1]", false},
	    {"a b.com", false},
	    {"m\303\274.de", false},
	    {L63 "x.example", false},
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

	cr_assert(book_read_line(book, line, strlen(line), reason, sizeof reason), "%s: %s", line,
	    reason);
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

	book_put(
	    book, &(struct answer){.name = "EXAMPLE.com", .type = DNS_MX, .rcode = DNS_TIMEOUT});
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
	    {"no.example.com", DNS_MX, DNS_NXDOMAIN,
	        0}, /* holding an NXDOMAIN is not holding the name */
	    {"time.example.net", DNS_A, DNS_TIMEOUT, 0},
	    {"time.example.net", DNS_MX, DNS_NOERROR, 0},
	    {"example.net", DNS_A, DNS_NXDOMAIN,
	        0}, /* nothing is known of it by a time-out below it */
	    {"spf.example.org", DNS_TXT, DNS_NOERROR, 0}, /* held with a type that we do not know */
	    {"empty.example.org", DNS_TXT, DNS_NOERROR, 0},
	};
	struct book *book = book_new();

	load(book, "{\"name\":\"a.b.example.com\",\"type\":\"A\",\"rcode\":\"NOERROR\",\"ad\":true,"
	           "\"ttl\":60,\"data\":[\"192.0.2.1\"]}");
	load(book,
	    "{\"name\":\"no.example.com\",\"type\":\"A\",\"rcode\":\"NXDOMAIN\",\"data\":[]}");
	load(book, "{\"name\":\"time.example.net\",\"type\":\"A\",\"rcode\":\"TIMEOUT\"}");
	load(book, "{\"name\":\"spf.example.org\",\"type\":\"SPF\",\"rcode\":\"NOERROR\",\"data\":["
	           "\"v=spf1 -all\"]}");
	load(book,
	    "{\"name\":\"empty.example.org\",\"type\":\"A\",\"rcode\":\"NOERROR\",\"data\":[]}");
	book_close(book);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct answer *answer = book_ask(book, rows[i].name, rows[i].type);

		cr_assert_not_null(answer, "%s", rows[i].name);
		cr_expect_eq(answer->rcode, rows[i].rcode, "%s: %s", rows[i].name,
		    dns_rcode_name(answer->rcode));
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

	load(book, "{\"name\":\"a.example\",\"type\":\"CNAME\",\"ttl\":300,\"ad\":true,\"data\":["
	           "\"b.example\"]}");
	load(book, "{\"name\":\"b.example\",\"type\":\"CNAME\",\"ttl\":20,\"ad\":true,\"data\":["
	           "\"C.example.\"]}");
	cr_assert_null(book_ask(book, "a.example", DNS_A));
	cr_assert_eq(book_wanted(book), 1);
	cr_expect_str_eq(
	    book_want(book, 0).name, "c.example", "the missing link is what is wanted");
	cr_expect_eq(book_want(book, 0).type, DNS_A);

	load(book, "{\"name\":\"c.example\",\"type\":\"A\",\"ttl\":60,\"ad\":false,\"data\":[\"192."
	           "0.2.1\"],\"server\":\"192.0.2.53\"}");
	answer = book_ask(book, "a.example", DNS_A);
	cr_assert_not_null(answer);
	cr_expect_str_eq(answer->name, "a.example");
	cr_expect_str_eq(answer->canonical, "c.example");
	cr_expect_str_eq(answer->server, "192.0.2.53");
	cr_expect_eq(answer->ttl, 20);
	cr_expect_eq(answer->count, 1);
	cr_expect_not(answer->authentic, "as secure as its weakest link");
	cr_expect_eq(book_ask(book, "a.example", DNS_A), answer);

	answer = book_ask(
	    book, "a.example", DNS_CNAME); /* a question for the CNAME itself is not sent on */
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
	book_put(book, &(struct answer){.name = "a.example",
	                   .type = DNS_MX,
	                   .canonical = "z.example",
	                   .ttl = 9,
	                   .authentic = true});
	cr_assert_null(book_ask(book, "a.example", DNS_MX));
	cr_assert_eq(book_wanted(book), 1);
	cr_expect_str_eq(book_want(book, 0).name, "z.example");
	book_put(book, &(struct answer){.name = "z.example",
	                   .type = DNS_MX,
	                   .canonical = "z.example",
	                   .ttl = 5,
	                   .authentic = true,
	                   .records = &record,
	                   .count = 1});
	answer = book_ask(book, "a.example", DNS_MX);
	cr_assert_not_null(answer);
	cr_expect_str_eq(answer->canonical, "z.example");
	cr_expect_eq(answer->ttl, 5);
	cr_expect(answer->authentic);
	cr_expect_eq(answer->count, 1);

	/* With NXDOMAIN the chain is whole: its end does not exist. */
	book_put(book, &(struct answer){.name = "a.example",
	                   .type = DNS_A,
	                   .canonical = "y.example",
	                   .rcode = DNS_NXDOMAIN});
	answer = book_ask(book, "a.example", DNS_A);
	cr_assert_not_null(answer);
	cr_expect_eq(answer->rcode, DNS_NXDOMAIN);
	cr_expect_str_eq(answer->canonical, "y.example");
	book_put(book, &(struct answer){.name = "only.alias.example",
	                   .type = DNS_A,
	                   .canonical = "y.example",
	                   .rcode = DNS_NXDOMAIN});
	book_close(book);
	cr_expect_eq(book_ask(book, "only.alias.example", DNS_TXT)->rcode, DNS_NOERROR,
	    "an alias exists whatever its end is");
	cr_expect_eq(book_ask(book, "alias.example", DNS_TXT)->rcode, DNS_NOERROR);
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
		snprintf(line, sizeof line,
		    "{\"name\":\"n%d.example\",\"type\":\"CNAME\",\"data\":[\"n%d.example\"]}", i,
		    i + 1);
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
		book_put(book,
		    &(struct answer){
		        .name = name, .type = DNS_A, .rcode = DNS_NOERROR, .ttl = (uint32_t)i});
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
	        "{\"name\":\"example.com\",\"type\":\"A\",\"rcode\":\"NOERROR\",\"ad\":true,"
	        "\"ttl\":300,\"data\":[\"192.0.2.1\",\"192.0.2.2\"],\"server\":\"192.0.2.53:5300\"}"
	        "\n"},
	    {"example.com", DNS_AAAA,
	        "{\"name\":\"example.com\",\"type\":\"AAAA\",\"rcode\":\"NOERROR\",\"ad\":false,"
	        "\"ttl\":0,\"data\":[\"2001:db8::1\",\"::ffff:192.0.2.1\"],\"server\":\"replay\"}"
	        "\n"},
	    {"example.com", DNS_MX,
	        "{\"name\":\"example.com\",\"type\":\"MX\",\"rcode\":\"NOERROR\",\"ad\":false,"
	        "\"ttl\":1,\"data\":[\"10 mx1.example.com\",\"0 .\"],\"server\":\"replay\"}\n"},
	    {"example.com", DNS_TXT,
	        "{\"name\":\"example.com\",\"type\":\"TXT\",\"rcode\":\"NOERROR\",\"ad\":false,"
	        "\"ttl\":1,\"data\":[\"v=spf1 "
	        "-all\",[\"a\",\"\\\"\\\\\\u0000\\u001f\\u007f\\u0080\\u00ff\"],\"\",[]],"
	        "\"server\":\"replay\"}\n"},
	    {"1.2.0.192.in-addr.arpa", DNS_PTR,
	        "{\"name\":\"1.2.0.192.in-addr.arpa\",\"type\":\"PTR\",\"rcode\":\"NOERROR\","
	        "\"ad\":false,\"ttl\":1,\"data\":[\"mail.example.com\",\"a\\\\032b.example\"],"
	        "\"server\":\"replay\"}\n"},
	    {"example.com", DNS_NS,
	        "{\"name\":\"example.com\",\"type\":\"NS\",\"rcode\":\"NOERROR\",\"ad\":false,"
	        "\"ttl\":1,\"data\":[\"ns.example.com\"],\"server\":\"replay\"}\n"},
	    {"www.example.com", DNS_CNAME,
	        "{\"name\":\"www.example.com\",\"type\":\"CNAME\",\"rcode\":\"NOERROR\",\"ad\":"
	        "false,\"ttl\":1,\"data\":[\"example.com\"],\"server\":\"replay\"}\n"},
	    {"", DNS_SOA,
	        "{\"name\":\"\",\"type\":\"SOA\",\"rcode\":\"NOERROR\",\"ad\":false,\"ttl\":1,"
	        "\"data\":[\"ns.example.com . 4294967295 2 3 4 5\"],\"server\":\"replay\"}\n"},
	    {"_25._tcp.mx.example.com", DNS_TLSA,
	        "{\"name\":\"_25._tcp.mx.example.com\",\"type\":\"TLSA\",\"rcode\":\"NOERROR\","
	        "\"ad\":true,\"ttl\":1,\"data\":[\"3 1 1 00ff7a\"],\"server\":\"replay\"}\n"},
	    {"t.example.com", DNS_TXT,
	        "{\"name\":\"t.example.com\",\"type\":\"TXT\",\"rcode\":\"TIMEOUT\",\"ad\":false,"
	        "\"ttl\":0,\"data\":[],\"server\":\"replay\"}\n"},
	    {"g.example.com", DNS_TXT,
	        "{\"name\":\"g.example.com\",\"type\":\"TXT\",\"rcode\":\"GARBLED\",\"ad\":false,"
	        "\"ttl\":0,\"data\":[],\"server\":\"replay\"}\n"},
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

/* What is recorded must replay as it was, one answer not touching another: names behind an alias
 * have a TTL and an AD of their own. */
Test(book, aliases_are_recorded)
{
	static const char *const lines[] = {
	    "{\"name\":\"a.example\",\"type\":\"CNAME\",\"ttl\":7,\"ad\":false,\"data\":[\"b."
	    "example\"]}",
	    "{\"name\":\"b.example\",\"type\":\"CNAME\",\"ttl\":8,\"ad\":true,\"data\":[\"c."
	    "example\"]}",
	    "{\"name\":\"c.example\",\"type\":\"MX\",\"ttl\":9,\"ad\":true,\"data\":[\"1 "
	    "mx.example\"]}",
	    "{\"name\":\"c.example\",\"type\":\"TXT\",\"ttl\":2,\"ad\":true,\"data\":[]}",
	    "{\"name\":\"c.example\",\"type\":\"A\",\"rcode\":\"TIMEOUT\"}",
	    "{\"name\":\"d.example\",\"type\":\"CNAME\",\"ttl\":5,\"data\":[\"no.example\"]}",
	};
	static const struct {
		const char *name;
		enum dns_type type;
		const char *line;
	} rows[] = {
	    {"a.example", DNS_MX,
	        "{\"name\":\"a.example\",\"type\":\"MX\",\"rcode\":\"NOERROR\",\"ad\":false,"
	        "\"ttl\":7,\"data\":[\"1 "
	        "mx.example\"],\"canonical\":\"c.example\",\"server\":\"replay\"}\n"},
	    {"c.example", DNS_MX,
	        "{\"name\":\"c.example\",\"type\":\"MX\",\"rcode\":\"NOERROR\",\"ad\":true,\"ttl\":"
	        "9,\"data\":[\"1 mx.example\"],\"server\":\"replay\"}\n"},
	    {"a.example", DNS_TXT,
	        "{\"name\":\"a.example\",\"type\":\"TXT\",\"rcode\":\"NOERROR\",\"ad\":false,"
	        "\"ttl\":2,\"data\":[],\"canonical\":\"c.example\",\"server\":\"replay\"}\n"},
	    {"a.example", DNS_A,
	        "{\"name\":\"a.example\",\"type\":\"A\",\"rcode\":\"TIMEOUT\",\"ad\":false,\"ttl\":"
	        "0,\"data\":[],\"canonical\":\"c.example\",\"server\":\"replay\"}\n"},
	    {"a.example", DNS_CNAME,
	        "{\"name\":\"a.example\",\"type\":\"CNAME\",\"rcode\":\"NOERROR\",\"ad\":false,"
	        "\"ttl\":7,\"data\":[\"b.example\"],\"server\":\"replay\"}\n"},
	    {"d.example", DNS_A,
	        "{\"name\":\"d.example\",\"type\":\"A\",\"rcode\":\"NXDOMAIN\",\"ad\":false,"
	        "\"ttl\":0,\"data\":[],\"canonical\":\"no.example\",\"server\":\"replay\"}\n"},
	};
	struct book *book = book_new(), *again = book_new(), *alone = book_new();
	struct buf out;

	for (size_t i = 0; i < COUNT(lines); i++)
		load(book, lines[i]);
	book_close(book);
	buf_init(&out, 4096);
	for (size_t i = 0; i < COUNT(rows); i++) {
		buf_clear(&out);
		book_write_line(book_ask(book, rows[i].name, rows[i].type), &out);
		cr_expect_str_eq(out.data, rows[i].line, "%s", out.data);
		load(again, out.data);
		if (i == 2)
			load(alone, out.data);
	}
	book_close(again);
	book_close(alone);
	for (size_t i = 0; i < COUNT(rows); i++) {
		buf_clear(&out);
		book_write_line(book_ask(again, rows[i].name, rows[i].type), &out);
		cr_expect_str_eq(out.data, rows[i].line, "%s", out.data);
	}
	buf_clear(&out);
	book_write_line(book_ask(alone, rows[2].name, rows[2].type), &out);
	cr_expect_str_eq(out.data, rows[2].line,
	    "no data at the end, though the book holds nothing else of it: %s", out.data);
	buf_release(&out);
	book_free(book);
	book_free(again);
	book_free(alone);
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
	    {"\"\342\202\254 \303\244\"", "\342\202\254 \303\244", 1,
	        6}, /* above U+00FF: it is UTF-8 */
	    {"\"\304\200\"", "\304\200", 1, 2},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct book *book = book_new();
		const struct answer *answer;
		char line[200];

		snprintf(line, sizeof line,
		    "{\"name\":\"example.com\",\"type\":\"TXT\",\"data\":[%s]}", rows[i].data);
		load(book, line);
		answer = book_ask(book, "example.com", DNS_TXT);
		cr_expect_eq(answer->records[0].u.txt.count, rows[i].strings, "row %zu", i);
		cr_assert_eq(answer->records[0].u.txt.joined.len, rows[i].len, "row %zu", i);
		cr_expect_arr_eq(answer->records[0].u.txt.joined.bytes, rows[i].joined,
		    rows[i].len + 1, "row %zu", i);
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
	    {"{\"name\":\"a\",\"type\":\"A\",\"rcode\":\"NODATA\"}",
	        "\"rcode\": there is no \"NODATA\""},
	    {"{\"name\":\"a\",\"type\":\"A\",\"rcode\":3}", "\"rcode\" is no text"},
	    {"{\"name\":\"a\",\"type\":\"A\",\"ttl\":-1}", "\"ttl\""},
	    {"{\"name\":\"a\",\"type\":\"A\",\"ttl\":1.5}", "\"ttl\""},
	    {"{\"name\":\"a\",\"type\":\"A\",\"ttl\":2147483648}", "\"ttl\""},
	    {"{\"name\":\"a\",\"type\":\"A\",\"ad\":1}", "\"ad\""},
	    {"{\"name\":\"a\",\"type\":\"A\",\"data\":\"192.0.2.1\"}", "\"data\" is no array"},
	    {"{\"name\":\"a\",\"type\":\"A\",\"server\":5}", "\"server\" is no text"},
	    {"{\"name\":\"a\",\"type\":\"A\",\"canonical\":5}", "\"canonical\" is no text"},
	    {"{\"name\":\"a\",\"type\":\"A\",\"canonical\":\"a..b\"}",
	        "\"canonical\": an empty label"},
	    {"{\"name\":\"a\",\"type\":\"A\",\"rcode\":\"NXDOMAIN\",\"data\":[\"192.0.2.1\"]}",
	        "\"data\" with"},
	    {"{\"name\":\"a\",\"type\":\"A\",\"data\":[\"192.0.2.1\",\"192.0.2\"]}",
	        "data[1]: \"192.0.2\" is no A"},
	    {"{\"name\":\"a\",\"type\":\"A\",\"data\":[\"::ffff:192.0.2.1\"]}", "data[0]"},
	    {"{\"name\":\"a\",\"type\":\"A\",\"data\":[1]}", "data[0]"},
	    {"{\"name\":\"a\",\"type\":\"AAAA\",\"data\":[\"192.0.2.1\"]}", "data[0]"},
	    {"{\"name\":\"a\",\"type\":\"MX\",\"data\":[\"mx.example\"]}",
	        "data[0]: \"mx.example\" is no MX"},
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

		cr_expect_not(
		    book_read_line(book, rows[i].line, strlen(rows[i].line), reason, sizeof reason),
		    "%s", rows[i].line);
		cr_expect_eq(strncmp(reason, rows[i].reason, strlen(rows[i].reason)), 0, "%s: %s",
		    rows[i].line, reason);
	}
	book_close(book);
	cr_expect_eq(book_ask(book, "a", DNS_A)->rcode, DNS_NXDOMAIN, "nothing of them is kept");
	book_free(book);
}

Test(book, tolerates_what_tools_write)
{
	struct book *book = book_new();

	load(book, "{\"name\": \"e.example\", \"type\": \"MX\", \"ttl\": 60, \"ad\": false, "
	           "\"rcode\": \"NOERROR\", \"data\": [\"0 \", \" 10\\tmx.example. \"]}\r\n");
	cr_expect_str_eq(book_ask(book, "e.example", DNS_MX)->records[0].u.mx.host, "");
	cr_expect_str_eq(book_ask(book, "e.example", DNS_MX)->records[1].u.mx.host, "mx.example");
	load(book,
	    "{\"name\":\"a "
	    "b.example\",\"type\":\"a\",\"data\":[\"192.0.2.1\"],\"note\":{},\"server\":null}");
	cr_expect_eq(book_ask(book, "a\\032b.example", DNS_A)->count, 1);
	load(book, "{\"name\":\"t.example\",\"type\":\"TLSA\",\"data\":[\"3 1 1 00FF\"]}");
	cr_expect_arr_eq(
	    book_ask(book, "t.example", DNS_TLSA)->records[0].u.tlsa.data.bytes, "\0\377", 2);
	book_free(book);
}

/* ---- wire */

/* Lines of a book that go out on the wire and come back the same. */
static const char *const sendable[] = {
    "{\"name\":\"example.com\",\"type\":\"A\",\"rcode\":\"NOERROR\",\"ad\":true,\"ttl\":300,"
    "\"data\":[\"192.0.2.1\",\"192.0.2.2\"]}\n",
    "{\"name\":\"example.com\",\"type\":\"AAAA\",\"rcode\":\"NOERROR\",\"ad\":false,\"ttl\":1,"
    "\"data\":[\"2001:db8::1\",\"::ffff:192.0.2.1\"]}\n",
    "{\"name\":\"example.com\",\"type\":\"MX\",\"rcode\":\"NOERROR\",\"ad\":false,\"ttl\":1,"
    "\"data\":[\"10 mx1.example.com\",\"0 .\",\"65535 a\\\\046b.example\"]}\n",
    "{\"name\":\"_x.example.com\",\"type\":\"TXT\",\"rcode\":\"NOERROR\",\"ad\":false,\"ttl\":"
    "2147483647,\"data\":[\"v=spf1 -all\",[\"a\",\"\\u0000\\u00ff\"],\"\",[\"\",\"\"]]}\n",
    "{\"name\":\"1.2.0.192.in-addr.arpa\",\"type\":\"PTR\",\"rcode\":\"NOERROR\",\"ad\":false,"
    "\"ttl\":1,\"data\":[\"mail.example.com\",\"a\\\\032b\\\\000.example\"]}\n",
    "{\"name\":\"example.com\",\"type\":\"NS\",\"rcode\":\"NOERROR\",\"ad\":false,\"ttl\":1,"
    "\"data\":[\"ns.example.com\"]}\n",
    "{\"name\":\"www.example.com\",\"type\":\"CNAME\",\"rcode\":\"NOERROR\",\"ad\":false,\"ttl\":1,"
    "\"data\":[\"example.com\"]}\n",
    "{\"name\":\"\",\"type\":\"SOA\",\"rcode\":\"NOERROR\",\"ad\":false,\"ttl\":1,\"data\":[\"ns."
    "example.com . 4294967295 2 3 4 5\"]}\n",
    "{\"name\":\"_25._tcp.mx.example.com\",\"type\":\"TLSA\",\"rcode\":\"NOERROR\",\"ad\":true,"
    "\"ttl\":1,\"data\":[\"3 1 1 00ff7a\",\"2 0 0 \"]}\n",
    "{\"name\":\"example.com\",\"type\":\"A\",\"rcode\":\"NOERROR\",\"ad\":false,\"ttl\":0,"
    "\"data\":[]}\n",
    "{\"name\":\"n.example.com\",\"type\":\"A\",\"rcode\":\"NXDOMAIN\",\"ad\":false,\"ttl\":0,"
    "\"data\":[]}\n",
    "{\"name\":\"n.example.com\",\"type\":\"A\",\"rcode\":\"SERVFAIL\",\"ad\":false,\"ttl\":0,"
    "\"data\":[]}\n",
    "{\"name\":\"n.example.com\",\"type\":\"A\",\"rcode\":\"REFUSED\",\"ad\":false,\"ttl\":0,"
    "\"data\":[]}\n",
    "{\"name\":\"n.example.com\",\"type\":\"A\",\"rcode\":\"BADVERS\",\"ad\":false,\"ttl\":0,"
    "\"data\":[]}\n",
};

static const struct wire_question *
question_for(struct wire_question *question, const char *name, enum dns_type type)
{
	*question = (struct wire_question){.id = 0x1234,
	    .type = (uint16_t)type,
	    .rd = true,
	    .ad = true,
	    .edns = true,
	    .payload = 1232};
	snprintf(question->name, sizeof question->name, "%s", name);
	return question;
}

/* Makes the message that answers with a line's records. */
static void
make_message(const char *line, struct buf *out, char name[64], enum dns_type *type)
{
	struct book *book = book_new();
	struct wire_question question;
	const char *at = strstr(line, "\"type\":\"") + 8;
	char word[8] = "";

	load(book, line);
	snprintf(name, 64, "%.*s", (int)strcspn(line + 9, "\""), line + 9);
	snprintf(word, sizeof word, "%.*s", (int)strcspn(at, "\""), at);
	cr_assert(dns_type_parse(word, type));
	wire_answer(
	    out, question_for(&question, name, *type), book_ask(book, name, *type), WIRE_MAX);
	book_free(book);
}

/* What a book writes of an answer once it is filed. */
static void
write_filed(const struct answer *answer, struct buf *out)
{
	struct book *book = book_new();

	book_put(book, answer);
	book_close(book);
	book_write_line(book_ask(book, answer->name, answer->type), out);
	book_free(book);
}

Test(wire, round_trip)
{
	struct arena *arena = arena_new();

	for (size_t i = 0; i < COUNT(sendable); i++) {
		struct buf message, line;
		struct answer answer;
		enum dns_type type;
		char name[64];
		const char *why;
		bool truncated;

		buf_init(&message, WIRE_MAX);
		buf_init(&line, 4096);
		make_message(sendable[i], &message, name, &type);
		cr_expect(wire_response(message.data, message.len, name, type, arena, &answer,
		              &truncated, &why),
		    "%s: %s", sendable[i], why);
		cr_expect_null(why);
		cr_expect_not(truncated);
		cr_expect_str_eq(answer.name, name);
		write_filed(&answer, &line);
		cr_expect_str_eq(line.data, sendable[i]);
		buf_release(&message);
		buf_release(&line);
	}
	arena_free(arena);
}

/* A copy of the very size, so that a sanitizer sees a read beyond. */
static bool
read_exactly(const void *message, size_t len, const char *name, enum dns_type type,
    struct answer *answer, struct arena *arena)
{
	char *copy = malloc(len > 0 ? len : 1);
	const char *why;
	bool truncated, ok;

	memcpy(copy, message, len);
	ok = wire_response(copy, len, name, type, arena, answer, &truncated, &why);
	cr_expect_eq(ok, why == NULL);
	cr_expect(!truncated || answer->rcode == DNS_GARBLED);
	cr_expect(ok || (answer->rcode == DNS_GARBLED && answer->count == 0 &&
	                    strcmp(answer->canonical, answer->name) == 0));
	free(copy);
	return ok;
}

Test(wire, every_prefix_is_garbled)
{
	struct arena *arena = arena_new();

	for (size_t i = 0; i < COUNT(sendable); i++) {
		struct buf message;
		struct answer answer;
		enum dns_type type;
		char name[64];

		buf_init(&message, WIRE_MAX);
		make_message(sendable[i], &message, name, &type);
		for (size_t len = 0; len < message.len; len++)
			cr_expect_not(read_exactly(message.data, len, name, type, &answer, arena),
			    "%s: %zu of %zu", sendable[i], len, message.len);
		cr_expect(read_exactly(message.data, message.len, name, type, &answer, arena));
		buf_release(&message);
		arena_reset(arena);
	}
	arena_free(arena);
}

static uint32_t
next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* Whatever is read, a book can write down and read again, and it is the same. */
static void
expect_a_line(const struct answer *answer)
{
	struct book *again = book_new();
	struct buf first, second;
	char reason[120];
	size_t at = 0;

	buf_init(&first, 1 << 20);
	buf_init(&second, 1 << 20);
	write_filed(answer, &first);
	while (at < first.len) {
		size_t len = strcspn(first.data + at, "\n");

		cr_assert(book_read_line(again, first.data + at, len, reason, sizeof reason),
		    "%s: %s", first.data, reason);
		at += len + 1;
	}
	book_close(again);
	book_write_line(book_ask(again, answer->name, answer->type), &second);
	if (answer->server != NULL)
		cr_expect_str_eq(first.data, second.data);
	buf_release(&first);
	buf_release(&second);
	book_free(again);
}

Test(wire, damaged_messages)
{
	struct arena *arena = arena_new();
	uint32_t state = 2026;

	for (size_t i = 0; i < COUNT(sendable); i++) {
		struct buf message;
		enum dns_type type;
		char name[64];

		buf_init(&message, WIRE_MAX);
		make_message(sendable[i], &message, name, &type);
		for (int round = 0; round < 400; round++) {
			size_t at = next_random(&state) % message.len;
			char before = message.data[at];
			struct answer answer;

			message.data[at] = (char)next_random(&state);
			if (read_exactly(message.data, message.len, name, type, &answer, arena)) {
				answer.server = "192.0.2.53";
				expect_a_line(&answer);
			}
			if (round % 4 != 0)
				message.data[at] = before;
			arena_reset(arena);
		}
		buf_release(&message);
	}
	arena_free(arena);
}

Test(wire, random_bytes)
{
	struct arena *arena = arena_new();
	struct answer answer;
	uint32_t state = 53;
	char bytes[300];

	for (int round = 0; round < 4000; round++) {
		size_t len = next_random(&state) % sizeof bytes;

		for (size_t i = 0; i < len; i++)
			bytes[i] = (char)(next_random(&state) %
			                  (round % 2 != 0 ? 256 : 4)); /* small bytes get further */
		read_exactly(bytes, len, "example.com", DNS_TXT, &answer, arena);
		arena_reset(arena);
	}
	arena_free(arena);
}

/* Messages by hand. The question's name is at offset 12: \300\014; its "com" at 20: \300\024. The
 * answer section begins at 29 (\300\035). */
#define HEAD(flags, counts) "\0\1" flags counts
#define OK "\201\240" /* a response with RD, RA, AD */
#define QUESTION(type) "\7example\3com\0" type "\0\1"
#define MINUTE "\0\0\0\74"
#define A(owner, last) owner "\0\1\0\1" MINUTE "\0\4\300\0\2" last
#define CNAME_OF(owner, len, target)                                                               \
	owner "\0\5\0\1"                                                                           \
	      "\0\0\0\7"                                                                           \
	      "\0" len target
#define SOA_DATA                                                                                   \
	"\300\014\300\014"                                                                         \
	"\0\0\0\1"                                                                                 \
	"\0\0\0\2"                                                                                 \
	"\0\0\0\3"                                                                                 \
	"\0\0\0\4"                                                                                 \
	"\0\0\0\11"
#define SOA(owner, ttl) owner "\0\6\0\1" ttl "\0\30" SOA_DATA
#define NS(owner)                                                                                  \
	owner "\0\2\0\1" MINUTE "\0\5"                                                             \
	      "\2ns\300\014"
#define LITERAL(text) text, sizeof text - 1

struct by_hand {
	const char *what, *bytes;
	size_t len;
	enum dns_type type;
	const char *why; /* of one that is garbled */
	enum dns_rcode rcode;
	size_t count;
	uint32_t ttl;
	const char *canonical; /* NULL: the name itself */
};

static const struct by_hand messages[] = {
    {"two addresses, one twice",
        LITERAL(HEAD(OK, "\0\1\0\3\0\0\0\0") QUESTION("\0\1") A("\300\014", "\1")
                A("\300\014", "\2") A("\300\014", "\1")),
        DNS_A, NULL, DNS_NOERROR, 2, 60, NULL},
    {"the question in other case",
        LITERAL(
            HEAD(OK, "\0\1\0\1\0\0\0\0") "\7EXAMple\3com\0\0\1\0\1" A("\7exAMPLE\3COM\0", "\1")),
        DNS_A, NULL, DNS_NOERROR, 1, 60, NULL},
    {"another owner's records",
        LITERAL(HEAD(OK, "\0\1\0\2\0\0\0\0") QUESTION("\0\1") A("\3www\300\014", "\1")
                A("\300\024", "\2")),
        DNS_A, NULL, DNS_NOERROR, 0, 0, NULL},
    {"another class",
        LITERAL(HEAD(OK, "\0\1\0\1\0\0\0\0") QUESTION("\0\1") "\300\014\0\1\0\3" MINUTE
                                                              "\0\4\300\0\2\1"),
        DNS_A, NULL, DNS_NOERROR, 0, 0, NULL},
    {"another type, RRSIG say",
        LITERAL(HEAD(OK, "\0\1\0\2\0\0\0\0") QUESTION("\0\1") "\300\014\0\56\0\1" MINUTE
                                                              "\0\1x" A("\300\014", "\1")),
        DNS_A, NULL, DNS_NOERROR, 1, 60, NULL},
    {"a TTL with the top bit set",
        LITERAL(HEAD(OK, "\0\1\0\1\0\0\0\0")
                QUESTION("\0\1") "\300\014\0\1\0\1\200\0\0\1\0\4\300\0\2\1"),
        DNS_A, NULL, DNS_NOERROR, 1, 0, NULL},
    {"no data, and how long",
        LITERAL(HEAD(OK, "\0\1\0\0\0\1\0\0") QUESTION("\0\1") SOA("\300\014", MINUTE)), DNS_A, NULL,
        DNS_NOERROR, 0, 9, NULL},
    {"no data, the SOA's own TTL is less",
        LITERAL(HEAD(OK, "\0\1\0\0\0\1\0\0") QUESTION("\0\1") SOA("\300\014", "\0\0\0\3")), DNS_A,
        NULL, DNS_NOERROR, 0, 3, NULL},
    {"no data, another zone's SOA",
        LITERAL(HEAD(OK, "\0\1\0\0\0\1\0\0") QUESTION("\0\1") SOA("\3net\0", MINUTE)), DNS_A, NULL,
        DNS_NOERROR, 0, 0, NULL},
    {"a referral", LITERAL(HEAD("\201\0", "\0\1\0\0\0\1\0\0") QUESTION("\0\1") NS("\300\024")),
        DNS_A, NULL, DNS_REFUSED, 0, 0, NULL},
    {"no data, and the servers of the zone, from one that recurses",
        LITERAL(HEAD("\201\200", "\0\1\0\0\0\1\0\0") QUESTION("\0\1") NS("\300\024")), DNS_A, NULL,
        DNS_NOERROR, 0, 0, NULL},
    {"no data, and the servers of the zone, from one of them",
        LITERAL(HEAD("\205\0", "\0\1\0\0\0\1\0\0") QUESTION("\0\1") NS("\300\024")), DNS_A, NULL,
        DNS_NOERROR, 0, 0, NULL},
    {"no data, neither AA nor RA, with its SOA",
        LITERAL(HEAD("\201\0", "\0\1\0\0\0\2\0\0") QUESTION("\0\1") NS("\300\024")
                SOA("\300\014", MINUTE)),
        DNS_A, NULL, DNS_NOERROR, 0, 9, NULL},
    {"an alias that ends in a referral is asked again there",
        LITERAL(HEAD("\201\0", "\0\1\0\1\0\1\0\0") QUESTION("\0\1")
                CNAME_OF("\300\014", "\4", "\1a\300\014") NS("\300\024")),
        DNS_A, NULL, DNS_NOERROR, 0, 7, "a.example.com"},
    {"no such name",
        LITERAL(HEAD("\201\203", "\0\1\0\0\0\1\0\0") QUESTION("\0\1") SOA("\300\024", MINUTE)),
        DNS_A, NULL, DNS_NXDOMAIN, 0, 9, NULL},
    {"SERVFAIL, and an answer all the same",
        LITERAL(HEAD("\201\202", "\0\1\0\1\0\0\0\0") QUESTION("\0\1") A("\300\014", "\1")), DNS_A,
        NULL, DNS_SERVFAIL, 0, 0, NULL},
    {"SERVFAIL, with an alias and an SOA",
        LITERAL(HEAD("\201\202", "\0\1\0\1\0\1\0\0") QUESTION("\0\1")
                CNAME_OF("\300\014", "\4", "\1a\300\014") SOA("\300\024", MINUTE)),
        DNS_A, NULL, DNS_SERVFAIL, 0, 0, NULL},
    {"NXDOMAIN, and an answer all the same",
        LITERAL(HEAD("\201\203", "\0\1\0\1\0\0\0\0") QUESTION("\0\1") A("\300\014", "\1")), DNS_A,
        NULL, DNS_NXDOMAIN, 0, 0, NULL},
    {"FORMERR without a question", LITERAL(HEAD("\201\201", "\0\0\0\0\0\0\0\0")), DNS_A, NULL,
        DNS_FORMERR, 0, 0, NULL},
    {"BADVERS", LITERAL(HEAD(OK, "\0\1\0\0\0\0\0\1") QUESTION("\0\1") "\0\0\51\4\320\1\0\0\0\0\0"),
        DNS_A, NULL, (enum dns_rcode)16, 0, 0, NULL},
    {"an rcode of our own range",
        LITERAL(HEAD(OK, "\0\1\0\0\0\0\0\1") QUESTION("\0\1") "\0\0\51\4\320\20\0\0\0\0\0"), DNS_A,
        NULL, DNS_SERVFAIL, 0, 0, NULL},
    {"octets behind the end",
        LITERAL(HEAD(OK, "\0\1\0\1\0\0\0\0") QUESTION("\0\1") A("\300\014", "\1") "xyz"), DNS_A,
        NULL, DNS_NOERROR, 1, 60, NULL},
    {"truncated", LITERAL(HEAD("\203\200", "\0\1\0\5\0\0\0\0") QUESTION("\0\1")), DNS_A, NULL,
        DNS_GARBLED, 0, 0, NULL},

    {"a chain, its links the wrong way round",
        LITERAL(HEAD(OK, "\0\1\0\3\0\0\0\0") QUESTION("\0\1") A("\1b\300\014", "\1") CNAME_OF(
            "\1a\300\014", "\4", "\1b\300\014") CNAME_OF("\300\014", "\4", "\1a\300\014")),
        DNS_A, NULL, DNS_NOERROR, 1, 7, "b.example.com"},
    {"a chain that leaves the message",
        LITERAL(HEAD(OK, "\0\1\0\1\0\0\0\0") QUESTION("\0\1")
                CNAME_OF("\300\014", "\4", "\1a\300\014")),
        DNS_A, NULL, DNS_NOERROR, 0, 7, "a.example.com"},
    {"a chain to no data",
        LITERAL(HEAD(OK, "\0\1\0\1\0\1\0\0") QUESTION("\0\1")
                CNAME_OF("\300\014", "\4", "\1a\300\014") SOA("\300\024", "\0\0\0\3")),
        DNS_A, NULL, DNS_NOERROR, 0, 3, "a.example.com"},
    {"a chain to nothing",
        LITERAL(HEAD("\201\203", "\0\1\0\1\0\1\0\0") QUESTION("\0\1")
                CNAME_OF("\300\014", "\4", "\1a\300\014") SOA("\300\024", MINUTE)),
        DNS_A, NULL, DNS_NXDOMAIN, 0, 7, "a.example.com"},
    {"the CNAME itself was asked for",
        LITERAL(HEAD(OK, "\0\1\0\1\0\0\0\0") QUESTION("\0\5")
                CNAME_OF("\300\014", "\4", "\1a\300\014")),
        DNS_CNAME, NULL, DNS_NOERROR, 1, 7, NULL},
    {"a loop of CNAMEs",
        LITERAL(HEAD(OK, "\0\1\0\2\0\0\0\0") QUESTION("\0\1") CNAME_OF(
            "\300\014", "\4", "\1a\300\014") CNAME_OF("\1a\300\014", "\2", "\300\014")),
        DNS_A, NULL, DNS_SERVFAIL, 0, 0, NULL},

    {"a query", LITERAL(HEAD("\1\40", "\0\1\0\0\0\0\0\0") QUESTION("\0\1")), DNS_A,
        "it is no response", 0, 0, 0, NULL},
    {"another opcode", LITERAL(HEAD("\241\200", "\0\1\0\0\0\0\0\0") QUESTION("\0\1")), DNS_A,
        "it is no response", 0, 0, 0, NULL},
    {"no question", LITERAL(HEAD(OK, "\0\0\0\0\0\0\0\0")), DNS_A, "it has not one question", 0, 0,
        0, NULL},
    {"two questions", LITERAL(HEAD(OK, "\0\2\0\0\0\0\0\0") QUESTION("\0\1") QUESTION("\0\1")),
        DNS_A, "it has not one question", 0, 0, 0, NULL},
    {"another type asked", LITERAL(HEAD(OK, "\0\1\0\0\0\0\0\0") QUESTION("\0\17")), DNS_A,
        "it answers another question", 0, 0, 0, NULL},
    {"another name asked", LITERAL(HEAD(OK, "\0\1\0\0\0\0\0\0") "\7example\3net\0\0\1\0\1"), DNS_A,
        "it answers another question", 0, 0, 0, NULL},
    {"another class asked", LITERAL(HEAD(OK, "\0\1\0\0\0\0\0\0") "\7example\3com\0\0\1\0\3"), DNS_A,
        "it answers another question", 0, 0, 0, NULL},
    {"counts that lie",
        LITERAL(HEAD(OK, "\0\1\377\377\377\377\377\377") QUESTION("\0\1") A("\300\014", "\1")),
        DNS_A, "a name runs over the end", 0, 0, 0, NULL},
    {"a pointer to itself",
        LITERAL(HEAD(OK, "\0\1\0\1\0\0\0\0") QUESTION("\0\1") A("\300\035", "\1")), DNS_A,
        "a compression pointer that does not lead back", 0, 0, 0, NULL},
    {"a pointer to its own label",
        LITERAL(HEAD(OK, "\0\1\0\1\0\0\0\0") QUESTION("\0\1") A("\1a\300\035", "\1")), DNS_A,
        "a compression pointer that does not lead back", 0, 0, 0, NULL},
    {"a pointer forward",
        LITERAL(HEAD(OK, "\0\1\0\1\0\0\0\0") QUESTION("\0\1") A("\300\050", "\1")), DNS_A,
        "a compression pointer that does not lead back", 0, 0, 0, NULL},
    {"a pointer into the header",
        LITERAL(HEAD(OK, "\0\1\0\1\0\0\0\0") QUESTION("\0\1") A("\300\002", "\1")), DNS_A,
        "a compression pointer that does not lead back", 0, 0, 0, NULL},
    {"half a pointer", LITERAL(HEAD(OK, "\0\1\0\1\0\0\0\0") QUESTION("\0\1") "\300"), DNS_A,
        "a name runs over the end", 0, 0, 0, NULL},
    {"an extended label",
        LITERAL(HEAD(OK, "\0\1\0\1\0\0\0\0") QUESTION("\0\1") A("\101\0\0",
            "\1") "0123456789012345678901234567890123456789012345678901234567890123456789"),
        DNS_A, "a label of unknown kind", 0, 0, 0, NULL},
    {"A of three octets",
        LITERAL(
            HEAD(OK, "\0\1\0\1\0\0\0\0") QUESTION("\0\1") "\300\014\0\1\0\1" MINUTE "\0\3\300\0\2"),
        DNS_A, "it ends too early", 0, 0, 0, NULL},
    {"A of five octets",
        LITERAL(HEAD(OK, "\0\1\0\1\0\0\0\0") QUESTION("\0\1") "\300\014\0\1\0\1" MINUTE
                                                              "\0\5\300\0\2\1\1"),
        DNS_A, "a record's data do not end where its length says", 0, 0, 0, NULL},
    {"MX with octets left over",
        LITERAL(HEAD(OK, "\0\1\0\1\0\0\0\0") QUESTION("\0\17") "\300\014\0\17\0\1" MINUTE
                                                               "\0\5\0\1\300\014x"),
        DNS_MX, "a record's data do not end where its length says", 0, 0, 0, NULL},
    {"MX whose name goes on in the next record",
        LITERAL(
            HEAD(OK, "\0\1\0\2\0\0\0\0") QUESTION("\0\17") "\300\014\0\17\0\1" MINUTE "\0\5\0\1\4ab"
                                                           "\4cdef\0\0\1\0\1\0\0\0\0\0\0"),
        DNS_MX, "", 0, 0, 0, NULL},
    {"TXT whose string is longer than it",
        LITERAL(HEAD(OK, "\0\1\0\1\0\0\0\0") QUESTION("\0\20") "\300\014\0\20\0\1" MINUTE "\0\3\5ab"
                                                               "cdef"),
        DNS_TXT, "the strings of a TXT record do not fill it", 0, 0, 0, NULL},
    {"TXT of nothing",
        LITERAL(HEAD(OK, "\0\1\0\1\0\0\0\0") QUESTION("\0\20") "\300\014\0\20\0\1" MINUTE "\0\0"),
        DNS_TXT, "the strings of a TXT record do not fill it", 0, 0, 0, NULL},
    {"TLSA of two octets",
        LITERAL(
            HEAD(OK, "\0\1\0\1\0\0\0\0") QUESTION("\0\64") "\300\014\0\64\0\1" MINUTE "\0\2\3\1"),
        DNS_TLSA, "it ends too early", 0, 0, 0, NULL},
    {"TLSA of two octets, more behind",
        LITERAL(HEAD(OK, "\0\1\0\1\0\0\0\0") QUESTION("\0\64") "\300\014\0\64\0\1" MINUTE
                                                               "\0\2\3\1\1\1\1"),
        DNS_TLSA, "a record's data do not end where its length says", 0, 0, 0, NULL},
    {"an SOA cut short",
        LITERAL(HEAD(OK, "\0\1\0\0\0\1\0\0") QUESTION("\0\1") "\300\014\0\6\0\1" MINUTE
                                                              "\0\4\300\014\300\014"),
        DNS_A, "it ends too early", 0, 0, 0, NULL},
    {"two OPT records",
        LITERAL(HEAD(OK, "\0\1\0\0\0\0\0\2") QUESTION("\0\1") "\0\0\51\4\320\0\0\0\0\0\0"
                                                              "\0\0\51\4\320\0\0\0\0\0\0"),
        DNS_A, "two OPT records", 0, 0, 0, NULL},
};

Test(wire, by_hand)
{
	struct arena *arena = arena_new();

	for (size_t i = 0; i < COUNT(messages); i++) {
		const struct by_hand *m = &messages[i];
		struct answer answer;
		const char *why;
		bool truncated, ok = wire_response(m->bytes, m->len, "Example.com", m->type, arena,
		                    &answer, &truncated, &why);

		cr_expect_eq(ok, m->why == NULL, "%s: %s", m->what, why != NULL ? why : "read");
		if (m->why != NULL && *m->why != '\0' && why != NULL)
			cr_expect_str_eq(why, m->why, "%s: %s", m->what, why);
		cr_expect_eq(answer.rcode, m->why == NULL ? m->rcode : DNS_GARBLED, "%s: %s",
		    m->what, dns_rcode_name(answer.rcode));
		cr_expect_eq(answer.count, m->count, "%s: %zu", m->what, answer.count);
		cr_expect_eq(answer.ttl, m->ttl, "%s: %u", m->what, answer.ttl);
		cr_expect_str_eq(answer.canonical,
		    m->canonical != NULL ? m->canonical : "example.com", "%s: %s", m->what,
		    answer.canonical);
		read_exactly(m->bytes, m->len, "example.com", m->type, &answer, arena);
	}
	arena_free(arena);
}

/* Names of labels "a…" (64 octets each with their length), each pointing to the one before: 128
 * hops and 255 octets are the ends. */
Test(wire, long_names)
{
	struct arena *arena = arena_new();
	static const struct {
		size_t labels,
		    octets; /* of the last record's owner: so many labels of so many octets, then a
		               pointer to the question's name (13 octets) */
		bool ok;
	} rows[] = {{3, 63, true}, {121, 1, true}, {122, 1, false}, {80, 2, true}, {81, 2, false},
	    {4, 63, false}};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf message;
		struct answer answer;

		buf_init(&message, WIRE_MAX);
		buf_add(&message, LITERAL(HEAD(OK, "\0\1\0\1\0\0\0\0") QUESTION("\0\1")));
		for (size_t label = 0; label < rows[i].labels; label++) {
			buf_putc(&message, (char)rows[i].octets);
			for (size_t octet = 0; octet < rows[i].octets; octet++)
				buf_putc(&message, '\1');
		}
		buf_add(&message, LITERAL(A("\300\014", "\1")));
		cr_expect_eq(
		    read_exactly(message.data, message.len, "example.com", DNS_A, &answer, arena),
		    rows[i].ok, "row %zu", i);
		buf_release(&message);
	}
	arena_free(arena);
}

Test(wire, many_hops)
{
	struct arena *arena = arena_new();

	for (unsigned records = 1; records <= 200;
	     records++) { /* each owner is a pointer to the owner before */
		struct buf message;
		struct answer answer;
		bool ok;

		buf_init(&message, WIRE_MAX);
		buf_add(&message, LITERAL(HEAD(OK, "\0\1\0\0\0\0\0\0") QUESTION("\0\1")));
		message.data[7] = (char)records;
		for (unsigned i = 0, owner = 12; i < records; i++) {
			size_t at = message.len;

			buf_putc(&message, (char)(0xc0 | owner >> 8));
			buf_putc(&message, (char)owner);
			buf_add(&message, LITERAL(A("", "\1")));
			owner = (unsigned)at;
		}
		ok = read_exactly(message.data, message.len, "example.com", DNS_A, &answer, arena);
		cr_expect_eq(ok, records <= 128, "%u", records);
		cr_expect_eq(answer.count, ok ? 1 : 0);
		buf_release(&message);
	}
	arena_free(arena);
}

Test(wire, folds_a_large_set_and_keeps_the_order)
{
	struct arena *arena = arena_new();
	struct buf message;
	struct answer answer;

	buf_init(&message, WIRE_MAX);
	buf_add(&message, LITERAL(HEAD(OK, "\0\1\0\0\0\0\0\0") QUESTION("\0\1")));
	message.data[6] = 0x0f;
	message.data[7] = (char)0xa0; /* 4000 */
	for (int i = 0; i < 4000; i++) {
		buf_add(&message, LITERAL(A("\300\014", "")));
		buf_putc(&message, (char)(255 - i % 200));
	}
	cr_assert(read_exactly(message.data, message.len, "example.com", DNS_A, &answer, arena));
	cr_assert_eq(answer.count, 200);
	for (size_t i = 0; i < 200; i++)
		cr_expect_eq(answer.records[i].u.address.bytes[3], 255 - i);
	buf_release(&message);
	arena_free(arena);
}

Test(wire, query)
{
	static const char wanted[] = "\22\64\1\40\0\1\0\0\0\0\0\1"
	                             "\7example\3com\0"
	                             "\0\17\0\1"
	                             "\0\0\51\4\320\0\0\0\0\0\0";
	struct wire_question question;
	struct buf out;

	buf_init(&out, 512);
	cr_assert(wire_query(&out, 0x1234, "Example.com.", DNS_MX));
	cr_assert_eq(out.len, sizeof wanted - 1);
	cr_expect_arr_eq(out.data, wanted, out.len);
	cr_assert(wire_question_read(out.data, out.len, &question));
	cr_expect_eq(question.id, 0x1234);
	cr_expect_str_eq(question.name, "example.com");
	cr_expect_eq(question.type, DNS_MX);
	cr_expect(question.rd && question.ad && question.edns);
	cr_expect_eq(question.payload, 1232);
	for (size_t len = 0; len < out.len; len++) {
		char *copy = malloc(len > 0 ? len : 1);

		memcpy(copy, out.data, len);
		cr_expect_not(wire_question_read(copy, len, &question), "%zu octets", len);
		free(copy);
	}
	buf_clear(&out);
	cr_expect_not(wire_query(&out, 1, "a..b", DNS_MX));
	cr_expect_not(wire_query(&out, 1, L63 "x.example", DNS_MX));
	buf_release(&out);
	buf_init(&out, 20);
	cr_expect_not(wire_query(&out, 1, "example.com", DNS_MX), "no room");
	buf_release(&out);
}

Test(wire, questions_of_others)
{
	static const struct {
		const char *bytes;
		size_t len;
		bool ok, edns;
		unsigned payload;
	} rows[] = {
	    {LITERAL(HEAD("\1\0", "\0\1\0\0\0\0\0\0") QUESTION("\0\1")), true, false, 512},
	    {LITERAL(HEAD("\1\0", "\0\1\0\0\0\0\0\1") QUESTION("\0\1") "\0\0\51\0\1\0\0\0\0\0\0"),
	        true, true, 512}, /* less than 512 is 512 */
	    {LITERAL(HEAD("\1\0", "\0\1\0\0\0\0\0\1")
	             QUESTION("\0\1") "\0\0\51\20\0\0\0\200\0\0\14\0\12\0\10abcdefgh"),
	        true, true, 4096}, /* with a cookie */
	    {LITERAL(HEAD("\201\0", "\0\1\0\0\0\0\0\0") QUESTION("\0\1")), false, false,
	        0}, /* a response */
	    {LITERAL(HEAD("\50\0", "\0\1\0\0\0\0\0\0") QUESTION("\0\1")), false, false,
	        0}, /* an update */
	    {LITERAL(HEAD("\1\0", "\0\0\0\0\0\0\0\0")), false, false, 0},
	    {LITERAL(HEAD("\1\0", "\0\1\0\0\0\0\0\0") "\7example\3com\0\0\1\0\3"), false, false,
	        0}, /* chaos */
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct wire_question question;

		cr_expect_eq(wire_question_read(rows[i].bytes, rows[i].len, &question), rows[i].ok,
		    "row %zu", i);
		cr_expect(!rows[i].ok || question.edns == rows[i].edns, "row %zu", i);
		cr_expect(!rows[i].ok || question.payload == rows[i].payload, "row %zu: %u", i,
		    question.payload);
	}
}

Test(wire, alias_goes_first)
{
	struct arena *arena = arena_new();
	struct book *book = book_new();
	struct wire_question question;
	struct answer answer;
	struct buf out;
	bool truncated;

	load(
	    book, "{\"name\":\"a.example\",\"type\":\"CNAME\",\"ttl\":7,\"data\":[\"b.example\"]}");
	load(book, "{\"name\":\"b.example\",\"type\":\"A\",\"ttl\":9,\"data\":[\"192.0.2.1\",\"192."
	           "0.2.2\"]}");
	book_close(book);
	buf_init(&out, WIRE_MAX + 2);
	buf_puts(&out,
	    "xx"); /* as the length in front of a message by TCP: offsets count from the message */
	wire_answer(&out, question_for(&question, "A.example", DNS_A),
	    book_ask(book, "a.example", DNS_A), WIRE_MAX);
	cr_assert(wire_response(
	    out.data + 2, out.len - 2, "a.example", DNS_A, arena, &answer, &truncated, NULL));
	cr_expect_str_eq(answer.canonical, "b.example");
	cr_expect_eq(answer.ttl, 7);
	cr_expect_eq(answer.count, 2);

	buf_clear(&out);
	wire_answer(&out, question_for(&question, "a.example", DNS_MX),
	    book_ask(book, "a.example", DNS_MX), WIRE_MAX);
	cr_assert(wire_response(
	    out.data, out.len, "a.example", DNS_MX, arena, &answer, &truncated, NULL));
	cr_expect_str_eq(answer.canonical, "b.example");
	cr_expect_eq(answer.count, 0);
	buf_release(&out);
	book_free(book);
	arena_free(arena);
}

Test(wire, what_does_not_fit_is_truncated)
{
	static const char text[] =
	    "{\"name\":\"t.example\",\"type\":\"TXT\",\"data\":[\"%0600d\"]}";
	struct arena *arena = arena_new();
	struct book *book = book_new();
	struct wire_question question, plain;
	struct answer answer;
	struct buf out;
	char line[800];
	bool truncated;

	snprintf(line, sizeof line, text, 7);
	load(book, line);
	question_for(&question, "t.example", DNS_TXT);
	plain = question;
	plain.edns = false;
	for (size_t limit = 12; limit < 700; limit++) {
		bool fits;

		buf_init(&out, WIRE_MAX);
		wire_answer(&out, limit % 2 == 0 ? &question : &plain,
		    book_ask(book, "t.example", DNS_TXT), limit);
		fits = out.len <= limit;
		cr_assert(wire_response(
		    out.data, out.len, "t.example", DNS_TXT, arena, &answer, &truncated, NULL));
		cr_expect_eq(truncated, limit < (limit % 2 == 0 ? 653 : 642), "limit %zu", limit);
		cr_expect(fits || limit < 38);
		cr_expect_eq(answer.rcode, truncated ? DNS_GARBLED : DNS_NOERROR);
		if (!truncated) {
			cr_expect_eq(
			    answer.records[0].u.txt.count, 3, "600 octets are three strings");
			cr_expect_eq(answer.records[0].u.txt.joined.len, 600);
		}
		buf_release(&out);
	}
	book_free(book);
	arena_free(arena);
}

Test(wire, failures_without_a_code)
{
	struct arena *arena = arena_new();
	static const enum dns_rcode rcodes[] = {DNS_TIMEOUT, DNS_GARBLED, (enum dns_rcode)16};

	for (size_t i = 0; i < COUNT(rcodes); i++) {
		struct answer sent = {.name = "example.com",
		                  .canonical = "example.com",
		                  .type = DNS_A,
		                  .rcode = rcodes[i],
		                  .authentic = true},
		              answer;
		struct wire_question question;
		struct buf out;
		bool truncated;

		buf_init(&out, 512);
		question_for(&question, "example.com", DNS_A);
		question.edns = rcodes[i] >= DNS_TIMEOUT; /* there is room for the number, but it
		                                             would mean something else */
		question.ad = false;
		wire_answer(&out, &question, &sent, 512);
		cr_assert(wire_response(
		    out.data, out.len, "example.com", DNS_A, arena, &answer, &truncated, NULL));
		cr_expect_eq(answer.rcode, DNS_SERVFAIL);
		cr_expect_eq(out.data[3] & 15, DNS_SERVFAIL);
		cr_expect_not(answer.authentic, "AD is for who asked for it");
		buf_release(&out);
	}
	arena_free(arena);
}

/* ---- ptr */

Test(ptr, generic)
{
	static const struct {
		const char *ip, *name;
		bool generic;
	} rows[] = {
	    {"192.0.2.1", "mail.example.com", false},
	    {"192.0.2.1", "mx1.example.com", false},
	    {"192.0.2.1", "mx2.1.example.com", false}, /* two octets, and no word */
	    {"192.0.2.1", "smtp-out-192.example.com", false},
	    {"192.0.2.1", "example.com", false},
	    {"192.0.2.1", "mail.dsl.example.net", false}, /* somebody named it */
	    {"192.0.2.1", "mx3.pool.example.net", false},
	    {"192.0.2.1", "www.dynamic.com", false}, /* the owner's name */
	    {"192.0.2.1", "gw.cable.co.uk", false},
	    {"192.0.2.1", "a.pool.com", false},
	    {"192.0.2.1", "static.example.com", false},
	    {"192.0.2.1", "client.bank.example.com", false},
	    {"192.0.2.1", "poolside.example.com", false}, /* a word is a whole word */
	    {"192.0.2.1", "host-7-8.example.com", false}, /* digits, but others */
	    {"192.0.2.1", "198-51-100-7.example.com", false},
	    {"192.0.2.1", "server1.example.com", false},
	    {"192.0.2.1", "1929.0.2.15.example.com", false}, /* 1929 is no octet */
	    {"192.0.2.1", "", false},
	    {"192.0.2.1", "a..b", false},
	    {"192.0.2.1", "1921680.example.com", false},
	    {"192.0.2.1", "192-0-2-1.example.com", true},
	    {"192.0.2.1", "1-2-0-192.example.com", true},
	    {"192.0.2.1", "192.0.2.1.example.com", true},
	    {"192.0.2.1", "ip_192_0_2_1.example.com", true},
	    {"192.0.2.1", "ec2-192-0-2-1.compute.example.com", true},
	    {"192.0.2.1", "cpe192x0x2x1.example.com", true},
	    {"192.0.2.1", "mail-192-0-2-1.example.com",
	        true}, /* octets count whatever it begins with */
	    {"192.0.2.1", "192-0-2.example.com", true},
	    {"192.0.2.1", "dslb-192-000-002-001.example.com", true},
	    {"192.0.2.1", "n192000002001.example.com", true},
	    {"192.0.2.1", "n001002000192.example.com", true},
	    {"192.0.2.1", "pC0000201.example.com", true},
	    {"192.0.2.1", "010200c0.example.com", true},
	    {"192.0.2.1", "c0-00-02-01.example.com", true},
	    {"192.0.2.1", "host-2-1.example.com", true},
	    {"192.0.2.1", "static.1.2.example.com", true},
	    {"192.0.2.1", "vps-2-1.example.com", true},
	    {"192.0.2.1", "pool77.example.com", true},
	    {"192.0.2.1", "x.dyn.example.com", true},
	    {"192.0.2.1", "abc.dynamic.example.co.uk", true},
	    {"192.0.2.1", "dhcp-17.example.edu.example", true},
	    {"192.0.2.1", "a-12.adsl.example.com", true},
	    {"192.0.2.1", "ppp12.example.net", true},
	    {"192.0.2.1", "dialup-5.example.net", true},
	    {"192.0.2.1", "cable12.example.net", true},
	    {"192.0.2.1", "cust-17.example.com", true},
	    {"192.0.2.1", "x17.customer.example.com", true},
	    {"192.0.2.1", "client17.example.com", true},
	    {"192.0.2.1", "1.2.0.192.in-addr.arpa", true},
	    {"10.10.10.10", "10-10-10-10.example.com", true},
	    {"10.20.30.40", "mail10.20.example.com", false},
	    {"2001:db8::1", "mail.example.com", false},
	    {"2001:db8::1", "20010db8000000000000000000000001.example.com", true},
	    {"2001:db8::1", "2001-0db8-0000-0000-0000-0000-0000-0001.example.com", true},
	    {"2001:db8::1", "2001-db8-0-0-0-0-0-1.example.com", true},
	    {"2001:db8::1", "2001-db8--1.example.com", true},
	    {"2001:db8::1",
	        "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.example.com",
	        true},
	    {"2001:db8::211:22ff:fe33:4455", "021122fffe334455.example.com", true},
	    {"2001:db8::1", "x.dyn.example.com", true},
	    {"2001:db8::1", "mx1.example.com", false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ip ip;

		cr_assert(ip_parse(&ip, rows[i].ip));
		cr_expect_eq(ptr_is_generic(rows[i].name, &ip), rows[i].generic, "%s for %s",
		    rows[i].name, rows[i].ip);
	}
}

struct reverse_case {
	const char *what, *lines[6], *ip;
	enum truth found, confirmed;
	const char *word, *name;
	size_t count;
};

Test(ptr, look_up)
{
	static const struct reverse_case rows[] = {
	    {"none", {NULL}, "192.0.2.1", ABSENT, ABSENT, "none", NULL, 0},
	    {"its look-up fails",
	        {"{\"name\":\"1.2.0.192.in-addr.arpa\",\"type\":\"PTR\",\"rcode\":\"SERVFAIL\"}"},
	        "192.0.2.1", UNKNOWN, UNKNOWN, "unknown", NULL, 0},
	    {"confirmed",
	        {"{\"name\":\"1.2.0.192.in-addr.arpa\",\"type\":\"PTR\",\"data\":[\"no.example\","
	         "\"mx.example\"]}",
	            "{\"name\":\"mx.example\",\"type\":\"A\",\"data\":[\"192.0.2.9\",\"192.0.2.1\"]"
	            "}"},
	        "192.0.2.1", PRESENT, PRESENT, "pass", "mx.example", 2},
	    {"not confirmed",
	        {"{\"name\":\"1.2.0.192.in-addr.arpa\",\"type\":\"PTR\",\"data\":[\"mx.example\"]}",
	            "{\"name\":\"mx.example\",\"type\":\"A\",\"data\":[\"192.0.2.9\"]}"},
	        "192.0.2.1", PRESENT, ABSENT, "fail", NULL, 1},
	    {"one way fails",
	        {"{\"name\":\"1.2.0.192.in-addr.arpa\",\"type\":\"PTR\",\"data\":[\"no.example\","
	         "\"mx.example\"]}",
	            "{\"name\":\"mx.example\",\"type\":\"A\",\"rcode\":\"TIMEOUT\"}"},
	        "192.0.2.1", PRESENT, UNKNOWN, "unknown", NULL, 2},
	    {"one way fails, the other confirms",
	        {"{\"name\":\"1.2.0.192.in-addr.arpa\",\"type\":\"PTR\",\"data\":[\"a.example\","
	         "\"mx.example\"]}",
	            "{\"name\":\"a.example\",\"type\":\"A\",\"rcode\":\"TIMEOUT\"}",
	            "{\"name\":\"mx.example\",\"type\":\"A\",\"data\":[\"192.0.2.1\"]}"},
	        "192.0.2.1", PRESENT, PRESENT, "pass", "mx.example", 2},
	    {"delegated by CNAME (RFC 2317)",
	        {"{\"name\":\"1.2.0.192.in-addr.arpa\",\"type\":\"CNAME\",\"data\":[\"1.0-63.2.0."
	         "192.in-addr.arpa\"]}",
	            "{\"name\":\"1.0-63.2.0.192.in-addr.arpa\",\"type\":\"PTR\",\"data\":[\"mx."
	            "example\"]}",
	            "{\"name\":\"mx.example\",\"type\":\"A\",\"data\":[\"192.0.2.1\"]}"},
	        "192.0.2.1", PRESENT, PRESENT, "pass", "mx.example", 1},
	    {"IPv6",
	        {"{\"name\":\"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6."
	         "arpa\",\"type\":\"PTR\",\"data\":[\"mx.example\"]}",
	            "{\"name\":\"mx.example\",\"type\":\"AAAA\",\"data\":[\"2001:db8::1\"]}",
	            "{\"name\":\"mx.example\",\"type\":\"A\",\"rcode\":\"SERVFAIL\"}"},
	        "2001:db8::1", PRESENT, PRESENT, "pass", "mx.example", 1},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct arena *arena = arena_new();
		struct book *book = book_new();
		struct ptr ptr;
		struct ip ip;

		for (size_t line = 0; rows[i].lines[line] != NULL; line++)
			load(book, rows[i].lines[line]);
		book_close(book);
		ip_parse(&ip, rows[i].ip);
		cr_assert(ptr_look_up(book, arena, &ip, &ptr), "%s", rows[i].what);
		cr_expect(ip_equal(&ptr.ip, &ip));
		cr_expect_eq(ptr.found, rows[i].found, "%s", rows[i].what);
		cr_expect_eq(ptr.confirmed, rows[i].confirmed, "%s", rows[i].what);
		cr_expect_eq(ptr.count, rows[i].count, "%s", rows[i].what);
		cr_expect_str_eq(ptr_fcrdns_word(&ptr), rows[i].word, "%s", rows[i].what);
		if (rows[i].name == NULL)
			cr_expect_null(ptr.confirmed_name, "%s", rows[i].what);
		else
			cr_expect_str_eq(ptr.confirmed_name, rows[i].name, "%s", rows[i].what);
		book_free(book);
		arena_free(arena);
	}
}

/* One name more than are looked at: the last of them might have been the one. */
Test(ptr, asks_for_all_names_at_once_up_to_a_limit)
{
	struct arena *arena = arena_new();
	struct book *book = book_new();
	struct buf answer;
	struct ip ip;
	struct ptr ptr;

	ip_parse(&ip, "192.0.2.1");
	cr_expect_not(ptr_look_up(book, arena, &ip, &ptr));
	cr_expect_eq(ptr.found, UNKNOWN);
	cr_assert_eq(book_wanted(book), 1);
	cr_expect_str_eq(book_want(book, 0).name, "1.2.0.192.in-addr.arpa");
	buf_init(&answer, 65536);
	buf_puts(&answer, "{\"name\":\"1.2.0.192.in-addr.arpa\",\"type\":\"PTR\",\"data\":[");
	for (int i = 0; i <= PTR_NAMES_MAX; i++)
		buf_printf(&answer, "%s\"n%d.x\"", i > 0 ? "," : "", i);
	buf_puts(&answer, "]}");
	load(book, answer.data);
	buf_release(&answer);
	cr_expect_not(ptr_look_up(book, arena, &ip, &ptr));
	cr_expect_eq(book_wanted(book), PTR_NAMES_MAX);
	cr_expect_eq(ptr.found, PRESENT);
	cr_expect_str_eq(ptr_fcrdns_word(&ptr), "unknown");
	book_close(book);
	cr_expect(ptr_look_up(book, arena, &ip, &ptr));
	cr_expect_eq(ptr.total, PTR_NAMES_MAX + 1);
	cr_expect_eq(ptr.count, PTR_NAMES_MAX);
	cr_expect_eq(ptr.confirmed, UNKNOWN, "the last might");
	cr_expect(ptr_look_up(book, arena, &(struct ip){.family = 0}, &ptr));
	cr_expect_str_eq(ptr_fcrdns_word(&ptr), "unknown");
	book_free(book);
	arena_free(arena);
}

Test(public, resolvers_of_the_file)
{
	static const struct {
		const char *ip;
		bool public;
	} cases[] = {
	    {"8.8.8.8", true},
	    {"8.8.4.4", true},
	    {"1.1.1.1", true},
	    {"9.9.9.9", true},
	    {"208.67.222.222", true},
	    {"101.101.101.101", true},
	    {"2001:4860:4860::8888", true},
	    {"2606:4700:4700::1111", true},
	    {"2620:fe::fe", true},
	    {"2001:470:20::2", true},
	    {"2001:470:20::3", false},
	    {"8.8.8.9", false},
	    {"127.0.0.1", false},
	    {"::1", false},
	    {"192.168.1.1", false},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		unsigned line = 1;
		struct ip ip;

		cr_assert(ip_parse(&ip, cases[i].ip));
		cr_expect_eq(public_resolver(data_resolvers, data_resolvers_size, &ip, &line),
		    cases[i].public, "%s", cases[i].ip);
		cr_expect_eq(line, 0);
	}
}

Test(public, a_file_that_is_none)
{
	static const struct {
		const char *text;
		unsigned line;
	} cases[] = {
	    {"[a]\nnet = 8.8.8.0/33\n", 2},
	    {"[a]\nnet = 8.8.8\n", 2},
	    {"[a]\nnet = 9.9.9.9\nnot = 8.8.8.8\n", 3},
	    {"net = 8.8.8.8\n", 1},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		unsigned line = 0;
		struct ip ip;

		ip_parse(&ip, "8.8.8.8");
		cr_expect_not(public_resolver(cases[i].text, strlen(cases[i].text), &ip, &line));
		cr_expect_eq(line, cases[i].line, "%zu: line %u", i, line);
	}
}
