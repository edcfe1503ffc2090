#include "input/aside.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"

enum { PIECE = 64 * 1024 };
#ifdef __SANITIZE_ADDRESS__
static const rlim_t memory = RLIM_INFINITY; /* its shadow alone is more */
#else
static const rlim_t memory = (rlim_t)512 * 1024 * 1024;
#endif

/* ---- in the child */

static void
become_bounded(long ms)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
	struct rlimit data = {memory, memory}, none = {0, 0};
	struct rlimit cpu = {(rlim_t)(ms / 1000 + 1), (rlim_t)(ms / 1000 + 1)};

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		signal(numbers[i], SIG_DFL);
	setrlimit(RLIMIT_DATA, &data);
	setrlimit(RLIMIT_CPU, &cpu);
	setrlimit(RLIMIT_CORE, &none);
}

static void
do_work(aside_work *work, void *arg, size_t max, int fd)
{
	struct buf out;
	size_t done = 0;

	buf_init(&out, max);
	work(&out, arg);
	while (done < out.len) {
		ssize_t n = write(fd, out.data + done, out.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(1);
		done += (size_t)n;
	}
	_exit(0);
}

/* ---- in ours */

static long
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

/* Until its end is closed; false: the time is over. */
static bool
read_all(int fd, long end, struct buf *out)
{
	char piece[PIECE];

	for (;;) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		long left = end - now_ms();
		ssize_t n;

		if (left <= 0)
			return false;
		if (poll(&ready, 1, (int)left) <= 0)
			continue;
		n = read(fd, piece, sizeof piece);
		if (n == 0)
			return true;
		if (n > 0)
			buf_add(out, piece, (size_t)n);
		else if (errno != EINTR)
			return false;
	}
}

bool
aside_run(aside_work *work, void *arg, long ms, struct buf *out)
{
	size_t before = out->len;
	int pair[2], status = 1;
	bool whole;
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC) != 0)
		return false;
	pid = fork();
	if (pid == 0) {
		close(pair[0]);
		become_bounded(ms);
		do_work(work, arg, out->max - before, pair[1]);
	}
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return false;
	}
	whole = read_all(pair[0], now_ms() + ms, out);
	close(pair[0]);
	if (!whole)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (whole && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	buf_cut(out, before);
	return false;
}
