/* report: the records of runs that are over → a report, in whatever format. Pure.
 *
 * Of each target (and source, where a run was given several) the last record counts. A format is a
 * table of what it has to say, as for a run (report/sink.h): one that tells rows tells them as they
 * come, when the records pass a second time; others say all at the end, from what was counted and
 * kept. To add a format is to write one such table. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "base/buf.h"
#include "report/overview.h"
#include "report/read.h"
#include "report/row.h"
#include "report/text.h"

struct changes;
struct ledger;
struct lists;
struct remedies;
struct thresholds;
struct veil;

enum {
	REPORT_ROWS = 500, /* of each status, that are kept for a format that shows some */
	REPORT_RUNS = 100, /* runs, senders and checks that are told of one by one */
	REPORT_SENDERS = 1000,
	REPORT_CHECKS = 1000,
	REPORT_CERTIFICATES = 50,
};

enum { REPORT_TIMES = 8 };
extern const int report_times[REPORT_TIMES]; /* milliseconds; the last is beyond all */

struct report_run {
	const char *version, *options, *nameservers; /* options: in one line */
	int64_t started, ms; /* ms 0: no end was written */
	bool ended, interrupted;
	unsigned long bad_input;
};

struct report_listing {
	bool black; /* it is bad to be on it */
	const char *list, *name, *item, *identity, *state, *meaning, *url;
};

struct report_finding {
	const char *id, *topic, *severity, *what, *evidence, *refused_by, *who, *advice, *url;
	const char *records[2]; /* to publish; NULL: none */
};

struct report_sender { /* as the last record of it says; strings are never NULL but where said */
	const char *ip, *helo, *from; /* from: "" is the null reverse-path */
	const char *ptr, *fcrdns, *spf, *dkim, *dmarc; /* results; NULL: not known */
	bool complete;
	struct report_listing *listings;
	size_t listing_count;
	struct report_finding *findings; /* none: it was no `self` */
	size_t finding_count;
	struct arena *arena; /* of all but who it is */
};

struct report_check { /* of `check`, or of preflight */
	const char *check, *subject, *result;
	const char *problem; /* NULL: none; else the gravest that was found */
	enum walk_status status; /* what a walk would be that came to as much */
	struct report_finding *findings; /* that are not good */
	size_t finding_count;
	struct report_outlook { /* of a message: what each receiver would do */
		const char *name, *outlook, *codes;
	} * outlooks;
	size_t outlook_count;
	struct arena *arena; /* of all but `check` and `subject` */
};

struct report_row { /* kept */
	struct result_row row;
	uint64_t key;
};

struct report_plan { /* borrowed */
	bool (*write)(struct buf *bytes, void *arg); /* as the sink's */
	void *write_arg;
	const struct remedies *remedies;
	const struct thresholds *thresholds; /* of a monitoring system; NULL: none were given */
	unsigned only; /* bits 1 << walk_status of rows that are told; 0: all */
	struct text_style style;
	int64_t now; /* milliseconds since the epoch: for what expires */
	struct veil *veil; /* takes our own addresses, as they come; NULL: they are no secret */
	const struct lists *lists; /* for the pages of blocklists; NULL: none are linked */
	const struct changes *changes; /* since the files before the last; NULL: there is one */
	const char *command; /* that made it, for whoever reads it */
	uint64_t secret; /* base/table.h */
};

struct report;

struct report_format { /* NULL: nothing is said of that */
	bool passes_again; /* it tells rows: records pass once for counting, once for telling */
	bool keeps_rows;
	void (*begin)(struct report *report);
	void (*row)(struct report *report, const struct result_row *row);
	/* Gets each result whole, in the place of rows: no target's last record counts more. */
	void (*result)(struct report *report, const struct journey *journey);
	void (*finish)(struct report *report);
	int (*exit)(const struct report *report); /* NULL: EXIT_OK */
};

extern const struct report_format report_text, report_csv, report_domains, report_markdown,
    report_prometheus, report_junit, report_nagios, report_html, report_tlsrpt;

struct report {
	const struct report_format *format;
	const struct report_plan *plan;
	struct arena *arena; /* of all that is kept */
	struct arena *line; /* of one record */
	struct tally tally;
	struct ledger *last; /* by target: the cell of its last record; or how many are to come, and
	                      * whether its name was told */
	struct ledger *once; /* what a format tells once only */
	bool by_source; /* the run at hand was given a source */
	bool telling; /* the records pass again */
	unsigned long replaced; /* records that a later one replaced */
	unsigned long told; /* rows */
	unsigned long lost_senders, lost_checks; /* beyond those that are kept */

	struct report_run *runs;
	size_t run_count, run_total;
	struct report_sender *senders;
	size_t sender_count;
	struct report_check *checks;
	size_t check_count;
	struct report_row *rows[WALK_COUNT];
	size_t row_count[WALK_COUNT];
	struct report_certificate { /* those that end first, by their end */
		const char *mx;
		int64_t ends;
	} certificates[REPORT_CERTIFICATES];
	size_t certificate_count;
	int64_t first, latest; /* when the first and the latest of the runs began; 0: not known */
	unsigned long
	    quick[REPORT_TIMES]; /* walks, by the least of report_times that they kept to */
	long long walks_ms; /* in all */

	/* Of a format that passes again: how many rows have that status, of all, and of explain's
	 * those that will be told. */
	unsigned long coming[WALK_COUNT], coming_explained;
	struct report_tlsrpt *tlsrpt; /* report_tlsrpt.c's: recipient domains */
	size_t tlsrpt_count;
	struct overview overview; /* at the end */
	struct buf out;
	struct buf kept; /* what a format keeps for the end */
	bool failed; /* something could not be written: there is no use in going on */
};

void report_init(
    struct report *report, const struct report_format *format, const struct report_plan *plan);
void report_release(struct report *report);

void report_take(const struct record *record, void *report); /* a record_taken */
void report_again(struct report *report); /* the records pass a second time from here */
int report_finish(struct report *report); /* the exit status */

void report_text_words(const struct report *report, struct buf *out); /* all of it, for people */
void report_flush(struct report *report); /* writes what is in `out` */
void report_write(struct report *report, struct buf *bytes); /* at once, and empties it */
/* False: of that name it was said already, while rows were told. */
bool report_once(struct report *report, struct slice name);
/* Why, in a few words: the cause, its list, the basis; or what was noted, or how it ended. */
void report_reason(struct buf *out, const struct result_row *row);

#endif
