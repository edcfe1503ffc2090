/* senders: who we are towards a destination, and what the DNS shows about that; found out once for
 * each source address of a run.
 *
 * HELO defaults to the forward-confirmed PTR name of the address, else this host's own name, else
 * the address literal (RFC 5321 section 4.1.4): a probe must not cause the refusal that it reports.
 */
#ifndef CAMPAIGN_SENDERS_H
#define CAMPAIGN_SENDERS_H

#include <stdbool.h>

#include "evidence/sender.h"
#include "io/consult.h"
#include "journey.h"

struct event_base;
struct senders;

struct senders_plan { /* borrowed for the life of the senders */
	struct event_base *base;
	struct consult_who who;
	const struct lists *lists; /* NULL: ask none */
	const char *helo; /* NULL: find one */
	const char *from; /* NULL: postmaster@ the HELO name */
	const char *author; /* address or domain of the messages' From field; NULL: that of `from`;
	                       "": not known */
	const struct sender_signer *signers;
	size_t signer_count;
	bool mail_known; /* these are all that sign (see sender_query) */
	struct ip public_ip; /* what the evidence is about instead of the source (behind NAT);
	                        family 0: the source */
	bool allow_private; /* evidence about private and loopback addresses makes sense: the lab */
	const char *hostname; /* this host's own name, NULL: it has no full one */
	long dns_ms;
};

struct sender_entry {
	struct ip source; /* where connections leave from */
	bool identified; /* helo, from, origin are known */
	const char *helo, *from;
	enum helo_origin origin;
	bool gathered; /* evidence is final */
	bool evident; /* … and there is some: look-ups were made */
	struct sender evidence;
	const char *note; /* why there is none */
};

typedef void senders_done(void *arg);
typedef void senders_gathered(const struct sender_entry *entry, void *arg);

struct senders *senders_new(const struct senders_plan *plan, senders_gathered *gathered,
    void *arg); /* `gathered`: once for each entry, when its evidence is final */
void senders_free(struct senders *senders);

const struct sender_entry *senders_find(
    struct senders *senders, const struct ip *source); /* begins to find out about a new one */
void senders_await(struct senders *senders, const struct sender_entry *entry, senders_done *done,
    void *arg); /* called once, later, when `identified` or `gathered` turns true: look which */
bool senders_pending(
    const struct senders *senders); /* is evidence about anyone still being gathered */
void senders_forget(struct senders *senders, void *arg);

/* Looks every so many milliseconds whether a source has come onto a list of senders of spam that it
 * was not on before. `listed` is called once for each. */
typedef void senders_listed(const struct ip *source, const struct list *list, void *arg);
void senders_watch(struct senders *senders, long ms, senders_listed *listed, void *arg);

/* The address that the kernel would send from; family 0: there is none, and errno says why. No
 * packet is sent. */
struct ip senders_source(const struct ip *destination);
/* … towards an address in the middle of the net, a root server's, of that family. */
struct ip senders_way_out(unsigned char family);
/* 0, or the errno of why nothing can be sent from this address. */
int senders_bind(const struct ip *source);

#endif
