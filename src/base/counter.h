/* counter: how often each name came. Bounded: a name that is new when there are `max` already is
 * counted under "(others)". */
#ifndef BASE_COUNTER_H
#define BASE_COUNTER_H

#include <stddef.h>

#define COUNTER_OTHERS "(others)"

struct count {
	const char *name; /* owned by the counter */
	unsigned long count;
};

struct counter;
struct counter *counter_new(size_t max);
void counter_free(struct counter *counter); /* NULL is allowed */

void counter_add(struct counter *counter, const char *name);
/* Only the most frequent are listed, `shown` of them, and the rest under "(others)"; otherwise all.
 */
void counter_show(struct counter *counter, size_t shown);
/* The most frequent first, then by name; COUNTER_OTHERS last. Valid until the counter is used
 * again. */
size_t counter_list(struct counter *counter, const struct count **list);

#endif
