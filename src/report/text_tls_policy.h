/* text_tls_policy: MTA-STS policies and TLS-RPT records, in words. Pure. */
#ifndef REPORT_TEXT_TLS_POLICY_H
#define REPORT_TEXT_TLS_POLICY_H

#include "evidence/mta_sts.h"
#include "evidence/route.h"
#include "evidence/tls_rpt.h"
#include "report/text.h"

struct buf;

struct journey;

/* In the verdict line: what would stop the mail of a sender that enforces the policy. */
void text_sts_stops(struct buf *out, const struct journey *journey);
/* Below it: the policy. */
void text_sts(struct buf *out, const struct text_style *style, const struct journey *journey);

void text_check_sts(struct buf *out, const struct text_style *style, const struct mta_sts *sts,
    const struct route *route);
void text_check_rpt(struct buf *out, const struct text_style *style, const struct tls_rpt *rpt);

#endif
