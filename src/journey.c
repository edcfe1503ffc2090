#include "journey.h"

const char *
status_name(enum status status)
{
	static const char *const names[STATUS_COUNT] = {"accepted", "refused", "deferred", "dropped", "broken", "unreachable", "undeliverable", "dns-error", "skipped"};

	return names[status];
}

const char *
helo_origin_name(enum helo_origin origin)
{
	static const char *const names[] = {"given", "ptr", "hostname", "literal"};

	return names[origin];
}

enum status
attempt_status(const struct dialogue *d)
{
	switch (d->ending) {
	case END_CLOSED:
	case END_RESET:
	case END_TIMEOUT:
		return STATUS_DROPPED;
	case END_NOT_SMTP:
	case END_TOO_LONG:
	case END_INJECTED:
	case END_TLS_FAILED:
	case END_TLS_MISSING:
	case END_UNEXPECTED:
		return STATUS_BROKEN;
	case END_UNREACHABLE:
		return STATUS_UNREACHABLE;
	case END_LOCAL:
		return STATUS_SKIPPED;
	case END_NONE:
	case END_COUNT:
		break;
	}
	if (d->done)
		return STATUS_ACCEPTED;
	return d->decisive.code >= 500 ? STATUS_REFUSED : STATUS_DEFERRED;
}

bool
attempt_is_open(const struct attempt *attempt)
{
	if (attempt->status == STATUS_ACCEPTED || attempt->status == STATUS_REFUSED)
		return false;
	return attempt->stage < STAGE_MAIL;
}

const struct attempt *
journey_decide(const struct attempt *attempts, size_t count, bool all)
{
	/* Higher wins, the earlier of equals. Until one answers: acceptance and refusal end the search, so they are last and decide. All: what may happen to mail. */
	static const int first[STATUS_COUNT] = {[STATUS_ACCEPTED] = 9, [STATUS_REFUSED] = 8, [STATUS_DEFERRED] = 7, [STATUS_DROPPED] = 6, [STATUS_BROKEN] = 5, [STATUS_UNREACHABLE] = 2, [STATUS_SKIPPED] = 1};
	static const int worst[STATUS_COUNT] = {[STATUS_REFUSED] = 9, [STATUS_DEFERRED] = 8, [STATUS_BROKEN] = 7, [STATUS_DROPPED] = 6, [STATUS_ACCEPTED] = 5, [STATUS_UNREACHABLE] = 2, [STATUS_SKIPPED] = 1};
	const int *rank = all ? worst : first;
	const struct attempt *best = NULL;

	for (size_t i = 0; i < count; i++)
		if (best == NULL || rank[attempts[i].status] > rank[best->status])
			best = &attempts[i];
	return best;
}

enum status
route_status(enum route_kind kind)
{
	switch (kind) {
	case ROUTE_DNS_ERROR:
		return STATUS_DNS_ERROR;
	case ROUTE_NULL_MX:
	case ROUTE_NO_DOMAIN:
	case ROUTE_NO_ADDRESS:
		return STATUS_UNDELIVERABLE;
	case ROUTE_MX:
	case ROUTE_IMPLICIT:
		break;
	}
	return STATUS_UNREACHABLE;
}
