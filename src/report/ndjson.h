/* record: what is known → one NDJSON line (DESIGN.md section 2, man/mxwalk-ndjson.5). Pure; the
 * line ends with LF. */
#ifndef REPORT_NDJSON_H
#define REPORT_NDJSON_H

#include "journey.h"
#include "report/explained.h"
#include "report/run.h"

struct advice;
struct buf;
struct tally;

enum { RECORD_MAX = 8 * 1024 * 1024 }; /* octets: what would be longer is cut, and says so */

void record_run(struct buf *out, const struct run_facts *run);
void record_sender(struct buf *out, const struct sender *sender, enum helo_origin origin);
void record_finding(struct buf *out, const struct sender *sender, const struct advice *advice);
void record_result(struct buf *out, const struct journey *journey);
void record_summary(struct buf *out, const struct tally *tally, const struct run_end *end);
void record_explanation(struct buf *out, const struct explanation *explanation);
void record_explained(struct buf *out, struct explained *explained); /* explain's summary */
void record_rule(struct buf *out, const struct rule_view *rule);

#endif
