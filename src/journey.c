#include "journey.h"

const char *
walk_status_name(enum walk_status status)
{
	static const char *const names[WALK_COUNT] = {"accepted", "refused", "deferred", "dropped",
	    "broken", "unreachable", "undeliverable", "dns-error", "skipped"};

	return names[status];
}

const char *
helo_origin_name(enum helo_origin origin)
{
	static const char *const names[] = {"given", "ptr", "hostname", "literal"};

	return names[origin];
}

enum walk_status
attempt_status(const struct dialogue *d)
{
	switch (d->ending) {
	case END_CLOSED:
	case END_RESET:
	case END_TIMEOUT:
		return WALK_DROPPED;
	case END_NOT_SMTP:
	case END_TOO_LONG:
	case END_FLOOD:
	case END_INJECTED:
	case END_TLS_FAILED:
	case END_TLS_MISSING:
	case END_UNEXPECTED:
		return WALK_BROKEN;
	case END_UNREACHABLE:
	case END_THIS_HOST:
		return WALK_UNREACHABLE;
	case END_NOT_SENDABLE:
		return WALK_SKIPPED;
	case END_NONE:
	case END_COUNT:
		break;
	}
	if (d->done)
		return WALK_ACCEPTED;
	return d->decisive.code >= 500 ? WALK_REFUSED : WALK_DEFERRED;
}

bool
attempt_is_open(const struct attempt *attempt)
{
	if (attempt->status == WALK_ACCEPTED || attempt->status == WALK_REFUSED)
		return false;
	return attempt->stage < STAGE_MAIL;
}

const struct attempt *
journey_decide(const struct attempt *attempts, size_t count, bool all)
{
	/* Higher wins, the earlier of equals. Until one answers: acceptance and refusal end the
	 * search, so they are last and decide. All: what may happen to mail. */
	static const int first[WALK_COUNT] = {[WALK_ACCEPTED] = 9,
	    [WALK_REFUSED] = 8,
	    [WALK_DEFERRED] = 7,
	    [WALK_DROPPED] = 6,
	    [WALK_BROKEN] = 5,
	    [WALK_UNREACHABLE] = 2,
	    [WALK_SKIPPED] = 1};
	static const int worst[WALK_COUNT] = {[WALK_REFUSED] = 9,
	    [WALK_DEFERRED] = 8,
	    [WALK_BROKEN] = 7,
	    [WALK_DROPPED] = 6,
	    [WALK_ACCEPTED] = 5,
	    [WALK_UNREACHABLE] = 2,
	    [WALK_SKIPPED] = 1};
	const int *rank = all ? worst : first;
	const struct attempt *best = NULL;

	for (size_t i = 0; i < count; i++)
		if (best == NULL || rank[attempts[i].status] > rank[best->status])
			best = &attempts[i];
	return best;
}

enum walk_status
route_status(enum route_kind kind)
{
	switch (kind) {
	case ROUTE_DNS_ERROR:
		return WALK_DNS_ERROR;
	case ROUTE_NULL_MX:
	case ROUTE_NO_DOMAIN:
	case ROUTE_NO_ADDRESS:
		return WALK_UNDELIVERABLE;
	case ROUTE_MX:
	case ROUTE_IMPLICIT:
	case ROUTE_FIXED:
		break;
	}
	return WALK_UNREACHABLE;
}
