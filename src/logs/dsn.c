#include "logs/dsn.h"

#include <string.h>

#include "base/arena.h"
#include "base/ip.h"
#include "mail/encoded_word.h"
#include "mail/header.h"

struct dsn_group { /* the fields of one recipient, as they come in */
	struct arena *arena;
	struct dsn *dsn;
	struct dsn_recipient recipient;
	unsigned seen; /* rows of the table of fields */
	bool any;
};

/* ---- values */

static bool
is_host_char(char c)
{
	return is_alnum(c) || c == '.' || c == '-' || c == '_' || c == ':' || (c & 0x80) != 0;
}

static bool
is_ip(struct slice text, struct arena *arena)
{
	struct ip ip;

	return text.len > 0 && text.len < 64 && ip_parse(&ip, slice_copy(text, arena));
}

/* The next address in brackets. */
static const char *
find_ip(struct slice value, struct arena *arena)
{
	for (size_t n; (n = slice_until(value, "[(<|")) < value.len;) {
		struct slice word;

		value = slice_from(value, n + 1);
		if (slice_begins(value, "IPv6:"))
			value = slice_from(value, 5);
		word = (struct slice){value.at, slice_until(value, "])>| \t:")};
		if (memchr(word.at, '.', word.len) == NULL)
			word.len = slice_until(value, "])>| \t");
		if (is_ip(word, arena))
			return slice_copy(word, arena);
	}
	return NULL;
}

const char *
host_read(struct slice value, struct arena *arena, const char **ip)
{
	struct slice name;
	char *copy;

	*ip = NULL;
	value = slice_trim(value);
	if (value.len > 300)
		value.len = 300;
	*ip = find_ip(value, arena);
	value = slice_from(value, slice_span(value, "<([\"'"));
	if (slice_begins(value, "IPv6:"))
		value = slice_from(value, 5);
	name.at = value.at;
	for (name.len = 0; name.len < value.len && is_host_char(value.at[name.len]); name.len++)
		;
	if (is_ip(name, arena)) {
		*ip = slice_copy(name, arena);
		return *ip;
	}
	name.len = name.len > 0 ? slice_until(name, ":") : 0;
	while (name.len > 0 && strchr(".-", name.at[name.len - 1]) != NULL)
		name.len--;
	if (is_ip(name, arena)) {
		*ip = slice_copy(name, arena);
		return *ip;
	}
	if (name.len == 0 || name.len > 253)
		return *ip;
	copy = slice_copy(name, arena);
	for (char *p = copy; *p != '\0'; p++)
		*p = to_lower(*p);
	return copy;
}

const char *
host_tried(struct slice words, struct arena *arena, const char **ip)
{
	static const char *const before[] = {
	    "connect to ", "connection with ", "conversation with ", "connecting to "};

	*ip = NULL;
	for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
		const char *at = slice_find(words, before[i]);
		struct slice host, behind;

		if (at == NULL)
			continue;
		host = slice_from(words, (size_t)(at - words.at) + strlen(before[i]));
		host.len = slice_until(host, "[: ");
		behind = slice_from(words, (size_t)(host.at + host.len - words.at));
		if (memchr(host.at, '.', host.len) == NULL || is_ip(host, arena))
			continue;
		behind = slice_from(behind, slice_span(behind, "["));
		behind.len = slice_until(behind, "]");
		if (is_ip(behind, arena)) {
			*ip = slice_copy(behind, arena);
			return host_read(host, arena, &(const char *){NULL});
		}
	}
	return NULL;
}

/* "rfc822; user@example.com": without the type. */
static struct slice
untyped(const char *value, struct slice *type)
{
	struct slice all = slice_of(value);
	size_t n = slice_until(all, ";");

	*type = (struct slice){"", 0};
	if (n == all.len || n > 30 || slice_until((struct slice){value, n}, "\"<@") < n)
		return slice_trim(all);
	*type = slice_trim((struct slice){value, n});
	return slice_trim(slice_from(all, n + 1));
}

static const char *
read_address(struct dsn_group *group, const char *value)
{
	struct slice type, text = untyped(value, &type);

	if (text.len > 0 && *text.at == '<')
		text = (struct slice){text.at + 1, slice_until(slice_from(text, 1), ">")};
	else
		text.len = slice_until(text, " \t(");
	return text.len > 0 && text.len <= 320 ? slice_copy(text, group->arena) : NULL;
}

/* ---- fields */

static void
take_final(struct dsn_group *group, const char *value)
{
	group->recipient.final = read_address(group, value);
}

static void
take_original(struct dsn_group *group, const char *value)
{
	group->recipient.original = read_address(group, value);
}

static void
take_action(struct dsn_group *group, const char *value)
{
	static const struct {
		const char *word;
		enum dsn_action action;
	} actions[] = {{"failed", DSN_FAILED}, {"failure", DSN_FAILED}, {"fail", DSN_FAILED},
	    {"delayed", DSN_DELAYED}, {"deferred", DSN_DELAYED}, {"delivered", DSN_NO_FAILURE},
	    {"deliverable", DSN_NO_FAILURE}, {"relayed", DSN_NO_FAILURE},
	    {"expanded", DSN_NO_FAILURE}};

	for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
		if (slice_begins(slice_of(value), actions[i].word)) {
			group->recipient.action = actions[i].action;
			return;
		}
}

static void
take_status(struct dsn_group *group, const char *value)
{
	struct slice text = slice_of(value), code;
	size_t n = slice_span(text, "0123456789.");

	code = (struct slice){text.at, n};
	if (n >= 5)
		group->recipient.status = slice_copy(code, group->arena);
	text = slice_trim(slice_from(text, n));
	text = slice_from(text, slice_span(text, "(- "));
	while (text.len > 0 && text.at[text.len - 1] == ')')
		text.len--;
	if (text.len > 3)
		group->recipient.comment = slice_copy(text, group->arena);
}

static void
take_remote(struct dsn_group *group, const char *value)
{
	struct slice type;

	group->recipient.remote =
	    host_read(untyped(value, &type), group->arena, &group->recipient.remote_ip);
}

static void
take_diagnostic(struct dsn_group *group, const char *value)
{
	struct slice type, text = untyped(encoded_words_read(value, group->arena), &type);
	char *kind = slice_copy(type, group->arena);

	for (char *p = kind; *p != '\0'; p++)
		*p = to_lower(*p);
	group->recipient.type = kind;
	group->recipient.diagnostic = text.len > 0 ? slice_copy(text, group->arena) : NULL;
}

static void
take_last_attempt(struct dsn_group *group, const char *value)
{
	group->recipient.last_attempt = arena_string(group->arena, value);
}

static void
take_retry(struct dsn_group *group, const char *value)
{
	group->recipient.retry_until = arena_string(group->arena, value);
}

static void
take_reporter(struct dsn_group *group, const char *value)
{
	struct slice type;
	const char *ip;

	if (group->dsn->reporter == NULL)
		group->dsn->reporter = host_read(untyped(value, &type), group->arena, &ip);
}

static void
take_queue_id(struct dsn_group *group, const char *value)
{
	struct slice type;

	if (group->dsn->queue_id == NULL)
		group->dsn->queue_id = slice_copy(untyped(value, &type), group->arena);
}

static void
take_arrival(struct dsn_group *group, const char *value)
{
	if (group->dsn->arrival == NULL)
		group->dsn->arrival = arena_string(group->arena, value);
}

enum owner { MESSAGE, RECIPIENT, DECISIVE }; /* decisive: a recipient has something to it */

static const struct {
	const char *name;
	void (*take)(struct dsn_group *group, const char *value);
	enum owner owner;
} fields[] = {
    {"Final-Recipient", take_final, DECISIVE},
    {"Original-Recipient", take_original, RECIPIENT},
    {"Action", take_action, RECIPIENT},
    {"Status", take_status, RECIPIENT},
    {"Remote-MTA", take_remote, RECIPIENT},
    {"Diagnostic-Code", take_diagnostic, DECISIVE},
    {"Last-Attempt-Date", take_last_attempt, RECIPIENT},
    {"Will-Retry-Until", take_retry, RECIPIENT},
    {"Reporting-MTA", take_reporter, MESSAGE},
    {"X-Postfix-Queue-ID", take_queue_id, MESSAGE},
    {"X-Yandex-Queue-ID", take_queue_id, MESSAGE},
    {"X-SendGrid-QueueID", take_queue_id, MESSAGE},
    {"Original-Envelope-Id", take_queue_id, MESSAGE},
    {"Arrival-Date", take_arrival, MESSAGE},
};

enum { FIELDS = sizeof fields / sizeof fields[0] };

static void
end_group(struct dsn_group *group)
{
	const struct dsn_recipient *recipient = &group->recipient;
	struct dsn *dsn = group->dsn;

	if ((recipient->final != NULL || recipient->original != NULL ||
	        recipient->diagnostic != NULL ||
	        (recipient->action != DSN_ACTION_NONE && recipient->status != NULL)) &&
	    dsn->count < DSN_RECIPIENTS_MAX) {
		struct dsn_recipient *kept =
		    arena_push(group->arena, &dsn->recipients, dsn->count, sizeof *dsn->recipients);

		*kept = *recipient;
		dsn->count++;
		group->any = true;
	}
	group->recipient = (struct dsn_recipient){0};
	group->seen = 0;
}

static void
take_field(struct dsn_group *group, struct slice name, struct slice value)
{
	for (unsigned i = 0; i < FIELDS; i++) {
		if (!slice_is(name, fields[i].name))
			continue;
		if (fields[i].owner != MESSAGE && (group->seen & 1U << i) != 0)
			end_group(group);
		group->seen |= 1U << i;
		fields[i].take(group, header_unfold(value, group->arena));
		return;
	}
}

bool
dsn_read(struct slice text, struct arena *arena, struct dsn *dsn)
{
	struct dsn_group group = {.arena = arena, .dsn = dsn};
	struct slice name, value;

	while (text.len > 0) {
		if (header_next(&text, &name, &value))
			take_field(&group, name, value);
		else
			end_group(&group);
	}
	end_group(&group);
	return group.any;
}

bool
dsn_is(struct slice text)
{
	struct slice line;
	bool recipient = false, verdict = false;

	while (slice_line(&text, &line)) {
		recipient = recipient || slice_begins(line, "Final-Recipient:") ||
		            slice_begins(line, "Original-Recipient:");
		verdict = verdict || slice_begins(line, "Diagnostic-Code:") ||
		          slice_begins(line, "Status:") || slice_begins(line, "Action:");
	}
	return verdict && recipient;
}
