/* route: which hosts take mail for a domain (RFC 5321 section 5.1, RFC 7505). Pure: over a book. */
#ifndef EVIDENCE_ROUTE_H
#define EVIDENCE_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/answer.h"

struct arena;
struct book;

enum route_kind {
	ROUTE_MX, /* there are mail exchangers */
	ROUTE_IMPLICIT, /* no MX record: the domain's own addresses, preference 0 */
	ROUTE_NULL_MX, /* "MX 0 .": takes no mail */
	ROUTE_NO_DOMAIN, /* NXDOMAIN */
	ROUTE_NO_ADDRESS, /* the domain exists but has neither MX nor address; or MX hosts without
	                     any address */
	ROUTE_OTHER_FAMILY, /* there are addresses, but none of the one family that was wanted */
	ROUTE_FIXED, /* the server was given: no MX was asked for */
	ROUTE_DNS_ERROR, /* SERVFAIL, time-out, REFUSED…: unknown, never "absent" */
};

struct route_host {
	const char *name;
	uint16_t preference;
	bool alias; /* the MX names a CNAME: outside the standard, followed */
	const char *canonical; /* behind the CNAME, else = name */
	bool asked[2]; /* A, AAAA */
	enum dns_rcode rcode[2]; /* of A and AAAA (NOERROR when not asked) */
	const struct ip
	    *addresses; /* in the resolver's order, IPv6 and IPv4 as asked: IPv6 first */
	size_t address_count;
	const char *problem; /* static or arena: why it has no address ("no such name", "no
	                        address", "A: SERVFAIL"), or which look-up failed where another
	                        one gave some; NULL when fine */
};

struct route {
	enum route_kind kind;
	const char *domain; /* as asked, in our form */
	const char *canonical; /* behind a CNAME of the domain, else = domain */
	bool authentic; /* the MX answer had AD */
	const char *server; /* that gave it; NULL if none did */
	uint32_t ttl; /* of its answer, seconds */
	struct route_host *hosts; /* by preference, equal ones shuffled; hosts without address are
	                             kept, with their problem */
	size_t host_count;
	bool null_mx_mixed; /* a null MX among others: misconfigured; the others count */
	const char *problem; /* arena: a sentence for people when no host can be asked, or a
	                        warning; else NULL */
};

enum route_family { ROUTE_BOTH, ROUTE_V4, ROUTE_V6 };

/* `seed` orders equal preferences (RFC 5321 5.1: MUST be randomised): the same seed gives the same
 * order, in whatever order the DNS gave them. False: pending, and `out` is not to be read. At most
 * 64 hosts and 16 addresses a host are kept; how many there were is said in `problem`. A host named
 * twice counts by its better preference. ROUTE_IMPLICIT's one host is `canonical`. */
bool route_find(struct book *book, struct arena *arena, const char *domain,
    enum route_family family, uint64_t seed, struct route *out);

/* The way to a server that was given, a name or an address: its addresses as they are, preference
 * 0. ROUTE_FIXED, ROUTE_NO_ADDRESS, ROUTE_OTHER_FAMILY or ROUTE_DNS_ERROR. False as above. */
bool route_fixed(struct book *book, struct arena *arena, const char *host, enum route_family family,
    struct route *out);

/* "mx" "implicit-mx" "null-mx" "nxdomain" "no-address" "other-family" "fixed" "dns-error" */
const char *route_kind_name(enum route_kind kind);

#endif
