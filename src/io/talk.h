/* talk: drives a dialogue over a connection: act, wait, outcome, next. It knows no SMTP word. */
#ifndef IO_TALK_H
#define IO_TALK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ip.h"
#include "smtp/dialogue.h"
#include "smtp/tls_facts.h"

struct arena;
struct event_base;
struct talk;
struct tls_context;

struct talk_plan {
	struct event_base *base;
	struct tls_context *tls; /* NULL: no TLS is possible */
	struct ip source; /* family 0: the kernel's choice */
	struct ip address;
	uint16_t port;
	const char *name; /* of the host, for SNI and the certificate; an address if it has none */
	bool must_verify;
	const struct plan *plan;
};

struct talk_result { /* in the caller's arena, filled while the talk goes on: at any time it holds
	                all that is known */
	struct dialogue dialogue;
	struct tls_facts tls;
	struct ip source; /* our end of the connection */
	long ms; /* the whole walk */
};

typedef void talk_done(void *arg);

/* Never calls back from within. `done` is called once, and the talk is then gone. */
struct talk *talk_start(const struct talk_plan *plan, struct arena *arena,
    struct talk_result *result, talk_done *done, void *arg);
void talk_stop(
    struct talk *talk); /* cut short: QUIT if the peer listens, then closed; `done` is not called */

#endif
