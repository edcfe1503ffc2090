#include "logs/pasted.h"

#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/buf.h"
#include "logs/dsn.h"
#include "logs/notice.h"
#include "mail/html.h"
#include "smtp/reply.h"

enum {
	LINES_MAX = 4096,
	LINES_OF_REPLY = 128,
	TEXT_MAX = 65536,
	WRAPPED_MIN = 45 /* octets of a line that a mail program may have wrapped */
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

struct pasted_reader {
	struct arena *arena;
	refusal_take *take;
	void *arg;
	struct slice *lines; /* without quoting marks; with their indentation */
	size_t count;
	unsigned long line; /* number of the first */
	bool shown; /* it was HTML, and is no more */
	struct pasted_counts counts;
};

/* ---- one reply on one line */

struct slice
reply_unjoin(struct slice text, struct arena *arena)
{
	char enhanced[12], *out;
	size_t prefix = 4, from = 0, n = 0;

	if (text.len < 10 || logline_code(text.at, text.len) == 0 || text.at[3] != '-' ||
	    memchr(text.at, '\n', text.len) != NULL)
		return text;
	reply_enhanced(slice_copy((struct slice){text.at + 4, 8}, arena), enhanced);
	out = arena_alloc(arena, text.len + 1);
	if (*enhanced != '\0')
		prefix += strlen(enhanced);
	for (size_t i = prefix; i + prefix < text.len; i++) {
		const char *next = text.at + i + 1;
		bool last = next[3] == ' ';

		if (text.at[i] != ' ' || memcmp(next, text.at, 3) != 0 || (!last && next[3] != '-'))
			continue;
		if (*enhanced != '\0' ? memcmp(next + 4, enhanced, strlen(enhanced)) != 0
		                      : last && is_digit(next[4]))
			continue;
		memcpy(out + n, text.at + from, i - from);
		n += i - from;
		out[n++] = '\n';
		from = i + 1;
		if (last)
			break;
		i += prefix;
	}
	if (from == 0)
		return text;
	memcpy(out + n, text.at + from, text.len - from);
	return (struct slice){out, n + text.len - from};
}

/* "550-'5.1.1 …'" or "<421 4.4.2 …>" from `opening` on; NULL: it is no such thing. */
static const char *
read_inner(struct slice text, const char *opening, char closing, struct arena *arena)
{
	struct slice code = slice_from(text, (size_t)(opening - text.at) + 1);
	size_t skip = closing == '>' ? 4 : 5;
	const char *end;

	if (logline_code(code.at, code.len) == 0 || code.len < 8 ||
	    code.at[3] != (closing == '>' ? ' ' : '-') || (closing == '\'' && code.at[4] != '\''))
		return NULL;
	end = memrchr(code.at + skip, closing, code.len - skip);
	return end != NULL ? arena_printf(arena, "%.3s %.*s", code.at,
	                         (int)(end - code.at - (long)skip), code.at + skip)
	                   : NULL;
}

struct slice
reply_inner(struct slice text, struct arena *arena)
{
	const char *end = text.at + text.len, *inner = NULL,
	           *quote = text.len > 12 ? memmem(text.at + 5, text.len - 5, "-'", 2) : NULL;

	if (quote != NULL && quote[-4] == ' ')
		inner = read_inner(text, quote - 4, '\'', arena);
	for (const char *p = text.at; inner == NULL && p < end; p++) {
		p = memchr(p, '<', (size_t)(end - p));
		if (p == NULL)
			break;
		if (end - p > 8 && (p[1] == '4' || p[1] == '5'))
			inner = read_inner(text, p, '>', arena);
	}
	return inner != NULL ? slice_of(inner) : text;
}

static const struct quote_mark {
	const char *octets;
	bool is_double;
} quote_marks[] = {
    {"\"", true}, {"\xe2\x80\x9c", true}, /* “ */
    {"\xe2\x80\x9d", true}, /* ” */
    {"\xe2\x80\x9e", true}, /* „ */
    {"\xe2\x80\x9f", true}, /* ‟ */
    {"\xc2\xab", true}, /* « */
    {"\xc2\xbb", true}, /* » */
    {"'", false}, {"`", false}, {"\xe2\x80\x98", false}, /* ‘ */
    {"\xe2\x80\x99", false}, /* ’ */
    {"\xe2\x80\x9a", false}, /* ‚ */
    {"\xe2\x80\xb9", false}, /* ‹ */
    {"\xe2\x80\xba", false}, /* › */
};

static const struct quote_mark *
mark_at_start(struct slice text)
{
	for (size_t i = 0; i < COUNT(quote_marks); i++)
		if (slice_begins(text, quote_marks[i].octets))
			return &quote_marks[i];
	return NULL;
}

static const struct quote_mark *
mark_at_end(struct slice text)
{
	for (size_t i = 0; i < COUNT(quote_marks); i++) {
		size_t len = strlen(quote_marks[i].octets);

		if (text.len >= len &&
		    slice_begins(slice_from(text, text.len - len), quote_marks[i].octets))
			return &quote_marks[i];
	}
	return NULL;
}

size_t
quote_begins(struct slice text)
{
	const struct quote_mark *mark = mark_at_start(text);

	return mark != NULL ? strlen(mark->octets) : 0;
}

/* Of the kind of `mark`, whatever their form. An apostrophe within a word is none. */
static size_t
count_marks(struct slice text, const struct quote_mark *mark)
{
	size_t count = 0;

	for (size_t at = 0, len; at < text.len; at += len) {
		const struct quote_mark *here = mark_at_start(slice_from(text, at));
		bool within;

		len = here != NULL ? strlen(here->octets) : 1;
		within = at > 0 && is_alnum(text.at[at - 1]) && at + len < text.len &&
		         is_alnum(text.at[at + len]);
		count += here != NULL && here->is_double == mark->is_double &&
		         (mark->is_double || !within);
	}
	return count;
}

struct slice
reply_bare(struct slice text)
{
	struct slice bare = slice_trim(text), inner;
	const struct quote_mark *mark;

	for (int i = 0; i < 2 && bare.len > 0 && strchr(".,;)", bare.at[bare.len - 1]) != NULL; i++)
		bare.len--;
	mark = mark_at_end(bare);
	if (mark == NULL || bare.len == strlen(mark->octets))
		return text;
	inner = slice_from(bare, quote_begins(bare));
	if (logline_code(inner.at, inner.len) != 0)
		bare = inner;
	if (count_marks(bare, mark) % 2 == 0)
		return text;
	return slice_trim((struct slice){bare.at, bare.len - strlen(mark->octets)});
}

/* ---- lines */

/* What swaks and telnet print: before a refusal, and where there is none. */
static const char *const prompts[] = {"<** ", "<~* ", "<*** "};
static const char *const other_prompts[] = {" -> ", " ~> ", "<-  ", "<~  ", "=== ", "*** ",
    "Connection closed by ", "Escape character is "};

static struct slice
cut_quoting(struct slice line)
{
	for (size_t i = 0; i < COUNT(other_prompts); i++)
		if (slice_begins(line, other_prompts[i]))
			return slice_from(line, line.len);
	for (unsigned i = 0; i < 8; i++) {
		struct slice bare = slice_from(line, slice_span(line, " \t"));

		if (bare.len == 0 || (*bare.at != '>' && *bare.at != '|') ||
		    (bare.len > 1 && !is_blank(bare.at[1]) && bare.at[1] != '>') ||
		    slice_begins(bare, ">>> "))
			break;
		line = slice_from(bare, 1);
		if (line.len > 0 && *line.at == ' ')
			line = slice_from(line, 1);
	}
	for (size_t i = 0; i < COUNT(prompts); i++)
		if (slice_begins(line, prompts[i]))
			line = slice_from(line, strlen(prompts[i]));
	return line;
}

static void
take_lines(struct pasted_reader *reader, struct slice text)
{
	struct slice line;

	reader->lines = arena_alloc(reader->arena, LINES_MAX * sizeof *reader->lines);
	while (reader->count < LINES_MAX && slice_line(&text, &line))
		reader->lines[reader->count++] = cut_quoting(line);
}

static size_t
indent_of(struct slice line)
{
	return slice_span(line, " \t");
}

/* ---- telling */

static void
tell(struct pasted_reader *reader, struct refusal *refusal, size_t line)
{
	refusal->line = reader->line + line;
	reader->counts.told++;
	reader->take(refusal, reader->arg);
}

static void
tell_text(struct pasted_reader *reader, const char *text, size_t len, size_t line)
{
	struct slice bare = slice_trim((struct slice){text, len});
	struct refusal refusal = {
	    .text = bare.at, .len = bare.len, .stage = STAGE_NONE, .said_by = SAID_BY_SERVER};

	if (bare.len > 0)
		tell(reader, &refusal, line);
}

/* ---- replies as they are */

/* "smtp; 550 …", "550: …", and leading blanks, are taken off. Empty: it begins no reply. */
static struct slice
reply_line(struct slice line, int *code)
{
	line = slice_trim(line);
	if (slice_begins(line, "smtp;"))
		line = slice_trim(slice_from(line, 5));
	*code = logline_code(line.at, line.len);
	return line;
}

/* "5.7.1 …" without a code: a whole reply, or a line of one. */
static bool
is_enhanced(struct slice line)
{
	size_t n = logline_enhanced(line.at, line.len);

	return n > 0 && (n == line.len || line.at[n] == ' ');
}

/* Does the line go on what the one before it says? It is indented deeper than the first, or that
 * one is so long that a mail program wrapped it. */
static bool
is_wrapped(const struct pasted_reader *reader, size_t first, size_t i)
{
	struct slice line = reader->lines[i];

	return slice_trim(line).len > 0 && slice_trim(reader->lines[i - 1]).len > 0 &&
	       (indent_of(line) > indent_of(reader->lines[first]) ||
	           reader->lines[i - 1].len >= WRAPPED_MIN);
}

/* "550 5.1.1 …" and below it "5.1.1 …" */
static bool
same_enhanced(struct slice reply, struct slice line)
{
	size_t len = slice_until(line, " ");

	return reply.len > 4 + len && logline_code(reply.at, reply.len) != 0 &&
	       memcmp(reply.at + 4, line.at, len) == 0;
}

/* The reply that begins with line `i`; how many lines it takes. */
static size_t
read_reply(struct pasted_reader *reader, size_t i)
{
	int code, next;
	struct slice line = reply_line(reader->lines[i], &code), more;
	bool open = code != 0 && line.len > 3 && line.at[3] == '-';
	size_t start = i;
	struct buf text;

	buf_init(&text, TEXT_MAX);
	buf_add(&text, line.at, line.len);
	for (i++; i < reader->count && i - start < LINES_OF_REPLY; i++) {
		more = reply_line(reader->lines[i], &next);
		if (next != 0 && (next != code || !open))
			break;
		if (next == 0 && (is_enhanced(more) ? !same_enhanced(line, more)
		                                    : !is_wrapped(reader, start, i)))
			break;
		if (text.len + more.len + 1 > TEXT_MAX)
			break;
		buf_putc(&text, next != 0 || is_enhanced(more) ? '\n' : ' ');
		buf_add(&text, more.at, more.len);
		if (next != 0)
			open = more.len > 3 && more.at[3] == '-';
	}
	tell_text(reader, arena_copy(reader->arena, text.data, text.len), text.len, start);
	buf_release(&text);
	return i - start;
}

/* ---- what programs print */

static const struct {
	const char *words; /* before a reply without a code */
	const char *end; /* what comes behind it; NULL: it goes on to the end */
} program_words[] = {
    {"server response was:", NULL}, /* .NET */
    {"mail server responded:", " Please check"}, /* Thunderbird */
    {"server responded:", " Please check"},
    {"server responded with:", NULL},
    {" Detail:", " SMTP code:"}, /* PHPMailer */
    {"server message:", NULL}, /* msmtp */
    {"error from server:", NULL},
    {"server said:", NULL},
    {"The error was:", NULL},
};

/* (554, b'5.7.1 no'): of Python's smtplib. */
static bool
read_tuple(struct pasted_reader *reader, struct slice text, size_t line)
{
	for (const char *open; (open = memchr(text.at, '(', text.len)) != NULL;) {
		struct slice code, words;
		struct buf out;
		char quote;

		code = text = slice_from(text, (size_t)(open - text.at) + 1);
		if (code.len < 8 || (*code.at != '4' && *code.at != '5') ||
		    slice_span(code, "0123456789") != 3 || code.at[3] != ',')
			continue;
		words = slice_from(code, 4 + slice_span(slice_from(code, 4), " "));
		if (words.len > 1 && (*words.at == 'b' || *words.at == 'u'))
			words = slice_from(words, 1);
		if (words.len < 2 || (*words.at != '\'' && *words.at != '"'))
			continue;
		quote = *words.at;
		buf_init(&out, TEXT_MAX);
		buf_printf(&out, "%.3s ", code.at);
		for (size_t i = 1; i < words.len && words.at[i] != quote; i++) {
			bool escaped = words.at[i] == '\\' && i + 1 < words.len;

			i += escaped;
			buf_putc(&out, escaped && words.at[i] == 'n' ? '\n' : words.at[i]);
		}
		tell_text(reader, arena_copy(reader->arena, out.data, out.len), out.len, line);
		buf_release(&out);
		return true;
	}
	return false;
}

/* "SMTP code: 554", "responseCode: 554": the code of words that stand before it. */
static int
code_behind(struct slice text)
{
	static const char *const words[] = {"SMTP code: ", "responseCode: ", "code: "};

	for (size_t i = 0; i < COUNT(words); i++) {
		const char *found = slice_find(text, words[i]);

		if (found != NULL) {
			struct slice code =
			    slice_from(text, (size_t)(found - text.at) + strlen(words[i]));
			int number = logline_code(code.at, code.len < 3 ? code.len : 3);

			if (number != 0)
				return number;
		}
	}
	return 0;
}

static bool
read_program(struct pasted_reader *reader, struct slice text, size_t line)
{
	if (read_tuple(reader, text, line))
		return true;
	for (size_t i = 0; i < COUNT(program_words); i++) {
		const char *found = slice_find(text, program_words[i].words);
		struct slice words;
		struct refusal refusal = {.stage = STAGE_NONE, .said_by = SAID_BY_SERVER};

		if (found == NULL)
			continue;
		words = slice_trim(
		    slice_from(text, (size_t)(found - text.at) + strlen(program_words[i].words)));
		found =
		    program_words[i].end != NULL ? slice_find(words, program_words[i].end) : NULL;
		if (found != NULL)
			words.len = (size_t)(found - words.at);
		if (!is_enhanced(words) && logline_code(words.at, words.len) == 0)
			continue;
		refusal.text = slice_trim(words).at;
		refusal.len = slice_trim(words).len;
		if (is_enhanced(words))
			refusal.code = code_behind(text);
		tell(reader, &refusal, line);
		return true;
	}
	return false;
}

/* ---- a notice, or fields of a status */

static void
tell_entries(struct pasted_reader *reader, const struct notice *notice, size_t line)
{
	for (size_t i = 0; i < notice->count; i++) {
		const struct notice_entry *entry = &notice->entries[i];
		struct refusal refusal = {.text = entry->text,
		    .len = entry->len,
		    .stage = entry->stage,
		    .said_by = entry->said_by,
		    .enhanced = entry->status,
		    .recipient = entry->recipient,
		    .relay = entry->relay,
		    .relay_ip = entry->relay_ip};

		if (entry->text != NULL && entry->len > 0)
			tell(reader, &refusal, line);
	}
}

static bool
read_status(struct pasted_reader *reader, struct slice text, size_t line)
{
	struct dsn dsn = {0};

	if (slice_find(text, "Diagnostic-Code:") == NULL &&
	    slice_find(text, "Final-Recipient:") == NULL)
		return false;
	dsn_read(text, reader->arena, &dsn);
	for (size_t i = 0; i < dsn.count; i++) {
		const struct dsn_recipient *recipient = &dsn.recipients[i];
		struct refusal refusal = {.text = recipient->diagnostic,
		    .stage = STAGE_NONE,
		    .recipient = recipient->final != NULL ? recipient->final : recipient->original,
		    .relay = recipient->remote,
		    .relay_ip = recipient->remote_ip,
		    .enhanced = recipient->status,
		    .deferred = recipient->action == DSN_DELAYED};
		struct refusal quoted;

		if (recipient->action == DSN_NO_FAILURE ||
		    (refusal.text == NULL && refusal.enhanced == NULL))
			continue;
		if (refusal.text == NULL)
			refusal.text = "";
		refusal.len = strlen(refusal.text);
		if (logline_code(refusal.text, refusal.len) == 0 &&
		    logline_read(refusal.text, refusal.len, reader->arena, &quoted) ==
		        LOGLINE_REPLY) {
			refusal.text = quoted.text;
			refusal.len = quoted.len;
			refusal.stage = quoted.stage;
			refusal.relay = quoted.relay;
		}
		tell(reader, &refusal, line);
	}
	return dsn.count > 0;
}

/* The lines without quoting marks as one text again. */
static struct slice
text_of(struct pasted_reader *reader, size_t from, size_t to)
{
	struct buf out;
	struct slice text;

	buf_init(&out, 2 * TEXT_MAX);
	for (size_t i = from; i < to; i++) {
		buf_add(&out, reader->lines[i].at, reader->lines[i].len);
		buf_putc(&out, '\n');
	}
	text = (struct slice){arena_copy(reader->arena, out.data, out.len), out.len};
	buf_release(&out);
	return text;
}

/* Is it more than replies: does it have what only notices have? */
static bool
is_notice(struct slice text)
{
	static const char *const words[] = {"remote host said:", " said: ",
	    "SMTP error from remote", "while talking to ", "<<< ", "refused to talk to me",
	    "did not like our", "(reason: ", "The error that the other server returned was",
	    "The response from the remote server", "The response was:", "Remote Server returned",
	    "Final-Recipient:", "Diagnostic-Code:", "Diagnostic information for administrators",
	    "mail system at host", "<**"};

	for (size_t i = 0; i < COUNT(words); i++)
		if (slice_find(text, words[i]) != NULL)
			return true;
	return false;
}

static bool
read_notice(struct pasted_reader *reader, struct slice text, size_t line)
{
	unsigned long told = reader->counts.told;
	struct notice notice;

	if (read_status(reader, text, line))
		return true;
	notice_read(text, false, reader->arena, &notice);
	tell_entries(reader, &notice, line);
	return reader->counts.told > told;
}

/* ---- a paragraph */

/* Are all its lines such as a log has, each for itself? */
static bool
is_log(struct pasted_reader *reader, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		struct refusal refusal;

		if (indent_of(reader->lines[i]) > 0 ||
		    logline_read(reader->lines[i].at, reader->lines[i].len, reader->arena,
		        &refusal) == LOGLINE_OTHER)
			return false;
	}
	return true;
}

static bool
read_line(struct pasted_reader *reader, size_t i)
{
	struct slice line = slice_trim(reader->lines[i]);
	struct refusal refusal;

	if (logline_read(line.at, line.len, reader->arena, &refusal) != LOGLINE_REPLY)
		return false;
	tell(reader, &refusal, i);
	return true;
}

/* Lines that begin with a code are replies; between them is what nobody knows. */
static void
read_lines(struct pasted_reader *reader, size_t from, size_t to)
{
	int code;

	for (size_t i = from; i < to;) {
		struct slice line = reply_line(reader->lines[i], &code);

		if (line.len == 0) {
			i++;
		} else if (code != 0 || is_enhanced(line)) {
			i += read_reply(reader, i);
		} else {
			if (!read_line(reader, i) && !read_program(reader, line, i) &&
			    !read_notice(reader, text_of(reader, i, i + 1), i))
				reader->counts.passed_over++;
			i++;
		}
	}
}

static bool
has_reply_line(struct pasted_reader *reader, size_t from, size_t to)
{
	int code;

	for (size_t i = from; i < to; i++) {
		struct slice line = reply_line(reader->lines[i], &code);

		if (code != 0 || is_enhanced(line))
			return true;
	}
	return false;
}

/* Does it have what a program puts before a reply? */
static bool
is_program(struct slice line)
{
	struct slice rest = line;

	for (size_t i = 0; i < COUNT(program_words); i++)
		if (slice_find(line, program_words[i].words) != NULL)
			return true;
	for (const char *open; (open = memchr(rest.at, '(', rest.len)) != NULL;) {
		rest = slice_from(rest, (size_t)(open - rest.at) + 1);
		if (rest.len > 4 && (*rest.at == '4' || *rest.at == '5') &&
		    slice_span(rest, "0123456789") == 3 && rest.at[3] == ',')
			return true;
	}
	return false;
}

/* Does each of several lines have a reply of its own? */
static bool
tells_by_line(struct pasted_reader *reader, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (indent_of(reader->lines[i]) > 0 ||
		    (notice_reply(reader->lines[i]) == NULL && !is_program(reader->lines[i])))
			return false;
	return to - from > 1;
}

static void read_all(struct pasted_reader *reader, struct slice text);

static void
read_html(struct pasted_reader *reader, struct slice text, size_t from, size_t to)
{
	struct pasted_reader inner = {.arena = reader->arena,
	    .take = reader->take,
	    .arg = reader->arg,
	    .line = reader->line + from,
	    .shown = true};

	read_all(&inner, html_text(text, reader->arena));
	reader->counts.told += inner.counts.told;
	reader->counts.passed_over += inner.counts.told > 0 ? 0 : to - from;
}

static void
read_paragraph(struct pasted_reader *reader, size_t from, size_t to)
{
	int code;
	struct slice first = reply_line(reader->lines[from], &code), text;

	if (code != 0 || is_enhanced(first) || is_log(reader, from, to)) {
		read_lines(reader, from, to);
		return;
	}
	text = text_of(reader, from, to);
	if (!reader->shown && html_is(text)) {
		read_html(reader, text, from, to);
		return;
	}
	if (tells_by_line(reader, from, to)) {
		read_lines(reader, from, to);
		return;
	}
	for (size_t i = 0; i < text.len; i++) /* a program's words, wrapped */
		if (text.at[i] == '\n')
			((char *)text.at)[i] = ' ';
	if (!has_reply_line(reader, from, to) &&
	    (to - from == 1 || is_wrapped(reader, from, from + 1)) &&
	    read_program(reader, text, from))
		return;
	text = text_of(reader, from, to);
	if ((notice_address(text).len > 0 || is_notice(text) || notice_reply(text) != NULL) &&
	    read_notice(reader, text, from))
		return;
	read_lines(reader, from, to);
}

static void
read_all(struct pasted_reader *reader, struct slice text)
{
	take_lines(reader, text);
	text = text_of(reader, 0, reader->count);
	if (is_notice(text) && !is_log(reader, 0, reader->count) &&
	    (reader->shown || !html_is(text)) && read_notice(reader, text, 0))
		return;
	for (size_t i = 0, end; i < reader->count; i = end) {
		for (end = i; end < reader->count && slice_trim(reader->lines[end]).len > 0;)
			end++;
		if (end > i)
			read_paragraph(reader, i, end);
		end += end == i;
	}
}

struct pasted_counts
pasted_read(
    struct slice text, unsigned long line, struct arena *arena, refusal_take *take, void *arg)
{
	struct pasted_reader reader = {.arena = arena, .take = take, .arg = arg, .line = line};

	read_all(&reader, text);
	return reader.counts;
}
