/* site: whose turn it is to be connected to. Pure: jobs and the time go in, the next act comes out.
 *
 * A job goes through three gates: that of its site, of the address, and of the network around that
 * (/24, /48). Each lets so many through at once; the first two let no more begin in any minute than
 * the site's rate, and a site that asked for peace nobody before a time. The walks of the whole run
 * have limits of their own. Whoever waits stands at the one gate that is in the way, so that an
 * end, or the time, moves only those who waited for it: the cost of an act does not grow with how
 * many wait.
 *
 * Of those who may begin, the largest site's is the first: its end is the end of the run. Per site
 * and address the order is first come, first served; between the addresses of a site, and the sites
 * at an address, it goes round. */
#ifndef CAMPAIGN_SITE_H
#define CAMPAIGN_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "smtp/stage.h"

struct lane;
struct pace;
struct sites;

#define SITES_NEVER INT64_MAX

enum {
	SITES_NETWORK = 20, /* connections at once to one /24 or /48 */
	SITES_PAUSE_MAX =
	    60 * 60 * 1000, /* milliseconds: no site is left alone for longer at a time */
	SITES_GOOD =
	    10, /* so many good ends in a row, and a site that was slowed down is a step faster */
};

struct site_limits {
	unsigned walks; /* at once in all */
	unsigned rate; /* begun in any minute in all; 0: as many as there are */
	unsigned address, network; /* connections at once to one of these */
	int64_t pause; /* milliseconds that a site which complains is left alone at first; 0: it is
	                  not */
};

struct site_job { /* part of what waits; the caller owns it, and does not move it */
	void *arg; /* the caller's */
	bool deep;
	bool goes_on; /* its target was at the site just now, and is asked on: a pause is for others
	               */
	struct lane *lane; /* private, as are the next */
	struct site_job *next;
	unsigned long order;
};

/* The secret: base/table.h. */
struct sites *sites_new(const struct site_limits *limits, uint64_t secret);
void sites_free(struct sites *sites); /* who waits is forgotten. NULL is allowed */

void sites_add(struct sites *sites, struct site_job *job, const struct pace *pace,
    const struct ip *ip, int64_t now);
/* The job that is to begin now, and counts as running from now on. NULL: none; ask again at `*when`
 * (SITES_NEVER: no time helps) or after an add, a done. */
struct site_job *sites_next(struct sites *sites, int64_t now, int64_t *when);
void sites_withdraw(struct sites *sites, struct site_job *job, int64_t now); /* of one that waits */
void sites_done(struct sites *sites, struct site_job *job, int64_t now); /* of one that runs */
/* Its connection serves another: the next that waits for the same site and address and `fits` runs
 * in its place, and no connection is counted. NULL: none, and it still runs. */
struct site_job *sites_follow(struct sites *sites, struct site_job *job,
    bool (*fits)(const struct site_job *next, const struct site_job *job), int64_t now);

/* Nobody begins at the site before that time; it is never moved to an earlier one. */
void sites_hold(struct sites *sites, const struct pace *pace, int64_t not_before, int64_t now);
/* It said that we are too fast: it is left alone, for twice as long each time or, when `named` is
 * not 0, for as long as it says, but for an hour at most; then it gets half of what it got, and
 * more in steps. So does the address that said it (NULL: it is not known), whatever other sites
 * are there. Returns when the site may be asked again. */
int64_t sites_slow(
    struct sites *sites, const struct pace *pace, const struct ip *ip, int64_t named, int64_t now);
/* A connection that was begun at the site came to something good. */
void sites_good(struct sites *sites, const struct pace *pace, const struct ip *ip, int64_t now);
bool sites_worked(const struct sites *sites, const struct ip *ip, int64_t now); /* … at that
        address, within a minute */

unsigned sites_minute(struct sites *sites, const struct pace *pace, int64_t now); /* connections
        that were begun there in the last minute */
size_t sites_size(const struct sites *sites, const struct pace *pace); /* who waits for it */
/* So many more wait for it elsewhere; negative: fewer. */
void sites_expect(struct sites *sites, const char *site, long more, int64_t now);
/* Each site that is left alone, until when. */
void sites_held(const struct sites *sites, int64_t now,
    void (*held)(const char *site, int64_t until, void *arg), void *arg);

/* The site, or the address, whose last is the last to be begun, by what is known to wait, its rate,
 * and how many a connection there served so far. `*site` is valid until the next call. False:
 * none is kept waiting. */
bool sites_slowest(struct sites *sites, int64_t now, const char **site, int64_t *ms);

/* This host cannot have more than so many walks at once (1 at least), and begins none before that
 * time. With every ten good ends it may have one more again. */
void sites_rest(struct sites *sites, unsigned walks, int64_t until);
bool sites_rests(const struct sites *sites, int64_t now);

size_t sites_waiting(const struct sites *sites);
size_t sites_ready(const struct sites *sites); /* of those, who waits for no gate any more */
size_t sites_running(const struct sites *sites);

/* Does a walk to this depth say more than EHLO? */
bool site_is_deep(enum stage depth);

#endif
