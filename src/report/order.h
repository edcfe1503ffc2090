/* order: what is said of places, in any order, given out in the order of the places. Pure. */
#ifndef REPORT_ORDER_H
#define REPORT_ORDER_H

#include <stdbool.h>

#include "base/buf.h"

struct order;

struct order *order_new(void);
void order_free(struct order *order); /* NULL is allowed */

/* So many texts will come of that place, which is behind all before. */
void order_expect(struct order *order, unsigned long place, size_t texts);
void order_put(struct order *order, unsigned long place, const struct buf *text);
/* All texts of the next place are added to `out`; false: they have not come yet. `now`: what there
 * is of it. */
bool order_take(struct order *order, bool now, struct buf *out);

size_t order_octets(const struct order *order); /* of texts that wait */

#endif
