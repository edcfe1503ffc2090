#include "report/progress.h"

#include "base/buf.h"
#include "report/text.h"

static void
say_left(struct buf *out, unsigned long seconds)
{
	buf_printf(out, ", %lu:%02lu:%02lu left", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

static void
say_many(struct buf *out, const struct run_progress *progress, const struct tally *tally)
{
	unsigned long done = tally->targets;
	double seconds = (double)progress->ms / 1000,
	       rate = seconds > 0 ? (double)done / seconds : 0;

	buf_printf(out, "%lu", done);
	if (progress->total > 0)
		buf_printf(out, " of %lu", progress->total);
	buf_printf(out, " done, %.1f/s, %lu refused, %u under way", rate,
	    tally->status[WALK_REFUSED], progress->running);
	if (progress->total > done && rate > 0)
		say_left(out, (unsigned long)((double)(progress->total - done) / rate));
}

/* One walk: what is waited for, and for how long. */
static void
say_one(struct buf *out, const struct run_progress *progress)
{
	char ip[IP_TEXT];

	text_cstring(out, progress->target);
	if (progress->mx == NULL) {
		buf_puts(out, ": asking the DNS");
	} else {
		buf_puts(out, ": ");
		text_cstring(out, progress->mx);
		buf_printf(out, " [%s]:%u, %s", ip_text(&progress->ip, ip), progress->port,
		    stage_name(progress->stage));
	}
	buf_printf(out, ", %lld s", (long long)(progress->walk_ms / 1000));
}

void
progress_line(struct buf *out, const struct run_progress *progress, const struct tally *tally)
{
	if (progress->target != NULL && progress->total <= 1 && tally->targets == 0)
		say_one(out, progress);
	else
		say_many(out, progress, tally);
}
