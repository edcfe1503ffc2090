/* text_check: what an evaluator found → words for people. Into a buffer; no control byte of a peer
 * goes through. */
#ifndef REPORT_TEXT_CHECK_H
#define REPORT_TEXT_CHECK_H

#include "auth/dkim.h"
#include "auth/dkim_sign.h"
#include "auth/dmarc.h"
#include "auth/spf.h"
#include "auth/spf_lint.h"
#include "evidence/blocklist.h"
#include "evidence/ptr.h"
#include "evidence/route.h"
#include "mail/received.h"
#include "report/text.h"

struct buf;

void text_check_spf(struct buf *out, const struct text_style *style, const struct spf_query *query,
    const struct spf *spf, const struct spf *helo);
void text_check_spf_record(
    struct buf *out, const struct text_style *style, const struct spf_lint *lint);
void text_check_dkim(struct buf *out, const struct text_style *style, const char *file,
    const struct dkim *dkim, const struct received *seen,
    const struct ip *source); /* seen: NULL: not known; source: what the user takes for its address,
                                 family 0: nothing */
void text_check_dkim_key(struct buf *out, const struct text_style *style,
    const struct dkim_key *key, const struct dkim_pair *pair); /* pair: NULL: none */
void text_check_dmarc(struct buf *out, const struct text_style *style, const struct dmarc *dmarc);
void text_check_ptr(struct buf *out, const struct text_style *style, const struct ptr *ptr);
void text_check_listings(struct buf *out, const struct text_style *style, const char *item,
    const struct listing *listings, size_t count); /* all lists on one item */
void text_check_mx(struct buf *out, const struct text_style *style, const struct route *route);

#endif
