/* A run as a check of a monitoring system: one line with performance data, the verdicts below it,
 * and the plugins' own exit statuses. */
#include <string.h>

#include "exit_status.h"
#include "report/sink.h"
#include "report/text_result.h"

static unsigned long
undetermined(const struct tally *tally)
{
	return tally->targets - tally->status[WALK_ACCEPTED] - tally->status[WALK_REFUSED] -
	       tally->status[WALK_DEFERRED];
}

static int
nagios_exit(const struct tally *tally, const struct run_end *end)
{
	(void)end;
	if (tally->status[WALK_REFUSED] > 0)
		return NAGIOS_CRITICAL;
	if (tally->status[WALK_DEFERRED] > 0)
		return NAGIOS_WARNING;
	return undetermined(tally) > 0 || tally->targets == 0 ? NAGIOS_UNKNOWN : NAGIOS_OK;
}

static void
nagios_result(struct sink *sink, const struct journey *journey)
{
	size_t before = sink->kept.len;

	text_result(&sink->kept, &(struct text_style){.time = sink->plan->style.time}, journey);
	if (sink->kept.full) /* the first line counts it all the same */
		buf_cut(&sink->kept, before);
}

static void
nagios_finish(struct sink *sink, const struct run_end *end)
{
	static const char *const words[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
	const unsigned long *n = sink->tally.status, other = undetermined(&sink->tally);
	struct buf *out = &sink->out;

	buf_printf(out, "MXWALK %s - ", words[nagios_exit(&sink->tally, end)]);
	if (sink->tally.targets == 1) /* the verdict says it best */
		buf_add(out, sink->kept.data, strcspn(sink->kept.data, "\n|"));
	else
		buf_printf(out, "%lu accepted, %lu refused, %lu deferred, %lu undetermined",
		    n[WALK_ACCEPTED], n[WALK_REFUSED], n[WALK_DEFERRED], other);
	buf_printf(out,
	    " | time=%.3fs accepted=%lu refused=%lu;;0 deferred=%lu;0 undetermined=%lu\n",
	    (double)end->ms / 1000, n[WALK_ACCEPTED], n[WALK_REFUSED], n[WALK_DEFERRED], other);
	for (size_t i = 0; i < sink->kept.len; i++) /* a bar would begin performance data */
		buf_putc(out, sink->kept.data[i] == '|' ? '/' : sink->kept.data[i]);
}

const struct sink_format nagios_format = {
    .result = nagios_result, .finish = nagios_finish, .exit = nagios_exit};
