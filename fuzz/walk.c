/* A server's bytes through the whole dialogue: replies, verdict, diagnosis, the record and the
 * words. The first byte says how far is walked, what is wanted of TLS, and whether commands go out
 * together and a login is tried; the rest is what the
 * server sends, and where a byte 0xff stands it hangs up. Whatever it sends, a walk ends, a record
 * is one line of JSON, and nothing of it moves a terminal. */
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/shown.h"
#include "campaign/verdict.h"
#include "expect.h"
#include "judge/remedies.h"
#include "mail/message.h"
#include "report/ndjson.h"
#include "report/text.h"
#include "report/text_result.h"
#include "rules/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ACTS_MAX = 64, LEAVES = 0xff };

static const char secret[] = "q3J-token-of-ours"; /* whatever a server says, it is in no record */

struct peer {
	const char *bytes;
	size_t left;
};

/* What the server says next, until a reply is whole, or no reply can become of it. */
static void
hear(struct dialogue *dialogue, struct peer *peer, struct arena *arena)
{
	struct reply_reader *reader = reply_reader_new(arena);
	const char *end = memchr(peer->bytes, LEAVES, peer->left);
	size_t len = end != NULL ? (size_t)(end - peer->bytes) : peer->left, taken = 0;
	enum reply_state state = reply_feed(reader, peer->bytes, len, &taken);
	struct reply reply = reply_take(reader);

	expect(taken <= len);
	peer->bytes += taken;
	peer->left -= taken;
	switch (state) {
	case REPLY_DONE:
		dialogue_heard(dialogue, &reply, len > taken, 1);
		return;
	case REPLY_MORE:
		dialogue_lost(dialogue, end != NULL ? END_CLOSED : END_TIMEOUT, NULL, &reply, 1);
		return;
	case REPLY_NOT_SMTP:
		dialogue_lost(dialogue, END_NOT_SMTP, NULL, &reply, 1);
		return;
	case REPLY_LINE_TOO_LONG:
	case REPLY_TOO_LONG:
		dialogue_lost(dialogue, END_TOO_LONG, NULL, &reply, 1);
	}
}

static void
walk(struct dialogue *dialogue, struct peer *peer, struct arena *arena, struct tls_facts *tls)
{
	struct buf line;

	buf_init(&line, MESSAGE_WIRE_MAX);
	for (int acts = 0;; acts++) {
		enum act act;

		expect(acts < ACTS_MAX);
		buf_clear(&line);
		if (dialogue_hears(dialogue)) {
			hear(dialogue, peer, arena);
			continue;
		}
		act = dialogue_act(dialogue, &line);
		if (act == ACT_CLOSE)
			break;
		if (act == ACT_CONNECT) {
			dialogue_connected(dialogue, 1);
		} else if (act == ACT_TLS) {
			tls->done = peer->left == 0 || *peer->bytes != 'x';
			if (tls->done)
				dialogue_secured(dialogue, 1);
			else
				dialogue_lost(dialogue, END_TLS_FAILED, "alert", NULL, 1);
		} else {
			expect(act != ACT_SAY || (line.len > 2 && !line.full));
			hear(dialogue, peer, arena);
		}
	}
	buf_release(&line);
}

static void
check_record(const struct journey *journey, bool logs_in)
{
	struct buf line;
	json_t *record;

	buf_init(&line, RECORD_MAX);
	record_result(&line, journey);
	expect(!line.full && line.len > 0);
	expect((const char *)memchr(line.data, '\n', line.len) == line.data + line.len - 1);
	if (logs_in)
		expect(memmem(line.data, line.len, secret, sizeof secret - 1) == NULL);
	for (size_t i = 0; i + 1 < line.len; i++)
		expect((unsigned char)line.data[i] >= ' ' && line.data[i] != 0x7f);
	record = json_loadb(line.data, line.len, JSON_ALLOW_NUL, NULL);
	expect(record != NULL);
	json_decref(record);
	buf_release(&line);
}

static void
check_words(const struct journey *journey)
{
	static const struct text_style plain = {.verbose = true, .width = 100};
	struct buf words, shown;

	buf_init(&words, RECORD_MAX);
	buf_init(&shown, 4 * RECORD_MAX);
	text_result(&words, &plain, journey);
	buf_add(&shown, words.data, words.len);
	shown_guard(&shown);
	expect(shown.len == words.len && memcmp(shown.data, words.data, words.len) == 0);
	buf_release(&words);
	buf_release(&shown);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char message[] = "Subject: t\r\n\r\n.t\r\n";
	static const enum stage depths[] = {STAGE_CONNECT, STAGE_GREETING, STAGE_EHLO,
	    STAGE_STARTTLS, STAGE_MAIL, STAGE_RCPT, STAGE_DATA, STAGE_MESSAGE};
	static const struct login login = {
	    .user = "me", .token = {.at = secret, .len = sizeof secret - 1}, .in_clear = true};
	static struct rules *rules;
	static struct remedies *remedies;
	struct stanza_error error;
	struct arena *arena;
	struct dialogue dialogue;
	struct attempt attempt = {.mx = "mx.example.com", .port = 25};
	struct journey journey = {.helo = "me.example", .from = "a@me.example"};
	struct tls_facts tls = {.version = "TLSv1.3"};
	struct plan plan = {.helo = journey.helo, .from = journey.from, .rcpt = "u@example.com"};
	struct peer peer = {(const char *)data + 1, size - 1};
	unsigned ways;

	if (size < 1)
		return 0;
	if (rules == NULL) {
		rules = rules_builtin(NULL);
		remedies = remedies_new();
		expect(remedies_add_builtin(remedies, &error));
	}
	arena = arena_new();
	plan.depth = depths[data[0] & 7];
	plan.tls = (enum tls_want)((data[0] >> 3) % 3);
	ways = (data[0] >> 3) / 3;
	plan.pipeline = (ways & 1) != 0;
	plan.login = (ways & 2) != 0 ? &login : NULL;
	if (plan.depth == STAGE_MESSAGE) {
		plan.message = message;
		plan.message_len = sizeof message - 1;
	}
	dialogue_start(&dialogue, &plan, arena);
	walk(&dialogue, &peer, arena, &tls);
	verdict_take(&attempt, &dialogue, &tls);
	journey.target =
	    (struct target){.text = plan.rcpt, .domain = "example.com", .rcpt = plan.rcpt};
	journey.target.depth = plan.depth;
	journey.attempts = &attempt;
	journey.attempt_count = 1;
	if (verdict_reach(&journey, false))
		verdict_judge(&journey, &(struct verdict_facts){.rules = rules,
		                            .remedies = remedies,
		                            .recipient = plan.rcpt,
		                            .arena = arena});
	check_record(&journey, plan.login != NULL);
	check_words(&journey);
	arena_free(arena);
	return 0;
}
