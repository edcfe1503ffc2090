#include "mail/message.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "mail/fields.h"
#include "mail/part_write.h"

bool
message_is_8bit(const char *bytes, size_t len)
{
	return !slice_is_ascii((struct slice){bytes, len});
}

bool
message_header_is_8bit(const char *bytes, size_t len)
{
	const char *end;

	if (!message_is_8bit(bytes, len))
		return false;
	end = memmem(bytes, len, "\r\n\r\n", 4);
	return message_is_8bit(bytes, end != NULL ? (size_t)(end - bytes) : len);
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
	return plan->file_count > 0 || plan->text_count > 0;
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
	part_boundary_write(plan->random, PART_OUTER, out);
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

/* ---- the user's headers */

static bool
is_given(const struct message_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->header_count; i++)
		if (part_given_is(plan->headers[i], name))
			return true;
	return false;
}

static bool
check_header(const char *header, bool own_mime, const char **why)
{
	if (!part_given_check(header, why))
		return false;
	for (size_t i = 0; i < OURS && *why == NULL; i++)
		if (own_mime && ours[i].mime && part_given_is(header, ours[i].name))
			*why = "a message of several parts, or with another text, needs its own "
			       "MIME headers";
	return *why == NULL;
}

static bool
check_headers(const struct message_plan *plan, bool own_mime, const char **why)
{
	for (size_t i = 0; i < plan->header_count; i++)
		if (!check_header(plan->headers[i], own_mime, why))
			return false;
	for (size_t i = 0; i < plan->added_count; i++)
		if (!check_header(plan->added[i], own_mime, why))
			return false;
	return true;
}

static bool
put_all_given(const struct message_plan *plan, const char *name, struct buf *out, const char **why)
{
	for (size_t i = 0; i < plan->header_count; i++)
		if (part_given_is(plan->headers[i], name) &&
		    !part_given_write(plan->headers[i], out, why))
			return false;
	return true;
}

static bool
is_ours(const char *header)
{
	for (size_t i = 0; i < OURS; i++)
		if (part_given_is(header, ours[i].name))
			return true;
	return false;
}

/* ---- the body */

static void
add_own_words(const struct message_plan *plan, struct buf *out)
{
	buf_puts(out, "This is an automatic test of mail delivery, made by mxwalk.\n\nSender: ");
	buf_puts(out, *plan->from == '\0' ? "none (null reverse-path)" : plan->from);
	buf_puts(out, "\nHost:   ");
	buf_puts(out, plan->helo);
	buf_puts(out, "\n\n"
	              "It finds out whether mail from this sender and host is taken here.\n"
	              "You need not do anything. To have such tests stopped, please write to\n");
	add_from(plan, out);
	buf_puts(out, ".\n");
}

static void
put_delimiter(
    const struct message_plan *plan, enum part_level level, const char *end, struct buf *out)
{
	part_delimiter_write(plan->random, level, end, out);
}

static bool
put_plain(struct slice body, struct buf *out, const char **why)
{
	const struct message_text text = {"text/plain", body.at, body.len};

	return part_text_write(&text, out, why);
}

/* The plainest first (RFC 2046 section 5.1.4). */
static bool
put_alternatives(const struct message_plan *plan, enum part_level level, struct slice body,
    struct buf *out, const char **why)
{
	bool good;

	put_delimiter(plan, level, "\r\n", out);
	good = put_plain(body, out, why);
	for (size_t i = 0; good && i < plan->text_count; i++) {
		put_delimiter(plan, level, "\r\n", out);
		good = part_text_write(&plan->texts[i], out, why);
	}
	put_delimiter(plan, level, "--\r\n", out);
	return good;
}

static bool
put_first(const struct message_plan *plan, struct slice body, struct buf *out, const char **why)
{
	put_delimiter(plan, PART_OUTER, "\r\n", out);
	if (plan->text_count == 0)
		return put_plain(body, out, why);
	buf_puts(out, "Content-Type: multipart/alternative; boundary=\"");
	part_boundary_write(plan->random, PART_INNER, out);
	buf_puts(out, "\"\r\n");
	return put_alternatives(plan, PART_INNER, body, out, why);
}

static bool
put_parts(const struct message_plan *plan, struct slice body, struct buf *out, const char **why)
{
	if (plan->file_count == 0)
		return put_alternatives(plan, PART_OUTER, body, out, why);
	if (!put_first(plan, body, out, why))
		return false;
	for (size_t i = 0; i < plan->file_count; i++) {
		put_delimiter(plan, PART_OUTER, "\r\n", out);
		if (!part_file_write(&plan->files[i], out, why))
			return false;
	}
	put_delimiter(plan, PART_OUTER, "--\r\n", out);
	return true;
}

static bool
check_names(const struct message_plan *plan, const char **why)
{
	const char *const names[] = {plan->from, plan->to, plan->helo, plan->version};

	*why = NULL;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (slice_has_control(slice_of(names[i])) ||
		    !utf8_valid(names[i], strlen(names[i])))
			*why = "an address or name has a control byte or is not valid UTF-8";
	return *why == NULL;
}

bool
message_parts_check(const struct message_plan *plan, bool own_mime, const char **why)
{
	if (!check_names(plan, why) || !check_headers(plan, own_mime, why))
		return false;
	for (size_t i = 0; i < plan->file_count; i++)
		if (!part_file_check(&plan->files[i], why))
			return false;
	for (size_t i = 0; i < plan->text_count; i++)
		if (!part_text_check(&plan->texts[i], why))
			return false;
	return true;
}

static bool
check_plan(const struct message_plan *plan, const char **why)
{
	if (!message_parts_check(plan, is_multipart(plan), why))
		return false;
	if (plan->body != NULL && !is_given(plan, "Content-Type") &&
	    !is_given(plan, "Content-Transfer-Encoding") &&
	    !utf8_valid(plan->body, plan->body_len)) {
		*why = "the body is not valid UTF-8: say what it is in a Content-Type header";
		return false;
	}
	return true;
}

static bool
put_own(const struct message_plan *plan, size_t i, enum part_encoding encoding, struct buf *out,
    const char **why)
{
	struct buf value;
	bool ok;

	buf_init(&value, MESSAGE_MAX);
	if (ours[i].add != NULL)
		ours[i].add(plan, &value);
	else
		buf_puts(&value, part_encoding_name(is_multipart(plan) ? PART_7BIT : encoding));
	ok = part_field_write(ours[i].name, value.data, out, why);
	buf_release(&value);
	return ok;
}

static bool
put_headers(
    const struct message_plan *plan, enum part_encoding encoding, struct buf *out, const char **why)
{
	for (size_t i = 0; i < OURS; i++)
		if (is_given(plan, ours[i].name) ? !put_all_given(plan, ours[i].name, out, why)
		                                 : !put_own(plan, i, encoding, out, why))
			return false;
	for (size_t i = 0; i < plan->header_count; i++)
		if (!is_ours(plan->headers[i]) && !part_given_write(plan->headers[i], out, why))
			return false;
	for (size_t i = 0; i < plan->added_count; i++)
		if (!part_given_write(plan->added[i], out, why))
			return false;
	buf_puts(out, "\r\n");
	return true;
}

static bool
put_message(const struct message_plan *plan, struct slice body, struct buf *out, const char **why)
{
	enum part_encoding encoding =
	    is_given(plan, "Content-Transfer-Encoding") ? PART_AS_GIVEN : part_encoding_of(body);

	if (!put_headers(plan, encoding, out, why))
		return false;
	return is_multipart(plan) ? put_parts(plan, body, out, why)
	                          : part_body_write(body, encoding, out, why);
}

bool
message_compose(const struct message_plan *plan, struct buf *out, const char **why)
{
	struct slice body = {plan->body, plan->body_len};
	struct buf words;
	bool ok;

	buf_init(&words, MESSAGE_MAX);
	if (plan->body == NULL) {
		add_own_words(plan, &words);
		body = (struct slice){words.data, words.len};
	}
	ok = check_plan(plan, why) && put_message(plan, body, out, why) && !part_is_full(out, why);
	buf_release(&words);
	return ok;
}

/* ---- a user's message */

static void
add_body(const struct message_plan *plan, struct buf *out)
{
	if (plan->body != NULL)
		buf_add(out, plan->body, plan->body_len);
	else
		add_own_words(plan, out);
}

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
    {"%NEW_HEADERS%", add_nothing}, /* they come at the end (mail/amend.h) */
    {MESSAGE_BODY_TOKEN, add_body},
    {"%NEWLINE%", add_newline},
};

static size_t
put_token(struct slice at, const struct message_plan *plan, struct buf *out)
{
	for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
		size_t len = strlen(tokens[i].name);

		if (at.len >= len && memcmp(at.at, tokens[i].name, len) == 0) {
			tokens[i].add(plan, out);
			return len;
		}
	}
	return 0;
}

void
message_put_tokens(struct slice text, const struct message_plan *plan, struct buf *out)
{
	for (size_t i = 0, len; i < text.len; i += len) {
		len = text.at[i] == '%'
		          ? put_token((struct slice){text.at + i, text.len - i}, plan, out)
		          : 0;
		if (len == 0) {
			buf_putc(out, text.at[i]);
			len = 1;
		}
	}
}

/* As it is to be read: with what the tokens stand for. */
static struct slice
with_tokens(const char *bytes, size_t len, const struct message_plan *plan, struct buf *out)
{
	if (plan == NULL || memchr(bytes, '%', len) == NULL)
		return (struct slice){bytes, len};
	message_put_tokens((struct slice){bytes, len}, plan, out);
	return (struct slice){out->data, out->len};
}

bool
message_from_file(const char *bytes, size_t len, const struct message_plan *plan, struct buf *out,
    const char **why, unsigned *number)
{
	struct slice text, line;
	struct buf whole;

	*number = 0;
	if (plan != NULL && !check_names(plan, why))
		return false;
	buf_init(&whole, MESSAGE_MAX);
	*why = NULL;
	text = with_tokens(bytes, len, plan, &whole);
	while (*why == NULL && part_line_next(&text, &line)) {
		if (++*number == 1 && fields_mbox_line(bytes, len) > 0)
			continue;
		part_line_write(line, out, why);
	}
	if (*why == NULL && (part_is_full(&whole, why) || part_is_full(out, why)))
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
