#include "evidence/identify.h"

#include "base/arena.h"
#include "dns/name.h"

const char *
helo_origin_name(enum helo_origin origin)
{
	static const char *const names[] = {[HELO_GIVEN] = "given",
	    [HELO_PTR] = "ptr",
	    [HELO_HOSTNAME] = "hostname",
	    [HELO_LITERAL] = "literal"};

	return names[origin];
}

/* RFC 5321 section 4.1.3. */
static const char *
literal(const struct ip *ip, struct arena *arena)
{
	char text[IP_TEXT];

	return arena_printf(arena, "[%s%s]", ip->family == 6 ? "IPv6:" : "", ip_text(ip, text));
}

static const char *
reverse_path(const struct identity_query *query, const char *helo, struct arena *arena)
{
	if (query->from != NULL)
		return query->from;
	return arena_printf(arena, "postmaster@%s", query->author != NULL ? query->author : helo);
}

void
identity_settle(const struct identity_query *query, struct arena *arena, struct identity *out)
{
	const char *confirmed = out->ptr.confirmed_name;

	if (query->helo != NULL) {
		out->origin = HELO_GIVEN;
		out->helo = query->helo;
	} else if (confirmed != NULL && name_is_host(confirmed)) {
		out->origin = HELO_PTR;
		out->helo = confirmed;
	} else if (query->hostname != NULL && *query->hostname != '\0') {
		out->origin = HELO_HOSTNAME;
		out->helo = query->hostname;
	} else {
		out->origin = HELO_LITERAL;
		out->helo = literal(&query->ip, arena);
	}
	out->from = reverse_path(query, out->helo, arena);
}

bool
identify(struct book *book, struct arena *arena, const struct identity_query *query,
    struct identity *out)
{
	*out = (struct identity){.ptr = {.ip = query->ip}, .origin = HELO_LITERAL, .from = ""};
	if (query->helo == NULL && !ptr_look_up(book, arena, &query->ip, &out->ptr)) {
		out->helo = literal(&query->ip, arena);
		if (query->from != NULL || query->author != NULL)
			out->from = reverse_path(query, out->helo, arena);
		return false;
	}
	identity_settle(query, arena, out);
	return true;
}
