#include "campaign/egress.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

void
egress_note(struct egress *egress, bool answered, const char *site)
{
	egress->answered |= answered;
	if (egress->answered || egress->count == EGRESS_SITES)
		return;
	for (size_t i = 0; i < egress->count; i++)
		if (strcmp(egress->sites[i], site) == 0)
			return;
	egress->sites[egress->count++] = must_string(site);
}

bool
egress_is_closed(const struct egress *egress, bool at_end)
{
	return !egress->answered && egress->count >= (at_end ? EGRESS_END : EGRESS_SITES);
}

void
egress_release(struct egress *egress)
{
	for (size_t i = 0; i < egress->count; i++)
		free(egress->sites[i]);
	*egress = (struct egress){0};
}
