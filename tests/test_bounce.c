/* Notices, deliveries and the words of sending systems: what each says, and by which rule it is
 * read. */
#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "logs/deliveries.h"
#include "logs/notice.h"
#include "logs/pasted.h"
#include "logs/redact.h"
#include "rules/rules.h"

static const struct {
	const char *text, *expected; /* recipient|text|stage|relay; of each */
} notices[] = {
    {"<joe@a.example>: host mx.a.example[192.0.2.1] said: 550 no\n    such user (in reply to RCPT "
     "TO "
     "command)\n",
        "joe@a.example|550 no such user|rcpt|mx.a.example;"},
    {"<joe@a.example>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 no\nGiving up on "
     "192.0.2.1.\n",
        "joe@a.example|550 no|rcpt|192.0.2.1;"},
    {"There was an error delivering your mail to <joe@a.example>.\n\nmx.a.example [192.0.2.1] did "
     "not like our RCPT TO:\n550 no\n\nMessage headers follow.\n\n550 other\n",
        "joe@a.example|550 no|rcpt|mx.a.example;"},
    {"\"joe@a.example\":\nSMTP error from remote server after RCPT command:\nhost: "
     "mx.a.example\n5.2.2 "
     "<joe@a.example>... Mailbox Full\n",
        "joe@a.example|5.2.2 <joe@a.example>... Mailbox Full|rcpt|mx.a.example;"},
    {"   * joe@a.example\n\nTechnical details:\n\nSMTP:RCPT host 192.0.2.8: 553 5.3.0 no such "
     "user\n",
        "joe@a.example|553 5.3.0 no such user|rcpt|192.0.2.8;"},
    {"joe@a.example [User unknown]\n", "joe@a.example|User unknown||;"},
    {"was not delivered to:\n\n  joe@a.example\n\nbecause:\n\n  not listed in Domino Directory\n",
        "joe@a.example|not listed in Domino Directory||;"},
    {"  a@a.example\n  b@a.example\n\nReason:\ndelivery retry timeout exceeded\n",
        "a@a.example|delivery retry timeout exceeded||;b@a.example|delivery retry timeout "
        "exceeded||;"},
    {"Delivery failed 20 attempts: joe@a.example\n",
        "joe@a.example|Delivery failed 20 attempts: joe@a.example||;"},
    {"The response was:\n\n550 5.1.1 no such user\n", "|550 5.1.1 no such user||;"},
    {"1 error(s):\n\nThe following recipients returned permanent errors: joe@a.example. Reason: "
     "SMTP "
     "Server <192.0.2.2> refused to accept your message (DATA), with the following error message: "
     "[554 5.4.6 Hop count exceeded]\n",
        "joe@a.example|554 5.4.6 Hop count exceeded|data|192.0.2.2;"},
    {"A message that you sent by\n\n  <me@a.example>\n\nwas fine.\n",
        "|A message that you sent by||;"},
    {"... while talking to mx.a.example.:\n>>> RCPT To:<x@a.example>\n<<< 550-a\n<<< 550 b\n550 "
     "5.1.1 "
     "<x@a.example>... User unknown\n>>> RCPT To:<y@a.example>\n<<< 552 full\n>>> DATA\n<<< 503 no "
     "recipients\n",
        "x@a.example|550-a\n550 b|rcpt|mx.a.example;y@a.example|552 full|rcpt|mx.a.example;"},
    {" Out: 220 m\n In:  RCPT TO:<x@a.example>\n Out: 250 ok\n In:  DATA\n Out: 451 4.3.0 write "
     "error\n In:  QUIT\n Out: 221 bye\n\nTranscript of session follows\n",
        "x@a.example|451 4.3.0 write error|data|;"},
    {"contact postmaster@a.example about it\n", ""},
};

Test(notice, table)
{
	for (size_t i = 0; i < sizeof notices / sizeof notices[0]; i++) {
		struct arena *arena = arena_new();
		struct notice notice;
		struct buf out;

		buf_init(&out, 10000);
		notice_read(slice_of(notices[i].text), true, arena, &notice);
		for (size_t k = 0; k < notice.count; k++) {
			const struct notice_entry *entry = &notice.entries[k];

			buf_printf(&out, "%s|%.*s|%s|%s;",
			    entry->recipient != NULL ? entry->recipient : "", (int)entry->len,
			    entry->text != NULL ? entry->text : "",
			    entry->stage != STAGE_NONE ? stage_name(entry->stage) : "",
			    entry->relay != NULL ? entry->relay : "");
		}
		if (*notices[i].expected != '\0' || out.len == 0)
			cr_expect_str_eq(out.data, notices[i].expected,
			    "%s\n  expected %s\n  got      %s", notices[i].text,
			    notices[i].expected, out.data);
		buf_release(&out);
		arena_free(arena);
	}
}

static void
count(const struct refusal *refusal, void *arg)
{
	buf_printf(arg, "%s:%.*s;", refusal->recipient, (int)refusal->len, refusal->text);
}

Test(deliveries, last_word)
{
	struct buf out;
	struct deliveries *deliveries;
	struct refusal refusal = {
	    .text = "450 a", .len = 5, .queue_id = "Q", .recipient = "x", .deferred = true};

	buf_init(&out, 1 << 20);
	deliveries = deliveries_new(count, &out);
	deliveries_take(deliveries, &refusal);
	refusal.text = "450 b";
	deliveries_take(deliveries, &refusal);
	cr_expect_str_eq(out.data, "");
	refusal.recipient = "y";
	deliveries_take(deliveries, &refusal);
	cr_expect(deliveries_sent(deliveries, "Q", "y") && !deliveries_sent(deliveries, "Q", "z"));
	deliveries_flush(deliveries);
	cr_expect_str_eq(out.data, "x:450 b;");
	for (int i = 0; i < DELIVERIES_MAX + 10;
	     i++) { /* the oldest are told when there is no room */
		char id[20];

		snprintf(id, sizeof id, "Q%d", i);
		refusal.queue_id = id;
		deliveries_take(deliveries, &refusal);
	}
	cr_expect_eq(out.len, strlen("x:450 b;") + 10 * strlen("y:450 b;"));
	deliveries_free(deliveries);
	buf_release(&out);
}

Test(pasted, wrappers)
{
	static const char *const table[][2] = {
	    {"550-5.7.1 a 550-5.7.1 b 550 5.7.1 c", "550-5.7.1 a\n550-5.7.1 b\n550 5.7.1 c"},
	    {"550-a 550 b", "550-a\n550 b"}, {"550 a 550 b", "550 a 550 b"},
	    {"550-a 551 b", "550-a 551 b"},
	    {"5.1.0 - Unknown address error 550-'5.1.1 <a@b>... it's unknown' (delivery attempts: "
	     "0)",
	        "550 5.1.1 <a@b>... it's unknown"},
	    {"554 4.4.7 Message expired.<421 4.4.2 timed out>", "421 4.4.2 timed out"},
	    {"550 <5 of us>", "550 <5 of us>"}};
	struct arena *arena = arena_new();

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct slice out = reply_inner(reply_unjoin(slice_of(table[i][0]), arena), arena);

		cr_expect(
		    slice_same(out, table[i][1]), "%s: %.*s", table[i][0], (int)out.len, out.at);
	}
	arena_free(arena);
}

Test(pasted, quotation_marks)
{
	static const char *const table[][2] = {{"550 a", "550 a"}, {"550 a\"", "550 a"},
	    {"\"550 a\"", "550 a"}, {"550 \"a\"", "550 \"a\""}, {"550 \"a\" b\"", "550 \"a\" b"},
	    {"550 a\".", "550 a"}, {"550 a\")", "550 a"}, {"550 (\"a\").", "550 (\"a\")."},
	    {"550 a'", "550 a"}, {"550 it's full'", "550 it's full"},
	    {"550 it's full", "550 it's full"}, {"550 it's 'full'", "550 it's 'full'"},
	    {"`550 a`", "550 a"}, {"550 a\xe2\x80\x9d", "550 a"},
	    {"\xe2\x80\x9c"
	     "550 a\xe2\x80\x9d",
	        "550 a"},
	    {"550 a \xe2\x80\x9cx\xe2\x80\x9d", "550 a \xe2\x80\x9cx\xe2\x80\x9d"},
	    {"550 a \xe2\x80\x9cx\xe2\x80\x9d b\xe2\x80\x9d", "550 a \xe2\x80\x9cx\xe2\x80\x9d b"},
	    {"550 user\xe2\x80\x99s box\xe2\x80\x99", "550 user\xe2\x80\x99s box"},
	    {"550 a\xc2\xbb.", "550 a"}, {"550 a\xc2\xab", "550 a"}, {"550 \"a", "550 \"a"},
	    {"\"", "\""}, {"", ""}, {"'x' \"y\"", "'x' \"y\""},
	    {"\"x\" and \"y\"", "\"x\" and \"y\""}};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct slice out = reply_bare(slice_of(table[i][0]));

		cr_expect(
		    slice_same(out, table[i][1]), "%s: %.*s", table[i][0], (int)out.len, out.at);
	}
}

Test(redact, table)
{
	static const char *const table[][2] = {{"no address", "no address"},
	    {"<joe.doe+x@a.example>: no", "<redacted@a.example>: no"},
	    {"a@b.example c@d.example", "redacted@b.example redacted@d.example"},
	    {"\"joe doe\"@a.example", "redacted@a.example"}, {"@ x@", "@ x@"}};
	struct arena *arena = arena_new();

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct slice out = redact(slice_of(table[i][0]), arena);

		cr_expect(
		    slice_same(out, table[i][1]), "%s: %.*s", table[i][0], (int)out.len, out.at);
	}
	arena_free(arena);
}

static void
take_none(const struct refusal *refusal, void *arg)
{
	(void)refusal;
	(void)arg;
}

/* Whatever its lines look like, a text takes room by its length. */
Test(pasted, takes_room_by_length)
{
	static const char line[] = "lorem ipsum 550 host said dolor\n";
	struct arena *arena = arena_new();
	struct buf text;

	buf_init(&text, SIZE_MAX);
	while (text.len < 60000)
		buf_puts(&text, line);
	pasted_read((struct slice){text.data, text.len}, 1, arena, take_none, NULL);
	cr_expect_lt(arena_size(arena), 64 * text.len);
	buf_release(&text);
	arena_free(arena);
}

/* Every example of data/verdicts.conf is read by its own rule. */
Test(verdicts, examples)
{
	struct rules *rules = rules_verdicts(NULL);
	struct arena *arena = arena_new();

	for (size_t i = 0; i < rules_count(rules); i++) {
		struct rule_view rule = rules_at(rules, i, arena);

		for (size_t k = 0; k < rule.example_count; k++) {
			const struct said said = {.text = rule.examples[k],
			    .len = strlen(rule.examples[k]),
			    .stage = STAGE_NONE};
			struct reading reading;

			rules_read(rules, &said, arena, &reading);
			cr_expect(reading.rule != NULL && strcmp(reading.rule, rule.id) == 0,
			    "%s: %s is read by %s", rule.id, rule.examples[k], reading.rule);
		}
	}
	arena_free(arena);
	rules_free(rules);
}
