/* diagnosis: what was said, joined with what the DNS shows about the sender. Pure.
 *
 * The rules are one table in diagnosis.c (cause × fact × stage → cause and basis), the first row
 * that fits decides; what counts as a fact is in facts.h. The tests go through it row by row.
 */
#ifndef JUDGE_DIAGNOSIS_H
#define JUDGE_DIAGNOSIS_H

#include <stddef.h>

#include "evidence/sender.h"
#include "judge/counsel.h"
#include "rules/rules.h"

struct diagnosis {
	enum cause cause;
	enum basis basis;
	const char *rule; /* NULL: none */
	const char *list, *listed, *provider;
	enum who who;
	const char *advice, *url; /* url: never a list's page when the receiver is at fault */
	const char **evidence; /* sentences, each naming the fact and where it is from */
	size_t evidence_count;
	struct also *also; /* other readings, the better first; never the cause itself */
	size_t also_count;
};

enum reply_end {
	REPLY_IS_WHOLE,
	REPLY_IS_LOST, /* the connection ended before it, or in the middle of it */
	REPLY_IS_LATE, /* a deadline of ours passed before all of it had come */
	REPLY_IS_LEFT /* we were stopped, and left before it came */
};

struct diagnosis_query {
	const struct remedies *remedies;
	const struct reading *reading; /* of the decisive reply; NULL: nothing was said, the peer
	                                  closed or timed out */
	const struct sender *sender; /* NULL: no look-ups were made */
	enum reply_end end;
	enum stage stage; /* where it ended */
	struct circumstances setting;
};

void diagnose(const struct diagnosis_query *query, struct arena *arena, struct diagnosis *out);

size_t diagnosis_rows(void); /* of the table, for the test that wants each of them reached */
size_t diagnosis_row(
    const struct diagnosis_query *query, struct arena *arena); /* which one decides */

#endif
