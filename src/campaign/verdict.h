/* verdict: what the attempts at a target come to: the status, who speaks for it, how far was asked,
 * and why it was refused. Pure. */
#ifndef CAMPAIGN_VERDICT_H
#define CAMPAIGN_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "journey.h"

struct arena;
struct remedies;
struct rules;
struct sender;

enum walk_status verdict_of_dialogue(const struct dialogue *dialogue);
enum walk_status verdict_of_route(enum route_kind kind); /* of one without a host to try */

/* What a dialogue shows, into the attempt. */
void verdict_take(
    struct attempt *attempt, const struct dialogue *dialogue, const struct tls_facts *tls);

/* The last stage in which it asked something and got a whole answer. */
enum stage verdict_last_asked(const struct attempt *attempt);
bool verdict_is_refused_greeting(const struct attempt *attempt); /* 5yz */
/* Does this attempt leave the question open, so that the next address is to be asked (RFC 5321
 * section 5.1)? Yes where the greeting is 5yz: that host takes no mail from us, another may
 * (RFC 7504). Not when the server took or refused us otherwise, nor past EHLO: that host is up, and
 * spoke. */
bool verdict_is_open(const struct attempt *attempt);

/* The attempt that speaks for the target. `all`: every address was walked, and the worst that one
 * of them does to mail counts; otherwise the best that was reached. */
const struct attempt *verdict_decisive(const struct attempt *attempts, size_t count, bool all);

/* All attempts are made: status, stage, who decides, who refused beside that, how far was asked.
 * True: it is to be judged (verdict_judge), once there is evidence. */
bool verdict_reach(struct journey *journey, bool all);

struct verdict_facts {
	const struct rules *rules;
	const struct remedies *remedies;
	const struct sender *evidence; /* about the sender; NULL: there is none */
	const char *no_evidence; /* why, or NULL */
	const char *recipient; /* that was named; NULL: none was */
	size_t message_len; /* of the message that was to be sent; 0: none was */
	struct arena *arena;
};
/* The diagnosis, and that of the refusal beside it. */
void verdict_judge(struct journey *journey, const struct verdict_facts *facts);

/* What the MTA-STS policy of the domain makes of what was walked. `sts` has to stay. */
void verdict_policy(struct journey *journey, const struct mta_sts *sts, struct arena *arena);

/* What to do, where the journey ended by no reply and is not diagnosed. */
void verdict_remedy(struct journey *journey, const struct remedies *remedies, struct arena *arena);

#endif
