/* A report for a ticket: the same tables in Markdown (as GitHub, GitLab and others have it). What
 * peers say is escaped, so that it is neither markup nor a link. */
#include <string.h>

#include "base/shown.h"
#include "report/report.h"
#include "report/share.h"
#include "report/text_summary.h"

enum { SITES = 20, ROWS = 50, REPLY = 160 };

static void
add(struct buf *out, struct slice text)
{
	char escape[SHOWN_ESCAPE];

	for (size_t n; text.len > 0; text = slice_from(text, n)) {
		n = shown_next(text.at, text.len, escape);
		if (*text.at == '\n')
			buf_putc(out, ' ');
		else if (*text.at == '<')
			buf_puts(out, "&lt;");
		else if (*text.at == '&')
			buf_puts(out, "&amp;");
		else if (escape[0] == '\\')
			buf_printf(out, "\\%s", escape);
		else if (strchr("\\`*_{}[]()#+!|>~@:", *text.at) != NULL && n == 1)
			buf_printf(out, "\\%c", *text.at);
		else
			buf_add(out, text.at, n);
	}
}

static void
add_words(struct buf *out, const char *words)
{
	add(out, slice_of(words));
}

static void
say_statuses(struct report *report)
{
	const struct tally *tally = &report->tally;
	struct buf *out = &report->out;

	buf_puts(out, "| Status | Targets | Share |\n|---|--:|---|\n");
	for (enum walk_status s = 0; s < WALK_COUNT; s++) {
		if (tally->status[s] == 0)
			continue;
		buf_printf(out, "| %s | %lu | ", walk_status_name(s), tally->status[s]);
		share_words(out, tally->status[s], tally->targets);
		buf_puts(out, " |\n");
	}
	buf_putc(out, '\n');
}

static void
say_causes(struct report *report)
{
	const struct overview *overview = &report->overview;
	struct buf *out = &report->out;

	if (overview->cause_count == 0)
		return;
	buf_puts(out, "## Causes\n\n| Cause | Walks | Basis | Lists |\n|---|--:|---|---|\n");
	for (size_t i = 0; i < overview->cause_count; i++) {
		const struct overview_cause *cause = &overview->causes[i];

		buf_printf(out, "| %s | %lu | ", cause_name(cause->cause), cause->count);
		text_bases(out, cause);
		buf_puts(out, " | ");
		for (size_t k = 0; k < cause->list_count && k < 5; k++) {
			buf_puts(out, k > 0 ? ", " : "");
			add_words(out, cause->lists[k].name);
		}
		buf_puts(out, " |\n");
	}
	buf_putc(out, '\n');
}

static void
say_sites(struct report *report)
{
	const struct overview *overview = &report->overview;
	struct buf *out = &report->out;

	if (overview->site_count == 0)
		return;
	buf_puts(out, "## Sites\n\n| Site | Targets | Accepted | Refused | Deferred | Undetermined "
	              "| Why |\n|---|--:|--:|--:|--:|--:|---|\n");
	for (size_t i = 0; i < overview->site_count && i < SITES; i++) {
		const struct overview_place *site = &overview->sites[i];

		buf_puts(out, "| ");
		add_words(out, site->site);
		buf_printf(out, " | %u | %u | %u | %u | %u | ", site->targets,
		    site->status[WALK_ACCEPTED], site->status[WALK_REFUSED],
		    site->status[WALK_DEFERRED], overview_undetermined(site->status));
		if (site->of_cause > 0)
			buf_puts(out, cause_name(site->cause));
		buf_puts(out, " |\n");
	}
	buf_putc(out, '\n');
	if (overview->site_count > SITES)
		buf_printf(out, "… and %zu smaller sites.\n\n", overview->site_count - SITES);
}

static void
say_tls(struct report *report)
{
	const unsigned long *count = report->overview.tls_sites;
	struct buf *out = &report->out;

	if (count[SITE_TLS_SEEN] == 0)
		return;
	buf_puts(out, "## TLS\n\n| Sites with | Sites | Share of those seen |\n|---|--:|---|\n");
	for (enum overview_trait t = SITE_TLS_SEEN + 1; t < SITE_TRAITS; t++) {
		buf_printf(out, "| %s | %lu | ", overview_trait_words(t), count[t]);
		share_words(out, count[t], count[SITE_TLS_SEEN]);
		buf_puts(out, " |\n");
	}
	buf_putc(out, '\n');
}

static void
say_sender(struct report *report, const struct report_sender *sender)
{
	struct buf *out = &report->out;

	buf_puts(out, "## Sender ");
	add_words(out, sender->ip);
	buf_puts(out, "\n\n");
	for (size_t i = 0; i < sender->finding_count; i++) {
		const struct report_finding *finding = &sender->findings[i];

		if (strcmp(finding->severity, "good") == 0 ||
		    strcmp(finding->severity, "info") == 0)
			continue;
		buf_puts(out, "* **");
		add_words(out, finding->severity);
		buf_puts(out, "** ");
		add_words(out, finding->what);
		if (finding->advice != NULL) {
			buf_puts(out, " *Remedy:* ");
			add_words(out, finding->advice);
		}
		buf_putc(out, '\n');
	}
	buf_putc(out, '\n');
}

static void
say_checks(struct report *report)
{
	struct buf *out = &report->out;

	if (report->check_count == 0)
		return;
	buf_puts(out, "## Checks\n\n| Check | About | Result | What for |\n|---|---|---|---|\n");
	for (size_t i = 0; i < report->check_count && i < ROWS; i++) {
		const struct report_check *check = &report->checks[i];
		const char *const cells[] = {
		    check->check, check->subject, check->result, check->problem};

		for (size_t k = 0; k < sizeof cells / sizeof cells[0]; k++) {
			buf_puts(out, k == 0 ? "| " : " | ");
			add_words(out, cells[k] != NULL ? cells[k] : "");
		}
		buf_puts(out, " |\n");
	}
	buf_putc(out, '\n');
	if (report->check_count > ROWS)
		buf_printf(out, "… and %zu more checks.\n\n", report->check_count - ROWS);
}

static void
say_row(struct report *report, const struct result_row *row)
{
	struct buf *out = &report->out, why;
	size_t len = row->text.len > REPLY ? REPLY : row->text.len;

	buf_init(&why, TEXT_LINE);
	report_reason(&why, row);
	buf_puts(out, "| ");
	add(out, row->target);
	buf_printf(out, " | %s | ", walk_status_name(row->status));
	add(out, (struct slice){why.data, why.len});
	buf_puts(out, " | ");
	if (row->code > 0)
		buf_printf(out, "%lld ", row->code);
	add(out, (struct slice){row->text.at, len});
	buf_puts(out, " |\n");
	buf_release(&why);
}

static void
say_rows(struct report *report)
{
	size_t said = 0;

	for (enum walk_status s = WALK_ACCEPTED + 1; s < WALK_COUNT; s++)
		for (size_t i = 0; i < report->row_count[s] && said < ROWS; i++) {
			if (said++ == 0)
				buf_puts(&report->out,
				    "## Who needs somebody\n\n| Target | Status | "
				    "Why | Reply |\n|---|---|---|---|\n");
			say_row(report, &report->rows[s][i].row);
		}
	if (said > 0)
		buf_printf(&report->out, "\n%lu in all; `mxwalk report --format csv` has them.\n",
		    report->tally.targets - report->tally.status[WALK_ACCEPTED]);
}

static void
finish(struct report *report)
{
	struct buf *out = &report->out;

	buf_printf(out, "# mxwalk: %lu targets, %lu accepted, %lu refused\n\n",
	    report->tally.targets, report->tally.status[WALK_ACCEPTED],
	    report->tally.status[WALK_REFUSED]);
	if (report->tally.targets > 0)
		say_statuses(report);
	say_causes(report);
	say_sites(report);
	say_tls(report);
	for (size_t i = 0; i < report->sender_count; i++)
		say_sender(report, &report->senders[i]);
	say_checks(report);
	say_rows(report);
}

const struct report_format report_markdown = {.keeps_rows = true, .finish = finish};
