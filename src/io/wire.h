/* wire: how octets go over a connected socket, in the clear or under TLS. It never waits, and says
 * what is to be waited for; io/conn.c does that, and knows no TLS.
 *
 * What a peer may make us read is rationed: `left` is what the wire may still take from the socket
 * in this turn of the loop, `taken` counts all that it has taken. OpenSSL would otherwise stay
 * within one call for as long as a peer sends session tickets, HelloRequests or empty records. */
#ifndef IO_WIRE_H
#define IO_WIRE_H

#include <stdbool.h>
#include <stddef.h>

struct tls_context;
struct tls_wish;
struct wire;

enum { WIRE_TURN = 8192 };

enum wire_state {
	WIRE_DONE, /* it is open; `len` octets were read or written */
	WIRE_READ, /* to be tried again when the socket can be read … */
	WIRE_WRITE, /* … or written */
	WIRE_CLOSED, /* by the peer */
	WIRE_FAILED, /* `error` of the socket */
	WIRE_FLOOD, /* it sends nothing but what TLS says to itself */
	WIRE_BROKEN, /* the peer's TLS is none, or none that we can take: `words` */
};

struct wire_outcome {
	enum wire_state state;
	size_t len;
	int error; /* an errno */
	const char *words; /* valid as long as the wire */
};

struct wire_ops {
	struct wire_outcome (*open)(struct wire *wire);
	struct wire_outcome (*read)(struct wire *wire, char *bytes, size_t size);
	struct wire_outcome (*write)(struct wire *wire, const char *bytes, size_t len);
	bool (*holds)(const struct wire *wire); /* octets that the socket does not tell of */
	void (*free)(struct wire *wire); /* the socket stays open */
};

struct wire {
	const struct wire_ops *ops;
	int fd;
	size_t left, taken;
	bool dry; /* the socket has nothing to be read: it will tell when it has */
	bool ends; /* there is an end to be read from it, behind the octets that are there */
};

void wire_plain(struct wire *wire, int fd);
/* Over the same socket. The facts are read when the handshake ends, good or not. The wish is
 * copied, but not what it points to. */
struct wire *wire_tls(
    const struct wire *plain, struct tls_context *tls, const struct tls_wish *wish);

/* What both kinds do with the socket: -1 with errno, EAGAIN too when the ration is used up. */
long wire_receive(struct wire *wire, char *bytes, size_t size);
long wire_send(struct wire *wire, const char *bytes, size_t len);

#endif
