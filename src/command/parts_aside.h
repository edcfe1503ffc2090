/* parts_aside: the HTML and the archives of a message, read by processes of their own within limits
 * of time and memory, and handed in to its facts (preflight/facts.h). */
#ifndef COMMAND_PARTS_ASIDE_H
#define COMMAND_PARTS_ASIDE_H

#include "preflight/facts.h"

/* Between message_facts_read and message_facts_finish, with the arena of both. */
void parts_look_into(struct message_facts *facts, struct arena *arena);

#endif
