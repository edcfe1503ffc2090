#include "campaign/campaign.h"

#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>

#include "base/arena.h"
#include "campaign/senders.h"
#include "io/loop.h"

enum { PROGRESS_MS = 500 };

struct slot {
	struct campaign *campaign;
	struct probe *probe; /* NULL: free */
};

struct campaign {
	const struct campaign_plan *plan;
	struct probe_plan probe; /* the caller's, with our senders */
	struct senders *senders;
	struct slot *slots;
	unsigned running;
	struct target target; /* being walked from one source after another */
	size_t next_source; /* = source_count: a new target is due */
	bool at_end, waiting, interrupted;
	struct event *input, *tick, *signals[2];
	int64_t began;
};

static void fill(struct campaign *campaign);

/* ---- what is told */

/* After telling something: there is no use in going on when it cannot be written. */
static void
look_at_sink(struct campaign *campaign)
{
	if (campaign->plan->sink->failed)
		event_base_loopbreak(campaign->probe.base);
}

static void
on_sender(const struct sender_entry *entry, void *arg)
{
	struct campaign *campaign = arg;

	sink_sender(campaign->plan->sink, &entry->evidence, entry->origin, entry->note);
	look_at_sink(campaign);
	fill(campaign); /* we may have waited for just this */
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct campaign *campaign = arg;
	unsigned long walks = campaign->plan->source_count > 1 ? campaign->plan->source_count : 1;
	struct run_progress progress = {.total = intake_total(campaign->plan->intake) * walks,
	    .running = campaign->running,
	    .ms = loop_ms() - campaign->began};

	(void)fd;
	(void)what;
	sink_progress(campaign->plan->sink, &progress);
}

/* ---- the queue */

static void
on_probe_done(const struct journey *journey, void *arg)
{
	struct slot *slot = arg;
	struct campaign *campaign = slot->campaign;

	slot->probe = NULL;
	campaign->running--;
	sink_result(campaign->plan->sink, journey);
	look_at_sink(campaign);
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

	sink_result(campaign->plan->sink, &journey);
	look_at_sink(campaign);
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
	return campaign->at_end && campaign->running == 0 &&
	       (!sink_wants_senders(campaign->plan->sink) || !senders_pending(campaign->senders));
}

static void
fill(struct campaign *campaign)
{
	const struct campaign_plan *plan = campaign->plan;
	size_t walks = plan->source_count > 0 ? plan->source_count : 1;
	const char *why = NULL;

	while (!campaign->at_end && !campaign->waiting && !plan->sink->failed &&
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
conclude(struct campaign *campaign)
{
	struct intake *intake = campaign->plan->intake;
	struct run_end facts = {.ms = loop_ms() - campaign->began,
	    .interrupted = campaign->interrupted,
	    .input_failed = intake_failed(intake),
	    .bad_input = intake_bad_lines(intake)};

	return sink_finish(campaign->plan->sink, &facts);
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
	sink_begin(plan->sink, plan->run);
}

static void
end(struct campaign *campaign)
{
	struct event *events[] = {
	    campaign->signals[0], campaign->signals[1], campaign->input, campaign->tick};

	for (size_t i = 0; i < sizeof events / sizeof *events; i++)
		if (events[i] != NULL)
			event_free(events[i]);
	senders_free(campaign->senders);
	free(campaign->slots);
}

int
campaign_run(const struct campaign_plan *plan)
{
	struct campaign campaign = {
	    .plan = plan, .probe = *plan->probe, .began = loop_ms(), .next_source = SIZE_MAX};
	int status;

	campaign.senders = campaign.probe.senders =
	    senders_new(plan->senders, on_sender, &campaign);
	campaign.slots = must_alloc(plan->concurrency * sizeof *campaign.slots);
	for (unsigned i = 0; i < plan->concurrency; i++)
		campaign.slots[i].campaign = &campaign;
	begin(&campaign);
	fill(&campaign);
	while (!plan->sink->failed && !campaign.interrupted && !all_done(&campaign))
		if (event_base_dispatch(campaign.probe.base) != 0)
			break; /* nothing is waited for any more */
	break_off(&campaign);
	status = conclude(&campaign);
	end(&campaign);
	return status;
}
