/* bounce: a mail that a mail system sent back → whom it could not reach, and what was said. Pure.
 *
 * The mail is read part by part (mail/parts.h). A delivery status (RFC 3464) says which recipients
 * there are; the words for people complete it, or stand for it where there is none. What was
 * returned is never read as words of a server. Feedback reports, automatic answers and reports of
 * success tell nothing.
 *
 * Line by line, for a mail may stand within a log or an mbox. BOUNCE_MAX octets of it are kept:
 * status and words stand before what was returned. */
#ifndef LOGS_BOUNCE_H
#define LOGS_BOUNCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "logs/logline.h"

enum { BOUNCE_MAX = 1 << 20 };

typedef void refusal_take(const struct refusal *refusal, void *arg); /* valid during the call */

/* A whole mail. How many refusals it told. `take_json` (may be NULL) gets a body that is JSON, as
 * services send it by mail, tells what it found, and how much; -1: it is no JSON. `unread`: parts
 * were too many, or too deep, to be opened. */
typedef long json_take(struct slice json, void *arg);
unsigned long bounce_read(
    struct slice mail, refusal_take *take, json_take *take_json, void *arg, bool *unread);

struct bounce;
struct bounce *bounce_new(refusal_take *take, json_take *take_json, void *arg);
void bounce_free(struct bounce *bounce);

bool bounce_begins(const char *line, size_t len); /* may a mail begin with this line? */
bool bounce_from(const char *line, size_t len); /* the "From " line of an mbox */
bool bounce_line(struct bounce *bounce, const char *line,
    size_t len); /* without its end; true: the mail ends with this line */
bool bounce_open(const struct bounce *bounce); /* within a multipart: what stands there is the
                                                  mail's, whatever it looks like */
/* Tells, and is ready for another mail; how many refusals it told. */
unsigned long bounce_end(struct bounce *bounce, bool *unread);

#endif
