/* mta_sts: does a domain ask that its mail is only sent over TLS that is verified, and what comes
 * of that (RFC 8461)? Pure: over a book; the policy is fetched by others (io/policy_fetch.h) and
 * comes in as a value. */
#ifndef EVIDENCE_MTA_STS_H
#define EVIDENCE_MTA_STS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ip.h"
#include "base/notes.h"
#include "evidence/sts_grammar.h"

struct arena;
struct book;
struct route;
struct tls_rpt;

enum { STS_ADDRESSES_MAX = 16 }; /* of a policy host */

/* ---- how the fetch ended */

enum sts_fetch {
	STS_FETCHED, /* status 200, and the whole body */
	STS_FETCH_STATUS, /* another status */
	STS_FETCH_REDIRECT, /* 3xx: must not be followed (section 3.3) */
	STS_FETCH_TOO_LARGE,
	STS_FETCH_CUT, /* the body ended before its time */
	STS_FETCH_NO_ADDRESS,
	STS_FETCH_PRIVATE, /* it has only addresses that are left alone */
	STS_FETCH_CONNECT,
	STS_FETCH_TIMEOUT,
	STS_FETCH_TLS,
	STS_FETCH_CERTIFICATE,
	STS_FETCH_PROTOCOL, /* what came is no HTTP */
	STS_FETCH_LOCAL, /* we could not, or were not to: no word on the policy host */
	STS_FETCH_COUNT
};
const char *sts_fetch_name(enum sts_fetch fetch); /* the record's word */
bool sts_fetch_named(const char *name, enum sts_fetch *fetch);

struct sts_fetched { /* borrowed; NULL: not known */
	enum sts_fetch how;
	const char *detail; /* words */
	const char *fault; /* of STS_FETCH_CERTIFICATE: a word of smtp/tls_facts.h */
	long status; /* of HTTP; 0: none came */
	const char *id; /* of the record, when it was fetched */
	const char *type; /* Content-Type */
	const char *body;
	size_t len;
	struct ip ip; /* that it came from; family 0: not known */
	long ms;
};

/* ---- what a domain has */

enum sts_state {
	STS_UNASKED,
	STS_ABSENT, /* no record: nothing is asked for */
	STS_UNKNOWN, /* a look-up failed, or we could not fetch: nothing can be told */
	STS_RECORD_BAD, /* several records, or one that does not parse: senders take it for none */
	STS_TO_FETCH, /* the record is good */
	STS_FETCH_FAILED,
	STS_POLICY_BAD,
	STS_HELD, /* there is a policy */
	STS_STATE_COUNT
};
const char *sts_state_name(enum sts_state state); /* the record's word */

struct mta_sts { /* strings in the arena, or static; NULL: not known */
	const char *domain;
	enum sts_state state;
	const char *problem; /* why there is no policy, or none is known */
	const char *result_type; /* of RFC 8460 section 4.3; NULL: nothing failed */
	const char *record; /* as published */
	size_t record_len;
	char id[STS_ID_MAX + 1]; /* "" without a good record */
	const char *server; /* that gave the record */
	unsigned ttl;
	const char *host; /* of the policy */
	struct ip addresses[STS_ADDRESSES_MAX]; /* of it, that may be asked */
	size_t address_count;
	struct sts_fetched fetched; /* in STS_FETCH_FAILED, STS_POLICY_BAD and STS_HELD */
	struct sts_policy policy; /* in STS_HELD */
	struct notes findings;
	/* sts_match: */
	size_t hosts, covered; /* mail exchangers; … that the policy covers */
	const char *uncovered; /* the names of the others */
	bool undeliverable; /* a sender that enforces finds no host that it may send to */
};

/* The record, and the addresses of the policy host. False: pending. Else `state` is STS_TO_FETCH,
 * or final. */
bool sts_look_up(struct book *book, struct arena *arena, const char *domain, bool allow_private,
    struct mta_sts *out);
/* What came of the fetch, which is copied. */
void sts_take(struct mta_sts *sts, const struct sts_fetched *fetched, struct arena *arena);
/* … and what was fetched in an earlier run, NULL: nothing: another policy under the same id. */
void sts_compare(struct mta_sts *sts, const struct sts_fetched *before, struct arena *arena);
/* A copy of its own findings, for one who adds to them; all else is shared: `from` has to stay. */
void sts_share(struct mta_sts *sts, const struct mta_sts *from, struct arena *arena);
/* Which hosts of the route the policy covers. */
void sts_match(struct mta_sts *sts, const struct route *route, struct arena *arena);
/* A policy host without a record is a slip. False: pending. */
bool sts_note_lone_host(struct book *book, struct arena *arena, struct mta_sts *sts);
/* Whoever has a policy wants to hear when it stops mail. */
void sts_note_reports(struct mta_sts *sts, const struct tls_rpt *rpt, struct arena *arena);

/* ---- what it makes of one mail exchanger that was walked */

enum sts_effect {
	STS_NO_EFFECT, /* there is no policy, or one of mode none */
	STS_EFFECT_UNKNOWN,
	STS_DELIVERS,
	STS_REFUSES, /* a sender that enforces the policy must not send to it */
};
struct sts_met {
	const char *mx;
	bool told; /* EHLO was answered: it is known whether STARTTLS is offered */
	bool offered; /* it is, and was not refused */
	bool tried; /* a handshake began */
	bool done; /* … and was finished */
	const char *verify; /* smtp/tls_facts.h */
	size_t names; /* DNS-IDs of the certificate */
};
/* Of STS_REFUSES `*word` is "mx-not-in-policy" (ours) or one of RFC 8460 section 4.3. */
enum sts_effect sts_effect(const struct mta_sts *sts, const struct sts_met *met, const char **word);
const char *sts_effect_name(enum sts_effect effect); /* "none" "unknown" "deliver" "refuse" */
const char *sts_word_means(const char *word); /* a clause on the host, for people */

#endif
