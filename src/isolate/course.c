#include "isolate/course.h"

/* Less than this is no finding; with this much already it is tried both ways, for what proves it
 * tells as much as another test would. */
#define ENOUGH .92
#define WORTH .5
/* That it is no part, but their sum, cannot be tried: this is enough to say so when all is spent.
 */
#define LIKELY .5

enum { UNTOLD_PAUSE = 2, UNTOLD_END = 3, SAME_REFUSED = 2 };

void
course_begin(struct course *course, struct suspects *suspects, part_set links, unsigned budget)
{
	*course = (struct course){.suspects = suspects,
	    .links = links,
	    .budget = budget < COURSE_BUDGET_MAX ? budget : COURSE_BUDGET_MAX};
}

/* ---- what was seen */

static bool
is_told(const struct course_test *test)
{
	return test->outcome == COURSE_REFUSED || test->outcome == COURSE_ACCEPTED;
}

static const struct course_test *
seen(const struct course *course, enum course_say say, part_set sent)
{
	for (unsigned i = course->count; i-- > 0;)
		if (course->tests[i].say == say && course->tests[i].sent == sent &&
		    is_told(&course->tests[i]))
			return &course->tests[i];
	return NULL;
}

static unsigned
times_refused(const struct course *course, enum course_say say, part_set sent)
{
	unsigned times = 0;

	for (unsigned i = 0; i < course->count; i++)
		times += course->tests[i].say == say && course->tests[i].sent == sent &&
		         course->tests[i].outcome == COURSE_REFUSED;
	return times;
}

static struct course_step
send(const struct course *course, enum course_say say, part_set sent)
{
	return (struct course_step){.say = say, .sent = sent, .wait_ms = course->wait_ms};
}

static struct course_step
ended(struct course *course, enum course_end end)
{
	course->end = end;
	return (struct course_step){.end = end};
}

/* ---- the finding tried both ways */

/* No part is left out, or all are: the whole message or the control has shown it. */
static bool
is_shown(const struct course *course, const struct proof *proof)
{
	part_set all = suspects_all(course->suspects);
	const struct course_test *test;

	if (proof->sent == all || proof->sent == 0)
		return true;
	test = seen(course, COURSE_PARTS, proof->sent);
	return test != NULL && (test->outcome == COURSE_REFUSED) == proof->refused;
}

/* The first that is yet to be shown; false: all are. */
static bool
next_proof(const struct course *course, part_set *sent)
{
	struct suspect best = suspects_best(course->suspects);
	struct proof proofs[PROOFS];
	unsigned count = suspect_proofs(course->suspects, &best, proofs);

	for (unsigned i = 0; i < count; i++)
		if (!is_shown(course, &proofs[i])) {
			*sent = proofs[i].sent;
			return true;
		}
	return false;
}

/* ---- the next act */

/* Once a host's links are found: is it the host, or what is behind it? */
static bool
can_go_bare(const struct course *course, struct course_step *step)
{
	struct suspect best = suspects_best(course->suspects);
	part_set part = suspect_parts(&best);

	if (best.kind != SUSPICION_ONE || (course->links & part) == 0 ||
	    course->count + 2 > course->budget)
		return false;
	for (unsigned i = 0; i < course->count; i++)
		if (course->tests[i].say == COURSE_BARE)
			return false;
	*step = send(course, COURSE_BARE, part);
	return true;
}

/* The search is over: the control again, if the budget has one left and it was not the last that
 * was sent. */
static struct course_step
settle(struct course *course, enum course_end end)
{
	struct course_step step;

	if (end == COURSE_FOUND && can_go_bare(course, &step))
		return step;
	course->settled = true;
	if (course->count < course->budget && course->count > 2)
		return send(course, COURSE_CONTROL, 0);
	return ended(course, end);
}

static enum course_end
end_of_search(struct course *course)
{
	struct suspect best = suspects_best(course->suspects);

	if (best.share < (best.kind == SUSPICION_SUM ? LIKELY : ENOUGH))
		return COURSE_SPENT;
	return best.kind == SUSPICION_SUM ? COURSE_NO_PART : COURSE_FOUND;
}

static struct course_step
search(struct course *course)
{
	struct suspect best = suspects_best(course->suspects);
	/* one is kept for the control at the end */
	bool spent = course->count + 1 >= course->budget;
	struct course_step step;
	part_set sent;

	if (best.share > WORTH && next_proof(course, &sent)) {
		if (spent || times_refused(course, COURSE_PARTS, sent) >= SAME_REFUSED)
			return settle(course, end_of_search(course));
		step = send(course, COURSE_PARTS, sent);
		step.confirms = true;
		return step;
	}
	if (best.share > ENOUGH) {
		course->confirmed = best.kind != SUSPICION_SUM;
		return settle(course, end_of_search(course));
	}
	sent = suspects_next(course->suspects);
	if (spent || sent == 0 || times_refused(course, COURSE_PARTS, sent) >= SAME_REFUSED)
		return settle(course, end_of_search(course));
	return send(course, COURSE_PARTS, sent);
}

struct course_step
course_next(struct course *course)
{
	const struct course_test *whole, *control;

	if (course->end != COURSE_GOES_ON)
		return (struct course_step){.end = course->end};
	if (course->untold >= UNTOLD_END)
		return ended(course, COURSE_UNTOLD);
	if (course->count >= course->budget)
		return ended(course, end_of_search(course));
	if (course->count > 0 && course->tests[course->count - 1].outcome == COURSE_EARLIER &&
	    course->tests[course->count - 1].say <= COURSE_CONTROL)
		return ended(course, course->tests[course->count - 1].say == COURSE_WHOLE
		                         ? COURSE_NOT_REACHED
		                         : COURSE_UNTOLD);
	whole = seen(course, COURSE_WHOLE, suspects_all(course->suspects));
	if (whole == NULL)
		return send(course, COURSE_WHOLE, suspects_all(course->suspects));
	if (whole->outcome == COURSE_ACCEPTED)
		return ended(course, COURSE_NOT_REFUSED);
	control = seen(course, COURSE_CONTROL, 0);
	if (control == NULL)
		return send(course, COURSE_CONTROL, 0);
	if (course->settled)
		return ended(course,
		    control->outcome == COURSE_REFUSED ? COURSE_DRIFTED : end_of_search(course));
	if (control->outcome == COURSE_REFUSED)
		return ended(course, COURSE_NOT_CONTENT);
	return search(course);
}

/* ---- outcomes */

static void
note_untold(struct course *course, enum course_outcome outcome, long named_ms)
{
	long wait = named_ms > 0 ? named_ms : COURSE_AGAIN_MS;

	course->untold++;
	course->wait_ms = 0;
	if (outcome == COURSE_GREYLISTED || course->untold == UNTOLD_PAUSE)
		course->wait_ms = wait < COURSE_AGAIN_MAX_MS ? wait : COURSE_AGAIN_MAX_MS;
	if (outcome == COURSE_LIMITED)
		course->end = COURSE_TOO_FAST;
}

void
course_note(struct course *course, const struct course_step *step, enum course_outcome outcome,
    long named_ms)
{
	struct course_test *test = &course->tests[course->count++];

	*test = (struct course_test){.say = step->say, .sent = step->sent, .outcome = outcome};
	if (!is_told(test)) {
		note_untold(course, outcome, named_ms);
		return;
	}
	course->untold = 0;
	course->wait_ms = 0;
	if (step->say == COURSE_PARTS)
		suspects_note(course->suspects, step->sent, outcome == COURSE_REFUSED);
}

void
course_again(struct course *course)
{
	if (course->end != COURSE_TOO_FAST && course->untold < UNTOLD_END)
		return;
	course->end = COURSE_GOES_ON;
	course->untold = 0;
}

enum course_outcome
course_bare(const struct course *course)
{
	for (unsigned i = course->count; i-- > 0;)
		if (course->tests[i].say == COURSE_BARE)
			return course->tests[i].outcome;
	return COURSE_UNKNOWN;
}
