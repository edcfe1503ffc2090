#include "report/ndjson_tls.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "journey.h"
#include "report/ndjson_fields.h"

enum { RECORDS_KEPT = 32, RECORD_TEXT = 1024 }; /* of TLSA, in one attempt; characters of each */

static void
write_certificate(struct json *json, const struct tls_certificate *certificate)
{
	json_object_begin(json, NULL);
	json_text(json, "subject", certificate->subject);
	json_text(json, "issuer", certificate->issuer);
	json_text(json, "serial", certificate->serial);
	json_text(json, "not_before", certificate->not_before);
	json_text(json, "not_after", certificate->not_after);
	json_text(json, "key", certificate->key);
	json_text(json, "signature", certificate->signature);
	json_text(json, "sha256", certificate->sha256);
	json_text(json, "spki_sha256", certificate->spki_sha256);
	if (certificate->ca)
		json_bool(json, "ca", true);
	if (certificate->self_signed)
		json_bool(json, "self_signed", true);
	json_object_end(json);
}

static void
write_faults(struct json *json, const struct tls_facts *tls)
{
	if (tls->fault_count == 0)
		return;
	json_array_begin(json, "faults");
	for (size_t i = 0; i < tls->fault_count; i++) {
		json_object_begin(json, NULL);
		json_cstring(json, "result_type", tls->faults[i].word);
		json_cstring(json, "reason", tls->faults[i].reason);
		json_text(json, "words", tls->faults[i].words);
		json_number(json, "depth", tls->faults[i].depth);
		json_object_end(json);
	}
	json_array_end(json);
}

static void
write_flag(struct json *json, const char *key, bool flag)
{
	if (flag)
		json_bool(json, key, true);
}

static void
write_chain(struct json *json, const struct tls_facts *tls)
{
	if (tls->chain_count == 0)
		return;
	json_array_begin(json, "chain");
	for (size_t i = 0; i < tls->chain_count; i++)
		write_certificate(json, &tls->chain[i]);
	json_array_end(json);
	json_number(json, "chain_sent", (long long)tls->chain_sent);
	write_flag(json, "disordered", tls->disordered);
	write_flag(json, "root_sent", tls->root_sent);
	write_flag(json, "issuer_missing", tls->issuer_missing);
}

static void
write_life(struct json *json, const struct tls_facts *tls)
{
	if (tls->not_after == NULL)
		return;
	json_number(json, "lifetime", tls->lifetime);
	json_number(json, "remaining", tls->remaining);
	if (tls->lifetime > 0)
		json_number(json, "remaining_percent",
		    tls->remaining > 0 ? tls->remaining * 100 / tls->lifetime : 0);
}

void
record_tls(struct json *json, const struct attempt *attempt)
{
	const struct tls_facts *tls = attempt_tls(attempt);

	json_object_begin(json, "tls");
	json_bool(json, "offered", attempt->tls_offered);
	json_bool(json, "done", attempt->tls_done);
	json_text(json, "version", tls->version);
	json_text(json, "cipher", tls->cipher);
	json_text(json, "group", tls->group);
	write_flag(json, "hybrid", tls->hybrid);
	json_text(json, "sigalg", tls->sigalg);
	write_flag(json, "resumed", tls->resumed);
	write_flag(json, "handshake_size", tls->small);
	json_text(json, "verify", tls->verify);
	json_text(json, "problem", tls->problem);
	write_faults(json, tls);
	json_text(json, "subject", tls->subject);
	json_text(json, "issuer", tls->issuer);
	if (tls->name_count > 0)
		record_names(json, "names", tls->names, tls->name_count);
	if (tls->name_total > tls->name_count)
		json_number(json, "name_total", (long long)tls->name_total);
	write_flag(json, "wildcard", tls->wildcard);
	json_text(json, "usages", tls->usages);
	json_text(json, "not_before", tls->not_before);
	json_text(json, "not_after", tls->not_after);
	write_life(json, tls);
	json_text(json, "sha256", tls->sha256);
	write_chain(json, tls);
	json_text(json, "error", tls->error);
	json_object_end(json);
}

/* ---- DANE */

static void
write_published(struct json *json, const struct dane_published *published)
{
	char form[16];

	json_cstring(json, "is", published_name(published->what));
	if (published->subject == NULL)
		return;
	json_number(json, "depth", (long long)published->depth);
	json_text(json, "subject", published->subject);
	if (published->what > PUBLISHED_UNSENT)
		return;
	snprintf(form, sizeof form, "%u %u %u", published->usage, published->selector,
	    published->matching);
	json_cstring(json, "as", form);
}

static void
write_record(struct json *json, const struct dane_record *record,
    const struct dane_published *published, struct arena *scratch)
{
	const char *text = dane_record_text(record, scratch);
	size_t len = strlen(text);

	json_object_begin(json, NULL);
	json_bytes(json, "record", text, len < RECORD_TEXT ? len : RECORD_TEXT);
	write_flag(json, "cut", len > RECORD_TEXT);
	json_bool(json, "usable", record->fault == NULL);
	json_text(json, "problem", record->fault);
	write_flag(json, "outranked", record->outranked);
	if (published != NULL)
		write_published(json, published);
	json_object_end(json);
}

static void
write_records(struct json *json, const struct dane *dane, const struct dane_met *met)
{
	struct arena *scratch;

	if (dane->record_count == 0)
		return;
	scratch = arena_new();
	json_number(json, "ttl", dane->ttl);
	json_number(json, "record_total", (long long)dane->record_total);
	if (dane->unseen > 0)
		json_number(json, "unseen", (long long)dane->unseen);
	json_array_begin(json, "records");
	for (size_t i = 0; i < dane->record_count && i < RECORDS_KEPT; i++)
		write_record(json, &dane->records[i],
		    met->published != NULL ? &met->published[i] : NULL, scratch);
	json_array_end(json);
	arena_free(scratch);
}

static void
write_met(struct json *json, const struct dane *dane, const struct dane_met *met)
{
	if (met->tried)
		json_bool(json, "matches", met->matches);
	if (met->matches && met->record < dane->record_count) {
		if (met->record < RECORDS_KEPT)
			json_number(json, "matched", (long long)met->record);
		json_number(json, "depth", met->depth);
		json_text(json, "name", met->name);
	}
	json_text(json, "reason", met->reason);
	json_text(json, "words", met->words);
	if (met->now == NULL)
		return;
	json_array_begin(json, "tlsa_now");
	json_cstring(json, NULL, met->now);
	if (met->now_issuer != NULL)
		json_cstring(json, NULL, met->now_issuer);
	json_array_end(json);
}

static void
write_effects(struct json *json, const struct attempt *attempt)
{
	struct dane_meeting meeting = attempt_meeting(attempt);
	const char *word;
	enum dane_effect effect = dane_sender(&meeting, &word);

	json_cstring(json, "opportunistic", dane_effect_name(dane_opportunistic(&meeting)));
	json_cstring(json, "sender", dane_effect_name(effect));
	json_text(json, "result_type", word);
}

void
record_dane(struct json *json, const struct attempt *attempt)
{
	const struct dane *dane = attempt->dane;

	if (dane == NULL || dane->state == DANE_UNASKED)
		return;
	json_object_begin(json, "dane");
	json_cstring(json, "state", dane_state_name(dane->state));
	if (dane->host != dane->state)
		json_cstring(json, "host", dane_state_name(dane->host));
	json_text(json, "why", dane->why);
	write_flag(json, "unanswered", dane->unanswered);
	record_name_if(json, "base", dane->base);
	if (dane->name_count > 0)
		record_names(json, "names", (const char *const *)dane->names, dane->name_count);
	write_records(json, dane, attempt_met(attempt));
	write_met(json, dane, attempt_met(attempt));
	write_effects(json, attempt);
	json_object_end(json);
	json_text(json, "policy", attempt->policy);
}

void
record_requiretls(
    struct json *json, const struct attempt *attempt, const struct mta_sts *sts, bool fixed)
{
	const char *why = attempt_requiretls(attempt, sts, fixed);

	if (!attempt->tls_done)
		return;
	json_object_begin(json, "requiretls");
	json_bool(json, "offered", attempt->ehlo.requiretls);
	json_bool(json, "possible", why == NULL);
	json_text(json, "why", why);
	json_object_end(json);
}
