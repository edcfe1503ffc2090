/* tls_advice: what would stop, or soon stop, the mail of senders that look at a host's TLS, and
 * what to do about each. Pure.
 *
 * How grave each finding is and what to do are rows of data/remedies.conf. */
#ifndef JUDGE_TLS_ADVICE_H
#define JUDGE_TLS_ADVICE_H

#include "evidence/dane.h"
#include "judge/advice.h"
#include "smtp/tls_facts.h"

struct arena;
struct tls_audit;

struct tls_review_query {
	const struct remedies *remedies;
	const char *host; /* the mail exchanger */
	const struct dane_meeting *meeting; /* what it publishes, and what a walk found there */
	const struct tls_facts *tls;
	bool near_end, ends_soon; /* its certificate, by the measure of who asks */
	const struct tls_audit *audit; /* of this address; NULL: there was none */
};

/* Of a domain: all its hosts together. `lax`: the resolver takes signatures that are broken. */
void dane_advise_domain(const struct remedies *remedies, const struct dane *danes, size_t hosts,
    bool lax, struct arena *arena, struct advice **out, size_t *count);

/* Of one address of a host, the gravest first. */
void dane_advise(
    const struct tls_review_query *query, struct arena *arena, struct advice **out, size_t *count);
void tls_advise(
    const struct tls_review_query *query, struct arena *arena, struct advice **out, size_t *count);

#endif
