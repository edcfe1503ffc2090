/* tls_report: a report on TLS that a sender of mail made for our domain (RFC 8460) → what failed,
 * an entry each. Pure.
 *
 * Lenient, for reports are of many hands: mx-host may be a string (erratum 6241), times may lack
 * their zone, numbers may stand in strings, and there are members that nobody defined. */
#ifndef LOGS_TLS_REPORT_H
#define LOGS_TLS_REPORT_H

#include <jansson.h>
#include <stdbool.h>

#include "logs/bounce.h"

struct tls_failure { /* strings live during the call; NULL: not said */
	bool first; /* of its report */
	const char *organization, *contact, *report;
	const char *begin, *end; /* "2026-11-24" */
	const char *policy_type, *policy_domain;
	unsigned long good, bad; /* sessions under this policy in all */
	const char *result_type; /* NULL: nothing failed under it */
	const char *mx, *mx_ip, *sender_ip;
	unsigned long sessions; /* that failed so */
	const char *reason, *information;
};

bool tls_report_is(const json_t *object);
/* One refusal (`tls` is set) for each failure, and one for each policy without any. Returns how
 * many. */
long tls_report_read(const json_t *object, refusal_take *take, void *arg);

#endif
