/* campaign: many targets: so many at a time, results as they come, progress, Ctrl-C. */
#ifndef CAMPAIGN_CAMPAIGN_H
#define CAMPAIGN_CAMPAIGN_H

#include <stdbool.h>

#include "campaign/probe.h"
#include "options/intake.h"
#include "report/ndjson.h"
#include "report/text.h"

struct buf;

enum campaign_format { CAMPAIGN_TEXT, CAMPAIGN_NDJSON, CAMPAIGN_NAGIOS };

struct campaign_plan { /* borrowed */
	const struct probe_plan *probe;
	const struct senders_plan *senders;
	struct intake *intake;
	const struct ip *sources; /* one walk for each; none: the kernel's choice */
	size_t source_count;
	unsigned concurrency;
	bool (*write)(
	    const struct buf *bytes, void *arg); /* to the end, at once; false after saying why */
	void *write_arg;
	enum campaign_format format;
	struct text_style style;
	bool progress; /* show a progress line on standard error … */
	bool same_terminal; /* … where the results go, too */
	bool quiet; /* text: no summary */
	const struct run_facts *run;
};

/* Runs to the end and returns the exit status (DESIGN.md section 2). */
int campaign_run(const struct campaign_plan *plan);

#endif
