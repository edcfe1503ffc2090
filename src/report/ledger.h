/* ledger: what was last noted under each key, for records of which the last one counts. Pure.
 *
 * 18 to 37 octets a key. Keys are digests: two that differ are taken for
 * one with a probability of n² / 2^65. */
#ifndef REPORT_LEDGER_H
#define REPORT_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct ledger;
struct ledger *ledger_new(void);
void ledger_free(struct ledger *ledger); /* NULL is allowed */

uint64_t ledger_key(uint64_t key, struct slice part); /* begins with 0; made of any parts */
/* Where the note of that key stands, until the next call: a new one is 0, and `*fresh`. */
uint64_t *ledger_note(struct ledger *ledger, uint64_t key, bool *fresh);
size_t ledger_count(const struct ledger *ledger);

struct ledger_place {
	size_t shard, entry;
};
/* All of them, in no order that means anything; `*at` begins with {0}. */
bool ledger_next(
    const struct ledger *ledger, struct ledger_place *at, uint64_t *key, uint64_t *note);

#endif
