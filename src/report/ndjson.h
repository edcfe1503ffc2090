/* record: what is known → one NDJSON line (DESIGN.md section 2, man/mxwalk-ndjson.5). Pure; the
 * line ends with LF. */
#ifndef REPORT_NDJSON_H
#define REPORT_NDJSON_H

#include <stdint.h>

#include "journey.h"
#include "report/explained.h"

struct advice;
struct buf;
struct json;

enum {
	RECORD_MAX = 16 * 1024 * 1024
}; /* octets: more than the limits on replies and attempts let through */

struct tally { /* what the summary counts */
	unsigned long targets, status[WALK_COUNT], cause[CAUSE_COUNT];
	unsigned long bad_input; /* lines of the input that are no target */
	struct tally_name { /* by blocklist, by MX site; in the run's arena */
		const char *name;
		unsigned long count;
	} * lists, *sites;
	size_t list_count, site_count;
};

struct run_facts {
	const char *version;
	int64_t started; /* milliseconds since the epoch */
	const char *const *options; /* "port=2525": those in force that are not the default */
	size_t option_count;
	const char *const *nameservers;
	size_t nameserver_count;
};

void record_run(struct buf *out, const struct run_facts *run);
void record_sender(struct buf *out, const struct sender *sender, enum helo_origin origin);
void record_finding(struct buf *out, const struct sender *sender, const struct advice *advice);
void record_result(struct buf *out, const struct journey *journey);
void record_summary(struct buf *out, const struct tally *tally, int64_t ms, bool interrupted);
void record_explanation(struct buf *out, const struct explanation *explanation);
void record_explained(struct buf *out, struct explained *explained); /* explain's summary */
void record_rule(struct buf *out, const struct rule_view *rule);

#endif
