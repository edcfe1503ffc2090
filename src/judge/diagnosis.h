/* diagnosis: what was said, joined with what the DNS shows about the sender. Pure. */
#ifndef JUDGE_DIAGNOSIS_H
#define JUDGE_DIAGNOSIS_H

#include <stddef.h>

#include "dns/sender.h"
#include "judge/rules.h"

struct diagnosis {
	enum cause cause;
	enum basis basis;
	const char *rule; /* NULL: none */
	const char *list, *listed, *provider;
	enum who who;
	const char *advice, *url;
	const char **evidence; /* sentences, each naming the fact and where it is from */
	size_t evidence_count;
	struct also *also;
	size_t also_count;
};

/* `reading` is of the decisive reply (NULL: nothing was said: the peer closed or timed out); `sender` NULL: no look-ups were made; `stage` where it ended. The table (cause × evidence × stage → basis) is in diagnosis.c. */
void diagnose(const struct reading *reading, const struct sender *sender, enum stage stage, struct arena *arena, struct diagnosis *out);

#endif
