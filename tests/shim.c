/* Preloaded before mxwalk by tests/shims.py: a clock that is set while a run goes on, a kernel that
 * is short of buffers now and then.
 *
 * $STEP: seconds that the time of day jumps forth, and back again, with every twentieth look at it.
 * $SHORT: which connects of every hundred fail with ENOBUFS ("40-59"). $SHORT_WRITES: which writes
 * of every hundred to a socket do. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
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
