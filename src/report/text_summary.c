#include "report/text_summary.h"

#include "base/buf.h"
#include "report/text_words.h"

static void
say_counts(struct buf *out, const char *what, struct counter *counter)
{
	const struct count *names;
	size_t n = counter_list(counter, &names);

	for (size_t i = 0; i < n; i++)
		buf_printf(
		    out, "  %-13s%6lu  %s\n", i == 0 ? what : "", names[i].count, names[i].name);
}

/* "; interrupted: 3 under way, 17 not begun" */
static void
say_end(struct buf *out, const struct run_end *end)
{
	const char *comma = ": ";

	if (end->interrupted)
		buf_puts(out, "; interrupted");
	else if (end->stop != RUN_WENT_ON)
		buf_puts(out, "; given up");
	if (end->under_way > 0 || end->not_begun > 0) {
		buf_printf(out, ": %lu under way, %lu not begun", end->under_way, end->not_begun);
		comma = "; ";
	}
	if (end->nobody_answered)
		buf_printf(out, "%sno server answered this host on port %u",
		    end->stop != RUN_WENT_ON ? comma : "; ", end->port);
	else if (end->stop == RUN_THIS_HOST)
		buf_printf(out, "%sthis host cannot connect", comma);
}

/* Is the same left open by those that were asked further? Then it is said behind them. */
static bool
is_said_later(const struct tally *tally, enum stage asked)
{
	for (enum stage s = asked + 1; s < STAGE_COUNT; s++)
		if (tally->asked[s] > 0 && text_left_open(s) == text_left_open(asked))
			return true;
	return false;
}

/* How far those that accepted were asked, and what that leaves open. */
static void
say_asked(struct buf *out, const struct text_style *style, const struct tally *tally)
{
	struct buf line;

	buf_init(&line, TEXT_LINE);
	for (enum stage s = STAGE_NONE; s < STAGE_COUNT; s++) {
		const char *left_open = text_left_open(s);

		if (tally->asked[s] == 0)
			continue;
		buf_clear(&line);
		buf_printf(&line, "%lu accepted went as far as %s", tally->asked[s], text_asked(s));
		if (left_open != NULL) {
			buf_puts(&line, "; not asked: ");
			text_not_asked(&line, s);
			if (!is_said_later(tally, s))
				buf_printf(&line, "; %s.", left_open);
		} else {
			buf_puts(&line, "; nothing was left out.");
		}
		text_field(out, style, "asked", line.data);
	}
	buf_release(&line);
}

void
text_summary_of_one(struct buf *out, const struct text_style *style, const struct tally *tally)
{
	struct buf line;

	buf_init(&line, TEXT_LINE);
	for (enum stage s = STAGE_NONE; s < STAGE_COUNT; s++)
		if (tally->asked[s] > 0 && text_left_open(s) != NULL)
			buf_printf(
			    &line, "Went as far as %s; %s.", text_asked(s), text_left_open(s));
	text_field(out, style, "asked", line.data);
	buf_release(&line);
}

void
text_summary(struct buf *out, const struct text_style *style, const struct tally *tally,
    const struct run_end *end)
{
	unsigned found = 0;
	bool first = true;

	text_colour(out, style, TEXT_BOLD);
	buf_printf(out, "%lu target%s", tally->targets, tally->targets == 1 ? "" : "s");
	text_colour(out, style, TEXT_PLAIN);
	for (enum walk_status s = 0; s < WALK_COUNT; s++)
		if (tally->status[s] > 0)
			buf_printf(out, "%s %lu %s", found++ == 0 ? ":" : ",", tally->status[s],
			    walk_status_name(s));
	if (tally->served > 0)
		buf_printf(out, "; %lu of them by the walk of another", tally->served);
	if (end->bad_input > 0)
		buf_printf(out, "; %lu bad line%s", end->bad_input, end->bad_input == 1 ? "" : "s");
	say_end(out, end);
	buf_putc(out, '\n');
	for (enum cause c = 0; c < CAUSE_COUNT; c++)
		if (tally->cause[c] > 0) {
			buf_printf(out, "  %-13s%6lu  %s\n", first ? "causes" : "", tally->cause[c],
			    cause_name(c));
			first = false;
		}
	say_counts(out, "blocklists", tally->lists);
	say_asked(out, style, tally);
}
