/* MTA-STS and TLS-RPT: the grammars, the look-ups, what a policy makes of hosts. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/arena.h"
#include "book_of.h"
#include "evidence/dane.h"
#include "evidence/mta_sts.h"
#include "evidence/route.h"
#include "evidence/tls_level.h"
#include "evidence/tls_rpt.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define ID32 "0123456789abcdefABCDEF0123456789"
#define TEXT(literal) ((struct slice){literal, sizeof(literal) - 1})

/* ---- the record */

static const struct sts_text {
	struct slice text;
	const char *id; /* NULL: not valid */
	const char *why; /* a part of what is said; NULL: it does not even begin as a record */
} texts[] = {
    {TEXT("v=STSv1; id=a"), "a", ""},
    {TEXT("v=STSv1;id=20260101T000000Z;"), "20260101T000000Z", ""},
    {TEXT("v=STSv1;\tid=a\t;\t"), "a", ""},
    {TEXT("v=STSv1; id=a ; "), "a", ""},
    {TEXT("v=STSv1; id=" ID32), ID32, ""},
    {TEXT("v=STSv1; ext.x-y_z=!~:<>; id=a"), "a", ""},
    {TEXT("v=STSv1; id=a; id=b"), "a", ""},
    {TEXT("v=STSv1; id=a; id=-"), "a", ""},
    {TEXT("v=STSv1; ID=a; id=b"), "b", ""},
    {TEXT("v=STSv1"), NULL, NULL},
    {TEXT("v=STSv10; id=a"), NULL, NULL},
    {TEXT("V=STSv1; id=a"), NULL, NULL},
    {TEXT("v=stsv1; id=a"), NULL, NULL},
    {TEXT(" v=STSv1; id=a"), NULL, NULL},
    {TEXT("v=STSv1 ; id=a"), NULL, NULL},
    {TEXT("v =STSv1; id=a"), NULL, NULL},
    {TEXT("v=STSv1;"), NULL, "no id"},
    {TEXT("v=STSv1; "), NULL, "no id"},
    {TEXT("v=STSv1; id="), NULL, "no value"},
    {TEXT("v=STSv1; id=" ID32 "x"), NULL, "longer than 32"},
    {TEXT("v=STSv1; id=2026-01-01"), NULL, "letters and digits"},
    {TEXT("v=STSv1; id=-; id=a"), NULL, "letters and digits"},
    {TEXT("v=STSv1; id=a;;"), NULL, "nothing between"},
    {TEXT("v=STSv1;; id=a"), NULL, "nothing between"},
    {TEXT("v=STSv1; id=a "), NULL, "letters and digits"},
    {TEXT("v=STSv1; id =a"), NULL, "name of a field"},
    {TEXT("v=STSv1; id= a"), NULL, "letters and digits"},
    {TEXT("v=STSv1; id=a x=b"), NULL, "letters and digits"},
    {TEXT("v=STSv1; id=a; x=b=c"), NULL, "field \"x\""},
    {TEXT("v=STSv1; id=a; x"), NULL, "NAME=VALUE"},
    {TEXT("v=STSv1; id=a; -x=b"), NULL, "name of a field"},
    {TEXT("v=STSv1; id=a; x012345678901234567890123456789ab=b"), NULL, "name of a field"},
    {TEXT("v=STSv1; id=\xc3\xa4"), NULL, "letters and digits"},
    {TEXT("v=STSv1; id=a\0"), NULL, "letters and digits"},
    {TEXT("v=STSv1; id=a; x=\x01"), NULL, "field \"x\""},
};

Test(sts, record)
{
	struct arena *arena = arena_new();

	for (size_t i = 0; i < COUNT(texts); i++) {
		const struct sts_text *t = &texts[i];
		char id[STS_ID_MAX + 1];
		const char *why;

		cr_expect_eq(sts_record_is(t->text), t->why != NULL, "%s", t->text.at);
		if (t->why == NULL)
			continue;
		why = sts_record_parse(t->text, arena, id);
		if (t->id != NULL)
			cr_expect(why == NULL && strcmp(id, t->id) == 0, "%s: %s", t->text.at, why);
		else
			cr_expect(
			    why != NULL && strstr(why, t->why) != NULL, "%s: %s", t->text.at, why);
	}
	arena_free(arena);
}

/* ---- the policy */

#define V "version: STSv1\n"
#define M "mode: enforce\n"
#define X "mx: mx.example.com\n"
#define A "max_age: 604800\n"

static const struct policy_text {
	struct slice text;
	unsigned line; /* of the fault */
	const char *why; /* a part of it; NULL: the policy is good */
	const char *gives; /* mode, max_age, patterns, notes */
} policies[] = {
    {TEXT(V M X A), 0, NULL, "enforce 604800 mx.example.com"},
    {TEXT("version: STSv1\r\nmode: testing\r\nmx: *.example.com\r\nmx:a.b\r\nmax_age:0\r\n"), 0,
        NULL, "testing 0 *.example.com a.b"},
    {TEXT("version: STSv1\r\nmode: enforce\nmx: MX.Example.com\r\nmax_age: 31557600"), 0, NULL,
        "enforce 31557600 mx.example.com"},
    {TEXT("max_age: 0086400   \nmx:\t mx-1.example\t\nmode:enforce\nversion:STSv1\n"), 0, NULL,
        "enforce 86400 mx-1.example"},
    {TEXT(V "mode: none\n" A), 0, NULL, "none 604800"},
    {TEXT(V "mode: none\n" X A), 0, NULL, "none 604800 mx.example.com"},
    {TEXT(V M X A "x.y: https://example.com:443/?a  b\n"), 0, NULL,
        "enforce 604800 mx.example.com"},
    {TEXT(V M X A "note: gr\xc3\xbc\xc3\x9f\n"), 0, NULL, "enforce 604800 mx.example.com"},
    {TEXT(V M "mode: testing\n" X A), 0, NULL, "enforce 604800 mx.example.com sts-key-repeated"},
    {TEXT(V M X A "max_age: junk\nversion: STSv2\n"), 0, NULL,
        "enforce 604800 mx.example.com sts-key-repeated sts-key-repeated"},
    {TEXT(V M X "nmx: b.example\n" A), 0, NULL, "enforce 604800 mx.example.com sts-key-like"},
    {TEXT(V M X "Mode: none\n" A), 0, NULL, "enforce 604800 mx.example.com sts-key-like"},
    {TEXT(""), 0, "empty", NULL},
    {TEXT("\n"), 1, "empty", NULL},
    {TEXT(V M X A "\n"), 5, "empty", NULL},
    {TEXT(V "\n" M X A), 2, "empty", NULL},
    {TEXT(M X A), 0, "\"version\" is missing", NULL},
    {TEXT(V X A), 0, "\"mode\" is missing", NULL},
    {TEXT(V M X), 0, "\"max_age\" is missing", NULL},
    {TEXT(V M A), 0, "no mail exchanger", NULL},
    {TEXT(V M "nmx: a.example\n" A), 0, "no mail exchanger", NULL},
    {TEXT("version: STSv2\n" M X A), 1, "STSv2", NULL},
    {TEXT("version: stsv1\n" M X A), 1, "stsv1", NULL},
    {TEXT("Version: STSv1\n" M X A), 0, "\"version\" is missing", NULL},
    {TEXT(V "mode: Enforce\n" X A), 2, "lower case", NULL},
    {TEXT(V "mode:\n" X A), 2, "a value is missing", NULL},
    {TEXT(V "mode : enforce\n" X A), 2, "no \"key: value\"", NULL},
    {TEXT(" " V M X A), 1, "blank", NULL},
    {TEXT(V M X "max_age: 31557601\n"), 4, "a year", NULL},
    {TEXT(V M X "max_age: 00000086400\n"), 4, "a year", NULL},
    {TEXT(V M X "max_age: -1\n"), 4, "a year", NULL},
    {TEXT(V M X "max_age: 1 day\n"), 4, "a year", NULL},
    {TEXT(V M X "max_age: 1e5\n"), 4, "a year", NULL},
    {TEXT(V M "mx:\n" A), 3, "a value is missing", NULL},
    {TEXT(V M "mx: \n" A), 3, "a value is missing", NULL},
    {TEXT(V M "mx: a.example, b.example\n" A), 3, "line \"mx:\" of its own", NULL},
    {TEXT(V M "mx: a.example b.example\n" A), 3, "line \"mx:\" of its own", NULL},
    {TEXT(V M "mx: *.*.example\n" A), 3, "leftmost label", NULL},
    {TEXT(V M "mx: a.*.example\n" A), 3, "leftmost label", NULL},
    {TEXT(V M "mx: a*.example\n" A), 3, "leftmost label", NULL},
    {TEXT(V M "mx: *\n" A), 3, "leftmost label", NULL},
    {TEXT(V M "mx: *.\n" A), 3, "leftmost label", NULL},
    {TEXT(V M "mx: .example.com\n" A), 3, "no domain name", NULL},
    {TEXT(V M "mx: a..b\n" A), 3, "no domain name", NULL},
    {TEXT(V M "mx: -a.b\n" A), 3, "no domain name", NULL},
    {TEXT(V M "mx: a-.b\n" A), 3, "no domain name", NULL},
    {TEXT(V M "mx: a_b.c\n" A), 3, "no domain name", NULL},
    {TEXT(V M "mx: mx.example.com.\n" A), 3, "no dot", NULL},
    {TEXT(V M "mx: 192.0.2.1\n" A), 3, "address", NULL},
    {TEXT(V M "mx: 2001:db8::1\n" A), 3, "address", NULL},
    {TEXT(V M "mx: [192.0.2.1]\n" A), 3, "address", NULL},
    {TEXT(V M "mx: b\xc3\xbc"
              "cher.example\n" A),
        3, "xn--", NULL},
    {TEXT(V M X "mx: 192.0.2.1\n" A), 4, "address", NULL},
    {TEXT("<!DOCTYPE html>\n<html></html>\n"), 1, "HTML", NULL},
    {TEXT("\xef\xbb\xbf" V M X A), 1, "byte order mark", NULL},
    {TEXT("\x1f\x8b\x08\0"), 1, "gzip", NULL},
    {TEXT(V M X A "x: a\0b\n"), 5, "NUL", NULL},
    {TEXT(V M X A "x: a\rb\n"), 5, "CR", NULL},
    {TEXT("version: STSv1\rmode: enforce\r"), 0, "CR", NULL},
    {TEXT(V M X A "x: a\tb\n"), 5, "control", NULL},
    {TEXT(V M X A "x: \xff\n"), 5, "UTF-8", NULL},
    {TEXT(V M X A "x\n"), 5, "key: value", NULL},
    {TEXT(V M X A ": x\n"), 5, "key: value", NULL},
    {TEXT(V M X A "x012345678901234567890123456789ab: x\n"), 5, "key: value", NULL},
};

static const char *
describe(struct arena *arena, const struct sts_policy *policy, const struct notes *notes)
{
	const char *text =
	    arena_printf(arena, "%s %lu", sts_mode_name(policy->mode), policy->max_age);

	for (size_t i = 0; i < policy->mx_count; i++)
		text = arena_printf(arena, "%s %s", text, policy->mx[i]);
	for (size_t i = 0; i < notes->count; i++)
		text = arena_printf(arena, "%s %s", text, notes->items[i].id);
	return text;
}

Test(sts, policy)
{
	struct arena *arena = arena_new();

	for (size_t i = 0; i < COUNT(policies); i++) {
		const struct policy_text *t = &policies[i];
		struct sts_policy policy;
		struct notes notes = {0};
		unsigned line;
		const char *why, *gives;
		bool good = sts_policy_parse(t->text, arena, &policy, &notes, &line, &why);

		cr_expect_eq(good, t->why == NULL, "%s: %s", t->text.at, why);
		if (!good) {
			cr_expect(line == t->line && t->why != NULL && strstr(why, t->why) != NULL,
			    "%s: %u: %s", t->text.at, line, why);
			continue;
		}
		gives = describe(arena, &policy, &notes);
		cr_expect(
		    t->gives != NULL && strcmp(gives, t->gives) == 0, "%s: %s", t->text.at, gives);
	}
	arena_free(arena);
}

Test(sts, policy_size)
{
	static const char head[] = V M X A "x: ";
	struct arena *arena = arena_new();
	char *text = arena_alloc(arena, STS_POLICY_MAX + 1);

	memset(text, 'a', STS_POLICY_MAX + 1);
	memcpy(text, head, sizeof head - 1);
	for (size_t more = 0; more < 2; more++) {
		struct sts_policy policy;
		struct notes notes = {0};
		unsigned line;
		const char *why;

		cr_expect_eq(sts_policy_parse((struct slice){text, STS_POLICY_MAX + more}, arena,
		                 &policy, &notes, &line, &why),
		    more == 0, "%s", why);
	}
	arena_free(arena);
}

Test(sts, patterns)
{
	static const struct {
		const char *pattern, *host;
		bool covers;
	} rows[] = {
	    {"mx.example.com", "mx.example.com", true},
	    {"mx.example.com", "MX.example.com", true},
	    {"mx.example.com", "a.mx.example.com", false},
	    {"*.example.com", "mx.example.com", true},
	    {"*.example.com", "a.mx.example.com", false},
	    {"*.example.com", "example.com", false},
	    {"*.example.com", "mxexample.com", false},
	    {"example.com", "mx.example.com", false},
	    {"*.xn--bcher-kva.example", "mx.xn--bcher-kva.example", true},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		cr_expect_eq(sts_pattern_covers(rows[i].pattern, rows[i].host), rows[i].covers,
		    "%s %s", rows[i].pattern, rows[i].host);
}

/* ---- over the book */

#define GOOD "_mta-sts.example.com TXT v=STSv1; id=a\n"

static const struct found {
	const char *zone;
	bool allow_private;
	enum sts_state state;
	enum sts_fetch how;
	const char *problem; /* a part of it */
	size_t addresses;
} finds[] = {
    {"example.com A 192.0.2.1\n", false, STS_ABSENT, 0, NULL, 0},
    {"_mta-sts.example.com TXT v=spf1 -all\n", false, STS_ABSENT, 0, NULL, 0},
    {"_mta-sts.example.com TXT v=stsv1; id=a\n", false, STS_ABSENT, 0, "capitals", 0},
    {"_mta-sts.example.com TXT V=STSv1; id=a\n", false, STS_ABSENT, 0, "as it should", 0},
    {"_mta-sts.example.com TXT v=STSv1\n", false, STS_ABSENT, 0, "semicolon", 0},
    {"_mta-sts.example.com TXT v=STSv10; id=a\n", false, STS_ABSENT, 0, "no such version", 0},
    {"_mta-sts.example.com CNAME gone.example.net\n", false, STS_ABSENT, 0, "alias", 0},
    {"_mta-sts.example.com TXT !SERVFAIL\n", false, STS_UNKNOWN, 0, "SERVFAIL", 0},
    {"_mta-sts.example.com TXT !TIMEOUT\n", false, STS_UNKNOWN, 0, "TIMEOUT", 0},
    {GOOD "_mta-sts.example.com TXT v=STSv1; id=b\n", false, STS_RECORD_BAD, 0, "2 records", 0},
    {"_mta-sts.example.com TXT v=STSv1; id=a-b\n", false, STS_RECORD_BAD, 0, "letters and", 0},
    {GOOD, false, STS_FETCH_FAILED, STS_FETCH_NO_ADDRESS, "no such name", 0},
    {GOOD "mta-sts.example.com A !SERVFAIL\nmta-sts.example.com AAAA !\n", false, STS_UNKNOWN, 0,
        "SERVFAIL", 0},
    {GOOD "mta-sts.example.com A 127.0.0.1\n", false, STS_FETCH_FAILED, STS_FETCH_PRIVATE,
        "reach from outside", 0},
    {GOOD "mta-sts.example.com A 169.254.169.254\nmta-sts.example.com AAAA fd00::1\n", false,
        STS_FETCH_FAILED, STS_FETCH_PRIVATE, "", 0},
    {GOOD "mta-sts.example.com A 127.0.0.1\n", true, STS_TO_FETCH, 0, NULL, 1},
    {GOOD "mta-sts.example.com A 10.0.0.1\nmta-sts.example.com A 1.1.1.1\n", false, STS_TO_FETCH, 0,
        NULL, 1},
    {GOOD "mta-sts.example.com CNAME h.example.net\nh.example.net A 1.1.1.1\nh.example.net AAAA "
          "2606:4700::1\n",
        false, STS_TO_FETCH, 0, NULL, 2},
    {GOOD "mta-sts.example.com A 1.1.1.1\nmta-sts.example.com AAAA !SERVFAIL\n", false,
        STS_TO_FETCH, 0, NULL, 1},
    {"_mta-sts.example.com CNAME p.example.net\np.example.net TXT v=STSv1; id=a\n"
     "mta-sts.example.com A 1.1.1.1\n",
        false, STS_TO_FETCH, 0, NULL, 1},
};

Test(sts, look_up)
{
	struct arena *arena = arena_new();

	for (size_t i = 0; i < COUNT(finds); i++) {
		const struct found *f = &finds[i];
		struct book *book = book_of(f->zone);
		struct mta_sts sts;

		cr_assert(sts_look_up(book, arena, "example.com", f->allow_private, &sts));
		cr_expect(sts.state == f->state &&
		              (f->state != STS_FETCH_FAILED || sts.fetched.how == f->how),
		    "%s: %s %s", f->zone, sts_state_name(sts.state), sts.problem);
		cr_expect((f->problem == NULL) == (sts.problem == NULL) &&
		              (sts.problem == NULL || strstr(sts.problem, f->problem) != NULL),
		    "%s: %s", f->zone, sts.problem);
		cr_expect_eq(sts.address_count, f->addresses, "%s", f->zone);
		book_free(book);
	}
	arena_free(arena);
}

/* ---- the fetch, by the words of RFC 8460 */

Test(sts, fetched)
{
	static const struct {
		struct sts_fetched fetched;
		const char *type;
		enum sts_state state;
	} rows[] = {
	    {{.how = STS_FETCHED, .body = V M X A, .len = sizeof V M X A - 1}, NULL, STS_HELD},
	    {{.how = STS_FETCHED, .body = "", .len = 0}, "sts-policy-invalid", STS_POLICY_BAD},
	    {{.how = STS_FETCHED, .body = "<html>", .len = 6}, "sts-policy-invalid",
	        STS_POLICY_BAD},
	    {{.how = STS_FETCH_STATUS, .status = 404}, "sts-policy-fetch-error", STS_FETCH_FAILED},
	    {{.how = STS_FETCH_REDIRECT}, "sts-policy-fetch-error", STS_FETCH_FAILED},
	    {{.how = STS_FETCH_TOO_LARGE}, "sts-policy-fetch-error", STS_FETCH_FAILED},
	    {{.how = STS_FETCH_CUT}, "sts-policy-fetch-error", STS_FETCH_FAILED},
	    {{.how = STS_FETCH_CONNECT}, "sts-policy-fetch-error", STS_FETCH_FAILED},
	    {{.how = STS_FETCH_TIMEOUT}, "sts-policy-fetch-error", STS_FETCH_FAILED},
	    {{.how = STS_FETCH_TLS}, "sts-policy-fetch-error", STS_FETCH_FAILED},
	    {{.how = STS_FETCH_PROTOCOL}, "sts-policy-fetch-error", STS_FETCH_FAILED},
	    {{.how = STS_FETCH_CERTIFICATE}, "sts-webpki-invalid", STS_FETCH_FAILED},
	    {{.how = STS_FETCH_LOCAL}, NULL, STS_UNKNOWN},
	};
	struct arena *arena = arena_new();

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct mta_sts sts = {
		    .domain = "example.com", .host = "mta-sts.example.com", .state = STS_TO_FETCH};
		enum sts_fetch how;

		sts_take(&sts, &rows[i].fetched, arena);
		cr_expect_eq(sts.state, rows[i].state, "%zu", i);
		cr_expect(
		    (sts.result_type == NULL) == (rows[i].type == NULL) &&
		        (sts.result_type == NULL || strcmp(sts.result_type, rows[i].type) == 0),
		    "%zu: %s", i, sts.result_type);
		cr_expect(sts_fetch_named(sts_fetch_name(rows[i].fetched.how), &how) &&
		          how == rows[i].fetched.how);
	}
	arena_free(arena);
}

/* ---- what it makes of hosts */

#define ROUTE                                                                                      \
	"example.com MX 10 mx1.example.com\nexample.com MX 20 mx2.example.net\n"                   \
	"mx1.example.com A 1.1.1.1\nmx2.example.net A 1.1.1.2\n"

static void
hold(struct mta_sts *sts, const char *policy, struct arena *arena)
{
	*sts = (struct mta_sts){.domain = "example.com", .host = "mta-sts.example.com"};
	sts_take(sts, &(struct sts_fetched){.body = policy, .len = strlen(policy)}, arena);
	cr_assert_eq(sts->state, STS_HELD, "%s", sts->problem);
}

Test(sts, match)
{
	static const struct {
		const char *policy, *finding;
		size_t covered;
		bool undeliverable;
	} rows[] = {
	    {V M A "mx: *.example.com\nmx: mx2.example.net\n", NULL, 2, false},
	    {V M A "mx: *.example.com\n", "sts-mx-uncovered", 1, false},
	    {V M A "mx: other.example.org\n", "sts-undeliverable", 0, true},
	    {V "mode: testing\n" A "mx: other.example.org\n", "sts-mx-uncovered", 0, false},
	    {V "mode: none\n" A, NULL, 0, false},
	};
	struct arena *arena = arena_new();
	struct book *book = book_of(ROUTE);
	struct route route;

	cr_assert(route_find(book, arena, "example.com", ROUTE_BOTH, 1, &route));
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct mta_sts sts;
		const char *finding = NULL;

		hold(&sts, rows[i].policy, arena);
		sts_match(&sts, &route, arena);
		cr_expect(
		    sts.covered == rows[i].covered && sts.undeliverable == rows[i].undeliverable,
		    "%s", rows[i].policy);
		for (size_t k = 0; k < sts.findings.count; k++)
			if (strcmp(sts.findings.items[k].subject, "mx") == 0)
				finding = sts.findings.items[k].id;
		cr_expect((finding == NULL) == (rows[i].finding == NULL) &&
		              (finding == NULL || strcmp(finding, rows[i].finding) == 0),
		    "%s: %s", rows[i].policy, finding);
	}
	book_free(book);
	arena_free(arena);
}

Test(sts, effect)
{
	static const struct {
		struct sts_met met;
		enum sts_effect effect;
		const char *word;
	} rows[] = {
	    {{.mx = "mx.example.com", .done = true, .verify = "ok", .names = 1}, STS_DELIVERS,
	        NULL},
	    {{.mx = "mx.example.com", .done = true, .verify = "ok"}, STS_REFUSES,
	        "certificate-host-mismatch"},
	    {{.mx = "mx.example.com", .done = true, .verify = "certificate-expired", .names = 1},
	        STS_REFUSES, "certificate-expired"},
	    {{.mx = "mx.example.com", .done = true, .verify = "certificate-not-trusted"},
	        STS_REFUSES, "certificate-not-trusted"},
	    {{.mx = "mx.example.com", .done = true, .verify = "unknown", .names = 1},
	        STS_EFFECT_UNKNOWN, NULL},
	    {{.mx = "mx.example.net", .done = true, .verify = "ok", .names = 1}, STS_REFUSES,
	        "mx-not-in-policy"},
	    {{.mx = "mx.example.com"}, STS_EFFECT_UNKNOWN, NULL},
	    {{.mx = "mx.example.com", .told = true}, STS_REFUSES, "starttls-not-supported"},
	    {{.mx = "mx.example.com", .told = true, .offered = true}, STS_EFFECT_UNKNOWN, NULL},
	    {{.mx = "mx.example.com", .told = true, .offered = true, .tried = true}, STS_REFUSES,
	        "validation-failure"},
	};
	struct arena *arena = arena_new();
	struct mta_sts sts;

	hold(&sts, V M X A, arena);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *word;

		cr_expect_eq(
		    sts_effect(&sts, &rows[i].met, &word), rows[i].effect, "%zu: %s", i, word);
		cr_expect((word == NULL) == (rows[i].word == NULL) &&
		              (word == NULL || strcmp(word, rows[i].word) == 0),
		    "%zu: %s", i, word);
	}
	arena_free(arena);
}

Test(sts, level)
{
	static const struct {
		const char *policy, *mx;
		enum dane_state dane;
		enum tls_demand demand;
		const char *whose;
	} rows[] = {
	    {V M X A, "mx.example.com", DANE_NONE, DEMAND_CERTIFICATE, "mta-sts"},
	    {V M X A, "mx.example.net", DANE_NONE, DEMAND_ELSEWHERE, "mta-sts"},
	    {V M X A, "mx.example.net", DANE_USABLE, DEMAND_MATCH, "dane"},
	    {V M X A, "mx.example.com", DANE_USABLE, DEMAND_MATCH, "dane"},
	    {V M X A, "mx.example.com", DANE_UNUSABLE, DEMAND_TLS, "dane"},
	    {V M X A, "mx.example.com", DANE_LOOKUP_FAILED, DEMAND_ELSEWHERE, "dane"},
	    {V "mode: testing\n" X A, "mx.example.net", DANE_NONE, DEMAND_NOTHING, NULL},
	    {V "mode: none\n" A, "mx.example.net", DANE_NONE, DEMAND_NOTHING, NULL},
	};
	struct arena *arena = arena_new();

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct dane dane = {.state = rows[i].dane, .host = rows[i].dane, .usable = 1};
		struct tls_decision decision;
		struct mta_sts sts;

		hold(&sts, rows[i].policy, arena);
		decision = tls_level_decide(LEVEL_MTA_STS, &dane, &sts, rows[i].mx);
		cr_expect(
		    decision.demand == rows[i].demand &&
		        (decision.policy == NULL) == (rows[i].whose == NULL) &&
		        (decision.policy == NULL || strcmp(decision.policy, rows[i].whose) == 0),
		    "%zu: %d %s", i, (int)decision.demand, decision.policy);
	}
	arena_free(arena);
}

/* ---- TLS-RPT */

Test(tls_rpt, look_up)
{
	static const struct {
		const char *zone;
		enum tls_rpt_state state;
		size_t rua;
		const char *words; /* in the problem, or in the first finding */
	} rows[] = {
	    {"_smtp._tls.example.com TXT v=TLSRPTv1; rua=mailto:a@example.com\n", TLS_RPT_GOOD, 1,
	        NULL},
	    {"_smtp._tls.example.com TXT v=TLSRPTv1;rua=mailto:a@example.com , "
	     "https://example.com/r?x=1;\n",
	        TLS_RPT_GOOD, 2, NULL},
	    {"_smtp._tls.example.com TXT v=TLSRPTv1; x=y; rua=mailto:a%21b@example.com\n",
	        TLS_RPT_GOOD, 1, NULL},
	    {"_smtp._tls.example.com TXT v=TLSRPTv1; "
	     "rua=mailto:a@example.com,http://example.com/\n",
	        TLS_RPT_GOOD, 1, "mailto: and https:"},
	    {"_smtp._tls.example.com TXT v=TLSRPTv1; rua=mailto:a@example.com; rua=junk\n",
	        TLS_RPT_GOOD, 1, "more than once"},
	    {"_smtp._tls.example.com TXT v=TLSRPTv1; rua=mailto:\n", TLS_RPT_BAD, 0, "no URI"},
	    {"_smtp._tls.example.com TXT v=TLSRPTv1; rua=mailto:x\n", TLS_RPT_BAD, 0, "no address"},
	    {"_smtp._tls.example.com TXT v=TLSRPTv1; rua=a@example.com\n", TLS_RPT_BAD, 0,
	        "\"mailto:\" is missing"},
	    {"_smtp._tls.example.com TXT v=TLSRPTv1; rua=mailto:a@example.com!10m\n", TLS_RPT_BAD,
	        0, "%21"},
	    {"_smtp._tls.example.com TXT v=TLSRPTv1; rua=mailto:a@example.com,\n", TLS_RPT_BAD, 1,
	        "beside a comma"},
	    {"_smtp._tls.example.com TXT v=TLSRPTv1;\n", TLS_RPT_BAD, 0, "no \"rua\""},
	    {"_smtp._tls.example.com TXT v=TLSRPTv1; ruf=mailto:a@example.com\n", TLS_RPT_BAD, 0,
	        "no \"rua\""},
	    {"_smtp._tls.example.com TXT v=TLSRPTv1; rua=mailto:a@example.com; x=a=b\n",
	        TLS_RPT_BAD, 1, "field \"x\""},
	    {"_smtp._tls.example.com TXT v=TLSRPTv1; rua=mailto:a@example.com\n"
	     "_smtp._tls.example.com TXT v=TLSRPTv1; rua=mailto:b@example.com\n",
	        TLS_RPT_BAD, 0, "2 records"},
	    {"_smtp._tls.example.com TXT v=TLSRPTv1 ; rua=mailto:a@example.com\n", TLS_RPT_ABSENT,
	        0, "semicolon"},
	    {"_smtp._tls.example.com TXT v=tlsrptv1; rua=mailto:a@example.com\n", TLS_RPT_ABSENT, 0,
	        "capitals"},
	    {"_smtp._tls.example.com TXT other\n", TLS_RPT_ABSENT, 0, NULL},
	    {"example.com A 1.1.1.1\n", TLS_RPT_ABSENT, 0, NULL},
	    {"_smtp._tls.example.com TXT !SERVFAIL\n", TLS_RPT_UNKNOWN, 0, "SERVFAIL"},
	};
	struct arena *arena = arena_new();

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct book *book = book_of(rows[i].zone);
		struct tls_rpt rpt;
		const char *words;

		cr_assert(tls_rpt_look_up(book, arena, "example.com", &rpt));
		words = rpt.problem != NULL      ? rpt.problem
		        : rpt.findings.count > 0 ? rpt.findings.items[0].words
		                                 : NULL;
		cr_expect(rpt.state == rows[i].state && rpt.rua_count == rows[i].rua, "%s: %s %zu",
		    rows[i].zone, tls_rpt_state_name(rpt.state), rpt.rua_count);
		cr_expect((words == NULL) == (rows[i].words == NULL) &&
		              (words == NULL || strstr(words, rows[i].words) != NULL),
		    "%s: %s", rows[i].zone, words);
		book_free(book);
	}
	arena_free(arena);
}
