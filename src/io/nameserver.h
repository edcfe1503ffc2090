/* nameserver: one nameserver and the questions put to it, through c-ares on the loop. It knows of
 * no other nameserver: failover, joining and the cache are io/resolver.h's.
 *
 * UDP and TCP go over channels of their own, so that a TCP connection that breaks takes no UDP
 * question along. c-ares sends a question again while it has no answer, under the same id, so that
 * a late answer still counts. A question waits in line while as many are under way as the socket's
 * receive buffer can take answers for. */
#ifndef IO_NAMESERVER_H
#define IO_NAMESERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "dns/answer.h"

struct event_base;
struct inquiry; /* one question to one nameserver */
struct nameserver;

enum {
	NAMESERVER_TRY_MS = 1500, /* without an answer for so long, an inquiry is late */
	NAMESERVER_SILENT =
	    3, /* late ones in a row, and no answer to anything since: it is dead … */
	NAMESERVER_DEAD_MS = 60000, /* … for so long, or until it answers */
	NAMESERVER_TEXT = IP_TEXT + 8,
};

struct nameserver_address {
	struct ip ip;
	uint16_t port;
};

struct nameserver_user { /* what `arg` is told, from the loop: never from within nameserver_ask */
	void (*sent)(void *arg); /* it has left the line */
	void (*late)(void *arg); /* at most once, and the inquiry goes on */
	/* The end of an inquiry: the raw answer, valid during the call, or NULL and why there is
	 * none: TIMEOUT (nor can the nameserver be reached) or GARBLED, … */
	void (*heard)(const void *message, size_t len, enum dns_rcode failure, void *arg);
};

enum { ASK_TCP = 1, ASK_PLAIN = 2 }; /* plain: without EDNS */

struct nameserver *nameserver_new(struct event_base *base, const struct nameserver_address *address,
    const struct nameserver_user *user, const char **why);
void nameserver_free(
    struct nameserver *nameserver); /* when all its inquiries are over or dropped */
const char *nameserver_text(
    const struct nameserver *nameserver); /* "127.0.0.1", "127.0.0.1:5300", "[::1]:5300" */
bool nameserver_dead(const struct nameserver *nameserver);

/* Why this host cannot ask it: it has no socket, no route, no permission: an errno; 0: it can. */
int nameserver_error(const struct nameserver *nameserver);
/* What a system said in its place, since it answered for the last time: an errno ("connection
 * refused"); 0: nothing. */
int nameserver_trouble(const struct nameserver *nameserver);
/* How many questions go to it by UDP at a time; 0: as many as is good for it. To be called before
 * the first. */
void nameserver_limit(struct nameserver *nameserver, unsigned at_once);

/* `name` is in the form of dns/name.h, and borrowed until the inquiry ends or is dropped. */
struct inquiry *nameserver_ask(
    struct nameserver *nameserver, const char *name, enum dns_type type, unsigned flags, void *arg);
void inquiry_drop(struct inquiry *inquiry); /* its user hears no more of it */
void nameserver_flush(
    struct nameserver *nameserver); /* what still waits in line ends with TIMEOUT */

bool nameserver_parse(const char *text, struct nameserver_address *out);
const char *nameserver_format(const struct nameserver_address *address, char text[NAMESERVER_TEXT]);
size_t nameserver_system(
    struct nameserver_address *out, size_t max); /* those of /etc/resolv.conf */

#endif
