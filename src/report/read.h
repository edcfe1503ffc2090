/* read: our own NDJSON back into values (man/mxwalk-ndjson.5): what --resume, report and diff stand
 * on. Pure: bytes come in, records go out.
 *
 * Nothing that a file may hold is fatal: a line that is torn off, too long, of a later schema or of
 * another program is counted and passed over, and so is what a record has beside what is known
 * here. */
#ifndef REPORT_READ_H
#define REPORT_READ_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/json_scan.h"
#include "journey.h"
#include "report/run.h"

struct buf;

enum record_type {
	RECORD_RUN,
	RECORD_SENDER,
	RECORD_RESULT,
	RECORD_SUMMARY, /* of a run; … */
	RECORD_EXPLAINED, /* … of explain */
	RECORD_EXPLANATION,
	RECORD_CHECK,
	RECORD_PREFLIGHT,
	RECORD_FINDING,
	RECORD_RULE,
	RECORD_TYPE_COUNT
};
const char *record_type_name(enum record_type type); /* the record's word */

struct record { /* valid while it is being taken */
	enum record_type type;
	unsigned schema;
	bool cut; /* it was too long to be written whole */
	json_t *members; /* all that it says; NULL: see `found` */
	/* Of a reader that scans: the members of a result or an explanation, as they are written.
	 */
	const struct json_member *found;
	size_t found_count;
	/* The value of that type; the others are empty. */
	struct run_facts run;
	struct journey result;
	struct record_summary {
		unsigned long targets, served, status[WALK_COUNT], cause[CAUSE_COUNT];
		unsigned long asked[STAGE_COUNT];
		struct run_end end;
	} summary;
};

/* Members of any record, by name. */
const char *record_word(const struct record *record, const char *name); /* NULL: none, or null */
long long record_number(const struct record *record, const char *name, long long otherwise);

/* As it was written, with its line end; what is known of it is written from its value. */
void record_again(struct buf *out, const struct record *record);

struct records_read { /* lines */
	unsigned long records; /* taken */
	unsigned long empty;
	unsigned long foreign; /* JSON of another kind, or none at all */
	unsigned long unknown; /* of a type that is not known here: a later version's */
	unsigned long later; /* of a later schema: taken all the same */
	unsigned long too_long;
	bool torn; /* the last line has no end, and is no whole record: not taken */
	unsigned long long good; /* octets up to the end of the last whole line */
};
void records_words(struct buf *out, const struct records_read *read); /* what was passed over, as
                                                                         words; "" when nothing */

typedef void record_taken(const struct record *record, void *arg);

struct records;
struct records *records_new(record_taken *taken, void *arg);
/* For results by the million: they and explanations are looked through, but no tree is made of them
 * and no value (base/json_scan.h; report/row.h reads them). */
struct records *records_new_scanning(record_taken *taken, void *arg);
void records_feed(struct records *records, const char *bytes, size_t len);
const struct records_read *records_end(struct records *records); /* no more will come */
void records_free(struct records *records);

#endif
