#include "report/ndjson.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/json.h"
#include "judge/advice.h"
#include "report/ndjson_fields.h"
#include "report/sink.h"

enum { REPLY_KEPT = 4096 }; /* octets of a reply that did not decide */

enum extent { /* how much of a result is written */
	EXTENT_WHOLE,
	EXTENT_ATTEMPTS, /* without transcripts */
	EXTENT_DECISIVE, /* and of the attempts only that which decided */
};

static void
write_time(struct json *json, const char *key, int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	char text[80];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(ms % 1000));
	json_cstring(json, key, text);
}

void
record_run(struct buf *out, const struct run_facts *run)
{
	struct json json;

	record_begin(&json, out, "run");
	json_cstring(&json, "version", run->version);
	write_time(&json, "started", run->started);
	json_strings(&json, "options", run->options, run->option_count);
	json_strings(&json, "nameservers", run->nameservers, run->nameserver_count);
	record_end(&json, "run");
}

static void
write_helo(struct json *json, const struct sender *sender)
{
	const struct sender_helo *helo = &sender->helo_facts;

	json_object_begin(json, "helo_name");
	json_bool(json, "valid", helo->valid);
	json_bool(json, "literal", helo->literal);
	json_cstring(json, "resolves", record_truth(helo->resolves));
	json_cstring(json, "leads_back", record_truth(helo->leads_back));
	json_cstring(json, "is_ptr", record_truth(helo->is_ptr));
	record_source(json, helo->server, helo->ttl);
	json_object_end(json);
}

static void
write_domain(struct json *json, const char *role, const struct sender_domain *domain)
{
	if (domain->name == NULL)
		return;
	json_object_begin(json, NULL);
	json_cstring(json, "role", role);
	record_name(json, "domain", domain->name);
	json_cstring(json, "route", domain->known ? route_kind_name(domain->route.kind) : NULL);
	json_text(json, "problem", domain->known ? domain->route.problem : NULL);
	record_source(json, domain->known ? domain->route.server : NULL, domain->route.ttl);
	json_cstring(json, "soa", record_truth(domain->soa));
	json_text(json, "zone", domain->zone);
	json_object_end(json);
}

static void
write_domains(struct json *json, const struct sender *sender)
{
	json_array_begin(json, "domains");
	write_domain(json, "mail-from", &sender->from_domain);
	write_domain(json, "from", &sender->author_domain);
	json_array_end(json);
}

static void
write_spf(struct json *json, const char *key, const struct spf *spf, bool known)
{
	if (!known) {
		json_none(json, key);
		return;
	}
	json_object_begin(json, key);
	json_cstring(json, "result", spf_result_name(spf->result));
	record_spf_fields(json, spf);
	json_object_end(json);
}

static void
write_key(struct json *json, const struct sender_key *key)
{
	json_object_begin(json, NULL);
	json_cstring(json, "selector", key->selector);
	record_name(json, "domain", key->domain);
	json_cstring(
	    json, "state", dkim_key_state_name(key->known ? key->key.state : DKIM_KEY_UNKNOWN));
	json_cstring(json, "type", key->key.typed ? dkim_type_name(key->key.type) : NULL);
	json_number(json, "bits", key->key.bits);
	json_cstring(json, "matches", record_truth(key->matches));
	json_bytes(
	    json, "record", key->key.record != NULL ? key->key.record : "", key->key.record_len);
	json_text(json, "problem", key->key.problem);
	record_source(json, key->key.server, key->key.ttl);
	json_object_end(json);
}

/* null: nothing is known of the mail. */
static void
write_dkim(struct json *json, const struct sender *sender)
{
	if (!sender->mail_known) {
		json_none(json, "dkim");
		return;
	}
	json_object_begin(json, "dkim");
	json_array_begin(json, "keys");
	for (size_t i = 0; i < sender->key_count; i++)
		write_key(json, &sender->keys[i]);
	json_array_end(json);
	json_array_begin(json, "signatures");
	for (size_t i = 0; sender->dkim_known && i < sender->dkim.count; i++) {
		json_object_begin(json, NULL);
		record_signature_fields(json, &sender->dkim.signatures[i]);
		json_object_end(json);
	}
	json_array_end(json);
	json_object_end(json);
}

static void
write_dmarc(struct json *json, const struct sender *sender)
{
	if (!sender->dmarc_known) {
		json_none(json, "dmarc");
		return;
	}
	json_object_begin(json, "dmarc");
	json_cstring(json, "result", dmarc_result_name(sender->dmarc.now.result));
	record_dmarc_fields(json, &sender->dmarc);
	json_object_end(json);
}

void
record_sender(struct buf *out, const struct sender *sender, enum helo_origin origin)
{
	struct json json;

	record_begin(&json, out, "sender");
	record_ip(&json, "ip", &sender->ip);
	record_name(&json, "helo", sender->helo);
	json_cstring(&json, "helo_origin", helo_origin_name(origin));
	record_name(&json, "from", sender->from);
	json_bool(&json, "complete", sender->complete);
	json_object_begin(&json, "ptr");
	record_ptr_fields(&json, &sender->ptr);
	json_object_end(&json);
	json_cstring(&json, "fcrdns", ptr_fcrdns_word(&sender->ptr));
	json_array_begin(&json, "dnsbl");
	for (size_t i = 0; i < sender->listing_count; i++) {
		json_object_begin(&json, NULL);
		record_listing_fields(&json, &sender->listings[i]);
		json_object_end(&json);
	}
	json_array_end(&json);
	write_helo(&json, sender);
	write_domains(&json, sender);
	write_spf(&json, "spf", &sender->spf, sender->spf_known);
	write_spf(&json, "spf_helo", &sender->helo_spf, sender->helo_spf_known);
	write_dkim(&json, sender);
	write_dmarc(&json, sender);
	record_end(&json, "sender");
}

void
record_finding(struct buf *out, const struct sender *sender, const struct advice *advice)
{
	struct json json;

	record_begin(&json, out, "finding");
	json_object_begin(&json, "sender");
	record_ip(&json, "ip", &sender->ip);
	record_name(&json, "helo", sender->helo);
	record_name(&json, "from", sender->from);
	json_object_end(&json);
	json_cstring(&json, "id", advice->id);
	json_cstring(&json, "topic", advice->topic);
	json_cstring(&json, "severity", severity_name(advice->severity));
	json_cstring(&json, "what", advice->what);
	json_cstring(&json, "evidence", advice->evidence);
	json_cstring(&json, "refused_by", advice->refused_by);
	json_cstring(&json, "who", who_name(advice->who));
	json_cstring(&json, "advice", advice->advice);
	json_array_begin(&json, "records");
	for (size_t i = 0; i < ADVICE_RECORDS; i++)
		if (advice->records[i] != NULL)
			json_cstring(&json, NULL, advice->records[i]);
	json_array_end(&json);
	json_cstring(&json, "url", advice->url);
	record_end(&json, "finding");
}

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
write_tls(struct json *json, const struct attempt *attempt)
{
	const struct tls_facts *tls = &attempt->tls;

	json_object_begin(json, "tls");
	json_bool(json, "offered", attempt->tls_offered);
	json_bool(json, "done", attempt->tls_done);
	json_text(json, "version", tls->version);
	json_text(json, "cipher", tls->cipher);
	json_text(json, "verify", tls->verify);
	json_text(json, "problem", tls->problem);
	json_text(json, "subject", tls->subject);
	json_text(json, "issuer", tls->issuer);
	if (tls->name_count > 0)
		record_names(json, "names", tls->names, tls->name_count);
	json_text(json, "not_before", tls->not_before);
	json_text(json, "not_after", tls->not_after);
	json_text(json, "sha256", tls->sha256);
	json_text(json, "error", tls->error);
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
write_attempt(struct json *json, const struct attempt *attempt, enum extent extent)
{
	json_object_begin(json, NULL);
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
	write_tls(json, attempt);
	if (extent == EXTENT_WHOLE)
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
write_also(struct json *json, const struct also *also, size_t count)
{
	json_array_begin(json, "also");
	for (size_t i = 0; i < count; i++) {
		json_object_begin(json, NULL);
		json_cstring(json, "cause", cause_name(also[i].cause));
		json_cstring(json, "rule", also[i].rule);
		json_object_end(json);
	}
	json_array_end(json);
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
	write_also(json, d->also, d->also_count);
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
			write_attempt(json, &journey->attempts[i], extent);
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
	record_name(json, "domain", journey->target.domain);
	record_name(json, "rcpt", journey->target.rcpt);
	record_ip(json, "source",
	    decisive != NULL && decisive->source.family != 0 ? &decisive->source
	                                                     : &journey->source);
	write_identity(json, journey);
	write_route(json, journey);
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
	write_time(json, "started", journey->started);
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

static void
write_counter(struct json *json, const char *key, struct counter *counter)
{
	const struct count *names;
	size_t n = counter_list(counter, &names);

	json_object_begin(json, key);
	for (size_t i = 0; i < n; i++)
		json_number(json, names[i].name, (long long)names[i].count);
	json_object_end(json);
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
	write_counter(&json, "list", tally->lists);
	write_counter(&json, "mx_site", tally->sites);
	json_bool(&json, "interrupted", end->interrupted);
	json_text(&json, "stopped", run_stop_name(end->stop));
	if (end->nobody_answered)
		json_number(&json, "no_answer_on_port", end->port);
	json_number(&json, "under_way", (long long)end->under_way);
	json_number(&json, "not_begun", (long long)end->not_begun);
	json_number(&json, "ms", end->ms);
	record_end(&json, "summary");
}

static void
write_named_lists(struct json *json, const struct reading *reading)
{
	json_array_begin(json, "lists");
	for (size_t i = 0; i < reading->list_count; i++)
		json_cstring(json, NULL, reading->lists[i].name);
	json_array_end(json);
}

/* What the DNS had to say to it. */
static void
write_basis(struct json *json, const struct diagnosis *diagnosis)
{
	json_cstring(json, "basis", basis_name(diagnosis->basis));
	json_strings(json, "evidence", diagnosis->evidence, diagnosis->evidence_count);
}

void
record_explanation(struct buf *out, const struct explanation *explanation)
{
	const struct reading *reading = explanation->reading;
	const struct diagnosis *diagnosis = explanation->diagnosis;
	struct json json;

	record_begin(&json, out, "explanation");
	json_text(&json, "id", explanation->id);
	json_text(&json, "stage",
	    explanation->stage != STAGE_NONE ? stage_name(explanation->stage) : NULL);
	json_text(&json, "said_by", explanation->said_by);
	json_cstring(&json, "direction", explanation->inbound ? "inbound" : "outbound");
	record_name_if(&json, "recipient", explanation->recipient);
	record_name_if(&json, "recipient_domain", explanation->recipient_domain);
	record_name_if(&json, "relay", explanation->relay);
	json_text(&json, "relay_ip", explanation->relay_ip);
	json_text(&json, "queue_id", explanation->queue_id);
	json_text(&json, "time", explanation->time);
	json_text(&json, "file", explanation->file);
	if (explanation->line > 0)
		json_number(&json, "line", (long long)explanation->line);
	json_number(&json, "code", reading->code);
	json_cstring(&json, "enhanced", reading->enhanced);
	json_text(&json, "enhanced_note", reading->enhanced_note);
	json_bytes(&json, "text", explanation->text, explanation->len);
	json_cstring(&json, "cause", cause_name(explained_cause(explanation)));
	if (diagnosis != NULL)
		write_basis(&json, diagnosis);
	json_cstring(&json, "rule", reading->rule);
	json_text(&json, "rival", reading->rival);
	json_cstring(&json, "matched", reading->matched);
	json_cstring(&json, "list", diagnosis != NULL ? diagnosis->list : reading->list);
	write_named_lists(&json, reading);
	json_cstring(&json, "what", listed_what_name(reading->what));
	record_name(&json, "listed", reading->listed);
	json_cstring(&json, "provider", reading->provider);
	json_text(&json, "reference", reading->reference);
	json_text(&json, "contact", reading->contact);
	record_ip(&json, "client", &reading->client);
	json_cstring(&json, "url", diagnosis != NULL ? diagnosis->url : explanation->counsel->url);
	json_cstring(
	    &json, "who", who_name(diagnosis != NULL ? diagnosis->who : explanation->counsel->who));
	json_cstring(
	    &json, "advice", diagnosis != NULL ? diagnosis->advice : explanation->counsel->advice);
	if (diagnosis != NULL)
		write_also(&json, diagnosis->also, diagnosis->also_count);
	else
		write_also(&json, reading->also, reading->also_count);
	record_end(&json, "explanation");
}

static void
write_passed(struct json *json, const struct explained *explained)
{
	static const char *const keys[PASSED_COUNT] = {[PASSED_SILENT] = "silent_lines",
	    [PASSED_UNKNOWN] = "unknown_lines",
	    [PASSED_TOO_LONG] = "long_lines",
	    [PASSED_OBJECT] = "silent_objects",
	    [PASSED_BROKEN] = "broken_json",
	    [PASSED_MAIL] = "silent_mails"};
	unsigned long all = 0;

	for (unsigned i = 0; i < PASSED_COUNT; i++)
		all += i == PASSED_TOO_LONG ? 0 : explained->passed[i];
	json_number(json, "passed_over", (long long)all);
	json_number(json, "too_long", (long long)explained->passed[PASSED_TOO_LONG]);
	json_object_begin(json, "passed");
	for (unsigned i = 0; i < PASSED_COUNT; i++)
		if (explained->passed[i] > 0)
			json_number(json, keys[i], (long long)explained->passed[i]);
	json_object_end(json);
}

static void
write_remedies(struct json *json, const struct explained *explained)
{
	json_array_begin(json, "remedies");
	for (size_t i = 0; i < explained->remedy_count; i++) {
		const struct explained_remedy *remedy = &explained->remedies[i];

		json_object_begin(json, NULL);
		json_cstring(json, "cause", cause_name(remedy->cause));
		json_number(json, "count", (long long)explained->cause[remedy->cause]);
		json_cstring(json, "who", who_name(remedy->counsel.who));
		json_cstring(json, "advice", remedy->counsel.advice);
		json_object_end(json);
	}
	json_array_end(json);
}

void
record_explained(struct buf *out, struct explained *explained)
{
	enum cause causes[CAUSE_COUNT];
	size_t n = explained_causes(explained, causes);
	struct buf sentence;
	struct json json;

	buf_init(&sentence, 4096);
	explained_sentence(explained, &sentence);
	record_begin(&json, out, "summary");
	json_number(&json, "explained", (long long)explained->replies);
	json_number(&json, "deferred", (long long)explained->deferred);
	json_number(&json, "inbound", (long long)explained->inbound);
	json_number(&json, "sent_later", (long long)explained->sent_later);
	write_passed(&json, explained);
	json_text(&json, "first", explained->first);
	json_text(&json, "last", explained->last);
	json_cstring(&json, "sentence", sentence.data);
	json_object_begin(&json, "cause");
	for (size_t i = 0; i < n; i++)
		json_number(&json, cause_name(causes[i]), (long long)explained->cause[causes[i]]);
	json_object_end(&json);
	write_counter(&json, "list", explained->lists);
	write_counter(&json, "provider", explained->providers);
	write_counter(&json, "domain", explained->domains);
	write_remedies(&json, explained);
	record_end(&json, "summary");
	buf_release(&sentence);
}

void
record_rule(struct buf *out, const struct rule_view *rule)
{
	struct json json;

	record_begin(&json, out, "rule");
	json_cstring(&json, "id", rule->id);
	json_cstring(&json, "cause", rule->cause);
	json_text(&json, "stage", rule->stage);
	json_text(&json, "provider", rule->provider);
	json_text(&json, "list", rule->list);
	json_text(&json, "pattern", rule->pattern);
	json_strings(&json, "examples", rule->examples, rule->example_count);
	json_cstring(&json, "who", rule->who);
	json_text(&json, "advice", rule->advice);
	json_text(&json, "url", rule->url);
	record_end(&json, "rule");
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
