/* Built without libcurl: every fetch says that it was not made. */
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "io/policy_fetch.h"

struct no_fetch {
	LIST_ENTRY(no_fetch) link;
	struct event turn;
	fetch_done *done;
	void *arg;
};

struct no_fetcher {
	struct event_base *base;
	LIST_HEAD(, no_fetch) fetches;
};

const char *
fetch_library(void)
{
	return NULL;
}

struct fetcher *
fetcher_new(const struct fetch_plan *plan, const char **why)
{
	struct no_fetcher *fetcher = must_alloc(sizeof *fetcher);

	*why = NULL;
	fetcher->base = plan->base;
	LIST_INIT(&fetcher->fetches);
	return (struct fetcher *)fetcher;
}

void
fetcher_free(struct fetcher *opaque)
{
	struct no_fetcher *fetcher = (struct no_fetcher *)opaque;

	if (fetcher == NULL)
		return;
	while (!LIST_EMPTY(&fetcher->fetches))
		fetch_cancel((struct fetch *)LIST_FIRST(&fetcher->fetches));
	free(fetcher);
}

void
fetch_cancel(struct fetch *opaque)
{
	struct no_fetch *fetch = (struct no_fetch *)opaque;

	LIST_REMOVE(fetch, link);
	event_del(&fetch->turn);
	free(fetch);
}

static void
on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct no_fetch *fetch = arg;
	fetch_done *done = fetch->done;
	void *who = fetch->arg;

	(void)fd;
	(void)what;
	fetch_cancel((struct fetch *)fetch);
	done(&(struct sts_fetched){.how = STS_FETCH_LOCAL,
	         .detail = "this mxwalk is built without libcurl"},
	    who);
}

struct fetch *
fetcher_ask(struct fetcher *opaque, const char *host, const struct ip *addresses, size_t count,
    fetch_done *done, void *arg)
{
	struct no_fetcher *fetcher = (struct no_fetcher *)opaque;
	struct no_fetch *fetch = must_alloc(sizeof *fetch);

	(void)host;
	(void)addresses;
	(void)count;
	fetch->done = done;
	fetch->arg = arg;
	LIST_INSERT_HEAD(&fetcher->fetches, fetch, link);
	evtimer_assign(&fetch->turn, fetcher->base, on_turn, fetch);
	event_active(&fetch->turn, EV_TIMEOUT, 0);
	return (struct fetch *)fetch;
}
