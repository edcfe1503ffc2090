/* verdicts: what each walk of a run came to, in two octets: status, stage, how far was asked. Of an
 * earlier run that is resumed also which targets they were. Pure.
 *
 * A walk goes by the number that its target has (options/target.h), the target by its place. */
#ifndef CAMPAIGN_VERDICTS_H
#define CAMPAIGN_VERDICTS_H

#include <stdbool.h>

#include "journey.h"

struct verdicts;

struct verdicts *verdicts_new(void);
void verdicts_free(struct verdicts *verdicts); /* NULL is allowed */

void verdicts_put(struct verdicts *verdicts, unsigned long walk, const struct journey *journey);
void verdicts_drop(struct verdicts *verdicts, unsigned long walk);
bool verdicts_has(const struct verdicts *verdicts, unsigned long walk);
/* Into `out`, which is empty; false: there is none. */
bool verdicts_get(const struct verdicts *verdicts, unsigned long walk, struct journey *out);

void verdicts_put_text(struct verdicts *verdicts, unsigned long place, const char *text);
/* Is it the target that was at that place, if that is known? */
bool verdicts_is_text(const struct verdicts *verdicts, unsigned long place, const char *text);

#endif
