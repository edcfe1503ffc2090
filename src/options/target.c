#include "options/target.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "dns/name.h"
#include "mail/address.h"
#include "mail/message.h"
#include "options/entry.h"

static bool
is_mail_domain(const char *name)
{
	while (is_alnum(*name) || *name == '-' || *name == '_' || *name == '.')
		name++;
	return *name == '\0';
}

/* dns/name.h takes any name; a mail domain, or a mail server's name, has letters, digits, hyphens
 * and, seen in the wild, underscores; and its last label is not a number. */
static bool
parse_name(const char *text, char name[NAME_TEXT], const char **why)
{
	const char *last;
	struct ip ip;

	if (!name_normalise(text, name, why))
		return false;
	*why = "a character that no mail domain has";
	if (!is_mail_domain(name))
		return false;
	*why = "the root is no mail domain";
	if (name_labels(name) == 0)
		return false;
	last = name_last_labels(name, 1);
	while (is_digit(*last))
		last++;
	if (*last != '\0')
		return true;
	*why = ip_parse(&ip, name) ? "an IP address" : "no domain ends in a number";
	return false;
}

static bool
parse_port(const char *text, uint16_t *port, const char **why)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	*why = "the port is not a number from 1 to 65535";
	if (*text < '0' || *text > '9' || *end != '\0' || n < 1 || n > 65535)
		return false;
	*port = (uint16_t)n;
	return true;
}

static bool
parse_host(const char *text, struct arena *arena, const char **host, const char **why)
{
	char name[NAME_TEXT], address[IP_TEXT];
	struct ip ip;

	if (ip_parse(&ip, strncmp(text, "IPv6:", 5) == 0 ? text + 5 : text)) {
		*host = arena_string(arena, ip_text(&ip, address));
		return true;
	}
	if (!parse_name(text, name, why))
		return false;
	*host = arena_string(arena, name);
	return true;
}

bool
target_server(
    const char *text, struct arena *arena, const char **host, uint16_t *port, const char **why)
{
	const char *close, *colon;
	struct ip ip;

	*port = 0;
	if (text_has_control(text)) {
		*why = "a control character";
		return false;
	}
	if (*text == '[') {
		close = strchr(text, ']');
		if (close == NULL || close == text + 1 || (close[1] != '\0' && close[1] != ':')) {
			*why = "expected [host] or [host]:port";
			return false;
		}
		if (close[1] == ':' && !parse_port(close + 2, port, why))
			return false;
		return parse_host(
		    arena_copy(arena, text + 1, (size_t)(close - text) - 1), arena, host, why);
	}
	colon = strrchr(text, ':');
	if (colon == NULL || ip_parse(&ip, text))
		return parse_host(text, arena, host, why);
	if (!parse_port(colon + 1, port, why))
		return false;
	return parse_host(arena_copy(arena, text, (size_t)(colon - text)), arena, host, why);
}

/* The address up to its '@', and that domain. */
static const char *
with_domain(const char *address, size_t at, const char *domain, struct arena *arena)
{
	size_t len = strlen(domain);
	char *whole = arena_alloc(arena, at + 1 + len + 1);

	memcpy(whole, address, at + 1);
	memcpy(whole + at + 1, domain, len);
	return whole;
}

static bool
parse_recipient(const char *address, struct arena *arena, struct target *out, const char **why)
{
	char name[NAME_TEXT];
	size_t at;

	if (!address_valid(address, &at, why))
		return false;
	if (address[at + 1] == '[') { /* an address literal is its own route */
		out->domain = arena_string(arena, address + at + 1);
		out->rcpt = arena_string(arena, address);
		return target_server(out->domain, arena, &out->host, &out->port, why);
	}
	if (!parse_name(address + at + 1, name, why))
		return false;
	out->domain = arena_string(arena, name);
	out->rcpt = with_domain(address, at, name, arena);
	return true;
}

static bool
parse(const char *text, struct arena *arena, struct target *out, const char **why)
{
	const char *bracket;
	char name[NAME_TEXT];

	*out = (struct target){.text = text};
	if (*text == '\0') {
		*why = "it is empty";
		return false;
	}
	if (text_has_control(text)) {
		*why = "a control character";
		return false;
	}
	if (*text == '[') {
		if (!target_server(text, arena, &out->host, &out->port, why))
			return false;
		out->domain = out->host;
		return true;
	}
	bracket = strstr(text, "@[");
	if (bracket != NULL &&
	    memchr(text, '@', (size_t)(bracket - text)) != NULL) { /* user@domain@[host]:port */
		if (!parse_recipient(
		        arena_copy(arena, text, (size_t)(bracket - text)), arena, out, why))
			return false;
		return target_server(bracket + 1, arena, &out->host, &out->port, why);
	}
	if (strchr(text, '@') != NULL)
		return parse_recipient(text, arena, out, why);
	if (!parse_name(text, name, why))
		return false;
	if (name_labels(name) == 1 && strchr(text, '.') == NULL) {
		*why = "it has no dot, no '@' and no '['";
		return false;
	}
	out->domain = arena_string(arena, name);
	return true;
}

/* ---- how it is to be written */

static const char *
in_brackets(const char *server, struct arena *arena)
{
	const char *colon = strrchr(server, ':'), *why;
	struct slice port = slice_of(colon != NULL ? colon + 1 : "");
	unsigned long number;
	uint16_t unused;
	struct ip ip;
	const char *host;

	if (ip_parse(&ip, server) || colon == NULL)
		return arena_printf(arena, "[%s]", server);
	if (!slice_number(port, 65535, &number) ||
	    !target_server(server, arena, &host, &unused, &why))
		return NULL;
	return arena_printf(arena, "[%.*s]:%lu", (int)(colon - server), server, number);
}

/* "mailto:user@example.com", "http://example.com/", "smtp://mx.example.com:25" */
static const char *
of_url(const char *text, struct arena *arena)
{
	struct slice whole = slice_of(text);
	const char *authority = strstr(text, "://"), *host;
	size_t len;

	if (slice_begins(whole, "mailto:"))
		return arena_copy(arena, text + 7, strcspn(text + 7, "?"));
	if (authority == NULL)
		return strchr(text, '/') != NULL ? arena_copy(arena, text, strcspn(text, "/"))
		                                 : NULL;
	len = strcspn(authority + 3, "/?#");
	host = arena_copy(arena, authority + 3, len);
	if (slice_begins(whole, "smtp") || slice_begins(whole, "submission"))
		return *host == '[' ? host : in_brackets(host, arena);
	return arena_copy(arena, host, strcspn(host, ":"));
}

/* What was probably meant; NULL: nobody knows. */
static const char *
likely(const char *text, struct arena *arena)
{
	const char *angle = strchr(text, '<'), *url = of_url(text, arena), *at = strrchr(text, '@'),
	           *server;
	struct ip ip;

	if (url != NULL)
		return url;
	if (angle != NULL && text[strlen(text) - 1] == '>')
		return arena_copy(arena, angle + 1, strlen(angle) - 2);
	if (at == NULL)
		return *text != '[' && strpbrk(text, ".:") != NULL ? in_brackets(text, arena)
		                                                   : NULL;
	server = in_brackets(at + 1, arena);
	if (at[1] == '[' || server == NULL)
		return NULL;
	if (memchr(text, '@', (size_t)(at - text)) == NULL) { /* RFC 5321 section 4.1.3 */
		if (!ip_parse(&ip, at + 1))
			return NULL; /* see why_not */
		server = arena_printf(arena, "[%s%s]", ip.family == 6 ? "IPv6:" : "", at + 1);
	}
	return arena_printf(arena, "%.*s%s", (int)(at - text) + 1, text, server);
}

/* What is no slip of one character: user@example.com:25, and several in one word. */
static const char *
why_not(const char *text, struct arena *arena)
{
	const char *at = strrchr(text, '@'), *colon = strrchr(text, ':'),
	           *comma = strpbrk(text, ",;"), *why;
	struct target other;

	if (comma != NULL &&
	    parse(arena_copy(arena, text, (size_t)(comma - text)), arena, &other, &why))
		return "several in one: targets have blanks between them, and a line each in a "
		       "list";
	if (at == NULL || colon == NULL || colon < at || strchr(colon, ']') != NULL)
		return NULL;
	text = arena_copy(arena, text, (size_t)(colon - text));
	return parse(text, arena, &other, &why)
	           ? arena_printf(arena,
	                 "a recipient has no port: write %s and --port %s, or %s@[SERVER]:%s", text,
	                 colon + 1, text, colon + 1)
	           : NULL;
}

bool
target_parse(const char *text, struct arena *arena, struct target *out, const char **why)
{
	const char *better, *unused;
	struct target other;

	text = slice_copy(entry_trim(slice_of(text)), arena);
	if (parse(text, arena, out, why))
		return true;
	better = text_has_control(text) || *text == '\0' ? NULL : why_not(text, arena);
	if (better != NULL) {
		*why = better;
		return false;
	}
	better = text_has_control(text) || *text == '\0' ? NULL : likely(text, arena);
	if (better != NULL && parse(better, arena, &other, &unused))
		*why = arena_printf(arena, "%s: write %s", *why, better);
	return false;
}
