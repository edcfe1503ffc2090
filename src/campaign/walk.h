/* walk: the life of one connection for an errand: what is to be said at a destination, the talk,
 * and what came of it as the errand's next attempt. */
#ifndef CAMPAIGN_WALK_H
#define CAMPAIGN_WALK_H

#include <stdbool.h>

#include "campaign/errand.h"
#include "campaign/letter.h"

struct event_base;
struct sender_entry;
struct tls_context;
struct walk;

struct walk_plan { /* one for the run; borrowed */
	struct event_base *base;
	struct tls_context *(*tls)(
	    void *arg); /* made when the first handshake needs it; NULL from it: no TLS */
	void *tls_arg;
	enum tls_want tls_want; /* what a level asks for is added to it … */
	bool must_verify; /* … and to this */
	long ms[STAGE_COUNT];
	struct letter_plan letter;
};

typedef void walk_done(void *arg);

/* `sender` is who we are there, and is identified. `done` is called once, later, when the attempt
 * is in the errand's journey; the walk is then gone. NULL: what is to be sent cannot be made; the
 * attempt that says so is there already, and `done` is not called. */
struct walk *walk_start(const struct walk_plan *plan, struct errand *errand,
    const struct destination *destination, const struct sender_entry *sender, walk_done *done,
    void *arg);

/* Cut short: QUIT if the server listens; `done` is not called. A walk in the middle proves nothing,
 * and leaves no attempt. True: it left one, for its verdict was known, or its message was sent and
 * has no reply: nobody may forget that. */
bool walk_stop(struct walk *walk);

enum stage walk_stage(const struct walk *walk); /* under way */

#endif
