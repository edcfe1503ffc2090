/* The record of a result. */
#include "base/buf.h"
#include "base/json.h"
#include "report/ndjson.h"
#include "report/ndjson_fields.h"
#include "report/ndjson_tls.h"
#include "report/ndjson_tls_policy.h"

enum { REPLY_KEPT = 4096 }; /* octets of a reply that did not decide */

enum extent { /* how much of a result is written */
	EXTENT_WHOLE,
	EXTENT_ATTEMPTS, /* without transcripts */
	EXTENT_DECISIVE, /* and of the attempts only that which decided */
};

/* Its lines, up to `max` octets of them. False: there are more. */
static bool
write_lines(struct json *json, const struct reply *reply, size_t max)
{
	bool whole = true;

	json_array_begin(json, "lines");
	for (size_t i = 0; i < reply->count && whole; i++) {
		size_t len = reply->lines[i].len;

		whole = len <= max;
		json_bytes(json, NULL, reply->lines[i].bytes, whole ? len : max);
		max -= whole ? len : max;
	}
	json_array_end(json);
	return whole;
}

static void
write_flags(struct json *json, unsigned flags)
{
	if (flags == 0)
		return;
	json_array_begin(json, "flags");
	for (size_t i = 0; i < RECORD_FLAGS; i++)
		if (flags & record_flags[i].flag)
			json_cstring(json, NULL, record_flags[i].word);
	json_array_end(json);
}

/* text: NULL where it is not told beside the lines. */
static void
write_reply_fields(struct json *json, const struct reply *reply, size_t max, const char *text)
{
	bool whole;

	json_number(json, "code", reply->code);
	json_cstring(json, "enhanced", reply->enhanced);
	whole = write_lines(json, reply, max);
	if (text != NULL)
		json_cstring(json, "text", text);
	write_flags(json, reply->flags | (whole ? 0 : REPLY_CUT));
}

/* A reply that did not decide. */
static void
write_other_reply(struct json *json, const char *key, const struct reply *reply)
{
	if (reply->count == 0) {
		json_none(json, key);
		return;
	}
	json_object_begin(json, key);
	write_reply_fields(json, reply, REPLY_KEPT, NULL);
	json_object_end(json);
}

/* That which decided: whole. */
static void
write_reply(struct json *json, const struct reply *reply)
{
	if (reply == NULL || reply->count == 0) {
		json_none(json, "reply");
		return;
	}
	json_object_begin(json, "reply");
	write_reply_fields(json, reply, REPLY_MAX, reply->text);
	json_object_end(json);
}

static void
write_transcript(struct json *json, const struct transcript *transcript)
{
	json_array_begin(json, "transcript");
	for (size_t i = 0; i < transcript->count; i++) {
		const struct transcript_entry *entry = &transcript->entries[i];

		json_object_begin(json, NULL);
		json_cstring(json, "stage", stage_name(entry->stage));
		json_cstring(json, "sent", entry->sent);
		write_reply_fields(json, &entry->reply, REPLY_KEPT, NULL);
		json_bool(json, "tls", entry->tls);
		json_number(json, "ms", entry->ms);
		json_object_end(json);
	}
	json_array_end(json);
}

static void
write_smuggling(struct json *json, const struct attempt *attempt)
{
	static const char *const taken[] = {[SMUGGLED_NOTHING] = "nothing",
	    [SMUGGLED_COMMANDS] = "commands",
	    [SMUGGLED_MESSAGE] = "message"};

	if (attempt->raw_eol == RAW_NONE)
		return;
	json_object_begin(json, "smuggling");
	json_cstring(json, "end", raw_eol_name(attempt->raw_eol));
	json_cstring(json, "taken", taken[attempt->smuggled]);
	json_object_end(json);
}

static void
write_attempt(struct json *json, const struct journey *journey, const struct attempt *attempt,
    enum extent extent)
{
	json_object_begin(json, NULL);
	if (strchr(attempt->mx, '/') != NULL) /* a socket's path */
		json_cstring(json, "mx", attempt->mx);
	else
		record_name(json, "mx", attempt->mx);
	json_number(json, "preference", attempt->preference);
	record_ip(json, "ip", &attempt->ip);
	json_number(json, "port", attempt->port);
	record_ip(json, "source", &attempt->source);
	json_cstring(json, "status", walk_status_name(attempt->status));
	json_cstring(json, "stage", stage_name(attempt->stage));
	if (attempt->ehlo.client.family != 0)
		record_ip(json, "seen", &attempt->ehlo.client);
	json_text(json, "ending", ending_name(attempt->ending));
	json_text(json, "detail", attempt->detail);
	write_other_reply(json, "greeting", &attempt->greeting);
	if (attempt->starttls.count > 0)
		write_other_reply(json, "starttls", &attempt->starttls);
	json_text(json, "message_id", attempt->message_id);
	if (attempt->uncertain)
		json_bool(json, "uncertain", true);
	record_sts_effect(json, attempt->sts, attempt->sts_word);
	record_tls(json, attempt);
	record_dane(json, attempt);
	record_requiretls(json, attempt, journey->sts, journey->fixed);
	if (attempt->haste > 0)
		json_number(json, "haste", attempt->haste);
	write_smuggling(json, attempt);
	if (attempt->pipeline_asked)
		json_bool(json, "pipelined", attempt->pipelined);
	if (attempt->transaction > 1)
		json_number(json, "transaction", attempt->transaction);
	json_text(json, "shared_from", attempt->shared_from);
	json_text(json, "shared_mx", attempt->shared_mx);
	if (attempt->shared_mx != NULL)
		record_ip(json, "shared_ip", &attempt->shared_ip);
	if (attempt->shared_from != NULL)
		json_text(json, "asked", stage_name(attempt->asked));
	else if (extent == EXTENT_WHOLE)
		write_transcript(json, &attempt->transcript);
	json_number(json, "ms", attempt->ms);
	json_object_end(json);
}

static void
write_route(struct json *json, const struct journey *journey)
{
	const struct route *route = &journey->route;

	if (journey->fixed) {
		json_none(json, "route");
		return;
	}
	json_object_begin(json, "route");
	json_cstring(json, "kind", route_kind_name(route->kind));
	record_name(json, "canonical", route->canonical);
	json_bool(json, "authentic", route->authentic);
	json_text(json, "problem", route->problem);
	record_route_hosts(json, route);
	json_object_end(json);
}

static void
write_diagnosis(struct json *json, const struct diagnosis *d)
{
	if (d == NULL) {
		json_none(json, "diagnosis");
		return;
	}
	json_object_begin(json, "diagnosis");
	json_cstring(json, "cause", cause_name(d->cause));
	json_cstring(json, "basis", basis_name(d->basis));
	json_cstring(json, "rule", d->rule);
	json_cstring(json, "list", d->list);
	record_name(json, "listed", d->listed);
	json_cstring(json, "provider", d->provider);
	json_cstring(json, "who", who_name(d->who));
	json_cstring(json, "advice", d->advice);
	json_cstring(json, "url", d->url);
	json_array_begin(json, "evidence");
	for (size_t i = 0; i < d->evidence_count; i++)
		json_cstring(json, NULL, d->evidence[i]);
	json_array_end(json);
	record_also(json, d->also, d->also_count);
	json_object_end(json);
}

/* Where no reply decided. */
static void
write_remedy(struct json *json, const struct journey *journey)
{
	if (journey->remedy.id == NULL)
		return;
	json_object_begin(json, "remedy");
	json_cstring(json, "id", journey->remedy.id);
	json_cstring(json, "what", journey->remedy.what);
	json_cstring(json, "who", who_name(journey->remedy.who));
	json_cstring(json, "advice", journey->remedy.advice);
	json_object_end(json);
}

/* A host that greeted with 5yz, where another one decides. */
static void
write_refusal(struct json *json, const struct journey *journey)
{
	const struct attempt *refusal = journey->refusal;

	if (refusal == NULL)
		return;
	json_object_begin(json, "refusal");
	record_name(json, "mx", refusal->mx);
	record_ip(json, "ip", &refusal->ip);
	write_reply(json, &refusal->reply);
	write_diagnosis(json, journey->refusal_diagnosis);
	json_object_end(json);
}

static void
write_attempts(struct json *json, const struct journey *journey, enum extent extent)
{
	json_array_begin(json, "attempts");
	for (size_t i = 0; i < journey->attempt_count; i++)
		if (extent != EXTENT_DECISIVE || &journey->attempts[i] == journey->decisive)
			write_attempt(json, journey, &journey->attempts[i], extent);
	json_array_end(json);
}

static void
write_identity(struct json *json, const struct journey *journey)
{
	if (journey->helo == NULL) {
		json_none(json, "sender");
		return;
	}
	json_object_begin(json, "sender");
	record_ip(json, "ip", &journey->sender_ip);
	record_name(json, "helo", journey->helo);
	record_name(json, "from", journey->from);
	json_object_end(json);
}

static void
write_asked(struct json *json, const struct journey *journey)
{
	enum stage not_asked[STAGE_COUNT];
	size_t count = journey_not_asked(journey, not_asked);

	json_cstring(json, "asked", stage_name(journey->asked));
	json_array_begin(json, "not_asked");
	for (size_t i = 0; i < count; i++)
		json_cstring(json, NULL, stage_name(not_asked[i]));
	json_array_end(json);
	json_text(
	    json, "message_id", journey->decisive != NULL ? journey->decisive->message_id : NULL);
	if (journey->uncertain)
		json_bool(json, "uncertain", true);
}

static void
write_result(struct json *json, const struct journey *journey, enum extent extent)
{
	const struct attempt *decisive = journey->decisive;

	json_cstring(json, "target", journey->target.text);
	if (journey->target.place > 0)
		json_number(json, "line", (long long)journey->target.place);
	record_name(json, "domain", journey->target.domain);
	record_name(json, "rcpt", journey->target.rcpt);
	record_ip(json, "source",
	    decisive != NULL && decisive->source.family != 0 ? &decisive->source
	                                                     : &journey->source);
	write_identity(json, journey);
	write_route(json, journey);
	record_sts(json, journey->sts);
	json_cstring(json, "status", walk_status_name(journey->status));
	json_cstring(json, "stage", stage_name(journey->stage));
	write_reply(json, decisive != NULL ? &decisive->reply : NULL);
	write_diagnosis(json, journey->diagnosed ? &journey->diagnosis : NULL);
	write_refusal(json, journey);
	write_remedy(json, journey);
	json_text(json, "note", journey->note);
	write_asked(json, journey);
	json_text(json, "site", journey->site);
	write_attempts(json, journey, extent);
	if (extent != EXTENT_WHOLE)
		json_bool(json, "cut", true);
	json_number(json, "untried", (long long)journey->untried);
	json_text(json, "served_by", journey->target.served_by);
	json_text(json, "shared_from", decisive != NULL ? decisive->shared_from : NULL);
	if (journey->again > 0)
		json_number(json, "again", journey->again);
	record_time(json, "started", journey->started);
	json_number(json, "ms", journey->ms);
}

/* One that is too long is written again with less. */
void
record_result(struct buf *out, const struct journey *journey)
{
	size_t start = out->len;
	struct json json;

	for (enum extent extent = EXTENT_WHOLE;; extent++) {
		record_begin(&json, out, "result");
		write_result(&json, journey, extent);
		if (!out->full || extent == EXTENT_DECISIVE)
			break;
		buf_cut(out, start);
	}
	record_end(&json, "result");
}
