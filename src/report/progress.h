/* progress: where a run stands, as a line of at most 100 columns for people, and as a record for
 * --status-file. Pure. */
#ifndef REPORT_PROGRESS_H
#define REPORT_PROGRESS_H

#include "report/tally.h"

struct buf;

void progress_time(struct buf *out, int64_t ms); /* "12s" "4m" "1h42m" "3d4h" */
void progress_line(struct buf *out, const struct run_progress *progress, const struct tally *tally);
/* now: milliseconds since the epoch; exit: the exit status, NULL while the run goes on. */
void record_progress(struct buf *out, const struct run_progress *progress,
    const struct tally *tally, int64_t now, const int *exit);

#endif
