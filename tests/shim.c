/* Preloaded before mxwalk by tests/shims.py, tests/hours.py and tests/limits.py: a clock that runs
 * fast, or is set while a run goes on; a kernel that is short of buffers now and then.
 *
 * $SPEED: how many seconds pass for it in one of ours, and what it waits for comes as much sooner.
 * $SPEED_FROM: when, in seconds since the epoch, its day was the same as ours; without it, when it
 * began.
 * $CONNECTS: a file to which each connection that is begun is added, "milliseconds address", as its
 * clock of the day has it.
 * $STEP: seconds that the time of day jumps forth, and back again, with every twentieth look at it.
 * $SHORT: which connects of every hundred fail with ENOBUFS ("40-59"). $SHORT_WRITES: which writes
 * of every hundred to a socket do. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long
step(void)
{
	static long looks;
	const char *words = getenv("STEP");

	return words != NULL && ++looks / 20 % 2 == 1 ? atol(words) : 0;
}

static long
speed(void)
{
	const char *words = getenv("SPEED");

	return words != NULL ? atol(words) : 1;
}

/* All clocks were right when the process began. */
static void
hurry(clockid_t clock, struct timespec *now)
{
	static struct timespec began[16];
	long long ns;

	if (speed() == 1 || clock < 0 || clock >= 16)
		return;
	if (began[clock].tv_sec == 0)
		began[clock] = *now;
	if (clock == CLOCK_REALTIME && getenv("SPEED_FROM") != NULL)
		began[clock] = (struct timespec){.tv_sec = atol(getenv("SPEED_FROM"))};
	ns = (now->tv_sec - began[clock].tv_sec) * 1000000000LL + now->tv_nsec -
	     began[clock].tv_nsec;
	ns = ns * speed() + began[clock].tv_nsec;
	now->tv_sec = began[clock].tv_sec + (time_t)(ns / 1000000000);
	now->tv_nsec = (long)(ns % 1000000000);
}

static int
is_short(const char *name, unsigned number)
{
	const char *words = getenv(name);
	unsigned first, last;

	return words != NULL && sscanf(words, "%u-%u", &first, &last) == 2 &&
	       number % 100 >= first && number % 100 <= last;
}

int
clock_gettime(clockid_t clock, struct timespec *now)
{
	static int (*real)(clockid_t, struct timespec *);
	int result;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	result = real(clock, now);
	hurry(clock, now);
	if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
		now->tv_sec += step();
	return result;
}

int
gettimeofday(struct timeval *now, void *zone)
{
	struct timespec time;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &time);
	now->tv_sec = time.tv_sec;
	now->tv_usec = time.tv_nsec / 1000;
	return 0;
}

time_t
time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}

int
epoll_wait(int fd, struct epoll_event *events, int count, int ms)
{
	static int (*real)(int, struct epoll_event *, int, int);

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "epoll_wait");
	return real(fd, events, count, ms > 0 ? (int)((ms + speed() - 1) / speed()) : ms);
}

/* UDP is asked for routes, and the DNS. */
static void
note_connect(int fd, const struct sockaddr *address)
{
	const char *name = getenv("CONNECTS");
	const void *ip = address->sa_family == AF_INET6
	                     ? (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr
	                     : (const void *)&((const struct sockaddr_in *)address)->sin_addr;
	char text[INET6_ADDRSTRLEN];
	struct timespec now;
	socklen_t len = sizeof(int);
	int type;
	FILE *file;

	if (name == NULL || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0 ||
	    type != SOCK_STREAM || inet_ntop(address->sa_family, ip, text, sizeof text) == NULL)
		return;
	file = fopen(name, "a");
	if (file == NULL)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	fprintf(file, "%lld %s\n", (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000, text);
	fclose(file);
}

int
connect(int fd, const struct sockaddr *address, socklen_t len)
{
	static int (*real)(int, const struct sockaddr *, socklen_t);
	static unsigned number;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "connect");
	if (is_short("SHORT", number++)) {
		errno = ENOBUFS;
		return -1;
	}
	note_connect(fd, address);
	return real(fd, address, len);
}

ssize_t
send(int fd, const void *bytes, size_t len, int flags)
{
	static ssize_t (*real)(int, const void *, size_t, int);
	static unsigned number;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "send");
	if (is_short("SHORT_WRITES", number++)) {
		errno = ENOBUFS;
		return -1;
	}
	return real(fd, bytes, len, flags);
}
