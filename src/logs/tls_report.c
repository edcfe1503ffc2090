#include "logs/tls_report.h"

#include <stdlib.h>
#include <string.h>

enum { DETAILS_MAX = 100000, DATE = 10 /* characters of "2026-11-24" */ };

static const char *
word(const json_t *object, const char *key)
{
	const char *string = json_string_value(json_object_get(object, key));

	return string != NULL && *string != '\0' ? string : NULL;
}

static unsigned long
number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	const char *digits = json_string_value(value);

	if (digits != NULL && is_digit(*digits))
		return strtoul(digits, NULL, 10);
	return json_is_integer(value) && json_integer_value(value) > 0
	           ? (unsigned long)json_integer_value(value)
	           : 0;
}

/* The day of "2026-11-24T00:00:00Z", with or without a zone. */
static const char *
day(const json_t *object, const char *key, char text[DATE + 1])
{
	static const char form[] = "0000-00-00";
	const char *time = word(object, key);

	if (time == NULL || strlen(time) < DATE)
		return NULL;
	for (size_t i = 0; i < DATE; i++)
		if (form[i] == '0' ? !is_digit(time[i]) : time[i] != form[i])
			return NULL;
	memcpy(text, time, DATE);
	text[DATE] = '\0';
	return text;
}

bool
tls_report_is(const json_t *object)
{
	return json_is_array(json_object_get(object, "policies")) &&
	       (json_is_object(json_object_get(object, "date-range")) ||
	           json_object_get(object, "report-id") != NULL ||
	           json_object_get(object, "organization-name") != NULL);
}

static void
tell(const struct tls_failure *failure, refusal_take *take, void *arg)
{
	take(&(const struct refusal){.text = "", .tls = failure}, arg);
}

/* A host that the policy names stands for one that the failure does not. */
static const char *
policy_host(const json_t *policy)
{
	const json_t *host = json_object_get(policy, "mx-host");

	if (json_array_size(host) == 1)
		host = json_array_get(host, 0);
	return json_string_value(host);
}

static long
read_policy(const json_t *entry, const struct tls_failure *report, bool first, refusal_take *take,
    void *arg)
{
	const json_t *policy = json_object_get(entry, "policy"),
	             *summary = json_object_get(entry, "summary"),
	             *details = json_object_get(entry, "failure-details");
	struct tls_failure whole = *report;
	long told = 0;

	whole.policy_type = word(policy, "policy-type");
	whole.policy_domain = word(policy, "policy-domain");
	whole.good = number(summary, "total-successful-session-count");
	whole.bad = number(summary, "total-failure-session-count");
	for (size_t i = 0; i < json_array_size(details) && i < DETAILS_MAX; i++) {
		const json_t *detail = json_array_get(details, i);
		struct tls_failure failure = whole;

		if (!json_is_object(detail))
			continue;
		failure.first = first && told == 0;
		failure.result_type = word(detail, "result-type");
		if (failure.result_type == NULL)
			failure.result_type = "unknown";
		failure.mx = word(detail, "receiving-mx-hostname");
		if (failure.mx == NULL)
			failure.mx = policy_host(policy);
		failure.mx_ip = word(detail, "receiving-ip");
		failure.sender_ip = word(detail, "sending-mta-ip");
		failure.sessions = number(detail, "failed-session-count");
		failure.reason = word(detail, "failure-reason-code");
		failure.information = word(detail, "additional-information");
		tell(&failure, take, arg);
		told++;
	}
	if (told == 0) {
		whole.first = first;
		whole.result_type = whole.bad > 0 ? "unknown" : NULL;
		whole.sessions = whole.bad;
		tell(&whole, take, arg);
	}
	return told > 0 ? told : 1;
}

long
tls_report_read(const json_t *object, refusal_take *take, void *arg)
{
	const json_t *policies = json_object_get(object, "policies"),
	             *range = json_object_get(object, "date-range");
	char begin[DATE + 1], end[DATE + 1];
	const struct tls_failure report = {.organization = word(object, "organization-name"),
	    .contact = word(object, "contact-info"),
	    .report = word(object, "report-id"),
	    .begin = day(range, "start-datetime", begin),
	    .end = day(range, "end-datetime", end)};
	long told = 0;

	for (size_t i = 0; i < json_array_size(policies) && i < DETAILS_MAX; i++)
		if (json_is_object(json_array_get(policies, i)))
			told +=
			    read_policy(json_array_get(policies, i), &report, told == 0, take, arg);
	return told;
}
