#include "logs/notice.h"

#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/buf.h"
#include "logs/dsn.h"
#include "logs/transcript.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* ---- the tables: what systems write before each thing; a row is a phrase, not a system */

/* The words end here: Exim, qmail, Sendmail, Exchange, OpenSMTPD, Gmail, … `ruled`: only behind a
 * rule of hyphens or the like, for the words are common. */
static const struct {
	const char *words;
	bool ruled;
} end_marks[] = {
    {"below this line is a copy", false},
    {"enclosed is a copy", false},
    {"this is a copy of", false},
    {"here is a copy of", false},
    {"included is a copy of", false},
    {"below is a copy of", false},
    {"following is a copy of", false},
    {"the following is a copy of", false},
    {"a copy of the original message below", false},
    {"a copy of the message", false},
    {"copy of the message", true},
    {"copy of the original message", true},
    {"original message", false},
    {"the original message follows", false},
    {"the original message is", false},
    {"the header of the original message", false},
    {"the headers of the original message", false},
    {"header of the original message", false},
    {"original headers", false},
    {"original mail header", false},
    {"message headers follow", false},
    {"message header follows", false},
    {"message header", true},
    {"message follows", true},
    {"returned message", true},
    {"returned mail", true},
    {"returned text", true},
    {"unsent message", false},
    {"undelivered message", true},
    {"undeliverable message", true},
    {"forwarded message", true},
    {"beginning of message", true},
    {"attached message", true},
    {"text of your message", false},
    {"the text of your message", false},
    {"your original message", true},
    {"your message reads", false},
    {"your message follows", false},
    {"first lines of the message", false},
    {"ursprüngliche nachricht", false},
    {"originale nachricht", false},
    {"kopie der nachricht", false},
    {"message d'origine", false},
    {"en-têtes de message d'origine", false},
    {"mensaje original", false},
    {"encabezados de mensajes originales", false},
    {"messaggio originale", false},
    {"intestazioni originali", false},
    {"mensagem original", false},
    {"oorspronkelijke bericht", false},
    {"исходное сообщение", false},
    {"received:", false},
    {"return-path:", false},
    {"dkim-signature:", false},
    {"x-received:", false},
    {"message-id:", false},
};

/* A recipient stands behind these, on the same line. */
static const char *const recipient_words[] = {
    "recipient:",
    "recipient address:",
    "recipients:",
    "recipient",
    "address:",
    "addressed to:",
    "delivered to:",
    "delivered to",
    "delivering your mail to",
    "delivering mail to",
    "deliver mail to",
    "deliver message to:",
    "deliver message to",
    "deliver your message to",
    "deliver the message to",
    "deliver to",
    "delivery to",
    "delivery attempts:",
    "attempts:",
    "errors:",
    "your message to:",
    "your message to",
    "your mail to",
    "message to",
    "rcpt to:",
    "rcpt:",
    "undeliverable to",
    "undeliverable to:",
    "unknown user:",
    "user unknown:",
    "invalid recipient:",
    "mailbox for",
    "account for",
    "mail for",
    "failed for",
    "sent to",
    "failed:",
    "account:",
    "unknown:",
    "user:",
    "to user",
    "the user",
    "the address",
    "email address",
    "e-mail address",
};

/* The reason stands behind these: on the line, or from the next one on. */
static const char *const reason_words[] = {
    "the response was:",
    "the response from the remote server was:",
    "the error that the other server returned was:",
    "the reason for the problem:",
    "for the following reason:",
    "for the following reasons:",
    "with the following error message:",
    "with the following error:",
    "technical details of permanent failure:",
    "technical details of temporary failure:",
    "technical details:",
    "diagnostic code:",
    "server message",
    "failure reasons",
    "reason of failure:",
    "the reason was:",
    "the reason is:",
    "error message:",
    "error message below:",
    "error was:",
    "because:",
    "non-delivered information",
    "reason:",
    "description:",
    "diagnosis:",
};

/* Where a reply's code stands behind words. */
static const char *const code_words[] = {
    "ResponseCode ",
    "ERROR_CODE :",
    "SMTP code: ",
    "error code: ",
    "returned status ",
};

/* Paragraphs without a reason. */
static const char *const empty_words[] = {
    "for further assistance",
    "if you do so",
    "please do not reply",
    "no further action",
    "message will be retried",
    "please note that",
    "the message is kept",
    "you do not need",
    "further information",
    "this message was created automatically",
    "this is an automatically",
    "check for typos",
    "learn more",
    "if your message was also sent",
    "status is not included",
    "will not be retried",
    "the mail system",
    "delivery failed",
    "giving up",
    "this report relates",
    "message-id:",
    "date:",
    "from:",
    "subject:",
    "i'm sorry to have to inform",
    "delete your own text",
    "all attempts to",
    "** ",
    "sent:",
    "to:",
    "this is a permanent error",
    "hi. this is",
    "i'm afraid i wasn't",
    "warning message only",
    "this is the mail",
    "your message did not reach",
    "the following recipient",
    "the original message was received",
    "unable to deliver message to",
    "sorry, we were unable",
    "message not delivered",
    "address not found",
};

/* The host that was talked to stands behind these, or before them where `before`; `ends`: it and a
 * colon are all that is left of the line. */
static const struct {
	const char *words;
	bool before, needs_ip, ends;
} host_words[] = {
    {" did not like our", true, false, false},
    {" does not like recipient", true, false, false},
    {" failed after I sent the message", true, false, false},
    {" failed on DATA command", true, false, false},
    {" but sender was rejected", true, false, false},
    {" but greeting failed", true, false, false},
    {" but my name was rejected", true, false, false},
    {"while talking to ", false, false, false},
    {"host: ", false, false, false},
    {"remote host ", false, false, false},
    {"remote server ", false, false, false},
    {"rejected by ", false, false, true},
    {"SMTP Server ", false, false, false},
    {"Server ", false, true, false},
    {"Remote system: dns;", false, false, false},
    {"host ", false, false, false},
    {" by ", false, true, false},
    {"]:[", false, false, false},
    {": [", false, false, false},
    {"<", false, false, false},
};

/* The stage stands behind these; or it is this one. */
static const struct {
	const char *words;
	enum stage stage;
} stage_words[] = {
    {"[RCPT_TO]", STAGE_RCPT},
    {"[MAIL_FROM]", STAGE_MAIL},
    {"[DATA]", STAGE_DATA},
    {"[BODY]", STAGE_MESSAGE},
    {"(RCPT TO)", STAGE_RCPT},
    {"(MAIL FROM)", STAGE_MAIL},
    {"(DATA)", STAGE_DATA},
    {"RCPT TO response", STAGE_RCPT},
    {"DATA response", STAGE_DATA},
    {"does not like recipient", STAGE_RCPT},
    {"sender was rejected", STAGE_MAIL},
    {"greeting failed", STAGE_GREETING},
    {"my name was rejected", STAGE_EHLO},
    {"failed on DATA command", STAGE_DATA},
    {"failed after I sent the message", STAGE_MESSAGE},
    {"did not like our final DATA", STAGE_MESSAGE},
    {"did not like our ", STAGE_NONE},
    {"error from remote server after ", STAGE_NONE},
    {"SMTP command\n", STAGE_NONE},
    {"SMTP:", STAGE_NONE},
    {"  in RCPT TO", STAGE_RCPT},
    {"  in DATA", STAGE_DATA},
};

/* What belongs to the notice and not to the reply before it. */
static const char *const reply_ends[] = {
    "Giving up on ",
    "I'm not going to try",
    "[RCPT_TO]",
    "[MAIL_FROM]",
    "[DATA]",
    "[BODY]",
    ". (#",
    "(Other MXes",
    "-------",
    "(expanded from",
    "Last attempt",
    "Message will be",
    "STARTTLS ",
};

/* ---- lines */

static const char rules[] = "-=*_#~> \t";

static bool
is_end(struct slice line)
{
	struct slice bare = slice_from(line, slice_span(line, rules));
	bool ruled = bare.len < line.len && strchr("-=*_#", *line.at) != NULL;
	char first = bare.len > 0 ? to_lower(*bare.at) : '\0';

	for (size_t i = 0; i < COUNT(end_marks); i++)
		if (*end_marks[i].words == first && (ruled || !end_marks[i].ruled) &&
		    slice_begins(bare, end_marks[i].words))
			return true;
	return false;
}

struct slice
notice_cut(struct slice text, struct slice *returned)
{
	struct slice rest = text, line;

	*returned = (struct slice){text.at + text.len, 0};
	while (slice_line(&rest, &line)) {
		line = slice_trim(line);
		if (line.len == 0 || !is_end(line))
			continue;
		*returned = (struct slice){line.at, (size_t)(text.at + text.len - line.at)};
		text.len = (size_t)(line.at - text.at);
		break;
	}
	return text;
}

struct notice_reader { /* of one notice */
	struct arena *arena;
	struct notice *out;
	struct slice *lines; /* without the blanks at both ends */
	unsigned char *indents; /* of each line: the blanks before it, a tab for eight */
	size_t count;
	bool sure;
};

/* Exim's "(generated from user@example.com)" */
static bool
is_aside(struct slice line)
{
	return slice_begins(line, "(generated from ") ||
	       slice_begins(line, "(ultimately generated from ");
}

static unsigned char
indent_of(struct slice line)
{
	unsigned n = 0;

	for (size_t i = 0; i < line.len && is_blank(line.at[i]) && n < 200; i++)
		n += line.at[i] == '\t' ? 8 : 1;
	return (unsigned char)n;
}

static void
take_lines(struct notice_reader *reader, struct slice text)
{
	struct slice line;
	size_t most = slice_lines(text);

	if (most > NOTICE_LINES_MAX)
		most = NOTICE_LINES_MAX;
	reader->lines = arena_alloc(reader->arena, (most + 1) * sizeof *reader->lines);
	reader->indents = arena_alloc(reader->arena, most + 1);
	while (reader->count < most && slice_line(&text, &line)) {
		if (is_aside(slice_trim(line)))
			continue;
		reader->indents[reader->count] = indent_of(line);
		reader->lines[reader->count++] = slice_trim(line);
	}
}

/* ---- addresses */

static bool
is_local_char(char c)
{
	return is_alnum(c) || (c & 0x80) != 0 || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~.", c));
}

static bool
is_domain_char(char c)
{
	return is_alnum(c) || c == '.' || c == '-' || c == '_' || (c & 0x80) != 0;
}

/* The address around the @. */
static struct slice
address_at(struct slice text, size_t at)
{
	size_t start = at, end = at + 1, marks;

	if (start > 0 && text.at[start - 1] == '"')
		for (start--; start > 0 && at - start < 66 && text.at[start - 1] != '"';)
			start--;
	if (start < at && start > 0 && text.at[at - 1] == '"')
		start--;
	else
		while (start > 0 && at - start < 100 && is_local_char(text.at[start - 1]))
			start--;
	marks = slice_span((struct slice){text.at + start, at - start}, "'*-=");
	if (start + marks < at) /* a list's, but not all of "********@example.com" */
		start += marks;
	if (end < text.len && text.at[end] == '[')
		end += slice_until(slice_from(text, end), "] \n") + 1;
	else
		while (end < text.len && end - at < 255 && is_domain_char(text.at[end]))
			end++;
	if (end > text.len)
		end = text.len;
	while (end > at + 1 && strchr(".-_", text.at[end - 1]) != NULL)
		end--;
	if (start == at || end == at + 1)
		return (struct slice){text.at + at, 0};
	return (struct slice){text.at + start, end - start};
}

struct slice
notice_address(struct slice text)
{
	for (size_t at = 0; at < text.len; at++) {
		const char *found = memchr(text.at + at, '@', text.len - at);
		struct slice address;

		if (found == NULL)
			break;
		at = (size_t)(found - text.at);
		address = address_at(text, at);
		if (address.len > 0)
			return address;
	}
	return (struct slice){"", 0};
}

/* What stands before an address and is no word: "<", "\"", a bullet, "mailto:". */
static struct slice
cut_opening(struct slice before)
{
	for (size_t len = before.len + 1; before.len < len;) {
		len = before.len;
		while (before.len > 0 && strchr("<\"'[( \t", before.at[before.len - 1]) != NULL)
			before.len--;
		if (slice_ends(before, "mailto:") || slice_ends(before, "rfc822;"))
			before.len -= 7;
		if (slice_ends(before, "[smtp:"))
			before.len -= 5;
	}
	return before;
}

static bool
is_bullet(struct slice before)
{
	return slice_span(before, "*-=<>\"'[(#.)0123456789 \t") == before.len;
}

static bool
ends_with_one(struct slice text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (slice_ends(text, words[i]))
			return true;
	return false;
}

/* Behind an address that stands alone, so that it is no word of a sentence. */
static bool
is_apart(struct slice after)
{
	static const char *const words[] = {"on ", "was ", "delivery ", "failed", "could ", "- ",
	    "is ", "does ", "not ", "user ", "invalid "};
	bool blank = after.len > 0 && is_blank(*after.at);

	if (after.len > 0 && strchr(">\"'", *after.at) != NULL)
		after = slice_from(after, 1);
	if (after.len == 0 || strchr(":;,.[(<)]", *after.at) != NULL)
		return true;
	blank = blank || is_blank(*after.at);
	after = slice_trim(after);
	if (!blank || after.len == 0)
		return after.len == 0;
	if (strchr(":;([<-", *after.at) != NULL)
		return true;
	for (size_t i = 0; i < COUNT(words); i++)
		if (slice_begins(after, words[i]))
			return true;
	return false;
}

/* "Unknown host: user@example.com": nothing stands behind it. */
static bool
is_last(struct slice after)
{
	return slice_span(after, ">\"'.) \t") == after.len;
}

/* Of these the address is another's. */
static const char *const other_words[] = {"from:", "sender:", "to:", "cc:", "contact:", "by:",
    "return-path:", "id:", "postmaster:", "administrator:", "support:"};

bool
notice_recipient(struct slice line, struct slice *address, struct slice *after)
{
	struct slice before, named;
	bool bare;

	*address = notice_address(line);
	if (address->len == 0 || line.len > 2000)
		return false;
	before = (struct slice){line.at, (size_t)(address->at - line.at)};
	*after = slice_from(line, before.len + address->len);
	before = cut_opening(before);
	bare = is_bullet(before) && logline_code(before.at, before.len) == 0;
	if (bare && is_apart(*after))
		return true;
	named = *after; /* "Name<mailto:user@…>", "name:000:<user@…> : …" */
	if (named.len > 0 && *named.at == '>' && !slice_begins(line, "from") &&
	    slice_until(before, " ") == before.len && before.len > 0 &&
	    slice_until(before, ":>") > 0 && logline_code(before.at, before.len) == 0 &&
	    strchr("<:", line.at[slice_until(line, "<:")]) != NULL &&
	    (slice_begins(slice_from(line, before.len), "<mailto:") || slice_ends(before, ":")) &&
	    !slice_ends(before, "from:") && !slice_ends(before, "sender:"))
		return true;
	if (notice_reply(before) != NULL)
		return false; /* a reply that names it */
	return ends_with_one(before, recipient_words, COUNT(recipient_words)) ||
	       (is_last(*after) && slice_ends(before, ":") &&
	           !ends_with_one(before, other_words, COUNT(other_words)));
}

/* ---- replies */

static bool
is_enhanced_at(struct slice text)
{
	return logline_enhanced(text.at, text.len) > 0;
}

/* "550 …" where the octet before and the words behind leave no other reading. */
static bool
is_code_at(struct slice line, size_t at)
{
	struct slice text = slice_from(line, at), behind = slice_from(text, 4);
	char before = at > 0 ? line.at[at - 1] : ' ', earlier = at > 1 ? line.at[at - 2] : ':';

	if (text.len < 5 || (text.at[0] != '4' && text.at[0] != '5') || !is_digit(text.at[1]) ||
	    !is_digit(text.at[2]) || strchr(" -:", text.at[3]) == NULL ||
	    text.at[1] > (at == 0 ? '7' : '5') || slice_trim(behind).len == 0)
		return false;
	if (is_enhanced_at(slice_trim(behind)) && strchr(" \t:;[('\"<#=", before) != NULL)
		return true;
	if (text.at[3] == '-' && is_digit(*behind.at))
		return false;
	return at == 0 || strchr("[('\"<#", before) != NULL ||
	       (is_blank(before) && strchr(":;,]>)-", earlier) != NULL);
}

const char *
notice_reply(struct slice line)
{
	for (size_t i = 0; i + 4 < line.len; i++)
		if ((line.at[i] == '5' || line.at[i] == '4') && is_code_at(line, i))
			return line.at + i;
	return NULL;
}

static bool
ends_reply(struct slice line)
{
	for (size_t i = 0; i < COUNT(reply_ends); i++)
		if (slice_begins(line, reply_ends[i]))
			return true;
	return false;
}

/* The lines as one text: a line end before a further code, else a space. */
static void
put_reply_line(struct buf *out, struct slice line)
{
	bool coded = logline_code(line.at, line.len) != 0 || is_enhanced_at(line);

	if (line.len == 0)
		return;
	if (out->len > 0)
		buf_putc(out, coded ? '\n' : ' ');
	buf_add(out, line.at, line.len);
}

/* Cuts what closes the bracket or quote that the reply stands in. */
static struct slice
cut_closing(struct slice text, char opening)
{
	char closing = opening == '[' ? ']' : opening == '(' ? ')' : opening == '<' ? '>' : opening;
	const char *end;

	if (text.len == 0 || opening == '\0' || strchr("[('\"<", opening) == NULL)
		return text;
	end = memrchr(text.at, closing, text.len);
	if (end != NULL && end > text.at)
		text.len = (size_t)(end - text.at);
	return text;
}

static void
tell(struct notice_entry *entry, const char *text, size_t len)
{
	struct slice trimmed = slice_trim((struct slice){text, len});
	int open = 0;

	for (size_t i = 0; i < trimmed.len; i++)
		open += (trimmed.at[i] == '<') - (trimmed.at[i] == '>');
	if (open < 0 && trimmed.at[trimmed.len - 1] == '>')
		trimmed.len--; /* of the brackets that the reply stands in */
	entry->text = trimmed.at;
	entry->len = trimmed.len;
	entry->quoted = true;
	entry->said_by = SAID_BY_SERVER;
}

/* A reply that begins within line `i` of the lines: it goes on to the end of the paragraph. */
static bool
read_inline(struct notice_reader *reader, const struct slice *lines, size_t count, size_t i,
    struct notice_entry *entry)
{
	const char *start = notice_reply(lines[i]);
	size_t before;
	struct slice text;
	struct buf out;

	if (start == NULL)
		return false;
	before = (size_t)(start - lines[i].at);
	buf_init(&out, NOTICE_WORDS_MAX * 4);
	put_reply_line(&out, slice_from(lines[i], before));
	for (size_t k = i + 1; k < count && lines[k].len > 0 && !ends_reply(lines[k]); k++) {
		if (before == 0 && logline_code(lines[k].at, lines[k].len) != 0 &&
		    memcmp(lines[k].at, start, 3) != 0)
			break;
		put_reply_line(&out, lines[k]);
	}
	text = cut_closing((struct slice){out.data, out.len}, before > 0 ? start[-1] : '\0');
	start = arena_copy(reader->arena, text.at, text.len);
	if (start[3] == ':')
		((char *)start)[3] = ' ';
	tell(entry, start, text.len);
	buf_release(&out);
	return entry->len > 4;
}

/* "ResponseCode 421, , Host not reachable." */
static bool
read_code_words(struct notice_reader *reader, struct slice line, struct notice_entry *entry)
{
	for (size_t i = 0; i < COUNT(code_words); i++) {
		const char *found = slice_find(line, code_words[i]), *text;
		struct slice code, words;

		if (found == NULL)
			continue;
		code = slice_from(line, (size_t)(found - line.at) + strlen(code_words[i]));
		if (code.len < 3 || (*code.at != '4' && *code.at != '5') ||
		    slice_span(code, "0123456789") != 3)
			continue;
		words = slice_from(code, 3);
		words = slice_from(words, slice_span(words, ", :"));
		if (slice_begins(words, code_words[i]))
			words = slice_from(words, strlen(code_words[i]));
		while (words.len > 0 && words.at[words.len - 1] == ']')
			words.len--;
		text = arena_printf(reader->arena, "%.3s %.*s", code.at, (int)words.len, words.at);
		tell(entry, text, strlen(text));
		return true;
	}
	return false;
}

static char *
join(struct notice_reader *reader, const struct slice *lines, size_t count, char between)
{
	struct buf out;
	char *text;

	buf_init(&out, NOTICE_WORDS_MAX * 8);
	for (size_t i = 0; i < count; i++) {
		if (out.len > 0)
			buf_putc(&out, between);
		buf_add(&out, lines[i].at, lines[i].len);
	}
	text = arena_copy(reader->arena, out.data, out.len);
	buf_release(&out);
	return text;
}

/* "421 4.1.1 unverified address: host mx.example.com said: 450 …": a reply that quotes another. */
static bool
quotes_another(struct slice line)
{
	return logline_code(line.at, line.len) != 0 && slice_find(line, " said: ") != NULL;
}

/* Postfix, Exim and Exchange write as in their logs, only wrapped. */
static bool
read_wrapped(struct notice_reader *reader, const struct slice *lines, size_t count,
    struct notice_entry *entry)
{
	char *text = join(reader, lines, count, ' ');
	struct refusal refusal;

	for (size_t i = 0; i < count; i++)
		if (quotes_another(slice_trim(lines[i])))
			return false;
	if (logline_read(text, strlen(text), reader->arena, &refusal) != LOGLINE_REPLY ||
	    refusal.inbound || refusal.said_by == SAID_BY_SENDER)
		return false;
	entry->relay = refusal.relay;
	entry->relay_ip = refusal.relay_ip;
	entry->stage = refusal.stage;
	tell(entry, refusal.text, refusal.len);
	return true;
}

/* "Remote host said: 550-…" of qmail and Yahoo, over several lines. */
static bool
read_said(struct notice_reader *reader, const struct slice *lines, size_t count,
    struct notice_entry *entry)
{
	static const char words[] = "emote host said:";

	for (size_t i = 0; i < count; i++) {
		const char *found = slice_find(lines[i], words);
		struct slice text;
		struct buf out;
		size_t from;

		if (found == NULL)
			continue;
		from = (size_t)(found - lines[i].at) + sizeof words - 1;
		text = slice_trim(slice_from(lines[i], from));
		buf_init(&out, NOTICE_WORDS_MAX * 4);
		put_reply_line(&out, text);
		while (++i < count && !ends_reply(lines[i]))
			put_reply_line(&out, lines[i]);
		tell(entry, arena_copy(reader->arena, out.data, out.len), out.len);
		buf_release(&out);
		return entry->len > 0;
	}
	return false;
}

/* A paragraph of the entry's: does it quote a server? */
static bool
read_quoted(struct notice_reader *reader, const struct slice *lines, size_t count,
    struct notice_entry *entry)
{
	if (read_said(reader, lines, count, entry) || read_wrapped(reader, lines, count, entry))
		return true;
	for (size_t i = 0; i < count; i++)
		if (read_code_words(reader, lines[i], entry) ||
		    read_inline(reader, lines, count, i, entry))
			return true;
	for (size_t i = 0; i < count; i++)
		if (is_enhanced_at(lines[i])) {
			char *text = join(reader, lines + i, count - i, ' ');

			tell(entry, text, strlen(text));
			return true;
		}
	return false;
}

/* ---- own words */

/* Behind the words that open a reason; NULL: the line has none. */
static const char *
behind_reason(struct slice line)
{
	struct slice bare = slice_from(line, slice_span(line, rules));

	for (size_t i = 0; i < COUNT(reason_words); i++)
		if (slice_begins(bare, reason_words[i]))
			return bare.at + strlen(reason_words[i]);
	for (size_t i = 0; i < COUNT(reason_words); i++) {
		const char *found = slice_find(line, reason_words[i]);

		if (found != NULL && found > line.at && found[-1] == ' ' &&
		    reason_words[i][strlen(reason_words[i]) - 1] == ':')
			return found + strlen(reason_words[i]);
	}
	return NULL;
}

static bool
is_empty_words(struct slice line)
{
	line = slice_from(line, slice_span(line, "#*-=_ \t"));
	if (line.len == 0 || strchr(":,", line.at[line.len - 1]) != NULL) /* "Hello Joe," */
		return true;
	for (size_t i = 0; i < COUNT(empty_words); i++)
		if (slice_begins(line, empty_words[i]))
			return true;
	return false;
}

/* "(#4.4.1)" */
static const char *
find_status(struct notice_reader *reader, struct slice text)
{
	const char *at = slice_find(text, "(#");
	struct slice code;

	if (at == NULL) /* "<mx.example.com #5.7.1>" of Exchange */
		at = slice_find(text, " #");
	if (at == NULL)
		return NULL;
	code = slice_from(text, (size_t)(at - text.at) + 2);
	if (!is_enhanced_at(code))
		return NULL;
	return slice_copy(
	    (struct slice){code.at, logline_enhanced(code.at, code.len)}, reader->arena);
}

static void
tell_own(struct notice_reader *reader, const struct slice *lines, size_t count,
    struct notice_entry *entry)
{
	struct slice text = slice_trim(slice_of(join(reader, lines, count, ' ')));

	while (text.len > 1 && strchr(":;,)]>(['\"", *text.at) != NULL) {
		if (*text.at == '[' || *text.at == '(')
			text = cut_closing(text, *text.at);
		text = slice_trim(slice_from(text, 1));
	}
	if (text.len > NOTICE_WORDS_MAX)
		text.len = NOTICE_WORDS_MAX;
	entry->text = text.at;
	entry->len = text.len;
	entry->status = find_status(reader, text);
}

static size_t
paragraph_end(const struct slice *lines, size_t count, size_t i)
{
	while (i < count && lines[i].len > 0)
		i++;
	return i;
}

static bool
read_reason(
    struct notice_reader *reader, struct slice *lines, size_t count, struct notice_entry *entry)
{
	for (size_t i = 0; i < count; i++) {
		const char *behind = behind_reason(lines[i]);
		struct slice rest, kept = lines[i];

		if (behind == NULL)
			continue;
		rest = slice_trim(slice_from(lines[i], (size_t)(behind - lines[i].at)));
		rest = slice_from(rest, slice_span(rest, rules));
		lines[i] = rest;
		if (rest.len == 0)
			do
				i++;
			while (i < count && lines[i].len == 0);
		if (i < count)
			tell_own(reader, lines + i, paragraph_end(lines, count, i) - i, entry);
		else
			lines[i - 1] = kept;
		if (entry->len > 3)
			return true;
	}
	return false;
}

static void
read_own(
    struct notice_reader *reader, struct slice *lines, size_t count, struct notice_entry *entry)
{
	if (read_reason(reader, lines, count, entry))
		return;
	for (size_t i = 0, end; i < count; i = end + 1) {
		end = paragraph_end(lines, count, i);
		if (end > i && !is_empty_words(lines[i])) {
			tell_own(reader, lines + i, end - i, entry);
			if (entry->len > 3)
				return;
		}
	}
}

/* ---- hosts and stages */

/* A name with a dot, or an address; `needs_ip`: with its address in brackets right behind it. */
static bool
take_host(struct notice_reader *reader, struct slice at, bool needs_ip, struct notice_entry *entry)
{
	const char *ip, *host;
	size_t end;

	at = slice_trim(at);
	if (at.len > 120) /* before it is looked through: such words may come again and again */
		at.len = 120;
	at.len = slice_until(at, ",;\n");
	end = slice_until(at, " \t[(@");
	if ((end < at.len && at.at[end] == '@') ||
	    (needs_ip && slice_until(slice_from(at, end), "[(") > 2))
		return false;
	host = host_read(at, reader->arena, &ip);
	if (host == NULL || (strchr(host, '.') == NULL && strchr(host, ':') == NULL) ||
	    (needs_ip && ip == NULL))
		return false;
	entry->relay = host;
	entry->relay_ip = ip;
	return true;
}

static bool
find_host_by(
    struct notice_reader *reader, struct slice line, size_t row, struct notice_entry *entry)
{
	const char *words = host_words[row].words;

	for (struct slice rest = line; rest.len > 0;) {
		const char *found = slice_find(rest, words);
		struct slice at = line;

		if (found == NULL)
			return false;
		rest = slice_from(rest, (size_t)(found - rest.at) + strlen(words));
		if (host_words[row].before) {
			at.len = (size_t)(found - at.at);
			if (slice_begins(at, "Connected to "))
				at = slice_from(at, 13);
			while (
			    slice_until(at, " ") < at.len && at.at[slice_until(at, " ") + 1] != '[')
				at = slice_from(at, slice_until(at, " ") + 1);
		} else {
			at = rest;
		}
		if (host_words[row].ends && (slice_until(at, " ") < at.len || !slice_ends(at, ":")))
			continue;
		if (take_host(reader, at, host_words[row].needs_ip, entry))
			return true;
		if (host_words[row].before)
			return false;
	}
	return false;
}

/* The first line in which a reply begins; `count`: none does. */
static size_t
reply_line(const struct slice *lines, size_t count)
{
	size_t i = 0;

	while (i < count && notice_reply(lines[i]) == NULL)
		i++;
	return i;
}

/* What stands before the reply, and behind its paragraph: the hosts that it names itself are
 * others. */
static void
find_host(struct notice_reader *reader, const struct slice *lines, size_t count,
    struct notice_entry *entry)
{
	size_t first = reply_line(lines, count), last = paragraph_end(lines, count, first);

	for (size_t row = 0; row < COUNT(host_words); row++)
		for (size_t i = 0; i < count; i++) {
			struct slice line = lines[i];

			if (i == first)
				line.len = (size_t)(notice_reply(line) - line.at);
			if ((i <= first || i >= last) && find_host_by(reader, line, row, entry))
				return;
		}
	for (size_t i = 1; i < count; i++) /* Exchange: alone on the line above */
		if (slice_begins(lines[i], "Remote Server returned ") &&
		    slice_until(lines[i - 1], " :/@") == lines[i - 1].len &&
		    take_host(reader, lines[i - 1], false, entry))
			return;
}

static void
find_stage(struct slice text, struct notice_entry *entry)
{
	for (size_t i = 0; i < COUNT(stage_words) && entry->stage == STAGE_NONE; i++) {
		const char *found = slice_find(text, stage_words[i].words);
		struct slice behind;

		if (found == NULL)
			continue;
		entry->stage = stage_words[i].stage;
		behind = slice_from(text, (size_t)(found - text.at) + strlen(stage_words[i].words));
		if (entry->stage == STAGE_NONE)
			entry->stage = logline_stage(behind.at, behind.len);
	}
}

/* ---- entries */

static struct notice_entry *
new_entry(struct notice_reader *reader)
{
	struct notice *out = reader->out;
	struct notice_entry *entry;

	if (out->count == NOTICE_ENTRIES_MAX)
		return NULL;
	entry = arena_push(reader->arena, &out->entries, out->count, sizeof *entry);
	entry->stage = STAGE_NONE;
	out->count++;
	return entry;
}

/* From the first line's beginning to the last one's end. */
static struct slice
span_of(const struct slice *lines, size_t count)
{
	const struct slice *last = &lines[count - 1];

	return (struct slice){lines[0].at, (size_t)(last->at + last->len - lines[0].at)};
}

/* What the lines say, quoted or in their own words. */
static void
read_words(
    struct notice_reader *reader, struct slice *lines, size_t count, struct notice_entry *entry)
{
	for (size_t i = 0, end; i < count && !entry->quoted; i = end + 1) {
		end = paragraph_end(lines, count, i);
		if (end > i)
			read_quoted(reader, lines + i, end - i, entry);
	}
	if (!entry->quoted && reader->sure)
		read_own(reader, lines, count, entry);
	if (entry->relay == NULL && entry->quoted)
		find_host(reader, lines, count, entry);
	if (entry->quoted && entry->status == NULL && count > 0)
		entry->status = find_status(reader, span_of(lines, count));
	if (entry->stage == STAGE_NONE && count > 0)
		find_stage(span_of(lines, count), entry);
}

/* The lines from `i` on that are this recipient's; their number. What is folded below it is its
 * own, whatever address stands there. */
static size_t
entry_lines(const struct notice_reader *reader, size_t i, struct slice address)
{
	size_t start = i;
	bool folded = true;

	for (i++; i < reader->count; i++) {
		struct slice next, after;

		folded = folded && reader->lines[i].len > 0 &&
		         reader->indents[i] > reader->indents[start];
		if (!folded && notice_recipient(reader->lines[i], &next, &after) &&
		    (next.len != address.len || strncasecmp(next.at, address.at, next.len) != 0))
			break;
	}
	return i - start;
}

/* "A message sent by", and below it the address. */
static bool
is_sender(const struct notice_reader *reader, size_t i)
{
	while (i > 0 && reader->lines[--i].len == 0)
		;
	return slice_ends(reader->lines[i], "sent by") || slice_ends(reader->lines[i], " from") ||
	       slice_ends(reader->lines[i], " from:");
}

/* "user@example.com on 4/29/01 11:34:45 PM" of Exchange: when, and no reason. */
static struct slice
cut_date(struct slice after)
{
	struct slice text = slice_trim(after);

	if (slice_begins(text, "on ") && text.len < 60 && memchr(text.at, ':', text.len) != NULL &&
	    slice_until(text, "0123456789") < text.len)
		return slice_from(after, after.len);
	return after;
}

static void
read_entries(struct notice_reader *reader)
{
	struct slice address, after;

	for (size_t i = 0; i < reader->count;) {
		struct notice_entry *entry;
		size_t n;

		if (!notice_recipient(reader->lines[i], &address, &after) || is_sender(reader, i) ||
		    (entry = new_entry(reader)) == NULL) {
			i++;
			continue;
		}
		entry->recipient = slice_copy(address, reader->arena);
		n = entry_lines(reader, i, address);
		reader->lines[i] = cut_date(after);
		while (reader->lines[i].len > 0 && strchr(">\"':", *reader->lines[i].at) != NULL)
			reader->lines[i] = slice_from(reader->lines[i], 1);
		read_words(reader, reader->lines + i, n, entry);
		i += n;
	}
}

/* No recipient is named, but in a reply: "550 <user@example.com>... User unknown". */
static void
read_naming_reply(struct notice_reader *reader)
{
	for (size_t i = 0; i < reader->count; i++) {
		struct slice line = reader->lines[i], address = notice_address(line);
		struct notice_entry *entry;

		if (address.len == 0 || logline_code(line.at, line.len) == 0 ||
		    !is_bullet(
		        cut_opening((struct slice){line.at, (size_t)(address.at - line.at)})) ||
		    (entry = new_entry(reader)) == NULL)
			continue;
		entry->recipient = slice_copy(address, reader->arena);
		read_words(reader, reader->lines + i, reader->count - i, entry);
		return;
	}
}

/* A list of recipients with one reason below it: that of all. */
static void
share_words(struct notice *out)
{
	for (size_t i = out->count; i-- > 1;)
		if (out->entries[i - 1].text == NULL && out->entries[i].text != NULL) {
			const char *recipient = out->entries[i - 1].recipient;

			out->entries[i - 1] = out->entries[i];
			out->entries[i - 1].recipient = recipient;
		}
}

/* Sure of a notice, but of no reason: the words that name the recipient in line `i`, or introduce
 * it. */
static void
read_introduction(
    struct notice_reader *reader, size_t i, struct slice address, struct notice_entry *entry)
{
	size_t start;

	if (i == reader->count)
		return;
	if ((size_t)(address.at - reader->lines[i].at) < 4)
		while (i > 0 && reader->lines[--i].len == 0)
			;
	for (start = i; start > 0 && reader->lines[start - 1].len > 0;)
		start--;
	tell_own(reader, reader->lines + start, i + 1 - start, entry);
}

/* The reason stands above the recipients, or nowhere. */
static void
read_lead(struct notice_reader *reader, struct slice text)
{
	struct notice *out = reader->out;
	struct notice_entry lead = {.stage = STAGE_NONE}, *entry;
	struct notice_reader leader = {
	    .arena = reader->arena, .sure = out->count == 0 && reader->sure};
	struct slice address, after;
	size_t above = 0;

	if (out->count > 0 && out->entries[out->count - 1].text != NULL)
		return;
	take_lines(&leader, text);
	while (above < leader.count && !notice_recipient(leader.lines[above], &address, &after))
		above++;
	read_words(&leader, leader.lines, above, &lead);
	if (lead.text == NULL && reader->sure)
		read_reason(&leader, leader.lines, above, &lead);
	if (lead.text == NULL && reader->sure)
		read_introduction(&leader, above, address, &lead);
	if (lead.text == NULL || lead.len == 0)
		return;
	if (out->count == 0 && (entry = new_entry(reader)) != NULL)
		*entry = lead;
	for (size_t i = 0; i < out->count; i++)
		if (out->entries[i].text == NULL) {
			lead.recipient = out->entries[i].recipient;
			out->entries[i] = lead;
		}
}

/* One entry a recipient: what quotes a server rather than what does not. */
static void
merge(struct notice *out)
{
	size_t n = 0;

	for (size_t i = 0; i < out->count; i++) {
		struct notice_entry *entry = &out->entries[i];
		size_t k = 0;

		while (k < n && (entry->recipient == NULL || out->entries[k].recipient == NULL ||
		                    strcasecmp(out->entries[k].recipient, entry->recipient) != 0))
			k++;
		if (k == n)
			out->entries[n++] = *entry;
		else if (out->entries[k].text == NULL || (entry->quoted && !out->entries[k].quoted))
			out->entries[k] = *entry;
	}
	out->count = n;
}

static void
mark_delays(struct slice text, struct notice *out)
{
	static const char *const words[] = {"warning message only", "this is a warning only",
	    "will be retried", "still being retried", "only a temporary failure", "is delayed",
	    "has been delayed", "will continue trying", "has not yet been delivered"};

	for (size_t i = 0; i < COUNT(words); i++)
		if (slice_find(text, words[i]) != NULL)
			for (size_t k = 0; k < out->count; k++)
				out->entries[k].deferred = true;
}

void
notice_read(struct slice text, bool sure, struct arena *arena, struct notice *out)
{
	struct notice_reader reader = {.arena = arena, .out = out, .sure = sure};

	*out = (struct notice){0};
	text = notice_cut(text, &out->returned);
	if (!transcript_read(text, arena, out)) {
		take_lines(&reader, text);
		read_entries(&reader);
		if (out->count == 0)
			read_naming_reply(&reader);
		share_words(out);
		read_lead(&reader, text);
		merge(out);
	}
	mark_delays(text, out);
}
