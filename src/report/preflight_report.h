/* preflight_report: what preflight found out about one message from one source, for those that tell
 * it. Pure. */
#ifndef REPORT_PREFLIGHT_REPORT_H
#define REPORT_PREFLIGHT_REPORT_H

#include "evidence/identify.h"
#include "preflight/component.h"
#include "preflight/preflight.h"
#include "report/text.h"

struct buf;

struct preflight_report { /* borrowed */
	const char *file;
	const struct requirements *requirements;
	const struct message_facts *facts;
	const struct preflight *known;
	enum helo_origin origin;
	const struct finding *findings; /* CHECK_COUNT */
	const struct ranked *ranked;
	size_t ranked_count;
	const struct forecast *forecasts; /* one for each receiver */
	const struct mailing *mailing;
	const struct component *components;
	size_t component_count;
	const char
	    *signed_with; /* selector of the key that a copy was signed with; NULL: as it is */
};

void text_preflight(
    struct buf *out, const struct text_style *style, const struct preflight_report *report);
void record_preflight(struct buf *out, const struct preflight_report *report);
/* A test suite of JUnit's XML, between those two. */
void junit_begin(struct buf *out);
void junit_preflight(struct buf *out, const struct preflight_report *report);
void junit_end(struct buf *out);

enum preflight_status { PREFLIGHT_GOOD, PREFLIGHT_WARNS, PREFLIGHT_UNKNOWN, PREFLIGHT_REFUSED };
enum preflight_status preflight_status_of(const struct preflight_report *report);

/* "Gmail 550 5.7.27 (bulk), Outlook.com 550 5.7.515": those who refuse or warn on that check; in
 * the arena, NULL: nobody does. */
const char *preflight_who(const struct preflight_report *report, enum check_id id,
    enum demand_weight weight, struct arena *arena);

#endif
