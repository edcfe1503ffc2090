/* consult: the driver of the book. It calls an evaluator, resolves what that found missing, all at once, and calls it again from the start, until it is done or the deadline passes. */
#ifndef IO_CONSULT_H
#define IO_CONSULT_H

#include <stdbool.h>

struct arena;
struct book;
struct consult;
struct event_base;
struct resolver;

typedef bool consult_step(struct book *book, void *arg); /* false: pending */
typedef void consult_done(bool complete, void *arg); /* complete false: the deadline passed; unanswered questions then count as TIMEOUT and the step was run a last time */

/* `lists` may be NULL or another resolver, that is asked for names below the zones that `is_list` accepts (--dnsbl-nameserver). The book is borrowed. Never calls back from within. */
struct consult *consult_start(struct event_base *base, struct resolver *resolver, struct book *book, consult_step *step, consult_done *done, void *arg, long deadline_ms);
void consult_cancel(struct consult *consult); /* not after done */

#endif
