/* Addresses of pages: taken apart, and looked at (RFC 3986). */
#include <string.h>

#include "base/arena.h"
#include "base/ip.h"
#include "base/utf8.h"
#include "dns/name.h"
#include "evidence/blocklist.h"
#include "preflight/facts.h"
#include "preflight/requirements.h"

enum { URL_MAX = 4096 };

/* Blanks and line ends are no part of it, as browsers have it. */
static char *
clean(struct slice url, struct arena *arena)
{
	char *out, *end;

	url = slice_trim(url);
	if (url.len > URL_MAX)
		url.len = URL_MAX;
	out = end = arena_alloc(arena, url.len + 1);
	for (size_t i = 0; i < url.len; i++)
		if ((unsigned char)url.at[i] >= ' ' && url.at[i] != 0x7f)
			*end++ = url.at[i];
	return out;
}

static void
take_scheme(struct message_link *link, struct arena *arena)
{
	size_t n = 0;
	char *scheme;

	while (is_alnum(link->url[n]) || (n > 0 && strchr("+-.", link->url[n]) && link->url[n]))
		n++;
	if (n == 0 || link->url[n] != ':') {
		link->scheme = "";
		return;
	}
	scheme = arena_copy(arena, link->url, n);
	for (char *p = scheme; *p != '\0'; p++)
		*p = to_lower(*p);
	link->scheme = scheme;
}

static bool
is_of_web(const struct message_link *link)
{
	return strcmp(link->scheme, "http") == 0 || strcmp(link->scheme, "https") == 0;
}

/* Between "//" and the path. */
static void
take_host(struct message_link *link, struct arena *arena)
{
	const char *at = link->url + strlen(link->scheme), *end, *user;
	char name[NAME_TEXT];
	const char *why;
	struct ip ip;

	if (!is_of_web(link) || strncmp(at, "://", 3) != 0)
		return;
	at += 3;
	end = at + strcspn(at, "/?#\\");
	for (user = end; user > at && user[-1] != '@'; user--)
		;
	link->user = user > at;
	at = user;
	if (*at == '[') {
		const char *close = memchr(at, ']', (size_t)(end - at));

		end = close != NULL ? close : end;
		at++;
	} else {
		const char *colon = memchr(at, ':', (size_t)(end - at));

		end = colon != NULL ? colon : end;
	}
	link->raw_host = arena_copy(arena, at, (size_t)(end - at));
	if (ip_parse(&ip, link->raw_host))
		link->host = link->raw_host;
	else if (name_normalise(link->raw_host, name, &why) && name[0] != '\0')
		link->host = arena_string(arena, name);
}

/* ---- what is odd about one */

/* An address as a browser takes it: 192.0.2.1, 3221225985, 0xc0000201, 0300.0.2.1 */
static bool
is_address(const char *host)
{
	struct ip ip;

	if (ip_parse(&ip, host))
		return true;
	for (const char *label = host; *label != '\0';) {
		size_t n = strcspn(label, ".");
		size_t hex = n > 2 && label[0] == '0' && to_lower(label[1]) == 'x' ? 2 : 0;

		if (n == 0 ||
		    strspn(label + hex, hex ? "0123456789abcdefABCDEF" : "0123456789") < n - hex)
			return false;
		label += n + (label[n] == '.');
	}
	return *host != '\0';
}

enum script { SCRIPT_NONE, SCRIPT_LATIN, SCRIPT_GREEK, SCRIPT_CYRILLIC, SCRIPT_OTHER };

static enum script
script_of(uint32_t code)
{
	if ((code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') ||
	    (code >= 0xc0 && code <= 0x24f))
		return SCRIPT_LATIN;
	if (code >= 0x370 && code <= 0x3ff)
		return SCRIPT_GREEK;
	if (code >= 0x400 && code <= 0x52f)
		return SCRIPT_CYRILLIC;
	return code < 0x80 || (code >= 0x300 && code < 0x370) ? SCRIPT_NONE : SCRIPT_OTHER;
}

/* One label with letters of Latin, Greek and Cyrillic together (UTS 39 section 5). Of scripts that
 * mix by custom, as those of Japanese do, nothing is said. */
static bool
mixes_scripts(const char *host)
{
	enum script seen = SCRIPT_NONE;

	for (size_t n; *host != '\0'; host += n) {
		enum script script;

		n = utf8_len(host, strlen(host));
		if (n == 0)
			return false;
		script = script_of(utf8_code(host, n));
		if (*host == '.')
			seen = SCRIPT_NONE;
		else if (script == SCRIPT_NONE || script == SCRIPT_OTHER)
			continue;
		else if (seen != SCRIPT_NONE && seen != script)
			return true;
		else
			seen = script;
	}
	return false;
}

/* The first word of what is shown, if it looks like an address of a page. */
static bool
shown_host(const char *words, char host[NAME_TEXT])
{
	struct slice text = slice_trim(slice_of(words));
	const char *why;
	char copy[256];

	if (slice_begins(text, "https://"))
		text = slice_from(text, 8);
	else if (slice_begins(text, "http://"))
		text = slice_from(text, 7);
	text.len = slice_until(text, " \t\r\n/?#:");
	if (text.len == 0 || text.len >= sizeof copy || memchr(text.at, '@', text.len) != NULL)
		return false;
	memcpy(copy, text.at, text.len);
	copy[text.len] = '\0';
	if (!name_normalise(copy, host, &why) || !name_is_host(host))
		return false;
	/* "Hello.World" is no host: the end has to be one that the world knows */
	return blocklist_registered(host) != host || name_labels(host) > 2;
}

static void
check_words(struct message_facts *facts, const struct message_link *link)
{
	char shown[NAME_TEXT];
	const char *real;

	if (link->words == NULL || link->host == NULL || !shown_host(link->words, shown))
		return;
	real = blocklist_registered(link->host);
	if (!name_equal(blocklist_registered(shown), real))
		fault_on_line(facts, CHECK_URL_FORM_TEXT, link->line,
		    "What is shown is %.80s; where it leads is %.80s.", shown, link->host);
}

static void
check_host(struct message_facts *facts, const struct message_link *link)
{
	if (link->raw_host == NULL || *link->raw_host == '\0') {
		fault_on_line(facts, CHECK_URL_FORM_HOST, link->line, "A link has no host: %.120s.",
		    link->url);
		return;
	}
	if (is_address(link->raw_host)) {
		fault_on_line(facts, CHECK_URL_FORM_IP, link->line,
		    "A link leads to a bare address: %.120s.", link->url);
		return;
	}
	if (link->host == NULL || !name_is_host(link->host))
		fault_on_line(facts, CHECK_URL_FORM_HOST, link->line,
		    "The host of a link is no full name: %.120s.", link->url);
	else if (mixes_scripts(link->raw_host))
		fault_on_line(facts, CHECK_URL_FORM_HOST, link->line,
		    "The host of a link mixes scripts: %.80s (%.80s).", link->raw_host, link->host);
	else if (requirements_has(
	             facts->requirements, WORDS_SHORTENERS, link->host, strlen(link->host)))
		fault_on_line(facts, CHECK_URL_FORM_SHORT, link->line,
		    "A link goes through a shortener: %.120s.", link->url);
}

static void
check_link(struct message_facts *facts, const struct message_link *link)
{
	if ((strcmp(link->scheme, "javascript") == 0 || strcmp(link->scheme, "vbscript") == 0 ||
	        strcmp(link->scheme, "data") == 0) &&
	    link->kind != LINK_IMAGE)
		fault_on_line(facts, CHECK_URL_FORM_SCRIPT, link->line,
		    "A link is of the kind %s:.", link->scheme);
	if (!is_of_web(link))
		return;
	if (link->user)
		fault_on_line(facts, CHECK_URL_FORM_USER, link->line,
		    "Something stands before an @ in a link: %.120s.", link->url);
	if (strcmp(link->scheme, "http") == 0)
		fault_on_line(facts, CHECK_URL_FORM_HTTP, link->line,
		    "A link is http, not https: %.120s.", link->url);
	check_host(facts, link);
	check_words(facts, link);
}

void
facts_add_link(struct message_facts *facts, enum link_kind kind, struct slice url,
    const char *words, unsigned line)
{
	struct message_link *link;

	facts->link_total++;
	if (facts->link_count == FACTS_LINKS_MAX)
		return;
	link = arena_push(facts->arena, &facts->links, facts->link_count, sizeof *link);
	facts->link_count++;
	*link = (struct message_link){
	    .kind = kind, .url = clean(url, facts->arena), .words = words, .line = line};
	take_scheme(link, facts->arena);
	take_host(link, facts->arena);
	check_link(facts, link);
}
