/* A report as one page that needs nothing else: no network, no script, no second file. The same
 * records give the same octets. */
#include "report/report_html.h"

#include <string.h>

#include "base/arena.h"
#include "judge/remedies.h"
#include "report/page.h"
#include "report/progress.h"
#include "report/share.h"
#include "report/text_summary.h"
#include "report/text_words.h"

enum { SOON_DAYS = 21 }; /* a certificate that ends within is worth a look */

const char *
html_class(enum walk_status status)
{
	return status == WALK_ACCEPTED   ? "accepted"
	       : status == WALK_REFUSED  ? "refused"
	       : status == WALK_DEFERRED ? "deferred"
	                                 : "open";
}

static void
bar_of(struct buf *out, const unsigned status[WALK_COUNT])
{
	const struct page_bar parts[] = {{"accepted", "accepted", status[WALK_ACCEPTED]},
	    {"refused", "refused", status[WALK_REFUSED]},
	    {"deferred", "deferred", status[WALK_DEFERRED]},
	    {"open", "undetermined", overview_undetermined(status)}};

	page_bar(out, parts, sizeof parts / sizeof parts[0]);
}

static void
status_bar(struct buf *out, const unsigned status[WALK_COUNT])
{
	buf_puts(out, "<td>");
	bar_of(out, status);
	buf_puts(out, "</td>");
}

/* ---- what it comes to */

/* Of findings and of checks, how many get mail refused. */
static unsigned long
count_grave(const struct report *report)
{
	unsigned long n = 0;

	for (size_t i = 0; i < report->sender_count; i++)
		for (size_t k = 0; k < report->senders[i].finding_count; k++)
			n += strcmp(report->senders[i].findings[k].severity, "refuses") == 0;
	for (size_t i = 0; i < report->check_count; i++)
		n += report->checks[i].status == WALK_REFUSED;
	return n;
}

static void
say_nobody_asked(struct buf *out, const struct report *report)
{
	unsigned long grave = count_grave(report);

	if (report->tally.explained > 0) {
		buf_printf(out, "%lu refusal%s read", report->tally.explained,
		    report->tally.explained == 1 ? " was" : "s were");
		return;
	}
	if (grave == 0)
		buf_puts(out, "Nothing gets mail refused");
	else
		buf_printf(
		    out, "%lu %s mail refused", grave, grave == 1 ? "thing gets" : "things get");
	if (report->sender_count > 0)
		buf_printf(out, ", of %zu sender%s that %s judged", report->sender_count,
		    report->sender_count == 1 ? "" : "s",
		    report->sender_count == 1 ? "was" : "were");
	if (report->check_count > 0)
		buf_printf(out, "%s %zu check%s", report->sender_count > 0 ? " and" : ", of",
		    report->check_count, report->check_count == 1 ? "" : "s");
}

static void
say_sentence(struct buf *out, const struct report *report)
{
	const struct tally *tally = &report->tally;
	static const struct {
		enum walk_status status;
		const char *words;
	} bad[] = {{WALK_REFUSED, "refused"}, {WALK_DEFERRED, "deferred"}};

	if (tally->targets == 0) {
		say_nobody_asked(out, report);
		return;
	}
	if (tally->status[WALK_ACCEPTED] == tally->targets) {
		buf_printf(out, "All %lu targets took what was asked of them", tally->targets);
		return;
	}
	buf_printf(out, "%lu of %lu targets took what was asked of them",
	    tally->status[WALK_ACCEPTED], tally->targets);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (tally->status[bad[i].status] > 0)
			buf_printf(out, ", %lu %s it", tally->status[bad[i].status], bad[i].words);
}

static void
paragraph(struct report *report, const struct buf *words)
{
	if (words->len == 0)
		return;
	buf_puts(&report->out, "<p>");
	page_text(&report->out, (struct slice){words->data, words->len});
	buf_puts(&report->out, "</p>\n");
}

static void
say_statuses(struct report *report)
{
	static const char *const heads[] = {"Status", "#Targets", "Share", NULL};
	const struct tally *tally = &report->tally;
	struct buf share;

	buf_init(&share, 100);
	page_table(&report->out, "", "Targets by the status of their last walk", heads);
	for (enum walk_status s = 0; s < WALK_COUNT; s++) {
		if (tally->status[s] == 0)
			continue;
		buf_clear(&share);
		share_words(&share, tally->status[s], tally->targets);
		buf_printf(&report->out, "<tr><td><b class=\"%s\">%s</b></td>", html_class(s),
		    walk_status_name(s));
		page_number(&report->out, tally->status[s]);
		page_cell(&report->out, share.data);
		buf_puts(&report->out, "</tr>\n");
	}
	page_table_end(&report->out);
	buf_release(&share);
}

/* How far those were asked that accepted. */
static void
say_asked(struct report *report)
{
	struct buf words;

	buf_init(&words, TEXT_LINE);
	for (enum stage s = STAGE_NONE; s < STAGE_COUNT; s++) {
		if (report->tally.asked[s] == 0)
			continue;
		buf_clear(&words);
		buf_printf(&words, "%lu accepted went as far as %s", report->tally.asked[s],
		    text_asked(s));
		if (text_left_open(s) != NULL) {
			buf_puts(&words, "; not asked: ");
			text_not_asked(&words, s);
		}
		buf_putc(&words, '.');
		paragraph(report, &words);
	}
	buf_release(&words);
}

/* All of them at a glance. */
static void
say_bar(struct report *report)
{
	unsigned status[WALK_COUNT];

	for (enum walk_status s = 0; s < WALK_COUNT; s++)
		status[s] = (unsigned)report->tally.status[s];
	buf_puts(&report->out, "<div class=\"whole\">");
	bar_of(&report->out, status);
	buf_puts(&report->out, "</div>\n");
}

static void
say_result(struct report *report)
{
	struct buf words;

	page_section(&report->out, "result", "Result");
	if (report->tally.targets > 0) {
		say_bar(report);
		say_statuses(report);
	}
	say_asked(report);
	buf_init(&words, TEXT_LINE);
	text_concentration(&words, &report->overview);
	paragraph(report, &words);
	buf_release(&words);
}

/* ---- the first things: what holds up most, where, and what to do */

/* "zen.spamhaus.org 1051, Microsoft 354" */
static void
say_cause_lists(struct buf *out, const struct overview_cause *cause)
{
	enum { SHOWN = 3 };

	for (size_t i = 0; i < cause->list_count && i < SHOWN; i++) {
		buf_puts(out, i == 0 ? " (" : ", ");
		page_words(out, cause->lists[i].name);
		buf_printf(out, " %lu", cause->lists[i].count);
	}
	if (cause->list_count > 0)
		buf_puts(out, cause->list_count > SHOWN ? ", …)" : ")");
}

/* The source that meets it most, where there are several. */
static void
say_cause_source(struct report *report, const struct overview_cause *cause)
{
	const struct overview *overview = &report->overview;
	unsigned long count;
	const char *source = overview_source_of(overview, cause->cause, &count);

	if (source == NULL || overview->source_count < 2)
		return;
	buf_printf(&report->out, ", %lu of them from ", count);
	page_words(&report->out, source);
}

static void
say_first(struct report *report)
{
	const struct overview_cause *first = overview_first(&report->overview);
	const struct remedy *remedy;
	struct buf *out = &report->out;

	if (first == NULL || report->plan->remedies == NULL)
		return;
	remedy = remedies_of_cause(report->plan->remedies, first->cause, NULL);
	buf_printf(out, "<p class=\"lead\"><b>See to this first: %s</b>, for it holds up %lu",
	    cause_name(first->cause), first->count);
	say_cause_source(report, first);
	buf_printf(out, ": %s", cause_words(first->cause));
	say_cause_lists(out, first);
	buf_puts(out, ".</p>\n<p class=\"lead\">");
	page_advice(out, remedy_fill(remedy->advice, &(struct values){.of = {NULL}}, report->line));
	if (count_grave(report) > 0)
		buf_printf(out, " What holds against %s: <a href=\"#%s\">below</a>.",
		    report->sender_count > 0 ? "the sender" : "it",
		    report->sender_count > 0 ? "senders" : "checks");
	buf_puts(out, "</p>\n");
}

/* ---- the runs */

/* "2026-12-01 00:30:05 +0000, took 2s; source=192.0.2.1" and, when it is opened, the rest. */
static void
say_run(struct report *report, const struct report_run *run)
{
	struct buf *out = &report->out;
	char begun[TEXT_TIME] = "at a time that is not known";

	if (run->started != 0 && report->plan->style.time != NULL)
		report->plan->style.time(run->started, begun);
	buf_puts(out, "<details><summary>Begun ");
	page_words(out, begun);
	if (run->ended) {
		buf_puts(out, ", took ");
		progress_time(out, run->ms);
	}
	buf_puts(out, !run->ended        ? "; no end of it was written"
	              : run->interrupted ? "; it did not come to its end"
	                                 : "");
	buf_puts(out, "</summary><dl>\n");
	page_fact(out, "Version", run->version);
	page_fact(out, "Options", run->options);
	page_fact(out, "Resolvers", run->nameservers);
	buf_puts(out, "</dl></details>\n");
}

static void
say_runs(struct report *report)
{
	enum { SHOWN = 5 };
	size_t first = report->run_count > SHOWN ? report->run_count - SHOWN : 0;

	if (report->run_count == 0)
		return;
	page_section(&report->out, "runs", report->run_total == 1 ? "The run" : "The runs");
	if (first > 0)
		buf_printf(&report->out, "<p>The last %d of %zu.</p>\n", SHOWN, report->run_total);
	for (size_t i = first; i < report->run_count; i++)
		say_run(report, &report->runs[i]);
}

/* What nobody may take for good news. */
static void
say_unknown(struct report *report)
{
	const struct tally *tally = &report->tally;
	static const struct {
		enum walk_status status;
		const char *words;
	} kinds[] = {{WALK_DNS_ERROR, "the DNS did not tell where their mail goes"},
	    {WALK_LOCAL, "this host could not connect"}, {WALK_SKIPPED, "were not tried"},
	    {WALK_UNREACHABLE, "no address could be connected"}};
	unsigned long lists = 0, unasked = 0;

	for (size_t i = 0; i < report->sender_count; i++)
		for (size_t k = 0; k < report->senders[i].listing_count; k++) {
			const char *state = report->senders[i].listings[k].state;

			lists++;
			unasked += strcmp(state, "listed") != 0 && strcmp(state, "clean") != 0;
		}
	page_section(&report->out, "unknown", "What is not known");
	buf_puts(&report->out, "<ul>\n");
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (tally->status[kinds[i].status] > 0)
			buf_printf(&report->out, "<li>Of %lu targets nothing is known: %s.</li>\n",
			    tally->status[kinds[i].status], kinds[i].words);
	if (unasked > 0)
		buf_printf(&report->out,
		    "<li>%lu of %lu questions to blocklists have no answer "
		    "that counts.</li>\n",
		    unasked, lists);
	if (tally->cause[CAUSE_UNKNOWN] > 0)
		buf_printf(&report->out, "<li>%lu %s why.</li>\n", tally->cause[CAUSE_UNKNOWN],
		    tally->cause[CAUSE_UNKNOWN] == 1 ? "reply does not say" : "replies do not say");
	buf_puts(&report->out, "<li>What was not asked (see above), and whether accepted mail "
	                       "reaches an inbox.</li>\n</ul>\n");
}

/* ---- tables of what was counted */

static void
say_site(struct report *report, const struct overview_place *site)
{
	struct buf words;

	buf_init(&words, TEXT_LINE);
	if (site->of_cause > 0) {
		buf_printf(&words, "%s%s", site->of_cause < site->troubled ? "mostly " : "",
		    cause_name(site->cause));
		if (site->list != NULL)
			buf_printf(&words, " (%s)", site->list);
	}
	buf_puts(&report->out, "<tr><th scope=\"row\">");
	page_words(&report->out, site->site);
	buf_puts(&report->out, "</th>");
	page_number(&report->out, site->targets);
	status_bar(&report->out, site->status);
	page_number(&report->out, site->status[WALK_ACCEPTED]);
	page_number(&report->out, site->status[WALK_REFUSED]);
	page_number(&report->out, site->status[WALK_DEFERRED]);
	page_number(&report->out, overview_undetermined(site->status));
	page_cell(&report->out, words.data);
	buf_puts(&report->out, "</tr>\n");
	buf_release(&words);
}

/* The largest, and of the others those that do not take all mail. */
static void
say_sites(struct report *report)
{
	static const char *const heads[] = {"Site", "#Targets", "How they fared", "#Accepted",
	    "#Refused", "#Deferred", "#Undetermined", "Why", NULL};
	const struct overview *overview = &report->overview;
	size_t shown = 0, good = 0;

	if (overview->site_count == 0)
		return;
	page_section(&report->out, "sites", "Sites");
	page_table(
	    &report->out, "sorted", "Targets by the site whose servers take their mail", heads);
	for (size_t i = 0; i < overview->site_count; i++) {
		const struct overview_place *site = &overview->sites[i];
		bool all = site->status[WALK_ACCEPTED] == site->targets;

		if (i < HTML_SITES_LARGE || (!all && shown < HTML_SITES)) {
			say_site(report, site);
			shown++;
		} else
			good += all;
	}
	page_table_end(&report->out);
	if (overview->site_count > shown)
		buf_printf(&report->out,
		    "<p>… and %zu smaller ones, %zu of which take all mail.</p>\n",
		    overview->site_count - shown, good);
}

static void
say_cause(struct report *report, const struct overview_cause *cause)
{
	static const char *const classes[] = {[BASIS_UNKNOWN] = "b0",
	    [BASIS_STATED] = "b1",
	    [BASIS_CONFIRMED] = "b2",
	    [BASIS_CONTRADICTED] = "b3",
	    [BASIS_INFERRED] = "b4"};
	struct page_bar parts[BASIS_COUNT];
	struct buf bases;

	for (enum basis b = 0; b < BASIS_COUNT; b++)
		parts[b] = (struct page_bar){classes[b], basis_name(b), cause->basis[b]};
	buf_init(&bases, 400);
	text_bases(&bases, cause);
	buf_printf(&report->out, "<tr><th scope=\"row\">%s</th>", cause_name(cause->cause));
	page_number(&report->out, cause->count);
	buf_puts(&report->out, "<td>");
	page_bar(&report->out, parts, BASIS_COUNT);
	page_words(&report->out, bases.data);
	buf_puts(&report->out, "</td>");
	page_cell(&report->out, cause_words(cause->cause));
	buf_puts(&report->out, "</tr>\n");
	buf_release(&bases);
}

static void
say_causes(struct report *report)
{
	static const char *const heads[] = {"Cause", "#Walks", "Basis", "In words", NULL};
	const struct overview *overview = &report->overview;

	if (overview->cause_count == 0)
		return;
	page_section(&report->out, "causes", "Causes");
	page_table(
	    &report->out, "sorted", "Why mail was not taken, and what that is known by", heads);
	for (size_t i = 0; i < overview->cause_count; i++)
		say_cause(report, &overview->causes[i]);
	page_table_end(&report->out);
}

const char *
html_list_page(struct report *report, const char *name, const char *item)
{
	const struct list *list =
	    report->plan->lists != NULL ? lists_find(report->plan->lists, name) : NULL;

	return list != NULL ? blocklist_page(list, item, report->line) : NULL;
}

static void
say_lists(struct report *report)
{
	static const char *const heads[] = {"List", "#Walks", NULL};
	const struct overview *overview = &report->overview;
	const char *item = overview->source_count > 0 ? overview->sources[0].source : NULL;

	if (overview->list_count == 0)
		return;
	page_section(&report->out, "lists", "Blocklists that were named");
	page_table(&report->out, "sorted",
	    "Lists that receivers named; a link asks about the source with most targets", heads);
	for (size_t i = 0; i < overview->list_count; i++) {
		const char *name = overview->lists[i].name;

		buf_puts(&report->out, "<tr><th scope=\"row\">");
		page_link(
		    &report->out, item != NULL ? html_list_page(report, name, item) : NULL, name);
		buf_puts(&report->out, "</th>");
		page_number(&report->out, overview->lists[i].count);
		buf_puts(&report->out, "</tr>\n");
	}
	page_table_end(&report->out);
}

/* One source at one site: a word, and how many. */
static void
say_pair(struct report *report, const struct overview_place *pair)
{
	enum walk_status worst = WALK_ACCEPTED;

	if (pair == NULL) {
		buf_puts(&report->out, "<td>not asked</td>");
		return;
	}
	if (overview_undetermined(pair->status) > 0)
		worst = WALK_DNS_ERROR;
	if (pair->status[WALK_DEFERRED] > 0)
		worst = WALK_DEFERRED;
	if (pair->status[WALK_REFUSED] > 0)
		worst = WALK_REFUSED;
	buf_printf(&report->out, "<td><b class=\"%s\">%s</b>", html_class(worst),
	    worst == WALK_DNS_ERROR ? "undetermined" : walk_status_name(worst));
	if (worst != WALK_ACCEPTED)
		buf_printf(&report->out, " %u of %u",
		    worst == WALK_DNS_ERROR ? overview_undetermined(pair->status)
		                            : pair->status[worst],
		    pair->targets);
	if (pair->of_cause > 0) {
		buf_printf(&report->out, ", %s", cause_name(pair->cause));
		if (pair->list != NULL) {
			buf_puts(&report->out, " (");
			page_words(&report->out, pair->list);
			buf_putc(&report->out, ')');
		}
	}
	buf_puts(&report->out, "</td>");
}

static void
say_matrix(struct report *report)
{
	const struct overview *overview = &report->overview;
	const char *heads[TALLY_SOURCES + 3] = {"Site"};
	size_t n = 1;

	for (size_t i = 0; i < overview->source_count && n <= TALLY_SOURCES; i++)
		if (overview->sources[i].source != NULL)
			heads[n++] = overview->sources[i].source;
	if (n < 3 || overview->site_count == 0)
		return;
	page_section(&report->out, "sources", "Sources");
	page_table(&report->out, "sorted", "Which site takes mail from which source", heads);
	for (size_t i = 0; i < overview->site_count && i < HTML_MATRIX; i++) {
		buf_puts(&report->out, "<tr><th scope=\"row\">");
		page_words(&report->out, overview->sites[i].site);
		buf_puts(&report->out, "</th>");
		for (size_t k = 1; k < n; k++)
			say_pair(
			    report, overview_pair(overview, overview->sites[i].site, heads[k]));
		buf_puts(&report->out, "</tr>\n");
	}
	page_table_end(&report->out);
}

/* ---- TLS */

static void
say_certificates(struct report *report)
{
	static const char *const heads[] = {"Mail exchanger", "Its certificate ends", NULL};
	int64_t soon = report->latest + (int64_t)SOON_DAYS * 24 * 60 * 60 * 1000;
	size_t n = 0;

	while (n < report->certificate_count && report->certificates[n].ends < soon)
		n++;
	if (n == 0 || report->plan->style.time == NULL)
		return;
	page_table(&report->out, "sorted",
	    "Certificates that have ended, or end within 21 days of the run", heads);
	for (size_t i = 0; i < n; i++) {
		char text[TEXT_TIME];

		report->plan->style.time(report->certificates[i].ends, text);
		buf_puts(&report->out, "<tr><th scope=\"row\">");
		page_words(&report->out, report->certificates[i].mx);
		buf_puts(&report->out, "</th>");
		page_cell(&report->out, text);
		buf_puts(&report->out, "</tr>\n");
	}
	page_table_end(&report->out);
}

/* What makes TLS a must. */
static void
say_policies(struct report *report)
{
	static const char *const heads[] = {"Policy", "#Targets", NULL};
	const unsigned long *count = report->overview.policy;
	unsigned long seen = 0;

	for (enum tally_policy p = POLICY_NONE; p < POLICY_COUNT; p++)
		seen += count[p];
	if (seen == 0)
		return;
	page_table(&report->out, "", "What makes TLS a must for senders that go by it", heads);
	for (enum tally_policy p = POLICY_NONE; p < POLICY_COUNT; p++) {
		bool fails = p == POLICY_DANE_FAILS || p == POLICY_STS_FAILS;

		if (count[p] == 0)
			continue;
		buf_printf(&report->out, "<tr><th scope=\"row\">%s%s%s</th>",
		    fails ? "<b class=\"refused\">" : "", tally_policy_words(p),
		    fails ? "</b>" : "");
		page_number(&report->out, count[p]);
		buf_puts(&report->out, "</tr>\n");
	}
	page_table_end(&report->out);
}

static void
say_tls_sites(struct report *report)
{
	static const char *const heads[] = {"Sites with", "#Sites", "Share of those seen", NULL};
	const unsigned long *count = report->overview.tls_sites;
	struct buf share;

	if (count[SITE_TLS_SEEN] == 0)
		return;
	page_table(&report->out, "", "What there is of TLS by site", heads);
	buf_init(&share, 100);
	for (enum overview_trait t = SITE_TLS_SEEN + 1; t < SITE_TRAITS; t++) {
		buf_clear(&share);
		share_words(&share, count[t], count[SITE_TLS_SEEN]);
		buf_printf(&report->out, "<tr><th scope=\"row\">%s</th>", overview_trait_words(t));
		page_number(&report->out, count[t]);
		page_cell(&report->out, share.data);
		buf_puts(&report->out, "</tr>\n");
	}
	buf_release(&share);
	page_table_end(&report->out);
}

static void
say_tls(struct report *report)
{
	static const char *const heads[] = {"TLS", "#Targets", "Share of those seen", NULL};
	unsigned long seen = 0;
	struct buf share;

	for (enum tally_tls t = TALLY_TLS_UNKNOWN + 1; t < TALLY_TLS_COUNT; t++)
		seen += report->overview.tls[t];
	if (seen == 0)
		return;
	page_section(&report->out, "tls", "TLS");
	page_table(&report->out, "", "What the servers that decided speak", heads);
	buf_init(&share, 100);
	for (enum tally_tls t = TALLY_TLS_COUNT; t-- > TALLY_TLS_UNKNOWN + 1;) {
		if (report->overview.tls[t] == 0)
			continue;
		buf_clear(&share);
		share_words(&share, report->overview.tls[t], seen);
		buf_printf(&report->out, "<tr><th scope=\"row\">%s</th>", tally_tls_words(t));
		page_number(&report->out, report->overview.tls[t]);
		page_cell(&report->out, share.data);
		buf_puts(&report->out, "</tr>\n");
	}
	buf_release(&share);
	page_table_end(&report->out);
	say_tls_sites(report);
	say_policies(report);
	say_certificates(report);
}

/* ---- words, and how it was made */

static void
say_glossary(struct report *report)
{
	static const char *const terms[][2] = {
	    {"accepted",
	        "every stage that was asked for was passed; which were not asked stands above"},
	    {"refused, deferred", "the server said 5yz: no; 4yz: later"},
	    {"dropped", "the server closed the connection, or fell silent"},
	    {"broken", "it broke SMTP or TLS"}, {"unreachable", "no address could be connected"},
	    {"undeliverable", "no such domain, or it takes no mail"},
	    {"dns-error", "the DNS did not tell; that is not the same as \"does not exist\""},
	    {"local", "this host could not; that says nothing about the target"},
	    {"stated", "the server says so, and there was nothing to check it by"},
	    {"confirmed", "our DNS agrees"}, {"contradicted", "our DNS says otherwise"},
	    {"inferred", "the server gives no reason, and our DNS shows one that fits"},
	    {"site",
	        "whose servers take the mail: the registered domain of the best mail exchanger"},
	    {"34 % (12-60 %)", "of few, a share stands with its interval at 95 %"}};

	page_section(&report->out, "words", "Words");
	buf_puts(&report->out, "<dl>\n");
	for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++)
		page_fact(&report->out, terms[i][0], terms[i][1]);
	buf_puts(&report->out, "</dl>\n");
}

static void
say_contents(struct report *report)
{
	static const char *const all[][2] = {{"result", "Result"}, {"runs", "Runs"},
	    {"unknown", "What is not known"}, {"sites", "Sites"}, {"causes", "Causes"},
	    {"lists", "Blocklists"}, {"senders", "Sender"}, {"checks", "Checks"},
	    {"sources", "Sources"}, {"tls", "TLS"}, {"changes", "Changes"},
	    {"rows", "Who needs somebody"}, {"words", "Words"}};
	char id[40];

	buf_puts(&report->out, "<nav aria-label=\"Sections\"><ul>\n");
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		snprintf(id, sizeof id, "<h2 id=\"%s\">", all[i][0]);
		if (strstr(report->kept.data, id) != NULL)
			buf_printf(&report->out, "<li><a href=\"#%s\">%s</a></li>\n", all[i][0],
			    all[i][1]);
	}
	buf_puts(&report->out, "</ul></nav>\n");
}

/* The sections are made first: the list of contents names those that are there. */
static void
finish(struct report *report)
{
	struct buf title, body = report->out;

	report->out = report->kept;
	say_result(report);
	say_runs(report);
	say_unknown(report);
	say_sites(report);
	say_causes(report);
	say_lists(report);
	html_senders(report);
	html_checks(report);
	say_matrix(report);
	say_tls(report);
	html_changes(report);
	html_rows(report);
	say_glossary(report);
	report->kept = report->out;
	report->out = body;
	buf_init(&title, 400);
	say_sentence(&title, report);
	page_begin(&report->out, title.data);
	buf_puts(&report->out, "<header><h1>");
	page_words(&report->out, title.data);
	buf_puts(&report->out, "</h1>\n");
	say_first(report);
	buf_puts(&report->out, "</header>\n");
	say_contents(report);
	buf_puts(&report->out, "<main id=\"main\">\n");
	report_flush(report);
	report_write(report, &report->kept);
	buf_puts(&report->out, "</main>\n<footer><p>Made by <code>");
	page_words(&report->out, report->plan->command);
	buf_puts(&report->out,
	    "</code>; nobody was asked for it. The records have all that is left "
	    "out here.</p></footer>\n");
	page_end(&report->out);
	buf_release(&title);
}

const struct report_format report_html = {.keeps_rows = true, .finish = finish};
