/* policy_fetch: gets MTA-STS policies over HTTPS (RFC 8461 section 3.3): from addresses that are
 * given, never from what the system's resolver says; no redirect, no proxy, no cookie; 64 KiB at
 * most, and a deadline for the whole. The only user of libcurl; without it (configure
 * --without-curl) nothing is fetched, and every fetch says so. */
#ifndef IO_POLICY_FETCH_H
#define IO_POLICY_FETCH_H

#include <stddef.h>

#include "evidence/mta_sts.h"

struct event_base;
struct fetch;
struct fetcher;

struct fetch_plan { /* one for the run */
	struct event_base *base;
	const char *ca; /* file or folder to trust instead of the system's; NULL: the system's */
	unsigned port; /* 443 but in tests */
	long ms; /* for one policy, all in all */
	unsigned at_once; /* more of them wait */
};

/* NULL with `*why` (static) where `ca` cannot be loaded. The system's are loaded when the first
 * policy is fetched. */
struct fetcher *fetcher_new(const struct fetch_plan *plan, const char **why);
void fetcher_free(struct fetcher *fetcher); /* NULL is allowed; fetches that are open are gone */

typedef void fetch_done(const struct sts_fetched *fetched, void *arg); /* valid during the call */

/* The policy of `host` ("mta-sts.example.com"), at one of these addresses (one at least). `done` is
 * called once, later, and the fetch is then gone. */
struct fetch *fetcher_ask(struct fetcher *fetcher, const char *host, const struct ip *addresses,
    size_t count, fetch_done *done, void *arg);
void fetch_cancel(struct fetch *fetch);

const char *fetch_library(void); /* the version that this is built for; NULL: built without */

#endif
