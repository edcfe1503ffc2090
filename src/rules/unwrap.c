#include "rules/unwrap.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
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
digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
blank(char c)
{
	return (c >= '\t' && c <= '\r') || c == ' ';
}

/* A reply code [245]NN; 3NN never refuses. */
static int
code_at(const char *p, size_t len)
{
	if (len < 3 || (p[0] != '2' && p[0] != '4' && p[0] != '5') || !digit(p[1]) ||
	    !digit(p[2]) || (len > 3 && (digit(p[3]) || p[3] == '.')))
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
	for (start = i; i < len && digit(p[i]) && i - start < 3; i++)
		;
	if (i == start || i >= len || p[i] != '.')
		return 0;
	for (start = ++i; i < len && digit(p[i]) && i - start < 3; i++)
		;
	if (i == start ||
	    (i < len && (digit(p[i]) || (p[i] == '.' && i + 1 < len && digit(p[i + 1])))))
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

/* Lines that a log ran together: "… as a relay 553-you [192.0.2.1] …". The code with its hyphen
 * goes, if it is this reply's. */
static void
drop_inline_codes(char *text, size_t *len, int code)
{
	size_t to = 0;

	for (size_t from = 0; from < *len;) {
		if (from > 0 && text[from - 1] == ' ' && from + 4 < *len && text[from + 3] == '-' &&
		    code_at(text + from, *len - from) == code) {
			char enhanced[12] = "x"; /* not kept */
			int ignored = 0;
			bool doubled = false;

			from +=
			    step_over_codes(text + from, *len - from, &ignored, enhanced, &doubled);
			continue;
		}
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
		if (start + 2 >= out->len ||
		    (code == 503 &&
		        out->inner >
		            0)) /* "503 Need RCPT" only follows from what was quoted before */
			continue;
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

static void
find_carrier(struct unwrapped *out)
{
	if (find_words(out->whole + out->inner, out->len - out->inner, "rejected:") == NULL)
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

/* What a server heard when it tried our own sender address is no reason of its own: that the
 * address fails is. */
static void
keep_outer(struct unwrapped *out)
{
	static const char *const about_sender[] = {
	    "sender address rejected:", "sender address failed verification",
	    "sender address does not accept", "sender verify", "sender verification", "callout"};

	for (size_t i = 0; out->inner > 0 && i < sizeof about_sender / sizeof about_sender[0]; i++)
		if (find_words(out->whole, out->inner, about_sender[i]) != NULL) {
			out->inner = out->reason = 0;
			out->inner_code = 0;
			out->inner_enhanced[0] = '\0';
		}
}

static enum stage
find_stage(const char *text, size_t len)
{
	if (find_words(text, len, "in reply to ") == NULL &&
	    find_words(text, len, "after ") == NULL && find_words(text, len, "handshake") == NULL)
		return STAGE_NONE;
	for (size_t i = 0; i < sizeof stage_hints / sizeof stage_hints[0]; i++)
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

const char *
mark_dots(const char *text, size_t len, struct arena *arena)
{
	char *marked = arena_copy(arena, text, len);

	for (size_t i = 1; i + 1 < len; i++)
		if (text[i] == '.' && text[i - 1] != ' ' && text[i - 1] != '.' &&
		    text[i + 1] != ' ' && text[i + 1] != '.')
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
 * from a refusal before. */
static const char *
heard_on(const char *line, const char *stop)
{
	int code = stop - line > 4 && memcmp(line, "<<< ", 4) == 0
	               ? code_at(line + 4, (size_t)(stop - line) - 4)
	               : 0;

	return code >= 400 && code != 503 ? line + 4 : NULL;
}

static const char *
line_stop(const char *line, const char *end)
{
	const char *newline = memchr(line, '\n', (size_t)(end - line));

	return newline != NULL ? newline : end;
}

static bool
is_transcript(const char *text, const char *end)
{
	for (const char *stop; text < end; text = stop + 1) {
		stop = line_stop(text, end);
		if (heard_on(text, stop) != NULL)
			return true;
	}
	return false;
}

void
unwrap(const char *text, size_t len, struct arena *arena, struct unwrapped *out)
{
	const char *end = text + (len < UNWRAP_MAX ? len : UNWRAP_MAX);
	char *whole = arena_alloc(arena, (size_t)(end - text) + 2);
	bool doubled = false, transcript = is_transcript(text, end);

	*out = (struct unwrapped){.whole = whole};
	for (const char *line = text, *stop; line < end; line = stop + 1) {
		const char *said;
		char enhanced[12] = "";
		int code = 0;
		size_t start;

		stop = line_stop(line, end);
		said = transcript ? heard_on(line, stop) : line;
		if (said == NULL)
			continue;
		start = step_over_codes(said, (size_t)(stop - said), &code, enhanced, &doubled);
		if (code != 0)
			out->code = code;
		keep_enhanced(out->enhanced, enhanced, strlen(enhanced));
		if (out->len > 0)
			append(whole, &out->len, " ", 1);
		append(whole, &out->len, said + start, (size_t)(stop - said) - start);
	}
	while (out->len > 0 && whole[out->len - 1] == ' ')
		out->len--;
	whole[out->len] = '\0';
	if (out->code != 0)
		drop_inline_codes(whole, &out->len, out->code);
	drop_log_fields(whole, &out->len);
	out->note = note_on(out, doubled);
	find_inner(out);
	keep_outer(out);
	find_carrier(out);
	out->stage = find_stage(whole, out->len);
	out->marked = mark_dots(whole, out->len, arena);
	out->bare = hide_mailboxes(out->marked, out->len, arena);
}

const char *
carrier_name(enum carrier carrier)
{
	return carriers[carrier];
}
