/* What a walk comes to is told of every line that asks the same, whether it stands before or behind
 * the walk's end. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "campaign/served.h"
#include "report/ndjson.h"
#include "report/text_result.h"

enum { LONG = 3000 };

static char long_line[LONG + 1] = "550 ";
static struct reply_line few_lines[] = {{"550-5.7.1 no\0thing", 18}, {"550 5.7.1 of you", 16}},
                         many_lines[] = {{long_line, LONG}, {long_line, LONG}};
static const char *evidence[] = {"192.0.2.1 is listed in zen.spamhaus.org"};
static struct also also[] = {{.cause = CAUSE_IP_REPUTATION, .rule = "rival"}};
static struct attempt refused = {.mx = "mx.a.example",
    .ip = {.family = 4, .bytes = {192, 0, 2, 9}},
    .source = {.family = 4, .bytes = {192, 0, 2, 1}},
    .status = WALK_REFUSED,
    .stage = STAGE_MAIL,
    .reply = {.code = 550,
        .enhanced = "5.7.1",
        .lines = few_lines,
        .count = 2,
        .text = "5.7.1 no thing\n5.7.1 of you"}};
static struct attempt accepted = {.mx = "mx.b.example",
    .status = WALK_ACCEPTED,
    .stage = STAGE_EHLO_TLS,
    .greeting = {.code = 220, .lines = few_lines, .count = 1, .text = ""},
    .reply = {.code = 250, .lines = few_lines, .count = 1, .text = "5.7.1 no thing"},
    .tls_done = true,
    .tls = &(const struct tls_facts){.version = "TLSv1.3"}};
static const struct {
	const char *name;
	struct journey journey;
} cases[] = {
    {"refused", {.target = {.text = "a.example", .domain = "a.example"},
                    .helo = "me.example",
                    .from = "a@me.example",
                    .started = 1795491891123,
                    .ms = 15,
                    .status = WALK_REFUSED,
                    .stage = STAGE_MAIL,
                    .asked = STAGE_MAIL,
                    .decisive = &refused,
                    .diagnosed = true,
                    .diagnosis = {.cause = CAUSE_IP_BLOCKLIST,
                        .basis = BASIS_CONFIRMED,
                        .rule = "spamhaus",
                        .list = "zen.spamhaus.org",
                        .listed = "192.0.2.1",
                        .who = WHO_SENDER,
                        .advice = "Ask for removal.",
                        .url = "https://check.spamhaus.org/",
                        .evidence = evidence,
                        .evidence_count = 1,
                        .also = also,
                        .also_count = 1}}},
    {"accepted, another one refuses",
        {.target = {.text = "a.example", .domain = "a.example"},
            .status = WALK_ACCEPTED,
            .stage = STAGE_EHLO_TLS,
            .asked = STAGE_EHLO_TLS,
            .decisive = &accepted,
            .refusal = &refused,
            .refusal_diagnosis = &(struct diagnosis){.cause = CAUSE_UNKNOWN, .advice = "Ask."}}},
    {"undeliverable", {.target = {.text = "a.example", .domain = "a.example"},
                          .status = WALK_UNDELIVERABLE,
                          .note = "a.example does not exist",
                          .remedy = {.id = "nxdomain",
                              .what = "It bounces.",
                              .who = WHO_SENDER,
                              .advice = "Look for a slip."}}},
    {"nothing known of the sender, excused",
        {.target = {.text = "a.example", .domain = "a.example"},
            .source = {.family = 6, .bytes = {1}},
            .status = WALK_SKIPPED,
            .excused = true,
            .uncertain = true}},
};

static struct buf told;
static unsigned long excused;

/* As record and as verdict, which together say all. */
static void
say(struct buf *out, const struct journey *journey)
{
	record_result(out, journey);
	text_result(out, &(struct text_style){0}, journey);
}

static void
on_told(const struct journey *journey, void *arg)
{
	cr_expect_eq(arg, (void *)&told);
	say(&told, journey);
	excused += journey->excused;
}

static struct verdicts *verdicts;

static struct served *
start(void)
{
	verdicts = verdicts_new();
	buf_init(&told, 1 << 20);
	excused = 0;
	return served_new(verdicts, 1, on_told, &told);
}

Test(served, each_line_has_the_verdict_of_the_walk)
{
	const struct target line = {
	    .text = "A.example.", .domain = "a.example", .rcpt = "u@a.example", .walk = 3};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct served *served = start();
		struct journey walk = cases[i].journey, same = walk;
		struct buf wanted;

		walk.target.walk = 3;
		served_ask(served, &line);
		cr_expect_eq(served_waiting(served), 1);
		cr_expect_eq(told.len, 0, "nothing is known yet");
		served_know(served, &walk);
		cr_expect_eq(served_waiting(served), 0);
		served_ask(served, &line);
		same.target = line;
		same.target.served_by = "a.example";
		same.fixed = true;
		buf_init(&wanted, 1 << 20);
		say(&wanted, &same);
		say(&wanted, &same);
		cr_assert_not(wanted.full);
		cr_expect_str_eq(told.data, wanted.data, "%s: %s", cases[i].name, told.data);
		cr_expect_eq(excused, walk.excused ? 2 : 0);
		buf_release(&wanted);
		buf_release(&told);
		served_free(served);
		verdicts_free(verdicts);
	}
}

static size_t
count(const char *word)
{
	size_t n = 0;

	for (const char *at = told.data; told.len > 0 && (at = strstr(at, word)) != NULL; at++)
		n++;
	return n;
}

Test(served, walks_are_told_apart)
{
	struct served *served = start();
	struct journey walk = cases[0].journey;
	char text[16];

	for (unsigned long i = 0; i < 300; i++) {
		snprintf(text, sizeof text, "line%lu.", i);
		served_ask(served,
		    &(struct target){.text = text, .domain = "a.example", .walk = 1 + i % 3});
	}
	walk.target.walk = 2;
	served_know(served, &walk);
	cr_expect_eq(count("\"target\":\"line"), 100);
	cr_expect_eq(count("\"target\":\"line1.\""), 1);
	cr_expect_lt(strstr(told.data, "line1."), strstr(told.data, "line298."), "in their order");
	cr_expect_eq(served_waiting(served), 200);
	cr_expect_eq(served_drop(served, 1), 100);
	cr_expect_eq(served_drop(served, 1), 0);
	cr_expect_eq(served_drop(served, 5000), 0, "nobody waits for it");
	cr_expect_eq(served_waiting(served), 100);
	buf_release(&told);
	served_free(served);
	verdicts_free(verdicts); /* with what waits */
}

Test(served, a_long_reply_is_cut)
{
	struct served *served = start();
	struct journey walk = cases[0].journey;
	struct attempt wordy = refused;

	memset(long_line + 4, 'x', LONG - 4);
	wordy.reply.lines = many_lines;
	walk.decisive = &wordy;
	walk.target.walk = 1;
	served_know(served, &walk);
	served_ask(served, &(struct target){.text = "b.", .domain = "b", .walk = 1});
	cr_expect_not_null(strstr(told.data, "\"flags\":[\"cut\"]"), "%s", told.data);
	cr_expect_lt(told.len, 3 * SERVED_REPLY_MAX); /* as lines and as text */
	buf_release(&told);
	served_free(served);
	verdicts_free(verdicts);
}

/* Of what lies far back the status is known, and how far was asked; nothing is walked again. */
Test(served, what_lies_far_back)
{
	struct served *served = start();
	struct journey walk = cases[0].journey;

	for (unsigned long i = 1; i <= 2 * SERVED_KEPT; i++) {
		walk.target.walk = i;
		walk.excused = i == 1;
		served_know(served, &walk);
	}
	served_ask(
	    served, &(struct target){.text = "A.example.", .domain = "a.example", .walk = 1});
	cr_expect_eq(served_waiting(served), 0);
	cr_expect_not_null(strstr(told.data, "\"status\":\"refused\""), "%s", told.data);
	cr_expect_not_null(strstr(told.data, "\"asked\":\"mail\""), "%s", told.data);
	cr_expect_not_null(strstr(told.data, "\"served_by\":\"a.example\""), "%s", told.data);
	cr_expect_not_null(strstr(told.data, "\"reply\":null"), "%s", told.data);
	cr_expect_eq(excused, 1);
	buf_clear(&told);
	served_ask(served, &(struct target){.text = "b", .domain = "b", .walk = 2 * SERVED_KEPT});
	cr_expect_not_null(strstr(told.data, "zen.spamhaus.org"), "%s", told.data);
	verdicts_put(verdicts, 9 * SERVED_KEPT, &walk);
	buf_clear(&told);
	served_ask(served, &(struct target){.text = "c", .domain = "c", .walk = 9 * SERVED_KEPT});
	cr_expect_not_null(strstr(told.data, "\"status\":\"refused\""), "of an earlier run");
	buf_release(&told);
	served_free(served);
	verdicts_free(verdicts);
}
