/* session: one SMTP connection of the lab's servers: the wire, the clock and TLS. What is said
 * comes from script.h. */
#ifndef LAB_SESSION_H
#define LAB_SESSION_H

#include <stddef.h>
#include <stdio.h>

#include "base/ip.h"

struct certs;
struct event_base;
struct lab_domain;
struct session;

enum {
	SESSION_SECONDS = 900, /* no session lives longer */
	SESSION_LINGER_SECONDS = 5, /* after our FIN we listen so long for the client's: so no reset
	                               eats what we said last */
	SESSION_SAID_MAX = 64 * 1024 * 1024, /* octets that an endless turn says at most */
};

struct sessions { /* all of them */
	struct event_base *base; /* borrowed, as are certs and log */
	struct certs *certs;
	FILE *log; /* NULL: none */
	struct session *first;
	size_t count;
	unsigned long number; /* of the last one begun */
};

/* Takes the socket. */
void session_begin(
    struct sessions *sessions, const struct lab_domain *domain, int fd, const struct ip *client);
void sessions_end(struct sessions *sessions); /* closes all */

#endif
