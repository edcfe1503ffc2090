/* record_tls_policy: MTA-STS policies and TLS-RPT records, as NDJSON (man/mxwalk-ndjson.5). Pure.
 */
#ifndef REPORT_NDJSON_TLS_POLICY_H
#define REPORT_NDJSON_TLS_POLICY_H

#include "evidence/mta_sts.h"
#include "evidence/route.h"
#include "evidence/tls_rpt.h"

struct buf;
struct json;

/* Into an object that is open: what a result and a check say of a domain's policy. */
void record_sts_fields(struct json *json, const struct mta_sts *sts);

/* The objects "mta_sts" of a result, and of an attempt; nothing where nothing was asked. */
void record_sts(struct json *json, const struct mta_sts *sts);
void record_sts_effect(struct json *json, enum sts_effect effect, const char *word);

void record_check_sts(struct buf *out, const struct mta_sts *sts, const struct route *route);
void record_check_rpt(struct buf *out, const struct tls_rpt *rpt);

const char *check_sts_result(const struct mta_sts *sts); /* the state, or "undeliverable" */

#endif
