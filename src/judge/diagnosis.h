/* diagnosis: what was said, joined with what the DNS shows about the sender. Pure.
 *
 * The rules are one table in diagnosis.c (cause × finding × stage → cause and basis), the first row
 * that fits decides; what counts as a finding is in findings.h. The tests go through it row by row.
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

struct diagnosis_query {
	const struct remedies *remedies;
	const struct reading *reading; /* of the decisive reply; NULL: nothing was said, the peer
	                                  closed or timed out */
	const struct sender *sender; /* NULL: no look-ups were made */
	enum stage stage; /* where it ended */
	struct setting setting;
};

void diagnose(const struct diagnosis_query *query, struct arena *arena, struct diagnosis *out);

size_t diagnosis_rows(void); /* of the table, for the test that wants each of them reached */
size_t diagnosis_row(const struct reading *reading, const struct sender *sender,
    enum stage stage); /* which one decides */

#endif
