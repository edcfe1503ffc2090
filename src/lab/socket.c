#include "lab/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union address {
	struct sockaddr any;
	struct sockaddr_in ip4;
	struct sockaddr_in6 ip6;
};

static socklen_t
fill(union address *address, const struct ip *ip, unsigned port)
{
	memset(address, 0, sizeof *address);
	if (ip->family == 6) {
		address->ip6.sin6_family = AF_INET6;
		address->ip6.sin6_port = htons((uint16_t)port);
		memcpy(&address->ip6.sin6_addr, ip->bytes, 16);
		return sizeof address->ip6;
	}
	address->ip4.sin_family = AF_INET;
	address->ip4.sin_port = htons((uint16_t)port);
	memcpy(&address->ip4.sin_addr, ip->bytes, 4);
	return sizeof address->ip4;
}

static int
tidy(int fd)
{
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
		return fd;
	close(fd);
	return -1;
}

static int
open_socket(const struct ip *ip, int type)
{
	const char *special = ip_special(ip);
	int fd;

	if (special == NULL || strcmp(special, "loopback") != 0) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	fd = socket(ip->family == 6 ? AF_INET6 : AF_INET, type, 0);
	return fd < 0 ? -1 : tidy(fd);
}

static int
close_with(int fd, int error)
{
	close(fd);
	errno = error;
	return -1;
}

int
socket_bound(const struct ip *ip, unsigned port, int type)
{
	union address address;
	socklen_t len = fill(&address, ip, port);
	int on = 1, fd = open_socket(ip, type);

	if (fd < 0)
		return -1;
	/* Streams only: two datagram sockets could otherwise share a port. */
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, &address.any, len) != 0)
		return close_with(fd, errno);
	return fd;
}

unsigned
socket_port(int fd)
{
	union address address;
	socklen_t len = sizeof address;

	if (getsockname(fd, &address.any, &len) != 0)
		return 0;
	return ntohs(
	    address.any.sa_family == AF_INET6 ? address.ip6.sin6_port : address.ip4.sin_port);
}

bool
socket_peer(int fd, struct ip *ip)
{
	union address address;
	socklen_t len = sizeof address;

	*ip = (struct ip){0};
	if (getpeername(fd, &address.any, &len) != 0)
		return false;
	if (address.any.sa_family == AF_INET6) {
		ip->family = 6;
		memcpy(ip->bytes, &address.ip6.sin6_addr, 16);
	} else {
		ip->family = 4;
		memcpy(ip->bytes, &address.ip4.sin_addr, 4);
	}
	return true;
}

int
socket_accept(int fd)
{
	int client = accept(fd, NULL, NULL);

	return client < 0 ? -1 : tidy(client);
}

int
socket_connect(const struct ip *ip, unsigned port)
{
	union address address;
	socklen_t len = fill(&address, ip, port);
	int fd = open_socket(ip, SOCK_STREAM);

	if (fd < 0)
		return -1;
	if (connect(fd, &address.any, len) != 0 && errno != EINPROGRESS)
		return close_with(fd, errno);
	return fd;
}
