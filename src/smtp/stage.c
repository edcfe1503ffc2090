#include "smtp/stage.h"

#include <string.h>

/* The whole dialogue. Read a row as: in this stage we do `act` (only if the guard holds, otherwise
 * we are in the next stage at once), wait at most so many seconds (RFC 5321 4.5.3.2 | ours), and go
 * where the answer's column says. A greeting that is no 220 is answered with QUIT and nothing else
 * (section 3.1). A refusal in a transaction ends that, not the session: READY is left for the next
 * transaction (by RSET, where the server may still hold the last one: section 4.1.1.5) or, when
 * there is none, for QUIT. A 3yz where none belongs leaves the server waiting for data: we close.
 * HELO is tried only where EHLO is not known, and never under TLS (section 3.2; RFC 3207 section
 * 4.2). */
/* clang-format off */
/* Short names, for the table only: a row is to be read at a glance. */
#define CONNECT STAGE_CONNECT
#define GREETING STAGE_GREETING
#define EHLO STAGE_EHLO
#define HELO STAGE_HELO
#define STARTTLS STAGE_STARTTLS
#define HANDSHAKE STAGE_HANDSHAKE
#define EHLO_TLS STAGE_EHLO_TLS
#define AUTH STAGE_AUTH
#define READY STAGE_READY
#define RSET STAGE_RSET
#define MAIL STAGE_MAIL
#define RCPT STAGE_RCPT
#define DATA STAGE_DATA
#define MESSAGE STAGE_MESSAGE
#define QUIT STAGE_QUIT
#define CLOSED STAGE_CLOSED

const struct stage_row stages[STAGE_COUNT] = {
	/*             name         act          rfc ours   2yz        3yz      500,502  4yz,5yz  421     lost  guard */
	[CONNECT]   = {"connect",   ACT_CONNECT, 300,  15, {GREETING,  CLOSED,  CLOSED,  CLOSED,  CLOSED, CLOSED}, 0,0},
	[GREETING]  = {"greeting",  ACT_LISTEN,  300,  60, {EHLO,      CLOSED,  QUIT,    QUIT,    QUIT,   CLOSED}, 0,0},
	[EHLO]      = {"ehlo",      ACT_SAY,     300,  30, {STARTTLS,  CLOSED,  HELO,    QUIT,    QUIT,   CLOSED}, 0,0},
	[HELO]      = {"ehlo",      ACT_SAY,     300,  30, {AUTH,      CLOSED,  QUIT,    QUIT,    QUIT,   CLOSED}, 0,0},
	[STARTTLS]  = {"starttls",  ACT_SAY,     300,  30, {HANDSHAKE, CLOSED,  AUTH,    AUTH,    QUIT,   CLOSED},
		GUARD_TLS, AUTH},
	[HANDSHAKE] = {"handshake", ACT_TLS,     300,  30, {EHLO_TLS,  CLOSED,  CLOSED,  CLOSED,  CLOSED, CLOSED}, 0,0},
	[EHLO_TLS]  = {"ehlo-tls",  ACT_SAY,     300,  30, {AUTH,      CLOSED,  QUIT,    QUIT,    QUIT,   CLOSED}, 0,0},
	[AUTH]      = {"auth",      ACT_SAY,     300,  30, {READY,     AUTH,    QUIT,    QUIT,    QUIT,   CLOSED},
		GUARD_LOGIN, READY},
	[READY]     = {"ready",     ACT_REST,    300,  30, {RSET,      QUIT,    QUIT,    QUIT,    QUIT,   CLOSED}, 0,0},
	[RSET]      = {"rset",      ACT_SAY,     300,  30, {MAIL,      CLOSED,  QUIT,    QUIT,    QUIT,   CLOSED},
		GUARD_OPEN, MAIL},
	[MAIL]      = {"mail",      ACT_SAY,     300,  60, {RCPT,      CLOSED,  READY,   READY,   QUIT,   CLOSED}, 0,0},
	[RCPT]      = {"rcpt",      ACT_SAY,     300,  60, {DATA,      CLOSED,  READY,   READY,   QUIT,   CLOSED}, 0,0},
	[DATA]      = {"data",      ACT_SAY,     120,  60, {QUIT,      MESSAGE, READY,   READY,   QUIT,   CLOSED}, 0,0},
	[MESSAGE]   = {"message",   ACT_SAY,     600, 180, {READY,     CLOSED,  READY,   READY,   QUIT,   CLOSED}, 0,0},
	[QUIT]      = {"quit",      ACT_SAY,     300,   5, {CLOSED,    CLOSED,  CLOSED,  CLOSED,  CLOSED, CLOSED}, 0,0},
	[CLOSED]    = {"closed",    ACT_CLOSE,     0,   0, {CLOSED,    CLOSED,  CLOSED,  CLOSED,  CLOSED, CLOSED}, 0,0},
};

#undef CONNECT
#undef GREETING
#undef EHLO
#undef HELO
#undef STARTTLS
#undef HANDSHAKE
#undef EHLO_TLS
#undef AUTH
#undef READY
#undef RSET
#undef MAIL
#undef RCPT
#undef DATA
#undef MESSAGE
#undef QUIT
#undef CLOSED
/* clang-format on */

const char *
stage_name(enum stage stage)
{
	return stage > STAGE_NONE && stage < STAGE_COUNT ? stages[stage].name : NULL;
}

bool
stage_parse(const char *name, enum stage *stage)
{
	static const struct {
		const char *name;
		enum stage stage;
	} aliases[] = {{"banner", STAGE_GREETING}, {"helo", STAGE_EHLO}, {"tls", STAGE_STARTTLS}};

	for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
		if (strcmp(name, aliases[i].name) == 0) {
			*stage = aliases[i].stage;
			return true;
		}
	for (enum stage s = STAGE_CONNECT; s < STAGE_CLOSED; s++)
		if (strcmp(name, stages[s].name) == 0) {
			*stage = s;
			return true;
		}
	return false;
}
