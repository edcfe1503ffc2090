#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "report/ndjson_fields.h"
#include "report/preflight_report.h"

static void
write_forecasts(struct json *json, const struct preflight_report *report)
{
	const struct audience_share *audience = report->mailing->audience;

	json_array_begin(json, "verdicts");
	for (size_t i = 0; i < requirements_receivers(report->requirements); i++) {
		const struct forecast *one = &report->forecasts[i];

		json_object_begin(json, NULL);
		json_cstring(json, "provider", one->receiver->id);
		json_cstring(json, "name", one->receiver->name);
		json_cstring(json, "outlook", outlook_name(one->outlook));
		json_bool(json, "bulk", one->bulk);
		json_strings(json, "codes", one->codes, one->code_count);
		json_number(json, "refuses", (long long)one->refuses);
		json_number(json, "warns", (long long)one->warns);
		json_number(json, "unknown", (long long)one->unknown);
		if (audience != NULL)
			json_number(json, "recipients", (long long)audience->of[i]);
		json_object_end(json);
	}
	json_array_end(json);
}

static void
write_demands(
    struct json *json, const struct preflight_report *report, const struct finding *finding)
{
	json_array_begin(json, "providers");
	for (size_t i = 0; i < requirements_receivers(report->requirements); i++) {
		struct demand demand = requirements_demand(
		    report->requirements, finding->id, i, report->forecasts[i].bulk);

		if (demand.weight == DEMAND_INFO)
			continue;
		json_object_begin(json, NULL);
		json_cstring(json, "provider", report->forecasts[i].receiver->id);
		json_cstring(json, "severity", demand_weight_name(demand.weight));
		json_cstring(json, "code", demand.code);
		json_object_end(json);
	}
	json_array_end(json);
}

static void
write_finding(struct json *json, const struct preflight_report *report,
    const struct finding *finding, enum demand_weight weight)
{
	const struct requirement *row = requirements_of(report->requirements, finding->id);
	bool says = finding->result == FINDING_FAIL || finding->result == FINDING_UNKNOWN;

	json_object_begin(json, NULL);
	json_cstring(json, "id", check_name(finding->id));
	json_cstring(json, "result", finding_result_name(finding->result));
	if (says) {
		json_cstring(json, "severity", demand_weight_name(weight));
		json_cstring(json, "about", row->about);
		json_cstring(json, "what", finding->words);
		if (finding->line > 0)
			json_number(json, "line", finding->line);
		if (finding->octet > 0)
			json_number(json, "octet", (long long)finding->octet);
		json_number(json, "count", (long long)(finding->count > 0 ? finding->count : 1));
		write_demands(json, report, finding);
		json_cstring(json, "advice", finding->result == FINDING_FAIL ? row->advice : NULL);
		json_cstring(json, "url", finding->result == FINDING_FAIL ? row->url : NULL);
	}
	json_object_end(json);
}

/* Those that say something, the dearest first; then those that pass. */
static void
write_checks(struct json *json, const struct preflight_report *report)
{
	json_array_begin(json, "checks");
	for (size_t i = 0; i < report->ranked_count; i++)
		write_finding(json, report, report->ranked[i].finding, report->ranked[i].weight);
	for (unsigned i = 0; i < CHECK_COUNT; i++)
		if (report->findings[i].result == FINDING_PASS)
			write_finding(json, report, &report->findings[i], DEMAND_INFO);
	json_array_end(json);
}

static void
write_components(struct json *json, const struct preflight_report *report)
{
	json_array_begin(json, "components");
	for (size_t i = 0; i < report->component_count; i++) {
		const struct component *one = &report->components[i];

		json_object_begin(json, NULL);
		json_cstring(json, "name", component_name(one->kind));
		json_cstring(json, "at", one->at);
		json_cstring(json, "problem", one->known ? NULL : one->problem);
		if (one->known) {
			json_bool(json, "spam", one->spam);
			json_cstring(json, "action", one->action);
			json_decimal(json, "score", one->score);
			json_decimal(json, "threshold", one->threshold);
		}
		json_array_begin(json, "symbols");
		for (size_t k = 0; k < one->symbol_count; k++) {
			enum check_id id =
			    requirements_symbol(report->requirements, one->symbols[k].name);

			json_object_begin(json, NULL);
			json_cstring(json, "name", one->symbols[k].name);
			json_decimal(json, "score", one->symbols[k].score);
			json_cstring(json, "description", one->symbols[k].description);
			json_cstring(json, "check", check_name(id));
			json_object_end(json);
		}
		json_array_end(json);
		json_object_end(json);
	}
	json_array_end(json);
}

static void
write_list(struct json *json, const struct audience_share *audience)
{
	if (audience == NULL) {
		json_none(json, "list");
		return;
	}
	json_object_begin(json, "list");
	json_number(json, "recipients", (long long)audience->recipients);
	json_number(json, "others", (long long)audience->others);
	json_number(json, "unknown", (long long)audience->unknown);
	json_number(json, "bad", (long long)audience->bad);
	json_object_end(json);
}

void
record_preflight(struct buf *out, const struct preflight_report *report)
{
	static const char *const results[] = {[PREFLIGHT_GOOD] = "takes",
	    [PREFLIGHT_WARNS] = "warns",
	    [PREFLIGHT_UNKNOWN] = "unknown",
	    [PREFLIGHT_REFUSED] = "refuses"};
	const struct sender *sender = &report->known->sender;
	struct json json;

	record_begin(&json, out, "preflight");
	json_cstring(&json, "file", report->file);
	json_cstring(&json, "result", results[preflight_status_of(report)]);
	record_ip(&json, "ip", &sender->ip);
	record_name(&json, "helo", sender->helo);
	record_name(&json, "from", sender->from);
	record_name(&json, "author", report->facts->author);
	json_cstring(&json, "subject", report->facts->subject);
	json_number(&json, "octets", (long long)report->facts->message.len);
	json_number(&json, "parts", (long long)report->facts->part_count);
	json_number(&json, "links", (long long)report->facts->link_total);
	json_cstring(&json, "signed_with", report->signed_with);
	if (report->mailing->volume > 0)
		json_number(&json, "volume", (long long)report->mailing->volume);
	else
		json_none(&json, "volume");
	write_list(&json, report->mailing->audience);
	write_forecasts(&json, report);
	write_checks(&json, report);
	write_components(&json, report);
	record_end(&json, "preflight");
}
