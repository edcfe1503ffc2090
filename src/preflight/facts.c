#include "preflight/facts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "mail/header.h"
#include "mail/mime.h"

enum { MARK_EVERY = 64 * 1024, WORDS_MAX = 600 };

/* ---- places */

static void
mark_lines(struct message_facts *facts)
{
	const char *bytes = facts->message.at, *end = bytes + facts->message.len, *at = bytes, *lf;
	unsigned line = 1;

	facts->marks =
	    arena_alloc(facts->arena, (facts->message.len / MARK_EVERY + 1) * sizeof *facts->marks);
	facts->marks[0].line = 1;
	facts->mark_count = 1;
	while ((lf = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		size_t start;

		line++;
		at = lf + 1;
		start = (size_t)(at - bytes);
		if (start - facts->marks[facts->mark_count - 1].at >= MARK_EVERY) {
			facts->marks[facts->mark_count].at = start;
			facts->marks[facts->mark_count++].line = line;
		}
	}
}

/* Places are mostly asked for one behind the other. */
static const char *
line_start(struct message_facts *facts, const char *at, unsigned *line)
{
	size_t mark = facts->mark_count - 1, offset = (size_t)(at - facts->message.at);
	const char *from, *start, *lf;

	while (mark > 0 && facts->marks[mark].at > offset)
		mark--;
	from = start = facts->message.at + facts->marks[mark].at;
	*line = facts->marks[mark].line;
	if (facts->last_at != NULL && facts->last_at <= at && facts->last_at > start) {
		from = facts->last_at;
		start = facts->last_start;
		*line = facts->last_line;
	}
	while (from < at && (lf = memchr(from, '\n', (size_t)(at - from))) != NULL) {
		start = from = lf + 1;
		++*line;
	}
	facts->last_at = at;
	facts->last_start = start;
	facts->last_line = *line;
	return start;
}

unsigned
line_of(struct message_facts *facts, const char *at)
{
	unsigned line;

	line_start(facts, at, &line);
	return line;
}

/* ---- faults */

static struct finding *
count_fault(struct message_facts *facts, enum check_id id)
{
	struct finding *fault = &facts->faults[id];

	if (fault->result == FINDING_FAIL) {
		fault->count += fault->count == 0 ? 2 : 1;
		return NULL;
	}
	fault->id = id;
	fault->result = FINDING_FAIL;
	return fault;
}

static const char *say(struct message_facts *facts, const char *format, va_list words)
    __attribute__((format(printf, 2, 0)));

static const char *
say(struct message_facts *facts, const char *format, va_list words)
{
	char text[WORDS_MAX];
	int len = vsnprintf(text, sizeof text, format, words);

	return arena_copy(
	    facts->arena, text, len < WORDS_MAX ? (size_t)(len > 0 ? len : 0) : WORDS_MAX - 1);
}

void
fault_at(struct message_facts *facts, enum check_id id, const char *at, const char *format, ...)
{
	struct finding *fault = count_fault(facts, id);
	va_list words;

	if (fault == NULL)
		return;
	if (at != NULL)
		fault->octet = (size_t)(at - line_start(facts, at, &fault->line)) + 1;
	va_start(words, format);
	fault->words = say(facts, format, words);
	va_end(words);
}

void
fault_on_line(struct message_facts *facts, enum check_id id, unsigned line, const char *format, ...)
{
	struct finding *fault = count_fault(facts, id);
	va_list words;

	if (fault == NULL)
		return;
	fault->line = line;
	va_start(words, format);
	fault->words = say(facts, format, words);
	va_end(words);
}

/* ---- lines */

static void
look_at_line(struct message_facts *facts, const char *line, size_t len)
{
	const char *cr = memchr(line, '\r', len), *nul = memchr(line, '\0', len);

	if (cr != NULL)
		fault_at(facts, CHECK_MIME_BARE, cr,
		    "A carriage return stands within a line, without a line feed behind it.");
	if (nul != NULL)
		fault_at(facts, CHECK_MIME_NUL, nul, "There is a NUL octet in the message.");
	if (len > MIME_LINE_MAX)
		fault_at(facts, CHECK_MIME_LINE, line + MIME_LINE_MAX,
		    "A line has %zu octets; %d are allowed (RFC 5322 section 2.1.1).", len,
		    MIME_LINE_MAX);
}

void
facts_read_lines(struct message_facts *facts)
{
	const char *at = facts->message.at, *end = at + facts->message.len, *lf;

	mark_lines(facts);
	while ((lf = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		look_at_line(facts, at, (size_t)(lf - at) - (lf > at && lf[-1] == '\r'));
		at = lf + 1;
	}
	if (at < end)
		look_at_line(facts, at, (size_t)(end - at));
	if (facts->file.odd_line > 0)
		fault_on_line(facts, CHECK_MIME_BARE, facts->file.odd_line,
		    "Some lines end with LF, others with CRLF: %zu and %zu.", facts->file.lf,
		    facts->file.crlf);
}

/* ---- fields */

const struct mail_field *
facts_field(const struct message_facts *facts, const char *name)
{
	for (size_t i = 0; i < facts->field_count; i++)
		if (field_is(&facts->fields[i], name))
			return &facts->fields[i];
	return NULL;
}

const char *
facts_value(const struct message_facts *facts, const char *name)
{
	const struct mail_field *field = facts_field(facts, name);

	return field != NULL ? header_unfold(field_value(field), facts->arena) : NULL;
}

/* ---- all of it */

void
message_facts_read(const struct facts_query *query, struct arena *arena, struct message_facts *out)
{
	*out = (struct message_facts){.message = query->message,
	    .file = query->file,
	    .requirements = query->requirements,
	    .arena = arena};
	facts_read_lines(out);
	facts_read_header(out, query->now);
	facts_read_parts(out);
}

void
message_facts_finish(struct message_facts *facts)
{
	facts_read_attachments(facts);
	facts_read_html(facts);
	facts_read_text(facts);
}
