/* spf: RFC 7208, whole, over a book of answers; with RFC 8616 for addresses that are not ASCII.
 *
 * While an answer is missing, the questions of the terms behind are asked as well, so that a live
 * evaluation takes few rounds. */
#ifndef AUTH_SPF_H
#define AUTH_SPF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/notes.h"
#include "dns/answer.h"

struct arena;
struct book;

enum spf_result {
	SPF_NONE,
	SPF_NEUTRAL,
	SPF_PASS,
	SPF_FAIL,
	SPF_SOFTFAIL,
	SPF_TEMPERROR,
	SPF_PERMERROR
};

struct spf_query {
	struct ip ip;
	const char *from; /* reverse-path without brackets; "" or NULL: null, the identity is
	                     postmaster@helo (section 2.4) */
	const char *helo;
	const char *receiver; /* for %{r}; NULL: "unknown" */
	long long now; /* for %{t}, seconds since the epoch */
	bool survey; /* look at the terms behind the one that matched, too: warns of what another
	                address would meet. Costs look-ups */
};

struct spf_step { /* a term on the way to the result, as written, and the domain whose record holds
	             it */
	const char *term, *domain;
};

struct spf {
	enum spf_result result;
	const char *domain; /* the identity's domain that was checked */
	const char *record; /* its record as published, NULL if none */
	const char *matched; /* the term that decided, as written: "-all",
	                        "include:_spf.example.net"; NULL if none did */
	const char *matched_in; /* the domain whose record holds it */
	const char *explanation; /* exp= text of a fail, section 6.2; NULL if none */
	const struct spf_step *trail; /* redirect and include terms that led to the result, then the
	                                 term that gave it */
	size_t trail_count;
	const char
	    *problem; /* what is wrong and where, for none, temperror and permerror; NULL else */
	struct notes warnings; /* what is unwise or fragile, whatever the result */
	unsigned lookups; /* terms that cause DNS, of SPF_LOOKUPS_MAX */
	const char
	    *server; /* that answered for the record, or that there is none; NULL if none did */
	uint32_t ttl; /* of its answer, seconds */
	unsigned voids; /* of them, those with a question that had no answer, of SPF_VOIDS_MAX */
};

/* Limits of section 4.6.4. Recursion is bounded by the first, as include and redirect count. A term
 * is void once, however many of its questions were. */
enum {
	SPF_LOOKUPS_MAX = 10,
	SPF_VOIDS_MAX = 2,
	SPF_MX_MAX = 10,
	SPF_PTR_MAX = 10,
	SPF_EXPLANATION_MAX = 4096
};

bool spf_check(struct book *book, struct arena *arena, const struct spf_query *query,
    struct spf *out); /* false: pending */
const char *spf_result_name(enum spf_result result); /* "pass" … */
bool spf_result_parse(const char *text, enum spf_result *result);

#endif
