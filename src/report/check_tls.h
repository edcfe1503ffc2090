/* check_tls: check dane and check tls: what walks of a domain's mail exchangers come to, told as a
 * check: in words, as a record, as a line of a monitoring system. Pure. */
#ifndef REPORT_CHECK_TLS_H
#define REPORT_CHECK_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "judge/tls_advice.h"
#include "judge/tls_audit.h"
#include "report/sink.h"

struct arena;

enum tls_review_kind { REVIEW_DANE, REVIEW_TLS };

enum resolver_word { RESOLVER_UNASKED, RESOLVER_YES, RESOLVER_NO, RESOLVER_UNKNOWN };

struct tls_review { /* of the run */
	enum tls_review_kind kind;
	unsigned least; /* percent of its life that a certificate has to have left */
	/* Of the resolver: is the root authentic to it, does it refuse what is broken? */
	enum resolver_word validates, refuses;
	const struct tls_audit *audit; /* of one address; NULL: none */
	int status; /* exit status: the gravest of all */
	bool any_certificate;
	long least_left; /* seconds, of all certificates that were seen */
};

struct host_review { /* of one address that was walked */
	const struct attempt *attempt;
	const struct tls_audit *audit; /* of it; NULL: none */
	struct advice *found;
	size_t count;
};

struct domain_review {
	const struct journey *journey;
	struct advice *found; /* about the domain as a whole */
	size_t count;
	struct host_review *hosts;
	size_t host_count;
	enum severity worst; /* SEVERITY_COUNT: there is no finding */
	bool bound; /* TLSA records bind a sender at some host */
	const char *result; /* "good" "none" "unknown" "warns" "refuses" */
	int status; /* exit status of this one */
};

/* Judges, and notes it in the run's review. */
void tls_review_journey(const struct sink *sink, const struct journey *journey, struct arena *arena,
    struct domain_review *out);
const char *tls_review_name(const struct tls_review *review); /* "dane" "tls" */

/* What all three end with. */
void tls_review_finish(struct sink *sink, const struct run_end *end);
int tls_review_exit(const struct sink *sink, const struct run_end *end);

extern const struct sink_format check_tls_text, check_tls_ndjson, check_tls_nagios;

#endif
