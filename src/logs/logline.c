/* One row a log's form: a mark that each such line has, and who reads it. The first reader that
 * knows the line decides. */
#include "logs/logline.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/slice.h"

struct log_line {
	const char *start, *end;
	struct arena *arena;
	struct refusal *out;
};

static const char *
find(const char *at, const char *end, const char *words)
{
	size_t n = strlen(words), rare = strcspn(words, "<>=()[]:");

	if (words[rare] == '\0') /* that octet is looked for which lines have fewest of */
		rare = 0;
	if (n == 0)
		return at < end ? at : NULL;
	for (const char *p = at + rare; p < end && (size_t)(end - p) >= n - rare; p++) {
		p = memchr(p, words[rare], (size_t)(end - p));
		if (p == NULL || (size_t)(end - p) < n - rare)
			return NULL;
		if (memcmp(p - rare, words, n) == 0)
			return p - rare;
	}
	return NULL;
}

/* The same, behind the words. */
static const char *
behind(const char *at, const char *end, const char *words)
{
	const char *found = find(at, end, words);

	return found != NULL ? found + strlen(words) : NULL;
}

static bool
begins(const char *at, const char *end, const char *words)
{
	size_t n = strlen(words);

	return (size_t)(end - at) >= n && *at == *words && memcmp(at, words, n) == 0;
}

int
logline_code(const char *text, size_t len)
{
	if (len < 3 || (text[0] != '4' && text[0] != '5') || !is_digit(text[1]) ||
	    !is_digit(text[2]) || (len > 3 && text[3] != ' ' && text[3] != '-'))
		return 0;
	return (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
}

size_t
logline_enhanced(const char *text, size_t len)
{
	size_t n = 1;

	if (len < 5 || (text[0] != '4' && text[0] != '5'))
		return 0;
	for (unsigned part = 0; part < 2; part++) {
		size_t digits = 0;

		if (n >= len || text[n++] != '.')
			return 0;
		while (n < len && is_digit(text[n]) && digits < 4) {
			n++;
			digits++;
		}
		if (digits == 0 || digits > 3)
			return 0;
	}
	return n < len && text[n] == '.' && n + 1 < len && is_digit(text[n + 1]) ? 0 : n;
}

static bool
is_reply(const char *at, const char *end)
{
	return at != NULL && at < end && logline_code(at, (size_t)(end - at)) != 0;
}

/* "5.7.1 ", as milters and header checks have it without a code. */
static bool
is_enhanced(const char *at, const char *end)
{
	const char *p = at + 2;

	if (end - at < 6 || (at[0] != '4' && at[0] != '5') || at[1] != '.' || !is_digit(*p))
		return false;
	while (p < end && is_digit(*p))
		p++;
	if (p >= end || *p != '.')
		return false;
	for (p++; p < end && is_digit(*p); p++)
		;
	return p[-1] != '.' && p < end && *p == ' ';
}

static const struct {
	const char *words;
	enum stage stage;
} commands[] = {
    {"pipelined end of data", STAGE_MESSAGE},
    {"end of data", STAGE_MESSAGE}, /* Postfix, Exim */
    {"end-of-message", STAGE_MESSAGE}, /* milters */
    {"sending data block", STAGE_MESSAGE},
    {"header", STAGE_MESSAGE},
    {"body", STAGE_MESSAGE},
    {".", STAGE_MESSAGE},
    {"bdat", STAGE_MESSAGE},
    {"after data", STAGE_MESSAGE},
    {"data", STAGE_DATA},
    {"rcpt", STAGE_RCPT},
    {"mail", STAGE_MAIL},
    {"starttls", STAGE_STARTTLS},
    {"ehlo", STAGE_EHLO},
    {"helo", STAGE_EHLO},
    {"lhlo", STAGE_EHLO},
    {"connect", STAGE_GREETING},
    {"initial connection", STAGE_GREETING},
    {"banner", STAGE_GREETING},
    {"greeting", STAGE_GREETING},
};

enum stage
logline_stage(const char *command, size_t len)
{
	if (len > 10 && strncasecmp(command, "pipelined ", 10) == 0 &&
	    strncasecmp(command + 10, "end", len - 10 < 3 ? len - 10 : 3) != 0)
		return logline_stage(command + 10, len - 10);
	for (size_t i = 0; i < sizeof commands / sizeof commands[0] && len > 0; i++) {
		size_t n;

		if (to_lower(*command) != *commands[i].words)
			continue;
		n = strlen(commands[i].words);
		if (len >= n && strncasecmp(command, commands[i].words, n) == 0)
			return commands[i].stage;
	}
	return STAGE_NONE;
}

const char *
logline_domain(const char *address, struct arena *arena)
{
	const char *at = address != NULL ? strrchr(address, '@') : NULL;
	size_t len;
	char *domain;

	if (at == NULL)
		return NULL;
	at++;
	len = strcspn(at, "> \t\r\n,;\"");
	while (len > 0 && at[len - 1] == '.')
		len--;
	if (len == 0 || len > 253)
		return NULL;
	domain = arena_copy(arena, at, len);
	for (char *p = domain; *p != '\0'; p++) {
		if ((unsigned char)*p < '!' || *p == 0x7f)
			return NULL;
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	}
	return domain;
}

/* ---- what all readers need */

static const char *
copy(const struct log_line *line, const char *at, const char *end)
{
	return at != NULL && at < end ? arena_copy(line->arena, at, (size_t)(end - at)) : NULL;
}

/* What stands between `mark` and the next of `stops`. */
static const char *
value(const struct log_line *line, const char *at, const char *end, const char *mark,
    const char *stops)
{
	const char *start = behind(at, end, mark);
	size_t len;

	if (start == NULL)
		return NULL;
	len = slice_until((struct slice){start, (size_t)(end - start)}, stops);
	return copy(line, start, start + len);
}

static bool
ends_host(char c)
{
	return c == '[' || c == ' ' || c == ',' || c == ':' || c == ';' || c == '(' || c == '\0';
}

/* "mx.example.com[192.0.2.1]:25", "mx.example.com. [192.0.2.1]", "[192.0.2.1]": the name, else the
 * address. */
static const char *
host(const struct log_line *line, const char *at, const char *end)
{
	const char *stop = at;

	if (at == NULL)
		return NULL;
	while (stop < end && !ends_host(*stop))
		stop++;
	while (stop > at && stop[-1] == '.')
		stop--;
	if (stop > at)
		return copy(line, at, stop);
	if (at < end && *at == '[')
		for (stop = ++at; stop < end && *stop != ']'; stop++)
			;
	return copy(line, at, stop);
}

static const char *
trim(const char *at, const char *end)
{
	while (end > at && strchr(" \t\r\n", end[-1]) != NULL)
		end--;
	return end;
}

static enum logline
tell(struct log_line *line, const char *text, const char *end)
{
	end = trim(text, end);
	line->out->text = text;
	line->out->len = (size_t)(end - text);
	if (line->out->said_by == SAID_BY_UNKNOWN)
		line->out->said_by = SAID_BY_SERVER;
	return LOGLINE_REPLY;
}

/* The sending system's own verdict. */
static enum logline
tell_own(struct log_line *line, const char *text, const char *end)
{
	if (text == NULL || trim(text, end) <= text)
		return LOGLINE_SILENT;
	line->out->said_by = SAID_BY_SENDER;
	return tell(line, text, end);
}

/* ---- what stands at the beginning of a line */

/* "Nov 24 10:00:00", "2026-11-24T10:00:00.123+01:00", "2026-11-24 10:00:00" */
static const char *
time_of(const struct log_line *line)
{
	const char *at = line->start, *end = line->end, *stop = at;

	if (end - at < 19 || (!is_digit(*at) && !is_alpha(*at)))
		return NULL;
	if (is_alpha(*at))
		return at[3] == ' ' && at[9] == ':' && at[12] == ':' ? copy(line, at, at + 15)
		                                                     : NULL;
	if (at[4] != '-' || at[7] != '-')
		return NULL;
	while (stop < end && *stop != ' ' && *stop != ',')
		stop++;
	if (stop - at == 10 && end - stop > 8 && is_digit(stop[1]))
		for (stop++; stop < end && *stop != ' ';)
			stop++;
	return copy(line, at, stop);
}

/* Behind "program[pid]: ", up to a colon: "4F3280D2B", "w595u9fR093279". */
static const char *
queue_id(const struct log_line *line, const char *end)
{
	const char *at = behind(line->start, end, "]: "), *stop = at;

	while (stop != NULL && stop < end && is_alnum(*stop))
		stop++;
	if (stop == NULL || stop >= end || *stop != ':' || stop - at < 5 || stop - at > 40 ||
	    (stop - at == 7 && memcmp(at, "NOQUEUE", 7) == 0))
		return NULL;
	return copy(line, at, stop);
}

/* Exim's, behind the time: "1rABCD-000000-00" */
static const char *
exim_id(const struct log_line *line, const char *end)
{
	for (const char *at = line->start; at + 15 < end && at < line->start + 60; at++) {
		const char *stop = at + 1;

		if (*at != ' ' || !is_alnum(at[1]))
			continue;
		while (stop < end && is_alnum(*stop))
			stop++;
		if (stop - at != 7 || *stop != '-')
			continue;
		while (stop < end && (is_alnum(*stop) || *stop == '-'))
			stop++;
		return *stop == ' ' || *stop == ':' ? copy(line, at + 1, stop) : NULL;
	}
	return NULL;
}

/* The address in the brackets of "mx.example.com[192.0.2.1]:25". */
static const char *
host_ip(const struct log_line *line, const char *at, const char *end)
{
	const char *open, *stop;

	if (at == NULL)
		return NULL;
	for (open = at; open < end && *open != '['; open++)
		if (*open == ',' || *open == ';')
			return NULL;
	for (stop = open; stop < end && *stop != ']'; stop++)
		;
	if (open >= end || stop >= end || stop - open > 46 ||
	    (!is_digit(open[1]) && memchr(open, ':', (size_t)(stop - open)) == NULL))
		return NULL;
	return copy(line, open + 1, stop);
}

/* Takes Postfix's "(in reply to RCPT TO command)" off the end of a reply, and the stage from it. */
static const char *
cut_stage(struct log_line *line, const char *text, const char *end)
{
	static const char words[] = " (in reply to ";
	const char *at = NULL;

	for (const char *next = find(text, end, words); next != NULL;
	     next = find(next + 1, end, words))
		at = next;
	if (at == NULL)
		return end;
	line->out->stage =
	    logline_stage(at + sizeof words - 1, (size_t)(end - at) - (sizeof words - 1));
	return at;
}

static void
take_relay(struct log_line *line, const char *at, const char *end)
{
	line->out->relay = host(line, at, end);
	line->out->relay_ip = host_ip(line, at, end);
}

/* ---- Postfix */

/* "host mx[192.0.2.1] said: 554 …", "host mx[192.0.2.1] refused to talk to me: 554 …". NULL: no
 * such thing */
static const char *
read_host_said(struct log_line *line, const char *at, const char *end)
{
	const char *said = behind(at, end, " said: "),
	           *refused = said == NULL ? behind(at, end, " refused to talk to me: ") : NULL,
	           *text = said != NULL ? said : refused;
	const char *name = text;

	if (text == NULL || !(is_reply(text, end) || is_enhanced(text, end)))
		return NULL;
	while (name > at && (*name != 'h' || !begins(name, end, "host ")))
		name--;
	if (begins(name, end, "host ") && !begins(name + 5, end, "said: "))
		take_relay(line, name + 5, text);
	if (refused != NULL)
		line->out->stage = STAGE_GREETING;
	return text;
}

static enum logline
read_postfix(struct log_line *line, const char *mark)
{
	static const char *const refusing[] = {
	    "bounced", "deferred", "undeliverable", "softbounce", "SOFTBOUNCE"};
	const char *end = line->end, *text, *open;
	bool refused = false;

	line->out->recipient = value(line, line->start, mark, " to=<", ">");
	line->out->queue_id = queue_id(line, mark);
	if (begins(mark, end, "sent"))
		return LOGLINE_SENT;
	if (begins(mark, end, "delivered") || begins(mark, end, "deliverable") ||
	    begins(mark, end, "expired"))
		return LOGLINE_SILENT;
	for (size_t i = 0; i < sizeof refusing / sizeof refusing[0]; i++)
		refused = refused || begins(mark, end, refusing[i]);
	if (!refused)
		return LOGLINE_OTHER;
	open = behind(mark, end, " (");
	end = trim(line->start, end);
	if (open == NULL)
		return LOGLINE_SILENT;
	if (end[-1] == ')')
		end--;
	line->out->deferred = *mark == 'd' || *mark == 's' || *mark == 'S';
	line->out->enhanced = value(line, line->start, mark, " dsn=", ",");
	take_relay(line, behind(line->start, mark, " relay="), mark);
	if (line->out->relay != NULL && strcmp(line->out->relay, "none") == 0)
		line->out->relay = NULL;
	end = cut_stage(line, open, end);
	text = read_host_said(line, open, end);
	if (text == NULL && is_reply(open, end))
		text = open;
	return text != NULL ? tell(line, text, end) : tell_own(line, open, end);
}

/* smtpd, postscreen and cleanup: what this server said to a client. */
static enum logline
read_reject(struct log_line *line, const char *mark)
{
	const char *end = line->end, *from = find(mark, end, " from "), *text, *tail;

	if (from == NULL)
		return LOGLINE_OTHER;
	line->out->inbound = true;
	line->out->stage = logline_stage(mark, (size_t)(from - mark));
	if (begins(mark, end, "header ") || begins(mark, end, "body ")) {
		const char *helo = find(mark, end, " helo=<");

		text = behind(helo != NULL ? helo : mark, end, ">: ");
		tail = end;
		if (text == NULL)
			return LOGLINE_OTHER;
	} else {
		const char *bracket = find(from, end, "]");

		text = bracket != NULL ? behind(bracket, end, ": ") : NULL;
		tail = text != NULL ? find(text, end, "; from=<") : NULL;
		if (text == NULL || !(is_reply(text, end) || is_enhanced(text, end)))
			return LOGLINE_OTHER;
	}
	line->out->recipient = value(line, mark, end, " to=<", ">");
	return tell(line, text, tail != NULL ? tail : end);
}

/* ---- Exim */

/* In its log a line end within a reply stands as \n. */
static enum logline
tell_escaped(struct log_line *line, const char *text, const char *end)
{
	char *out;
	size_t n = 0;

	if (find(text, end, "\\n") == NULL)
		return tell(line, text, end);
	out = arena_alloc(line->arena, (size_t)(end - text) + 1);
	for (const char *p = text; p < end; p++) {
		bool newline = *p == '\\' && p + 1 < end && p[1] == 'n';

		out[n++] = newline ? '\n' : *p;
		p += newline;
	}
	return tell(line, out, out + n);
}

static enum logline
read_exim(struct log_line *line, const char *mark)
{
	const char *end = line->end, *after = behind(mark, end, " after "), *at = after, *who;

	if (after == NULL)
		return LOGLINE_OTHER;
	line->out->stage = logline_stage(after, (size_t)(end - after));
	who = find(line->start, mark, " ** ");
	line->out->queue_id = exim_id(line, mark);
	if (who == NULL)
		who = find(line->start, mark, " == ");
	line->out->deferred = who == NULL || who[1] == '=';
	if (who != NULL)
		line->out->recipient =
		    value(line, who, mark, *(who + 1) == '*' ? " ** " : " == ", " ");
	else if (line->out->stage == STAGE_RCPT)
		line->out->recipient = value(line, after, end, "RCPT TO:<", ">");
	take_relay(line, behind(line->start, mark, " H="), mark);
	if (line->out->relay == NULL) /* a notice has it on the line above */
		take_relay(line, behind(line->start, mark, " host "), mark);
	while ((at = behind(at, end, ": ")) != NULL && !is_reply(at, end))
		if (begins(at, end, "host "))
			take_relay(line, at + 5, end);
	return at != NULL ? tell_escaped(line, at, end) : LOGLINE_SILENT;
}

/* "1abc ** user@example.com R=dnslookup: reason", "1abc == user@example.com … defer (-1): reason":
 * its own verdict. */
static enum logline
read_exim_own(struct log_line *line, const char *mark)
{
	const char *end = line->end, *router = find(mark, end, " R="), *text;

	if (router == NULL && find(mark, end, ": ") == NULL)
		return LOGLINE_OTHER;
	line->out->queue_id = exim_id(line, mark);
	if (line->out->queue_id == NULL)
		return router != NULL ? LOGLINE_SILENT : LOGLINE_OTHER;
	line->out->recipient = value(line, mark, end, "", " :");
	line->out->deferred = mark[-2] == '=';
	take_relay(line, behind(mark, end, " H="), end);
	text = behind(mark, end, "): ");
	if (text == NULL)
		text = behind(router != NULL ? router : mark, end, ": ");
	return is_reply(text, end) ? tell_escaped(line, text, end) : tell_own(line, text, end);
}

static enum logline
read_exim_sent(struct log_line *line, const char *mark)
{
	line->out->queue_id = exim_id(line, mark);
	line->out->recipient = value(line, mark, line->end, "", " ");
	return line->out->queue_id != NULL ? LOGLINE_SENT : LOGLINE_OTHER;
}

/* "H=(x) [192.0.2.1] F=<a@b> rejected RCPT <c@d>: reason": said by this server. */
static enum logline
read_exim_reject(struct log_line *line, const char *mark)
{
	const char *end = line->end, *text = behind(mark, end, ": ");
	enum stage stage = logline_stage(mark, (size_t)(end - mark));

	if (find(line->start, mark, " H=") == NULL || text == NULL || stage == STAGE_NONE)
		return LOGLINE_OTHER;
	line->out->stage = stage;
	line->out->inbound = true;
	if (stage == STAGE_RCPT)
		line->out->recipient = value(line, mark, end, " <", ">");
	return tell_escaped(line, text, end);
}

/* ---- Sendmail */

static const char *const sendmail_words[] = {"User unknown", "Service unavailable",
    "Data format error", "Insufficient permission", "Remote protocol error",
    "Message size exceeds"}; /* its own, for a 5yz that it refusal */

static enum logline
read_sendmail(struct log_line *line, const char *mark)
{
	static const char deferred[] = "Deferred: ";
	const char *end = line->end, *reply = behind(line->start, mark, ", reply="),
	           *relay = behind(line->start, mark, "relay=");

	line->out->recipient = value(line, line->start, mark, " to=<", ">");
	if (line->out->recipient == NULL)
		line->out->recipient = value(line, line->start, mark, " to=", ",>");
	take_relay(line, relay, mark);
	line->out->queue_id = queue_id(line, mark);
	if (begins(mark, end, "Sent"))
		return LOGLINE_SENT;
	line->out->deferred = begins(mark, end, "Deferred");
	if (reply != NULL && is_reply(reply, mark))
		return tell(line, reply, mark - strlen(", stat="));
	if (begins(mark, end, deferred))
		mark += sizeof deferred - 1;
	if (is_reply(mark, end))
		return tell(line, mark, end);
	for (size_t i = 0; relay != NULL && i < sizeof sendmail_words / sizeof sendmail_words[0];
	     i++)
		if (begins(mark, end, sendmail_words[i])) {
			line->out->enhanced = value(line, line->start, mark, ", dsn=", ",");
			return tell(line, mark, end);
		}
	line->out->enhanced = value(line, line->start, mark, ", dsn=", ",");
	if (line->out->enhanced == NULL || *line->out->enhanced == '2' ||
	    line->out->recipient == NULL)
		return LOGLINE_SILENT;
	return tell_own(line, mark, end);
}

static enum logline
read_sendmail_reject(struct log_line *line, const char *mark)
{
	const char *rule = behind(line->start, mark, "ruleset=check_");

	if (!is_reply(mark, line->end))
		return LOGLINE_OTHER;
	line->out->inbound = true;
	if (rule != NULL)
		line->out->stage = begins(rule, mark, "relay")
		                       ? STAGE_GREETING
		                       : logline_stage(rule, (size_t)(mark - rule));
	if (line->out->stage == STAGE_RCPT)
		line->out->recipient = value(line, rule, mark, "arg1=<", ">");
	return tell(line, mark, line->end);
}

/* ---- OpenSMTPD */

static void
take_opensmtpd_relay(struct log_line *line, const char *relay, const char *mark)
{
	const char *quote = memchr(relay, '"', (size_t)(mark - relay)),
	           *end = quote != NULL ? quote : mark;

	line->out->relay = host(line, relay, end);
	if (behind(relay, end, "(") == NULL)
		return;
	line->out->relay_ip = line->out->relay;
	line->out->relay = value(line, relay, end, "(", ")");
}

static enum logline
read_opensmtpd(struct log_line *line, const char *mark)
{
	const char *end = line->end, *text = behind(mark, end, " stat=\""),
	           *command = behind(line->start, mark, " command=\""),
	           *relay = behind(line->start, mark, " relay=\"");

	if (text == NULL && command == NULL)
		return LOGLINE_OTHER;
	if (text == NULL) { /* what this server said to a client */
		text = mark;
		line->out->inbound = true;
		line->out->stage = logline_stage(command, (size_t)(mark - command));
		line->out->recipient =
		    line->out->stage == STAGE_RCPT ? value(line, command, mark, "<", ">") : NULL;
	} else {
		line->out->recipient = value(line, line->start, mark, " to=<", ">");
		line->out->queue_id = value(line, line->start, mark, " evpid=", " ");
		line->out->deferred = begins(mark, end, "TempFail");
		if (relay != NULL) /* "192.0.2.1 (mx.example.com)", or "example.com" where none
		                      was reached */
			take_opensmtpd_relay(line, relay, mark);
		if (begins(mark, end, "Ok"))
			return LOGLINE_SENT;
	}
	end = trim(text, end);
	if (end > text && end[-1] == '"')
		end--;
	if (is_reply(text, end))
		return tell(line, text, end);
	if (line->out->inbound ||
	    (!begins(mark, line->end, "PermFail") && !begins(mark, line->end, "TempFail")))
		return LOGLINE_SILENT;
	if (begins(text, end, "Error "))
		text += strlen("Error ");
	return is_reply(text, end) ? tell(line, text, end) : tell_own(line, text, end);
}

/* ---- qmail */

static const struct {
	const char *words;
	enum stage stage;
} qmail_words[] = {
    {"does_not_like_recipient", STAGE_RCPT},
    {"sender_was_rejected", STAGE_MAIL},
    {"greeting_failed", STAGE_GREETING},
    {"my_name_was_rejected", STAGE_EHLO},
    {"failed_on_DATA_command", STAGE_DATA},
    {"failed_after_I_sent_the_message", STAGE_MESSAGE},
};

/* It writes a space as _ and a line end as /, and so does a reply that had these itself. A / ends a
 * line only before the reply's next code. */
static enum logline
tell_underscored(struct log_line *line, const char *text, const char *end)
{
	char *out = arena_copy(line->arena, text, (size_t)(end - text));
	size_t len = (size_t)(end - text);

	for (size_t i = 0; i < len; i++)
		if (out[i] == '_')
			out[i] = ' ';
	for (size_t i = 0; i + 4 < len; i++)
		if (out[i] == '/' && memcmp(out + i + 1, out, 3) == 0 &&
		    (out[i + 4] == ' ' || out[i + 4] == '-'))
			out[i] = '\n';
	while (len > 0 && out[len - 1] == '/')
		len--;
	return tell(line, out, out + len);
}

static enum logline
read_qmail(struct log_line *line, const char *mark)
{
	const char *end = line->end, *p = mark, *text, *stop;

	while (p < end && is_digit(*p))
		p++;
	if (p == mark || !begins(p, end, ": "))
		return LOGLINE_OTHER;
	p += 2;
	if (begins(p, end, "success: "))
		return LOGLINE_SENT;
	if (!begins(p, end, "failure: ") && !begins(p, end, "deferral: "))
		return LOGLINE_OTHER;
	line->out->deferred = *p == 'd';
	p = behind(p, end, ": ");
	text = behind(p, end, "Remote_host_said:_");
	if (text == NULL) {
		line->out->said_by = SAID_BY_SENDER;
		line->out->enhanced = value(line, p, end, "(#", ")");
		return tell_underscored(line, p, end);
	}
	for (size_t i = 0; i < sizeof qmail_words / sizeof qmail_words[0]; i++)
		if (find(p, text, qmail_words[i].words) != NULL)
			line->out->stage = qmail_words[i].stage;
	line->out->relay = begins(p, end, "Connected_to_")
	                       ? value(line, p, end, "Connected_to_", "_/")
	                   : is_digit(*p) ? value(line, p, end, "", "_/")
	                                  : NULL;
	stop = find(text, end, "/Giving_up_on_");
	return tell_underscored(line, text, stop != NULL ? stop : end);
}

/* ---- Exchange */

static enum logline
read_exchange(struct log_line *line, const char *mark)
{
	const char *stop = find(mark, line->end, "};{"), *name = behind(mark, line->end, "{FQDN=");

	if (stop == NULL)
		stop = find(mark, line->end, "}");
	if (!is_reply(mark, line->end))
		return LOGLINE_OTHER;
	line->out->relay = name != NULL ? value(line, name - 1, line->end, "=", "}") : NULL;
	line->out->relay_ip = value(line, mark, line->end, "{IP=", "}");
	return tell(line, mark, stop != NULL ? stop : line->end);
}

static enum logline
read_returned(struct log_line *line, const char *mark)
{
	const char *end = trim(mark, line->end);

	if (mark < end && (*mark == '\'' || *mark == '"')) {
		const char *quote = end;

		while (quote > mark + 1 && quote[-1] != *mark)
			quote--;
		end = quote > mark + 1 ? quote - 1 : end;
		mark++;
	}
	while (mark < end && (*mark == '<' || *mark == '#' || *mark == ' '))
		mark++;
	return is_reply(mark, end) || is_enhanced(mark, end) ? tell(line, mark, end)
	                                                     : LOGLINE_OTHER;
}

/* ---- Stalwart */

/* "SMTP RCPT TO rejected (delivery.rcpt-to-rejected) queueId = 1, …, hostname = "mx", to = "u@x",
 * code = 550, details = "…"" */
static enum logline
read_stalwart(struct log_line *line, const char *mark)
{
	static const struct {
		const char *event;
		enum stage stage;
		bool own;
	} events[] = {
	    {"rcpt-to-rejected", STAGE_RCPT, false},
	    {"mail-from-rejected", STAGE_MAIL, false},
	    {"ehlo-rejected", STAGE_EHLO, false},
	    {"greeting-failed", STAGE_GREETING, false},
	    {"message-rejected", STAGE_MESSAGE, false},
	    {"dsn-perm-fail", STAGE_NONE, false},
	    {"dsn-temp-fail", STAGE_NONE, false},
	    {"null-mx", STAGE_NONE, true},
	    {"mx-lookup-failed", STAGE_NONE, true},
	    {"ip-lookup-failed", STAGE_NONE, true},
	    {"connect-error", STAGE_NONE, true},
	    {"start-tls-error", STAGE_STARTTLS, true},
	    {"failed", STAGE_NONE, true},
	};
	const char *end = line->end, *code = behind(mark, end, " code = "),
	           *text = behind(mark, end, " details = \""), *stop;
	size_t i = 0;

	line->out->queue_id = value(line, mark, end, "queueId = ", ",");
	line->out->recipient = value(line, mark, end, " to = \"", "\"");
	if (line->out->recipient == NULL)
		line->out->recipient = value(line, mark, end, " to = [\"", "\"");
	if (begins(mark, end, "delivered"))
		return LOGLINE_SENT;
	while (i < sizeof events / sizeof events[0] && !begins(mark, end, events[i].event))
		i++;
	if (i == sizeof events / sizeof events[0])
		return LOGLINE_SILENT;
	line->out->stage = events[i].stage;
	line->out->deferred = !begins(mark, end, "dsn-perm-fail");
	line->out->relay = value(line, mark, end, " hostname = \"", "\"");
	line->out->relay_ip = value(line, mark, end, " remoteIp = ", ",");
	if (text == NULL)
		text = behind(mark, end, " reason = \"");
	if (text == NULL)
		return events[i].own ? tell_own(line, line->start, mark - strlen("(delivery."))
		                     : LOGLINE_SILENT;
	for (stop = text; stop < end && *stop != '"'; stop++)
		stop += *stop == '\\';
	if (code != NULL && is_digit(*code) && code[0] >= '4')
		line->out->code = atoi(code);
	return line->out->code != 0 ? tell(line, text, stop < end ? stop : end)
	                            : tell_own(line, text, stop < end ? stop : end);
}

/* "(smtp.…)": what it said to a client. */
static enum logline
read_stalwart_client(struct log_line *line, const char *mark)
{
	const char *end = line->end, *text = behind(mark, end, " details = \""),
	           *stop = text != NULL ? memchr(text, '"', (size_t)(end - text)) : NULL;

	if (stop == NULL || !is_reply(text, stop))
		return LOGLINE_SILENT;
	line->out->inbound = true;
	line->out->recipient = value(line, mark, end, " to = \"", "\"");
	return tell(line, text, stop);
}

/* ---- whoever else says "said:", or has a code with its enhanced code */

static enum logline
read_said(struct log_line *line, const char *mark)
{
	const char *end = cut_stage(line, mark, line->end),
	           *text = read_host_said(line, line->start, end);

	line->out->queue_id = queue_id(line, mark);
	line->out->deferred = line->out->queue_id != NULL; /* another host may follow */
	return text != NULL ? tell(line, text, end) : LOGLINE_OTHER;
}

static enum logline
read_refused(struct log_line *line, const char *mark)
{
	const char *text = read_host_said(line, line->start, line->end);

	line->out->queue_id = queue_id(line, mark);
	line->out->deferred = line->out->queue_id != NULL;
	return text != NULL ? tell(line, text, line->end) : LOGLINE_OTHER;
}

static bool
is_sure_reply(const char *at, const char *end)
{
	return is_reply(at, end) && end - at > 9 && at[4] == at[0] && is_enhanced(at + 4, end);
}

/* Nothing else in a log looks like " 550 5.1.1 " or ";550-5.7.1 ". */
static enum logline
read_any(struct log_line *line, const char *mark)
{
	for (const char *p = mark; p != NULL && p + 9 < line->end; p++) {
		p = memchr(
		    p, '.', (size_t)(line->end - p)); /* the first dot of the enhanced code */
		if (p == NULL)
			break;
		if (p - 6 >= mark && strchr(" ;:('\"#=", p[-6]) != NULL &&
		    is_sure_reply(p - 5, line->end)) {
			const char *to = find(line->start, p, " to=<");

			if (to != NULL)
				line->out->recipient = value(line, to, p, "<", ">");
			return tell(line, p - 5, cut_stage(line, p - 5, line->end));
		}
	}
	return LOGLINE_OTHER;
}

static const struct {
	const char *mark;
	enum logline (*read)(
	    struct log_line *line, const char *mark); /* `mark`: behind the words */
} forms[] = {
    {" status=", read_postfix},
    {"reject: ", read_reject},
    {"reject_warning: ", read_reject},
    {"SMTP error from remote mail", read_exim},
    {" ** ", read_exim_own},
    {" == ", read_exim_own},
    {" => ", read_exim_sent},
    {" -> ", read_exim_sent},
    {" rejected ", read_exim_reject},
    {", stat=", read_sendmail},
    {" reject=", read_sendmail_reject},
    {" result=\"", read_opensmtpd},
    {"delivery ", read_qmail},
    {"(delivery.", read_stalwart},
    {"(smtp.", read_stalwart_client},
    {"LED=", read_exchange},
    {"emote Server returned ", read_returned},
    {"emote server returned ", read_returned},
    {" said: ", read_said},
    {" refused to talk to me: ", read_refused},
    {"", read_any},
};

enum logline
logline_read(const char *text, size_t len, struct arena *arena, struct refusal *out)
{
	struct log_line line = {text, text + len, arena, out};

	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		const char *mark = behind(line.start, line.end, forms[i].mark);
		enum logline kind;

		if (mark == NULL)
			continue;
		*out = (struct refusal){.stage = STAGE_NONE};
		kind = forms[i].read(&line, mark);
		if (kind == LOGLINE_REPLY)
			out->time = time_of(&line);
		if (kind != LOGLINE_OTHER)
			return kind;
	}
	*out = (struct refusal){.stage = STAGE_NONE};
	return LOGLINE_OTHER;
}
