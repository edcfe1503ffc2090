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
	const char *said_by; /* "server", "sender", "list" */
	bool inbound; /* what this server refused to a client */
	bool deferred; /* tried again later, as far as is known */
	const char *recipient; /* whole, or without its local part */
	const char *recipient_domain, *relay, *relay_ip, *queue_id, *time, *file;
	unsigned long line; /* 0: not known */
	const struct reading *reading;
	const struct counsel *counsel; /* what to do about it, as far as its words go */
	const struct diagnosis *diagnosis; /* what the DNS says to it; NULL: it was not asked */
};

enum {
	EXPLAINED_DOMAINS_MAX = 100000,
	EXPLAINED_NAMES_MAX = 10000,
	EXPLAINED_REMEDIES = 3
}; /* that are counted one by one; the rest is COUNTER_OTHERS */

enum passed { /* what was passed over */
	PASSED_SILENT, /* lines of a log that tell of no refusal */
	PASSED_UNKNOWN, /* lines of no form that is known */
	PASSED_TOO_LONG,
	PASSED_OBJECT, /* JSON that tells of no refusal */
	PASSED_BROKEN, /* what is not JSON, although it begins so */
	PASSED_MAIL, /* mails that tell of no refusal */
	PASSED_PARTS, /* mails some parts of which were not opened */
	PASSED_COUNT
};

struct explained {
	unsigned long replies, deferred; /* deferred: of these, those that say 4yz */
	unsigned long inbound; /* what this server refused to clients, not among them */
	unsigned long sent_later; /* deliveries that were deferred and then went through */
	unsigned long passed[PASSED_COUNT];
	char *first, *last; /* the times of the first and of the last refusal, as written; NULL */
	unsigned long files; /* read before this one: explain.c's business */
	struct explained_place {
		unsigned long file, line;
	} first_at, last_at; /* deferrals are told after what came later */
	struct explained_remedy {
		enum cause cause;
		struct counsel counsel;
	} remedies[EXPLAINED_REMEDIES]; /* for the largest causes; explain.c's business */
	size_t remedy_count;
	unsigned long cause[CAUSE_COUNT];
	struct counter *lists, *providers, *domains;
	struct counter *listings; /* cause, list and what is listed, in one name:
	                             explained_sentence's business */
};

void explained_init(struct explained *explained);
void explained_release(struct explained *explained);
void explained_add(struct explained *explained, const struct explanation *explanation);
/* Is the recipient to be taken off a list: what is put off is asked again first. Nothing of what
 * this server refused. */
enum suppress explained_suppress(const struct explanation *explanation);
enum cause explained_cause(const struct explanation *explanation);

/* The one thing to know: "62 % of your refusals are one Spamhaus listing of 192.0.2.10." Nothing
 * when nothing was explained. */
void explained_sentence(struct explained *explained, struct buf *out);

/* "12 lines of no known form, 2 mails that tell of no refusal"; false: nothing was passed over. */
bool explained_passed(const struct explained *explained, struct buf *out);

/* Causes, the most frequent first; how many there are. */
size_t explained_causes(const struct explained *explained, enum cause causes[CAUSE_COUNT]);

#endif
