/* text_summary: a run in numbers, and what it did not ask → words for people. Pure. */
#ifndef REPORT_TEXT_SUMMARY_H
#define REPORT_TEXT_SUMMARY_H

#include "report/run.h"
#include "report/tally.h"
#include "report/text.h"

void text_summary(struct buf *out, const struct text_style *style, const struct tally *tally,
    const struct run_end *end);
/* Instead of a summary, of one target alone: what its verdict leaves open. */
void text_summary_of_one(
    struct buf *out, const struct text_style *style, const struct tally *tally);

#endif
