/* script: what a mail server of the lab says to what it hears. It follows RFC 5321, and departs
 * from it where its domain's turns say so (domains.h). No socket, no clock. */
#ifndef LAB_SCRIPT_H
#define LAB_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ip.h"
#include "lab/domains.h"

struct buf;

enum {
	SCRIPT_LINE_MAX = 2048,
	SCRIPT_MESSAGE_MAX = 10485760
}; /* octets of a command line, of a message (its SIZE) */

enum then { THEN_LISTEN, THEN_MESSAGE, THEN_SHAKE_HANDS, THEN_CLOSE };

struct move { /* how to say what was put into the buffer, and what comes after it */
	unsigned how; /* enum manner */
	unsigned ms;
	enum then then;
};

struct play { /* one session */
	const struct lab_domain *domain;
	char ip[IP_TEXT]; /* the client's */
	unsigned standing;
	bool tls;
	bool known; /* a login was taken */
	bool
	    refused; /* the greeting was no 220: nothing but QUIT is taken (RFC 5321 section 3.1) */
	bool greeted; /* EHLO or HELO was taken */
	bool mail; /* MAIL was taken */
	bool mime8bit; /* BODY=8BITMIME was declared */
	unsigned recipients;
	char helo[256], from[256], rcpt[256];
};

struct heard { /* a message, without its final dot */
	const char *bytes; /* as sent, dots still stuffed */
	size_t len;
	bool bare; /* a CR or LF stood alone */
	bool too_big;
	bool eight_bit;
};

void play_start(struct play *play, const struct lab_domain *domain, const struct ip *client);

/* Each puts what is to be said, whole lines with their CRLF, into `out`. */
struct move play_connect(
    struct play *play); /* nothing is said: may the connection be taken at all? */
struct move play_greet(struct play *play, struct buf *out);
struct move play_command(
    struct play *play, const char *line, struct buf *out); /* without its line end */
struct move play_message(struct play *play, const struct heard *message, struct buf *out);
struct move play_handshake(
    struct play *play, struct buf *out); /* says something, or departs: instead of a handshake */
void play_secured(
    struct play *play); /* all that was said before is forgotten (RFC 3207 section 4.2) */

#endif
