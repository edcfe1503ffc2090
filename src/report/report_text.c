/* A report in words for people: the summary of a run, made again. */
#include <string.h>

#include "base/arena.h"
#include "report/report.h"
#include "report/text_summary.h"

static void
say_when(struct buf *out, const struct report *report)
{
	char first[TEXT_TIME], latest[TEXT_TIME];

	if (report->run_total > 0)
		buf_printf(out, "%zu run%s", report->run_total, report->run_total == 1 ? "" : "s");
	if (report->first == 0 || report->plan->style.time == NULL)
		return;
	report->plan->style.time(report->first, first);
	report->plan->style.time(report->latest, latest);
	if (report->first == report->latest)
		buf_printf(out, ", begun at %s", first);
	else
		buf_printf(out, ", begun from %s to %s", first, latest);
}

static unsigned long
unfinished(const struct report *report)
{
	unsigned long n = 0;

	for (size_t i = 0; i < report->run_count; i++)
		n += !report->runs[i].ended || report->runs[i].interrupted;
	return n;
}

static void
say_runs(const struct report *report, struct buf *out)
{
	unsigned long torn = unfinished(report);
	size_t before = out->len;

	say_when(out, report);
	if (torn > 0)
		buf_printf(out, "; %lu of them not to %s end", torn, torn == 1 ? "its" : "their");
	if (report->replaced > 0)
		buf_printf(out, "%s%lu result%s replaced by a later one",
		    out->len > before ? "; " : "", report->replaced,
		    report->replaced == 1 ? "" : "s");
	if (out->len > before)
		buf_putc(out, '\n');
}

static void
say_sender(const struct report *report, struct buf *out, const struct report_sender *sender)
{
	struct buf line;

	buf_init(&line, TEXT_LINE);
	for (size_t i = 0; i < sender->finding_count; i++) {
		const struct report_finding *finding = &sender->findings[i];

		if (strcmp(finding->severity, "refuses") != 0 &&
		    strcmp(finding->severity, "warns") != 0)
			continue;
		buf_clear(&line);
		buf_printf(&line, "%s: %s", sender->ip, finding->what);
		text_field(out, &report->plan->style, finding->severity, line.data);
	}
	buf_release(&line);
}

static void
say_others(const struct report *report, struct buf *out)
{
	size_t judged = 0;

	for (size_t i = 0; i < report->sender_count; i++)
		judged += report->senders[i].finding_count > 0;
	if (judged > 0)
		buf_printf(out, "%zu sender%s judged\n", judged, judged == 1 ? "" : "s");
	for (size_t i = 0; i < report->sender_count; i++)
		say_sender(report, out, &report->senders[i]);
	if (report->check_count > 0)
		buf_printf(
		    out, "%zu check%s\n", report->check_count, report->check_count == 1 ? "" : "s");
	for (size_t i = 0; i < report->check_count; i++) {
		const struct report_check *check = &report->checks[i];

		buf_puts(out, "  ");
		text_cstring(out, check->check);
		buf_putc(out, ' ');
		text_cstring(out, check->subject);
		buf_puts(out, ": ");
		text_cstring(out, check->result);
		if (check->problem != NULL) {
			buf_puts(out, ": ");
			text_cstring(out, check->problem);
		}
		buf_putc(out, '\n');
	}
}

void
report_text_words(const struct report *report, struct buf *out)
{
	const struct run_end end = {0};

	say_runs(report, out);
	if (report->tally.targets + report->tally.explained > 0)
		text_summary(
		    out, &report->plan->style, &report->overview, &end, report->plan->remedies);
	say_others(report, out);
}

static void
finish(struct report *report)
{
	report_text_words(report, &report->out);
}

const struct report_format report_text = {.finish = finish};
