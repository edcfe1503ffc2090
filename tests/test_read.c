/* Records read back: whole files, torn ones, foreign ones, in pieces of any size. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "report/ndjson.h"
#include "report/read.h"

static const char result[] =
    "{\"type\":\"result\",\"schema\":1,\"target\":\"example.com\",\"domain\":\"example.com\","
    "\"rcpt\":null,\"source\":\"192.0.2.1\",\"sender\":{\"ip\":\"192.0.2.1\",\"helo\":\"a."
    "example\","
    "\"from\":\"\"},\"route\":{\"kind\":\"mx\",\"canonical\":\"example.com\",\"authentic\":true,"
    "\"hosts\":[{\"mx\":\"mx.example.com\",\"preference\":10,\"addresses\":[\"192.0.2.25\","
    "\"2001:db8::1\"],\"alias\":false}]},\"status\":\"refused\",\"stage\":\"greeting\",\"reply\":{"
    "\"code\":554,\"enhanced\":\"5.7.1\",\"lines\":[\"554 5.7.1 no\\u0000w\"],\"text\":\"5.7.1 no "
    "w\",\"flags\":[\"control-bytes\"]},\"diagnosis\":{\"cause\":\"ip-blocklist\",\"basis\":"
    "\"stated\",\"rule\":\"r\",\"list\":\"zen.spamhaus.org\",\"listed\":null,\"provider\":null,"
    "\"who\":\"sender\",\"advice\":\"ask\",\"url\":null,\"evidence\":[\"e\"],\"also\":[{\"cause\":"
    "\"policy\",\"rule\":null}]},\"attempts\":[],\"untried\":2,\"started\":"
    "\"2026-11-24T03:44:51.123Z\",\"ms\":15}";
static const char summary[] =
    "{\"type\":\"summary\",\"schema\":1,\"targets\":3,\"bad_input\":1,\"status\":{\"accepted\":2,"
    "\"refused\":1},\"asked\":{\"ehlo\":1,\"rcpt\":1},\"cause\":{\"spf\":1},\"list\":{},\"mx_"
    "site\":{\"example.com\":3},"
    "\"interrupted\":true,\"under_way\":4,\"not_begun\":5,\"ms\":10}";

static struct record last;
static struct buf again;

static void
taken(const struct record *record, void *arg)
{
	(void)arg;
	last = *record;
	record_again(&again, record);
}

static struct records_read
read_pieces(const char *bytes, size_t len, size_t piece)
{
	struct records *records = records_new(taken, NULL);
	struct records_read read;

	buf_clear(&again);
	while (len > 0) {
		size_t n = len < piece ? len : piece;
		char *exact = malloc(n);

		memcpy(exact, bytes, n);
		records_feed(records, exact, n);
		free(exact);
		bytes += n;
		len -= n;
	}
	read = *records_end(records);
	records_free(records);
	return read;
}

static void
set_up(void)
{
	buf_init(&again, 1 << 22);
}

static void
tear_down(void)
{
	buf_release(&again);
}

TestSuite(read, .init = set_up, .fini = tear_down);

static void
look(const struct record *record, void *arg)
{
	const struct journey *j = &record->result;

	(void)arg;
	cr_assert_eq(record->type, RECORD_RESULT);
	cr_expect_str_eq(j->target.text, "example.com");
	cr_expect_null(j->target.rcpt);
	cr_expect_eq(j->status, WALK_REFUSED);
	cr_expect_eq(j->stage, STAGE_GREETING);
	cr_expect_eq(j->started, 1795491891123);
	cr_expect_eq(j->ms, 15);
	cr_expect_eq(j->untried, 2);
	cr_expect_eq(j->source.family, 4);
	cr_expect_not(j->fixed);
	cr_expect_eq(j->route.kind, ROUTE_MX);
	cr_assert_eq(j->route.host_count, 1);
	cr_expect_eq(j->route.hosts[0].address_count, 2);
	cr_expect_eq(j->route.hosts[0].addresses[1].family, 6);
	cr_assert(j->diagnosed);
	cr_expect_eq(j->diagnosis.cause, CAUSE_IP_BLOCKLIST);
	cr_expect_eq(j->diagnosis.basis, BASIS_STATED);
	cr_expect_eq(j->diagnosis.who, WHO_SENDER);
	cr_expect_str_eq(j->diagnosis.list, "zen.spamhaus.org");
	cr_expect_eq(j->diagnosis.also_count, 1);
	cr_expect_eq(j->diagnosis.also[0].cause, CAUSE_POLICY);
	cr_expect_str_eq(record_word(record, "status"), "refused");
	cr_expect_null(record_word(record, "rcpt"));
	cr_expect_eq(record_number(record, "untried", -1), 2);
	cr_expect_eq(record_number(record, "no such", -1), -1);
}

Test(read, a_result_is_a_journey)
{
	struct records *records = records_new(look, NULL);

	records_feed(records, result, sizeof result - 1);
	cr_expect_eq(records_end(records)->records, 1);
	records_free(records);
}

Test(read, a_summary_counts)
{
	read_pieces(summary, sizeof summary - 1, 1000);
	cr_assert_eq(last.type, RECORD_SUMMARY);
	cr_expect_eq(last.summary.targets, 3);
	cr_expect_eq(last.summary.status[WALK_ACCEPTED], 2);
	cr_expect_eq(last.summary.status[WALK_DROPPED], 0);
	cr_expect_eq(last.summary.cause[CAUSE_SPF], 1);
	cr_expect_eq(last.summary.asked[STAGE_EHLO], 1);
	cr_expect_eq(last.summary.asked[STAGE_HELO], 0);
	cr_expect_eq(last.summary.asked[STAGE_RCPT], 1);
	cr_expect(last.summary.end.interrupted);
	cr_expect_eq(last.summary.end.under_way, 4);
	cr_expect_eq(last.summary.end.not_begun, 5);
	cr_expect_eq(last.summary.end.bad_input, 1);
}

Test(read, in_pieces_of_any_size_and_torn_anywhere)
{
	char text[3000], words[400];
	size_t len = (size_t)snprintf(text, sizeof text, "%s\n%s\n", result, summary);
	size_t whole = sizeof summary + sizeof result;
	struct buf out;

	for (size_t piece = 1; piece < 200; piece++) {
		struct records_read read = read_pieces(text, len, piece);

		cr_assert_eq(read.records, 2);
		cr_assert_eq(read.good, whole);
		cr_assert_not(read.torn);
		cr_assert_eq(read.foreign + read.unknown + read.later + read.too_long, 0);
	}
	for (size_t cut = 0; cut <= len; cut++) {
		struct records_read read = read_pieces(text, cut, 4096);
		bool line_end = cut == 0 || cut == sizeof result || cut == len,
		     complete = line_end || cut == sizeof result - 1 || cut == len - 1;

		cr_assert_eq(read.torn, !complete, "cut at %zu", cut);
		cr_assert_eq(
		    read.records, (cut >= sizeof result - 1) + (cut >= len - 1), "%zu", cut);
		cr_assert_leq(read.good, cut);
		cr_assert(read.good == 0 || read.good >= sizeof result - 1);
	}
	buf_init(&out, sizeof words);
	records_words(&out, &(struct records_read){.torn = true, .foreign = 2, .later = 1});
	cr_expect_str_eq(out.data,
	    "2 lines of another program or cut off, passed over; 1 line of a later version, of "
	    "which what is known here was taken; the last line is torn off, passed over");
	buf_clear(&out);
	records_words(&out, &(struct records_read){.records = 7});
	cr_expect_str_empty(out.data);
	buf_release(&out);
}

Test(read, counts_what_is_not_ours)
{
	static const struct {
		const char *line;
		struct records_read read;
	} cases[] = {
	    {"", {.empty = 0}},
	    {"\r\n", {.empty = 1}},
	    {"no JSON\n", {.foreign = 1}},
	    {"{\"type\":\"result\",\"schema\":1\n", {.foreign = 1}},
	    {"[1,2]\n", {.foreign = 1}},
	    {"7\n", {.foreign = 1}},
	    {"\"result\"\n", {.foreign = 1}},
	    {"{}\n", {.foreign = 1}},
	    {"{\"type\":\"result\"}\n", {.foreign = 1}},
	    {"{\"type\":7,\"schema\":1}\n", {.foreign = 1}},
	    {"{\"type\":\"result\",\"schema\":\"1\"}\n", {.foreign = 1}},
	    {"{\"type\":\"result\",\"schema\":0}\n", {.foreign = 1}},
	    {"{\"type\":\"novelty\",\"schema\":1}\n", {.unknown = 1}},
	    {"{\"type\":\"result\",\"schema\":1}\n", {.records = 1}},
	    {"{\"type\":\"result\",\"schema\":2,\"new\":{}}\n", {.records = 1, .later = 1}},
	    {"{\"type\":\"result\",\"schema\":1,\"cut\":true}\r\n", {.records = 1}},
	    {"{\"type\":\"result\",\"schema\":1,\"status\":7,\"stage\":[],\"attempts\":{},"
	     "\"route\":"
	     "[],\"reply\":\"x\",\"diagnosis\":[7],\"started\":\"yesterday\",\"ms\":-1,\"untried\":"
	     "1.5,\"target\":null}\n",
	        {.records = 1}},
	    {"{\"type\":\"result\",\"schema\":1,\"attempts\":[7,null,{\"transcript\":[0,{\"lines\":"
	     "[0]}],\"tls\":7,\"greeting\":{\"flags\":[7,\"new\"],\"lines\":7}}],\"route\":{"
	     "\"kind\":"
	     "\"new\",\"hosts\":[7,{\"addresses\":[7,\"x\"]}]},\"status\":\"novel\"}\n",
	        {.records = 1}},
	    {"{\"type\":\"run\",\"schema\":1,\"options\":[7],\"nameservers\":{}}\n",
	        {.records = 1}},
	    {"\xff\xfe{\n", {.foreign = 1}},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct records_read *want = &cases[i].read;
		struct records_read read = read_pieces(cases[i].line, strlen(cases[i].line), 4096);

		cr_expect_eq(read.records, want->records, "case %zu", i);
		cr_expect_eq(read.empty, want->empty, "case %zu", i);
		cr_expect_eq(read.foreign, want->foreign, "case %zu", i);
		cr_expect_eq(read.unknown, want->unknown, "case %zu", i);
		cr_expect_eq(read.later, want->later, "case %zu", i);
		cr_expect_not(read.torn, "case %zu", i);
		cr_expect_eq(read.good, strlen(cases[i].line), "case %zu", i);
	}
}

Test(read, passes_over_lines_without_end)
{
	struct records *records = records_new(taken, NULL);
	static char piece[65536];
	struct records_read read;

	memset(piece, 'x', sizeof piece);
	for (unsigned i = 0; i < 200; i++)
		records_feed(records, piece, sizeof piece);
	records_feed(records, "\n", 1);
	records_feed(records, result, sizeof result - 1);
	records_feed(records, "\n", 1);
	read = *records_end(records);
	cr_expect_eq(read.too_long, 1);
	cr_expect_eq(read.records, 1);
	cr_expect_not(read.torn);
	records_free(records);
}

Test(read, a_value_written_again_is_the_same_line)
{
	char text[3000];
	size_t len = (size_t)snprintf(text, sizeof text, "%s\n%s\n", result, summary);

	/* The reply belongs to an attempt; here is none, so that it is not written. */
	read_pieces(text, len, 4096);
	cr_expect_not_null(strstr(again.data, summary), "%s", again.data);
	cr_expect_not_null(strstr(again.data, "\"reply\":null"), "%s", again.data);
}

Test(read, survives_what_is_mutilated)
{
	char text[3000];
	size_t len = sizeof result;

	srand(7);
	for (unsigned round = 0; round < 20000; round++) {
		memcpy(text, result, sizeof result);
		text[len - 1] = '\n';
		for (unsigned k = 0; k < 1 + round % 4; k++)
			text[(size_t)rand() % len] = "\"{}[]:,0x\\\n\0"[rand() % 12];
		read_pieces(text, len, 4096);
	}
}
