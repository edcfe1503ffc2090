#include "report/text_addresses.h"

#include <string.h>

#include "base/buf.h"
#include "report/share.h"
#include "report/text_advice.h"

enum {
	LISTS = 9, /* columns of lists */
	NAMES = 40, /* lists that are told of in a line */
	OTHERS = 20 /* addresses that are named in a line */
};

struct list_column { /* a list */
	const char *list;
	enum list_kind kind;
	size_t listed, clean, open;
};

struct list_columns {
	struct list_column all[NAMES];
	size_t count;
	size_t shown[LISTS]; /* those that are columns of the table */
	size_t shown_count;
};

static void
count_listing(struct list_columns *columns, const struct address_listing *listing)
{
	size_t i = 0;

	while (i < columns->count && strcmp(columns->all[i].list, listing->list) != 0)
		i++;
	if (i == NAMES)
		return;
	if (i == columns->count)
		columns->all[columns->count++] =
		    (struct list_column){.list = listing->list, .kind = listing->kind};
	columns->all[i].listed += listing->state == LIST_LISTED;
	columns->all[i].clean += listing->state == LIST_CLEAN;
	columns->all[i].open += listing->state != LIST_LISTED && listing->state != LIST_CLEAN;
}

/* A list that says the same of all is told in a line. */
static void
find_columns(struct list_columns *columns, const struct address_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < rows[i].listing_count; k++)
			count_listing(columns, &rows[i].listings[k]);
	for (size_t i = 0; i < columns->count && columns->shown_count < LISTS; i++)
		if (columns->all[i].listed > 0)
			columns->shown[columns->shown_count++] = i;
}

static const char *
word_of(const struct address_row *row, const char *list)
{
	for (size_t i = 0; i < row->listing_count; i++)
		if (strcmp(row->listings[i].list, list) == 0)
			return row->listings[i].state == LIST_LISTED  ? "yes"
			       : row->listings[i].state == LIST_CLEAN ? "-"
			                                              : "?";
	return "";
}

static const char *
or_dash(const char *word)
{
	return word != NULL && *word != '\0' ? word : "-";
}

/* All that a row says of its address. */
static void
put_row(struct buf *out, const struct list_columns *columns, const struct address_row *row)
{
	struct advice_count found = advice_count(row->findings, row->finding_count);

	buf_printf(out, "  %7zu  %5zu  %7zu  %-7s  %-9s", found.of[SEVERITY_REFUSES],
	    found.of[SEVERITY_WARNS], found.of[SEVERITY_UNKNOWN], or_dash(row->fcrdns),
	    or_dash(row->spf));
	for (size_t i = 0; i < columns->shown_count; i++)
		buf_printf(out, "  %-3s", word_of(row, columns->all[columns->shown[i]].list));
	buf_puts(out, "  ");
	text_cstring(out, or_dash(row->ptr));
	buf_putc(out, '\n');
}

/* Of many that say the same, one behind the other, the first is told, and how many follow. */
static void
say_rows(struct buf *out, const struct list_columns *columns, const struct address_row *rows,
    size_t count, int width)
{
	enum { FEW = 3 };
	struct buf words, next;

	buf_init(&words, TEXT_LINE);
	buf_init(&next, TEXT_LINE);
	for (size_t i = 0, k; i < count; i = k) {
		buf_clear(&words);
		put_row(&words, columns, &rows[i]);
		for (k = i + 1; k < count; k++) {
			buf_clear(&next);
			put_row(&next, columns, &rows[k]);
			if (strcmp(next.data, words.data) != 0)
				break;
		}
		if (k - i <= FEW)
			k = i + 1;
		buf_printf(out, "  %-*s%s", width, rows[i].ip, words.data);
		if (k > i + 1)
			buf_printf(out, "  … and %zu more, up to %s, the same\n", k - i - 1,
			    rows[k - 1].ip);
	}
	buf_release(&words);
	buf_release(&next);
}

static void
say_table(struct buf *out, const struct text_style *style, const struct list_columns *columns,
    const struct address_row *rows, size_t count)
{
	int width = (int)sizeof "address" - 1;

	for (size_t i = 0; i < count; i++)
		width = (int)strlen(rows[i].ip) > width ? (int)strlen(rows[i].ip) : width;
	text_colour(out, style, TEXT_BOLD);
	buf_printf(out, "  %-*s  refuses  warns  unknown  PTR      SPF      ", width, "address");
	for (size_t i = 0; i < columns->shown_count; i++)
		buf_printf(out, "  [%zu]", i + 1);
	buf_puts(out, "  name");
	text_colour(out, style, TEXT_PLAIN);
	buf_putc(out, '\n');
	say_rows(out, columns, rows, count, width);
}

static void
say_lists(struct buf *out, const struct text_style *style, const struct list_columns *columns,
    size_t count)
{
	struct buf clean, open, line;

	buf_init(&clean, TEXT_LINE);
	buf_init(&open, TEXT_LINE);
	buf_init(&line, TEXT_LINE);
	for (size_t i = 0; i < columns->shown_count; i++) {
		const struct list_column *column = &columns->all[columns->shown[i]];

		buf_clear(&line);
		buf_printf(
		    &line, "[%zu] %s has %zu of %zu, ", i + 1, column->list, column->listed, count);
		share_words(&line, column->listed, count);
		if (column->kind != LIST_BLACK)
			buf_printf(&line, " (%s)",
			    column->kind == LIST_WHITE ? "a list of good senders"
			                               : "for information");
		text_field(out, style, i == 0 ? "lists" : "", line.data);
	}
	for (size_t i = 0; i < columns->count; i++) {
		const struct list_column *column = &columns->all[i];

		if (column->clean == count)
			buf_printf(&clean, "%s%s", clean.len > 0 ? ", " : "", column->list);
		if (column->open > 0)
			buf_printf(&open, "%s%s (%zu of %zu)", open.len > 0 ? ", " : "",
			    column->list, column->open, count);
	}
	text_field(out, style, "on none of", clean.data);
	text_field(out, style, "not known", open.data);
	buf_release(&clean);
	buf_release(&open);
	buf_release(&line);
}

/* A member of the row by its offset. */
static const char *
word_at(const struct address_row *row, size_t at)
{
	const void *member = (const char *)row + at;

	return or_dash(*(const char *const *)member);
}

/* What most of them say, of one column of words. */
static const char *
most_say(const struct address_row *rows, size_t count, size_t at)
{
	const char *best = NULL;
	size_t most = 0;

	for (size_t i = 0; i < count; i++) {
		const char *word = word_at(&rows[i], at);
		size_t n = 0;

		for (size_t k = 0; k < count; k++)
			n += strcmp(word, word_at(&rows[k], at)) == 0;
		if (n > most) {
			most = n;
			best = word;
		}
	}
	return best;
}

struct alike { /* addresses in a line, the first of them by name */
	struct buf line;
	size_t count;
};

static void
add_name(struct alike *names, const struct address_row *row)
{
	if (names->count++ < OTHERS)
		buf_printf(&names->line, "%s%s", names->count > 1 ? ", " : "", row->ip);
}

static void
end_names(struct alike *names)
{
	if (names->count > OTHERS)
		buf_printf(&names->line, " and %zu more", names->count - OTHERS);
}

/* Those whose word in that column is that of the row, unless it is told with one before it. */
static bool
gather_alike(
    struct alike *names, const struct address_row *rows, size_t row, size_t count, size_t at)
{
	const char *word = word_at(&rows[row], at);

	for (size_t i = 0; i < row; i++)
		if (strcmp(word_at(&rows[i], at), word) == 0)
			return false;
	buf_clear(&names->line);
	names->count = 0;
	for (size_t i = row; i < count; i++)
		if (strcmp(word_at(&rows[i], at), word) == 0)
			add_name(names, &rows[i]);
	end_names(names);
	return true;
}

static void
say_different(
    struct buf *out, const struct text_style *style, const struct address_row *rows, size_t count)
{
	static const struct {
		const char *what;
		size_t at;
	} columns[] = {{"the confirmation of its PTR", offsetof(struct address_row, fcrdns)},
	    {"SPF", offsetof(struct address_row, spf)},
	    {"DMARC", offsetof(struct address_row, dmarc)}};
	struct alike names = {.count = 0};
	bool any = false;

	buf_init(&names.line, TEXT_LINE);
	for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++) {
		const char *usual = most_say(rows, count, columns[c].at);

		for (size_t i = 0; i < count; i++) {
			const char *word = word_at(&rows[i], columns[c].at);

			if (strcmp(word, usual) == 0 ||
			    !gather_alike(&names, rows, i, count, columns[c].at))
				continue;
			buf_printf(&names.line, ": %s is %s, with most it is %s", columns[c].what,
			    word, usual);
			text_field(out, style, any ? "" : "different", names.line.data);
			any = true;
		}
	}
	buf_release(&names.line);
}

/* ---- findings: those of one kind once, in the words of the first address */

static bool
is_same_kind(const struct advice *a, const struct advice *b)
{
	return strcmp(a->id, b->id) == 0 && strcmp(a->kind, b->kind) == 0;
}

static bool
has_kind(const struct address_row *row, const struct advice *kind)
{
	for (size_t i = 0; i < row->finding_count; i++)
		if (is_same_kind(&row->findings[i], kind))
			return true;
	return false;
}

static bool
is_told(const struct address_row *rows, const struct address_row *row, const struct advice *kind)
{
	for (; rows < row; rows++)
		if (has_kind(rows, kind))
			return true;
	for (const struct advice *before = row->findings; before < kind; before++)
		if (is_same_kind(before, kind))
			return true;
	return false;
}

static void
say_others(struct buf *out, const struct text_style *style, const struct address_row *row,
    const struct address_row *end, const struct advice *kind)
{
	struct alike others = {.count = 0};

	buf_init(&others.line, TEXT_LINE);
	while (++row < end)
		if (has_kind(row, kind))
			add_name(&others, row);
	end_names(&others);
	text_field(out, style, "also", others.line.data);
	buf_release(&others.line);
}

static void
say_findings(
    struct buf *out, const struct text_style *style, const struct address_row *rows, size_t count)
{
	const struct address_row *end = rows + count;

	for (enum severity severity = 0; severity < SEVERITY_INFO; severity++)
		for (const struct address_row *row = rows; row < end; row++)
			for (size_t i = 0; i < row->finding_count; i++) {
				const struct advice *kind = &row->findings[i];

				if (kind->severity != severity || is_told(rows, row, kind))
					continue;
				text_advice_one(out, style, kind);
				say_others(out, style, row, end, kind);
			}
}

void
text_addresses(
    struct buf *out, const struct text_style *style, const struct address_row *rows, size_t count)
{
	struct list_columns columns = {.count = 0};
	size_t good = 0;

	find_columns(&columns, rows, count);
	for (size_t i = 0; i < count; i++)
		good += rows[i].finding_count == 0;
	text_colour(out, style, TEXT_BOLD);
	buf_printf(out, "%zu addresses: %zu with nothing against them", count, good);
	text_colour(out, style, TEXT_PLAIN);
	buf_putc(out, '\n');
	say_table(out, style, &columns, rows, count);
	say_lists(out, style, &columns, count);
	say_different(out, style, rows, count);
	say_findings(out, style, rows, count);
}
