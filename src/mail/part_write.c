#include "mail/part_write.h"

#include <stdio.h>
#include <strings.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "mail/message.h"
#include "mail/mime.h"

enum { HEADER_NAME_MAX = 76, FILE_NAME_MAX = 255 };

/* ---- lines */

bool
part_is_full(const struct buf *out, const char **why)
{
	if (out->full)
		*why = "the message is too large";
	return out->full;
}

bool
part_line_next(struct slice *rest, struct slice *line)
{
	size_t len = slice_until(*rest, "\r\n"), skip = 0;

	if (rest->len == 0)
		return false;
	if (len < rest->len)
		skip = rest->at[len] == '\r' && len + 1 < rest->len && rest->at[len + 1] == '\n'
		           ? 2
		           : 1;
	*line = (struct slice){rest->at, len};
	*rest = slice_from(*rest, len + skip);
	return true;
}

bool
part_line_write(struct slice line, struct buf *out, const char **why)
{
	if (memchr(line.at, '\0', line.len) != NULL)
		*why = "a NUL byte";
	else if (line.len > MIME_LINE_MAX)
		*why = "a line is longer than 998 octets";
	else {
		buf_add(out, line.at, line.len);
		buf_puts(out, "\r\n");
		return true;
	}
	return false;
}

/* ---- fields */

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
		if (to_lower(*name) == to_lower(*fields[i].name) &&
		    strcasecmp(name, fields[i].name) == 0)
			return fields[i].field;
	return MIME_TEXT;
}

bool
part_field_write(const char *name, const char *value, struct buf *out, const char **why)
{
	enum mime_field field = field_of(name);
	struct buf words;
	bool ok;

	if (mime_is_plain(value, field))
		return mime_fold(name, value, out, why);
	buf_init(&words, MESSAGE_MAX);
	ok = mime_words(value, field, &words, why) && !part_is_full(&words, why) &&
	     mime_fold(name, words.data, out, why);
	buf_release(&words);
	return ok;
}

bool
part_given_is(const char *header, const char *name)
{
	size_t len = strlen(name);

	return strncasecmp(header, name, len) == 0 && header[len] == ':';
}

bool
part_given_check(const char *header, const char **why)
{
	size_t name = 0;

	while (header[name] > ' ' && header[name] < 0x7f && header[name] != ':')
		name++;
	*why = NULL;
	if (slice_has_control(slice_of(header)))
		*why = "a header has a control byte";
	else if (strchr(header, ':') == NULL)
		*why = "a header has no colon";
	else if (name == 0 || header[name] != ':')
		*why = "a header's name has to be printable ASCII without spaces";
	else if (name > HEADER_NAME_MAX)
		*why = "a header's name is longer than 76 octets";
	else if (!utf8_valid(header, strlen(header)))
		*why = "a header is not valid UTF-8";
	return *why == NULL;
}

bool
part_given_write(const char *header, struct buf *out, const char **why)
{
	char name[HEADER_NAME_MAX + 1];
	size_t len = strcspn(header, ":"), blanks = strspn(header + len + 1, " \t");
	struct buf value;
	bool ok;

	snprintf(name, sizeof name, "%.*s", (int)len, header);
	buf_init(&value, MESSAGE_MAX);
	buf_puts(&value, header + len + 1 + blanks);
	while (value.len > 0 && is_blank(value.data[value.len - 1]))
		value.data[--value.len] = '\0';
	ok = !part_is_full(&value, why) && part_field_write(name, value.data, out, why);
	buf_release(&value);
	return ok;
}

/* ---- texts */

const char *
part_encoding_name(enum part_encoding encoding)
{
	return encoding == PART_QUOTED ? "quoted-printable" : "7bit";
}

enum part_encoding
part_encoding_of(struct slice text)
{
	struct slice line;

	while (part_line_next(&text, &line))
		if (line.len > MIME_LINE_MAX || !slice_is_ascii(line) || slice_has_control(line))
			return PART_QUOTED;
	return PART_7BIT;
}

bool
part_body_write(struct slice text, enum part_encoding encoding, struct buf *out, const char **why)
{
	struct slice line;

	while (part_line_next(&text, &line)) {
		if (encoding == PART_QUOTED)
			mime_quoted_printable(line.at, line.len, out);
		else if (!part_line_write(line, out, why))
			return false;
	}
	return true;
}

static bool
is_type(struct slice type)
{
	size_t len = slice_until(type, "/; \t");

	return len > 0 && len < type.len && type.at[len] == '/' &&
	       slice_until(slice_from(type, len + 1), "; \t") > 0 && !slice_has_control(type) &&
	       slice_is_ascii(type);
}

bool
part_text_check(const struct message_text *text, const char **why)
{
	*why = NULL;
	if (!is_type(slice_of(text->type)) || !slice_begins(slice_of(text->type), "text/"))
		*why = "the type of a text has to be like text/calendar";
	else if (!utf8_valid(text->bytes, text->len))
		*why = "a text that is to stand beside others is not valid UTF-8";
	return *why == NULL;
}

bool
part_text_write(const struct message_text *text, struct buf *out, const char **why)
{
	const struct slice bytes = {text->bytes, text->len}, type = slice_of(text->type);
	enum part_encoding encoding = part_encoding_of(bytes);
	struct buf value;
	bool ok;

	buf_init(&value, MESSAGE_MAX);
	buf_printf(&value, "%s%s", text->type,
	    slice_find(type, "charset=") != NULL ? "" : "; charset=utf-8");
	ok = mime_fold("Content-Type", value.data, out, why);
	buf_release(&value);
	buf_printf(out, "Content-Transfer-Encoding: %s\r\n\r\n", part_encoding_name(encoding));
	return ok && part_body_write(bytes, encoding, out, why);
}

/* ---- files */

static const char *
type_of(const struct message_file *file)
{
	return file->type != NULL ? file->type : "application/octet-stream";
}

bool
part_file_check(const struct message_file *file, const char **why)
{
	const struct slice type = slice_of(type_of(file)), name = slice_of(file->name);

	*why = NULL;
	if (slice_has_control(name) || !utf8_valid(name.at, name.len))
		*why = "an attachment's name has a control byte or is not valid UTF-8";
	else if (name.len == 0 || name.len > FILE_NAME_MAX)
		*why = "an attachment's name is empty or longer than 255 octets";
	else if (!is_type(type))
		*why = "an attachment's type has to be like text/plain";
	else if (slice_begins(type, "multipart/") || slice_begins(type, "message/"))
		*why = "an attachment cannot be multipart/ or message/: these may not travel in "
		       "base64 (RFC 2046)";
	return *why == NULL;
}

bool
part_file_write(const struct message_file *file, struct buf *out, const char **why)
{
	bool ok = mime_fold("Content-Type", type_of(file), out, why);

	buf_puts(out, "Content-Disposition: attachment;\r\n ");
	mime_parameter("filename", file->name, out);
	buf_puts(out, "\r\nContent-Transfer-Encoding: base64\r\n\r\n");
	mime_base64(file->bytes, file->len, out);
	return ok;
}

/* ---- what divides */

/* "=_" comes up in no base64 and no quoted-printable text (RFC 2045 section 6.7). */
void
part_boundary_write(const unsigned long long random[2], enum part_level level, struct buf *out)
{
	buf_printf(
	    out, "=_%s%016llx%016llx", level == PART_INNER ? "in_" : "", random[0], random[1]);
}

void
part_delimiter_write(
    const unsigned long long random[2], enum part_level level, const char *end, struct buf *out)
{
	buf_puts(out, "\r\n--");
	part_boundary_write(random, level, out);
	buf_puts(out, end);
}
