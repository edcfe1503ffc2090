/* socket: the few calls that the lab's servers share. All sockets are non-blocking, closed on exec,
 * and bound to loopback: any other address is refused. */
#ifndef LAB_SOCKET_H
#define LAB_SOCKET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ip.h"

/* A bound socket (`type` SOCK_STREAM or SOCK_DGRAM), or -1 with errno; EADDRNOTAVAIL for an address
 * that is no loopback. */
int socket_bound(const struct ip *ip, unsigned port, int type);
unsigned socket_port(int fd); /* the one it is bound to */
bool socket_peer(int fd, struct ip *ip); /* who is at the other end */
int socket_accept(int fd); /* -1 with errno */
int socket_connect(const struct ip *ip, unsigned port); /* begun, not done; -1 with errno */

#endif
