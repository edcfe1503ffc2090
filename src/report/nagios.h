/* nagios: what a run is measured by, against thresholds → the status and the first line of a
 * monitoring plugin. Pure. */
#ifndef REPORT_NAGIOS_H
#define REPORT_NAGIOS_H

#include "base/range.h"
#include "exit_status.h"
#include "journey.h"

struct buf;

/* What performance data call that which is good, refused, deferred and undetermined. */
struct nagios_labels {
	const char *good, *refused, *deferred, *undetermined;
};

struct nagios_facts {
	const struct nagios_labels *labels; /* NULL: these words, and "accepted" */
	unsigned long targets, status[WALK_COUNT];
	double seconds;
	bool certificates; /* `days` is known */
	double days;
	bool lists; /* `listed` is known */
	unsigned long listed;
};

/* thresholds NULL: refused is critical, deferred a warning, anything else that is not accepted
 * unknown; each of these holds where no threshold of its own was given. */
enum nagios_status nagios_status(
    const struct nagios_facts *facts, const struct thresholds *thresholds);
/* "MXWALK CRITICAL - words | time=…": `words` may hold anything, up to its first line end. */
void nagios_line(struct buf *out, const struct nagios_facts *facts,
    const struct thresholds *thresholds, const char *words);
/* What stands below it: a bar would begin performance data. */
void nagios_text(struct buf *out, const char *text, size_t len);
enum nagios_status nagios_of_exit(int status); /* of a check's own exit status: up to 3 */
const char *nagios_word(enum nagios_status status); /* "CRITICAL" */

double nagios_days(int64_t ends, int64_t now); /* until then, in milliseconds since the epoch */

#endif
