/* What a reply says of our haste, and how long it asks us to wait. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/arena.h"
#include "campaign/haste.h"
#include "campaign/places.h"
#include "campaign/shared.h"
#include "rules/rules.h"

static const struct {
	const char *what;
	enum walk_status status;
	enum stage stage;
	enum ending ending;
	bool worked;
	int code;
	const char *enhanced, *text;
	bool throttled, greylisted;
	int64_t named;
} rows[] = {
    {"421 at the greeting", WALK_DEFERRED, STAGE_GREETING, END_NONE, false, 421, "4.7.0",
        "4.7.0 mx.example Error: too many connections from 192.0.2.1", true, false, 0},
    {"421 without a reason", WALK_DEFERRED, STAGE_GREETING, END_NONE, false, 421, "", "mx.example",
        true, false, 0},
    {"a delay that it names", WALK_DEFERRED, STAGE_MAIL, END_NONE, false, 450, "4.7.1",
        "4.7.1 Rate limit exceeded, try again in 5 minutes", true, false, 300000},
    {"greylisting", WALK_DEFERRED, STAGE_RCPT, END_NONE, false, 450, "4.7.1",
        "4.7.1 Greylisted, please try again in 300 seconds", false, true, 300000},
    {"a full mailbox", WALK_DEFERRED, STAGE_RCPT, END_NONE, false, 452, "4.2.2",
        "4.2.2 Mailbox full", false, false, 0},
    {"one recipient's own rate", WALK_DEFERRED, STAGE_RCPT, END_NONE, false, 450, "4.2.1",
        "4.2.1 The user you are trying to contact is receiving mail at a rate that is too high",
        false, false, 0},
    {"5yz is a refusal, whatever it says", WALK_REFUSED, STAGE_MAIL, END_NONE, false, 550, "5.7.1",
        "5.7.1 too many connections", false, false, 0},
    {"no connection where there was one", WALK_UNREACHABLE, STAGE_CONNECT, END_UNREACHABLE, true, 0,
        "", NULL, true, false, 0},
    {"no connection where there never was one", WALK_UNREACHABLE, STAGE_CONNECT, END_UNREACHABLE,
        false, 0, "", NULL, false, false, 0},
    {"closed before the greeting, where it worked", WALK_DROPPED, STAGE_GREETING, END_CLOSED, true,
        0, "", NULL, true, false, 0},
    {"closed behind it", WALK_DROPPED, STAGE_MAIL, END_CLOSED, true, 0, "", NULL, false, false, 0},
    {"silent, where it worked", WALK_DROPPED, STAGE_GREETING, END_TIMEOUT, true, 0, "", NULL, false,
        false, 0},
};

Test(haste, replies)
{
	struct rules *rules = rules_builtin(NULL);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena *arena = arena_new();
		struct reply_line line = {
		    rows[i].text, rows[i].text != NULL ? strlen(rows[i].text) : 0};
		struct attempt attempt = {.mx = "mx.example",
		    .status = rows[i].status,
		    .stage = rows[i].stage,
		    .ending = rows[i].ending,
		    .reply = {.code = rows[i].code,
		        .lines = &line,
		        .count = rows[i].text != NULL,
		        .text = rows[i].text}};
		struct haste haste;

		strcpy(attempt.reply.enhanced, rows[i].enhanced);
		haste_read(rules, &attempt, rows[i].worked, arena, &haste);
		cr_expect(haste.throttled == rows[i].throttled, "%s: throttled", rows[i].what);
		cr_expect(haste.greylisted == rows[i].greylisted, "%s: greylisted", rows[i].what);
		cr_expect(haste.named == rows[i].named, "%s: named %lld", rows[i].what,
		    (long long)haste.named);
		arena_free(arena);
	}
	rules_free(rules);
}

/* ---- places */

static struct parked *
park_one(const char *domain, int64_t until)
{
	const struct target target = {.text = domain, .domain = domain};
	struct parked *parked = parked_new(&target);

	parked->until = until;
	return parked;
}

static void
expect_parked(struct parked *parked, const char *domain)
{
	cr_assert(domain != NULL ? parked != NULL : parked == NULL, "%s", domain);
	if (parked != NULL)
		cr_expect_str_eq(parked->target.domain, domain);
	parked_free(parked);
}

Test(places, who_waits_comes_in_in_turn)
{
	struct places *places = places_new(7);
	struct place *place = places_find(places, "s.example");

	for (unsigned i = 0; i < PLACE_CROWD; i++) {
		cr_expect_not(place_is_crowded(place));
		place_enter(place);
	}
	cr_expect(place_is_crowded(place));
	place_park(places, place, park_one("a.example", 0));
	place_park(places, place, park_one("b.example", 0));
	cr_expect_eq(places_find(places, "s.example"), place);
	cr_expect_eq(places_count(places), 2);
	expect_parked(place_leave(places, place), "a.example");
	expect_parked(place_leave(places, place), "b.example");
	cr_expect_null(place_leave(places, place));
	cr_expect_not(place_is_crowded(place));
	places_free(places);
}

Test(places, who_waits_for_a_time_comes_when_it_is)
{
	struct places *places = places_new(7);

	cr_expect_eq(places_when(places), INT64_MAX);
	places_delay(places, park_one("late.example", 300));
	places_delay(places, park_one("soon.example", 100));
	cr_expect_eq(places_when(places), 100);
	expect_parked(places_due(places, 99), NULL);
	expect_parked(places_due(places, 100), "soon.example");
	cr_expect_eq(places_count(places), 1);
	expect_parked(places_take(places), "late.example");
	expect_parked(places_take(places), NULL);
	places_free(places);
}

Test(places, a_connection_takes_what_the_server_bore)
{
	struct places *places = places_new(7);
	struct place *place = places_find(places, "s.example");

	place_enter(place);
	cr_expect_eq(place_transactions(place, 10), 10);
	place_objects(place, 4);
	cr_expect_eq(place_transactions(place, 10), 4);
	place_objects(place, 6);
	cr_expect_eq(place_transactions(place, 10), 4, "it never grows");
	place_objects(place, 0);
	cr_expect_eq(place_transactions(place, 10), 1, "one it always is");
	places_free(places);
}

/* Rows: the targets of a site in turn; a rule that refuses them, or NULL: greeted well. */
Test(places, three_first_targets_that_are_refused_speak_for_the_site)
{
	static const struct {
		const char *rules[5];
		bool refuses;
	} plays[] = {
	    {{"r", "r", "r"}, true},
	    {{"r", "r"}, false},
	    {{"r", "other", "r", "r", "r"}, false},
	    {{"", "r", "r", "r"}, false},
	    {{"r", "r", "", "r", "r"}, false},
	};
	static struct reply_line line = {"554 no", 6};

	for (size_t i = 0; i < sizeof plays / sizeof *plays; i++) {
		struct places *places = places_new(7);
		struct place *place = places_find(places, "s.example");
		struct ip source = {.family = 4, .bytes = {192, 0, 2, 1}}, other = source;
		struct attempt refusal = {.mx = "mx.s.example",
		    .greeting = {.code = 554, .lines = &line, .count = 1, .text = "no"}};
		struct arena *arena = arena_new(), *held;
		struct attempt told;

		other.bytes[3] = 2;
		place_enter(place);
		for (size_t k = 0; k < 5 && plays[i].rules[k] != NULL; k++) {
			bool good = plays[i].rules[k][0] == '\0';

			place_note(places, place, &source, good ? NULL : &refusal, arena,
			    good ? NULL : plays[i].rules[k], good ? NULL : "a.example");
		}
		cr_expect(
		    place_refuses(place, &source, &held, &told) == plays[i].refuses, "play %zu", i);
		cr_expect_not(place_refuses(place, &other, &held, &told), "of another source");
		if (plays[i].refuses)
			cr_expect_str_eq(told.shared_from, "a.example");
		places_free(places);
		arena_free(arena);
	}
}

/* Rows: minutes at which the site says that we are too fast, each time left alone for one; at 'g'
 * it says something else. */
Test(places, who_is_too_fast_after_every_pause_need_not_ask_on)
{
	static const struct {
		const char *says;
		bool refuses;
	} plays[] = {
	    {"bbbbbbb", false}, {"bbbbbbbb", true}, {"bbbbbbbgbbbbbbb", false}, {"bbbbbbbbg", true},
	    {"sssssssssssssssss", false}, /* of the same time */
	    {"nnnnnnnnnnnnnnnnn", false}, /* without a pause */
	};
	static struct reply_line line = {"421 4.7.0 busy", 14};

	for (size_t i = 0; i < sizeof plays / sizeof *plays; i++) {
		struct places *places = places_new(7);
		struct place *place = places_find(places, "s.example");
		struct ip source = {.family = 4, .bytes = {192, 0, 2, 1}}, other = source;
		struct attempt busy = {.mx = "mx.s.example",
		    .reply = {.code = 421, .lines = &line, .count = 1, .text = "busy"}};
		struct arena *arena = arena_new(), *held;
		struct attempt told;
		int64_t now = 1000;
		bool known = false;

		other.bytes[3] = 2;
		place_enter(place);
		for (const char *at = plays[i].says; *at != '\0'; at++) {
			now += *at == 's' ? 0 : 60000;
			if (*at == 'g')
				place_note_good(place, &source);
			else
				known |= place_note_busy(place, &source, &busy, arena, "a.example",
				    now, *at == 'n' ? now : now + 60000);
			place_note_good(place, &other);
		}
		cr_expect_eq(known, plays[i].refuses, "play %zu", i);
		cr_expect_eq(
		    place_refuses(place, &source, &held, &told), plays[i].refuses, "play %zu", i);
		cr_expect_not(place_refuses(place, &other, &held, &told), "of another source");
		if (plays[i].refuses) {
			cr_expect_str_eq(told.shared_from, "a.example");
			cr_expect_eq(told.reply.code, 421);
		}
		places_free(places);
		arena_free(arena);
	}
}

/* ---- shared */

static void
count_told(void *arg)
{
	++*(int *)arg;
}

Test(shared, one_asks_and_the_others_are_told)
{
	static struct reply_line line = {"220 mx", 6};
	struct shared *shared = shared_new(7);
	struct shared_key key = {.helo = "me.example",
	    .host = "mx.example",
	    .port = 25,
	    .depth = STAGE_EHLO,
	    .ip = {.family = 4, .bytes = {192, 0, 2, 9}}};
	struct sharing *outcome = shared_find(shared, &key), *another;
	struct attempt attempt = {.mx = "mx.example",
	                   .status = WALK_ACCEPTED,
	                   .greeting = {.code = 220, .lines = &line, .count = 1, .text = "mx"}},
	               found;
	struct arena *arena = arena_new(), *held;
	int told = 0;
	struct shared_waiter waiters[2] = {
	    {.told = count_told, .arg = &told}, {.told = count_told, .arg = &told}};

	cr_expect_not(sharing_take(outcome, 0, &held, &found));
	cr_expect(sharing_claim(outcome));
	cr_expect_not(sharing_claim(outcome), "it is asked for already");
	sharing_await(outcome, &waiters[0]);
	sharing_await(outcome, &waiters[1]);
	sharing_keep(shared, outcome, &attempt, arena, "a.example", 1000);
	arena_free(arena);
	sharing_tell(shared, outcome);
	cr_expect_eq(told, 2);
	cr_assert(sharing_take(outcome, 1000 + SHARED_MS, &held, &found));
	cr_expect_str_eq(found.shared_from, "a.example");
	cr_expect_str_eq(found.greeting.text, "mx");
	cr_expect_not(sharing_take(outcome, 1001 + SHARED_MS, &held, &found), "too old");
	key.depth = STAGE_GREETING;
	another = shared_find(shared, &key);
	cr_expect_neq(another, outcome, "another depth is another outcome");
	cr_expect_not(sharing_take(another, 1000, &held, &found));
	shared_free(shared);
}

Test(shared, where_nothing_came_of_it_the_next_asks)
{
	struct shared *shared = shared_new(7);
	struct shared_key key = {.helo = "me.example", .host = "mx.example", .depth = STAGE_EHLO};
	struct sharing *outcome = shared_find(shared, &key);
	int told = 0;
	struct shared_waiter waiter = {.told = count_told, .arg = &told};

	cr_expect(sharing_claim(outcome));
	sharing_await(outcome, &waiter);
	sharing_tell(shared, outcome);
	cr_expect_eq(told, 1);
	outcome = shared_find(shared, &key);
	cr_expect(sharing_claim(outcome));
	sharing_tell(shared, outcome);
	shared_free(shared);
}
