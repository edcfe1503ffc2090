#include "report/text_summary.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "judge/remedies.h"
#include "report/share.h"
#include "report/text_words.h"

enum {
	SITES_FEW = 4, /* so few need no word on how the list is spread */
	SITES_NAMED = 3,
	TROUBLES = 10, /* sites that refuse, of which the summary tells */
	TARGETS_FEW = 10, /* whose verdicts say it well enough */
	LISTS = 20,
	SOURCES = 20,
};

static void
say_lists(struct buf *out, const struct overview *overview)
{
	for (size_t i = 0; i < overview->list_count && i < LISTS; i++) {
		buf_printf(
		    out, "  %-13s%6lu  ", i == 0 ? "blocklists" : "", overview->lists[i].count);
		text_cstring(out, overview->lists[i].name);
		buf_putc(out, '\n');
	}
	if (overview->list_count > LISTS)
		buf_printf(
		    out, "  %-13s%6s  … and %zu more\n", "", "", overview->list_count - LISTS);
}

void
text_bases(struct buf *out, const struct overview_cause *cause)
{
	unsigned found = 0;

	for (unsigned i = 1; i <= BASIS_COUNT; i++) { /* what is not known comes last */
		enum basis b = i % BASIS_COUNT;

		if (cause->basis[b] == cause->count)
			buf_puts(out, basis_name(b));
		else if (cause->basis[b] > 0)
			buf_printf(out, "%s%lu %s", found++ > 0 ? ", " : "", cause->basis[b],
			    basis_name(b));
	}
}

/* What is not known has no basis to speak of. */
static void
say_causes(struct buf *out, const struct overview *overview)
{
	for (size_t i = 0; i < overview->cause_count; i++) {
		const struct overview_cause *cause = &overview->causes[i];

		buf_printf(out, "  %-13s%6lu  %s", i == 0 ? "causes" : "", cause->count,
		    cause_name(cause->cause));
		if (cause->cause != CAUSE_UNKNOWN || cause->basis[BASIS_UNKNOWN] != cause->count) {
			buf_puts(out, ": ");
			text_bases(out, cause);
		}
		buf_putc(out, '\n');
	}
}

void
text_concentration(struct buf *out, const struct overview *overview)
{
	unsigned long whole = overview->with_site, part = 0;
	size_t n = overview->site_count;

	if (n < SITES_FEW || strcmp(overview->sites[0].site, TALLY_OTHERS) == 0)
		return;
	for (size_t i = 0; i < SITES_NAMED; i++)
		part += overview->sites[i].targets;
	if (part * 4 < whole && n > SITES_NAMED * 10)
		buf_printf(out, "%zu sites, none of them with much of the list: ", n);
	else
		buf_printf(out, "%.0f %% of the list sits behind %d of %zu sites: ",
		    100 * (double)part / (double)whole, SITES_NAMED, n);
	for (size_t i = 0; i < SITES_NAMED; i++) {
		buf_printf(out, "%s%s ", i > 0 ? ", " : "", overview->sites[i].site);
		share_words(out, overview->sites[i].targets, whole);
	}
	buf_putc(out, '.');
}

void
text_trouble(struct buf *out, const struct overview_place *place)
{
	bool refused = place->status[WALK_REFUSED] > 0;

	text_cstring(out, place->site);
	buf_printf(out, " %s ", refused ? "refuses" : "defers");
	text_cstring(out, place->source != NULL ? place->source : "this source");
	if (place->of_cause > 0)
		buf_printf(out, ": %s%s", place->of_cause < place->troubled ? "mostly " : "",
		    cause_name(place->cause));
	if (place->of_cause > 0 && place->list != NULL) {
		buf_puts(out, " (");
		text_cstring(out, place->list);
		buf_putc(out, ')');
	}
	if (place->troubled == place->targets) {
		buf_printf(out, "; %s%u target%s", place->targets == 1 ? "" : "all its ",
		    place->targets, place->targets == 1 ? "" : "s");
	} else {
		buf_printf(out, "; %u of %u targets, ", place->troubled, place->targets);
		share_words(out, place->troubled, place->targets);
	}
	buf_putc(out, '.');
}

static bool
is_of(const struct overview_place *pair, const struct overview_place *site)
{
	return strcmp(pair->site, site->site) == 0;
}

/* The largest sites that refuse a source, or defer it. */
static void
say_sites(struct buf *out, const struct text_style *style, const struct overview *overview)
{
	struct buf line;
	const char *label = "sites";
	unsigned said = 0;

	buf_init(&line, TEXT_LINE);
	text_concentration(&line, overview);
	text_field(out, style, label, line.data);
	for (size_t i = 0; i < overview->site_count && said < TROUBLES; i++)
		for (size_t k = overview_pairs_of(overview, &overview->sites[i]);
		     k < overview->pair_count && is_of(&overview->pairs[k], &overview->sites[i]);
		     k++) {
			if (overview->pairs[k].troubled == 0 || overview->site_count < 2)
				continue;
			if (line.len > 0 || said > 0)
				label = "";
			buf_clear(&line);
			text_trouble(&line, &overview->pairs[k]);
			text_field(out, style, label, line.data);
			said++;
		}
	buf_release(&line);
}

static void
say_sources(struct buf *out, const struct text_style *style, const struct overview *overview)
{
	struct buf line;

	if (overview->source_count < 2)
		return;
	buf_init(&line, TEXT_LINE);
	for (size_t i = 0; i < overview->source_count && i < SOURCES; i++) {
		const struct overview_place *source = &overview->sources[i];
		unsigned found = 0;

		buf_clear(&line);
		buf_printf(&line,
		    "%s: ", source->source != NULL ? source->source : "without a connection");
		for (enum walk_status s = 0; s < WALK_COUNT; s++)
			if (source->status[s] > 0)
				buf_printf(&line, "%s%u %s", found++ > 0 ? ", " : "",
				    source->status[s], walk_status_name(s));
		text_field(out, style, i == 0 ? "sources" : "", line.data);
	}
	buf_release(&line);
}

static void
say_first(struct buf *out, const struct text_style *style, const struct overview *overview,
    const struct remedies *remedies)
{
	const struct overview_cause *first = overview_first(overview);
	const struct remedy *remedy;
	struct arena *arena;
	struct buf line;

	if (first == NULL || remedies == NULL || overview->tally->targets < TARGETS_FEW)
		return;
	arena = arena_new();
	remedy = remedies_of_cause(remedies, first->cause, NULL);
	buf_init(&line, TEXT_LINE);
	buf_printf(&line, "%s, which holds up %lu.", cause_name(first->cause), first->count);
	if (remedy->advice != NULL)
		buf_printf(&line, " %s",
		    remedy_fill(remedy->advice, &(struct values){.of = {NULL}}, arena));
	text_field(out, style, "first", line.data);
	buf_release(&line);
	arena_free(arena);
}

/* "; 192.0.2.1 came onto zen.spamhaus.org after 2041 results, at …" */
static void
say_listed(struct buf *out, const struct text_style *style, const struct run_listed *listed)
{
	char ip[IP_TEXT], when[TEXT_TIME];

	buf_printf(out, "; %s came onto ", ip_text(&listed->source, ip));
	text_cstring(out, listed->list);
	buf_printf(out, " after %lu results", listed->results);
	if (style->time == NULL)
		return;
	style->time(listed->at, when);
	buf_printf(out, ", at %s", when);
}

/* "; interrupted: 3 under way, 17 not begun" */
static void
say_end(struct buf *out, const struct text_style *style, const struct run_end *end)
{
	bool left = end->under_way > 0 || end->not_begun > 0;
	const char *comma = end->interrupted ? ": " : "; "; /* behind what is said before it */

	if (end->interrupted)
		buf_puts(out, "; interrupted");
	else if (end->stop != RUN_WENT_ON && left)
		buf_puts(out, "; given up");
	if (left) {
		buf_printf(out, ": %lu under way, %lu not begun", end->under_way, end->not_begun);
		comma = "; ";
	}
	if (end->nobody_answered)
		buf_printf(out, "%sno server answered this host on port %u",
		    end->stop != RUN_WENT_ON ? comma : "; ", end->port);
	else if (end->stop == RUN_THIS_HOST)
		buf_printf(out, "%sthis host cannot connect", comma);
	if (end->listed.list != NULL)
		say_listed(out, style, &end->listed);
}

/* Is the same left open by those that were asked further? Then it is said behind them. */
static bool
is_said_later(const struct tally *tally, enum stage asked)
{
	for (enum stage s = asked + 1; s < STAGE_COUNT; s++)
		if (tally->asked[s] > 0 && text_left_open(s) == text_left_open(asked))
			return true;
	return false;
}

/* How far those that accepted were asked, and what that leaves open. */
static void
say_asked(struct buf *out, const struct text_style *style, const struct tally *tally)
{
	struct buf line;

	buf_init(&line, TEXT_LINE);
	for (enum stage s = STAGE_NONE; s < STAGE_COUNT; s++) {
		const char *left_open = text_left_open(s);

		if (tally->asked[s] == 0)
			continue;
		buf_clear(&line);
		buf_printf(&line, "%lu accepted went as far as %s", tally->asked[s], text_asked(s));
		if (left_open != NULL) {
			buf_puts(&line, "; not asked: ");
			text_not_asked(&line, s);
			if (!is_said_later(tally, s))
				buf_printf(&line, "; %s.", left_open);
		} else {
			buf_puts(&line, "; nothing was left out.");
		}
		text_field(out, style, "asked", line.data);
	}
	buf_release(&line);
}

void
text_summary_of_one(struct buf *out, const struct text_style *style, const struct tally *tally)
{
	struct buf line;

	buf_init(&line, TEXT_LINE);
	for (enum stage s = STAGE_NONE; s < STAGE_COUNT; s++)
		if (tally->asked[s] > 0 && text_left_open(s) != NULL)
			buf_printf(
			    &line, "Went as far as %s; %s.", text_asked(s), text_left_open(s));
	text_field(out, style, "asked", line.data);
	buf_release(&line);
}

/* "20000 targets: 14301 accepted, …" */
static void
say_counts(struct buf *out, const struct text_style *style, const struct tally *tally)
{
	unsigned found = 0;

	text_colour(out, style, TEXT_BOLD);
	buf_printf(out, "%lu target%s", tally->targets, tally->targets == 1 ? "" : "s");
	text_colour(out, style, TEXT_PLAIN);
	for (enum walk_status s = 0; s < WALK_COUNT; s++)
		if (tally->status[s] > 0)
			buf_printf(out, "%s %lu %s", found++ == 0 ? ":" : ",", tally->status[s],
			    walk_status_name(s));
	if (tally->served > 0)
		buf_printf(out, "; %lu of them by the walk of another", tally->served);
}

/* "120 sites: 101 with TLS 1.3, …"; of one site the verdicts say it well enough. */
static void
say_tls_sites(struct buf *out, const struct text_style *style, const struct overview *overview)
{
	const unsigned long *count = overview->tls_sites;
	struct buf line;
	unsigned found = 0;

	if (count[SITE_TLS_SEEN] < 2)
		return;
	buf_init(&line, TEXT_LINE);
	for (enum overview_trait t = SITE_TLS_SEEN + 1; t < SITE_TRAITS; t++) {
		if (count[t] == 0)
			continue;
		if (found++ == 0)
			buf_printf(&line, "%lu sites: ", count[SITE_TLS_SEEN]);
		buf_printf(&line, "%s%lu with %s", found > 1 ? ", " : "", count[t],
		    overview_trait_words(t));
	}
	if (found > 0)
		buf_putc(&line, '.');
	text_field(out, style, "tls", line.data);
	buf_release(&line);
}

void
text_summary(struct buf *out, const struct text_style *style, const struct overview *overview,
    const struct run_end *end, const struct remedies *remedies)
{
	const struct tally *tally = overview->tally;

	if (tally->targets > 0 || tally->explained == 0)
		say_counts(out, style, tally);
	if (tally->explained > 0)
		buf_printf(out, "%s%lu refusal%s read by explain", tally->targets > 0 ? "; " : "",
		    tally->explained, tally->explained == 1 ? "" : "s");
	if (end->bad_input > 0)
		buf_printf(out, "; %lu bad line%s", end->bad_input, end->bad_input == 1 ? "" : "s");
	say_end(out, style, end);
	buf_putc(out, '\n');
	say_causes(out, overview);
	say_lists(out, overview);
	say_sites(out, style, overview);
	say_sources(out, style, overview);
	say_tls_sites(out, style, overview);
	say_first(out, style, overview, remedies);
	say_asked(out, style, tally);
}
