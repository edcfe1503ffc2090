#include "rules/extract.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/slice.h"

static bool
among(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
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

/* An address that begins at `p`: its length, 0 if there is none. */
static size_t
ip_at(const char *p, size_t len, struct ip *ip)
{
	size_t n = 0, dots = 0, colons = 0;

	while (n < len && (hex(p[n]) || p[n] == '.' || p[n] == ':')) {
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

/* The word that ends before `at`, passing over what may stand between it and an address. */
static bool
stands_behind(const char *text, size_t at, const char *const *words, size_t count)
{
	size_t end = at;

	while (end > 0 && among(text[end - 1], " [(<'\"=:#"))
		end--;
	for (size_t i = 0; i < count; i++) {
		size_t n = strlen(words[i]);

		if (end >= n && end < at && strncasecmp(text + end - n, words[i], n) == 0 &&
		    (end == n || !alnum(text[end - n - 1])))
			return true;
	}
	return false;
}

/* "RFC2821 4.1.1.1" */
static bool
is_section_of_rfc(const char *text, size_t at)
{
	size_t start = at;

	while (start > 0 && text[start - 1] == ' ')
		start--;
	while (start > 0 && alnum(text[start - 1]))
		start--;
	return begins(text + start, at - start, "rfc");
}

/* What the client called itself, which may be any address: "helo=<[10.0.0.5]>", "<[10.0.0.5]>: Helo
 * command rejected", and the first of "[10.0.0.5] ([192.0.2.1])". */
static bool
is_helo(const char *text, size_t len, size_t at, const char *behind)
{
	static const char *const names[] = {"helo", "ehlo", "helo name", "ehlo name", "helo/ehlo",
	    "helo argument", "impersonating", "greeting"};
	struct slice rest = {behind, (size_t)(text + len - behind)};
	struct ip ip;

	if (stands_behind(text, at, names, sizeof names / sizeof names[0]))
		return true;
	rest = slice_from(rest, slice_span(rest, "])>"));
	if (slice_begins(rest, ": helo ") || slice_begins(rest, ": ehlo "))
		return true;
	rest = slice_from(rest, slice_span(rest, " ([<"));
	return rest.at > behind && ip_at(rest.at, rest.len, &ip) > 0;
}

static enum client_surety
surety_of(const char *text, size_t len, size_t at, size_t n)
{
	static const char *const numbered[] = {"section", "sections", "sec.", "chapter",
	    "paragraph", "version", "ver", "v", "release", "build", "rfc"};
	static const char *const clients[] = {"from", "ip", "ips", "ipv6", "ip address", "address",
	    "addr", "host", "client", "server", "sender", "mta", "relay", "peer", "your",
	    "connection", "for", "by", "of", "rbl", "to"};
	const char *behind = text + at + n + (at + n < len && among(text[at + n], "])"));

	if (begins(behind, (size_t)(text + len - behind), " said") ||
	    (behind < text + len && begins(behind + 1, (size_t)(text + len - behind - 1), "said")))
		return NO_CLIENT;
	if (stands_behind(text, at, numbered, sizeof numbered / sizeof numbered[0]) ||
	    is_section_of_rfc(text, at) || is_helo(text, len, at, behind))
		return NO_CLIENT;
	if (at == 0 || among(text[at - 1], "[(<=") ||
	    stands_behind(text, at, clients, sizeof clients / sizeof clients[0]))
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

struct ip
extract_ip(const char *text, size_t len, const struct ip *ours)
{
	struct ip best = {0};
	enum client_surety surest = NO_CLIENT;

	for (size_t i = 0, skip; i < len; i += skip) {
		size_t url = url_at(text + i, len - i);
		enum client_surety standing = IN_URL;
		struct ip ip = {0};

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
			standing = surety_of(text, len, i, n);
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
	for (size_t i = 0; i + 8 < len; i++)
		if ((text[i] | 0x20) == 'h' || (text[i] | 0x20) == 'w') {
			size_t n = i > 0 && alnum(text[i - 1]) ? 0 : url_at(text + i, len - i);

			if (n > 0)
				return arena_copy(arena, text + i, n);
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
extract_contact(const char *text, size_t len, bool asked_only, struct arena *arena)
{
	static const char *const desks[] = {"postmaster@", "abuse", "delist@", "support@", "help",
	    "unblock", "removal", "tosa@", "tobr@", "toda@", "noc@", "admin", "security@",
	    "antispam", "spam", "mailadmin", "hostmaster@", "info@"};
	static const char *const asks[] = {"contact ", "write to ", "forward this email to ",
	    "message to ", "e-mail to ", "email to ", "mail to ", "mailto:", "send to ",
	    "report to ", "reports to ", "notify "};

	for (size_t i = 1; i + 3 < len; i++) {
		size_t start, end;

		if (text[i] != '@' || !mailbox_around(text, len, i, &start, &end))
			continue;
		if (begins(text + start, end - start, "mailto:"))
			start += strlen("mailto:");
		for (size_t k = 0; !asked_only && k < sizeof desks / sizeof desks[0]; k++)
			if (begins(text + start, end - start, desks[k]))
				return arena_copy(arena, text + start, end - start);
		for (size_t k = 0; k < sizeof asks / sizeof asks[0]; k++) {
			size_t n = strlen(asks[k]), gap = start > 0 && text[start - 1] == '<';

			if (start >= n + gap && begins(text + start - n - gap, n, asks[k]))
				return arena_copy(arena, text + start, end - start);
		}
	}
	return NULL;
}

/* ---- ticket numbers */

const char *
extract_reference(const char *text, size_t len, struct arena *arena)
{
	static const bool begins_mark[256] = {
	    ['t'] = true,
	    ['T'] = true,
	    ['i'] = true,
	    ['I'] = true,
	    ['r'] = true,
	    ['R'] = true,
	    ['c'] = true,
	    ['C'] = true,
	    ['e'] = true,
	    ['E'] = true,
	    ['m'] = true,
	    ['M'] = true,
	    ['l'] = true,
	    ['L'] = true,
	    ['s'] = true,
	    ['S'] = true,
	    ['q'] = true,
	    ['Q'] = true,
	};
	static const char *const marks[] = {"ticket", "incident", "reference", "case id", "case",
	    "ref", "error code", "errorcode", "error id", "msg id", "message id", "id", "code",
	    "log id", "session id", "queue id"};

	for (size_t i = 0; i + 4 < len; i++) {
		if (!begins_mark[(unsigned char)text[i]] ||
		    (i > 0 && (alnum(text[i - 1]) || among(text[i - 1], "?&-/"))))
			continue; /* no mark begins so, or it stands within a word */
		for (size_t k = 0; k < sizeof marks / sizeof marks[0]; k++) {
			size_t at = i + strlen(marks[k]), end;
			bool marked = false, numbered = false;

			if ((text[i] | 0x20) != marks[k][0] || !begins(text + i, len - i, marks[k]))
				continue;
			while (at < len && at < i + 16 && among(text[at], " :=#([")) {
				marked |= among(text[at], ":=#");
				at++;
			}
			for (end = at; end < len && (alnum(text[end]) || among(text[end], "-_./"));
			     end++)
				numbered |= text[end] >= '0' && text[end] <= '9';
			while (end > at && among(text[end - 1], ".-/"))
				end--;
			if (marked && numbered && end - at >= 3 && end - at <= 80)
				return arena_copy(arena, text + at, end - at);
		}
	}
	return NULL;
}
