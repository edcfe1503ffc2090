/* head: one HEAD over HTTPS, to an address that is given: does the host answer, and is its
 * certificate good? Nothing else is ever sent, no redirect is followed, no body is read. */
#ifndef IO_HEAD_H
#define IO_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"

struct event_base;
struct head;
struct tls_context;

enum { HEAD_MS = 10000, HEAD_ANSWER_MAX = 16384 }; /* all in all; octets of the answer */

enum head_outcome {
	HEAD_ANSWERED, /* with `status` */
	HEAD_UNREACHED, /* no connection, or it was lost, or was slow: nothing is known */
	HEAD_BAD_TLS, /* a certificate that is not good, or no TLS */
	HEAD_NO_HTTP /* what came is no answer of HTTP */
};

struct head_answer {
	enum head_outcome outcome;
	unsigned status; /* 200 */
	const char *words; /* of what went wrong; NULL: nothing. Valid during the call */
};

struct head_plan { /* strings are borrowed until `done` */
	struct event_base *base;
	struct tls_context *tls;
	struct ip address;
	uint16_t port;
	const char *host; /* for SNI, the certificate's check, and Host */
	const char *path; /* "/…", without blanks and control characters */
	const char *agent; /* "mxwalk 0.1" */
	void (*done)(
	    const struct head_answer *answer, void *arg); /* once, later; it is then gone */
	void *arg;
};

struct head *head_ask(const struct head_plan *plan);

#endif
