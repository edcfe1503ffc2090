#include "mail/message.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "mail/fields.h"
#include "mail/mime.h"

enum { HEADER_NAME_MAX = 76 };

/* ---- lines */

struct span {
	const char *start;
	size_t len;
};

/* The next line of `text`, without its LF, CR or CRLF; false at the end. */
static bool
next_line(struct span *text, struct span *line)
{
	size_t len = 0, skip = 0;

	if (text->len == 0)
		return false;
	while (len < text->len && text->start[len] != '\n' && text->start[len] != '\r')
		len++;
	if (len < text->len)
		skip =
		    text->start[len] == '\r' && len + 1 < text->len && text->start[len + 1] == '\n'
		        ? 2
		        : 1;
	*line = (struct span){text->start, len};
	text->start += len + skip;
	text->len -= len + skip;
	return true;
}

static void
add_line(struct span line, struct buf *out)
{
	buf_add(out, line.start, line.len);
	buf_puts(out, "\r\n");
}

static bool
check_line(struct span line, const char **why)
{
	if (memchr(line.start, '\0', line.len) != NULL)
		*why = "a NUL byte";
	else if (line.len > MIME_LINE_MAX)
		*why = "a line is longer than 998 octets";
	else
		return true;
	return false;
}

bool
message_is_8bit(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)bytes[i] >= 0x80)
			return true;
	return false;
}

bool
message_header_is_8bit(const char *bytes, size_t len)
{
	const char *end = memmem(bytes, len, "\r\n\r\n", 4);

	return message_is_8bit(bytes, end != NULL ? (size_t)(end - bytes) : len);
}

static bool
has_control(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)s[i] < ' ' && s[i] != '\t') || s[i] == 0x7f)
			return true;
	return false;
}

static bool
is_full(const struct buf *out, const char **why)
{
	if (out->full)
		*why = "the message is too large";
	return out->full;
}

/* ---- our own headers */

static void
add_from(const struct message_plan *plan, struct buf *out)
{
	if (*plan->from == '\0')
		buf_printf(out, "postmaster@%s", plan->helo);
	else
		buf_puts(out, plan->from);
}

static void
add_to(const struct message_plan *plan, struct buf *out)
{
	buf_puts(out, plan->to);
}

static void
add_subject(const struct message_plan *plan, struct buf *out)
{
	(void)plan;
	buf_puts(out, "mxwalk delivery test");
}

struct date {
	long long year;
	int month, day; /* from 0, from 1 */
};

/* The Gregorian calendar, counted in years that begin with March so that a leap day comes last. */
static struct date
date_of(long long days)
{
	long long shifted = days + 719468; /* from 0000-03-01 to 1970-01-01 */
	long long era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	int in_era = (int)(shifted - era * 146097);
	int year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	int in_year = in_era - (365 * year + year / 4 - year / 100);
	int month = (5 * in_year + 2) / 153;

	return (struct date){.year = era * 400 + year + (month >= 10),
	    .month = (month + 2) % 12,
	    .day = in_year - (153 * month + 2) / 5 + 1};
}

/* RFC 5322 section 3.3. By our own count: the names must not follow the locale, nor the years end
 * in 2038. */
static void
add_date(const struct message_plan *plan, struct buf *out)
{
	static const char days[7][4] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
	static const char months[12][4] = {
	    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	int zone = plan->zone < 0 ? -plan->zone : plan->zone;
	long long now = plan->now + plan->zone * 60LL;
	int second = (int)((now % 86400 + 86400) % 86400);
	long long day = (now - second) / 86400;
	struct date date = date_of(day);

	buf_printf(out, "%s, %d %s %04lld %02d:%02d:%02d %c%02d%02d", days[(day % 7 + 7) % 7],
	    date.day, months[date.month], date.year, second / 3600, second / 60 % 60, second % 60,
	    plan->zone < 0 ? '-' : '+', zone / 60, zone % 60);
}

static void
add_id(const struct message_plan *plan, struct buf *out)
{
	buf_printf(out, "%016llx%016llx@%s", plan->random[0], plan->random[1], plan->helo);
}

static void
add_message_id(const struct message_plan *plan, struct buf *out)
{
	buf_putc(out, '<');
	add_id(plan, out);
	buf_putc(out, '>');
}

static void
add_auto_submitted(const struct message_plan *plan, struct buf *out)
{
	(void)plan;
	buf_puts(out, "auto-generated"); /* RFC 3834 section 5: no vacation replies to a test */
}

static void
add_mailer(const struct message_plan *plan, struct buf *out)
{
	buf_puts(out, plan->version);
}

static void
add_mime_version(const struct message_plan *plan, struct buf *out)
{
	(void)plan;
	buf_puts(out, "1.0");
}

static bool
is_multipart(const struct message_plan *plan)
{
	return plan->file_count > 0 || plan->html != NULL;
}

enum level { OUTER, INNER }; /* of a multipart */

/* "=_" comes up in no base64 and no quoted-printable text (RFC 2045 section 6.7). */
static void
add_boundary(const struct message_plan *plan, enum level level, struct buf *out)
{
	buf_printf(out, "=_%s%016llx%016llx", level == INNER ? "in_" : "", plan->random[0],
	    plan->random[1]);
}

static void
add_content_type(const struct message_plan *plan, struct buf *out)
{
	if (!is_multipart(plan)) {
		buf_puts(out, "text/plain; charset=utf-8");
		return;
	}
	buf_printf(
	    out, "multipart/%s; boundary=\"", plan->file_count > 0 ? "mixed" : "alternative");
	add_boundary(plan, OUTER, out);
	buf_putc(out, '"');
}

static const struct {
	const char *name;
	void (*add)(const struct message_plan *plan, struct buf *out);
	bool mime; /* the user's may not replace it where there are attachments */
} ours[] = {
    {"Date", add_date, false}, {"From", add_from, false}, {"To", add_to, false},
    {"Message-ID", add_message_id, false}, {"Subject", add_subject, false},
    {"Auto-Submitted", add_auto_submitted, false}, {"X-Mailer", add_mailer, false},
    {"MIME-Version", add_mime_version, true}, {"Content-Type", add_content_type, true},
    {"Content-Transfer-Encoding", NULL, true}, /* the body decides */
};

enum { OURS = sizeof ours / sizeof *ours };

static const struct {
	const char *name;
	enum mime_field field;
} fields[] = {
    {"From", MIME_ADDRESSES},
    {"Sender", MIME_ADDRESSES},
    {"Reply-To", MIME_ADDRESSES},
    {"To", MIME_ADDRESSES},
    {"Cc", MIME_ADDRESSES},
    {"Bcc", MIME_ADDRESSES},
    {"Resent-From", MIME_ADDRESSES},
    {"Resent-Sender", MIME_ADDRESSES},
    {"Resent-To", MIME_ADDRESSES},
    {"Resent-Cc", MIME_ADDRESSES},
    {"Resent-Bcc", MIME_ADDRESSES},
    {"Date", MIME_TOKENS},
    {"Message-ID", MIME_TOKENS},
    {"In-Reply-To", MIME_TOKENS},
    {"References", MIME_TOKENS},
    {"Auto-Submitted", MIME_TOKENS},
    {"MIME-Version", MIME_TOKENS},
    {"Content-Type", MIME_TOKENS},
    {"Content-Transfer-Encoding", MIME_TOKENS},
    {"Content-Disposition", MIME_TOKENS},
    {"Content-ID", MIME_TOKENS},
    {"List-Unsubscribe", MIME_TOKENS},
    {"List-Unsubscribe-Post", MIME_TOKENS},
    {"DKIM-Signature", MIME_TOKENS},
    {"Received", MIME_TOKENS},
    {"Return-Path", MIME_TOKENS},
};

static enum mime_field
field_of(const char *name)
{
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (strcasecmp(fields[i].name, name) == 0)
			return fields[i].field;
	return MIME_TEXT;
}

static bool
put_header(const char *name, const char *value, struct buf *out, const char **why)
{
	struct buf words;
	bool ok;

	buf_init(&words, MESSAGE_MAX);
	ok = mime_words(value, field_of(name), &words, why) && !is_full(&words, why) &&
	     mime_fold(name, words.data, out, why);
	buf_release(&words);
	return ok;
}

/* ---- the user's headers */

/* Is the header "Name: value" of this name? */
static bool
is_named(const char *header, const char *name)
{
	size_t len = strlen(name);

	return strncasecmp(header, name, len) == 0 && header[len] == ':';
}

static bool
is_given(const struct message_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->header_count; i++)
		if (is_named(plan->headers[i], name))
			return true;
	return false;
}

static bool
check_header(const char *header, bool has_files, const char **why)
{
	size_t name = 0;

	while (header[name] > ' ' && header[name] < 0x7f && header[name] != ':')
		name++;
	*why = NULL;
	if (has_control(header, strlen(header)))
		*why = "a header has a control byte";
	else if (strchr(header, ':') == NULL)
		*why = "a header has no colon";
	else if (name == 0 || header[name] != ':')
		*why = "a header's name has to be printable ASCII without spaces";
	else if (name > HEADER_NAME_MAX)
		*why = "a header's name is longer than 76 octets";
	else if (!utf8_valid(header, strlen(header)))
		*why = "a header is not valid UTF-8";
	for (size_t i = 0; i < OURS && *why == NULL; i++)
		if (has_files && ours[i].mime && is_named(header, ours[i].name))
			*why = "a message of several parts needs its own MIME headers";
	return *why == NULL;
}

/* Writes a header that has passed check_header. */
static bool
put_given(const char *header, struct buf *out, const char **why)
{
	char name[HEADER_NAME_MAX + 1];
	size_t len = strcspn(header, ":"), blanks = strspn(header + len + 1, " \t");
	struct buf value;
	bool ok;

	snprintf(name, sizeof name, "%.*s", (int)len, header);
	buf_init(&value, MESSAGE_MAX);
	buf_puts(&value, header + len + 1 + blanks);
	while (value.len > 0 &&
	       (value.data[value.len - 1] == ' ' || value.data[value.len - 1] == '\t'))
		value.data[--value.len] = '\0';
	ok = !is_full(&value, why) && put_header(name, value.data, out, why);
	buf_release(&value);
	return ok;
}

static bool
put_all_given(const struct message_plan *plan, const char *name, struct buf *out, const char **why)
{
	for (size_t i = 0; i < plan->header_count; i++)
		if (is_named(plan->headers[i], name) && !put_given(plan->headers[i], out, why))
			return false;
	return true;
}

static bool
is_ours(const char *header)
{
	for (size_t i = 0; i < OURS; i++)
		if (is_named(header, ours[i].name))
			return true;
	return false;
}

/* ---- the body */

enum encoding { AS_GIVEN, SEVEN_BIT, QUOTED_PRINTABLE };

static const char *const encoding_names[] = {
    [SEVEN_BIT] = "7bit", [QUOTED_PRINTABLE] = "quoted-printable"};

static enum encoding
encoding_of(const struct message_plan *plan, struct span body)
{
	struct span line;

	if (is_given(plan, "Content-Transfer-Encoding"))
		return AS_GIVEN;
	while (next_line(&body, &line))
		if (line.len > MIME_LINE_MAX || message_is_8bit(line.start, line.len) ||
		    has_control(line.start, line.len))
			return QUOTED_PRINTABLE;
	return SEVEN_BIT;
}

static bool
put_body(struct span body, enum encoding encoding, struct buf *out, const char **why)
{
	struct span line;

	while (next_line(&body, &line)) {
		if (encoding == QUOTED_PRINTABLE)
			mime_quoted_printable(line.start, line.len, out);
		else if (check_line(line, why))
			add_line(line, out);
		else
			return false;
	}
	return true;
}

static void
add_own_words(const struct message_plan *plan, struct buf *out)
{
	buf_printf(out,
	    "This is an automatic test of mail delivery, made by mxwalk.\n\n"
	    "Sender: %s\nHost:   %s\n\n"
	    "It finds out whether mail from this sender and host is taken here.\n"
	    "You need not do anything. To have such tests stopped, please write to\n",
	    *plan->from == '\0' ? "none (null reverse-path)" : plan->from, plan->helo);
	add_from(plan, out);
	buf_puts(out, ".\n");
}

static bool
begins_with(const char *s, const char *prefix)
{
	return strncasecmp(s, prefix, strlen(prefix)) == 0;
}

static bool
is_type(const char *type)
{
	size_t len = strcspn(type, "/; \t");

	return len > 0 && type[len] == '/' && strcspn(type + len + 1, "; \t") > 0 &&
	       !has_control(type, strlen(type)) && !message_is_8bit(type, strlen(type));
}

static const char *
type_of(const struct message_file *file)
{
	return file->type != NULL ? file->type : "application/octet-stream";
}

static bool
check_file(const struct message_file *file, const char **why)
{
	const char *type = type_of(file);

	*why = NULL;
	if (has_control(file->name, strlen(file->name)) ||
	    !utf8_valid(file->name, strlen(file->name)))
		*why = "an attachment's name has a control byte or is not valid UTF-8";
	else if (*file->name == '\0' || strlen(file->name) > 255)
		*why = "an attachment's name is empty or longer than 255 octets";
	else if (!is_type(type))
		*why = "an attachment's type has to be like text/plain";
	else if (begins_with(type, "multipart/") || begins_with(type, "message/"))
		*why = "an attachment cannot be multipart/ or message/: these may not travel in "
		       "base64 (RFC 2046)";
	return *why == NULL;
}

static bool
put_file(const struct message_file *file, struct buf *out, const char **why)
{
	bool ok = mime_fold("Content-Type", type_of(file), out, why);

	buf_puts(out, "Content-Disposition: attachment;\r\n ");
	mime_parameter("filename", file->name, out);
	buf_puts(out, "\r\nContent-Transfer-Encoding: base64\r\n\r\n");
	mime_base64(file->bytes, file->len, out);
	return ok;
}

static void
put_delimiter(const struct message_plan *plan, enum level level, const char *end, struct buf *out)
{
	buf_puts(out, "\r\n--");
	add_boundary(plan, level, out);
	buf_puts(out, end);
}

static bool
put_text(const struct message_plan *plan, const char *type, struct span text, struct buf *out,
    const char **why)
{
	enum encoding encoding = encoding_of(plan, text);

	buf_printf(out,
	    "Content-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n", type,
	    encoding_names[encoding]);
	return put_body(text, encoding, out, why);
}

/* The plainest first (RFC 2046 section 5.1.4). */
static bool
put_alternatives(const struct message_plan *plan, enum level level, struct span body,
    struct buf *out, const char **why)
{
	const struct span html = {plan->html, plan->html_len};
	bool good;

	put_delimiter(plan, level, "\r\n", out);
	good = put_text(plan, "plain", body, out, why);
	put_delimiter(plan, level, "\r\n", out);
	good = good && put_text(plan, "html", html, out, why);
	put_delimiter(plan, level, "--\r\n", out);
	return good;
}

static bool
put_first(const struct message_plan *plan, struct span body, struct buf *out, const char **why)
{
	put_delimiter(plan, OUTER, "\r\n", out);
	if (plan->html == NULL)
		return put_text(plan, "plain", body, out, why);
	buf_puts(out, "Content-Type: multipart/alternative; boundary=\"");
	add_boundary(plan, INNER, out);
	buf_puts(out, "\"\r\n");
	return put_alternatives(plan, INNER, body, out, why);
}

static bool
put_parts(const struct message_plan *plan, struct span body, struct buf *out, const char **why)
{
	if (plan->file_count == 0)
		return put_alternatives(plan, OUTER, body, out, why);
	if (!put_first(plan, body, out, why))
		return false;
	for (size_t i = 0; i < plan->file_count; i++) {
		put_delimiter(plan, OUTER, "\r\n", out);
		if (!put_file(&plan->files[i], out, why))
			return false;
	}
	put_delimiter(plan, OUTER, "--\r\n", out);
	return true;
}

static bool
check_names(const struct message_plan *plan, const char **why)
{
	const char *const names[] = {plan->from, plan->to, plan->helo, plan->version};

	*why = NULL;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (has_control(names[i], strlen(names[i])) ||
		    !utf8_valid(names[i], strlen(names[i])))
			*why = "an address or name has a control byte or is not valid UTF-8";
	return *why == NULL;
}

static bool
check_plan(const struct message_plan *plan, const char **why)
{
	if (!check_names(plan, why))
		return false;
	for (size_t i = 0; i < plan->header_count; i++)
		if (!check_header(plan->headers[i], is_multipart(plan), why))
			return false;
	for (size_t i = 0; i < plan->file_count; i++)
		if (!check_file(&plan->files[i], why))
			return false;
	if (plan->html != NULL && !utf8_valid(plan->html, plan->html_len)) {
		*why = "the HTML is not valid UTF-8";
		return false;
	}
	if (plan->body != NULL && !is_given(plan, "Content-Type") &&
	    !is_given(plan, "Content-Transfer-Encoding") &&
	    !utf8_valid(plan->body, plan->body_len)) {
		*why = "the body is not valid UTF-8: say what it is in a Content-Type header";
		return false;
	}
	return true;
}

static bool
put_own(const struct message_plan *plan, size_t i, enum encoding encoding, struct buf *out,
    const char **why)
{
	struct buf value;
	bool ok;

	buf_init(&value, MESSAGE_MAX);
	if (ours[i].add != NULL)
		ours[i].add(plan, &value);
	else
		buf_puts(&value, encoding_names[is_multipart(plan) ? SEVEN_BIT : encoding]);
	ok = put_header(ours[i].name, value.data, out, why);
	buf_release(&value);
	return ok;
}

static bool
put_headers(
    const struct message_plan *plan, enum encoding encoding, struct buf *out, const char **why)
{
	for (size_t i = 0; i < OURS; i++)
		if (is_given(plan, ours[i].name) ? !put_all_given(plan, ours[i].name, out, why)
		                                 : !put_own(plan, i, encoding, out, why))
			return false;
	for (size_t i = 0; i < plan->header_count; i++)
		if (!is_ours(plan->headers[i]) && !put_given(plan->headers[i], out, why))
			return false;
	buf_puts(out, "\r\n");
	return true;
}

static bool
put_message(const struct message_plan *plan, struct span body, struct buf *out, const char **why)
{
	enum encoding encoding = encoding_of(plan, body);

	if (!put_headers(plan, encoding, out, why))
		return false;
	return is_multipart(plan) ? put_parts(plan, body, out, why)
	                          : put_body(body, encoding, out, why);
}

bool
message_compose(const struct message_plan *plan, struct buf *out, const char **why)
{
	struct span body = {plan->body, plan->body_len};
	struct buf words;
	bool ok;

	buf_init(&words, MESSAGE_MAX);
	if (plan->body == NULL) {
		add_own_words(plan, &words);
		body = (struct span){words.data, words.len};
	}
	ok = check_plan(plan, why) && put_message(plan, body, out, why) && !is_full(out, why);
	buf_release(&words);
	return ok;
}

/* ---- a user's message */

static void
add_nothing(const struct message_plan *plan, struct buf *out)
{
	(void)plan, (void)out;
}

static void
add_newline(const struct message_plan *plan, struct buf *out)
{
	(void)plan;
	buf_puts(out, "\r\n");
}

static const struct {
	const char *name;
	void (*add)(const struct message_plan *plan, struct buf *out);
} tokens[] = {
    {"%FROM_ADDRESS%", add_from},
    {"%TO_ADDRESS%", add_to},
    {"%DATE%", add_date},
    {"%MESSAGEID%", add_id},
    {"%SWAKS_VERSION%", add_mailer},
    {"%NEW_HEADERS%", add_nothing}, /* --header is not said beside --data */
    {"%BODY%", add_own_words},
    {"%NEWLINE%", add_newline},
};

static size_t
put_token(struct span at, const struct message_plan *plan, struct buf *out)
{
	for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
		size_t len = strlen(tokens[i].name);

		if (at.len >= len && memcmp(at.start, tokens[i].name, len) == 0) {
			tokens[i].add(plan, out);
			return len;
		}
	}
	return 0;
}

static void
replace_tokens(struct span line, const struct message_plan *plan, struct buf *out)
{
	for (size_t i = 0, len; i < line.len; i += len) {
		len = line.start[i] == '%'
		          ? put_token((struct span){line.start + i, line.len - i}, plan, out)
		          : 0;
		if (len == 0) {
			buf_putc(out, line.start[i]);
			len = 1;
		}
	}
}

/* As it is to be read: with what the tokens stand for. */
static struct span
with_tokens(const char *bytes, size_t len, const struct message_plan *plan, struct buf *out)
{
	if (plan == NULL || memchr(bytes, '%', len) == NULL)
		return (struct span){bytes, len};
	replace_tokens((struct span){bytes, len}, plan, out);
	return (struct span){out->data, out->len};
}

bool
message_from_file(const char *bytes, size_t len, const struct message_plan *plan, struct buf *out,
    const char **why, unsigned *number)
{
	struct span text, line;
	struct buf whole;

	*number = 0;
	if (plan != NULL && !check_names(plan, why))
		return false;
	buf_init(&whole, MESSAGE_MAX);
	*why = NULL;
	text = with_tokens(bytes, len, plan, &whole);
	while (*why == NULL && next_line(&text, &line)) {
		if (++*number == 1 && fields_mbox_line(bytes, len) > 0)
			continue;
		if (check_line(line, why))
			add_line(line, out);
	}
	if (*why == NULL && (is_full(&whole, why) || is_full(out, why)))
		*number = 0;
	buf_release(&whole);
	return *why == NULL;
}

void
message_stuff(const char *bytes, size_t len, struct buf *out)
{
	const char *end = bytes + len;

	while (bytes < end) {
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
		const char *next = newline != NULL ? newline + 1 : end;

		if (*bytes == '.')
			buf_putc(out, '.');
		buf_add(out, bytes, (size_t)(next - bytes));
		bytes = next;
	}
	if (len > 0 &&
	    end[-1] != '\n') /* else the final dot would be part of the line, and both sides wait */
		buf_puts(out, "\r\n");
	buf_puts(out, ".\r\n");
}
