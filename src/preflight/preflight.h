/* preflight: a message and its sender → what each large receiver would make of it. Pure: a plain
 * function over a book of answers (dns/book.h), then a table of checks over what is known. */
#ifndef PREFLIGHT_PREFLIGHT_H
#define PREFLIGHT_PREFLIGHT_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/arc.h"
#include "evidence/sender.h"
#include "preflight/audience.h"
#include "preflight/facts.h"
#include "preflight/requirements.h"

struct arena;
struct book;
struct lists;

struct preflight_query {
	const struct message_facts *facts;
	struct ip ip; /* that receivers see */
	const char *helo, *from; /* from: "" is the null reverse-path */
	struct slice signed_copy; /* the message with the signature that it will have; len 0: as it
	                             is */
	const struct sender_signer *signers; /* that will sign it at the server */
	size_t signer_count;
	const struct lists *lists; /* NULL: ask none */
	long long now; /* seconds since the epoch */
};

struct checked_host { /* of a link */
	const char *name, *registered; /* the host, and the part of it that one registers */
	const struct message_link *link; /* the first that leads there */
	enum truth resolves; /* it has an address */
	bool complete; /* false: the look-up has not come back */
};

struct live_answer { /* --live: what a host said */
	const char *url;
	bool unsubscribe;
	unsigned line; /* of the message */
	bool good, bad; /* neither: not known */
	const char *words;
};

struct preflight {
	struct sender sender;
	bool is_signed; /* there is a signature to verify */
	struct arc arc;
	struct sender_domain reply; /* of Reply-To, where it is another domain than the author's */
	bool reply_org_receives; /* … its organizational domain takes mail */
	struct listing *names; /* Reply-To, Message-ID, List-Unsubscribe on lists of domains */
	size_t name_count;
	struct listing *links; /* registered domains and hosts of links */
	size_t link_count;
	size_t domains, domains_left_out; /* registered domains of links, asked and not asked */
	struct checked_host *hosts;
	size_t host_count;
	const char *bimi, *bimi_at; /* the record, and where; NULL: none */
	enum truth bimi_found;
	const struct live_answer *live; /* handed in; of `live_count` */
	size_t live_count;
	bool complete;
};

/* False: pending; `out` then holds what is known so far. */
bool preflight_gather(struct book *book, struct arena *arena, const struct preflight_query *query,
    struct preflight *out);

/* What each check comes to: an array of CHECK_COUNT in the arena. */
struct finding *preflight_judge(
    const struct preflight_query *query, const struct preflight *known, struct arena *arena);

enum outlook { OUTLOOK_TAKES, OUTLOOK_WARNS, OUTLOOK_UNKNOWN, OUTLOOK_REFUSES };
const char *outlook_name(enum outlook outlook); /* "takes" "warns" "unknown" "refuses" */

struct forecast { /* of one receiver */
	const struct receiver *receiver;
	enum outlook outlook;
	bool bulk; /* its rules for bulk mail were applied */
	size_t refuses, warns, unknown; /* findings */
	const char **codes; /* that it would answer with, each once, the checks' order */
	size_t code_count;
};

/* How much goes to each receiver a day, of all that is sent. */
struct mailing {
	unsigned long volume; /* messages a day in all; 0: not told, taken for bulk everywhere */
	const struct audience_share *audience; /* of a list of recipients; NULL: not told, all of
	                                          them may be behind one receiver */
};
bool mailing_is_bulk(const struct mailing *mailing, const struct receiver *receiver, size_t number);

void preflight_forecast(const struct requirements *requirements, const struct finding *findings,
    size_t receiver, const struct mailing *mailing, struct arena *arena, struct forecast *out);

struct ranked { /* a finding that says something */
	const struct finding *finding;
	enum demand_weight weight; /* of the gravest receiver */
	double cost; /* the share of recipients behind those who refuse on it, or the number of
	                those receivers */
};

/* Those that fail or are not known, the dearest first: what is refused, then what may be, then what
 * is held against the message. */
size_t preflight_rank(const struct requirements *requirements, const struct finding *findings,
    const struct mailing *mailing, struct arena *arena, struct ranked **out);

#endif
