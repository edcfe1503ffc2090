/* isolated: what `isolate` says of a message, as a value: command/isolate.c fills it,
 * ndjson_isolate.c writes and text_isolate.c words it. Pure. */
#ifndef REPORT_ISOLATED_H
#define REPORT_ISOLATED_H

#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "isolate/course.h"
#include "isolate/kinds.h"
#include "report/run.h"
#include "smtp/reply.h"
#include "smtp/stage.h"

struct buf;
struct json;
struct text_style;

enum { ISOLATED_LIKELY = 5 }; /* reasons that are listed */

struct isolated_test { /* one message, as it was answered */
	enum course_say say;
	part_set sent;
	enum course_outcome outcome;
	enum stage stage;
	const struct reply *reply; /* count 0: none came */
	const char *detail; /* why there is no reply; NULL */
	int64_t at; /* milliseconds since the epoch */
	const char *cause; /* of a refusal; NULL: none */
};

struct isolated { /* borrowed */
	const char *run; /* in the tag of each message */
	struct run_facts facts; /* `given` tells the message from others */
	bool is_unsigned; /* the message was signed, and none that is sent is */
	const struct hints *hints; /* what was found before anything was sent */
	const char *recipient, *mx;
	struct ip ip, source;
	uint16_t port;
	const struct pieces *pieces;
	const struct kinds *kinds;
	const struct course *course;
	enum course_end end; /* GOES_ON: interrupted */
	const struct isolated_test *tests; /* course->count of them */
	struct suspect likely[ISOLATED_LIKELY]; /* best first */
	size_t likely_count;
	const char *cause; /* of the refusal of the whole message; NULL: it was not refused */
};

const char *course_end_name(enum course_end end); /* "found" … as in records */
const char *course_outcome_name(enum course_outcome outcome);
const char *course_say_name(enum course_say say);

/* "the links to shop.example and the subject together", in the arena. */
const char *isolated_suspect(
    const struct isolated *isolated, const struct suspect *suspect, struct arena *arena);

/* What to do; NULL: nothing to say. In the arena. */
const char *isolated_advice(const struct isolated *isolated, struct arena *arena);

void record_isolate_reply(struct json *json, const struct reply *reply); /* NULL: nothing */
void text_isolate_reply(struct buf *out, const struct reply *reply, enum stage stage);

/* Before anything is sent. */
void record_isolate_plan(struct buf *out, const struct isolated *isolated);
void text_isolate_plan(struct buf *out, const struct text_style *style,
    const struct isolated *isolated, struct arena *arena);
void record_isolate_test(struct buf *out, const struct isolated *isolated, unsigned number);
void record_isolate(struct buf *out, const struct isolated *isolated, struct arena *arena);
void text_isolate_test(struct buf *out, const struct text_style *style,
    const struct isolated *isolated, unsigned number, struct arena *arena);
void text_isolate(struct buf *out, const struct text_style *style, const struct isolated *isolated,
    struct arena *arena);

#endif
