/* The reader keeps whole lines as they came and one line under way; what they mean is found once,
 * when the reply is taken. */
#include "smtp/reply.h"

#include <string.h>

#include "base/arena.h"
#include "base/slice.h"

enum { RFC_LINE = 512 - 2, CODE = 3, FIRST_ROOM = 128 };

struct reply_reader {
	struct arena *arena;
	struct reply_line *lines; /* those that are whole */
	size_t count;
	char *line; /* the one under way; grows up to REPLY_LINE_MAX and a CR */
	size_t len, room;
	size_t octets; /* of the reply so far, line ends too */
	bool bare_lf;
	enum reply_state state; /* other than MORE: sticks until the reply is taken */
};

struct reply_reader *
reply_reader_new(struct arena *arena)
{
	struct reply_reader *reader = arena_alloc(arena, sizeof *reader);

	reader->arena = arena;
	return reader;
}

size_t
reply_pending(const struct reply_reader *reader)
{
	return reader->state == REPLY_DONE ? 0 : reader->octets;
}

/* The code at the start of a line, 0 if there is none. */
static int
code_of(const char *line, size_t len)
{
	if (len < CODE || line[0] < '2' || line[0] > '5')
		return 0;
	for (size_t i = 1; i < CODE; i++)
		if (line[i] < '0' || line[i] > '9')
			return 0;
	return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

static void
keep_line(struct reply_reader *reader)
{
	struct reply_line *line =
	    arena_push(reader->arena, &reader->lines, reader->count, sizeof *line);

	line->bytes = arena_copy(reader->arena, reader->line, reader->len);
	line->len = reader->len;
	reader->count++;
	reader->len = 0;
}

static enum reply_state
end_line(struct reply_reader *reader)
{
	const struct reply_line *line;

	if (reader->len > 0 && reader->line[reader->len - 1] == '\r')
		reader->len--;
	else
		reader->bare_lf = true;
	keep_line(reader);
	line = &reader->lines[reader->count - 1];
	if (code_of(line->bytes, line->len) == 0)
		return REPLY_NOT_SMTP;
	return line->len > CODE && line->bytes[CODE] == '-' ? REPLY_MORE : REPLY_DONE;
}

static void
add_bytes(struct reply_reader *reader, const char *bytes, size_t count)
{
	size_t room = reader->room == 0 ? FIRST_ROOM : reader->room;

	while (room < reader->len + count)
		room *= 2;
	if (room > reader->room) {
		char *line = arena_alloc(reader->arena, room);

		if (reader->len > 0)
			memcpy(line, reader->line, reader->len);
		reader->line = line;
		reader->room = room;
	}
	memcpy(reader->line + reader->len, bytes, count);
	reader->len += count;
	reader->octets += count;
}

/* Of these, as many as certainly belong to the line under way: no limit is near. */
static size_t
certain(const struct reply_reader *reader, const char *bytes, size_t len)
{
	const char *end = memchr(bytes, '\n', len);

	if (end != NULL)
		len = (size_t)(end - bytes);
	return reader->count < REPLY_LINES_MAX && reader->len + len < REPLY_LINE_MAX &&
	               reader->octets + len < REPLY_MAX
	           ? len
	           : 0;
}

/* A line as long as allowed may still have its CR, which is known to be one only when the LF comes.
 */
static bool
line_has_room(const struct reply_reader *reader, char byte)
{
	return byte == '\n' || reader->len < REPLY_LINE_MAX ||
	       (reader->len == REPLY_LINE_MAX && byte == '\r');
}

/* A byte that does not fit is not taken. */
static enum reply_state
feed_byte(struct reply_reader *reader, char byte)
{
	if (reader->octets == REPLY_MAX || reader->count == REPLY_LINES_MAX)
		return REPLY_TOO_LONG;
	if (!line_has_room(reader, byte))
		return REPLY_LINE_TOO_LONG;
	if (byte != '\n') {
		add_bytes(reader, &byte, 1);
		return REPLY_MORE;
	}
	reader->octets++;
	return end_line(reader);
}

enum reply_state
reply_feed(struct reply_reader *reader, const char *bytes, size_t len, size_t *taken)
{
	size_t before = reader->octets;

	for (size_t i = 0, n; i < len && reader->state == REPLY_MORE; i += n > 0 ? n : 1) {
		n = certain(reader, bytes + i, len - i);
		if (n > 0)
			add_bytes(reader, bytes + i, n);
		else
			reader->state = feed_byte(reader, bytes[i]);
	}
	*taken = reader->octets - before;
	return reader->state;
}

static unsigned
line_flags(const struct reply_line *line)
{
	unsigned flags = 0;

	if (line->len > RFC_LINE)
		flags |= REPLY_LONG_LINE;
	if (code_of(line->bytes, line->len) != 0 && line->len > CODE && line->bytes[CODE] != ' ' &&
	    line->bytes[CODE] != '-')
		flags |= REPLY_NO_SPACE;
	if (slice_has_control((struct slice){line->bytes, line->len}))
		flags |= REPLY_NUL;
	return flags;
}

/* Where a line's own words begin: behind its code and separator, if it has them. */
static size_t
text_start(const struct reply_line *line)
{
	if (code_of(line->bytes, line->len) == 0)
		return 0;
	return line->len > CODE && (line->bytes[CODE] == ' ' || line->bytes[CODE] == '-') ? CODE + 1
	                                                                                  : CODE;
}

const char *
reply_join(const struct reply_line *lines, size_t count, struct arena *arena)
{
	size_t size = 1;
	char *text, *p;

	for (size_t i = 0; i < count; i++)
		size += lines[i].len + 1;
	p = text = arena_alloc(arena, size);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			*p++ = '\n';
		for (size_t k = text_start(&lines[i]); k < lines[i].len; k++)
			*p++ = lines[i].bytes[k] == '\0' ? ' ' : lines[i].bytes[k];
	}
	return text;
}

/* The last line's code decides (section 4.2.1 wants them all alike), and its enhanced code, or else
 * the first that any line has. */
static void
find_codes(struct reply *reply, size_t whole)
{
	char enhanced[sizeof reply->enhanced] = "";

	for (size_t i = 0; i < whole; i++) {
		const struct reply_line *line = &reply->lines[i];
		int code = code_of(line->bytes, line->len);

		if (code == 0)
			continue;
		if (reply->code != 0 && reply->code != code)
			reply->flags |= REPLY_MIXED_CODES;
		reply->code = code;
		reply_enhanced(line->bytes + text_start(line), enhanced);
		if (reply->enhanced[0] == '\0' || (i + 1 == whole && enhanced[0] != '\0'))
			memcpy(reply->enhanced, enhanced, sizeof enhanced);
	}
}

struct reply
reply_take(struct reply_reader *reader)
{
	struct reply reply = {.flags = reader->bare_lf ? REPLY_BARE_LF : 0};
	size_t whole = reader->count;

	if (reader->len > 0 &&
	    reader->line[reader->len - 1] == '\r') /* half a line end, as far as we know */
		reader->len--;
	if (reader->len > 0)
		keep_line(reader);
	if (reader->state != REPLY_DONE)
		reply.flags |= REPLY_UNFINISHED;
	reply.lines = reader->lines;
	reply.count = reader->count;
	for (size_t i = 0; i < reply.count; i++)
		reply.flags |= line_flags(&reply.lines[i]);
	find_codes(&reply, whole);
	reply.text = reply_join(reply.lines, reply.count, reader->arena);
	*reader = (struct reply_reader){
	    .arena = reader->arena, .line = reader->line, .room = reader->room};
	return reply;
}

void
reply_enhanced(const char *text, char enhanced[12])
{
	size_t at = 1;

	enhanced[0] = '\0';
	if (text[0] != '2' && text[0] != '4' && text[0] != '5')
		return;
	for (int part = 0; part < 2; part++) {
		size_t digits = 0;

		if (text[at++] != '.')
			return;
		while (text[at] >= '0' && text[at] <= '9' && digits <= 3)
			at++, digits++;
		if (digits < 1 || digits > 3)
			return;
	}
	if (text[at] == '.')
		return;
	memcpy(enhanced, text, at);
	enhanced[at] = '\0';
}
