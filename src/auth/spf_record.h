/* spf_record: the grammar of an SPF record (RFC 7208 sections 4.5, 4.6.1, 5, 6). Reads; evaluates
 * nothing. */
#ifndef AUTH_SPF_RECORD_H
#define AUTH_SPF_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/spf.h"
#include "auth/spf_macro.h"
#include "base/ip.h"

struct arena;

enum { SPF_RECORD_MAX = 65535 }; /* octets: no TXT record can be longer, but a replay file can */

enum spf_kind { SPF_ALL, SPF_INCLUDE, SPF_A, SPF_MX, SPF_PTR, SPF_IP4, SPF_IP6, SPF_EXISTS };

struct spf_term { /* a directive: qualifier and mechanism */
	enum spf_kind kind;
	enum spf_result qualifier; /* what a match means */
	bool asks; /* counts among the ten terms that cause DNS look-ups (4.6.4) */
	struct slice text; /* as written */
	struct slice target; /* its domain-spec; empty: the domain of the record */
	struct ip net; /* of ip4 and ip6. An ip6 network that is an IPv4-mapped one stays IPv6: it
	                  matches no IPv4 client (section 5) */
	unsigned bits4, bits6; /* prefix lengths; ip4 and ip6 set the one that is theirs */
};

struct spf_modifier {
	struct slice text; /* as written; empty: not there */
	struct slice target;
};

struct spf_record {
	struct spf_term *terms; /* in the order written */
	size_t count;
	struct spf_modifier redirect, exp;
	struct slice misread; /* the first "ip4=…", "include=…": valid as an unknown modifier, and
	                         so without effect; empty: none */
};

struct spf_fault {
	struct slice term;
	const char *why; /* in the arena or static; for people */
};

bool spf_record_is(
    struct slice text); /* begins with "v=spf1" and then a space or nothing (section 4.5) */
/* Reads a text for which spf_record_is holds; slices point into it. False: `fault` names the first
 * term that is wrong. */
bool spf_record_parse(
    struct slice text, struct arena *arena, struct spf_record *out, struct spf_fault *fault);

#endif
