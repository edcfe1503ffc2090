/* course: which test message goes out next, and when there is enough: first the whole message, then
 * a plain one from the same sender (the control), then parts of it as suspects.h would have them
 * sent, the finding tried both ways, and the control again.
 *
 * Pure: outcomes in, next act out. Nothing is sent more often than the budget allows, and the same
 * refused message at most twice. Waits are in milliseconds, counted from the end of the test
 * before. */
#ifndef ISOLATE_COURSE_H
#define ISOLATE_COURSE_H

#include "isolate/suspects.h"

enum {
	COURSE_BUDGET = 20,
	COURSE_BUDGET_MAX = 30, /* messages */
	COURSE_AGAIN_MS = 600000, /* after two outcomes that tell nothing, and for a greylister that
	                             names no time */
	COURSE_AGAIN_MAX_MS = 3600000
};

enum course_outcome {
	COURSE_REFUSED, /* as the whole message was */
	COURSE_ACCEPTED,
	COURSE_UNKNOWN, /* 4yz, dropped, no answer */
	COURSE_OTHERWISE, /* refused, but not as the whole message was */
	COURSE_EARLIER, /* refused before the message was sent */
	COURSE_GREYLISTED,
	COURSE_LIMITED /* the server says that we are too fast, or too many */
};

enum course_end {
	COURSE_GOES_ON,
	COURSE_FOUND,
	COURSE_NOT_REFUSED, /* the whole message was taken */
	COURSE_NOT_REACHED, /* refused before the message was sent: it is not what it says */
	COURSE_NOT_CONTENT, /* the control is refused as well */
	COURSE_NOT_NEEDED, /* the refusal says that it is about the sender: SPF, DKIM, DMARC */
	COURSE_NO_PART, /* no part alone, nor two: their sum, or what all of them share */
	COURSE_SPENT, /* the budget is gone */
	COURSE_UNTOLD, /* three outcomes in a row that tell nothing */
	COURSE_TOO_FAST, /* the server limits us */
	COURSE_DRIFTED /* the control, accepted at first, is refused at the end: nothing holds */
};

enum course_say {
	COURSE_WHOLE,
	COURSE_CONTROL,
	COURSE_PARTS,
	COURSE_BARE /* the part that was found, a link, with its host alone */
};

struct course_test {
	enum course_say say;
	part_set sent; /* of PARTS; all for WHOLE, none for CONTROL */
	enum course_outcome outcome;
};

struct course_step {
	enum course_end end; /* GOES_ON: `say` and `sent` go out after `wait_ms` */
	enum course_say say;
	part_set sent;
	bool confirms; /* it is one of those that try the finding */
	long wait_ms; /* beyond the usual spacing */
};

struct course {
	struct suspects *suspects;
	part_set links; /* parts that can be sent bare */
	unsigned budget;
	struct course_test tests[COURSE_BUDGET_MAX];
	unsigned count;
	/* since the last outcome that told something */
	unsigned untold;
	long wait_ms;
	enum course_end end;
	bool settled; /* the search is over; what is left is the control */
	bool confirmed; /* both ways */
};

/* The suspects are borrowed, for as long as the course. */
void course_begin(
    struct course *course, struct suspects *suspects, part_set links, unsigned budget);
/* What came of the link that was sent bare; UNKNOWN: it was not. */
enum course_outcome course_bare(const struct course *course);
struct course_step course_next(struct course *course);
/* Some time has passed since it was given up for untold outcomes or for a limit: it goes on. */
void course_again(struct course *course);
/* `named_ms`: the delay that the reply names, 0 if none. */
void course_note(struct course *course, const struct course_step *step, enum course_outcome outcome,
    long named_ms);

#endif
