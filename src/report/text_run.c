/* A run in words for people: the verdicts as they come, and a summary. */
#include "report/sink.h"
#include "report/text_result.h"
#include "report/text_sender.h"
#include "report/text_summary.h"

static bool
wants_senders(const struct sink_plan *plan)
{
	return plan->style.verbose;
}

static void
put_sender(
    struct sink *sink, const struct sender *sender, enum helo_origin origin, const char *note)
{
	text_sender(&sink->out, &sink->plan->style, sender, origin, note);
}

static void
put_result(struct sink *sink, const struct journey *journey)
{
	text_result(&sink->out, &sink->plan->style, journey);
	if (sink->out.full) { /* a transcript of that size is of no use to people */
		struct text_style brief = sink->plan->style;

		brief.verbose = false;
		buf_clear(&sink->out);
		text_result(&sink->out, &brief, journey);
		text_field(&sink->out, &brief, "note", "the transcript is too long to be shown");
	}
}

static void
put_summary(struct sink *sink, const struct run_end *end)
{
	if (sink->plan->quiet)
		return;
	if (sink->tally.targets > 1 || end->interrupted || end->stop != RUN_WENT_ON)
		sink_sum_up(sink, &sink->out, &sink->plan->style, end);
	else
		text_summary_of_one(&sink->out, &sink->plan->style, &sink->tally);
}

const struct sink_format text_format = {.wants_senders = wants_senders,
    .sender = put_sender,
    .result = put_result,
    .finish = put_summary,
    .exit = sink_exit};
