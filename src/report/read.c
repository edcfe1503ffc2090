#include "report/read.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "report/ndjson.h"
#include "report/read_value.h"

enum { SCHEMA = 1, MEMBERS_MAX = 64 }; /* more members than any record of ours has */

struct records {
	record_taken *taken;
	void *arg;
	bool scanning;
	struct json_member found[MEMBERS_MAX];
	struct buf line; /* that is not whole yet */
	bool skipping; /* the rest of a line that is too long */
	struct arena *arena; /* of one record */
	struct records_read read;
	unsigned long long passed; /* octets that were fed before the line that is under way */
};

const char *
record_type_name(enum record_type type)
{
	static const char *const names[RECORD_TYPE_COUNT] = {[RECORD_RUN] = "run",
	    [RECORD_SENDER] = "sender",
	    [RECORD_RESULT] = "result",
	    [RECORD_SUMMARY] = "summary",
	    [RECORD_EXPLAINED] = "summary",
	    [RECORD_EXPLANATION] = "explanation",
	    [RECORD_CHECK] = "check",
	    [RECORD_PREFLIGHT] = "preflight",
	    [RECORD_FINDING] = "finding",
	    [RECORD_RULE] = "rule"};

	return names[type];
}

static bool
find_type(struct slice word, enum record_type *type)
{
	for (*type = 0; *type < RECORD_TYPE_COUNT; ++*type)
		if (slice_same(word, record_type_name(*type)))
			return true;
	return false;
}

static enum run_stop
read_stop(const json_t *members)
{
	const char *word = read_word(members, "stopped");

	for (enum run_stop stop = RUN_WENT_ON; word != NULL && stop < RUN_STOP_COUNT; stop++)
		if (run_stop_name(stop) != NULL && strcmp(run_stop_name(stop), word) == 0)
			return stop;
	return RUN_WENT_ON;
}

static void
read_summary(const json_t *members, struct record_summary *summary)
{
	const json_t *statuses = json_object_get(members, "status"),
	             *causes = json_object_get(members, "cause"),
	             *asked = json_object_get(members, "asked");

	summary->targets = read_number(members, "targets");
	summary->served = read_number(members, "served");
	for (enum walk_status s = 0; s < WALK_COUNT; s++)
		summary->status[s] = read_number(statuses, walk_status_name(s));
	for (enum stage s = STAGE_CONNECT; s < STAGE_COUNT; s++)
		if (s != STAGE_HELO) /* it goes by the name of EHLO */
			summary->asked[s] = read_number(asked, stage_name(s));
	for (enum cause c = 0; c < CAUSE_COUNT; c++)
		summary->cause[c] = read_number(causes, cause_name(c));
	summary->end = (struct run_end){.ms = (int64_t)read_number(members, "ms"),
	    .interrupted = json_is_true(json_object_get(members, "interrupted")),
	    .bad_input = read_number(members, "bad_input"),
	    .stop = read_stop(members),
	    .nobody_answered = json_object_get(members, "no_answer_on_port") != NULL,
	    .port = (unsigned)read_number(members, "no_answer_on_port"),
	    .under_way = read_number(members, "under_way"),
	    .not_begun = read_number(members, "not_begun")};
}

static void
take(struct records *records, json_t *members)
{
	struct record record = {.members = members,
	    .schema = (unsigned)read_number(members, "schema"),
	    .cut = json_is_true(json_object_get(members, "cut"))};

	if (read_word(members, "type") == NULL || record.schema == 0) {
		records->read.foreign++;
		return;
	}
	if (!find_type(slice_of(read_word(members, "type")), &record.type)) {
		records->read.unknown++;
		return;
	}
	if (record.type == RECORD_SUMMARY && json_object_get(members, "explained") != NULL)
		record.type = RECORD_EXPLAINED;
	if (record.schema > SCHEMA)
		records->read.later++;
	if (record.type == RECORD_RUN)
		read_run(members, records->arena, &record.run);
	if (record.type == RECORD_RESULT)
		read_result(members, records->arena, &record.result);
	if (record.type == RECORD_SUMMARY)
		read_summary(members, &record.summary);
	records->read.records++;
	records->taken(&record, records->arg);
	arena_reset(records->arena);
}

static bool
is_blank_line(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
			return false;
	return true;
}

/* False: it is nothing that is only looked through. */
static bool
scan_line(struct records *records, struct slice line)
{
	struct json_scan scan = json_scan_begin(line);
	struct record record = {.found = records->found};
	struct slice type = {NULL, 0};
	long long schema = 0;

	while (record.found_count < MEMBERS_MAX &&
	       json_scan_next(&scan, &records->found[record.found_count])) {
		const struct json_member *member = &records->found[record.found_count++];

		if (slice_same(member->key, "type"))
			type = json_scan_string(member->value, records->arena);
		else if (slice_same(member->key, "schema"))
			json_scan_number(member->value, &schema);
	}
	if (scan.bad || scan.at < scan.end || schema < 1 || !find_type(type, &record.type) ||
	    (record.type != RECORD_RESULT && record.type != RECORD_EXPLANATION))
		return false;
	record.schema = (unsigned)schema;
	records->read.later += schema > SCHEMA;
	records->read.records++;
	records->taken(&record, records->arg);
	arena_reset(records->arena);
	return true;
}

/* A line without its end. False: it is no JSON. */
static bool
take_line(struct records *records, const char *line, size_t len)
{
	json_t *members;

	if (is_blank_line(line, len)) {
		records->read.empty++;
		return true;
	}
	if (records->scanning && scan_line(records, (struct slice){line, len}))
		return true;
	members = json_loadb(line, len, JSON_ALLOW_NUL, NULL);
	if (members == NULL)
		return false;
	take(records, members);
	json_decref(members);
	return true;
}

struct records *
records_new(record_taken *taken, void *arg)
{
	struct records *records = must_alloc(sizeof *records);

	records->taken = taken;
	records->arg = arg;
	records->arena = arena_new();
	buf_init(&records->line, RECORD_MAX);
	return records;
}

struct records *
records_new_scanning(record_taken *taken, void *arg)
{
	struct records *records = records_new(taken, arg);

	records->scanning = true;
	return records;
}

void
records_free(struct records *records)
{
	if (records == NULL)
		return;
	buf_release(&records->line);
	arena_free(records->arena);
	free(records);
}

static void
end_line(struct records *records, struct slice line)
{
	if (records->skipping)
		records->read.too_long++;
	else if (!take_line(records, line.at, line.len))
		records->read.foreign++;
	records->skipping = false;
	records->read.good = records->passed;
	buf_clear(&records->line);
}

void
records_feed(struct records *records, const char *bytes, size_t len)
{
	while (len > 0) {
		const char *end = memchr(bytes, '\n', len);
		size_t piece = end != NULL ? (size_t)(end - bytes) : len;

		if (end != NULL && !records->skipping && records->line.len == 0) {
			records->passed += piece + 1;
			end_line(records, (struct slice){bytes, piece});
			bytes += piece + 1;
			len -= piece + 1;
			continue;
		}
		if (!records->skipping)
			buf_add(&records->line, bytes, piece);
		if (records->line.full) {
			records->skipping = true;
			buf_clear(&records->line);
		}
		piece += end != NULL;
		records->passed += piece;
		bytes += piece;
		len -= piece;
		if (end != NULL)
			end_line(records, (struct slice){records->line.data, records->line.len});
	}
}

/* What has no line end may be whole all the same: then it only lacks that. */
const struct records_read *
records_end(struct records *records)
{
	unsigned long before = records->read.records;

	if (records->skipping || records->line.len > 0) {
		records->read.torn =
		    records->skipping || !take_line(records, records->line.data, records->line.len);
		if (records->read.records > before)
			records->read.good = records->passed;
		buf_clear(&records->line);
		records->skipping = false;
	}
	return &records->read;
}

/* ---- words */

const char *
record_word(const struct record *record, const char *name)
{
	return read_word(record->members, name);
}

long long
record_number(const struct record *record, const char *name, long long otherwise)
{
	const json_t *number = json_object_get(record->members, name);

	return json_is_integer(number) ? json_integer_value(number) : otherwise;
}

static void
say(struct buf *out, unsigned long number, const char *what)
{
	if (number > 0)
		buf_printf(out, "%s%lu line%s %s", out->len > 0 ? "; " : "", number,
		    number == 1 ? "" : "s", what);
}

void
records_words(struct buf *out, const struct records_read *read)
{
	say(out, read->foreign, "of another program or cut off, passed over");
	say(out, read->unknown, "of a type that this version does not know, passed over");
	say(out, read->too_long, "too long to be a record, passed over");
	say(out, read->later, "of a later version, of which what is known here was taken");
	if (read->torn)
		buf_printf(
		    out, "%sthe last line is torn off, passed over", out->len > 0 ? "; " : "");
}

/* ---- written again */

static void
put(struct json *json, const char *key, json_t *value)
{
	json_t *member;
	const char *name;

	switch (json_typeof(value)) {
	case JSON_OBJECT:
		json_object_begin(json, key);
		json_object_foreach(value, name, member) put(json, name, member);
		json_object_end(json);
		break;
	case JSON_ARRAY:
		json_array_begin(json, key);
		for (size_t i = 0; i < json_array_size(value); i++)
			put(json, NULL, json_array_get(value, i));
		json_array_end(json);
		break;
	case JSON_STRING:
		json_bytes(json, key, json_string_value(value), json_string_length(value));
		break;
	case JSON_INTEGER:
		json_number(json, key, json_integer_value(value));
		break;
	case JSON_REAL: /* none of our records has one */
		json_number(json, key, (long long)json_real_value(value));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		json_bool(json, key, json_is_true(value));
		break;
	case JSON_NULL:
		json_none(json, key);
		break;
	}
}

void
record_again(struct buf *out, const struct record *record)
{
	struct json json;

	if (record->type == RECORD_RUN && !record->cut) {
		record_run(out, &record->run);
	} else if (record->type == RECORD_RESULT && !record->cut) {
		record_result(out, &record->result);
	} else {
		json_start(&json, out);
		put(&json, NULL, record->members);
		buf_putc(out, '\n');
	}
}
