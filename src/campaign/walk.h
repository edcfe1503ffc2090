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
	struct plan say; /* how it is said: protocol, DSN …; the rest is filled in here */
	enum tls_want tls_want; /* what a level asks for is added to it … */
	bool must_verify; /* … and to this */
	const char *tls_name; /* that servers are to have; NULL: each its own */
	enum tls_trial trial; /* to see what a server takes */
	bool resumes; /* sessions of TLS, where the server has given one */
	long ms[STAGE_COUNT];
	struct letter_plan letter;
};

typedef void walk_done(void *arg);

struct walk_calls {
	/* Once, when the connection is gone, and what came of it is in the errand's journey, unless
	 * there is nothing (walk_follow). */
	walk_done *done;
	/* In its place: nothing is known, for it was begun in a way that the server does not bear.
	 * The errand may walk there again, in another way. NULL: that is done at once. */
	walk_done *again;
	/* A transaction is over, and the server takes another: walk_follow or walk_quit, at once.
	 * NULL: one is enough. */
	walk_done *rest;
};

/* `sender` is who we are there, and is identified. Nothing is called from within. NULL: what is to
 * be sent cannot be made; the attempt that says so is there already, and nothing is called. */
struct walk *walk_start(const struct walk_plan *plan, struct errand *errand,
    struct destination *destination, const struct sender_entry *sender,
    const struct walk_calls *calls, void *arg);

/* In `rest`: what came of the transaction that is over, as far as it is known. */
const struct dialogue *walk_dialogue(const struct walk *walk);
/* In `rest`: the attempt is put into the errand's journey, and the connection serves another, whose
 * `arg` is called from now on. False: the server does not go on; QUIT is said, and `done` comes
 * without an attempt. */
bool walk_follow(struct walk *walk, struct errand *errand, struct destination *destination,
    const struct sender_entry *sender, void *arg);
void walk_quit(struct walk *walk); /* in `rest` */

/* Cut short: QUIT if the server listens; `done` is not called. A walk in the middle proves nothing,
 * and leaves no attempt. True: it left one, for its verdict was known, or its message was sent and
 * has no reply: nobody may forget that. */
bool walk_stop(struct walk *walk);

enum stage walk_stage(const struct walk *walk); /* under way */

#endif
