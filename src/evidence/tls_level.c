#include "evidence/tls_level.h"

#include <stddef.h>

#include "evidence/dane.h"
#include "evidence/mta_sts.h"

const char *
tls_level_name(enum tls_level level)
{
	static const char *const names[] = {[LEVEL_NONE] = "none",
	    [LEVEL_MAY] = "may",
	    [LEVEL_ENCRYPT] = "encrypt",
	    [LEVEL_DANE] = "dane",
	    [LEVEL_DANE_ONLY] = "dane-only",
	    [LEVEL_SECURE] = "secure",
	    [LEVEL_MTA_STS] = "mta-sts"};

	return names[level];
}

static const char unanswered[] =
    "the look-up of its TLSA records gave no answer, and a sender that "
    "goes by DANE then passes the host over";

static struct tls_decision
by_dane(const struct dane *dane)
{
	if (dane == NULL)
		return (struct tls_decision){DEMAND_NOTHING, NULL, NULL};
	if (dane_binds(dane))
		return (struct tls_decision){DEMAND_MATCH, "dane", NULL};
	if (dane_demands_tls(dane))
		return (struct tls_decision){DEMAND_TLS, "dane", NULL};
	if (dane->host == DANE_LOOKUP_FAILED && dane->unanswered)
		return (struct tls_decision){DEMAND_ELSEWHERE, "dane", unanswered};
	if (dane->host == DANE_LOOKUP_FAILED)
		return (struct tls_decision){DEMAND_ELSEWHERE, "dane",
		    "its TLSA records cannot be looked up, and a sender that goes by DANE then "
		    "passes the host over"};
	return (struct tls_decision){DEMAND_NOTHING, NULL, NULL};
}

static struct tls_decision
by_dane_only(const struct dane *dane)
{
	if (dane != NULL && dane->state == DANE_USABLE)
		return (struct tls_decision){DEMAND_MATCH, "dane", NULL};
	return (struct tls_decision){DEMAND_ELSEWHERE, "dane",
	    dane == NULL || dane->state == DANE_NOT_EVALUABLE
	        ? "whether it has TLSA records cannot be told, and --tls-level dane-only asks for "
	          "them"
	    : dane->state == DANE_LOOKUP_FAILED && dane->unanswered ? unanswered
	    : dane->state == DANE_LOOKUP_FAILED
	        ? "its TLSA records cannot be looked up, and --tls-level dane-only asks for them"
	    : dane->state == DANE_INSECURE_MX
	        ? "the domain's MX record is not signed, and --tls-level dane-only asks for that"
	    : dane->state == DANE_UNUSABLE
	        ? "none of its TLSA records is of use, and --tls-level dane-only asks for some"
	        : "it has no TLSA records that are signed, and --tls-level dane-only asks for "
	          "them"};
}

static const struct tls_decision uncovered = {
    DEMAND_ELSEWHERE, "mta-sts", "the domain's MTA-STS policy does not cover it"};

static bool
is_enforced(const struct mta_sts *sts)
{
	return sts != NULL && sts->state == STS_HELD && sts->policy.mode == STS_MODE_ENFORCE;
}

/* RFC 8461 section 2: a policy does not override what DANE finds, good or bad. One that is not
 * known asks for nothing: we hold no earlier one. */
static struct tls_decision
by_mta_sts(const struct dane *dane, const struct mta_sts *sts, const char *mx)
{
	struct tls_decision decision = by_dane(dane);

	if (decision.policy != NULL || !is_enforced(sts))
		return decision;
	if (!sts_policy_covers(&sts->policy, mx))
		return uncovered;
	return (struct tls_decision){DEMAND_CERTIFICATE, "mta-sts", NULL};
}

struct tls_decision
tls_level_decide(
    enum tls_level level, const struct dane *dane, const struct mta_sts *sts, const char *mx)
{
	switch (level) {
	case LEVEL_NONE:
	case LEVEL_MAY:
		break;
	case LEVEL_ENCRYPT:
		return (struct tls_decision){DEMAND_TLS, NULL, NULL};
	case LEVEL_SECURE:
		return (struct tls_decision){DEMAND_CERTIFICATE, NULL, NULL};
	case LEVEL_DANE:
		return by_dane(dane);
	case LEVEL_DANE_ONLY:
		return by_dane_only(dane);
	case LEVEL_MTA_STS:
		return by_mta_sts(dane, sts, mx);
	}
	return (struct tls_decision){DEMAND_NOTHING, NULL, NULL};
}

static bool
is_signed(const struct dane *dane)
{
	return dane != NULL && dane->state >= DANE_NONE;
}

bool
tls_way_is_known(const struct dane *dane, const struct mta_sts *sts, const char *mx)
{
	return is_signed(dane) || (is_enforced(sts) && sts_policy_covers(&sts->policy, mx));
}

struct tls_decision
tls_level_require(struct tls_decision decision, const struct dane *dane, const struct mta_sts *sts,
    const char *mx, bool fixed)
{
	if (decision.demand == DEMAND_ELSEWHERE)
		return decision;
	if (!fixed && !tls_way_is_known(dane, sts, mx))
		return is_enforced(sts)
		           ? uncovered
		           : (struct tls_decision){DEMAND_ELSEWHERE, NULL,
		                 "REQUIRETLS needs an MX record that is signed, or an "
		                 "MTA-STS policy that is enforced (RFC 8689 section 2)"};
	if (dane != NULL && dane_binds(dane))
		return (struct tls_decision){DEMAND_MATCH, "dane", NULL};
	if (decision.demand < DEMAND_CERTIFICATE) {
		decision.demand = DEMAND_CERTIFICATE;
		decision.policy = fixed || is_signed(dane) ? NULL : "mta-sts";
	}
	return decision;
}
