#include "campaign/campaign.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "campaign/senders.h"
#include "exit_status.h"
#include "io/loop.h"

enum { TALLY_NAMES = 200, PROGRESS_MS = 500 };

struct slot {
	struct campaign *campaign;
	struct probe *probe; /* NULL: free */
};

struct campaign {
	const struct campaign_plan *plan;
	struct probe_plan probe; /* the caller's, with our senders */
	struct arena *arena;
	struct senders *senders;
	struct slot *slots;
	unsigned running;
	struct target target; /* being walked from one source after another */
	size_t next_source; /* = source_count: a new target is due */
	bool at_end, waiting, interrupted, broken, progress_shown;
	struct event *input, *tick, *signals[2];
	struct tally tally;
	struct buf line;
	struct buf report; /* nagios: said at the end */
	int64_t began;
};

static void fill(struct campaign *campaign);

/* ---- output */

static void
clear_progress(struct campaign *campaign)
{
	if (campaign->progress_shown)
		fputs("\r\033[K", stderr);
	campaign->progress_shown = false;
	log_line_open(false);
}

static void
put(struct campaign *campaign)
{
	const struct campaign_plan *plan = campaign->plan;

	if (campaign->broken || campaign->line.len == 0)
		return;
	if (plan->same_terminal)
		clear_progress(campaign);
	campaign->broken = !plan->write(&campaign->line, plan->write_arg);
	buf_clear(&campaign->line);
	if (campaign->broken)
		event_base_loopbreak(campaign->probe.base);
}

static void
count_name(struct campaign *campaign, struct tally_name **names, size_t *count, const char *name)
{
	for (size_t i = 0; i < *count; i++)
		if (strcmp((*names)[i].name, name) == 0) {
			(*names)[i].count++;
			return;
		}
	if (*count == TALLY_NAMES) {
		count_name(campaign, names, count, "(others)");
		return;
	}
	struct tally_name *slot = arena_push(campaign->arena, names, *count, sizeof *slot);
	++*count;
	slot->name = arena_string(campaign->arena, *count == TALLY_NAMES ? "(others)" : name);
	slot->count = 1;
}

/* "mx1.example.com" and "mx2.example.com" are one site: the name without its first label, if two
 * are left. */
static const char *
site_of(const char *mx)
{
	const char *parent = strchr(mx, '.');
	struct ip ip;

	return parent == NULL || strchr(parent + 1, '.') == NULL || ip_parse(&ip, mx) ? mx
	                                                                              : parent + 1;
}

static void
count(struct campaign *campaign, const struct journey *journey)
{
	struct tally *tally = &campaign->tally;

	tally->targets++;
	tally->status[journey->status]++;
	if (journey->diagnosed)
		tally->cause[journey->diagnosis.cause]++;
	if (journey->diagnosed && journey->diagnosis.list != NULL)
		count_name(campaign, &tally->lists, &tally->list_count, journey->diagnosis.list);
	if (journey->decisive != NULL)
		count_name(
		    campaign, &tally->sites, &tally->site_count, site_of(journey->decisive->mx));
}

static void
tell(struct campaign *campaign, const struct journey *journey)
{
	count(campaign, journey);
	switch (campaign->plan->format) {
	case CAMPAIGN_TEXT:
		text_result(&campaign->line, &campaign->plan->style, journey);
		break;
	case CAMPAIGN_NDJSON:
		record_result(&campaign->line, journey);
		break;
	case CAMPAIGN_NAGIOS:
		text_result(&campaign->report, &(struct text_style){0}, journey);
		break;
	}
	put(campaign);
}

static void
on_sender(const struct sender_entry *entry, void *arg)
{
	struct campaign *campaign = arg;

	if (campaign->plan->format == CAMPAIGN_NDJSON)
		record_sender(&campaign->line, &entry->evidence, entry->origin);
	else if (campaign->plan->format == CAMPAIGN_TEXT && campaign->plan->style.verbose)
		text_sender(&campaign->line, &campaign->plan->style, &entry->evidence,
		    entry->origin, entry->note);
	put(campaign);
	fill(campaign); /* we may have waited for just this */
}

static void
show_progress(struct campaign *campaign)
{
	unsigned long total = intake_total(campaign->plan->intake), done = campaign->tally.targets;
	double seconds = (double)(loop_ms() - campaign->began) / 1000,
	       rate = seconds > 0 ? (double)done / seconds : 0;

	total *= campaign->plan->source_count > 1 ? campaign->plan->source_count : 1;
	fprintf(stderr, "\r\033[K%lu", done);
	if (total > 0)
		fprintf(stderr, " of %lu", total);
	fprintf(stderr, " done, %.1f/s, %lu refused, %u under way", rate,
	    campaign->tally.status[WALK_REFUSED], campaign->running);
	if (total > done && rate > 0) {
		unsigned long left = (unsigned long)((double)(total - done) / rate);

		fprintf(stderr, ", %lu:%02lu:%02lu left", left / 3600, left / 60 % 60, left % 60);
	}
	fflush(stderr);
	campaign->progress_shown = true;
	log_line_open(true);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	show_progress(arg);
}

/* ---- the queue */

static void
on_probe_done(const struct journey *journey, void *arg)
{
	struct slot *slot = arg;
	struct campaign *campaign = slot->campaign;

	slot->probe = NULL;
	campaign->running--;
	tell(campaign, journey);
	if (!campaign->interrupted)
		fill(campaign);
}

static void
skip(struct campaign *campaign, const struct target *target, const char *why)
{
	struct journey journey = {.target = *target,
	    .started = loop_wall_ms(),
	    .status = WALK_SKIPPED,
	    .note = why,
	    .fixed = true};

	tell(campaign, &journey);
}

static void
start(struct campaign *campaign)
{
	static const struct ip any;
	const struct campaign_plan *plan = campaign->plan;
	const struct ip *source =
	    plan->source_count > 0 ? &plan->sources[campaign->next_source] : &any;
	struct slot *slot = campaign->slots;

	while (slot->probe != NULL)
		slot++;
	campaign->next_source++;
	campaign->running++;
	slot->probe = probe_start(&campaign->probe, &campaign->target, source, on_probe_done, slot);
}

static void
on_input(evutil_socket_t fd, short what, void *arg)
{
	struct campaign *campaign = arg;

	(void)fd;
	(void)what;
	campaign->waiting = false;
	fill(campaign);
}

static bool
all_done(const struct campaign *campaign)
{
	bool wants_senders =
	    campaign->plan->format == CAMPAIGN_NDJSON || campaign->plan->style.verbose;

	return campaign->at_end && campaign->running == 0 &&
	       (!wants_senders || !senders_pending(campaign->senders));
}

static void
fill(struct campaign *campaign)
{
	const struct campaign_plan *plan = campaign->plan;
	size_t walks = plan->source_count > 0 ? plan->source_count : 1;
	const char *why = NULL;

	while (!campaign->at_end && !campaign->waiting && !campaign->broken &&
	       campaign->running < plan->concurrency) {
		if (campaign->next_source < walks) {
			start(campaign);
			continue;
		}
		switch (intake_next(plan->intake, &campaign->target, &why)) {
		case INTAKE_TARGET:
			campaign->next_source = 0;
			break;
		case INTAKE_SKIP:
			skip(campaign, &campaign->target, why);
			break;
		case INTAKE_WAIT:
			campaign->waiting = true;
			event_add(campaign->input, NULL);
			break;
		case INTAKE_END:
			campaign->at_end = true;
			break;
		}
	}
	if (all_done(campaign))
		event_base_loopbreak(campaign->probe.base);
}

static void
on_signal(evutil_socket_t fd, short what, void *arg)
{
	struct campaign *campaign = arg;

	(void)fd;
	(void)what;
	campaign->interrupted = true;
	event_base_loopbreak(campaign->probe.base);
}

static void
break_off(struct campaign *campaign)
{
	bool interrupted = campaign->interrupted;

	campaign->interrupted = true; /* what is reported now makes room for nobody */
	for (unsigned i = 0; i < campaign->plan->concurrency; i++)
		if (campaign->slots[i].probe != NULL)
			probe_stop(campaign->slots[i].probe);
	campaign->interrupted = interrupted;
}

/* ---- the end */

static int
exit_status(const struct campaign *campaign)
{
	const unsigned long *n = campaign->tally.status;

	if (campaign->broken)
		return EXIT_WRITE;
	if (campaign->interrupted)
		return EXIT_INTERRUPTED;
	if (n[WALK_REFUSED] > 0)
		return EXIT_REFUSED;
	if (n[WALK_DEFERRED] > 0)
		return EXIT_DEFERRED;
	if (campaign->tally.targets > n[WALK_ACCEPTED])
		return EXIT_UNDETERMINED;
	return intake_failed(campaign->plan->intake) || intake_bad_lines(campaign->plan->intake) > 0
	           ? EXIT_DATA
	           : EXIT_OK;
}

static int
nagios_report(struct campaign *campaign)
{
	static const char *const words[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
	const struct tally *tally = &campaign->tally;
	unsigned long other = tally->targets - tally->status[WALK_ACCEPTED] -
	                      tally->status[WALK_REFUSED] - tally->status[WALK_DEFERRED];
	int status = tally->status[WALK_REFUSED] > 0    ? NAGIOS_CRITICAL
	             : tally->status[WALK_DEFERRED] > 0 ? NAGIOS_WARNING
	             : other > 0 || tally->targets == 0 ? NAGIOS_UNKNOWN
	                                                : NAGIOS_OK;

	buf_printf(&campaign->line, "MXWALK %s - ", words[status]);
	if (tally->targets == 1) /* the verdict says it best */
		buf_add(
		    &campaign->line, campaign->report.data, strcspn(campaign->report.data, "\n|"));
	else
		buf_printf(&campaign->line,
		    "%lu accepted, %lu refused, %lu deferred, %lu undetermined",
		    tally->status[WALK_ACCEPTED], tally->status[WALK_REFUSED],
		    tally->status[WALK_DEFERRED], other);
	buf_printf(&campaign->line,
	    " | time=%.3fs accepted=%lu refused=%lu;;0 deferred=%lu;0 undetermined=%lu\n",
	    (double)(loop_ms() - campaign->began) / 1000, tally->status[WALK_ACCEPTED],
	    tally->status[WALK_REFUSED], tally->status[WALK_DEFERRED], other);
	for (size_t i = 0; i < campaign->report.len; i++)
		buf_putc(&campaign->line,
		    campaign->report.data[i] == '|'
		        ? '/'
		        : campaign->report.data[i]); /* a bar would begin perfdata */
	put(campaign);
	return campaign->broken ? EXIT_WRITE : status;
}

static int
conclude(struct campaign *campaign)
{
	const struct campaign_plan *plan = campaign->plan;

	campaign->tally.bad_input = intake_bad_lines(plan->intake);
	if (plan->format == CAMPAIGN_NAGIOS)
		return nagios_report(campaign);
	if (plan->format == CAMPAIGN_NDJSON)
		record_summary(&campaign->line, &campaign->tally, loop_ms() - campaign->began,
		    campaign->interrupted);
	else if (!plan->quiet && (campaign->tally.targets > 1 || campaign->interrupted))
		text_summary(
		    &campaign->line, &plan->style, &campaign->tally, campaign->interrupted);
	put(campaign);
	return exit_status(campaign);
}

static void
begin(struct campaign *campaign)
{
	static const int numbers[] = {SIGINT, SIGTERM};
	const struct campaign_plan *plan = campaign->plan;
	struct timeval period = {.tv_usec = PROGRESS_MS * 1000};

	for (size_t i = 0; i < 2; i++) {
		campaign->signals[i] =
		    evsignal_new(campaign->probe.base, numbers[i], on_signal, campaign);
		event_add(campaign->signals[i], NULL);
	}
	if (intake_fd(plan->intake) >= 0)
		campaign->input = event_new(
		    campaign->probe.base, intake_fd(plan->intake), EV_READ, on_input, campaign);
	if (plan->progress) {
		campaign->tick = event_new(campaign->probe.base, -1, EV_PERSIST, on_tick, campaign);
		event_add(campaign->tick, &period);
	}
	if (plan->format == CAMPAIGN_NDJSON)
		record_run(&campaign->line, plan->run);
	put(campaign);
}

static void
end(struct campaign *campaign)
{
	struct event *events[] = {
	    campaign->signals[0], campaign->signals[1], campaign->input, campaign->tick};

	for (size_t i = 0; i < sizeof events / sizeof *events; i++)
		if (events[i] != NULL)
			event_free(events[i]);
	clear_progress(campaign);
	senders_free(campaign->senders);
	free(campaign->slots);
	buf_release(&campaign->line);
	buf_release(&campaign->report);
	arena_free(campaign->arena);
}

int
campaign_run(const struct campaign_plan *plan)
{
	struct campaign campaign = {.plan = plan,
	    .probe = *plan->probe,
	    .arena = arena_new(),
	    .began = loop_ms(),
	    .next_source = SIZE_MAX};
	int status;

	campaign.senders = campaign.probe.senders =
	    senders_new(plan->senders, on_sender, &campaign);
	campaign.slots = must_alloc(plan->concurrency * sizeof *campaign.slots);
	for (unsigned i = 0; i < plan->concurrency; i++)
		campaign.slots[i].campaign = &campaign;
	buf_init(&campaign.line, RECORD_MAX);
	buf_init(&campaign.report, RECORD_MAX);
	begin(&campaign);
	fill(&campaign);
	while (!campaign.broken && !campaign.interrupted && !all_done(&campaign))
		if (event_base_dispatch(campaign.probe.base) != 0)
			break; /* nothing is waited for any more */
	break_off(&campaign);
	status = conclude(&campaign);
	end(&campaign);
	return status;
}
