/* text_explain: what `explain` found → words for people, in the manner of text.h. */
#ifndef REPORT_TEXT_EXPLAIN_H
#define REPORT_TEXT_EXPLAIN_H

#include "report/explained.h"
#include "report/text.h"
#include "rules/rules.h"

void text_explanation(
    struct buf *out, const struct text_style *style, const struct explanation *explanation);
void text_explained(struct buf *out, const struct text_style *style,
    struct explained *explained); /* the summary; verbose: all names, not only the most frequent */
void text_rule(struct buf *out, const struct text_style *style, const struct rule_view *rule);

#endif
