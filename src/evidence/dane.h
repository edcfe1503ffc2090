/* dane: what the TLSA records of a mail exchanger ask of those who send to it (RFC 7672, 7671,
 * 6698). Pure: over a book. What a handshake makes of them is io/tls_dane.c's.
 *
 * Whether an answer is authentic is the resolver's word: it counts when that resolver is on
 * loopback, when the answer is from a book that names no server, or when `trust_ad` says so. */
#ifndef EVIDENCE_DANE_H
#define EVIDENCE_DANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/answer.h"

struct arena;
struct book;
struct route;
struct route_host;

enum {
	DANE_RECORDS_MAX = 100, /* of a host, that are looked at, as in Postfix */
	DANE_NAMES_MAX = 4,
};

enum dane_state {
	DANE_UNASKED,
	DANE_NOT_APPLICABLE, /* an address, not a name */
	DANE_NOT_EVALUABLE, /* nobody who may be believed says what is authentic */
	DANE_DNS_ERROR, /* MX or addresses could not be looked up: mail is delayed */
	DANE_INSECURE_MX, /* that the domain sends here is not authentic: DANE protects nothing */
	DANE_NONE,
	DANE_LOOKUP_FAILED, /* of TLSA: the host counts as unreachable */
	DANE_UNUSABLE, /* TLS is a must, and cannot be authenticated */
	DANE_USABLE, /* TLS is a must, and has to match */
	DANE_STATE_COUNT
};
const char *dane_state_name(enum dane_state state); /* "not-applicable" … NULL for UNASKED */
bool dane_state_named(const char *name, enum dane_state *state);

struct dane_record {
	uint8_t usage, selector, matching;
	struct dns_text data;
	const char *fault; /* static: why it is unusable; NULL: it is usable */
	bool outranked; /* by a stronger digest of its usage and selector (RFC 7671 section 9) */
};

struct dane { /* strings in the arena, or static */
	enum dane_state state;
	/* What the host's own records say, whatever the MX: as `state`, but never INSECURE_MX. A
	 * sender may go by that ("half DANE"). */
	enum dane_state host;
	bool implicit; /* there is no MX: the domain is the host */
	const char *why; /* a clause on the state, for people */
	const char *base; /* whose TLSA records they are; NULL: there are none */
	uint16_t port;
	const struct dane_record *records; /* in an order that is always the same */
	size_t record_count; /* that are kept */
	size_t record_total, usable;
	uint32_t ttl; /* of the records, seconds */
	/* Of certificates under usage 2; the first, the base, is the SNI, too. */
	const char *names[DANE_NAMES_MAX];
	size_t name_count;
};

/* Of one host of a route. False: pending. */
bool dane_find(struct book *book, struct arena *arena, const struct route *route,
    const struct route_host *host, uint16_t port, bool trust_ad, struct dane *out);

/* Is what the host publishes to be matched by a sender that goes by DANE? */
bool dane_binds(const struct dane *dane);
/* Is TLS a must for such a sender? */
bool dane_demands_tls(const struct dane *dane);

/* Static: what is wrong with a record for port 25; NULL: nothing. */
const char *dane_record_fault(const struct dane_record *record);
const char *dane_record_text(
    const struct dane_record *record, struct arena *arena); /* "3 1 1 0123…", whole */

/* Does this answer's AD count? */
bool dane_trusts(const struct answer *answer, bool trust_ad);

#endif
