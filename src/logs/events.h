/* events: JSON in which services, programs and we ourselves tell of refusals → each of them.
 *
 * - {"text": …, "id", "stage", "code", "enhanced", "mx", "provider", "recipient", "said_by"}, our
 *   own `result` and `explanation` records
 * - KumoMTA's log records; maddy's; what wraps a log line (journald's MESSAGE)
 * - Amazon SES (by SNS or as it is), SendGrid, Mailgun, Postmark, SparkPost
 * - reports on TLS (tls_report.h)
 *
 * An array is read element by element. Deliveries, openings and complaints tell nothing. */
#ifndef LOGS_EVENTS_H
#define LOGS_EVENTS_H

#include "logs/bounce.h"

struct arena;

/* How many refusals it told; -1: it is no JSON. The strings live in `arena`, or during the call. */
long events_read(const char *json, size_t len, struct arena *arena, refusal_take *take, void *arg);

#endif
