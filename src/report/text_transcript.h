/* text_transcript: the whole dialogue with one server, as swaks writes it. Pure. */
#ifndef REPORT_TEXT_TRANSCRIPT_H
#define REPORT_TEXT_TRANSCRIPT_H

#include "journey.h"

struct buf;

void text_transcript(struct buf *out, const struct attempt *attempt);

#endif
