/* The book lists what is wanted, each question once, in the order of wanting. The first `asked` of
 * them are under way; what comes behind is new. */
#include "io/consult.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>

#include "base/arena.h"
#include "dns/book.h"
#include "io/resolver.h"

struct consult {
	struct consult_who who;
	struct book *book;
	consult_step *step;
	consult_done *done;
	void *arg;
	struct event turn, deadline;
	size_t asked, total; /* under way; ever asked */
};

void
consult_cancel(struct consult *consult)
{
	resolver_forget(consult->who.resolver, consult);
	if (consult->who.lists != NULL)
		resolver_forget(consult->who.lists, consult);
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
	struct consult *consult = arg;

	consult->asked--;
	book_put(consult->book, answer);
	event_active(
	    &consult->turn, EV_TIMEOUT, 0); /* answers that come together are looked at together */
}

static struct resolver *
whom(const struct consult_who *who, const char *name)
{
	return who->lists != NULL && who->is_list(name, who->arg) ? who->lists : who->resolver;
}

static void
on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct consult *consult = arg;

	(void)fd;
	(void)what;
	if (consult->step(consult->book, consult->arg)) {
		finish(consult, true);
		return;
	}
	while (
	    consult->asked < book_wanted(consult->book) && consult->total < CONSULT_QUESTIONS_MAX) {
		struct question question = book_want(consult->book, consult->asked);

		consult->asked++;
		consult->total++;
		resolver_ask(whom(&consult->who, question.name), question.name, question.type,
		    on_answer, consult);
	}
	if (consult->asked < book_wanted(consult->book) ||
	    consult->asked == 0) /* too many; or it waits for nothing */
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
	struct timeval deadline = {
	    .tv_sec = deadline_ms / 1000, .tv_usec = deadline_ms % 1000 * 1000};

	consult->who = *who;
	consult->book = book;
	consult->step = step;
	consult->done = done;
	consult->arg = arg;
	evtimer_assign(&consult->turn, base, on_turn, consult);
	evtimer_assign(&consult->deadline, base, on_deadline, consult);
	evtimer_add(&consult->deadline, &deadline);
	event_active(&consult->turn, EV_TIMEOUT, 0);
	return consult;
}
