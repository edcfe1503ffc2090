/* text_sender: what the DNS shows about who we are → words for people. Pure. */
#ifndef REPORT_TEXT_SENDER_H
#define REPORT_TEXT_SENDER_H

#include "journey.h"
#include "report/text.h"

void text_sender(struct buf *out, const struct text_style *style, const struct sender *sender,
    enum helo_origin origin, const char *note); /* note: why nothing was looked up, NULL */

#endif
