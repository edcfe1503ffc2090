/* stage: the SMTP dialogue as a table, one row a stage: what we do, what may come back, and where
 * that leads (RFC 5321 sections 3 and 4).
 *
 * Edges go forward, but for the challenges of AUTH, which are counted, and for those that end a
 * transaction and lead back to READY, where a session takes the next one or QUIT. The table knows
 * no socket and no clock. dialogue.h walks it. */
#ifndef SMTP_STAGE_H
#define SMTP_STAGE_H

#include <stdbool.h>

enum stage {
	STAGE_NONE, /* 0 is no stage: a column forgotten in the table leads here, and a test finds
	               it */
	STAGE_CONNECT,
	STAGE_GREETING,
	STAGE_EHLO,
	STAGE_HELO,
	STAGE_STARTTLS,
	STAGE_HANDSHAKE,
	STAGE_EHLO_TLS,
	STAGE_AUTH,
	STAGE_READY, /* the session stands, and no transaction is under way */
	STAGE_RSET,
	STAGE_MAIL,
	STAGE_RCPT,
	STAGE_DATA,
	STAGE_MESSAGE,
	STAGE_QUIT,
	STAGE_CLOSED,
	STAGE_COUNT
};

enum act { ACT_NONE, ACT_CONNECT, ACT_LISTEN, ACT_SAY, ACT_TLS, ACT_REST, ACT_CLOSE };

enum outcome { /* the columns */
	GOT_YES, /* 2yz, or: connected, handshake done, a transaction begins */
	GOT_MORE, /* 3yz */
	GOT_UNKNOWN_COMMAND, /* 500, 502 */
	GOT_NO, /* any other 4yz, 5yz */
	GOT_CLOSING, /* 421: the server is about to close, wherever it comes (section 3.8) */
	GOT_LOST, /* closed, timed out, or talk that is no SMTP; or: not connected, handshake failed
	           */
	OUTCOME_COUNT
};

enum guard {
	GUARD_NONE,
	GUARD_TLS, /* it is wanted, and offered */
	GUARD_LOGIN, /* it is wanted */
	GUARD_OPEN, /* a transaction was begun, and is not over for the server */
};

struct stage_row {
	const char *name; /* the record's word (DESIGN.md section 2); HELO is "ehlo" too */
	enum act act;
	unsigned rfc_seconds; /* RFC 5321 section 4.5.3.2, the upper bound */
	unsigned seconds; /* our default: a probe is not a queue */
	enum stage next[OUTCOME_COUNT];
	enum guard guard;
	enum stage otherwise; /* where the guard leads when it does not hold */
};

extern const struct stage_row stages[STAGE_COUNT];

const char *stage_name(enum stage stage);
bool stage_parse(const char *name,
    enum stage *stage); /* "ehlo" is STAGE_EHLO; "tls" and "banner" are taken as swaks takes them */

#endif
