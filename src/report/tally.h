/* tally: results counted, for the summary and for the exit status. Pure. */
#ifndef REPORT_TALLY_H
#define REPORT_TALLY_H

#include "base/counter.h"
#include "journey.h"
#include "report/run.h"

struct tally {
	unsigned long targets, status[WALK_COUNT], cause[CAUSE_COUNT];
	struct counter *lists; /* blocklists that were quoted */
	struct counter *sites; /* where it was decided, by registered domain */
};

void tally_init(struct tally *tally);
void tally_release(struct tally *tally);
void tally_result(struct tally *tally, const struct journey *journey);

/* DESIGN.md section 2. */
int tally_exit(const struct tally *tally, const struct run_end *end);

/* "mx1.example.co.uk" is of the site "example.co.uk"; an address is its own. Points into `mx`. */
const char *tally_site(const char *mx);

#endif
