/* row: a result, or a refusal that `explain` read, in short: what tables, lists and counts need of
 * it. Pure.
 *
 * It is read from a scanned record (report/read.h): all slices are the record's, or in the arena.
 */
#ifndef REPORT_ROW_H
#define REPORT_ROW_H

#include <stdint.h>

#include "report/tally.h"

struct arena;
struct record;

struct result_row { /* `at` NULL, and 0: it does not say */
	bool explained; /* read by explain: it has a code, a text and a cause, and hardly more */
	struct slice target, domain, rcpt, source, site;
	enum walk_status status;
	enum stage stage, asked;
	long long code;
	struct slice enhanced, text; /* of the reply that decided */
	struct slice note; /* on a status without a reply */
	bool diagnosed;
	enum cause cause;
	enum basis basis;
	enum who who;
	struct slice list, provider, advice, url, rule, evidence; /* evidence: the array */
	struct slice suppress; /* of an explanation: "yes" "retry" "no" */
	struct slice meaning; /* of an end without a reply */
	bool served, uncertain;
	struct slice started;
	long long ms;
	/* Of the attempt that decided. */
	struct slice mx, ip, tls, verify, not_after;
	struct slice ending; /* how it ended without a reply: in words, or one of a set */
	enum tally_tls tls_class;
	bool hybrid, near_end;
	enum tally_dane dane;
	enum tally_sts sts;
};

enum row_detail { ROW_KEY, ROW_WHOLE }; /* ROW_KEY: of a result, `target` and `source` */

/* False: it is none, or of a status that this version does not know. */
bool row_read(struct result_row *row, const struct record *record, enum row_detail detail,
    struct arena *arena);

struct tally_entry row_entry(const struct result_row *row);
/* What it is the last word on: the target, and its source where `by_source`. */
uint64_t row_key(const struct result_row *row, bool by_source);

/* What a table of rows shows, copied; the rest is empty, and of the text ROW_TEXT octets are left.
 */
enum { ROW_TEXT = 400 };
void row_copy(struct result_row *to, const struct result_row *from, struct arena *arena);

#endif
