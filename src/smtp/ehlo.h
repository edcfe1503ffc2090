/* ehlo: what a server offers in its EHLO reply (RFC 5321 section 4.1.1.1). Forgotten and read anew
 * after STARTTLS (RFC 3207 section 4.2). */
#ifndef SMTP_EHLO_H
#define SMTP_EHLO_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ip.h"

struct arena;
struct reply;

enum { EHLO_KEYWORDS_MAX = 64 };

struct ehlo {
	const char *host; /* the name it gives itself: first word of the first line; NULL if none */
	struct ip client; /* an address in those words: ours, as the server sees it; family 0 if
	                     there is none */
	const char *greets; /* the rest of the first line: often our address as the server sees it;
	                       NULL if none */
	bool starttls, pipelining, chunking, mime8bit, smtputf8, enhanced, dsn, requiretls;
	bool size_offered;
	unsigned long long
	    size; /* 0: no fixed limit given (RFC 1870 section 4), or one that is no number */
	const char *auth; /* mechanisms as sent, "" if none is named, NULL if not offered; the first
	                     such line, "AUTH=" too */
	const char *limits; /* RFC 9422, NULL if not offered */
	const char **keywords; /* the lines after the first that are not empty, without blanks
	                          around; the first EHLO_KEYWORDS_MAX, though all are heeded */
	size_t keyword_count;
};

/* A reply that is no 2yz offers nothing. Keywords in any case of letters. All strings are in the
 * arena. */
void ehlo_read(const struct reply *reply, struct arena *arena, struct ehlo *out);

/* The number behind "NAME=" of LIMITS (RFC 9422); 0: it names none. */
unsigned long ehlo_limit(const struct ehlo *ehlo, const char *name);

#endif
