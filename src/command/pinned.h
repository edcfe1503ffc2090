/* pinned: one recipient at one address of one mail exchanger, from one source, walked again and
 * again: for isolate, whose messages are to differ in nothing but what is tried. */
#ifndef COMMAND_PINNED_H
#define COMMAND_PINNED_H

#include "campaign/senders.h"
#include "campaign/walk.h"
#include "command/dkim_keys.h"
#include "command/sources.h"
#include "isolate/course.h"

struct event;

enum { PINNED_SIGNALS = 3 };

struct pinned {
	const struct options *options;
	struct arena *arena; /* for as long as all of it */
	struct dns_access dns;
	struct rulebook rulebook;
	struct tls_context *tls;
	struct dkim_keys keys;
	struct target target;
	struct errand *route; /* that led there; its destination is */
	struct destination *destination;
	struct sender_entry sender;
	struct errand_rules rules;
	struct walk_plan plan; /* the caller's to change between walks: letter, tls_want */
	struct walk *walk; /* under way */
	struct event *signals[PINNED_SIGNALS], *timer;
	int64_t until;
	void (*wait_shown)(long seconds, void *arg); /* once a second; NULL: nobody looks */
	void *arg;
	bool interrupted; /* SIGINT, SIGTERM or SIGHUP came */
};

/* Opens what it takes and finds the way: EXIT_OK, or the exit status after saying why. `arena` is
 * borrowed. `ip`: the server has to be that one; NULL: the first that a sender would try. Either
 * way pinned_close is to be called; it returns the exit status. */
int pinned_open(
    struct pinned *pinned, const struct options *options, const struct ip *ip, struct arena *arena);
int pinned_close(struct pinned *pinned, int status);

/* One walk to its end, or to a signal (then there may be no attempt), and what its verdict is; to
 * be freed with errand_free. */
struct errand *pinned_walk(struct pinned *pinned);
/* What the verdict of a walk is to isolate: 4yz, drops and silences tell nothing. */
enum course_outcome pinned_outcome(const struct journey *journey);
/* A reply that stays when its errand is gone, without its lines; NULL: there was none. */
const struct reply *pinned_keep_reply(struct pinned *pinned, const struct reply *reply);
void pinned_wait(struct pinned *pinned, long ms); /* or until a signal */

#endif
