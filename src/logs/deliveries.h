/* deliveries: many lines of a log about one delivery → its last word. A delivery is a queue id and
 * a recipient; a deferral is held back until the delivery fails for good, goes through, or no more
 * lines come. Pure; at most DELIVERIES_MAX are held: then the oldest is told. */
#ifndef LOGS_DELIVERIES_H
#define LOGS_DELIVERIES_H

#include "logs/bounce.h"

enum { DELIVERIES_MAX = 16384 };

struct deliveries;
struct deliveries *deliveries_new(refusal_take *take, void *arg);
void deliveries_free(struct deliveries *deliveries);

void deliveries_take(struct deliveries *deliveries, const struct refusal *refusal);
/* It went through. True: it had been deferred before. */
bool deliveries_sent(struct deliveries *deliveries, const char *queue_id, const char *recipient);
void deliveries_flush(struct deliveries *deliveries); /* tells all that is held, in order */

#endif
