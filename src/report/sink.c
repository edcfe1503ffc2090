#include "report/sink.h"

#include "base/arena.h"
#include "base/veil.h"
#include "exit_status.h"
#include "report/ndjson.h"
#include "report/order.h"
#include "report/overview.h"
#include "report/progress.h"
#include "report/text_summary.h"

enum { LINE_MAX_OCTETS = 4096 };
enum { ORDER_OCTETS = 64 << 20 }; /* of results that wait for those before them */

void
sink_init(struct sink *sink, const struct sink_format *format, const struct sink_plan *plan)
{
	*sink = (struct sink){.format = format, .plan = plan};
	tally_init(&sink->tally, plan->secret);
	sink->order = plan->ordered ? order_new() : NULL;
	buf_init(&sink->out, RECORD_MAX);
	buf_init(&sink->kept, RECORD_MAX);
}

void
sink_release(struct sink *sink)
{
	tally_release(&sink->tally);
	order_free(sink->order);
	buf_release(&sink->out);
	buf_release(&sink->kept);
}

bool
sink_wants_senders(const struct sink *sink)
{
	return sink->format->wants_senders != NULL && sink->format->wants_senders(sink->plan);
}

static void
put(struct sink *sink)
{
	if (sink->out.len > 0 && !sink->failed)
		sink->failed = !sink->plan->write(&sink->out, sink->plan->write_arg);
	buf_clear(&sink->out);
}

void
sink_begin(struct sink *sink, const struct run_facts *run)
{
	if (sink->format->begin != NULL)
		sink->format->begin(sink, run);
	put(sink);
}

void
sink_sender(
    struct sink *sink, const struct sender *sender, enum helo_origin origin, const char *note)
{
	if (sink->plan->veil != NULL)
		veil_add(sink->plan->veil, &sender->ip);
	if (sink_wants_senders(sink))
		sink->format->sender(sink, sender, origin, note);
	put(sink);
}

/* `now`: with the results that do not come any more. */
static void
put_in_order(struct sink *sink, bool now)
{
	while (sink->order != NULL && order_take(sink->order, now, &sink->out))
		put(sink);
}

void
sink_expect(struct sink *sink, unsigned long place, size_t results)
{
	if (sink->order != NULL)
		order_expect(sink->order, place, results);
}

bool
sink_is_full(const struct sink *sink)
{
	return sink->order != NULL && order_octets(sink->order) > ORDER_OCTETS;
}

static bool
is_told(const struct sink *sink, const struct journey *journey)
{
	unsigned only = sink->plan->only;

	return only == 0 || (only & 1u << journey->status) != 0;
}

void
sink_note_own(struct veil *veil, const struct journey *journey)
{
	if (veil == NULL)
		return;
	veil_add(veil, &journey->source);
	veil_add(veil, &journey->sender_ip);
	for (size_t i = 0; i < journey->attempt_count; i++) {
		veil_add(veil, &journey->attempts[i].source);
		veil_add(veil, &journey->attempts[i].ehlo.client);
	}
}

void
sink_result(struct sink *sink, const struct journey *journey)
{
	sink_note_own(sink->plan->veil, journey);
	tally_result(&sink->tally, journey);
	if (is_told(sink, journey))
		sink->format->result(sink, journey);
	if (sink->order == NULL) {
		put(sink);
		return;
	}
	order_put(sink->order, journey->target.place, &sink->out);
	buf_clear(&sink->out);
	put_in_order(sink, false);
}

void
sink_known(struct sink *sink, const struct journey *journey)
{
	tally_result(&sink->tally, journey);
}

void
sink_flush(struct sink *sink)
{
	if (sink->plan->flush != NULL && !sink->failed)
		sink->failed = !sink->plan->flush(sink->plan->write_arg);
}

static void
give_line(const struct sink *sink, const struct run_progress *progress, void (*to)(const char *))
{
	struct buf line;

	if (to == NULL)
		return;
	buf_init(&line, LINE_MAX_OCTETS);
	progress_line(&line, progress, &sink->tally);
	to(line.data);
	buf_release(&line);
}

void
sink_progress(struct sink *sink, const struct run_progress *progress)
{
	give_line(sink, progress, sink->plan->show);
}

void
sink_tell_progress(struct sink *sink, const struct run_progress *progress)
{
	give_line(sink, progress, sink->plan->tell);
}

void
sink_status(struct sink *sink, const struct run_progress *progress, int64_t now, const int *exit)
{
	struct buf record;

	if (sink->plan->status == NULL)
		return;
	buf_init(&record, RECORD_MAX);
	record_progress(&record, progress, &sink->tally, now, exit);
	sink->plan->status(&record, sink->plan->status_arg);
	buf_release(&record);
}

void
sink_sum_up(const struct sink *sink, struct buf *out, const struct text_style *style,
    const struct run_end *end)
{
	struct arena *arena = arena_new();
	struct overview overview;

	overview_make(&overview, &sink->tally, arena);
	overview_make_pairs(&overview, arena);
	text_summary(out, style, &overview, end, sink->plan->remedies);
	arena_free(arena);
}

int
sink_exit(const struct sink *sink, const struct run_end *end)
{
	return tally_exit(&sink->tally, end);
}

int
sink_finish(struct sink *sink, const struct run_end *end)
{
	struct text_style plain = {0};
	struct buf words;

	buf_init(&words, RECORD_MAX);
	put_in_order(sink, true);
	sink->format->finish(sink, end);
	put(sink);
	if (sink->plan->sum_up != NULL) {
		sink_sum_up(sink, &words, &plain, end);
		sink->plan->sum_up(&words, sink->plan->write_arg);
	}
	buf_release(&words);
	return sink->failed ? EXIT_WRITE : sink->format->exit(sink, end);
}
