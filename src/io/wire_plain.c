#include <errno.h>
#include <sys/socket.h>

#include "io/wire.h"

long
wire_receive(struct wire *wire, char *bytes, size_t size)
{
	ssize_t n;

	if (wire->left == 0) {
		errno = EAGAIN;
		return -1;
	}
	if (size > wire->left)
		size = wire->left;
	n = recv(wire->fd, bytes, size, 0);
	wire->dry = n <= 0 || ((size_t)n < size && !wire->ends);
	if (n > 0) {
		wire->left -= (size_t)n;
		wire->taken += (size_t)n;
	}
	return n;
}

long
wire_send(struct wire *wire, const char *bytes, size_t len)
{
	return send(wire->fd, bytes, len, MSG_NOSIGNAL);
}

static struct wire_outcome
outcome_of(long n, enum wire_state again)
{
	if (n > 0)
		return (struct wire_outcome){.state = WIRE_DONE, .len = (size_t)n};
	if (n == 0)
		return (struct wire_outcome){.state = WIRE_CLOSED};
	if (errno == EAGAIN || errno == EINTR)
		return (struct wire_outcome){.state = again};
	return (struct wire_outcome){.state = WIRE_FAILED, .error = errno};
}

static struct wire_outcome
plain_open(struct wire *wire)
{
	(void)wire;
	return (struct wire_outcome){.state = WIRE_DONE};
}

static struct wire_outcome
plain_read(struct wire *wire, char *bytes, size_t size)
{
	return outcome_of(wire_receive(wire, bytes, size), WIRE_READ);
}

static struct wire_outcome
plain_write(struct wire *wire, const char *bytes, size_t len)
{
	return outcome_of(wire_send(wire, bytes, len), WIRE_WRITE);
}

static bool
plain_holds(const struct wire *wire)
{
	(void)wire;
	return false;
}

static void
plain_free(struct wire *wire)
{
	(void)wire; /* its user's */
}

void
wire_plain(struct wire *wire, int fd)
{
	static const struct wire_ops ops = {
	    .open = plain_open,
	    .read = plain_read,
	    .write = plain_write,
	    .holds = plain_holds,
	    .free = plain_free,
	};

	*wire = (struct wire){.ops = &ops, .fd = fd, .dry = true};
}
