/* text_summary: a run in numbers, what it did not ask, and what is to be done first → words for
 * people. Pure. */
#ifndef REPORT_TEXT_SUMMARY_H
#define REPORT_TEXT_SUMMARY_H

#include "report/overview.h"
#include "report/run.h"
#include "report/text.h"

struct remedies;

/* remedies: NULL: nothing is said of what to do. */
void text_summary(struct buf *out, const struct text_style *style, const struct overview *overview,
    const struct run_end *end, const struct remedies *remedies);
/* Instead of a summary, of one target alone: what its verdict leaves open. */
void text_summary_of_one(
    struct buf *out, const struct text_style *style, const struct tally *tally);

/* Sentences that other formats have, too. */
/* "71 % of the list sits behind 3 sites: google.com 34 %, …"; nothing where there is no such share
 * to speak of. */
void text_concentration(struct buf *out, const struct overview *overview);
/* "outlook.com refuses 192.0.2.1: ip-blocklist (zen.spamhaus.org), 12 of 14 targets". */
void text_trouble(struct buf *out, const struct overview_place *place);
/* "3 confirmed, 1 stated" */
void text_bases(struct buf *out, const struct overview_cause *cause);

#endif
