/* advice: what receivers could hold against a sender, in the order in which it would get mail
 * refused, and what to do about each. Pure.
 *
 * How grave each finding is, who is known to refuse on it and what to do are rows of
 * data/remedies.conf. Nothing is ever advised on a look-up that failed. */
#ifndef JUDGE_ADVICE_H
#define JUDGE_ADVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "evidence/neighbours.h"
#include "evidence/sender.h"
#include "judge/remedies.h"
#include "mail/received.h"

struct arena;

enum { ADVICE_RECORDS = 2 };

struct advice {
	const char *id; /* "ptr-missing": for programs */
	const char *topic; /* "blocklist" "ptr" "helo" "domain" "spf" "dkim" "dmarc" "sender" */
	enum severity severity;
	const char *what; /* the fact, a sentence */
	const char
	    *evidence; /* the question, the answer, and who gave it; NULL if `what` says it all */
	const char
	    *refused_by; /* large receivers that refuse on it, with their codes; NULL: none known */
	enum who who; /* has to act; WHO_NOBODY: nobody */
	const char *advice; /* what to do; NULL: nothing */
	const char *records[ADVICE_RECORDS]; /* to publish, in a zone file's form; NULL where there
	                                        is none */
	const char *url; /* a page to visit, NULL if none */
	const char *kind; /* equal where the same is to be done about the same of two senders */
};

struct advice_query {
	const struct remedies *remedies;
	const struct sender *sender;
	bool helo_given,
	    from_given; /* by the user: what is only assumed is not held against anybody */
	bool helo_is_ptr; /* it was taken from the address's confirmed name */
	const char *silent_resolver; /* whom we ask, where nobody there has answered anything; NULL:
	                                somebody has */
	const char *public_resolver; /* the well-known open resolver that the lists were asked
	                                through; NULL: none */
	const struct received *seen; /* who saw the sender's mail come, by a message that was
	                                received (judge/seen.h); NULL: nothing is known */
	const char *egress_tried; /* servers that were asked for a connection; NULL: none was */
	const char *egress_answered; /* which of them took it; NULL: none did … */
	bool egress_refused; /* a connection was tried, and not made */
	const char *egress_problem; /* … and how the last one did not */
	const struct neighbours *neighbours; /* NULL: they were not asked about */
	const char *author_problem; /* why the message has no author domain; NULL: it has, or there
	                               is no message */
};

/* The gravest first; of equal ones, what is seen first in the dialogue. */
void advise(
    const struct advice_query *query, struct arena *arena, struct advice **out, size_t *count);

/* With its words, but for those that are constant, into `arena`. */
struct advice advice_copy(struct arena *arena, const struct advice *advice);

#endif
