/* c-ares is trusted with sockets, with sending again, and with telling whose answer a datagram is
 * (address, port, id, question); with nothing else. It has one server a channel, is handed our
 * bytes, and hands back those of the answer (ARES_FLAG_NOCHECKRESP, as 1.18 makes a SERVFAIL a
 * refused connection otherwise; ARES_FLAG_IGNTC, as a truncated answer is our business).
 *
 * Its sockets are ours, so that we see a datagram before it does: some nameservers leave out the
 * question when they refuse, and c-ares drops what it cannot compare. Then the question of the
 * inquiry with that id is put back in. That costs no safety: the socket is connected, the id has to
 * fit as before, and nothing but a failure is ever taken from such an answer.
 *
 * An inquiry is waiting: in line, not sent; then young: sent less than NAMESERVER_TRY_MS ago, and
 * counted against the channel's limit; then old, and c-ares still listens for its answer. So no
 * more than some thousand are ever with c-ares, which is far from what its ids are good for. */
#include "io/nameserver.h"

/* ares_send and ares_get_servers_ports have successors that 1.18 lacks. */
#define CARES_NO_DEPRECATED
#include <ares.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "dns/name.h"
#include "dns/wire.h"
#include "io/loop.h"

enum {
	TICK_MS = 100,
	UDP_BUFFER = 4 << 20, /* bytes; asked for: the kernel gives what it likes */
	BYTES_AN_ANSWER = 1024, /* that a small datagram takes in such a buffer, with some room */
	UDP_AT_ONCE_MIN = 64,
	UDP_AT_ONCE = 500, /* unless the user says otherwise */
	TCP_AT_ONCE = 1, /* some servers close after one answer */
	TCP_TRIES = 3,
	UDP_A_SOCKET = 8,
	UDP_MS = 1000, /* until it is sent again; doubled each time */
	TCP_MS = 5000, /* 1.18 does not ask a second time over the same connection */
	HEADER_OCTETS = 12, /* RFC 1035 section 4.1.1 */
	STRAYS_A_TURN = 64, /* datagrams that are passed over */
	OPT_OCTETS = 11,
	IDS = 1 << 16,
};

/* PLAIN is UDP without EDNS: with the flag for it set, 1.18 takes the last 11 octets off a question
 * on FORMERR, whatever they are. */
enum way { UDP, PLAIN, TCP, WAYS };

enum age { WAITING, YOUNG, OLD };

struct inquiry {
	TAILQ_ENTRY(inquiry) link;
	struct channel *channel;
	void *arg; /* NULL: dropped */
	const char *name; /* until it is dropped */
	enum dns_type type;
	bool plain;
	enum age age;
	uint16_t id;
	uint16_t sent_id; /* on the wire: 1.34 gives it one of its own */
	int64_t sent; /* loop_ms */
};
TAILQ_HEAD(inquiries, inquiry);

struct socket {
	struct socket *next;
	struct event event;
	ares_socket_t fd;
};

struct channel {
	struct nameserver *nameserver;
	enum way way;
	ares_channel ares;
	struct socket *sockets;
	struct event turn, tick;
	struct inquiries waiting, young, old;
	unsigned young_count, limit;
	unsigned open; /* with c-ares, the dropped among them */
	unsigned wanted; /* not dropped, waiting ones among them */
	unsigned char ids[IDS / 8]; /* that are under way */
};

struct nameserver {
	struct event_base *base;
	const struct nameserver_user *user;
	struct nameserver_address address;
	char text[NAMESERVER_TEXT];
	struct channel channels[WAYS];
	int64_t heard; /* loop_ms of its latest answer to anything, -1 before the first */
	unsigned silent; /* late inquiries since, that no answer came after */
	int64_t dead_until;
	struct buf query;
	int speechless; /* there was no socket: the errno, which was said; 0: there always was */
	int trouble; /* what the system last said to a question or in an answer's place: an errno;
	                0: nothing since its latest answer */
	unsigned at_once; /* questions over UDP */
};

static const struct timeval tick_interval = {.tv_usec = TICK_MS * 1000};

/* ---- whether it lives */

bool
nameserver_dead(const struct nameserver *nameserver)
{
	return nameserver->silent >= NAMESERVER_SILENT && loop_ms() < nameserver->dead_until;
}

static void
note_answer(struct nameserver *nameserver)
{
	nameserver->heard = loop_ms();
	nameserver->silent = 0;
	nameserver->trouble = 0;
}

/* A question that nothing was heard after, not even answers to others: what is lost or slow among
 * many that are answered says nothing about the server. */
static void
note_silence(const struct inquiry *inquiry)
{
	struct nameserver *nameserver = inquiry->channel->nameserver;

	if (inquiry->channel->way == TCP || nameserver->heard >= inquiry->sent)
		return;
	if (++nameserver->silent >= NAMESERVER_SILENT)
		nameserver->dead_until = loop_ms() + NAMESERVER_DEAD_MS;
}

/* ---- ids: c-ares 1.18 takes ours and does not look whether it has it already */

static uint16_t
take_id(struct channel *channel)
{
	uint16_t id;

	do
		id = (uint16_t)loop_random();
	while (channel->ids[id / 8] & 1 << id % 8);
	channel->ids[id / 8] = (unsigned char)(channel->ids[id / 8] | 1 << id % 8);
	return id;
}

static void
give_id(struct channel *channel, uint16_t id)
{
	channel->ids[id / 8] = (unsigned char)(channel->ids[id / 8] & ~(1 << id % 8));
}

/* ---- sockets */

/* Ours, and of no domain: once is enough. */
static void
say_no_socket(struct nameserver *nameserver, int error)
{
	if (nameserver->speechless == 0)
		log_error(
		    "no socket to ask the nameserver %s: %s", nameserver->text, strerror(error));
	nameserver->speechless = nameserver->trouble = error;
}

static ares_socket_t
socket_open(int family, int type, int protocol, void *arg)
{
	struct channel *channel = arg;
	int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol),
	    receive = UDP_BUFFER, out = UDP_BUFFER / 4, on = 1;

	if (fd < 0) {
		say_no_socket(channel->nameserver, errno);
		return ARES_SOCKET_BAD;
	}
	if (channel->way == TCP) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	} else {
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive, sizeof receive);
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &out, sizeof out);
	}
	return fd;
}

static int
socket_close(ares_socket_t fd, void *arg)
{
	(void)arg;
	return close(fd);
}

/* There is no way to the nameserver, or nobody listens there; what passes by itself is no trouble.
 * errno stays for c-ares. */
static ssize_t
note_trouble(struct channel *channel, ssize_t result)
{
	if (result < 0 && errno != EAGAIN && errno != EINPROGRESS && errno != EINTR)
		channel->nameserver->trouble = errno;
	return result;
}

static int
socket_connect(ares_socket_t fd, const struct sockaddr *address, ares_socklen_t len, void *arg)
{
	return (int)note_trouble(arg, connect(fd, address, len));
}

/* Whose question leaves, and by which id: mostly the latest's. */
static void
note_id(struct channel *channel, const void *message, size_t len)
{
	struct inquiries *lists[] = {&channel->young, &channel->old};
	struct wire_question question;
	const unsigned char *id = message;
	struct inquiry *inquiry = TAILQ_LAST(&channel->young, inquiries);

	if (inquiry != NULL && len > 2 && inquiry->id == (id[0] << 8 | id[1])) {
		inquiry->sent_id = inquiry->id;
		return;
	}
	if (!wire_question_read(message, len, &question))
		return;
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		TAILQ_FOREACH_REVERSE(inquiry, lists[i], inquiries, link)
	if (inquiry->name != NULL && (unsigned)inquiry->type == question.type &&
	    name_equal(inquiry->name, question.name)) {
		inquiry->sent_id = question.id;
		return;
	}
}

static ares_ssize_t
socket_send(ares_socket_t fd, const struct iovec *parts, int count, void *arg)
{
	struct msghdr message = {.msg_iov = (struct iovec *)parts, .msg_iovlen = (size_t)count};
	struct channel *channel = arg;

	if (channel->way != TCP && count == 1)
		note_id(channel, parts->iov_base, parts->iov_len);
	return note_trouble(channel, sendmsg(fd, &message, MSG_NOSIGNAL));
}

/* The one that was sent with this id, if somebody still waits for it. */
static const struct inquiry *
find_inquiry(const struct channel *channel, uint16_t id)
{
	const struct inquiries *lists[] = {&channel->young, &channel->old};
	const struct inquiry *inquiry;

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		TAILQ_FOREACH(inquiry, lists[i], link)
	if (inquiry->name != NULL && inquiry->sent_id == id)
		return inquiry;
	return NULL;
}

/* Is it a failure, told in a header without a question? That a name does not exist is never taken
 * from one. */
static bool
is_bare_failure(const unsigned char *message, size_t len)
{
	unsigned rcode = len >= HEADER_OCTETS ? message[3] & 15u : 0;

	return (rcode == 1 || rcode == 2 || rcode == 4 || rcode == 5) && (message[2] & 0x80) != 0 &&
	       message[4] == 0 && message[5] == 0 && message[6] == 0 && message[7] == 0;
}

/* Returns the length of the message that c-ares is to see. */
static size_t
put_question_back(struct channel *channel, unsigned char *message, size_t len, size_t room)
{
	struct buf *query = &channel->nameserver->query;
	const struct inquiry *inquiry;

	if (!is_bare_failure(message, len))
		return len;
	inquiry = find_inquiry(channel, (uint16_t)(message[0] << 8 | message[1]));
	buf_clear(query);
	if (inquiry == NULL || !wire_query(query, inquiry->id, inquiry->name, inquiry->type) ||
	    query->len - OPT_OCTETS > room)
		return len;
	memcpy(message + HEADER_OCTETS, query->data + HEADER_OCTETS,
	    query->len - OPT_OCTETS - HEADER_OCTETS);
	memset(message + 4, 0,
	    HEADER_OCTETS -
	        4); /* the counts; whatever stood behind them is overwritten or left out */
	message[5] = 1;
	return query->len - OPT_OCTETS;
}

/* With one question, as all of ours have. Of anything else newer c-ares thinks so ill that it gives
 * up whatever is under way on the socket. */
static bool
is_answer(const unsigned char *message, size_t len)
{
	return len >= HEADER_OCTETS && (message[2] & 0x80) != 0 && message[4] == 0 &&
	       message[5] == 1;
}

/* A datagram that answers nothing has not come; so many in a row are enough for one turn. */
static ares_ssize_t
socket_receive(ares_socket_t fd, void *buffer, size_t size, int flags, struct sockaddr *from,
    ares_socklen_t *from_len, void *arg)
{
	struct channel *channel = arg;
	ares_socklen_t room = from_len != NULL ? *from_len : 0;

	for (unsigned i = 0; i < STRAYS_A_TURN; i++) {
		ssize_t len = recvfrom(fd, buffer, size, flags, from, from_len);

		if (len <= 0 || channel->way == TCP)
			return note_trouble(channel, len);
		len = (ssize_t)put_question_back(channel, buffer, (size_t)len, size);
		if (is_answer(buffer, (size_t)len))
			return len;
		if (from_len != NULL)
			*from_len = room;
	}
	errno = EAGAIN;
	return -1;
}

static const struct ares_socket_functions socket_functions = {
    socket_open, socket_close, socket_connect, socket_receive, socket_send};

static void
on_socket(evutil_socket_t fd, short what, void *arg)
{
	struct channel *channel = arg;

	ares_process_fd(channel->ares, what & EV_READ ? fd : ARES_SOCKET_BAD,
	    what & EV_WRITE ? fd : ARES_SOCKET_BAD);
}

/* As many questions at once as there is room for answers: with the buffer that Linux gives by
 * default, a burst of 1,000 loses every twentieth. */
static void
fit_limit(struct channel *channel, ares_socket_t fd)
{
	int bytes = 0;
	socklen_t len = sizeof bytes;

	if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, &len) != 0)
		return;
	channel->limit = (unsigned)bytes / BYTES_AN_ANSWER;
	if (channel->limit < UDP_AT_ONCE_MIN)
		channel->limit = UDP_AT_ONCE_MIN;
	if (channel->limit > channel->nameserver->at_once)
		channel->limit = channel->nameserver->at_once;
}

static void
on_socket_state(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct channel *channel = arg;
	struct socket **at = &channel->sockets, *socket;
	short what = (short)((readable ? EV_READ : 0) | (writable ? EV_WRITE : 0));

	while (*at != NULL && (*at)->fd != fd)
		at = &(*at)->next;
	socket = *at;
	if (socket == NULL && what == 0)
		return;
	if (socket == NULL) {
		socket = *at = must_alloc(sizeof *socket);
		socket->fd = fd;
		if (channel->way != TCP)
			fit_limit(channel, fd);
	} else {
		event_del(&socket->event);
	}
	if (what != 0) {
		event_assign(&socket->event, channel->nameserver->base, fd,
		    (short)(what | EV_PERSIST), on_socket, channel);
		event_add(&socket->event, NULL);
	} else {
		*at = socket->next;
		free(socket);
	}
}

/* ---- questions */

static void
tell(struct inquiry *inquiry, const void *message, size_t len, enum dns_rcode failure)
{
	void *arg = inquiry->arg;

	if (arg == NULL)
		return;
	inquiry->arg = NULL;
	inquiry->channel->wanted--;
	inquiry->channel->nameserver->user->heard(message, len, failure, arg);
}

static enum dns_rcode
failure_of(int status)
{
	switch (status) {
	case ARES_ESERVFAIL:
		return DNS_SERVFAIL;
	case ARES_EREFUSED:
		return DNS_REFUSED;
	case ARES_ENOTIMP:
		return DNS_NOTIMP;
	case ARES_EFORMERR:
		return DNS_FORMERR;
	case ARES_EBADRESP:
		return DNS_GARBLED;
	default: /* no answer in time, or no way to the nameserver: nothing that the name asked for
	            can be blamed for */
		return DNS_TIMEOUT;
	}
}

static void
on_done(void *arg, int status, int timeouts, unsigned char *message, int len)
{
	struct inquiry *inquiry = arg;
	struct channel *channel = inquiry->channel;

	(void)timeouts;
	channel->open--;
	give_id(channel, inquiry->id);
	if (status == ARES_SUCCESS)
		note_answer(channel->nameserver);
	if (inquiry->age == YOUNG) {
		TAILQ_REMOVE(&channel->young, inquiry, link);
		channel->young_count--;
		if (status != ARES_SUCCESS && status != ARES_ECANCELLED &&
		    status != ARES_EDESTRUCTION)
			note_silence(inquiry);
	} else {
		TAILQ_REMOVE(&channel->old, inquiry, link);
	}
	if (status == ARES_SUCCESS)
		tell(inquiry, message, (size_t)len, DNS_NOERROR);
	else
		tell(inquiry, NULL, 0, failure_of(status));
	free(inquiry);
	if (!TAILQ_EMPTY(&channel->waiting))
		event_active(&channel->turn, EV_TIMEOUT,
		    0); /* there is a place now; not from here, where c-ares is at work */
}

static void
end_waiting(struct inquiry *inquiry, enum dns_rcode failure)
{
	TAILQ_REMOVE(&inquiry->channel->waiting, inquiry, link);
	tell(inquiry, NULL, 0, failure);
	free(inquiry);
}

static void
send_question(struct inquiry *inquiry)
{
	struct channel *channel = inquiry->channel;
	struct buf *query = &channel->nameserver->query;
	size_t len;

	inquiry->id = take_id(channel);
	buf_clear(query);
	if (!wire_query(query, inquiry->id, inquiry->name, inquiry->type)) {
		give_id(channel, inquiry->id);
		end_waiting(inquiry, DNS_FORMERR);
		return;
	}
	len = query->len;
	if (inquiry->plain) { /* OPT is the only additional record, and the last */
		len -= OPT_OCTETS;
		query->data[11] = 0;
	}
	TAILQ_REMOVE(&channel->waiting, inquiry, link);
	TAILQ_INSERT_TAIL(&channel->young, inquiry, link);
	channel->young_count++;
	channel->open++;
	inquiry->age = YOUNG;
	inquiry->sent = loop_ms();
	if (inquiry->arg != NULL)
		channel->nameserver->user->sent(inquiry->arg);
	ares_send(channel->ares, (const unsigned char *)query->data, (int)len, on_done,
	    inquiry); /* may call on_done at once */
}

static void
on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct channel *channel = arg;

	(void)fd;
	(void)what;
	while (channel->young_count < channel->limit && !TAILQ_EMPTY(&channel->waiting))
		send_question(TAILQ_FIRST(&channel->waiting));
	if (channel->open > 0 && !evtimer_pending(&channel->tick, NULL))
		evtimer_add(&channel->tick, &tick_interval);
}

/* The young that are late by now make room for others. */
static void
grow_old(struct channel *channel)
{
	int64_t then = loop_ms() - NAMESERVER_TRY_MS;
	struct inquiry *inquiry;

	while ((inquiry = TAILQ_FIRST(&channel->young)) != NULL && inquiry->sent <= then) {
		TAILQ_REMOVE(&channel->young, inquiry, link);
		channel->young_count--;
		TAILQ_INSERT_TAIL(&channel->old, inquiry, link);
		inquiry->age = OLD;
		note_silence(inquiry);
		if (inquiry->arg != NULL)
			channel->nameserver->user->late(inquiry->arg);
	}
}

/* c-ares looks for time-outs only when it is called. ares_timeout() would say when, but goes
 * through all questions for it before 1.20. */
static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct channel *channel = arg;

	grow_old(channel);
	if (channel->wanted == 0)
		ares_cancel(channel->ares); /* nobody listens any more: the program may end */
	else
		ares_process_fd(channel->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	on_turn(fd, what, channel);
}

struct inquiry *
nameserver_ask(
    struct nameserver *nameserver, const char *name, enum dns_type type, unsigned flags, void *arg)
{
	struct channel *channel = &nameserver->channels[flags & ASK_TCP     ? TCP
	                                                : flags & ASK_PLAIN ? PLAIN
	                                                                    : UDP];
	struct inquiry *inquiry = must_alloc(sizeof *inquiry);

	inquiry->channel = channel;
	inquiry->arg = arg;
	inquiry->name = name;
	inquiry->type = type;
	inquiry->plain = flags & ASK_PLAIN;
	TAILQ_INSERT_TAIL(&channel->waiting, inquiry, link);
	channel->wanted++;
	event_active(&channel->turn, EV_TIMEOUT, 0);
	return inquiry;
}

void
inquiry_drop(struct inquiry *inquiry)
{
	inquiry->arg = NULL;
	inquiry->name = NULL;
	inquiry->channel->wanted--;
	if (inquiry->age == WAITING)
		end_waiting(inquiry, DNS_TIMEOUT);
}

void
nameserver_limit(struct nameserver *nameserver, unsigned at_once)
{
	nameserver->at_once = at_once > 0 ? at_once : UDP_AT_ONCE;
	for (int way = 0; way < WAYS; way++)
		if (nameserver->channels[way].limit > nameserver->at_once)
			nameserver->channels[way].limit = nameserver->at_once;
}

void
nameserver_flush(struct nameserver *nameserver)
{
	struct inquiries *waiting = &nameserver->channels[UDP].waiting;

	while (!TAILQ_EMPTY(waiting))
		end_waiting(TAILQ_FIRST(waiting), DNS_TIMEOUT);
}

/* ---- its life */

/* Before 1.32 it is sent again after what we say, later after five times the server's mean latency,
 * but 250 ms. Either way that is doubled each time, and this many times make some ten seconds. */
static int
udp_tries(void)
{
	int version;

	ares_version(&version);
	return version < 0x012000 ? 4 : 6;
}

static int
options_init(struct ares_options *options, struct channel *channel)
{
	bool tcp = channel->way == TCP;

	*options = (struct ares_options){
	    .flags = ARES_FLAG_NOCHECKRESP | ARES_FLAG_IGNTC | (tcp ? ARES_FLAG_USEVC : 0) |
	             (channel->way == UDP ? ARES_FLAG_EDNS : 0),
	    .timeout = tcp ? TCP_MS : UDP_MS,
	    .tries = tcp ? TCP_TRIES : udp_tries(),
	    .ednspsz = 4096, /* a limit to what it reads, not what we announce */
	    .sock_state_cb = on_socket_state,
	    .sock_state_cb_data = channel,
	    .resolvconf_path = (char *)"/dev/null", /* what resolv.conf says of time-outs and the
	                                               like is not for us */
	};
	return ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NOROTATE |
	       ARES_OPT_EDNSPSZ | ARES_OPT_SOCK_STATE_CB | ARES_OPT_RESOLVCONF;
}

#if defined(ARES_OPT_QUERY_CACHE)
static int
options_newer(struct ares_options *options)
{
	options->qcache_max_ttl = 0; /* there is io/cache.h */
	/* On an answer that it cannot read, 1.34 drops the socket and sends all that waited there
	 * again, and after some such answers all of it fails: what one hostile answer takes along
	 * must be few, and the resolver asks them by TCP, one by one. It also means a new source
	 * port for each few. */
	options->udp_max_queries = UDP_A_SOCKET;
	return ARES_OPT_QUERY_CACHE | ARES_OPT_UDP_MAX_QUERIES;
}
#else
static int
options_newer(struct ares_options *options)
{
	(void)options;
	return 0;
}
#endif

static void
channel_init(struct channel *channel, struct nameserver *nameserver, enum way way)
{
	channel->nameserver = nameserver;
	channel->way = way;
	channel->limit = way == TCP ? TCP_AT_ONCE : UDP_AT_ONCE_MIN;
	TAILQ_INIT(&channel->waiting);
	TAILQ_INIT(&channel->young);
	TAILQ_INIT(&channel->old);
	evtimer_assign(&channel->turn, nameserver->base, on_turn, channel);
	evtimer_assign(&channel->tick, nameserver->base, on_tick, channel);
}

static int
channel_open(struct channel *channel)
{
	const struct nameserver_address *address = &channel->nameserver->address;
	struct ares_options options;
	char ip[IP_TEXT], csv[NAMESERVER_TEXT];
	int given = options_init(&options, channel), status;

	given |= options_newer(&options);
	status = ares_init_options(&channel->ares, &options, given);
	if (status != ARES_SUCCESS)
		return status;
	ares_set_socket_functions(channel->ares, &socket_functions, channel);
	snprintf(csv, sizeof csv, address->ip.family == 6 ? "[%s]:%u" : "%s:%u",
	    ip_text(&address->ip, ip), address->port);
	return ares_set_servers_ports_csv(channel->ares, csv);
}

static void
channel_release(struct channel *channel)
{
	ares_destroy(channel->ares); /* on_done for each that is left, all dropped */
	event_del(&channel->turn);
	event_del(&channel->tick);
}

struct nameserver *
nameserver_new(struct event_base *base, const struct nameserver_address *address,
    const struct nameserver_user *user, const char **why)
{
	struct nameserver *nameserver = must_alloc(sizeof *nameserver);
	int status = ares_library_init(ARES_LIB_INIT_ALL);

	nameserver->base = base;
	nameserver->user = user;
	nameserver->address = *address;
	nameserver->heard = -1;
	nameserver->at_once = UDP_AT_ONCE;
	nameserver_format(address, nameserver->text);
	buf_init(&nameserver->query, WIRE_MAX);
	for (int way = 0; way < WAYS; way++)
		channel_init(&nameserver->channels[way], nameserver, (enum way)way);
	for (int way = 0; way < WAYS && status == ARES_SUCCESS; way++)
		status = channel_open(&nameserver->channels[way]);
	if (status == ARES_SUCCESS)
		return nameserver;
	*why = ares_strerror(status);
	nameserver_free(nameserver);
	return NULL;
}

void
nameserver_free(struct nameserver *nameserver)
{
	for (int way = 0; way < WAYS; way++)
		channel_release(&nameserver->channels[way]);
	ares_library_cleanup();
	buf_release(&nameserver->query);
	free(nameserver);
}

/* What is answered by the system of this host, not by that of the nameserver or one between. */
static bool
is_of_this_host(int error)
{
	return error == ENETUNREACH || error == EACCES || error == EPERM ||
	       error == EADDRNOTAVAIL || error == EAFNOSUPPORT || error == ENETDOWN;
}

int
nameserver_error(const struct nameserver *nameserver)
{
	return nameserver->speechless != 0            ? nameserver->speechless
	       : is_of_this_host(nameserver->trouble) ? nameserver->trouble
	                                              : 0;
}

int
nameserver_trouble(const struct nameserver *nameserver)
{
	return nameserver->trouble;
}

const char *
nameserver_text(const struct nameserver *nameserver)
{
	return nameserver->text;
}

/* ---- addresses */

enum { PORT = 53 };

static bool
parse_port(const char *text, uint16_t *port)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	*port = (uint16_t)value;
	return *text >= '0' && *text <= '9' && *end == '\0' && value > 0 && value <= UINT16_MAX;
}

bool
nameserver_parse(const char *text, struct nameserver_address *out)
{
	char address[IP_TEXT];
	const char *colon = strchr(text, ':'), *from = text, *end = text + strlen(text);

	out->port = PORT;
	if (*text == '[') {
		from = text + 1;
		end = strchr(from, ']');
		if (end == NULL ||
		    (end[1] != '\0' && (end[1] != ':' || !parse_port(end + 2, &out->port))))
			return false;
	} else if (colon != NULL && strchr(colon + 1, ':') == NULL) {
		end = colon;
		if (!parse_port(colon + 1, &out->port))
			return false;
	}
	if ((size_t)(end - from) >= sizeof address)
		return false;
	memcpy(address, from, (size_t)(end - from));
	address[end - from] = '\0';
	return ip_parse(&out->ip, address);
}

const char *
nameserver_format(const struct nameserver_address *address, char text[NAMESERVER_TEXT])
{
	char ip[IP_TEXT];

	ip_text(&address->ip, ip);
	if (address->port == PORT)
		snprintf(text, NAMESERVER_TEXT, "%s", ip);
	else
		snprintf(text, NAMESERVER_TEXT, address->ip.family == 6 ? "[%s]:%u" : "%s:%u", ip,
		    address->port);
	return text;
}

static void
from_ares(const struct ares_addr_port_node *node, struct nameserver_address *out)
{
	*out = (struct nameserver_address){.ip.family = node->family == AF_INET6 ? 6 : 4,
	    .port = node->udp_port > 0 ? (uint16_t)node->udp_port : PORT};
	memcpy(out->ip.bytes, &node->addr, out->ip.family == 6 ? 16 : 4);
}

size_t
nameserver_system(struct nameserver_address *out, size_t max)
{
	struct ares_addr_port_node *nodes = NULL;
	ares_channel channel;
	size_t count = 0;

	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
		return 0;
	if (ares_init_options(&channel, NULL, 0) == ARES_SUCCESS) {
		if (ares_get_servers_ports(channel, &nodes) == ARES_SUCCESS)
			for (const struct ares_addr_port_node *node = nodes;
			     node != NULL && count < max; node = node->next)
				from_ares(node, &out[count++]);
		ares_free_data(nodes);
		ares_destroy(channel);
	}
	ares_library_cleanup();
	return count;
}
