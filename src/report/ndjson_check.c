#include "report/ndjson_check.h"

#include "base/json.h"
#include "report/ndjson_fields.h"

static void
begin(struct json *json, struct buf *out, const char *evaluator, const char *result)
{
	record_begin(json, out, "check");
	json_cstring(json, "check", evaluator);
	json_cstring(json, "result", result);
}

void
record_check_spf(
    struct buf *out, const struct spf_query *query, const struct spf *spf, const struct spf *helo)
{
	struct json json;

	begin(&json, out, "spf", spf_result_name(spf->result));
	record_ip(&json, "ip", &query->ip);
	record_name(&json, "from", query->from != NULL ? query->from : "");
	record_name(&json, "helo", query->helo);
	record_spf_fields(&json, spf);
	if (helo != NULL) {
		json_object_begin(&json, "helo_identity");
		json_cstring(&json, "result", spf_result_name(helo->result));
		record_spf_fields(&json, helo);
		json_object_end(&json);
	}
	record_end(&json, "check");
}

void
record_check_spf_record(struct buf *out, const struct spf_lint *lint)
{
	struct json json;

	begin(&json, out, "spf", spf_lint_result_name(lint->result));
	record_name(&json, "domain", lint->domain);
	if (lint->found.text.len > 0)
		json_bytes(&json, "record", lint->found.text.at, lint->found.text.len);
	else
		json_none(&json, "record");
	json_number(&json, "lookups", lint->reach.lookups);
	json_number(&json, "void", lint->reach.voids);
	json_number(&json, "hidden", lint->reach.hidden);
	json_number(&json, "addresses", (long long)lint->reach.addresses4);
	record_source(&json, lint->found.server, lint->found.ttl);
	json_cstring(&json, "problem", lint->problem);
	record_notes(&json, &lint->warnings);
	record_end(&json, "check");
}

/* ---- dkim */

static void
write_signature(struct json *json, const struct dkim_verdict *verdict)
{
	const struct dkim_signature *signature = &verdict->signature;

	json_object_begin(json, NULL);
	record_signature_fields(json, verdict);
	json_cstring(json, "failed", dkim_step_name(verdict->failed));
	json_cstring(json, "algorithm", signature->algorithm);
	record_name(json, "identity", signature->identity);
	json_bool(json, "expired", verdict->expired);
	json_bool(json, "testing", verdict->key.state == DKIM_KEY_TESTING);
	json_number(json, "unsigned", (long long)verdict->unsigned_octets);
	record_notes(json, &verdict->warnings);
	if (verdict->key.name != NULL) {
		json_object_begin(json, "key");
		record_dkim_key_fields(json, &verdict->key);
		json_object_end(json);
	} else {
		json_none(json, "key");
	}
	json_object_end(json);
}

static void
write_seen(struct json *json, const struct received *seen)
{
	if (seen == NULL) {
		json_none(json, "received");
		return;
	}
	json_object_begin(json, "received");
	record_ip(json, "client", &seen->client);
	record_name(json, "helo", seen->helo);
	record_name(json, "ptr", seen->ptr);
	record_name(json, "by", seen->by);
	json_object_end(json);
}

void
record_check_dkim(
    struct buf *out, const char *file, const struct dkim *dkim, const struct received *seen)
{
	struct json json;

	begin(&json, out, "dkim", dkim_result_name(dkim->result));
	json_cstring(&json, "file", file);
	json_array_begin(&json, "signatures");
	for (size_t i = 0; i < dkim->count; i++)
		write_signature(&json, &dkim->signatures[i]);
	json_array_end(&json);
	json_number(&json, "total", (long long)dkim->total);
	json_cstring(&json, "problem", dkim->problem);
	write_seen(&json, seen);
	record_end(&json, "check");
}

const char *
check_dkim_key_result(const struct dkim_key *key, const struct dkim_pair *pair)
{
	return pair != NULL && dkim_key_usable(key) && !pair->matches
	           ? "mismatch"
	           : dkim_key_state_name(key->state);
}

void
record_check_dkim_key(struct buf *out, const struct dkim_key *key, const struct dkim_pair *pair)
{
	struct json json;

	begin(&json, out, "dkim", check_dkim_key_result(key, pair));
	record_dkim_key_fields(&json, key);
	if (pair != NULL) {
		json_object_begin(&json, "private");
		json_cstring(&json, "file", pair->file);
		json_cstring(&json, "key_type", dkim_type_name(pair->type));
		json_number(&json, "bits", pair->bits);
		json_bool(&json, "matches", pair->matches);
		json_cstring(&json, "record", pair->record);
		json_object_end(&json);
	}
	record_end(&json, "check");
}

/* Asked about a domain alone, the policy is all there is, and the reader must not take it for more.
 */
const char *
check_dmarc_note(const struct dmarc *dmarc)
{
	return dmarc->now.result != DMARC_PUBLISHED
	           ? NULL
	           : "no result of SPF or DKIM was given (--spf, --dkim): this is the policy as it "
	             "is "
	             "published, and what it asks for mail that neither speaks for; it is no "
	             "verdict on yours";
}

void
record_check_dmarc(struct buf *out, const struct dmarc *dmarc)
{
	struct json json;

	begin(&json, out, "dmarc", dmarc_result_name(dmarc->now.result));
	record_dmarc_fields(&json, dmarc);
	json_cstring(&json, "note", check_dmarc_note(dmarc));
	record_end(&json, "check");
}

void
record_check_ptr(struct buf *out, const struct ptr *ptr)
{
	struct json json;

	begin(&json, out, "ptr", ptr_fcrdns_word(ptr));
	record_ip(&json, "ip", &ptr->ip);
	json_cstring(&json, "fcrdns", ptr_fcrdns_word(ptr));
	record_ptr_fields(&json, ptr);
	record_end(&json, "check");
}

void
record_check_listing(struct buf *out, const struct listing *listing)
{
	struct json json;

	begin(&json, out, "dnsbl", list_state_name(listing->state));
	json_cstring(&json, "kind", list_kind_name(listing->list->kind));
	json_text(&json, "policy", listing->list->policy);
	record_listing_fields(&json, listing);
	record_end(&json, "check");
}

const char *
check_mx_result(const struct route *route)
{
	return route->kind == ROUTE_MX || route->kind == ROUTE_IMPLICIT
	           ? "ok"
	           : route_kind_name(route->kind);
}

void
record_check_mx(struct buf *out, const struct route *route)
{
	struct json json;

	begin(&json, out, "mx", check_mx_result(route));
	record_name(&json, "domain", route->domain);
	record_name(&json, "canonical", route->canonical);
	json_cstring(&json, "kind", route_kind_name(route->kind));
	json_bool(&json, "authentic", route->authentic);
	record_source(&json, route->server, route->ttl);
	record_route_hosts(&json, route);
	json_cstring(&json, "problem", route->problem);
	record_end(&json, "check");
}
