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
	/* Of a host, with a whole certificate or key in them, that are looked at: each may cost the
	 * verification of a signature. Digests are looked at as they come: a message of the DNS
	 * holds no more than some 1,400. */
	DANE_WHOLE_MAX = 16,
	DANE_SLIPS_MAX = 32, /* records of which it is asked what went wrong in making them */
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
	/* A look-up failed, and that is no word on the host: our own resolver gave none. */
	bool unanswered;
	bool signable; /* records would count: the way to them is signed */
	const char *why; /* a clause on the state, for people */
	const char *base; /* whose TLSA records they are; NULL: there are none */
	uint16_t port;
	const struct dane_record *records; /* in an order that is always the same */
	size_t record_count; /* that are kept */
	size_t record_total, usable;
	size_t unseen; /* whole ones beyond their maximum: nobody looked at them */
	uint32_t ttl; /* of the records, seconds */
	/* Of certificates under usage 2; the first, the base, is the SNI, too. */
	const char *names[DANE_NAMES_MAX];
	size_t name_count;
};

/* ---- what a handshake makes of them (io/tls_dane.c) */

struct dane_certificate { /* of a chain, the server's own first; borrowed */
	struct dns_text whole, key; /* DER: the certificate, and its SubjectPublicKeyInfo */
	const char *subject;
	bool sent; /* by the server; else it is one that this host trusts */
};

enum published { /* what the data of a record is */
	PUBLISHED_UNKNOWN, /* of no certificate that was seen, in no form that we can think of */
	PUBLISHED_RIGHT, /* what it says it is */
	PUBLISHED_USAGE, /* of another place in the chain than its usage says */
	PUBLISHED_SELECTOR, /* made with the other selector */
	PUBLISHED_MATCHING, /* made with another matching type */
	PUBLISHED_UNSENT, /* of an authority that this host trusts, and the server does not send */
	PUBLISHED_CUT, /* the beginning of a digest */
	PUBLISHED_PEM, /* a digest of the PEM text */
	PUBLISHED_BITS, /* a digest of the key without its algorithm */
	PUBLISHED_EMPTY, /* the digest of nothing */
	PUBLISHED_ZEROS, /* all octets are the same */
	PUBLISHED_COUNT
};
const char *published_name(enum published published); /* "unknown" "right" "wrong-usage" … */

struct dane_published {
	enum published what;
	uint8_t usage, selector,
	    matching; /* what would be true of the data; of a kind that knows */
	size_t depth; /* of the certificate: 0 is the server's own */
	const char *subject; /* of it */
};
/* Of each record in turn, into `out`. `slips`: of the first, also what may have gone wrong in
 * making them, which takes longer. */
void dane_publishes(const struct dane_record *records, size_t record_count,
    const struct dane_certificate *chain, size_t count, bool slips, struct dane_published *out);

struct dane_met { /* strings as those of tls_facts */
	bool tried; /* there were usable records, and certificates */
	bool matches;
	size_t record; /* that did */
	int depth; /* … at this certificate */
	const char *name; /* that the certificate was for, under usage 2; NULL: none was asked */
	/* What went wrong: the word of RFC 8460, the name of OpenSSL's error, and words. */
	const char *word, *reason, *words;
	const struct dane_published *published; /* as many as records; NULL: all is well */
	const char *now; /* records that would match: "3 1 1 …"; NULL: no certificate was seen */
	const char *now_issuer; /* "2 1 1 …"; NULL: no issuer was sent */
};

/* Of one host of a route. False: pending. */
bool dane_find(struct book *book, struct arena *arena, const struct route *route,
    const struct route_host *host, uint16_t port, bool trust_ad, struct dane *out);

/* ---- what senders do */

enum dane_effect {
	EFFECT_UNKNOWN,
	EFFECT_DELIVER, /* under TLS, and it is known to whom */
	EFFECT_UNAUTHENTICATED, /* under TLS, to whoever is there */
	EFFECT_CLEAR, /* in the clear */
	EFFECT_CLEAR_LATER, /* it waits, and then goes in the clear: the handshake fails */
	EFFECT_DEFER, /* it waits, until it comes back */
};
const char *dane_effect_name(enum dane_effect effect); /* "unknown" "deliver" … */

struct dane_meeting { /* a host, and what a walk found there; borrowed */
	const struct dane *dane; /* NULL: nothing is known */
	const struct dane_met *met;
	bool asked; /* it said what it offers */
	bool offered, refused; /* STARTTLS; … and then it was not to be had */
	bool done; /* the handshake */
	const char *version; /* of TLS */
};
/* One that takes TLS where it is offered; one that goes by DANE, as Postfix's level "dane" does.
 * `*word`: why it defers, of RFC 8460 section 4.3; NULL: it does not. */
enum dane_effect dane_opportunistic(const struct dane_meeting *meeting);
enum dane_effect dane_sender(const struct dane_meeting *meeting, const char **word);
const char *dane_defers_why(const struct dane_meeting *meeting); /* a clause; of one that defers */

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
