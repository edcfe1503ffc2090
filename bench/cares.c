/* The floor of a question to the DNS: c-ares in a loop with epoll, and nothing else: answers are
 * counted, not read.
 *
 * usage: cares PORT N ATONCE SUFFIX TYPE      the nameserver is 127.0.0.1:PORT
 */
#define CARES_NO_DEPRECATED
#include <ares.h>
#include <arpa/nameser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { TICK_MS = 100, UDP_BUFFER = 4 << 20, EVENTS = 16 };

struct bench {
	ares_channel channel;
	int epoll;
	unsigned long count, at_once, asked, open, answered;
	const char *suffix;
	int type;
};

static void
on_socket(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct bench *bench = arg;
	struct epoll_event event = {
	    .events = (readable ? EPOLLIN : 0u) | (writable ? EPOLLOUT : 0u), .data.fd = fd};

	if (!readable && !writable)
		epoll_ctl(bench->epoll, EPOLL_CTL_DEL, fd, NULL);
	else if (epoll_ctl(bench->epoll, EPOLL_CTL_MOD, fd, &event) != 0)
		epoll_ctl(bench->epoll, EPOLL_CTL_ADD, fd, &event);
}

static void
on_answer(void *arg, int status, int timeouts, unsigned char *message, int len)
{
	struct bench *bench = arg;

	(void)timeouts;
	(void)message;
	(void)len;
	bench->open--;
	bench->answered += status == ARES_SUCCESS;
}

static void
fill(struct bench *bench)
{
	char name[256];

	while (bench->open < bench->at_once && bench->asked < bench->count) {
		snprintf(name, sizeof name, "n%lu.%s", bench->asked++, bench->suffix);
		bench->open++;
		ares_query(bench->channel, name, C_IN, bench->type, on_answer, bench);
	}
}

static void
run(struct bench *bench)
{
	struct epoll_event events[EVENTS];

	for (fill(bench); bench->open > 0; fill(bench)) {
		int n = epoll_wait(bench->epoll, events, EVENTS, TICK_MS);

		for (int i = 0; i < n; i++)
			ares_process_fd(bench->channel,
			    events[i].events & EPOLLIN ? events[i].data.fd : ARES_SOCKET_BAD,
			    events[i].events & EPOLLOUT ? events[i].data.fd : ARES_SOCKET_BAD);
		if (n <= 0)
			ares_process_fd(bench->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	}
}

static int
open_channel(struct bench *bench, const char *port)
{
	struct ares_options options = {.flags = ARES_FLAG_STAYOPEN | ARES_FLAG_EDNS,
	    .timeout = 1000,
	    .tries = 4,
	    .sock_state_cb = on_socket,
	    .sock_state_cb_data = bench,
	    .socket_receive_buffer_size = UDP_BUFFER};
	int given = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB |
	            ARES_OPT_SOCK_RCVBUF;
	char server[32];

#if defined(ARES_OPT_QUERY_CACHE)
	given |= ARES_OPT_QUERY_CACHE; /* 0: none */
#endif
	snprintf(server, sizeof server, "127.0.0.1:%s", port);
	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS ||
	    ares_init_options(&bench->channel, &options, given) != ARES_SUCCESS)
		return -1;
	return ares_set_servers_ports_csv(bench->channel, server) == ARES_SUCCESS ? 0 : -1;
}

static double
seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int
main(int argc, char **argv)
{
	struct bench bench = {.epoll = epoll_create1(EPOLL_CLOEXEC)};
	struct rusage usage;
	double wall, cpu;

	if (argc != 6 || open_channel(&bench, argv[1]) != 0) {
		fprintf(stderr, "usage: cares PORT N ATONCE SUFFIX TYPE\n");
		return 64;
	}
	bench.count = strtoul(argv[2], NULL, 10);
	bench.at_once = strtoul(argv[3], NULL, 10);
	bench.suffix = argv[4];
	bench.type = strcmp(argv[5], "MX") == 0 ? ns_t_mx : ns_t_a;
	wall = seconds(CLOCK_MONOTONIC);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	run(&bench);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	wall = seconds(CLOCK_MONOTONIC) - wall;
	getrusage(RUSAGE_SELF, &usage);
	printf("{\"ms\":%.0f,\"cpu_us\":%.2f,\"rss_kb\":%ld,\"answered\":%lu}\n", wall * 1000,
	    cpu * 1e6 / (double)bench.count, usage.ru_maxrss, bench.answered);
	ares_destroy(bench.channel);
	return 0;
}
