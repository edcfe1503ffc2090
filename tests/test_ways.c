/* Other ways to say it: TLS at once, HELO alone, LMTP, BDAT, DSN: walks as "hears → says". */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "smtp/dialogue.h"

#define MESSAGE "Subject: x\r\n\r\n.hello\r\n"
#define FULL .depth = STAGE_MESSAGE, .tls = TLS_MAY
#define LINE "\\"

/* `says`: the lines, each with LINE for its CRLF; "tls" and "close" for what is no line. */
static const struct way {
	const char *name, *hears, *says;
	struct plan plan;
	bool done;
	enum ending ending;
	enum stage at; /* of the decisive reply */
} ways[] = {
    {"TLS at once", "tls 220 250:STARTTLS 250 221",
        "tls EHLO h.example" LINE " MAIL FROM:<a@b.example>" LINE " QUIT" LINE " close",
        {.tls_at_once = true, .depth = STAGE_MAIL, .tls = TLS_MUST}, true, END_NONE, STAGE_MAIL},
    {"TLS at once, to the polite depth", "tls 220 250 221",
        "tls EHLO h.example" LINE " QUIT" LINE " close",
        {.tls_at_once = true, .depth = STAGE_STARTTLS, .tls = TLS_MAY}, true, END_NONE, STAGE_EHLO},
    {"TLS at once, to the greeting", "tls 220 221", "tls QUIT" LINE " close",
        {.tls_at_once = true, .depth = STAGE_GREETING, .tls = TLS_MAY}, true, END_NONE,
        STAGE_GREETING},
    {"TLS at once, to the connection", "", "close",
        {.tls_at_once = true, .depth = STAGE_CONNECT, .tls = TLS_MAY}, true, END_NONE,
        STAGE_CONNECT},
    {"TLS at once, lost in the handshake", "lost", "tls close", {.tls_at_once = true, FULL}, false,
        END_CLOSED, STAGE_HANDSHAKE},
    {"TLS at once, refused in the greeting", "tls 554 221", "tls QUIT" LINE " close",
        {.tls_at_once = true, FULL}, false, END_NONE, STAGE_GREETING},
    {"HELO alone", "220 250 250 221",
        "HELO h.example" LINE " MAIL FROM:<a@b.example>" LINE " QUIT" LINE " close",
        {.protocol = PROTOCOL_SMTP, .depth = STAGE_MAIL, .tls = TLS_MAY}, true, END_NONE,
        STAGE_MAIL},
    {"LMTP", "220 250:STARTTLS 220 tls 250 250 221",
        "LHLO h.example" LINE " STARTTLS" LINE " tls LHLO h.example" LINE
        " MAIL FROM:<a@b.example>" LINE " QUIT" LINE " close",
        {.protocol = PROTOCOL_LMTP, .depth = STAGE_MAIL, .tls = TLS_MAY}, true, END_NONE,
        STAGE_MAIL},
    {"LMTP, not spoken: no HELO", "220 500 221", "LHLO h.example" LINE " QUIT" LINE " close",
        {.protocol = PROTOCOL_LMTP, FULL}, false, END_NONE, STAGE_EHLO},
    {"BDAT", "220 250:CHUNKING 250 250 250 221",
        "EHLO h.example" LINE " MAIL FROM:<a@b.example>" LINE " RCPT TO:<c@d.example>" LINE
        " BDAT 22 LAST" LINE "Subject: x" LINE LINE ".hello" LINE " QUIT" LINE " close",
        {.chunking = true, FULL}, true, END_NONE, STAGE_MESSAGE},
    {"BDAT, refused", "220 250:CHUNKING 250 250 554 221",
        "EHLO h.example" LINE " MAIL FROM:<a@b.example>" LINE " RCPT TO:<c@d.example>" LINE
        " BDAT 22 LAST" LINE "Subject: x" LINE LINE ".hello" LINE " QUIT" LINE " close",
        {.chunking = true, FULL}, false, END_NONE, STAGE_MESSAGE},
    {"BDAT, not offered: DATA", "220 250 250 250 354 250 221",
        "EHLO h.example" LINE " MAIL FROM:<a@b.example>" LINE " RCPT TO:<c@d.example>" LINE
        " DATA" LINE " Subject: x" LINE LINE "..hello" LINE "." LINE " QUIT" LINE " close",
        {.chunking = true, FULL}, true, END_NONE, STAGE_MESSAGE},
    {"BDAT, to the depth of DATA: DATA", "220 250:CHUNKING 250 250 354",
        "EHLO h.example" LINE " MAIL FROM:<a@b.example>" LINE " RCPT TO:<c@d.example>" LINE
        " DATA" LINE " close",
        {.chunking = true, .depth = STAGE_DATA, .tls = TLS_MAY}, true, END_NONE, STAGE_DATA},
    {"DSN", "220 250:DSN 250 250 221",
        "EHLO h.example" LINE " MAIL FROM:<a@b.example> RET=HDRS ENVID=x+2By" LINE
        " RCPT TO:<c@d.example> NOTIFY=SUCCESS,DELAY" LINE " QUIT" LINE " close",
        {.notify = "SUCCESS,DELAY", .ret = "HDRS", .envid = "x+2By", .depth = STAGE_RCPT}, true,
        END_NONE, STAGE_RCPT},
    {"DSN, not offered", "220 250 221", "EHLO h.example" LINE " QUIT" LINE " close",
        {.notify = "NEVER", .depth = STAGE_RCPT}, false, END_NOT_SENDABLE, STAGE_EHLO},
};

static void
hear(struct dialogue *d, struct arena *arena, const char *word)
{
	static struct reply_line lines[2];
	const char *colon = strchr(word, ':');
	struct reply reply = {.code = atoi(word), .lines = lines, .count = 1, .text = ""};

	if (strcmp(word, "lost") == 0) {
		dialogue_lost(d, END_CLOSED, NULL, NULL, 1);
		return;
	}
	if (strcmp(word, "tls") == 0) {
		dialogue_secured(d, 1);
		return;
	}
	lines[0].bytes =
	    arena_printf(arena, "%d%cmx.example.com", reply.code, colon != NULL ? '-' : ' ');
	lines[0].len = strlen(lines[0].bytes);
	if (colon != NULL) {
		lines[1].bytes = arena_printf(arena, "%d %s", reply.code, colon + 1);
		lines[1].len = strlen(lines[1].bytes);
		reply.count = 2;
		reply.text = arena_printf(arena, "mx.example.com\n%s", colon + 1);
	}
	dialogue_heard(d, &reply, false, 1);
}

static void
put_line(struct buf *says, const struct buf *line)
{
	buf_putc(says, ' ');
	for (size_t i = 0; i < line->len; i++)
		if (line->data[i] == '\n')
			buf_puts(says, LINE);
		else if (line->data[i] != '\r')
			buf_putc(says, line->data[i]);
}

static void
walk(const struct way *way, struct arena *arena, struct dialogue *d, struct buf *says)
{
	char hears[200], *save = NULL, *word;
	struct buf line;
	enum act act;

	snprintf(hears, sizeof hears, "%s", way->hears);
	word = strtok_r(hears, " ", &save);
	buf_init(&line, 10000);
	while ((act = dialogue_act(d, &line)) != ACT_CLOSE) {
		if (act == ACT_CONNECT) {
			dialogue_connected(d, 1);
			continue;
		}
		if (act == ACT_TLS)
			buf_puts(says, " tls");
		if (act == ACT_SAY)
			put_line(says, &line);
		cr_assert_not_null(word, "%s: waits in %s", way->name, stage_name(d->stage));
		hear(d, arena, word);
		word = strtok_r(NULL, " ", &save);
		buf_clear(&line);
	}
	buf_puts(says, " close");
	cr_expect_null(word, "%s: '%s' was never heard", way->name, word);
	buf_release(&line);
}

Test(ways, go_as_told)
{
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		struct arena *arena = arena_new();
		struct plan plan = ways[i].plan;
		struct dialogue d;
		struct buf says;

		plan.helo = "h.example";
		plan.from = "a@b.example";
		plan.rcpt = "c@d.example";
		plan.message = MESSAGE;
		plan.message_len = strlen(MESSAGE);
		buf_init(&says, 10000);
		dialogue_start(&d, &plan, arena);
		walk(&ways[i], arena, &d, &says);
		cr_expect_str_eq(says.data + 1, ways[i].says, "%s: said '%s', not '%s'",
		    ways[i].name, says.data + 1, ways[i].says);
		cr_expect(d.done == ways[i].done && d.ending == ways[i].ending &&
		              d.decisive_stage == ways[i].at,
		    "%s: %d %d at %s", ways[i].name, d.done, d.ending,
		    stage_name(d.decisive_stage));
		buf_release(&says);
		arena_free(arena);
	}
}
