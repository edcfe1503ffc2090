#include "mail/fields.h"

#include <string.h>

#include "base/arena.h"

static bool
read_field(const char *line, size_t len, unsigned number, struct mail_field *field)
{
	const char *colon = memchr(line, ':', len);

	if (colon == NULL)
		return false;
	*field = (struct mail_field){
	    .at = line, .len = len, .colon = (size_t)(colon - line), .line = number};
	for (field->name_len = field->colon;
	     field->name_len > 0 && is_blank(line[field->name_len - 1]); field->name_len--)
		;
	for (size_t i = 0; i < field->name_len; i++)
		if (line[i] <= ' ' || line[i] == 0x7f)
			return false;
	return field->name_len > 0;
}

bool
fields_read(
    const char *bytes, size_t len, struct arena *arena, struct mail_fields *out, const char **why)
{
	unsigned number = 1;
	size_t at = 0;

	*out = (struct mail_fields){.body = bytes + len};
	while (at < len) {
		size_t line = until_crlf(bytes + at, len - at), end = at + line;
		struct mail_field *field;

		at = len - end >= 2 ? end + 2 : len;
		if (line == 0) {
			out->body = bytes + at;
			out->body_len = len - at;
			return true;
		}
		if (is_blank(bytes[end - line]) && out->count > 0) {
			field = &out->items[out->count - 1];
			field->len = (size_t)(bytes + end - field->at);
		} else if (out->count == FIELDS_MAX) {
			*why =
			    arena_printf(arena, "the header has more than %d fields", FIELDS_MAX);
			return false;
		} else {
			field = arena_push(arena, &out->items, out->count, sizeof *field);
			if (!read_field(bytes + end - line, line, number, field)) {
				*why = arena_printf(
				    arena, "line %u of the header is no header field", number);
				return false;
			}
			out->count++;
		}
		number++;
	}
	return true;
}

size_t
fields_count(const struct mail_fields *fields, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < fields->count; i++)
		count += field_is(&fields->items[i], name);
	return count;
}

bool
field_is(const struct mail_field *field, const char *name)
{
	return slice_is((struct slice){field->at, field->name_len}, name);
}

struct slice
field_value(const struct mail_field *field)
{
	return (struct slice){field->at + field->colon + 1, field->len - field->colon - 1};
}

const char *
field_single(const struct mail_field *field)
{
	static const char *const names[] = {"Date", "From", "Sender", "Reply-To", "To", "Cc", "Bcc",
	    "Message-ID", "In-Reply-To", "References", "Subject", "MIME-Version", "Content-Type",
	    "Content-Transfer-Encoding", "Content-ID", "Content-Description",
	    "Content-Disposition"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (field_is(field, names[i]))
			return names[i];
	return NULL;
}

size_t
fields_mbox_line(const char *bytes, size_t len)
{
	struct slice rest = {bytes, len}, line;

	if (len < 5 || memcmp(bytes, "From ", 5) != 0)
		return 0;
	line = slice_from(rest, 5);
	line = slice_from(line, slice_span(line, " \t"));
	if (line.len > 0 && line.at[0] == ':')
		return 0;
	for (size_t i = 0; i < len; i++)
		if (bytes[i] == '\n' || bytes[i] == '\r')
			return i + (bytes[i] == '\r' && i + 1 < len && bytes[i + 1] == '\n') + 1;
	return len;
}
