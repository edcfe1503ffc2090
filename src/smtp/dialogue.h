/* dialogue: a walk through the table of stages: a session, and in it one transaction or several.
 * Pure: it says what it wants done and takes what came of it; io/talk.c does the doing. */
#ifndef SMTP_DIALOGUE_H
#define SMTP_DIALOGUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "smtp/ehlo.h"
#include "smtp/login.h"
#include "smtp/stage.h"
#include "smtp/transcript.h"

struct arena;
struct buf;

enum tls_want { TLS_NEVER, TLS_MAY, TLS_MUST }; /* MAY: opportunistic (RFC 7435) */

/* SMTP: HELO alone. LMTP (RFC 2033): LHLO, and no other word for it. */
enum protocol { PROTOCOL_ESMTP, PROTOCOL_SMTP, PROTOCOL_LMTP };

/* What is no end of a message (RFC 5321 section 4.1.1.4), and is taken for one by some. */
enum raw_eol {
	RAW_NONE,
	RAW_LF_DOT_LF,
	RAW_LF_DOT_CRLF,
	RAW_CRLF_DOT_LF,
	RAW_CR_DOT_CR,
	RAW_CR_DOT_CRLF,
	RAW_CRLF_DOT_CR,
	RAW_COUNT
};
const char *raw_eol_name(enum raw_eol eol); /* "lf-dot-lf"; NULL for NONE */

/* What became of the message that was hidden. */
enum smuggled { SMUGGLED_NOT_ASKED, SMUGGLED_NOTHING, SMUGGLED_COMMANDS, SMUGGLED_MESSAGE };

/* No server is asked for more in one session. */
enum { DIALOGUE_TRANSACTIONS_MAX = 100 };

/* What to say in a transaction, and of the first one's on the way there: HELO, TLS. Borrowed, must
 * outlive the transaction. */
struct plan {
	const char *helo;
	const char *from; /* "": null reverse-path */
	const char *rcpt; /* NULL: no recipient, the walk ends after EHLO */
	enum stage depth; /* QUIT after this one: CONNECT … MESSAGE */
	enum tls_want tls;
	bool tls_at_once; /* the handshake comes first, before the greeting (RFC 8314) */
	enum protocol protocol;
	bool chunking; /* BDAT in the place of DATA, where it is offered (RFC 3030) */
	/* Of DSN (RFC 3461), as they go out; NULL: not said. */
	const char *notify, *ret, *envid, *orcpt;
	bool require_tls; /* every server on the way, too (RFC 8689): MAIL says so */
	bool pipeline; /* MAIL, RCPT and DATA in one piece, where it is offered (RFC 2920) */
	const struct login *login; /* NULL: without one */
	enum raw_eol raw_eol; /* a second message is hidden in the first, behind such an end */
	const char *message; /* CRLF line ends, not stuffed; NULL when depth < MESSAGE */
	size_t message_len;
	const long *ms; /* deadline of each stage, STAGE_COUNT of them */
};

enum ending { /* how a walk ended, beyond the replies */
	END_NONE, /* it said QUIT, or the peer refused */
	END_CLOSED, /* the peer closed the connection */
	END_RESET,
	END_TIMEOUT, /* a stage's deadline passed */
	END_NOT_SMTP, /* talk that is no SMTP reply */
	END_TOO_LONG, /* a reply over the limits of reply.h */
	END_FLOOD, /* it sends without an end, and no reply is in it */
	END_INJECTED, /* bytes behind the reply to STARTTLS: dropped, no handshake (RFC 3207 section
	                 4, CVE-2021-38371) */
	END_TLS_FAILED, /* handshake failed, or the certificate where --tls-verify asks for a good
	                   one */
	END_TLS_MISSING, /* --tls asks for it and the server does not offer it, or refuses */
	END_AUTH_FAILED, /* it breaks AUTH, or cannot prove that it is the server which knows us */
	END_UNREACHABLE, /* no connection */
	END_UNEXPECTED, /* a reply that does not belong there: 354 to RCPT, 250 to DATA */
	END_NOT_SENDABLE, /* our own doing: 8-bit message without 8BITMIME, non-ASCII address or
	                     header without SMTPUTF8 */
	END_THIS_HOST, /* this machine could not: no permission, no such source address, no
	                  descriptors, nobody to trust */
	END_STOPPED, /* we broke it off: the run was interrupted */
	END_COUNT
};
const char *ending_name(enum ending ending); /* "closed" "reset" "timeout" … NULL for NONE */

struct dialogue {
	const struct plan *plan;
	struct arena *arena; /* of the transaction */
	enum stage stage; /* the one under way; STAGE_CLOSED at the end */
	/* the session */
	bool stays; /* set by the caller after dialogue_start: behind a transaction it waits in
	               STAGE_READY for the next one, or for QUIT */
	bool tls; /* handshake done */
	struct ehlo ehlo; /* as of the last EHLO */
	bool starttls_offered;
	struct reply starttls_reply; /* that refused it; count 0: none did */
	struct slice binding; /* of the TLS session, for AUTH; set by the caller, borrowed */
	struct exchange *exchange; /* AUTH under way; NULL: none is */
	enum login_mechanism mechanism; /* of the login; MECHANISM_NONE: none was begun */
	bool logged_in;
	bool tried; /* to log in, or found that it is not possible */
	unsigned transactions; /* begun */
	bool open; /* the server may still hold one: RSET before the next */
	enum stage ahead; /* so far the commands are out; STAGE_NONE: each waits for its turn */
	bool refused; /* within that: what is still answered changes nothing */
	bool pipelined; /* commands went out so */
	enum smuggled smuggled; /* by the replies to what was not said */
	unsigned unasked; /* … of which there were so many */
	bool second_data; /* … and one was to DATA */
	/* the transaction under way, or the last one */
	enum stage reached; /* its last stage */
	bool done; /* reached the depth that the plan asks for, and nobody refused */
	enum ending ending;
	const char *detail; /* arena: words on the ending ("Connection refused", "certificate has
	                       expired"); NULL if none */
	struct transcript transcript; /* the way there, and what was said in it */
	size_t way; /* entries of the way there */
	struct reply decisive; /* the reply that ended it, or the last before QUIT; count 0: none */
	enum stage decisive_stage;
};

void dialogue_start(struct dialogue *dialogue, const struct plan *plan, struct arena *arena);

/* In STAGE_READY: one more transaction, whose plan's `helo` and `tls` are not looked at; results of
 * the last one are forgotten, but for what its arena holds. False: there were enough of them, or
 * this is no moment for it. Or the end of the session. */
bool dialogue_next(struct dialogue *dialogue, const struct plan *plan, struct arena *arena);
void dialogue_quit(struct dialogue *dialogue);

/* What is to be done now. ACT_SAY fills `line` with what to send (with CRLF; for MESSAGE the
 * stuffed data and its dot); not where dialogue_hears. ACT_REST: a transaction is over. ACT_CLOSE:
 * the walk is. */
enum act dialogue_act(const struct dialogue *dialogue, struct buf *line);

/* Nothing is to be said: the stage's command went out with an earlier one. */
bool dialogue_hears(const struct dialogue *dialogue);
/* A reply may come while we are still sending. */
bool dialogue_hears_early(const struct dialogue *dialogue);

/* What may still be said when the walk is broken off in the middle of waiting, with all that we
 * had to say sent: QUIT, or NULL where it would be no command. */
const char *dialogue_farewell(const struct dialogue *dialogue);

void dialogue_connected(struct dialogue *dialogue, long ms);
void dialogue_heard(struct dialogue *dialogue, const struct reply *reply, bool more_waiting,
    long ms); /* more_waiting: bytes already behind the reply */
void dialogue_heard_early(struct dialogue *dialogue, const struct reply *reply,
    long ms); /* before the stage's line was out: no answer to it, at most a refusal */
void dialogue_secured(struct dialogue *dialogue, long ms);
void dialogue_lost(struct dialogue *dialogue, enum ending ending, const char *detail,
    const struct reply *partial, long ms); /* partial: NULL or what reply_take gave */

#endif
