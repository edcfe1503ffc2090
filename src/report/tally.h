/* tally: results counted, for the summary and for the exit status. Pure. */
#ifndef REPORT_TALLY_H
#define REPORT_TALLY_H

#include "base/counter.h"
#include "journey.h"
#include "report/run.h"

struct tally {
	unsigned long targets, status[WALK_COUNT];
	unsigned long excused; /* skipped, and nothing is left open by it */
	unsigned long served; /* targets that the walk of another answered: not counted below */
	unsigned long cause[CAUSE_COUNT];
	unsigned long asked[STAGE_COUNT]; /* of those that accepted: how far they were asked */
	struct counter *lists; /* blocklists that were quoted */
	struct counter *sites; /* of the best mail exchangers */
};

void tally_init(struct tally *tally);
void tally_release(struct tally *tally);
void tally_result(struct tally *tally, const struct journey *journey);

/* DESIGN.md section 2. */
int tally_exit(const struct tally *tally, const struct run_end *end);

#endif
