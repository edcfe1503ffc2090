#include "journey.h"

const char *
walk_status_name(enum walk_status status)
{
	static const char *const names[WALK_COUNT] = {"accepted", "refused", "deferred", "dropped",
	    "broken", "unreachable", "undeliverable", "dns-error", "skipped", "local"};

	return names[status];
}

const char *
helo_origin_name(enum helo_origin origin)
{
	static const char *const names[] = {"given", "ptr", "hostname", "literal"};

	return names[origin];
}
