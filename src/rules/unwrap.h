/* unwrap: a reply's words without their wrapping: line codes, replies quoted in replies, and
 * phrases that only carry another ("Recipient address rejected: …" of Postfix's policy daemons). */
#ifndef RULES_UNWRAP_H
#define RULES_UNWRAP_H

#include <stddef.h>

#include "rules/cause.h"
#include "smtp/stage.h"

struct arena;

enum { UNWRAP_MAX = 16384 }; /* octets that are read; what comes behind is left unread */

enum carrier {
	CARRIER_NONE,
	CARRIER_CLIENT,
	CARRIER_HELO,
	CARRIER_SENDER,
	CARRIER_RECIPIENT,
	CARRIER_OTHER,
	CARRIER_COUNT
};

struct unwrapped { /* strings in the arena */
	const char *whole; /* all lines, without codes, white space as single spaces */
	const char *marked; /* the same, but dots inside a name, an address or a number are
	                       PATTERN_DOT: what is left ends a sentence */
	const char *bare; /* the same, but addresses have no letters left but x: what the patterns
	                     of reasons are held against */
	size_t len;
	size_t inner; /* where in `whole` the innermost quoted reply begins; 0: none is quoted, or
	                 what was heard about our own sender address */
	size_t reason; /* where behind `inner` the carried reason begins; == inner when nothing
	                  carries */
	enum carrier carrier;
	int code; /* of the last line; 0: none */
	char enhanced[12]; /* the first in the reply itself, "" if none */
	int inner_code;
	char inner_enhanced[12]; /* of the quoted reply */
	const char *note; /* static, on the enhanced code: "missing", "doubled", "its class
	                     contradicts the code"; NULL */
	enum stage stage; /* "(in reply to RCPT TO command)"; STAGE_NONE */
};

void unwrap(const char *text, size_t len, struct arena *arena, struct unwrapped *out);

const char *mark_dots(const char *text, size_t len, struct arena *arena);
const char *carrier_name(
    enum carrier carrier); /* "client" "helo" "sender" "recipient" "other"; NULL for none */

#endif
