#include "command/standard.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

bool
standard_write(int fd, const char *bytes, size_t len)
{
	struct pollfd ready = {.fd = fd, .events = POLLOUT};

	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			poll(&ready, 1, -1);
		else if (n < 0 && errno != EINTR)
			return false;
		bytes += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

static ssize_t
put(void *cookie, const char *bytes, size_t len)
{
	return standard_write((int)(intptr_t)cookie, bytes, len) ? (ssize_t)len : 0;
}

static FILE *
stream(int fd)
{
	return fopencookie((void *)(intptr_t)fd, "w", (cookie_io_functions_t){.write = put});
}

bool
standard_open(void)
{
	FILE *out = stream(STDOUT_FILENO), *err = stream(STDERR_FILENO);

	if (out == NULL || err == NULL)
		return false;
	if (isatty(STDOUT_FILENO))
		setvbuf(out, NULL, _IOLBF, BUFSIZ);
	setvbuf(err, NULL, _IONBF, 0);
	stdout = out;
	stderr = err;
	return true;
}
