/* journey: one target's way through its mail exchangers, as a value: what the campaign finds out
 * and the report tells. Pure. */
#ifndef JOURNEY_H
#define JOURNEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "evidence/dane.h"
#include "evidence/identify.h"
#include "evidence/mta_sts.h"
#include "evidence/route.h"
#include "judge/diagnosis.h"
#include "options/target.h"
#include "smtp/dialogue.h"
#include "smtp/tls_facts.h"

enum walk_status {
	WALK_ACCEPTED,
	WALK_REFUSED,
	WALK_DEFERRED,
	WALK_DROPPED,
	WALK_BROKEN,
	WALK_UNREACHABLE,
	WALK_UNDELIVERABLE,
	WALK_DNS_ERROR,
	WALK_SKIPPED,
	WALK_LOCAL, /* this machine could not: never a word on the target */
	WALK_WITHHELD, /* a policy that the receiver publishes, and --tls-level applies, forbids it
	                */
	WALK_COUNT
};
const char *walk_status_name(enum walk_status status); /* the record's word */

struct attempt { /* one address of one host */
	const char *mx;
	uint16_t preference;
	struct ip ip, source; /* source: our end of the connection, family 0 if there was none */
	uint16_t port;
	enum walk_status status;
	enum stage stage; /* where it was decided */
	struct reply greeting; /* count 0: none came */
	struct reply reply; /* the decisive one; count 0: none */
	struct reply starttls; /* that refused STARTTLS, and was not the end; count 0: none */
	bool tls_offered, tls_done;
	const struct tls_facts *tls; /* NULL: no handshake was begun; attempt_tls */
	const struct dane *dane; /* of the host; NULL: it was not asked for */
	const struct dane_met *met; /* what the handshake made of it; NULL: attempt_met */
	const char
	    *policy; /* "dane", "mta-sts": that was applied (evidence/tls_level.h); NULL: none
	              */
	struct ehlo ehlo; /* as of the last EHLO */
	enum ending ending;
	int error; /* of a connection that this machine could not make: an errno; 0: none */
	const char *detail; /* words on the ending, or on why it was not tried; NULL if none */
	struct transcript transcript;
	const char *message_id; /* of the message that was sent, with its brackets; NULL: none was,
	                           or it has none */
	bool uncertain; /* the message was sent whole, and no reply to it came: it may have been
	                   taken (RFC 1047) */
	enum sts_effect sts; /* what the domain's MTA-STS policy makes of it */
	const char *sts_word; /* of STS_REFUSES (evidence/mta_sts.h); NULL: none */
	unsigned haste; /* connections of ours to the site in the minute before it said that we are
	                   too fast; 0: it did not */
	enum raw_eol raw_eol; /* --raw-eol; and what came of it */
	enum smuggled smuggled;
	bool pipeline_asked, pipelined; /* --pipeline; and it was done */
	unsigned transaction; /* which one of its connection it was; 0, 1: the first */
	const char *shared_from; /* the target whose walk this was; NULL: its own … */
	const char *shared_mx; /* … to another server of the site, which said it; NULL: to this */
	struct ip shared_ip;
	enum stage asked; /* of one that is shared, for it has no transcript: the last that had an
	                     answer */
	long ms;
};

struct journey {
	struct target target;
	struct ip source; /* asked for; family 0: the kernel's choice */
	int64_t started; /* milliseconds since the epoch */
	long ms;
	struct route route;
	const struct mta_sts *sts; /* of the domain; NULL: it was not asked for */
	const struct dane *danes; /* one for each host of the route; NULL: not asked for */
	bool fixed; /* the server was given: no MX look-up */
	struct ip sender_ip; /* what the evidence is about; family 0: nothing was tried */
	const char *helo, *from; /* NULL: nothing was tried */
	enum helo_origin helo_origin;
	struct attempt *attempts;
	size_t attempt_count;
	size_t untried; /* addresses that were not asked, for whatever reason */
	const char *site; /* of the best mail exchanger (campaign/site.h); NULL: there is none */
	enum walk_status status;
	enum stage stage; /* STAGE_NONE when no dialogue began */
	const struct attempt *decisive; /* NULL: none */
	enum stage asked; /* the last that the decisive attempt had an answer to; what is behind it
	                     in a dialogue was not asked */
	bool uncertain; /* … of an attempt: see there */
	unsigned
	    again; /* how often it was asked again, for we were too fast or it was greylisted */
	bool excused; /* skipped for the source's family, and another source of the run could ask:
	                 nothing is left open */
	const char *note; /* words on a status without a dialogue; NULL if none */
	bool diagnosed;
	struct diagnosis diagnosis;
	struct ending_remedy { /* of a walk that ended by no reply; id NULL: none */
		const char *id; /* of data/remedies.conf */
		const char *what; /* what the end means */
		enum who who;
		const char *advice;
	} remedy;
	/* A host that greeted with 5yz and is not decisive: senders that stop there would bounce.
	 */
	const struct attempt *refusal; /* the first; NULL: none */
	const struct diagnosis *refusal_diagnosis; /* NULL: none */
};

/* What its handshake showed; where there was none, nothing. */
const struct tls_facts *attempt_tls(const struct attempt *attempt);
const struct dane_met *attempt_met(const struct attempt *attempt);

/* Why mail with REQUIRETLS could not go there, where TLS came about (RFC 8689 section 2): a static
 * word, "not-offered" "certificate" "mx-not-authenticated"; NULL: it could. `sts` may be NULL;
 * `fixed`: the server was given. */
const char *attempt_requiretls(
    const struct attempt *attempt, const struct mta_sts *sts, bool fixed);

/* What an attempt shows to those who ask what senders make of it. */
struct dane_meeting attempt_meeting(const struct attempt *attempt);

/* The stages at which more could have been asked, in order; returns how many. */
size_t journey_not_asked(const struct journey *journey, enum stage stages[STAGE_COUNT]);

#endif
