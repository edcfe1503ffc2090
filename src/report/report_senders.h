/* report_senders: what records of `self` and `check` say, kept for a report. Pure. */
#ifndef REPORT_REPORT_SENDERS_H
#define REPORT_REPORT_SENDERS_H

#include "report/report.h"

void report_take_other(struct report *report, const struct record *record);
void report_take_check(struct report *report, const json_t *members); /* or a preflight */
void report_forget_others(struct report *report);

#endif
