/* resume: an earlier run is gone on with: what it has written is read back, so that what is in it
 * is not asked again, and what is not whole at its end is taken off. */
#ifndef COMMAND_RESUME_H
#define COMMAND_RESUME_H

#include "campaign/verdicts.h"
#include "command/output.h"
#include "report/sink.h"

struct resume_plan { /* borrowed */
	const struct options *options;
	const struct run_facts *run; /* that is about to begin */
	struct verdicts *verdicts; /* what is done is put in here, … */
	struct sink *sink; /* … and counted there */
	struct output *output; /* open; it is at its end afterwards */
	int64_t *ended; /* when the last of them was known, milliseconds since the epoch */
};

/* EXIT_OK, or the exit status after saying why it cannot be gone on with: the file is then as it
 * was. */
int resume_read(const struct resume_plan *plan);

/* ---- for those who read such a file in another way (isolate) */

enum { RESUME_WHY = 300 };

/* Options that matter, in which the run of the file and this one differ: `why` says which. */
bool resume_differs(enum command_id command, const struct run_facts *earlier,
    const struct run_facts *now, char why[RESUME_WHY]);
/* Takes off what stands behind its first `good` octets, unpacked. False: errno says why. */
bool resume_mend(struct output *output, unsigned long long good, bool packed);

#endif
