#include "report/text_explain.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/shown.h"
#include "report/text_words.h"

enum { NAMES_SHOWN = 10, FIELD_MAX = 4096, MATCHED_MAX = 60 };

static const char bold[] = "\033[1m", plain[] = "\033[0m";

static void
emphasize(struct buf *out, const struct text_style *style, const char *words)
{
	if (style->colour)
		buf_puts(out, bold);
	text_cstring(out, words);
	if (style->colour)
		buf_puts(out, plain);
}

/* ---- one reply */

/* What stands for a code where there is none: whose words they are. */
static const char *
whose_words(const struct explanation *explanation)
{
	if (explanation->said_by != NULL && strcmp(explanation->said_by, "sender") == 0)
		return "the sending system";
	if (explanation->said_by != NULL && strcmp(explanation->said_by, "list") == 0)
		return "a mailing list or group";
	return "a reply";
}

/* "554 5.7.1 at rcpt: the client's address is on a blocklist (zen.spamhaus.org)" */
static void
say_verdict(struct buf *out, const struct text_style *style, const struct explanation *explanation)
{
	const struct reading *reading = explanation->reading;
	enum cause cause = explained_cause(explanation);
	enum basis basis =
	    explanation->diagnosis != NULL ? explanation->diagnosis->basis : BASIS_STATED;
	const char *list =
	    explanation->diagnosis != NULL ? explanation->diagnosis->list : reading->list;
	char code[40];

	snprintf(code, sizeof code, "%s", whose_words(explanation));
	if (reading->code != 0)
		snprintf(code, sizeof code, "%d%s%s", reading->code,
		    reading->enhanced[0] != '\0' ? " " : "", reading->enhanced);
	else if (reading->enhanced[0] != '\0')
		snprintf(code, sizeof code, "%s", reading->enhanced);
	if (explanation->id != NULL) {
		emphasize(out, style, explanation->id);
		buf_puts(out, ": ");
	}
	emphasize(out, style, code);
	if (explanation->stage != STAGE_NONE)
		buf_printf(out, " at %s", stage_name(explanation->stage));
	text_cause(out, cause, basis, list);
	buf_putc(out, '\n');
}

static void
say_quote(struct buf *out, const struct explanation *explanation)
{
	const char *line = explanation->text, *end = line + explanation->len;

	while (line < end) {
		const char *newline = memchr(line, '\n', (size_t)(end - line)),
		           *stop = newline != NULL ? newline : end;

		buf_puts(out, "    ");
		shown_add(out, line, (size_t)(stop - line) - (stop > line && stop[-1] == '\r'));
		buf_putc(out, '\n');
		line = stop + 1;
	}
}

/* The words that decided; of many, the first ones. */
static void
say_matched(struct buf *line, const char *matched)
{
	size_t len = strlen(matched), shown = len;

	while (shown > MATCHED_MAX || (shown < len && shown > 0 && matched[shown] != ' '))
		shown--;
	if (shown == 0)
		shown = len; /* one long word */
	buf_printf(line, ", by: %.*s%s", (int)shown, matched, shown < len ? " ..." : "");
}

static void
say_cause(struct buf *out, const struct text_style *style, const struct explanation *explanation)
{
	const struct reading *reading = explanation->reading;
	struct buf line;

	buf_init(&line, FIELD_MAX);
	buf_puts(&line, cause_name(explained_cause(explanation)));
	if (explanation->diagnosis != NULL && explanation->diagnosis->basis != BASIS_UNKNOWN)
		buf_printf(&line, ", %s", basis_name(explanation->diagnosis->basis));
	if (reading->rule != NULL) {
		buf_printf(&line, " (rule %s", reading->rule);
		if (reading->matched != NULL)
			say_matched(&line, reading->matched);
		if (reading->rival != NULL)
			buf_printf(&line, ", before %s", reading->rival);
		buf_putc(&line, ')');
	}
	if (reading->provider != NULL)
		buf_printf(&line, ", provider %s", reading->provider);
	text_field(out, style, "cause", line.data);
	buf_release(&line);
}

static void
say_listed(struct buf *out, const struct text_style *style, const struct reading *reading)
{
	static const char *const what[] = {[LISTED_IP] = "the address",
	    [LISTED_HELO] = "the HELO name",
	    [LISTED_SENDER] = "the sender",
	    [LISTED_URL] = "a link",
	    [LISTED_PTR] = "the reverse name"};
	struct buf line;

	if (reading->list == NULL || reading->what == LISTED_NOTHING)
		return;
	buf_init(&line, FIELD_MAX);
	buf_puts(&line, what[reading->what]);
	if (reading->listed != NULL)
		buf_printf(&line, " %s", reading->listed);
	else
		buf_puts(&line, ", which is not named,");
	for (size_t i = 0; i < reading->list_count; i++)
		buf_printf(&line, "%s %s", i == 0 ? " on" : ",", reading->lists[i].name);
	text_field(out, style, "listed", line.data);
	buf_release(&line);
}

/* "mx.example.com [192.0.2.1]"; a sending system's verdict and a list's words are named so. */
static void
say_who_said(struct buf *out, const struct text_style *style, const struct explanation *explanation)
{
	static const struct {
		const char *name, *words;
	} kinds[] = {{"sender", "the sending system"}, {"list", "a mailing list or group"}};
	const char *words = NULL, *relay = explanation->relay, *ip = explanation->relay_ip;
	struct buf line;

	for (size_t i = 0; explanation->said_by != NULL && i < 2; i++)
		if (strcmp(kinds[i].name, explanation->said_by) == 0)
			words = kinds[i].words;
	buf_init(&line, FIELD_MAX);
	buf_puts(&line, words != NULL ? words : "");
	if (relay != NULL)
		buf_printf(&line, "%s%s", words != NULL ? "; host " : "", relay);
	if (ip != NULL && (relay == NULL || strcmp(relay, ip) != 0))
		buf_printf(&line, " [%s]", ip);
	text_field(out, style, "said by", line.len > 0 ? line.data : NULL);
	buf_release(&line);
}

/* Where it stood: "mail.log, line 12; queue id 4F3280D2B; Nov 30 10:00:00" */
static void
say_place(struct buf *out, const struct text_style *style, const struct explanation *explanation)
{
	struct buf line;

	if (explanation->file == NULL && explanation->queue_id == NULL && explanation->time == NULL)
		return;
	buf_init(&line, FIELD_MAX);
	if (explanation->file != NULL)
		buf_printf(&line, "%s, ", explanation->file);
	if (explanation->line > 0)
		buf_printf(&line, "line %lu", explanation->line);
	if (explanation->queue_id != NULL)
		buf_printf(&line, "%squeue id %s", line.len > 0 ? "; " : "", explanation->queue_id);
	if (explanation->time != NULL)
		buf_printf(&line, "%s%s", line.len > 0 ? "; " : "", explanation->time);
	text_field(out, style, "found in", line.data);
	buf_release(&line);
}
/* As in the records. */
static const char *
suppress_words(enum suppress suppress)
{
	return suppress == SUPPRESS_YES ? "yes: a hard bounce" : suppress_name(suppress);
}

void
text_explanation(
    struct buf *out, const struct text_style *style, const struct explanation *explanation)
{
	const struct reading *reading = explanation->reading;
	const struct diagnosis *d = explanation->diagnosis;

	say_verdict(out, style, explanation);
	say_quote(out, explanation);
	if (explanation->inbound)
		text_field(out, style, "direction", "inbound: this server refused it to a client");
	text_field(out, style, "to",
	    explanation->recipient != NULL ? explanation->recipient
	                                   : explanation->recipient_domain);
	say_who_said(out, style, explanation);
	say_place(out, style, explanation);
	say_cause(out, style, explanation);
	for (size_t i = 0; i < (d != NULL ? d->also_count : reading->also_count); i++)
		text_field(out, style, "or else",
		    cause_words(d != NULL ? d->also[i].cause : reading->also[i].cause));
	say_listed(out, style, reading);
	for (size_t i = 0; d != NULL && i < d->evidence_count; i++)
		text_field(out, style, "evidence", d->evidence[i]);
	text_field(out, style, "reference", reading->reference);
	text_field(
	    out, style, "who acts", who_name(d != NULL ? d->who : explanation->counsel->who));
	if (!explanation->inbound)
		text_field(out, style, "suppress", suppress_words(explained_suppress(explanation)));
	text_field(out, style, "remedy", d != NULL ? d->advice : explanation->counsel->advice);
	text_field(out, style, "see", d != NULL ? d->url : explanation->counsel->url);
	text_field(out, style, "write to", reading->contact);
}

/* ---- many */

static void
say_count(struct buf *out, const char *label, unsigned long count, unsigned long whole)
{
	buf_printf(
	    out, "  %-12s%8lu %5.1f %%  ", label, count, 100.0 * (double)count / (double)whole);
}

static void
say_causes(struct buf *out, const struct explained *explained)
{
	enum cause causes[CAUSE_COUNT];
	size_t n = explained_causes(explained, causes);

	for (size_t i = 0; i < n; i++) {
		say_count(
		    out, i == 0 ? "causes" : "", explained->cause[causes[i]], explained->replies);
		buf_printf(out, "%s: %s\n", cause_name(causes[i]), cause_words(causes[i]));
	}
}

static void
say_names(struct buf *out, const struct text_style *style, const char *label,
    struct counter *counter, unsigned long whole)
{
	const struct count *names;
	size_t n = counter_list(counter, &names),
	       shown = style->verbose || n <= NAMES_SHOWN + 1 ? n : NAMES_SHOWN;
	unsigned long rest = 0;

	for (size_t i = 0; i < n; i++) {
		if (i >= shown) {
			rest += names[i].count;
			continue;
		}
		say_count(out, i == 0 ? label : "", names[i].count, whole);
		text_cstring(out, names[i].name);
		buf_putc(out, '\n');
	}
	if (shown < n) {
		say_count(out, "", rest, whole);
		buf_printf(out, "%zu more (-v shows them)\n", n - shown);
	}
}

static void
say_totals(struct buf *out, const struct explained *explained)
{
	struct buf passed;

	buf_printf(out, "%lu refusal%s read: %lu for good, %lu for now", explained->replies,
	    explained->replies == 1 ? "" : "s", explained->replies - explained->deferred,
	    explained->deferred);
	if (explained->first != NULL) {
		buf_puts(out, "; the first of ");
		text_cstring(out, explained->first);
		buf_puts(out, ", the last of ");
		text_cstring(out, explained->last);
	}
	buf_putc(out, '\n');
	if (explained->sent_later > 0)
		buf_printf(out, "%lu deliver%s deferred and went through later: not counted.\n",
		    explained->sent_later, explained->sent_later == 1 ? "y was" : "ies were");
	if (explained->inbound > 0)
		buf_printf(out,
		    "%lu refusal%s that this server gave to clients %s not counted: --inbound "
		    "reads "
		    "%s.\n",
		    explained->inbound, explained->inbound == 1 ? "" : "s",
		    explained->inbound == 1 ? "is" : "are",
		    explained->inbound == 1 ? "it" : "them");
	buf_init(&passed, FIELD_MAX);
	if (explained_passed(explained, &passed))
		buf_printf(out, "Passed over: %s.\n", passed.data);
	buf_release(&passed);
}

/* What to do about the largest causes: how many, who, and the remedy once. */
static void
say_remedies(struct buf *out, const struct text_style *style, const struct explained *explained)
{
	for (size_t i = 0; i < explained->remedy_count; i++) {
		const struct explained_remedy *remedy = &explained->remedies[i];
		const char *who = who_name(remedy->counsel.who);

		if (i == 0) {
			buf_putc(out, '\n');
			emphasize(out, style, "What to do");
			buf_putc(out, '\n');
		}
		buf_printf(out, "%s, %lu of %lu%s%s:\n", cause_name(remedy->cause),
		    explained->cause[remedy->cause], explained->replies,
		    who != NULL ? "; who acts: " : "", who != NULL ? who : "");
		text_field(out, style, "remedy", remedy->counsel.advice);
	}
}

void
text_explained(struct buf *out, const struct text_style *style, struct explained *explained)
{
	struct buf sentence;

	buf_init(&sentence, FIELD_MAX);
	if (explained->replies > 0) {
		explained_sentence(explained, &sentence);
		emphasize(out, style, sentence.data);
		buf_putc(out, '\n');
	}
	buf_release(&sentence);
	say_totals(out, explained);
	say_causes(out, explained);
	say_names(out, style, "blocklists", explained->lists, explained->replies);
	say_names(out, style, "providers", explained->providers, explained->replies);
	say_names(out, style, "domains", explained->domains, explained->replies);
	say_remedies(out, style, explained);
}

/* ---- the rules */

void
text_rule(struct buf *out, const struct text_style *style, const struct rule_view *rule)
{
	emphasize(out, style, rule->id);
	buf_printf(out, ": %s\n", rule->cause);
	text_field(out, style, "stage", rule->stage);
	text_field(out, style, "provider", rule->provider);
	text_field(out, style, "list", rule->list);
	text_field(out, style, "pattern", rule->pattern);
	text_field(out, style, "example", rule->example_count > 0 ? rule->examples[0] : NULL);
	text_field(out, style, "who acts", rule->who);
	text_field(out, style, "see", rule->url);
}
