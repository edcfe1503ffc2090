#include "report/text_advice.h"

#include <string.h>

#include "base/buf.h"

/* What no receiver refuses, for nothing gets there. */
static bool
is_closed(const struct advice *advice)
{
	return strcmp(advice->id, "egress-closed") == 0;
}

struct advice_count
advice_count(const struct advice *advice, size_t count)
{
	struct advice_count counts = {.closed = false};

	for (size_t i = 0; i < count; i++)
		counts.of[advice[i].severity]++;
	for (size_t i = 0; i < count; i++)
		counts.closed |= is_closed(&advice[i]);
	return counts;
}

static void
say_number(struct buf *out, size_t number, const char *words)
{
	if (number > 0)
		buf_printf(out, ", %zu %s", number, words);
}

void
text_advice_verdict(struct buf *out, const struct sender *sender, const struct advice_count *count)
{
	size_t refuses = count->of[SEVERITY_REFUSES] - count->closed;
	char ip[IP_TEXT];

	buf_printf(out, "%s: ", ip_text(&sender->ip, ip));
	if (count->closed)
		buf_printf(
		    out, "no server takes a connection from here%s", refuses > 0 ? "; " : "");
	if (refuses > 0)
		buf_printf(
		    out, "%zu finding%s mail refused", refuses, refuses == 1 ? " gets" : "s get");
	else if (count->closed)
		; /* all is said */
	else if (count->of[SEVERITY_WARNS] > 0)
		buf_puts(out, "nothing gets mail refused everywhere");
	else if (count->of[SEVERITY_UNKNOWN] > 0)
		buf_puts(out, "undetermined");
	else
		buf_puts(out, "nothing speaks against it");
	say_number(out, count->of[SEVERITY_WARNS],
	    count->of[SEVERITY_WARNS] == 1 ? "warning" : "warnings");
	say_number(out, count->of[SEVERITY_UNKNOWN], "not known");
	say_number(out, count->of[SEVERITY_GOOD], "good");
}

void
text_advice_one(struct buf *out, const struct text_style *style, const struct advice *advice)
{
	static const char *const labels[SEVERITY_COUNT] = {
	    "REFUSES", "WARNS", "NOT KNOWN", "note", "good"};
	struct text_style whole = *style;

	whole.width = 0; /* what is to be copied stays on its line */
	if (advice->severity < SEVERITY_INFO)
		buf_putc(out, '\n');
	text_field(
	    out, style, is_closed(advice) ? "CLOSED" : labels[advice->severity], advice->what);
	if (advice->severity < SEVERITY_GOOD || style->verbose)
		text_field(out, style, "evidence", advice->evidence);
	text_field(out, style, "refusers", advice->refused_by);
	text_field(out, style, "who acts", advice->advice != NULL ? who_name(advice->who) : NULL);
	text_field(out, style, "remedy", advice->advice);
	for (size_t i = 0; i < ADVICE_RECORDS; i++)
		text_field(out, &whole, "publish", advice->records[i]);
	text_field(out, &whole, "see", advice->url);
}

void
text_advice(struct buf *out, const struct text_style *style, const struct sender *sender,
    enum helo_origin origin, const struct advice *advice, size_t count)
{
	static const char *const origins[] = {"as you asked", "the address's confirmed name",
	    "this host's own name: the address has no confirmed name",
	    "an address literal: nothing better is known"};
	struct advice_count counts = advice_count(advice, count);
	enum severity before = SEVERITY_REFUSES;
	struct buf line;

	text_advice_verdict(out, sender, &counts);
	buf_putc(out, '\n');
	buf_init(&line, 4096);
	buf_printf(&line, "%s (%s)", sender->helo, origins[origin]);
	text_field(out, style, "helo", line.data);
	buf_clear(&line);
	buf_printf(&line, "<%s>", sender->from);
	text_field(out, style, "from", line.data);
	if (sender->author != NULL && (sender->from_domain.name == NULL ||
	                                  strcmp(sender->author, sender->from_domain.name) != 0))
		text_field(out, style, "author", sender->author);
	buf_release(&line);
	for (size_t i = 0; i < count; i++) {
		if (advice[i].severity >= SEVERITY_INFO && before < SEVERITY_INFO)
			buf_putc(out, '\n');
		before = advice[i].severity;
		text_advice_one(out, style, &advice[i]);
	}
}
