/* A plain list: what was asked about, one a line, each once: to take off a list, or to ask again.
 * Of what explain read, the recipients that are to be taken off. */
#include "base/shown.h"
#include "report/report.h"

/* Where a recipient was given, it is that which was refused. */
static struct slice
name_of(const struct result_row *row)
{
	if (row->explained)
		return row->target.len > 0 ? row->target : row->domain;
	return slice_until(row->target, "@") < row->target.len ? row->target : row->domain;
}

static void
put_row(struct report *report, const struct result_row *row)
{
	struct slice name = name_of(row);

	if (name.len == 0 || (row->suppress.at != NULL && !slice_same(row->suppress, "yes")))
		return;
	if (!report_once(report, name))
		return;
	shown_add(&report->out, name.at, name.len);
	buf_putc(&report->out, '\n');
}

const struct report_format report_domains = {.passes_again = true, .row = put_row};
