/* journey: one target's way through its mail exchangers, as a value: what probe.c fills, record.c
 * writes and text.c words. Pure. */
#ifndef JOURNEY_H
#define JOURNEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
	bool tls_offered, tls_done;
	struct tls_facts tls;
	struct ehlo ehlo; /* as of the last EHLO */
	enum ending ending;
	const char *detail; /* words on the ending, or on why it was not tried; NULL if none */
	struct transcript transcript;
	long ms;
};

enum helo_origin { HELO_GIVEN, HELO_PTR, HELO_HOSTNAME, HELO_LITERAL };
const char *helo_origin_name(enum helo_origin origin); /* "given" "ptr" "hostname" "literal" */

struct journey {
	struct target target;
	struct ip source; /* asked for; family 0: the kernel's choice */
	int64_t started; /* milliseconds since the epoch */
	long ms;
	struct route route; /* without hosts when the server was given */
	bool fixed; /* the server was given: no MX look-up */
	struct ip sender_ip; /* what the evidence is about; family 0: nothing was tried */
	const char *helo, *from; /* NULL: nothing was tried */
	enum helo_origin helo_origin;
	struct attempt *attempts;
	size_t attempt_count;
	size_t untried; /* addresses left out, for there are limits */
	enum walk_status status;
	enum stage stage; /* STAGE_NONE when no dialogue began */
	const struct attempt *decisive; /* NULL: none */
	const char *note; /* words on a status without a dialogue; NULL if none */
	bool diagnosed;
	struct diagnosis diagnosis;
};

enum walk_status attempt_status(const struct dialogue *dialogue);

/* Does this attempt leave the question open, so that the next address is to be asked (RFC 5321
 * section 5.1)? Not when the server took or refused us for good, nor past EHLO: that host is up,
 * and spoke. */
bool attempt_is_open(const struct attempt *attempt);

/* The attempt that speaks for the target. `all`: every address was walked, and the worst that one
 * of them does to mail counts; otherwise the best that was reached. */
const struct attempt *journey_decide(const struct attempt *attempts, size_t count, bool all);

enum walk_status route_status(enum route_kind kind); /* of a route without hosts to try */

#endif
