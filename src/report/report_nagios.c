/* Records as a check of a monitoring system. Senders and checks are measured as targets are: what
 * refuses mail is critical. */
#include <string.h>

#include "report/nagios.h"
#include "report/report.h"
#include "report/report_senders.h"

static void
count_listings(const struct report *report, struct nagios_facts *facts)
{
	for (size_t i = 0; i < report->sender_count; i++)
		for (size_t k = 0; k < report->senders[i].listing_count; k++) {
			const struct report_listing *listing = &report->senders[i].listings[k];
			bool listed = strcmp(listing->state, "listed") == 0;

			if (!listing->black)
				continue;
			facts->lists |= listed || strcmp(listing->state, "clean") == 0;
			facts->listed += listed;
		}
}

static void
count_others(const struct report *report, struct nagios_facts *facts)
{
	for (size_t i = 0; i < report->sender_count; i++)
		for (size_t k = 0; k < report->senders[i].finding_count; k++) {
			const char *severity = report->senders[i].findings[k].severity;
			enum walk_status as = strcmp(severity, "refuses") == 0   ? WALK_REFUSED
			                      : strcmp(severity, "warns") == 0   ? WALK_DEFERRED
			                      : strcmp(severity, "unknown") == 0 ? WALK_DNS_ERROR
			                                                         : WALK_ACCEPTED;

			facts->targets++;
			facts->status[as]++;
		}
	count_listings(report, facts);
	for (size_t i = 0; i < report->check_count; i++) {
		facts->targets++;
		facts->status[report->checks[i].status]++;
	}
}

static struct nagios_facts
facts_of(const struct report *report)
{
	const struct report_run *last =
	    report->run_count > 0 ? &report->runs[report->run_count - 1] : NULL;
	struct nagios_facts facts = {.targets = report->tally.targets,
	    .seconds = last != NULL ? (double)last->ms / 1000 : 0,
	    .certificates = report->certificate_count > 0,
	    .days = report->certificate_count > 0
	                ? nagios_days(report->certificates[0].ends, report->plan->now)
	                : 0};

	memcpy(facts.status, report->tally.status, sizeof facts.status);
	count_others(report, &facts);
	return facts;
}

static void
finish(struct report *report)
{
	const struct nagios_facts facts = facts_of(report);
	struct buf words, text;

	buf_init(&words, TEXT_LINE);
	buf_init(&text, 1 << 20);
	buf_printf(&words, "%lu good, %lu refused, %lu deferred, %lu undetermined",
	    facts.status[WALK_ACCEPTED], facts.status[WALK_REFUSED], facts.status[WALK_DEFERRED],
	    facts.targets - facts.status[WALK_ACCEPTED] - facts.status[WALK_REFUSED] -
	        facts.status[WALK_DEFERRED]);
	nagios_line(&report->out, &facts, report->plan->thresholds, words.data);
	report_text_words(report, &text);
	nagios_text(&report->out, text.data, text.len);
	buf_release(&words);
	buf_release(&text);
}

static int
status(const struct report *report)
{
	const struct nagios_facts facts = facts_of(report);

	return (int)nagios_status(&facts, report->plan->thresholds);
}

const struct report_format report_nagios = {.finish = finish, .exit = status};
