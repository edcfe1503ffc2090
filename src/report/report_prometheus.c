/* Metrics for the textfile collector of Prometheus's node_exporter. What is not known is left out:
 * a look-up that failed is never 0. No time stamps, which the collector refuses. */
#include <string.h>

#include "base/arena.h"
#include "report/report.h"

enum { SITES = 50 }; /* the largest; the others are one: each value of a label is a series */

static void
head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP mxwalk_%s %s\n# TYPE mxwalk_%s %s\n", name, help, name, type);
}

/* In a label's value, backslash, quote and line end are escaped; the rest as for a terminal. */
static void
label(struct buf *out, const char *comma, const char *name, const char *value)
{
	struct buf shown;

	buf_init(&shown, TEXT_LINE);
	text_cstring(&shown, value != NULL ? value : "");
	buf_printf(out, "%s%s=\"", comma, name);
	for (size_t i = 0; i < shown.len; i++) {
		if (shown.data[i] == '"' || shown.data[i] == '\\')
			buf_putc(out, '\\');
		if (shown.data[i] == '\n')
			buf_puts(out, "\\n");
		else
			buf_putc(out, shown.data[i]);
	}
	buf_putc(out, '"');
	buf_release(&shown);
}

static void
say_targets(struct buf *out, const struct report *report)
{
	const struct tally *tally = &report->tally;

	head(out, "targets", "gauge", "Targets by the status of their last walk.");
	for (enum walk_status s = 0; s < WALK_COUNT; s++)
		buf_printf(out, "mxwalk_targets{status=\"%s\"} %lu\n", walk_status_name(s),
		    tally->status[s]);
	head(out, "causes", "gauge", "Walks by the cause that stopped them, and the list named.");
	for (size_t i = 0; i < report->overview.cause_count; i++) {
		const struct overview_cause *cause = &report->overview.causes[i];
		unsigned long unnamed = cause->count;

		for (size_t k = 0; k < cause->list_count; k++) {
			buf_printf(out, "mxwalk_causes{cause=\"%s\"", cause_name(cause->cause));
			label(out, ",", "list", cause->lists[k].name);
			buf_printf(out, "} %lu\n", cause->lists[k].count);
			unnamed -= cause->lists[k].count;
		}
		if (unnamed > 0)
			buf_printf(out, "mxwalk_causes{cause=\"%s\",list=\"\"} %lu\n",
			    cause_name(cause->cause), unnamed);
	}
}

static void
say_site(struct buf *out, const char *site, const unsigned status[WALK_COUNT])
{
	for (enum walk_status s = 0; s < WALK_COUNT; s++) {
		if (status[s] == 0)
			continue;
		buf_puts(out, "mxwalk_site_targets{");
		label(out, "", "site", site);
		buf_printf(out, ",status=\"%s\"} %u\n", walk_status_name(s), status[s]);
	}
}

static void
say_sites(struct buf *out, const struct overview *overview)
{
	unsigned others[WALK_COUNT] = {0};

	if (overview->site_count == 0)
		return;
	head(out, "site_targets", "gauge",
	    "Targets by the site of their best mail exchanger: the 50 largest, and (others).");
	for (size_t i = 0; i < overview->site_count; i++) {
		const struct overview_place *site = &overview->sites[i];

		if (i < SITES && strcmp(site->site, TALLY_OTHERS) != 0)
			say_site(out, site->site, site->status);
		else
			for (enum walk_status s = 0; s < WALK_COUNT; s++)
				others[s] += site->status[s];
	}
	say_site(out, TALLY_OTHERS, others);
}

/* Senders that differ in HELO alone ask the same of the same lists: a series stands once. */
static bool
is_told(struct report *report, const struct report_sender *sender,
    const struct report_listing *listing, bool known)
{
	uint64_t key = ledger_key(known, slice_of(sender->ip));
	bool fresh;

	key = ledger_key(key, slice_of(listing->list));
	ledger_note(report->once, ledger_key(key, slice_of(listing->item)), &fresh);
	return !fresh;
}

/* What is neither "listed" nor "clean" is not known. */
static void
say_listing(struct report *report, const struct report_sender *sender,
    const struct report_listing *listing, bool known)
{
	struct buf *out = &report->out;
	bool listed = strcmp(listing->state, "listed") == 0,
	     clean = strcmp(listing->state, "clean") == 0;

	if (!listing->black || (listed || clean) != known ||
	    is_told(report, sender, listing, known))
		return;
	buf_printf(out, "mxwalk_sender_%s{", known ? "listed" : "list_unknown");
	label(out, "", "ip", sender->ip);
	label(out, ",", "list", listing->list);
	label(out, ",", "item", listing->item);
	buf_printf(out, "} %d\n", !known || listed);
}

static void
say_listings(struct report *report, bool known)
{
	for (size_t i = 0; i < report->sender_count; i++)
		for (size_t k = 0; k < report->senders[i].listing_count; k++)
			say_listing(
			    report, &report->senders[i], &report->senders[i].listings[k], known);
}

static void
say_findings(struct report *report, const struct report_sender *sender)
{
	static const char *const severities[] = {"refuses", "warns", "unknown", "good"};
	struct buf *out = &report->out;

	for (size_t s = 0; s < sizeof severities / sizeof severities[0]; s++) {
		unsigned n = 0;

		for (size_t i = 0; i < sender->finding_count; i++)
			n += strcmp(sender->findings[i].severity, severities[s]) == 0;
		buf_puts(out, "mxwalk_sender_findings{");
		label(out, "", "ip", sender->ip);
		label(out, ",", "helo", sender->helo);
		label(out, ",", "from", sender->from);
		buf_printf(out, ",severity=\"%s\"} %u\n", severities[s], n);
	}
}

static void
say_senders(struct report *report)
{
	struct buf *out = &report->out;
	bool judged = false;

	if (report->sender_count == 0)
		return;
	head(out, "sender_listed", "gauge", "1: the blocklist has it; 0: it does not.");
	say_listings(report, true);
	head(out, "sender_list_unknown", "gauge",
	    "1: whether the list has it could not be found out.");
	say_listings(report, false);
	for (size_t i = 0; i < report->sender_count; i++)
		judged |= report->senders[i].finding_count > 0;
	if (judged)
		head(out, "sender_findings", "gauge",
		    "What was found about a sender, by how grave it is.");
	for (size_t i = 0; i < report->sender_count; i++)
		if (report->senders[i].finding_count > 0)
			say_findings(report, &report->senders[i]);
}

static void
say_policies(struct buf *out, const struct report *report)
{
	const unsigned long *count = report->overview.policy;
	bool any = false;

	for (enum tally_policy p = POLICY_NONE; p < POLICY_COUNT; p++)
		any |= count[p] > 0;
	if (!any)
		return;
	head(out, "tls_policy_targets", "gauge",
	    "Targets by what makes TLS a must, where it was seen.");
	for (enum tally_policy p = POLICY_NONE; p < POLICY_COUNT; p++)
		buf_printf(out, "mxwalk_tls_policy_targets{policy=\"%s\"} %lu\n",
		    tally_policy_words(p), count[p]);
}

static void
say_tls_sites(struct buf *out, const struct report *report)
{
	const unsigned long *count = report->overview.tls_sites;

	if (count[SITE_TLS_SEEN] == 0)
		return;
	head(out, "tls_sites", "gauge", "Sites by what there is of TLS at one target at least.");
	for (enum overview_trait t = 0; t < SITE_TRAITS; t++)
		buf_printf(
		    out, "mxwalk_tls_sites{trait=\"%s\"} %lu\n", overview_trait_name(t), count[t]);
}

static void
say_certificates(struct buf *out, const struct report *report)
{
	if (report->certificate_count == 0)
		return;
	head(out, "certificate_not_after_seconds", "gauge",
	    "When the certificate of a mail exchanger ends: the 50 that end first.");
	for (size_t i = 0; i < report->certificate_count; i++) {
		buf_puts(out, "mxwalk_certificate_not_after_seconds{");
		label(out, "", "mx", report->certificates[i].mx);
		buf_printf(out, "} %lld\n", (long long)report->certificates[i].ends / 1000);
	}
}

static void
say_times(struct buf *out, const struct report *report)
{
	unsigned long sum = 0;

	head(out, "walk_duration_seconds", "histogram", "How long the walks of targets took.");
	for (size_t i = 0; i < REPORT_TIMES; i++) {
		sum += report->quick[i];
		if (i + 1 < REPORT_TIMES)
			buf_printf(out, "mxwalk_walk_duration_seconds_bucket{le=\"%g\"} %lu\n",
			    report_times[i] / 1000.0, sum);
	}
	buf_printf(out,
	    "mxwalk_walk_duration_seconds_bucket{le=\"+Inf\"} %lu\n"
	    "mxwalk_walk_duration_seconds_sum %.3f\nmxwalk_walk_duration_seconds_count %lu\n",
	    sum, (double)report->walks_ms / 1000, sum);
}

static void
say_checks(struct buf *out, const struct report *report)
{
	if (report->check_count == 0)
		return;
	head(out, "check_result", "gauge", "1: what a check came to.");
	for (size_t i = 0; i < report->check_count; i++) {
		buf_puts(out, "mxwalk_check_result{");
		label(out, "", "check", report->checks[i].check);
		label(out, ",", "subject", report->checks[i].subject);
		label(out, ",", "result", report->checks[i].result);
		buf_puts(out, "} 1\n");
	}
}

static void
say_runs(struct buf *out, const struct report *report)
{
	const struct report_run *last =
	    report->run_count > 0 ? &report->runs[report->run_count - 1] : NULL;

	if (last == NULL)
		return;
	head(out, "info", "gauge", "The version that made the records.");
	buf_puts(out, "mxwalk_info{");
	label(out, "", "version", last->version);
	buf_puts(out, "} 1\n");
	if (report->latest > 0) {
		head(out, "run_timestamp_seconds", "gauge", "When the latest run began.");
		buf_printf(out, "mxwalk_run_timestamp_seconds %lld.%03d\n",
		    (long long)report->latest / 1000, (int)(report->latest % 1000));
	}
	if (last->ended) {
		head(out, "run_duration_seconds", "gauge", "How long the last run took.");
		buf_printf(out, "mxwalk_run_duration_seconds %.3f\n", (double)last->ms / 1000);
		head(out, "run_interrupted", "gauge", "1: the last run did not come to its end.");
		buf_printf(out, "mxwalk_run_interrupted %d\n", last->interrupted);
	}
}

static void
finish(struct report *report)
{
	struct buf *out = &report->out;

	say_runs(out, report);
	if (report->tally.targets > 0) {
		say_targets(out, report);
		say_sites(out, &report->overview);
		say_policies(out, report);
		say_tls_sites(out, report);
		say_certificates(out, report);
		say_times(out, report);
	}
	say_senders(report);
	say_checks(out, report);
}

const struct report_format report_prometheus = {.finish = finish};
