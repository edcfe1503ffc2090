/* campaign: a run of many targets, or of one: from where they come, into the pipeline, to whom
 * results are told; progress, signals, and when to give up. */
#ifndef CAMPAIGN_CAMPAIGN_H
#define CAMPAIGN_CAMPAIGN_H

#include <stdbool.h>

#include "campaign/pipeline.h"
#include "campaign/senders.h"
#include "options/intake.h"
#include "report/sink.h"

struct campaign_plan { /* borrowed */
	const struct pipeline_plan *pipeline;
	const struct senders_plan *senders;
	struct intake *intake;
	const struct ip *sources; /* one walk for each; none: the kernel's choice */
	size_t source_count;
	struct sink *sink; /* to whom all is told */
	bool progress; /* show it on the terminal where we are */
	bool minutes; /* tell it every minute */
	struct verdicts *verdicts; /* what was found out in an earlier run that this goes on with */
	int64_t earlier; /* its last result, milliseconds since the epoch; 0: there was none */
	bool paced; /* what a site may get in a minute is limited */
	bool other_list; /* the targets need not be those of that run: what is another is asked */
	long watch_ms; /* how often the standing of the sources is looked at; 0: it is not */
	bool keep_going; /* also when nobody answers this machine, or it cannot */
	const struct run_facts *run;
};

/* Runs to the end and returns the exit status, as the sink knows it. */
int campaign_run(const struct campaign_plan *plan);

#endif
