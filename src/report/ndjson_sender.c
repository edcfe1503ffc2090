/* The records of a sender, and of what is found about it. */
#include "base/json.h"
#include "judge/advice.h"
#include "report/ndjson.h"
#include "report/ndjson_fields.h"

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
		json_cstring(&json, "kind", list_kind_name(sender->listings[i].list->kind));
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
	record_advice_fields(&json, advice);
	record_end(&json, "finding");
}
