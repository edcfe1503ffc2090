/* text_result: the verdict on one target and what stands behind it → words for people. Pure. */
#ifndef REPORT_TEXT_RESULT_H
#define REPORT_TEXT_RESULT_H

#include "journey.h"
#include "report/text.h"

void text_result(struct buf *out, const struct text_style *style, const struct journey *journey);

#endif
