#include "logs/bounce.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/buf.h"

enum { BOUNDARY_MAX = 70 }; /* RFC 2046 section 5.1.1 */

struct bounce {
	heard_take *take;
	void *arg;
	struct arena *arena; /* as long as the message */
	struct arena *block; /* as long as one recipient's status */
	struct arena *scratch; /* as long as a field or paragraph */
	struct buf field; /* "Name: value", unfolded; empty: none is open */
	struct buf paragraph; /* lines joined by LF */
	char boundary[BOUNDARY_MAX + 1]; /* of the outermost multipart, "" if there is none */
	bool body; /* the message's own header is over */

	char *recipient, *relay, *status, *diagnostic; /* of the status block under way */
	char *failed; /* X-Failed-Recipients */
	struct heard *held;
	size_t held_count;
	bool held_told; /* there were too many to hold back */
	unsigned long told;
};

static const char *const first_fields[] = {"return-path", "received", "delivered-to",
    "x-original-to", "date", "from", "to", "subject", "mime-version", "message-id",
    "auto-submitted", "content-type", "x-failed-recipients", "reporting-mta", "final-recipient",
    "original-recipient", "diagnostic-code", "remote-mta", "arrival-date", "envelope-to",
    "authentication-results", "x-failed-recipients"};

struct bounce *
bounce_new(heard_take *take, void *arg)
{
	struct bounce *bounce = must_alloc(sizeof *bounce);

	*bounce = (struct bounce){.take = take,
	    .arg = arg,
	    .arena = arena_new(),
	    .block = arena_new(),
	    .scratch = arena_new()};
	buf_init(&bounce->field, BOUNCE_PART_MAX);
	buf_init(&bounce->paragraph, BOUNCE_PART_MAX);
	return bounce;
}

void
bounce_free(struct bounce *bounce)
{
	if (bounce == NULL)
		return;
	buf_release(&bounce->field);
	buf_release(&bounce->paragraph);
	arena_free(bounce->arena);
	arena_free(bounce->block);
	arena_free(bounce->scratch);
	free(bounce);
}

/* Octets of a field's name, 0 if the line is no field. */
static size_t
field_name(const char *line, size_t len)
{
	size_t n = 0;

	while (n < len && n < 60 && line[n] > ' ' && line[n] < 0x7f && line[n] != ':')
		n++;
	return n > 0 && n < len && line[n] == ':' &&
	               (n + 1 == len || line[n + 1] == ' ' || line[n + 1] == '\t')
	           ? n
	           : 0;
}

bool
bounce_begins(const char *line, size_t len)
{
	size_t n = field_name(line, len);

	if (len > 5 && memcmp(line, "From ", 5) == 0 && memchr(line + 5, ' ', len - 5) != NULL)
		return true; /* mbox */
	for (size_t i = 0; i < sizeof first_fields / sizeof first_fields[0]; i++)
		if (n == strlen(first_fields[i]) && strncasecmp(line, first_fields[i], n) == 0)
			return true;
	return false;
}

/* ---- telling */

static void
tell(struct bounce *bounce, const struct heard *heard)
{
	bounce->told++;
	bounce->take(heard, bounce->arg);
}

static void
hold(struct bounce *bounce, const struct heard *heard)
{
	struct arena *arena = bounce->arena;
	struct heard *kept;

	if (bounce->held_count == BOUNCE_HELD_MAX && !bounce->held_told) {
		for (size_t i = 0; i < bounce->held_count; i++)
			tell(bounce, &bounce->held[i]);
		bounce->held_told = true;
	}
	if (bounce->held_told) {
		tell(bounce, heard);
		return;
	}
	kept = arena_push(arena, &bounce->held, bounce->held_count, sizeof *kept);
	bounce->held_count++;
	*kept = *heard;
	kept->text = arena_copy(arena, heard->text, heard->len);
	kept->enhanced = arena_string(arena, heard->enhanced);
	kept->recipient = arena_string(arena, heard->recipient);
	kept->relay = arena_string(arena, heard->relay);
}

/* ---- the delivery status */

static const char *
skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

/* "rfc822; user@example.com", "dns; mx.example.com": without the type */
static char *
typed_value(struct bounce *bounce, const char *value)
{
	const char *semicolon = strchr(value, ';');
	const char *start = skip_blanks(semicolon != NULL ? semicolon + 1 : value);
	size_t len = strcspn(start, " \t\r<>(");

	if (*start == '<')
		len = strcspn(++start, ">");
	return arena_copy(bounce->block, start, len);
}

static void
forget_block(struct bounce *bounce)
{
	bounce->recipient = bounce->relay = bounce->status = bounce->diagnostic = NULL;
	arena_reset(bounce->block);
}

/* Of another type than smtp, or without a code, it is only taken when it quotes a server. */
static bool
read_diagnostic(struct bounce *bounce, struct heard *heard)
{
	const char *text = bounce->diagnostic, *semicolon = strchr(text, ';');
	bool smtp = strncasecmp(text, "smtp", 4) == 0 && semicolon != NULL;

	if (semicolon != NULL && semicolon - text < 20)
		text = skip_blanks(semicolon + 1);
	*heard = (struct heard){.text = text, .len = strlen(text)};
	if (logline_code(text, heard->len) != 0)
		return true;
	if (logline_read(text, heard->len, bounce->scratch, heard) == LOGLINE_REPLY)
		return true;
	*heard = (struct heard){.text = text, .len = strlen(text), .enhanced = bounce->status};
	return smtp && heard->len > 0 && bounce->status != NULL &&
	       (*bounce->status == '4' || *bounce->status == '5');
}

static void
finish_block(struct bounce *bounce)
{
	struct heard heard;

	if (bounce->diagnostic != NULL && !bounce->held_told && read_diagnostic(bounce, &heard)) {
		if (bounce->recipient != NULL)
			heard.recipient = bounce->recipient;
		if (bounce->relay != NULL)
			heard.relay = bounce->relay;
		tell(bounce, &heard);
	}
	forget_block(bounce);
	arena_reset(bounce->scratch);
}

static void
take_recipient(struct bounce *bounce, const char *value)
{
	if (bounce->recipient != NULL)
		finish_block(bounce);
	bounce->recipient = typed_value(bounce, value);
}

static void
take_relay(struct bounce *bounce, const char *value)
{
	if (bounce->relay == NULL)
		bounce->relay = typed_value(bounce, value);
}

static void
take_status(struct bounce *bounce, const char *value)
{
	if (bounce->status == NULL)
		bounce->status = arena_copy(bounce->block, value, strcspn(value, " \t("));
}

static void
take_diagnostic(struct bounce *bounce, const char *value)
{
	if (bounce->diagnostic == NULL)
		bounce->diagnostic = arena_string(bounce->block, value);
}

static void
take_failed(struct bounce *bounce, const char *value)
{
	if (bounce->failed == NULL)
		bounce->failed = arena_copy(bounce->arena, value, strcspn(value, " ,\t"));
}

/* The first boundary of the header is that of the whole. */
static void
take_type(struct bounce *bounce, const char *value)
{
	const char *at = strcasestr(value, "boundary=");
	size_t len;

	if (bounce->body || bounce->boundary[0] != '\0' || at == NULL)
		return;
	at += strlen("boundary=");
	len = *at == '"' ? strcspn(++at, "\"") : strcspn(at, "; \t\r");
	if (len > 0 && len <= BOUNDARY_MAX)
		memcpy(bounce->boundary, at, len);
}

static const struct {
	const char *name;
	void (*take)(struct bounce *bounce, const char *value);
} fields[] = {
    {"final-recipient", take_recipient},
    {"remote-mta", take_relay},
    {"status", take_status},
    {"diagnostic-code", take_diagnostic},
    {"x-failed-recipients", take_failed},
    {"content-type", take_type},
};

static void
finish_field(struct bounce *bounce)
{
	const char *text = bounce->field.data;
	size_t n = field_name(text, bounce->field.len);

	for (size_t i = 0; n > 0 && i < sizeof fields / sizeof fields[0]; i++)
		if (n == strlen(fields[i].name) && strncasecmp(text, fields[i].name, n) == 0)
			fields[i].take(bounce, skip_blanks(text + n + 1));
	buf_clear(&bounce->field);
}

/* ---- the words for people */

static const struct {
	const char *words;
	enum stage stage;
} qmail_words[] = {
    {"does not like recipient", STAGE_RCPT},
    {"sender was rejected", STAGE_MAIL},
    {"greeting failed", STAGE_GREETING},
    {"my name was rejected", STAGE_EHLO},
    {"failed on DATA command", STAGE_DATA},
    {"failed after I sent the message", STAGE_MESSAGE},
};

/* "<user@example.com>: …" opens a paragraph of Postfix and qmail; Exim has the bare address on a
 * line of its own. */
static const char *
paragraph_recipient(struct bounce *bounce)
{
	const char *text = bounce->paragraph.data;
	size_t len = *text == '<' ? strcspn(text + 1, ">\n") : strcspn(text, "\n ");

	if (*text == '<' && text[1 + len] == '>' && memchr(text + 1, '@', len) != NULL)
		return arena_copy(bounce->scratch, text + 1, len);
	if (text[len] == '\n' && memchr(text, '@', len) != NULL)
		return arena_copy(bounce->scratch, text, len);
	return bounce->failed;
}

static bool
read_qmail(struct bounce *bounce, struct heard *heard)
{
	static const char said[] = "Remote host said: ";
	const char *text = bounce->paragraph.data, *at = strstr(text, said), *stop, *line;

	if (at == NULL)
		return false;
	*heard = (struct heard){.text = at + sizeof said - 1};
	stop = strstr(at, "\nGiving up on ");
	heard->len = stop != NULL ? (size_t)(stop - heard->text) : strlen(heard->text);
	for (size_t i = 0; i < sizeof qmail_words / sizeof qmail_words[0]; i++) {
		const char *found = strstr(text, qmail_words[i].words);

		if (found != NULL && found < at)
			heard->stage = qmail_words[i].stage;
	}
	line = strchr(text, '\n');
	if (*text != '<' || line == NULL || line > at)
		line = text - 1;
	line++;
	if (strncmp(line, "Connected to ", 13) == 0)
		line += 13;
	heard->relay = *line >= '0' && *line <= '9'
	                   ? arena_copy(bounce->scratch, line, strcspn(line, " \n"))
	                   : NULL;
	return heard->len > 0;
}

/* Sendmail: ">>> RCPT To:<…>" and below it "<<< 550 …". */
static bool
read_transcript(struct bounce *bounce, struct heard *heard)
{
	struct buf text;
	const char *command = NULL, *talking = strstr(bounce->paragraph.data, "while talking to ");

	*heard = (struct heard){.stage = STAGE_NONE};
	buf_init(&text, BOUNCE_PART_MAX);
	for (const char *line = bounce->paragraph.data, *next; line != NULL;
	     line = next != NULL ? next + 1 : NULL) {
		size_t len = strcspn(line, "\n");

		next = line[len] == '\n' ? line + len : NULL;
		if (strncmp(line, ">>> ", 4) == 0 && text.len == 0)
			command = line + 4;
		if (len < 8 || strncmp(line, "<<< ", 4) != 0 ||
		    logline_code(line + 4, len - 4) == 0)
			continue;
		if (text.len > 0)
			buf_putc(&text, '\n');
		buf_add(&text, line + 4, len - 4);
	}
	if (text.len > 0) {
		heard->text = arena_copy(bounce->scratch, text.data, text.len);
		heard->len = text.len;
		heard->stage =
		    command != NULL ? logline_stage(command, strcspn(command, "\n")) : STAGE_NONE;
		if (talking != NULL)
			heard->relay = arena_copy(
			    bounce->scratch, talking + 17, strcspn(talking + 17, " :\n"));
		if (heard->relay != NULL && strlen(heard->relay) > 1 &&
		    heard->relay[strlen(heard->relay) - 1] == '.')
			heard->relay =
			    arena_copy(bounce->scratch, heard->relay, strlen(heard->relay) - 1);
		if (heard->stage == STAGE_RCPT && strchr(command, '<') != NULL)
			heard->recipient = arena_copy(bounce->scratch, strchr(command, '<') + 1,
			    strcspn(strchr(command, '<') + 1, ">\n"));
	}
	buf_release(&text);
	return heard->len > 0;
}

/* The lines that begin with a code, one reply. */
static bool
read_bare(struct bounce *bounce, struct heard *heard)
{
	const char *text = bounce->paragraph.data;

	while (logline_code(text, strcspn(text, "\n")) == 0) {
		text += strcspn(text, "\n");
		if (*text++ == '\0')
			return false;
	}
	*heard = (struct heard){.text = text, .len = strlen(text)};
	for (const char *line = text; line < text + heard->len; line += strcspn(line, "\n") + 1)
		if (logline_code(line, strcspn(line, "\n")) == 0)
			heard->len = line > text ? (size_t)(line - text) - 1 : 0;
	return heard->len > 0;
}

/* Postfix, Exim and Exchange write as in their logs, only wrapped. */
static bool
read_wrapped(struct bounce *bounce, struct heard *heard)
{
	char *text = arena_copy(bounce->scratch, bounce->paragraph.data, bounce->paragraph.len);

	for (char *p = text; *p != '\0'; p++)
		if (*p == '\n')
			*p = ' ';
	return logline_read(text, strlen(text), bounce->scratch, heard) == LOGLINE_REPLY;
}

static void
finish_paragraph(struct bounce *bounce)
{
	struct heard heard;

	if (bounce->paragraph.len > 0 && bounce->body) {
		const char *recipient = paragraph_recipient(bounce);

		if (read_qmail(bounce, &heard) || read_transcript(bounce, &heard) ||
		    read_wrapped(bounce, &heard) || read_bare(bounce, &heard)) {
			if (heard.recipient == NULL)
				heard.recipient = recipient;
			hold(bounce, &heard);
		}
		arena_reset(bounce->scratch);
	}
	buf_clear(&bounce->paragraph);
}

/* ---- line by line */

static bool
is_boundary(const struct bounce *bounce, const char *line, size_t len, bool *last)
{
	size_t n = strlen(bounce->boundary);

	*last = false;
	if (n == 0 || len < n + 2 || line[0] != '-' || line[1] != '-' ||
	    memcmp(line + 2, bounce->boundary, n) != 0)
		return false;
	*last = len >= n + 4 && line[n + 2] == '-' && line[n + 3] == '-';
	return true;
}

static void
take_line(struct bounce *bounce, const char *line, size_t len)
{
	bool folded = *line == ' ' || *line == '\t';

	if (folded && bounce->field.len > 0) {
		size_t blanks = 0;

		while (blanks < len && (line[blanks] == ' ' || line[blanks] == '\t'))
			blanks++;
		buf_putc(&bounce->field, ' ');
		buf_add(&bounce->field, line + blanks, len - blanks);
	} else {
		finish_field(bounce);
		if (field_name(line, len) > 0)
			buf_add(&bounce->field, line, len);
	}
	while (len > 0 && (*line == ' ' || *line == '\t')) {
		line++;
		len--;
	}
	if (bounce->paragraph.len > 0)
		buf_putc(&bounce->paragraph, '\n');
	buf_add(&bounce->paragraph, line, len);
}

bool
bounce_line(struct bounce *bounce, const char *line, size_t len)
{
	bool last = false, boundary = is_boundary(bounce, line, len, &last);

	while (len > 0 && strchr("\r \t", line[len - 1]) != NULL)
		len--;
	if (len > 0 && !boundary) {
		take_line(bounce, line, len);
		return false;
	}
	finish_field(bounce);
	finish_paragraph(bounce);
	finish_block(bounce);
	bounce->body = true;
	return last;
}

unsigned long
bounce_end(struct bounce *bounce)
{
	unsigned long told;

	finish_field(bounce);
	bounce->body = true;
	finish_paragraph(bounce);
	finish_block(bounce);
	if (bounce->told == 0)
		for (size_t i = 0; i < bounce->held_count; i++)
			tell(bounce, &bounce->held[i]);
	told = bounce->told;
	arena_reset(bounce->arena);
	memset(bounce->boundary, 0, sizeof bounce->boundary);
	bounce->body = bounce->held_told = false;
	bounce->failed = NULL;
	bounce->held = NULL;
	bounce->held_count = 0;
	bounce->told = 0;
	return told;
}
