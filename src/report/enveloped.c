#include "report/enveloped.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/slice.h"
#include "report/ndjson_fields.h"
#include "report/text.h"

static const struct {
	const char *name, *words;
} changes[ENVELOPE_CHANGES] = {
    [ENVELOPE_AS_IT_IS] = {"as-it-is", "as it is"},
    [ENVELOPE_NULL_SENDER] = {"null-sender", "with the null reverse-path <>"},
    [ENVELOPE_SENDER] = {"sender", "with the reverse-path"},
    [ENVELOPE_HELO] = {"helo", "with the HELO name"},
    [ENVELOPE_TLS] = {"tls", "with TLS"},
    [ENVELOPE_SOURCE] = {"source", "from the address"},
};

const char *
envelope_change_name(enum envelope_change change)
{
	return changes[change].name;
}

enum envelope_change
enveloped_finding(const struct enveloped *enveloped)
{
	for (size_t i = 1; i < enveloped->count; i++)
		if (enveloped->walks[i].outcome == COURSE_ACCEPTED)
			return enveloped->walks[i].change;
	return ENVELOPE_AS_IT_IS;
}

static bool
all_refused(const struct enveloped *enveloped)
{
	for (size_t i = 0; i < enveloped->count; i++)
		if (enveloped->walks[i].outcome != COURSE_REFUSED)
			return false;
	return true;
}

/* The end, by the name that data/isolate.conf has for what to do about it. */
static const char *
end_of(const struct enveloped *enveloped)
{
	enum envelope_change found = enveloped_finding(enveloped);

	if (enveloped->count == 0)
		return "interrupted";
	if (enveloped->walks[0].outcome == COURSE_ACCEPTED)
		return "envelope-taken";
	if (enveloped->walks[0].outcome != COURSE_REFUSED)
		return "envelope-untold";
	if (found != ENVELOPE_AS_IT_IS)
		return envelope_change_name(found);
	return all_refused(enveloped) ? "envelope-none" : "envelope-unclear";
}

void
record_enveloped(struct buf *out, const struct enveloped *enveloped)
{
	const char *end = end_of(enveloped);
	struct json json;

	record_begin(&json, out, "isolate-envelope");
	record_name(&json, "recipient", enveloped->recipient);
	record_name(&json, "mx", enveloped->mx);
	record_ip(&json, "ip", &enveloped->ip);
	json_number(&json, "port", enveloped->port);
	json_cstring(&json, "verdict", end);
	json_text(&json, "cause", enveloped->cause);
	json_text(&json, "advice", kinds_end_advice(enveloped->kinds, end));
	json_array_begin(&json, "walks");
	for (size_t i = 0; i < enveloped->count; i++) {
		const struct enveloped_walk *walk = &enveloped->walks[i];

		json_object_begin(&json, NULL);
		json_cstring(&json, "change", envelope_change_name(walk->change));
		json_text(&json, "value", walk->value);
		json_cstring(&json, "outcome", course_outcome_name(walk->outcome));
		json_text(
		    &json, "stage", walk->stage != STAGE_NONE ? stage_name(walk->stage) : NULL);
		record_isolate_reply(&json, walk->reply);
		json_text(&json, "detail", walk->detail);
		json_object_end(&json);
	}
	json_array_end(&json);
	record_end(&json, "isolate-envelope");
}

static void
say_walk(struct buf *out, const struct text_style *style, const struct enveloped_walk *walk)
{
	buf_puts(out, "  ");
	buf_puts(out, changes[walk->change].words);
	if (walk->value != NULL) {
		buf_putc(out, ' ');
		text_cstring(out, walk->value);
	}
	buf_puts(out, ": ");
	text_colour(out, style, walk->outcome == COURSE_ACCEPTED ? TEXT_GREEN : TEXT_RED);
	buf_puts(out, course_outcome_name(walk->outcome));
	text_colour(out, style, TEXT_PLAIN);
	if (walk->reply != NULL) {
		buf_puts(out, ", ");
		text_isolate_reply(out, walk->reply, walk->stage);
	} else if (walk->detail != NULL) {
		buf_puts(out, ", ");
		text_cstring(out, walk->detail);
	}
	buf_putc(out, '\n');
}

static const char *
verdict_words(const struct enveloped *enveloped)
{
	if (enveloped->count == 0)
		return "interrupted before anything was known";
	if (enveloped->walks[0].outcome == COURSE_ACCEPTED)
		return "taken up to RCPT: if the message is refused, it is what it says";
	if (enveloped->walks[0].outcome != COURSE_REFUSED)
		return "no refusal came of it this time";
	if (enveloped_finding(enveloped) != ENVELOPE_AS_IT_IS)
		return "refused as it is, and taken with one change";
	return all_refused(enveloped) ? "refused whatever is changed"
	                              : "refused as it is, and taken with none of the changes";
}

void
text_enveloped(struct buf *out, const struct text_style *style, const struct enveloped *enveloped,
    struct arena *arena)
{
	char ip[IP_TEXT];

	text_colour(out, style, TEXT_BOLD);
	text_cstring(out, enveloped->recipient);
	text_colour(out, style, TEXT_PLAIN);
	buf_puts(out, ": ");
	buf_puts(out, verdict_words(enveloped));
	buf_putc(out, '\n');
	for (size_t i = 0; i < enveloped->count; i++)
		say_walk(out, style, &enveloped->walks[i]);
	text_field(out, style, "server",
	    arena_printf(
	        arena, "%s [%s]:%u", enveloped->mx, ip_text(&enveloped->ip, ip), enveloped->port));
	text_field(out, style, "cause", enveloped->cause);
	text_field(out, style, "remedy", kinds_end_advice(enveloped->kinds, end_of(enveloped)));
}
