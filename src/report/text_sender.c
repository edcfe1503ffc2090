#include "report/text_sender.h"

#include <string.h>

#include "base/buf.h"
#include "report/text_words.h"

static void
say_listing(struct buf *out, const struct text_style *style, const struct listing *listing)
{
	struct buf line;

	buf_init(&line, 2048);
	buf_printf(&line, "%s: %s %s", listing->list->name, listing->item,
	    list_state_name(listing->state));
	if (listing->meaning != NULL)
		buf_printf(&line, " (%s)", listing->meaning);
	if (listing->state == LIST_LISTED && listing->url != NULL)
		buf_printf(&line, " %s", listing->url);
	text_field(
	    out, style, listing->list->kind == LIST_WHITE ? "allowlist" : "blocklist", line.data);
	buf_release(&line);
}

/* One line for all the lists that have nothing on one thing. */
static void
say_clean_lists(struct buf *out, const struct text_style *style, const struct sender *sender)
{
	const struct listing *last = NULL;
	struct buf line;

	buf_init(&line, 8192);
	for (size_t i = 0; i < sender->listing_count; i++) {
		const struct listing *listing = &sender->listings[i];

		if (listing->state != LIST_CLEAN)
			continue;
		if (last != NULL && (strcmp(last->item, listing->item) != 0 ||
		                        strcmp(last->identity, listing->identity) != 0)) {
			text_field(out, style, "not listed", line.data);
			buf_clear(&line);
		}
		if (line.len == 0)
			buf_printf(&line, "%s (%s): %s", listing->item, listing->identity,
			    listing->list->name);
		else
			buf_printf(&line, ", %s", listing->list->name);
		last = listing;
	}
	text_field(out, style, "not listed", line.data);
	buf_release(&line);
}

void
text_sender(struct buf *out, const struct text_style *style, const struct sender *sender,
    enum helo_origin origin, const char *note)
{
	char ip[IP_TEXT];
	struct buf line;

	buf_init(&line, 4096);
	buf_printf(out, "sender %s\n", ip_text(&sender->ip, ip));
	buf_printf(&line, "%s (%s)", sender->helo, text_origin(origin));
	text_field(out, style, "helo", line.data);
	buf_clear(&line);
	buf_printf(&line, "<%s>", sender->from);
	text_field(out, style, "from", line.data);
	buf_clear(&line);
	buf_puts(&line, ptr_fcrdns_word(&sender->ptr));
	for (size_t i = 0; i < sender->ptr.count; i++)
		buf_printf(&line, "%s %s%s", i == 0 ? ":" : ",", sender->ptr.names[i].name,
		    sender->ptr.names[i].confirmed == PRESENT ? "" : " (not confirmed)");
	text_field(out, style, "ptr", line.data);
	for (size_t i = 0; i < sender->listing_count; i++)
		if (sender->listings[i].state != LIST_CLEAN)
			say_listing(out, style, &sender->listings[i]);
	say_clean_lists(out, style, sender);
	text_field(out, style, "note", note);
	if (!sender->complete && note == NULL)
		text_field(out, style, "note",
		    "the time for look-ups ran out: what is missing is unknown, not absent");
	buf_release(&line);
}
