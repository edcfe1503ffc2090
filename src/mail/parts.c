#include "mail/parts.h"

#include <string.h>

#include "base/arena.h"
#include "mail/header.h"

void
parts_split(struct slice mail, struct slice *header, struct slice *body)
{
	struct slice rest = mail, line;

	while (slice_line(&rest, &line))
		if (line.len == 0)
			break;
	*body = rest;
	*header = (struct slice){mail.at, mail.len - rest.len};
}

/* Is it a line that begins with two hyphens and the boundary? Trailing blanks count for nothing. */
static bool
is_delimiter(struct slice line, const char *boundary, size_t len, bool *last)
{
	*last = false;
	if (line.len < len + 2 || line.at[0] != '-' || line.at[1] != '-' ||
	    memcmp(line.at + 2, boundary, len) != 0)
		return false;
	line = slice_trim(slice_from(line, len + 2));
	*last = slice_same(line, "--");
	return *last || line.len == 0;
}

static bool
has_delimiter(struct slice body, const char *boundary)
{
	size_t len = strlen(boundary);
	struct slice line;
	bool last;

	while (slice_line(&body, &line))
		if (is_delimiter(line, boundary, len, &last))
			return true;
	return false;
}

/* The first line that looks like a delimiter: two hyphens, no blanks, and behind it an empty line
 * or a field. */
static const char *
guess_boundary(struct slice body, struct arena *arena)
{
	struct slice line, rest = body;

	while (slice_line(&rest, &line)) {
		struct slice after = rest, next = {"", 0};

		line = slice_trim(line);
		if (line.len < 3 || line.len > BOUNDARY_MAX || line.at[0] != '-' ||
		    line.at[1] != '-' || slice_until(line, " \t") < line.len ||
		    slice_span(line, "-") == line.len)
			continue;
		if (slice_line(&after, &next) && (next.len == 0 || slice_begins(next, "Content-")))
			return slice_copy(slice_from(line, 2), arena);
	}
	return NULL;
}

struct part_reader { /* of one mail */
	struct arena *arena;
	struct parts *out;
};

static void read_part(
    struct part_reader *reader, struct slice text, unsigned depth, unsigned parent);

static void
end_part(struct part_reader *reader, struct slice *open, const char *end, unsigned depth,
    unsigned parent)
{
	if (open->at == NULL)
		return;
	open->len = (size_t)(end - open->at);
	read_part(reader, *open, depth, parent);
	open->at = NULL;
}

static void
read_multipart(struct part_reader *reader, unsigned number, const char *boundary)
{
	struct slice rest = reader->out->items[number].body, line, open = {NULL, 0};
	const char *end = rest.at + rest.len;
	unsigned depth = reader->out->items[number].depth + 1;
	size_t len = strlen(boundary);
	bool last = false;

	while (!last && slice_line(&rest, &line)) {
		if (!is_delimiter(line, boundary, len, &last))
			continue;
		end_part(reader, &open, line.at, depth, number);
		if (last)
			reader->out->items[number].end = line.at;
		else
			open.at = rest.len > 0 ? rest.at : end;
	}
	end_part(reader, &open, end, depth, number);
}

/* NULL: nothing in the body divides it. */
static const char *
find_boundary(struct part_reader *reader, const struct mail_part *part)
{
	const char *boundary = header_parameter(part->content_type, "boundary", reader->arena);

	if (boundary != NULL && *boundary != '\0' && strlen(boundary) <= BOUNDARY_MAX &&
	    has_delimiter(part->body, boundary))
		return boundary;
	reader->out->guessed = true;
	return guess_boundary(part->body, reader->arena);
}

/* A report that lost its header on the way: the field that names its boundary is gone. */
static bool
is_headless(struct slice body)
{
	return slice_find(body, "\nContent-Type: message/delivery-status") != NULL;
}

static void
read_part(struct part_reader *reader, struct slice text, unsigned depth, unsigned parent)
{
	struct parts *out = reader->out;
	unsigned number = (unsigned)out->count;
	struct mail_part *part;
	const char *type, *encoding, *boundary;

	if (out->count == PARTS_MAX) {
		out->too_many = true;
		return;
	}
	part = arena_push(reader->arena, &out->items, out->count, sizeof *part);
	out->count++;
	part->depth = depth;
	part->parent = parent;
	parts_split(text, &part->header, &part->body);
	type = header_get(part->header, "content-type", reader->arena);
	encoding = header_get(part->header, "content-transfer-encoding", reader->arena);
	part->content_type = type != NULL ? type : "";
	part->type = type != NULL && strchr(type, '/') != NULL ? header_token(type, reader->arena)
	                                                       : "text/plain";
	part->encoding = encoding != NULL ? header_token(encoding, reader->arena) : "";
	if (strncmp(part->type, "multipart/", 10) != 0 &&
	    (type != NULL || depth > 0 || !is_headless(part->body)))
		return;
	if (depth == PARTS_DEPTH_MAX) {
		out->too_deep = true;
		return;
	}
	boundary = find_boundary(reader, part);
	part->multipart = boundary != NULL;
	part->boundary = boundary;
	if (boundary != NULL)
		read_multipart(reader, number, boundary);
	else
		part->type = "text/plain";
}

void
parts_read(struct slice mail, struct arena *arena, struct parts *out)
{
	struct part_reader reader = {arena, out};

	*out = (struct parts){0};
	read_part(&reader, mail, 0, 0);
}
