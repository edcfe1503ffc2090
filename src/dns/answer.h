/* answer: what the DNS said to one question, as a value. Kept apart from how it is read off the
 * wire (wire.h) and where it is filed (book.h). */
#ifndef DNS_ANSWER_H
#define DNS_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"

enum dns_type {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_TLSA = 52
};

/* Wire values where the wire has one. TIMEOUT: no server answered. GARBLED: what came is no DNS
 * message that we can read. REFUSED and NOTIMP: what the server(s) said. */
enum dns_rcode {
	DNS_NOERROR = 0,
	DNS_FORMERR = 1,
	DNS_SERVFAIL = 2,
	DNS_NXDOMAIN = 3,
	DNS_NOTIMP = 4,
	DNS_REFUSED = 5,
	DNS_TIMEOUT = 256,
	DNS_GARBLED = 257
};

struct arena;

struct dns_text { /* one character-string, or several joined */
	const char *bytes; /* NUL-terminated behind len; may hold NULs */
	size_t len;
};

struct dns_record { /* the type is the answer's; names are in the form of name.h */
	uint32_t ttl; /* seconds */
	union {
		struct ip address; /* A, AAAA */
		const char *name; /* NS, CNAME, PTR */
		struct {
			uint16_t preference;
			const char *host; /* "" is the root: null MX (RFC 7505) */
		} mx;
		struct {
			const struct dns_text *strings; /* as sent: one record may have several */
			size_t count;
			struct dns_text joined; /* all of them, no space between (RFC 7208 3.3) */
		} txt;
		struct {
			const char *mname, *rname;
			uint32_t serial, refresh, retry, expire, minimum;
		} soa;
		struct {
			uint8_t usage, selector, matching;
			struct dns_text data; /* raw bytes */
		} tlsa;
	} u;
};

struct answer {
	const char *name; /* as asked */
	enum dns_type type;
	enum dns_rcode rcode;
	bool authentic; /* AD was set */
	uint32_t ttl; /* seconds: the least in the chain; for a negative answer the SOA's (RFC 2308
	                 section 5), 0 for a failure */
	const char
	    *server; /* who said so: "192.0.2.53", "192.0.2.53:5300", "replay"; NULL if nobody */
	const char *canonical; /* the name behind the CNAMEs; equals `name` when there are none */
	const struct dns_record
	    *records; /* of the asked type, in the order received; CNAMEs are followed */
	size_t count;
};

/* The three truths. ABSENT is only what the DNS says: NXDOMAIN, or NOERROR without a record.
 * Everything else that has no record is UNKNOWN. */
enum truth { UNKNOWN, ABSENT, PRESENT };
enum truth answer_truth(const struct answer *answer);

/* Its records, and all that they borrow, in the arena; NULL when there are none. */
const struct dns_record *answer_records(const struct answer *answer, struct arena *arena);

const char *dns_type_name(enum dns_type type); /* "MX" */
bool dns_type_parse(const char *text, enum dns_type *type); /* any case */
const char *dns_rcode_name(
    enum dns_rcode rcode); /* "NXDOMAIN", "TIMEOUT", … "RCODE" for one that we do not know */
bool dns_rcode_parse(const char *text, enum dns_rcode *rcode);

#endif
