#include "io/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/log.h"

enum { STATUS_INTERNAL = 70 };

static void
on_log(int severity, const char *text)
{
	if (severity >= EVENT_LOG_WARN)
		log_warn("libevent: %s", text);
}

/* Left to itself, libevent ends the process with 1, which is what a refusal ends with. */
static void
on_fatal(int error)
{
	(void)error; /* on_log said it */
	exit(STATUS_INTERNAL);
}

struct event_base *
loop_new(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base;

	event_set_log_callback(on_log);
	event_set_fatal_callback(on_fatal);
	if (config != NULL) /* io/conn.c goes by edges, and wants to see ends */
		event_config_require_features(config, EV_FEATURE_ET | EV_FEATURE_EARLY_CLOSE);
	base = config != NULL ? event_base_new_with_config(config) : NULL;
	if (config != NULL)
		event_config_free(config);
	if (base == NULL) {
		log_error("no event loop to be had");
		exit(STATUS_INTERNAL);
	}
	return base;
}

void
loop_run(struct event_base *base)
{
	if (event_base_dispatch(base) >= 0)
		return;
	log_error("the event loop has failed: %s", strerror(errno));
	exit(STATUS_INTERNAL);
}

struct event *
loop_event(struct event_base *base, int fd, short what,
    void (*happened)(int fd, short what, void *arg), void *arg)
{
	struct event *event = event_new(base, fd, what, happened, arg);

	if (event != NULL)
		return event;
	log_error("out of memory");
	exit(STATUS_INTERNAL);
}

void
loop_stop(struct event_base *base)
{
	event_base_loopbreak(base);
}

void
loop_free(struct event_base *base)
{
	if (base != NULL)
		event_base_free(base);
}

int64_t
loop_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
loop_wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
fill(void *bytes, size_t size)
{
	ssize_t n;

	do
		n = getrandom(bytes, size, 0);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)size)
		return;
	log_error("no random bytes from the kernel");
	exit(STATUS_INTERNAL);
}

/* Some at once: a question to the DNS costs little more than a call of the kernel. None is given
 * twice, nor left behind. */
uint64_t
loop_random(void)
{
	static uint64_t pool[32];
	static size_t left;
	uint64_t value;

	if (left == 0) {
		fill(pool, sizeof pool);
		left = sizeof pool / sizeof *pool;
	}
	value = pool[--left];
	pool[left] = 0;
	return value;
}
