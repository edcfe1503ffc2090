#include "options/target.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "dns/name.h"
#include "mail/address.h"
#include "mail/message.h"
#include "options/entry.h"

/* dns/name.h takes any name; a mail domain, or a mail server's name, has letters, digits, hyphens
 * and, seen in the wild, underscores. */
static bool
parse_name(const char *text, char name[NAME_TEXT], const char **why)
{
	if (!name_normalise(text, name, why))
		return false;
	*why = "a character that no mail domain has";
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.")] == '\0';
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
	out->rcpt = arena_printf(arena, "%.*s@%s", (int)at, address, name);
	return true;
}

bool
target_parse(const char *text, struct arena *arena, struct target *out, const char **why)
{
	const char *bracket;
	char name[NAME_TEXT];

	text = slice_copy(entry_trim(slice_of(text)), arena);
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
	if (name_labels(name) == 0) {
		*why = "the root is no mail domain";
		return false;
	}
	if (name_labels(name) == 1 && strchr(text, '.') == NULL) {
		*why = "it has no dot, no '@' and no '['";
		return false;
	}
	out->domain = arena_string(arena, name);
	return true;
}
