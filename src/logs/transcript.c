#include "logs/transcript.h"

#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/buf.h"
#include "logs/dsn.h"

enum { TEXT_MAX = 16384, DATE_MAX = 60 };

static const struct {
	const char *command, *reply; /* what their lines begin with … */
	bool dated; /* … behind a date */
} marks[] = {
    {">>> ", "<<< ", false},
    {"In:", "Out:", false},
    {"--> ", "<-- ", true},
    {"CMD: ", "RSP: ", true},
};

/* The host stands behind these. */
static const char *const talking[] = {"while talking to ", "SMTP connection to "};

struct transcript_reader {
	struct arena *arena;
	struct notice *out;
	unsigned mark; /* the row that the text uses */
	const char *host, *host_ip;
	enum stage stage; /* of the last command */
	const char *recipient; /* of the last RCPT */
	struct buf reply; /* to the last command, if it refuses */
	const char *loose; /* what a local mailer printed ("mail.local: unknown user: joe") */
};

/* What stands behind the mark: at the beginning of the line, or behind a date ("Mon 2026-11-02
 * 09:59:58: [1234] <-- 552 too large"); nothing: it is another line. */
static struct slice
behind_mark(struct slice line, const char *mark, bool dated)
{
	struct slice before = {line.at, line.len < DATE_MAX ? line.len : DATE_MAX};
	const char *found = dated ? slice_find(before, mark) : line.at;
	bool clock = !dated;

	if (found == NULL || !slice_begins(slice_from(line, (size_t)(found - line.at)), mark))
		return (struct slice){line.at, 0};
	before.len = (size_t)(found - line.at);
	for (size_t i = 1; i + 1 < before.len && !clock; i++)
		clock = line.at[i] == ':' && is_digit(line.at[i - 1]) && is_digit(line.at[i + 1]);
	return clock ? slice_trim(slice_from(line, before.len + strlen(mark)))
	             : (struct slice){line.at, 0};
}

/* The address in brackets, else the first one. */
static const char *
find_address(struct transcript_reader *reader, struct slice line)
{
	const char *open = line.len > 0 ? memchr(line.at, '<', line.len) : NULL;
	struct slice address =
	    notice_address(open != NULL ? slice_from(line, (size_t)(open - line.at)) : line);

	return address.len > 0 ? slice_copy(address, reader->arena) : NULL;
}

static struct notice_entry *
entry_of(struct transcript_reader *reader, const char *recipient)
{
	struct notice *out = reader->out;
	struct notice_entry *entry;

	for (size_t i = 0; i < out->count; i++)
		if (recipient == NULL || strcasecmp(out->entries[i].recipient, recipient) == 0)
			return &out->entries[i];
	if (out->count == NOTICE_ENTRIES_MAX || recipient == NULL)
		return NULL;
	entry = arena_push(reader->arena, &out->entries, out->count, sizeof *entry);
	out->count++;
	*entry = (struct notice_entry){.recipient = recipient, .stage = STAGE_NONE};
	return entry;
}

static bool
is_refusal(struct slice text)
{
	return text.len > 0 && logline_code(text.at, text.len) != 0;
}

/* The reply that was just refusal, to these entries. */
static void
give(struct transcript_reader *reader, struct notice_entry *entry)
{
	if (entry == NULL || reader->reply.len == 0 || entry->quoted)
		return;
	entry->text = arena_copy(reader->arena, reader->reply.data, reader->reply.len);
	entry->len = reader->reply.len;
	entry->quoted = is_refusal((struct slice){entry->text, entry->len});
	entry->said_by = entry->quoted ? SAID_BY_SERVER : SAID_BY_UNKNOWN;
	entry->stage = reader->stage;
	entry->relay = reader->host;
	entry->relay_ip = reader->host_ip;
	entry->inbound = *marks[reader->mark].command == 'I';
}

/* A reply to MAIL, DATA or the message is that of all who have none yet, or only its first line. */
static void
give_rest(struct transcript_reader *reader)
{
	for (size_t i = 0; i < reader->out->count; i++) {
		struct notice_entry *entry = &reader->out->entries[i];

		if (entry->text == NULL ||
		    (entry->len <= reader->reply.len &&
		        memcmp(entry->text, reader->reply.data, entry->len) == 0))
			give(reader, entry);
	}
}

static void
take_command(struct transcript_reader *reader, struct slice line)
{
	enum stage stage = logline_stage(line.at, line.len);
	bool refused = reader->reply.len > 0;

	if (stage == STAGE_RCPT) {
		reader->recipient = find_address(reader, line);
		if (reader->recipient != NULL)
			entry_of(reader, reader->recipient);
	}
	if (refused && stage == STAGE_DATA)
		return; /* pipelined behind a refusal: its answer says nothing */
	if (refused && reader->stage != STAGE_RCPT)
		give_rest(reader);
	reader->stage = stage;
	buf_clear(&reader->reply);
}

static void
take_reply(struct transcript_reader *reader, struct slice line)
{
	struct slice held = {reader->reply.data, reader->reply.len};

	if (line.len < 3)
		return;
	if (is_refusal(held) && memcmp(held.at, line.at, 3) != 0)
		return; /* an answer to what was pipelined behind */
	if (!is_refusal(line) && (line.at[0] < '4' && is_digit(line.at[0]))) {
		buf_clear(&reader->reply);
		return;
	}
	if (held.len > 0)
		buf_putc(&reader->reply, '\n');
	buf_add(&reader->reply, line.at, line.len);
	if (reader->stage == STAGE_RCPT && reader->recipient != NULL &&
	    (!is_refusal(line) || line.len < 4 || line.at[3] != '-'))
		give(reader, entry_of(reader, reader->recipient));
}

/* "550 5.1.1 <user@example.com>... User unknown": Sendmail's own word on a recipient. */
static bool
take_verdict(struct transcript_reader *reader, struct slice line)
{
	const char *dots = slice_find(line, "... ");
	struct slice before, words;
	struct notice_entry *entry;
	const char *recipient;

	if (dots == NULL || (!is_refusal(line) && (*line.at != '<' || reader->reply.len == 0)))
		return false;
	before = (struct slice){line.at, (size_t)(dots - line.at)};
	words = slice_from(line, before.len + 4);
	recipient = find_address(reader, before);
	if (recipient == NULL)
		return before.len > 7 && slice_ends(before, "(smtp)");
	entry = entry_of(reader, recipient);
	if (entry == NULL || entry->quoted)
		return true;
	if (reader->reply.len > 0) {
		give(reader, entry);
		buf_clear(&reader->reply);
		return true;
	}
	entry->text = slice_copy(is_refusal(words) ? words : line, reader->arena);
	if (reader->loose != NULL && !is_refusal(words))
		entry->text = arena_printf(reader->arena, "%.3s %s; %.*s", line.at, reader->loose,
		    (int)words.len, words.at);
	entry->len = strlen(entry->text);
	return true;
}

/* "(reason: 550 5.1.1 no such user)", below a recipient */
static bool
take_reason(struct transcript_reader *reader, struct slice line)
{
	struct notice_entry *entry =
	    reader->out->count > 0 ? &reader->out->entries[reader->out->count - 1] : NULL;

	if (!slice_begins(line, "(reason: ") || entry == NULL || entry->text != NULL)
		return false;
	line = slice_trim(slice_from(line, 9));
	line.len -= line.len > 0 && line.at[line.len - 1] == ')';
	entry->text = slice_copy(line, reader->arena);
	entry->len = line.len;
	return true;
}

static void
take_recipient(struct transcript_reader *reader, struct slice line)
{
	struct slice address, after;

	if (notice_recipient(line, &address, &after))
		entry_of(reader, slice_copy(address, reader->arena));
}

static struct slice
behind_talking(struct slice line)
{
	for (size_t i = 0; i < sizeof talking / sizeof *talking; i++) {
		const char *found = slice_find(line, talking[i]);

		if (found != NULL)
			return slice_from(line, (size_t)(found - line.at) + strlen(talking[i]));
	}
	return (struct slice){line.at, 0};
}

static void
take_line(struct transcript_reader *reader, struct slice line)
{
	struct slice command =
	                 behind_mark(line, marks[reader->mark].command, marks[reader->mark].dated),
	             reply =
	                 behind_mark(line, marks[reader->mark].reply, marks[reader->mark].dated);
	struct slice host = behind_talking(line);
	const char *ip;

	if (host.len > 0) {
		reader->host = host_read(host, reader->arena, &ip);
		reader->host_ip = ip;
		reader->stage = STAGE_NONE;
		buf_clear(&reader->reply);
	} else if (command.len > 0) {
		take_command(reader, command);
	} else if (reply.len > 0) {
		take_reply(reader, reply);
	} else if (take_verdict(reader, line) || take_reason(reader, line)) {
		reader->loose = NULL;
	} else if (memchr(line.at, '@', line.len) != NULL) {
		take_recipient(reader, line);
	} else if (reader->stage == STAGE_NONE && reader->host == NULL && line.len > 5 &&
	           line.at[line.len - 1] == ':' &&
	           memchr(line.at, '[', line.len) != NULL) { /* Courier */
		reader->host = host_read(line, reader->arena, &ip);
		reader->host_ip = ip;
	} else if (memchr(line.at, ':', line.len) != NULL && *line.at != '-') {
		reader->loose = slice_copy(line, reader->arena);
	}
}

/* Does the text have lines of a dialogue, or Sendmail's own verdicts? */
static bool
find_mark(struct transcript_reader *reader, struct slice text)
{
	struct slice line;
	bool session = slice_find(text, "Transcript of session follows") != NULL;

	while (slice_line(&text, &line)) {
		line = slice_trim(line);
		for (unsigned i = 0; i < sizeof marks / sizeof marks[0]; i++)
			if (behind_mark(line, marks[i].reply, marks[i].dated).len > 0 &&
			    (i != 1 || session)) {
				reader->mark = i;
				return true;
			}
		if (session && is_refusal(line) && slice_find(line, ">... ") != NULL)
			return true;
	}
	return false;
}

static void
drop_silent(struct notice *out)
{
	size_t n = 0;

	for (size_t i = 0; i < out->count; i++)
		if (out->entries[i].text != NULL)
			out->entries[n++] = out->entries[i];
	if (n > 0)
		out->count = n;
}

bool
transcript_read(struct slice text, struct arena *arena, struct notice *out)
{
	struct transcript_reader reader = {.arena = arena, .out = out, .stage = STAGE_NONE};
	struct slice line;

	if (!find_mark(&reader, text))
		return false;
	buf_init(&reader.reply, TEXT_MAX);
	while (slice_line(&text, &line))
		if ((line = slice_trim(line)).len > 0)
			take_line(&reader, line);
	if (out->count == 0 && reader.reply.len > 0)
		entry_of(&reader, "");
	give_rest(&reader);
	drop_silent(out);
	if (out->count == 1 && *out->entries[0].recipient == '\0')
		out->entries[0].recipient = NULL;
	buf_release(&reader.reply);
	return out->count > 0;
}
