/* site: whose turn it is to be connected to. Pure: jobs and the time go in, the next act comes out.
 *
 * A job goes through two gates, that of its site and that of the address; each lets so many through
 * at once, and none before a time. The walks of the whole run have a limit of their own. Whoever
 * waits for room stands at the one gate that has none, so that an end, or the time, moves only
 * those who waited for it: the cost of an act does not grow with how many wait.
 *
 * Per site and address the order is first come, first served; between the addresses of a site, and
 * the sites at an address, it goes round. */
#ifndef CAMPAIGN_SITE_H
#define CAMPAIGN_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "smtp/stage.h"

struct arena;
struct lane;
struct sites;

#define SITES_NEVER INT64_MAX

struct site_limits { /* connections at once */
	unsigned walks; /* in all */
	unsigned shallow, deep; /* to one site: up to EHLO; past it */
	unsigned address; /* to one address */
};

struct site_job { /* part of what waits; the caller owns it, and does not move it */
	void *arg; /* the caller's */
	bool deep;
	struct lane *lane; /* private, as is the next */
	struct site_job *next;
};

struct sites *sites_new(const struct site_limits *limits);
void sites_free(struct sites *sites); /* who waits is forgotten. NULL is allowed */

void sites_add(
    struct sites *sites, struct site_job *job, const char *site, const struct ip *ip, int64_t now);
/* The job that is to begin now, and counts as running from now on. NULL: none; ask again at `*when`
 * (SITES_NEVER: no time helps) or after an add, a done. */
struct site_job *sites_next(struct sites *sites, int64_t now, int64_t *when);
void sites_done(struct sites *sites, struct site_job *job, int64_t now); /* of one that runs */

/* Nobody begins at the site before that time; it is never moved to an earlier one. */
void sites_hold(struct sites *sites, const char *site, int64_t not_before, int64_t now);
void sites_lower(struct sites *sites, unsigned walks); /* the limit on all walks; 1 at least */

size_t sites_waiting(const struct sites *sites);
size_t sites_ready(const struct sites *sites); /* of those, who waits for no gate any more */
size_t sites_running(const struct sites *sites);

/* Who feels it when this host is connected to: its registered domain (two names under co.uk are two
 * sites), else its name; the address where there is no name. */
const char *site_name(const char *host, const struct ip *ip, struct arena *arena);
/* Does a walk to this depth say more than EHLO? */
bool site_is_deep(enum stage depth);

#endif
