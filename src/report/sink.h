/* sink: where all that a run finds out is told, in whatever format.
 *
 * A format is a table of what it has to say of each thing; it adds bytes to a buffer and knows
 * neither files nor terminals. The sink counts, writes out what was said, and knows the exit
 * status. To add a format is to write one such table. */
#ifndef REPORT_SINK_H
#define REPORT_SINK_H

#include <stdbool.h>

#include "base/buf.h"
#include "report/tally.h"
#include "report/text.h"

struct order;
struct remedies;
struct sink;
struct thresholds;
struct veil;

struct sink_plan { /* borrowed */
	bool (*write)(
	    struct buf *bytes, void *arg); /* to the end, at once; false after saying why */
	bool (*flush)(void *arg); /* what was held back is written now; NULL: nothing is */
	void *write_arg;
	void (*show)(const char *line); /* a progress line for the terminal; NULL: none is wanted */
	void (*tell)(const char *line); /* the same, to stay: where there is no terminal, or when it
	                                   was asked for */
	void (*status)(
	    const struct buf *record, void *arg); /* of --status-file; NULL: there is none */
	void *status_arg;
	/* The summary in words, for the terminal when the results go elsewhere; NULL: not wanted.
	 */
	bool (*sum_up)(struct buf *words, void *arg);
	bool ordered; /* results are told in the order of their targets' places */
	unsigned only; /* bits 1 << walk_status that are told; 0: all */
	struct tls_review *review; /* of check dane and check tls; NULL: it is not one of these */
	const struct thresholds *thresholds; /* of a monitoring system; NULL: none were given */
	int64_t now; /* milliseconds since the epoch: for what expires */
	struct veil *veil; /* takes our own addresses, as they come; NULL: they are no secret */
	const struct remedies *remedies; /* for what to do first; NULL: it is not said */
	struct text_style style; /* of words for people */
	bool quiet; /* words for people: no summary */
	uint64_t secret; /* base/table.h */
};

struct sink_format { /* NULL: nothing is said of that */
	bool (*wants_senders)(const struct sink_plan *plan);
	void (*begin)(struct sink *sink, const struct run_facts *run);
	void (*sender)(struct sink *sink, const struct sender *sender, enum helo_origin origin,
	    const char *note);
	void (*result)(struct sink *sink, const struct journey *journey);
	void (*finish)(struct sink *sink, const struct run_end *end);
	int (*exit)(const struct sink *sink, const struct run_end *end);
};

extern const struct sink_format text_format, ndjson_format, nagios_format;

struct sink {
	const struct sink_format *format;
	const struct sink_plan *plan;
	struct tally tally;
	struct buf out; /* what is written next */
	struct order *order; /* results that wait for those before them; NULL: none does */
	struct buf kept; /* what a format keeps for the end */
	int64_t first_end; /* of the certificates that were seen, since the epoch; 0: none was */
	bool failed; /* something could not be written: there is no use in going on */
};

void sink_init(struct sink *sink, const struct sink_format *format, const struct sink_plan *plan);
void sink_release(struct sink *sink);

bool sink_wants_senders(const struct sink *sink); /* is evidence about senders told? */
void sink_begin(struct sink *sink, const struct run_facts *run);
void sink_sender(struct sink *sink, const struct sender *sender, enum helo_origin origin,
    const char *note); /* note: why nothing was looked up, or NULL */
/* So many results will come of the target at that place, which is behind all before. */
void sink_expect(struct sink *sink, unsigned long place, size_t results);
bool sink_is_full(const struct sink *sink); /* too much waits for its turn: no more should come */
/* The addresses that are ours, of --redact. NULL: nobody is hidden. */
void sink_note_own(struct veil *veil, const struct journey *journey);
void sink_result(struct sink *sink, const struct journey *journey);
/* Of an earlier run, and told by it: only counted. */
void sink_known(struct sink *sink, const struct journey *journey);
void sink_flush(struct sink *sink); /* to be called now and then */
void sink_progress(struct sink *sink, const struct run_progress *progress);
void sink_tell_progress(struct sink *sink, const struct run_progress *progress);
/* now: milliseconds since the epoch; exit: the exit status, NULL while the run goes on. */
void sink_status(
    struct sink *sink, const struct run_progress *progress, int64_t now, const int *exit);
/* The summary in words, into `out`. */
void sink_sum_up(const struct sink *sink, struct buf *out, const struct text_style *style,
    const struct run_end *end);
int sink_exit(const struct sink *sink, const struct run_end *end); /* DESIGN.md section 2 */
int sink_finish(struct sink *sink, const struct run_end *end); /* the exit status */

#endif
