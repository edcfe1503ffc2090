#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "evidence/blocklist.h"
#include "evidence/lists.h"
#include "rules/builtin.h"
#include "rules/extract.h"
#include "rules/pattern.h"
#include "rules/recall.h"
#include "rules/rulebase.h"
#include "rules/rules.h"
#include "rules/synonyms.h"
#include "rules/unwrap.h"
#include "rules/words.h"

static struct rules *
builtin(void)
{
	static struct lists *lists; /* borrowed by the rules, and read only */
	struct stanza_error error = {0};
	struct rules *rules;

	if (lists == NULL) {
		lists = lists_new();
		cr_assert(lists_add(lists, data_lists, data_lists_size, &error));
	}
	rules = rules_builtin(lists);
	return rules;
}

static struct reading
read_reply(const struct rules *rules, const char *text, struct arena *arena)
{
	struct said said = {.text = text, .len = strlen(text)};
	struct reading reading;

	rules_read(rules, &said, arena, &reading);
	return reading;
}

static bool
same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* ---- the closed sets */

Test(cause, names_there_and_back)
{
	for (unsigned i = 0; i < CAUSE_COUNT; i++) {
		enum cause cause;

		cr_assert_not_null(cause_name((enum cause)i));
		cr_assert_not_null(cause_words((enum cause)i));
		cr_expect(cause_parse(cause_name((enum cause)i), &cause) && cause == (enum cause)i);
	}
	for (unsigned i = 0; i < BASIS_COUNT; i++)
		cr_expect(basis_name((enum basis)i) != NULL);
	for (unsigned i = WHO_NOBODY + 1; i < WHO_COUNT; i++) {
		enum who who;

		cr_expect(who_parse(who_name((enum who)i), &who) && who == (enum who)i);
	}
	cr_expect(who_name(WHO_NOBODY) == NULL);
}

/* ---- patterns */

Test(pattern, refuses_what_could_run_away)
{
	static const char *const bad[] = {"(?:a+)+", "(?:a*b)*x", "(a|b+){2,}", "(?:(?:ab)+c)+",
	    "(?:x{2,}y){9}", "a**", "*a", "(?R)", "(?<-z](?<ref>x+)", "(a)\\1", "(?i)a", "(*UTF8)a",
	    "[a", "(a", "a)", "\\", "a{5000}", "\\p{L}"};
	static const char *const good[] = {"a+", "(?:ab)+", "(?:\\w+ ){0,3}x", "(?:a+)?",
	    "[^.;]{0,60}", "(?<list>[a-z]+)", "(?!a+)b", "a|b|c"};
	struct matcher *matcher = matcher_new();
	struct arena *arena = arena_new();
	struct pattern pattern;
	const char *why = NULL;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		bool read = pattern_read(&pattern, bad[i], arena, &why) &&
		            pattern_compile(&pattern, matcher, &why);

		cr_expect(!read, "%s was taken", bad[i]);
	}
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		cr_expect(pattern_read(&pattern, good[i], arena, &why), "%s: %s", good[i], why);
		pattern.number = (uint32_t)i;
		cr_expect(pattern_compile(&pattern, matcher, &why), "%s: %s", good[i], why);
	}
	matcher_free(matcher);
	arena_free(arena);
}

Test(pattern, finds_the_words_that_a_match_must_have)
{
	static const struct {
		const char *source,
		    *choices; /* words of a choice with '|' between, choices with '&' */
	} cases[] = {
	    {"User Unknown", "user unknown"},
	    {"users? unknown", " unknown&user"},
	    {"(?:user|mailbox) not found", " not found&user|mailbox"},
	    {"(?:no|user) found", " found"},
	    {"a(?!bcd)bcdef", "abcdef"},
	    {"x?y*z", ""},
	    {"spam+er", "spam"},
	    {"\\bspf\\b", "spf"},
	    {"(?:abc)?def", "def"},
	    {"ab.cd", ""},
	};
	struct arena *arena = arena_new();

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct pattern pattern;
		const char *why = "";
		struct buf text;

		buf_init(&text, 1000);
		cr_assert(pattern_read(&pattern, cases[i].source, arena, &why), "%s: %s",
		    cases[i].source, why);
		for (size_t c = 0; c < pattern.choice_count; c++, pattern.words++)
			for (bool first = true; *pattern.words != '\0';
			     pattern.words += strlen(pattern.words) + 1, first = false)
				buf_printf(&text, "%s%s",
				    !first  ? "|"
				    : c > 0 ? "&"
				            : "",
				    pattern.words);
		cr_expect(
		    strcmp(text.data, cases[i].choices) == 0, "%s: %s", cases[i].source, text.data);
		buf_release(&text);
	}
	arena_free(arena);
}

/* What a pattern is turned into, and the places where it is begun at all, must change nothing of
 * what it matches. */
Test(pattern, matches_what_it_says)
{
	static const struct {
		const char *source, *text;
		bool matches;
	} cases[] = {
	    {"(?:user|users|using) unknown", "no Users unknown", true},
	    {"(?:user|users|using) unknown", "use unknown", false},
	    {"(?:abc|abd|ab) x", "ab x", true},
	    {"(?:abc|abd|ab) x", "ABD x", true},
	    {"(?:abcs?|abcde|zed|yes) ok", "abcde ok", true},
	    {"(?:e-?mail|mail|letter|post) lost", "the email lost", true},
	    {"(?:e-?mail|mail|letter|post) lost", "the e-mail lost", true},
	    {"\\b(?:e-?mail|mail|letter|post) lost", "the xmail lost", false},
	    {"(?:e-?mail|mail|letter|post) lost", "the xmail lost", true},
	    {"\\bip\\b", "your ip", true},
	    {"\\bip\\b", "ip", true},
	    {"\\bip\\b", "ship it", false},
	    {"[sz]ip", "a zip", true},
	    {"recogni[sz]ed", "not recogniZed", true},
	    {"x?abc", "abc", true},
	    {"(?:no )?mail", "mail", true},
	    {"(?:ab)+c", "ababc", true},
	    {"a+bc", "aaabc", true},
	    {"ab{2}c", "abbc", true},
	    {"^user", "user", true},
	    {"^user", "a user", false},
	    {"(?<!un)known", "unknown and known", true},
	    {"(?<!un)known", "unknown", false},
	    {"bl\\.example", "see bl.example", true},
	    {"user[^.;]{0,20}(?:gone|left)", "user has left, is gone", true},
	    {"(?:gone|left) \\w+", "left", false},
	};
	struct arena *arena = arena_new();
	struct matcher *matcher = matcher_new();

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct pattern pattern;
		struct match match;
		const char *why = "",
		           *marked = mark_dots(cases[i].text, strlen(cases[i].text), arena);

		cr_assert(pattern_read(&pattern, cases[i].source, arena, &why), "%s: %s",
		    cases[i].source, why);
		pattern.number = (uint32_t)i;
		cr_expect(pattern_match(&pattern, matcher, marked, strlen(marked), &match) ==
		              cases[i].matches,
		    "%s on %s", cases[i].source, cases[i].text);
	}
	matcher_free(matcher);
	arena_free(arena);
}

/* ---- words */

Test(words, finds_those_that_stand_there)
{
	static const char *const list[] = {"user", "use", "users unknown", "unknown", "known",
	    "not", "quota exceeded", "\303\274ber", "xyz"};
	static const char text[] = "550 Users UNKNOWN, quota exceede \303\274ber no";
	static const bool there[] = {true, true, true, true, true, false, false, true, false};
	struct word_list *adds = word_list_new();
	struct arena *arena = arena_new();
	struct word_index words;
	uint64_t bits[1] = {0}, seen[1] = {0};
	const struct found_words found = {bits, seen};

	for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
		word_list_add(adds, list[i], i);
	words_make(&words, adds, arena);
	word_list_free(adds);
	words_scan(&words, text, strlen(text), &found);
	for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
		cr_expect((bits[0] >> i & 1) == there[i], "%s", list[i]);
	words_scan(&words, "no", 2, &found);
	words_scan(&words, "", 0, &found);
	arena_free(arena);
}

/* ---- unwrapping */

Test(unwrap, takes_off_what_only_wraps)
{
	static const struct {
		const char *text, *whole, *reason;
		int code;
		const char *enhanced, *note;
	} cases[] = {
	    {"554 5.7.1 no", "no", "no", 554, "5.7.1", NULL},
	    {"554-one\n554 two", "one two", "one two", 554, "", "missing"},
	    {"550-5.1.1 no such\r\n550 5.1.1 user", "no such user", "no such user", 550, "5.1.1",
	        NULL},
	    {"550 4.7.1 no", "no", "no", 550, "4.7.1", "its class contradicts the code"},
	    {"554 5.7.1 554 5.7.1 spam", "spam", "spam", 554, "5.7.1", "doubled"},
	    {"554 5.7.1 <a@example.com>: Recipient address rejected: Greylisted",
	        "<a@example.com>: Recipient address rejected: Greylisted", "Greylisted", 554,
	        "5.7.1", NULL},
	    {"550 host mx.example.com said: 551 5.1.1 gone",
	        "host mx.example.com said: 551 5.1.1 gone", "gone", 550, "", "missing"},
	    {"553-you are [x 553-.com] here", "you are [x .com] here", "you are [x .com] here", 553,
	        "", "missing"},
	    {">>> RCPT To:<a@example.com>\n<<< 550-5.7.1 no\n<<< 550 5.7.1 way\n554 5.0.0 Service "
	     "unavailable\n<<< 503 5.0.0 Need RCPT",
	        "no way", "no way", 550, "5.7.1", NULL},
	    {"<<< 250 ok\n550 no", "<<< 250 ok no", "<<< 250 ok no", 550, "", "missing"},
	    {"550 5.1.1 gone; from=<a@example.org> to=<b@example.com> proto=ESMTP helo=<x>", "gone",
	        "gone", 550, "5.1.1", NULL},
	    {"550 gone; from=<a@example.org>", "gone; from=<a@example.org>",
	        "gone; from=<a@example.org>", 550, "", "missing"},
	    {"no code at all", "no code at all", "no code at all", 0, "", "missing"},
	    {"", "", "", 0, "", "missing"},
	    {"554", "", "", 554, "", "missing"},
	};
	struct arena *arena = arena_new();

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct unwrapped out;

		unwrap(cases[i].text, strlen(cases[i].text), arena, &out);
		cr_expect(same(out.whole, cases[i].whole), "%s: %s", cases[i].text, out.whole);
		cr_expect(same(out.whole + out.reason, cases[i].reason), "%s: %s", cases[i].text,
		    out.whole + out.reason);
		cr_expect(out.code == cases[i].code, "%s: %d", cases[i].text, out.code);
		cr_expect(
		    same(out.enhanced, cases[i].enhanced), "%s: %s", cases[i].text, out.enhanced);
		cr_expect(same(out.note, cases[i].note), "%s: %s", cases[i].text,
		    out.note != NULL ? out.note : "-");
	}
	arena_free(arena);
}

/* ---- words that mean the same */

Test(synonyms, whole_words_are_put_in_and_their_places_kept)
{
	static const struct {
		const char *text, *reworded; /* NULL: none stands there */
	} cases[] = {
	    {"Mail Declined.", "Mail rejected."},
	    {"declined", "rejected"},
	    {"declined: mail box, mail", "rejected: mailbox, mail"},
	    {"mail boxes", NULL},
	    {"undeclined declinedly", NULL},
	    {"mx.declined.example", NULL},
	    {"declined@example.com http://x/declined", NULL},
	    {"re-declined", NULL},
	    {"Empf\xc3\xa4nger", "recipient"},
	    {"Empf\xc3\xa4ngern", NULL},
	    {"es rechazado", "es rejected"},
	    {"rechazadas, rechaz", "rejected, rechaz"},
	    {"rechazado@example.com rechazado_a", NULL},
	    {"\xe6\x82\xa8\xe7\x94\xa8\xe6\x88\xb7\xe6\x97\xa0",
	        "\xe6\x82\xa8user \xe6\x97\xa0"}, /* within a sentence */
	    {"x\xe7\x94\xa8\xe6\x88\xb7.", "xuser."},
	    {"", NULL},
	};
	static const char texts[] =
	    "\0empf\xc3\xa4nger\0recipient\0mail box\0mailbox\0declined\0rejected\0rechazad*\0"
	    "\xe7\x94\xa8\xe6\x88\xb7\0user";
	static const struct phrase_row phrases[] = {
	    {.text = 1, .instead = 12},
	    {.text = 22, .instead = 31},
	    {.text = 39, .instead = 48},
	    {.text = 57, .instead = 48},
	    {.text = 67, .instead = 74},
	};
	struct arena *arena = arena_new();
	struct phrases synonyms;

	phrases_make(&synonyms, texts, phrases, 5, synonyms_inner, arena);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t len = strlen(cases[i].text);
		const char *marked = mark_dots(cases[i].text, len, arena);
		struct reworded out;
		bool any = synonyms_reword(&synonyms, marked, len, arena, &out);

		cr_expect_eq(any, cases[i].reworded != NULL, "%s", cases[i].text);
		if (!any || cases[i].reworded == NULL)
			continue;
		cr_expect(out.len == strlen(cases[i].reworded) &&
		              memcmp(out.text, cases[i].reworded, out.len) == 0,
		    "%s: %.*s", cases[i].text, (int)out.len, out.text);
		cr_expect_eq(reworded_end(&out, out.len), len);
		for (size_t k = 0; k < out.len; k++)
			cr_expect(reworded_start(&out, k) < reworded_end(&out, k + 1) &&
			          reworded_end(&out, k + 1) <= len &&
			          reworded_find(&out, reworded_start(&out, k)) <= k);
	}
	arena_free(arena);
}

Test(rules, say_the_same_in_other_words_and_languages)
{
	static const struct {
		const char *text;
		enum cause cause;
		const char *matched; /* in the reply's own words */
	} cases[] = {
	    {"550 Addressee unrecognized", CAUSE_RECIPIENT_UNKNOWN, "Addressee unrecognized"},
	    {"554 Message declined as junk", CAUSE_CONTENT_SPAM, NULL},
	    {"421 an excessive number of connections", CAUSE_RATE_LIMIT, NULL},
	    {"550 5.1.1 Unbekannter Empf\xc3\xa4nger", CAUSE_RECIPIENT_UNKNOWN,
	        "Unbekannter Empf\xc3\xa4nger"},
	    {"552 Postfach ist voll", CAUSE_MAILBOX_FULL, NULL},
	    {"550 Absender abgelehnt", CAUSE_SENDER_BLOCKED, "Absender abgelehnt"},
	    {"550 Nachricht ist zu gro\xc3\x9f", CAUSE_MESSAGE_SIZE, NULL},
	    {"554 Votre adresse IP est sur une liste noire", CAUSE_IP_BLOCKLIST, NULL},
	    {"550 Destinataire inconnu", CAUSE_RECIPIENT_UNKNOWN, NULL},
	    {"552 La bo\xc3\xaete de l'utilisateur est pleine", CAUSE_MAILBOX_FULL, NULL},
	    {"550 usuario desconocido", CAUSE_RECIPIENT_UNKNOWN, NULL},
	    {"554 Mensaje rechazado por contener spam", CAUSE_CONTENT_SPAM, NULL},
	    {"552 caixa postal cheia", CAUSE_MAILBOX_FULL, NULL},
	    {"550 Mittente rifiutato", CAUSE_SENDER_BLOCKED, NULL},
	    {"550 gebruiker onbekend", CAUSE_RECIPIENT_UNKNOWN, NULL},
	    {"550 odbiorca nieznany", CAUSE_RECIPIENT_UNKNOWN, NULL},
	    {"550 "
	     "\xd0\xbf\xd0\xbe\xd0\xbb\xd1\x8c\xd0\xb7\xd0\xbe\xd0\xb2\xd0\xb0\xd1\x82\xd0\xb5\xd0"
	     "\xbb\xd1\x8c \xd0\xbd\xd0\xb5 \xd0\xbd\xd0\xb0\xd0\xb9\xd0\xb4\xd0\xb5\xd0\xbd",
	        CAUSE_RECIPIENT_UNKNOWN, NULL},
	    {"550 <abgelehnt@spam.example>: nein", CAUSE_UNKNOWN,
	        NULL}, /* what a mailbox is called is no reason */
	};
	struct rules *rules = builtin();
	struct arena *arena = arena_new();

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct reading reading = read_reply(rules, cases[i].text, arena);

		cr_expect_eq(reading.cause, cases[i].cause, "%s: %s by %s", cases[i].text,
		    cause_name(reading.cause), reading.rule != NULL ? reading.rule : "-");
		cr_expect(cases[i].matched == NULL || same(reading.matched, cases[i].matched),
		    "%s: %s", cases[i].text, reading.matched != NULL ? reading.matched : "-");
	}
	arena_free(arena);
	rules_free(rules);
}

Test(rules, words_of_ones_own_and_what_is_wrong_with_them)
{
	static const char good[] =
	    "[same:rejected]\nsay = rejected\nwords = yeeted | sent packing\n";
	static const char *const bad[] = {"[same:x]\nwords = yeeted\n",
	    "[same:x]\nsay = rejected\nwords = ab\n",
	    "[same:x]\nsay = rejected\nwords = yeeted |\n",
	    "[same:x]\nsay = rejected\npattern = yeeted\n"};
	struct rules *rules = builtin();
	struct arena *arena = arena_new();
	struct stanza_error error;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		cr_expect_not(rules_add(rules, bad[i], strlen(bad[i]), &error), "%s", bad[i]);
	cr_expect(read_reply(rules, "550 sender yeeted", arena).cause == CAUSE_UNKNOWN);
	cr_expect(rules_add(rules, good, strlen(good), &error), "%u: %s", error.line, error.reason);
	cr_expect(read_reply(rules, "550 sender yeeted", arena).cause == CAUSE_SENDER_BLOCKED);
	arena_free(arena);
	rules_free(rules);
}

/* ---- clauses, and the choice among rules */

Test(clauses, advice_and_footers_are_asides)
{
	static const struct {
		const char *text, *left; /* what stays in sight; an aside is semicolons */
	} cases[] = {
	    {"Rejected. Please set up SPF", "Rejected. ;;;;;;;;;;;;;;;;;"},
	    {"To protect our users, mail was refused", ";;;;;;;;;;;;;;;;;;;;; mail was refused"},
	    {"Rejected, please try again later", "Rejected, please try again later"},
	    {"user unknown; see http://spam.example/", "user unknown; ;;;;;;;;;;;;;;;;;;;;;;;;"},
	    {"mx1.spam.example says BAD_RECIPIENT", "xx1.xxxx.xxxxxxx says BAD RECIPIENT"},
	    {"version 5.7.1 of XM.SSR-001", "version 5.7.1 of XM.SSR-001"},
	    {"Requested action not taken: mailbox unavailable Policy",
	        ";;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;; Policy"},
	};
	struct rules *rules = builtin();
	struct arena *arena = arena_new();

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t len = strlen(cases[i].text);
		const char *marked = mark_dots(cases[i].text, len, arena), *hidden;
		struct clauses clauses;
		char *shown;

		clauses_cut(&rules->openings, marked, len, &clauses);
		hidden = clauses_hide(
		    &clauses, marked, len, HIDE_NAMES | HIDE_LINKS | HIDE_ASIDES, arena);
		shown = arena_string(arena, hidden != NULL ? hidden : marked);
		for (char *p = shown; *p != '\0'; p++)
			*p = *p == PATTERN_DOT ? '.' : *p;
		cr_expect_str_eq(shown, cases[i].left, "%s: %s", cases[i].text, shown);
	}
	arena_free(arena);
	rules_free(rules);
}

Test(rules, yield_only_to_what_there_is)
{
	struct rules *rules = builtin();

	for (size_t i = 0; i < rules->count; i++)
		for (size_t k = 0; k < rules->rules[i].yields.count; k++) {
			const char *id =
			    rules_text(rules, rules_ref(rules, rules->rules[i].yields, k));
			bool found = false;

			for (size_t n = 0; n < rules->count && !found; n++)
				found = strcmp(rules_text(rules, rules->rules[n].id), id) == 0;
			cr_expect(
			    found, "[%s] yields to %s", rules_text(rules, rules->rules[i].id), id);
		}
	rules_free(rules);
}

Test(rules, the_stage_bounds_the_reading)
{
	static const char text[] = "554 5.7.1 your address is on our block list";
	struct rules *rules = builtin();
	struct arena *arena = arena_new();
	struct said said = {.text = text, .len = strlen(text), .stage = STAGE_GREETING};
	struct reading reading;

	rules_read(rules, &said, arena, &reading);
	cr_expect_eq(reading.cause, CAUSE_IP_BLOCKLIST, "nobody knows our MAIL FROM yet: %s",
	    cause_name(reading.cause));
	said.stage = STAGE_MAIL;
	rules_read(rules, &said, arena, &reading);
	cr_expect_eq(reading.cause, CAUSE_SENDER_BLOCKED, "%s", cause_name(reading.cause));
	arena_free(arena);
	rules_free(rules);
}

/* ---- extraction */

Test(extract, finds_address_link_contact_and_ticket)
{
	static const struct {
		const char *text, *ip, *url, *contact, *reference;
	} cases[] = {
	    {"Client host [192.0.2.7] blocked; see http://x.example/?ip=198.51.100.1.", "192.0.2.7",
	        "http://x.example/?ip=198.51.100.1", NULL, NULL},
	    {"see https://x.example/q?ip=192.0.2.7", "192.0.2.7",
	        "https://x.example/q?ip=192.0.2.7", NULL, NULL},
	    {"127.0.0.4:Client host 192.0.2.9 blocked", "192.0.2.9", NULL, NULL, NULL},
	    {"[IPv6:2001:db8::1] is listed", "2001:db8::1", NULL, NULL, NULL},
	    {"version 1.2.3 and 5.7.1 of 10:30:15", "", NULL, NULL, NULL},
	    {"contact postmaster@example.com, ticket: AB-1234", "", NULL, "postmaster@example.com",
	        "AB-1234"},
	    {"Reject, id=01234-05 - SPAM", "", NULL, NULL, "01234-05"},
	    {"<a@example.com>: no", "", NULL, NULL, NULL},
	    {"Bad HELO, see RFC 5321 section 4.1.1.1", "", NULL, NULL, NULL},
	    {"Exim version 4.96.0.1 refuses 192.0.2.7", "192.0.2.7", NULL, NULL, NULL},
	    {"deferred - 4.16.55.1, messages from 192.0.2.7", "192.0.2.7", NULL, NULL, NULL},
	    {"Messages from 192.0.2.7 deferred - 4.16.55.1", "192.0.2.7", NULL, NULL, NULL},
	    {"host mx2.example.com[198.51.100.3] said: 550 no mail from 192.0.2.7", "192.0.2.7",
	        NULL, NULL, NULL},
	    {"host mx2.example.com [198.51.100.3] said: 550 no", "", NULL, NULL, NULL},
	    {"192.0.2.7 is listed, like 198.51.100.3", "192.0.2.7", NULL, NULL, NULL},
	    /* what we called ourselves is not what the server saw */
	    {"<[10.0.0.5]>: Helo command rejected, from [192.0.2.7]", "192.0.2.7", NULL, NULL,
	        NULL},
	    {"HELO [10.0.0.5] from 192.0.2.7 rejected", "192.0.2.7", NULL, NULL, NULL},
	    {"helo=<[10.0.0.5]> blocked 192.0.2.7", "192.0.2.7", NULL, NULL, NULL},
	    {"<[10.0.0.5]>: Helo command rejected", "", NULL, NULL, NULL},
	    {"[10.0.0.5] ([192.0.2.7]) is listed", "192.0.2.7", NULL, NULL, NULL},
	    {"Bad HELO - Host impersonating [203.0.113.9]", "", NULL, NULL, NULL},
	    {"Invalid HELO name (See RFC2821 4.1.1.1)", "", NULL, NULL, NULL},
	};
	struct arena *arena = arena_new();
	struct rules *rules = builtin();
	const struct signs *signs = rules->signs;
	char text[IP_TEXT];

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t len = strlen(cases[i].text);
		struct ip ip = extract_ip(signs, cases[i].text, len, &(struct ip){0});

		cr_expect(same(ip_text(&ip, text), cases[i].ip), "%s: %s", cases[i].text, text);
		cr_expect(same(extract_url(cases[i].text, len, arena), cases[i].url), "%s: url",
		    cases[i].text);
		cr_expect(same(extract_contact(signs, cases[i].text, len, false, arena),
		              cases[i].contact),
		    "%s: contact", cases[i].text);
		cr_expect(
		    same(extract_reference(signs, cases[i].text, len, arena), cases[i].reference),
		    "%s: reference", cases[i].text);
	}
	rules_free(rules);
	arena_free(arena);
}

Test(extract, our_own_address_counts_wherever_it_stands)
{
	static const char text[] = "Client host [198.51.100.3] and, seen at 127.0.1.2, more";
	struct rules *rules = builtin();
	const struct signs *signs = rules->signs;
	struct ip ours, ip;

	cr_assert(ip_parse(&ours, "127.0.1.2"));
	ip = extract_ip(signs, text, strlen(text), &ours);
	cr_expect(ip_equal(&ip, &ours));
	cr_assert(ip_parse(&ours, "192.0.2.1"));
	ip = extract_ip(signs, text, strlen(text), &ours);
	cr_expect(!ip_equal(&ip, &ours) && ip.family == 4 && ip.bytes[0] == 198);
	rules_free(rules);
}

/* ---- loading */

/* What the program carries is not checked at each start. */
Test(rules, whoever_yields_yields_to_somebody)
{
	struct rules *rules = builtin();

	for (size_t i = 0; i < rules->count; i++)
		for (size_t k = 0; k < rules->rules[i].yields.count; k++) {
			const char *id =
			    rules_text(rules, rules_ref(rules, rules->rules[i].yields, k));
			bool found = false;

			for (size_t n = 0; n < rules->count; n++)
				found |= same(rules_text(rules, rules->rules[n].id), id);
			cr_expect(found, "[%s] yields to %s, which is no rule",
			    rules_text(rules, rules->rules[i].id), id);
		}
	rules_free(rules);
}

Test(rules, a_broken_file_is_refused_whole_with_line_and_reason)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *reason;
	} cases[] = {
	    {"[a]\ncause = policy\nexample = x\n", 1, "no pattern"},
	    {"[a]\ncause = policy\npattern = policy\n", 1, "no example"},
	    {"[a]\npattern = policy\nexample = policy\n", 1, "no cause"},
	    {"[a]\ncause = bad luck\n", 2, "no such cause"},
	    {"[a]\nluck = bad\n", 2, "no such key"},
	    {"[a]\nstage = moon\n", 2, "no such stage"},
	    {"[a]\npattern = (?:a+)+\n", 2, "run away"},
	    {"[a]\npattern = (ab\n", 2, "not closed"},
	    {"[a]\ncause = policy\npattern = policy\nexample = something else\n", 1, "example"},
	    {"[a]\ncause = policy\npattern = .*\nexample = x\n", 1, "word"},
	    {"[a]\nenhanced = 5.7\n", 2, "not like"},
	    {"[a]\ncode = 99\n", 2, "not a reply code"},
	    {"[a]\nonly = Nobody\n", 2, "provider"},
	    {"[a]\ncause = policy\npattern = hooray\nyields = spf greylsit\nexample = hooray\n", 4,
	        "\"greylsit\" is no cause"},
	    {"[a]\ncause = policy\npattern = hooray\nexample = hooray\nyields = a\n", 5, "itself"},
	    {"[good]\ncause = policy\npattern = hooray\nexample = hooray\n[good]\ncause = "
	     "policy\npattern = hooray\nexample = hooray\n",
	        5, "twice"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct rules *rules = builtin();
		struct arena *arena = arena_new();
		struct stanza_error error = {0};
		size_t before = rules_count(rules);

		cr_expect(!rules_add(rules, cases[i].text, strlen(cases[i].text), &error), "%s",
		    cases[i].text);
		cr_expect(error.line == cases[i].line, "%s: line %u", cases[i].text, error.line);
		cr_expect(strstr(error.reason, cases[i].reason) != NULL, "%s: %s", cases[i].text,
		    error.reason);
		cr_expect(rules_count(rules) == before);
		cr_expect(read_reply(rules, "550 5.1.1 User unknown", arena).cause ==
		              CAUSE_RECIPIENT_UNKNOWN,
		    "the rules are no more what they were");
		arena_free(arena);
		rules_free(rules);
	}
}

Test(rules, a_later_file_overrides_and_goes_first)
{
	static const char text[] =
	    "[mine]\ncause = greylist\npattern = user unknown\nclass = tag\nexample = user "
	    "unknown\n[greylist]\ncause = policy\npattern = greylisting\nexample = greylisting\n";
	struct rules *rules = builtin();
	struct arena *arena = arena_new();
	struct stanza_error error = {0};
	size_t before = rules_count(rules);

	cr_assert(rules_add(rules, text, strlen(text), &error), "%u: %s", error.line, error.reason);
	cr_expect(rules_count(rules) == before + 1);
	cr_expect(read_reply(rules, "550 5.1.1 User unknown", arena).cause == CAUSE_GREYLIST);
	arena_free(arena);
	rules_free(rules);
}

/* ---- the rule base */

/* An example may be decided by another rule of the same cause, but each rule must decide one of its
 * own. */
Test(rules, every_example_has_its_rules_cause)
{
	struct rules *rules = builtin();
	struct arena *arena = arena_new();
	size_t examples = 0, idle = 0;

	cr_expect(rules_count(rules) > 430);
	for (size_t i = 0; i < rules_count(rules); i++) {
		const struct rule *rule = &rules->rules[i];
		const char *id = rules_text(rules, rule->id);
		bool decides = false;

		for (size_t k = 0; k < rule->examples.count; k++) {
			const char *text = rules_text(rules, rules_ref(rules, rule->examples, k));
			struct said said = {.text = text, .len = strlen(text)};
			struct reading reading;

			if (rule->only > 0)
				said.mx = rules_text(rules, rules->providers[rule->only - 1].mx);
			rules_read(rules, &said, arena, &reading);
			cr_expect(reading.cause == rule->cause, "[%s] wants %s, got %s by %s: %s",
			    id, cause_name(rule->cause), cause_name(reading.cause),
			    reading.rule != NULL ? reading.rule : "-", said.text);
			decides |= same(reading.rule, id);
			examples++;
			arena_reset(arena);
		}
		idle += !decides;
	}
	cr_expect(examples >= rules_count(rules));
	cr_expect(idle <= rules_count(rules) / 20, "%zu rules decide none of their examples", idle);
	arena_free(arena);
	rules_free(rules);
}

Test(rules, reads_cause_list_identity_and_provider)
{
	static const struct {
		const char *text;
		enum cause cause;
		const char *list;
		enum listed_what what;
		const char *listed, *provider;
	} cases[] = {
	    {"554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using "
	     "zen.spamhaus.org; https://check.spamhaus.org/query/ip/192.0.2.7",
	        CAUSE_IP_BLOCKLIST, "zen.spamhaus.org", LISTED_IP, "192.0.2.7", NULL},
	    {"554 5.7.1 Service unavailable; Sender address [a@example.com] blocked using "
	     "dbl.spamhaus.org",
	        CAUSE_SENDER_BLOCKED, "dbl.spamhaus.org", LISTED_SENDER, "a@example.com", NULL},
	    {"554 5.7.1 Service unavailable; Helo command [mail.example.com] blocked using "
	     "dbl.spamhaus.org",
	        CAUSE_HELO, "dbl.spamhaus.org", LISTED_HELO, "mail.example.com", NULL},
	    {"550 5.7.1 Service unavailable, Helo domain is listed in Spamhaus. To request removal "
	     "from this list see https://www.spamhaus.org/query/lookup/ (S8001)",
	        CAUSE_HELO, "Spamhaus DBL", LISTED_HELO, NULL, NULL},
	    {"554 5.7.1 <a@example.com>: Sender address rejected: blocked using dbl.spamhaus.org",
	        CAUSE_SENDER_BLOCKED, "dbl.spamhaus.org", LISTED_SENDER, "a@example.com", NULL},
	    {"554 5.7.1 <mail.example.com>: Helo command rejected: listed in dbl.spamhaus.org",
	        CAUSE_HELO, "dbl.spamhaus.org", LISTED_HELO, NULL, NULL},
	    {"554 5.7.1 Client host rejected: your hostname looks like a dynamic address",
	        CAUSE_REVERSE_DNS, NULL, LISTED_PTR, NULL, NULL},
	    {"554 5.7.1 Bad HELO, see http://mail.example.com/help", CAUSE_HELO, NULL, LISTED_HELO,
	        NULL, NULL},
	    {"554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using "
	     "zen.spamhaus.org; Error: open resolver",
	        CAUSE_RECEIVER_MISCONFIGURED, "zen.spamhaus.org", LISTED_IP, "192.0.2.7", NULL},
	    {"550 5.7.1 Unfortunately, messages from [192.0.2.7] weren't sent. part of their "
	     "network is on our block list (S3150).",
	        CAUSE_IP_BLOCKLIST, "Microsoft S3150", LISTED_IP, "192.0.2.7", "Outlook.com"},
	    {"554-gmx.net (mxgmx104) Nemesis ESMTP Service not available\n554-No SMTP service\n554 "
	     "Bad DNS PTR resource record.",
	        CAUSE_REVERSE_DNS, NULL, LISTED_NOTHING, NULL, "GMX"},
	    {"554 5.7.1 <a@example.com>: Recipient address rejected: Message size is too large",
	        CAUSE_MESSAGE_SIZE, NULL, LISTED_NOTHING, NULL, NULL},
	    {"450 4.7.1 <h[192.0.2.7]>: Client host rejected: cannot find your reverse hostname, "
	     "[192.0.2.7]",
	        CAUSE_REVERSE_DNS, NULL, LISTED_PTR, NULL, NULL},
	    {"554 5.2.2 mailbox full", CAUSE_MAILBOX_FULL, NULL, LISTED_NOTHING, NULL, NULL},
	    {"421 User unknown", CAUSE_RECIPIENT_UNKNOWN, NULL, LISTED_NOTHING, NULL, NULL},
	    {"550 5.1.1 undeliverable: host mx.example.com said: 554 5.7.1 Greylisted, try later",
	        CAUSE_GREYLIST, NULL, LISTED_NOTHING, NULL, NULL},
	    {"554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using "
	     "abcdefghijklmnopqrstuvwxyz.zen.dq.spamhaus.net; see",
	        CAUSE_IP_BLOCKLIST, "zen.dq.spamhaus.net", LISTED_IP, "192.0.2.7", NULL},
	    {"554 Rejected", CAUSE_UNKNOWN, NULL, LISTED_NOTHING, NULL, NULL},
	    {"554 mx1.example.com", CAUSE_UNKNOWN, NULL, LISTED_NOTHING, NULL, NULL},
	    {"554 I had a dream about you and it was awful", CAUSE_UNKNOWN, NULL, LISTED_NOTHING,
	        NULL, NULL},
	    {"554", CAUSE_UNKNOWN, NULL, LISTED_NOTHING, NULL, NULL},
	    {"", CAUSE_UNKNOWN, NULL, LISTED_NOTHING, NULL, NULL},
	};
	struct rules *rules = builtin();
	struct arena *arena = arena_new();

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct reading reading = read_reply(rules, cases[i].text, arena);

		cr_expect(reading.cause == cases[i].cause, "%s: %s by %s", cases[i].text,
		    cause_name(reading.cause), reading.rule != NULL ? reading.rule : "-");
		cr_expect(same(reading.list, cases[i].list), "%s: list %s", cases[i].text,
		    reading.list != NULL ? reading.list : "-");
		cr_expect(
		    reading.what == cases[i].what, "%s: what %d", cases[i].text, (int)reading.what);
		cr_expect(same(reading.listed, cases[i].listed), "%s: listed %s", cases[i].text,
		    reading.listed != NULL ? reading.listed : "-");
		if (cases[i].provider != NULL)
			cr_expect(same(reading.provider, cases[i].provider), "%s: provider %s",
			    cases[i].text, reading.provider != NULL ? reading.provider : "-");
	}
	arena_free(arena);
	rules_free(rules);
}

/* The stage alone is no reason. */
Test(rules, no_stage_makes_a_cause)
{
	struct rules *rules = builtin();
	struct arena *arena = arena_new();

	for (unsigned stage = STAGE_NONE; stage < STAGE_COUNT; stage++) {
		struct said said = {.text = "554 no", .len = 6, .stage = (enum stage)stage};
		struct reading reading;

		rules_read(rules, &said, arena, &reading);
		cr_expect(reading.cause == CAUSE_UNKNOWN, "%u", stage);
	}
	arena_free(arena);
	rules_free(rules);
}

Test(rules, the_mx_makes_a_provider_and_its_code_means_what_it_says)
{
	struct rules *rules = builtin();
	struct arena *arena = arena_new();
	struct said said = {
	    .text = "550 5.7.27 rejected", .len = 19, .mx = "gmail-smtp-in.l.google.com"};
	struct reading reading;

	rules_read(rules, &said, arena, &reading);
	cr_expect(same(reading.provider, "Google") && reading.cause == CAUSE_SPF);
	said.mx = "notgoogle.com";
	rules_read(rules, &said, arena, &reading);
	cr_expect(reading.provider == NULL && reading.cause == CAUSE_SENDER_DOMAIN);
	arena_free(arena);
	rules_free(rules);
}

/* Labelled replies, where the checkout has them: shares of right causes and lists. */
Test(rules, labelled_replies)
{
	FILE *file = fopen(TOP "/../shared/corpus/replies.ndjson", "r");
	unsigned count = 0, strict = 0, lenient = 0;
	char line[65536];

	if (file == NULL)
		cr_skip_test("no labelled replies beside this checkout");
	struct rules *rules = builtin();
	struct arena *arena = arena_new();
	while (fgets(line, sizeof line, file) != NULL) {
		json_t *row = json_loads(line, 0, NULL), *also = json_object_get(row, "also"),
		       *value;
		const char *want = json_string_value(json_object_get(row, "cause")),
		           *stage = json_string_value(json_object_get(row, "stage"));
		struct said said = {.text = json_string_value(json_object_get(row, "text"))};
		struct reading reading;
		size_t i;
		bool right, near;

		cr_assert(want != NULL && said.text != NULL);
		said.len = strlen(said.text);
		if (stage != NULL)
			stage_parse(stage, &said.stage);
		rules_read(rules, &said, arena, &reading);
		right = near = strcmp(want, cause_name(reading.cause)) == 0;
		json_array_foreach(also, i, value) near |=
		    strcmp(json_string_value(value), cause_name(reading.cause)) == 0;
		count++;
		strict += right;
		lenient += near;
		json_decref(row);
		arena_reset(arena);
	}
	fclose(file);
	arena_free(arena);
	rules_free(rules);
	cr_expect(strict * 100 >= count * 94, "strict %u of %u", strict, count);
	cr_expect(lenient * 100 >= count * 99, "lenient %u of %u", lenient, count);
}

/* ---- what was read before */

static bool
same_string(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Each example three times over: read, read and kept, recalled; and at another stage, by another
 * host, with another status in between. */
Test(recall, says_what_reading_says)
{
	struct rules *rules = rules_builtin(NULL);
	struct recall *recall = recall_new(rules);
	struct arena *arena = arena_new();
	static const char *const hosts[] = {NULL, "mx.a.example", "gmail-smtp-in.l.google.com"};

	for (unsigned round = 0; round < 9; round++)
		for (size_t i = 0; i < rules_count(rules); i += 7) {
			struct rule_view rule = rules_at(rules, i, arena);
			const struct said said = {.text = rule.examples[0],
			    .len = strlen(rule.examples[0]),
			    .stage = round % 2 == 0 ? STAGE_RCPT : STAGE_NONE,
			    .enhanced = round % 4 == 3 ? "5.1.1" : "",
			    .mx = hosts[round % 3]};
			struct reading read, recalled;

			for (unsigned again = 0; again < 3; again++) {
				rules_read(rules, &said, arena, &read);
				recall_read(recall, &said, arena, &recalled);
				cr_expect(read.cause == recalled.cause &&
				              same_string(read.rule, recalled.rule) &&
				              same_string(read.matched, recalled.matched) &&
				              same_string(read.list, recalled.list) &&
				              same_string(read.listed, recalled.listed) &&
				              same_string(read.provider, recalled.provider) &&
				              same_string(read.reference, recalled.reference) &&
				              same_string(read.enhanced, recalled.enhanced) &&
				              read.code == recalled.code &&
				              read.also_count == recalled.also_count,
				    "%s", rule.id);
			}
			arena_reset(arena);
		}
	recall_free(recall);
	arena_free(arena);
	rules_free(rules);
}
