#include "lab/maild.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "io/loop.h"
#include "lab/domains.h"
#include "lab/script.h"
#include "lab/session.h"
#include "lab/socket.h"

enum { TRIES = 20, BACKLOG = 512, ACCEPTS = 64, FILLERS = 2, PAUSE_MS = 50 };

struct door { /* one listener */
	struct maild *maild;
	const struct lab_domain *domain;
	int fd; /* -1: closed */
	struct event *event; /* NULL: nobody opens */
	int fillers[FILLERS]; /* our own connections that keep a FULL one's queue full; -1: none */
};

struct maild {
	struct event_base *base;
	struct sessions sessions;
	struct door *doors; /* by domain */
	struct event *pause; /* out of file descriptors: a little later again */
	unsigned port;
	bool ip6;
};

static void
on_connection(evutil_socket_t listener, short what, void *arg)
{
	static const struct timeval a_little = {0, PAUSE_MS * 1000};
	struct door *door = arg;

	(void)what;
	for (int i = 0; i < ACCEPTS; i++) {
		struct ip client;
		int fd = socket_accept(listener);

		if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
			event_del(door->event);
			event_add(door->maild->pause, &a_little);
		}
		if (fd < 0)
			return;
		if (socket_peer(fd, &client))
			session_begin(&door->maild->sessions, door->domain, fd, &client);
		else
			close(fd);
	}
}

static void
on_pause_over(evutil_socket_t fd, short what, void *arg)
{
	struct maild *maild = arg;

	(void)fd;
	(void)what;
	for (size_t i = 0; i < lab_domain_count; i++)
		if (maild->doors[i].event != NULL)
			event_add(maild->doors[i].event, NULL);
}

/* ---- opening */

static void
close_door(struct door *door)
{
	if (door->event != NULL)
		event_free(door->event);
	for (int i = 0; i < FILLERS; i++)
		if (door->fillers[i] >= 0)
			close(door->fillers[i]);
	if (door->fd >= 0)
		close(door->fd);
	*door = (struct door){.fd = -1, .fillers = {-1, -1}};
}

static void
close_doors(struct maild *maild)
{
	for (size_t i = 0; i < lab_domain_count; i++)
		close_door(&maild->doors[i]);
}

/* How the door is kept, by the domain's turn at CONNECT. */
static bool
keep(struct door *door, const struct ip *ip)
{
	struct play play;
	unsigned how;

	play_start(&play, door->domain, ip);
	how = play_connect(&play).how;
	if (listen(door->fd, (how & FULL) != 0 ? 0 : BACKLOG) != 0)
		return false;
	if ((how & FULL) != 0)
		for (int i = 0; i < FILLERS; i++)
			door->fillers[i] = socket_connect(ip, door->maild->port);
	if ((how & (FULL | UNHEARD)) != 0)
		return true;
	door->event =
	    loop_event(door->maild->base, door->fd, EV_READ | EV_PERSIST, on_connection, door);
	return event_add(door->event, NULL) == 0;
}

static bool
open_door(struct maild *maild, size_t i)
{
	struct door *door = &maild->doors[i];
	const struct lab_domain *domain = &lab_domains[i];
	char address[16];
	struct ip ip;

	if (!lab_domain_serves(domain) || (domain->ip6 && !maild->ip6))
		return true;
	ip_parse(&ip, lab_domain_address(domain, address));
	door->maild = maild;
	door->domain = domain;
	door->fd = socket_bound(&ip, maild->port, SOCK_STREAM);
	if (door->fd < 0)
		return false;
	if (maild->port == 0)
		maild->port = socket_port(door->fd);
	return keep(door, &ip);
}

/* All on one port: the first is given a free one, the others follow, and if one cannot, all begin
 * anew. `failed`: the domain that could not. */
static bool
open_doors(struct maild *maild, unsigned port, const struct lab_domain **failed)
{
	int error = 0;

	for (int try = 0; try < (port == 0 ? TRIES : 1); try++) {
		size_t i = 0;

		maild->port = port;
		while (i < lab_domain_count && open_door(maild, i))
			i++;
		if (i == lab_domain_count)
			return true;
		error = errno;
		*failed = &lab_domains[i];
		close_doors(maild);
		if (error != EADDRINUSE)
			break;
	}
	errno = error;
	return false;
}

/* ---- */

bool
maild_ip6_possible(void)
{
	struct ip ip;
	int fd;

	ip_parse(&ip, "::1");
	fd = socket_bound(&ip, 0, SOCK_STREAM);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

struct maild *
maild_new(
    struct event_base *base, struct certs *certs, FILE *log, unsigned port, char *why, size_t size)
{
	struct maild *maild = must_alloc(sizeof *maild);
	const struct lab_domain *failed;
	char address[16];

	*maild = (struct maild){.base = base,
	    .sessions = {.base = base, .certs = certs, .log = log},
	    .doors = must_alloc(lab_domain_count * sizeof *maild->doors),
	    .ip6 = maild_ip6_possible()};
	maild->pause = evtimer_new(base, on_pause_over, maild);
	for (size_t i = 0; i < lab_domain_count; i++)
		maild->doors[i] = (struct door){.fd = -1, .fillers = {-1, -1}};
	if (open_doors(maild, port, &failed))
		return maild;
	snprintf(why, size, "no mail server on %s port %u: %s", lab_domain_address(failed, address),
	    maild->port, strerror(errno));
	maild_free(maild);
	return NULL;
}

unsigned
maild_port(const struct maild *maild)
{
	return maild->port;
}

bool
maild_has_ip6(const struct maild *maild)
{
	return maild->ip6;
}

void
maild_free(struct maild *maild)
{
	if (maild == NULL)
		return;
	sessions_end(&maild->sessions);
	close_doors(maild);
	event_free(maild->pause);
	free(maild->doors);
	free(maild);
}
