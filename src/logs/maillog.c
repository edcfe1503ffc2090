#include "logs/maillog.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/buf.h"
#include "smtp/reply.h"

enum { COLUMNS_MAX = 128, DELIVERIES = 1024 };

enum column { COLUMN_TEXT, COLUMN_RECIPIENT, COLUMN_RELAY, COLUMN_STATUS, COLUMN_ROLES };

struct delivery { /* qmail says to whom on one line, and how it went on another */
	unsigned long number;
	char recipient[256]; /* "": none */
};

struct maillog {
	heard_take *take;
	void *arg;
	struct arena *arena; /* as long as a line */
	struct buf line; /* a copy without NULs */
	struct buf reply; /* lines of a reply that goes on */
	unsigned reply_lines;
	struct bounce *bounce;
	bool in_message;
	int columns[COLUMN_ROLES]; /* of the CSV under way, from 0; -1: none. [COLUMN_TEXT] -1: no
	                              CSV */
	unsigned column_count;
	struct delivery *deliveries; /* by number modulo DELIVERIES */
	struct maillog_counts counts;
};

static void
take_heard(const struct heard *heard, void *arg)
{
	struct maillog *maillog = arg;
	struct heard told = *heard;

	if (told.relay != NULL &&
	    *told.relay == '\0') /* "while talking to :", or an empty column, names nobody */
		told.relay = NULL;
	maillog->counts.told++;
	maillog->take(&told, maillog->arg);
}

struct maillog *
maillog_new(heard_take *take, void *arg)
{
	struct maillog *maillog = must_alloc(sizeof *maillog);

	*maillog = (struct maillog){
	    .take = take, .arg = arg, .arena = arena_new(), .columns = {-1, -1, -1, -1}};
	buf_init(&maillog->line, MAILLOG_LINE_MAX);
	buf_init(&maillog->reply, MAILLOG_LINE_MAX);
	maillog->bounce = bounce_new(take_heard, maillog);
	return maillog;
}

void
maillog_free(struct maillog *maillog)
{
	if (maillog == NULL)
		return;
	buf_release(&maillog->line);
	buf_release(&maillog->reply);
	bounce_free(maillog->bounce);
	arena_free(maillog->arena);
	free(maillog->deliveries);
	free(maillog);
}

static bool
digit(char c)
{
	return c >= '0' && c <= '9';
}

/* ---- NDJSON */

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

static int
get_code(const json_t *object)
{
	json_int_t code = json_integer_value(json_object_get(object, "code"));

	return code >= 200 && code <= 599 ? (int)code : 0;
}

static void
set_stage(struct heard *heard, const json_t *object)
{
	const char *stage = get_string(object, "stage");

	if (stage != NULL && !stage_parse(stage, &heard->stage))
		heard->stage = STAGE_NONE;
}

static const char *
get_id(struct maillog *maillog, const json_t *object)
{
	const json_t *id = json_object_get(object, "id");

	return json_is_integer(id)
	           ? arena_printf(maillog->arena, "%" JSON_INTEGER_FORMAT, json_integer_value(id))
	           : json_string_value(id);
}

/* What somebody wants explained: taken whatever its code. */
static bool
read_text_object(struct maillog *maillog, const json_t *object, struct heard *heard)
{
	static const char *const recipients[] = {"recipient", "rcpt", "to"}, *const relays[] = {
	                                                                         "mx", "relay"};
	const char *domain = get_string(object, "recipient_domain");

	heard->text = get_string(object, "text");
	heard->id = get_id(maillog, object);
	heard->code = get_code(object);
	heard->enhanced = get_string(object, "enhanced");
	heard->recipient = first_string(object, recipients, 3);
	heard->relay = first_string(object, relays, 2);
	heard->provider = get_string(object, "provider");
	set_stage(heard, object);
	if (heard->recipient == NULL && domain != NULL)
		heard->recipient = arena_printf(maillog->arena, "@%s", domain);
	return heard->text != NULL;
}

/* Our own record of a walk. */
static bool
read_result(struct maillog *maillog, const json_t *object, struct heard *heard)
{
	const json_t *reply = json_object_get(object, "reply"),
	             *attempts = json_object_get(object, "attempts");
	size_t count = json_array_size(attempts);
	const char *domain = get_string(object, "domain");

	heard->text = get_string(reply, "text");
	heard->code = get_code(reply);
	heard->enhanced = get_string(reply, "enhanced");
	heard->recipient = get_string(object, "rcpt");
	if (heard->recipient == NULL && domain != NULL)
		heard->recipient = arena_printf(maillog->arena, "@%s", domain);
	heard->relay = count > 0 ? get_string(json_array_get(attempts, count - 1), "mx") : NULL;
	set_stage(heard, object);
	return heard->text != NULL && heard->code >= 400;
}

/* KumoMTA:
 * {"type":"Bounce","recipient":…,"response":{"code":…,"enhanced_code":{"class":…,"subject":…,"detail":…},"content":…,"command":…},"peer_address":{"name":…,"addr":…}}
 */
static bool
read_kumo(struct maillog *maillog, const json_t *object, struct heard *heard)
{
	const json_t *response = json_object_get(object, "response"),
	             *enhanced = json_object_get(response, "enhanced_code"),
	             *peer = json_object_get(object, "peer_address");
	const json_t *recipient = json_object_get(object, "recipient");
	const char *command = get_string(response, "command"), *name = get_string(peer, "name");

	heard->text = get_string(response, "content");
	heard->code = get_code(response);
	if (json_is_object(enhanced))
		heard->enhanced = arena_printf(maillog->arena, "%d.%d.%d",
		    (int)json_integer_value(json_object_get(enhanced, "class")),
		    (int)json_integer_value(json_object_get(enhanced, "subject")),
		    (int)json_integer_value(json_object_get(enhanced, "detail")));
	heard->recipient =
	    json_string_value(json_is_array(recipient) ? json_array_get(recipient, 0) : recipient);
	heard->relay = name != NULL ? name : get_string(peer, "addr");
	if (command != NULL)
		heard->stage = logline_stage(command, strlen(command));
	return heard->text != NULL && heard->code >= 400;
}

/* A log line in an envelope, or some service's event with the server's words in it. */
static bool
read_wrapper(struct maillog *maillog, const json_t *object, struct heard *heard)
{
	static const char *const keys[] = {"MESSAGE", "message", "msg", "log", "reason", "response",
	    "diagnostic", "diagnosticCode", "smtp_response", "error"};
	static const char *const recipients[] = {"recipient", "rcpt", "email", "to"};

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		const char *text = get_string(object, keys[i]);
		size_t len = text != NULL ? strlen(text) : 0;

		if (text == NULL)
			continue;
		if (strncasecmp(text, "smtp;", 5) == 0) {
			text += 5 + strspn(text + 5, " ");
			len = strlen(text);
		}
		if (logline_code(text, len) != 0)
			*heard = (struct heard){.text = text, .len = len};
		else if (logline_read(text, len, maillog->arena, heard) != LOGLINE_REPLY)
			continue;
		if (heard->recipient == NULL)
			heard->recipient = first_string(object, recipients, 4);
		return true;
	}
	return false;
}

static bool
read_object(struct maillog *maillog, const json_t *object, struct heard *heard)
{
	const char *type = get_string(object, "type");
	bool found;

	*heard = (struct heard){.stage = STAGE_NONE};
	if (type != NULL && strcmp(type, "result") == 0)
		found = read_result(maillog, object, heard);
	else if (json_is_object(json_object_get(object, "response")))
		found = read_kumo(maillog, object, heard);
	else if (json_object_get(object, "text") != NULL)
		found = read_text_object(maillog, object, heard);
	else
		return read_wrapper(maillog, object, heard);
	heard->len = found ? strlen(heard->text) : 0;
	return found;
}

/* ---- CSV */

static const struct {
	const char *name;
	enum column column;
} column_names[] = {
    {"dsnDiag", COLUMN_TEXT}, /* PowerMTA */
    {"rcpt", COLUMN_RECIPIENT},
    {"dsnMta", COLUMN_RELAY},
    {"dsnStatus", COLUMN_STATUS},
    {"recipient-status", COLUMN_TEXT}, /* Exchange */
    {"recipient-address", COLUMN_RECIPIENT},
    {"server-hostname", COLUMN_RELAY},
};

/* The next field, unquoted; NULL at the end. `*at` moves on. */
static char *
next_field(struct arena *arena, const char **at, const char *end)
{
	char *field, *out;

	if (*at > end)
		return NULL;
	field = out = arena_alloc(arena, (size_t)(end - *at) + 1);
	if (*at < end && **at == '"') {
		for (++*at; *at < end; ++*at) {
			if (**at == '"' && (*at + 1 == end || (*at)[1] != '"'))
				break;
			*at += **at == '"';
			*out++ = **at;
		}
		while (*at < end && **at != ',')
			++*at;
	} else {
		while (*at < end && **at != ',')
			*out++ = *(*at)++;
	}
	++*at;
	return field;
}

/* A header line: short words between commas, one of them a column that has replies. */
static bool
read_header(struct maillog *maillog, const char *line, size_t len)
{
	static const char exchange[] = "#Fields: ";
	int columns[COLUMN_ROLES] = {-1, -1, -1, -1};
	const char *at = line, *end = line + len;
	unsigned n = 0;

	if (len > sizeof exchange && memcmp(line, exchange, sizeof exchange - 1) == 0)
		at += sizeof exchange - 1;
	else if (*line == '#' || memchr(line, ' ', len) != NULL || memchr(line, ',', len) == NULL)
		return false;
	if (memmem(at, (size_t)(end - at), "dsnDiag", 7) == NULL &&
	    memmem(at, (size_t)(end - at), "recipient-status", 16) == NULL)
		return false;
	for (char *field; n < COLUMNS_MAX && (field = next_field(maillog->arena, &at, end)) != NULL;
	     n++)
		for (size_t i = 0; i < sizeof column_names / sizeof column_names[0]; i++)
			if (strcmp(field, column_names[i].name) == 0 &&
			    columns[column_names[i].column] < 0)
				columns[column_names[i].column] = (int)n;
	if (columns[COLUMN_TEXT] < 0)
		return false;
	memcpy(maillog->columns, columns, sizeof columns);
	maillog->column_count = n;
	return true;
}

static bool
read_row(struct maillog *maillog, const char *line, size_t len, struct heard *heard)
{
	const char *at = line, *end = line + len, *roles[COLUMN_ROLES] = {NULL}, *text;
	unsigned n = 0;

	if (maillog->columns[COLUMN_TEXT] < 0 || memchr(line, ',', len) == NULL)
		return false;
	for (char *field; n < COLUMNS_MAX && (field = next_field(maillog->arena, &at, end)) != NULL;
	     n++)
		for (unsigned i = 0; i < COLUMN_ROLES; i++)
			if (maillog->columns[i] == (int)n)
				roles[i] = field;
	text = roles[COLUMN_TEXT];
	if (n + 1 < maillog->column_count || text == NULL) /* a last empty column may be left out */
		return false;
	if (strncasecmp(text, "smtp;", 5) == 0)
		text += 5 + strspn(text + 5, " ");
	if (logline_code(text, strlen(text)) != 0)
		*heard = (struct heard){.text = text, .len = strlen(text)};
	else if (logline_read(text, strlen(text), maillog->arena, heard) != LOGLINE_REPLY)
		return false;
	if (roles[COLUMN_RECIPIENT] != NULL)
		heard->recipient = arena_copy(
		    maillog->arena, roles[COLUMN_RECIPIENT], strcspn(roles[COLUMN_RECIPIENT], ";"));
	if (heard->relay == NULL && roles[COLUMN_RELAY] != NULL)
		heard->relay = arena_copy(
		    maillog->arena, roles[COLUMN_RELAY], strcspn(roles[COLUMN_RELAY], " ("));
	if (heard->enhanced == NULL && roles[COLUMN_STATUS] != NULL &&
	    logline_code(text, strlen(text)) == 0)
		heard->enhanced = arena_copy(
		    maillog->arena, roles[COLUMN_STATUS], strcspn(roles[COLUMN_STATUS], " "));
	return true;
}

/* ---- replies as they are */

static void
finish_reply(struct maillog *maillog)
{
	struct heard heard = {.text = maillog->reply.data, .len = maillog->reply.len};

	if (maillog->reply_lines > 0)
		take_heard(&heard, maillog);
	buf_clear(&maillog->reply);
	maillog->reply_lines = 0;
}

/* False: the line is no reply's. */
static bool
read_reply(struct maillog *maillog, const char *line, size_t len)
{
	static const char *const swaks[] = {"<** ", "<~* "};
	char enhanced[12];
	int code;

	for (size_t i = 0; i < 2; i++)
		if (len > 4 && memcmp(line, swaks[i], 4) == 0) {
			line += 4;
			len -= 4;
		}
	code = logline_code(line, len);
	if (maillog->reply_lines > 0 && (code == 0 || memcmp(maillog->reply.data, line, 3) != 0 ||
	                                    maillog->reply_lines == MAILLOG_LINES_MAX ||
	                                    maillog->reply.len + len + 1 > maillog->reply.max))
		finish_reply(maillog);
	reply_enhanced(line, enhanced);
	if (code == 0 && *enhanced != '4' && *enhanced != '5')
		return false;
	if (maillog->reply_lines > 0)
		buf_putc(&maillog->reply, '\n');
	buf_add(&maillog->reply, line, len);
	maillog->reply_lines++;
	if (code == 0 || len == 3 || line[3] != '-')
		finish_reply(maillog);
	return true;
}

/* ---- logs */

/* "starting delivery 7: msg 123 to remote user@example.com" */
static bool
note_delivery(struct maillog *maillog, const char *line)
{
	const char *at = strstr(line, "starting delivery "), *to;
	unsigned long number;
	struct delivery *delivery;

	if (at == NULL || (to = strstr(at, " to remote ")) == NULL)
		return false;
	number = strtoul(at + strlen("starting delivery "), NULL, 10);
	to += strlen(" to remote ");
	if (maillog->deliveries == NULL)
		maillog->deliveries = must_alloc(DELIVERIES * sizeof *maillog->deliveries);
	delivery = &maillog->deliveries[number % DELIVERIES];
	delivery->number = number;
	delivery->recipient[0] = '\0';
	if (strlen(to) < sizeof delivery->recipient)
		strcpy(delivery->recipient, to);
	return true;
}

static void
recall_delivery(const struct maillog *maillog, const char *line, struct heard *heard)
{
	const char *at = heard->recipient == NULL && maillog->deliveries != NULL
	                     ? strstr(line, "delivery ")
	                     : NULL;
	unsigned long number = at != NULL ? strtoul(at + strlen("delivery "), NULL, 10) : 0;
	const struct delivery *delivery =
	    at != NULL ? &maillog->deliveries[number % DELIVERIES] : NULL;

	if (delivery != NULL && delivery->number == number && delivery->recipient[0] != '\0')
		heard->recipient = delivery->recipient;
}

/* Within a message only a line that begins as logs do ends it: a time stamp. */
static bool
is_stamped(const char *line, size_t len)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	if (len < 16)
		return false;
	if (*line == '@')
		return memcmp(line, "@40000000", 9) == 0;
	if (digit(line[0]) && digit(line[1]) && digit(line[2]) && digit(line[3]))
		return line[4] == '-' && digit(line[5]) && digit(line[6]) && line[7] == '-';
	for (const char *month = months; *month != '\0'; month += 3)
		if (memcmp(line, month, 3) == 0)
			return line[3] == ' ' && (digit(line[4]) || line[4] == ' ') &&
			       digit(line[5]) && line[6] == ' ' && digit(line[7]);
	return false;
}

/* ---- what a line is */

static void
end_message(struct maillog *maillog)
{
	if (maillog->in_message && bounce_end(maillog->bounce) == 0)
		maillog->counts.passed_over++;
	maillog->in_message = false;
}

/* A line that belongs to no message ends it: what was held back of that is told before the line's
 * own. False: it was the message's. */
static bool
is_foreign(struct maillog *maillog, const char *line, size_t len)
{
	struct heard heard;
	json_t *object;

	if (memcmp(line, "From ", len < 5 ? len : 5) == 0 && bounce_begins(line, len))
		return true;
	if (is_stamped(line, len))
		return logline_read(line, len, maillog->arena, &heard) != LOGLINE_OTHER;
	if (*line != '{' || line[len - 1] != '}')
		return false;
	object = json_loadb(line, len, 0, NULL);
	json_decref(object);
	return object != NULL;
}

static void
read_log(struct maillog *maillog, const char *line, size_t len)
{
	struct heard heard;

	if (read_row(maillog, line, len, &heard)) {
		take_heard(&heard, maillog);
	} else if (logline_read(line, len, maillog->arena, &heard) == LOGLINE_REPLY) {
		recall_delivery(maillog, line, &heard);
		take_heard(&heard, maillog);
	} else {
		maillog->counts.passed_over++;
	}
}

static void
read_json(struct maillog *maillog, const char *line, size_t len)
{
	json_t *object = json_loadb(line, len, 0, NULL);
	struct heard heard;

	if (json_is_object(object) && read_object(maillog, object, &heard))
		take_heard(&heard, maillog);
	else
		maillog->counts.passed_over++;
	json_decref(object);
}

static void
read_line(struct maillog *maillog, const char *line, size_t len)
{
	if (maillog->in_message) {
		if (len == 0 || !is_foreign(maillog, line, len)) {
			if (bounce_line(maillog->bounce, line, len))
				end_message(maillog);
			return;
		}
		end_message(maillog);
	}
	if (len == 0) {
		finish_reply(maillog);
	} else if (read_reply(maillog, line, len)) {
		return;
	} else if (*line == '{') {
		read_json(maillog, line, len);
	} else if (bounce_begins(line, len)) {
		maillog->in_message = true;
		bounce_line(maillog->bounce, line, len);
	} else if (read_header(maillog, line, len) || note_delivery(maillog, line)) {
		maillog->counts.passed_over++;
	} else {
		read_log(maillog, line, len);
	}
}

void
maillog_line(struct maillog *maillog, const char *line, size_t len)
{
	maillog->counts.lines++;
	if (len > MAILLOG_LINE_MAX) {
		maillog->counts.too_long++;
		return;
	}
	buf_clear(&maillog->line);
	buf_add(&maillog->line, line, len);
	for (char *nul; (nul = memchr(maillog->line.data, '\0', maillog->line.len)) != NULL;)
		*nul = ' ';
	if (len > 0 && maillog->line.data[len - 1] == '\r')
		maillog->line.data[--maillog->line.len] = '\0';
	read_line(maillog, maillog->line.data, maillog->line.len);
	arena_reset(maillog->arena);
}

void
maillog_end(struct maillog *maillog)
{
	finish_reply(maillog);
	end_message(maillog);
	maillog->columns[COLUMN_TEXT] = -1;
}

struct maillog_counts
maillog_counts(const struct maillog *maillog)
{
	return maillog->counts;
}
