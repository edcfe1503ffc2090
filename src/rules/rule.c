/* One rule: its scope, and what it says to a text. */
#include <stdlib.h>

#include "rules/rulebase.h"

static const char *const what_names[] = {
    [LISTED_NOTHING] = NULL,
    [LISTED_IP] = "ip",
    [LISTED_HELO] = "helo",
    [LISTED_SENDER] = "sender",
    [LISTED_URL] = "url",
    [LISTED_PTR] = "ptr",
};

const char *
listed_what_name(enum listed_what what)
{
	return what_names[what];
}

void
enhanced_parse(const char *text, struct enhanced_range *out)
{
	char *end;

	*out = (struct enhanced_range){0, -1, 0, 0};
	if (text == NULL || text[0] == '\0' || text[1] != '.')
		return;
	out->class = text[0] - '0';
	out->subject = (int)strtol(text + 2, &end, 10);
	out->least = out->most = *end == '.' ? (int)strtol(end + 1, NULL, 10) : 0;
}

/* "Sender address rejected: user unknown" speaks of the sender, "Recipient address rejected: Domain
 * not found" does not. */
static bool
fits_carrier(const struct rule *rule, enum carrier carrier)
{
	bool of_recipient = rule->cause == CAUSE_RECIPIENT_UNKNOWN ||
	                    rule->cause == CAUSE_RECIPIENT_DISABLED ||
	                    rule->cause == CAUSE_MAILBOX_FULL;

	if (rule->carriers != 0)
		return rule->carriers >> carrier & 1;
	if (of_recipient)
		return carrier != CARRIER_SENDER && carrier != CARRIER_CLIENT &&
		       carrier != CARRIER_HELO;
	return rule->cause != CAUSE_SENDER_DOMAIN ||
	       (carrier != CARRIER_RECIPIENT && carrier != CARRIER_CLIENT &&
	           carrier != CARRIER_HELO);
}

/* Before MAIL nobody knows our sender address, before RCPT no recipient, before DATA no message. */
enum knows { KNOWS_HOST, KNOWS_SENDER, KNOWS_MORE };

static const enum knows needed[CAUSE_COUNT] = {
    [CAUSE_SENDER_DOMAIN] = KNOWS_SENDER,
    [CAUSE_SPF] = KNOWS_SENDER,
    [CAUSE_MESSAGE_SIZE] = KNOWS_SENDER,
    [CAUSE_RECIPIENT_UNKNOWN] = KNOWS_MORE,
    [CAUSE_RECIPIENT_DISABLED] = KNOWS_MORE,
    [CAUSE_MAILBOX_FULL] = KNOWS_MORE,
    [CAUSE_RELAY_DENIED] = KNOWS_MORE,
    [CAUSE_CONTENT_SPAM] = KNOWS_MORE,
    [CAUSE_CONTENT_MALWARE] = KNOWS_MORE,
    [CAUSE_CONTENT_URL] = KNOWS_MORE,
    [CAUSE_CONTENT_HEADER] = KNOWS_MORE,
    [CAUSE_CONTENT_ATTACHMENT] = KNOWS_MORE,
    [CAUSE_DKIM] = KNOWS_MORE,
    [CAUSE_DMARC] = KNOWS_MORE,
};

static enum knows
known_at(enum stage stage)
{
	if (stage == STAGE_NONE || stage > STAGE_MAIL)
		return KNOWS_MORE;
	return stage == STAGE_MAIL ? KNOWS_SENDER : KNOWS_HOST;
}

bool
rule_in_scope(const struct rule *rule, const struct scope *scope)
{
	bool well;

	if (rule->stages != 0 && !(rule->stages & 1U << scope->stage))
		return false;
	if (needed[rule->cause] > known_at(scope->stage))
		return false;
	if (!fits_carrier(rule, scope->carrier))
		return false;
	if (rule->only != 0 && scope->provider != rule->only)
		return false;
	well = rule->code_count == 0;
	for (size_t i = 0; i < rule->code_count && !well; i++)
		well = scope->code >= rule->codes[i].least && scope->code <= rule->codes[i].most;
	if (!well)
		return false;
	well = rule->enhanced_count == 0;
	for (size_t i = 0; i < rule->enhanced_count && !well; i++) {
		const struct enhanced_range *range = &rule->enhanced[i];

		well = (range->class == 0 || range->class == scope->enhanced.class) &&
		       range->subject == scope->enhanced.subject &&
		       scope->enhanced.least >= range->least &&
		       scope->enhanced.least <= range->most;
	}
	return well;
}

struct pattern
rules_pattern(const struct rules *rules, uint32_t number)
{
	const struct pattern_row *row = &rules->patterns[number];

	return (struct pattern){rules_text(rules, row->source), rules_text(rules, row->words),
	    number, row->choice_count};
}

bool
rules_match(
    const struct rules *rules, uint32_t pattern, const char *text, size_t len, struct match *match)
{
	struct pattern whole = rules_pattern(rules, pattern);

	return pattern_match(&whole, rules->matcher, text, len, match);
}

bool
rule_matches(const struct rules *rules, const struct rule *rule, const char *text, size_t len,
    struct match *match)
{
	bool found = rule->patterns.count == 0;
	struct match ignored;

	if (found)
		*match = (struct match){.all = {0, 0}};
	for (size_t i = 0; i < rule->patterns.count && !found; i++)
		found = rules_match(rules, rules_ref(rules, rule->patterns, i), text, len, match);
	for (size_t i = 0; i < rule->unless.count && found; i++)
		found = !rules_match(rules, rules_ref(rules, rule->unless, i), text, len, &ignored);
	return found;
}
