/* The stage table, every edge and every end; and walks through it, told as "hears → says". */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "smtp/dialogue.h"

Test(table, every_row_is_whole)
{
	for (enum stage s = STAGE_CONNECT; s < STAGE_COUNT; s++) {
		cr_assert_not_null(stages[s].name, "stage %d has no name", s);
		cr_expect_neq(stages[s].act, ACT_NONE, "%s does nothing", stages[s].name);
		for (int o = 0; o < OUTCOME_COUNT; o++)
			cr_expect_neq(stages[s].next[o], STAGE_NONE,
			    "%s leads nowhere on outcome %d", stages[s].name, o);
		cr_expect((stages[s].guard == GUARD_NONE) == (stages[s].otherwise == STAGE_NONE),
		    "%s: a guard has an else, and only a guard", stages[s].name);
		cr_expect(s == STAGE_CLOSED || stages[s].seconds > 0, "%s has no deadline",
		    stages[s].name);
		cr_expect_leq(stages[s].seconds, stages[s].rfc_seconds,
		    "%s waits longer than RFC 5321 asks", stages[s].name);
	}
}

Test(table, every_stage_is_reached_and_every_walk_ends)
{
	bool reached[STAGE_COUNT] = {[STAGE_CONNECT] = true};

	/* Edges go forward only, but for the way back to CLOSED from itself, for the challenges of
	 * AUTH, of which there are at most LOGIN_CHALLENGES_MAX, and for those that end
	 * a transaction: so a session of n of them ends after at most n * STAGE_COUNT steps. */
	for (enum stage s = STAGE_CONNECT; s < STAGE_CLOSED; s++) {
		cr_expect(reached[s], "%s is not reached", stages[s].name);
		for (int o = 0; o < OUTCOME_COUNT; o++) {
			enum stage next = stages[s].next[o];

			cr_expect(
			    next > s || (s == STAGE_AUTH && next == s && o == GOT_MORE) ||
			        (next == STAGE_READY && s >= STAGE_MAIL && s <= STAGE_MESSAGE),
			    "%s goes back to %s", stages[s].name, stages[next].name);
			reached[next] = true;
		}
		if (stages[s].guard != GUARD_NONE) {
			cr_expect_gt(stages[s].otherwise, s);
			reached[stages[s].otherwise] = true;
		}
	}
	cr_expect(reached[STAGE_CLOSED]);
	for (int o = 0; o < OUTCOME_COUNT; o++)
		cr_expect_eq(stages[STAGE_CLOSED].next[o], STAGE_CLOSED);
}

Test(table, a_refusal_ends_the_session_or_the_transaction)
{
	for (enum stage s = STAGE_GREETING; s <= STAGE_MESSAGE; s++) {
		enum stage left = s >= STAGE_MAIL ? STAGE_READY : STAGE_QUIT;

		if (s != STAGE_HANDSHAKE)
			cr_expect_eq(
			    stages[s].next[GOT_CLOSING], STAGE_QUIT, "%s on 421", stages[s].name);
		cr_expect_eq(
		    stages[s].next[GOT_LOST], STAGE_CLOSED, "%s when lost", stages[s].name);
		if (s != STAGE_STARTTLS && s != STAGE_HANDSHAKE)
			cr_expect_eq(
			    stages[s].next[GOT_NO], left, "%s when refused", stages[s].name);
	}
	cr_expect_eq(stages[STAGE_GREETING].next[GOT_UNKNOWN_COMMAND], STAGE_QUIT);
	cr_expect_eq(
	    stages[STAGE_EHLO_TLS].next[GOT_UNKNOWN_COMMAND], STAGE_QUIT, "no HELO under TLS");
}

Test(names, parse_what_they_print)
{
	enum stage stage;

	for (enum stage s = STAGE_CONNECT; s < STAGE_CLOSED; s++) {
		cr_expect(stage_parse(stage_name(s), &stage));
		cr_expect_str_eq(stage_name(stage), stage_name(s));
	}
	cr_expect(stage_parse("banner", &stage) && stage == STAGE_GREETING);
	cr_expect(stage_parse("tls", &stage) && stage == STAGE_STARTTLS);
	cr_expect_not(stage_parse("closed", &stage));
	cr_expect_not(stage_parse("", &stage));
}

/* A walk: `hears` is a list of replies, blank-separated words: a code ("250"),
 * "250:KEYWORD,KEYWORD" for an EHLO reply, "tls" for a finished handshake, "lost", "injected" (220
 * with bytes behind it), "early-CODE" (before our line was out). The connection is made. `says` is
 * what we must have done: verbs, "tls", "data" for the message, "close". */
struct walk {
	const char *name, *hears, *says;
	enum stage depth;
	enum tls_want tls;
	bool done;
	enum ending ending;
	enum stage at; /* stage of the decisive reply */
	int code; /* of the decisive reply, 0 none */
	const char *from, *rcpt, *message;
};

#define MESSAGE "Subject: x\r\n\r\nhello\r\n"
static const struct walk walks[] = {
    {"to the end", "220 250 250 250 354 250 221", "EHLO MAIL RCPT DATA data QUIT close",
        STAGE_MESSAGE, TLS_MAY, true, END_NONE, STAGE_MESSAGE, 250},
    {"to the end under TLS", "220 250:STARTTLS 220 tls 250 250 250 354 250 221",
        "EHLO STARTTLS tls EHLO MAIL RCPT DATA data QUIT close", STAGE_MESSAGE, TLS_MAY, true,
        END_NONE, STAGE_MESSAGE, 250},
    {"polite depth", "220 250:STARTTLS 220 tls 250 221", "EHLO STARTTLS tls EHLO QUIT close",
        STAGE_STARTTLS, TLS_MAY, true, END_NONE, STAGE_EHLO_TLS, 250},
    {"polite depth, no TLS there", "220 250 221", "EHLO QUIT close", STAGE_STARTTLS, TLS_MAY, true,
        END_NONE, STAGE_EHLO, 250},
    {"no TLS wanted", "220 250:STARTTLS 221", "EHLO QUIT close", STAGE_STARTTLS, TLS_NEVER, true,
        END_NONE, STAGE_EHLO, 250},
    {"greeting 554: QUIT and nothing else", "554 221", "QUIT close", STAGE_MESSAGE, TLS_MAY, false,
        END_NONE, STAGE_GREETING, 554},
    {"greeting 521", "521 221", "QUIT close", STAGE_STARTTLS, TLS_MAY, false, END_NONE,
        STAGE_GREETING, 521},
    {"greeting 421", "421 221", "QUIT close", STAGE_STARTTLS, TLS_MAY, false, END_NONE,
        STAGE_GREETING, 421},
    {"greeting 450", "450 221", "QUIT close", STAGE_STARTTLS, TLS_MAY, false, END_NONE,
        STAGE_GREETING, 450},
    {"greeting 500 is no reason for HELO", "500 221", "QUIT close", STAGE_STARTTLS, TLS_MAY, false,
        END_NONE, STAGE_GREETING, 500},
    {"greeting 354", "354", "close", STAGE_STARTTLS, TLS_MAY, false, END_UNEXPECTED, STAGE_GREETING,
        354},
    {"a server that closes on QUIT", "554 lost", "QUIT close", STAGE_STARTTLS, TLS_MAY, false,
        END_NONE, STAGE_GREETING, 554},
    {"EHLO unknown, HELO taken", "220 502 250 250 250 354 250 221",
        "EHLO HELO MAIL RCPT DATA data QUIT close", STAGE_MESSAGE, TLS_MAY, true, END_NONE,
        STAGE_MESSAGE, 250},
    {"EHLO unknown, HELO refused", "220 500 550 221", "EHLO HELO QUIT close", STAGE_MESSAGE,
        TLS_MAY, false, END_NONE, STAGE_HELO, 550},
    {"EHLO refused: no HELO", "220 554 221", "EHLO QUIT close", STAGE_MESSAGE, TLS_MAY, false,
        END_NONE, STAGE_EHLO, 554},
    {"EHLO under TLS unknown: no HELO", "220 250:STARTTLS 220 tls 502 221",
        "EHLO STARTTLS tls EHLO QUIT close", STAGE_MESSAGE, TLS_MAY, false, END_NONE,
        STAGE_EHLO_TLS, 502},
    {"STARTTLS refused, on in the clear", "220 250:STARTTLS 454 250 250 354 250 221",
        "EHLO STARTTLS MAIL RCPT DATA data QUIT close", STAGE_MESSAGE, TLS_MAY, true, END_NONE,
        STAGE_MESSAGE, 250},
    {"STARTTLS refused, polite depth", "220 250:STARTTLS 454 221", "EHLO STARTTLS QUIT close",
        STAGE_STARTTLS, TLS_MAY, true, END_NONE, STAGE_EHLO, 250},
    {"STARTTLS refused, TLS demanded", "220 250:STARTTLS 454 221", "EHLO STARTTLS QUIT close",
        STAGE_MESSAGE, TLS_MUST, false, END_TLS_MISSING, STAGE_EHLO, 250},
    {"STARTTLS not offered, TLS demanded", "220 250 221", "EHLO QUIT close", STAGE_STARTTLS,
        TLS_MUST, false, END_TLS_MISSING, STAGE_EHLO, 250},
    {"TLS demanded, HELO only", "220 502 250 221", "EHLO HELO QUIT close", STAGE_MESSAGE, TLS_MUST,
        false, END_TLS_MISSING, STAGE_HELO, 250},
    {"STARTTLS 421", "220 250:STARTTLS 421 221", "EHLO STARTTLS QUIT close", STAGE_MESSAGE, TLS_MAY,
        false, END_NONE, STAGE_STARTTLS, 421},
    {"bytes behind STARTTLS", "220 250:STARTTLS injected", "EHLO STARTTLS close", STAGE_MESSAGE,
        TLS_MAY, false, END_INJECTED, STAGE_STARTTLS, 220},
    {"yes before EHLO is out", "220 early-250", "EHLO close", STAGE_MESSAGE, TLS_MAY, false,
        END_UNEXPECTED, STAGE_EHLO, 250},
    {"502 before EHLO is out: no reason for HELO", "220 early-502", "EHLO close", STAGE_MESSAGE,
        TLS_MAY, false, END_UNEXPECTED, STAGE_EHLO, 502},
    {"refused before EHLO is out", "220 early-554 221", "EHLO QUIT close", STAGE_MESSAGE, TLS_MAY,
        false, END_NONE, STAGE_EHLO, 554},
    {"taken before the message is out", "220 250 250 250 354 early-250",
        "EHLO MAIL RCPT DATA data close", STAGE_MESSAGE, TLS_MAY, false, END_UNEXPECTED,
        STAGE_MESSAGE, 250},
    {"refused before the message is out", "220 250 250 250 354 early-552 221",
        "EHLO MAIL RCPT DATA data QUIT close", STAGE_MESSAGE, TLS_MAY, false, END_NONE,
        STAGE_MESSAGE, 552},
    {"handshake fails", "220 250:STARTTLS 220 lost", "EHLO STARTTLS tls close", STAGE_MESSAGE,
        TLS_MAY, false, END_CLOSED, STAGE_HANDSHAKE, 0},
    {"MAIL refused", "220 250 554 221", "EHLO MAIL QUIT close", STAGE_MESSAGE, TLS_MAY, false,
        END_NONE, STAGE_MAIL, 554},
    {"RCPT refused: no DATA", "220 250 250 554 221", "EHLO MAIL RCPT QUIT close", STAGE_MESSAGE,
        TLS_MAY, false, END_NONE, STAGE_RCPT, 554},
    {"RCPT 354", "220 250 250 354", "EHLO MAIL RCPT close", STAGE_MESSAGE, TLS_MAY, false,
        END_UNEXPECTED, STAGE_RCPT, 354},
    {"DATA refused: no content", "220 250 250 250 554 221", "EHLO MAIL RCPT DATA QUIT close",
        STAGE_MESSAGE, TLS_MAY, false, END_NONE, STAGE_DATA, 554},
    {"DATA 250: no content without 354", "220 250 250 250 250 221",
        "EHLO MAIL RCPT DATA QUIT close", STAGE_MESSAGE, TLS_MAY, false, END_UNEXPECTED, STAGE_DATA,
        250},
    {"message refused", "220 250 250 250 354 554 221", "EHLO MAIL RCPT DATA data QUIT close",
        STAGE_MESSAGE, TLS_MAY, false, END_NONE, STAGE_MESSAGE, 554},
    {"lost before the greeting", "lost", "close", STAGE_MESSAGE, TLS_MAY, false, END_CLOSED,
        STAGE_GREETING, 0},
    {"lost at RCPT", "220 250 250 lost", "EHLO MAIL RCPT close", STAGE_MESSAGE, TLS_MAY, false,
        END_CLOSED, STAGE_RCPT, 0},
    {"421 at RCPT", "220 250 250 421 221", "EHLO MAIL RCPT QUIT close", STAGE_MESSAGE, TLS_MAY,
        false, END_NONE, STAGE_RCPT, 421},
    {"depth connect: not a word", "", "close", STAGE_CONNECT, TLS_MAY, true, END_NONE,
        STAGE_CONNECT, 0},
    {"depth greeting", "220 221", "QUIT close", STAGE_GREETING, TLS_MAY, true, END_NONE,
        STAGE_GREETING, 220},
    {"depth ehlo", "220 250:STARTTLS 221", "EHLO QUIT close", STAGE_EHLO, TLS_MAY, true, END_NONE,
        STAGE_EHLO, 250},
    {"depth ehlo by HELO", "220 502 250 221", "EHLO HELO QUIT close", STAGE_EHLO, TLS_MAY, true,
        END_NONE, STAGE_HELO, 250},
    {"depth mail", "220 250 250 221", "EHLO MAIL QUIT close", STAGE_MAIL, TLS_MAY, true, END_NONE,
        STAGE_MAIL, 250},
    {"depth rcpt", "220 250 250 250 221", "EHLO MAIL RCPT QUIT close", STAGE_RCPT, TLS_MAY, true,
        END_NONE, STAGE_RCPT, 250},
    {"depth data: closed, for QUIT would be content", "220 250 250 250 354",
        "EHLO MAIL RCPT DATA close", STAGE_DATA, TLS_MAY, true, END_NONE, STAGE_DATA, 354},
    {"8-bit message, no 8BITMIME", "220 250 221", "EHLO QUIT close", STAGE_MESSAGE, TLS_MAY, false,
        END_NOT_SENDABLE, STAGE_EHLO, 250, .message = "Subject: x\r\n\r\n\xc3\xa4\r\n"},
    {"UTF-8 in the header, no SMTPUTF8", "220 250:8BITMIME 221", "EHLO QUIT close", STAGE_MESSAGE,
        TLS_MAY, false, END_NOT_SENDABLE, STAGE_EHLO, 250,
        .message = "Subject: \xc3\xa4\r\n\r\nhello\r\n"},
    {"UTF-8 address, no SMTPUTF8", "220 250:8BITMIME 221", "EHLO QUIT close", STAGE_RCPT, TLS_MAY,
        false, END_NOT_SENDABLE, STAGE_EHLO, 250, .rcpt = "j\xc3\xbcrgen@example.com"},
};

static void
hear(struct dialogue *d, struct arena *arena, const char *word)
{
	static struct reply_line lines[8];
	struct reply reply = {.lines = lines, .text = ""};
	const char *colon = strchr(word, ':');

	if (strcmp(word, "lost") == 0) {
		dialogue_lost(d, END_CLOSED, NULL, NULL, 1);
		return;
	}
	if (strcmp(word, "tls") == 0) {
		dialogue_secured(d, 1);
		return;
	}
	bool early = strncmp(word, "early-", 6) == 0;
	reply.code = strcmp(word, "injected") == 0 ? 220 : atoi(early ? word + 6 : word);
	lines[reply.count].bytes =
	    arena_printf(arena, "%d%cmx.example.com", reply.code, colon ? '-' : ' ');
	lines[reply.count].len = strlen(lines[0].bytes);
	reply.count++;
	for (const char *offer = colon; offer != NULL; offer = strchr(offer + 1, ',')) {
		struct reply_line *line = &lines[reply.count++];
		int len = (int)strcspn(offer + 1, ",");

		line->bytes = arena_printf(arena, "%d%c%.*s", reply.code,
		    offer[1 + len] != '\0' ? '-' : ' ', len, offer + 1);
		line->len = strlen(line->bytes);
	}
	char *text = arena_printf(
	    arena, "mx.example.com%s%s", colon != NULL ? "\n" : "", colon != NULL ? colon + 1 : "");
	for (char *comma = text; (comma = strchr(comma, ',')) != NULL;)
		*comma = '\n';
	reply.text = text;
	if (early)
		dialogue_heard_early(d, &reply, 1);
	else
		dialogue_heard(d, &reply, strcmp(word, "injected") == 0, 1);
}

Test(walks, go_as_told)
{
	for (size_t i = 0; i < sizeof walks / sizeof *walks; i++) {
		const struct walk *w = &walks[i];
		struct arena *arena = arena_new();
		const char *message = w->message != NULL ? w->message : MESSAGE;
		struct plan plan = {.helo = "probe.example.com",
		    .from = w->from != NULL ? w->from : "a@example.com",
		    .rcpt = w->rcpt != NULL ? w->rcpt : "b@example.net",
		    .depth = w->depth,
		    .tls = w->tls,
		    .message = message,
		    .message_len = strlen(message)};
		char hears[200], *save = NULL;
		struct dialogue d;
		struct buf says, line;

		snprintf(hears, sizeof hears, "%s", w->hears);
		buf_init(&says, 1000);
		buf_init(&line, 10000);
		dialogue_start(&d, &plan, arena);
		for (char *word = strtok_r(hears, " ", &save);;) {
			enum act act;

			buf_clear(&line);
			act = dialogue_act(&d, &line);
			if (act == ACT_CONNECT) {
				dialogue_connected(&d, 1);
				continue;
			}
			if (act == ACT_CLOSE) {
				buf_puts(&says, " close");
				cr_expect_null(word, "%s: '%s' was never heard", w->name, word);
				break;
			}
			if (act == ACT_TLS)
				buf_puts(&says, " tls");
			if (act == ACT_SAY && d.stage == STAGE_MESSAGE) {
				buf_puts(&says, " data");
				cr_expect(line.len >= 5 &&
				              strcmp(line.data + line.len - 5, "\r\n.\r\n") == 0,
				    "%s: no final dot", w->name);
			} else if (act == ACT_SAY) {
				buf_printf(
				    &says, " %.*s", (int)strcspn(line.data, " \r"), line.data);
			}
			cr_assert_not_null(word, "%s: waits in %s for a reply that does not come",
			    w->name, stage_name(d.stage));
			hear(&d, arena, word);
			word = strtok_r(NULL, " ", &save);
		}
		cr_expect_str_eq(says.len > 0 ? says.data + 1 : "", w->says,
		    "%s: said '%s', not '%s'", w->name, says.data + 1, w->says);
		cr_expect_eq(d.done, w->done, "%s: done", w->name);
		cr_expect_eq(d.ending, w->ending, "%s: ending %d", w->name, d.ending);
		cr_expect_eq(d.decisive_stage, w->at, "%s: decided at %s", w->name,
		    stage_name(d.decisive_stage));
		cr_expect_eq(d.decisive.code, w->code, "%s: code %d", w->name, d.decisive.code);
		buf_release(&says);
		buf_release(&line);
		arena_free(arena);
	}
}

Test(mail, says_size_and_body_only_when_offered_and_needed)
{
	static const struct {
		const char *offer, *message, *from, *line;
	} cases[] = {
	    {"250", MESSAGE, "a@example.com", "MAIL FROM:<a@example.com>\r\n"},
	    {"250:SIZE", MESSAGE, "a@example.com", "MAIL FROM:<a@example.com> SIZE=21\r\n"},
	    {"250:8BITMIME", MESSAGE, "", "MAIL FROM:<>\r\n"},
	    {"250:8BITMIME", "S: x\r\n\r\n\xe4\r\n", "", "MAIL FROM:<> BODY=8BITMIME\r\n"},
	    {"250:8BITMIME,SMTPUTF8", "S: \xc3\xa4\r\n\r\nx\r\n", "",
	        "MAIL FROM:<> BODY=8BITMIME SMTPUTF8\r\n"},
	    {"250:8BITMIME,SMTPUTF8", "S: x\r\n\r\n\xc3\xa4\r\n", "",
	        "MAIL FROM:<> BODY=8BITMIME\r\n"},
	    {"250:SMTPUTF8", MESSAGE, "\xc3\xa4@example.com",
	        "MAIL FROM:<\xc3\xa4@example.com> SMTPUTF8\r\n"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct arena *arena = arena_new();
		struct plan plan = {.helo = "h.example",
		    .from = cases[i].from,
		    .rcpt = "b@example.net",
		    .depth = STAGE_MESSAGE,
		    .message = cases[i].message,
		    .message_len = strlen(cases[i].message)};
		struct dialogue d;
		struct buf line;

		buf_init(&line, 1000);
		dialogue_start(&d, &plan, arena);
		dialogue_connected(&d, 0);
		hear(&d, arena, "220");
		hear(&d, arena, cases[i].offer);
		cr_expect_eq(d.stage, STAGE_MAIL);
		dialogue_act(&d, &line);
		cr_expect_str_eq(line.data, cases[i].line);
		buf_release(&line);
		arena_free(arena);
	}
}

Test(transcript, keeps_all_in_order)
{
	struct arena *arena = arena_new();
	struct plan plan = {.helo = "h.example",
	    .from = "a@b.example",
	    .rcpt = "c@d.example",
	    .depth = STAGE_MESSAGE,
	    .message = MESSAGE,
	    .message_len = strlen(MESSAGE)};
	static const char *const sent[] = {NULL, NULL, "EHLO h.example", "MAIL FROM:<a@b.example>",
	    "RCPT TO:<c@d.example>", "DATA", "(message, 21 octets)", "QUIT"};
	static const char *const hears[] = {"220", "250", "250", "250", "354", "554", "221"};
	struct dialogue d;

	dialogue_start(&d, &plan, arena);
	dialogue_connected(&d, 3);
	for (size_t i = 0; i < 7; i++)
		hear(&d, arena, hears[i]);
	cr_assert_eq(d.transcript.count, 8);
	for (size_t i = 0; i < 8; i++)
		if (sent[i] == NULL)
			cr_expect_null(d.transcript.entries[i].sent);
		else
			cr_expect_str_eq(d.transcript.entries[i].sent, sent[i]);
	cr_expect_eq(d.transcript.entries[6].reply.code, 554);
	cr_expect_eq(d.reached, STAGE_MESSAGE);
	arena_free(arena);
}

/* A session of several transactions, the way there included: `hears` and `says` as above, each
 * transaction's behind the last one's; "|" where one is over and the next one is begun. */
static const struct sitting {
	const char *name, *hears, *says;
	struct {
		bool done;
		enum ending ending;
		enum stage at;
		int code;
		size_t entries; /* of its transcript */
	} transactions[3];
	enum stage depth;
} sittings[] = {
    {"two taken, no RSET between", "220 250 250 250 354 250 | 250 250 354 250 | 221",
        "EHLO MAIL RCPT DATA data | MAIL RCPT DATA data | QUIT close",
        {{true, END_NONE, STAGE_MESSAGE, 250, 7}, {true, END_NONE, STAGE_MESSAGE, 250, 7}},
        STAGE_MESSAGE},
    {"a recipient refused: RSET before the next", "220 250 250 550 | 250 250 250 354 250 | 221",
        "EHLO MAIL RCPT | RSET MAIL RCPT DATA data | QUIT close",
        {{false, END_NONE, STAGE_RCPT, 550, 5}, {true, END_NONE, STAGE_MESSAGE, 250, 8}},
        STAGE_MESSAGE},
    {"a sender refused: nothing is open", "220 250 550 | 550 | 221",
        "EHLO MAIL | MAIL | QUIT close",
        {{false, END_NONE, STAGE_MAIL, 550, 4}, {false, END_NONE, STAGE_MAIL, 550, 4}}, STAGE_RCPT},
    {"depth rcpt, thrice", "220 250 250 250 | 250 250 250 | 250 250 450 | 221",
        "EHLO MAIL RCPT | RSET MAIL RCPT | RSET MAIL RCPT | QUIT close",
        {{true, END_NONE, STAGE_RCPT, 250, 5}, {true, END_NONE, STAGE_RCPT, 250, 6},
            {false, END_NONE, STAGE_RCPT, 450, 6}},
        STAGE_RCPT},
    {"421 ends the session", "220 250 250 421 221", "EHLO MAIL RCPT QUIT close",
        {{false, END_NONE, STAGE_RCPT, 421, 6}}, STAGE_RCPT},
    {"lost within the second", "220 250 250 250 354 250 | 250 lost",
        "EHLO MAIL RCPT DATA data | MAIL RCPT close",
        {{true, END_NONE, STAGE_MESSAGE, 250, 7}, {false, END_CLOSED, STAGE_RCPT, 0, 5}},
        STAGE_MESSAGE},
    {"RSET refused", "220 250 250 550 | 500 221", "EHLO MAIL RCPT | RSET QUIT close",
        {{false, END_NONE, STAGE_RCPT, 550, 5}, {false, END_NONE, STAGE_RSET, 500, 5}}, STAGE_RCPT},
};

static void
expect_transaction(const struct sitting *sitting, const struct dialogue *d, size_t i)
{
	cr_assert_lt(i, 3, "%s: too many", sitting->name);
	cr_expect_eq(d->done, sitting->transactions[i].done, "%s: done %zu", sitting->name, i);
	cr_expect_eq(d->ending, sitting->transactions[i].ending, "%s: %zu", sitting->name, i);
	cr_expect_eq(d->decisive_stage, sitting->transactions[i].at, "%s: %zu decided at %s",
	    sitting->name, i, stage_name(d->decisive_stage));
	cr_expect_eq(d->decisive.code, sitting->transactions[i].code, "%s: %zu", sitting->name, i);
	cr_expect_eq(d->transcript.count, sitting->transactions[i].entries, "%s: %zu has %zu",
	    sitting->name, i, d->transcript.count);
}

Test(sessions, outlive_their_transactions)
{
	for (size_t i = 0; i < sizeof sittings / sizeof *sittings; i++) {
		const struct sitting *sitting = &sittings[i];
		struct arena *arena = arena_new();
		struct plan plan = {.helo = "probe.example.com",
		    .from = "a@example.com",
		    .rcpt = "b@example.net",
		    .depth = sitting->depth,
		    .message = MESSAGE,
		    .message_len = strlen(MESSAGE)};
		char hears[200], *save = NULL;
		struct dialogue d;
		struct buf says, line;
		size_t over = 0;

		snprintf(hears, sizeof hears, "%s", sitting->hears);
		buf_init(&says, 1000);
		buf_init(&line, 10000);
		dialogue_start(&d, &plan, arena);
		d.stays = true;
		dialogue_connected(&d, 1);
		for (char *word = strtok_r(hears, " ", &save); d.stage != STAGE_CLOSED;
		     word = strtok_r(NULL, " ", &save)) {
			enum act act;

			buf_clear(&line);
			act = dialogue_act(&d, &line);
			if (act == ACT_REST) {
				cr_assert_str_eq(word, "|", "%s: rests", sitting->name);
				expect_transaction(sitting, &d, over++);
				buf_puts(&says, " |");
				if (over < 3 && sitting->transactions[over].at != STAGE_NONE)
					cr_assert(dialogue_next(&d, &plan, arena));
				else
					dialogue_quit(&d);
				continue;
			}
			if (act == ACT_SAY && d.stage == STAGE_MESSAGE)
				buf_puts(&says, " data");
			else if (act == ACT_SAY)
				buf_printf(
				    &says, " %.*s", (int)strcspn(line.data, " \r"), line.data);
			cr_assert_not_null(
			    word, "%s: waits in %s", sitting->name, stage_name(d.stage));
			hear(&d, arena, word);
		}
		buf_puts(&says, " close");
		if (over < 3 && sitting->transactions[over].at != STAGE_NONE)
			expect_transaction(sitting, &d, over);
		cr_expect_str_eq(
		    says.data + 1, sitting->says, "%s: said '%s'", sitting->name, says.data + 1);
		buf_release(&says);
		buf_release(&line);
		arena_free(arena);
	}
}

Test(sessions, have_a_limit)
{
	struct arena *arena = arena_new();
	struct plan plan = {
	    .helo = "h.example", .from = "a@b.example", .rcpt = "c@d.example", .depth = STAGE_MAIL};
	struct dialogue d;
	unsigned transactions = 0, steps = 0;

	dialogue_start(&d, &plan, arena);
	d.stays = true;
	dialogue_connected(&d, 0);
	for (; d.stage != STAGE_CLOSED && steps < 10 * STAGE_COUNT * DIALOGUE_TRANSACTIONS_MAX;
	     steps++)
		if (d.stage == STAGE_READY) {
			transactions++;
			if (!dialogue_next(&d, &plan, arena))
				dialogue_quit(&d);
		} else {
			hear(&d, arena, d.stage == STAGE_GREETING ? "220" : "250");
		}
	cr_expect_eq(transactions, DIALOGUE_TRANSACTIONS_MAX);
	cr_expect_eq(d.stage, STAGE_CLOSED);
	cr_expect_leq(steps, STAGE_COUNT * DIALOGUE_TRANSACTIONS_MAX);
	arena_free(arena);
}

Test(sessions, at_rest_owe_nothing)
{
	static const char *const words[] = {"lost", "421", "250"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		struct arena *arena = arena_new();
		struct plan plan = {.helo = "h.example",
		    .from = "a@b.example",
		    .rcpt = "c@d.example",
		    .depth = STAGE_MAIL};
		struct dialogue d;

		dialogue_start(&d, &plan, arena);
		d.stays = true;
		dialogue_connected(&d, 0);
		hear(&d, arena, "220");
		hear(&d, arena, "250");
		hear(&d, arena, "250");
		cr_assert_eq(d.stage, STAGE_READY);
		hear(&d, arena, words[i]);
		cr_expect_eq(d.stage, i == 0 ? STAGE_CLOSED : STAGE_QUIT);
		cr_expect(d.done && d.ending == END_NONE && d.decisive.code == 250 &&
		          d.reached == STAGE_MAIL);
		cr_expect_not(dialogue_next(&d, &plan, arena));
		arena_free(arena);
	}
}

Test(starttls, keeps_the_reply_that_refuses)
{
	static const int codes[] = {454, 500, 554, 421};

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		struct arena *arena = arena_new();
		struct plan plan = {.helo = "h.example", .depth = STAGE_STARTTLS, .tls = TLS_MAY};
		struct dialogue d;

		dialogue_start(&d, &plan, arena);
		dialogue_connected(&d, 0);
		hear(&d, arena, "220");
		hear(&d, arena, "250:STARTTLS");
		hear(&d, arena, arena_printf(arena, "%d", codes[i]));
		cr_expect_eq(d.starttls_reply.code, codes[i]);
		arena_free(arena);
	}
}
