/* progress: where a run stands, as one line for a terminal. Pure. */
#ifndef REPORT_PROGRESS_H
#define REPORT_PROGRESS_H

#include "report/tally.h"

struct buf;

void progress_line(struct buf *out, const struct run_progress *progress, const struct tally *tally);

#endif
