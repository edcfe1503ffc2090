/* A run as records: its beginning and its end, and the format that all of them make up. */
#include "report/ndjson.h"

#include "base/json.h"
#include "report/ndjson_fields.h"
#include "report/sink.h"

void
record_run(struct buf *out, const struct run_facts *run)
{
	struct json json;

	record_begin(&json, out, "run");
	json_cstring(&json, "version", run->version);
	record_time(&json, "started", run->started);
	json_strings(&json, "options", run->options, run->option_count);
	json_strings(&json, "nameservers", run->nameservers, run->nameserver_count);
	record_end(&json, "run");
}

void
record_summary(struct buf *out, const struct tally *tally, const struct run_end *end)
{
	struct json json;

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
	json_object_begin(&json, "cause");
	for (enum cause c = 0; c < CAUSE_COUNT; c++)
		if (tally->cause[c] > 0)
			json_number(&json, cause_name(c), (long long)tally->cause[c]);
	json_object_end(&json);
	record_counter(&json, "list", tally->lists);
	record_counter(&json, "mx_site", tally->sites);
	json_bool(&json, "interrupted", end->interrupted);
	json_text(&json, "stopped", run_stop_name(end->stop));
	if (end->nobody_answered)
		json_number(&json, "no_answer_on_port", end->port);
	json_number(&json, "under_way", (long long)end->under_way);
	json_number(&json, "not_begun", (long long)end->not_begun);
	json_number(&json, "ms", end->ms);
	record_end(&json, "summary");
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
    .exit = tally_exit};
