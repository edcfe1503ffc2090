#include "smtp/stage.h"

#include <string.h>

/* The whole dialogue. Read a row as: in this stage we do `act` (only if the guard holds, otherwise we are in the next stage at once), wait at most so many seconds
 * (RFC 5321 4.5.3.2 | ours), and go where the answer's column says. A greeting that is no 220 is answered with QUIT and nothing else (section 3.1), and so is
 * every refusal: QUIT also ends the transaction. A 3yz where none belongs leaves the server waiting for data: we close. HELO is tried only where EHLO is not known, and never under TLS (section 3.2; RFC 3207 section 4.2). */
/* clang-format off */
const struct stage_row stages[STAGE_COUNT] = {
	/*                  name         act          guard            otherwise   rfc  ours    2yz              3yz            500 502       other 4yz 5yz  421           lost */
	[STAGE_CONNECT]   = {"connect",   ACT_CONNECT, GUARD_NONE,      STAGE_NONE,  300,  15, {STAGE_GREETING,  STAGE_CLOSED,  STAGE_CLOSED, STAGE_CLOSED,  STAGE_CLOSED, STAGE_CLOSED}},
	[STAGE_GREETING]  = {"greeting",  ACT_LISTEN,  GUARD_NONE,      STAGE_NONE,  300,  60, {STAGE_EHLO,      STAGE_CLOSED,  STAGE_QUIT,   STAGE_QUIT,    STAGE_QUIT,   STAGE_CLOSED}},
	[STAGE_EHLO]      = {"ehlo",      ACT_SAY,     GUARD_NONE,      STAGE_NONE,  300,  30, {STAGE_STARTTLS,  STAGE_CLOSED,  STAGE_HELO,   STAGE_QUIT,    STAGE_QUIT,   STAGE_CLOSED}},
	[STAGE_HELO]      = {"ehlo",      ACT_SAY,     GUARD_NONE,      STAGE_NONE,  300,  30, {STAGE_MAIL,      STAGE_CLOSED,  STAGE_QUIT,   STAGE_QUIT,    STAGE_QUIT,   STAGE_CLOSED}},
	[STAGE_STARTTLS]  = {"starttls",  ACT_SAY,     GUARD_TLS,       STAGE_MAIL,  300,  30, {STAGE_HANDSHAKE, STAGE_CLOSED,  STAGE_MAIL,   STAGE_MAIL,    STAGE_QUIT,   STAGE_CLOSED}},
	[STAGE_HANDSHAKE] = {"handshake", ACT_TLS,     GUARD_NONE,      STAGE_NONE,  300,  30, {STAGE_EHLO_TLS,  STAGE_CLOSED,  STAGE_CLOSED, STAGE_CLOSED,  STAGE_CLOSED, STAGE_CLOSED}},
	[STAGE_EHLO_TLS]  = {"ehlo-tls",  ACT_SAY,     GUARD_NONE,      STAGE_NONE,  300,  30, {STAGE_MAIL,      STAGE_CLOSED,  STAGE_QUIT,   STAGE_QUIT,    STAGE_QUIT,   STAGE_CLOSED}},
	[STAGE_MAIL]      = {"mail",      ACT_SAY,     GUARD_NONE,      STAGE_NONE,  300,  60, {STAGE_RCPT,      STAGE_CLOSED,  STAGE_QUIT,   STAGE_QUIT,    STAGE_QUIT,   STAGE_CLOSED}},
	[STAGE_RCPT]      = {"rcpt",      ACT_SAY,     GUARD_NONE,      STAGE_NONE,  300,  60, {STAGE_DATA,      STAGE_CLOSED,  STAGE_QUIT,   STAGE_QUIT,    STAGE_QUIT,   STAGE_CLOSED}},
	[STAGE_DATA]      = {"data",      ACT_SAY,     GUARD_NONE,      STAGE_NONE,  120,  60, {STAGE_QUIT,      STAGE_MESSAGE, STAGE_QUIT,   STAGE_QUIT,    STAGE_QUIT,   STAGE_CLOSED}},
	[STAGE_MESSAGE]   = {"message",   ACT_SAY,     GUARD_NONE,      STAGE_NONE,  600, 180, {STAGE_QUIT,      STAGE_CLOSED,  STAGE_QUIT,   STAGE_QUIT,    STAGE_QUIT,   STAGE_CLOSED}},
	[STAGE_QUIT]      = {"quit",      ACT_SAY,     GUARD_NONE,      STAGE_NONE,  300,   5, {STAGE_CLOSED,    STAGE_CLOSED,  STAGE_CLOSED, STAGE_CLOSED,  STAGE_CLOSED, STAGE_CLOSED}},
	[STAGE_CLOSED]    = {"closed",    ACT_CLOSE,   GUARD_NONE,      STAGE_NONE,    0,   0, {STAGE_CLOSED,    STAGE_CLOSED,  STAGE_CLOSED, STAGE_CLOSED,  STAGE_CLOSED, STAGE_CLOSED}},
};
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
