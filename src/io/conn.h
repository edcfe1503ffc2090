/* conn: one TCP connection on the loop, in the clear and then under TLS (io/wire.h). It knows no
 * SMTP.
 *
 * One struct event, which the kernel is told of once, and one timer: what a bufferevent costs
 * beyond that is measured in bench/. At most one piece of output is under way; it is borrowed until
 * CONN_SENT. After CONN_LOST nothing more comes; conn_close ends it at any time, also from within a
 * callback. */
#ifndef IO_CONN_H
#define IO_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"

struct conn;
struct event_base;
struct tls_context;
struct tls_wish;

enum conn_event { CONN_CONNECTED, CONN_DATA, CONN_SENT, CONN_SECURED, CONN_LOST, CONN_DEADLINE };
enum conn_lost {
	LOST_REFUSED, /* never connected */
	LOST_CLOSED,
	LOST_RESET,
	LOST_TLS,
	LOST_FLOOD, /* CONN_INPUT_MAX octets since the deadline was set */
	LOST_LOCAL, /* this machine could not: no socket, no permission, no such source address */
};

/* More than the longest chain that OpenSSL takes (100 kB), or the longest reply. */
enum { CONN_INPUT_MAX = 160 * 1024 };

struct conn_news {
	enum conn_event event;
	const char *data; /* CONN_DATA: valid during the call */
	size_t len;
	enum conn_lost lost;
	int error; /* CONN_LOST: an errno, or 0 */
	const char *words; /* CONN_LOST: valid during the call */
};
typedef void conn_heard(const struct conn_news *news, void *arg);

/* `source` of family 0: the kernel chooses. Never calls back from within. */
struct conn *conn_open(struct event_base *base, const struct ip *source, const struct ip *address,
    uint16_t port, conn_heard *heard, void *arg);
/* The same to a Unix socket of this host. */
struct conn *conn_open_socket(
    struct event_base *base, const char *path, conn_heard *heard, void *arg);
void conn_close(struct conn *conn); /* NULL is allowed; with close-notify when there is TLS */

void conn_deadline(
    struct conn *conn, long ms); /* one CONN_DEADLINE so many ms from now; replaces the last one */
void conn_send(
    struct conn *conn, const char *data, size_t len); /* CONN_SENT comes later, never from within */
bool conn_say(struct conn *conn, const char *data,
    size_t len); /* true: it is out, and no CONN_SENT comes; false: as conn_send */
void conn_last_words(struct conn *conn, const char *data,
    size_t len); /* one try to write, before conn_close; nothing tells whether it went out */
bool conn_has_input(const struct conn *conn); /* bytes wait unread in the kernel */
void conn_secure(
    struct conn *conn, struct tls_context *tls, const struct tls_wish *wish); /* the handshake */
struct ip conn_local(const struct conn *conn); /* our end, once connected; family 0 before */

#endif
