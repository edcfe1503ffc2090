/* read_isolated: a line of the records of isolate, read back so that a run can be gone on with.
 * Pure. A file may be of any version, and by anybody: what is taken is within bounds. */
#ifndef REPORT_READ_ISOLATED_H
#define REPORT_READ_ISOLATED_H

#include "base/slice.h"
#include "report/isolated.h"

struct arena;

enum isolated_line {
	ISOLATED_NONE, /* no JSON object: torn, or nothing of ours */
	ISOLATED_FOREIGN, /* a record of another kind */
	ISOLATED_PLAN,
	ISOLATED_TEST,
	ISOLATED_END
};

struct isolated_record { /* in the arena */
	const char *run;
	/* of a plan */
	struct run_facts facts;
	const char *recipient;
	struct ip ip, source; /* family 0: none */
	size_t pieces; /* how many parts it has */
	struct hints hints;
	/* of a test */
	struct isolated_test test;
	/* of the end */
	enum course_end end;
};

enum isolated_line read_isolated(
    struct slice line, struct arena *arena, struct isolated_record *out);

#endif
