#include "report/ndjson_fields.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/counter.h"
#include "base/json.h"
#include "base/slice.h"
#include "dns/name.h"
#include "judge/advice.h"
#include "rules/rules.h"
#include "smtp/reply.h"

const struct record_flag record_flags[RECORD_FLAGS] = {
    {REPLY_MIXED_CODES, "mixed-codes"},
    {REPLY_BARE_LF, "bare-lf"},
    {REPLY_LONG_LINE, "long-line"},
    {REPLY_NO_SPACE, "no-space"},
    {REPLY_NUL, "control-bytes"},
    {REPLY_UNFINISHED, "unfinished"},
    {REPLY_CUT, "cut"},
};

void
record_begin(struct json *json, struct buf *out, const char *type)
{
	json_start(json, out);
	json_object_begin(json, NULL);
	json_cstring(json, "type", type);
	json_number(json, "schema", 1);
}

static void
end_line(struct json *json)
{
	json_object_end(json);
	buf_putc(json->out, '\n');
}

void
record_end(struct json *json, const char *type)
{
	size_t start = json->start;

	end_line(json);
	if (!json->out->full)
		return;
	buf_cut(json->out, start);
	record_begin(json, json->out, type);
	json_bool(json, "cut", true);
	end_line(json);
	if (json->out->full) /* nor for that: what is there stays whole */
		buf_cut(json->out, start);
}

void
record_ip(struct json *json, const char *key, const struct ip *ip)
{
	char text[IP_TEXT];

	json_cstring(json, key, ip->family != 0 ? ip_text(ip, text) : NULL);
}

static bool
is_normal(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] >= 0x80 || (name[i] >= 'A' && name[i] <= 'Z'))
			return false;
	return len == 0 || name[len - 1] != '.';
}

/* The part behind an '@'. An address literal is no name, nor is what ends in two dots: that stays
 * as it was written, so that a record that is read and written again stays the same. */
static void
put_normal(struct buf *out, const char *name)
{
	char normal[NAME_TEXT];
	const char *why;
	size_t len = strlen(name);

	if (*name != '[' && !text_is_ascii(name) && name_normalise(name, normal, &why)) {
		buf_puts(out, normal);
		return;
	}
	if (*name != '[' && len > 1 && name[len - 1] == '.' && name[len - 2] != '.')
		len--;
	for (size_t i = 0; i < len; i++)
		buf_putc(out, *name == '[' ? name[i] : to_lower(name[i]));
}

void
record_name(struct json *json, const char *key, const char *name)
{
	const char *at = name != NULL ? strrchr(name, '@') : NULL,
	           *domain = at != NULL ? at + 1 : name;
	struct buf normal;

	if (name == NULL || is_normal(domain, strlen(domain))) {
		json_cstring(json, key, name);
		return;
	}
	buf_init(&normal, strlen(name) + NAME_TEXT);
	buf_add(&normal, name, (size_t)(domain - name));
	put_normal(&normal, domain);
	json_bytes(json, key, normal.data, normal.len);
	buf_release(&normal);
}

void
record_name_if(struct json *json, const char *key, const char *name)
{
	if (name != NULL && *name != '\0')
		record_name(json, key, name);
}

void
record_names(struct json *json, const char *key, const char *const *names, size_t count)
{
	json_array_begin(json, key);
	for (size_t i = 0; i < count; i++)
		record_name(json, NULL, names[i]);
	json_array_end(json);
}

const char *
record_truth(enum truth truth)
{
	static const char *const names[] = {
	    [UNKNOWN] = "unknown", [ABSENT] = "absent", [PRESENT] = "present"};

	return names[truth];
}

void
record_source(struct json *json, const char *server, unsigned ttl)
{
	if (server == NULL)
		return;
	json_cstring(json, "server", server);
	json_number(json, "ttl", ttl);
}

void
record_route_hosts(struct json *json, const struct route *route)
{
	json_array_begin(json, "hosts");
	for (size_t i = 0; i < route->host_count; i++) {
		const struct route_host *host = &route->hosts[i];

		json_object_begin(json, NULL);
		record_name(json, "mx", host->name);
		json_number(json, "preference", host->preference);
		json_array_begin(json, "addresses");
		for (size_t k = 0; k < host->address_count; k++)
			record_ip(json, NULL, &host->addresses[k]);
		json_array_end(json);
		json_bool(json, "alias", host->alias);
		json_text(json, "problem", host->problem);
		json_object_end(json);
	}
	json_array_end(json);
}

void
record_signature_fields(struct json *json, const struct dkim_verdict *verdict)
{
	json_cstring(json, "result", dkim_result_name(verdict->result));
	json_cstring(json, "reason", verdict->reason);
	record_name(json, "domain", verdict->signature.domain);
	json_cstring(json, "selector", verdict->signature.selector);
}

void
record_ptr_fields(struct json *json, const struct ptr *ptr)
{
	json_cstring(json, "found", record_truth(ptr->found));
	json_cstring(json, "rcode", dns_rcode_name(ptr->rcode));
	json_array_begin(json, "names");
	for (size_t i = 0; i < ptr->count; i++) {
		json_object_begin(json, NULL);
		record_name(json, "name", ptr->names[i].name);
		json_cstring(json, "confirmed", record_truth(ptr->names[i].confirmed));
		json_bool(json, "generic", ptr->names[i].generic);
		json_text(json, "problem", ptr->names[i].problem);
		json_object_end(json);
	}
	json_array_end(json);
	json_number(json, "total", (long long)ptr->total);
	json_text(json, "problem", ptr->problem);
	record_source(json, ptr->server, ptr->ttl);
}

void
record_notes(struct json *json, const struct notes *notes)
{
	json_array_begin(json, "warnings");
	for (size_t i = 0; i < notes->count; i++)
		json_cstring(json, NULL, notes->items[i].words);
	json_array_end(json);
	json_array_begin(json, "findings");
	for (size_t i = 0; i < notes->count; i++) {
		json_object_begin(json, NULL);
		json_cstring(json, "id", notes->items[i].id);
		json_cstring(json, "subject", notes->items[i].subject);
		json_cstring(json, "words", notes->items[i].words);
		json_object_end(json);
	}
	json_array_end(json);
}

void
record_listing_fields(struct json *json, const struct listing *listing)
{
	json_cstring(json, "list", listing->list->zone);
	json_cstring(json, "name", listing->list->name);
	record_name(json, "item", listing->item);
	json_cstring(json, "identity", listing->identity);
	json_cstring(json, "state", list_state_name(listing->state));
	json_array_begin(json, "codes");
	for (size_t i = 0; i < listing->code_count; i++)
		record_ip(json, NULL, &listing->codes[i]);
	json_array_end(json);
	json_text(json, "meaning", listing->meaning);
	json_text(json, "reason", listing->reason);
	json_text(json, "url", listing->url);
	record_source(json, listing->server, listing->ttl);
}

void
record_spf_fields(struct json *json, const struct spf *spf)
{
	record_name(json, "domain", spf->domain);
	json_cstring(json, "record", spf->record);
	json_cstring(json, "matched", spf->matched);
	record_name(json, "matched_in", spf->matched_in);
	json_array_begin(json, "trail");
	for (size_t i = 0; i < spf->trail_count; i++) {
		json_object_begin(json, NULL);
		json_cstring(json, "term", spf->trail[i].term);
		record_name(json, "domain", spf->trail[i].domain);
		json_object_end(json);
	}
	json_array_end(json);
	json_cstring(json, "explanation", spf->explanation);
	json_number(json, "lookups", spf->lookups);
	json_number(json, "void", spf->voids);
	record_source(json, spf->server, spf->ttl);
	json_cstring(json, "problem", spf->problem);
	record_notes(json, &spf->warnings);
}

void
record_dkim_key_fields(struct json *json, const struct dkim_key *key)
{
	record_name(json, "name", key->name);
	json_cstring(json, "state", dkim_key_state_name(key->state));
	json_cstring(json, "rcode", dns_rcode_name(key->rcode));
	json_cstring(json, "key_type", key->typed ? dkim_type_name(key->type) : NULL);
	if (key->typed)
		json_number(json, "bits", key->bits);
	else
		json_none(json, "bits");
	record_source(json, key->server, key->ttl);
	json_bool(json, "strict", key->strict);
	json_cstring(json, "note", key->note);
	if (key->record != NULL)
		json_bytes(json, "record", key->record, key->record_len);
	else
		json_none(json, "record");
	json_cstring(json, "problem", key->problem);
	record_notes(json, &key->warnings);
}

static void
write_truth(struct json *json, const char *key, enum truth truth)
{
	if (truth == UNKNOWN)
		json_none(json, key);
	else
		json_bool(json, key, truth == PRESENT);
}

static void
write_identifier(struct json *json, const char *kind, const struct dmarc_alignment *alignment)
{
	static const char *const results[] = {[DMARC_AUTH_FAIL] = "fail",
	    [DMARC_AUTH_PASS] = "pass",
	    [DMARC_AUTH_TEMPERROR] = "temperror"};

	json_object_begin(json, NULL);
	json_cstring(json, "kind", kind);
	record_name(json, "domain", alignment->domain);
	json_cstring(json, "result", results[alignment->result]);
	record_name_if(json, "org_domain", alignment->org_domain);
	write_truth(json, "aligned", alignment->aligned);
	json_object_end(json);
}

/* All but the result. */
static void
write_view(struct json *json, const struct dmarc_view *view)
{
	bool judged = view->tag != NULL;

	json_cstring(json, "policy", dmarc_policy_name(view->policy));
	json_cstring(json, "published", dmarc_policy_name(view->published));
	json_cstring(json, "tag", view->tag);
	json_cstring(json, "record", view->record);
	record_name(json, "at", view->at);
	record_name(json, "org_domain", view->org_domain);
	json_number(json, "queries", view->queries);
	record_source(json, view->server, view->ttl);
	json_object_begin(json, "aligned");
	write_truth(json, "spf", judged ? view->spf_aligned : UNKNOWN);
	write_truth(json, "dkim", judged ? view->dkim_aligned : UNKNOWN);
	json_object_end(json);
	json_array_begin(json, "identifiers");
	if (view->spf.domain != NULL)
		write_identifier(json, "spf", &view->spf);
	for (size_t i = 0; i < view->dkim_count; i++)
		write_identifier(json, "dkim", &view->dkim[i]);
	json_array_end(json);
	json_cstring(json, "problem", view->problem);
}

void
record_dmarc_fields(struct json *json, const struct dmarc *dmarc)
{
	record_name(json, "from", dmarc->from);
	write_view(json, &dmarc->now);
	json_bool(json, "testing", dmarc->now.testing);
	if (dmarc->old_known) {
		json_object_begin(json, "rfc7489");
		json_cstring(json, "result", dmarc_result_name(dmarc->old.result));
		write_view(json, &dmarc->old);
		json_number(json, "pct", dmarc->old.pct);
		json_object_end(json);
	}
	record_notes(json, &dmarc->warnings);
}

static void
put_digits(char *at, int number, size_t width)
{
	for (; width > 0; width--, number /= 10)
		at[width - 1] = (char)('0' + number % 10);
}

void
record_time(struct json *json, const char *key, int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	char text[] = "0000-00-00T00:00:00.000Z";
	struct tm tm;

	gmtime_r(&seconds, &tm);
	put_digits(text, tm.tm_year + 1900, 4);
	put_digits(text + 5, tm.tm_mon + 1, 2);
	put_digits(text + 8, tm.tm_mday, 2);
	put_digits(text + 11, tm.tm_hour, 2);
	put_digits(text + 14, tm.tm_min, 2);
	put_digits(text + 17, tm.tm_sec, 2);
	put_digits(text + 20, (int)(ms % 1000), 3);
	json_cstring(json, key, text);
}

void
record_also(struct json *json, const struct also *also, size_t count)
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

void
record_counter(struct json *json, const char *key, struct counter *counter)
{
	const struct count *names;
	size_t n = counter_list(counter, &names);

	json_object_begin(json, key);
	for (size_t i = 0; i < n; i++)
		json_number(json, names[i].name, (long long)names[i].count);
	json_object_end(json);
}

void
record_advice_fields(struct json *json, const struct advice *advice)
{
	json_cstring(json, "id", advice->id);
	json_cstring(json, "topic", advice->topic);
	json_cstring(json, "severity", severity_name(advice->severity));
	json_cstring(json, "what", advice->what);
	json_cstring(json, "evidence", advice->evidence);
	json_cstring(json, "refused_by", advice->refused_by);
	json_cstring(json, "who", who_name(advice->who));
	json_cstring(json, "advice", advice->advice);
	json_array_begin(json, "records");
	for (size_t i = 0; i < ADVICE_RECORDS; i++)
		if (advice->records[i] != NULL)
			json_cstring(json, NULL, advice->records[i]);
	json_array_end(json);
	json_cstring(json, "url", advice->url);
}
