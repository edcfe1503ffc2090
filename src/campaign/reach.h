/* reach: does any of these hosts take a connection from this machine? Asked one after the other, as
 * far as the greeting, and QUIT. It waits: the loop runs until it is known. */
#ifndef CAMPAIGN_REACH_H
#define CAMPAIGN_REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "evidence/route.h"
#include "io/consult.h"

struct arena;
struct event_base;

struct run_progress;

struct reach_plan { /* borrowed */
	struct event_base *base;
	struct consult_who who;
	long dns_ms;
	struct ip source; /* family 0: the kernel's choice */
	bool allow_private;
	const char *const *hosts; /* each good for target_server */
	size_t count;
	/* Once a second: whom is being tried. NULL: nobody is told. */
	void (*life)(const struct run_progress *progress, void *arg);
	void *arg;
};

struct reach { /* in the arena */
	const char *answered; /* who did, with its address; NULL: none */
	bool tried; /* a connection was tried, and not made */
	const char *why; /* how the last one failed; NULL: it did not */
};

void reach_any(const struct reach_plan *plan, struct arena *arena, struct reach *out);

#endif
