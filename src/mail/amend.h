/* amend: a message that is there, with other header fields, another text, more files.
 *
 * What is not named stays as it is, octet by octet. A multipart whose boundary is not found, or
 * whose end is missing where something is to be put, is a false: nothing is guessed. */
#ifndef MAIL_AMEND_H
#define MAIL_AMEND_H

#include <stdbool.h>

#include "base/slice.h"

struct arena;
struct buf;
struct message_plan;

/* Does the plan have anything of the kind? */
bool amend_is_asked(const struct message_plan *plan);
/* … and would the body be another one? */
bool amend_touches_body(const struct message_plan *plan);

/* Of the plan its headers, added, body, texts, files and random. `message` as it leaves
 * message_from_file. Fields: those of `headers` stand where the first of their name was, further
 * ones go; new ones, and those of `added`, come last. The body takes the place of the first text
 * that is no attachment, or stands beside it as another form (multipart/alternative), and so does
 * each of the texts; files are added to the outermost multipart/mixed, which is made where there is
 * none. `dropped`: fields that are left out, by their number (mail/fields.h); NULL: none. On false
 * `*why` (static or in the arena). */
bool message_amend(struct slice message, const struct message_plan *plan, const bool *dropped,
    struct arena *arena, struct buf *out, const char **why);

#endif
