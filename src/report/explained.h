/* explained: what `explain` says of one reply, and what it counts of many; as values: explain.c
 * fills them, record.c writes and text_explain.c words them. Pure. */
#ifndef REPORT_EXPLAINED_H
#define REPORT_EXPLAINED_H

#include <stddef.h>

#include "base/counter.h"
#include "judge/diagnosis.h"

struct buf;

struct explanation { /* all borrowed; NULL when it is not known */
	const char *id;
	const char *text; /* the reply */
	size_t len;
	enum stage stage;
	const char *recipient_domain, *relay;
	const struct reading *reading;
	const struct counsel *counsel; /* what to do about it, as far as its words go */
	const struct diagnosis *diagnosis; /* what the DNS says to it; NULL: it was not asked */
};

enum {
	EXPLAINED_DOMAINS_MAX = 100000,
	EXPLAINED_NAMES_MAX = 10000
}; /* that are counted one by one; the rest is COUNTER_OTHERS */

struct explained {
	unsigned long replies, deferred; /* deferred: of these, those that say 4yz */
	unsigned long passed_over, too_long; /* lines */
	unsigned long cause[CAUSE_COUNT];
	struct counter *lists, *providers, *domains;
	struct counter *listings; /* cause, list and what is listed, in one name:
	                             explained_sentence's business */
};

void explained_init(struct explained *explained);
void explained_release(struct explained *explained);
void explained_add(struct explained *explained, const struct explanation *explanation);
enum cause explained_cause(const struct explanation *explanation);

/* The one thing to know: "62 % of your refusals are one Spamhaus listing of 192.0.2.10." Nothing
 * when nothing was explained. */
void explained_sentence(struct explained *explained, struct buf *out);

/* Causes, the most frequent first; how many there are. */
size_t explained_causes(const struct explained *explained, enum cause causes[CAUSE_COUNT]);

#endif
