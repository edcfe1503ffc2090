/* logline: one line of a mail server's log → what was said, to whom, by whom. Pure and without
 * memory: what takes several lines (replies, bounces, NDJSON, CSV) is put together in maillog.h.
 *
 * A line is only taken for what its own words show: a reply is what stands behind the words that
 * this server puts before one. What merely looks like a log is OTHER. */
#ifndef LOGS_LOGLINE_H
#define LOGS_LOGLINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "smtp/stage.h"

struct arena;
struct tls_failure;

enum said_by {
	SAID_BY_UNKNOWN, /* the words alone tell, if anything does */
	SAID_BY_SERVER, /* the reply of the server that was to take the mail */
	SAID_BY_SENDER, /* the sending system's own verdict: no such host, timed out, too large */
	SAID_BY_LIST, /* a mailing list, or a group service */
};

struct refusal { /* strings are borrowed from what was read, or in the arena; NULL or 0 when it does
	          not say */
	const char *text; /* the reply, or the words of who gave up: lines joined by LF */
	size_t len;
	enum stage stage;
	enum said_by said_by;
	int code; /* 0: as in the text */
	const char *enhanced; /* for where the text has none */
	const char *recipient; /* as written, without <> */
	const char *relay; /* the server that said it, or was talked to: a name, else an address */
	const char *relay_ip;
	const char *reporter; /* the system that tells of it, where that is another */
	const char *queue_id;
	const char *time; /* as written */
	const char *id, *provider; /* only NDJSON has them */
	bool inbound; /* what this server refused to a client */
	bool deferred; /* it is tried again: not the last word */
	unsigned long line; /* where it begins, from 1; 0: not counted */
	/* No refusal, but … */
	bool sent; /* … a delivery that went through: recipient and queue_id say which */
	const struct tls_failure *tls; /* … what a report on TLS tells (tls_report.h); NULL: none */
	struct slice packed; /* … such a report, compressed; empty: none */
};

enum logline {
	LOGLINE_OTHER, /* no form that we know */
	LOGLINE_SILENT, /* a log's line that tells of no refusal */
	LOGLINE_SENT, /* a delivery that went through: recipient and queue_id say which */
	LOGLINE_REPLY, /* a refusal: a server's reply, or the sending system's own verdict */
};

enum logline logline_read(const char *line, size_t len, struct arena *arena, struct refusal *out);

/* The code [45]NN that a reply begins with, behind it the end, a space or a hyphen; 0: none. */
int logline_code(const char *text, size_t len);
/* Octets of the enhanced code ("5.7.1") that the text begins with; 0: none. */
size_t logline_enhanced(const char *text, size_t len);
/* "RCPT TO:<user@example.com>", "end of DATA", "connection": the stage whose reply it is;
 * STAGE_NONE if none is meant. */
enum stage logline_stage(const char *command, size_t len);
/* The domain of an address, in lower case and in the arena; NULL if it has none, or what is there
 * is none. */
const char *logline_domain(const char *address, struct arena *arena);

#endif
