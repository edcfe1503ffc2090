/* A run as a check of a monitoring system: one line with performance data, the verdicts below it,
 * and the plugins' own exit statuses. */
#include "report/nagios.h"

#include <string.h>

#include "report/read_value.h"
#include "report/sink.h"
#include "report/text_result.h"

static unsigned long
undetermined(const struct nagios_facts *facts)
{
	return facts->targets - facts->status[WALK_ACCEPTED] - facts->status[WALK_REFUSED] -
	       facts->status[WALK_DEFERRED];
}

static double
value_of(const struct nagios_facts *facts, enum measure measure)
{
	switch (measure) {
	case MEASURE_REFUSED:
		return (double)facts->status[WALK_REFUSED];
	case MEASURE_DEFERRED:
		return (double)facts->status[WALK_DEFERRED];
	case MEASURE_UNDETERMINED:
		return (double)undetermined(facts);
	case MEASURE_LISTED:
		return (double)facts->listed;
	case MEASURE_TIME:
		return facts->seconds;
	case MEASURE_DAYS:
	case MEASURE_COUNT:
		break;
	}
	return facts->days;
}

/* What holds where nobody says otherwise. */
static enum nagios_status
by_itself(const struct nagios_facts *facts, enum measure measure)
{
	static const enum nagios_status alarms[MEASURE_COUNT] = {
	    [MEASURE_REFUSED] = NAGIOS_CRITICAL,
	    [MEASURE_DEFERRED] = NAGIOS_WARNING,
	    [MEASURE_UNDETERMINED] = NAGIOS_UNKNOWN};

	return measure < MEASURE_LISTED && value_of(facts, measure) > 0 ? alarms[measure]
	                                                                : NAGIOS_OK;
}

static enum nagios_status
by_threshold(
    const struct nagios_facts *facts, const struct thresholds *thresholds, enum measure measure)
{
	const struct alarm_range *warn = &thresholds->warn[measure],
	                         *crit = &thresholds->crit[measure];
	double value = value_of(facts, measure), whole = (double)facts->targets;

	if (!warn->set && !crit->set)
		return by_itself(facts, measure);
	if ((measure == MEASURE_DAYS && !facts->certificates) ||
	    (measure == MEASURE_LISTED && !facts->lists))
		return NAGIOS_UNKNOWN;
	return range_alarms(crit, value, whole)   ? NAGIOS_CRITICAL
	       : range_alarms(warn, value, whole) ? NAGIOS_WARNING
	                                          : NAGIOS_OK;
}

/* A warning that is known weighs more than what is not known. */
static unsigned
weight(enum nagios_status status)
{
	static const unsigned weights[] = {
	    [NAGIOS_OK] = 0, [NAGIOS_UNKNOWN] = 1, [NAGIOS_WARNING] = 2, [NAGIOS_CRITICAL] = 3};

	return weights[status];
}

enum nagios_status
nagios_status(const struct nagios_facts *facts, const struct thresholds *thresholds)
{
	static const struct thresholds none;
	enum nagios_status worst = facts->targets == 0 ? NAGIOS_UNKNOWN : NAGIOS_OK;

	for (enum measure m = 0; m < MEASURE_COUNT; m++) {
		enum nagios_status one =
		    by_threshold(facts, thresholds != NULL ? thresholds : &none, m);

		worst = weight(one) > weight(worst) ? one : worst;
	}
	return worst;
}

enum nagios_status
nagios_of_exit(int status)
{
	return status == EXIT_OK         ? NAGIOS_OK
	       : status == EXIT_REFUSED  ? NAGIOS_CRITICAL
	       : status == EXIT_DEFERRED ? NAGIOS_WARNING
	                                 : NAGIOS_UNKNOWN;
}

const char *
nagios_word(enum nagios_status status)
{
	static const char *const words[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};

	return words[status];
}

/* A range of performance data; a share is made out in targets. */
static void
put_range(struct buf *out, const struct alarm_range *range, double whole, const char *otherwise)
{
	if (range == NULL || !range->set)
		buf_puts(out, otherwise);
	else if (!range->share)
		buf_puts(out, range->text);
	else if (!range->within && range->low <= 0)
		buf_printf(out, "%g", range->high * whole / 100);
}

static void
put_measure(struct buf *out, const struct nagios_facts *facts, const struct thresholds *thresholds,
    enum measure measure, const char *label, const char *warn, const char *crit)
{
	const struct alarm_range *w = thresholds != NULL ? &thresholds->warn[measure] : NULL,
	                         *c = thresholds != NULL ? &thresholds->crit[measure] : NULL;
	bool given = w != NULL && (w->set || c->set);

	buf_printf(out, " %s=%.0f;", label, value_of(facts, measure));
	put_range(out, w, (double)facts->targets, given ? "" : warn);
	buf_putc(out, ';');
	put_range(out, c, (double)facts->targets, given ? "" : crit);
	if (measure < MEASURE_LISTED)
		buf_printf(out, ";0;%lu", facts->targets);
}

void
nagios_text(struct buf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf_putc(out, text[i] == '|' ? '/' : text[i]);
}

static void
put_time(struct buf *out, const struct nagios_facts *facts, const struct thresholds *thresholds)
{
	buf_printf(out, " | time=%.3fs;", facts->seconds);
	put_range(out, thresholds != NULL ? &thresholds->warn[MEASURE_TIME] : NULL, 0, "");
	buf_putc(out, ';');
	put_range(out, thresholds != NULL ? &thresholds->crit[MEASURE_TIME] : NULL, 0, "");
	buf_puts(out, ";0");
}

void
nagios_line(struct buf *out, const struct nagios_facts *facts, const struct thresholds *thresholds,
    const char *words)
{
	static const struct nagios_labels walks = {
	    "accepted", "refused", "deferred", "undetermined"};
	const struct nagios_labels *labels = facts->labels != NULL ? facts->labels : &walks;

	buf_printf(out, "MXWALK %s - ", nagios_word(nagios_status(facts, thresholds)));
	nagios_text(out, words, strcspn(words, "\n"));
	put_time(out, facts, thresholds);
	buf_printf(
	    out, " %s=%lu;;;0;%lu", labels->good, facts->status[WALK_ACCEPTED], facts->targets);
	put_measure(out, facts, thresholds, MEASURE_REFUSED, labels->refused, "", "0");
	put_measure(out, facts, thresholds, MEASURE_DEFERRED, labels->deferred, "0", "");
	put_measure(out, facts, thresholds, MEASURE_UNDETERMINED, labels->undetermined, "", "");
	if (facts->lists)
		put_measure(out, facts, thresholds, MEASURE_LISTED, "listed", "", "");
	if (facts->certificates)
		put_measure(out, facts, thresholds, MEASURE_DAYS, "certificate_days", "", "");
	buf_putc(out, '\n');
}

double
nagios_days(int64_t ends, int64_t now)
{
	return (double)(ends - now) / (24 * 60 * 60 * 1000);
}

/* ---- of a run */

static struct nagios_facts
facts_of(const struct sink *sink, const struct run_end *end)
{
	struct nagios_facts facts = {
	    .targets = sink->tally.targets, .seconds = (double)end->ms / 1000};

	memcpy(facts.status, sink->tally.status, sizeof facts.status);
	facts.certificates = sink->first_end > 0;
	facts.days = nagios_days(sink->first_end, sink->plan->now);
	return facts;
}

static int
run_exit(const struct sink *sink, const struct run_end *end)
{
	const struct nagios_facts facts = facts_of(sink, end);

	return (int)nagios_status(&facts, sink->plan->thresholds);
}

static void
note_certificate(struct sink *sink, const struct journey *journey)
{
	int64_t ends = journey->decisive != NULL
	                   ? read_time(slice_of(attempt_tls(journey->decisive)->not_after))
	                   : 0;

	if (ends > 0 && (sink->first_end == 0 || ends < sink->first_end))
		sink->first_end = ends;
}

static void
put_result(struct sink *sink, const struct journey *journey)
{
	size_t before = sink->kept.len;

	note_certificate(sink, journey);
	text_result(&sink->kept, &(struct text_style){.time = sink->plan->style.time}, journey);
	if (sink->kept.full) /* the first line counts it all the same */
		buf_cut(&sink->kept, before);
}

static void
put_summary(struct sink *sink, const struct run_end *end)
{
	const unsigned long *n = sink->tally.status;
	const struct nagios_facts facts = facts_of(sink, end);
	struct buf words;

	buf_init(&words, TEXT_LINE);
	if (sink->tally.targets == 1) /* the verdict says it best */
		buf_add(&words, sink->kept.data, strcspn(sink->kept.data, "\n"));
	else
		buf_printf(&words, "%lu accepted, %lu refused, %lu deferred, %lu undetermined",
		    n[WALK_ACCEPTED], n[WALK_REFUSED], n[WALK_DEFERRED], undetermined(&facts));
	nagios_line(&sink->out, &facts, sink->plan->thresholds, words.data);
	nagios_text(&sink->out, sink->kept.data, sink->kept.len);
	buf_release(&words);
}

const struct sink_format nagios_format = {
    .result = put_result, .finish = put_summary, .exit = run_exit};
