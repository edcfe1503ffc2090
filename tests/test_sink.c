/* Where results go: each format says what it has to say, counts and exit statuses are the same for
 * all, and what cannot be written is noticed. */
#include <criterion/criterion.h>
#include <string.h>

#include "exit_status.h"
#include "report/sink.h"

static struct buf written;
static bool full_disk;
static char shown[400];

static bool
take(struct buf *bytes, void *arg)
{
	(void)arg;
	if (full_disk)
		return false;
	buf_add(&written, bytes->data, bytes->len);
	return true;
}

static void
show(const char *line)
{
	strncpy(shown, line, sizeof shown - 1);
}

static struct attempt at_mx[] = {{.mx = "mx1.example.co.uk"}, {.mx = "mx.other.co.uk"}};

static struct journey
result(enum walk_status status, size_t mx)
{
	return (struct journey){.target = {.text = "example.com", .domain = "example.com"},
	    .fixed = true,
	    .status = status,
	    .site = mx == 0 ? "example.co.uk" : "other.co.uk",
	    .decisive = &at_mx[mx]};
}

static int
run_of(const struct sink_format *format, const struct sink_plan *plan,
    const enum walk_status *statuses, size_t count, const struct run_end *end)
{
	struct sink sink;
	int status;

	buf_init(&written, 1 << 20);
	sink_init(&sink, format, plan);
	sink_begin(&sink, &(struct run_facts){.version = "0"});
	for (size_t i = 0; i < count; i++) {
		struct journey journey = result(statuses[i], i % 2);

		sink_result(&sink, &journey);
	}
	status = sink_finish(&sink, end);
	cr_expect_eq(sink.failed, full_disk);
	sink_release(&sink);
	return status;
}

Test(tally, knows_the_exit_status)
{
	static const struct {
		enum walk_status statuses[3];
		size_t count;
		struct run_end end;
		int status, nagios;
	} cases[] = {
	    {{WALK_ACCEPTED, WALK_ACCEPTED}, 2, {0}, EXIT_OK, NAGIOS_OK},
	    {{WALK_ACCEPTED, WALK_REFUSED, WALK_DEFERRED}, 3, {0}, EXIT_REFUSED, NAGIOS_CRITICAL},
	    {{WALK_DROPPED, WALK_DEFERRED}, 2, {0}, EXIT_DEFERRED, NAGIOS_WARNING},
	    {{WALK_ACCEPTED, WALK_UNREACHABLE}, 2, {0}, EXIT_UNDETERMINED, NAGIOS_UNKNOWN},
	    {{WALK_ACCEPTED}, 1, {.bad_input = 1}, EXIT_DATA, NAGIOS_OK},
	    {{WALK_ACCEPTED}, 1, {.input_failed = true}, EXIT_DATA, NAGIOS_OK},
	    {{WALK_REFUSED}, 1, {.bad_input = 1}, EXIT_REFUSED, NAGIOS_CRITICAL},
	    {{WALK_REFUSED}, 1, {.interrupted = true}, EXIT_INTERRUPTED, NAGIOS_CRITICAL},
	    {{0}, 0, {0}, EXIT_OK, NAGIOS_UNKNOWN},
	};
	struct sink_plan plan = {.write = take};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		cr_expect_eq(
		    run_of(&text_format, &plan, cases[i].statuses, cases[i].count, &cases[i].end),
		    cases[i].status, "case %zu, text", i);
		cr_expect_eq(
		    run_of(&ndjson_format, &plan, cases[i].statuses, cases[i].count, &cases[i].end),
		    cases[i].status, "case %zu, NDJSON", i);
		cr_expect_eq(
		    run_of(&nagios_format, &plan, cases[i].statuses, cases[i].count, &cases[i].end),
		    cases[i].nagios, "case %zu, nagios", i);
	}
}

Test(sink, notices_what_cannot_be_written)
{
	static const struct sink_format *const formats[] = {
	    &text_format, &ndjson_format, &nagios_format};
	struct sink_plan plan = {.write = take};

	full_disk = true;
	for (size_t i = 0; i < 3; i++)
		cr_expect_eq(run_of(formats[i], &plan, (enum walk_status[]){WALK_ACCEPTED}, 1,
		                 &(struct run_end){0}),
		    EXIT_WRITE, "format %zu", i);
}

Test(sink, each_format_has_its_frame)
{
	static const enum walk_status two[] = {WALK_ACCEPTED, WALK_REFUSED};
	struct sink_plan plan = {.write = take};
	struct run_end end = {.ms = 1500, .interrupted = true, .under_way = 3, .not_begun = 17};

	run_of(&ndjson_format, &plan, two, 2, &end);
	cr_expect_eq(strncmp(written.data, "{\"type\":\"run\",", 14), 0, "%s", written.data);
	cr_expect_not_null(
	    strstr(written.data, "\"mx_site\":{\"example.co.uk\":1,\"other.co.uk\":1}"), "%s",
	    written.data);
	cr_expect_not_null(strstr(
	    written.data, "\"interrupted\":true,\"under_way\":3,\"not_begun\":17,\"ms\":1500}\n"));
	run_of(&text_format, &plan, two, 2, &end);
	cr_expect_not_null(strstr(written.data, "\n2 targets: 1 accepted, 1 refused; interrupted: "
	                                        "3 under way, 17 not begun\n"),
	    "%s", written.data);
	plan.quiet = true;
	run_of(&text_format, &plan, two, 2, &end);
	cr_expect_null(strstr(written.data, "2 targets"));
	run_of(&nagios_format, &plan, two, 2, &end);
	cr_expect_eq(strncmp(written.data,
	                 "MXWALK CRITICAL - 1 accepted, 1 refused, 0 deferred, 0 undetermined | "
	                 "time=1.500s;;;0 accepted=1;;;0;2 refused=1;;0;0;2 "
	                 "deferred=0;0;;0;2 undetermined=0;;;0;2\n",
	                 152),
	    0, "%s", written.data);
}

Test(sink, progress_is_shown_when_it_is_wanted)
{
	struct sink_plan plan = {.write = take};
	struct run_progress progress = {
	    .total = 10, .running = 2, .ms = 2000, .rate = .5, .left_ms = 18000};
	struct journey journey = result(WALK_REFUSED, 0);
	struct sink sink;

	buf_init(&written, 1 << 20);
	sink_init(&sink, &text_format, &plan);
	sink_progress(&sink, &progress);
	cr_expect_str_empty(shown);
	plan.show = show;
	sink_result(&sink, &journey);
	sink_progress(&sink, &progress);
	cr_expect_str_eq(shown, "1/10 10%, 1 refused, 2 under way, 0.5/s, 18s left");
	sink_release(&sink);
	sink_init(&sink, &text_format, &plan);
	progress = (struct run_progress){.total = 1, .target = "ex\x1b.com", .walk_ms = 2100};
	sink_progress(&sink, &progress);
	cr_expect_str_eq(shown, "ex\\x1b.com: asking the DNS, 2 s");
	progress.mx = "mx.example.com";
	progress.port = 25;
	progress.stage = STAGE_GREETING;
	ip_parse(&progress.ip, "192.0.2.25");
	sink_progress(&sink, &progress);
	cr_expect_str_eq(shown, "ex\\x1b.com: mx.example.com [192.0.2.25]:25, greeting, 2 s");
	sink_release(&sink);
}
