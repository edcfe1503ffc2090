/* tally: results counted, for the summary, for reports and for the exit status. Pure.
 *
 * What is counted is how often each combination of what a result says came: each figure of a report
 * is a sum over these cells, and what was counted can be taken back, when a later record says
 * otherwise. */
#ifndef REPORT_TALLY_H
#define REPORT_TALLY_H

#include "base/slice.h"
#include "journey.h"
#include "report/ledger.h"
#include "report/run.h"

enum {
	TALLY_SITES = 250000, /* that are told apart; those that come later are "(others)" */
	TALLY_SOURCES = 60,
	TALLY_LISTS = 250,
};
#define TALLY_OTHERS "(others)"

enum tally_tls { /* of the attempt that decided */
	TALLY_TLS_UNKNOWN, /* it did not come to be seen */
	TALLY_TLS_NONE, /* not offered */
	TALLY_TLS_FAILED, /* offered, and not made */
	TALLY_TLS_OLD, /* before 1.2 */
	TALLY_TLS_12, /* … */
	TALLY_TLS_12_UNTRUSTED, /* … with a certificate that is not good for the host */
	TALLY_TLS_13,
	TALLY_TLS_13_UNTRUSTED,
	TALLY_TLS_COUNT
};

/* What makes TLS a must for senders that go by it, of the attempt that decided. What a look-up that
 * failed hides is not "none". */
enum tally_dane {
	TALLY_DANE_UNKNOWN,
	TALLY_DANE_NONE,
	TALLY_DANE_GOOD, /* a record matches */
	TALLY_DANE_FAILS, /* a sender that goes by it would not deliver */
	TALLY_DANE_UNTRIED, /* it is not known, for the walk did not come so far */
	TALLY_DANE_COUNT
};
enum tally_sts {
	TALLY_STS_UNKNOWN,
	TALLY_STS_NONE,
	TALLY_STS_GOOD,
	TALLY_STS_FAILS,
	TALLY_STS_UNTRIED,
	TALLY_STS_TESTING,
	TALLY_STS_COUNT
};
enum tally_policy { /* the one that a sender applies which knows both */
	POLICY_NOT_SEEN,
	POLICY_NONE,
	POLICY_DANE,
	POLICY_DANE_FAILS,
	POLICY_DANE_UNTRIED,
	POLICY_STS,
	POLICY_STS_FAILS,
	POLICY_STS_UNTRIED,
	POLICY_STS_TESTING,
	POLICY_COUNT
};

struct tally_entry { /* what one result says; slices are borrowed, `at` NULL is nothing */
	enum walk_status status;
	enum stage stage; /* of one that was accepted, how far it was asked; else where it ended */
	bool diagnosed;
	enum cause cause;
	enum basis basis;
	enum who who; /* has to act */
	bool served; /* by the walk of another line: it counts as what that came to, but for TLS */
	bool excused; /* skipped, and nothing is left open by it */
	bool explained; /* no walk of ours: a refusal that `explain` read */
	enum tally_tls tls;
	bool hybrid; /* a key exchange with a post-quantum half */
	bool near_end; /* a certificate with less than a quarter of its life left */
	enum tally_dane dane;
	enum tally_sts sts;
	struct slice site, source, list;
};

struct tally {
	unsigned long targets, status[WALK_COUNT];
	unsigned long excused, served, explained;
	unsigned long smuggled; /* hosts that took commands, or a message, out of another */
	unsigned long cause[CAUSE_COUNT];
	unsigned long asked[STAGE_COUNT]; /* of those that accepted: how far they were asked */
	struct names *sites, *sources, *lists;
	struct ledger *cells;
};

/* `past_ehlo`: it was seen what the server offers. */
enum tally_tls tally_tls_of(
    bool offered, bool done, struct slice version, struct slice verify, bool past_ehlo);

bool tally_near_end(long long percent_left); /* below 0 and 0: it has none left, or is none */
/* By the words of the record: the state and what becomes of a sender's mail; the state and mode of
 * the domain's policy, and what it makes of the host. */
enum tally_dane tally_dane_of(struct slice state, struct slice sender);
enum tally_sts tally_sts_of(struct slice state, struct slice mode, struct slice effect);
enum tally_policy tally_policy(enum tally_dane dane, enum tally_sts sts);

const char *tally_tls_words(enum tally_tls tls); /* "TLS 1.3" */
const char *tally_policy_words(enum tally_policy policy); /* "DANE", "MTA-STS, and it fails" */
unsigned tally_tls_rank(enum tally_tls tls); /* the higher, the better */

void tally_init(struct tally *tally, uint64_t secret); /* base/table.h */
void tally_release(struct tally *tally);
void tally_result(struct tally *tally, const struct journey *journey);

/* The cell that it was counted in: never 0. */
uint64_t tally_add(struct tally *tally, const struct tally_entry *entry);
void tally_take_back(struct tally *tally, uint64_t cell);
/* In what is known of the cell, names are the tally's and end with NUL. */
struct tally_entry tally_entry(const struct tally *tally, uint64_t cell);
/* The bits of a cell that hold these parts: cells that are equal in them have the parts in common.
 */
enum { TALLY_SITE = 1, TALLY_SOURCE = 2, TALLY_TROUBLE = 4 }; /* trouble: status, cause, list */
uint64_t tally_mask(unsigned parts);
unsigned tally_site(uint64_t cell); /* its number, from 1; 0: none, or one of the others */
/* The cells, in no order that means anything; `*at` begins with {0}. */
bool tally_next(
    const struct tally *tally, struct ledger_place *at, uint64_t *cell, unsigned long *count);

/* DESIGN.md section 2. */
int tally_exit(const struct tally *tally, const struct run_end *end);

#endif
