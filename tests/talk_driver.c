/* Says several mails in one session, for tests/wire.py.
 *
 * usage: talk_driver PORT TRANSACTIONS      each as far as RCPT, to 127.0.0.1
 *
 * A line for each transaction: "rest" or, when the session ended with it, "over", the decisive
 * code, its stage, "done" if it came that far. At the end "over". */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "io/loop.h"
#include "io/talk.h"

struct user {
	struct event_base *base;
	struct talk *talk;
	struct talk_result result;
	struct plan plan;
	long ms[STAGE_COUNT];
	struct arena *arena;
	unsigned left;
	bool resting;
};

static void
tell(const struct user *user, const char *word)
{
	const struct dialogue *d = &user->result.dialogue;

	printf("%s %d %s%s%s\n", word, d->decisive.code, stage_name(d->decisive_stage),
	    d->done ? " done" : "", d->ending == END_CLOSED ? " closed" : "");
}

static void
on_ready(void *arg)
{
	struct user *user = arg;

	tell(user, "rest");
	if (--user->left == 0 || !talk_next(user->talk, &user->plan, user->arena)) {
		user->resting = true;
		talk_quit(user->talk);
	}
}

static void
on_done(void *arg)
{
	struct user *user = arg;

	if (!user->resting)
		tell(user, "over");
	else
		puts("over");
	loop_stop(user->base);
}

int
main(int argc, char **argv)
{
	struct user user = {.base = loop_new(), .arena = arena_new()};
	struct talk_plan plan = {.base = user.base, .name = "127.0.0.1", .plan = &user.plan};

	if (argc != 3)
		return 64;
	user.left = (unsigned)atoi(argv[2]);
	user.plan = (struct plan){.helo = "me.example",
	    .from = "a@me.example",
	    .rcpt = "b@you.example",
	    .depth = STAGE_RCPT,
	    .ms = user.ms};
	for (int stage = 0; stage < STAGE_COUNT; stage++)
		user.ms[stage] = 5000;
	plan.port = (uint16_t)atoi(argv[1]);
	ip_parse(&plan.address, "127.0.0.1");
	plan.ready = on_ready;
	user.talk = talk_start(&plan, user.arena, &user.result, on_done, &user);
	loop_run(user.base);
	arena_free(user.arena);
	loop_free(user.base);
	return 0;
}
