/* The page's sections of single things: senders, checks, changes, rows. */
#include <string.h>

#include "base/arena.h"
#include "report/change.h"
#include "report/page.h"
#include "report/report_html.h"
#include "report/report_senders.h"
#include "report/text_words.h"

enum { REPLY_SHOWN = 160, CHANGES_SHOWN = 200, WORDS_SHOWN = 20000, CHECKS_SHOWN = 80000 };
enum { ROWS_PRINTED = 40 }; /* of a status: data/page_style.css */

/* ---- senders */

static void
say_finding(struct report *report, const struct report_finding *finding)
{
	struct buf *out = &report->out;

	buf_printf(out, "<details%s><summary><b class=\"%s\">%s</b> ",
	    strcmp(finding->severity, "refuses") == 0 ? " open" : "", finding->severity,
	    finding->severity);
	page_words(out, finding->what);
	buf_puts(out, "</summary><dl>\n");
	page_fact(out, "Evidence", finding->evidence);
	page_fact(out, "Refused by", finding->refused_by);
	page_fact(out, "Who acts", finding->who);
	if (finding->advice != NULL && *finding->advice != '\0') {
		buf_puts(out, "<dt>Remedy</dt><dd>");
		page_advice(out, finding->advice);
		buf_puts(out, "</dd>\n");
	}
	buf_puts(out, "</dl>\n");
	for (size_t i = 0; i < 2; i++)
		if (finding->records[i] != NULL) {
			buf_puts(out, "<pre>");
			page_words(out, finding->records[i]);
			buf_puts(out, "</pre>\n");
		}
	buf_puts(out, "</details>\n");
}

static bool
is_grave(const struct report_finding *finding)
{
	return strcmp(finding->severity, "refuses") == 0 ||
	       strcmp(finding->severity, "warns") == 0 || strcmp(finding->severity, "unknown") == 0;
}

static void
say_good(struct report *report, const struct report_sender *sender)
{
	bool any = false;

	for (size_t i = 0; i < sender->finding_count; i++) {
		if (strcmp(sender->findings[i].severity, "good") != 0)
			continue;
		if (!any)
			buf_puts(&report->out, "<details><summary>What is good</summary><ul>\n");
		any = true;
		buf_puts(&report->out, "<li>");
		page_words(&report->out, sender->findings[i].what);
		buf_puts(&report->out, "</li>\n");
	}
	if (any)
		buf_puts(&report->out, "</ul></details>\n");
}

static void
say_listings(struct report *report, const struct report_sender *sender)
{
	static const char *const heads[] = {"List", "About", "State", "Meaning", NULL};
	struct buf *out = &report->out;

	if (sender->listing_count == 0)
		return;
	page_table(out, "sorted", "What the blocklists say", heads);
	for (size_t i = 0; i < sender->listing_count; i++) {
		const struct report_listing *listing = &sender->listings[i];
		bool listed = strcmp(listing->state, "listed") == 0,
		     clean = strcmp(listing->state, "clean") == 0, bad = listed && listing->black,
		     good = listed || (clean && listing->black);

		buf_puts(out, "<tr><th scope=\"row\">");
		page_link(out, html_list_page(report, listing->list, listing->item), listing->list);
		buf_puts(out, "</th>");
		page_cell(out, listing->item);
		buf_printf(out, "<td><b class=\"%s\">",
		    bad    ? "refused"
		    : good ? "accepted"
		           : "open");
		page_words(out, listing->state);
		buf_puts(out, "</b></td>");
		page_cell(out, listing->meaning);
		buf_puts(out, "</tr>\n");
	}
	page_table_end(out);
}

static void
say_sender(struct report *report, const struct report_sender *sender)
{
	struct buf *out = &report->out;

	buf_puts(out, "<h3>");
	page_words(out, sender->ip);
	buf_puts(out, "</h3>\n<dl>\n");
	page_fact(out, "EHLO", sender->helo);
	page_fact(out, "MAIL FROM", *sender->from != '\0' ? sender->from : "<>");
	page_fact(out, "PTR", sender->ptr);
	page_fact(out, "PTR confirmed", sender->fcrdns);
	page_fact(out, "SPF", sender->spf);
	page_fact(out, "DMARC", sender->dmarc);
	if (!sender->complete)
		page_fact(out, "Not complete", "the time for look-ups ran out");
	buf_puts(out, "</dl>\n");
	for (size_t i = 0; i < sender->finding_count; i++)
		if (is_grave(&sender->findings[i]))
			say_finding(report, &sender->findings[i]);
	say_good(report, sender);
	say_listings(report, sender);
}

void
html_senders(struct report *report)
{
	enum { SHOWN = 16 };

	if (report->sender_count == 0)
		return;
	page_section(&report->out, "senders", "The sender, as receivers see it");
	for (size_t i = 0; i < report->sender_count && i < SHOWN; i++)
		say_sender(report, &report->senders[i]);
	if (report->sender_count > SHOWN)
		buf_printf(&report->out, "<p>… and %zu more.</p>\n", report->sender_count - SHOWN);
}

static void
say_check(struct report *report, const struct report_check *check)
{
	struct buf *out = &report->out;

	buf_puts(out, "<tr>");
	page_cell(out, check->check);
	page_cell(out, check->subject);
	buf_printf(out, "<td><b class=\"%s\">", html_class(check->status));
	page_words(out, check->result);
	buf_puts(out, "</b></td>");
	page_cell(out, check->problem);
	buf_puts(out, "</tr>\n");
}

/* What each receiver would do with a message. */
static void
say_outlooks(struct report *report, const struct report_check *check)
{
	static const char *const heads[] = {"Receiver", "Outlook", "Codes", NULL};
	struct buf *out = &report->out;

	if (check->outlook_count == 0)
		return;
	page_table(out, "sorted", "What receivers would do with the message", heads);
	for (size_t i = 0; i < check->outlook_count; i++) {
		const struct report_outlook *one = &check->outlooks[i];
		const char *class = strcmp(one->outlook, "refuses") == 0 ? "refused"
		                    : strcmp(one->outlook, "takes") == 0 ? "accepted"
		                    : strcmp(one->outlook, "warns") == 0 ? "deferred"
		                                                         : "open";

		buf_puts(out, "<tr><th scope=\"row\">");
		page_words(out, one->name);
		buf_printf(out, "</th><td><b class=\"%s\">", class);
		page_words(out, one->outlook);
		buf_puts(out, "</b></td>");
		page_cell(out, one->codes);
		buf_puts(out, "</tr>\n");
	}
	page_table_end(out);
}

static void
say_findings_of(struct report *report, const struct report_check *check)
{
	if (check->finding_count == 0 && check->outlook_count == 0)
		return;
	buf_puts(&report->out, "<h3>");
	page_words(&report->out, check->check);
	buf_putc(&report->out, ' ');
	page_words(&report->out, check->subject);
	buf_puts(&report->out, "</h3>\n");
	say_outlooks(report, check);
	for (size_t i = 0; i < check->finding_count; i++)
		say_finding(report, &check->findings[i]);
}

void
html_checks(struct report *report)
{
	static const char *const heads[] = {"Check", "About", "Result", "What for", NULL};
	size_t end = report->out.len + CHECKS_SHOWN, shown = 0;

	if (report->check_count == 0)
		return;
	page_section(&report->out, "checks", "Checks");
	page_table(&report->out, "sorted", "What single checks came to", heads);
	for (; shown < report->check_count && report->out.len < end; shown++)
		say_check(report, &report->checks[shown]);
	page_table_end(&report->out);
	if (shown < report->check_count)
		buf_printf(&report->out, "<p>… and %zu more.</p>\n", report->check_count - shown);
	for (size_t i = 0; i < shown && report->out.len < end; i++)
		say_findings_of(report, &report->checks[i]);
}

/* ---- changes */

struct changes_shown {
	struct report *report;
	const struct change_count *count;
	enum change_kind kind;
	unsigned shown;
};

static void
end_kind(struct changes_shown *shown)
{
	unsigned long all = shown->kind < CHANGE_COUNT ? shown->count->of[shown->kind] : 0;

	if (shown->kind == CHANGE_COUNT)
		return;
	if (all > shown->shown)
		buf_printf(&shown->report->out, "<li>… and %lu more</li>\n", all - shown->shown);
	buf_puts(&shown->report->out, "</ul>\n");
}

static void
show_change(const struct change *change, void *arg)
{
	struct changes_shown *shown = arg;
	struct buf line;

	if (change->kind != shown->kind) {
		end_kind(shown);
		shown->kind = change->kind;
		shown->shown = 0;
		buf_printf(&shown->report->out, "<h3>%s (%lu)</h3>\n<ul>\n",
		    change_words(change->kind), shown->count->of[change->kind]);
	}
	if (shown->shown * CHANGE_COUNT >= CHANGES_SHOWN)
		return;
	shown->shown++;
	buf_init(&line, TEXT_LINE);
	change_text(&line, change);
	buf_puts(&shown->report->out, "<li>");
	page_text(&shown->report->out, slice_trim((struct slice){line.data, line.len}));
	buf_puts(&shown->report->out, "</li>\n");
	buf_release(&line);
}

void
html_changes(struct report *report)
{
	struct changes_shown shown = {.report = report, .kind = CHANGE_COUNT};
	struct change_count count;
	struct buf words;

	if (report->plan->changes == NULL)
		return;
	count = changes_tell(report->plan->changes, NULL, NULL);
	shown.count = &count;
	page_section(&report->out, "changes", "Changes since the run before");
	buf_init(&words, 400);
	change_text_count(&words, &(struct text_style){0}, &count);
	buf_puts(&report->out, "<p>");
	page_text(&report->out, slice_trim((struct slice){words.data, words.len}));
	buf_puts(&report->out, "</p>\n");
	buf_release(&words);
	changes_tell(report->plan->changes, show_change, &shown);
	end_kind(&shown);
}

/* ---- rows */

static void
say_row(struct report *report, const struct result_row *row)
{
	struct buf *out = &report->out, why;

	buf_init(&why, TEXT_LINE);
	report_reason(&why, row);
	buf_puts(out, "<tr><th scope=\"row\">");
	page_text(out, row->target);
	buf_puts(out, "</th>");
	if (report->overview.source_count > 1) {
		buf_puts(out, "<td>");
		page_text(out, row->source);
		buf_puts(out, "</td>");
	}
	buf_printf(out, "<td>%s</td>", row->stage != STAGE_NONE ? stage_name(row->stage) : "");
	page_cell(out, why.data);
	page_cell(out, who_name(row->who));
	buf_puts(out, "<td>");
	if (row->code > 0)
		buf_printf(out, "%lld ", row->code);
	page_some(out, row->text, REPLY_SHOWN);
	buf_puts(out, "</td></tr>\n");
	buf_release(&why);
}

static void
say_left_out(struct report *report, enum walk_status status, size_t shown)
{
	unsigned long all = report->tally.status[status];

	if (all > shown)
		buf_printf(&report->out,
		    "<p>… and %lu more: <code>mxwalk report --format csv --only %s</code>, with "
		    "the same files.</p>\n",
		    all - shown, walk_status_name(status));
}

/* The graver statuses may take more of the page. */
static void
say_status(struct report *report, enum walk_status status, size_t room)
{
	static const char *const with_source[] = {
	    "Target", "Source", "Stage", "Why", "Who acts", "Reply", NULL};
	static const char *const without[] = {"Target", "Stage", "Why", "Who acts", "Reply", NULL};
	size_t end = report->out.len + room, shown = 0;
	char caption[100];

	if (report->row_count[status] == 0)
		return;
	snprintf(caption, sizeof caption, "Targets that are %s, and why", walk_status_name(status));
	buf_printf(&report->out, "<h3>%s (%lu)</h3>\n", walk_status_name(status),
	    report->tally.status[status]);
	page_table(&report->out, "sorted found", caption,
	    report->overview.source_count > 1 ? with_source : without);
	while (shown < report->row_count[status] && report->out.len < end)
		say_row(report, &report->rows[status][shown++].row);
	page_table_end(&report->out);
	if (shown > ROWS_PRINTED)
		buf_printf(&report->out,
		    "<p class=\"printed\">Printed are the first %d of %zu rows of the page.</p>\n",
		    ROWS_PRINTED, shown);
	say_left_out(report, status, shown);
}

void
html_rows(struct report *report)
{
	static const enum walk_status order[] = {WALK_REFUSED, WALK_DEFERRED, WALK_UNDELIVERABLE,
	    WALK_DROPPED, WALK_BROKEN, WALK_UNREACHABLE, WALK_LOCAL, WALK_DNS_ERROR, WALK_SKIPPED};
	size_t used = report->out.len + WORDS_SHOWN, left, n = 0, begin = report->out.len;
	bool any = false;

	left = used < HTML_PAGE_MAX ? HTML_PAGE_MAX - used : 0;
	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
		n += report->row_count[order[i]] > 0;
	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
		size_t taken = report->out.len - begin;

		if (report->row_count[order[i]] == 0)
			continue;
		if (!any)
			page_section(&report->out, "rows", "Who needs somebody");
		any = true;
		say_status(report, order[i], left > taken ? (left - taken) / (n > 1 ? 2 : 1) : 0);
		n--;
	}
}
