/* The table says where to go; what is here is the little that a table cannot: the guards, the depth
 * that was asked for, and what we say. */
#include "smtp/dialogue.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "mail/message.h"

const char *
ending_name(enum ending ending)
{
	static const char *const names[END_COUNT] = {
	    [END_CLOSED] = "closed",
	    [END_RESET] = "reset",
	    [END_TIMEOUT] = "timeout",
	    [END_NOT_SMTP] = "not-smtp",
	    [END_TOO_LONG] = "reply-too-long",
	    [END_FLOOD] = "flood",
	    [END_INJECTED] = "starttls-injection",
	    [END_TLS_FAILED] = "tls-failed",
	    [END_TLS_MISSING] = "tls-missing",
	    [END_AUTH_FAILED] = "auth-failed",
	    [END_UNREACHABLE] = "unreachable",
	    [END_UNEXPECTED] = "unexpected-reply",
	    [END_NOT_SENDABLE] = "not-sendable",
	    [END_THIS_HOST] = "local",
	    [END_STOPPED] = "interrupted",
	};

	return names[ending];
}

static const struct {
	const char *name, *octets;
} raw_eols[RAW_COUNT] = {
    [RAW_LF_DOT_LF] = {"lf-dot-lf", "\n.\n"},
    [RAW_LF_DOT_CRLF] = {"lf-dot-crlf", "\n.\r\n"},
    [RAW_CRLF_DOT_LF] = {"crlf-dot-lf", "\r\n.\n"},
    [RAW_CR_DOT_CR] = {"cr-dot-cr", "\r.\r"},
    [RAW_CR_DOT_CRLF] = {"cr-dot-crlf", "\r.\r\n"},
    [RAW_CRLF_DOT_CR] = {"crlf-dot-cr", "\r\n.\r"},
};

const char *
raw_eol_name(enum raw_eol eol)
{
	return raw_eols[eol].name;
}

/* The last stage that belongs to a depth: HELO stands in for EHLO, and STARTTLS is not done before
 * the EHLO under TLS. */
static enum stage
last_stage(enum stage depth)
{
	switch ((int)depth) {
	case STAGE_EHLO:
		return STAGE_HELO;
	case STAGE_STARTTLS:
	case STAGE_HANDSHAKE:
		return STAGE_EHLO_TLS;
	default:
		return depth;
	}
}

/* RFC 6531 section 3.4: an address or a header field that is not ASCII. */
static bool
needs_smtputf8(const struct plan *plan)
{
	return !text_is_ascii(plan->from) || (plan->rcpt != NULL && !text_is_ascii(plan->rcpt)) ||
	       (plan->message != NULL && message_header_is_8bit(plan->message, plan->message_len));
}

/* What we cannot send to this server, whatever it would say; NULL when all is well (RFC 6152
 * section 3, RFC 6531 sections 3.1 and 3.4). */
static const char *
not_sendable(const struct dialogue *d)
{
	const struct plan *plan = d->plan;

	if (plan->require_tls && !(d->tls && d->ehlo.requiretls))
		return "TLS is required on the whole way, and the server does not offer "
		       "REQUIRETLS under TLS (5.7.30)";
	if ((plan->notify != NULL || plan->ret != NULL || plan->envid != NULL ||
	        plan->orcpt != NULL) &&
	    !d->ehlo.dsn)
		return "notifications are asked for (--dsn-...), and the server does not offer DSN";
	if (needs_smtputf8(plan) && !d->ehlo.smtputf8)
		return plan->message != NULL &&
		               message_header_is_8bit(plan->message, plan->message_len)
		           ? "a header field is not ASCII and the server does not offer SMTPUTF8"
		           : "an address is not ASCII and the server does not offer SMTPUTF8";
	if (plan->message != NULL && !d->ehlo.mime8bit &&
	    message_is_8bit(plan->message, plan->message_len))
		return "the message has 8-bit data and the server does not offer 8BITMIME";
	return NULL;
}

static void
end(struct dialogue *d, enum ending ending, const char *detail)
{
	d->ending = ending;
	d->detail = arena_string(d->arena, detail);
	d->done = false;
}

/* Is this as far as TLS-or-nothing may go in the clear? */
static bool
tls_is_missing(const struct dialogue *d, enum stage next)
{
	return d->plan->tls == TLS_MUST && !d->tls && d->plan->depth >= STAGE_STARTTLS &&
	       (next == STAGE_AUTH || next == STAGE_READY || (next == STAGE_QUIT && d->done));
}

static bool
holds(const struct dialogue *d, enum guard guard)
{
	switch (guard) {
	case GUARD_TLS:
		return d->plan->tls != TLS_NEVER && d->ehlo.starttls && !d->tls;
	case GUARD_LOGIN:
		return d->plan->login != NULL && (!d->tried || d->exchange != NULL);
	case GUARD_OPEN:
		return d->open;
	case GUARD_NONE:
		break;
	}
	return true;
}

static enum stage
pass_guards(const struct dialogue *d, enum stage next)
{
	while (!holds(d, stages[next].guard))
		next = stages[next].otherwise;
	return next;
}

/* Where a transaction begins: not with what this server cannot take. */
static enum stage
begin(struct dialogue *d)
{
	const char *why = not_sendable(d);

	d->transactions++;
	if (why == NULL)
		return pass_guards(d, stages[STAGE_READY].next[GOT_YES]);
	end(d, END_NOT_SENDABLE, why);
	return d->stays ? STAGE_READY : STAGE_QUIT;
}

/* The way there is over, or a transaction. */
static enum stage
come_to_rest(struct dialogue *d)
{
	if (d->transactions > 0)
		return d->stays ? STAGE_READY : STAGE_QUIT;
	d->way = d->transcript.count;
	return begin(d);
}

static bool
says_bdat(const struct dialogue *d)
{
	return d->plan->chunking && d->ehlo.chunking && d->plan->depth >= STAGE_MESSAGE;
}

/* What the protocol leaves out, or has no other word for. */
static enum stage
by_protocol(const struct dialogue *d, enum stage next)
{
	if (next == STAGE_EHLO && d->plan->protocol == PROTOCOL_SMTP)
		return STAGE_HELO;
	if (next == STAGE_HELO && d->plan->protocol == PROTOCOL_LMTP)
		return STAGE_QUIT;
	return next == STAGE_DATA && says_bdat(d) ? STAGE_MESSAGE : next;
}

/* Why there is to be no login here; NULL: it is begun. */
static const char *
open_exchange(struct dialogue *d)
{
	const struct login *login = d->plan->login;
	enum login_mechanism mechanism;
	const char *why = NULL;

	if (!d->tls && !login->in_clear)
		return "there is no TLS, and without it nothing is said of a login "
		       "(--auth-insecure allows it)";
	mechanism = login_choose(login, d->ehlo.auth, d->binding, d->arena, &why);
	if (mechanism == MECHANISM_NONE)
		return why;
	d->mechanism = mechanism;
	d->exchange = exchange_begin(login, mechanism, d->binding, &why);
	return d->exchange != NULL ? NULL : why;
}

static enum stage
log_in(struct dialogue *d)
{
	const char *why = open_exchange(d);

	d->tried = true;
	if (why == NULL)
		return STAGE_AUTH;
	if (d->plan->login->want != LOGIN_MUST)
		return STAGE_READY;
	end(d, END_NOT_SENDABLE, why);
	return STAGE_QUIT;
}

static void
close_exchange(struct dialogue *d)
{
	exchange_end(d->exchange);
	d->exchange = NULL;
}

/* The last command that goes out with MAIL (RFC 2920 section 3.1). */
static enum stage
group_end(const struct dialogue *d)
{
	enum stage end = d->plan->depth >= STAGE_DATA && !says_bdat(d) ? STAGE_DATA : STAGE_RCPT;

	return d->plan->pipeline && d->ehlo.pipelining && d->plan->depth >= STAGE_RCPT ? end
	                                                                               : STAGE_NONE;
}

static void
go_to(struct dialogue *d, enum stage next)
{
	d->stage = next;
	if (next == STAGE_MAIL) {
		d->ahead = group_end(d);
		d->pipelined |= d->ahead != STAGE_NONE;
	} else if (next > d->ahead) {
		d->ahead = STAGE_NONE;
	}
}

static void
enter(struct dialogue *d, enum stage next)
{
	if (d->stage == STAGE_AUTH && next != STAGE_AUTH)
		close_exchange(d);
	next = by_protocol(d, pass_guards(d, next));
	/* Deep enough. Before the greeting we may not talk, and behind 354 a QUIT would be message
	 * text: there we just close. */
	if (next < STAGE_QUIT && next > last_stage(d->plan->depth)) {
		d->done = true;
		next = d->stage == STAGE_CONNECT || d->stage == STAGE_DATA ? STAGE_CLOSED
		       : d->stage >= STAGE_MAIL                            ? STAGE_READY
		                                                           : STAGE_QUIT;
	}
	if (d->transactions == 0 && tls_is_missing(d, next)) {
		end(d, END_TLS_MISSING,
		    d->starttls_offered ? "the server refuses STARTTLS"
		                        : "the server does not offer STARTTLS");
		next = STAGE_QUIT;
	}
	if (next == STAGE_AUTH && d->stage != STAGE_AUTH)
		next = log_in(d);
	if (next == STAGE_READY)
		next = come_to_rest(d);
	if ((next == STAGE_READY || next >= STAGE_QUIT) && d->stage < STAGE_QUIT &&
	    d->stage != STAGE_READY)
		d->reached = d->stage;
	go_to(d, next);
}

void
dialogue_start(struct dialogue *d, const struct plan *plan, struct arena *arena)
{
	*d = (struct dialogue){.plan = plan,
	    .arena = arena,
	    .stage = STAGE_CONNECT,
	    .reached = STAGE_CONNECT,
	    .mechanism = MECHANISM_NONE,
	    .decisive_stage = STAGE_CONNECT};
}

/* Each transaction's record tells the way there, too. */
static void
keep_way(struct dialogue *d)
{
	struct transcript way = {.entries = NULL};

	for (size_t i = 0; i < d->way; i++)
		*(struct transcript_entry *)arena_push(d->arena, &way.entries, way.count++,
		    sizeof *way.entries) = d->transcript.entries[i];
	d->transcript = way;
}

bool
dialogue_next(struct dialogue *d, const struct plan *plan, struct arena *arena)
{
	if (d->stage != STAGE_READY || d->transactions >= DIALOGUE_TRANSACTIONS_MAX)
		return false;
	d->plan = plan;
	d->arena = arena;
	d->reached = d->decisive_stage = STAGE_READY;
	d->done = d->refused = d->pipelined = false;
	d->ending = END_NONE;
	d->detail = NULL;
	d->decisive = (struct reply){.count = 0};
	keep_way(d);
	go_to(d, begin(d));
	return true;
}

void
dialogue_quit(struct dialogue *d)
{
	if (d->stage == STAGE_READY)
		d->stage = STAGE_QUIT;
}

static void
say_hello(const struct plan *plan, const char *verb, struct buf *line)
{
	buf_puts(line, verb);
	buf_puts(line, plan->helo);
	buf_puts(line, "\r\n");
}

static void
say_rcpt(const struct plan *plan, struct buf *line)
{
	buf_puts(line, "RCPT TO:<");
	buf_puts(line, plan->rcpt);
	buf_puts(line, plan->notify != NULL ? "> NOTIFY=" : ">");
	buf_puts(line, plan->notify != NULL ? plan->notify : "");
	if (plan->orcpt != NULL)
		buf_printf(line, " ORCPT=%s", plan->orcpt);
	buf_puts(line, "\r\n");
}

static void
say_mail(const struct dialogue *d, struct buf *line)
{
	const struct plan *plan = d->plan;

	buf_puts(line, "MAIL FROM:<");
	buf_puts(line, plan->from);
	buf_puts(line, ">");
	if (d->ehlo.size_offered && plan->message != NULL)
		buf_printf(line, " SIZE=%zu", plan->message_len);
	if (d->ehlo.mime8bit && plan->message != NULL &&
	    message_is_8bit(plan->message, plan->message_len))
		buf_puts(line, " BODY=8BITMIME");
	if (needs_smtputf8(plan))
		buf_puts(line, " SMTPUTF8");
	if (plan->ret != NULL)
		buf_printf(line, " RET=%s", plan->ret);
	if (plan->envid != NULL)
		buf_printf(line, " ENVID=%s", plan->envid);
	if (plan->require_tls)
		buf_puts(line, " REQUIRETLS");
	buf_puts(line, "\r\n");
}

/* Behind what is no end, what a server would have to do to be taken in; then the true end. */
static void
say_smuggled(const struct plan *plan, struct buf *line)
{
	static const char end[] = "\r\n.\r\n";

	message_stuff(plan->message, plan->message_len, line);
	buf_cut(line, line->len - (sizeof end - 1));
	buf_puts(line, raw_eols[plan->raw_eol].octets);
	buf_printf(line,
	    "MAIL FROM:<%s>\r\nRCPT TO:<%s>\r\nDATA\r\nFrom: <%s>\r\nTo: <%s>\r\n"
	    "Subject: a second message, hidden in the first\r\n\r\n"
	    "A test of mxwalk (--raw-eol %s): this server can be made to take such mail.%s",
	    plan->from, plan->rcpt, plan->from, plan->rcpt, raw_eols[plan->raw_eol].name, end);
}

static void
say_message(const struct dialogue *d, struct buf *line)
{
	const struct plan *plan = d->plan;

	if (d->refused) { /* nobody is to get anything: no more than its end (RFC 2920 section 3.1)
		           */
		buf_puts(line, ".\r\n");
	} else if (plan->raw_eol != RAW_NONE) {
		say_smuggled(plan, line);
	} else if (says_bdat(d)) {
		buf_printf(line, "BDAT %zu LAST\r\n", plan->message_len);
		buf_add(line, plan->message, plan->message_len);
	} else {
		message_stuff(plan->message, plan->message_len, line);
	}
}

static void
say(const struct dialogue *d, enum stage stage, struct buf *line)
{
	const struct plan *plan = d->plan;

	switch ((int)stage) {
	case STAGE_EHLO:
	case STAGE_EHLO_TLS:
		say_hello(plan, plan->protocol == PROTOCOL_LMTP ? "LHLO " : "EHLO ", line);
		break;
	case STAGE_HELO:
		say_hello(plan, "HELO ", line);
		break;
	case STAGE_STARTTLS:
		buf_puts(line, "STARTTLS\r\n");
		break;
	case STAGE_AUTH:
		exchange_say(d->exchange, line);
		break;
	case STAGE_RSET:
		buf_puts(line, "RSET\r\n");
		break;
	case STAGE_MAIL:
		say_mail(d, line);
		break;
	case STAGE_RCPT:
		say_rcpt(plan, line);
		break;
	case STAGE_DATA:
		buf_puts(line, "DATA\r\n");
		break;
	case STAGE_MESSAGE:
		say_message(d, line);
		break;
	case STAGE_QUIT:
		buf_puts(line, "QUIT\r\n");
		break;
	default:
		break;
	}
}

enum act
dialogue_act(const struct dialogue *d, struct buf *line)
{
	enum stage stage = d->stage;

	do
		say(d, stage, line);
	while (++stage <= d->ahead);
	return stages[d->stage].act;
}

bool
dialogue_hears(const struct dialogue *d)
{
	return (d->stage > STAGE_MAIL && d->stage <= d->ahead) ||
	       (d->stage == STAGE_QUIT && d->unasked > 0);
}

bool
dialogue_hears_early(const struct dialogue *d)
{
	return d->ahead != STAGE_NONE || d->smuggled != SMUGGLED_NOT_ASKED;
}

const char *
dialogue_farewell(const struct dialogue *d)
{
	bool commands = d->stage > STAGE_GREETING && d->stage < STAGE_QUIT &&
	                d->stage != STAGE_STARTTLS && d->stage != STAGE_HANDSHAKE &&
	                d->stage != STAGE_AUTH && /* there it would be an answer */
	                d->ahead == STAGE_NONE && d->stage != STAGE_DATA;

	return commands ? "QUIT\r\n" : NULL;
}

static void
note(struct dialogue *d, const struct reply *reply, long ms)
{
	struct transcript *t = &d->transcript;
	struct transcript_entry *entry = arena_push(d->arena, &t->entries, t->count, sizeof *entry);
	struct buf line;

	t->count++;
	entry->stage = d->stage;
	entry->ms = ms;
	entry->tls = d->tls;
	if (reply != NULL)
		entry->reply = *reply;
	if (stages[d->stage].act != ACT_SAY)
		return;
	if (d->stage == STAGE_AUTH) {
		entry->sent = exchange_shown(d->exchange, d->arena);
		return;
	}
	if (d->stage == STAGE_MESSAGE && !d->refused) {
		entry->sent = arena_printf(d->arena, "%s(message, %zu octets)",
		    says_bdat(d) ? "BDAT " : "", d->plan->message_len);
		return;
	}
	buf_init(&line, 4096);
	say(d, d->stage, &line);
	entry->sent = arena_copy(d->arena, line.data, line.len > 2 ? line.len - 2 : 0);
	buf_release(&line);
}

static enum outcome
outcome_of(int code)
{
	if (code == 421)
		return GOT_CLOSING;
	if (code == 500 || code == 502)
		return GOT_UNKNOWN_COMMAND;
	switch (code / 100) {
	case 2:
		return GOT_YES;
	case 3:
		return GOT_MORE;
	default:
		return GOT_NO;
	}
}

/* Or is there another road: HELO, or mail in the clear? */
static bool
is_end(enum stage stage, enum stage next)
{
	return next >= STAGE_QUIT || (next == STAGE_READY && stage > STAGE_READY);
}

/* What may be kept of a reply: all of it, but for a secret of ours. */
static struct reply
without_secrets(const struct dialogue *d, const struct reply *reply)
{
	struct reply kept = *reply;

	if (d->plan->login != NULL)
		login_blot(d->plan->login, d->exchange, &kept, d->arena);
	return kept;
}

/* A reply to AUTH, or to an answer within it. */
static enum stage
after_auth(struct dialogue *d, const struct reply *reply, enum stage next)
{
	enum outcome outcome = outcome_of(reply->code);
	const char *why = NULL;

	if (d->ending == END_AUTH_FAILED) /* whatever it says when we break it off */
		return STAGE_QUIT;
	if (outcome == GOT_YES) {
		d->logged_in = exchange_proven(d->exchange, &why);
	} else if (reply->code == 334) {
		exchange_challenged(d->exchange, reply, d->arena, &why);
		next = STAGE_AUTH;
	} else if (outcome == GOT_MORE) {
		end(d, END_UNEXPECTED, NULL);
		return STAGE_CLOSED;
	} else if (outcome != GOT_CLOSING && d->plan->login->want == LOGIN_MAY) {
		return STAGE_READY;
	}
	if (why == NULL)
		return next;
	end(d, END_AUTH_FAILED, why);
	return outcome == GOT_YES ? STAGE_QUIT : STAGE_AUTH;
}

/* A reply to a command that was out when an earlier one was refused. */
static void
heard_behind(struct dialogue *d, const struct reply *reply)
{
	if (outcome_of(reply->code) == GOT_CLOSING) {
		enter(d, STAGE_QUIT);
	} else if (d->stage == STAGE_DATA && reply->code / 100 == 3) {
		d->ahead = STAGE_NONE;
		d->stage = STAGE_MESSAGE;
	} else if (d->stage < d->ahead) {
		d->stage++;
	} else {
		d->open = d->open && d->stage != STAGE_MESSAGE;
		enter(d, STAGE_READY);
	}
}

static void
learn(struct dialogue *d, const struct reply *reply)
{
	memset(&d->ehlo, 0, sizeof d->ehlo); /* what was learnt in the clear does not count any more
	                                        (RFC 3207 section 4.2) */
	if (outcome_of(reply->code) == GOT_YES)
		ehlo_read(reply, d->arena, &d->ehlo);
	d->starttls_offered |= d->ehlo.starttls;
}

/* What a server that does not know our greeting speaks instead; NULL: it is no matter of that. */
static const char *
other_protocol(const struct dialogue *d, enum stage stage)
{
	if (stage == STAGE_EHLO && d->plan->protocol == PROTOCOL_LMTP)
		return "it does not know LHLO: it speaks SMTP, not LMTP (--protocol esmtp)";
	if (stage == STAGE_HELO && d->plan->protocol == PROTOCOL_ESMTP)
		return "it knows neither EHLO nor HELO: it may speak LMTP (--protocol lmtp)";
	return NULL;
}

static bool
is_answer(enum stage stage, const struct reply *reply)
{
	return (reply->code / 100 == 3) == (stage == STAGE_DATA);
}

/* Behind a message that hides another: is it the reply to a command that we did not say? */
static bool
is_unasked(struct dialogue *d, const struct reply *reply)
{
	enum { UNASKED_MAX = 8 };

	if (d->smuggled == SMUGGLED_NOT_ASKED || reply->code == 221 || d->unasked == UNASKED_MAX)
		return false;
	d->unasked++;
	if (reply->code < 400 && d->smuggled == SMUGGLED_NOTHING)
		d->smuggled = SMUGGLED_COMMANDS;
	if (d->second_data && reply->code / 100 == 2)
		d->smuggled = SMUGGLED_MESSAGE;
	d->second_data = reply->code == 354;
	return true;
}

void
dialogue_heard(struct dialogue *d, const struct reply *heard, bool more_waiting, long ms)
{
	struct reply reply = without_secrets(d, heard);
	enum outcome outcome = outcome_of(reply.code);
	enum stage stage = d->stage, next = by_protocol(d, stages[stage].next[outcome]);
	bool good = outcome == GOT_YES || outcome == GOT_MORE;

	if (stage != STAGE_READY)
		note(d, &reply, ms);
	if (stage == STAGE_READY) { /* of its own accord: it is about to close */
		enter(d, STAGE_QUIT);
		return;
	}
	if (stage == STAGE_QUIT && is_unasked(d, &reply))
		return;
	if (stage == STAGE_QUIT) { /* whatever it says: the walk was over before */
		enter(d, next);
		return;
	}
	if (d->refused) {
		heard_behind(d, &reply);
		return;
	}
	if (d->ending != END_AUTH_FAILED && (good || is_end(stage, next))) {
		d->decisive = reply;
		d->decisive_stage = stage;
	}
	if (stage == STAGE_AUTH)
		next = after_auth(d, heard, next);
	if (stage == STAGE_EHLO || stage == STAGE_EHLO_TLS)
		learn(d, &reply);
	if (stage == STAGE_STARTTLS && outcome == GOT_YES && more_waiting) {
		dialogue_lost(
		    d, END_INJECTED, "bytes in the clear behind the reply to STARTTLS", NULL, 0);
		return;
	}
	if (outcome == GOT_UNKNOWN_COMMAND)
		d->detail = other_protocol(d, stage);
	if (stage == STAGE_STARTTLS && outcome != GOT_YES)
		d->starttls_reply = reply;
	if (stage == STAGE_MAIL || stage == STAGE_RSET || stage == STAGE_MESSAGE)
		d->open = stage == STAGE_MAIL && outcome == GOT_YES;
	if (good && stage != STAGE_AUTH && !is_answer(stage, &reply))
		end(d, END_UNEXPECTED, NULL);
	else if (good && stage == STAGE_MESSAGE)
		d->done = true; /* no later stage is there to say so */
	if (stage == STAGE_MESSAGE && d->plan->raw_eol != RAW_NONE)
		d->smuggled = SMUGGLED_NOTHING;
	if (next == STAGE_READY && stage < d->ahead) {
		d->refused = true;
		d->stage++;
		return;
	}
	enter(d, next);
}

void
dialogue_heard_early(struct dialogue *d, const struct reply *reply, long ms)
{
	if (reply->code >= 400 && is_end(d->stage, stages[d->stage].next[outcome_of(reply->code)]))
		dialogue_heard(d, reply, false, ms);
	else
		dialogue_lost(d, END_UNEXPECTED, "a reply to what was not said yet", reply, ms);
}

void
dialogue_connected(struct dialogue *d, long ms)
{
	note(d, NULL, ms);
	if (d->plan->tls_at_once && d->plan->depth > STAGE_CONNECT)
		d->stage = STAGE_HANDSHAKE;
	else
		enter(d, stages[d->stage].next[GOT_YES]);
}

void
dialogue_secured(struct dialogue *d, long ms)
{
	note(d, NULL, ms);
	d->tls = true;
	enter(d, d->plan->tls_at_once ? STAGE_GREETING : stages[d->stage].next[GOT_YES]);
}

void
dialogue_lost(struct dialogue *d, enum ending ending, const char *detail,
    const struct reply *partial, long ms)
{
	enum stage stage = d->stage;
	struct reply kept;

	if (stage == STAGE_CLOSED)
		return;
	if (partial != NULL) {
		kept = without_secrets(d, partial);
		partial = &kept;
	}
	if (ending != END_INJECTED && stage != STAGE_READY) /* that one's reply is noted already */
		note(d, partial, ms);
	/* A server that just closes on QUIT, or on one who rests, has not failed us; of one that
	 * failed in AUTH it is known how, and of one that has refused, that it has. */
	if (stage != STAGE_QUIT && stage != STAGE_READY && d->ending != END_AUTH_FAILED &&
	    !d->refused) {
		end(d, ending, detail);
		if (ending != END_INJECTED) {
			memset(&d->decisive, 0, sizeof d->decisive);
			if (partial != NULL)
				d->decisive = *partial;
		}
		d->decisive_stage = stage;
	}
	enter(d, stages[stage].next[GOT_LOST]);
}
