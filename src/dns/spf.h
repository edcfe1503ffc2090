/* spf: RFC 7208, whole, over a book of answers. */
#ifndef DNS_SPF_H
#define DNS_SPF_H

#include <stdbool.h>
#include <stddef.h>

#include "dns/answer.h"

struct arena;
struct book;

enum spf_result { SPF_NONE, SPF_NEUTRAL, SPF_PASS, SPF_FAIL, SPF_SOFTFAIL, SPF_TEMPERROR, SPF_PERMERROR };

struct spf_query {
	struct ip ip;
	const char *from; /* reverse-path without brackets; "" or NULL: null, the identity is postmaster@helo (section 2.4) */
	const char *helo;
	const char *receiver; /* for %{r}; NULL: "unknown" */
	long long now; /* for %{t}, seconds since the epoch */
};

struct spf {
	enum spf_result result;
	const char *domain; /* the identity's domain that was checked */
	const char *record; /* its record as published, NULL if none */
	const char *matched; /* the term that decided, as written: "-all", "include:_spf.example.net"; NULL if none did */
	const char *matched_in; /* the domain whose record holds it */
	const char *explanation; /* exp= text of a fail, section 6.2; NULL if none */
	const char *problem; /* what is wrong and where, for temperror/permerror and for warnings ("12 look-ups, 10 are allowed: include:… in …"); NULL if nothing */
	unsigned lookups, voids; /* terms that cause DNS (4.6.4), void look-ups */
};

bool spf_check(struct book *book, struct arena *arena, const struct spf_query *query, struct spf *out); /* false: pending */
const char *spf_result_name(enum spf_result result); /* "pass" … */
bool spf_result_parse(const char *text, enum spf_result *result);

#endif
