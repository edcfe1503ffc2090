/* The line that says where a run stands: what it says, never over 100 columns; the rate and the
 * time left. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/buf.h"
#include "campaign/pulse.h"
#include "report/progress.h"

enum { COLUMNS = 100 };

static const struct {
	unsigned long total, accepted, refused, deferred, skipped;
	unsigned running;
	double rate;
	int64_t left_ms, slowest_ms, held_ms;
	size_t held, later;
	const char *site, *line;
} cases[] = {
    {.running = 1, .left_ms = -1, .line = "0, 1 under way, 0.0/s"},
    {.total = 3,
        .accepted = 2,
        .running = 1,
        .rate = 1.53,
        .left_ms = 654,
        .line = "2/3 66%, 2 accepted, 1 under way, 1.5/s, 1s left"},
    {.total = 1000000,
        .accepted = 371456,
        .refused = 8123,
        .deferred = 2250,
        .skipped = 31000,
        .running = 812,
        .rate = 96.4,
        .left_ms = 6120000,
        .line = "412829/1000000 41%, 371k accepted, 8.1k refused, 2.2k deferred, "
                "31.0k undetermined, 812 under way,"},
    {.total = 5000,
        .accepted = 999,
        .refused = 1,
        .running = 5,
        .rate = 30,
        .left_ms = 24000000,
        .slowest_ms = 24000000,
        .site = "outlook.com",
        .line = "1000/5000 20%, 999 accepted, 1 refused, 5 under way, 30/s, 6h40m left for "
                "outlook.com"},
    {.total = 5000,
        .accepted = 5000,
        .rate = 30,
        .held = 3,
        .held_ms = 240000,
        .site = "gmx.net",
        .line =
            "5000/5000 100%, 5.0k accepted, 0 under way, 30/s, 0s left, 3 backed off (gmx.net 4m, "
            "gmx.net 4m)"},
    {.total = 100,
        .accepted = 98,
        .left_ms = -1,
        .later = 2,
        .line = "98/100 98%, 98 accepted, 0 under way, 0.0/s, 2 again in 4m"},
    {.total = 400,
        .accepted = 102,
        .running = 34,
        .rate = 68,
        .left_ms = 120000,
        .slowest_ms = 120000,
        .held = 6,
        .held_ms = 60000,
        .later = 1,
        .site = "a-rather-long-name-of-site-4.example",
        .line = "102/400 25%, 102 accepted, 34 under way, 68/s, 2m left, 1 again in 4m, 6 backed "
                "off"},
    {.accepted = 99999,
        .running = 20000,
        .rate = 1234,
        .left_ms = 200LL * 3600 * 1000,
        .held = 12,
        .held_ms = 59001,
        .site = "a-rather-long-name-of-a-site-that-nobody-would-type.example",
        .line = "99999, 100k accepted, 20000 under way, 1234/s, 8d8h left, 12 backed off"},
};

Test(progress, lines)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct tally tally;
		struct run_progress progress = {.total = cases[i].total,
		    .running = cases[i].running,
		    .rate = cases[i].rate,
		    .left_ms = cases[i].left_ms,
		    .slowest = {cases[i].slowest_ms > 0 ? cases[i].site : NULL,
		        cases[i].slowest_ms},
		    .held_count = cases[i].held,
		    .later_count = cases[i].later,
		    .later_ms = 240000};
		struct buf line;

		tally_init(&tally, 1);
		tally.status[WALK_ACCEPTED] = cases[i].accepted;
		tally.status[WALK_REFUSED] = cases[i].refused;
		tally.status[WALK_DEFERRED] = cases[i].deferred;
		tally.status[WALK_SKIPPED] = cases[i].skipped;
		tally.targets =
		    cases[i].accepted + cases[i].refused + cases[i].deferred + cases[i].skipped;
		for (size_t k = 0; k < RUN_HELD; k++)
			progress.held[k] = (struct run_site){cases[i].site, cases[i].held_ms};
		buf_init(&line, 4096);
		progress_line(&line, &progress, &tally);
		cr_expect_leq(line.len, COLUMNS, "%zu: %s", line.len, line.data);
		cr_expect_eq(
		    strncmp(line.data, cases[i].line, strlen(cases[i].line)), 0, "%s", line.data);
		buf_release(&line);
		tally_release(&tally);
	}
}

Test(pulse, rate_and_time_left)
{
	struct pulse pulse;
	struct run_progress progress = {.total = 1000};

	pulse_begin(&pulse, 5000, 100); /* of an earlier run */
	pulse_measure(&pulse, 5000, 100, &progress);
	cr_expect_eq(progress.left_ms, -1, "nothing is known yet");
	pulse_measure(&pulse, 15000, 200, &progress);
	cr_expect_float_eq(progress.rate, 10, 0.01);
	cr_expect_eq(progress.left_ms, 80000);
	cr_expect_eq(progress.ms, 10000);
	progress.slowest = (struct run_site){"slow.example", 500000};
	pulse_measure(&pulse, 15000, 200, &progress);
	cr_expect_eq(progress.left_ms, 500000, "the slowest site is the end");
	progress.slowest.name = NULL;
	for (int64_t now = 15000; now <= 205000; now += 500)
		pulse_measure(&pulse, now, 200, &progress);
	cr_expect_float_eq(progress.rate, 0, 0.01, "the rate is that of the last minute");
	cr_expect_eq(progress.left_ms, -1);
	progress.slowest = (struct run_site){"slow.example", 500000};
	pulse_measure(&pulse, 205000, 200, &progress);
	cr_expect_eq(progress.left_ms, 500000, "nothing comes in, and it is known for how long");
	pulse_measure(&pulse, 206000, 1000, &progress);
	cr_expect_eq(progress.left_ms, 0);
	progress.total = 0;
	pulse_measure(&pulse, 207000, 1000, &progress);
	cr_expect_eq(progress.left_ms, -1, "of a pipe the end is not known");
}

Test(pulse, when)
{
	struct pulse pulse;

	pulse_begin(&pulse, 1000, 0);
	cr_expect(pulse_status_is_due(&pulse, 1000), "at once");
	cr_expect_not(pulse_status_is_due(&pulse, 1500));
	cr_expect(pulse_status_is_due(&pulse, 2000));
	cr_expect_not(pulse_line_is_due(&pulse, 60000));
	cr_expect(pulse_line_is_due(&pulse, 61000));
	cr_expect_not(pulse_line_is_due(&pulse, 120000));
	cr_expect(pulse_line_is_due(&pulse, 121000));
}
