/* consult: the driver of the book. It calls an evaluator, asks for what that found missing, all at
 * once, and calls it again from the start as answers come, until it is done or the deadline passes.
 *
 * One evaluation asks CONSULT_QUESTIONS_MAX questions at most; what it wants beyond counts as
 * TIMEOUT. The deadline's clock stands still while a question of its waits in the resolver's line:
 * that others ask a lot is no fault of whom it is about. */
#ifndef IO_CONSULT_H
#define IO_CONSULT_H

#include <stdbool.h>

struct book;
struct consult;
struct event_base;
struct resolver;

enum { CONSULT_QUESTIONS_MAX = 2000 };

struct consult_who { /* whom to ask */
	struct resolver *resolver;
	struct resolver *lists; /* for the names that `is_list` accepts (--dnsbl-nameserver); NULL:
	                           `resolver` is asked for all */
	bool (*is_list)(const char *name, void *arg);
	void *arg;
};

typedef bool consult_step(struct book *book, void *arg); /* false: pending */

/* The control question: what every resolver that works knows, the servers of the root (its SOA
 * is what DANE asks for, and belongs into a book). Where it is answered, if only by a failure, a
 * resolver is there, and who is silent is somebody else's server.
 */
consult_step consult_control;
enum { CONSULT_CONTROL_MS = 2000 };

/* False: the deadline (or the bound above) cut it short. The questions still open then have a
 * TIMEOUT from nobody in the book, and the step was run to its end on that. */
typedef void consult_done(bool complete, void *arg);

/* The book is borrowed; `who` is copied. The step is never run, and `done` never called, from
 * within. */
struct consult *consult_start(struct event_base *base, const struct consult_who *who,
    struct book *book, consult_step *step, consult_done *done, void *arg, long deadline_ms);
void consult_cancel(
    struct consult *consult); /* not within the step, nor once `done` has been called */

#endif
