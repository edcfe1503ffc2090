/* pulse: how fast a run goes, how long it will take, and when that is to be told. Pure: the time
 * comes in. */
#ifndef CAMPAIGN_PULSE_H
#define CAMPAIGN_PULSE_H

#include <stdbool.h>
#include <stdint.h>

#include "report/run.h"

enum { PULSE_LINE_MS = 60000, PULSE_STATUS_MS = 1000, PULSE_SPAN_MS = 30000 };

struct pulse { /* times of a clock that does not jump */
	int64_t began, line, status; /* when the latter were told last */
	struct pulse_mark {
		int64_t at;
		unsigned long done;
	} before, last; /* PULSE_SPAN_MS apart: the rate is that since `before` */
};

void pulse_begin(struct pulse *pulse, int64_t now, unsigned long done);
/* Into `progress`, where total and slowest are known: ms, rate, left_ms. */
void pulse_measure(
    struct pulse *pulse, int64_t now, unsigned long done, struct run_progress *progress);
/* Is it time again to tell it, as a line, as a status? Then it counts as told. */
bool pulse_line_is_due(struct pulse *pulse, int64_t now);
bool pulse_status_is_due(struct pulse *pulse, int64_t now);

#endif
