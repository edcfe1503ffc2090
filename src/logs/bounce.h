/* bounce: a message that a mail server sent back → what was said, to whom, by whom; line by line,
 * within bounded memory. Pure.
 *
 * A delivery status (RFC 3464) is believed first: Final-Recipient, Remote-MTA, Status and
 * Diagnostic-Code of each recipient. What the words for people say (Postfix, Exim, qmail, Sendmail,
 * Exchange) counts only when the whole message has no status with a reply in it: it is held back
 * until the message ends. */
#ifndef LOGS_BOUNCE_H
#define LOGS_BOUNCE_H

#include <stdbool.h>
#include <stddef.h>

#include "logs/logline.h"

enum {
	BOUNCE_HELD_MAX = 100,
	BOUNCE_PART_MAX = 16384
}; /* replies held back: more are told at once; octets of one field or paragraph: what comes behind
      is left unread */

typedef void heard_take(const struct heard *heard, void *arg); /* valid during the call */

struct bounce;
struct bounce *bounce_new(heard_take *take, void *arg);
void bounce_free(struct bounce *bounce);

bool bounce_begins(const char *line, size_t len); /* may a message begin with this line? */
bool bounce_line(struct bounce *bounce, const char *line,
    size_t len); /* without its end; true: the message ends with this line */
unsigned long bounce_end(
    struct bounce *bounce); /* tells what was held back, and is ready for another message; how many
                               replies this one had */

#endif
