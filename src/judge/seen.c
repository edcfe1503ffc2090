#include "judge/seen.h"

#include "dns/name.h"
#include "evidence/blocklist.h"

static bool
is_same_house(const char *a, const char *b)
{
	char one[NAME_TEXT], other[NAME_TEXT];

	return a != NULL && b != NULL && name_normalise(a, one, NULL) &&
	       name_normalise(b, other, NULL) && name_is_host(one) && name_is_host(other) &&
	       name_equal(blocklist_registered(one), blocklist_registered(other));
}

static bool
is_own(const struct seen_query *query, const char *server)
{
	for (size_t i = 0; i < SEEN_OWN_MAX; i++)
		if (is_same_house(query->own[i], server))
			return true;
	return false;
}

/* Not a hop within one house, the sender's or the receiver's, nor the submission of a message by a
 * mail program. */
static bool
is_border(const struct seen_query *query, const struct received *hop)
{
	return ip_is_public(&hop->client) && !hop->submitted && !is_own(query, hop->by) &&
	       !is_same_house(hop->ptr != NULL ? hop->ptr : hop->helo, hop->by);
}

const struct received *
seen_by_others(const struct seen_query *query)
{
	for (size_t i = 0; i < query->count; i++)
		if (query->source.family != 0 && ip_equal(&query->trace[i].client, &query->source))
			return &query->trace[i];
	for (size_t i = query->count; i > 0; i--)
		if (is_border(query, &query->trace[i - 1]))
			return &query->trace[i - 1];
	return NULL;
}
