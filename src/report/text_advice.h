/* text_advice: what receivers could hold against a sender → words for people. Into a buffer; no
 * control byte of a peer goes through. */
#ifndef REPORT_TEXT_ADVICE_H
#define REPORT_TEXT_ADVICE_H

#include "journey.h"
#include "judge/advice.h"
#include "report/text.h"

struct buf;

struct advice_count {
	size_t of[SEVERITY_COUNT];
	bool closed; /* no connection gets out: one of those that refuse */
};
struct advice_count advice_count(const struct advice *advice, size_t count);

void text_advice_verdict(struct buf *out, const struct sender *sender,
    const struct advice_count *count); /* one line, without its end */
/* One finding, with what to do. */
void text_advice_one(struct buf *out, const struct text_style *style, const struct advice *advice);
void text_advice(struct buf *out, const struct text_style *style, const struct sender *sender,
    enum helo_origin origin, const struct advice *advice, size_t count);

#endif
