/* report_senders: what records of `self` and `check` say, kept for a report. Pure. */
#ifndef REPORT_REPORT_SENDERS_H
#define REPORT_REPORT_SENDERS_H

#include "judge/remedies.h"
#include "report/report.h"

/* A word of a record, copied; "" where it has none. */
const char *report_word(struct arena *arena, const json_t *object, const char *key);
/* Of a finding, by its name; `otherwise` where it has none that is known here. */
const char *report_severity(const json_t *object, enum severity otherwise);
/* … and what a sender's and a check's have alike: all but topic, severity and what was found. */
void report_finding_read(struct report_finding *finding, const json_t *object, struct arena *arena);

void report_take_other(struct report *report, const struct record *record);
void report_take_check(struct report *report, const json_t *members); /* or a preflight */
void report_forget_others(struct report *report);

#endif
