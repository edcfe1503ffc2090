/* What a level of TLS asks of a host, and what senders do: tables over values. */
#include <criterion/criterion.h>
#include <string.h>

#include "evidence/dane.h"
#include "evidence/mta_sts.h"
#include "evidence/tls_level.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

Test(tls_level, demands)
{
	static const struct {
		enum tls_level level;
		enum dane_state state, host;
		enum tls_demand demand;
		bool policy; /* it is the receiver's demand */
	} rows[] = {
	    {LEVEL_NONE, DANE_USABLE, DANE_USABLE, DEMAND_NOTHING, false},
	    {LEVEL_MAY, DANE_USABLE, DANE_USABLE, DEMAND_NOTHING, false},
	    {LEVEL_ENCRYPT, DANE_USABLE, DANE_USABLE, DEMAND_TLS, false},
	    {LEVEL_SECURE, DANE_USABLE, DANE_USABLE, DEMAND_CERTIFICATE, false},
	    {LEVEL_DANE, DANE_USABLE, DANE_USABLE, DEMAND_MATCH, true},
	    {LEVEL_DANE, DANE_UNUSABLE, DANE_UNUSABLE, DEMAND_TLS, true},
	    {LEVEL_DANE, DANE_LOOKUP_FAILED, DANE_LOOKUP_FAILED, DEMAND_ELSEWHERE, true},
	    {LEVEL_DANE, DANE_INSECURE_MX, DANE_USABLE, DEMAND_MATCH, true},
	    {LEVEL_DANE, DANE_INSECURE_MX, DANE_NONE, DEMAND_NOTHING, false},
	    {LEVEL_DANE, DANE_NONE, DANE_NONE, DEMAND_NOTHING, false},
	    {LEVEL_DANE, DANE_NOT_EVALUABLE, DANE_NOT_EVALUABLE, DEMAND_NOTHING, false},
	    {LEVEL_DANE, DANE_NOT_APPLICABLE, DANE_NOT_APPLICABLE, DEMAND_NOTHING, false},
	    {LEVEL_DANE_ONLY, DANE_USABLE, DANE_USABLE, DEMAND_MATCH, true},
	    {LEVEL_DANE_ONLY, DANE_UNUSABLE, DANE_UNUSABLE, DEMAND_ELSEWHERE, true},
	    {LEVEL_DANE_ONLY, DANE_INSECURE_MX, DANE_USABLE, DEMAND_ELSEWHERE, true},
	    {LEVEL_DANE_ONLY, DANE_NONE, DANE_NONE, DEMAND_ELSEWHERE, true},
	    {LEVEL_DANE_ONLY, DANE_NOT_EVALUABLE, DANE_NOT_EVALUABLE, DEMAND_ELSEWHERE, true},
	    {LEVEL_MTA_STS, DANE_USABLE, DANE_USABLE, DEMAND_MATCH, true},
	    {LEVEL_MTA_STS, DANE_NONE, DANE_NONE, DEMAND_NOTHING, false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct dane dane = {.state = rows[i].state, .host = rows[i].host};
		struct tls_decision decision =
		    tls_level_decide(rows[i].level, &dane, NULL, "mx.d.example");

		cr_expect_eq(decision.demand, rows[i].demand, "%zu: %s, %s: %d", i,
		    tls_level_name(rows[i].level), dane_state_name(rows[i].state), decision.demand);
		cr_expect_eq(decision.policy != NULL, rows[i].policy, "%zu", i);
		cr_expect((decision.why != NULL) == (rows[i].demand == DEMAND_ELSEWHERE), "%zu", i);
	}
}

/* RFC 8689 section 2. */
Test(tls_level, require)
{
	static const struct {
		enum dane_state state, host;
		bool fixed;
		enum tls_demand demand;
	} rows[] = {
	    {DANE_USABLE, DANE_USABLE, false, DEMAND_MATCH},
	    {DANE_NONE, DANE_NONE, false, DEMAND_CERTIFICATE},
	    {DANE_INSECURE_MX, DANE_NONE, false, DEMAND_ELSEWHERE},
	    {DANE_NOT_EVALUABLE, DANE_NOT_EVALUABLE, false, DEMAND_ELSEWHERE},
	    {DANE_NOT_EVALUABLE, DANE_NOT_EVALUABLE, true, DEMAND_CERTIFICATE},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct dane dane = {.state = rows[i].state, .host = rows[i].host};
		struct tls_decision decision =
		    tls_level_decide(LEVEL_MAY, &dane, NULL, "mx.d.example");

		decision = tls_level_require(decision, &dane, NULL, "mx.d.example", rows[i].fixed);
		cr_expect_eq(decision.demand, rows[i].demand, "%zu: %d", i, decision.demand);
	}
}

Test(tls_level, require_by_policy)
{
	static const struct {
		enum sts_mode mode;
		const char *mx;
		enum tls_demand demand;
		const char *policy;
	} rows[] = {
	    {STS_MODE_ENFORCE, "mx.d.example", DEMAND_CERTIFICATE, "mta-sts"},
	    {STS_MODE_ENFORCE, "mx.other.example", DEMAND_ELSEWHERE, "mta-sts"},
	    {STS_MODE_TESTING, "mx.d.example", DEMAND_ELSEWHERE, NULL},
	    {STS_MODE_NONE, "mx.d.example", DEMAND_ELSEWHERE, NULL},
	};
	const char *mx[] = {"*.d.example"};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct dane dane = {.state = DANE_INSECURE_MX, .host = DANE_NONE};
		const struct mta_sts sts = {
		    .state = STS_HELD, .policy = {.mode = rows[i].mode, .mx = mx, .mx_count = 1}};
		struct tls_decision decision = tls_level_decide(LEVEL_MAY, &dane, &sts, rows[i].mx);

		decision = tls_level_require(decision, &dane, &sts, rows[i].mx, false);
		cr_expect_eq(decision.demand, rows[i].demand, "%zu: %d", i, decision.demand);
		cr_expect(decision.policy == rows[i].policy ||
		              strcmp(decision.policy, rows[i].policy) == 0,
		    "%zu: %s", i, decision.policy);
	}
}

Test(tls_level, what_senders_do)
{
	enum met { UNTRIED, MATCH, MISMATCH, BAD_NAME };
	static const struct {
		enum dane_state state, host;
		bool asked, offered, refused, done;
		enum met met;
		const char *version;
		enum dane_effect may, dane;
		const char *word;
	} rows[] = {
	    {DANE_USABLE, DANE_USABLE, true, true, false, true, MATCH, "TLSv1.3",
	        EFFECT_UNAUTHENTICATED, EFFECT_DELIVER, NULL},
	    {DANE_USABLE, DANE_USABLE, true, true, false, true, MISMATCH, "TLSv1.3",
	        EFFECT_UNAUTHENTICATED, EFFECT_DEFER, "tlsa-invalid"},
	    {DANE_USABLE, DANE_USABLE, true, true, false, true, MATCH, "TLSv1",
	        EFFECT_UNAUTHENTICATED, EFFECT_DEFER, "validation-failure"},
	    {DANE_USABLE, DANE_USABLE, true, true, false, false, UNTRIED, NULL, EFFECT_CLEAR_LATER,
	        EFFECT_DEFER, "validation-failure"},
	    {DANE_USABLE, DANE_USABLE, true, false, false, false, UNTRIED, NULL, EFFECT_CLEAR,
	        EFFECT_DEFER, "starttls-not-supported"},
	    {DANE_USABLE, DANE_USABLE, true, true, true, false, UNTRIED, NULL, EFFECT_CLEAR,
	        EFFECT_DEFER, "starttls-not-supported"},
	    {DANE_USABLE, DANE_USABLE, false, false, false, false, UNTRIED, NULL, EFFECT_UNKNOWN,
	        EFFECT_UNKNOWN, NULL},
	    {DANE_UNUSABLE, DANE_UNUSABLE, true, true, false, true, UNTRIED, "TLSv1.2",
	        EFFECT_UNAUTHENTICATED, EFFECT_UNAUTHENTICATED, NULL},
	    {DANE_UNUSABLE, DANE_UNUSABLE, true, false, false, false, UNTRIED, NULL, EFFECT_CLEAR,
	        EFFECT_DEFER, "starttls-not-supported"},
	    {DANE_LOOKUP_FAILED, DANE_LOOKUP_FAILED, true, true, false, true, UNTRIED, "TLSv1.3",
	        EFFECT_UNAUTHENTICATED, EFFECT_DEFER, "dnssec-invalid"},
	    {DANE_NONE, DANE_NONE, true, false, false, false, UNTRIED, NULL, EFFECT_CLEAR,
	        EFFECT_CLEAR, NULL},
	    {DANE_INSECURE_MX, DANE_USABLE, true, true, false, true, MISMATCH, "TLSv1.3",
	        EFFECT_UNAUTHENTICATED, EFFECT_DEFER, "tlsa-invalid"},
	    {DANE_INSECURE_MX, DANE_USABLE, true, true, false, true, BAD_NAME, "TLSv1.3",
	        EFFECT_UNAUTHENTICATED, EFFECT_UNAUTHENTICATED, NULL},
	    {DANE_USABLE, DANE_USABLE, true, true, false, true, BAD_NAME, "TLSv1.3",
	        EFFECT_UNAUTHENTICATED, EFFECT_DEFER, "certificate-host-mismatch"},
	    {DANE_NOT_EVALUABLE, DANE_NOT_EVALUABLE, true, true, false, true, UNTRIED, "TLSv1.3",
	        EFFECT_UNAUTHENTICATED, EFFECT_UNKNOWN, NULL},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct dane dane = {.state = rows[i].state, .host = rows[i].host};
		const struct dane_met met = {.tried = rows[i].met != UNTRIED,
		    .matches = rows[i].met == MATCH,
		    .word = rows[i].met == BAD_NAME   ? "certificate-host-mismatch"
		            : rows[i].met == MISMATCH ? "tlsa-invalid"
		                                      : NULL};
		const struct dane_meeting meeting = {.dane = &dane,
		    .met = &met,
		    .asked = rows[i].asked,
		    .offered = rows[i].offered,
		    .refused = rows[i].refused,
		    .done = rows[i].done,
		    .version = rows[i].version};
		const char *word;

		cr_expect_eq(dane_opportunistic(&meeting), rows[i].may, "%zu", i);
		cr_expect_eq(dane_sender(&meeting, &word), rows[i].dane, "%zu: %s", i,
		    dane_effect_name(dane_sender(&meeting, &word)));
		cr_expect(word == rows[i].word || (word != NULL && rows[i].word != NULL &&
		                                      strcmp(word, rows[i].word) == 0),
		    "%zu: %s", i, word);
	}
}
