#include "judge/counsel.h"

#include "base/arena.h"
#include "base/slice.h"

/* Nobody can be delisted from a list that is gone. */
static bool
is_by_dead_list(const struct reading *reading)
{
	return reading->list_count > 0 && reading->lists[0].dead != NULL;
}

/* Every domain has to take mail for it (RFC 5321 section 4.5.1): that it is refused says something
 * about the domain, and it is nobody to write to. */
static bool
is_of_postmaster(const struct reading *reading, const char *recipient)
{
	return recipient != NULL && slice_begins(slice_of(recipient), "postmaster@") &&
	       (reading->cause == CAUSE_RECIPIENT_UNKNOWN ||
	           reading->cause == CAUSE_RECIPIENT_DISABLED ||
	           reading->cause == CAUSE_MAILBOX_FULL);
}

static const char *
address(const struct ip *ip, struct arena *arena)
{
	char text[IP_TEXT];

	return ip->family != 0 ? arena_string(arena, ip_text(ip, text)) : NULL;
}

void
counsel_make(const struct remedies *remedies, const struct reading *reading,
    const struct circumstances *setting, struct arena *arena, struct counsel *out)
{
	bool dead = is_by_dead_list(reading),
	     postmaster = is_of_postmaster(reading, setting->recipient),
	     own = setting->own && reading->cause == CAUSE_UNKNOWN;
	const struct remedy *remedy =
	    dead         ? remedies_of_cause(remedies, CAUSE_RECEIVER_MISCONFIGURED, NULL)
	    : postmaster ? remedies_of(remedies, FACT_SAYS_POSTMASTER)
	    : own        ? remedies_of(remedies, FACT_SAYS_NOTHING_OWN)
	                 : remedies_of_cause(remedies, reading->cause, reading->provider);
	bool by_rule = !dead && !postmaster && !own;
	const struct values values = {
	    .of = {[VALUE_IP] = address(
	               reading->client.family != 0 ? &reading->client : &setting->client, arena),
	        [VALUE_DOMAIN] = setting->domain,
	        [VALUE_RECIPIENT] = setting->recipient,
	        [VALUE_LIST] = reading->list,
	        [VALUE_LISTED] = reading->listed,
	        [VALUE_PROVIDER] = reading->provider}};
	const char *advice = by_rule && reading->advice != NULL ? reading->advice : remedy->advice;

	*out = (struct counsel){
	    .who = by_rule && reading->who != WHO_NOBODY ? reading->who : remedy->who,
	    .advice = remedy_fill(advice, &values, arena),
	    .url = reading->url != NULL ? reading->url : remedy->url,
	    .suppress = by_rule ? remedies_of_cause(remedies, reading->cause, NULL)->suppress
	                        : SUPPRESS_NO};
}
