#include "campaign/campaign.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "campaign/egress.h"
#include "campaign/pulse.h"
#include "campaign/served.h"
#include "campaign/window.h"
#include "evidence/lists.h"
#include "io/loop.h"

enum {
	PROGRESS_MS = 500,
	SIGNALS = 4,
	SMTP_PORT = 25,
	LINES_AT_ONCE = 1000, /* that are read before the loop has its turn again */
	FORBIDDEN = 3, /* networks: one route or rule that forbids is no accident of all */
	SERVED_WAITING = 10000, /* lines that wait for the walk of another: then no more are read */
};

struct campaign {
	const struct campaign_plan *plan;
	struct event_base *base;
	struct senders *senders;
	struct pipeline *pipeline;
	struct target target; /* being put in, from one source after another */
	size_t next_source, walks; /* sources that a target is walked from */
	struct run_listed listed; /* the first that was */
	unsigned long begun; /* lines, once for each source: put in, served or skipped */
	struct served *served;
	unsigned long under_way, not_begun; /* of those, when they were dropped */
	struct egress egress;
	unsigned port; /* that was tried */
	int64_t closed; /* when it looked so for the first time; 0: it does not */
	struct ip forbidden[FORBIDDEN]; /* of different networks, that we may not connect to */
	size_t forbidden_count;
	int forbidden_error; /* of the last */
	int64_t all_forbidden; /* when there were so many */
	bool at_end, waiting, interrupted, failed, warned, said_local;
	enum run_stop stop;
	struct event *input, *more, *tick, *signals[SIGNALS];
	struct pulse pulse;
};

static void fill(struct campaign *campaign);
static void judge_permission(struct campaign *campaign);

/* ---- what is told */

/* After telling something: there is no use in going on when it cannot be written. */
static void
look_at_sink(struct campaign *campaign)
{
	if (campaign->plan->sink->failed)
		event_base_loopbreak(campaign->base);
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
on_journey(const struct journey *journey, void *arg)
{
	struct campaign *campaign = arg;

	sink_result(campaign->plan->sink, journey);
	if (journey->target.walk != 0)
		served_know(campaign->served, journey);
	if (journey->status == WALK_LOCAL)
		judge_permission(campaign);
	look_at_sink(campaign);
}

static void
on_served(const struct journey *journey, void *arg)
{
	struct campaign *campaign = arg;

	sink_result(campaign->plan->sink, journey);
	look_at_sink(campaign);
}

/* With it the lines that wait for it. */
static void
on_dropped(const struct journey *journey, bool begun, void *arg)
{
	struct campaign *campaign = arg;

	*(begun ? &campaign->under_way : &campaign->not_begun) +=
	    1 + served_drop(campaign->served, journey->target.walk);
}

static void
measure(struct campaign *campaign, struct run_progress *progress)
{
	*progress =
	    (struct run_progress){.total = intake_total(campaign->plan->intake) * campaign->walks};
	pipeline_progress(campaign->pipeline, progress);
	pulse_measure(&campaign->pulse, loop_ms(), campaign->plan->sink->tally.targets, progress);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct campaign *campaign = arg;
	struct sink *sink = campaign->plan->sink;
	struct run_progress progress;
	int64_t now = loop_ms();

	(void)fd;
	(void)what;
	sink_flush(sink);
	look_at_sink(campaign);
	measure(campaign, &progress);
	if (campaign->plan->progress)
		sink_progress(sink, &progress);
	if (campaign->plan->minutes && pulse_line_is_due(&campaign->pulse, now))
		sink_tell_progress(sink, &progress);
	if (pulse_status_is_due(&campaign->pulse, now))
		sink_status(sink, &progress, loop_wall_ms(), NULL);
}

/* SIGUSR1: somebody wants to know. */
static void
on_question(evutil_socket_t fd, short what, void *arg)
{
	struct campaign *campaign = arg;
	struct run_progress progress;

	(void)fd;
	(void)what;
	measure(campaign, &progress);
	sink_tell_progress(campaign->plan->sink, &progress);
}

/* ---- when it is no use */

static void
give_up(struct campaign *campaign, enum run_stop why)
{
	if (campaign->plan->keep_going || campaign->stop != RUN_WENT_ON)
		return;
	campaign->stop = why;
	event_base_loopbreak(campaign->base);
}

/* At once, for it explains what is to be seen next; and at the end of a run that was too short,
 * where nothing is given up. */
static void
warn_of_egress(struct campaign *campaign, bool ends)
{
	unsigned port = campaign->port;
	const struct remedy *remedy =
	    remedies_of(campaign->plan->pipeline->remedies, FACT_EGRESS_CLOSED);
	bool gives_up = !ends && !campaign->plan->keep_going && campaign->stop == RUN_WENT_ON;

	if (!campaign->warned)
		(gives_up ? log_error : log_warn)(
		    "no server answered on port %u from this host%s%s", port,
		    port == SMTP_PORT ? ". " : "", port == SMTP_PORT ? remedy->advice : "");
	campaign->warned = true;
}

static void
stop_for_this_host(struct campaign *campaign, int error)
{
	if (campaign->stop == RUN_WENT_ON && !campaign->said_local)
		log_error("this host cannot connect: %s", strerror(error));
	campaign->said_local = true;
	give_up(campaign, RUN_THIS_HOST);
}

/* A rule or a route goes by networks: whole providers, whole countries' blocks. */
static bool
share_network(const struct ip *a, const struct ip *b)
{
	return ip_within(a, b, a->family == 4 ? 8 : 16);
}

static void
note_forbidden(struct campaign *campaign, const struct attempt *attempt)
{
	campaign->forbidden_error = attempt->error;
	for (size_t i = 0; i < campaign->forbidden_count; i++)
		if (share_network(&campaign->forbidden[i], &attempt->ip))
			return;
	if (campaign->forbidden_count == FORBIDDEN)
		return;
	campaign->forbidden[campaign->forbidden_count++] = attempt->ip;
	if (campaign->forbidden_count == FORBIDDEN)
		campaign->all_forbidden = loop_ms();
}

/* A route or a firewall's rule forbids some addresses, and a lack of permission all: that is told
 * apart by several, once a target has its result, for its next mail exchanger may answer. */
static void
judge_permission(struct campaign *campaign)
{
	if (campaign->forbidden_count < FORBIDDEN || campaign->egress.answered ||
	    campaign->interrupted || campaign->failed ||
	    pipeline_hopes(campaign->pipeline, campaign->all_forbidden))
		return;
	stop_for_this_host(campaign, campaign->forbidden_error);
}

/* The same at the end of a run of fewer. */
static void
judge_permission_at_end(struct campaign *campaign)
{
	const struct tally *tally = &campaign->plan->sink->tally;

	if (campaign->forbidden_count > 0 && !campaign->egress.answered && !campaign->interrupted &&
	    !campaign->failed && tally->status[WALK_LOCAL] == tally->targets)
		stop_for_this_host(campaign, campaign->forbidden_error);
}

/* What there is too little of, the pipeline has waited for in vain. */
static void
note_local(struct campaign *campaign, const struct attempt *attempt)
{
	if (attempt->error == 0 || attempt->error == EAFNOSUPPORT)
		return;
	if (attempt->error == EACCES || attempt->error == EPERM)
		note_forbidden(campaign, attempt);
	else
		stop_for_this_host(campaign, attempt->error);
}

static void
on_attempt(const struct attempt *attempt, const char *site, void *arg)
{
	struct campaign *campaign = arg;

	if (attempt->status == WALK_LOCAL) {
		note_local(campaign, attempt);
		return;
	}
	egress_note(&campaign->egress, attempt->source.family != 0, site);
	campaign->port = attempt->port;
	if (!egress_is_closed(&campaign->egress, false))
		return;
	if (campaign->closed == 0)
		campaign->closed = loop_ms();
	if (pipeline_hopes(campaign->pipeline, campaign->closed)) /* who refuses is quicker */
		return;
	warn_of_egress(campaign, false);
	give_up(campaign, RUN_NOBODY_ANSWERS);
}

/* What every further walk would hear, and may be the doing of those before. */
static void
on_listed(const struct ip *source, const struct list *list, void *arg)
{
	struct campaign *campaign = arg;
	const struct run_listed listed = {.source = *source,
	    .list = list->zone,
	    .at = loop_wall_ms(),
	    .results = campaign->plan->sink->tally.targets};
	bool goes_on = campaign->plan->keep_going;
	time_t now = (time_t)(listed.at / 1000);
	char ip[IP_TEXT], at[32] = "";
	struct tm utc;

	if (gmtime_r(&now, &utc) != NULL)
		strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", &utc);
	(goes_on ? log_warn : log_error)("%s: %s has come onto %s, after %lu results%s", at,
	    ip_text(source, ip), listed.list, listed.results,
	    goes_on ? "" : "; the run stops (--keep-going goes on)");
	if (campaign->listed.list == NULL)
		campaign->listed = listed;
	give_up(campaign, RUN_LISTED);
}

/* ---- from the intake into the pipeline */

/* The number of the walk of that target from that source. */
static unsigned long
walk_of(const struct campaign *campaign, unsigned long target, size_t source)
{
	return (target - 1) * campaign->walks + source + 1;
}

/* Was it asked from that source before this run began? Nothing comes out of the intake twice, so
 * that what is known of it now is known from then. */
static bool
is_done(const struct campaign *campaign, size_t source)
{
	return verdicts_has(
	    campaign->plan->verdicts, walk_of(campaign, campaign->target.place, source));
}

static size_t
count_done(const struct campaign *campaign)
{
	size_t count = 0;

	for (size_t i = 0; i < campaign->walks; i++)
		count += is_done(campaign, i);
	return count;
}

/* Where the earlier run had another target, nothing is known of this one. */
static void
compare_with_earlier(struct campaign *campaign)
{
	const struct target *target = &campaign->target;
	struct verdicts *verdicts = campaign->plan->verdicts;

	if (verdicts_is_text(verdicts, target->place, target->text))
		return;
	for (size_t i = 0; i < campaign->walks; i++)
		verdicts_drop(verdicts, walk_of(campaign, target->place, i));
	if (campaign->plan->other_list || campaign->stop != RUN_WENT_ON)
		return;
	log_error("--resume: target %lu is %s, and was another; --force goes on all the same",
	    target->place, target->text);
	campaign->stop = RUN_OTHER_LIST;
	event_base_loopbreak(campaign->base);
}

static void
skip(struct campaign *campaign, const char *why)
{
	struct journey journey = {.target = campaign->target,
	    .started = loop_wall_ms(),
	    .status = WALK_SKIPPED,
	    .note = why,
	    .fixed = true};

	campaign->begun += campaign->walks;
	if (count_done(campaign) > 0) /* it was left out for all sources alike */
		return;
	sink_expect(campaign->plan->sink, campaign->target.place, 1);
	on_journey(&journey, campaign);
}

/* The target as walked from that source: each of these is a walk. */
static struct target
target_from(const struct campaign *campaign, size_t source)
{
	struct target target = campaign->target;

	target.walk = walk_of(campaign, target.walk, source);
	return target;
}

static void
serve(struct campaign *campaign)
{
	campaign->begun += campaign->walks;
	sink_expect(
	    campaign->plan->sink, campaign->target.place, campaign->walks - count_done(campaign));
	for (size_t i = 0; i < campaign->walks; i++) {
		struct target target = target_from(campaign, i);

		if (!is_done(campaign, i))
			served_ask(campaign->served, &target);
	}
}

static void
put_in(struct campaign *campaign)
{
	static const struct ip any;
	const struct campaign_plan *plan = campaign->plan;
	size_t i = campaign->next_source++;
	struct target target = target_from(campaign, i);

	campaign->begun++;
	if (is_done(campaign, i))
		return;
	pipeline_add(
	    campaign->pipeline, &target, plan->source_count > 0 ? &plan->sources[i] : &any);
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

static void
on_more(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	fill(arg);
}

static bool
all_done(const struct campaign *campaign)
{
	return campaign->at_end && pipeline_is_empty(campaign->pipeline) &&
	       (!sink_wants_senders(campaign->plan->sink) || !senders_pending(campaign->senders));
}

static void
take_next(struct campaign *campaign)
{
	const char *why = NULL;

	enum intake_state state = intake_next(campaign->plan->intake, &campaign->target, &why);

	if (state <= INTAKE_SKIP)
		compare_with_earlier(campaign);
	switch (state) {
	case INTAKE_TARGET:
		campaign->next_source = 0;
		sink_expect(campaign->plan->sink, campaign->target.place,
		    campaign->walks - count_done(campaign));
		break;
	case INTAKE_SERVED:
		serve(campaign);
		break;
	case INTAKE_SKIP:
		skip(campaign, why);
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

/* A list of a million lines of one domain holds up no reply and no signal. */
static void
fill(struct campaign *campaign)
{
	static const struct timeval at_once;
	unsigned lines = 0;

	while (lines < LINES_AT_ONCE && !campaign->at_end && !campaign->waiting &&
	       campaign->stop == RUN_WENT_ON && !campaign->plan->sink->failed &&
	       !sink_is_full(campaign->plan->sink) && pipeline_has_room(campaign->pipeline) &&
	       served_waiting(campaign->served) < SERVED_WAITING) {
		if (campaign->next_source < campaign->walks)
			put_in(campaign);
		else
			take_next(campaign);
		lines++;
	}
	if (lines == LINES_AT_ONCE)
		event_add(campaign->more, &at_once);
	if (all_done(campaign))
		event_base_loopbreak(campaign->base);
}

static void
on_room(void *arg)
{
	fill(arg);
}

/* ---- the run */

static void
on_signal(evutil_socket_t fd, short what, void *arg)
{
	struct campaign *campaign = arg;

	(void)fd;
	(void)what;
	campaign->interrupted = true;
	event_base_loopbreak(campaign->base);
}

/* SIGHUP: the terminal is gone; but not for those who asked to go on without it (nohup). */
static bool
is_ignored(int number)
{
	struct sigaction action;

	return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static void
watch_signals(struct campaign *campaign)
{
	static const int numbers[SIGNALS] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};

	for (size_t i = 0; i < SIGNALS; i++) {
		if (numbers[i] == SIGHUP && is_ignored(SIGHUP))
			continue;
		campaign->signals[i] = evsignal_new(campaign->base, numbers[i],
		    numbers[i] == SIGUSR1 ? on_question : on_signal, campaign);
		event_add(campaign->signals[i], NULL);
	}
}

/* What a site bears is counted by the minute, and so is what an earlier run asked of it just now.
 */
static void
spare_the_sites(struct campaign *campaign)
{
	const struct campaign_plan *plan = campaign->plan;
	int64_t since = loop_wall_ms() - plan->earlier;
	unsigned long total = intake_total(plan->intake) * campaign->walks;

	if (total > 0 && plan->sink->tally.targets >= total) /* all is done */
		return;
	if (!plan->paced || plan->earlier == 0 || since < 0 || since >= WINDOW_MS)
		return;
	pipeline_rest(campaign->pipeline, loop_ms() + WINDOW_MS - since);
	log_note("the run before this one ended %lld s ago: connections begin in %lld s, for sites "
	         "count by the minute",
	    (long long)(since / 1000), (long long)((WINDOW_MS - since + 999) / 1000));
}

static void
begin(struct campaign *campaign)
{
	const struct campaign_plan *plan = campaign->plan;
	const struct pipeline_calls calls = {.journey = on_journey,
	    .attempt = on_attempt,
	    .dropped = on_dropped,
	    .room = on_room,
	    .arg = campaign};
	struct timeval period = {.tv_usec = PROGRESS_MS * 1000};

	campaign->base = plan->pipeline->walk.base;
	campaign->walks = plan->source_count > 0 ? plan->source_count : 1;
	campaign->next_source = campaign->walks;
	campaign->served = served_new(plan->verdicts, loop_random(), on_served, campaign);
	campaign->senders = senders_new(plan->senders, on_sender, campaign);
	campaign->pipeline = pipeline_new(plan->pipeline, campaign->senders, &calls);
	spare_the_sites(campaign);
	senders_watch(campaign->senders, plan->watch_ms, on_listed, campaign);
	campaign->more = evtimer_new(campaign->base, on_more, campaign);
	pulse_begin(&campaign->pulse, loop_ms(), plan->sink->tally.targets);
	watch_signals(campaign);
	if (intake_fd(plan->intake) >= 0)
		campaign->input =
		    event_new(campaign->base, intake_fd(plan->intake), EV_READ, on_input, campaign);
	campaign->tick = event_new(campaign->base, -1, EV_PERSIST, on_tick, campaign);
	event_add(campaign->tick, &period);
	sink_begin(plan->sink, plan->run);
	on_tick(-1, 0, campaign);
}

static void
run(struct campaign *campaign)
{
	fill(campaign);
	while (!campaign->plan->sink->failed && !campaign->interrupted &&
	       campaign->stop == RUN_WENT_ON && !all_done(campaign)) {
		if (event_base_dispatch(campaign->base) == 0)
			continue;
		log_error("the event loop has failed");
		campaign->failed = true;
		return;
	}
}

/* Targets that were known, and never asked. */
static unsigned long
never_begun(const struct campaign *campaign)
{
	unsigned long total = intake_total(campaign->plan->intake) * campaign->walks;

	return total > campaign->begun ? total - campaign->begun : 0;
}

static int
conclude(struct campaign *campaign)
{
	struct intake *intake = campaign->plan->intake;
	struct run_end facts = {.interrupted = campaign->interrupted,
	    .failed = campaign->failed,
	    .input_failed = intake_failed(intake),
	    .bad_input = intake_bad_lines(intake)};
	struct run_progress progress;
	int status;

	pipeline_stop(campaign->pipeline);
	judge_permission_at_end(campaign);
	facts.stop = campaign->stop;
	facts.listed = campaign->listed;
	facts.under_way = campaign->under_way;
	facts.not_begun = campaign->not_begun;
	if (facts.interrupted || facts.failed || facts.stop != RUN_WENT_ON)
		facts.not_begun += never_begun(campaign);
	facts.nobody_answered = egress_is_closed(&campaign->egress, true);
	if (facts.nobody_answered && !facts.interrupted)
		warn_of_egress(campaign, true);
	facts.port = campaign->port;
	facts.ms = loop_ms() - campaign->pulse.began;
	status = sink_finish(campaign->plan->sink, &facts);
	measure(campaign, &progress);
	sink_status(campaign->plan->sink, &progress, loop_wall_ms(), &status);
	return status;
}

static void
end(struct campaign *campaign)
{
	for (size_t i = 0; i < SIGNALS; i++)
		if (campaign->signals[i] != NULL)
			event_free(campaign->signals[i]);
	if (campaign->input != NULL)
		event_free(campaign->input);
	event_free(campaign->more);
	event_free(campaign->tick);
	pipeline_free(campaign->pipeline);
	senders_free(campaign->senders);
	served_free(campaign->served);
	egress_release(&campaign->egress);
}

int
campaign_run(const struct campaign_plan *plan)
{
	struct campaign campaign = {.plan = plan};
	int status;

	begin(&campaign);
	run(&campaign);
	status = conclude(&campaign);
	end(&campaign);
	return status;
}
