/* egress: does anybody out there answer this machine at all? Many providers close port 25 to their
 * customers, and then every target looks dead. Pure. */
#ifndef CAMPAIGN_EGRESS_H
#define CAMPAIGN_EGRESS_H

#include <stdbool.h>
#include <stddef.h>

enum {
	EGRESS_SITES = 10, /* so many different ones that do not answer are no accident */
	EGRESS_END = 2, /* nor are so many when there were no others */
};

struct egress { /* {0}: nothing was tried */
	bool answered; /* somebody did: no more is to be learnt */
	size_t count; /* sites that did not, as far as they are told apart */
	char *sites[EGRESS_SITES];
};

/* A connection to the site was made, or was not. */
void egress_note(struct egress *egress, bool answered, const char *site);
/* Closed, as far as can be told: by so many sites, or at the end by all that were tried. */
bool egress_is_closed(const struct egress *egress, bool at_end);
void egress_release(struct egress *egress);

#endif
