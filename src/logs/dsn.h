/* dsn: a delivery status (RFC 3464, and what is written like one) → what it says of each
 * recipient. Fields may stand in any order; a field that comes a second time begins another
 * recipient, also where the empty line is missing. */
#ifndef LOGS_DSN_H
#define LOGS_DSN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct arena;

enum { DSN_RECIPIENTS_MAX = 1000 }; /* more are left out */

enum dsn_action { DSN_ACTION_NONE, DSN_FAILED, DSN_DELAYED, DSN_NO_FAILURE };

struct dsn_recipient { /* strings in the arena; NULL: the field is not there */
	const char *final, *original; /* addresses, without their type */
	enum dsn_action action;
	const char *status; /* "5.1.1" */
	const char *comment; /* behind the status, or in brackets there: words of the reporter */
	const char *remote, *remote_ip; /* Remote-MTA: the name, else the address */
	const char *type, *diagnostic; /* Diagnostic-Code: "smtp" in lower case; "" */
	const char *last_attempt, *retry_until; /* as written */
};

struct dsn {
	struct dsn_recipient *recipients;
	size_t count;
	const char *reporter, *queue_id, *arrival;
};

/* Adds what the text holds. True: some recipient was in it. */
bool dsn_read(struct slice text, struct arena *arena, struct dsn *dsn);
/* Does it have a field that only delivery statuses have? For texts that quote one. */
bool dsn_is(struct slice text);

/* "mx.example.com (192.0.2.1) (TCP|…)", "[192.0.2.1]": the name in lower case, else the address;
 * NULL: neither. */
const char *host_read(struct slice value, struct arena *arena, const char **ip);
/* "connect to mx.example.com[192.0.2.1]:25: Connection refused": the host that a sending system
 * tried, by its own words, with the address that stands behind it; NULL: none. */
const char *host_tried(struct slice words, struct arena *arena, const char **ip);

#endif
