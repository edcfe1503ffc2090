/* ip: an IPv4 or IPv6 address as a value. An IPv4-mapped IPv6 address (::ffff:0:0/96) is taken as
 * IPv4 everywhere (RFC 7208 section 5). */
#ifndef BASE_IP_H
#define BASE_IP_H

#include <stdbool.h>
#include <stddef.h>

enum { IP_TEXT = 46 }; /* room for the longest text and its NUL */

struct ip {
	unsigned char family; /* 0: none, 4 or 6 */
	unsigned char bytes[16]; /* network order; IPv4 in the first four */
};

bool ip_parse(struct ip *ip,
    const char *text); /* dotted quad or RFC 4291 text; no scope, no brackets, no prefix */
const char *ip_text(const struct ip *ip, char text[IP_TEXT]); /* RFC 5952 text; "" for none */
bool ip_equal(const struct ip *a, const struct ip *b);
bool ip_within(const struct ip *ip, const struct ip *net,
    unsigned bits); /* same family and the first `bits` bits agree */
unsigned ip_bits(const struct ip *ip); /* 32 or 128 */

/* Why no mail should be sent to, and no list asked about, this address: "private", "loopback",
 * "link-local", "reserved", "documentation", "multicast", "unspecified", "shared" (IANA
 * special-purpose registries, RFC 6890); NULL for one that is globally reachable. An IPv6 address
 * that leads to an IPv4 one (NAT64, 6to4, ISATAP, …) is what that one is. */
const char *ip_special(const struct ip *ip);

/* The IPv4 address that an IPv6 one leads to (NAT64, 6to4, ISATAP, …). False: to none. */
bool ip_leads_to(const struct ip *ip, struct ip *to);

/* May receivers see it, and lists know it? One that is globally reachable, or that is for
 * documentation: such is in no real mail, but stands for the others in every example. False for
 * family 0. */
bool ip_is_public(const struct ip *ip);

/* The name under which DNS files an address: "1.2.0.192" + suffix, or 32 nibbles (RFC 1035
 * section 3.5, RFC 3596 section 2.5, RFC 5782 section 2.4). `suffix` begins without a dot:
 * "in-addr.arpa", "ip6.arpa", "zen.spamhaus.org". Returns false when `size` is too small. */
bool ip_reverse(const struct ip *ip, const char *suffix, char *name, size_t size);

#endif
