#include "report/ndjson_tls_policy.h"

#include "base/json.h"
#include "report/ndjson_fields.h"

enum { LINES_MAX = 200 }; /* of a policy that are written */

static void
begin(struct json *json, struct buf *out, const char *evaluator, const char *result)
{
	record_begin(json, out, "check");
	json_cstring(json, "check", evaluator);
	json_cstring(json, "result", result);
}

static void
write_record(struct json *json, const char *record, size_t len)
{
	if (record != NULL)
		json_bytes(json, "record", record, len);
	else
		json_none(json, "record");
}

static void
write_fetch(struct json *json, const struct sts_fetched *fetched)
{
	json_object_begin(json, "fetch");
	json_cstring(json, "how", sts_fetch_name(fetched->how));
	if (fetched->status != 0)
		json_number(json, "status", fetched->status);
	if (fetched->ip.family != 0)
		record_ip(json, "ip", &fetched->ip);
	json_text(json, "media_type", fetched->type);
	json_text(json, "fault", fetched->fault);
	json_text(json, "detail", fetched->detail);
	json_number(json, "ms", fetched->ms);
	json_object_end(json);
}

static void
write_policy(struct json *json, const struct mta_sts *sts)
{
	struct slice rest = {sts->fetched.body, sts->fetched.len}, line;
	size_t count = 0;

	json_cstring(json, "mode", sts_mode_name(sts->policy.mode));
	json_number(json, "max_age", (long long)sts->policy.max_age);
	json_array_begin(json, "patterns");
	for (size_t i = 0; i < sts->policy.mx_count && i < LINES_MAX; i++)
		json_cstring(json, NULL, sts->policy.mx[i]);
	json_array_end(json);
	json_array_begin(json, "policy");
	while (count++ < LINES_MAX && slice_line(&rest, &line))
		json_bytes(json, NULL, line.at, line.len);
	json_array_end(json);
}

void
record_sts_fields(struct json *json, const struct mta_sts *sts)
{
	bool fetched = sts->state == STS_HELD || sts->state == STS_FETCH_FAILED ||
	               sts->state == STS_POLICY_BAD;

	json_cstring(json, "state", sts_state_name(sts->state));
	json_text(json, "id", sts->id);
	if (sts->state == STS_HELD)
		write_policy(json, sts);
	if (fetched)
		write_fetch(json, &sts->fetched);
	json_text(json, "result_type", sts->result_type);
	json_text(json, "problem", sts->problem);
	if (sts->state == STS_HELD)
		json_bool(json, "undeliverable", sts->undeliverable);
	if (sts->findings.count > 0)
		record_notes(json, &sts->findings);
}

void
record_sts(struct json *json, const struct mta_sts *sts)
{
	if (sts == NULL)
		return;
	json_object_begin(json, "mta_sts");
	record_sts_fields(json, sts);
	json_object_end(json);
}

void
record_sts_effect(struct json *json, enum sts_effect effect, const char *word)
{
	if (effect == STS_NO_EFFECT)
		return;
	json_object_begin(json, "mta_sts");
	json_cstring(json, "effect", sts_effect_name(effect));
	json_text(json, "word", word);
	json_object_end(json);
}

const char *
check_sts_result(const struct mta_sts *sts)
{
	return sts->undeliverable ? "undeliverable" : sts_state_name(sts->state);
}

static void
write_hosts(struct json *json, const struct mta_sts *sts, const struct route *route)
{
	json_array_begin(json, "hosts");
	for (size_t i = 0; i < route->host_count && sts->hosts > 0; i++) {
		json_object_begin(json, NULL);
		record_name(json, "mx", route->hosts[i].name);
		json_bool(json, "covered", sts_policy_covers(&sts->policy, route->hosts[i].name));
		json_object_end(json);
	}
	json_array_end(json);
}

void
record_check_sts(struct buf *out, const struct mta_sts *sts, const struct route *route)
{
	struct json json;

	begin(&json, out, "mta-sts", check_sts_result(sts));
	record_name(&json, "domain", sts->domain);
	write_record(&json, sts->record, sts->record_len);
	record_source(&json, sts->server, sts->ttl);
	record_sts_fields(&json, sts);
	write_hosts(&json, sts, route);
	record_end(&json, "check");
}

void
record_check_rpt(struct buf *out, const struct tls_rpt *rpt)
{
	struct json json;

	begin(&json, out, "tls-rpt", tls_rpt_state_name(rpt->state));
	record_name(&json, "domain", rpt->domain);
	write_record(&json, rpt->record, rpt->record_len);
	record_source(&json, rpt->server, rpt->ttl);
	json_strings(&json, "rua", rpt->rua, rpt->rua_count);
	json_cstring(&json, "problem", rpt->problem);
	record_notes(&json, &rpt->findings);
	record_end(&json, "check");
}
