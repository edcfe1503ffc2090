/* JUnit's XML, as build servers read it: a suite a message and source, a case a check. What
 * somebody refuses on is a failure, what is not known is skipped, the rest passes, with its words
 * in system-out. */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/shown.h"
#include "base/utf8.h"
#include "report/preflight_report.h"

/* XML 1.0 has no control characters, and what is not shown as it is, is escaped before. */
static void
put_text(struct buf *out, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		char escape[SHOWN_ESCAPE];
		size_t n = shown_next(text, left, escape);

		if (*escape != '\0')
			buf_puts(out, escape);
		else if (*text == '<')
			buf_puts(out, "&lt;");
		else if (*text == '>')
			buf_puts(out, "&gt;");
		else if (*text == '&')
			buf_puts(out, "&amp;");
		else if (*text == '"')
			buf_puts(out, "&quot;");
		else
			buf_add(out, text, n);
		text += n;
		left -= n;
	}
}

static void
put_attribute(struct buf *out, const char *name, const char *text)
{
	buf_printf(out, " %s=\"", name);
	put_text(out, text);
	buf_putc(out, '"');
}

void
junit_begin(struct buf *out)
{
	buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
}

void
junit_end(struct buf *out)
{
	buf_puts(out, "</testsuites>\n");
}

static const struct ranked *
rank_of(const struct preflight_report *report, enum check_id id)
{
	for (size_t i = 0; i < report->ranked_count; i++)
		if (report->ranked[i].finding->id == id)
			return &report->ranked[i];
	return NULL;
}

static void
put_case(struct buf *out, const struct preflight_report *report, const struct finding *finding)
{
	const struct requirement *row = requirements_of(report->requirements, finding->id);
	const struct ranked *ranked = rank_of(report, finding->id);
	struct arena *arena = arena_new();
	const char *who = preflight_who(report, finding->id, DEMAND_REFUSES, arena);

	buf_puts(out, "    <testcase");
	put_attribute(out, "classname", report->file);
	put_attribute(out, "name", check_name(finding->id));
	buf_puts(out, ">");
	if (ranked == NULL) {
		buf_puts(out, "</testcase>\n");
		arena_free(arena);
		return;
	}
	if (finding->result == FINDING_UNKNOWN) {
		buf_puts(out, "<skipped");
		put_attribute(out, "message", finding->words != NULL ? finding->words : "");
		buf_puts(out, "/>");
	} else if (ranked->weight == DEMAND_REFUSES) {
		buf_puts(out, "<failure type=\"refuses\"");
		put_attribute(out, "message", finding->words != NULL ? finding->words : "");
		buf_puts(out, ">");
		if (finding->line > 0)
			put_text(out, arena_printf(arena, "line %u. ", finding->line));
		put_text(out, arena_printf(arena, "%s. %s", who != NULL ? who : "",
		                  row->advice != NULL ? row->advice : ""));
		buf_puts(out, "</failure>");
	} else {
		buf_puts(out, "<system-out>");
		put_text(out, finding->words != NULL ? finding->words : "");
		buf_puts(out, "</system-out>");
	}
	buf_puts(out, "</testcase>\n");
	arena_free(arena);
}

void
junit_preflight(struct buf *out, const struct preflight_report *report)
{
	size_t tests = 0, failures = 0, skipped = 0;
	char ip[IP_TEXT];
	struct buf name;

	for (unsigned i = 0; i < CHECK_COUNT; i++)
		tests += report->findings[i].result != FINDING_NONE;
	for (size_t i = 0; i < report->ranked_count; i++) {
		bool unknown = report->ranked[i].finding->result == FINDING_UNKNOWN;

		skipped += unknown;
		failures += !unknown && report->ranked[i].weight == DEMAND_REFUSES;
	}
	buf_init(&name, 8192);
	buf_printf(&name, "%s from %s", report->file, ip_text(&report->known->sender.ip, ip));
	buf_puts(out, "  <testsuite");
	put_attribute(out, "name", name.data);
	buf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\">\n", tests,
	    failures, skipped);
	for (unsigned i = 0; i < CHECK_COUNT; i++)
		if (report->findings[i].result != FINDING_NONE)
			put_case(out, report, &report->findings[i]);
	buf_puts(out, "  </testsuite>\n");
	buf_release(&name);
}
