#include "evidence/neighbours.h"

#include "base/arena.h"
#include "base/ip.h"

bool
neighbours_look_up(struct book *book, struct arena *arena, const struct list *list,
    const struct ip *ip, struct neighbours *out)
{
	struct ip neighbour = *ip;
	bool whole = true;

	*out = (struct neighbours){.list = NULL};
	if (ip->family != 4)
		return true;
	out->list = list;
	out->net = arena_printf(arena, "%u.%u.%u.0/24", ip->bytes[0], ip->bytes[1], ip->bytes[2]);
	/* Evenly spread, the address itself and its next ones among them: what is close is most
	 * alike. */
	for (unsigned i = 0; i < NEIGHBOURS_ASKED; i++) {
		struct listing listing;
		unsigned step = 256 / NEIGHBOURS_ASKED;

		neighbour.bytes[3] = (unsigned char)(ip->bytes[3] + 1 + i * step);
		if (ip_equal(&neighbour, ip))
			continue;
		if (!blocklist_look_up(book, arena, list, &neighbour, NULL, "ip", &listing))
			whole = false;
		out->asked++;
		out->listed += listing.state == LIST_LISTED;
		out->unknown += listing.state != LIST_LISTED && listing.state != LIST_CLEAN;
	}
	return whole;
}
