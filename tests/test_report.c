/* What reports are made of: JSON that is looked through, shares of few, what was noted last, cells
 * of the tally and what they come to. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json_scan.h"
#include "base/range.h"
#include "base/veil.h"
#include "report/ledger.h"
#include "report/overview.h"
#include "report/share.h"

Test(json_scan, goes_through_members)
{
	struct json_scan scan =
	    json_scan_begin(slice_of(" {\"a\": 1, "
	                             "\"b\":{\"x\":[1,\"}\\\"]\"]},\"c\":"
	                             "\"\\u00fc\\ud83d\\ude00\\n\\ud800\",\"d\":null } "));
	struct arena *arena = arena_new();
	struct json_member member;
	struct slice text;
	long long number;

	cr_expect(json_scan_next(&scan, &member) && slice_same(member.key, "a") &&
	          json_scan_number(member.value, &number) && number == 1);
	cr_expect(
	    json_scan_next(&scan, &member) && slice_same(member.value, "{\"x\":[1,\"}\\\"]\"]}"));
	cr_expect(json_scan_next(&scan, &member));
	text = json_scan_string(member.value, arena);
	cr_expect(slice_same(text, "\303\274\360\237\230\200\n\357\277\275"));
	cr_expect(
	    json_scan_next(&scan, &member) && json_scan_string(member.value, arena).at == NULL);
	cr_expect(!json_scan_next(&scan, &member) && !scan.bad);
	arena_free(arena);
}

Test(json_scan, what_is_broken_is_bad)
{
	static const char *const texts[] = {"", "{", "x", "{\"a\":1", "{\"a\" 1}", "{\"a\":}",
	    "{a:1}", "{\"a\":1 \"b\":2}", "{\"a\":[1}", "{\"a\":\"x}", "[1,,2]", "{\"a\":\"\\\"}"};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct json_scan scan = json_scan_begin(slice_of(texts[i]));
		struct json_member member;

		while (json_scan_next(&scan, &member))
			;
		cr_expect(scan.bad, "%s", texts[i]);
	}
}

Test(share, of_few_has_an_interval)
{
	static const struct {
		unsigned long part, whole;
		const char *words;
	} cases[] = {{2, 14, "14 % (2-43 %)"}, {0, 10, "0 % (0-31 %)"},
	    {10, 10, "100 % (69-100 %)"}, {1, 1, "100 % (3-100 %)"}, {5, 10, "50 % (19-81 %)"},
	    {0, 0, ""}, {50, 200, "25 %"}, {1, 1000, "less than 1 %"}, {0, 1000, "0 %"},
	    {199, 199, "100 % (98-100 %)"}};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf words;

		buf_init(&words, 100);
		share_words(&words, cases[i].part, cases[i].whole);
		cr_expect_str_eq(words.data, cases[i].words);
		buf_release(&words);
	}
}

Test(ledger, keeps_what_was_noted_last)
{
	struct ledger *ledger = ledger_new();
	struct ledger_place at = {0};
	uint64_t key, note, sum = 0;
	bool fresh;

	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 1; i <= 100000; i++) {
			uint64_t *place = ledger_note(ledger,
			    ledger_key(0, (struct slice){(const char *)&i, sizeof i}), &fresh);

			cr_assert(fresh == (round == 0) && *place == (round == 0 ? 0 : i));
			*place = round == 0 ? i : 1;
		}
	while (ledger_next(ledger, &at, &key, &note))
		sum += note;
	cr_expect(sum == 100000 && ledger_count(ledger) == 100000);
	ledger_free(ledger);
}

Test(tally, what_is_taken_back_was_never_there)
{
	struct tally_entry entry = {.status = WALK_REFUSED,
	    .stage = STAGE_RCPT,
	    .diagnosed = true,
	    .cause = CAUSE_IP_BLOCKLIST,
	    .basis = BASIS_CONFIRMED,
	    .who = WHO_SENDER,
	    .tls = TALLY_TLS_13,
	    .site = slice_of("big.example"),
	    .source = slice_of("192.0.2.1"),
	    .list = slice_of("zen.spamhaus.org")};
	struct arena *arena = arena_new();
	struct overview overview;
	struct tally tally;
	uint64_t cell;

	tally_init(&tally, 1);
	cell = tally_add(&tally, &entry);
	entry.status = WALK_ACCEPTED;
	entry.diagnosed = false;
	tally_add(&tally, &entry);
	overview_make(&overview, &tally, arena);
	overview_make_pairs(&overview, arena);
	cr_expect(overview.site_count == 1 && overview.sites[0].targets == 2 &&
	          overview.sites[0].of_cause == 1);
	cr_expect_str_eq(overview.sites[0].list, "zen.spamhaus.org");
	cr_expect(overview_first(&overview)->cause == CAUSE_IP_BLOCKLIST);
	cr_expect_not_null(overview_pair(&overview, "big.example", "192.0.2.1"));
	cr_expect_null(overview_pair(&overview, "big.example", "192.0.2.2"));
	tally_take_back(&tally, cell);
	overview_make(&overview, &tally, arena);
	overview_make_pairs(&overview, arena);
	cr_expect(tally.targets == 1 && overview.cause_count == 0 && overview.list_count == 0 &&
	          overview.sites[0].targets == 1 && overview_first(&overview) == NULL);
	tally_release(&tally);
	arena_free(arena);
}

Test(tally, the_largest_sites_whatever_the_order)
{
	struct arena *arena = arena_new();
	struct overview overview;
	struct tally tally;
	char name[30];

	tally_init(&tally, 1);
	for (unsigned i = 0; i < 30000; i++) {
		snprintf(name, sizeof name, "s%u.example", i);
		tally_add(&tally, &(struct tally_entry){.site = slice_of(name)});
	}
	for (unsigned i = 0; i < 10; i++)
		tally_add(&tally, &(struct tally_entry){.site = slice_of("last.example")});
	overview_make(&overview, &tally, arena);
	overview_make_pairs(&overview, arena);
	cr_expect_str_eq(overview.sites[0].site, "last.example");
	cr_expect_str_eq(overview.sites[1].site, "s0.example");
	tally_release(&tally);
	arena_free(arena);
}

Test(range, is_that_of_the_plugins)
{
	static const struct {
		const char *text;
		double value, whole;
		bool alarms;
	} cases[] = {{"10", 10, 0, false}, {"10", 11, 0, true}, {"10", -1, 0, true},
	    {"10:", 9, 0, true}, {"10:", 10, 0, false}, {"~:10", -5, 0, false},
	    {"~:10", 11, 0, true}, {"10:20", 9, 0, true}, {"10:20", 20, 0, false},
	    {"@10:20", 10, 0, true}, {"@10:20", 21, 0, false}, {"5%", 5, 100, false},
	    {"5%", 6, 100, true}, {"5%", 6, 0, false}};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct alarm_range range;

		cr_assert(range_parse(&range, cases[i].text), "%s", cases[i].text);
		cr_expect_eq(range_alarms(&range, cases[i].value, cases[i].whole), cases[i].alarms,
		    "%s of %g", cases[i].text, cases[i].value);
	}
}

Test(veil, hides_our_addresses_in_any_spelling)
{
	struct veil *veil = must_alloc(sizeof *veil);
	struct buf out;

	veil_add_text(veil, slice_of("192.0.2.1"));
	veil_add_text(veil, slice_of("2001:db8::1"));
	buf_init(&out, 1000);
	veil_text(veil, &out,
	    slice_of("192.0.2.1, 192.0.2.11 [192.0.2.1]:25 1.2.0.192.zen x192.0.2.1 192.0.2.1. "
	             "2001:DB8:0::1 2001:db8::11"));
	cr_expect_str_eq(out.data,
	    "own-address, 192.0.2.11 [own-address]:25 own-address.zen x192.0.2.1 "
	    "own-address. own-address 2001:db8::11");
	buf_release(&out);
	free(veil);
}
