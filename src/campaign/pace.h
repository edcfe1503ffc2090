/* pace: how a site is treated: what belongs together, how many connections it takes at once and in
 * a minute, how many transactions one of them. The large operators are in data/sites.conf. Pure. */
#ifndef CAMPAIGN_PACE_H
#define CAMPAIGN_PACE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ip.h"
#include "base/stanza.h"

struct arena;
struct pace_operator;
struct paces;
struct route;

enum { /* where nobody says anything else */
	PACE_SHALLOW = 2, /* connections at once, up to EHLO … */
	PACE_DEEP = 1, /* … and past it */
	PACE_RATE = 30, /* connections in any minute */
	PACE_TRANSACTIONS = 10, /* in one connection */
};

struct pace {
	const char *site; /* its name */
	unsigned shallow, deep; /* connections at once: up to EHLO; past it */
	unsigned rate; /* begun in any minute; 0: as many as there are */
	unsigned transactions; /* in one connection */
	const struct pace_operator *owner; /* whose it is; NULL: nobody's in the table */
};

struct pace_wish { /* what the user asks of every site */
	unsigned connections; /* 0: not given */
	bool rate_given;
	unsigned rate;
};

struct paces *paces_new(const struct pace_wish *wish);
void paces_free(struct paces *paces); /* NULL is allowed */
/* Adds stanzas of the form of data/sites.conf. Refused whole, with line and reason. */
bool paces_add(struct paces *paces, const char *text, size_t len, struct stanza_error *error);

/* Of a mail exchanger: of the operator that its name is below, else of its registered domain (two
 * names under co.uk are two sites), else of the name; of the address where there is no name.
 * `paces` NULL: nothing is known of any. */
void pace_find(const struct paces *paces, const char *host, const struct ip *ip,
    struct arena *arena, struct pace *pace);
/* Whose site a domain is: the operator's when all of its mail exchangers are, else that of the best
 * (whose pace `pace` is) as if there were no operators. */
const char *pace_site(
    const struct paces *paces, const struct pace *pace, const struct route *route);

#endif
