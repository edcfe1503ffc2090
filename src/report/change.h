/* change: what is another between two runs. Pure.
 *
 * What could not be told this time (a look-up that failed, this host that could not, a walk that
 * went less far) never overwrites what was known. What a text says is compared without the words
 * that have digits: ids and times change with every reply. */
#ifndef REPORT_CHANGE_H
#define REPORT_CHANGE_H

#include "report/report.h"

enum change_kind { /* in the order in which they are told */
	CHANGE_REFUSED,
	CHANGE_DEFERRED,
	CHANGE_FAILED, /* dropped, broken, unreachable, undeliverable */
	CHANGE_LISTED, /* on a list; a finding; a check that failed */
	CHANGE_CAUSE,
	CHANGE_LIST,
	CHANGE_TEXT,
	CHANGE_TLS,
	CHANGE_BETTER, /* put off, where it was refused or failed */
	CHANGE_CLEARED,
	CHANGE_NEW,
	CHANGE_GONE,
	CHANGE_NOT_TOLD,
	CHANGE_COUNT
};
const char *change_name(enum change_kind kind); /* the record's word */
const char *change_words(enum change_kind kind); /* the heading of a list of them */

struct change_state { /* of a target; text, list: NULL: none */
	bool known; /* it was in that run at all */
	enum walk_status status;
	enum stage stage; /* of one that was accepted, how far it was asked */
	int code;
	bool diagnosed;
	enum cause cause;
	enum tally_tls tls;
	const char *list, *text;
};

enum change_subject {
	SUBJECT_TARGET,
	SUBJECT_SENDER,
	SUBJECT_LISTING,
	SUBJECT_FINDING,
	SUBJECT_CHECK,
	SUBJECT_COUNT
};
const char *subject_name(enum change_subject subject); /* the record's word, and people's */

struct change {
	enum change_kind kind;
	bool worse;
	enum change_subject subject;
	const char *name; /* the target; or what it is about, in words */
	const char *source; /* NULL: not told apart */
	const struct change_state *old, *new; /* of a target; else NULL … */
	const char *was, *is; /* … and these words; NULL: nothing */
};

struct changes;
struct changes *changes_new(struct veil *veil, uint64_t secret); /* see report_plan */
void changes_free(struct changes *changes);

void changes_of_new(struct changes *changes); /* what is taken from here on is the later run's */
void changes_take(const struct record *record, void *changes); /* a record_taken */

typedef void change_told(const struct change *change, void *arg);
struct change_count {
	unsigned long of[CHANGE_COUNT], worse, same[SUBJECT_COUNT];
};
/* All of them, of one kind after the other, and in it in the order of the files. NULL: only
 * counted. */
struct change_count changes_tell(const struct changes *changes, change_told *told, void *arg);

/* The formats. */
void change_text(struct buf *out, const struct change *change);
void change_text_heading(
    struct buf *out, const struct text_style *style, enum change_kind kind, unsigned long count);
void change_text_count(
    struct buf *out, const struct text_style *style, const struct change_count *count);
void record_change(struct buf *out, const struct change *change);
void record_changes(struct buf *out, const struct change_count *count);

#endif
