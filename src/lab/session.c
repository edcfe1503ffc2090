/* A session is in one of four phases, and session_go() does what can be done without waiting: it
 * says what is to be said, then does what comes after that, then takes the next line. Pacing,
 * silence and endless talk are ways to say. */
#include "lab/session.h"

#include <errno.h>
#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "io/loop.h"
#include "lab/certs.h"
#include "lab/script.h"

enum { IN_MAX = 65536, OUT_MAX = 65536, CHUNK = 16384, BURST = 256 * 1024, LOG_LINE_MAX = 1000 };
enum { NARROW_MAX = 1000 }; /* octets of a ClientHello that gets through */

enum phase { SAYING, LISTENING, SHAKING_HANDS, LEAVING };
enum step { ON, WAIT, GONE }; /* GONE: the session is freed */

struct session {
	struct session *next, **link;
	struct sessions *home;
	int fd;
	SSL *ssl; /* NULL: in the clear */
	struct event *readable, *writable, *pace, *life;
	struct play play;
	unsigned long number;
	enum phase phase;
	struct move move; /* being said */
	bool waited; /* for LATE */
	bool mute;
	struct buf in, out;
	char *again; /* of an endless turn; owned */
	size_t again_len, said, burst;
	bool in_message, mid_line;
	bool bare, too_big, eight_bit;
	struct buf message;
};

/* ---- the log: one line a line, "7 127.0.1.2 accept.lab.example C: QUIT". Octets that are no
 * visible ASCII show as \xNN; so does a line end that is not CRLF.
 */

static void
note(const struct session *session, const char *side, const char *bytes, size_t len)
{
	FILE *log = session->home->log;

	if (log == NULL)
		return;
	fprintf(log, "%lu %s %s." LAB_ZONE " %s ", session->number, session->play.ip,
	    session->play.domain->name, side);
	for (size_t i = 0; i < len && i < LOG_LINE_MAX; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c >= 0x20 && c < 0x7f && c != '\\')
			fputc(c, log);
		else
			fprintf(log, "\\x%02X", c);
	}
	if (len > LOG_LINE_MAX)
		fprintf(log, "... (%zu octets)", len);
	fputc('\n', log);
	fflush(log);
}

static void
note_event(const struct session *session, const char *words)
{
	note(session, "--", words, strlen(words));
}

/* Line by line; the CRLF of each is understood. */
static void
note_lines(const struct session *session, const char *side, const char *bytes, size_t len)
{
	while (len > 0) {
		const char *end = memchr(bytes, '\n', len);
		size_t size = end != NULL ? (size_t)(end - bytes) + 1 : len;
		bool proper = size >= 2 && bytes[size - 1] == '\n' && bytes[size - 2] == '\r';

		note(session, side, bytes, proper ? size - 2 : size);
		bytes += size;
		len -= size;
	}
}

/* ---- the end */

static void
session_free(struct session *session)
{
	*session->link = session->next;
	if (session->next != NULL)
		session->next->link = session->link;
	session->home->count--;
	SSL_free(session->ssl);
	event_free(session->readable);
	event_free(session->writable);
	event_free(session->pace);
	event_free(session->life);
	close(session->fd);
	buf_release(&session->in);
	buf_release(&session->out);
	buf_release(&session->message);
	free(session->again);
	free(session);
}

static enum step
end(struct session *session, const char *words)
{
	note_event(session, words);
	session_free(session);
	return GONE;
}

static enum step
reset(struct session *session)
{
	static const struct linger at_once = {1, 0};

	setsockopt(session->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	return end(session, "reset by the server");
}

/* Says goodbye and waits for the client's FIN: closing with its last words unread would send a
 * reset after ours. */
static enum step
leave(struct session *session, bool politely)
{
	static const struct timeval linger = {SESSION_LINGER_SECONDS, 0};

	note_event(session, "closed by the server");
	if (session->ssl != NULL && politely && SSL_is_init_finished(session->ssl)) {
		ERR_clear_error();
		SSL_shutdown(session->ssl);
	}
	shutdown(session->fd, SHUT_WR);
	session->phase = LEAVING;
	event_add(session->life, &linger);
	return ON;
}

/* ---- the wire, with and without TLS */

/* What SSL_* said it needs: arms it and waits, or ends the session. */
static enum step
ssl_wait(struct session *session, int result)
{
	switch (SSL_get_error(session->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return WAIT; /* readable is always armed */
	case SSL_ERROR_WANT_WRITE:
		event_add(session->writable, NULL);
		return WAIT;
	case SSL_ERROR_ZERO_RETURN:
		return end(session, "closed by the client");
	default:
		return end(session, "the connection is lost");
	}
}

/* Sends from the start of `out`, `len` octets at most. */
static enum step
put(struct session *session, size_t len)
{
	ssize_t sent;

	if (session->ssl != NULL) {
		int result;

		ERR_clear_error();
		result = SSL_write(session->ssl, session->out.data, (int)len);
		if (result <= 0)
			return ssl_wait(session, result);
		sent = result;
	} else {
		sent = send(session->fd, session->out.data, len, MSG_NOSIGNAL);
		if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
			event_add(session->writable, NULL);
			return WAIT;
		}
		if (sent < 0)
			return end(session, "the connection is lost");
	}
	buf_drop(&session->out, (size_t)sent);
	session->said += (size_t)sent;
	session->burst += (size_t)sent;
	return ON;
}

/* Takes what has come into `in`. WAIT: nothing more is there now, or no room is left. */
static enum step
take(struct session *session)
{
	char bytes[CHUNK];
	size_t room = IN_MAX - session->in.len;
	ssize_t got;

	if (room == 0)
		return WAIT;
	if (room > sizeof bytes)
		room = sizeof bytes;
	if (session->ssl != NULL) {
		int result;

		ERR_clear_error();
		result = SSL_read(session->ssl, bytes, (int)room);
		if (result <= 0)
			return ssl_wait(session, result);
		got = result;
	} else {
		got = recv(session->fd, bytes, room, 0);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return WAIT;
		if (got < 0)
			return end(session, "reset by the client");
		if (got == 0)
			return end(session, "closed by the client");
	}
	buf_add(&session->in, bytes, (size_t)got);
	return ON;
}

/* ---- saying */

/* Begins to say what is in `out`, as `move` tells. */
static enum step
begin(struct session *session, struct move move)
{
	session->move = move;
	session->phase = SAYING;
	session->waited = false;
	note_lines(session, "S:", session->out.data, session->out.len);
	if ((move.how & ENDLESS) != 0 && session->out.len > 0) {
		free(session->again);
		session->again_len = session->out.len;
		session->again =
		    memcpy(must_alloc(session->out.len), session->out.data, session->out.len);
	}
	return ON;
}

static enum step
pause_for(struct session *session, unsigned ms)
{
	struct timeval time = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};

	event_add(session->pace, &time);
	return WAIT;
}

static enum step after_saying(struct session *session);

static enum step
say(struct session *session)
{
	enum step step;

	if (evtimer_pending(session->pace, NULL))
		return WAIT;
	if ((session->move.how & LATE) != 0 && !session->waited) {
		session->waited = true;
		return pause_for(session, session->move.ms);
	}
	if (session->out.len == 0 && session->said < SESSION_SAID_MAX)
		for (size_t i = 0; i < session->again_len * (session->again != NULL) && i < CHUNK;
		     i += session->again_len)
			buf_add(&session->out, session->again, session->again_len);
	if (session->out.len == 0)
		return after_saying(session);
	if (session->burst >= BURST) { /* others want to be heard too */
		session->burst = 0;
		event_add(session->writable, NULL);
		return WAIT;
	}
	if ((session->move.how & DRIP) == 0)
		return put(session, session->out.len);
	step = put(session, 1);
	return step == ON && session->out.len > 0 ? pause_for(session, session->move.ms) : step;
}

static enum step
to_handshake(struct session *session)
{
	struct move move;

	buf_clear(
	    &session->in); /* what came before TLS counts for nothing (RFC 3207 section 4.2) */
	move = play_handshake(&session->play, &session->out);
	if (session->out.len > 0 || (move.how & (FIN | RESET | MUTE)) != 0)
		return begin(session, move);
	session->ssl = SSL_new(certs_context(session->home->certs, session->play.domain->cert));
	if (session->ssl == NULL || SSL_set_fd(session->ssl, session->fd) != 1)
		return end(session, "no TLS to be had");
	session->phase = SHAKING_HANDS;
	return ON;
}

static enum step
after_saying(struct session *session)
{
	free(session->again);
	session->again = NULL;
	if ((session->move.how & RESET) != 0)
		return reset(session);
	if ((session->move.how & MUTE) != 0) {
		session->mute = true;
		note_event(session, "the server falls silent");
	}
	session->phase = LISTENING;
	switch (session->move.then) {
	case THEN_CLOSE:
		return leave(session, (session->move.how & FIN) == 0);
	case THEN_SHAKE_HANDS:
		return to_handshake(session);
	case THEN_MESSAGE:
		session->in_message = true;
		session->mid_line = session->bare = session->too_big = session->eight_bit = false;
		buf_clear(&session->message);
		return ON;
	case THEN_LISTEN:
		break;
	}
	return ON;
}

/* ---- hearing */

static enum step
hear_message_end(struct session *session)
{
	struct heard heard = {session->message.data, session->message.len, session->bare,
	    session->too_big, session->eight_bit};
	struct move move = play_message(&session->play, &heard, &session->out);

	session->in_message = false;
	buf_release(&session->message);
	return begin(session, move);
}

/* RFC 5321 section 4.1.1.4; or as those have it that can be made to take what was not sent. */
static bool
is_end(const struct session *session, const char *bytes, size_t len)
{
	return (len == 3 && memcmp(bytes, ".\r\n", 3) == 0) ||
	       (session->play.domain->loose && len == 2 && memcmp(bytes, ".\n", 2) == 0);
}

/* One line of the message, with its line end, or a piece of a very long one. */
static enum step
hear_message(struct session *session, const char *bytes, size_t len)
{
	bool whole = bytes[len - 1] == '\n', first = !session->mid_line;

	if (first && is_end(session, bytes, len)) {
		buf_drop(&session->in, len);
		return hear_message_end(session);
	}
	for (size_t i = 0; i < len; i++) {
		session->eight_bit |= (unsigned char)bytes[i] >= 0x80;
		session->bare |= bytes[i] == '\r' &&
		                 bytes[i + 1] != '\n'; /* behind a piece there is an octet too */
	}
	session->bare |= whole && (len < 2 || bytes[len - 2] != '\r');
	session->mid_line = !whole;
	buf_add(&session->message, bytes, len);
	session->too_big |= session->message.full;
	buf_drop(&session->in, len);
	return ON;
}

static enum step
hear_command(struct session *session, size_t len)
{
	char line[SCRIPT_LINE_MAX + 1];
	size_t size = len - 1;

	if (len > SCRIPT_LINE_MAX || memchr(session->in.data, '\0', len) != NULL) {
		buf_drop(&session->in, len);
		buf_puts(&session->out, "500 5.5.2 Line too long, or with a NUL\r\n");
		return begin(session, (struct move){.then = THEN_CLOSE});
	}
	if (size > 0 && session->in.data[size - 1] == '\r')
		size--;
	memcpy(line, session->in.data, size);
	line[size] = '\0';
	buf_drop(&session->in, len);
	return begin(session, play_command(&session->play, line, &session->out));
}

static enum step
listen_on(struct session *session)
{
	const char *end_of_line = memchr(session->in.data, '\n', session->in.len);
	size_t len = end_of_line != NULL ? (size_t)(end_of_line - session->in.data) + 1 : 0;

	if (len == 0 && session->in.len < (session->in_message ? CHUNK : IN_MAX))
		return take(session);
	if (len == 0)
		len = session->in.len -
		      1; /* a piece; a CR at its very end may belong to an LF to come */
	note_lines(session, "C:", session->in.data, len);
	if (session->mute || session->phase == LEAVING) {
		buf_drop(&session->in, len);
		return ON;
	}
	return session->in_message ? hear_message(session, session->in.data, len)
	                           : hear_command(session, len);
}

/* Like a filter in front of the server that knows ClientHellos of one packet alone. */
static bool
is_too_wide(const struct session *session)
{
	char hello[NARROW_MAX + 1];

	OSSL_HANDSHAKE_STATE state = SSL_get_state(session->ssl);

	return session->play.domain->narrow &&
	       (state == TLS_ST_BEFORE || state == TLS_ST_SR_CLNT_HELLO) &&
	       recv(session->fd, hello, sizeof hello, MSG_PEEK | MSG_DONTWAIT) > NARROW_MAX;
}

static enum step
shake_hands(struct session *session)
{
	char words[128];
	int result;

	if (is_too_wide(session))
		return reset(session);
	ERR_clear_error();
	result = SSL_accept(session->ssl);
	if (result == 1) {
		snprintf(words, sizeof words, "%s %s", SSL_get_version(session->ssl),
		    SSL_get_cipher_name(session->ssl));
		note_event(session, words);
		play_secured(&session->play);
		session->phase = LISTENING;
		return ON;
	}
	switch (SSL_get_error(session->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return WAIT;
	case SSL_ERROR_WANT_WRITE:
		event_add(session->writable, NULL);
		return WAIT;
	default:
		snprintf(words, sizeof words, "handshake failed: %s",
		    ERR_peek_error() != 0 ? ERR_reason_error_string(ERR_peek_error())
		                          : "the connection is lost");
		note_event(session, words);
		return leave(session, false);
	}
}

static void
session_go(struct session *session)
{
	enum step step = ON;

	while (step == ON)
		switch (session->phase) {
		case SAYING:
			step = say(session);
			break;
		case SHAKING_HANDS:
			step = shake_hands(session);
			break;
		case LISTENING:
		case LEAVING:
			step = listen_on(session);
			break;
		}
}

/* ---- events */

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct session *session = arg;

	(void)fd;
	(void)what;
	/* While we talk slowly, this is how we learn that the client has gone. With no room left
	 * nothing is read, so do not ask for more. */
	if (session->phase == SAYING) {
		if (session->in.len >= IN_MAX)
			event_del(session->readable);
		else if (take(session) == GONE)
			return;
	}
	session_go(session);
}

static void
on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct session *session = arg;

	(void)fd;
	(void)what;
	event_add(session->readable, NULL);
	session_go(session);
}

static void
on_end_of_life(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	end(arg, "its time is over");
}

/* ---- begin */

void
session_begin(
    struct sessions *sessions, const struct lab_domain *domain, int fd, const struct ip *client)
{
	static const struct timeval life = {SESSION_SECONDS, 0};
	struct session *session = must_alloc(sizeof *session);

	session->home = sessions;
	session->number = ++sessions->number;
	session->fd = fd;
	session->readable =
	    loop_event(sessions->base, fd, EV_READ | EV_PERSIST, on_readable, session);
	session->writable = loop_event(sessions->base, fd, EV_WRITE, on_ready, session);
	session->pace = evtimer_new(sessions->base, on_ready, session);
	session->life = evtimer_new(sessions->base, on_end_of_life, session);
	buf_init(&session->in, IN_MAX);
	buf_init(&session->out, OUT_MAX);
	buf_init(&session->message, SCRIPT_MESSAGE_MAX);
	play_start(&session->play, domain, client);
	session->next = sessions->first;
	session->link = &sessions->first;
	if (session->next != NULL)
		session->next->link = &session->next;
	sessions->first = session;
	sessions->count++;
	event_add(session->readable, NULL);
	event_add(session->life, &life);
	note_event(session, "connected");
	begin(session, play_greet(&session->play, &session->out));
	session_go(session);
}

void
sessions_end(struct sessions *sessions)
{
	while (sessions->first != NULL)
		session_free(sessions->first);
}
