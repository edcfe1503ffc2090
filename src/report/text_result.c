#include "report/text_result.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/shown.h"
#include "base/slice.h"
#include "report/text_tls_policy.h"
#include "report/text_transcript.h"
#include "report/text_words.h"

enum {
	QUOTE_LINES = 16,
	QUOTE_OCTETS = 800, /* of a reply, and of each of its lines: enough for any reason that a
	                       person wrote; -v and --json have all */
	NAMES_SHOWN = 8, /* of a certificate */
};

/* ---- the verdict: one line */

static enum text_colour
status_colour(enum walk_status status)
{
	return status == WALK_ACCEPTED  ? TEXT_GREEN
	       : status == WALK_REFUSED ? TEXT_RED
	                                : TEXT_YELLOW;
}

static void
say_tls(struct buf *out, const struct attempt *attempt)
{
	const struct tls_facts *tls = attempt_tls(attempt);

	if (attempt->tls_done) {
		buf_printf(out, ", %s, certificate ", tls->version);
		if (tls->problem == NULL) {
			buf_puts(out, "good");
		} else {
			buf_puts(out,
			    slice_begins(slice_of(tls->problem), "unknown: ") ? "" : "not good: ");
			text_cstring(out, tls->problem);
		}
	} else if (attempt->starttls.count > 0) {
		buf_puts(out, ", STARTTLS offered and then refused with ");
		text_code(out, &attempt->starttls);
		buf_puts(out, ", the rest in the clear");
	} else if (attempt->tls_offered) {
		buf_puts(out, ", STARTTLS offered but not done");
	} else if (attempt->stage >= STAGE_EHLO) {
		buf_puts(out, ", no STARTTLS");
	}
}

/* "at mail with 554 5.7.1": where, and the code. */
static void
say_where(struct buf *out, const struct journey *journey)
{
	const struct attempt *attempt = journey->decisive;

	buf_printf(out, " at %s", stage_name(journey->stage));
	if (attempt == NULL)
		return;
	if (text_reply_counts(attempt) && attempt->reply.code > 0) {
		buf_puts(out, " with ");
		text_code(out, &attempt->reply);
	}
	if (attempt->ending != END_NONE &&
	    attempt->ending != END_UNREACHABLE) /* the status says that already */
		buf_printf(out, " (%s)", ending_name(attempt->ending));
	if (attempt->detail != NULL) {
		buf_puts(out, ": ");
		text_cstring(out, attempt->detail);
	}
}

/* "up to EHLO under TLS (greeting 220, …); not asked: MAIL, RCPT, DATA, the message": how far that
 * goes is part of it. */
static void
say_how_far(struct buf *out, const struct journey *journey)
{
	const struct attempt *attempt = journey->decisive;

	buf_printf(out, " up to %s", text_asked(text_depth(journey)));
	if (attempt->greeting.count > 0) {
		buf_printf(out, " (greeting %d", attempt->greeting.code);
		say_tls(out, attempt);
		buf_putc(out, ')');
	}
	if (text_left_open(journey->asked) != NULL) {
		buf_puts(out, "; not asked: ");
		text_not_asked(out, journey->asked);
	}
}

/* Where all of them are refused so, there is nothing beside it. */
static bool
is_refused_greeting(const struct attempt *attempt)
{
	return attempt->stage == STAGE_GREETING && attempt->reply.code >= 500;
}

/* "mx1 greets with 554 5.7.1; mx2 takes mail; senders that stop at a 554 greeting would bounce" */
static void
say_refusal(struct buf *out, const struct journey *journey)
{
	const struct attempt *refusal = journey->refusal, *decisive = journey->decisive;

	buf_puts(out, "; ");
	text_cstring(out, refusal->mx);
	buf_puts(out, " greets with ");
	text_code(out, &refusal->reply);
	buf_puts(out, "; ");
	text_cstring(out, decisive->mx);
	if (decisive->status == WALK_ACCEPTED)
		buf_puts(out, " takes mail");
	else
		buf_printf(
		    out, " is asked next, and decides: %s", walk_status_name(decisive->status));
	buf_printf(out, "; senders that stop at a %d greeting would bounce", refusal->reply.code);
}

/* What stops others, and not this walk. */
static void
say_dane(struct buf *out, const struct journey *journey)
{
	struct dane_meeting meeting = attempt_meeting(journey->decisive);
	const char *word;

	if (dane_sender(&meeting, &word) != EFFECT_DEFER)
		return;
	if (journey->route.host_count > 1) {
		buf_puts(out, "; a DANE sender passes ");
		text_cstring(out, journey->decisive->mx);
		buf_puts(out, " over: ");
	} else {
		buf_puts(out, "; a DANE sender defers: ");
	}
	text_cstring(out, dane_defers_why(&meeting));
}

static void
say_cause(struct buf *out, const struct journey *journey)
{
	const struct diagnosis *d = &journey->diagnosis;

	if (!journey->diagnosed)
		return;
	if (journey->stage == STAGE_AUTH && d->cause == CAUSE_AUTH_REQUIRED)
		buf_puts(out, ": the login is refused");
	else if (d->cause != CAUSE_UNKNOWN || d->list != NULL || journey->status == WALK_REFUSED ||
	         journey->status == WALK_DEFERRED)
		text_cause(out, d->cause, d->basis, d->list);
}

static void
say_time(struct buf *out, const struct text_style *style, const struct journey *journey)
{
	char text[TEXT_TIME];

	if (style->time == NULL || journey->started == 0)
		return;
	style->time(journey->started + journey->ms, text);
	buf_printf(out, ", at %s", text);
}

static void
say_verdict(struct buf *out, const struct text_style *style, const struct journey *journey)
{
	char source[IP_TEXT];

	text_colour(out, style, TEXT_BOLD);
	text_cstring(out, journey->target.text);
	if (journey->source.family != 0)
		buf_printf(out, " from %s", ip_text(&journey->source, source));
	text_colour(out, style, TEXT_PLAIN);
	buf_puts(out, ": ");
	if (journey->target.served_by != NULL) {
		buf_puts(out, "as ");
		text_cstring(out, journey->target.served_by);
		buf_puts(out, ": ");
	}
	text_colour(out, style, status_colour(journey->status));
	buf_puts(out, walk_status_name(journey->status));
	text_colour(out, style, TEXT_PLAIN);
	if (journey->status == WALK_ACCEPTED && journey->decisive != NULL)
		say_how_far(out, journey);
	else if (journey->stage != STAGE_NONE)
		say_where(out, journey);
	say_cause(out, journey);
	if (journey->note != NULL) {
		buf_puts(out, ": ");
		text_cstring(out, journey->note);
	}
	if (journey->refusal != NULL && journey->decisive != NULL &&
	    !is_refused_greeting(journey->decisive))
		say_refusal(out, journey);
	text_sts_stops(out, journey);
	if (journey->decisive != NULL && journey->status != WALK_WITHHELD)
		say_dane(out, journey);
	say_time(out, style, journey);
	buf_putc(out, '\n');
}

/* ---- below it */

static void
say_quote(struct buf *out, const struct text_style *style, const struct attempt *attempt,
    const struct reply *reply, const char *how)
{
	size_t shown = style->verbose || reply->count <= QUOTE_LINES ? reply->count : QUOTE_LINES;
	struct attempt speaker = *attempt;

	if (attempt->shared_mx != NULL) {
		speaker.mx = attempt->shared_mx;
		speaker.ip = attempt->shared_ip;
	}
	buf_puts(out, "  ");
	text_server(out, &speaker);
	buf_printf(out, " %s:\n", how);
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

static void
say_reply(struct buf *out, const struct text_style *style, const struct attempt *attempt)
{
	bool lost = attempt->ending != END_NONE && attempt->ending != END_UNEXPECTED;

	if (!text_reply_counts(attempt))
		return;
	if (attempt->ending == END_TLS_MISSING)
		say_quote(out, style, attempt, &attempt->reply,
		    "offers STARTTLS and then refuses it, and without TLS the walk was not to go "
		    "on");
	else
		say_quote(out, style, attempt, &attempt->reply,
		    lost ? "said, before it was lost" : "said");
}

/* A server that offers STARTTLS and then refuses it: where the walk went on. */
static void
say_starttls(struct buf *out, const struct text_style *style, const struct attempt *attempt)
{
	if (attempt->starttls.count > 0 && attempt->ending != END_TLS_MISSING)
		say_quote(out, style, attempt, &attempt->starttls,
		    "offers STARTTLS and then refuses it, so that the rest went in the clear");
}

/* The dates of one that is out of date, the names of one for another name. */
static void
say_certificate(struct buf *out, const struct text_style *style, const struct attempt *attempt)
{
	const struct tls_facts *tls = attempt_tls(attempt);
	struct buf line;

	if (tls->problem == NULL || tls->not_after == NULL)
		return;
	buf_init(&line, TEXT_LINE);
	if (strstr(tls->problem, "expired") != NULL || strstr(tls->problem, "valid") != NULL)
		buf_printf(&line, "valid from %s to %s",
		    tls->not_before != NULL ? tls->not_before : "?", tls->not_after);
	if (strstr(tls->problem, "name") != NULL) {
		buf_puts(&line, line.len > 0 ? "; for " : "for ");
		if (tls->name_count == 0)
			buf_puts(&line,
			    "no host: it has no alternative names, and a common name is none");
		for (size_t i = 0; i < tls->name_count && i < NAMES_SHOWN; i++)
			buf_printf(&line, "%s%s", i > 0 ? ", " : "", tls->names[i]);
		if (tls->name_count > NAMES_SHOWN)
			buf_printf(&line, " and %zu more", tls->name_count - NAMES_SHOWN);
	}
	text_field(out, style, "cert", line.data);
	buf_release(&line);
}

/* TLSA records that are well. */
static void
say_records(struct buf *out, const struct text_style *style, const struct attempt *attempt)
{
	const struct dane *dane = attempt->dane;
	struct buf line;

	if (dane == NULL || !dane_demands_tls(dane))
		return;
	buf_init(&line, TEXT_LINE);
	buf_printf(&line, "%s, %zu TLSA record%s at _%u._tcp.%s", dane_state_name(dane->state),
	    dane->record_total, dane->record_total == 1 ? "" : "s", dane->port, dane->base);
	if (attempt_met(attempt)->tried)
		buf_puts(&line, attempt_met(attempt)->matches ? "; one matches"
		                : dane->unseen > 0 ? "; none matches of those that were looked at"
		                                   : "; none matches");
	text_field(out, style, "dane", line.data);
	buf_release(&line);
}

/* What finds a message again that was sent: our name for it, and what the server answered, often
 * with its own. */
static void
say_message(struct buf *out, const struct text_style *style, const struct journey *journey)
{
	const struct attempt *attempt = journey->decisive;
	struct buf line;

	text_field(out, style, "message-id", attempt->message_id);
	if (journey->status == WALK_ACCEPTED && journey->asked == STAGE_MESSAGE &&
	    attempt->reply.count > 0) {
		buf_init(&line, TEXT_LINE);
		for (size_t i = 0; i < attempt->reply.count; i++) {
			buf_puts(&line, i > 0 ? " " : "");
			text_some(&line, attempt->reply.lines[i].bytes, QUOTE_OCTETS);
		}
		text_field(out, style, "its reply", line.data);
		buf_release(&line);
	}
	if (journey->uncertain)
		text_field(out, style, "note",
		    "A message was sent whole and no reply to it came: it may have been "
		    "delivered.");
}

/* Who we were: half of all refusals are about that. */
static void
say_sender(struct buf *out, const struct text_style *style, const struct journey *journey)
{
	char text[IP_TEXT];
	struct buf line;

	if (journey->helo == NULL)
		return;
	buf_init(&line, TEXT_LINE);
	buf_printf(&line, "%s, EHLO %s (%s), MAIL FROM <%s>", ip_text(&journey->sender_ip, text),
	    journey->helo, text_origin(journey->helo_origin), journey->from);
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

/* The last line says why; those before it are often the same words. */
static void
say_last_line(struct buf *out, const struct reply *reply)
{
	buf_puts(out, ": ");
	text_some(out, reply->lines[reply->count - 1].bytes, QUOTE_OCTETS);
}

/* One line for each address that did not decide: why we went on. */
static void
say_other_attempts(struct buf *out, const struct text_style *style, const struct journey *journey)
{
	struct buf line;

	buf_init(&line, TEXT_LINE);
	for (size_t i = 0; i < journey->attempt_count; i++) {
		const struct attempt *attempt = &journey->attempts[i];

		if (attempt == journey->refusal ||
		    (attempt == journey->decisive &&
		        (journey->attempt_count == 1 || attempt->reply.count > 0)))
			continue;
		buf_clear(&line);
		text_server(&line, attempt);
		buf_printf(&line, ": %s at %s", walk_status_name(attempt->status),
		    stage_name(attempt->stage));
		if (text_reply_counts(attempt) && attempt->reply.code >= 400)
			say_last_line(&line, &attempt->reply);
		else if (attempt->detail != NULL) {
			buf_puts(&line, ": ");
			text_some(&line, attempt->detail, QUOTE_OCTETS);
		}
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
	buf_init(&line, TEXT_LINE);
	buf_printf(&line,
	    "The server saw us come from %s, not %s (NAT, a proxy or a relay between): that "
	    "address is judged; --public-ip %s looks it up.",
	    ip_text(&attempt->ehlo.client, seen), ip_text(&attempt->source, ours), seen);
	text_field(out, style, "note", line.data);
	buf_release(&line);
}

/* The refusal of another mail exchanger than the one that decides, and why. */
static void
say_other_refusal(struct buf *out, const struct text_style *style, const struct journey *journey)
{
	if (journey->refusal == NULL)
		return;
	say_quote(out, style, journey->refusal, &journey->refusal->reply, "said");
	if (journey->refusal_diagnosis == NULL)
		return;
	if (!journey->diagnosed)
		say_sender(out, style, journey);
	say_diagnosis(out, style, journey->refusal_diagnosis);
}

static void
say_decisive(struct buf *out, const struct text_style *style, const struct journey *journey)
{
	const struct attempt *attempt = journey->decisive;

	if (attempt == NULL)
		return;
	if (journey->status != WALK_ACCEPTED)
		say_reply(out, style, attempt);
	say_starttls(out, style, attempt);
	say_certificate(out, style, attempt);
	text_sts(out, style, journey);
	say_records(out, style, attempt);
	say_message(out, style, journey);
}

static void
say_smuggled(struct buf *out, const struct text_style *style, const struct attempt *attempt)
{
	static const char *const words[] = {
	    [SMUGGLED_NOTHING] = "what was hidden behind it was not taken for commands",
	    [SMUGGLED_COMMANDS] = "what was hidden behind it was TAKEN FOR COMMANDS",
	    [SMUGGLED_MESSAGE] =
	        "a second message that was hidden behind it WAS ACCEPTED: mail can be "
	        "smuggled into this server (CVE-2023-51764 and its like)"};
	struct buf line;

	if (attempt->raw_eol == RAW_NONE)
		return;
	buf_init(&line, TEXT_LINE);
	buf_printf(&line, "%s: %s", raw_eol_name(attempt->raw_eol), words[attempt->smuggled]);
	text_field(out, style, "smuggling", line.data);
	buf_release(&line);
}

/* What was asked for, and did not come about. */
static void
say_not_done(struct buf *out, const struct text_style *style, const struct attempt *attempt)
{
	if (attempt->pipeline_asked && !attempt->pipelined && !attempt->ehlo.pipelining)
		text_field(out, style, "note",
		    "The server does not offer PIPELINING: each command waited for its reply.");
}

static void
say_shared(struct buf *out, const struct text_style *style, const struct attempt *attempt)
{
	struct buf line;

	buf_init(&line, TEXT_LINE);
	if (attempt->shared_mx != NULL) {
		text_server(&line, attempt);
		buf_puts(&line, " was not asked: its site says the same to this source each time, "
		                "as in the walk of ");
	} else {
		buf_puts(&line, "the server was asked once, in the walk of ");
	}
	text_cstring(&line, attempt->shared_from);
	text_field(out, style, "shared", line.data);
	buf_release(&line);
}

void
text_result(struct buf *out, const struct text_style *style, const struct journey *journey)
{
	if (style->verbose)
		for (size_t i = 0; i < journey->attempt_count; i++)
			text_transcript(out, &journey->attempts[i]);
	say_verdict(out, style, journey);
	if (journey->target.served_by != NULL) /* the rest is told of that walk */
		return;
	say_decisive(out, style, journey);
	if (journey->decisive != NULL && journey->decisive->shared_from != NULL)
		say_shared(out, style, journey->decisive);
	if (journey->diagnosed) {
		say_sender(out, style, journey);
		say_diagnosis(out, style, &journey->diagnosis);
	}
	if (journey->remedy.id != NULL) {
		text_field(out, style, "meaning", journey->remedy.what);
		text_field(out, style, "who acts", who_name(journey->remedy.who));
		text_field(out, style, "remedy", journey->remedy.advice);
	}
	say_other_refusal(out, style, journey);
	if (journey->decisive != NULL) {
		say_smuggled(out, style, journey->decisive);
		say_not_done(out, style, journey->decisive);
		say_seen(out, style, journey->decisive);
	}
	if (journey->route.problem != NULL &&
	    (journey->note == NULL || strcmp(journey->note, journey->route.problem) != 0))
		text_field(out, style, "route", journey->route.problem);
	if (journey->status != WALK_ACCEPTED || style->verbose || journey->attempt_count > 1)
		say_other_attempts(out, style, journey);
}
