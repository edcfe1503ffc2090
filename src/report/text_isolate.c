/* What isolate says to people. */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/shown.h"
#include "base/slice.h"
#include "report/isolated.h"
#include "report/text.h"

enum { QUOTE = 400 }; /* octets of a reply that are shown */

void
text_isolate_reply(struct buf *out, const struct reply *reply, enum stage stage)
{
	size_t len = strnlen(reply->text, QUOTE + 1);
	char text[QUOTE + 2];

	/* On one line, whatever it has: no line of it is to look like one of ours. */
	for (size_t i = 0; i < len; i++)
		text[i] = reply->text[i] == '\n' ? ' ' : reply->text[i];
	text[len] = '\0';
	if (reply->code == 0)
		buf_puts(out, "no reply of SMTP: ");
	else
		buf_printf(out, "%d ", reply->code);
	if (reply->enhanced[0] != '\0' && !slice_begins(slice_of(text), reply->enhanced))
		buf_printf(out, "%s ", reply->enhanced);
	shown_add(out, text, len < QUOTE ? len : QUOTE);
	if (len > QUOTE)
		buf_puts(out, " ...");
	buf_printf(out, " (at %s)", stage_name(stage));
}

static unsigned
parts_in(part_set parts)
{
	unsigned count = 0;

	for (; parts != 0; parts &= parts - 1)
		count++;
	return count;
}

static const char *
message_words(
    const struct isolated *isolated, const struct isolated_test *test, struct arena *arena)
{
	struct suspect best = isolated->likely[0];

	switch (test->say) {
	case COURSE_WHOLE:
		return "the whole message";
	case COURSE_CONTROL:
		return "a plain message (the control)";
	case COURSE_BARE:
		return arena_printf(
		    arena, "%s, the host without a path", isolated_suspect(isolated, &best, arena));
	case COURSE_PARTS:
		break;
	}
	return arena_printf(
	    arena, "%u of %zu parts", parts_in(test->sent), isolated->pieces->count);
}

void
text_isolate_plan(struct buf *out, const struct text_style *style, const struct isolated *isolated,
    struct arena *arena)
{
	const struct hints *hints = isolated->hints;

	text_field(out, style, "parts",
	    arena_printf(arena, "%zu, in at most %u messages; found before anything is sent: %s",
	        isolated->pieces->count, isolated->course->budget,
	        hints->count == 0 ? "nothing" : "what follows, and looked at first"));
	for (size_t i = 0; i < hints->count; i++) {
		const struct hint *hint = &hints->items[i];

		text_field(out, style, i == 0 ? "suspected" : "",
		    arena_printf(arena, "%s (%s)%s%s",
		        kinds_tell(isolated->kinds, &isolated->pieces->items[hint->piece], arena),
		        hint->by, hint->words != NULL ? ": " : "",
		        hint->words != NULL ? hint->words : ""));
	}
	if (isolated->is_unsigned)
		text_field(out, style, "unsigned", isolated->kinds->unsigned_words);
	buf_putc(out, '\n');
}

void
text_isolate_test(struct buf *out, const struct text_style *style, const struct isolated *isolated,
    unsigned number, struct arena *arena)
{
	const struct isolated_test *test = &isolated->tests[number];

	buf_printf(out, "%u/%u  ", number + 1, isolated->course->budget);
	text_cstring(out, message_words(isolated, test, arena));
	buf_puts(out, ": ");
	text_colour(out, style,
	    test->outcome == COURSE_ACCEPTED  ? TEXT_GREEN
	    : test->outcome == COURSE_REFUSED ? TEXT_RED
	                                      : TEXT_YELLOW);
	buf_puts(out, course_outcome_name(test->outcome));
	text_colour(out, style, TEXT_PLAIN);
	if (test->reply != NULL && test->reply->count > 0) {
		buf_puts(out, ", ");
		text_isolate_reply(out, test->reply, test->stage);
	} else if (test->detail != NULL) {
		buf_puts(out, ", ");
		text_cstring(out, test->detail);
	}
	buf_putc(out, '\n');
}

/* ---- the verdict */

static const char *
verdict_words(const struct isolated *isolated, struct arena *arena)
{
	switch (isolated->end) {
	case COURSE_FOUND:
		return arena_printf(arena, "refused because of %s",
		    isolated_suspect(isolated, &isolated->likely[0], arena));
	case COURSE_NOT_REFUSED:
		return "the whole message was taken: there is nothing to isolate";
	case COURSE_NOT_REACHED:
		return "refused before the message was sent: it is not what the message says";
	case COURSE_NOT_CONTENT:
		return "a plain message from the same sender is refused, too: it is not what the "
		       "message says";
	case COURSE_NOT_NEEDED:
		return "the refusal is about the sender's domain, not about what the message "
		       "says";
	case COURSE_NO_PART:
		return "no single part, nor two, but their sum or what all of them share";
	case COURSE_SPENT:
		return "not found within the budget";
	case COURSE_UNTOLD:
		return "given up: three outcomes in a row that tell nothing";
	case COURSE_TOO_FAST:
		return "given up: the server limits how much this sender may send";
	case COURSE_DRIFTED:
		return "void: the plain message, taken at first, is refused now; the server began "
		       "to "
		       "refuse this sender meanwhile";
	case COURSE_GOES_ON:
		break;
	}
	return "interrupted; this is what is known so far";
}

static void
say_likely(struct buf *out, const struct text_style *style, const struct isolated *isolated,
    struct arena *arena)
{
	bool searched = isolated->end == COURSE_GOES_ON || isolated->end == COURSE_SPENT ||
	                isolated->end == COURSE_NO_PART || isolated->end == COURSE_UNTOLD ||
	                isolated->end == COURSE_TOO_FAST;

	for (size_t i = 0; searched && isolated->course->count > 2 && i < isolated->likely_count;
	     i++)
		text_field(out, style, i == 0 ? "likeliest" : "",
		    arena_printf(arena, "%.0f %%: %s", isolated->likely[i].share * 100,
		        isolated_suspect(isolated, &isolated->likely[i], arena)));
}

/* The last message of just these parts, and what came of it. */
static const struct isolated_test *
test_of(const struct isolated *isolated, part_set sent)
{
	part_set all = suspects_all(isolated->course->suspects);
	enum course_say say = sent == all ? COURSE_WHOLE
	                      : sent == 0 ? COURSE_CONTROL
	                                  : COURSE_PARTS;

	for (unsigned i = isolated->course->count; i-- > 0;)
		if (isolated->tests[i].sent == sent && isolated->tests[i].say == say)
			return &isolated->tests[i];
	return NULL;
}

static void
say_proof(struct buf *out, const struct text_style *style, const char *label,
    const struct isolated_test *test, const char *words, struct arena *arena)
{
	struct buf reply;

	if (test == NULL || test->reply == NULL)
		return;
	buf_init(&reply, TEXT_LINE);
	text_isolate_reply(&reply, test->reply, test->stage);
	text_field(out, style, label, arena_printf(arena, "%s: %s", words, reply.data));
	buf_release(&reply);
}

static void
say_proofs(struct buf *out, const struct text_style *style, const struct isolated *isolated,
    struct arena *arena)
{
	const struct suspect *best = &isolated->likely[0];
	part_set all = suspects_all(isolated->course->suspects), parts = suspect_parts(best);
	part_set rest = all & ~(best->kind == SUSPICION_BOTH ? (part_set)1 << best->first : parts);
	enum course_outcome bare = course_bare(isolated->course);

	if (isolated->end != COURSE_FOUND)
		return;
	say_proof(
	    out, style, "confirmed", test_of(isolated, parts), "with it, and nothing else", arena);
	say_proof(out, style, "", test_of(isolated, rest), "all the rest, without it", arena);
	if (bare == COURSE_REFUSED)
		text_field(out, style, "link", "its host alone is refused, whatever the path");
	else if (bare == COURSE_ACCEPTED)
		text_field(out, style, "link", "its host without a path is taken: it is the path");
}

void
text_isolate(struct buf *out, const struct text_style *style, const struct isolated *isolated,
    struct arena *arena)
{
	char ip[IP_TEXT];
	const struct isolated_test *whole =
	    isolated->course->count > 0 ? &isolated->tests[0] : NULL;

	text_colour(out, style, TEXT_BOLD);
	text_cstring(out, isolated->recipient);
	text_colour(out, style, TEXT_PLAIN);
	buf_puts(out, ": ");
	text_cstring(out, verdict_words(isolated, arena));
	buf_putc(out, '\n');
	text_field(out, style, "server",
	    arena_printf(
	        arena, "%s [%s]:%u", isolated->mx, ip_text(&isolated->ip, ip), isolated->port));
	text_field(out, style, "messages",
	    arena_printf(arena,
	        "%u of at most %u; what was accepted is in this mailbox, or in its spam folder",
	        isolated->course->count, isolated->course->budget));
	if (whole != NULL && whole->reply != NULL && whole->reply->count > 0)
		say_proof(out, style, whole->outcome == COURSE_ACCEPTED ? "reply" : "refusal",
		    whole, "the whole message", arena);
	text_field(out, style, "cause", isolated->cause);
	say_proofs(out, style, isolated, arena);
	say_likely(out, style, isolated, arena);
	text_field(out, style, "remedy", isolated_advice(isolated, arena));
}
