/* The least that an SMTP client can cost: epoll, a dialogue by rote, no timers, no memory, nothing
 * understood but where a reply ends. What mxwalk costs beyond it is what its care costs.
 *
 * Each session goes to a loopback address of its own, those of bench/walk in their order: what the
 * kernel keeps of each address costs both the same.
 *
 * usage: floor PORT SESSIONS AT-ONCE greeting|message */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BODY                                                                                       \
	"Subject: bench\r\n\r\n"                                                                   \
	"0123456789012345678901234567890123456789012345678901234567890123456789\r\n01234567890123" \
	"45678901234567890123456789012345678901234567890123456789\r\n.\r\n"

struct exchange {
	const char *want; /* how the reply begins */
	const char *then; /* what is said to it; NULL: over */
};

static const struct exchange whole[] = {
    {"220", "EHLO bench.example\r\n"},
    {"250", "MAIL FROM:<a@bench.example>\r\n"},
    {"250", "RCPT TO:<user@bench.example>\r\n"},
    {"250", "DATA\r\n"},
    {"354", BODY},
    {"250", "QUIT\r\n"},
    {"221", NULL},
};
static const struct exchange greeting[] = {{"220", "QUIT\r\n"}, {"221", NULL}};

struct session {
	int fd;
	unsigned step;
	char line[4]; /* the beginning of the line under way */
	size_t len;
};

struct run {
	int poll;
	struct sockaddr_in address;
	const struct exchange *dialogue;
	unsigned long started, done, sessions;
};

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static uint32_t
address_of(unsigned long i)
{
	return 127u << 24 | (uint32_t)(i / 62500 + 1) << 16 | (uint32_t)(i / 250 % 250) << 8 |
	       (uint32_t)(i % 250 + 1);
}

static void
open_session(struct run *run, struct session *session)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = session};

	run->address.sin_addr.s_addr = htonl(address_of(run->started));
	*session =
	    (struct session){.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
	connect(session->fd, (const struct sockaddr *)&run->address, sizeof run->address);
	if (session->fd < 0 || epoll_ctl(run->poll, EPOLL_CTL_ADD, session->fd, &event) < 0)
		die("floor");
	run->started++;
}

/* Whether these octets end the last line of a reply; the line's first four decide. */
static bool
ends(struct session *session, const char *bytes, size_t len)
{
	bool over = false;

	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '\n') {
			over = session->line[3] != '-';
			session->len = 0;
		} else if (session->len < sizeof session->line) {
			session->line[session->len++] = bytes[i];
		}
	}
	return over;
}

static void
on_input(struct run *run, struct session *session)
{
	char bytes[4096];
	ssize_t n = recv(session->fd, bytes, sizeof bytes, 0);
	const struct exchange *exchange = &run->dialogue[session->step];

	if (n <= 0)
		die("floor: lost");
	if (!ends(session, bytes, (size_t)n))
		return;
	if (strncmp(session->line, exchange->want, 3) != 0) {
		fprintf(stderr, "floor: \"%.*s\" at step %u\n", (int)n, bytes, session->step);
		exit(1);
	}
	session->step++;
	if (exchange->then != NULL) {
		if (send(session->fd, exchange->then, strlen(exchange->then), MSG_NOSIGNAL) < 0)
			die("floor: send");
		return;
	}
	close(session->fd);
	run->done++;
	if (run->started < run->sessions)
		open_session(run, session);
}

int
main(int argc, char **argv)
{
	struct run run = {.poll = epoll_create1(EPOLL_CLOEXEC)};
	struct epoll_event events[64];
	unsigned long at_once;

	if (argc != 5) {
		fputs("usage: floor PORT SESSIONS AT-ONCE greeting|message\n", stderr);
		return 64;
	}
	run.address.sin_family = AF_INET;
	run.address.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
	run.sessions = strtoul(argv[2], NULL, 10);
	at_once = strtoul(argv[3], NULL, 10);
	run.dialogue = strcmp(argv[4], "message") == 0 ? whole : greeting;
	for (unsigned long i = 0; i < at_once && i < run.sessions; i++) {
		struct session *session = malloc(sizeof *session);

		if (session == NULL)
			die("floor");
		open_session(&run, session);
	}
	while (run.done < run.sessions) {
		int count = epoll_wait(run.poll, events, 64, 10000);

		if (count <= 0)
			die("floor: nothing comes");
		for (int i = 0; i < count; i++)
			on_input(&run, events[i].data.ptr);
	}
	return 0;
}
