/* recall: readings of replies that were read before. The log of a campaign says the same thing to
 * thousands of recipients; what was said in the same words, at the same stage, by a host of the
 * same provider, means the same. Kept is what came twice: some thousand readings, in their tables'
 * places, the later over the earlier. */
#ifndef RULES_RECALL_H
#define RULES_RECALL_H

#include "rules/rules.h"

struct recall;
struct recall *recall_new(const struct rules *rules); /* borrows them; nothing is added to them */
void recall_free(struct recall *recall); /* NULL is allowed */
/* The same as rules_read(). What `out` points at is valid until the next call, and as long as the
 * arena. */
void recall_read(
    struct recall *recall, const struct said *said, struct arena *arena, struct reading *out);

#endif
