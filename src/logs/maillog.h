/* maillog: whatever holds replies, line by line → each reply, once. Mixed input is welcome. Pure;
 * what is kept between lines is bounded.
 *
 * - NDJSON objects: {"text": …, "id", "stage", "code", "enhanced", "mx", "provider", "recipient"},
 * our own `result` and `explanation` records, KumoMTA's log records, and what wraps a log line
 * (journald's MESSAGE)
 * - replies as they are, one a line; "554-…" lines are joined up to "554 …"; with swaks's prefixes,
 * too
 * - logs (logline.h)
 * - CSV whose header line names the columns: PowerMTA's accounting files, Exchange's message
 * tracking
 * - messages that a mail server sent back (bounce.h), one behind the other or in an mbox */
#ifndef LOGS_MAILLOG_H
#define LOGS_MAILLOG_H

#include "logs/bounce.h"
#include "logs/logline.h"

enum {
	MAILLOG_LINE_MAX = 65536,
	MAILLOG_LINES_MAX = 128
}; /* octets a line and a reply; lines a reply */

struct maillog;
struct maillog *maillog_new(heard_take *take, void *arg);
void maillog_free(struct maillog *maillog);

void maillog_line(struct maillog *maillog, const char *line,
    size_t len); /* without LF; of what is over MAILLOG_LINE_MAX nothing is read; NULs count as
                    spaces */
void maillog_end(struct maillog *maillog); /* tells what was held back for lack of its end */

struct maillog_counts {
	unsigned long lines, told, passed_over,
	    too_long; /* told: replies. passed over: lines (and whole messages) that hold none;
	                 blank lines do not count */
};
struct maillog_counts maillog_counts(const struct maillog *maillog);

#endif
