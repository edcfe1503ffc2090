/* live: --live of preflight: the hosts of images and of List-Unsubscribe, as they answer to a HEAD
 * over HTTPS. Nobody is unsubscribed by that: RFC 8058 section 3.1 wants a POST for it, and there
 * is none here. */
#ifndef COMMAND_LIVE_H
#define COMMAND_LIVE_H

#include "options/options.h"
#include "preflight/preflight.h"

struct arena;
struct book;
struct event_base;

enum { LIVE_MAX = 20 }; /* that are asked, each host once for images and once for leaving */

/* How many there are, in the arena; all have answered, or not, when it returns. Their addresses
 * come from the book. */
size_t live_ask(const struct options *options, struct event_base *base, struct book *book,
    const struct message_facts *facts, struct arena *arena, const struct live_answer **out);

#endif
