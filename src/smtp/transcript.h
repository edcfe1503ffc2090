/* transcript: what was said and heard, in order (the record's `transcript[]`). */
#ifndef SMTP_TRANSCRIPT_H
#define SMTP_TRANSCRIPT_H

#include <stddef.h>

#include "smtp/reply.h"
#include "smtp/stage.h"

struct transcript_entry {
	enum stage stage;
	const char *sent; /* without CRLF; NULL when we only listened; message data is summed up:
	                     "(message, 812 octets)" */
	struct reply reply; /* count 0: none came */
	long ms; /* from sending (or connecting) to the end of the reply */
	bool tls; /* said under TLS */
};

struct transcript {
	struct transcript_entry *entries; /* in the dialogue's arena */
	size_t count;
};

#endif
