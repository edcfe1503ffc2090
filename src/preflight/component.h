/* component: what a filter that runs here says of a message: rspamd, SpamAssassin, ClamAV: what is
 * asked, and how the answer is read. Pure; the connection is io/filter.h. */
#ifndef PREFLIGHT_COMPONENT_H
#define PREFLIGHT_COMPONENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ip.h"
#include "base/slice.h"

struct arena;
struct buf;

enum component_kind { COMPONENT_RSPAMD, COMPONENT_SPAMD, COMPONENT_CLAMD, COMPONENT_COUNT };
const char *component_name(enum component_kind kind); /* "rspamd" "spamd" "clamd" */
unsigned component_port(enum component_kind kind); /* the usual one */

struct component_symbol {
	const char *name, *description; /* description NULL: none */
	double score;
};

struct component {
	enum component_kind kind;
	const char *at; /* "127.0.0.1:11333" */
	bool known; /* it answered; else `problem` says why not */
	const char *problem;
	bool spam; /* it would hold the message back, or found something */
	const char *action; /* rspamd's; what ClamAV found; NULL: none */
	double score, threshold; /* 0: it has none */
	struct component_symbol *symbols; /* those that speak against it, the heaviest first */
	size_t symbol_count;
};

struct component_plan { /* who sends, for the filter */
	struct slice message;
	struct ip ip;
	const char *helo, *from, *hostname; /* hostname: the PTR name; NULL: none */
	long long now; /* seconds since the epoch */
};

/* All that is to be sent to it, with a Received field for the sender above the message: without one
 * filters hold it for their own. */
void component_ask(enum component_kind kind, const struct component_plan *plan, struct buf *out);
/* Is the answer all there? `ended`: nothing more comes. */
bool component_complete(enum component_kind kind, struct slice answer, bool ended);
void component_read(
    enum component_kind kind, struct slice answer, struct arena *arena, struct component *out);

#endif
