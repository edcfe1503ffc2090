#include "campaign/haste.h"

#include <string.h>

#include "campaign/delay.h"
#include "judge/diagnosis.h"

/* Of one recipient: the site is as fast as before. */
static bool
is_about_recipient(const struct attempt *attempt)
{
	return attempt->stage >= STAGE_RCPT && strncmp(attempt->reply.enhanced, "4.2.", 4) == 0;
}

/* Codes that are used for it, where the words say nothing else. */
static bool
has_its_code(const struct reply *reply)
{
	static const char *const codes[] = {"4.3.2", "4.4.5", "4.7.28", "4.7.0"};

	if (reply->code == 421)
		return true;
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (strcmp(reply->enhanced, codes[i]) == 0)
			return true;
	return false;
}

/* A server that took connections and then takes none says so without a word. */
static bool
is_silent(const struct attempt *attempt)
{
	return (attempt->status == WALK_UNREACHABLE && attempt->ending == END_UNREACHABLE) ||
	       (attempt->status == WALK_DROPPED && attempt->stage <= STAGE_GREETING &&
	           (attempt->ending == END_CLOSED || attempt->ending == END_RESET));
}

void
haste_read(const struct rules *rules, const struct attempt *attempt, bool worked,
    struct arena *arena, struct haste *haste)
{
	const struct reply *reply = &attempt->reply;
	struct reading reading;
	struct said said = {.stage = attempt->stage,
	    .code = reply->code,
	    .enhanced = reply->enhanced,
	    .mx = attempt->mx,
	    .client = attempt->source};

	*haste = (struct haste){.throttled = worked && is_silent(attempt)};
	if (reply->count == 0 || reply->code / 100 != 4 || reply->text == NULL)
		return;
	said.text = reply->text;
	said.len = strlen(reply->text);
	said.greeting = attempt->greeting.count > 0 ? attempt->greeting.text : NULL;
	rules_read(rules, &said, arena, &reading);
	haste->named = delay_named(said.text, said.len);
	haste->greylisted = reading.cause == CAUSE_GREYLIST;
	if (haste->greylisted)
		haste->throttled = attempt->stage < STAGE_MAIL && has_its_code(reply);
	else if (reading.cause == CAUSE_RATE_LIMIT)
		haste->throttled = !is_about_recipient(attempt);
	else if (reading.cause == CAUSE_UNKNOWN || reading.cause == CAUSE_SYSTEM_ERROR ||
	         reading.cause == CAUSE_POLICY || reading.cause == CAUSE_IP_REPUTATION)
		haste->throttled = has_its_code(reply);
}
