/* received: what servers wrote down of who brought them a message: its Received fields (RFC 5321
 * section 4.4, and the forms that Postfix, Exim, Sendmail, qmail, Exchange and the large receivers
 * have made of them). Pure.
 *
 * What a server saw of its client counts, and what the client said of itself (HELO) never does: an
 * address is taken only from where the server puts it. */
#ifndef MAIL_RECEIVED_H
#define MAIL_RECEIVED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ip.h"

struct arena;

enum {
	RECEIVED_FIELDS_MAX = 50, /* from the top; what lies below is not looked at */
	RECEIVED_OCTETS_MAX = 4000, /* of one field */
	RECEIVED_NAME_MAX = 255,
};

struct received { /* one hop; a name is NULL where there is none, or none that is fit to be shown */
	struct ip client; /* the address that the server saw; family 0: it names none */
	const char *helo; /* what the client said */
	const char *ptr; /* the name that the server found for the address */
	const char *by; /* the server */
	bool submitted; /* the client had logged in (RFC 3848: ESMTPA, ESMTPSA …): a mail program or
	                   a smart host's customer, nobody whom a receiver judges */
};

void received_read(const char *value, size_t len, struct arena *arena,
    struct received *out); /* the value of one field, folded or not */
size_t received_trace(const char *message, size_t len, struct arena *arena,
    struct received **out); /* those of a message (CRLF line ends), the latest hop first;
                               returns how many */

#endif
