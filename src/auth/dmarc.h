/* dmarc: what the author's domain asks of receivers for mail that fails (RFC 9989), and whether
 * this mail would; beside it the same as receivers by RFC 7489 still see it.
 *
 * Both are evaluated over one book, each with its own way to find the organizational domain: the
 * tree walk of RFC 9989 section 4.10 (at most DMARC_WALK_MAX look-ups a walk), and the Public
 * Suffix List. */
#ifndef AUTH_DMARC_H
#define AUTH_DMARC_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/dmarc_record.h"
#include "base/notes.h"
#include "dns/answer.h"

struct arena;
struct book;

enum { DMARC_WALK_MAX = 8 };

enum dmarc_result {
	DMARC_RESULT_NONE,
	DMARC_PASS,
	DMARC_FAIL,
	DMARC_TEMPERROR,
	DMARC_PERMERROR,
	DMARC_PUBLISHED /* there is a policy, and no mail was asked about */
};
enum dmarc_auth { DMARC_AUTH_FAIL, DMARC_AUTH_PASS, DMARC_AUTH_TEMPERROR };

struct dmarc_identifier { /* a domain that SPF or DKIM has looked at */
	const char *domain;
	enum dmarc_auth result;
};

/* The part of `name` that is registered below a public suffix; NULL if there is none (a suffix
 * itself). */
typedef const char *dmarc_org_domain(const char *name, const void *arg);

struct dmarc_query {
	const char *from; /* domain of the From field */
	const struct dmarc_identifier
	    *spf; /* of MAIL FROM, never of HELO (section 4.4.2); NULL: SPF said nothing */
	const struct dmarc_identifier *dkim; /* the d= of signatures */
	size_t dkim_count;
	dmarc_org_domain *org_domain; /* by the Public Suffix List; NULL: RFC 7489 is left out */
	const void *org_domain_arg;
	bool survey; /* look whether those who are to get reports have agreed (RFC 9990 section 4).
	                Costs look-ups */
	bool policy_only; /* no mail: what is published, and all that is unwise about it */
	const char *problem; /* why `from` is no domain to judge by; NULL: it may be one */
};

struct dmarc_alignment {
	const char *domain; /* of the identifier */
	const char *org_domain; /* NULL: not known, or it was not needed */
	enum dmarc_auth result;
	enum truth aligned; /* whatever the result */
};

struct dmarc_view { /* how receivers by one of the standards see it */
	enum dmarc_result result;
	const char *record; /* the policy record as published, NULL if none */
	const char *server; /* that answered for it, or that there is none; NULL if none did */
	uint32_t ttl; /* of its answer, seconds */
	const char *at; /* the domain whose it is: the TXT record is at "_dmarc." and this */
	const char *org_domain; /* of the From domain; NULL: not known */
	const char
	    *tag; /* that speaks for the From domain: "p", "sp" or "np"; NULL without a record */
	enum dmarc_policy published; /* what that tag says */
	enum dmarc_policy policy; /* what applies: one step down with t=y (section 4.7) */
	bool testing; /* t=y */
	int pct; /* RFC 7489: share of failing mail that the policy is for, 100 if not said */
	bool strict_spf, strict_dkim;
	struct dmarc_alignment spf; /* domain NULL: there is none */
	struct dmarc_alignment *dkim;
	size_t dkim_count;
	enum truth spf_aligned,
	    dkim_aligned; /* is there an identifier of the kind that passed and is aligned */
	unsigned queries; /* look-ups of records to find the policy and the organizational domain of
	                     From */
	const char *problem; /* why there is no verdict, or no policy; NULL else */
};

struct dmarc {
	const char *from; /* in the form of name.h */
	struct dmarc_view now; /* RFC 9989 */
	struct dmarc_view old; /* RFC 7489 */
	bool old_known;
	size_t records; /* at the From domain, or, if it has none, at the one above it that is
	                   registered: of several none counts */
	struct notes warnings;
};

bool dmarc_check(struct book *book, struct arena *arena, const struct dmarc_query *query,
    struct dmarc *out); /* false: pending */
const char *dmarc_result_name(
    enum dmarc_result result); /* "none" "pass" "fail" "temperror" "permerror" "policy" */

#endif
