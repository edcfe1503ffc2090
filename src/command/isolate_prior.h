/* isolate_prior: what can be known of a message without sending it: what preflight finds in it,
 * what lists say of its links, and filters that run here (--rspamd, --spamd, --clamd). What they
 * find is where isolate looks first. */
#ifndef COMMAND_ISOLATE_PRIOR_H
#define COMMAND_ISOLATE_PRIOR_H

#include "command/pinned.h"
#include "isolate/kinds.h"

struct isolate_prior_plan { /* borrowed */
	struct pinned *pinned;
	struct slice message; /* CRLF line ends */
	const struct kinds *kinds;
	const struct pieces *pieces;
};

/* EXIT_OK, or the exit status after saying why. Hints are in the pinned one's arena. */
int isolate_prior(const struct isolate_prior_plan *plan, struct hints *hints);

#endif
