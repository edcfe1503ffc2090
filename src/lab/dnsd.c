#include "lab/dnsd.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "dns/name.h"
#include "dns/wire.h"
#include "io/loop.h"
#include "lab/socket.h"
#include "lab/zone.h"

enum { TRIES = 20, DATAGRAMS = 64, HEADER = 12, OUT_MAX = 4 * (WIRE_MAX + 2) };

struct client { /* by TCP; RFC 7766: several queries on one connection, each behind its length */
	struct client *next, **link;
	struct dnsd *dnsd;
	int fd;
	struct event *event, *flush;
	struct buf in, out;
};

struct dnsd {
	struct event_base *base;
	const struct zone *zone;
	struct arena *arena; /* of one question */
	int udp, tcp;
	struct event *on_udp, *on_tcp;
	struct client *clients;
	size_t client_count;
	unsigned port;
};

/* ---- one question */

static void
put_number(struct buf *out, uint32_t number, unsigned octets)
{
	while (octets-- > 0)
		buf_putc(out, (char)(number >> 8 * octets & 255));
}

static void
put_name(struct buf *out, const char *name)
{
	while (*name != '\0') {
		size_t len = strcspn(name, ".");

		buf_putc(out, (char)len);
		buf_add(out, name, len);
		name += len + (name[len] == '.');
	}
	buf_putc(out, '\0');
}

/* Where the question ends in a message that wire_answer() wrote: names there are not compressed. */
static size_t
behind_question(const struct buf *message)
{
	size_t at = HEADER;

	while (at < message->len && message->data[at] != '\0')
		at += 1 + (unsigned char)message->data[at];
	return at + 1 + 4;
}

/* Puts the SOA of a negative answer (RFC 2308 section 2) between the question and what may follow,
 * which is only OPT. */
static void
add_authority(struct buf *message, const struct zone_apex *apex)
{
	size_t at = behind_question(message), rdata;
	struct buf soa;
	char *tail;

	if (apex->soa == NULL || at > message->len)
		return;
	buf_init(&soa, 4096);
	put_name(&soa, apex->name);
	put_number(&soa, DNS_SOA, 2);
	put_number(&soa, 1, 2);
	put_number(&soa, apex->soa->u.soa.minimum, 4);
	put_number(&soa, 0, 2);
	rdata = soa.len;
	put_name(&soa, apex->soa->u.soa.mname);
	put_name(&soa, apex->soa->u.soa.rname);
	put_number(&soa, apex->soa->u.soa.serial, 4);
	put_number(&soa, apex->soa->u.soa.refresh, 4);
	put_number(&soa, apex->soa->u.soa.retry, 4);
	put_number(&soa, apex->soa->u.soa.expire, 4);
	put_number(&soa, apex->soa->u.soa.minimum, 4);
	soa.data[rdata - 1] = (char)(soa.len - rdata);

	tail = must_alloc(message->len - at);
	memcpy(tail, message->data + at, message->len - at);
	buf_add(message, soa.data, soa.len); /* makes the room */
	if (!message->full) {
		memcpy(message->data + at, soa.data, soa.len);
		memcpy(message->data + at + soa.len, tail, message->len - at - soa.len);
		message->data[9] = 1; /* NSCOUNT */
	}
	free(tail);
	buf_release(&soa);
}

static const enum dns_rcode rcodes[] = {
    [FATE_SERVFAIL] = DNS_SERVFAIL, [FATE_REFUSED] = DNS_REFUSED};

/* Appends the reply to `out`; nothing for a question that is none, or that is never answered. */
static void
reply(struct dnsd *dnsd, const char *query, size_t len, bool tcp, struct buf *out)
{
	struct wire_question question;
	struct answer answer;
	struct zone_apex apex;
	struct buf message;
	char name[NAME_TEXT];
	const char *why;
	enum fate fate;

	arena_reset(dnsd->arena);
	if (!wire_question_read(query, len, &question) ||
	    !name_normalise(question.name, name, &why))
		return;
	fate = zone_look_up(dnsd->zone, name, question.type, dnsd->arena, &answer, &apex);
	if (fate == FATE_SILENT)
		return;
	buf_init(&message, WIRE_MAX);
	if (fate == FATE_SERVFAIL || fate == FATE_REFUSED)
		answer = (struct answer){.name = name,
		    .canonical = name,
		    .type = (enum dns_type)question.type,
		    .rcode = rcodes[fate]};
	wire_answer(&message, &question, &answer, tcp ? WIRE_MAX : question.payload);
	if (fate == FATE_GARBLED && message.len >= HEADER) {
		message.data[7] = 3; /* ANCOUNT: three answers, and none follows */
		buf_add(&message, "\xc0\xff", 2);
	} else if (fate == FATE_ANSWER && answer.count == 0 && answer.canonical == answer.name &&
	           message.len >= HEADER) {
		add_authority(&message, &apex);
	}
	buf_add(out, message.data, message.len);
	buf_release(&message);
}

/* ---- UDP */

static void
on_datagram(evutil_socket_t fd, short what, void *arg)
{
	struct dnsd *dnsd = arg;
	char query[4096];
	struct sockaddr_storage from;
	struct buf out;

	(void)what;
	buf_init(&out, WIRE_MAX);
	for (int i = 0; i < DATAGRAMS; i++) {
		socklen_t from_len = sizeof from;
		ssize_t len =
		    recvfrom(fd, query, sizeof query, 0, (struct sockaddr *)&from, &from_len);

		if (len < 0)
			break;
		buf_clear(&out);
		reply(dnsd, query, (size_t)len, false, &out);
		if (out.len > 0)
			sendto(fd, out.data, out.len, 0, (struct sockaddr *)&from, from_len);
	}
	buf_release(&out);
}

/* ---- TCP */

static void
client_close(struct client *client)
{
	*client->link = client->next;
	if (client->next != NULL)
		client->next->link = client->link;
	client->dnsd->client_count--;
	event_free(client->event);
	event_free(client->flush);
	close(client->fd);
	buf_release(&client->in);
	buf_release(&client->out);
	free(client);
}

static bool
client_send(struct client *client)
{
	while (client->out.len > 0) {
		ssize_t sent = send(client->fd, client->out.data, client->out.len, MSG_NOSIGNAL);

		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (sent <= 0) {
			event_add(client->flush, NULL);
			return true;
		}
		buf_drop(&client->out, (size_t)sent);
	}
	return true;
}

static void
client_answer(struct client *client)
{
	struct buf message;

	buf_init(&message, WIRE_MAX);
	while (client->in.len >= 2) {
		size_t len = (size_t)(unsigned char)client->in.data[0] << 8 |
		             (unsigned char)client->in.data[1];

		if (client->in.len < 2 + len)
			break;
		buf_clear(&message);
		reply(client->dnsd, client->in.data + 2, len, true, &message);
		buf_drop(&client->in, 2 + len);
		if (message.len == 0)
			continue;
		put_number(&client->out, (uint32_t)message.len, 2);
		buf_add(&client->out, message.data, message.len);
	}
	buf_release(&message);
}

static void
on_client(evutil_socket_t fd, short what, void *arg)
{
	struct client *client = arg;
	char bytes[4096];
	ssize_t len;

	if ((what & EV_TIMEOUT) != 0) {
		client_close(client);
		return;
	}
	if ((what & EV_READ) != 0) {
		len = recv(fd, bytes, sizeof bytes, 0);
		if (len == 0 || (len < 0 && errno != EAGAIN && errno != EINTR)) {
			client_close(client);
			return;
		}
		if (len > 0)
			buf_add(&client->in, bytes, (size_t)len);
		client_answer(client);
	}
	/* A client that asks and does not read is let go when its room is full. */
	if (client->in.full || client->out.full || !client_send(client))
		client_close(client);
}

static void
on_connection(evutil_socket_t listener, short what, void *arg)
{
	static const struct timeval idle = {DNSD_IDLE_SECONDS, 0};
	struct dnsd *dnsd = arg;
	struct client *client;
	int fd = socket_accept(listener);

	(void)what;
	if (fd < 0)
		return;
	if (dnsd->client_count >= DNSD_CLIENTS_MAX) {
		close(fd);
		return;
	}
	client = must_alloc(sizeof *client);
	client->dnsd = dnsd;
	client->fd = fd;
	client->event = loop_event(dnsd->base, fd, EV_READ | EV_PERSIST, on_client, client);
	client->flush = loop_event(dnsd->base, fd, EV_WRITE, on_client, client);
	buf_init(&client->in, WIRE_MAX + 2);
	buf_init(&client->out, OUT_MAX);
	client->next = dnsd->clients;
	client->link = &dnsd->clients;
	if (client->next != NULL)
		client->next->link = &client->next;
	dnsd->clients = client;
	dnsd->client_count++;
	event_add(client->event, &idle);
}

/* ---- start and end */

/* The same port for both: a free one for TCP may be taken for UDP, so try again. */
static bool
open_both(struct dnsd *dnsd, unsigned port)
{
	struct ip ip;

	ip_parse(&ip, "127.0.0.1");
	for (int i = 0; i < (port == 0 ? TRIES : 1); i++) {
		dnsd->tcp = socket_bound(&ip, port, SOCK_STREAM);
		if (dnsd->tcp < 0)
			return false;
		dnsd->port = socket_port(dnsd->tcp);
		dnsd->udp = socket_bound(&ip, dnsd->port, SOCK_DGRAM);
		if (dnsd->udp >= 0 && listen(dnsd->tcp, 128) == 0)
			return true;
		if (dnsd->udp >= 0)
			close(dnsd->udp);
		close(dnsd->tcp);
		dnsd->udp = dnsd->tcp = -1;
	}
	return false;
}

struct dnsd *
dnsd_new(struct event_base *base, const struct zone *zone, unsigned port, char *why, size_t size)
{
	struct dnsd *dnsd = must_alloc(sizeof *dnsd);
	int room = 4 << 20;

	*dnsd = (struct dnsd){.base = base, .zone = zone, .udp = -1, .tcp = -1};
	if (!open_both(dnsd, port)) {
		snprintf(why, size, "no DNS port on 127.0.0.1%s: %s", port == 0 ? "" : " as asked",
		    strerror(errno));
		free(dnsd);
		return NULL;
	}
	dnsd->arena = arena_new();
	setsockopt(dnsd->udp, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	dnsd->on_udp = loop_event(base, dnsd->udp, EV_READ | EV_PERSIST, on_datagram, dnsd);
	dnsd->on_tcp = loop_event(base, dnsd->tcp, EV_READ | EV_PERSIST, on_connection, dnsd);
	event_add(dnsd->on_udp, NULL);
	event_add(dnsd->on_tcp, NULL);
	return dnsd;
}

unsigned
dnsd_port(const struct dnsd *dnsd)
{
	return dnsd->port;
}

void
dnsd_free(struct dnsd *dnsd)
{
	if (dnsd == NULL)
		return;
	while (dnsd->clients != NULL)
		client_close(dnsd->clients);
	event_free(dnsd->on_udp);
	event_free(dnsd->on_tcp);
	close(dnsd->udp);
	close(dnsd->tcp);
	arena_free(dnsd->arena);
	free(dnsd);
}
