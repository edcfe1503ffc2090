/* Replies and EHLO: what a peer may send, whole and in pieces, up to the limits and one past them.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "smtp/ehlo.h"
#include "smtp/reply.h"

static struct arena *arena;
static struct reply_reader *reader;

static void
setup(void)
{
	arena = arena_new();
	reader = reply_reader_new(arena);
}

static void
teardown(void)
{
	arena_free(arena);
}

TestSuite(reply, .init = setup, .fini = teardown);
TestSuite(ehlo, .init = setup, .fini = teardown);

/* ---- meaning */

#define BYTES(s) s, sizeof(s) - 1

static const struct {
	const char *name, *bytes;
	size_t len;
	enum reply_state state;
	size_t left; /* bytes not taken */
	int code;
	const char *enhanced, *text;
	size_t count;
	unsigned flags;
} cases[] = {
    {"greeting", BYTES("220 mx.example.org ESMTP\r\n"), REPLY_DONE, 0, 220, "",
        "mx.example.org ESMTP", 1, 0},
    {"no text", BYTES("250 \r\n"), REPLY_DONE, 0, 250, "", "", 1, 0},
    {"no space", BYTES("250\r\n"), REPLY_DONE, 0, 250, "", "", 1, 0},
    {"two lines", BYTES("554-go\r\n554 away\r\n"), REPLY_DONE, 0, 554, "", "go\naway", 2, 0},
    {"a hyphen and no text", BYTES("554-\r\n554\r\n"), REPLY_DONE, 0, 554, "", "\n", 2, 0},
    {"enhanced", BYTES("550 5.7.1 no\r\n"), REPLY_DONE, 0, 550, "5.7.1", "5.7.1 no", 1, 0},
    {"enhanced on the first line only", BYTES("550-5.7.25 no\r\n550-PTR\r\n550 bye\r\n"),
        REPLY_DONE, 0, 550, "5.7.25", "5.7.25 no\nPTR\nbye", 3, 0},
    {"enhanced: the first that has one", BYTES("550-a\r\n550-5.1.1 b\r\n550-5.2.2 c\r\n550 d\r\n"),
        REPLY_DONE, 0, 550, "5.1.1", "a\n5.1.1 b\n5.2.2 c\nd", 4, 0},
    {"enhanced: the last line before others",
        BYTES("550-5.1.1 a\r\n550-5.1.2 a\r\n550 5.1.3 b\r\n"), REPLY_DONE, 0, 550, "5.1.3",
        "5.1.1 a\n5.1.2 a\n5.1.3 b", 3, 0},
    {"enhanced class unlike the code", BYTES("421 5.7.32 no\r\n"), REPLY_DONE, 0, 421, "5.7.32",
        "5.7.32 no", 1, 0},
    {"codes that change", BYTES("250-a\r\n550 b\r\n"), REPLY_DONE, 0, 550, "", "a\nb", 2,
        REPLY_MIXED_CODES},
    {"codes that change and come back", BYTES("550-a\r\n554-a\r\n550 b\r\n"), REPLY_DONE, 0, 550,
        "", "a\na\nb", 3, REPLY_MIXED_CODES},
    {"bare LF", BYTES("220 a\n"), REPLY_DONE, 0, 220, "", "a", 1, REPLY_BARE_LF},
    {"one bare LF of two", BYTES("220-a\n220 b\r\n"), REPLY_DONE, 0, 220, "", "a\nb", 2,
        REPLY_BARE_LF},
    {"a CR inside", BYTES("220 a\rb\r\n"), REPLY_DONE, 0, 220, "", "a\rb", 1, REPLY_NUL},
    {"two CRs", BYTES("220 a\r\r\n"), REPLY_DONE, 0, 220, "", "a\r", 1, REPLY_NUL},
    {"NULs", BYTES("220 a\0b\0\r\n"), REPLY_DONE, 0, 220, "", "a b ", 1, REPLY_NUL},
    {"escape", BYTES("220 \033[2Jx\r\n"), REPLY_DONE, 0, 220, "", "\033[2Jx", 1, REPLY_NUL},
    {"DEL", BYTES("220 \177\r\n"), REPLY_DONE, 0, 220, "", "\177", 1, REPLY_NUL},
    {"8-bit and tab are no control bytes", BYTES("220 \xe9\t\xc3\xa9\r\n"), REPLY_DONE, 0, 220, "",
        "\xe9\t\xc3\xa9", 1, 0},
    {"no separator", BYTES("250text\r\n"), REPLY_DONE, 0, 250, "", "text", 1, REPLY_NO_SPACE},
    {"a tab for separator", BYTES("250\tok\r\n"), REPLY_DONE, 0, 250, "", "\tok", 1,
        REPLY_NO_SPACE},
    {"four digits", BYTES("2500 ok\r\n"), REPLY_DONE, 0, 250, "", "0 ok", 1, REPLY_NO_SPACE},
    {"code 200", BYTES("200 x\r\n"), REPLY_DONE, 0, 200, "", "x", 1, 0},
    {"code 599", BYTES("599 x\r\n"), REPLY_DONE, 0, 599, "", "x", 1, 0},
    {"what is behind stays", BYTES("220 a\r\n250 b\r\n"), REPLY_DONE, 7, 220, "", "a", 1, 0},
    {"what is behind a bare LF stays", BYTES("220 a\n\r\n"), REPLY_DONE, 2, 220, "", "a", 1,
        REPLY_BARE_LF},

    {"code 199", BYTES("199 x\r\n"), REPLY_NOT_SMTP, 0, 0, "", "199 x", 1, REPLY_UNFINISHED},
    {"code 600", BYTES("600 x\r\n"), REPLY_NOT_SMTP, 0, 0, "", "600 x", 1, REPLY_UNFINISHED},
    {"code 25", BYTES("25 x\r\n"), REPLY_NOT_SMTP, 0, 0, "", "25 x", 1, REPLY_UNFINISHED},
    {"code 2x0", BYTES("2x0 x\r\n"), REPLY_NOT_SMTP, 0, 0, "", "2x0 x", 1, REPLY_UNFINISHED},
    {"a space first", BYTES(" 220 x\r\n"), REPLY_NOT_SMTP, 0, 0, "", " 220 x", 1, REPLY_UNFINISHED},
    {"an empty line", BYTES("\r\n220 x\r\n"), REPLY_NOT_SMTP, 7, 0, "", "", 1, REPLY_UNFINISHED},
    {"another protocol", BYTES("SSH-2.0-OpenSSH_9.2\r\n"), REPLY_NOT_SMTP, 0, 0, "",
        "SSH-2.0-OpenSSH_9.2", 1, REPLY_UNFINISHED},
    {"words between", BYTES("554-a\r\nwords\r\n554 b\r\n"), REPLY_NOT_SMTP, 7, 554, "", "a\nwords",
        2, REPLY_UNFINISHED},
    {"no enhanced code from a line that is no reply", BYTES("554-a\r\n5.7.1 words\r\n"),
        REPLY_NOT_SMTP, 0, 554, "", "a\n5.7.1 words", 2, REPLY_UNFINISHED},

    {"nothing", BYTES(""), REPLY_MORE, 0, 0, "", "", 0, REPLY_UNFINISHED},
    {"half a code", BYTES("55"), REPLY_MORE, 0, 0, "", "55", 1, REPLY_UNFINISHED},
    {"lost before the line end", BYTES("554 5.7.1 no"), REPLY_MORE, 0, 0, "", "5.7.1 no", 1,
        REPLY_UNFINISHED},
    {"lost between CR and LF", BYTES("554 no\r"), REPLY_MORE, 0, 0, "", "no", 1, REPLY_UNFINISHED},
    {"lost behind a continuation", BYTES("554-5.7.1 no\r\n"), REPLY_MORE, 0, 554, "5.7.1",
        "5.7.1 no", 1, REPLY_UNFINISHED},
    {"lost in the second line", BYTES("554-5.7.1 no\r\n550 5.1."), REPLY_MORE, 0, 554, "5.7.1",
        "5.7.1 no\n5.1.", 2, REPLY_UNFINISHED},
    {"lost with only a CR", BYTES("554-a\r\n\r"), REPLY_MORE, 0, 554, "", "a", 1, REPLY_UNFINISHED},
};

/* Feeds `step` bytes at a time; gives the state, and how many were taken. */
static enum reply_state
feed(const char *bytes, size_t len, size_t step, size_t *taken)
{
	enum reply_state state = REPLY_MORE;
	size_t n;

	*taken = 0;
	do {
		state = reply_feed(
		    reader, bytes + *taken, len - *taken < step ? len - *taken : step, &n);
		*taken += n;
	} while (state == REPLY_MORE && *taken < len);
	return state;
}

Test(reply, reads_what_servers_send_in_pieces_of_any_size)
{
	static const size_t steps[] = {1, 2, 3, 5, 1000};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
			char *exact =
			    malloc(cases[i].len + 1); /* so that a sanitizer sees a byte too far */
			struct reply reply;
			size_t taken;

			memcpy(exact, cases[i].bytes, cases[i].len);
			cr_expect_eq(feed(exact, cases[i].len, steps[k], &taken), cases[i].state,
			    "%s: state", cases[i].name);
			cr_expect_eq(cases[i].len - taken, cases[i].left, "%s: %zu left",
			    cases[i].name, cases[i].len - taken);
			reply = reply_take(reader);
			free(exact);
			cr_expect_eq(
			    reply.code, cases[i].code, "%s: code %d", cases[i].name, reply.code);
			cr_expect_str_eq(reply.enhanced, cases[i].enhanced, "%s: enhanced %s",
			    cases[i].name, reply.enhanced);
			cr_expect_str_eq(reply.text, cases[i].text, "%s: text \"%s\"",
			    cases[i].name, reply.text);
			cr_expect_eq(reply.count, cases[i].count, "%s: %zu lines", cases[i].name,
			    reply.count);
			cr_expect_eq(reply.flags, cases[i].flags, "%s: flags %u", cases[i].name,
			    reply.flags);
			cr_expect_eq(reply_pending(reader), 0, "%s: the reader is empty again",
			    cases[i].name);
		}
}

Test(reply, keeps_raw_lines)
{
	size_t taken;
	struct reply reply;

	feed(BYTES("250-a\0b\r\n250 \tc\r\n"), 1, &taken);
	reply = reply_take(reader);
	cr_assert_eq(reply.count, 2);
	cr_expect_eq(reply.lines[0].len, 7);
	cr_expect_eq(
	    memcmp(reply.lines[0].bytes, "250-a\0b", 8), 0, "with its NUL, and one behind");
	cr_expect_eq(reply.lines[1].len, 6);
	cr_expect_str_eq(reply.lines[1].bytes, "250 \tc");
}

Test(reply, one_after_the_other)
{
	static const char bytes[] = "220 a\r\n250-b\r\n250 c\r\n354 d\r\n";
	static const int codes[] = {220, 250, 354};
	size_t at = 0, taken;

	for (int i = 0; i < 3; i++) {
		cr_assert_eq(
		    reply_feed(reader, bytes + at, sizeof bytes - 1 - at, &taken), REPLY_DONE);
		at += taken;
		cr_expect_eq(reply_pending(reader), 0);
		cr_expect_eq(
		    reply_feed(reader, "x", 1, &taken), REPLY_DONE, "stays until it is taken");
		cr_expect_eq(taken, 0);
		cr_expect_eq(reply_take(reader).code, codes[i]);
	}
	cr_expect_eq(at, sizeof bytes - 1);
}

Test(reply, a_reply_taken_outlives_the_next)
{
	struct reply first;
	size_t taken;

	reply_feed(reader, BYTES("220 first\r\n"), &taken);
	first = reply_take(reader);
	reply_feed(reader, BYTES("250 other\r\n"), &taken);
	reply_take(reader);
	cr_expect_str_eq(first.lines[0].bytes, "220 first");
	cr_expect_str_eq(first.text, "first");
}

Test(reply, says_what_is_pending)
{
	size_t taken;

	cr_expect_eq(reply_pending(reader), 0);
	reply_feed(reader, BYTES("250-a\r\n25"), &taken);
	cr_expect_eq(reply_pending(reader), 9);
	reply_feed(reader, BYTES("0 b\r\n"), &taken);
	cr_expect_eq(reply_pending(reader), 0);
}

/* ---- limits */

/* A reply of one line of `len` octets, then `end`. */
static enum reply_state
feed_line(size_t len, const char *end, size_t step, size_t *taken)
{
	size_t all = len + strlen(end);
	char *bytes = malloc(all + 1);
	enum reply_state state;

	memset(bytes, 'x', len);
	memcpy(bytes, "250 ", 4);
	memcpy(bytes + len, end, strlen(end) + 1);
	state = feed(bytes, all, step, taken);
	free(bytes);
	return state;
}

Test(reply, limit_of_a_line)
{
	static const struct {
		size_t len;
		const char *end;
		enum reply_state state;
		size_t taken, kept;
		unsigned flags;
	} lines[] = {
	    {509, "\r\n", REPLY_DONE, 511, 509, 0},
	    {510, "\r\n", REPLY_DONE, 512, 510, 0},
	    {511, "\r\n", REPLY_DONE, 513, 511, REPLY_LONG_LINE},
	    {REPLY_LINE_MAX - 1, "\r\n", REPLY_DONE, REPLY_LINE_MAX + 1, REPLY_LINE_MAX - 1,
	        REPLY_LONG_LINE},
	    {REPLY_LINE_MAX, "\r\n", REPLY_DONE, REPLY_LINE_MAX + 2, REPLY_LINE_MAX,
	        REPLY_LONG_LINE},
	    {REPLY_LINE_MAX, "\n", REPLY_DONE, REPLY_LINE_MAX + 1, REPLY_LINE_MAX,
	        REPLY_LONG_LINE | REPLY_BARE_LF},
	    {REPLY_LINE_MAX, "", REPLY_MORE, REPLY_LINE_MAX, REPLY_LINE_MAX,
	        REPLY_LONG_LINE | REPLY_UNFINISHED},
	    {REPLY_LINE_MAX, "\r", REPLY_MORE, REPLY_LINE_MAX + 1, REPLY_LINE_MAX,
	        REPLY_LONG_LINE | REPLY_UNFINISHED},
	    {REPLY_LINE_MAX, "\rx", REPLY_LINE_TOO_LONG, REPLY_LINE_MAX + 1, REPLY_LINE_MAX,
	        REPLY_LONG_LINE | REPLY_UNFINISHED},
	    {REPLY_LINE_MAX, "\r\r\n", REPLY_LINE_TOO_LONG, REPLY_LINE_MAX + 1, REPLY_LINE_MAX,
	        REPLY_LONG_LINE | REPLY_UNFINISHED},
	    {REPLY_LINE_MAX + 1, "\r\n", REPLY_LINE_TOO_LONG, REPLY_LINE_MAX, REPLY_LINE_MAX,
	        REPLY_LONG_LINE | REPLY_UNFINISHED},
	    {REPLY_LINE_MAX * 3, "", REPLY_LINE_TOO_LONG, REPLY_LINE_MAX, REPLY_LINE_MAX,
	        REPLY_LONG_LINE | REPLY_UNFINISHED},
	};
	static const size_t steps[] = {1, 1000000};

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		for (size_t k = 0; k < 2; k++) {
			size_t taken;
			struct reply reply;

			cr_expect_eq(feed_line(lines[i].len, lines[i].end, steps[k], &taken),
			    lines[i].state, "case %zu", i);
			cr_expect_eq(taken, lines[i].taken, "case %zu: %zu taken", i, taken);
			reply = reply_take(reader);
			cr_assert_eq(reply.count, 1, "case %zu", i);
			cr_expect_eq(reply.lines[0].len, lines[i].kept, "case %zu: %zu kept", i,
			    reply.lines[0].len);
			cr_expect_eq(
			    reply.flags, lines[i].flags, "case %zu: flags %u", i, reply.flags);
			cr_expect_eq(
			    reply.code, lines[i].state == REPLY_DONE ? 250 : 0, "case %zu", i);
		}
}

Test(reply, limit_of_lines)
{
	for (size_t continued = REPLY_LINES_MAX - 2; continued <= REPLY_LINES_MAX; continued++) {
		bool fits = continued + 1 <= REPLY_LINES_MAX;
		size_t taken;
		struct reply reply;

		for (size_t i = 0; i < continued; i++)
			cr_assert_eq(feed(BYTES("250-a\r\n"), 1000, &taken), REPLY_MORE);
		cr_expect_eq(
		    feed(BYTES("250 b\r\n"), 1000, &taken), fits ? REPLY_DONE : REPLY_TOO_LONG);
		cr_expect_eq(taken, fits ? 7 : 0);
		cr_expect_eq(reply_feed(reader, "x", 1, &taken), fits ? REPLY_DONE : REPLY_TOO_LONG,
		    "stays until it is taken");
		reply = reply_take(reader);
		cr_expect_eq(reply.count, fits ? continued + 1 : REPLY_LINES_MAX);
		cr_expect_eq(reply.code, 250);
	}
}

Test(reply, limit_of_octets)
{
	enum { LINE = 1024 };
	char line[LINE + 1];

	memset(line, 'x', LINE);
	memcpy(line, "250-", 4);
	memcpy(line + LINE - 2, "\r\n", 3);
	for (int over = -1; over <= 1; over++) {
		size_t taken, last = (size_t)(LINE + over);
		struct reply reply;
		char end[LINE + 2];

		for (size_t i = 0; i + 1 < REPLY_MAX / LINE; i++)
			cr_assert_eq(feed(line, LINE, LINE, &taken), REPLY_MORE);
		cr_expect_eq(reply_pending(reader), REPLY_MAX - LINE);
		memset(end, 'y', sizeof end);
		memcpy(end, "250 ", 4);
		memcpy(end + last - 2, "\r\n", 2);
		cr_expect_eq(feed(end, last, 1, &taken), over <= 0 ? REPLY_DONE : REPLY_TOO_LONG,
		    "%d over", over);
		cr_expect_eq(taken, over <= 0 ? last : LINE);
		reply = reply_take(reader);
		cr_expect_eq(reply.count, REPLY_MAX / LINE);
		cr_expect_eq(reply.flags & REPLY_UNFINISHED, over <= 0 ? 0 : REPLY_UNFINISHED);
	}
}

Test(reply, continued_for_ever)
{
	size_t taken, all = 0;
	enum reply_state state;

	do {
		state = feed(BYTES("250-\r\n"), 4, &taken);
		all += taken;
	} while (state == REPLY_MORE && all < 10 * REPLY_MAX);
	cr_expect_eq(state, REPLY_TOO_LONG);
	cr_expect_eq(all, REPLY_LINES_MAX * 6);
}

Test(reply, never_a_line_end)
{
	size_t taken, all = 0;
	enum reply_state state;

	do {
		state = feed(BYTES("\0\r\0"), 2, &taken);
		all += taken;
	} while (state == REPLY_MORE && all < 10 * REPLY_MAX);
	cr_expect_eq(state, REPLY_LINE_TOO_LONG);
	cr_expect_leq(all, REPLY_LINE_MAX + 1);
	cr_expect_eq(reply_take(reader).code, 0);
}

/* ---- enhanced codes */

Test(reply, enhanced)
{
	static const struct {
		const char *text, *enhanced;
	} texts[] = {
	    {"5.7.1", "5.7.1"},
	    {"2.0.0 ok", "2.0.0"},
	    {"4.7.650 slow down", "4.7.650"},
	    {"5.123.123 x", "5.123.123"},
	    {"5.7.1:x", "5.7.1"},
	    {"5.7.1<x@example.org>", "5.7.1"},
	    {"5.7.1\nmore", "5.7.1"},
	    {"", ""},
	    {"5", ""},
	    {"5.", ""},
	    {"5.7", ""},
	    {"5.7.", ""},
	    {"5..1", ""},
	    {".7.1", ""},
	    {"3.7.1 x", ""},
	    {"1.7.1 x", ""},
	    {"55.7.1 x", ""},
	    {"5.1234.1 x", ""},
	    {"5.1.1234 x", ""},
	    {"5.1.2.3 is listed", ""},
	    {"5.7.1. x", ""},
	    {" 5.7.1 x", ""},
	    {"x 5.7.1", ""},
	    {"(#5.7.1)", ""},
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char enhanced[12] = "untouched";

		reply_enhanced(texts[i].text, enhanced);
		cr_expect_str_eq(
		    enhanced, texts[i].enhanced, "\"%s\": %s", texts[i].text, enhanced);
	}
}

/* ---- EHLO */

static struct ehlo
offered(const char *bytes)
{
	struct ehlo ehlo;
	struct reply reply;
	size_t taken;

	reply_feed(reader, bytes, strlen(bytes), &taken);
	reply = reply_take(reader);
	memset(&ehlo, 0xff, sizeof ehlo); /* nothing from before may stay */
	ehlo_read(&reply, arena, &ehlo);
	return ehlo;
}

Test(ehlo, whole)
{
	struct ehlo ehlo =
	    offered("250-mx.example.org at your service, [192.0.2.1]\r\n250-SIZE "
	            "35882577\r\n250-8BITMIME\r\n250-STARTTLS\r\n250-ENHANCEDSTATUSCODES\r\n"
	            "250-PIPELINING\r\n250-CHUNKING\r\n250-DSN\r\n250-REQUIRETLS\r\n250-AUTH PLAIN "
	            "LOGIN\r\n250-LIMITS RCPTMAX=20\r\n250 SMTPUTF8\r\n");

	cr_expect_str_eq(ehlo.host, "mx.example.org");
	cr_expect_str_eq(ehlo.greets, "at your service, [192.0.2.1]");
	cr_expect(ehlo.starttls && ehlo.pipelining && ehlo.chunking && ehlo.mime8bit &&
	          ehlo.smtputf8 && ehlo.enhanced && ehlo.dsn && ehlo.requiretls);
	cr_expect(ehlo.size_offered);
	cr_expect_eq(ehlo.size, 35882577);
	cr_expect_str_eq(ehlo.auth, "PLAIN LOGIN");
	cr_expect_str_eq(ehlo.limits, "RCPTMAX=20");
	cr_assert_eq(ehlo.keyword_count, 11);
	cr_expect_str_eq(ehlo.keywords[0], "SIZE 35882577");
	cr_expect_str_eq(ehlo.keywords[10], "SMTPUTF8");
}

Test(ehlo, offers_only_what_it_says)
{
	struct ehlo ehlo = offered("250 mx.example.org\r\n");

	cr_expect_str_eq(ehlo.host, "mx.example.org");
	cr_expect_null(ehlo.greets);
	cr_expect_not(ehlo.starttls || ehlo.pipelining || ehlo.chunking || ehlo.mime8bit ||
	              ehlo.smtputf8 || ehlo.enhanced || ehlo.dsn || ehlo.requiretls);
	cr_expect_not(ehlo.size_offered);
	cr_expect_eq(ehlo.size, 0);
	cr_expect_null(ehlo.auth);
	cr_expect_null(ehlo.limits);
	cr_expect_eq(ehlo.keyword_count, 0);
}

Test(ehlo, each_keyword_sets_its_own)
{
	static const struct {
		const char *line;
		unsigned set; /* starttls pipelining chunking mime8bit smtputf8 enhanced dsn
		                 requiretls, from the lowest bit */
	} lines[] = {
	    {"STARTTLS", 1},
	    {"starttls", 1},
	    {" StartTLS ", 1},
	    {"\tSTARTTLS\t", 1},
	    {"STARTTLS now", 1},
	    {"PIPELINING", 2},
	    {"Chunking", 4},
	    {"8bitmime", 8},
	    {"SMTPUTF8", 16},
	    {"EnhancedStatusCodes", 32},
	    {"DSN", 64},
	    {"REQUIRETLS", 128},
	    {"XSTARTTLS", 0},
	    {"STARTTLSX", 0},
	    {"START TLS", 0},
	    {"STARTTL", 0},
	    {"STARTTLS=1", 0},
	    {"X-INFO STARTTLS", 0},
	    {"", 0},
	};

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct ehlo e = offered(arena_printf(arena, "250-mx\r\n250 %s\r\n", lines[i].line));
		unsigned set = e.starttls | e.pipelining << 1 | e.chunking << 2 | e.mime8bit << 3 |
		               e.smtputf8 << 4 | e.enhanced << 5 | e.dsn << 6 | e.requiretls << 7;

		cr_expect_eq(set, lines[i].set, "\"%s\": %u", lines[i].line, set);
		cr_expect_eq(e.keyword_count, *lines[i].line != '\0');
	}
}

Test(ehlo, size)
{
	static const struct {
		const char *line;
		bool offered;
		unsigned long long size;
	} lines[] = {
	    {"SIZE 1", true, 1},
	    {"size 10485760", true, 10485760},
	    {"SIZE", true, 0},
	    {"SIZE 0", true, 0},
	    {"SIZE  52428800 ", true, 52428800},
	    {"SIZE 18446744073709551615", true, 18446744073709551615ull},
	    {"SIZE 18446744073709551616", true, 0},
	    {"SIZE 99999999999999999999999999", true, 0},
	    {"SIZE unlimited", true, 0},
	    {"SIZE 10MB", true, 0},
	    {"SIZE -1", true, 0},
	    {"SIZE 1 2", true, 0},
	    {"SIZE=10", false, 0},
	    {"SIZES 10", false, 0},
	};

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct ehlo ehlo =
		    offered(arena_printf(arena, "250-mx\r\n250 %s\r\n", lines[i].line));

		cr_expect_eq(ehlo.size_offered, lines[i].offered, "\"%s\"", lines[i].line);
		cr_expect_eq(ehlo.size, lines[i].size, "\"%s\": %llu", lines[i].line, ehlo.size);
	}
}

Test(ehlo, auth)
{
	static const struct {
		const char *lines, *auth;
	} cases_[] = {
	    {"250-AUTH PLAIN\r\n", "PLAIN"},
	    {"250-auth PLAIN LOGIN\r\n", "PLAIN LOGIN"},
	    {"250-AUTH=LOGIN PLAIN\r\n", "LOGIN PLAIN"},
	    {"250-AUTH PLAIN\r\n250-AUTH=LOGIN\r\n", "PLAIN"},
	    {"250-AUTH\r\n", ""},
	    {"250-AUTHX PLAIN\r\n", NULL},
	};

	for (size_t i = 0; i < sizeof cases_ / sizeof *cases_; i++) {
		struct ehlo ehlo =
		    offered(arena_printf(arena, "250-mx\r\n%s250 HELP\r\n", cases_[i].lines));

		if (cases_[i].auth == NULL)
			cr_expect_null(ehlo.auth, "%s", cases_[i].lines);
		else
			cr_expect(ehlo.auth != NULL && strcmp(ehlo.auth, cases_[i].auth) == 0, "%s",
			    cases_[i].lines);
	}
}

Test(ehlo, first_line_may_be_bare)
{
	struct ehlo ehlo = offered("250-\r\n250 STARTTLS\r\n");

	cr_expect_null(ehlo.host);
	cr_expect_null(ehlo.greets);
	cr_expect(ehlo.starttls);
	cr_expect_null(offered("250\r\n").host);
}

Test(ehlo, the_first_line_is_no_keyword)
{
	cr_expect_not(offered("250-STARTTLS\r\n250 HELP\r\n").starttls);
}

Test(ehlo, a_refusal_offers_nothing)
{
	struct ehlo ehlo = offered("554-mx.example.org\r\n554 STARTTLS\r\n");

	cr_expect_not(ehlo.starttls);
	cr_expect_null(ehlo.host);
	cr_expect_eq(ehlo.keyword_count, 0);
}

Test(ehlo, more_keywords_than_are_kept)
{
	const char *bytes = "250-mx\r\n";
	struct ehlo ehlo;

	for (int i = 0; i < EHLO_KEYWORDS_MAX; i++)
		bytes = arena_printf(arena, "%s250-X%d\r\n", bytes, i);
	ehlo = offered(arena_printf(arena, "%s250 STARTTLS\r\n", bytes));
	cr_expect_eq(ehlo.keyword_count, EHLO_KEYWORDS_MAX);
	cr_expect_str_eq(ehlo.keywords[EHLO_KEYWORDS_MAX - 1], "X63");
	cr_expect(ehlo.starttls, "TLS is not overlooked for a long list");
}

Test(ehlo, hostile_bytes)
{
	size_t taken;
	struct reply reply;
	struct ehlo ehlo;

	reply_feed(reader, BYTES("250-a\0b\r\n250-\0\r\n250 START\0TLS\r\n"), &taken);
	reply = reply_take(reader);
	ehlo_read(&reply, arena, &ehlo);
	cr_expect_str_eq(ehlo.host, "a");
	cr_expect_not(ehlo.starttls);
}

Test(ehlo, names_our_address_as_the_server_sees_it)
{
	static const struct {
		const char *line, *address;
	} greetings[] = {
	    {"mx.example.com at your service, [192.0.2.1]", "192.0.2.1"},
	    {"mx.example.com Hello [10.0.0.5] ([192.0.2.1])", "192.0.2.1"},
	    {"mx.example.com Hello [10.0.0.5] [192.0.2.1], pleased to meet you", "192.0.2.1"},
	    {"mx.example.com Hello [192.0.2.1]", "192.0.2.1"},
	    {"mx.example.com Hello probe.example.org [192.0.2.1], pleased to meet you",
	        "192.0.2.1"},
	    {"mx.example.com Hello probe (192.0.2.1)", "192.0.2.1"},
	    {"mx.example.com Hello probe [IPv6:2001:db8::1]", "2001:db8::1"},
	    {"mx.example.com Hello [2001:db8::1]", "2001:db8::1"},
	    {"mx.example.com greets 192.0.2.1", "192.0.2.1"}, {"mx.example.com", ""},
	    {"mx.example.com Hello host-192.0.2.1.example.net", ""},
	    {"mx.example.com ready at 10:20:30", ""}, {"mx.example.com 1.2.3.4.5 [1.2.3]", ""},
	    {"192.0.2.9 is my name", ""}, /* the first word is the server's own */
	};

	for (size_t i = 0; i < sizeof greetings / sizeof *greetings; i++) {
		struct arena *own = arena_new();
		struct reply reply = {.code = 250, .count = 1, .text = greetings[i].line};
		struct ehlo ehlo;
		char text[IP_TEXT];

		ehlo_read(&reply, own, &ehlo);
		cr_expect_str_eq(ip_text(&ehlo.client, text), greetings[i].address, "%s: '%s'",
		    greetings[i].line, text);
		arena_free(own);
	}
}
