/* suspects: which part of a message earns the refusal, as far as tests have shown: probabilities of
 * what could be behind it, and the test that would tell most (adaptive group testing with a prior).
 *
 * What could be behind it: one part; either of two; two parts together; all of it, by its sum. A
 * test sends some parts and leaves neutral words in the place of the others; it is refused or
 * accepted, and of either a small share may be chance. Pure: no clock, no randomness but `seed`. */
#ifndef ISOLATE_SUSPECTS_H
#define ISOLATE_SUSPECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct suspects;

enum { SUSPECTS_MAX = 60, /* parts */ SUSPECTS_NOTED = 64 };

typedef uint64_t part_set; /* bit i: part i is there */

enum suspicion { SUSPICION_ONE, SUSPICION_EITHER, SUSPICION_BOTH, SUSPICION_SUM };

struct suspect {
	enum suspicion kind;
	unsigned first, second; /* parts; the same for ONE, both 0 for SUM */
	double share; /* of all probability, 0 to 1 */
};

/* What has to be seen before a reason is a finding: these parts alone are refused, and the rest is
 * accepted. Of two parts the less suspected one is tried, for of the other more is known. */
struct proof {
	part_set sent; /* all or none: the whole message or the control has shown it */
	bool refused;
};

enum { PROOFS = 2 };

/* `weights` (> 0): how much each part is suspected at first, next to each other. In the arena. */
struct suspects *suspects_new(
    const double *weights, size_t count, uint64_t seed, struct arena *arena);

part_set suspects_all(const struct suspects *suspects); /* every part */
part_set suspect_parts(const struct suspect *suspect); /* those that it names; 0 for SUM */

/* From now on a set of few parts is worth more than one of many that would tell as much: where what
 * was refused is remembered, all that is like it is refused for hours. */
void suspects_spare(struct suspects *suspects);

/* Which parts to send next: neither all of them nor none. A set that would prove a reason, too, is
 * worth more than one that would only tell as much. */
part_set suspects_next(struct suspects *suspects);
/* At most SUSPECTS_NOTED times. */
void suspects_note(struct suspects *suspects, part_set sent, bool refused);

/* Returns how many there are: none of a sum, which cannot be tried. */
unsigned suspect_proofs(
    const struct suspects *suspects, const struct suspect *suspect, struct proof proofs[PROOFS]);

/* The likeliest; `share` is its own. */
struct suspect suspects_best(const struct suspects *suspects);
/* The likeliest `most` of them, best first; returns how many there are. */
size_t suspects_list(const struct suspects *suspects, struct suspect *list, size_t most);

#endif
