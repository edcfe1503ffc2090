/* record_check: what an evaluator found → one `check` line (man/mxwalk-ndjson.5). Pure; the line
 * ends with LF. */
#ifndef REPORT_NDJSON_CHECK_H
#define REPORT_NDJSON_CHECK_H

#include "auth/dkim.h"
#include "auth/dkim_sign.h"
#include "auth/dmarc.h"
#include "auth/spf.h"
#include "auth/spf_lint.h"
#include "evidence/blocklist.h"
#include "evidence/ptr.h"
#include "evidence/route.h"
#include "mail/received.h"

struct buf;

void record_check_spf(struct buf *out, const struct spf_query *query, const struct spf *spf,
    const struct spf *helo); /* helo: of the HELO identity; NULL: not checked */
void record_check_spf_record(struct buf *out, const struct spf_lint *lint);
void record_check_dkim(struct buf *out, const char *file, const struct dkim *dkim,
    const struct received *seen); /* the signatures of a message; seen: who saw it come
                                     (judge/seen.h); NULL: not known */
void record_check_dkim_key(struct buf *out, const struct dkim_key *key,
    const struct dkim_pair *pair); /* pair: NULL: none to compare with */
void record_check_dmarc(struct buf *out, const struct dmarc *dmarc);
void record_check_ptr(struct buf *out, const struct ptr *ptr);
void record_check_listing(struct buf *out, const struct listing *listing);
void record_check_mx(struct buf *out, const struct route *route);

const char *check_dkim_key_result(const struct dkim_key *key,
    const struct dkim_pair *pair); /* the state; "mismatch" when the private key is another */
const char *check_dmarc_note(const struct dmarc *dmarc); /* that the policy is no verdict on the
 user's mail; NULL where there is one */
const char *check_mx_result(
    const struct route *route); /* "ok", or why no mail can be sent there: the kind */

#endif
