/* One row a log's form: a mark that each such line has, and who reads it. The first reader that
 * knows the line decides. */
#include "logs/logline.h"

#include <string.h>
#include <strings.h>

#include "base/arena.h"

struct line {
	const char *start, *end;
	struct arena *arena;
	struct heard *out;
};

static const char *
find(const char *at, const char *end, const char *words)
{
	return at < end ? memmem(at, (size_t)(end - at), words, strlen(words)) : NULL;
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

static bool
digit(char c)
{
	return c >= '0' && c <= '9';
}

int
logline_code(const char *text, size_t len)
{
	if (len < 3 || (text[0] != '4' && text[0] != '5') || !digit(text[1]) || !digit(text[2]) ||
	    (len > 3 && text[3] != ' ' && text[3] != '-'))
		return 0;
	return (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
}

static bool
is_reply(const char *at, const char *end)
{
	return at < end && logline_code(at, (size_t)(end - at)) != 0;
}

/* "5.7.1 ", as milters and header checks have it without a code. */
static bool
is_enhanced(const char *at, const char *end)
{
	const char *p = at + 2;

	if (end - at < 6 || (at[0] != '4' && at[0] != '5') || at[1] != '.' || !digit(*p))
		return false;
	while (p < end && digit(*p))
		p++;
	if (p >= end || *p != '.')
		return false;
	for (p++; p < end && digit(*p); p++)
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
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		size_t n = strlen(commands[i].words);

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
copy(const struct line *line, const char *at, const char *end)
{
	return at != NULL && at < end ? arena_copy(line->arena, at, (size_t)(end - at)) : NULL;
}

/* What stands between `mark` and the next of `stops`. */
static const char *
value(const struct line *line, const char *at, const char *end, const char *mark, const char *stops)
{
	const char *start = behind(at, end, mark), *stop = start;

	while (stop != NULL && stop < end && strchr(stops, *stop) == NULL)
		stop++;
	return copy(line, start, stop);
}

/* "mx.example.com[192.0.2.1]:25", "mx.example.com. [192.0.2.1]", "[192.0.2.1]": the name, else the
 * address. */
static const char *
host(const struct line *line, const char *at, const char *end)
{
	const char *stop = at;

	if (at == NULL)
		return NULL;
	while (stop < end && strchr("[ ,:;(", *stop) == NULL)
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
tell(struct line *line, const char *text, const char *end)
{
	end = trim(text, end);
	line->out->text = text;
	line->out->len = (size_t)(end - text);
	return LOGLINE_REPLY;
}

/* Takes Postfix's "(in reply to RCPT TO command)" off the end of a reply, and the stage from it. */
static const char *
cut_stage(struct line *line, const char *text, const char *end)
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

/* ---- Postfix */

/* "host mx[192.0.2.1] said: 554 …", "host mx[192.0.2.1] refused to talk to me: 554 …". NULL: no
 * such thing */
static const char *
read_host_said(struct line *line, const char *at, const char *end)
{
	const char *said = behind(at, end, " said: "),
	           *refused = said == NULL ? behind(at, end, " refused to talk to me: ") : NULL,
	           *text = said != NULL ? said : refused;
	const char *name = text;

	if (text == NULL || !(is_reply(text, end) || is_enhanced(text, end)))
		return NULL;
	while (name > at && !begins(name, end, "host "))
		name--;
	if (begins(name, end, "host "))
		line->out->relay = host(line, name + 5, text);
	if (refused != NULL)
		line->out->stage = STAGE_GREETING;
	return text;
}

static enum logline
read_postfix(struct line *line, const char *mark)
{
	const char *end = line->end, *text, *open;

	if (begins(mark, end, "sent") || begins(mark, end, "delivered") ||
	    begins(mark, end, "deliverable") || begins(mark, end, "expired"))
		return LOGLINE_SILENT;
	if (!begins(mark, end, "bounced") && !begins(mark, end, "deferred") &&
	    !begins(mark, end, "undeliverable") && !begins(mark, end, "softbounce"))
		return LOGLINE_OTHER;
	open = behind(mark, end, " (");
	end = trim(line->start, end);
	if (open == NULL)
		return LOGLINE_SILENT;
	if (end[-1] == ')')
		end--;
	line->out->recipient = value(line, line->start, mark, " to=<", ">");
	line->out->relay = host(line, behind(line->start, mark, " relay="), mark);
	if (line->out->relay != NULL && strcmp(line->out->relay, "none") == 0)
		line->out->relay = NULL;
	end = cut_stage(line, open, end);
	text = read_host_said(line, open, end);
	if (text == NULL && is_reply(open, end))
		text = open;
	return text != NULL ? tell(line, text, end) : LOGLINE_SILENT;
}

/* smtpd, postscreen and cleanup: what this server said to a client. */
static enum logline
read_reject(struct line *line, const char *mark)
{
	const char *end = line->end, *from = find(mark, end, " from "), *text, *tail;

	if (from == NULL)
		return LOGLINE_OTHER;
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
tell_escaped(struct line *line, const char *text, const char *end)
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
read_exim(struct line *line, const char *mark)
{
	const char *end = line->end, *after = behind(mark, end, " after "), *at = after, *who;

	if (after == NULL)
		return LOGLINE_OTHER;
	line->out->stage = logline_stage(after, (size_t)(end - after));
	who = find(line->start, mark, " ** ");
	if (who == NULL)
		who = find(line->start, mark, " == ");
	if (who != NULL)
		line->out->recipient =
		    value(line, who, mark, *(who + 1) == '*' ? " ** " : " == ", " ");
	else if (line->out->stage == STAGE_RCPT)
		line->out->recipient = value(line, after, end, "RCPT TO:<", ">");
	line->out->relay = host(line, behind(line->start, mark, " H="), mark);
	while ((at = behind(at, end, ": ")) != NULL && !is_reply(at, end))
		if (begins(at, end, "host "))
			line->out->relay = host(line, at + 5, end);
	return at != NULL ? tell_escaped(line, at, end) : LOGLINE_SILENT;
}

static enum logline
read_exim_silent(struct line *line, const char *mark)
{
	return find(mark, line->end, " R=") != NULL ? LOGLINE_SILENT : LOGLINE_OTHER;
}

/* "H=(x) [192.0.2.1] F=<a@b> rejected RCPT <c@d>: reason": said by this server. */
static enum logline
read_exim_reject(struct line *line, const char *mark)
{
	const char *end = line->end, *text = behind(mark, end, ": ");
	enum stage stage = logline_stage(mark, (size_t)(end - mark));

	if (find(line->start, mark, " H=") == NULL || text == NULL || stage == STAGE_NONE)
		return LOGLINE_OTHER;
	line->out->stage = stage;
	if (stage == STAGE_RCPT)
		line->out->recipient = value(line, mark, end, " <", ">");
	return tell_escaped(line, text, end);
}

/* ---- Sendmail */

static const char *const sendmail_words[] = {"User unknown", "Service unavailable",
    "Data format error", "Insufficient permission", "Remote protocol error",
    "Message size exceeds"}; /* its own, for a 5yz that it heard */

static enum logline
read_sendmail(struct line *line, const char *mark)
{
	static const char deferred[] = "Deferred: ";
	const char *end = line->end, *reply = behind(line->start, mark, ", reply="),
	           *relay = behind(line->start, mark, "relay=");

	line->out->recipient = value(line, line->start, mark, " to=<", ">");
	if (line->out->recipient == NULL)
		line->out->recipient = value(line, line->start, mark, " to=", ",>");
	line->out->relay = host(line, relay, mark);
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
	return LOGLINE_SILENT;
}

static enum logline
read_sendmail_reject(struct line *line, const char *mark)
{
	const char *rule = behind(line->start, mark, "ruleset=check_");

	if (!is_reply(mark, line->end))
		return LOGLINE_OTHER;
	if (rule != NULL)
		line->out->stage = begins(rule, mark, "relay")
		                       ? STAGE_GREETING
		                       : logline_stage(rule, (size_t)(mark - rule));
	if (line->out->stage == STAGE_RCPT)
		line->out->recipient = value(line, rule, mark, "arg1=<", ">");
	return tell(line, mark, line->end);
}

/* ---- OpenSMTPD */

static enum logline
read_opensmtpd(struct line *line, const char *mark)
{
	const char *end = line->end, *text = behind(mark, end, " stat=\""),
	           *command = behind(line->start, mark, " command=\""),
	           *relay = behind(line->start, mark, " relay=\""), *name;

	if (text == NULL && command == NULL)
		return LOGLINE_OTHER;
	if (text == NULL) { /* what this server said to a client */
		text = mark;
		line->out->stage = logline_stage(command, (size_t)(mark - command));
		line->out->recipient =
		    line->out->stage == STAGE_RCPT ? value(line, command, mark, "<", ">") : NULL;
	} else {
		line->out->recipient = value(line, line->start, mark, " to=<", ">");
		name = relay != NULL ? behind(relay, mark, "(") : NULL;
		line->out->relay = host(line, relay, mark);
		if (name != NULL)
			line->out->relay = value(line, relay, mark, "(", ")");
	}
	end = trim(text, end);
	if (end > text && end[-1] == '"')
		end--;
	return is_reply(text, end) ? tell(line, text, end) : LOGLINE_SILENT;
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
tell_underscored(struct line *line, const char *text, const char *end)
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
read_qmail(struct line *line, const char *mark)
{
	const char *end = line->end, *p = mark, *text, *stop;

	while (p < end && digit(*p))
		p++;
	if (p == mark || !begins(p, end, ": "))
		return LOGLINE_OTHER;
	p += 2;
	if (begins(p, end, "success: "))
		return LOGLINE_SILENT;
	if (!begins(p, end, "failure: ") && !begins(p, end, "deferral: "))
		return LOGLINE_OTHER;
	p = behind(p, end, ": ");
	text = behind(p, end, "Remote_host_said:_");
	if (text == NULL)
		return LOGLINE_SILENT;
	for (size_t i = 0; i < sizeof qmail_words / sizeof qmail_words[0]; i++)
		if (find(p, text, qmail_words[i].words) != NULL)
			line->out->stage = qmail_words[i].stage;
	line->out->relay = begins(p, end, "Connected_to_")
	                       ? value(line, p, end, "Connected_to_", "_/")
	                   : digit(*p) ? value(line, p, end, "", "_/")
	                               : NULL;
	stop = find(text, end, "/Giving_up_on_");
	return tell_underscored(line, text, stop != NULL ? stop : end);
}

/* ---- Exchange */

static enum logline
read_exchange(struct line *line, const char *mark)
{
	const char *stop = find(mark, line->end, "};{"), *name = behind(mark, line->end, "{FQDN=");

	if (stop == NULL)
		stop = find(mark, line->end, "}");
	if (!is_reply(mark, line->end))
		return LOGLINE_OTHER;
	line->out->relay = name != NULL ? value(line, name - 1, line->end, "=", "}") : NULL;
	return tell(line, mark, stop != NULL ? stop : line->end);
}

static enum logline
read_returned(struct line *line, const char *mark)
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

/* ---- whoever else says "said:", or has a code with its enhanced code */

static enum logline
read_said(struct line *line, const char *mark)
{
	const char *end = cut_stage(line, mark, line->end),
	           *text = read_host_said(line, line->start, end);

	return text != NULL ? tell(line, text, end) : LOGLINE_OTHER;
}

static enum logline
read_refused(struct line *line, const char *mark)
{
	const char *text = read_host_said(line, line->start, line->end);

	(void)mark;
	return text != NULL ? tell(line, text, line->end) : LOGLINE_OTHER;
}

static bool
is_sure_reply(const char *at, const char *end)
{
	return is_reply(at, end) && end - at > 9 && at[4] == at[0] && is_enhanced(at + 4, end);
}

/* Nothing else in a log looks like " 550 5.1.1 " or ";550-5.7.1 ". */
static enum logline
read_any(struct line *line, const char *mark)
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
	enum logline (*read)(struct line *line, const char *mark); /* `mark`: behind the words */
} forms[] = {
    {" status=", read_postfix},
    {"reject: ", read_reject},
    {"reject_warning: ", read_reject},
    {"SMTP error from remote mail", read_exim},
    {" ** ", read_exim_silent},
    {" == ", read_exim_silent},
    {" rejected ", read_exim_reject},
    {", stat=", read_sendmail},
    {" reject=", read_sendmail_reject},
    {" result=\"", read_opensmtpd},
    {"delivery ", read_qmail},
    {"LED=", read_exchange},
    {"emote Server returned ", read_returned},
    {" said: ", read_said},
    {" refused to talk to me: ", read_refused},
    {"", read_any},
};

enum logline
logline_read(const char *text, size_t len, struct arena *arena, struct heard *out)
{
	struct line line = {text, text + len, arena, out};

	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		const char *mark = behind(line.start, line.end, forms[i].mark);
		enum logline kind;

		if (mark == NULL)
			continue;
		*out = (struct heard){.stage = STAGE_NONE};
		kind = forms[i].read(&line, mark);
		if (kind != LOGLINE_OTHER)
			return kind;
	}
	*out = (struct heard){.stage = STAGE_NONE};
	return LOGLINE_OTHER;
}
