/* haste: does a server say that we are too fast? Throttled is not refused: its site is left alone,
 * and then the target is asked again. Pure. */
#ifndef CAMPAIGN_HASTE_H
#define CAMPAIGN_HASTE_H

#include <stdbool.h>
#include <stdint.h>

#include "journey.h"

struct arena;
struct rules;

struct haste {
	bool throttled;
	bool greylisted; /* instead: it takes the same later */
	int64_t named; /* milliseconds that the reply names; 0: none */
};

/* `worked`: the address took connections of ours a moment ago. */
void haste_read(const struct rules *rules, const struct attempt *attempt, bool worked,
    struct arena *arena, struct haste *haste);

#endif
