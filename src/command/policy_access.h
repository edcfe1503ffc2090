/* policy_access: the MTA-STS policies that the options ask for: fetched, recorded (--sts-record),
 * or taken from a file (--sts-replay); opened for probe and check alike. */
#ifndef COMMAND_POLICY_ACCESS_H
#define COMMAND_POLICY_ACCESS_H

#include <stdio.h>

#include "campaign/policies.h"
#include "command/sources.h"
#include "evidence/sts_book.h"

struct policy_access {
	struct policies_plan plan;
	struct policies *policies;
	struct arena *arena;
	struct sts_book book, before;
	FILE *record;
	const char *record_name;
};

/* EXIT_OK, or the exit status after saying why. Either way policy_access_close is to be called,
 * before the DNS is closed. */
int policy_access_open(
    struct policy_access *access, const struct dns_access *dns, const struct options *options);
/* EXIT_OK, or EXIT_WRITE when the --sts-record file could not be written (said). */
int policy_access_close(struct policy_access *access);

#endif
