/* identify: who a sender says it is: the name in EHLO and the reverse-path, where the user gave
 * none. */
#ifndef EVIDENCE_IDENTIFY_H
#define EVIDENCE_IDENTIFY_H

#include "evidence/ptr.h"

struct arena;
struct book;

enum helo_origin { HELO_GIVEN, HELO_PTR, HELO_HOSTNAME, HELO_LITERAL };
const char *helo_origin_name(enum helo_origin origin); /* "given" "ptr" "hostname" "literal" */

struct identity_query {
	struct ip ip; /* that receivers see */
	const char *helo, *from; /* given; NULL: to be found. from: "" is the null reverse-path */
	const char *author; /* domain of the From field, for a reverse-path; NULL: not known */
	const char *hostname; /* of this host, if it is a full one; NULL or "": it is not */
};

struct identity {
	const char *helo, *from;
	enum helo_origin origin;
	struct ptr ptr; /* not looked up where HELO was given */
};

/* HELO is what was given; else the confirmed PTR name; else this host's; else the address in
 * brackets. MAIL FROM is what was given, else postmaster at the author's domain or the HELO name.
 * False: pending; `out` then has the brackets and the null reverse-path, which ask nothing. */
bool identify(struct book *book, struct arena *arena, const struct identity_query *query,
    struct identity *out);

/* The choice by itself, by `out->ptr` as far as it is known: when the time for it has run out. */
void identity_settle(const struct identity_query *query, struct arena *arena, struct identity *out);

#endif
