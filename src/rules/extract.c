#include "rules/extract.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/slice.h"
#include "rules/signs.h"

static bool
among(char c, const char *set)
{
	for (; *set != '\0'; set++)
		if (*set == c)
			return true;
	return false;
}

static bool
alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* `word` begins with a small letter. That is looked at first: most places are none where a word
 * begins. */
static bool
begins(const char *text, size_t len, const char *word)
{
	size_t n;

	if (len == 0 || (*text | 0x20) != *word)
		return false;
	n = strlen(word);
	return len >= n && strncasecmp(text, word, n) == 0;
}

/* ---- addresses */

static bool
take_ip(const char *p, size_t len, struct ip *ip)
{
	char text[IP_TEXT];

	if (len < 3 || len >= sizeof text)
		return false;
	memcpy(text, p, len);
	text[len] = '\0';
	return ip_parse(ip, text);
}

enum { ADDRESS_MAX = IP_TEXT + 8 }; /* octets of an address and a port; what is longer is none */

/* An address that begins at `p`: its length, 0 if there is none. */
static size_t
ip_at(const char *p, size_t len, struct ip *ip)
{
	size_t n = 0, dots = 0, colons = 0;

	while (n < len && n < ADDRESS_MAX && (hex(p[n]) || p[n] == '.' || p[n] == ':')) {
		dots += p[n] == '.';
		colons += p[n] == ':';
		n++;
	}
	while (n > 0 && (p[n - 1] == '.' || (p[n - 1] == ':' && !(n > 1 && p[n - 2] == ':')))) {
		dots -= p[n - 1] == '.';
		colons -= p[n - 1] == ':';
		n--;
	}
	if (n < len &&
	    (alnum(p[n]) || p[n] == '_' || (p[n] == '-' && n + 1 < len && alnum(p[n + 1]))))
		return 0;
	if (dots == 3 && colons == 1 && among(':', ":")) { /* "192.0.2.1:25" */
		size_t address = strcspn(p, ":");

		return address < n && take_ip(p, address, ip) ? n : 0;
	}
	return (dots == 3 || colons >= 2) && take_ip(p, n, ip) ? n : 0;
}

static size_t
url_at(const char *p, size_t len)
{
	size_t n;

	if (len < 8 || ((p[0] | 0x20) != 'h' && (p[0] | 0x20) != 'w'))
		return 0;
	if (!begins(p, len, "http://") && !begins(p, len, "https://") && !begins(p, len, "www."))
		return 0;
	for (n = 0; n < len && (unsigned char)p[n] > ' ' && !among(p[n], "\"'<>`"); n++)
		;
	while (n > 0 && among(p[n - 1], ".,;:!)]}*"))
		n--;
	return n > 8 ? n : 0;
}

enum client_surety {
	NO_CLIENT,
	IN_URL,
	SOMEWHERE,
	AS_CLIENT
}; /* how surely an address is the client's */

enum { GAP_MAX = 8 }; /* octets between a sign and what it stands for */

/* A sign ends before `at`, passing over what may stand between it and an address. */
static bool
stands_behind(const struct signs *signs, enum sign sort, const char *text, size_t at)
{
	size_t end = at;

	while (end > 0 && at - end < GAP_MAX && among(text[end - 1], " [(<'\"=:#"))
		end--;
	return end < at && signs_end(signs, sort, text, end);
}

/* "RFC2821 4.1.1.1" */
static bool
is_section_of_rfc(const char *text, size_t at)
{
	size_t start = at;

	while (start > 0 && at - start < GAP_MAX && text[start - 1] == ' ')
		start--;
	while (start > 0 && at - start < 2 * GAP_MAX && alnum(text[start - 1]))
		start--;
	return begins(text + start, at - start, "rfc");
}

/* What the client called itself, which may be any address: "helo=<[10.0.0.5]>", "<[10.0.0.5]>: Helo
 * command rejected", and the first of "[10.0.0.5] ([192.0.2.1])". */
static bool
is_helo(const struct signs *signs, const char *text, size_t len, size_t at, const char *behind)
{
	struct slice rest = {behind, (size_t)(text + len - behind)};
	struct ip ip;

	if (stands_behind(signs, SIGN_HELO, text, at))
		return true;
	rest = slice_from(rest, slice_span(rest, "])>"));
	if (slice_begins(rest, ": helo ") || slice_begins(rest, ": ehlo "))
		return true;
	rest = slice_from(rest, slice_span(rest, " ([<"));
	return rest.at > behind && ip_at(rest.at, rest.len, &ip) > 0;
}

static enum client_surety
surety_of(const struct signs *signs, const char *text, size_t len, size_t at, size_t n)
{
	const char *behind = text + at + n + (at + n < len && among(text[at + n], "])"));

	if (begins(behind, (size_t)(text + len - behind), " said") ||
	    (behind < text + len && begins(behind + 1, (size_t)(text + len - behind - 1), "said")))
		return NO_CLIENT;
	if (stands_behind(signs, SIGN_NUMBER, text, at) || is_section_of_rfc(text, at) ||
	    is_helo(signs, text, len, at, behind))
		return NO_CLIENT;
	if (at == 0 || among(text[at - 1], "[(<=") || stands_behind(signs, SIGN_CLIENT, text, at))
		return AS_CLIENT;
	return SOMEWHERE;
}

/* The first address in a URL, behind one of the marks of a query or a path. */
static struct ip
ip_in_url(const char *url, size_t len)
{
	struct ip ip;

	for (size_t k = 1; k < len; k++)
		if (among(url[k - 1], "=/?&") && ip_at(url + k, len - k, &ip) > 0)
			return ip;
	return (struct ip){0};
}

/* Most octets begin neither an address nor a link. */
static bool
may_begin(char c)
{
	char letter = c | 0x20;

	return letter <= 'w' &&
	       (letter <= 'h' ? hex(c) || letter == 'h' || c == ':' : letter == 'w');
}

struct ip
extract_ip(const struct signs *signs, const char *text, size_t len, const struct ip *ours)
{
	struct ip best = {0};
	enum client_surety surest = NO_CLIENT;

	for (size_t i = 0, skip; i < len; i += skip) {
		enum client_surety standing = IN_URL;
		struct ip ip = {0};
		size_t url;

		skip = 1;
		if (!may_begin(text[i]))
			continue;
		url = url_at(text + i, len - i);
		skip = url > 0 ? url : 1;
		if (url > 0) {
			ip = ip_in_url(text + i, url);
		} else {
			if ((!hex(text[i]) && text[i] != ':') ||
			    (i > 0 && (alnum(text[i - 1]) || among(text[i - 1], ".-_@")) &&
			        !(i > 4 && begins(text + i - 5, 5, "ipv6:"))))
				continue;
			size_t n = ip_at(text + i, len - i, &ip);

			if (n == 0)
				continue;
			skip = n;
			standing = surety_of(signs, text, len, i, n);
		}
		if (ip.family == 0)
			continue;
		if (ours->family != 0 && ip_equal(&ip, ours))
			return ip;
		if (standing <= surest ||
		    (ip.family == 4 && (ip.bytes[0] == 127 || ip.bytes[0] == 0)))
			continue;
		best = ip;
		surest = standing;
	}
	return best;
}

/* ---- links and mailboxes */

const char *
extract_url(const char *text, size_t len, struct arena *arena)
{
	for (size_t i = 0; i + 8 < len; i++) {
		char c = text[i] | 0x20;

		if ((c == 'h' || c == 'w') && (i == 0 || !alnum(text[i - 1]))) {
			size_t n = url_at(text + i, len - i);

			if (n > 0)
				return arena_copy(arena, text + i, n);
		}
	}
	return NULL;
}

static bool
local_byte(char c)
{
	return alnum(c) || among(c, ".!#$%&'*+-/=?^_`{|}~");
}

/* The mailbox around the '@' at text[at]: false if there is none. */
static bool
mailbox_around(const char *text, size_t len, size_t at, size_t *start, size_t *end)
{
	*start = at;
	while (*start > 0 && local_byte(text[*start - 1]) && at - *start < 64)
		--*start;
	*end = at + 1;
	while (*end < len && (alnum(text[*end]) || text[*end] == '.' || text[*end] == '-') &&
	       *end - at < 255)
		++*end;
	while (*end > at + 1 && !alnum(text[*end - 1]))
		--*end;
	return *start < at && memchr(text + at, '.', *end - at) != NULL;
}

const char *
extract_mailbox(const char *text, size_t len, struct arena *arena)
{
	size_t start, end;

	for (size_t i = 1; i + 3 < len; i++)
		if (text[i] == '@' && mailbox_around(text, len, i, &start, &end))
			return arena_copy(arena, text + start, end - start);
	return NULL;
}

const char *
extract_contact(
    const struct signs *signs, const char *text, size_t len, bool asked_only, struct arena *arena)
{
	for (size_t i = 1; i + 3 < len; i++) {
		size_t start, end, ask;

		if (text[i] != '@' || !mailbox_around(text, len, i, &start, &end))
			continue;
		if (begins(text + start, end - start, "mailto:"))
			start += strlen("mailto:");
		for (ask = start; ask > 0 && start - ask < 3 && among(text[ask - 1], " <"); ask--)
			;
		if ((!asked_only && signs_begin(signs, SIGN_DESK, text + start, end - start) > 0) ||
		    signs_end(signs, SIGN_ASK, text, ask))
			return arena_copy(arena, text + start, end - start);
	}
	return NULL;
}

/* ---- ticket numbers */

enum { NUMBER_MAX = 80 };

/* The ticket's number that stands behind its sign at `at`: its length, 0 if there is none. */
static size_t
number_behind(const char *text, size_t len, size_t *at)
{
	bool marked = false, numbered = false;
	size_t start = *at, end;

	while (start < len && start < *at + GAP_MAX && among(text[start], " :=#([")) {
		marked |= among(text[start], ":=#");
		start++;
	}
	for (end = start; end < len && end - start <= NUMBER_MAX &&
	                  (alnum(text[end]) || among(text[end], "-_./"));
	     end++)
		numbered |= text[end] >= '0' && text[end] <= '9';
	while (end > start && among(text[end - 1], ".-/"))
		end--;
	*at = start;
	return marked && numbered && end - start >= 3 && end - start <= NUMBER_MAX ? end - start
	                                                                           : 0;
}

const char *
extract_reference(const struct signs *signs, const char *text, size_t len, struct arena *arena)
{
	for (size_t i = 0; i + 4 < len; i++) {
		size_t at, n;

		if (text[i] == ' ' || (i > 0 && alnum(text[i - 1])))
			continue; /* within a word */
		n = signs_begin(signs, SIGN_TICKET, text + i, len - i);
		if (n == 0 || (i > 0 && among(text[i - 1], "?&-/")))
			continue;
		at = i + n;
		n = number_behind(text, len, &at);
		if (n > 0)
			return arena_copy(arena, text + at, n);
	}
	return NULL;
}
