/* What attempts come to: status, who speaks, how far was asked, who refused beside that. */
#include <criterion/criterion.h>

#include "campaign/verdict.h"

Test(verdict, a_walk_becomes_a_status)
{
	static const struct {
		enum ending ending;
		bool done;
		int code;
		enum walk_status status;
	} cases[] = {
	    {END_NONE, true, 250, WALK_ACCEPTED},
	    {END_NONE, false, 554, WALK_REFUSED},
	    {END_NONE, false, 421, WALK_DEFERRED},
	    {END_NONE, false, 450, WALK_DEFERRED},
	    {END_CLOSED, false, 0, WALK_DROPPED},
	    {END_CLOSED, false, 554,
	        WALK_DROPPED}, /* half a reply is no refusal (RFC 5321 section 3.8) */
	    {END_RESET, false, 0, WALK_DROPPED},
	    {END_TIMEOUT, false, 0, WALK_DROPPED},
	    {END_NOT_SMTP, false, 0, WALK_BROKEN},
	    {END_TOO_LONG, false, 220, WALK_BROKEN},
	    {END_INJECTED, false, 220, WALK_BROKEN},
	    {END_TLS_FAILED, false, 0, WALK_BROKEN},
	    {END_TLS_MISSING, false, 250, WALK_BROKEN},
	    {END_AUTH_FAILED, false, 334, WALK_BROKEN},
	    {END_UNEXPECTED, false, 250, WALK_BROKEN},
	    {END_UNREACHABLE, false, 0, WALK_UNREACHABLE},
	    {END_FLOOD, false, 0, WALK_BROKEN},
	    {END_THIS_HOST, false, 0, WALK_LOCAL},
	    {END_STOPPED, false, 250, WALK_DROPPED},
	    {END_NOT_SENDABLE, false, 250, WALK_SKIPPED},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct dialogue d = {.ending = cases[i].ending,
		    .done = cases[i].done,
		    .decisive = {.code = cases[i].code}};

		cr_expect_eq(verdict_of_dialogue(&d), cases[i].status, "case %zu: %s", i,
		    walk_status_name(verdict_of_dialogue(&d)));
	}
}

Test(verdict, goes_on_only_while_the_question_is_open)
{
	static const struct {
		enum walk_status status;
		enum stage stage;
		bool open;
	} cases[] = {
	    {WALK_ACCEPTED, STAGE_EHLO, false},
	    {WALK_REFUSED, STAGE_GREETING, true}, /* another host may take it (RFC 7504) */
	    {WALK_REFUSED, STAGE_EHLO, false},
	    {WALK_REFUSED, STAGE_RCPT, false},
	    {WALK_LOCAL, STAGE_CONNECT, true},
	    {WALK_DEFERRED, STAGE_GREETING, true},
	    {WALK_DEFERRED, STAGE_RCPT, false},
	    {WALK_UNREACHABLE, STAGE_CONNECT, true},
	    {WALK_DROPPED, STAGE_GREETING, true},
	    {WALK_DROPPED, STAGE_MESSAGE, false},
	    {WALK_BROKEN, STAGE_HANDSHAKE, true},
	    {WALK_SKIPPED, STAGE_CONNECT, true},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct attempt a = {.status = cases[i].status, .stage = cases[i].stage};

		cr_expect_eq(verdict_is_open(&a), cases[i].open, "case %zu", i);
	}
}

Test(verdict, one_attempt_speaks_for_all)
{
	static const struct {
		enum walk_status attempts[3];
		size_t count, first, worst; /* index of the decisive one */
	} cases[] = {
	    {{WALK_UNREACHABLE, WALK_ACCEPTED}, 2, 1, 1},
	    {{WALK_DEFERRED, WALK_ACCEPTED}, 2, 1, 0},
	    {{WALK_ACCEPTED, WALK_REFUSED, WALK_DEFERRED}, 3, 0, 1},
	    {{WALK_UNREACHABLE, WALK_DROPPED, WALK_DEFERRED}, 3, 2, 2},
	    {{WALK_UNREACHABLE, WALK_UNREACHABLE}, 2, 0, 0},
	    {{WALK_SKIPPED, WALK_UNREACHABLE}, 2, 1, 1},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct attempt attempts[3] = {{0}};

		for (size_t k = 0; k < cases[i].count; k++)
			attempts[k].status = cases[i].attempts[k];
		cr_expect_eq(verdict_decisive(attempts, cases[i].count, false) - attempts,
		    (long)cases[i].first, "case %zu", i);
		cr_expect_eq(verdict_decisive(attempts, cases[i].count, true) - attempts,
		    (long)cases[i].worst, "case %zu, all", i);
	}
	cr_expect_null(verdict_decisive(NULL, 0, false));
}

/* A refused greeting is written G, a refusal later R, accepted A, deferred D, unreachable U, local
 * L; a host is asked as far as its letter tells. */
static struct attempt
attempt_of(char letter)
{
	switch (letter) {
	case 'A':
		return (struct attempt){.status = WALK_ACCEPTED, .stage = STAGE_RCPT};
	case 'G':
		return (struct attempt){.status = WALK_REFUSED, .stage = STAGE_GREETING};
	case 'R':
		return (struct attempt){.status = WALK_REFUSED, .stage = STAGE_RCPT};
	case 'D':
		return (struct attempt){.status = WALK_DEFERRED, .stage = STAGE_GREETING};
	case 'L':
		return (struct attempt){.status = WALK_LOCAL, .stage = STAGE_CONNECT};
	default:
		return (struct attempt){.status = WALK_UNREACHABLE, .stage = STAGE_CONNECT};
	}
}

Test(verdict, a_refused_greeting_is_not_the_end)
{
	static const struct {
		const char *attempts;
		bool all;
		enum walk_status status;
		int decisive, refusal; /* index; -1: none */
		bool judged;
	} rows[] = {
	    {"G", false, WALK_REFUSED, 0, -1, true},
	    {"GA", false, WALK_ACCEPTED, 1, 0, true},
	    {"GGA", false, WALK_ACCEPTED, 2, 0, true},
	    {"GG", false, WALK_REFUSED, 0, 1, true},
	    {"GR", false, WALK_REFUSED, 1, 0, true},
	    {"GD", false, WALK_DEFERRED, 1, 0, true}, /* mail waits for the second */
	    {"GU", false, WALK_REFUSED, 0, -1, true},
	    {"UA", false, WALK_ACCEPTED, 1, -1, false},
	    {"DA", false, WALK_ACCEPTED, 1, -1, false},
	    {"DU", false, WALK_DEFERRED, 0, -1, true},
	    {"LU", false, WALK_UNREACHABLE, 1, -1, false},
	    {"L", false, WALK_LOCAL, 0, -1, false},
	    {"AG", true, WALK_REFUSED, 1, -1, true},
	    {"GAR", true, WALK_REFUSED, 2, 0, true},
	    {"", false, WALK_DNS_ERROR, -1, -1, false},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct attempt attempts[4];
		struct journey journey = {.attempts = attempts, .status = WALK_DNS_ERROR};
		bool judged;

		for (const char *at = rows[i].attempts; *at != '\0'; at++)
			attempts[journey.attempt_count++] = attempt_of(*at);
		judged = verdict_reach(&journey, rows[i].all);
		cr_expect_eq(journey.status, rows[i].status, "%s: %s", rows[i].attempts,
		    walk_status_name(journey.status));
		cr_expect_eq(journey.decisive == NULL ? -1 : journey.decisive - attempts,
		    rows[i].decisive, "%s: decisive", rows[i].attempts);
		cr_expect_eq(journey.refusal == NULL ? -1 : journey.refusal - attempts,
		    rows[i].refusal, "%s: refusal", rows[i].attempts);
		cr_expect_eq(judged, rows[i].judged, "%s: judged", rows[i].attempts);
	}
}

Test(verdict, how_far_was_asked)
{
	struct reply_line line = {"250 ok", 6};
	struct reply reply = {.code = 250, .lines = &line, .count = 1};
	const struct {
		struct transcript_entry entries[4];
		size_t count;
		enum ending ending;
		enum stage asked;
	} rows[] = {
	    {{{.stage = STAGE_CONNECT}}, 1, END_UNREACHABLE, STAGE_NONE},
	    {{{.stage = STAGE_CONNECT}, {.stage = STAGE_GREETING}}, 2, END_TIMEOUT, STAGE_CONNECT},
	    {{{.stage = STAGE_CONNECT}, {.stage = STAGE_GREETING, .reply = reply},
	         {.stage = STAGE_HELO, .reply = reply}, {.stage = STAGE_QUIT, .reply = reply}},
	        4, END_NONE, STAGE_EHLO},
	    {{{.stage = STAGE_CONNECT}, {.stage = STAGE_GREETING, .reply = reply},
	         {.stage = STAGE_MAIL, .reply = reply}, {.stage = STAGE_RCPT}},
	        4, END_CLOSED, STAGE_MAIL},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct transcript_entry entries[4];
		struct attempt attempt = {
		    .ending = rows[i].ending, .transcript = {entries, rows[i].count}};
		struct journey journey = {.attempts = &attempt, .attempt_count = 1};

		for (size_t k = 0; k < 4; k++)
			entries[k] = rows[i].entries[k];
		verdict_reach(&journey, false);
		cr_expect_eq(
		    journey.asked, rows[i].asked, "row %zu: %s", i, stage_name(journey.asked));
	}
}

Test(verdict, a_message_without_a_reply_is_never_forgotten)
{
	struct attempt attempts[2] = {{.status = WALK_UNREACHABLE},
	    {.status = WALK_DROPPED, .stage = STAGE_MESSAGE, .uncertain = true}};
	struct journey journey = {.attempts = attempts, .attempt_count = 2};

	cr_expect_not(verdict_is_open(&attempts[1]), "it is not sent to another host, too");
	cr_expect(verdict_reach(&journey, false));
	cr_expect(journey.uncertain);
}
