/* spf_find: the one SPF record of a domain, read (RFC 7208 sections 4.3 to 4.6.1), or why there is
 * none. */
#ifndef AUTH_SPF_FIND_H
#define AUTH_SPF_FIND_H

#include "auth/spf_record.h"
#include "dns/answer.h"

struct arena;
struct book;

enum { SPF_QUOTE_MAX = 100 }; /* octets of a term that a sentence quotes */

struct spf_found {
	struct spf_record *record; /* NULL: none that can be used */
	enum spf_result result; /* without one: none, temperror or permerror */
	struct slice text; /* as published, read or not; empty: none, or several */
	const char *problem; /* a sentence, without a record */
	const char *server; /* that answered; NULL: nobody was asked, or did */
	uint32_t ttl; /* of its answer, seconds */
	size_t other_octets; /* of the other TXT records at the name, which come with it */
};

/* False: pending. */
bool spf_find(struct book *book, struct arena *arena, const char *domain, struct spf_found *out);

const char *spf_quote(struct slice text, struct arena *arena); /* shortened, and printable */

#endif
