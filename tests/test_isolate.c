/* Which part earns the refusal: suspects by an oracle, the course of tests as plays, and messages
 * with parts left out. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/stanza.h"
#include "isolate/course.h"
#include "isolate/kinds.h"
#include "mail/parts.h"

enum { PARTS = 26, MESSAGES = 400, OUT_MAX = 1 << 20 };

/* ---- an oracle: 26 parts, 3 % of outcomes are chance, 20 messages beside the frame */

static uint64_t state = 2463534242;

static double
chance(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (double)(state >> 11) / 9007199254740992.0;
}

struct truth {
	enum suspicion kind;
	unsigned first, second;
};

static struct truth
draw_truth(void)
{
	double kind = chance();
	struct truth truth = {.kind = kind < .78   ? SUSPICION_ONE
	                              : kind < .88 ? SUSPICION_EITHER
	                              : kind < .96 ? SUSPICION_BOTH
	                                           : SUSPICION_SUM};

	truth.first = truth.second = (unsigned)(chance() * PARTS);
	while (truth.kind != SUSPICION_ONE && truth.second == truth.first)
		truth.second = (unsigned)(chance() * PARTS);
	return truth;
}

static bool
refuses(const struct truth *truth, part_set sent, double noise)
{
	part_set first = (part_set)1 << truth->first, second = (part_set)1 << truth->second;
	bool refused = truth->kind == SUSPICION_BOTH  ? (sent & first) && (sent & second)
	               : truth->kind == SUSPICION_SUM ? sent != 0
	                                              : (sent & (first | second)) != 0;

	return chance() < noise ? !refused : refused;
}

static bool
is_right(const struct truth *truth, const struct course *course, enum course_end end)
{
	struct suspect best = suspects_best(course->suspects);
	part_set parts = ((part_set)1 << truth->first) | ((part_set)1 << truth->second);

	if (truth->kind == SUSPICION_SUM)
		return end == COURSE_NO_PART;
	return end == COURSE_FOUND && best.kind == truth->kind && suspect_parts(&best) == parts;
}

/* Returns the end; `*asked` counts the messages beside whole and control. */
static enum course_end
play_oracle(const struct truth *truth, double noise, struct course *course, unsigned *asked)
{
	for (;;) {
		struct course_step step = course_next(course);
		bool refused = step.say == COURSE_WHOLE;

		if (step.end != COURSE_GOES_ON)
			return step.end;
		if (step.say == COURSE_PARTS) {
			refused = refuses(truth, step.sent, noise);
			++*asked;
		}
		course_note(course, &step, refused ? COURSE_REFUSED : COURSE_ACCEPTED, 0);
	}
}

/* Sparing, or not: as right, and how many parts were sent a message. */
static double
play_all(bool sparing)
{
	double weights[PARTS];
	unsigned right = 0, wrong = 0, asked = 0, sent = 0, parts = 0;

	for (unsigned i = 0; i < PARTS; i++)
		weights[i] = 1;
	for (unsigned i = 0; i < MESSAGES; i++) {
		struct arena *arena = arena_new();
		struct truth truth = draw_truth();
		struct course course;
		enum course_end end;

		course_begin(&course, suspects_new(weights, PARTS, 1, arena), 0, 23);
		if (sparing)
			suspects_spare(course.suspects);
		end = play_oracle(&truth, .03, &course, &asked);
		if (is_right(&truth, &course, end))
			right++;
		else if (end == COURSE_FOUND || end == COURSE_NO_PART)
			wrong++;
		cr_expect(course.count <= 23);
		for (unsigned t = 2; t < course.count; t++) {
			sent += course.tests[t].say == COURSE_PARTS;
			for (part_set bits = course.tests[t].sent; bits != 0; bits &= bits - 1)
				parts += course.tests[t].say == COURSE_PARTS;
		}
		arena_free(arena);
	}
	cr_expect(right >= MESSAGES * 96 / 100, "right %u of %d", right, MESSAGES);
	cr_expect(wrong <= MESSAGES * 3 / 100, "wrong %u of %d", wrong, MESSAGES);
	cr_expect(
	    asked <= MESSAGES * (sparing ? 10 : 9), "%.2f messages each", asked / (double)MESSAGES);
	return (double)parts / sent;
}

Test(isolate, finds_by_few_messages)
{
	double plain = play_all(false), sparing = play_all(true);

	cr_expect(sparing < plain * .75, "sparing %.1f parts a message, else %.1f", sparing, plain);
}

/* ---- the course: three parts; each outcome is a letter, "r" refused, "a" accepted, "u" unknown,
 * "g" greylisted, "l" limited; "*" answers as if part 0 were the reason */

static const struct {
	const char *what, *outcomes;
	enum course_end end;
	unsigned count;
	bool confirmed;
} plays[] = {
    {"the whole message is taken", "a", COURSE_NOT_REFUSED, 1, false},
    {"the control is refused, too", "rr", COURSE_NOT_CONTENT, 2, false},
    {"one part, confirmed, and the control again", "ra*a", COURSE_FOUND, 0, true},
    {"the control is refused at the end", "ra*r", COURSE_DRIFTED, 0, true},
    {"three outcomes that tell nothing", "uuu", COURSE_UNTOLD, 3, false},
    {"one that tells something between them", "uuruuu", COURSE_UNTOLD, 6, false},
    {"greylisted first, then as ever", "grga*a", COURSE_FOUND, 0, true},
    {"limited: no more", "ral", COURSE_TOO_FAST, 3, false},
};

static enum course_outcome
outcome_of(char letter)
{
	return letter == 'r'   ? COURSE_REFUSED
	       : letter == 'a' ? COURSE_ACCEPTED
	       : letter == 'g' ? COURSE_GREYLISTED
	       : letter == 'l' ? COURSE_LIMITED
	                       : COURSE_UNKNOWN;
}

/* The letter for this step; a star stays until the control comes. */
static char
letter_for(const char **outcomes, const struct course_step *step)
{
	if (**outcomes == '*' && step->say == COURSE_PARTS)
		return step->sent & 1 ? 'r' : 'a';
	if (**outcomes == '*')
		++*outcomes;
	cr_assert(**outcomes != '\0', "more steps than outcomes");
	return *(*outcomes)++;
}

Test(isolate, course)
{
	static const double weights[] = {1, 1, 1};

	for (size_t i = 0; i < sizeof plays / sizeof *plays; i++) {
		struct arena *arena = arena_new();
		const char *outcomes = plays[i].outcomes;
		struct course course;
		struct course_step step;

		course_begin(&course, suspects_new(weights, 3, 1, arena), 0, 20);
		while ((step = course_next(&course)).end == COURSE_GOES_ON)
			course_note(&course, &step, outcome_of(letter_for(&outcomes, &step)), 0);
		cr_expect(step.end == plays[i].end, "%s: end %d", plays[i].what, step.end);
		cr_expect(plays[i].count == 0 || course.count == plays[i].count, "%s: %u messages",
		    plays[i].what, course.count);
		cr_expect(course.confirmed == plays[i].confirmed, "%s", plays[i].what);
		cr_expect(*outcomes == '\0', "%s: \"%s\" is left", plays[i].what, outcomes);
		arena_free(arena);
	}
}

Test(isolate, waits)
{
	static const double weights[] = {1, 1};
	struct arena *arena = arena_new();
	struct course course;
	struct course_step step;

	course_begin(&course, suspects_new(weights, 2, 1, arena), 0, 20);
	step = course_next(&course);
	cr_expect(step.wait_ms == 0);
	course_note(&course, &step, COURSE_GREYLISTED, 90000);
	step = course_next(&course);
	cr_expect(step.say == COURSE_WHOLE && step.wait_ms == 90000);
	course_note(&course, &step, COURSE_UNKNOWN, 0);
	cr_expect(course_next(&course).wait_ms == COURSE_AGAIN_MS);
	arena_free(arena);
}

/* ---- messages */

static const char message[] =
    "From: \"Big Shop\" <shop@example.org>\r\n"
    "To: me@example.net\r\n"
    "Subject: You have won\r\n"
    "Date: Mon, 30 Nov 2026 12:00:00 +0000\r\n"
    "Message-ID: <1@example.org>\r\n"
    "X-Campaign: 17\r\n"
    "DKIM-Signature: v=1; b=x\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=m\r\n"
    "\r\n"
    "--m\r\n"
    "Content-Type: multipart/alternative; boundary=a\r\n"
    "\r\n"
    "--a\r\n"
    "Content-Type: text/plain\r\n"
    "\r\n"
    "Dear friend, here is your prize.\r\n"
    "\r\n"
    "See http://shop.example/win?id=1 today.\r\n"
    "--a\r\n"
    "Content-Type: text/html\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n"
    "\r\n"
    "<style>p {color: red}</style><p>Dear friend, here is your <b>prize</b>.</p>\r\n"
    "<p>See <a href=3D\"http://shop.example/win?id=3D1\">this</a> and "
    "<a href=3D\"https://other.example/x\">that</a>.</p>\r\n"
    "--a--\r\n"
    "--m\r\n"
    "Content-Type: application/x-msdownload; name=prize.exe\r\n"
    "Content-Disposition: attachment; filename=prize.exe\r\n"
    "Content-Transfer-Encoding: base64\r\n"
    "\r\n"
    "TVqQAAMAAAAEAAAA//8AALgAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"
    "--m--\r\n";

struct bench {
	struct arena *arena;
	struct kinds kinds;
	struct pieces pieces;
	struct buf out;
};

static void
open_bench(struct bench *bench, const char *text)
{
	struct stanza_error error;
	const char *why;

	bench->arena = arena_new();
	buf_init(&bench->out, OUT_MAX);
	cr_assert(kinds_read(&bench->kinds, bench->arena, &error), "%s", error.reason);
	cr_assert(pieces_read(slice_of(text), bench->arena, &bench->pieces, &why), "%s", why);
}

static void
close_bench(struct bench *bench)
{
	buf_release(&bench->out);
	arena_free(bench->arena);
}

/* Soft line breaks of quoted-printable (RFC 2045 section 6.7) are undone. */
static void
join_lines(struct buf *text)
{
	char *to = text->data;

	for (const char *from = text->data; *from != '\0';)
		if (strncmp(from, "=\r\n", 3) == 0)
			from += 3;
		else
			*to++ = *from++;
	buf_cut(text, (size_t)(to - text->data));
}

static const char *
write_sent(struct bench *bench, part_set sent, bool control)
{
	const struct pieces_plan plan = {.sent = sent,
	    .control = control,
	    .to = "me@example.net",
	    .message_id = "<2@example.org>",
	    .tag = "9c1e 1/20",
	    .kinds = &bench->kinds};

	buf_clear(&bench->out);
	pieces_write(&bench->pieces, &plan, &bench->out);
	join_lines(&bench->out);
	return bench->out.data;
}

/* What of the message is to be gone with each piece, and what is to stay with it. */
static const struct {
	enum piece_kind kind;
	const char *name, *gone, *stays;
} expected[] = {
    {PIECE_AUTHOR_NAME, "\"Big Shop\"", "Big Shop", "From: <shop@example.org>"},
    {PIECE_SUBJECT, "You have won", "You have won", "Big Shop"},
    {PIECE_FIELD, "X-Campaign", "X-Campaign", "You have won"},
    {PIECE_LINK, "shop.example", "shop.example", "https://other.example/x"},
    {PIECE_PARAGRAPH, "Dear friend, here is your prize.", "Dear friend", "today."},
    {PIECE_PARAGRAPH, "See http://shop.example/win?id=1 today.", "today", "shop.example/win"},
    {PIECE_LINK, "other.example", "other.example", "shop.example/win"},
    {PIECE_CONSTRUCT, "style", "color: red", "prize</b>"},
    {PIECE_ATTACHMENT_NAME, "prize.exe", "prize.exe", "TVqQAAMA"},
    {PIECE_ATTACHMENT, "prize.exe", "TVqQAAMA", "filename=prize.exe"},
};

enum { EXPECTED = sizeof expected / sizeof *expected };

static int
piece_named(const struct pieces *pieces, enum piece_kind kind, const char *name)
{
	for (unsigned i = 0; i < pieces->count; i++)
		if (pieces->items[i].kind == kind && strcmp(pieces->items[i].name, name) == 0)
			return (int)i;
	return -1;
}

Test(isolate, each_piece_is_left_out_alone)
{
	struct bench bench;
	part_set all;

	open_bench(&bench, message);
	for (size_t i = 0; i < bench.pieces.count; i++)
		cr_log_info("%s %s", piece_kind_name(bench.pieces.items[i].kind),
		    bench.pieces.items[i].name);
	all = ((part_set)1 << bench.pieces.count) - 1;
	for (size_t i = 0; i < EXPECTED; i++) {
		int piece = piece_named(&bench.pieces, expected[i].kind, expected[i].name);
		const char *text;

		cr_assert(piece >= 0, "no piece \"%s\"", expected[i].name);
		text = write_sent(&bench, all & ~((part_set)1 << piece), false);
		cr_expect(strstr(text, expected[i].gone) == NULL, "%s is there: %s",
		    expected[i].gone, text);
		cr_expect(strstr(text, expected[i].stays) != NULL, "%s is gone: %s",
		    expected[i].stays, text);
		text = write_sent(&bench, (part_set)1 << piece, false);
		cr_expect(strstr(text, expected[i].gone) != NULL, "%s alone is not: %s",
		    expected[i].gone, text);
	}
	close_bench(&bench);
}

Test(isolate, the_whole_message_goes_as_it_was)
{
	struct bench bench;
	const char *text;

	open_bench(&bench, message);
	text = write_sent(&bench, ~(part_set)0, false);
	cr_expect(strstr(text, strstr(message, "MIME-Version")) != NULL, "%s", text);
	cr_expect(strstr(text, "DKIM-Signature") == NULL && strstr(text, "<1@") == NULL);
	cr_expect(strstr(text, "Message-ID: <2@example.org>\r\n") != NULL);
	text = write_sent(&bench, 0, true);
	cr_expect(strstr(text, "prize") == NULL && strstr(text, "multipart") == NULL, "%s", text);
	cr_expect(strstr(text, "From: <shop@example.org>\r\n") != NULL, "%s", text);
	close_bench(&bench);
}

Test(isolate, the_skeleton_stays_readable)
{
	struct bench bench;
	struct parts parts;

	open_bench(&bench, message);
	for (part_set sent = 0; sent < (part_set)1 << bench.pieces.count; sent += 37) {
		write_sent(&bench, sent, false);
		parts_read((struct slice){bench.out.data, bench.out.len}, bench.arena, &parts);
		cr_assert(parts.count == 5 && !parts.guessed, "%zu parts: %s", parts.count,
		    bench.out.data);
	}
	close_bench(&bench);
}

Test(isolate, what_the_server_says_weighs)
{
	struct bench bench;
	double *weights;
	int link, other;

	open_bench(&bench, message);
	link = piece_named(&bench.pieces, PIECE_LINK, "shop.example");
	other = piece_named(&bench.pieces, PIECE_LINK, "other.example");
	weights = kinds_weigh(&bench.kinds, &bench.pieces,
	    &(struct spoken){
	        &(struct hints){0}, "content-url", "554 5.7.1 shop.example is listed on dbl"},
	    bench.arena);
	cr_expect(weights[link] > 10 * weights[other] && weights[other] > 10 * weights[0]);
	cr_expect_str_eq(kinds_tell(&bench.kinds, &bench.pieces.items[link], bench.arena),
	    "the links to shop.example");
	close_bench(&bench);
}

/* What was found before anything is sent: the part that it names, else the one at its line. */
static const struct {
	const char *by, *words;
	unsigned line;
	enum piece_kind kind;
	const char *name; /* of the only part that is suspected; NULL: none is */
} clues[] = {
    {"url.lists", "shop.example (link) is on DBL: spam.", 0, PIECE_LINK, "shop.example"},
    {"url.form.short", "A link goes through a shortener: http://shop.example/win.", 20, PIECE_LINK,
        "shop.example"},
    {"att.type", "A file is refused by its type: prize.exe.", 30, PIECE_ATTACHMENT_NAME,
        "prize.exe"},
    {"hdr.subject", "The Subject is that of a reply.", 3, PIECE_SUBJECT, "You have won"},
    {"html.active", "There is a form.", 999, PIECE_CONSTRUCT, "style"},
    {"URIBL_BLACK", "URIBL_BLACK, 7.5: other.example", 0, PIECE_LINK, "other.example"},
    {"hdr.date", "The Date is 9 days old.", 4, PIECE_FIELD, NULL},
    {"auth.spf", "SPF of shop.example: fail.", 0, PIECE_LINK, NULL},
    {"NO_SUCH_SYMBOL", "shop.example", 0, PIECE_LINK, NULL},
};

Test(isolate, what_was_found_beforehand_weighs)
{
	struct bench bench;

	open_bench(&bench, message);
	for (size_t i = 0; i < sizeof clues / sizeof *clues; i++) {
		const struct clue clue = {clues[i].by, clues[i].words, clues[i].line, true};
		struct hints hints = {0};
		int piece = clues[i].name != NULL
		                ? piece_named(&bench.pieces, clues[i].kind, clues[i].name)
		                : -1;
		double *weights, *before;

		kinds_hint(&bench.kinds, &bench.pieces, &clue, &hints, bench.arena);
		if (piece < 0) {
			cr_expect(hints.count == 0, "%s: %zu", clues[i].by, hints.count);
			continue;
		}
		before = kinds_weigh(&bench.kinds, &bench.pieces,
		    &(struct spoken){&(struct hints){0}, NULL, ""}, bench.arena);
		weights = kinds_weigh(
		    &bench.kinds, &bench.pieces, &(struct spoken){&hints, NULL, ""}, bench.arena);
		for (size_t k = 0; k < bench.pieces.count; k++)
			if ((int)k == piece)
				cr_expect(weights[k] > 9 * before[k], "%s", clues[i].by);
			else if (bench.pieces.items[k].kind != PIECE_ATTACHMENT)
				cr_expect(weights[k] < 2 * before[k], "%s: %s", clues[i].by,
				    bench.pieces.items[k].name);
	}
	close_bench(&bench);
}

Test(isolate, messages_that_have_nothing)
{
	static const char *const none[] = {
	    "", "From: a@b.example\r\n\r\n", "no field\r\n\r\nx\r\n"};
	struct arena *arena = arena_new();

	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		struct pieces pieces;
		const char *why = NULL;

		cr_expect(!pieces_read(slice_of(none[i]), arena, &pieces, &why), "%s", none[i]);
		cr_expect(why != NULL);
	}
	arena_free(arena);
}
