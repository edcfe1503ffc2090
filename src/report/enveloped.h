/* enveloped: what `isolate --isolate envelope` says: walks to RCPT in which one thing differed, and
 * how each was answered. Pure. */
#ifndef REPORT_ENVELOPED_H
#define REPORT_ENVELOPED_H

#include <stddef.h>

#include "isolate/kinds.h"
#include "report/isolated.h"

struct buf;
struct text_style;

enum { ENVELOPED_MAX = 6 }; /* walks */

enum envelope_change {
	ENVELOPE_AS_IT_IS,
	ENVELOPE_NULL_SENDER,
	ENVELOPE_SENDER,
	ENVELOPE_HELO,
	ENVELOPE_TLS,
	ENVELOPE_SOURCE,
	ENVELOPE_CHANGES
};
const char *envelope_change_name(enum envelope_change change); /* "null-sender" */

struct enveloped {
	const char *recipient, *mx;
	struct ip ip;
	uint16_t port;
	const char *cause; /* of the walk as it is; NULL: it was not refused */
	const struct kinds *kinds;
	struct enveloped_walk {
		enum envelope_change change;
		const char *value; /* the other name, address, "off"; NULL: as it is */
		enum course_outcome outcome;
		enum stage stage;
		const struct reply *reply; /* NULL: none came */
		const char *detail; /* why not; NULL */
	} walks[ENVELOPED_MAX];
	size_t count;
};

/* The change with which it was taken; AS_IT_IS: none was. */
enum envelope_change enveloped_finding(const struct enveloped *enveloped);

void record_enveloped(struct buf *out, const struct enveloped *enveloped);
void text_enveloped(struct buf *out, const struct text_style *style,
    const struct enveloped *enveloped, struct arena *arena);

#endif
