/* filter: one question to a filter that runs on this host or near it (preflight/component.h), over
 * a connection of its own: 2 s to connect, 30 s in all. Whatever goes wrong, nothing is known. */
#ifndef IO_FILTER_H
#define IO_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "base/slice.h"

struct event_base;
struct filter;

enum { FILTER_CONNECT_MS = 2000, FILTER_MS = 30000, FILTER_ANSWER_MAX = 1024 * 1024 };

struct filter_plan { /* borrowed until `done` */
	struct event_base *base;
	struct ip address;
	uint16_t port;
	struct slice question;
	/* Is the answer all there? */
	bool (*complete)(struct slice answer, bool ended, void *arg);
	/* Called once, later; the filter is then gone. `why` (static, or valid during the call): no
	 * answer; NULL: it is there. */
	void (*done)(struct slice answer, const char *why, void *arg);
	void *arg;
};

struct filter *filter_ask(const struct filter_plan *plan);

#endif
