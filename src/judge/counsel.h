/* counsel: what to do about a reply, as far as its words go: the rule's own advice, else the
 * provider's remedy for the cause, else the general one. Pure. */
#ifndef JUDGE_COUNSEL_H
#define JUDGE_COUNSEL_H

#include "judge/remedies.h"
#include "rules/rules.h"

struct circumstances { /* what is known beside the reply; all may be empty */
	struct ip client; /* the address that we came from, where the reply names none */
	const char *domain, *recipient;
	bool own; /* the words are the sending system's, or a mailing list's: no server's */
};

struct counsel { /* in the arena, or as long as the rules and remedies */
	enum who who;
	const char *advice, *url;
	enum suppress suppress; /* as far as the cause goes */
};

void counsel_make(const struct remedies *remedies, const struct reading *reading,
    const struct circumstances *setting, struct arena *arena, struct counsel *out);

#endif
