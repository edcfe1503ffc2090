/* tls_failures: what reports on TLS tell (logs/tls_report.h), put together: which mail exchanger,
 * how often, since when, and who says so. Pure. */
#ifndef REPORT_TLS_FAILURES_H
#define REPORT_TLS_FAILURES_H

#include <stddef.h>

#include "logs/tls_report.h"
#include "report/text.h"

struct arena;
struct buf;
struct remedies;
struct seen;

enum { TLS_FAILURES_MAX = 10000 }; /* kinds of failure that are told apart */

struct tls_failures { /* {0}: none */
	struct arena *arena;
	struct tls_failures_row *rows;
	size_t count;
	unsigned long lost; /* failures beyond TLS_FAILURES_MAX */
	struct seen *reports; /* by their senders, names and days */
	unsigned long repeated; /* reports that were there before, and count once */
	bool passes; /* … such as the one at hand */
};

void tls_failures_add(struct tls_failures *failures, const struct tls_failure *failure);
void tls_failures_release(struct tls_failures *failures);

/* All of them, those with the most sessions first. */
void text_tls_failures(struct buf *out, const struct text_style *style,
    const struct remedies *remedies, struct tls_failures *failures);
void record_tls_failures(
    struct buf *out, const struct remedies *remedies, struct tls_failures *failures);

#endif
