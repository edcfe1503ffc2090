#include "report/check_tls.h"

#include <string.h>

#include "base/arena.h"
#include "base/range.h"
#include "exit_status.h"

enum { DAY = 86400 };

const char *
tls_review_name(const struct tls_review *review)
{
	return review->kind == REVIEW_DANE ? "dane" : "tls";
}

static bool
alarms(const struct alarm_range *range, double days)
{
	return range->set && range_alarms(range, days, 1);
}

/* Without a measure of the user's: a quarter of its life. */
static void
measure_life(const struct sink *sink, const struct tls_facts *tls, struct tls_review_query *query)
{
	const struct thresholds *thresholds = sink->plan->thresholds;
	struct tls_review *review = sink->plan->review;
	double days = (double)tls->remaining / DAY;

	if (tls->not_after == NULL)
		return;
	if (!review->any_certificate || tls->remaining < review->least_left)
		review->least_left = tls->remaining;
	review->any_certificate = true;
	if (thresholds != NULL) {
		query->ends_soon = alarms(&thresholds->crit[MEASURE_DAYS], days);
		query->near_end = alarms(&thresholds->warn[MEASURE_DAYS], days);
	}
	if (tls->lifetime > 0 && tls->remaining * 100 / tls->lifetime < (long)review->least)
		query->near_end = true;
}

static void
review_host(const struct sink *sink, const struct attempt *attempt, struct arena *arena,
    struct host_review *out)
{
	const struct tls_audit *audit = sink->plan->review->audit;
	const struct dane_meeting meeting = attempt_meeting(attempt);
	struct tls_review_query query = {.remedies = sink->plan->remedies,
	    .host = attempt->mx,
	    .meeting = &meeting,
	    .tls = attempt_tls(attempt)};

	*out = (struct host_review){.attempt = attempt};
	if (audit != NULL && ip_equal(&audit->ip, &attempt->ip) && audit->port == attempt->port)
		query.audit = out->audit = audit;
	measure_life(sink, attempt_tls(attempt), &query);
	if (sink->plan->review->kind == REVIEW_DANE)
		dane_advise(&query, arena, &out->found, &out->count);
	else
		tls_advise(&query, arena, &out->found, &out->count);
}

/* ---- what it comes to */

static void
weigh(struct domain_review *out, const struct advice *found, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (found[i].severity < out->worst)
			out->worst = found[i].severity;
}

/* A host that was not reached leaves the question open, unless others have answered it badly. */
static bool
all_answered(const struct domain_review *review)
{
	for (size_t i = 0; i < review->host_count; i++) {
		const struct attempt *attempt = review->hosts[i].attempt;

		if (attempt->stage < STAGE_EHLO || attempt->status == WALK_DROPPED)
			return false;
	}
	return review->host_count > 0;
}

static const char *
result_of(const struct domain_review *review, enum tls_review_kind kind)
{
	if (review->worst == SEVERITY_REFUSES)
		return "refuses";
	if (review->worst == SEVERITY_WARNS)
		return "warns";
	if (review->worst == SEVERITY_UNKNOWN || !all_answered(review))
		return "unknown";
	return kind == REVIEW_DANE && !review->bound ? "none" : "good";
}

static int
status_of(const char *result)
{
	return strcmp(result, "refuses") == 0   ? EXIT_REFUSED
	       : strcmp(result, "unknown") == 0 ? EXIT_UNDETERMINED
	       : strcmp(result, "good") == 0    ? EXIT_OK
	                                        : EXIT_DEFERRED;
}

void
tls_review_journey(const struct sink *sink, const struct journey *journey, struct arena *arena,
    struct domain_review *out)
{
	struct tls_review *review = sink->plan->review;

	*out = (struct domain_review){.journey = journey, .worst = SEVERITY_COUNT};
	out->hosts = arena_alloc(arena, (journey->attempt_count + 1) * sizeof *out->hosts);
	for (size_t i = 0; i < journey->attempt_count; i++) {
		struct host_review *host = &out->hosts[out->host_count++];

		review_host(sink, &journey->attempts[i], arena, host);
		weigh(out, host->found, host->count);
		out->bound |= host->attempt->dane != NULL && dane_binds(host->attempt->dane);
	}
	if (review->kind == REVIEW_DANE)
		dane_advise_domain(sink->plan->remedies, journey->danes,
		    journey->danes != NULL ? journey->route.host_count : 0,
		    review->refuses == RESOLVER_NO, arena, &out->found, &out->count);
	weigh(out, out->found, out->count);
	out->result = result_of(out, review->kind);
	out->status = status_of(out->result);
	review->status = exit_graver(review->status, out->status);
}

void
tls_review_finish(struct sink *sink, const struct run_end *end)
{
	(void)sink;
	(void)end;
}

/* What kept the run from its end goes before what it found. */
int
tls_review_exit(const struct sink *sink, const struct run_end *end)
{
	if (end->failed || end->interrupted || end->stop == RUN_THIS_HOST)
		return sink_exit(sink, end);
	return sink->plan->review->status;
}
