/* isolate_resume: a run of isolate that is gone on with: its own records are read back. */
#ifndef COMMAND_ISOLATE_RESUME_H
#define COMMAND_ISOLATE_RESUME_H

#include "command/output.h"
#include "report/read_isolated.h"

struct isolate_earlier { /* in the arena */
	bool any; /* there is a run to go on with; else nothing below says anything */
	struct isolated_record plan;
	struct isolated_test tests[COURSE_BUDGET_MAX];
	unsigned count;
	bool ended; /* its last record is how it ended: */
	enum course_end end;

	/* of the file */
	unsigned long long good; /* octets to the end of its last whole record, unpacked */
	bool packed;
};

/* --resume: reads --output. EXIT_OK, also where there is no such file yet, or the exit status after
 * saying why. */
int isolate_resume_read(
    const struct options *options, struct arena *arena, struct isolate_earlier *earlier);
/* Is it of this message, recipient, parts and options? EXIT_OK, or the exit status after saying
 * why. */
int isolate_resume_compare(const struct options *options, const struct isolate_earlier *earlier,
    const struct isolated *now);
/* What is torn at the file's end is taken off. */
int isolate_resume_mend(const struct isolate_earlier *earlier, struct output *output);

#endif
