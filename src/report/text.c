#include "report/text.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/shown.h"
#include "report/sink.h"

enum {
	LABEL = 13, /* columns: the longest label is "also tried" */
	QUOTE_LINES = 16,
	QUOTE_OCTETS = 800, /* of a reply, and of each of its lines: enough for any reason that a
	                       person wrote; -v and --json have all */
};

static const char bold[] = "\033[1m", red[] = "\033[31m", green[] = "\033[32m",
                  yellow[] = "\033[33m", plain[] = "\033[0m";

static void
colour(struct buf *out, const struct text_style *style, const char *code)
{
	if (style->colour)
		buf_puts(out, code);
}

void
text_cstring(struct buf *out, const char *string)
{
	shown_add(out, string, strlen(string));
}

/* A word is what stands between spaces; it is never cut, so that a URL or a record can be copied.
 */
static void
wrap(struct buf *out, unsigned width, unsigned indent, const char *words)
{
	unsigned column = indent;

	while (*words != '\0') {
		size_t len = strcspn(words, " ");

		if (width > 0 && column > indent && column + 1 + len > width) {
			buf_printf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			buf_putc(out, ' ');
			column++;
		}
		shown_add(out, words, len);
		column += (unsigned)len;
		words += len;
		words += strspn(words, " ");
	}
	buf_putc(out, '\n');
}

void
text_field(struct buf *out, const struct text_style *style, const char *label, const char *words)
{
	if (words == NULL || *words == '\0')
		return;
	buf_printf(out, "  %-*s", LABEL - 2, label);
	wrap(out, style->width, LABEL, words);
}

static const char *
helo_origin_words(enum helo_origin origin)
{
	static const char *const words[] = {"as you asked", "the confirmed name of the address",
	    "this host's own name, for the address has no confirmed one",
	    "an address literal, for nothing better is known"};

	return words[origin];
}

static const char *
status_colour(enum walk_status status)
{
	return status == WALK_ACCEPTED ? green : status == WALK_REFUSED ? red : yellow;
}

static void
say_tls(struct buf *out, const struct attempt *attempt)
{
	if (attempt->tls_done)
		buf_printf(out, ", %s, certificate %s%s", attempt->tls.version,
		    attempt->tls.problem != NULL ? "not good: " : "good",
		    attempt->tls.problem != NULL ? attempt->tls.problem : "");
	else if (attempt->tls_offered)
		buf_puts(out, ", STARTTLS offered but not done");
	else if (attempt->stage >= STAGE_EHLO)
		buf_puts(out, ", no STARTTLS");
}

/* Did the server's last reply decide, or at least belong to how it ended? Not where we stopped for
 * reasons of our own: that reply was a good one. */
static bool
reply_counts(const struct attempt *attempt)
{
	return attempt->reply.count > 0 && attempt->ending != END_TLS_MISSING &&
	       attempt->ending != END_TLS_FAILED && attempt->ending != END_NOT_SENDABLE;
}

/* "at mail with 554 5.7.1": where, and the code. */
static void
say_where(struct buf *out, const struct journey *journey)
{
	const struct attempt *attempt = journey->decisive;

	buf_printf(out, " at %s", stage_name(journey->stage));
	if (attempt == NULL)
		return;
	if (reply_counts(attempt) && attempt->reply.code > 0) {
		buf_printf(out, " with %d", attempt->reply.code);
		if (*attempt->reply.enhanced != '\0')
			buf_printf(out, " %s", attempt->reply.enhanced);
	}
	if (attempt->ending != END_NONE &&
	    attempt->ending != END_UNREACHABLE) /* the status says that already */
		buf_printf(out, " (%s)", ending_name(attempt->ending));
	if (attempt->detail != NULL) {
		buf_puts(out, ": ");
		text_cstring(out, attempt->detail);
	}
}

static void
say_verdict(struct buf *out, const struct text_style *style, const struct journey *journey)
{
	const struct attempt *attempt = journey->decisive;
	char source[IP_TEXT];

	colour(out, style, bold);
	text_cstring(out, journey->target.text);
	if (journey->source.family != 0)
		buf_printf(out, " from %s", ip_text(&journey->source, source));
	colour(out, style, plain);
	buf_puts(out, ": ");
	colour(out, style, status_colour(journey->status));
	buf_puts(out, walk_status_name(journey->status));
	colour(out, style, plain);
	if (journey->stage != STAGE_NONE && journey->status != WALK_ACCEPTED)
		say_where(out, journey);
	if (journey->status == WALK_ACCEPTED && attempt != NULL) {
		buf_printf(out, " up to %s", stage_name(journey->stage));
		if (attempt->greeting.count > 0) {
			buf_printf(out, " (greeting %d", attempt->greeting.code);
			say_tls(out, attempt);
			buf_putc(out, ')');
		}
	}
	if (journey->diagnosed && journey->diagnosis.cause != CAUSE_UNKNOWN)
		buf_printf(out, ": %s", cause_words(journey->diagnosis.cause));
	else if (journey->diagnosed &&
	         (journey->status == WALK_REFUSED || journey->status == WALK_DEFERRED))
		buf_puts(out, ": no reason that can be told");
	if (journey->diagnosed && journey->diagnosis.list != NULL) {
		buf_puts(out, " (");
		text_cstring(out, journey->diagnosis.list);
		buf_putc(out, ')');
	}
	if (journey->note != NULL) {
		buf_puts(out, ": ");
		text_cstring(out, journey->note);
	}
	buf_putc(out, '\n');
}

static void
say_server(struct buf *out, const struct attempt *attempt)
{
	char ip[IP_TEXT];

	text_cstring(out, attempt->mx);
	buf_printf(out, " [%s]:%u", ip_text(&attempt->ip, ip), attempt->port);
}

static void
say_quote(struct buf *out, const struct text_style *style, const struct attempt *attempt)
{
	const struct reply *reply = &attempt->reply;
	size_t shown = style->verbose || reply->count <= QUOTE_LINES ? reply->count : QUOTE_LINES;

	if (!reply_counts(attempt))
		return;
	buf_puts(out, "  ");
	say_server(out, attempt);
	buf_puts(out, attempt->ending == END_NONE || attempt->ending == END_UNEXPECTED
	                  ? " said:\n"
	                  : " said, before it was lost:\n");
	for (size_t i = 0; i < shown; i++) {
		const struct reply_line *line = &reply->lines[i];
		size_t len = style->verbose || line->len <= QUOTE_OCTETS ? line->len : QUOTE_OCTETS;

		buf_puts(out, "    ");
		shown_add(out, line->bytes, len);
		if (len < line->len)
			buf_printf(out, " ... (%zu octets more)", line->len - len);
		buf_putc(out, '\n');
	}
	if (shown < reply->count)
		buf_printf(out, "    ... (%zu lines more)\n", reply->count - shown);
}

/* Who we were: half of all refusals are about that. */
static void
say_sender(struct buf *out, const struct text_style *style, const struct journey *journey)
{
	char text[IP_TEXT];
	struct buf line;

	if (journey->helo == NULL)
		return;
	buf_init(&line, 2048);
	buf_printf(&line, "%s, EHLO %s (%s), MAIL FROM <%s>", ip_text(&journey->sender_ip, text),
	    journey->helo, helo_origin_words(journey->helo_origin), journey->from);
	text_field(out, style, "sender", line.data);
	buf_release(&line);
}

static void
say_diagnosis(struct buf *out, const struct text_style *style, const struct diagnosis *d)
{
	char line[400];

	snprintf(line, sizeof line, "%s%s%s%s%s%s%s%s", cause_name(d->cause),
	    d->basis != BASIS_UNKNOWN ? ", " : "",
	    d->basis != BASIS_UNKNOWN ? basis_name(d->basis) : "", d->rule != NULL ? " (rule " : "",
	    d->rule != NULL ? d->rule : "", d->rule != NULL ? ")" : "",
	    d->provider != NULL ? ", provider " : "", d->provider != NULL ? d->provider : "");
	text_field(out, style, "cause", line);
	for (size_t i = 0; i < d->also_count; i++)
		text_field(out, style, "or else", cause_words(d->also[i].cause));
	for (size_t i = 0; i < d->evidence_count; i++)
		text_field(out, style, "evidence", d->evidence[i]);
	text_field(out, style, "who acts", who_name(d->who));
	text_field(out, style, "remedy", d->advice);
	text_field(out, style, "see", d->url);
}

/* swaks's prefixes: <- and -> in the clear, <~ and ~> under TLS, ** where the server refuses, ===
 * and *** for what we have to say. */
static void
say_transcript(struct buf *out, const struct attempt *attempt)
{
	buf_puts(out, "=== Trying ");
	say_server(out, attempt);
	buf_puts(out, "...\n");
	for (size_t i = 0; i < attempt->transcript.count; i++) {
		const struct transcript_entry *entry = &attempt->transcript.entries[i];
		bool bad = entry->reply.code >= 400;

		if (entry->stage == STAGE_CONNECT && entry->reply.count == 0 &&
		    attempt->ending != END_UNREACHABLE)
			buf_printf(out, "=== Connected to %s.\n", attempt->mx);
		if (entry->stage == STAGE_HANDSHAKE && attempt->tls_done)
			buf_printf(out,
			    "=== TLS started with cipher %s:%s\n=== TLS peer DN=\"%s\", "
			    "verification: %s\n",
			    attempt->tls.version, attempt->tls.cipher,
			    attempt->tls.subject != NULL ? attempt->tls.subject : "",
			    attempt->tls.verify != NULL ? attempt->tls.verify : "none");
		if (entry->sent != NULL) {
			buf_puts(out, entry->tls ? " ~> " : " -> ");
			text_cstring(out, entry->sent);
			buf_putc(out, '\n');
		}
		for (size_t k = 0; k < entry->reply.count; k++) {
			buf_puts(out,
			    bad ? (entry->tls ? "<~* " : "<** ") : (entry->tls ? "<~  " : "<-  "));
			shown_add(out, entry->reply.lines[k].bytes, entry->reply.lines[k].len);
			buf_putc(out, '\n');
		}
	}
	if (attempt->ending != END_NONE) {
		buf_printf(
		    out, "*** %s at %s", ending_name(attempt->ending), stage_name(attempt->stage));
		if (attempt->detail != NULL) {
			buf_puts(out, ": ");
			text_cstring(out, attempt->detail);
		}
		buf_putc(out, '\n');
	}
	if (attempt->transcript.count > 0 && attempt->ending != END_UNREACHABLE)
		buf_puts(out, "=== Connection closed.\n");
}

/* ": words", as many of them as a line of people's reading takes. */
static void
add_some(struct buf *out, const char *words)
{
	size_t len = strlen(words);

	buf_puts(out, ": ");
	buf_add(out, words, len > QUOTE_OCTETS ? QUOTE_OCTETS : len);
	if (len > QUOTE_OCTETS)
		buf_puts(out, " ...");
}

/* One line for each address that did not decide: why we went on. */
static void
say_other_attempts(struct buf *out, const struct text_style *style, const struct journey *journey)
{
	struct buf line;

	buf_init(&line, 2048);
	for (size_t i = 0; i < journey->attempt_count; i++) {
		const struct attempt *attempt = &journey->attempts[i];

		if (attempt == journey->decisive &&
		    (journey->attempt_count == 1 || attempt->reply.count > 0))
			continue;
		buf_clear(&line);
		say_server(&line, attempt);
		buf_printf(&line, ": %s at %s", walk_status_name(attempt->status),
		    stage_name(attempt->stage));
		if (reply_counts(attempt) && attempt->reply.code >= 400)
			add_some(&line, attempt->reply.lines[attempt->reply.count - 1].bytes);
		else if (attempt->detail != NULL)
			add_some(&line, attempt->detail);
		text_field(out, style, "also tried", line.data);
	}
	if (journey->untried > 0) {
		buf_clear(&line);
		buf_printf(&line, "%zu more addresses were not tried", journey->untried);
		text_field(out, style, "note", line.data);
	}
	buf_release(&line);
}

/* What the server saw is what others judge: another address than ours says that something stands
 * between. */
static void
say_seen(struct buf *out, const struct text_style *style, const struct attempt *attempt)
{
	char seen[IP_TEXT], ours[IP_TEXT];
	struct buf line;

	if (attempt->ehlo.client.family == 0 || attempt->source.family == 0 ||
	    ip_equal(&attempt->ehlo.client, &attempt->source))
		return;
	buf_init(&line, 1024);
	buf_printf(&line,
	    "The server saw us come from %s, not %s (NAT, a proxy or a relay between): that "
	    "address is judged; --public-ip %s looks it up.",
	    ip_text(&attempt->ehlo.client, seen), ip_text(&attempt->source, ours), seen);
	text_field(out, style, "note", line.data);
	buf_release(&line);
}

void
text_result(struct buf *out, const struct text_style *style, const struct journey *journey)
{
	if (style->verbose)
		for (size_t i = 0; i < journey->attempt_count; i++)
			say_transcript(out, &journey->attempts[i]);
	say_verdict(out, style, journey);
	if (journey->decisive != NULL && journey->status != WALK_ACCEPTED)
		say_quote(out, style, journey->decisive);
	if (journey->diagnosed) {
		say_sender(out, style, journey);
		say_diagnosis(out, style, &journey->diagnosis);
	}
	if (journey->decisive != NULL)
		say_seen(out, style, journey->decisive);
	if (journey->route.problem != NULL &&
	    (journey->note == NULL || strcmp(journey->note, journey->route.problem) != 0))
		text_field(out, style, "route", journey->route.problem);
	if (journey->status != WALK_ACCEPTED || style->verbose || journey->attempt_count > 1)
		say_other_attempts(out, style, journey);
}

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
	buf_printf(&line, "%s (%s)", sender->helo, helo_origin_words(origin));
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

static void
say_counts(struct buf *out, const char *what, struct counter *counter)
{
	const struct count *names;
	size_t n = counter_list(counter, &names);

	for (size_t i = 0; i < n; i++)
		buf_printf(
		    out, "  %-13s%6lu  %s\n", i == 0 ? what : "", names[i].count, names[i].name);
}

/* "; interrupted: 3 under way, 17 not begun" */
static void
say_interrupted(struct buf *out, const struct run_end *end)
{
	if (!end->interrupted)
		return;
	buf_puts(out, "; interrupted");
	if (end->under_way > 0 || end->not_begun > 0)
		buf_printf(out, ": %lu under way, %lu not begun", end->under_way, end->not_begun);
}

void
text_summary(struct buf *out, const struct text_style *style, const struct tally *tally,
    const struct run_end *end)
{
	unsigned found = 0;
	bool first = true;

	colour(out, style, bold);
	buf_printf(out, "%lu target%s", tally->targets, tally->targets == 1 ? "" : "s");
	colour(out, style, plain);
	for (enum walk_status s = 0; s < WALK_COUNT; s++)
		if (tally->status[s] > 0)
			buf_printf(out, "%s %lu %s", found++ == 0 ? ":" : ",", tally->status[s],
			    walk_status_name(s));
	if (tally->served > 0)
		buf_printf(out, "; %lu more of the same domain%s", tally->served,
		    tally->served == 1 ? "" : "s");
	if (end->bad_input > 0)
		buf_printf(out, "; %lu bad line%s", end->bad_input, end->bad_input == 1 ? "" : "s");
	say_interrupted(out, end);
	buf_putc(out, '\n');
	for (enum cause c = 0; c < CAUSE_COUNT; c++)
		if (tally->cause[c] > 0) {
			buf_printf(out, "  %-13s%6lu  %s\n", first ? "causes" : "", tally->cause[c],
			    cause_name(c));
			first = false;
		}
	say_counts(out, "blocklists", tally->lists);
}

/* ---- the format */

static bool
wants_senders(const struct sink_plan *plan)
{
	return plan->style.verbose;
}

static void
put_sender(
    struct sink *sink, const struct sender *sender, enum helo_origin origin, const char *note)
{
	text_sender(&sink->out, &sink->plan->style, sender, origin, note);
}

static void
put_result(struct sink *sink, const struct journey *journey)
{
	text_result(&sink->out, &sink->plan->style, journey);
	if (sink->out.full) { /* a transcript of that size is of no use to people */
		struct text_style brief = sink->plan->style;

		brief.verbose = false;
		buf_clear(&sink->out);
		text_result(&sink->out, &brief, journey);
		text_field(&sink->out, &brief, "note", "the transcript is too long to be shown");
	}
}

static void
put_summary(struct sink *sink, const struct run_end *end)
{
	if (!sink->plan->quiet && (sink->tally.targets > 1 || end->interrupted))
		text_summary(&sink->out, &sink->plan->style, &sink->tally, end);
}

const struct sink_format text_format = {.wants_senders = wants_senders,
    .sender = put_sender,
    .result = put_result,
    .finish = put_summary,
    .exit = tally_exit};
