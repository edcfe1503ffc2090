#include "base/ip.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

bool
ip_parse(struct ip *ip, const char *text)
{
	unsigned char b[16];

	memset(ip, 0, sizeof *ip);
	if (inet_pton(AF_INET, text, b) == 1) {
		ip->family = 4;
		memcpy(ip->bytes, b, 4);
		return true;
	}
	if (inet_pton(AF_INET6, text, b) != 1)
		return false;
	if (memcmp(b, mapped, sizeof mapped) == 0) {
		ip->family = 4;
		memcpy(ip->bytes, b + sizeof mapped, 4);
		return true;
	}
	ip->family = 6;
	memcpy(ip->bytes, b, 16);
	return true;
}

/* "192.0.2.1"; printf would take ten times as long, and each record has some. */
static void
write_dotted(const unsigned char bytes[4], char *text)
{
	for (size_t i = 0; i < 4; i++) {
		if (i > 0)
			*text++ = '.';
		if (bytes[i] >= 100)
			*text++ = (char)('0' + bytes[i] / 100);
		if (bytes[i] >= 10)
			*text++ = (char)('0' + bytes[i] / 10 % 10);
		*text++ = (char)('0' + bytes[i] % 10);
	}
	*text = '\0';
}

const char *
ip_text(const struct ip *ip, char text[IP_TEXT])
{
	text[0] = '\0';
	if (ip->family == 4)
		write_dotted(ip->bytes, text);
	else if (ip->family == 6)
		inet_ntop(AF_INET6, ip->bytes, text, IP_TEXT);
	return text;
}

bool
ip_equal(const struct ip *a, const struct ip *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

unsigned
ip_bits(const struct ip *ip)
{
	return ip->family == 4 ? 32 : 128;
}

bool
ip_within(const struct ip *ip, const struct ip *net, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (ip->family != net->family || ip->family == 0 || bits > ip_bits(ip))
		return false;
	if (memcmp(ip->bytes, net->bytes, whole) != 0)
		return false;
	return rest == 0 || ((ip->bytes[whole] ^ net->bytes[whole]) >> (8 - rest)) == 0;
}

static const struct {
	struct ip net;
	unsigned bits;
	const char *why;
} special[] = {
    {{4, {0}}, 8, "unspecified"},
    {{4, {10}}, 8, "private"},
    {{4, {100, 64}}, 10, "shared"},
    {{4, {127}}, 8, "loopback"},
    {{4, {169, 254}}, 16, "link-local"},
    {{4, {172, 16}}, 12, "private"},
    {{4, {192, 0, 0}}, 24, "reserved"},
    {{4, {192, 0, 2}}, 24, "documentation"},
    {{4, {192, 88, 99}}, 24, "reserved"}, /* 6to4 relays, until RFC 7526 */
    {{4, {192, 168}}, 16, "private"},
    {{4, {198, 18}}, 15, "reserved"},
    {{4, {198, 51, 100}}, 24, "documentation"},
    {{4, {203, 0, 113}}, 24, "documentation"},
    {{4, {224}}, 4, "multicast"},
    {{4, {240}}, 4, "reserved"},
    {{6, {0}}, 128, "unspecified"},
    {{6, {[15] = 1}}, 128, "loopback"},
    {{6, {0x01}}, 64, "reserved"},
    {{6, {0x20, 0x01}}, 23, "reserved"},
    {{6, {0x20, 0x01, 0x0d, 0xb8}}, 32, "documentation"},
    {{6, {0x3f, 0xff}}, 20, "documentation"},
    {{6, {0x5f}}, 16, "reserved"},
    {{6, {0xfc}}, 7, "private"},
    {{6, {0xfe, 0x80}}, 10, "link-local"},
    {{6, {0xfe, 0xc0}}, 10, "private"},
    {{6, {0xff}}, 8, "multicast"},
};

/* Where an IPv4 address stands in an IPv6 one that leads to it: by translation (RFC 6052, RFC 8215,
 * RFC 7915), or in a tunnel (RFC 3056, RFC 4291 section 2.5.5.1, RFC 5214). */
static const struct {
	struct ip net;
	unsigned bits;
	size_t at;
	bool public; /* reachable from everywhere when the IPv4 address is */
} carriers[] = {
    {{6, {0x00, 0x64, 0xff, 0x9b}}, 96, 12, true},
    {{6, {0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}}, 48, 12, false},
    {{6, {0x20, 0x02}}, 16, 2, true},
    {{6, {0}}, 96, 12, false},
    {{6, {[8] = 0xff, 0xff}}, 96, 12, false},
};

static struct ip
ip_carried(const struct ip *ip, size_t at)
{
	struct ip carried = {.family = 4};

	memcpy(carried.bytes, ip->bytes + at, 4);
	return carried;
}

static bool
is_isatap(const struct ip *ip)
{
	return ip->family == 6 && (ip->bytes[8] & ~2) == 0 && ip->bytes[9] == 0 &&
	       ip->bytes[10] == 0x5e && ip->bytes[11] == 0xfe;
}

static const char *
special_by_registry(const struct ip *ip)
{
	for (size_t i = 0; i < sizeof special / sizeof *special; i++)
		if (ip_within(ip, &special[i].net, special[i].bits))
			return special[i].why;
	return NULL;
}

bool
ip_leads_to(const struct ip *ip, struct ip *to)
{
	for (size_t i = 0; i < sizeof carriers / sizeof *carriers; i++)
		if (ip_within(ip, &carriers[i].net, carriers[i].bits)) {
			*to = ip_carried(ip, carriers[i].at);
			return true;
		}
	if (is_isatap(ip))
		*to = ip_carried(ip, 12);
	return is_isatap(ip);
}

static const char *
special_by_carrier(const struct ip *ip, bool *decided)
{
	struct ip carried;

	*decided = true;
	for (size_t i = 0; i < sizeof carriers / sizeof *carriers; i++) {
		const char *why;

		if (!ip_within(ip, &carriers[i].net, carriers[i].bits))
			continue;
		carried = ip_carried(ip, carriers[i].at);
		why = special_by_registry(&carried);
		return why != NULL || carriers[i].public ? why : "reserved";
	}
	*decided = false;
	carried = ip_carried(ip, 12);
	return is_isatap(ip) ? special_by_registry(&carried) : NULL;
}

/* What is not 2000::/3 is nobody's yet (IANA, IPv6 address space). */
const char *
ip_special(const struct ip *ip)
{
	const char *why = special_by_registry(ip);
	bool decided;

	if (why != NULL || ip->family != 6)
		return why;
	why = special_by_carrier(ip, &decided);
	if (why != NULL || decided)
		return why;
	return ip->bytes[0] >> 5 == 1 ? NULL : "reserved";
}

bool
ip_is_public(const struct ip *ip)
{
	const char *why = ip_special(ip);

	return ip->family != 0 && (why == NULL || strcmp(why, "documentation") == 0);
}

bool
ip_reverse(const struct ip *ip, const char *suffix, char *name, size_t size)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *b = ip->bytes;
	char labels[65];
	int len;

	if (ip->family == 4) {
		snprintf(labels, sizeof labels, "%u.%u.%u.%u.", b[3], b[2], b[1], b[0]);
	} else {
		char *p = labels;

		for (int i = 15; i >= 0; i--) {
			*p++ = hex[b[i] & 15];
			*p++ = '.';
			*p++ = hex[b[i] >> 4];
			*p++ = '.';
		}
		*p = '\0';
	}
	len = snprintf(name, size, "%s%s", labels, suffix);
	return len > 0 && (size_t)len < size;
}
