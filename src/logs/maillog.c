#include "logs/maillog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "logs/deliveries.h"
#include "logs/dsn.h"
#include "logs/events.h"
#include "logs/pasted.h"
#include "mail/header.h"

enum {
	COLUMNS_MAX = 128,
	DELIVERY_NUMBERS = 1024,
	PASTED_GOOD = 65536, /* octets of pasted lines, at which they are read */
	PASTED_MAX = 2 * PASTED_GOOD,
	WRAPPED_LINES_MAX = 12, /* of one line of a log */
};

enum column {
	COLUMN_TEXT,
	COLUMN_RECIPIENT,
	COLUMN_RELAY,
	COLUMN_STATUS,
	COLUMN_TIME,
	COLUMN_QUEUE_ID,
	COLUMN_EVENT,
	COLUMN_DIRECTION,
	COLUMN_ROLES
};

struct qmail_number { /* qmail says to whom on one line, and how it went on another */
	unsigned long number;
	char recipient[256], message[32]; /* "": none */
};

struct maillog {
	refusal_take *take;
	void *arg;
	struct arena *arena; /* as long as a line, or what is read as one */
	struct arena *telling; /* as long as one refusal is told */
	struct buf line; /* a copy without NULs */
	struct buf pasted; /* lines that are no log's, until they end */
	unsigned long pasted_line; /* number of the first */
	struct buf wrapped; /* a line of a log whose bracket is still open */
	unsigned wrapped_lines;
	unsigned long wrapped_line, json_line; /* numbers of their first lines */
	struct buf json; /* JSON whose brackets are still open */
	unsigned json_depth;
	bool json_quoted;
	struct bounce *bounce;
	bool in_message, was_blank;
	unsigned long message_line;
	struct deliveries *deliveries;
	int columns[COLUMN_ROLES]; /* of the CSV under way, from 0; -1: none. [COLUMN_TEXT] -1: no
	                              CSV */
	unsigned column_count;
	struct qmail_number *numbers; /* by number modulo DELIVERY_NUMBERS */
	unsigned long start; /* number of the line at which what is being read begins */
	struct maillog_counts counts;
};

/* All that is refusal passes here: what is the same for every form is done once. */
static void
pass_on(const struct refusal *refusal, void *arg)
{
	struct maillog *maillog = arg;
	struct refusal told = *refusal;
	struct arena *arena = maillog->telling;
	struct slice text = reply_bare(
	    reply_inner(reply_unjoin((struct slice){told.text, told.len}, arena), arena));

	told.text = text.at;
	told.len = text.len;
	if (told.relay == NULL)
		told.relay = told.relay_ip;
	if (told.relay == NULL && told.said_by == SAID_BY_SENDER)
		told.relay = host_tried(text, arena, &told.relay_ip);
	maillog->counts.told++;
	maillog->counts.inbound += told.inbound;
	maillog->take(&told, maillog->arg);
	arena_reset(arena);
}

static void
take_sent(struct maillog *maillog, const char *queue_id, const char *recipient)
{
	if (queue_id != NULL && *queue_id != '\0')
		maillog->counts.sent_later +=
		    deliveries_sent(maillog->deliveries, queue_id, recipient);
}

static void
take_refusal(const struct refusal *refusal, void *arg)
{
	struct maillog *maillog = arg;
	struct refusal told = *refusal;

	if (told.relay != NULL &&
	    *told.relay == '\0') /* "while talking to :", or an empty column, names nobody */
		told.relay = NULL;
	if (told.line == 0)
		told.line = maillog->start;
	if (told.sent) {
		take_sent(maillog, told.queue_id, told.recipient);
		return;
	}
	if (told.tls != NULL || told.packed.len > 0) {
		maillog->counts.told++;
		maillog->take(&told, maillog->arg);
		return;
	}
	deliveries_take(maillog->deliveries, &told);
}

static long
take_json(struct slice json, void *arg)
{
	struct maillog *maillog = arg;
	struct arena *arena = arena_new();
	long told = events_read(json.at, json.len, arena, take_refusal, maillog);

	arena_free(arena);
	return told;
}

struct maillog *
maillog_new(refusal_take *take, void *arg)
{
	struct maillog *maillog = must_alloc(sizeof *maillog);

	*maillog = (struct maillog){
	    .take = take, .arg = arg, .arena = arena_new(), .telling = arena_new()};
	memset(maillog->columns, 0xff, sizeof maillog->columns);
	buf_init(&maillog->line, MAILLOG_JSON_MAX);
	buf_init(&maillog->pasted, PASTED_MAX);
	buf_init(&maillog->wrapped, MAILLOG_LINE_MAX);
	buf_init(&maillog->json, MAILLOG_JSON_MAX);
	maillog->bounce = bounce_new(take_refusal, take_json, maillog);
	maillog->deliveries = deliveries_new(pass_on, maillog);
	return maillog;
}

void
maillog_free(struct maillog *maillog)
{
	if (maillog == NULL)
		return;
	buf_release(&maillog->line);
	buf_release(&maillog->pasted);
	buf_release(&maillog->wrapped);
	buf_release(&maillog->json);
	bounce_free(maillog->bounce);
	deliveries_free(maillog->deliveries);
	arena_free(maillog->arena);
	arena_free(maillog->telling);
	free(maillog->numbers);
	free(maillog);
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
    {"timeLogged", COLUMN_TIME},
    {"dsnAction", COLUMN_EVENT},
    {"recipient-status", COLUMN_TEXT}, /* Exchange */
    {"recipient-address", COLUMN_RECIPIENT},
    {"server-hostname", COLUMN_RELAY},
    {"date-time", COLUMN_TIME},
    {"internal-message-id", COLUMN_QUEUE_ID},
    {"event-id", COLUMN_EVENT},
    {"directionality", COLUMN_DIRECTION},
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
	int columns[COLUMN_ROLES];
	const char *at = line, *end = line + len;
	unsigned n = 0;

	memset(columns, 0xff, sizeof columns);
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
is_deferral(const char *event)
{
	return event != NULL &&
	       (strcasecmp(event, "DEFER") == 0 || strcasecmp(event, "delayed") == 0);
}

static bool
is_sent_event(const char *event)
{
	return event != NULL &&
	       (strcasecmp(event, "SENDEXTERNAL") == 0 || strcasecmp(event, "DELIVER") == 0 ||
	           strcasecmp(event, "relayed") == 0 || strcasecmp(event, "delivered") == 0);
}

static bool
read_row(struct maillog *maillog, const char *line, size_t len, struct refusal *refusal)
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
	if (n + 1 >= maillog->column_count && is_sent_event(roles[COLUMN_EVENT])) {
		take_sent(maillog, roles[COLUMN_QUEUE_ID], roles[COLUMN_RECIPIENT]);
		return false;
	}
	if (n + 1 < maillog->column_count || text == NULL) /* a last empty column may be left out */
		return false;
	if (strncasecmp(text, "smtp;", 5) == 0)
		text += 5 + strspn(text + 5, " ");
	if (logline_code(text, strlen(text)) != 0)
		*refusal = (struct refusal){.text = text, .len = strlen(text)};
	else if (logline_read(text, strlen(text), maillog->arena, refusal) != LOGLINE_REPLY)
		return false;
	if (roles[COLUMN_RECIPIENT] != NULL)
		refusal->recipient = arena_copy(
		    maillog->arena, roles[COLUMN_RECIPIENT], strcspn(roles[COLUMN_RECIPIENT], ";"));
	if (refusal->relay == NULL && roles[COLUMN_RELAY] != NULL)
		refusal->relay =
		    host_read(slice_of(roles[COLUMN_RELAY]), maillog->arena, &refusal->relay_ip);
	if (refusal->enhanced == NULL && roles[COLUMN_STATUS] != NULL)
		refusal->enhanced = arena_copy(
		    maillog->arena, roles[COLUMN_STATUS], strcspn(roles[COLUMN_STATUS], " "));
	if (roles[COLUMN_TIME] != NULL && *roles[COLUMN_TIME] != '\0')
		refusal->time = roles[COLUMN_TIME];
	if (roles[COLUMN_QUEUE_ID] != NULL && *roles[COLUMN_QUEUE_ID] != '\0')
		refusal->queue_id = roles[COLUMN_QUEUE_ID];
	refusal->deferred = is_deferral(roles[COLUMN_EVENT]);
	refusal->inbound =
	    roles[COLUMN_DIRECTION] != NULL && strcasecmp(roles[COLUMN_DIRECTION], "Incoming") == 0;
	return true;
}

/* ---- logs */

/* "starting delivery 7: msg 123 to remote user@example.com" */
static bool
note_delivery(struct maillog *maillog, const char *line)
{
	const char *at = strstr(line, "starting delivery "), *to;
	unsigned long number;
	struct qmail_number *delivery;

	if (at == NULL || (to = strstr(at, " to remote ")) == NULL)
		return false;
	number = strtoul(at + strlen("starting delivery "), NULL, 10);
	to += strlen(" to remote ");
	if (maillog->numbers == NULL)
		maillog->numbers = must_alloc(DELIVERY_NUMBERS * sizeof *maillog->numbers);
	delivery = &maillog->numbers[number % DELIVERY_NUMBERS];
	delivery->number = number;
	delivery->recipient[0] = '\0';
	delivery->message[0] = '\0';
	if (strlen(to) < sizeof delivery->recipient)
		strcpy(delivery->recipient, to);
	if ((at = strstr(at, ": msg ")) != NULL)
		snprintf(delivery->message, sizeof delivery->message, "%lu",
		    strtoul(at + strlen(": msg "), NULL, 10));
	return true;
}

static void
recall_delivery(const struct maillog *maillog, const char *line, struct refusal *refusal)
{
	const char *at = refusal->recipient == NULL && maillog->numbers != NULL
	                     ? strstr(line, "delivery ")
	                     : NULL;
	unsigned long number = at != NULL ? strtoul(at + strlen("delivery "), NULL, 10) : 0;
	const struct qmail_number *delivery =
	    at != NULL ? &maillog->numbers[number % DELIVERY_NUMBERS] : NULL;

	if (delivery != NULL && delivery->number == number && delivery->recipient[0] != '\0')
		refusal->recipient = delivery->recipient;
	if (refusal->recipient != NULL && refusal->queue_id == NULL && delivery != NULL &&
	    refusal->recipient == delivery->recipient && delivery->message[0] != '\0')
		refusal->queue_id = delivery->message;
}

/* maddy's lines need no time: "queue: delivery attempt failed\t{"msg_id":…}" */
static bool
is_maddy(const char *line, size_t len)
{
	return line[len - 1] == '}' && strstr(line, "\t{\"") != NULL;
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
	if (is_digit(line[0]) && is_digit(line[1]) && is_digit(line[2]) && is_digit(line[3]))
		return line[4] == '-' && is_digit(line[5]) && is_digit(line[6]) && line[7] == '-';
	for (const char *month = months; *month != '\0'; month += 3)
		if (memcmp(line, month, 3) == 0)
			return line[3] == ' ' && (is_digit(line[4]) || line[4] == ' ') &&
			       is_digit(line[5]) && line[6] == ' ' && is_digit(line[7]);
	return false;
}

static void
take_inbound(const struct refusal *refusal, void *arg)
{
	struct refusal told = *refusal;

	told.inbound = true;
	told.said_by = SAID_BY_SERVER;
	told.queue_id = told.relay = told.relay_ip = NULL;
	take_refusal(&told, arg);
}

/* maddy: "queue: delivery attempt failed	{"rcpt":…,"smtp_code":550,…}"; what its endpoints
 * said to clients is inbound. */
static bool
read_maddy(struct maillog *maillog, struct slice line)
{
	const char *open = line.at[line.len - 1] == '}' ? slice_find(line, "\t{\"") : NULL;
	struct slice before;

	if (open == NULL || slice_find(line, "\"smtp_code\":") == NULL)
		return false;
	before = (struct slice){line.at, (size_t)(open - line.at)};
	return events_read(open + 1, line.len - before.len - 1, maillog->arena,
	           slice_find(before, "delivery attempt failed") != NULL ? take_refusal
	                                                                 : take_inbound,
	           maillog) > 0;
}

/* A program's own log: "2026-11-30 10:00:00 ERROR smtplib.SMTPDataError: (554, b'5.7.1 …')". */
static bool
read_program_log(struct maillog *maillog, struct slice line)
{
	return slice_find(line, "SMTP") != NULL &&
	       pasted_read(line, maillog->start, maillog->arena, take_refusal, maillog).told > 0;
}

static void
read_log(struct maillog *maillog, const char *line, size_t len)
{
	struct refusal refusal;
	enum logline kind;

	if (read_row(maillog, line, len, &refusal)) {
		take_refusal(&refusal, maillog);
		return;
	}
	if (read_maddy(maillog, (struct slice){line, len}))
		return;
	kind = logline_read(line, len, maillog->arena, &refusal);
	if (kind == LOGLINE_REPLY) {
		recall_delivery(maillog, line, &refusal);
		take_refusal(&refusal, maillog);
		return;
	}
	if (kind == LOGLINE_SENT) {
		recall_delivery(maillog, line, &refusal);
		take_sent(maillog, refusal.queue_id, refusal.recipient);
	}
	if (kind == LOGLINE_OTHER && read_program_log(maillog, (struct slice){line, len}))
		return;
	if (kind == LOGLINE_OTHER && !note_delivery(maillog, line) && !is_stamped(line, len))
		maillog->counts.unknown++;
	else
		maillog->counts.silent++;
}

/* ---- lines that are put together before they are read */

static void
finish_wrapped(struct maillog *maillog)
{
	unsigned long start = maillog->start;

	if (maillog->wrapped_lines == 0)
		return;
	maillog->start = maillog->wrapped_line;
	read_log(maillog, maillog->wrapped.data, maillog->wrapped.len);
	buf_clear(&maillog->wrapped);
	maillog->wrapped_lines = 0;
	maillog->start = start;
}

static void
finish_pasted(struct maillog *maillog)
{
	struct pasted_counts counts;

	if (maillog->pasted.len == 0)
		return;
	counts = pasted_read((struct slice){maillog->pasted.data, maillog->pasted.len},
	    maillog->pasted_line, maillog->arena, take_refusal, maillog);
	maillog->counts.unknown += counts.passed_over;
	buf_clear(&maillog->pasted);
}

/* What only looks like JSON: an object as a program printed it, which is short. */
static bool
read_as_words(struct maillog *maillog)
{
	struct slice text = {maillog->json.data, maillog->json.len};

	if (text.len > PASTED_MAX)
		text.len = PASTED_MAX;
	return pasted_read(text, maillog->start, maillog->arena, take_refusal, maillog).told > 0;
}

static void
finish_json(struct maillog *maillog)
{
	long told;

	if (maillog->json.len == 0)
		return;
	maillog->start = maillog->json_line;
	told = events_read(
	    maillog->json.data, maillog->json.len, maillog->arena, take_refusal, maillog);
	if (told < 0 && (maillog->json.len > PASTED_MAX || !read_as_words(maillog)))
		maillog->counts.broken_json++;
	else if (told == 0)
		maillog->counts.objects++;
	buf_clear(&maillog->json);
	maillog->json_depth = 0;
	maillog->json_quoted = false;
}

static void
finish_lines(struct maillog *maillog)
{
	finish_wrapped(maillog);
	finish_pasted(maillog);
	finish_json(maillog);
}

/* Brackets that are open behind these octets. */
static void
count_brackets(struct maillog *maillog, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (maillog->json_quoted) {
			i += text[i] == '\\';
			maillog->json_quoted = i >= len || text[i] != '"';
		} else if (text[i] == '"') {
			maillog->json_quoted = true;
		} else if (text[i] == '{' || text[i] == '[') {
			maillog->json_depth++;
		} else if ((text[i] == '}' || text[i] == ']') && maillog->json_depth > 0) {
			maillog->json_depth--;
		}
	}
	maillog->json_quoted = false; /* no string of JSON goes over a line end */
}

/* Does a line begin JSON: "{", "[{", "[" alone? */
static bool
begins_json(const char *line, size_t len)
{
	struct slice text = slice_trim((struct slice){line, len});

	if (text.len == 0 || (*text.at != '{' && *text.at != '['))
		return false;
	if (*text.at == '{')
		return true;
	text = slice_trim(slice_from(text, 1));
	return text.len == 0 || *text.at == '{';
}

static void
take_json_line(struct maillog *maillog, const char *line, size_t len)
{
	if (maillog->json.len == 0) {
		long told;

		finish_lines(maillog);
		told = events_read(line, len, maillog->arena, take_refusal, maillog);
		if (told > 0)
			return;
		if (told == 0) {
			maillog->counts.objects++;
			return;
		}
	}
	if (maillog->json.len == 0)
		maillog->json_line = maillog->start;
	buf_add(&maillog->json, line, len);
	buf_putc(&maillog->json, '\n');
	count_brackets(maillog, line, len);
	if (maillog->json_depth == 0 || maillog->json.full)
		finish_json(maillog);
}

/* A line of a log is held back until the next one, for it may go on there. */
static void
take_log_line(struct maillog *maillog, const char *line, size_t len)
{
	finish_lines(maillog);
	if (line[len - 1] == ')') {
		read_log(maillog, line, len);
		return;
	}
	buf_add(&maillog->wrapped, line, len);
	maillog->wrapped_lines = 1;
	maillog->wrapped_line = maillog->start;
}

static bool
goes_on(const struct maillog *maillog, const char *line)
{
	if (maillog->wrapped_lines == 0 || maillog->wrapped_lines == WRAPPED_LINES_MAX)
		return false;
	return is_blank(*line) || strstr(maillog->wrapped.data, " status=") != NULL;
}

static void
go_on(struct maillog *maillog, const char *line, size_t len)
{
	struct slice text = slice_trim((struct slice){line, len});

	buf_putc(&maillog->wrapped, ' ');
	buf_add(&maillog->wrapped, text.at, text.len);
	maillog->wrapped_lines++;
	if (text.len > 0 && text.at[text.len - 1] == ')')
		finish_wrapped(maillog);
}

static void
begin_message(struct maillog *maillog, unsigned long line)
{
	maillog->in_message = true;
	maillog->was_blank = false;
	maillog->message_line = line;
}

/* Nothing but fields, and one among them that mails have: a header whose first field we did not
 * know for one. */
static bool
is_header(struct slice text)
{
	struct slice rest = text, line;
	unsigned fields = 0;
	bool known = false;

	while (slice_line(&rest, &line)) {
		if (line.len > 0 && is_blank(*line.at))
			continue;
		if (header_name(line) == 0)
			return false;
		fields++;
		known = known || slice_begins(line, "From:") || slice_begins(line, "Received:") ||
		        slice_begins(line, "Subject:") || slice_begins(line, "Message-ID:");
	}
	return fields > 1 && known;
}

/* An empty line behind what was taken for pasted text: was it a mail's header? */
static bool
take_header(struct maillog *maillog)
{
	struct slice text = {maillog->pasted.data, maillog->pasted.len}, line;

	if (text.len == 0 || !is_header(text))
		return false;
	begin_message(maillog, maillog->pasted_line);
	while (slice_line(&text, &line))
		bounce_line(maillog->bounce, line.at, line.len);
	buf_clear(&maillog->pasted);
	bounce_line(maillog->bounce, "", 0);
	maillog->was_blank = true;
	return true;
}

/* Read where a reply ends, so that none is cut in two. */
static void
take_pasted_line(struct maillog *maillog, const char *line, size_t len)
{
	bool full = maillog->pasted.len + len + 1 > maillog->pasted.max;

	if (full || (maillog->pasted.len > PASTED_GOOD && (len == 0 || logline_code(line, len))))
		finish_pasted(maillog);
	if (maillog->pasted.len == 0) {
		if (len == 0)
			return;
		maillog->pasted_line = maillog->counts.lines;
	}
	buf_add(&maillog->pasted, line, len);
	buf_putc(&maillog->pasted, '\n');
}

/* ---- what a line is */

static void
end_message(struct maillog *maillog)
{
	bool unread;

	if (!maillog->in_message)
		return;
	maillog->start = maillog->message_line;
	maillog->counts.mails++;
	if (bounce_end(maillog->bounce, &unread) == 0)
		maillog->counts.silent_mails++;
	maillog->counts.unread_mails += unread;
	maillog->in_message = false;
}

/* A line that belongs to no mail ends it. False: it was the mail's. */
static bool
is_foreign(struct maillog *maillog, const char *line, size_t len)
{
	struct refusal refusal;

	if (maillog->was_blank && bounce_from(line, len))
		return true;
	if (bounce_open(maillog->bounce))
		return false;
	return is_stamped(line, len) &&
	       logline_read(line, len, maillog->arena, &refusal) != LOGLINE_OTHER;
}

/* Behind pasted text only what no text of a notice has begins a mail. */
static bool
begins_mail(const struct maillog *maillog, const char *line, size_t len)
{
	static const char *const fields[] = {
	    "Return-Path:", "Received: ", "Delivered-To:", "From: "};
	const struct slice text = {line, len};

	if (!bounce_begins(line, len))
		return false;
	if (maillog->pasted.len == 0 || bounce_from(line, len))
		return true;
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		if (slice_begins(text, fields[i]) && slice_find(text, " RCPT: ") == NULL)
			return true;
	return false;
}

static void
read_line(struct maillog *maillog, const char *line, size_t len)
{
	if (maillog->in_message) {
		if (len == 0 || !is_foreign(maillog, line, len)) {
			maillog->was_blank = len == 0;
			if (bounce_line(maillog->bounce, line, len))
				end_message(maillog);
			return;
		}
		end_message(maillog);
	}
	maillog->start = maillog->counts.lines;
	if (maillog->json.len > 0 || (len > 0 && begins_json(line, len))) {
		take_json_line(maillog, line, len);
	} else if (len == 0) {
		finish_wrapped(maillog);
		if (!take_header(maillog))
			take_pasted_line(maillog, line, len);
	} else if (is_stamped(line, len) || is_maddy(line, len)) {
		take_log_line(maillog, line, len);
	} else if (goes_on(maillog, line)) {
		go_on(maillog, line, len);
	} else if (begins_mail(maillog, line, len)) {
		finish_lines(maillog);
		begin_message(maillog, maillog->counts.lines);
		bounce_line(maillog->bounce, line, len);
	} else if (read_header(maillog, line, len)) {
		finish_lines(maillog);
		maillog->counts.silent++;
	} else if (maillog->columns[COLUMN_TEXT] >= 0 && memchr(line, ',', len) != NULL) {
		finish_lines(maillog);
		read_log(maillog, line, len);
	} else {
		finish_wrapped(maillog);
		take_pasted_line(maillog, line, len);
	}
}

/* Octets of a blank of Unicode that word processors and web pages put in the place of a space; 0:
 * there is none. */
static size_t
odd_blank(struct slice text)
{
	static const char *const blanks[] = {"\xc2\xa0", "\xe2\x80\xaf", "\xe2\x80\x87"};

	for (size_t i = 0; i < sizeof blanks / sizeof *blanks; i++)
		if (text.len >= strlen(blanks[i]) &&
		    memcmp(text.at, blanks[i], strlen(blanks[i])) == 0)
			return strlen(blanks[i]);
	return 0;
}

/* … of a typographic quotation mark right before a code. */
static size_t
odd_quote(struct slice text)
{
	size_t len = quote_begins(text);

	return len > 1 && text.len >= len + 3 && strchr("245", text.at[len]) != NULL &&
	               is_digit(text.at[len + 1]) && is_digit(text.at[len + 2])
	           ? len
	           : 0;
}

/* Neither hides a reply. */
static void
mend_blanks(struct buf *line)
{
	char *to = line->data;
	size_t at = 0;

	if (memchr(line->data, '\xc2', line->len) == NULL &&
	    memchr(line->data, '\xe2', line->len) == NULL)
		return;
	while (at < line->len) {
		struct slice rest = {line->data + at, line->len - at};
		size_t blank = odd_blank(rest), quote = blank > 0 ? 0 : odd_quote(rest);

		*to++ = blank > 0 ? ' ' : quote > 0 ? '"' : line->data[at];
		at += blank > 0 ? blank : quote > 0 ? quote : 1;
	}
	buf_cut(line, (size_t)(to - line->data));
}

/* Whole reports and batches of events stand on one line, and so do attachments that nobody
 * wrapped. Words of a server never do. */
static bool
may_be_long(const struct maillog *maillog, const char *line, size_t len)
{
	static const char base64[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r";

	if (len > MAILLOG_JSON_MAX)
		return false;
	if (begins_json(line, len))
		return true;
	for (size_t i = 0; i < len; i++)
		if (line[i] == '\0' || strchr(base64, line[i]) == NULL)
			return false;
	return maillog->in_message;
}

void
maillog_line(struct maillog *maillog, const char *line, size_t len)
{
	char *at, *end;

	maillog->counts.lines++;
	if (len > MAILLOG_LINE_MAX && !may_be_long(maillog, line, len)) {
		maillog->counts.too_long++;
		return;
	}
	buf_clear(&maillog->line);
	buf_add(&maillog->line, line, len);
	end = maillog->line.data + maillog->line.len;
	for (at = maillog->line.data; (at = memchr(at, '\0', (size_t)(end - at))) != NULL;)
		*at = ' ';
	if (len > 0 && maillog->line.data[len - 1] == '\r')
		maillog->line.data[--maillog->line.len] = '\0';
	if (!maillog->in_message && len <= MAILLOG_LINE_MAX)
		mend_blanks(&maillog->line);
	read_line(maillog, maillog->line.data, maillog->line.len);
	arena_reset(maillog->arena);
}

void
maillog_flush(struct maillog *maillog)
{
	if (!maillog->in_message)
		finish_lines(maillog);
	arena_reset(maillog->arena);
	deliveries_flush(maillog->deliveries);
}

void
maillog_end(struct maillog *maillog)
{
	finish_lines(maillog);
	end_message(maillog);
	deliveries_flush(maillog->deliveries);
	arena_reset(maillog->arena);
	memset(maillog->columns, 0xff, sizeof maillog->columns);
}

struct maillog_counts
maillog_counts(const struct maillog *maillog)
{
	return maillog->counts;
}
