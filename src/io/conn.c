#include "io/conn.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "io/loop.h"
#include "io/wire.h"

enum { COMMAND_MAX = 512 }; /* RFC 5321 section 4.5.3.1.4 */

#define NEVER INT64_MAX

enum conn_phase { CONNECTING, OPENING, OPEN, DEAD };

struct conn {
	int fd;
	enum conn_phase phase;
	bool closed; /* by our user, within a callback: freed when that returns */
	bool read_waits, write_waits; /* for the other direction of the socket */
	bool hurried; /* TCP_NODELAY is set */
	int busy; /* turns under way */
	int failed; /* errno of what failed at once: it is told in the next turn */
	struct wire plain, *wire; /* wire: that, or one under TLS */
	const char *out; /* borrowed */
	size_t out_len;
	conn_heard *heard;
	void *arg;
	struct event ready, timer;
	int64_t due; /* when it is to be told; NEVER: it is not */
	int64_t rings; /* when the timer will ring, not later than that; NEVER: it is not set */
	struct ip local;
};

static void on_ready(evutil_socket_t fd, short what, void *arg);

static void
quiet(struct conn *conn)
{
	event_del(&conn->ready);
	event_del(&conn->timer);
	conn->due = conn->rings = NEVER;
}

static void
release(struct conn *conn)
{
	quiet(conn);
	conn->wire->ops->free(conn->wire);
	if (conn->fd >= 0)
		close(conn->fd);
	free(conn);
}

/* The end of a turn; the user may have closed the connection within it. */
static void
leave(struct conn *conn)
{
	if (--conn->busy == 0 && conn->closed)
		release(conn);
}

/* False: the user has closed the connection. */
static bool
tell(struct conn *conn, const struct conn_news *news)
{
	conn->heard(news, conn->arg);
	return !conn->closed;
}

static void
lose(struct conn *conn, enum conn_lost lost, int error, const char *words)
{
	conn->phase = DEAD;
	quiet(conn);
	tell(conn,
	    &(struct conn_news){.event = CONN_LOST, .lost = lost, .error = error, .words = words});
}

/* What no peer can do to us. */
static bool
is_local(int error)
{
	static const int local[] = {EACCES, EPERM, EADDRNOTAVAIL, EADDRINUSE, EAFNOSUPPORT, EMFILE,
	    ENFILE, ENOBUFS, ENOMEM};

	for (size_t i = 0; i < sizeof local / sizeof *local; i++)
		if (error == local[i])
			return true;
	return false;
}

static void
lose_errno(struct conn *conn, int error)
{
	lose(conn,
	    is_local(error)             ? LOST_LOCAL
	    : conn->phase == CONNECTING ? LOST_REFUSED
	    : error == EPIPE            ? LOST_CLOSED
	                                : LOST_RESET,
	    error, strerror(error));
}

static void
lose_flood(struct conn *conn)
{
	lose(conn, LOST_FLOOD, 0, "it sends on and on, and there is no reply in it");
}

static void
lose_wire(struct conn *conn, const struct wire_outcome *outcome)
{
	if (outcome->state == WIRE_FAILED)
		lose_errno(conn, outcome->error);
	else if (outcome->state == WIRE_CLOSED)
		lose(conn, LOST_CLOSED, 0, NULL);
	else if (outcome->state == WIRE_FLOOD)
		lose_flood(conn);
	else
		lose(conn, LOST_TLS, 0, outcome->words);
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
		conn->local = *source;
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

/* Nothing came of it so far. False: nor will it, and the user knows. */
static bool
may_wait(struct conn *conn, const struct wire_outcome *outcome)
{
	if (outcome->state != WIRE_READ && outcome->state != WIRE_WRITE) {
		lose_wire(conn, outcome);
		return false;
	}
	if (conn->wire->taken > CONN_INPUT_MAX) {
		lose_flood(conn);
		return false;
	}
	return true;
}

static void
read_some(struct conn *conn)
{
	char bytes[2048]; /* most replies are far shorter, and a hardened build clears it at every
	                     call */

	conn->read_waits = false;
	do {
		struct wire_outcome outcome =
		    conn->wire->ops->read(conn->wire, bytes, sizeof bytes);

		if (outcome.state != WIRE_DONE) {
			if (may_wait(conn, &outcome))
				conn->read_waits = outcome.state == WIRE_WRITE;
			return;
		}
		if (!tell(conn,
		        &(struct conn_news){
		            .event = CONN_DATA, .data = bytes, .len = outcome.len}) ||
		    conn->phase != OPEN)
			return;
		/* The loop comes again for what is still in the socket: other walks get their turn.
		 * What the wire has read ahead makes no noise there. */
	} while (conn->wire->ops->holds(conn->wire));
}

/* A peer that refused and closed while we were still sending has its last word in our receive
 * queue: that is to be read first. */
static bool
has_last_word(const struct conn *conn, const struct wire_outcome *outcome)
{
	return outcome->state == WIRE_FAILED &&
	       (outcome->error == EPIPE || outcome->error == ECONNRESET) && conn_has_input(conn);
}

/* … of output goes out, or has failed to. */
static struct wire_outcome
next_piece(struct conn *conn)
{
	int failed = conn->failed;

	conn->failed = 0;
	if (failed != 0)
		return (struct wire_outcome){.state = WIRE_FAILED, .error = failed};
	return conn->wire->ops->write(conn->wire, conn->out, conn->out_len);
}

/* False: nothing more is to be done in this turn. */
static bool
write_some(struct conn *conn)
{
	conn->write_waits = false;
	while (conn->out_len > 0) {
		struct wire_outcome outcome = next_piece(conn);

		if (has_last_word(conn, &outcome)) {
			conn->out = NULL;
			conn->out_len = 0;
			return true;
		}
		if (outcome.state != WIRE_DONE) {
			if (!may_wait(conn, &outcome))
				return false;
			conn->write_waits = outcome.state == WIRE_READ;
			return true;
		}
		conn->out += outcome.len;
		conn->out_len -= outcome.len;
	}
	if (conn->out == NULL)
		return true;
	conn->out = NULL;
	return tell(conn, &(struct conn_news){.event = CONN_SENT}) && conn->phase == OPEN;
}

static void
open_wire(struct conn *conn)
{
	struct wire_outcome outcome = conn->wire->ops->open(conn->wire);

	if (outcome.state != WIRE_DONE) {
		may_wait(conn, &outcome);
		return;
	}
	conn->phase = OPEN;
	if (tell(conn, &(struct conn_news){.event = CONN_SECURED}) && conn->phase == OPEN &&
	    conn->wire->ops->holds(conn->wire))
		read_some(conn); /* what came along with the handshake */
}

/* 0: it is connected. A socket that can be written and no more has no error. */
static int
connect_error(struct conn *conn, short what)
{
	int error = conn->failed;
	socklen_t len = sizeof error;

	conn->failed = 0;
	if (error == 0 && what != EV_WRITE &&
	    getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	return error;
}

static void
finish_connect(struct conn *conn, short what)
{
	int error = connect_error(conn, what);

	if (error != 0 && error != ECONNRESET) {
		lose_errno(conn, error);
		return;
	}
	conn->phase = OPEN;
	if (conn->local.family == 0)
		learn_local(conn);
	/* A reset is no refusal to connect: there was a connection, and the peer ended it before we
	 * looked. */
	if (tell(conn, &(struct conn_news){.event = CONN_CONNECTED}) && error == ECONNRESET &&
	    conn->phase == OPEN)
		lose_errno(conn, error);
}

static void
take_turn(struct conn *conn, short what)
{
	if (conn->phase == CONNECTING) {
		finish_connect(conn, what);
	} else if (conn->phase == OPENING) {
		open_wire(conn);
		return;
	}
	if (conn->phase != OPEN || (((what & EV_WRITE) || conn->write_waits) && !write_some(conn)))
		return;
	if (!conn->wire->dry || conn->read_waits)
		read_some(conn);
}

/* The socket tells once of what has come, so it is read until it is dry; not in one turn, for other
 * walks get theirs. */
static void
on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct conn *conn = arg;

	(void)fd;
	conn->busy++;
	conn->wire->left = WIRE_TURN;
	if (what & (EV_READ | EV_CLOSED))
		conn->wire->dry = false;
	if (what & EV_CLOSED)
		conn->wire->ends = true;
	take_turn(conn, what);
	if ((conn->phase == OPENING || conn->phase == OPEN) && !conn->wire->dry)
		event_active(&conn->ready, EV_READ, 0);
	leave(conn);
}

/* At that time at the latest. */
static void
set_timer(struct conn *conn, int64_t now)
{
	int64_t ms = conn->due - now;
	struct timeval wait = {
	    .tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)};

	event_add(&conn->timer, &wait);
	conn->rings = conn->due;
}

/* It may have been put off since. */
static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct conn *conn = arg;
	int64_t now = loop_ms();

	(void)fd;
	(void)what;
	conn->rings = NEVER;
	if (conn->due > now) {
		if (conn->due != NEVER)
			set_timer(conn, now);
		return;
	}
	conn->due = NEVER;
	conn->busy++;
	tell(conn, &(struct conn_news){.event = CONN_DEADLINE});
	leave(conn);
}

/* 0 or an errno. */
static int
start_socket(struct conn *conn, const char *path)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof sa.sun_path)
		return ENAMETOOLONG;
	memcpy(sa.sun_path, path, strlen(path) + 1);
	conn->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return conn->fd >= 0 && connect(conn->fd, (struct sockaddr *)&sa, sizeof sa) == 0 ? 0
	                                                                                  : errno;
}

static struct conn *
new_conn(conn_heard *heard, void *arg)
{
	struct conn *conn = must_alloc(sizeof *conn);

	conn->fd = -1;
	conn->heard = heard;
	conn->arg = arg;
	conn->due = conn->rings = NEVER;
	return conn;
}

/* `error`: how the attempt to connect began. */
static struct conn *
watch(struct conn *conn, struct event_base *base, int error)
{
	wire_plain(&conn->plain, conn->fd);
	conn->wire = &conn->plain;
	event_assign(&conn->ready, base, conn->fd,
	    EV_READ | EV_WRITE | EV_CLOSED | EV_ET | EV_PERSIST, on_ready, conn);
	event_assign(&conn->timer, base, -1, 0, on_timer, conn);
	if (error == EINPROGRESS)
		error = 0;
	if (error == 0 && event_add(&conn->ready, NULL) != 0)
		error = ENOMEM;
	conn->failed = error;
	if (error != 0)
		event_active(&conn->ready, EV_WRITE, 0);
	return conn;
}

struct conn *
conn_open(struct event_base *base, const struct ip *source, const struct ip *address, uint16_t port,
    conn_heard *heard, void *arg)
{
	struct conn *conn = new_conn(heard, arg);

	return watch(conn, base, start_connect(conn, source, address, port));
}

struct conn *
conn_open_socket(struct event_base *base, const char *path, conn_heard *heard, void *arg)
{
	struct conn *conn = new_conn(heard, arg);

	return watch(conn, base, start_socket(conn, path));
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

/* Mostly to a later time than before: then the timer is left as it is. */
void
conn_deadline(struct conn *conn, long ms)
{
	int64_t now = loop_ms();

	conn->due = now + ms;
	conn->wire->taken = 0;
	if (conn->due < conn->rings)
		set_timer(conn, now);
}

/* A command goes out at once in any case: what was said before it has been answered. The end of
 * something larger would wait for the peer to acknowledge its beginning. */
static void
hurry(struct conn *conn)
{
	int on = 1;

	if (!conn->hurried)
		setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	conn->hurried = true;
}

void
conn_send(struct conn *conn, const char *data, size_t len)
{
	if (len > COMMAND_MAX)
		hurry(conn);
	conn->out = data;
	conn->out_len = len;
	event_active(&conn->ready, EV_WRITE, 0);
}

bool
conn_say(struct conn *conn, const char *data, size_t len)
{
	struct wire_outcome outcome;

	if (len > COMMAND_MAX || conn->wire != &conn->plain || conn->phase != OPEN) {
		conn_send(conn, data, len);
		return false;
	}
	outcome = conn->wire->ops->write(conn->wire, data, len);
	if (outcome.state == WIRE_DONE && outcome.len == len)
		return true;
	conn->failed = outcome.error;
	conn_send(conn, data + outcome.len, len - outcome.len);
	return false;
}

void
conn_last_words(struct conn *conn, const char *data, size_t len)
{
	if (conn->phase == OPEN)
		conn->wire->ops->write(conn->wire, data, len);
}

bool
conn_has_input(const struct conn *conn)
{
	char byte;

	return recv(conn->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void
conn_secure(struct conn *conn, struct tls_context *tls, const struct tls_wish *wish)
{
	hurry(conn); /* several records may be one step of a handshake */
	conn->wire = wire_tls(&conn->plain, tls, wish);
	conn->phase = OPENING;
	event_active(&conn->ready, EV_WRITE, 0);
}

struct ip
conn_local(const struct conn *conn)
{
	return conn->local;
}
