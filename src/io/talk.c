#include "io/talk.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "io/conn.h"
#include "io/loop.h"
#include "io/tls.h"
#include "mail/message.h"

enum { EARLY_MAX = 65536 };

struct talk {
	const struct talk_plan *plan;
	struct arena *arena;
	struct talk_result *result;
	struct conn *conn;
	struct reply_reader *reader;
	struct buf early; /* came before we listened for it: an unsolicited 421, or a server that
	                     talks ahead */
	struct buf line; /* what we are saying */
	bool sending, listening;
	int64_t began, stage_began;
	int64_t until; /* the plan's time; INT64_MAX: it has any */
	talk_done *done;
	void *arg;
};

static void hear(struct talk *talk, const char *bytes, size_t len);
static void act(struct talk *talk);

static long
stage_ms(const struct talk *talk)
{
	return (long)(loop_ms() - talk->stage_began);
}

static void
release(struct talk *talk)
{
	conn_close(talk->conn);
	buf_release(&talk->early);
	if (talk->result->dialogue.plan->login != NULL)
		OPENSSL_cleanse(talk->line.data, talk->line.len);
	buf_release(&talk->line);
	free(talk);
}

static void
finish(struct talk *talk)
{
	talk_done *done = talk->done;
	void *arg = talk->arg;

	talk->result->ms = (long)(loop_ms() - talk->began);
	release(talk);
	done(arg);
}

static void
lose(struct talk *talk, enum ending ending, const char *words)
{
	struct reply partial = reply_take(talk->reader);

	talk->listening = false;
	talk->result->unsent = talk->sending;
	dialogue_lost(&talk->result->dialogue, ending, words, partial.count > 0 ? &partial : NULL,
	    stage_ms(talk));
}

static void
on_lost(struct talk *talk, const struct conn_news *news)
{
	switch (news->lost) {
	case LOST_REFUSED:
		lose(talk, END_UNREACHABLE, news->words);
		break;
	case LOST_LOCAL:
		talk->result->error = news->error;
		lose(talk, END_THIS_HOST, news->words);
		break;
	case LOST_FLOOD:
		lose(talk, END_FLOOD, news->words);
		break;
	case LOST_CLOSED:
		lose(talk, END_CLOSED, NULL);
		break;
	case LOST_RESET:
		lose(talk, END_RESET, news->words);
		break;
	case LOST_TLS:
		if (talk->plan->must_match && talk->result->dane->words != NULL)
			lose(talk, END_TLS_FAILED, talk->result->dane->words);
		else if (talk->plan->must_verify && talk->result->tls->problem != NULL)
			lose(talk, END_TLS_FAILED,
			    arena_printf(talk->arena, "the certificate is not good: %s",
			        talk->result->tls->problem));
		else
			lose(talk, END_TLS_FAILED, news->words);
		break;
	}
}

/* One try: nothing tells whether it went out. */
static void
say_farewell(struct talk *talk)
{
	const char *farewell = talk->sending ? NULL : dialogue_farewell(&talk->result->dialogue);

	if (farewell != NULL)
		conn_last_words(talk->conn, farewell, strlen(farewell));
}

/* The stage's, or that of the whole. */
static void
set_deadline(struct talk *talk, enum stage stage)
{
	long ms = talk->result->dialogue.plan->ms[stage];

	if (talk->until != INT64_MAX && talk->until - loop_ms() < ms)
		ms = (long)(talk->until - loop_ms());
	conn_deadline(talk->conn, ms > 0 ? ms : 0);
}

static void
begin_time(struct talk *talk)
{
	talk->began = loop_ms();
	talk->until = talk->plan->left > 0 ? talk->began + talk->plan->left : INT64_MAX;
}

static void
on_deadline(struct talk *talk)
{
	struct dialogue *d = &talk->result->dialogue;
	char words[80];

	if (d->stage == STAGE_READY) {
		dialogue_quit(d);
		return;
	}
	say_farewell(talk);
	snprintf(words, sizeof words, "%s within %g s",
	    d->stage == STAGE_CONNECT     ? "no connection"
	    : d->stage == STAGE_HANDSHAKE ? "no handshake"
	                                  : "no whole reply",
	    (double)talk->plan->plan->ms[d->stage] / 1000);
	lose(talk, d->stage == STAGE_CONNECT ? END_UNREACHABLE : END_TIMEOUT, words);
}

static void
on_news(const struct conn_news *news, void *arg)
{
	struct talk *talk = arg;
	struct dialogue *d = &talk->result->dialogue;

	switch (news->event) {
	case CONN_CONNECTED:
		talk->result->source = conn_local(talk->conn);
		dialogue_connected(d, stage_ms(talk));
		break;
	case CONN_SECURED:
		if (talk->result->tls->bound)
			d->binding = (struct slice){(const char *)talk->result->tls->binding,
			    sizeof talk->result->tls->binding};
		dialogue_secured(d, stage_ms(talk));
		break;
	case CONN_SENT:
		talk->sending = false;
		if (d->stage == STAGE_AUTH) /* a secret was in it */
			OPENSSL_cleanse(talk->line.data, talk->line.len);
		return;
	case CONN_DATA:
		hear(talk, news->data, news->len);
		return;
	case CONN_LOST:
		on_lost(talk, news);
		break;
	case CONN_DEADLINE:
		if (talk->until <= loop_ms()) {
			talk->plan->late(talk->arg);
			return;
		}
		on_deadline(talk);
		break;
	}
	act(talk);
}

/* Feeds the reader; a whole reply moves the dialogue. What is behind it waits until we listen
 * again. */
static void
hear(struct talk *talk, const char *bytes, size_t len)
{
	struct dialogue *d = &talk->result->dialogue;
	enum reply_state state;
	struct reply reply;
	size_t taken = 0;

	if (!talk->listening) {
		buf_add(&talk->early, bytes, len);
		if (talk->early.full) {
			lose(talk, END_TOO_LONG, "it talks on without being asked");
			act(talk);
		}
		return;
	}
	state = reply_feed(talk->reader, bytes, len, &taken);
	switch (state) {
	case REPLY_MORE:
		return;
	case REPLY_DONE:
		reply = reply_take(talk->reader);
		buf_add(&talk->early, bytes + taken, len - taken);
		talk->listening = false;
		if (talk->early.full) {
			lose(talk, END_TOO_LONG, "it talks on without being asked");
			break;
		}
		if (talk->sending && !dialogue_hears_early(d))
			dialogue_heard_early(d, &reply, stage_ms(talk));
		else
			dialogue_heard(d, &reply,
			    talk->early.len > 0 ||
			        (d->stage == STAGE_STARTTLS && conn_has_input(talk->conn)),
			    stage_ms(talk));
		break;
	case REPLY_LINE_TOO_LONG:
		lose(talk, END_TOO_LONG, "a reply line is over 12288 octets");
		break;
	case REPLY_TOO_LONG:
		lose(talk, END_TOO_LONG, "a reply is over 128 lines or 65536 octets");
		break;
	case REPLY_NOT_SMTP:
		lose(talk, END_NOT_SMTP, "a line that does not begin with a reply code");
		break;
	}
	act(talk);
}

static void
listen(struct talk *talk)
{
	char *bytes;
	size_t len = talk->early.len;

	talk->listening = true;
	if (len == 0)
		return;
	bytes = must_alloc(len);
	memcpy(bytes, talk->early.data, len);
	buf_clear(&talk->early);
	hear(talk, bytes, len);
	free(bytes);
}

static bool
tls_possible(struct talk *talk)
{
	struct tls_context *tls = talk->plan->tls;

	if (tls == NULL)
		lose(talk, END_THIS_HOST, "TLS is not available here");
	else if (talk->plan->must_verify && !tls_context_trusts(tls))
		lose(talk, END_THIS_HOST,
		    "no certificate can be verified: this host has no CA certificates");
	else
		return true;
	return false;
}

static const char *
way_of(const struct talk *talk)
{
	char here[IP_TEXT], there[IP_TEXT];

	return arena_printf(talk->arena, "%s %s %u", ip_text(&talk->result->source, here),
	    ip_text(&talk->plan->address, there), talk->plan->port);
}

static void
secure(struct talk *talk)
{
	const struct talk_plan *plan = talk->plan;
	struct tls_facts *facts = arena_alloc(talk->arena, sizeof *facts);
	struct dane_met *met = arena_alloc(talk->arena, sizeof *met);
	struct tls_wish wish = {.name = plan->name,
	    .must_verify = plan->must_verify,
	    .must_match = plan->must_match,
	    .bind = plan->plan->login != NULL,
	    .small = plan->small_hello,
	    .trial = plan->trial,
	    .dane = plan->dane,
	    .way = plan->resumes ? way_of(talk) : NULL,
	    .anew = plan->anew,
	    .facts = facts,
	    .met = met,
	    .arena = talk->arena};

	talk->result->tls = facts;
	talk->result->dane = met;
	conn_secure(talk->conn, plan->tls, &wish);
}

/* What has come already is heard when we next say something. */
static void
rest(struct talk *talk)
{
	talk->result->ms = (long)(loop_ms() - talk->began);
	talk->listening = talk->early.len == 0;
	set_deadline(talk, STAGE_READY);
	talk->plan->ready(talk->arg);
}

/* What came before it is no answer to it, so that is heard while it still waits to go out. */
static void
say(struct talk *talk)
{
	const struct buf *line = &talk->line;

	talk->sending = talk->early.len > 0 || !conn_say(talk->conn, line->data, line->len);
	if (talk->early.len > 0)
		conn_send(talk->conn, line->data, line->len);
}

/* The end of every callback: nothing may touch the talk after it. */
static void
act(struct talk *talk)
{
	const struct talk_plan *plan = talk->plan;
	struct dialogue *d = &talk->result->dialogue;

	enum act next;

	if (dialogue_hears(d)) { /* the time of its reply counts from when it went out */
		conn_deadline(talk->conn, d->plan->ms[d->stage]);
		listen(talk);
		return;
	}
	buf_clear(&talk->line);
	talk->stage_began = loop_ms();
	next = talk->sending ? ACT_CLOSE /* refused while we were still sending: no command would
	                                    be understood */
	                     : dialogue_act(d, &talk->line);
	switch (next) {
	case ACT_CONNECT:
		talk->conn = plan->socket != NULL
		                 ? conn_open_socket(plan->base, plan->socket, on_news, talk)
		                 : conn_open(plan->base, &plan->source, &plan->address, plan->port,
		                       on_news, talk);
		break;
	case ACT_LISTEN:
		break;
	case ACT_SAY:
		say(talk);
		break;
	case ACT_TLS:
		if (!tls_possible(talk)) {
			act(talk);
			return;
		}
		secure(talk);
		break;
	case ACT_REST:
		rest(talk);
		return;
	case ACT_CLOSE:
	case ACT_NONE:
		finish(talk);
		return;
	}
	set_deadline(talk, d->stage);
	if (next == ACT_LISTEN || next == ACT_SAY)
		listen(talk);
}

struct talk *
talk_start(const struct talk_plan *plan, struct arena *arena, struct talk_result *result,
    talk_done *done, void *arg)
{
	struct talk *talk = must_alloc(sizeof *talk);

	talk->plan = plan;
	talk->arena = arena;
	talk->result = result;
	talk->reader = reply_reader_new(arena);
	talk->done = done;
	talk->arg = arg;
	begin_time(talk);
	buf_init(&talk->early, EARLY_MAX);
	buf_init(&talk->line, MESSAGE_WIRE_MAX);
	memset(result, 0, sizeof *result);
	dialogue_start(&result->dialogue, plan->plan, arena);
	result->dialogue.stays = plan->ready != NULL;
	act(talk); /* a connection only begins here: no callback comes from within */
	return talk;
}

bool
talk_next(struct talk *talk, const struct plan *plan, struct arena *arena)
{
	if (reply_pending(talk->reader) > 0 || /* it has something to say of its own accord */
	    !dialogue_next(&talk->result->dialogue, plan, arena))
		return false;
	talk->arena = arena;
	talk->reader = reply_reader_new(arena);
	begin_time(talk);
	act(talk);
	return true;
}

void
talk_quit(struct talk *talk)
{
	dialogue_quit(&talk->result->dialogue);
	act(talk);
}

void
talk_break(struct talk *talk, enum ending ending, const char *words)
{
	say_farewell(talk);
	talk->result->ms = (long)(loop_ms() - talk->began);
	lose(talk, ending, words);
	release(talk);
}
