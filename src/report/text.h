/* text: what is known → words for people. Into a buffer, so that it is tested like any other value.
 * What must not reach a terminal is shown as base/shown.h has it. */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include <stdbool.h>

#include "journey.h"
#include "report/run.h"

struct buf;
struct tally;

struct text_style {
	bool colour;
	bool verbose; /* with transcript and every piece of evidence */
	unsigned width; /* columns to wrap at; 0: never */
};

void text_result(struct buf *out, const struct text_style *style, const struct journey *journey);
void text_sender(struct buf *out, const struct text_style *style, const struct sender *sender,
    enum helo_origin origin, const char *note); /* note: why nothing was looked up, NULL */
void text_summary(struct buf *out, const struct text_style *style, const struct tally *tally,
    const struct run_end *end);

/* Shared with the other commands. */
void text_cstring(struct buf *out, const char *string); /* as base/shown.h has it */
void text_field(struct buf *out, const struct text_style *style, const char *label,
    const char *words); /* "  label     words", wrapped; nothing when words is NULL or "" */

#endif
