/* What is another between two runs, in words for people. */
#include "base/buf.h"
#include "report/change.h"

enum { TEXT_SHOWN = 200 };

static void
say_state(struct buf *out, const struct change_state *state)
{
	buf_puts(out, walk_status_name(state->status));
	if (state->diagnosed)
		buf_printf(out, ", %s", cause_name(state->cause));
	if (state->list != NULL) {
		buf_puts(out, " (");
		text_cstring(out, state->list);
		buf_putc(out, ')');
	}
}

static void
say_reply(struct buf *out, const struct change_state *state)
{
	struct buf line;

	if (state->text == NULL)
		return;
	buf_init(&line, TEXT_LINE);
	text_some(&line, state->text, TEXT_SHOWN);
	for (size_t i = 0; i < line.len; i++)
		line.data[i] = line.data[i] == '\n' ? ' ' : line.data[i];
	buf_puts(out, ": ");
	if (state->code > 0)
		buf_printf(out, "%d ", state->code);
	text_cstring(out, line.data);
	buf_release(&line);
}

/* Which of the two is worth its words. */
static void
say_target(struct buf *out, const struct change *change)
{
	const struct change_state *old = change->old, *new = change->new;

	buf_puts(out, ": ");
	if (change->kind == CHANGE_TLS) {
		buf_printf(out, "%s, now %s", tally_tls_words(old->tls), tally_tls_words(new->tls));
		return;
	}
	if (old->known)
		say_state(out, old);
	if (change->kind == CHANGE_TEXT)
		say_reply(out, old);
	if (new->known) {
		buf_puts(out, old->known ? ", now " : "");
		say_state(out, new);
		if (change->kind == CHANGE_NOT_TOLD && new->status == WALK_ACCEPTED)
			buf_puts(out, ", but asked less far");
		say_reply(out, new);
	}
}

void
change_text(struct buf *out, const struct change *change)
{
	buf_puts(out, "  ");
	text_cstring(out, change->name);
	if (change->source != NULL) {
		buf_puts(out, " from ");
		text_cstring(out, change->source);
	}
	if (change->old != NULL) {
		say_target(out, change);
	} else {
		buf_puts(out, ": ");
		text_cstring(out, change->was != NULL ? change->was : change->is);
		if (change->was != NULL && change->is != NULL) {
			buf_puts(out, ", now ");
			text_cstring(out, change->is);
		}
	}
	buf_putc(out, '\n');
}

void
change_text_heading(
    struct buf *out, const struct text_style *style, enum change_kind kind, unsigned long count)
{
	text_colour(out, style, TEXT_BOLD);
	buf_printf(out, "%s (%lu)", change_words(kind), count);
	text_colour(out, style, TEXT_PLAIN);
	buf_putc(out, '\n');
}

/* "; the same: 12 targets, 3 listings" */
static void
say_same(struct buf *out, const struct change_count *count)
{
	const char *before = "; the same: ";

	for (enum change_subject subject = 0; subject < SUBJECT_COUNT; subject++) {
		unsigned long n = count->same[subject];

		if (n == 0)
			continue;
		buf_printf(out, "%s%lu %s%s", before, n, subject_name(subject), n == 1 ? "" : "s");
		before = ", ";
	}
}

void
change_text_count(struct buf *out, const struct text_style *style, const struct change_count *count)
{
	unsigned long n = 0;

	for (enum change_kind kind = 0; kind < CHANGE_NOT_TOLD; kind++)
		n += count->of[kind];
	text_colour(out, style, TEXT_BOLD);
	if (n == 0)
		buf_puts(out, "no change");
	else
		buf_printf(
		    out, "%lu change%s, %lu for the worse", n, n == 1 ? "" : "s", count->worse);
	text_colour(out, style, TEXT_PLAIN);
	if (count->of[CHANGE_NOT_TOLD] > 0)
		buf_printf(out, "; %lu could not be told this time", count->of[CHANGE_NOT_TOLD]);
	say_same(out, count);
	buf_putc(out, '\n');
}
