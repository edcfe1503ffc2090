#include "command/own_host.h"

#include <unistd.h>

#include "base/arena.h"
#include "campaign/senders.h"
#include "dns/name.h"

/* Mail leaves by either family, as its destination has it: the address of each that there is a way
 * out with, or that others see in its place. One without is no fault while there is another. */
size_t
own_sources(const struct options *options, struct ip out[OWN_SOURCES])
{
	size_t count = 0;

	for (unsigned char family = 4; family <= 6; family = (unsigned char)(family + 2)) {
		if (options->family != ROUTE_BOTH && (options->family == ROUTE_V4) != (family == 4))
			continue;
		out[count] = senders_way_out(family);
		if (out[count].family == 0 && options->public_ip.family == family)
			out[count] = options->public_ip;
		count += out[count].family != 0;
	}
	return count;
}

const char *
own_hostname(struct arena *arena)
{
	char name[256] = "";

	if (gethostname(name, sizeof name - 1) == 0 && name_is_host(name))
		return arena_string(arena, name);
	return NULL;
}
