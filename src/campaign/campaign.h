/* campaign: many targets: so many at a time, results as they come, progress, Ctrl-C. */
#ifndef CAMPAIGN_CAMPAIGN_H
#define CAMPAIGN_CAMPAIGN_H

#include <stdbool.h>

#include "campaign/probe.h"
#include "options/intake.h"
#include "report/sink.h"

struct campaign_plan { /* borrowed */
	const struct probe_plan *probe;
	const struct senders_plan *senders;
	struct intake *intake;
	const struct ip *sources; /* one walk for each; none: the kernel's choice */
	size_t source_count;
	unsigned concurrency;
	struct sink *sink; /* to whom all is told */
	bool progress; /* tell it now and then where we are */
	const struct run_facts *run;
};

/* Runs to the end and returns the exit status, as the sink knows it. */
int campaign_run(const struct campaign_plan *plan);

#endif
