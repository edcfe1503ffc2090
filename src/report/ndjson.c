/* A run as records: its beginning and its end, and the format that all of them make up. */
#include "report/ndjson.h"

#include <string.h>

#include "base/arena.h"
#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "report/ndjson_fields.h"
#include "report/overview.h"
#include "report/sink.h"

enum { SUMMARY_SITES = 200 }; /* the largest, of which it tells */

void
record_run(struct buf *out, const struct run_facts *run)
{
	struct json json;
	char given[17];

	record_begin(&json, out, "run");
	json_cstring(&json, "version", run->version);
	record_time(&json, "started", run->started);
	json_strings(&json, "options", run->options, run->option_count);
	json_strings(&json, "nameservers", run->nameservers, run->nameserver_count);
	snprintf(given, sizeof given, "%016" PRIx64, run->given);
	json_text(&json, "given", run->given_known ? given : NULL);
	if (run->resumed)
		json_bool(&json, "resumed", true);
	record_end(&json, "run");
}

/* That is there, by name: { "accepted": 3 } */
static void
write_statuses(struct json *json, const char *key, const unsigned status[WALK_COUNT])
{
	json_object_begin(json, key);
	for (enum walk_status s = 0; s < WALK_COUNT; s++)
		if (status[s] > 0)
			json_number(json, walk_status_name(s), (long long)status[s]);
	json_object_end(json);
}

static void
write_causes(struct json *json, const struct overview *overview)
{
	json_object_begin(json, "cause");
	for (enum cause c = 0; c < CAUSE_COUNT; c++)
		if (overview->tally->cause[c] > 0)
			json_number(json, cause_name(c), (long long)overview->tally->cause[c]);
	json_object_end(json);
	json_object_begin(json, "basis");
	for (size_t i = 0; i < overview->cause_count; i++) {
		const struct overview_cause *cause = &overview->causes[i];

		json_object_begin(json, cause_name(cause->cause));
		for (enum basis b = 0; b < BASIS_COUNT; b++)
			if (cause->basis[b] > 0)
				json_number(json, basis_name(b), (long long)cause->basis[b]);
		json_object_end(json);
	}
	json_object_end(json);
	json_object_begin(json, "list");
	for (size_t i = 0; i < overview->list_count; i++)
		json_number(json, overview->lists[i].name, (long long)overview->lists[i].count);
	json_object_end(json);
}

/* An object that is left open. */
static void
begin_place(
    struct json *json, const char *what, const char *name, const struct overview_place *place)
{
	json_object_begin(json, NULL);
	json_cstring(json, what, name);
	json_number(json, "targets", (long long)place->targets);
	write_statuses(json, "status", place->status);
	if (place->of_cause > 0) {
		json_cstring(json, "cause", cause_name(place->cause));
		json_text(json, "list", place->list);
	}
}

static void
write_source(struct json *json, const struct overview_place *place)
{
	begin_place(json, "source", place->source, place);
	json_object_end(json);
}

/* Where there are several sources, what each of them met there. */
static void
write_site(struct json *json, const struct overview *overview, const struct overview_place *site)
{
	begin_place(json, "site", site->site, site);
	if (overview->source_count > 1) {
		json_array_begin(json, "sources");
		for (size_t i = overview_pairs_of(overview, site);
		     i < overview->pair_count && strcmp(overview->pairs[i].site, site->site) == 0;
		     i++)
			write_source(json, &overview->pairs[i]);
		json_array_end(json);
	}
	json_object_end(json);
}

/* The largest, and the others in one. */
static void
write_mx_sites(struct json *json, const struct overview *overview)
{
	unsigned long others = 0;

	json_object_begin(json, "mx_site");
	for (size_t i = 0; i < overview->site_count; i++)
		if (i < SUMMARY_SITES && strcmp(overview->sites[i].site, TALLY_OTHERS) != 0)
			json_number(
			    json, overview->sites[i].site, (long long)overview->sites[i].targets);
		else
			others += overview->sites[i].targets;
	if (others > 0)
		json_number(json, TALLY_OTHERS, (long long)others);
	json_object_end(json);
}

static void
write_places(struct json *json, const struct overview *overview)
{
	write_mx_sites(json, overview);
	json_array_begin(json, "sites");
	for (size_t i = 0; i < overview->site_count && i < SUMMARY_SITES; i++)
		write_site(json, overview, &overview->sites[i]);
	json_array_end(json);
	json_array_begin(json, "sources");
	for (size_t i = 0; i < overview->source_count; i++)
		write_source(json, &overview->sources[i]);
	json_array_end(json);
}

static void
write_tls_sites(struct json *json, const struct overview *overview)
{
	json_object_begin(json, "tls_sites");
	for (enum overview_trait t = 0; t < SITE_TRAITS; t++)
		json_number(json, overview_trait_name(t), (long long)overview->tls_sites[t]);
	json_object_end(json);
}

static void
write_first(struct json *json, const struct overview *overview)
{
	const struct overview_cause *first = overview_first(overview);

	if (first == NULL) {
		json_none(json, "first");
		return;
	}
	json_object_begin(json, "first");
	json_cstring(json, "cause", cause_name(first->cause));
	json_number(json, "targets", (long long)first->count);
	json_object_end(json);
}

static void
write_listed(struct json *json, const struct run_listed *listed)
{
	char ip[IP_TEXT];

	if (listed->list == NULL)
		return;
	json_object_begin(json, "listed");
	json_cstring(json, "source", ip_text(&listed->source, ip));
	json_cstring(json, "list", listed->list);
	record_time(json, "time", listed->at);
	json_number(json, "results", (long long)listed->results);
	json_object_end(json);
}

void
record_summary(struct buf *out, const struct tally *tally, const struct run_end *end)
{
	struct arena *arena = arena_new();
	struct overview overview;
	struct json json;

	overview_make(&overview, tally, arena);
	if (overview.source_count > 1)
		overview_make_pairs(&overview, arena);
	record_begin(&json, out, "summary");
	json_number(&json, "targets", (long long)tally->targets);
	json_number(&json, "served", (long long)tally->served);
	json_number(&json, "bad_input", (long long)end->bad_input);
	json_object_begin(&json, "status");
	for (enum walk_status s = 0; s < WALK_COUNT; s++)
		json_number(&json, walk_status_name(s), (long long)tally->status[s]);
	json_object_end(&json);
	json_object_begin(&json, "asked");
	for (enum stage s = 0; s < STAGE_COUNT; s++)
		if (tally->asked[s] > 0)
			json_number(&json, stage_name(s), (long long)tally->asked[s]);
	json_object_end(&json);
	write_causes(&json, &overview);
	write_places(&json, &overview);
	write_tls_sites(&json, &overview);
	write_first(&json, &overview);
	json_bool(&json, "interrupted", end->interrupted);
	json_text(&json, "stopped", run_stop_name(end->stop));
	write_listed(&json, &end->listed);
	if (end->nobody_answered)
		json_number(&json, "no_answer_on_port", end->port);
	json_number(&json, "under_way", (long long)end->under_way);
	json_number(&json, "not_begun", (long long)end->not_begun);
	json_number(&json, "ms", end->ms);
	record_end(&json, "summary");
	arena_free(arena);
}

/* ---- the format */

static bool
wants_senders(const struct sink_plan *plan)
{
	(void)plan;
	return true;
}

static void
put_run(struct sink *sink, const struct run_facts *run)
{
	record_run(&sink->out, run);
}

static void
put_sender(
    struct sink *sink, const struct sender *sender, enum helo_origin origin, const char *note)
{
	(void)note;
	record_sender(&sink->out, sender, origin);
}

static void
put_result(struct sink *sink, const struct journey *journey)
{
	record_result(&sink->out, journey);
}

static void
put_summary(struct sink *sink, const struct run_end *end)
{
	record_summary(&sink->out, &sink->tally, end);
}

const struct sink_format ndjson_format = {.wants_senders = wants_senders,
    .begin = put_run,
    .sender = put_sender,
    .result = put_result,
    .finish = put_summary,
    .exit = sink_exit};
