/* JUnit XML, as GitLab, Jenkins and others show it: a case each target, finding and check. */
#include <string.h>

#include "base/shown.h"
#include "report/report.h"
#include "report/report_senders.h"

/* XML takes no control characters at all, not even as references. */
static void
add(struct buf *out, struct slice text)
{
	char escape[SHOWN_ESCAPE];

	for (size_t n; text.len > 0; text = slice_from(text, n)) {
		n = shown_next(text.at, text.len, escape);
		switch (*text.at) {
		case '<':
			buf_puts(out, "&lt;");
			break;
		case '>':
			buf_puts(out, "&gt;");
			break;
		case '&':
			buf_puts(out, "&amp;");
			break;
		case '"':
			buf_puts(out, "&quot;");
			break;
		case '\n':
			buf_puts(out, "&#10;");
			break;
		default:
			if (escape[0] != '\0')
				buf_puts(out, escape);
			else
				buf_add(out, text.at, n);
		}
	}
}

static void
attribute(struct buf *out, const char *name, struct slice text)
{
	buf_printf(out, " %s=\"", name);
	add(out, text);
	buf_putc(out, '"');
}

enum case_verdict { PASSED, FAILED, ERROR, SKIPPED, VERDICT_COUNT };

/* What our own side could not find out is an error of the test, no failure of the target. */
static enum case_verdict
verdict_of(enum walk_status status)
{
	switch (status) {
	case WALK_ACCEPTED:
		return PASSED;
	case WALK_SKIPPED:
		return SKIPPED;
	case WALK_DNS_ERROR:
	case WALK_LOCAL:
		return ERROR;
	case WALK_REFUSED:
	case WALK_DEFERRED:
	case WALK_DROPPED:
	case WALK_BROKEN:
	case WALK_UNREACHABLE:
	case WALK_UNDELIVERABLE:
	case WALK_WITHHELD:
	case WALK_COUNT:
		break;
	}
	return FAILED;
}

/* What stands within a case that did not pass. */
static void
outcome(struct report *report, enum case_verdict verdict, struct slice type, struct slice message,
    struct slice text)
{
	static const char *const elements[] = {NULL, "failure", "error", "skipped"};
	struct buf *out = &report->out;

	if (verdict == PASSED) {
		buf_puts(out, "/>\n");
		return;
	}
	buf_printf(out, "><%s", elements[verdict]);
	if (verdict != SKIPPED)
		attribute(out, "type", type);
	attribute(out, "message", message);
	buf_putc(out, '>');
	add(out, text);
	buf_printf(out, "</%s></testcase>\n", elements[verdict]);
}

static void
put_row(struct report *report, const struct result_row *row)
{
	struct buf *out = &report->out, name, why;
	const char *status = walk_status_name(row->status);
	bool refused = row->status != WALK_ACCEPTED || row->explained;

	buf_init(&name, TEXT_LINE);
	buf_init(&why, TEXT_LINE);
	buf_add(&name, row->target.at, row->target.len);
	if (row->source.len > 0)
		buf_printf(&name, " from %.*s", (int)row->source.len, row->source.at);
	if (refused)
		buf_printf(&why, "%s: ", row->explained ? "refused" : status);
	report_reason(&why, row);
	buf_puts(out, "<testcase");
	attribute(out, "classname",
	    row->site.len > 0 ? row->site : slice_of(row->explained ? "explain" : "probe"));
	attribute(out, "name", (struct slice){name.data, name.len});
	buf_printf(out, " time=\"%.3f\"", (double)row->ms / 1000);
	outcome(report, row->explained ? FAILED : verdict_of(row->status),
	    slice_of(row->diagnosed ? cause_name(row->cause) : status),
	    (struct slice){why.data, why.len}, row->text);
	buf_release(&name);
	buf_release(&why);
}

static enum case_verdict
verdict_of_finding(const struct report_finding *finding)
{
	if (strcmp(finding->severity, "refuses") == 0)
		return FAILED;
	return strcmp(finding->severity, "unknown") == 0 ? ERROR : PASSED;
}

static void
put_finding(
    struct report *report, const struct report_sender *sender, const struct report_finding *finding)
{
	buf_puts(&report->out, "<testcase");
	attribute(&report->out, "classname", slice_of(sender->ip));
	attribute(&report->out, "name", slice_of(finding->id));
	buf_puts(&report->out, " time=\"0\"");
	outcome(report, verdict_of_finding(finding), slice_of(finding->topic),
	    slice_of(finding->what), slice_of(finding->advice));
}

/* A doubt is no failure. */
static enum case_verdict
verdict_of_check(const struct report_check *check)
{
	return check->status == WALK_DEFERRED ? PASSED : verdict_of(check->status);
}

static void
put_check(struct report *report, const struct report_check *check)
{
	enum case_verdict verdict = verdict_of_check(check);

	buf_puts(&report->out, "<testcase");
	attribute(&report->out, "classname", slice_of(check->check));
	attribute(&report->out, "name", slice_of(check->subject));
	buf_puts(&report->out, " time=\"0\"");
	outcome(report, verdict, slice_of(check->result), slice_of(check->result),
	    slice_of(check->problem));
}

/* Their numbers stand before the cases. */
static void
count(const struct report *report, unsigned long n[VERDICT_COUNT])
{
	for (enum walk_status s = 0; s < WALK_COUNT; s++)
		if (report->plan->only == 0 || (report->plan->only & 1u << s) != 0)
			n[verdict_of(s)] += report->coming[s];
	n[FAILED] += report->coming_explained;
	for (size_t i = 0; i < report->sender_count; i++)
		for (size_t k = 0; k < report->senders[i].finding_count; k++)
			n[verdict_of_finding(&report->senders[i].findings[k])]++;
	for (size_t i = 0; i < report->check_count; i++)
		n[verdict_of_check(&report->checks[i])]++;
}

static void
begin(struct report *report)
{
	unsigned long n[VERDICT_COUNT] = {0};

	count(report, n);
	buf_puts(&report->out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
	buf_printf(&report->out,
	    "<testsuite name=\"mxwalk\" tests=\"%lu\" failures=\"%lu\" errors=\"%lu\" "
	    "skipped=\"%lu\">\n",
	    n[PASSED] + n[FAILED] + n[ERROR] + n[SKIPPED], n[FAILED], n[ERROR], n[SKIPPED]);
}

static void
finish(struct report *report)
{
	for (size_t i = 0; i < report->sender_count; i++)
		for (size_t k = 0; k < report->senders[i].finding_count; k++)
			put_finding(report, &report->senders[i], &report->senders[i].findings[k]);
	for (size_t i = 0; i < report->check_count; i++)
		put_check(report, &report->checks[i]);
	buf_puts(&report->out, "</testsuite>\n</testsuites>\n");
}

const struct report_format report_junit = {
    .passes_again = true, .begin = begin, .row = put_row, .finish = finish};
