/* The book lists what is wanted, each question once, in the order of wanting. The first `asked` of
 * them are under way; what comes behind is new. */
#include "io/consult.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "dns/book.h"
#include "io/loop.h"
#include "io/resolver.h"

struct pending { /* a question under way */
	LIST_ENTRY(pending) link;
	struct consult *consult;
	struct lookup *lookup;
	bool waits; /* in the resolver's line */
};

struct consult {
	struct consult_who who;
	struct book *book;
	consult_step *step;
	consult_done *done;
	void *arg;
	struct event turn, deadline;
	size_t asked, total; /* under way; ever asked */
	LIST_HEAD(, pending) pending;
	size_t waiting; /* of these, in line */
	int64_t left,
	    since; /* milliseconds until the deadline, as of the last start of its clock */
};

bool
consult_control(struct book *book, void *arg)
{
	(void)arg;
	return book_ask(book, "", DNS_NS) != NULL;
}

static void
start_clock(struct consult *consult)
{
	int64_t ms = consult->left > 0 ? consult->left : 0;
	struct timeval left = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	consult->since = loop_ms();
	evtimer_add(&consult->deadline, &left);
}

static void
stop_clock(struct consult *consult)
{
	consult->left -= loop_ms() - consult->since;
	event_del(&consult->deadline);
}

static void
leave_line(struct pending *pending)
{
	if (pending->waits && --pending->consult->waiting == 0)
		start_clock(pending->consult);
	pending->waits = false;
}

void
consult_cancel(struct consult *consult)
{
	for (struct pending *pending; (pending = LIST_FIRST(&consult->pending)) != NULL;) {
		LIST_REMOVE(pending, link);
		lookup_forget(pending->lookup);
		free(pending);
	}
	event_del(&consult->turn);
	event_del(&consult->deadline);
	free(consult);
}

static void
finish(struct consult *consult, bool complete)
{
	consult_done *done = consult->done;
	void *arg = consult->arg;

	consult_cancel(consult);
	done(complete, arg);
}

static void
put_timeout(struct book *book, struct question question)
{
	book_put(book, &(struct answer){.name = question.name,
	                   .type = question.type,
	                   .rcode = DNS_TIMEOUT,
	                   .canonical = question.name});
}

/* Nothing more is asked: whatever is wanted counts as TIMEOUT, until the step comes to its end on
 * that. The bound is for a step that has none. */
static void
give_up(struct consult *consult)
{
	for (size_t put = 0; put <= CONSULT_QUESTIONS_MAX;) {
		size_t before = put;

		for (; book_wanted(consult->book) > 0; put++)
			put_timeout(consult->book, book_want(consult->book, 0));
		if (consult->step(consult->book, consult->arg) || put == before)
			break;
	}
	finish(consult, false);
}

static void
on_answer(const struct answer *answer, void *arg)
{
	struct pending *pending = arg;
	struct consult *consult = pending->consult;

	leave_line(pending);
	LIST_REMOVE(pending, link);
	free(pending);
	consult->asked--;
	book_put(consult->book, answer);
	event_active(
	    &consult->turn, EV_TIMEOUT, 0); /* answers that come together are looked at together */
}

static void
on_sent(void *arg)
{
	leave_line(arg);
}

static struct resolver *
whom(const struct consult_who *who, const char *name)
{
	return who->lists != NULL && who->is_list(name, who->arg) ? who->lists : who->resolver;
}

static void
ask(struct consult *consult, struct question question)
{
	struct pending *pending = must_alloc(sizeof *pending);

	consult->asked++;
	consult->total++;
	pending->consult = consult;
	pending->lookup = resolver_ask(whom(&consult->who, question.name), question.name,
	    question.type, on_answer, on_sent, pending);
	LIST_INSERT_HEAD(&consult->pending, pending, link);
	pending->waits = lookup_waits(pending->lookup);
	if (pending->waits && consult->waiting++ == 0)
		stop_clock(consult);
}

/* What its user wanted before it came to us. */
static bool
wants_more(const struct consult *consult)
{
	return consult->asked < book_wanted(consult->book);
}

static void
on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct consult *consult = arg;

	(void)fd;
	(void)what;
	if (!wants_more(consult) && consult->step(consult->book, consult->arg)) {
		finish(consult, true);
		return;
	}
	while (wants_more(consult) && consult->total < CONSULT_QUESTIONS_MAX)
		ask(consult, book_want(consult->book, consult->asked));
	if (wants_more(consult) || consult->asked == 0) /* too many; or it waits for nothing */
		give_up(consult);
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	give_up(arg);
}

struct consult *
consult_start(struct event_base *base, const struct consult_who *who, struct book *book,
    consult_step *step, consult_done *done, void *arg, long deadline_ms)
{
	struct consult *consult = must_alloc(sizeof *consult);

	consult->who = *who;
	consult->book = book;
	consult->step = step;
	consult->done = done;
	consult->arg = arg;
	evtimer_assign(&consult->turn, base, on_turn, consult);
	evtimer_assign(&consult->deadline, base, on_deadline, consult);
	consult->left = deadline_ms;
	start_clock(consult);
	event_active(&consult->turn, EV_TIMEOUT, 0);
	return consult;
}
