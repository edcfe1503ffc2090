#include "io/conn.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "io/tls.h"
#include "smtp/tls_facts.h"

enum phase { CONNECTING, PLAIN, HANDSHAKE, SECURE, DEAD };

struct conn {
	int fd;
	enum phase phase;
	bool closed; /* by our user, within a callback: freed when that returns */
	int busy; /* callbacks under way */
	SSL *ssl;
	struct tls_facts *facts;
	struct arena *arena;
	bool shook; /* a close-notify makes sense */
	const char *out; /* borrowed */
	size_t out_len;
	conn_heard *heard;
	void *arg;
	struct event reading, writing, timer;
	int failed; /* errno of a connection that failed at once */
	struct ip local;
};

static void on_ready(evutil_socket_t fd, short what, void *arg);

static void
release(struct conn *conn)
{
	event_del(&conn->reading);
	event_del(&conn->writing);
	event_del(&conn->timer);
	if (conn->ssl != NULL) {
		if (conn->shook)
			SSL_shutdown(
			    conn->ssl); /* one try: the peer's answer is not worth waiting for */
		SSL_free(conn->ssl);
	}
	if (conn->fd >= 0)
		close(conn->fd);
	free(conn);
}

/* Tells the user; false: the user has closed the connection, and it is gone. */
static bool
tell(struct conn *conn, const struct conn_news *news)
{
	conn->busy++;
	conn->heard(news, conn->arg);
	conn->busy--;
	if (!conn->closed)
		return true;
	if (conn->busy == 0)
		release(conn);
	return false;
}

static void
lose(struct conn *conn, enum conn_lost lost, const char *words)
{
	conn->phase = DEAD;
	event_del(&conn->reading);
	event_del(&conn->writing);
	event_del(&conn->timer);
	tell(conn, &(struct conn_news){.event = CONN_LOST, .lost = lost, .words = words});
}

static void
lose_errno(struct conn *conn, int error)
{
	enum conn_lost lost = LOST_RESET;

	if (conn->phase == CONNECTING)
		lost = error == EADDRNOTAVAIL || error == EACCES || error == EPERM ||
		               error == EMFILE || error == ENFILE
		           ? LOST_LOCAL
		           : LOST_REFUSED;
	else if (error == EPIPE)
		lost = LOST_CLOSED;
	lose(conn, lost, strerror(error));
}

static int
to_sockaddr(const struct ip *ip, uint16_t port, struct sockaddr_storage *out, socklen_t *len)
{
	memset(out, 0, sizeof *out);
	if (ip->family == 4) {
		struct sockaddr_in *in = (struct sockaddr_in *)out;

		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, ip->bytes, 4);
		*len = sizeof *in;
		return AF_INET;
	}
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	memcpy(&in6->sin6_addr, ip->bytes, 16);
	*len = sizeof *in6;
	return AF_INET6;
}

/* 0 or an errno; EINPROGRESS is good. */
static int
start_connect(struct conn *conn, const struct ip *source, const struct ip *address, uint16_t port)
{
	struct sockaddr_storage sa;
	socklen_t len;
	int family = to_sockaddr(address, port, &sa, &len), on = 1;

	conn->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (conn->fd < 0)
		return errno;
	setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &on,
	    sizeof on); /* lock-step: nothing to gather up */
	if (source->family != 0) {
		struct sockaddr_storage from;
		socklen_t from_len;

		if (to_sockaddr(source, 0, &from, &from_len) != family)
			return EADDRNOTAVAIL;
#ifdef IP_BIND_ADDRESS_NO_PORT
		setsockopt(conn->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
		    sizeof on); /* ports are counted per destination then, not per source */
#endif
		if (bind(conn->fd, (struct sockaddr *)&from, from_len) != 0)
			return errno;
	}
	return connect(conn->fd, (struct sockaddr *)&sa, len) == 0 ? 0 : errno;
}

static void
learn_local(struct conn *conn)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof sa;

	if (getsockname(conn->fd, (struct sockaddr *)&sa, &len) != 0)
		return;
	if (sa.ss_family == AF_INET) {
		conn->local.family = 4;
		memcpy(conn->local.bytes, &((struct sockaddr_in *)&sa)->sin_addr, 4);
	} else if (sa.ss_family == AF_INET6) {
		conn->local.family = 6;
		memcpy(conn->local.bytes, &((struct sockaddr_in6 *)&sa)->sin6_addr, 16);
	}
}

/* false: gone, or at least nothing more to do here */
static bool
read_some(struct conn *conn)
{
	char bytes[2048]; /* most replies are far shorter, and a hardened build clears it at every
	                     call */

	for (;;) {
		ssize_t n;

		if (conn->ssl != NULL) {
			ERR_clear_error();
			errno = 0;
			n = SSL_read(conn->ssl, bytes, sizeof bytes);
			if (n <= 0) {
				char words[256];
				int error = SSL_get_error(conn->ssl, (int)n), saved = errno;

				if (error == SSL_ERROR_WANT_READ)
					return true;
				if (error == SSL_ERROR_WANT_WRITE) {
					event_add(&conn->writing, NULL);
					return true;
				}
				conn->shook = false;
				tls_error(words, sizeof words);
				if (error == SSL_ERROR_ZERO_RETURN ||
				    (error == SSL_ERROR_SYSCALL && saved == 0))
					lose(conn, LOST_CLOSED, NULL);
				else if (error == SSL_ERROR_SYSCALL)
					lose_errno(conn, saved);
				else if (strstr(words, "unexpected eof") != NULL)
					lose(conn, LOST_CLOSED,
					    NULL); /* closed without close-notify, as most mail
					              servers do */
				else
					lose(conn, LOST_TLS, words);
				return false;
			}
		} else {
			n = recv(conn->fd, bytes, sizeof bytes, 0);
			if (n < 0 && (errno == EAGAIN || errno == EINTR))
				return true;
			if (n < 0)
				return lose_errno(conn, errno), false;
			if (n == 0)
				return lose(conn, LOST_CLOSED, NULL), false;
		}
		if (!tell(conn,
		        &(struct conn_news){.event = CONN_DATA, .data = bytes, .len = (size_t)n}) ||
		    conn->phase == DEAD)
			return false;
		/* The loop comes again for what is still in the socket: other walks get their turn.
		 * What OpenSSL has read ahead makes no noise there. */
		if (conn->ssl == NULL || !SSL_has_pending(conn->ssl))
			return true;
	}
}

/* A peer that refused and closed while we were still sending has its last word in our receive
 * queue: that is to be read first. */
static bool
has_last_word(const struct conn *conn, int error)
{
	return (error == EPIPE || error == ECONNRESET) && conn_has_input(conn);
}

static bool
write_some(struct conn *conn)
{
	while (conn->out_len > 0) {
		ssize_t n;

		if (conn->ssl != NULL) {
			ERR_clear_error(); /* SSL_get_error takes what others left for ours */
			errno = 0;
			n = SSL_write(conn->ssl, conn->out,
			    conn->out_len > 16384 ? 16384 : (int)conn->out_len);
			if (n <= 0) {
				char words[256];
				int error = SSL_get_error(conn->ssl, (int)n), saved = errno;

				if (error == SSL_ERROR_WANT_WRITE)
					event_add(&conn->writing, NULL);
				if (error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ)
					return true;
				conn->shook = false;
				tls_error(words, sizeof words);
				if (error == SSL_ERROR_SYSCALL && has_last_word(conn, saved)) {
					conn->out_len = 0;
					return true;
				}
				if (error == SSL_ERROR_SYSCALL)
					lose_errno(conn, saved != 0 ? saved : EPIPE);
				else
					lose(conn, LOST_TLS, words);
				return false;
			}
		} else {
			n = send(conn->fd, conn->out, conn->out_len, MSG_NOSIGNAL);
			if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
				event_add(&conn->writing, NULL);
				return true;
			}
			if (n < 0 && has_last_word(conn, errno)) {
				conn->out_len = 0;
				return true;
			}
			if (n < 0)
				return lose_errno(conn, errno), false;
		}
		conn->out += n;
		conn->out_len -= (size_t)n;
	}
	conn->out = NULL;
	return tell(conn, &(struct conn_news){.event = CONN_SENT});
}

static void
shake(struct conn *conn)
{
	char words[256];
	int n, error, saved;

	ERR_clear_error();
	errno = 0;
	n = SSL_connect(conn->ssl);
	saved = errno;

	if (n == 1) {
		conn->phase = SECURE;
		conn->shook = true;
		tls_facts_read(conn->ssl, conn->arena, conn->facts);
		conn->facts->done = true;
		if (tell(conn, &(struct conn_news){.event = CONN_SECURED}) &&
		    conn->phase == SECURE && SSL_has_pending(conn->ssl))
			read_some(conn); /* what came along with the handshake makes no noise on the
			                    socket any more */
		return;
	}
	error = SSL_get_error(conn->ssl, n);
	if (error == SSL_ERROR_WANT_READ)
		return;
	if (error == SSL_ERROR_WANT_WRITE) {
		event_add(&conn->writing, NULL);
		return;
	}
	tls_facts_read(conn->ssl, conn->arena, conn->facts);
	tls_error(words, sizeof words);
	if (error == SSL_ERROR_SYSCALL && saved != 0) {
		conn->facts->error = arena_string(conn->arena, strerror(saved));
		lose_errno(conn, saved);
	} else if (error == SSL_ERROR_SYSCALL || strstr(words, "unexpected eof") != NULL) {
		conn->facts->error = "the peer closed the connection";
		lose(conn, LOST_CLOSED, NULL);
	} else {
		conn->facts->error = arena_string(conn->arena, words);
		lose(conn, LOST_TLS, conn->facts->error);
	}
}

static void
finish_connect(struct conn *conn)
{
	int error = conn->failed;
	socklen_t len = sizeof error;

	if (error == 0 && getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	if (error != 0 && error != ECONNRESET) {
		lose_errno(conn, error);
		return;
	}
	conn->phase = PLAIN;
	learn_local(conn);
	event_add(&conn->reading, NULL);
	/* A reset is no refusal to connect: there was a connection, and the peer ended it before we
	 * looked. */
	if (tell(conn, &(struct conn_news){.event = CONN_CONNECTED}) && error == ECONNRESET &&
	    conn->phase == PLAIN)
		lose_errno(conn, error);
}

static void
on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct conn *conn = arg;

	(void)fd;
	switch (conn->phase) {
	case CONNECTING:
		finish_connect(conn);
		return;
	case HANDSHAKE:
		shake(conn);
		return;
	case PLAIN:
	case SECURE:
		if ((what & EV_WRITE) || (conn->ssl != NULL && conn->out_len > 0)) {
			if (!write_some(conn) || conn->phase == DEAD)
				return;
		}
		if (what & EV_READ)
			read_some(conn);
		return;
	case DEAD:
		return;
	}
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	tell(arg, &(struct conn_news){.event = CONN_DEADLINE});
}

struct conn *
conn_open(struct event_base *base, const struct ip *source, const struct ip *address, uint16_t port,
    conn_heard *heard, void *arg)
{
	struct conn *conn = must_alloc(sizeof *conn);
	int error;

	conn->fd = -1;
	conn->heard = heard;
	conn->arg = arg;
	error = start_connect(conn, source, address, port);
	event_assign(&conn->reading, base, conn->fd, EV_READ | EV_PERSIST, on_ready, conn);
	event_assign(&conn->writing, base, conn->fd, EV_WRITE, on_ready, conn);
	event_assign(&conn->timer, base, -1, 0, on_timer, conn);
	if (error == 0 || error == EINPROGRESS) {
		event_add(&conn->writing, NULL);
	} else {
		conn->failed = error;
		event_active(&conn->writing, EV_WRITE, 0);
	}
	return conn;
}

void
conn_close(struct conn *conn)
{
	if (conn == NULL)
		return;
	conn->closed = true;
	conn->phase = DEAD;
	if (conn->busy == 0)
		release(conn);
}

void
conn_deadline(struct conn *conn, long ms)
{
	struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	event_add(&conn->timer, &tv);
}

void
conn_send(struct conn *conn, const char *data, size_t len)
{
	conn->out = data;
	conn->out_len = len;
	event_active(&conn->writing, EV_WRITE, 0);
}

void
conn_last_words(struct conn *conn, const char *data, size_t len)
{
	if (conn->phase == SECURE)
		SSL_write(conn->ssl, data, (int)len);
	else if (conn->phase == PLAIN)
		(void)!send(conn->fd, data, len, MSG_NOSIGNAL);
}

bool
conn_has_input(const struct conn *conn)
{
	char byte;

	return recv(conn->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void
conn_secure(struct conn *conn, struct tls_context *tls, const char *name, bool must_verify,
    struct tls_facts *facts, struct arena *arena)
{
	conn->ssl = tls_client(tls, conn->fd, name, must_verify);
	conn->facts = facts;
	conn->arena = arena;
	conn->phase = HANDSHAKE;
	event_active(&conn->writing, EV_WRITE, 0);
}

struct ip
conn_local(const struct conn *conn)
{
	return conn->local;
}
