#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "report/preflight_report.h"

/* Beyond this many, those that say little are counted. */
enum { LINE = 8192 };

enum preflight_status
preflight_status_of(const struct preflight_report *report)
{
	enum preflight_status status = PREFLIGHT_GOOD;

	for (size_t i = 0; i < requirements_receivers(report->requirements); i++) {
		const struct forecast *one = &report->forecasts[i];

		if (one->outlook == OUTLOOK_REFUSES)
			return PREFLIGHT_REFUSED;
		if (one->outlook == OUTLOOK_UNKNOWN)
			status = PREFLIGHT_UNKNOWN;
		else if (one->outlook == OUTLOOK_WARNS && status == PREFLIGHT_GOOD)
			status = PREFLIGHT_WARNS;
	}
	for (size_t i = 0; i < report->component_count; i++)
		if (report->components[i].spam && status == PREFLIGHT_GOOD)
			status = PREFLIGHT_WARNS;
	return status;
}

const char *
preflight_who(const struct preflight_report *report, enum check_id id, enum demand_weight weight,
    struct arena *arena)
{
	const char *all = NULL;

	for (size_t i = 0; i < requirements_receivers(report->requirements); i++) {
		const struct forecast *one = &report->forecasts[i];
		struct demand demand = requirements_demand(report->requirements, id, i, one->bulk);

		if (demand.weight == weight)
			all = arena_printf(arena, "%s%s%s%s%s%s", all != NULL ? all : "",
			    all != NULL ? ", " : "", one->receiver->name,
			    demand.code != NULL ? " " : "", demand.code != NULL ? demand.code : "",
			    demand.bulk ? " (bulk)" : "");
	}
	return all;
}

/* ---- the verdict of each */

static void
say_codes(struct buf *line, const struct forecast *one)
{
	for (size_t i = 0; i < one->code_count; i++)
		buf_printf(line, "%s%s", i == 0 ? ", " : "; ", one->codes[i]);
}

/* Which checks leave it open. */
static void
say_unknown(struct buf *line, const struct preflight_report *report, size_t receiver)
{
	bool bulk = report->forecasts[receiver].bulk;
	const char *before = ": ";

	for (size_t i = 0; i < report->ranked_count; i++) {
		const struct finding *finding = report->ranked[i].finding;

		if (finding->result != FINDING_UNKNOWN ||
		    requirements_demand(report->requirements, finding->id, receiver, bulk).weight !=
		        DEMAND_REFUSES)
			continue;
		buf_printf(line, "%s%s", before, check_name(finding->id));
		before = ", ";
	}
}

static void
say_share(struct buf *line, const struct mailing *mailing, size_t receiver)
{
	const struct audience_share *audience = mailing->audience;

	if (audience != NULL && audience->recipients > 0)
		buf_printf(line, " (%.1f %% of the list)",
		    100.0 * (double)audience->of[receiver] / (double)audience->recipients);
}

static void
say_forecast(struct buf *out, const struct text_style *style, const struct preflight_report *report,
    size_t receiver)
{
	static const struct {
		const char *words;
		enum text_colour colour;
	} outlooks[] = {[OUTLOOK_TAKES] = {"takes it", TEXT_GREEN},
	    [OUTLOOK_WARNS] = {"takes it, and holds something against it", TEXT_YELLOW},
	    [OUTLOOK_UNKNOWN] = {"not known", TEXT_YELLOW},
	    [OUTLOOK_REFUSES] = {"would refuse it", TEXT_RED}};
	const struct forecast *one = &report->forecasts[receiver];
	struct buf line;

	buf_init(&line, LINE);
	buf_printf(&line, "%s", outlooks[one->outlook].words);
	say_codes(&line, one);
	if (one->outlook == OUTLOOK_UNKNOWN)
		say_unknown(&line, report, receiver);
	say_share(&line, report->mailing, receiver);
	buf_printf(out, "  %s%s", one->receiver->name, one->bulk ? ", bulk" : "");
	for (size_t n = strlen(one->receiver->name) + (one->bulk ? 6 : 0); n < 21; n++)
		buf_putc(out, ' ');
	text_colour(out, style, outlooks[one->outlook].colour);
	text_cstring(out, line.data);
	text_colour(out, style, TEXT_PLAIN);
	buf_putc(out, '\n');
	buf_release(&line);
}

/* ---- findings */

static const char *
place(const struct preflight_report *report, const struct finding *finding, struct arena *arena)
{
	const char *more =
	    finding->count > 1 ? arena_printf(arena, ", and %zu more", finding->count - 1) : "";

	if (finding->line == 0)
		return more[0] != '\0' ? more + 2 : NULL;
	if (finding->octet == 0)
		return arena_printf(arena, "%s:%u%s", report->file, finding->line, more);
	return arena_printf(
	    arena, "%s:%u:%zu%s", report->file, finding->line, finding->octet, more);
}

static const char *
label_of(const struct ranked *ranked)
{
	if (ranked->finding->result == FINDING_UNKNOWN)
		return "NOT KNOWN";
	return ranked->weight == DEMAND_REFUSES ? "REFUSES"
	       : ranked->weight == DEMAND_WARNS ? "WARNS"
	                                        : "note";
}

static void
say_finding(struct buf *out, const struct text_style *style, const struct preflight_report *report,
    const struct ranked *ranked)
{
	const struct finding *finding = ranked->finding;
	const struct requirement *row = requirements_of(report->requirements, finding->id);
	struct arena *arena = arena_new();
	struct text_style whole = *style;

	whole.width = 0;
	buf_putc(out, '\n');
	text_field(out, style, label_of(ranked), finding->words);
	text_field(out, style, "check",
	    arena_printf(arena, "%s: %s", check_name(finding->id), row->about));
	text_field(out, &whole, "at", place(report, finding, arena));
	if (ranked->weight == DEMAND_REFUSES)
		text_field(out, style, "refusers",
		    preflight_who(report, finding->id, DEMAND_REFUSES, arena));
	if (finding->result == FINDING_FAIL ||
	    (finding->id == CHECK_AUTH_DKIM && !report->known->is_signed))
		text_field(out, style, "remedy", row->advice);
	text_field(out, &whole, "see", finding->result == FINDING_FAIL ? row->url : NULL);
	arena_free(arena);
}

/* ---- filters that run here */

static void
say_symbols(struct buf *out, const struct text_style *style, const struct preflight_report *report,
    const struct component *component)
{
	for (size_t i = 0; i < component->symbol_count && (style->verbose || i < 12); i++) {
		const struct component_symbol *symbol = &component->symbols[i];
		enum check_id id = requirements_symbol(report->requirements, symbol->name);
		struct buf line;

		buf_init(&line, LINE);
		buf_printf(&line, "%+.1f %s%s%s", symbol->score, symbol->name,
		    symbol->description != NULL && *symbol->description != '\0' ? ": " : "",
		    symbol->description != NULL ? symbol->description : "");
		if (id < CHECK_COUNT)
			buf_printf(&line, " (%s) %s", check_name(id),
			    requirements_of(report->requirements, id)->advice);
		text_field(out, style, "", line.data);
		buf_release(&line);
	}
}

static void
say_component(struct buf *out, const struct text_style *style,
    const struct preflight_report *report, const struct component *component)
{
	struct buf line;

	buf_init(&line, LINE);
	if (!component->known)
		buf_printf(&line, "%s: not known: %s", component->at, component->problem);
	else if (component->kind == COMPONENT_CLAMD)
		buf_printf(&line, "%s: %s", component->at,
		    component->spam ? component->action : "nothing found");
	else
		buf_printf(&line, "%s: %.1f of %.1f%s%s", component->at, component->score,
		    component->threshold, component->action != NULL ? ", " : "",
		    component->action != NULL ? component->action
		                              : (component->spam ? ", spam" : ""));
	text_field(out, style, component_name(component->kind), line.data);
	buf_release(&line);
	say_symbols(out, style, report, component);
}

/* ---- all of it */

static void
say_verdict(struct buf *out, const struct text_style *style, const struct preflight_report *report)
{
	size_t receivers = requirements_receivers(report->requirements), refuses = 0, unknown = 0;
	char ip[IP_TEXT];

	for (size_t i = 0; i < receivers; i++) {
		refuses += report->forecasts[i].outlook == OUTLOOK_REFUSES;
		unknown += report->forecasts[i].outlook == OUTLOOK_UNKNOWN;
	}
	text_colour(out, style, TEXT_BOLD);
	text_cstring(out, report->file);
	text_colour(out, style, TEXT_PLAIN);
	buf_printf(out, " from %s: ", ip_text(&report->known->sender.ip, ip));
	if (refuses > 0)
		buf_printf(out, "%zu of %zu receivers would refuse it", refuses, receivers);
	else if (unknown > 0)
		buf_puts(out, "not known");
	else
		buf_puts(out, "nobody would refuse it");
	buf_putc(out, '\n');
}

static void
say_list(struct buf *out, const struct text_style *style, const struct preflight_report *report)
{
	const struct audience_share *audience = report->mailing->audience;
	unsigned long behind = 0;
	struct buf line;

	if (audience == NULL)
		return;
	buf_init(&line, LINE);
	for (size_t i = 0; i < requirements_receivers(report->requirements); i++)
		if (report->forecasts[i].outlook == OUTLOOK_REFUSES)
			behind += audience->of[i];
	buf_printf(&line, "%lu recipients; %.1f %% are behind receivers that would refuse it",
	    audience->recipients,
	    audience->recipients > 0 ? 100.0 * (double)behind / (double)audience->recipients : 0.0);
	if (audience->unknown > 0)
		buf_printf(&line, "; of %lu it is not known", audience->unknown);
	text_field(out, style, "list", line.data);
	buf_release(&line);
}

void
text_preflight(
    struct buf *out, const struct text_style *style, const struct preflight_report *report)
{
	const struct sender *sender = &report->known->sender;
	size_t notes = 0;
	struct buf line;

	say_verdict(out, style, report);
	buf_init(&line, LINE);
	buf_printf(&line, "<%s>, EHLO %s", sender->from, sender->helo);
	text_field(out, style, "envelope", line.data);
	text_field(out, style, "author", report->facts->author);
	text_field(out, style, "signed", report->signed_with);
	if (report->mailing->volume == 0)
		text_field(out, style, "volume", "not told (--volume): taken for bulk mail");
	say_list(out, style, report);
	buf_putc(out, '\n');
	for (size_t i = 0; i < requirements_receivers(report->requirements); i++)
		say_forecast(out, style, report, i);
	for (size_t i = 0; i < report->ranked_count; i++) {
		const struct ranked *ranked = &report->ranked[i];
		bool note = ranked->weight == DEMAND_INFO;

		notes += note;
		if (!note || style->verbose)
			say_finding(out, style, report, ranked);
	}
	if (notes > 0 && !style->verbose) {
		buf_clear(&line);
		buf_printf(&line, "%zu of no weight; -v shows them", notes);
		buf_putc(out, '\n');
		text_field(out, style, "notes", line.data);
	}
	if (report->component_count > 0)
		buf_putc(out, '\n');
	for (size_t i = 0; i < report->component_count; i++)
		say_component(out, style, report, &report->components[i]);
	buf_release(&line);
}
