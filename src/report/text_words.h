/* text_words: words that the verdict, the transcript and the summary have in common. Pure. */
#ifndef REPORT_TEXT_WORDS_H
#define REPORT_TEXT_WORDS_H

#include "journey.h"

struct buf;

const char *text_origin(enum helo_origin origin);
void text_server(struct buf *out, const struct attempt *attempt); /* "mx.example [192.0.2.25]:25" */
void text_code(struct buf *out, const struct reply *reply); /* "554 5.7.1" */
/* ": the client's address is on a blocklist (zen.spamhaus.org)", and before it what the basis is
 * where nobody said so, or it is not so as seen from here. `list` may be NULL. */
void text_cause(struct buf *out, enum cause cause, enum basis basis, const char *list);
/* Did the server's last reply decide, or at least belong to how it ended? Not where we stopped for
 * reasons of our own: that reply was a good one. */
bool text_reply_counts(const struct attempt *attempt);

/* How far it came to be asked: a refusal of STARTTLS left it where EHLO had been. */
enum stage text_depth(const struct journey *journey);
/* How far was asked, for the end of "as far as" and "up to": "EHLO under TLS". */
const char *text_asked(enum stage asked);
/* What was not: "MAIL, RCPT, DATA, the message"; nothing when all was. */
void text_not_asked(struct buf *out, enum stage asked);
/* What that leaves open, and how it is asked: always the same
 * for the same; NULL: nothing. */
const char *text_left_open(enum stage asked);

#endif
