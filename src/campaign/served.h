/* served: the lines that ask what another line's walk asks: what that comes to is the result of
 * each of them, at once when it is known, else as soon as it is. Pure.
 *
 * A walk goes by the number that its target has (options/target.h). Kept of a journey is what a
 * verdict needs, some hundred octets and the reply; words that come again are kept once. That is
 * kept of the latest walks only; of all there is the bare verdict. */
#ifndef CAMPAIGN_SERVED_H
#define CAMPAIGN_SERVED_H

#include <stddef.h>
#include <stdint.h>

#include "campaign/verdicts.h"
#include "journey.h"

enum {
	SERVED_REPLY_MAX = 4096, /* octets of the decisive reply; what is behind them is cut */
	SERVED_KEPT = 1000, /* walks of which all is kept, half of them at least the latest; … */
	SERVED_OCTETS = 4 << 20, /* … and not more than this */
};

typedef void served_told(const struct journey *journey, void *arg); /* valid during the call; it has
                                                                       no attempts and no route */

struct served;
/* The verdicts are borrowed: those of an earlier run are there already. The secret: base/table.h.
 */
struct served *served_new(struct verdicts *verdicts, uint64_t secret, served_told *told, void *arg);
void served_free(struct served *served);

/* A line: told from within, or it waits. Of a walk that lies far back it is told the status, how
 * far was asked, and a note that says where the rest is. */
void served_ask(struct served *served, const struct target *target);
/* What a walk came to; the lines that wait for it are told from within. */
void served_know(struct served *served, const struct journey *journey);
/* A walk that will come to nothing: returns how many lines waited for it, and forgets them. */
unsigned long served_drop(struct served *served, unsigned long walk);

size_t served_waiting(const struct served *served); /* lines */

#endif
