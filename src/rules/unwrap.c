#include "rules/unwrap.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/slice.h"
#include "rules/pattern.h"

static const char *const carriers[CARRIER_COUNT] = {
    [CARRIER_CLIENT] = "client",
    [CARRIER_HELO] = "helo",
    [CARRIER_SENDER] = "sender",
    [CARRIER_RECIPIENT] = "recipient",
    [CARRIER_OTHER] = "other",
};

/* What Postfix and those who copy it put before a reason that is somebody else's. */
static const struct {
	const char *phrase;
	enum carrier carrier;
} phrases[] = {
    {"recipient address rejected:", CARRIER_RECIPIENT},
    {"recipient rejected:", CARRIER_RECIPIENT},
    {"sender address rejected:", CARRIER_SENDER},
    {"sender rejected:", CARRIER_SENDER},
    {"client host rejected:", CARRIER_CLIENT},
    {"unverified client host rejected:", CARRIER_CLIENT},
    {"client rejected:", CARRIER_CLIENT},
    {"helo command rejected:", CARRIER_HELO},
    {"ehlo command rejected:", CARRIER_HELO},
    {"data command rejected:", CARRIER_OTHER},
    {"end-of-data rejected:", CARRIER_OTHER},
    {"etrn command rejected:", CARRIER_OTHER},
};

static const struct {
	const char *words;
	enum stage stage;
} stage_hints[] = {
    {"in reply to rcpt to", STAGE_RCPT},
    {"in reply to mail from", STAGE_MAIL},
    {"in reply to end of data", STAGE_MESSAGE},
    {"in reply to data", STAGE_DATA},
    {"in reply to helo", STAGE_HELO},
    {"in reply to ehlo", STAGE_EHLO},
    {"after rcpt to:", STAGE_RCPT},
    {"after mail from:", STAGE_MAIL},
    {"after end of data", STAGE_MESSAGE},
    {"after pipelined end of data", STAGE_MESSAGE},
    {"after initial connection", STAGE_GREETING},
    {"in reply to initial connection", STAGE_GREETING},
    {"while performing the ehlo handshake", STAGE_EHLO},
};

static bool
blank(char c)
{
	return (c >= '\t' && c <= '\r') || c == ' ';
}

/* A reply code [245]NN; 3NN never refuses. */
static int
code_at(const char *p, size_t len)
{
	if (len < 3 || (p[0] != '2' && p[0] != '4' && p[0] != '5') || !is_digit(p[1]) ||
	    !is_digit(p[2]) || (len > 3 && (is_digit(p[3]) || p[3] == '.')))
		return 0;
	return (p[0] - '0') * 100 + (p[1] - '0') * 10 + (p[2] - '0');
}

/* Length of an enhanced code (RFC 3463 section 2) at `p`, 0 if there is none. */
static size_t
enhanced_at(const char *p, size_t len)
{
	size_t i = 2, start;

	if (len < 5 || (p[0] != '2' && p[0] != '4' && p[0] != '5' && p[0] != '7') ||
	    p[1] != '.') /* 7.7.1: a slip that Google documents */
		return 0;
	for (start = i; i < len && is_digit(p[i]) && i - start < 3; i++)
		;
	if (i == start || i >= len || p[i] != '.')
		return 0;
	for (start = ++i; i < len && is_digit(p[i]) && i - start < 3; i++)
		;
	if (i == start ||
	    (i < len && (is_digit(p[i]) || (p[i] == '.' && i + 1 < len && is_digit(p[i + 1])))))
		return 0;
	return i;
}

static void
keep_enhanced(char enhanced[12], const char *p, size_t len)
{
	if (enhanced[0] != '\0' || len >= 12)
		return;
	memcpy(enhanced, p, len);
	enhanced[len] = '\0';
}

/* Steps over codes at the start of a line, "554 5.7.1 ", "554-5.7.1 554 5.7.1 ", "#5.7.1 ", and
 * keeps the first of each. */
static size_t
step_over_codes(const char *p, size_t len, int *code, char enhanced[12], bool *doubled)
{
	size_t i = 0;

	for (;;) {
		size_t start = i, n;
		int found;

		while (i < len && (blank(p[i]) || p[i] == '"'))
			i++;
		found = code_at(p + i, len - i);
		if (found != 0 &&
		    (i + 3 == len || p[i + 3] == ' ' || p[i + 3] == '-' || p[i + 3] == '\t')) {
			if (*code == 0 || start == 0)
				*code = found;
			i += i + 3 == len ? 3 : 4;
			continue;
		}
		while (i < len && (p[i] == '#' || p[i] == '('))
			i++;
		n = enhanced_at(p + i, len - i);
		if (n > 0 &&
		    (i + n == len || blank(p[i + n]) || strchr("):-;,", p[i + n]) != NULL)) {
			*doubled |= enhanced[0] != '\0' && start > 0;
			keep_enhanced(enhanced, p + i, n);
			for (i += n; i < len && strchr("):;,", p[i]) != NULL; i++)
				;
			continue;
		}
		for (i = start; i < len && blank(p[i]); i++)
			;
		return i;
	}
}

static void
append(char *out, size_t *at, const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = p[i];

		if (blank(c) || (unsigned char)c < ' ' || c == 0x7f)
			c = ' ';
		if (c == ' ' && (*at == 0 || out[*at - 1] == ' '))
			continue;
		out[(*at)++] = c;
	}
}

/* Where in a text behind which mark the quoted reply of another server begins: "host x said: 550
 * …". */
static bool
is_quoted(const char *text, size_t at)
{
	while (at > 0 && strchr(" \"'<[", text[at - 1]) != NULL)
		at--;
	return at > 0 && strchr(":>(", text[at - 1]) != NULL;
}

/* Lines that a log ran together: "550-5.7.1 as a relay 550-5.7.1 you … 550 5.7.1 see …". A code
 * with a hyphen says that more lines come: those of the same code are taken for their beginnings,
 * up to the first with a blank. `open`: the code of a line that was begun so, 0: none. */
static void
drop_inline_codes(char *text, size_t *len, int open)
{
	size_t to = 0;

	for (size_t from = 0; from < *len;) {
		bool at_word = (text[from] == '4' || text[from] == '5') &&
		               (from == 0 || strchr(" (\"'", text[from - 1]) != NULL);
		int code = at_word && from + 4 < *len && strchr("- ", text[from + 3]) != NULL
		               ? code_at(text + from, *len - from)
		               : 0;
		bool more = code != 0 && text[from + 3] == '-';

		if (code >= 400 && to > 0 && code == open && (more || !is_quoted(text, from))) {
			char enhanced[12] = "x"; /* not kept */
			int ignored = 0;
			bool doubled = false;

			from +=
			    step_over_codes(text + from, *len - from, &ignored, enhanced, &doubled);
			open = more ? code : 0;
			continue;
		}
		if (more && code >= 400 && is_quoted(text, from))
			open = code;
		text[to++] = text[from++];
	}
	*len = to;
	text[to] = '\0';
}

/* "; from=<…> to=<…> proto=ESMTP helo=<…>": what Postfix logs behind a reply of its own is no part
 * of it. */
static void
drop_log_fields(char *text, size_t *len)
{
	char *tail = strstr(text, "; from=<");

	if (tail == NULL || strstr(tail, " proto=") == NULL)
		tail = strstr(text, " (in reply to ");
	if (tail == NULL)
		return;
	*tail = '\0';
	*len = (size_t)(tail - text);
}

/* A quoted reply begins with a code behind a mark (": 550 ", "-> 550", "(550 ", "said: 550-") or
 * with this reply's own code again. */
static bool
quotes_at(const char *text, size_t at, size_t len, int outer)
{
	int code = code_at(text + at, len - at);
	size_t mark = at;

	if (code < 400 || at < 2 || at + 5 >= len || (text[at + 3] != ' ' && text[at + 3] != '-'))
		return false;
	while (mark > 0 && strchr(" \"'<[", text[mark - 1]) != NULL)
		mark--;
	if (mark == at && text[at - 1] != '(' && text[at - 1] != ':')
		return false;
	if (mark == 0)
		return false;
	if (strchr(":>(", text[mark - 1]) != NULL)
		return true;
	if (code == outer && (text[mark - 1] == '-' || text[mark - 1] == ',' ||
	                         text[mark - 1] == '.' || text[mark - 1] == ';'))
		return true;
	if (enhanced_at(text + at + 4, len - at - 4) > 0)
		return true;
	return mark >= 8 && (strncasecmp(text + mark - 8, "returned", 8) == 0 ||
	                        strncasecmp(text + mark - 4, "said", 4) == 0 ||
	                        strncasecmp(text + mark - 2, "qq", 2) == 0);
}

static void
find_inner(struct unwrapped *out)
{
	const char *text = out->whole;

	for (size_t i = 1; i + 5 < out->len; i++) {
		bool doubled = false;
		size_t start;
		int code = 0;
		char enhanced[12] = "";

		if ((text[i] != '4' && text[i] != '5') || !quotes_at(text, i, out->len, out->code))
			continue;
		start = i + step_over_codes(text + i, out->len - i, &code, enhanced, &doubled);
		if (start + 2 >= out->len)
			break; /* nothing behind it */
		if (code == 503 && out->inner > 0)
			continue; /* "503 Need RCPT" only follows from what was quoted before */
		out->inner = start;
		out->inner_code = code;
		memcpy(out->inner_enhanced, enhanced, sizeof enhanced);
		i = start;
	}
	out->reason = out->inner;
}

static const char *
find_words(const char *text, size_t len, const char *words)
{
	size_t n = strlen(words);

	for (size_t i = 0; i + n <= len; i++)
		if ((text[i] | 0x20) == words[0] && strncasecmp(text + i, words, n) == 0)
			return text + i;
	return NULL;
}

/* "rejected:", by its colon: most texts have no carrier. */
static bool
has_rejected(struct slice text)
{
	for (const char *at = text.at, *end = text.at + text.len;
	     (at = memchr(at, ':', (size_t)(end - at))) != NULL; at++)
		if (at - text.at >= 8 && strncasecmp(at - 8, "rejected", 8) == 0)
			return true;
	return false;
}

static void
find_carrier(struct unwrapped *out)
{
	if (!has_rejected(slice_from((struct slice){out->whole, out->len}, out->inner)))
		return;
	for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++) {
		size_t n = strlen(phrases[i].phrase), at;
		const char *found =
		    find_words(out->whole + out->inner, out->len - out->inner, phrases[i].phrase);
		char enhanced[12] = "";
		bool doubled = false;
		int code = 0;

		if (found == NULL)
			continue;
		at = (size_t)(found - out->whole) + n;
		at += step_over_codes(out->whole + at, out->len - at, &code, enhanced, &doubled);
		if (out->carrier != CARRIER_NONE && at >= out->reason)
			continue;
		out->carrier = phrases[i].carrier;
		out->reason = at;
	}
}

/* What our own sender address was asked about elsewhere is no report: the reply is about that. */
static bool
is_about_sender(struct slice text)
{
	static const char *const words[] = {"sender address rejected:",
	    "sender address failed verification", "sender address does not accept", "sender verify",
	    "sender verification", "callout", "callback"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (slice_find(text, words[i]) != NULL)
			return true;
	return false;
}

/* What a server heard when it tried our own sender address is no reason of its own: that the
 * address fails is. */
static void
keep_outer(struct unwrapped *out)
{
	if (out->inner == 0 || !is_about_sender((struct slice){out->whole, out->len}))
		return;
	out->inner = out->reason = 0;
	out->inner_code = 0;
	out->inner_enhanced[0] = '\0';
}

static enum stage
find_stage(const char *text, size_t len)
{
	bool hinted = false;

	for (size_t i = 0; i + 6 <= len && !hinted; i++) { /* one look for what most texts lack */
		char c = text[i] | 0x20;

		hinted =
		    (c == 'a' && strncasecmp(text + i, "after ", 6) == 0) ||
		    (c == 'i' && len - i >= 12 && strncasecmp(text + i, "in reply to ", 12) == 0) ||
		    (c == 'h' && len - i >= 9 && strncasecmp(text + i, "handshake", 9) == 0);
	}
	for (size_t i = 0; i < sizeof stage_hints / sizeof stage_hints[0] && hinted; i++)
		if (find_words(text, len, stage_hints[i].words) != NULL)
			return stage_hints[i].stage;
	return STAGE_NONE;
}

static const char *
note_on(const struct unwrapped *out, bool doubled)
{
	if (out->enhanced[0] == '\0')
		return "missing";
	if (out->code != 0 && out->enhanced[0] - '0' != out->code / 100)
		return "its class contradicts the code";
	return doubled ? "doubled" : NULL;
}

/* "error.Mailbox is full": the blank behind a full stop was forgotten. */
static bool
begins_sentence(const char *text, size_t at, size_t len)
{
	return at + 3 < len && text[at - 1] >= 'a' && text[at - 1] <= 'z' && text[at + 1] >= 'A' &&
	       text[at + 1] <= 'Z' && text[at + 2] >= 'a' && text[at + 2] <= 'z';
}

const char *
mark_dots(const char *text, size_t len, struct arena *arena)
{
	char *marked = arena_copy(arena, text, len);

	for (size_t i = 1; i + 1 < len; i++)
		if (text[i] == '.' && text[i - 1] != ' ' && text[i - 1] != '.' &&
		    memchr(" .,;:!?)]}>\"'|", text[i + 1], 14) == NULL &&
		    !begins_sentence(text, i, len))
			marked[i] = PATTERN_DOT;
	return marked;
}

static bool
in_address(char c)
{
	return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c >= '0' && c <= '9') ||
	       c == PATTERN_DOT || c == '_' || c == '+' || c == '-' || c == '=';
}

/* "spam@black.example" becomes "xxxx@xxxxx.xxxxxxx": what a mailbox is called says nothing about
 * the reason. */
static const char *
hide_mailboxes(const char *marked, size_t len, struct arena *arena)
{
	char *bare = NULL;

	for (const char *at = memchr(marked, '@', len); at != NULL;
	     at = memchr(at + 1, '@', len - (size_t)(at + 1 - marked))) {
		size_t first = (size_t)(at - marked), last = first + 1;

		while (first > 0 && in_address(marked[first - 1]))
			first--;
		while (last < len && in_address(marked[last]))
			last++;
		if (marked + first == at || marked + last == at + 1)
			continue;
		if (bare == NULL)
			bare = arena_copy(arena, marked, len);
		for (size_t i = first; i < last; i++)
			if ((bare[i] | 0x20) >= 'a' && (bare[i] | 0x20) <= 'z')
				bare[i] = 'x';
	}
	return bare != NULL ? bare : marked;
}

/* In Sendmail's transcripts a server's refusal stands behind "<<< ", what it was told behind ">>>
 * ", and Sendmail's own words at the margin. That a command came out of turn (503) only follows
 * from a refusal before, where there is one. */
enum transcript_kind { NO_TRANSCRIPT, OF_REFUSALS, OF_SEQUENCE };

static const char *
heard_on(const char *line, const char *stop, enum transcript_kind kind)
{
	int code = stop - line > 4 && memcmp(line, "<<< ", 4) == 0
	               ? code_at(line + 4, (size_t)(stop - line) - 4)
	               : 0;

	return code >= 400 && (code != 503 || kind == OF_SEQUENCE) ? line + 4 : NULL;
}

static const char *
line_stop(const char *line, const char *end)
{
	const char *newline = memchr(line, '\n', (size_t)(end - line));

	return newline != NULL ? newline : end;
}

static enum transcript_kind
transcript_of(struct slice text)
{
	enum transcript_kind kind = NO_TRANSCRIPT;
	struct slice line;

	while (slice_line(&text, &line) && kind != OF_REFUSALS)
		if (heard_on(line.at, line.at + line.len, OF_REFUSALS) != NULL)
			kind = OF_REFUSALS;
		else if (heard_on(line.at, line.at + line.len, OF_SEQUENCE) != NULL)
			kind = OF_SEQUENCE;
	return kind;
}

/* ---- what other systems put around a reply */

/* A system that reports what it was told says so in words of its own, and the reply follows. */
static const char *const reports[] = {" said:", "remote host said",
    "this error:", "remote server was:", "server returned was:", "server returned:", "returned '",
    "returned \"", "responded:", "responded with", "stat=\"",
    "diagnostic-code:", "smtp error from remote", "remote server returned", "smtp;", "status: "};

/* "OFR_999", "LPN007_510". */
static bool
is_in_tag(struct slice text, size_t at)
{
	size_t start = at;

	while (start > 0 && (is_digit(text.at[start - 1]) ||
	                        (text.at[start - 1] >= 'A' && text.at[start - 1] <= 'Z')))
		start--;
	return at - start >= 2 && at - start <= 8 && !is_digit(text.at[start]) &&
	       at + 1 < text.len && is_digit(text.at[at + 1]);
}

/* qmail's log has no blank in it: "…/Remote_host_said:_550_No_such_user/Giving_up_on_…". */
static struct slice
undo_underscores(struct slice text, struct arena *arena)
{
	size_t marks = 0;
	char *copy;

	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == ' ')
			return text;
		marks += text.at[i] == '_';
	}
	if (marks < 2 &&
	    (marks == 0 || text.len < 4 || code_at(text.at, 3) < 400 || text.at[3] != '_'))
		return text;
	copy = arena_copy(arena, text.at, text.len);
	for (size_t i = 0; i < text.len; i++) {
		if (copy[i] == '_' && !is_in_tag(text, i))
			copy[i] = ' ';
		else if (copy[i] == '/' && i + 4 < text.len &&
		         code_at(copy + i + 1, text.len - i - 1) >= 400)
			copy[i] = '\n';
	}
	return (struct slice){copy, text.len};
}

static size_t
first_code(struct slice text)
{
	for (size_t i = 0; i + 4 < text.len; i++)
		if ((i == 0 || strchr(" \n:'\"(<", text.at[i - 1]) != NULL) &&
		    code_at(text.at + i, text.len - i) >= 400 &&
		    (text.at[i + 3] == ' ' || text.at[i + 3] == '-'))
			return i;
	return text.len;
}

static bool
begins_with_code(struct slice text)
{
	size_t at = slice_span(text, " \t\r\n\"'");

	return code_at(text.at + at, text.len - at) != 0;
}

/* The end of the reply, where the reporting system goes on in its own words. */
static size_t
reply_end(struct slice text)
{
	static const char *const behind[] = {"\nGiving up on ", "/Giving up on "};

	for (size_t i = 0; i < sizeof behind / sizeof *behind; i++) {
		const char *at = slice_find(text, behind[i]);

		if (at != NULL)
			return (size_t)(at - text.at);
	}
	return text.len;
}

static bool
is_quote(char c)
{
	return c == '"' || c == '\'';
}

/* The reply that the text reports; all of it where it reports none. */
static struct slice
find_report(struct slice text)
{
	struct slice report = {NULL, 0};

	if (begins_with_code(text))
		return text;
	for (size_t i = 0; i < sizeof reports / sizeof *reports; i++) {
		const char *at = slice_find(text, reports[i]);
		size_t start, code;

		if (at == NULL)
			continue;
		start = (size_t)(at - text.at);
		code = start + first_code(slice_from(text, start));
		if (code < text.len && (report.at == NULL || text.at + code < report.at))
			report = slice_from(text, code);
	}
	if (report.at == NULL ||
	    is_about_sender((struct slice){text.at, (size_t)(report.at - text.at)}))
		return text;
	report.len = reply_end(report);
	if (report.len > 0 && is_quote(report.at[-1]) && report.at[-1] == report.at[report.len - 1])
		report.len--;
	return report;
}

/* A report is folded as its system likes: a line that begins with blanks goes on. */
static struct slice
unfold(struct slice text, struct arena *arena)
{
	size_t len = 0;
	char *copy;

	if (begins_with_code(text) || memchr(text.at, '\n', text.len) == NULL)
		return text;
	copy = arena_copy(arena, text.at, text.len);
	for (size_t i = 0; i < text.len; i++) {
		bool folded = text.at[i] == '\n' && i + 1 < text.len && is_blank(text.at[i + 1]);

		copy[len++] = folded ? ' ' : text.at[i];
		while (folded && i + 1 < text.len && is_blank(text.at[i + 1]))
			i++;
	}
	return (struct slice){copy, len};
}

/* ---- all of it */

/* A line that is folded begins with a blank; a code there is the reply's own again, or no line
 * code at all. */
static bool
has_line_code(struct slice line, int code)
{
	return code == 0 || (line.len > 0 && !is_blank(line.at[0])) ||
	       code_at(line.at + slice_span(line, " \t"), line.len - slice_span(line, " \t")) ==
	           code;
}

static void
join_lines(struct slice text, char *whole, struct unwrapped *out, bool *doubled)
{
	const char *end = text.at + text.len;
	enum transcript_kind kind = transcript_of(text);
	int open = 0;

	for (const char *line = text.at, *stop; line < end; line = stop + 1) {
		const char *said;
		char enhanced[12] = "";
		int code = 0;
		size_t start = 0;

		stop = line_stop(line, end);
		said = kind != NO_TRANSCRIPT ? heard_on(line, stop, kind) : line;
		if (said == NULL)
			continue;
		if (has_line_code((struct slice){said, (size_t)(stop - said)}, out->code))
			start =
			    step_over_codes(said, (size_t)(stop - said), &code, enhanced, doubled);
		if (code != 0) {
			size_t blanks = slice_span((struct slice){said, start}, " \t\"'");

			out->code = code;
			if (said + blanks + 3 < stop && said[blanks + 3] == '-')
				open = code;
		}
		keep_enhanced(out->enhanced, enhanced, strlen(enhanced));
		if (out->len > 0)
			append(whole, &out->len, " ", 1);
		append(whole, &out->len, said + start, (size_t)(stop - said) - start);
	}
	while (out->len > 0 && whole[out->len - 1] == ' ')
		out->len--;
	whole[out->len] = '\0';
	drop_inline_codes(whole, &out->len, open);
}

void
unwrap(const char *text, size_t len, struct arena *arena, struct unwrapped *out)
{
	struct slice all = {text, len < UNWRAP_MAX ? len : UNWRAP_MAX}, reply;
	char *whole;
	bool doubled = false;

	all = undo_underscores(all, arena);
	reply = transcript_of(all) != NO_TRANSCRIPT ? all : find_report(unfold(all, arena));
	whole = arena_alloc(arena, reply.len + 2);
	*out = (struct unwrapped){.whole = whole};
	join_lines(reply, whole, out, &doubled);
	drop_log_fields(whole, &out->len);
	out->note = note_on(out, doubled);
	find_inner(out);
	keep_outer(out);
	find_carrier(out);
	out->stage = find_stage(all.at, all.len);
	out->marked = mark_dots(whole, out->len, arena);
	out->bare = hide_mailboxes(out->marked, out->len, arena);
}

const char *
carrier_name(enum carrier carrier)
{
	return carriers[carrier];
}
