/* maillog: whatever holds refusals, line by line → each of them, once. Mixed input is welcome.
 * Pure; what is kept between lines is bounded.
 *
 * - JSON, an object a line or over several lines, and arrays (events.h)
 * - logs (logline.h); several lines about one delivery are one (deliveries.h)
 * - CSV whose header line names the columns: PowerMTA's accounting files, Exchange's message
 *   tracking
 * - mails that a mail system sent back (bounce.h), one behind the other or in an mbox
 * - replies as they are, and pieces of notices and programs' messages (pasted.h) */
#ifndef LOGS_MAILLOG_H
#define LOGS_MAILLOG_H

#include "logs/bounce.h"
#include "logs/logline.h"

enum {
	MAILLOG_LINE_MAX = 65536, /* octets a line … */
	MAILLOG_JSON_MAX = 20 << 20, /* … and of JSON, on one line or over several */
};

struct maillog;
struct maillog *maillog_new(refusal_take *take, void *arg);
void maillog_free(struct maillog *maillog);

void maillog_line(struct maillog *maillog, const char *line,
    size_t len); /* without LF; of what is over MAILLOG_LINE_MAX only JSON is read; NULs count as
                    spaces */
void maillog_flush(struct maillog *maillog); /* no line came for a while: tells what is held back */
void maillog_end(struct maillog *maillog); /* tells what was held back for lack of its end */

struct maillog_counts {
	unsigned long lines, told; /* told: refusals */
	unsigned long inbound; /* of these, what this server refused to clients */
	unsigned long sent_later; /* deliveries that were deferred, and then went through */
	/* what was passed over: lines of a log that tell of no refusal; lines of no form that is
	 * known; lines over the limit; JSON that tells of no refusal, that is broken; mails, and
	 * those of them that tell of none; mails some parts of which were too many, or too deep,
	 * to be read */
	unsigned long silent, unknown, too_long, objects, broken_json, mails, silent_mails,
	    unread_mails;
};
struct maillog_counts maillog_counts(const struct maillog *maillog);

#endif
