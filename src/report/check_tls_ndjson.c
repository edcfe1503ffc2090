#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "report/check_tls.h"
#include "report/ndjson_fields.h"
#include "report/ndjson_tls.h"

static void
write_findings(struct json *json, const struct advice *found, size_t count)
{
	json_array_begin(json, "findings");
	for (size_t i = 0; i < count; i++) {
		json_object_begin(json, NULL);
		record_advice_fields(json, &found[i]);
		json_object_end(json);
	}
	json_array_end(json);
}

static void
write_audit(struct json *json, const struct tls_audit *audit)
{
	if (audit == NULL)
		return;
	json_array_begin(json, "audit");
	for (int i = 0; i < AUDIT_QUESTIONS; i++) {
		const struct audit_item *item = &audit->items[i];

		json_object_begin(json, NULL);
		json_cstring(json, "question", audit_question_name((enum audit_question)i));
		json_cstring(json, "answer", audit_answer_name(item->answer));
		json_text(json, "version", item->version);
		json_text(json, "cipher", item->cipher);
		if (item->dh_bits > 0)
			json_number(json, "bits", item->dh_bits);
		json_text(json, "key", item->key);
		json_text(json, "verify", item->verify);
		json_text(json, "detail", item->detail);
		json_object_end(json);
	}
	json_array_end(json);
}

static void
write_host(struct json *json, const struct host_review *host, const struct journey *journey)
{
	const struct attempt *attempt = host->attempt;

	json_object_begin(json, NULL);
	record_name(json, "mx", attempt->mx);
	json_number(json, "preference", attempt->preference);
	record_ip(json, "ip", &attempt->ip);
	json_number(json, "port", attempt->port);
	json_cstring(json, "status", walk_status_name(attempt->status));
	json_text(json, "detail", attempt->detail);
	record_tls(json, attempt);
	record_dane(json, attempt);
	record_requiretls(json, attempt, journey->sts, journey->fixed);
	write_audit(json, host->audit);
	write_findings(json, host->found, host->count);
	json_object_end(json);
}

static void
write_resolver(struct json *json, const struct tls_review *review)
{
	static const char *const root[] = {NULL, "authentic", "not-authentic", "unknown"};
	static const char *const bogus[] = {NULL, "refused", "taken", "unknown"};

	if (review->validates == RESOLVER_UNASKED)
		return;
	json_object_begin(json, "resolver");
	json_cstring(json, "root", root[review->validates]);
	json_cstring(json, "bogus", bogus[review->refuses]);
	json_object_end(json);
}

static void
ndjson_review(struct sink *sink, const struct journey *journey)
{
	struct arena *arena = arena_new();
	struct domain_review review;
	struct json json;

	tls_review_journey(sink, journey, arena, &review);
	record_begin(&json, &sink->out, "check");
	json_cstring(&json, "check", tls_review_name(sink->plan->review));
	json_cstring(&json, "result", review.result);
	json_cstring(&json, "target", journey->target.text);
	record_name(&json, "domain", journey->target.domain);
	json_cstring(&json, "kind", route_kind_name(journey->route.kind));
	if (!journey->fixed)
		json_bool(&json, "mx_authentic", journey->route.authentic);
	json_text(&json, "note", journey->note);
	write_resolver(&json, sink->plan->review);
	json_array_begin(&json, "hosts");
	for (size_t i = 0; i < review.host_count; i++)
		write_host(&json, &review.hosts[i], journey);
	json_array_end(&json);
	write_findings(&json, review.found, review.count);
	record_end(&json, "check");
	arena_free(arena);
}

const struct sink_format check_tls_ndjson = {
    .result = ndjson_review, .finish = tls_review_finish, .exit = tls_review_exit};
