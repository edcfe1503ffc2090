/* filters: what filters that run here say of a message (--rspamd, --spamd, --clamd): all are asked
 * at once. */
#ifndef COMMAND_FILTERS_H
#define COMMAND_FILTERS_H

#include "options/options.h"
#include "preflight/component.h"

struct arena;
struct event_base;

/* How many there are; the last of them has answered, or not, when it returns. */
size_t filters_ask(const struct options *options, struct event_base *base,
    const struct component_plan *plan, struct arena *arena, const struct component **out);

#endif
