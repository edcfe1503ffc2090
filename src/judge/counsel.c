#include "judge/counsel.h"

#include "base/arena.h"

/* Nobody can be delisted from a list that is gone. */
static bool
is_by_dead_list(const struct reading *reading)
{
	return reading->list_count > 0 && reading->lists[0].dead != NULL;
}

static const char *
address(const struct ip *ip, struct arena *arena)
{
	char text[IP_TEXT];

	return ip->family != 0 ? arena_string(arena, ip_text(ip, text)) : NULL;
}

void
counsel_make(const struct remedies *remedies, const struct reading *reading,
    const struct setting *setting, struct arena *arena, struct counsel *out)
{
	bool dead = is_by_dead_list(reading);
	const struct remedy *remedy =
	    dead ? remedies_of_cause(remedies, CAUSE_RECEIVER_MISCONFIGURED, NULL)
	         : remedies_of_cause(remedies, reading->cause, reading->provider);
	const struct values values = {
	    .of = {[VALUE_IP] = address(
	               reading->client.family != 0 ? &reading->client : &setting->client, arena),
	        [VALUE_DOMAIN] = setting->domain,
	        [VALUE_RECIPIENT] = setting->recipient,
	        [VALUE_LIST] = reading->list,
	        [VALUE_LISTED] = reading->listed,
	        [VALUE_PROVIDER] = reading->provider}};
	const char *advice = dead || reading->advice == NULL ? remedy->advice : reading->advice;

	*out =
	    (struct counsel){.who = dead || reading->who == WHO_NOBODY ? remedy->who : reading->who,
	        .advice = remedy_fill(advice, &values, arena),
	        .url = reading->url != NULL ? reading->url : remedy->url};
}
