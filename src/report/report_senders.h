/* report_senders: what records of `self` and `check` say, kept for a report. Pure. */
#ifndef REPORT_REPORT_SENDERS_H
#define REPORT_REPORT_SENDERS_H

#include "report/report.h"

void report_take_other(struct report *report, const struct record *record);
/* What its result would be called, of a target: accepted, refused, or dns-error where it could not
 * be found out. */
enum walk_status report_check_status(const struct report_check *check);
void report_forget_others(struct report *report);

#endif
