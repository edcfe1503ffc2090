/* Journeys, and what is written of them: for programs and for people. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "report/ndjson.h"
#include "report/text.h"
#include "report/text_result.h"

/* ---- records and words */

static struct reply_line hostile[] = {{"554-caf\xe9 \x1b[2J", 13}, {"554 no\0w \xc2\x9b", 11}};
static struct transcript_entry entries[] = {
    {.stage = STAGE_GREETING,
        .reply = {.code = 554,
            .lines = hostile,
            .count = 2,
            .text = "caf\xe9 \x1b[2J\nno w",
            .flags = REPLY_NUL | REPLY_UNFINISHED},
        .ms = 12},
    {.stage = STAGE_QUIT, .sent = "QUIT", .ms = 3},
};
static const char *evidence[] = {"the list says: \x1b]0;owned\x07"};
static struct attempt attempt = {.mx = "mx.example.com",
    .preference = 10,
    .port = 25,
    .status = WALK_REFUSED,
    .stage = STAGE_GREETING,
    .transcript = {entries, 2}};

static struct journey
hostile_journey(void)
{
	struct journey journey = {.target = {.text = "example.com", .domain = "example.com"},
	    .started = 1795491891123,
	    .ms = 15,
	    .fixed = true,
	    .helo = "probe.example.org",
	    .from = "",
	    .attempts = &attempt,
	    .attempt_count = 1,
	    .status = WALK_REFUSED,
	    .stage = STAGE_GREETING,
	    .decisive = &attempt,
	    .diagnosed = true};

	ip_parse(&attempt.ip, "192.0.2.25");
	ip_parse(&attempt.source, "198.51.100.1");
	attempt.greeting = attempt.reply = entries[0].reply;
	journey.diagnosis = (struct diagnosis){.cause = CAUSE_IP_BLOCKLIST,
	    .basis = BASIS_STATED,
	    .rule = "r",
	    .list = "zen.spamhaus.org",
	    .who = WHO_SENDER,
	    .advice = "do \x1b this",
	    .evidence = evidence,
	    .evidence_count = 1};
	return journey;
}

Test(record, is_one_line_of_valid_json_whatever_the_bytes)
{
	struct journey journey = hostile_journey();
	json_error_t error;
	struct buf line;
	json_t *record, *a, *reply;

	buf_init(&line, RECORD_MAX);
	record_result(&line, &journey);
	cr_expect_eq(strcspn(line.data, "\n"), line.len - 1, "one line, and its end");
	record = json_loadb(line.data, line.len, JSON_ALLOW_NUL, &error);
	cr_assert_not_null(record, "%s at %d: %s", error.text, error.position, line.data);
	cr_expect_str_eq(json_string_value(json_object_get(record, "type")), "result");
	cr_expect_str_eq(
	    json_string_value(json_object_get(record, "started")), "2026-11-24T03:44:51.123Z");
	reply = json_object_get(record, "reply");
	cr_expect_eq(json_integer_value(json_object_get(reply, "code")), 554);
	cr_expect_str_eq(json_string_value(json_array_get(json_object_get(reply, "lines"), 0)),
	    "554-caf\xc3\xa9 \x1b[2J", "a byte that is no UTF-8 is the code point of its value");
	cr_expect_eq(json_string_length(json_array_get(json_object_get(reply, "lines"), 1)), 11,
	    "NUL and all");
	cr_expect_eq(json_array_size(json_object_get(reply, "flags")), 2);
	a = json_array_get(json_object_get(record, "attempts"), 0);
	cr_expect_str_eq(json_string_value(json_object_get(a, "ip")), "192.0.2.25");
	cr_expect_eq(json_array_size(json_object_get(a, "transcript")), 2);
	cr_expect_str_eq(
	    json_string_value(json_object_get(json_object_get(record, "diagnosis"), "who")),
	    "sender");
	json_decref(record);
	buf_release(&line);
}

/* ---- more than fits */

static struct reply
flood_reply(struct arena *arena, int code, size_t lines, size_t each)
{
	struct reply reply = {.code = code, .count = lines, .text = "flood"};
	char *bytes = arena_alloc(arena, each + 1);

	memset(bytes, 1, each);
	reply.lines = arena_alloc(arena, lines * sizeof *reply.lines);
	for (size_t i = 0; i < lines; i++)
		reply.lines[i] = (struct reply_line){bytes, each};
	return reply;
}

static json_t *
record_of(const struct journey *journey, struct buf *line)
{
	json_t *record;

	buf_clear(line);
	buf_puts(line, "{}\n"); /* what is there already stays */
	record_result(line, journey);
	cr_assert_not(line->full);
	cr_assert_eq(strncmp(line->data, "{}\n", 3), 0);
	cr_assert_eq(strcspn(line->data + 3, "\n"), line->len - 4, "one line, and its end");
	record = json_loadb(line->data + 3, line->len - 3, JSON_ALLOW_NUL, NULL);
	cr_assert_not_null(record);
	return record;
}

Test(record, that_is_too_long_is_cut_and_says_so)
{
	static const struct {
		size_t attempts, lines, each;
		bool cut, transcripts, all;
	} cases[] = {
	    {1, 1, 100, false, true, true},
	    {20, 16, 4000, false, true, true}, /* what does not decide is cut to 4 KiB */
	    {300, 16, 4000, true, false, true},
	    {2000, 16, 4000, true, false, false},
	};
	struct arena *arena = arena_new();
	struct buf line;

	buf_init(&line, RECORD_MAX);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct journey journey = hostile_journey();
		struct reply reply = flood_reply(arena, 450, cases[i].lines, cases[i].each);
		struct transcript_entry flood[5] = {{.stage = STAGE_GREETING, .reply = reply},
		    {.stage = STAGE_EHLO, .sent = "EHLO x", .reply = reply},
		    {.stage = STAGE_MAIL, .sent = "MAIL", .reply = reply},
		    {.stage = STAGE_RCPT, .sent = "RCPT", .reply = reply},
		    {.stage = STAGE_QUIT, .sent = "QUIT", .reply = reply}};
		struct attempt *attempts = arena_alloc(arena, cases[i].attempts * sizeof *attempts);
		json_t *record, *a;

		for (size_t k = 0; k < cases[i].attempts; k++) {
			attempts[k] = attempt;
			attempts[k].greeting = attempts[k].reply = reply;
			attempts[k].transcript = (struct transcript){flood, 5};
		}
		journey.attempts = attempts;
		journey.attempt_count = cases[i].attempts;
		journey.decisive = &attempts[cases[i].attempts / 2];
		record = record_of(&journey, &line);
		cr_expect_eq(
		    json_is_true(json_object_get(record, "cut")), cases[i].cut, "case %zu", i);
		cr_expect_eq(
		    json_array_size(json_object_get(json_object_get(record, "reply"), "lines")),
		    cases[i].lines, "case %zu: what decided is whole", i);
		a = json_object_get(record, "attempts");
		cr_expect_eq(json_array_size(a), cases[i].all ? cases[i].attempts : 1,
		    "case %zu: %zu attempts", i, json_array_size(a));
		cr_expect_eq(json_object_get(json_array_get(a, 0), "transcript") != NULL,
		    cases[i].transcripts, "case %zu", i);
		cr_expect_eq(json_array_size(json_object_get(
		                 json_object_get(json_array_get(a, 0), "greeting"), "lines")),
		    cases[i].each == 100 ? 1 : 2, "case %zu", i);
		json_decref(record);
	}
	buf_release(&line);
	arena_free(arena);
}

Test(record, without_room_is_a_whole_line_all_the_same)
{
	struct journey journey = hostile_journey();
	struct buf line;

	for (size_t room = 0; room < 3000; room++) {
		buf_init(&line, room);
		record_result(&line, &journey);
		cr_assert(line.len == 0 || line.data[line.len - 1] == '\n');
		if (line.len > 0) {
			json_t *record = json_loadb(line.data, line.len, JSON_ALLOW_NUL, NULL);

			cr_assert_not_null(record, "%zu: %s", room, line.data);
			json_decref(record);
		}
		cr_assert(line.len > 0 || room < 40, "%zu", room);
		buf_release(&line);
	}
}

Test(text, lets_no_control_byte_through)
{
	struct journey journey = hostile_journey();
	struct text_style style = {.verbose = true, .width = 80};
	struct buf out;

	buf_init(&out, RECORD_MAX);
	text_result(&out, &style, &journey);
	for (size_t i = 0; i < out.len; i++)
		cr_assert(out.data[i] == '\n' || (unsigned char)out.data[i] >= 0x20,
		    "byte %02x at %zu: %s", (unsigned char)out.data[i], i, out.data);
	cr_expect_null(strstr(out.data, "\xc2\x9b"), "nor a C1 control in UTF-8");
	cr_expect_not_null(strstr(out.data, "\\x1b[2J"));
	cr_expect_not_null(strstr(out.data, "<** 554 no\\x00w"), "%s", out.data);
	buf_release(&out);
}

Test(text, opens_with_the_verdict)
{
	struct journey journey = hostile_journey();
	struct buf out;

	buf_init(&out, RECORD_MAX);
	text_result(&out, &(struct text_style){0}, &journey);
	cr_expect_eq(strncmp(out.data,
	                 "example.com: refused at greeting with 554: the client's address is on a "
	                 "blocklist (zen.spamhaus.org)\n",
	                 97),
	    0, "%s", out.data);
	buf_release(&out);
}

Test(text, wraps_between_words_only)
{
	struct text_style style = {.width = 40};
	struct buf out;

	buf_init(&out, 4096);
	text_field(&out, &style, "see",
	    "words that go on and on https://example.com/a/very/long/address/that/is/not/cut and "
	    "end");
	cr_expect_not_null(
	    strstr(out.data,
	        "\n             https://example.com/a/very/long/address/that/is/not/cut\n"),
	    "%s", out.data);
	buf_clear(&out);
	text_field(&out, &style, "see", NULL);
	cr_expect_eq(out.len, 0, "nothing is said of nothing");
	buf_release(&out);
}
