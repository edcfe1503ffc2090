#include "journey.h"

#include <string.h>

#include "evidence/tls_level.h"

const char *
walk_status_name(enum walk_status status)
{
	static const char *const names[WALK_COUNT] = {"accepted", "refused", "deferred", "dropped",
	    "broken", "unreachable", "undeliverable", "dns-error", "skipped", "local", "withheld"};

	return names[status];
}

size_t
journey_not_asked(const struct journey *journey, enum stage not_asked[STAGE_COUNT])
{
	static const enum stage questions[] = {
	    STAGE_GREETING, STAGE_EHLO, STAGE_MAIL, STAGE_RCPT, STAGE_DATA, STAGE_MESSAGE};
	size_t count = 0;

	for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
		if (questions[i] > journey->asked &&
		    !(questions[i] == STAGE_MESSAGE &&
		        journey->uncertain)) /* sent, and not answered */
			not_asked[count++] = questions[i];
	return count;
}

const struct tls_facts *
attempt_tls(const struct attempt *attempt)
{
	static const struct tls_facts nothing;

	return attempt->tls != NULL ? attempt->tls : &nothing;
}

const struct dane_met *
attempt_met(const struct attempt *attempt)
{
	static const struct dane_met nothing;

	return attempt->met != NULL ? attempt->met : &nothing;
}

struct dane_meeting
attempt_meeting(const struct attempt *attempt)
{
	return (struct dane_meeting){.dane = attempt->dane,
	    .met = attempt_met(attempt),
	    .asked = attempt->tls_offered || attempt->stage > STAGE_EHLO ||
	             attempt->ending == END_TLS_MISSING ||
	             (attempt->stage == STAGE_EHLO && attempt->status == WALK_ACCEPTED),
	    .offered = attempt->tls_offered,
	    .refused = attempt->starttls.count > 0,
	    .done = attempt->tls_done,
	    .version = attempt_tls(attempt)->version};
}

const char *
attempt_requiretls(const struct attempt *attempt, const struct mta_sts *sts, bool fixed)
{
	const struct dane *dane = attempt->dane;
	const char *verify = attempt_tls(attempt)->verify;

	if (!attempt->ehlo.requiretls)
		return "not-offered";
	if (!fixed && !tls_way_is_known(dane, sts, attempt->mx))
		return "mx-not-authenticated";
	if (dane != NULL && dane_binds(dane) ? attempt_met(attempt)->matches
	                                     : verify != NULL && strcmp(verify, "ok") == 0)
		return NULL;
	return "certificate";
}
