/* tls_rpt: where a domain wants reports on TLS to be sent (RFC 8460 section 3). Pure: over a book.
 */
#ifndef EVIDENCE_TLS_RPT_H
#define EVIDENCE_TLS_RPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/notes.h"
#include "base/slice.h"

struct arena;
struct book;

enum { TLS_RPT_URIS_MAX = 50 };

enum tls_rpt_state {
	TLS_RPT_ABSENT,
	TLS_RPT_UNKNOWN, /* the look-up failed */
	TLS_RPT_BAD, /* several records, or one that does not parse: none, for who reports */
	TLS_RPT_GOOD,
};
const char *tls_rpt_state_name(enum tls_rpt_state state); /* "none" "unknown" "invalid" "valid" */

struct tls_rpt { /* strings in the arena, or static; NULL: not known */
	const char *domain;
	enum tls_rpt_state state;
	const char *problem;
	const char *record;
	size_t record_len;
	const char *rua[TLS_RPT_URIS_MAX]; /* that reports can be sent to: mailto and https */
	size_t rua_count;
	const char *server; /* that gave the record */
	unsigned ttl;
	struct notes findings;
};

bool tls_rpt_is(struct slice text); /* begins with "v=TLSRPTv1;": all others are passed over */
/* Of a text that begins so: NULL, `rua` and what is odd, or what is wrong with it. */
const char *tls_rpt_parse(struct slice text, struct arena *arena, struct tls_rpt *out);

bool tls_rpt_look_up(
    struct book *book, struct arena *arena, const char *domain, struct tls_rpt *out);

#endif
