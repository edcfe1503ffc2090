/* talk: drives a dialogue over a connection: act, wait, outcome, next. It knows no SMTP word.
 *
 * A session outlives the mail when the plan has `ready`: that is called when a transaction is over
 * and the peer takes another one: talk_next, or talk_quit; at once, from within, or later. */
#ifndef IO_TALK_H
#define IO_TALK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ip.h"
#include "evidence/dane.h"
#include "smtp/dialogue.h"
#include "smtp/tls_facts.h"

struct arena;
struct event_base;
struct talk;
struct tls_context;

typedef void talk_done(void *arg);

struct talk_plan {
	struct event_base *base;
	struct tls_context *tls; /* NULL: no TLS is possible */
	struct ip source; /* family 0: the kernel's choice */
	struct ip address;
	uint16_t port;
	const char *socket; /* in the place of the address: a path; NULL: none */
	const char *name; /* of the host, for SNI and the certificate; an address if it has none */
	bool must_verify; /* a certificate that is not good ends it … */
	bool must_match; /* … or one that matches no TLSA record */
	bool small_hello; /* a ClientHello that fits into one packet */
	enum tls_trial trial;
	bool resumes; /* an earlier session with the server, where it gave one … */
	bool anew; /* … which has done harm */
	const struct dane *dane; /* of the host; NULL: not known */
	const struct plan *plan; /* of the session, and of its first transaction */
	long left; /* milliseconds for each transaction, and the first with the way to it; 0: any */
	talk_done *late; /* they are over: nothing is left but talk_break */
	talk_done *ready; /* NULL: one transaction, then QUIT */
};

struct talk_result { /* in the caller's arena, filled while the talk goes on: at any time it holds
	                all that is known */
	struct dialogue dialogue;
	struct tls_facts *tls; /* NULL: no handshake was begun, as the next */
	struct dane_met *dane;
	struct ip source; /* our end of the connection */
	bool unsent; /* it was lost before all that the stage had to say was out */
	int error; /* ending local: an errno, or 0 */
	long ms; /* the whole walk; of a later transaction, that alone */
};

/* The plan is borrowed until then. Never calls back from within. `done` is called once, when the
 * session is over, and the talk is then gone. A transaction that `ready` did not come for ended
 * with the session. */
struct talk *talk_start(const struct talk_plan *plan, struct arena *arena,
    struct talk_result *result, talk_done *done, void *arg);
/* After `ready`: the result then is of the new transaction, in this arena. False: not in this
 * session (dialogue_next); talk_quit is left. */
bool talk_next(struct talk *talk, const struct plan *plan, struct arena *arena);
void talk_quit(struct talk *talk); /* after `ready`; `done` comes when the peer has let go */
/* Cut short, for a reason of ours: QUIT if the peer listens, then closed. `done` is not called; the
 * result is as if the peer had been lost so. */
void talk_break(struct talk *talk, enum ending ending, const char *words);

#endif
