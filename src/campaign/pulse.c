#include "campaign/pulse.h"

void
pulse_begin(struct pulse *pulse, int64_t now, unsigned long done)
{
	*pulse = (struct pulse){.began = now, .line = now, .status = now - PULSE_STATUS_MS};
	pulse->before = pulse->last = (struct pulse_mark){.at = now, .done = done};
}

static double
rate_since(const struct pulse_mark *mark, int64_t now, unsigned long done)
{
	return now > mark->at && done > mark->done
	           ? (double)(done - mark->done) * 1000 / (double)(now - mark->at)
	           : 0;
}

void
pulse_measure(struct pulse *pulse, int64_t now, unsigned long done, struct run_progress *progress)
{
	int64_t left = -1;

	progress->ms = now - pulse->began;
	progress->rate = rate_since(&pulse->before, now, done);
	if (now - pulse->last.at >= PULSE_SPAN_MS) {
		pulse->before = pulse->last;
		pulse->last = (struct pulse_mark){.at = now, .done = done};
	}
	if (progress->total > done && progress->rate > 0)
		left = (int64_t)((double)(progress->total - done) / progress->rate * 1000);
	else if (progress->total > 0 && progress->total <= done)
		left = 0;
	if (progress->total > done && progress->slowest.name != NULL && progress->slowest.ms > left)
		left = progress->slowest.ms;
	progress->left_ms = left;
}

static bool
is_due(int64_t *told, int64_t now, int64_t period)
{
	if (now - *told < period)
		return false;
	*told = now;
	return true;
}

bool
pulse_line_is_due(struct pulse *pulse, int64_t now)
{
	return is_due(&pulse->line, now, PULSE_LINE_MS);
}

bool
pulse_status_is_due(struct pulse *pulse, int64_t now)
{
	return is_due(&pulse->status, now, PULSE_STATUS_MS);
}
