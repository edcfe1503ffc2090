/* Comma-separated values (RFC 4180), a row a result. What a spreadsheet would take for a formula
 * begins with an apostrophe: a peer says what stands in a reply. */
#include <string.h>

#include "base/shown.h"
#include "report/report.h"

/* Also as some spreadsheets have them in full width. */
static bool
looks_like_formula(struct slice text)
{
	static const char *const wide[] = {"\357\274\235", "\357\274\213", "\357\274\215",
	    "\357\274\240"}; /* U+FF1D = U+FF0B + U+FF0D - U+FF20 @ */

	if (text.len == 0)
		return false;
	if (memchr("=+-@\t\r\n", *text.at, 7) != NULL)
		return true;
	for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
		if (slice_begins(text, wide[i]))
			return true;
	return false;
}

/* A cell is one line: line ends in it are spaces. What may not be shown is written as it is for a
 * terminal. */
/* How many octets stand for themselves in a cell between quotes. */
static size_t
own_octets(struct slice text)
{
	size_t n = 0;

	while (n < text.len && text.at[n] >= ' ' && text.at[n] < 0x7f && text.at[n] != '"')
		n++;
	return n;
}

static void
add_other(struct buf *out, struct slice *text)
{
	char escape[SHOWN_ESCAPE];
	size_t n = shown_next(text->at, text->len, escape);

	if (*text->at == '"')
		buf_puts(out, "\"\"");
	else if (*text->at == '\n' || *text->at == '\r' || *text->at == '\t')
		buf_putc(out, ' ');
	else if (escape[0] != '\0')
		buf_puts(out, escape);
	else
		buf_add(out, text->at, n);
	*text = slice_from(*text, n);
}

static void
add_text(struct buf *out, struct slice text)
{
	size_t n;

	buf_putc(out, '"');
	if (looks_like_formula(text))
		buf_putc(out, '\'');
	while (text.len > 0) {
		n = own_octets(text);
		buf_add(out, text.at, n);
		text = slice_from(text, n);
		if (text.len > 0)
			add_other(out, &text);
	}
	buf_putc(out, '"');
}

static bool
is_plain(struct slice text)
{
	static const bool plain[256] = {
	    ['.'] = true, ['-'] = true, ['_'] = true, [':'] = true, ['@'] = true, ['/'] = true};

	for (size_t i = 0; i < text.len; i++)
		if (!is_alnum(text.at[i]) && (i == 0 || !plain[(unsigned char)text.at[i]]))
			return false;
	return true;
}

static void
last_cell(struct buf *out, struct slice text)
{
	if (is_plain(text))
		buf_add(out, text.at, text.len);
	else
		add_text(out, text);
}

static void
cell(struct buf *out, struct slice text)
{
	last_cell(out, text);
	buf_putc(out, ',');
}

static void
word(struct buf *out, const char *text)
{
	cell(out, slice_of(text));
}

static void
begin(struct report *report)
{
	buf_puts(&report->out,
	    "target,domain,status,stage,code,enhanced,cause,basis,list,who,mx,ip,source,site,tls,"
	    "verify,text,started,ms,policy\r\n");
}

static const char *
policy_words(const struct result_row *row)
{
	enum tally_policy policy = tally_policy(row->dane, row->sts);

	return row->explained || policy == POLICY_NOT_SEEN ? NULL : tally_policy_words(policy);
}

static void
put_row(struct report *report, const struct result_row *row)
{
	struct buf *out = &report->out;

	cell(out, row->target);
	cell(out, row->domain);
	word(out, row->explained ? "explained" : walk_status_name(row->status));
	word(out, stage_name(row->stage));
	if (row->code > 0)
		buf_printf(out, "%lld", row->code);
	buf_putc(out, ',');
	cell(out, row->enhanced);
	word(out, row->diagnosed ? cause_name(row->cause) : NULL);
	word(out, row->diagnosed && !row->explained ? basis_name(row->basis) : NULL);
	cell(out, row->list);
	word(out, who_name(row->who));
	cell(out, row->mx);
	cell(out, row->ip);
	cell(out, row->source);
	cell(out, row->site);
	cell(out, row->tls);
	cell(out, row->verify);
	cell(out, row->text.at != NULL   ? row->text
	          : row->note.at != NULL ? row->note
	                                 : row->ending);
	cell(out, row->started);
	if (!row->explained)
		buf_printf(out, "%lld", row->ms);
	buf_putc(out, ',');
	last_cell(out, slice_of(policy_words(row)));
	buf_puts(out, "\r\n");
}

const struct report_format report_csv = {.passes_again = true, .begin = begin, .row = put_row};
