/* login: AUTH (RFC 4954, RFC 4422) as the dialogue sees it: which mechanism, and what to answer to
 * each challenge. Pure; the mechanisms that a library computes are behind struct login_engine.
 *
 * No secret leaves here but in the line that is to be said: the transcript gets words in its place,
 * and what a server repeats of it is blotted out of its replies. */
#ifndef SMTP_LOGIN_H
#define SMTP_LOGIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct arena;
struct buf;
struct exchange;
struct reply;

enum {
	LOGIN_LINE_MAX = 12288, /* octets of a response or challenge (RFC 4954 section 4) */
	LOGIN_COMMAND_MAX = 510, /* of the AUTH command, without CRLF: what is longer waits */
	LOGIN_CHALLENGES_MAX = 8, /* no mechanism has as many */
	LOGIN_SECRET_MAX = 8192,
};

enum login_mechanism { /* the strongest first */
	MECHANISM_SCRAM_SHA_256_PLUS,
	MECHANISM_SCRAM_SHA_1_PLUS,
	MECHANISM_SCRAM_SHA_256,
	MECHANISM_SCRAM_SHA_1,
	MECHANISM_OAUTHBEARER,
	MECHANISM_XOAUTH2,
	MECHANISM_CRAM_MD5,
	MECHANISM_PLAIN,
	MECHANISM_LOGIN,
	MECHANISM_EXTERNAL,
	MECHANISM_COUNT,
	MECHANISM_NONE = MECHANISM_COUNT
};
const char *mechanism_name(enum login_mechanism mechanism);
enum login_mechanism mechanism_find(struct slice name);

enum login_want { LOGIN_MUST, LOGIN_IF_OFFERED, LOGIN_MAY }; /* MAY: a refusal is no end, either */

enum login_step { LOGIN_MORE, LOGIN_DONE, LOGIN_FAILED };

struct login;

struct login_engine { /* computes what a client answers; io/login_engine.h */
	bool (*has)(enum login_mechanism mechanism);
	/* `binding`: of the TLS session (RFC 9266), empty without. NULL with `*why` (static). */
	void *(*begin)(const struct login *login, enum login_mechanism mechanism,
	    struct slice binding, const char **why);
	/* The answer to a challenge, both without base64, is added to `out`. DONE: the mechanism is
	 * at its end on our side, and what the server had to prove is proven. FAILED: `*why`
	 * (static). */
	enum login_step (*step)(
	    void *state, struct slice challenge, struct buf *out, const char **why);
	void (*end)(void *state);
};

struct login { /* of the run; borrowed. Secrets are wiped by their owner */
	enum login_want want;
	const char *user; /* "" if none */
	struct slice password, token; /* len 0: not given */
	unsigned mechanisms; /* bits of those that may be used; 0: whichever */
	bool in_clear; /* without TLS, too */
	const char *host; /* for OAUTHBEARER; NULL: unknown */
	unsigned port;
	const struct login_engine *engine; /* NULL: none */
};

/* The strongest of those that are offered ("PLAIN LOGIN"; NULL: AUTH is not), may be used, and for
 * which there is what they need. NONE with `*why`, in the arena or static. */
enum login_mechanism login_choose(const struct login *login, const char *offered,
    struct slice binding, struct arena *arena, const char **why);

/* Begins one, whose first line is then to be said. NULL with `*why` (static): it cannot. */
struct exchange *exchange_begin(const struct login *login, enum login_mechanism mechanism,
    struct slice binding, const char **why);
void exchange_end(struct exchange *exchange); /* wipes it; NULL is allowed */

enum login_mechanism exchange_mechanism(const struct exchange *exchange);
/* What is to be said now, with CRLF. */
void exchange_say(const struct exchange *exchange, struct buf *out);
/* What stands for it in the transcript: "AUTH PLAIN (hidden)". */
const char *exchange_shown(const struct exchange *exchange, struct arena *arena);

/* A 334 came: the answer is ready. False: the line to be said is "*", which breaks the exchange off
 * (RFC 4954 section 4), and `*why` (static or in the arena) says what is wrong with the server. */
bool exchange_challenged(
    struct exchange *exchange, const struct reply *reply, struct arena *arena, const char **why);
/* It says that we are in. False: it has not proven what the mechanism asks of it. */
bool exchange_proven(const struct exchange *exchange, const char **why);

/* The reply as it may be kept: a challenge is "334 (hidden)", but for the words of a token's
 * refusal, which are decoded; and nothing that we said as a secret is left in it. `exchange`: NULL
 * behind its end. */
void login_blot(const struct login *login, const struct exchange *exchange, struct reply *reply,
    struct arena *arena);

#endif
