/* SPF: what the published suite (tests/spf_suite.sh) does not ask: words, warnings, the way to a
 * result, hostile records, waiting. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "auth/spf.h"
#include "auth/spf_record.h"
#include "base/arena.h"
#include "base/buf.h"
#include "book_of.h"

static const char zone[] =
    "plain.example TXT v=spf1 ip4:192.0.2.0/24 -all\n"
    "plain.example TXT unrelated\n"
    "more.example TXT v=spf1 include:plain.example include:six.example ~all\n"
    "six.example TXT v=spf1 ip6:2001:db8::/32 ip6:::ffff:198.51.100.0/120 -all\n"
    "on.example TXT v=spf1 redirect=more.example\n"
    "off.example TXT v=spf1 include:gone.example -all\n"
    "broken.example TXT v=spf1 include:typo.example -all\n"
    "typo.example TXT v=spf1 ipv4:192.0.2.1 -all\n"
    "number.example TXT v=spf1 a:192.0.2.1 -all\n"
    "equals.example TXT v=spf1 ip4=192.0.2.1 include=plain.example ?all\n"
    "sick.example TXT v=spf1 include:ill.example -all\n"
    "ill.example TXT !SERVFAIL\n"
    "sicka.example TXT v=spf1 a:ill2.example -all\n"
    "ill2.example A !REFUSED\n"
    "open.example TXT v=spf1 +all\n"
    "loose.example TXT v=spf1 ip4:192.0.2.1\n"
    "old.example TXT v=spf1 ptr -all\n"
    "near.example TXT \"v=spf1 -all\"\n"
    "two.example TXT v=spf1 -all\n"
    "two.example TXT v=spf1 ~all\n"
    "late.example TXT v=spf1 ip4:192.0.2.1 include:gone.example -all\n"
    "late2.example TXT v=spf1 ip4:192.0.2.1 include:typo.example -all\n"
    "many.example TXT v=spf1 ip4:192.0.2.1 include:m1.example include:m2.example a mx -all\n"
    "many.example A 198.51.100.1\n"
    "many.example MX 10 mx.many.example\n"
    "mx.many.example A 198.51.100.2\n"
    "m1.example TXT v=spf1 a:many.example a:many.example a:many.example ?all\n"
    "m2.example TXT v=spf1 a:many.example a:many.example a:many.example a:many.example ?all\n"
    "v4mx.example TXT v=spf1 mx mx:v4mx.example ip6:2001:db8::1 -all\n"
    "v4mx.example MX 10 mx1.v4mx.example\n"
    "v4mx.example MX 20 mx2.v4mx.example\n"
    "v4mx.example MX 30 mx3.v4mx.example\n"
    "mx1.v4mx.example A 192.0.2.1\n"
    "mx2.v4mx.example A 192.0.2.2\n"
    "mx3.v4mx.example A 192.0.2.3\n"
    "local.example TXT v=spf1 exists:%{l}.users.example -all\n"
    "bob.users.example A 127.0.0.2\n"
    "b\\195\\182b.users.example A 127.0.0.2\n"
    "back.example TXT v=spf1 exists:%{l}.slash.example -all\n"
    "a\\092b.slash.example A 127.0.0.2\n"
    "xn--bcher-kva.example TXT v=spf1 a:%{d} -all\n"
    "xn--bcher-kva.example A 192.0.2.9\n"
    "says.example TXT v=spf1 a:%{h} -all\n"
    "exp.example TXT v=spf1 -all exp=why.example\n"
    "why.example TXT %{i} is no host of %{o}; time %{t}, seen by %{r}, helo %{h}\n"
    "unlucky.example TXT v=spf1 -all exp=%{p}.example\n"
    "mapped.example TXT v=spf1 ip6:::ffff:192.0.2.1 -all\n"
    "_spf.under.example TXT v=spf1 ip4:192.0.2.1 -all\n"
    "case.example TXT V=SPF1 IP4:192.0.2.1 -ALL\n"
    "mailex.example TXT v=spf1 include:%{d2}.not.example -all\n";

static const struct test_case {
	const char *ip, *from, *helo;
	enum spf_result result;
	const char *matched, *matched_in; /* NULL: none */
	const char *says; /* part of the problem, or of a warning; NULL: there must be neither */
	bool survey;
} cases[] = {
    {"192.0.2.1", "a@plain.example", "x", SPF_PASS, "ip4:192.0.2.0/24", "plain.example", NULL,
        false},
    {"::ffff:192.0.2.1", "a@plain.example", "x", SPF_PASS, "ip4:192.0.2.0/24", "plain.example",
        NULL, false},
    {"198.51.100.1", "a@plain.example", "x", SPF_FAIL, "-all", "plain.example", NULL, false},
    {"192.0.2.1", "", "plain.example", SPF_PASS, "ip4:192.0.2.0/24", "plain.example", NULL, false},
    {"192.0.2.1", NULL, "plain.example", SPF_PASS, "ip4:192.0.2.0/24", "plain.example", NULL,
        false},
    {"192.0.2.1", "plain.example", "x", SPF_PASS, "ip4:192.0.2.0/24", "plain.example", NULL, false},
    {"192.0.2.1", "\"odd@local\"@plain.example", "x", SPF_PASS, "ip4:192.0.2.0/24", "plain.example",
        NULL, false},
    {"192.0.2.1", "a@PLAIN.Example.", "x", SPF_PASS, "ip4:192.0.2.0/24", "PLAIN.Example.", NULL,
        false},
    {"192.0.2.1", "a@more.example", "x", SPF_PASS, "include:plain.example", "more.example", NULL,
        false},
    {"192.0.2.1", "a@on.example", "x", SPF_PASS, "include:plain.example", "more.example", NULL,
        false},
    {"2001:db8::5", "a@on.example", "x", SPF_PASS, "include:six.example", "more.example", NULL,
        false},
    {"198.51.100.7", "a@on.example", "x", SPF_SOFTFAIL, "~all", "more.example", NULL,
        false}, /* an ip6 network that is a mapped one matches no IPv4 client */
    {"192.0.2.1", "a@mapped.example", "x", SPF_FAIL, "-all", "mapped.example", NULL, false},
    {"192.0.2.1", "a@_spf.under.example", "x", SPF_PASS, "ip4:192.0.2.1", "_spf.under.example",
        NULL, false},
    {"192.0.2.1", "a@case.example", "x", SPF_PASS, "IP4:192.0.2.1", "case.example", NULL, false},

    {"192.0.2.1", "a@nothing.example", "x", SPF_NONE, NULL, NULL,
        "nothing.example has no SPF record", false},
    {"192.0.2.1", "a@near.example", "x", SPF_NONE, NULL, NULL,
        "near.example has no SPF record (\"\"v=spf1 -all\"\" is none", false},
    {"192.0.2.1", "a@single", "x", SPF_NONE, NULL, NULL, "\"single\" is no domain name", false},
    {"192.0.2.1", "", "[192.0.2.1]", SPF_NONE, NULL, NULL, "is no domain name", false},
    {"192.0.2.1", "", "", SPF_NONE, NULL, NULL, "is no domain name", false},
    {"192.0.2.1", "a@", "x", SPF_NONE, NULL, NULL, "is no domain name", false},
    {"192.0.2.1", "a@two.example", "x", SPF_PERMERROR, NULL, NULL, "two.example has 2 SPF records",
        false},
    {"192.0.2.1", "a@off.example", "x", SPF_PERMERROR, NULL, NULL,
        "\"include:gone.example\" in the SPF record of off.example: gone.example has no SPF record",
        false},
    {"192.0.2.1", "a@broken.example", "x", SPF_PERMERROR, NULL, NULL,
        "\"ipv4:192.0.2.1\" in the SPF record of typo.example: no such mechanism; it is written "
        "ip4",
        false},
    {"192.0.2.1", "a@number.example", "x", SPF_PERMERROR, NULL, NULL,
        "an address belongs into ip4:ADDRESS", false},
    {"192.0.2.1", "a@ill.example", "x", SPF_TEMPERROR, NULL, NULL,
        "the look-up of TXT ill.example failed: SERVFAIL", false},
    {"192.0.2.1", "a@sick.example", "x", SPF_TEMPERROR, NULL, NULL,
        "the look-up of TXT ill.example failed: SERVFAIL", false},
    {"192.0.2.1", "a@sicka.example", "x", SPF_TEMPERROR, NULL, NULL,
        "\"a:ill2.example\" in the SPF record of sicka.example: the look-up of A ill2.example "
        "failed: REFUSED",
        false},

    {"192.0.2.1", "a@equals.example", "x", SPF_NEUTRAL, "?all", "equals.example",
        "\"ip4=192.0.2.1\" in the SPF record of equals.example has no effect", false},
    {"192.0.2.1", "a@equals.example", "x", SPF_NEUTRAL, "?all", "equals.example",
        "\"?all\" in the SPF record of equals.example", false},
    {"192.0.2.1", "a@open.example", "x", SPF_PASS, "+all", "open.example", "lets every host pass",
        false},
    {"192.0.2.1", "a@loose.example", "x", SPF_PASS, "ip4:192.0.2.1", "loose.example",
        "ends in no \"all\"", false},
    {"192.0.2.2", "a@loose.example", "x", SPF_NEUTRAL, NULL, NULL, "ends in no \"all\"", false},
    {"192.0.2.1", "a@old.example", "x", SPF_FAIL, "-all", "old.example", "ptr is slow", false},
    {"192.0.2.1", "a@late.example", "x", SPF_PASS, "ip4:192.0.2.1", "late.example", NULL, false},
    {"192.0.2.1", "a@late.example", "x", SPF_PASS, "ip4:192.0.2.1", "late.example",
        "\"include:gone.example\" in the SPF record of late.example: gone.example has no SPF "
        "record",
        true},
    {"192.0.2.1", "a@late2.example", "x", SPF_PASS, "ip4:192.0.2.1", "late2.example",
        "\"ipv4:192.0.2.1\" in the SPF record of typo.example: no such mechanism", true},
    {"192.0.2.1", "a@many.example", "x", SPF_PASS, "ip4:192.0.2.1", "many.example",
        "needs 11 look-ups", true},
    {"192.0.2.9", "a@many.example", "x", SPF_PERMERROR, NULL, NULL,
        "\"mx\" in the SPF record of many.example: it is look-up 11", false},

    /* a term is void once, however many of its questions were */
    {"2001:db8::1", "a@v4mx.example", "x", SPF_PASS, "ip6:2001:db8::1", "v4mx.example", NULL,
        false},

    /* RFC 8616, and octets that need escaping in a name */
    {"192.0.2.1", "bob@local.example", "x", SPF_PASS, "exists:%{l}.users.example", "local.example",
        NULL, false},
    {"192.0.2.1", "b\303\266b@local.example", "x", SPF_FAIL, "-all", "local.example", NULL, false},
    {"192.0.2.1", "a\\b@back.example", "x", SPF_PASS, "exists:%{l}.slash.example", "back.example",
        NULL, false},
    {"192.0.2.9", "a@b\303\274cher.example", "x", SPF_PASS, "a:%{d}", "xn--bcher-kva.example", NULL,
        false},
    {"192.0.2.9", "a@says.example", "b\303\274cher.example", SPF_PASS, "a:%{h}", "says.example",
        NULL, false},
    {"192.0.2.1", "a@unlucky.example", "x", SPF_FAIL, "-all", "unlucky.example",
        "the explanation at unknown.example is not used", false},
    {"192.0.2.1", "a@mailex.example", "x", SPF_PERMERROR, NULL, NULL,
        "mailex.example.not.example has no SPF record", false},
};

static bool
says(const struct spf *spf, const char *part)
{
	if (spf->problem != NULL && strstr(spf->problem, part) != NULL)
		return true;
	for (size_t i = 0; i < spf->warnings.count; i++)
		if (strstr(spf->warnings.items[i].words, part) != NULL)
			return true;
	return false;
}

static bool
same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void
check_case(const struct test_case *c, const struct spf *spf)
{
	const char *problem = spf->problem != NULL      ? spf->problem
	                      : spf->warnings.count > 0 ? spf->warnings.items[0].words
	                                                : "";

	cr_expect(spf->result == c->result, "%s %s: %s (%s)", c->ip, c->from,
	    spf_result_name(spf->result), problem);
	cr_expect(same(spf->matched, c->matched), "%s: matched %s", c->from, spf->matched);
	cr_expect(
	    same(spf->matched_in, c->matched_in), "%s: matched in %s", c->from, spf->matched_in);
	cr_expect(spf->problem == NULL || spf->result == SPF_NONE || spf->result == SPF_TEMPERROR ||
	              spf->result == SPF_PERMERROR,
	    "%s: %s", c->from, problem);
	if (c->says == NULL)
		cr_expect(
		    spf->problem == NULL && spf->warnings.count == 0, "%s: %s", c->from, problem);
	else
		cr_expect(says(spf, c->says), "%s: no \"%s\" in \"%s\"", c->from, c->says, problem);
}

static struct spf_query
query_of(const struct test_case *c)
{
	struct spf_query query = {.from = c->from, .helo = c->helo, .survey = c->survey};

	cr_assert(ip_parse(&query.ip, c->ip));
	return query;
}

Test(spf, table)
{
	struct book *book = book_of(zone);
	struct arena *arena = arena_new();

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct spf_query query = query_of(&cases[i]);
		struct spf spf;

		cr_assert(spf_check(book, arena, &query, &spf));
		check_case(&cases[i], &spf);
		arena_reset(arena);
	}
	arena_free(arena);
	book_free(book);
}

struct run {
	struct arena *arena;
	struct spf_query query;
	struct spf spf;
};

static bool
run_step(struct book *book, void *arg)
{
	struct run *run = arg;

	return spf_check(book, run->arena, &run->query, &run->spf);
}

/* The same results when the answers have to be waited for. */
Test(spf, waiting)
{
	struct book *book = book_of(zone);
	struct arena *arena = arena_new();
	size_t questions;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct run run = {.arena = arena, .query = query_of(&cases[i])};
		struct book *live = book_new();
		unsigned rounds = book_of_feed(live, book, run_step, &run, &questions);

		check_case(&cases[i], &run.spf);
		cr_expect(rounds <= 5, "%s: %u rounds", cases[i].from, rounds);
		book_free(live);
		arena_reset(arena);
	}
	arena_free(arena);
	book_free(book);
}

/* Ten includes in a row cost one round, not ten; what stands behind a certain match is not asked.
 */
Test(spf, asks_ahead)
{
	static const char wide[] =
	    "wide.example TXT v=spf1 include:a.example include:b.example include:c.example mx "
	    "a:d.example ip4:192.0.2.1 a:never.example -all\n"
	    "a.example TXT v=spf1 a:e.example ?all\nb.example TXT v=spf1 ?all\nc.example TXT "
	    "v=spf1 ?all\nd.example A 198.51.100.1\ne.example A 198.51.100.1\n"
	    "wide.example MX 10 m1.example\nwide.example MX 20 m2.example\nm1.example A "
	    "198.51.100.2\nm2.example A 198.51.100.3\nnever.example A 198.51.100.2\n";
	struct book *book = book_of(wide), *live = book_new();
	struct arena *arena = arena_new();
	struct run run = {.arena = arena, .query = {.from = "x@wide.example", .helo = "x"}};
	size_t questions;
	unsigned rounds;

	cr_assert(ip_parse(&run.query.ip, "192.0.2.1"));
	rounds = book_of_feed(live, book, run_step, &run, &questions);
	cr_expect(run.spf.result == SPF_PASS);
	cr_expect(rounds == 4, "%u rounds",
	    rounds); /* the record; its includes, MX and A; theirs; the end */
	cr_expect(questions == 9, "%zu questions", questions);
	arena_free(arena);
	book_free(live);
	book_free(book);
}

Test(spf, trail_and_counts)
{
	struct book *book = book_of(zone);
	struct arena *arena = arena_new();
	struct spf_query query = {.from = "x@on.example", .helo = "x"};
	static const struct spf_step way[] = {{"redirect=more.example", "on.example"},
	    {"include:plain.example", "more.example"}, {"ip4:192.0.2.0/24", "plain.example"}};
	struct spf spf;

	cr_assert(ip_parse(&query.ip, "192.0.2.1"));
	cr_assert(spf_check(book, arena, &query, &spf));
	cr_assert(spf.trail_count == 3);
	for (size_t i = 0; i < 3; i++)
		cr_expect(same(spf.trail[i].term, way[i].term) &&
		              same(spf.trail[i].domain, way[i].domain),
		    "%s in %s", spf.trail[i].term, spf.trail[i].domain);
	cr_expect(spf.lookups == 2 && spf.voids == 0);
	cr_expect_str_eq(spf.record, "v=spf1 redirect=more.example");
	cr_expect_str_eq(spf.domain, "on.example");

	cr_assert(
	    ip_parse(&query.ip, "198.51.100.7")); /* terms that did not match leave no trace */
	cr_assert(spf_check(book, arena, &query, &spf));
	cr_expect(spf.trail_count == 2 && same(spf.trail[1].term, "~all"));

	cr_assert(ip_parse(&query.ip, "2001:db8::1"));
	query.from = "x@v4mx.example";
	cr_assert(spf_check(book, arena, &query, &spf));
	cr_expect(spf.lookups == 2 && spf.voids == 2, "%u, %u void", spf.lookups, spf.voids);
	arena_free(arena);
	book_free(book);
}

Test(spf, explanation)
{
	struct book *book = book_of(zone);
	struct arena *arena = arena_new();
	struct spf_query query = {.from = "x@exp.example",
	    .helo = "h.example",
	    .receiver = "mx.example",
	    .now = 1790000000};
	struct spf spf;

	cr_assert(ip_parse(&query.ip, "192.0.2.1"));
	cr_assert(spf_check(book, arena, &query, &spf));
	cr_assert_not_null(spf.explanation);
	cr_expect_str_eq(spf.explanation, "192.0.2.1 is no host of exp.example; time 1790000000, "
	                                  "seen by mx.example, helo h.example");
	arena_free(arena);
	book_free(book);
}

static enum spf_result
result_of(const char *record, size_t len, struct spf *spf, struct arena *arena)
{
	struct dns_text text = {record, len};
	struct dns_record rr = {.u.txt = {&text, 1, text}};
	struct answer answer = {.name = "big.example",
	    .type = DNS_TXT,
	    .canonical = "big.example",
	    .records = &rr,
	    .count = 1};
	struct spf_query query = {.from = "x@big.example", .helo = "x"};
	struct book *book = book_new();

	cr_assert(ip_parse(&query.ip, "192.0.2.1"));
	book_put(book, &answer);
	book_close(book);
	cr_assert(spf_check(book, arena, &query, spf));
	book_free(book);
	return spf->result;
}

/* Records as large as the DNS can carry, and larger. */
Test(spf, sizes)
{
	struct arena *arena = arena_new();
	struct buf record;
	struct spf spf;

	buf_init(&record, 1 << 20);
	buf_puts(&record, "v=spf1");
	while (record.len < 600)
		buf_puts(&record, " ip4:198.51.100.1");
	buf_puts(&record, " -all");
	cr_expect(result_of(record.data, record.len, &spf, arena) == SPF_FAIL &&
	          says(&spf, "octets: more than 512"));
	record.len -= 5;
	while (record.len < 65000)
		buf_puts(&record, " ip4:198.51.100.1");
	buf_puts(&record, " -all");
	cr_expect(result_of(record.data, record.len, &spf, arena) == SPF_FAIL);
	while (record.len < 70000)
		buf_puts(&record, " ip4:198.51.100.1");
	cr_expect(result_of(record.data, record.len, &spf, arena) == SPF_PERMERROR &&
	          says(&spf, "65535"));

	buf_clear(&record); /* macros that grow: cut on the left, or refused when the name is beyond
	                       all measure */
	buf_puts(&record, "v=spf1 a:");
	while (record.len < 2000)
		buf_puts(&record, "%{s}.");
	buf_puts(&record, "example.com -all");
	cr_expect(result_of(record.data, record.len, &spf, arena) == SPF_FAIL);
	buf_clear(&record);
	buf_puts(&record, "v=spf1 a:");
	while (record.len < 60000)
		buf_puts(&record, "%{s}.");
	buf_puts(&record, "example.com -all");
	cr_expect(result_of(record.data, record.len, &spf, arena) == SPF_PERMERROR &&
	          says(&spf, "expands to more than 65536 octets"));
	buf_release(&record);
	arena_free(arena);
}

/* The grammar alone: term, and a part of what is wrong (NULL: nothing). */
static const struct {
	const char *term, *why;
} terms[] = {
    {"all", NULL},
    {"-ALL", NULL},
    {"a", NULL},
    {"a/0//0", NULL},
    {"a//128", NULL},
    {"mx:x.example/24", NULL},
    {"ptr:x.example", NULL},
    {"ip4:192.0.2.1/32", NULL},
    {"ip6:::/0", NULL},
    {"ip6:::ffff:192.0.2.1/96", NULL},
    {"exists:%{i}.x", NULL},
    {"exists:%{ir}.%{l1r+-}._spf.%{d}", NULL},
    {"include:_spf.%{d2}", NULL},
    {"a:x.1a", NULL},
    {"a:x.a-1", NULL},
    {"a:x.example.", NULL},
    {"a:%%", NULL},
    {"a:x%{d}", NULL},
    {"moo=", NULL},
    {"m.o-o_1=%{s}x", NULL},
    {"redirect=x.example", NULL},
    {"exp=%{d}", NULL},
    {"a:%{D99R.-+,/_=}", NULL},
    {"", NULL},
    {"+", "no such mechanism"},
    {"a:", "a name is missing"},
    {"a:.", "one label"},
    {"a:x..", "empty label"},
    {"a:x.example..", "empty label"},
    {"a:x.9", "is a number"},
    {"a:x.-a", "hyphen"},
    {"a:x.a-", "hyphen"},
    {"a:x.e_e", "letters, digits"},
    {"a/", "should follow"},
    {"a/24/", "should follow"},
    {"a/24//", "should follow"},
    {"a//", "should follow"},
    {"a///64", "should follow"},
    {"a/024", "prefix length"},
    {"a/999999999999", "prefix length"},
    {"a//0129", "prefix length"},
    {"a:x.example/33", "prefix length"},
    {"a:x.example//64/24", "letters, digits"},
    {"aa", "no such mechanism"},
    {"all:x.example", "takes nothing"},
    {"include", "name is missing"},
    {"include:", "name is missing"},
    {"include:x", "one label"},
    {"exists", "name is missing"},
    {"ip4", "address is missing"},
    {"ip4:", "IPv4 address"},
    {"ip4:192.0.2", "IPv4 address"},
    {"ip4:192.0.2.01", "IPv4 address"},
    {"ip4:192.0.2.256", "IPv4 address"},
    {"ip4:::1", "IPv4 address"},
    {"ip4:192.0.2.1/", "IPv4 address"},
    {"ip4:192.0.2.1/-1", "IPv4 address"},
    {"ip6:192.0.2.1", "IPv6 address"},
    {"ip6:::1%eth0", "IPv6 address"},
    {"ip6:[::1]", "IPv6 address"},
    {"ip6:::1/129", "prefix length"},
    {"ptr/24", "\":\""},
    {"-redirect=x.example", "redirect is a modifier"},
    {"redirect=", "name is missing"},
    {"redirect=x", "one label"},
    {"exp=", "name is missing"},
    {"a:%{c}.x.example", "explanation only"},
    {"a:%{z}.x.example", "no such macro"},
    {"a:%{d0}.x.example", "0 parts"},
    {"a:%{dd}", "may be followed"},
    {"a:%{d", "not closed"},
    {"a:%{}", "without a letter"},
    {"a:%x", "must be followed"},
    {"a:x.example%", "must be followed"},
    {"moo=%", "must be followed"},
    {"a:\x01x.example", "control"},
    {"a:\xc3\xa4.example", "outside ASCII"},
    {"--all", "no such mechanism"},
    {"+-all", "no such mechanism"},
    {"=x", "no such mechanism"},
    {"1=x", "no such mechanism"},
    {"-a=x", "\":NAME\""},
    {":x.example", "no such mechanism"},
};

Test(spf, grammar)
{
	struct arena *arena = arena_new();

	for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
		const char *text = arena_printf(arena, "v=spf1 %s", terms[i].term);
		struct spf_record record;
		struct spf_fault fault;
		bool good =
		    spf_record_parse((struct slice){text, strlen(text)}, arena, &record, &fault);

		cr_expect(good == (terms[i].why == NULL), "%s: %s", terms[i].term,
		    good ? "taken" : fault.why);
		if (!good && terms[i].why != NULL)
			cr_expect(strstr(fault.why, terms[i].why) != NULL, "%s: %s", terms[i].term,
			    fault.why);
	}
	arena_free(arena);
}

Test(spf, result_names)
{
	enum spf_result result;

	for (int i = SPF_NONE; i <= SPF_PERMERROR; i++)
		cr_expect(spf_result_parse(spf_result_name((enum spf_result)i), &result) &&
		          (int)result == i);
	cr_expect(spf_result_parse("SoftFail", &result) && result == SPF_SOFTFAIL);
	cr_expect(!spf_result_parse("softfai", &result) && !spf_result_parse("", &result));
}
