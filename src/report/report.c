#include "report/report.h"

#include <limits.h>
#include <string.h>

#include "base/arena.h"
#include "base/veil.h"
#include "exit_status.h"
#include "report/ledger.h"
#include "report/ndjson.h"
#include "report/read_value.h"
#include "report/report_senders.h"
#include "report/text_words.h"

enum {
	PIECE = 65536, /* octets at which what was said is written */
	KEPT_MAX = 1 << 30
};
static const uint64_t kept_mark = (uint64_t)1 << 63; /* of a cell: its row is kept */
/* Of a target whose records pass again: the status of the last, how many are to come, and whether
 * its name was told. */
static const uint64_t told_mark = (uint64_t)1 << 62, coming_one = 16, coming_status = 15;

const int report_times[REPORT_TIMES] = {100, 300, 1000, 3000, 10000, 30000, 100000, INT_MAX};

void
report_init(
    struct report *report, const struct report_format *format, const struct report_plan *plan)
{
	*report = (struct report){.format = format,
	    .plan = plan,
	    .arena = arena_new(),
	    .line = arena_new(),
	    .last = ledger_new(),
	    .once = ledger_new()};
	tally_init(&report->tally, plan->secret);
	buf_init(&report->out, RECORD_MAX);
	buf_init(&report->kept, KEPT_MAX);
}

void
report_release(struct report *report)
{
	report_forget_others(report);
	arena_free(report->arena);
	arena_free(report->line);
	ledger_free(report->last);
	ledger_free(report->once);
	tally_release(&report->tally);
	buf_release(&report->out);
	buf_release(&report->kept);
}

void
report_write(struct report *report, struct buf *bytes)
{
	if (bytes->len > 0 && !report->failed)
		report->failed = !report->plan->write(bytes, report->plan->write_arg);
	buf_clear(bytes);
}

void
report_flush(struct report *report)
{
	report_write(report, &report->out);
}

/* ---- rows that are kept */

static void
keep(struct report *report, const struct result_row *row, uint64_t key, uint64_t *cell)
{
	size_t *count = &report->row_count[row->status];
	struct report_row **rows = &report->rows[row->status];

	if (*count == REPORT_ROWS || row->explained)
		return;
	if (*rows == NULL)
		*rows = arena_alloc(report->arena, REPORT_ROWS * sizeof **rows);
	row_copy(&(*rows)[*count].row, row, report->arena);
	(*rows)[*count].key = key;
	++*count;
	*cell |= kept_mark;
}

static void
let_go(struct report *report, uint64_t key, uint64_t cell)
{
	enum walk_status status = tally_entry(&report->tally, cell).status;
	struct report_row *rows = report->rows[status];
	size_t *count = &report->row_count[status], i = 0;

	while (i < *count && rows[i].key != key)
		i++;
	if (i == *count)
		return;
	memmove(&rows[i], &rows[i + 1], (*count - i - 1) * sizeof *rows);
	--*count;
}

/* ---- what else is found in results */

static void
note_certificate(struct report *report, const struct result_row *row)
{
	struct report_certificate *all = report->certificates;
	int64_t ends = read_time(row->not_after);
	size_t *n = &report->certificate_count, at = 0, i;

	if (ends == 0 || row->mx.len == 0)
		return;
	for (i = 0; i < *n && !slice_same(row->mx, all[i].mx); i++)
		;
	if (i < *n) /* of one host, the last word */
		memmove(&all[i], &all[i + 1], (--*n - i) * sizeof *all);
	while (at < *n && all[at].ends <= ends)
		at++;
	if (at == REPORT_CERTIFICATES)
		return;
	if (*n == REPORT_CERTIFICATES)
		--*n;
	memmove(&all[at + 1], &all[at], (*n - at) * sizeof *all);
	all[at] = (struct report_certificate){slice_copy(row->mx, report->arena), ends};
	++*n;
}

static void
note_time(struct report *report, const struct result_row *row)
{
	size_t i = 0;

	if (row->status == WALK_SKIPPED || row->served || row->explained)
		return;
	if (row->ms < 0) /* of a clock that was set back, or of a stranger's record */
		return;
	while (i + 1 < REPORT_TIMES && row->ms > report_times[i])
		i++;
	report->quick[i]++;
	report->walks_ms += row->ms;
}

static void
count_row(struct report *report, const struct result_row *row)
{
	const struct tally_entry entry = row_entry(row);
	uint64_t key = row_key(row, report->by_source), cell, *last;
	bool fresh;

	if (row->explained) { /* two refusals of one target are two */
		tally_add(&report->tally, &entry);
		return;
	}
	last = ledger_note(report->last, key, &fresh);
	if (!fresh) {
		report->replaced++;
		tally_take_back(&report->tally, *last & ~kept_mark);
		if ((*last & kept_mark) != 0)
			let_go(report, key, *last & ~kept_mark);
	}
	cell = tally_add(&report->tally, &entry);
	if (report->format->keeps_rows)
		keep(report, row, key, &cell);
	*last = cell;
	note_time(report, row);
	note_certificate(report, row);
}

/* ---- rows that are told */

static bool
is_told(const struct report *report, const struct result_row *row)
{
	unsigned only = report->plan->only;

	return only == 0 || (only & 1u << row->status) != 0;
}

/* Most names are targets, which have a place in the ledger already. */
bool
report_once(struct report *report, struct slice name)
{
	bool fresh;
	uint64_t *note = ledger_note(report->last, ledger_key(0, name), &fresh);
	bool told = (*note & told_mark) != 0;

	*note |= told_mark;
	return !told;
}

/* When the records pass again, only the last of each target is told. */
static void
tell_row(struct report *report, const struct result_row *row)
{
	bool fresh;

	if (!row->explained) {
		uint64_t *note = ledger_note(report->last, row_key(row, report->by_source), &fresh);

		*note -= coming_one;
		if ((*note & ~told_mark) >= coming_one)
			return;
	}
	if (!is_told(report, row))
		return;
	tally_add(&report->tally, &(struct tally_entry){.status = row->status});
	report->told++;
	report->format->row(report, row);
	if (report->out.len >= PIECE)
		report_flush(report);
}

static void
count_coming(struct report *report, const struct result_row *row)
{
	uint64_t *note;
	bool fresh;

	if (row->explained) {
		report->coming_explained += is_told(report, row);
		return;
	}
	note = ledger_note(report->last, row_key(row, report->by_source), &fresh);
	if (!fresh)
		report->coming[*note & coming_status]--;
	report->coming[row->status]++;
	*note = (*note & ~coming_status) + coming_one + row->status;
}

static void
take_row(struct report *report, const struct record *record)
{
	struct result_row row;
	bool again = report->format->passes_again;
	enum row_detail detail = again && !report->telling ? ROW_KEY : ROW_WHOLE;

	arena_reset(report->line);
	if (report->failed || !row_read(&row, record, detail, report->line))
		return;
	if (report->plan->veil != NULL)
		veil_add_text(report->plan->veil, row.source);
	if (!again)
		count_row(report, &row);
	else if (report->telling)
		tell_row(report, &row);
	else
		count_coming(report, &row);
}

/* ---- the other records */

static const char *
in_one_line(struct report *report, const char *const *words, size_t count)
{
	struct buf line;
	const char *copy;

	buf_init(&line, RECORD_MAX);
	for (size_t i = 0; i < count; i++)
		buf_printf(&line, "%s%s", i > 0 ? " " : "", words[i]);
	copy = arena_string(report->arena, line.data);
	buf_release(&line);
	return copy;
}

static void
take_run(struct report *report, const struct run_facts *run)
{
	struct report_run *kept;

	report->by_source = false;
	for (size_t i = 0; i < run->option_count; i++)
		if (strncmp(run->options[i], "source=", 7) == 0)
			report->by_source = true;
	if (report->telling)
		return;
	if (run->started > 0 && (report->first == 0 || run->started < report->first))
		report->first = run->started;
	if (run->started > report->latest)
		report->latest = run->started;
	report->run_total++;
	if (report->run_count == REPORT_RUNS)
		return;
	kept = arena_push(report->arena, &report->runs, report->run_count++, sizeof *kept);
	*kept = (struct report_run){.version = arena_string(report->arena, run->version),
	    .options = in_one_line(report, run->options, run->option_count),
	    .nameservers = in_one_line(report, run->nameservers, run->nameserver_count),
	    .started = run->started};
}

static void
take_end(struct report *report, const struct run_end *end)
{
	struct report_run *run = report->run_count > 0 && report->run_count == report->run_total
	                             ? &report->runs[report->run_count - 1]
	                             : NULL;

	if (run == NULL || run->ended)
		return;
	run->ended = true;
	run->ms = end->ms;
	run->interrupted = end->interrupted || end->stop != RUN_WENT_ON;
	run->bad_input = end->bad_input;
}

void
report_take(const struct record *record, void *arg)
{
	struct report *report = arg;

	switch (record->type) {
	case RECORD_RUN:
		take_run(report, &record->run);
		break;
	case RECORD_RESULT:
	case RECORD_EXPLANATION:
		if (report->format->result == NULL)
			take_row(report, record);
		else if (record->type == RECORD_RESULT)
			report->format->result(report, &record->result);
		break;
	case RECORD_SUMMARY:
		if (!report->telling)
			take_end(report, &record->summary.end);
		break;
	case RECORD_SENDER:
	case RECORD_FINDING:
	case RECORD_CHECK:
	case RECORD_PREFLIGHT:
		if (!report->telling)
			report_take_other(report, record);
		break;
	case RECORD_EXPLAINED:
	case RECORD_RULE:
	case RECORD_TYPE_COUNT:
		break;
	}
}

void
report_again(struct report *report)
{
	report->telling = true;
	report->by_source = false;
	if (report->format->begin != NULL)
		report->format->begin(report);
}

int
report_finish(struct report *report)
{
	if (!report->format->passes_again) {
		ledger_free(report->last); /* the overview needs memory of its own */
		report->last = NULL;
		overview_make(&report->overview, &report->tally, report->arena);
		overview_make_pairs(&report->overview, report->arena);
		if (report->format->begin != NULL)
			report->format->begin(report);
	}
	if (report->format->finish != NULL)
		report->format->finish(report);
	report_flush(report);
	if (report->failed)
		return EXIT_WRITE;
	return report->format->exit != NULL ? report->format->exit(report) : EXIT_OK;
}

void
report_reason(struct buf *out, const struct result_row *row)
{
	if (row->diagnosed) {
		buf_puts(out, cause_name(row->cause));
		if (row->list.len > 0) {
			buf_puts(out, " (");
			buf_add(out, row->list.at, row->list.len);
			buf_putc(out, ')');
		}
		if (row->basis != BASIS_UNKNOWN)
			buf_printf(out, ", %s", basis_name(row->basis));
		if (row->text.len == 0 && row->ending.len > 0) {
			buf_puts(out, ": ");
			buf_add(out, row->ending.at, row->ending.len);
		}
	} else if (row->note.len > 0) {
		buf_add(out, row->note.at, row->note.len);
	} else if (row->meaning.len > 0) {
		buf_add(out, row->meaning.at, row->meaning.len);
	} else if (row->status == WALK_ACCEPTED) {
		buf_printf(out, "up to %s", text_asked(row->asked));
	}
}
