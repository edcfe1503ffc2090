/* audience: whose rules the recipients of a list are under: by their domain where the receiver's
 * own are known, else by its mail exchangers, which are asked for once a domain. Pure. */
#ifndef PREFLIGHT_AUDIENCE_H
#define PREFLIGHT_AUDIENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "preflight/requirements.h"

struct audience;
struct book;

enum { AUDIENCE_DOMAINS_MAX = 1000000 }; /* others are counted as not known */

struct audience_share { /* of all recipients */
	unsigned long recipients;
	unsigned long of[PROVIDERS_MAX]; /* of each receiver */
	unsigned long others; /* of none of them */
	unsigned long unknown; /* their mail exchangers could not be looked up */
	unsigned long bad; /* lines that are no address */
};

struct audience *audience_new(const struct requirements *requirements);
void audience_free(struct audience *audience); /* NULL is allowed */

/* A line of the list: an address or a domain, whatever stands behind a blank, comma or semicolon;
 * empty lines and those that begin with # are nothing. */
void audience_add(struct audience *audience, struct slice line);

size_t audience_domains(const struct audience *audience); /* those to be looked up */
/* Looks up those from `first` on, before `end`. False: pending. */
bool audience_look_up(struct audience *audience, struct book *book, size_t first, size_t end);
/* Domains that were not looked up count as not known. */
struct audience_share audience_shares(const struct audience *audience);

#endif
