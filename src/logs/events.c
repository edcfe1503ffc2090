#include "logs/events.h"

#include <jansson.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "logs/dsn.h"
#include "logs/tls_report.h"

enum { NESTED_MAX = 4, ELEMENTS_MAX = 100000 };

struct event_reader {
	struct arena *arena;
	refusal_take *take;
	void *arg;
	unsigned nested;
	long told;
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* ---- values */

static const char *
get_string(const json_t *object, const char *key)
{
	const char *string = json_string_value(json_object_get(object, key));

	return string != NULL && *string != '\0' ? string : NULL;
}

static const char *
first_string(const json_t *object, const char *const *keys, size_t count)
{
	const char *string = NULL;

	for (size_t i = 0; i < count && string == NULL; i++)
		string = get_string(object, keys[i]);
	return string;
}

/* A number, or digits in a string. */
static const char *
get_text(struct event_reader *reader, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (json_is_integer(value))
		return arena_printf(
		    reader->arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	if (json_is_real(value))
		return arena_printf(reader->arena, "%.0f", json_real_value(value));
	return get_string(object, key);
}

static int
get_code(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	const char *digits = json_string_value(value);
	json_int_t code = json_integer_value(value);

	if (digits != NULL && strspn(digits, "0123456789") == 3 && digits[3] == '\0')
		code = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
	return code >= 200 && code <= 599 ? (int)code : 0;
}

static void
set_stage(struct refusal *refusal, const json_t *object)
{
	const char *stage = get_string(object, "stage");

	if (stage != NULL && !stage_parse(stage, &refusal->stage))
		refusal->stage = STAGE_NONE;
}

static void
set_host(struct event_reader *reader, struct refusal *refusal, const char *host)
{
	struct slice value = slice_of(host);
	const char *semicolon = host != NULL ? strchr(host, ';') : NULL, *ip;

	if (host == NULL)
		return;
	if (semicolon != NULL)
		value = slice_from(value, (size_t)(semicolon - host) + 1);
	refusal->relay = host_read(value, reader->arena, &ip);
	refusal->relay_ip = ip;
}

/* "smtp; 550 5.1.1 …", or without the type */
static void
set_diagnostic(struct refusal *refusal, const char *text)
{
	const char *semicolon = text != NULL ? strchr(text, ';') : NULL;

	if (semicolon != NULL && semicolon - text < 20 &&
	    memchr(text, ' ', (size_t)(semicolon - text)) == NULL)
		text = semicolon + 1 + strspn(semicolon + 1, " ");
	refusal->text = text;
}

static void
tell(struct event_reader *reader, struct refusal *refusal)
{
	if (refusal->text == NULL && refusal->enhanced == NULL)
		return;
	if (refusal->text == NULL)
		refusal->text = "";
	refusal->len = strlen(refusal->text);
	if (refusal->recipient != NULL) { /* "Joe <joe@example.com>" */
		const char *open = strchr(refusal->recipient, '<');

		if (open != NULL && strchr(open, '>') != NULL)
			refusal->recipient =
			    arena_copy(reader->arena, open + 1, strcspn(open + 1, ">"));
	}
	reader->told++;
	reader->take(refusal, reader->arg);
}

/* ---- ours, and what anybody may write */

static void
set_said_by(struct refusal *refusal, const json_t *object)
{
	static const char *const names[] = {
	    [SAID_BY_SERVER] = "server", [SAID_BY_SENDER] = "sender", [SAID_BY_LIST] = "list"};
	const char *name = get_string(object, "said_by");

	for (unsigned i = SAID_BY_SERVER; name != NULL && i < COUNT(names); i++)
		if (strcmp(names[i], name) == 0)
			refusal->said_by = (enum said_by)i;
}

static void
read_text_object(struct event_reader *reader, const json_t *object)
{
	static const char *const recipients[] = {"recipient", "rcpt", "to"}, *const relays[] = {
	                                                                         "mx", "relay"};
	const char *domain = get_string(object, "recipient_domain"),
	           *direction = get_string(object, "direction");
	struct refusal refusal = {.stage = STAGE_NONE,
	    .text = json_string_value(json_object_get(object, "text")),
	    .id = get_text(reader, object, "id"),
	    .code = get_code(object, "code"),
	    .enhanced = get_string(object, "enhanced"),
	    .recipient = first_string(object, recipients, COUNT(recipients)),
	    .relay = first_string(object, relays, COUNT(relays)),
	    .relay_ip = get_string(object, "relay_ip"),
	    .queue_id = get_string(object, "queue_id"),
	    .time = get_string(object, "time"),
	    .inbound = direction != NULL && strcmp(direction, "inbound") == 0,
	    .provider = get_string(object, "provider")};

	set_stage(&refusal, object);
	set_said_by(&refusal, object);
	if (refusal.recipient == NULL && domain != NULL)
		refusal.recipient = arena_printf(reader->arena, "@%s", domain);
	if (refusal.text != NULL && (*refusal.text != '\0' || refusal.enhanced != NULL))
		tell(reader, &refusal);
}

/* Our own record of a walk. */
static void
read_result(struct event_reader *reader, const json_t *object)
{
	const json_t *reply = json_object_get(object, "reply"),
	             *attempts = json_object_get(object, "attempts");
	size_t count = json_array_size(attempts);
	const char *domain = get_string(object, "domain");
	struct refusal refusal = {.stage = STAGE_NONE,
	    .said_by = SAID_BY_SERVER,
	    .text = get_string(reply, "text"),
	    .code = get_code(reply, "code"),
	    .enhanced = get_string(reply, "enhanced"),
	    .recipient = get_string(object, "rcpt"),
	    .relay = count > 0 ? get_string(json_array_get(attempts, count - 1), "mx") : NULL};

	if (refusal.recipient == NULL && domain != NULL)
		refusal.recipient = arena_printf(reader->arena, "@%s", domain);
	set_stage(&refusal, object);
	if (refusal.text != NULL && refusal.code >= 400)
		tell(reader, &refusal);
}

/* ---- servers */

/* {"type":"Bounce","recipient":…,"response":{"code":…,"enhanced_code":{"class":…,"subject":…,
 * "detail":…},"content":…,"command":…},"peer_address":{"name":…,"addr":…}} */
static void
read_kumo(struct event_reader *reader, const json_t *object)
{
	const json_t *response = json_object_get(object, "response"),
	             *enhanced = json_object_get(response, "enhanced_code"),
	             *peer = json_object_get(object, "peer_address"),
	             *recipient = json_object_get(object, "recipient");
	const char *command = get_string(response, "command"), *type = get_string(object, "type");
	struct refusal refusal = {.stage = STAGE_NONE,
	    .said_by = SAID_BY_SERVER,
	    .text = get_string(response, "content"),
	    .code = get_code(response, "code"),
	    .recipient = json_string_value(
	        json_is_array(recipient) ? json_array_get(recipient, 0) : recipient),
	    .relay = get_string(peer, "name"),
	    .relay_ip = get_string(peer, "addr"),
	    .queue_id = get_string(object, "id"),
	    .deferred = type != NULL && strcmp(type, "TransientFailure") == 0,
	    .time = get_text(reader, object, "timestamp")};

	if (json_is_object(enhanced))
		refusal.enhanced = arena_printf(reader->arena, "%d.%d.%d",
		    (int)json_integer_value(json_object_get(enhanced, "class")),
		    (int)json_integer_value(json_object_get(enhanced, "subject")),
		    (int)json_integer_value(json_object_get(enhanced, "detail")));
	if (command != NULL)
		refusal.stage = logline_stage(command, strlen(command));
	if (refusal.relay == NULL && refusal.relay_ip == NULL)
		refusal.said_by = SAID_BY_UNKNOWN;
	if (type != NULL && strcmp(type, "Rejection") == 0) { /* what it said to a client */
		refusal.inbound = true;
		refusal.relay = refusal.relay_ip = refusal.queue_id = NULL;
	} else if (type != NULL && strcmp(type, "Expiration") == 0) {
		refusal.said_by = SAID_BY_SENDER;
	} else if (type != NULL && strcmp(type, "Delivery") == 0) {
		refusal.sent = true;
		reader->take(&refusal, reader->arg);
		return;
	}
	if (refusal.text != NULL && refusal.code >= 400)
		tell(reader, &refusal);
}

/* maddy: {"msg_id":…,"rcpt":…,"reason":…,"smtp_code":550,"smtp_enchcode":"5.1.1","smtp_msg":…} */
static void
read_maddy(struct event_reader *reader, const json_t *object)
{
	const char *reason = get_string(object, "reason");
	struct refusal refusal = {.stage = STAGE_NONE,
	    .text = get_string(object, "smtp_msg"),
	    .code = get_code(object, "smtp_code"),
	    .enhanced = get_string(object, "smtp_enchcode"),
	    .recipient = get_string(object, "rcpt"),
	    .queue_id = get_string(object, "msg_id"),
	    .said_by = SAID_BY_SENDER};
	const char *said = refusal.text != NULL ? strstr(refusal.text, " said: ") : NULL;

	set_host(reader, &refusal, get_string(object, "remote_server"));
	refusal.deferred = refusal.code < 500;
	if (said != NULL) { /* "mx.example.com. said: …" */
		set_host(reader, &refusal,
		    arena_copy(reader->arena, refusal.text, (size_t)(said - refusal.text)));
		refusal.text = said + strlen(" said: ");
		refusal.said_by = SAID_BY_SERVER;
	} else if (get_string(object, "io_op") != NULL && reason != NULL) {
		refusal.text = reason;
	} else if (refusal.relay != NULL) {
		refusal.said_by = SAID_BY_SERVER;
	}
	if (refusal.code >= 400)
		tell(reader, &refusal);
}

/* A log line in an envelope, or some service's event with the server's words in it. */
static void
read_wrapper(struct event_reader *reader, const json_t *object)
{
	static const char *const keys[] = {"MESSAGE", "message", "msg", "log", "reason", "response",
	    "diagnostic", "diagnosticCode", "smtp_response", "error"};
	static const char *const recipients[] = {"recipient", "rcpt", "email", "to"};

	for (size_t i = 0; i < COUNT(keys); i++) {
		struct refusal refusal = {.stage = STAGE_NONE};
		size_t len;

		set_diagnostic(&refusal, get_string(object, keys[i]));
		if (refusal.text == NULL)
			continue;
		len = strlen(refusal.text);
		if (logline_code(refusal.text, len) == 0) {
			if (logline_read(refusal.text, len, reader->arena, &refusal) !=
			    LOGLINE_REPLY)
				continue;
			refusal.text = arena_copy(reader->arena, refusal.text, refusal.len);
		}
		if (refusal.recipient == NULL)
			refusal.recipient = first_string(object, recipients, COUNT(recipients));
		tell(reader, &refusal);
		return;
	}
}

/* ---- services */

/* Amazon SES: {"notificationType":"Bounce","bounce":{"bouncedRecipients":[{"emailAddress":…,
 * "status":…,"diagnosticCode":…}],"reportingMTA":…,"remoteMtaIp":…,"timestamp":…},"mail":…} */
static void
read_ses(struct event_reader *reader, const json_t *object)
{
	static const struct {
		const char *member, *recipients;
		bool deferred;
	} kinds[] = {
	    {"bounce", "bouncedRecipients", false}, {"deliveryDelay", "delayedRecipients", true}};

	for (size_t kind = 0; kind < COUNT(kinds); kind++) {
		const json_t *event = json_object_get(object, kinds[kind].member), *one;
		size_t i;

		json_array_foreach(json_object_get(event, kinds[kind].recipients), i, one)
		{
			struct refusal refusal = {.stage = STAGE_NONE,
			    .recipient = get_string(one, "emailAddress"),
			    .enhanced = get_string(one, "status"),
			    .deferred = kinds[kind].deferred,
			    .time = get_string(event, "timestamp")};

			set_diagnostic(&refusal, get_string(one, "diagnosticCode"));
			set_host(reader, &refusal, get_string(event, "reportingMTA"));
			refusal.reporter = refusal.relay;
			refusal.relay = NULL;
			refusal.relay_ip = get_string(event, "remoteMtaIp");
			tell(reader, &refusal);
		}
	}
}

/* {"event":"bounce","email":…,"reason":"550 …","status":"5.1.1","timestamp":…,"mx_server":…} */
static void
read_sendgrid(struct event_reader *reader, const json_t *object)
{
	static const char *const refusing[] = {"bounce", "blocked", "deferred", "dropped"};
	static const char *const reasons[] = {"reason", "response"};
	const char *event = get_string(object, "event");
	struct refusal refusal = {.stage = STAGE_NONE,
	    .text = first_string(object, reasons, COUNT(reasons)),
	    .recipient = get_string(object, "email"),
	    .enhanced = get_string(object, "status"),
	    .time = get_text(reader, object, "timestamp")};

	set_host(reader, &refusal, get_string(object, "mx_server"));
	if (event == NULL)
		event = "bounce"; /* the suppression lists have no kinds of event */
	refusal.deferred = strcmp(event, "deferred") == 0;
	if (strcmp(event, "dropped") == 0)
		refusal.said_by = SAID_BY_SENDER;
	for (size_t i = 0; i < COUNT(refusing); i++)
		if (strcmp(refusing[i], event) == 0)
			tell(reader, &refusal);
}

/* {"event":"failed","severity":"permanent","recipient":…,"delivery-status":{"code":550,
 * "message":…,"description":…,"mx-host":…,"enhanced-code":…},"timestamp":…} */
static void
read_mailgun(struct event_reader *reader, const json_t *object)
{
	static const char *const words[] = {"message", "description"};
	const json_t *status = json_object_get(object, "delivery-status");
	const char *event = get_string(object, "event"), *severity = get_string(object, "severity");
	struct refusal refusal = {.stage = STAGE_NONE,
	    .text = first_string(status, words, COUNT(words)),
	    .code = get_code(status, "code"),
	    .enhanced = get_string(status, "enhanced-code"),
	    .recipient = get_string(object, "recipient"),
	    .queue_id = NULL,
	    .deferred = severity != NULL && strcmp(severity, "temporary") == 0,
	    .time = get_text(reader, object, "timestamp")};

	set_host(reader, &refusal, get_string(status, "mx-host"));
	if (event != NULL &&
	    (strcmp(event, "failed") == 0 || strcmp(event, "rejected") == 0 ||
	        strcmp(event, "temporary_fail") == 0 || strcmp(event, "permanent_fail") == 0))
		tell(reader, &refusal);
}

/* {"RecordType":"Bounce","Type":"HardBounce","Email":…,"Details":"smtp;550 …","BouncedAt":…} */
static void
read_postmark(struct event_reader *reader, const json_t *object)
{
	const char *type = get_string(object, "Type");
	struct refusal refusal = {.stage = STAGE_NONE,
	    .recipient = get_string(object, "Email"),
	    .time = get_string(object, "BouncedAt")};

	set_diagnostic(&refusal, get_string(object, "Details"));
	if (refusal.text == NULL)
		refusal.text = get_string(object, "Description");
	if (type != NULL &&
	    (strcmp(type, "SpamComplaint") == 0 || strcmp(type, "AutoResponder") == 0 ||
	        strcmp(type, "Unsubscribe") == 0 || strcmp(type, "Subscribe") == 0))
		return;
	refusal.deferred = type != NULL && strcmp(type, "Transient") == 0;
	tell(reader, &refusal);
}

/* {"msys":{"message_event":{"type":"bounce","rcpt_to":…,"raw_reason":…,"error_code":…,
 * "ip_address":…,"timestamp":…}}} */
static void
read_sparkpost(struct event_reader *reader, const json_t *event)
{
	static const char *const refusing[] = {
	    "bounce", "delay", "out_of_band", "policy_rejection", "generation_failure"};
	static const char *const reasons[] = {"raw_reason", "reason"};
	const char *type = get_string(event, "type");
	struct refusal refusal = {.stage = STAGE_NONE,
	    .text = first_string(event, reasons, COUNT(reasons)),
	    .code = get_code(event, "error_code"),
	    .recipient = get_string(event, "rcpt_to"),
	    .relay_ip = get_string(event, "ip_address"),
	    .time = get_text(reader, event, "timestamp")};

	refusal.deferred = type != NULL && strcmp(type, "delay") == 0;
	for (size_t i = 0; type != NULL && i < COUNT(refusing); i++)
		if (strcmp(refusing[i], type) == 0)
			tell(reader, &refusal);
}

/* ---- which is it? */

static void read_value(struct event_reader *reader, const json_t *value);

/* What holds the event as a member, or as JSON in a string (SNS). */
static bool
read_inside(struct event_reader *reader, const json_t *object)
{
	static const char *const members[] = {"event-data", "msys", "message_event", "Message",
	    "results", "items", "Bounces", "events", "data"};

	if (reader->nested == NESTED_MAX)
		return true;
	for (size_t i = 0; i < COUNT(members); i++) {
		const json_t *member = json_object_get(object, members[i]);
		const char *text = json_string_value(member);
		json_t *inner = NULL;

		if (text != NULL && (*text == '{' || *text == '['))
			member = inner = json_loads(text, 0, NULL);
		if (json_is_object(member) || json_is_array(member)) {
			reader->nested++;
			read_value(reader, member);
			reader->nested--;
			json_decref(inner);
			return true;
		}
		json_decref(inner);
	}
	return false;
}

static bool
has(const json_t *object, const char *key)
{
	return json_object_get(object, key) != NULL;
}

static void
read_object(struct event_reader *reader, const json_t *object)
{
	const char *type = get_string(object, "type");

	if (type != NULL && strcmp(type, "result") == 0)
		read_result(reader, object);
	else if (tls_report_is(object))
		reader->told += tls_report_read(object, reader->take, reader->arg);
	else if (has(object, "notificationType") || has(object, "eventType"))
		read_ses(reader, object);
	else if (has(object, "smtp_code"))
		read_maddy(reader, object);
	else if (has(object, "delivery-status"))
		read_mailgun(reader, object);
	else if (has(object, "rcpt_to") && type != NULL)
		read_sparkpost(reader, object);
	else if (has(object, "Email") && (has(object, "BouncedAt") || has(object, "TypeCode")))
		read_postmark(reader, object);
	else if (has(object, "email") && (has(object, "event") || has(object, "reason")))
		read_sendgrid(reader, object);
	else if (json_is_object(json_object_get(object, "response")))
		read_kumo(reader, object);
	else if (has(object, "text"))
		read_text_object(reader, object);
	else if (!read_inside(reader, object))
		read_wrapper(reader, object);
}

static void
read_value(struct event_reader *reader, const json_t *value)
{
	if (json_is_object(value)) {
		read_object(reader, value);
	} else if (json_is_array(value)) {
		size_t count = json_array_size(value);

		for (size_t i = 0; i < count && i < ELEMENTS_MAX; i++)
			if (json_is_object(json_array_get(value, i)))
				read_object(reader, json_array_get(value, i));
	}
}

long
events_read(const char *json, size_t len, struct arena *arena, refusal_take *take, void *arg)
{
	struct event_reader reader = {.arena = arena, .take = take, .arg = arg};
	json_t *value = json_loadb(json, len, JSON_DISABLE_EOF_CHECK, NULL);

	if (!json_is_object(value) && !json_is_array(value)) {
		json_decref(value);
		return -1;
	}
	read_value(&reader, value);
	json_decref(value);
	return reader.told;
}
