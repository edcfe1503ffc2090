#include "options/skip.h"

#include <locale.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "dns/name.h"
#include "input/unicode.h"
#include "mail/address.h"
#include "options/entry.h"

struct skip_entry {
	const char *key; /* a name, or local@domain */
	const char *where;
};

struct skip_list {
	const char *file;
	struct arena *arena;
	void *entries; /* tsearch tree of struct skip_entry by key */
	struct skip_net {
		struct ip ip;
		unsigned bits;
		const char *where;
	} * nets;
	size_t net_count;
};

static const char expected[] =
    "not a domain (example.com), an address (user@example.com), a mail server (mx.example.com), "
    "an IP address or a network (192.0.2.0/24)";

static int
compare(const void *a, const void *b)
{
	return strcmp(((const struct skip_entry *)a)->key, ((const struct skip_entry *)b)->key);
}

struct skip_list *
skip_new(const char *file)
{
	struct skip_list *list = must_alloc(sizeof *list);

	list->file = file;
	list->arena = arena_new();
	return list;
}

static void
keep(void *entry)
{
	(void)entry; /* it is the arena's */
}

void
skip_free(struct skip_list *list)
{
	if (list == NULL)
		return;
	tdestroy(list->entries, keep);
	arena_free(list->arena);
	free(list);
}

/* ---- what is compared */

/* A name in our form; one label alone is no opt-out, but for "com.", and a last one that begins
 * with a digit is of a range of addresses or the like. */
static bool
read_name(const char *text, char name[NAME_TEXT])
{
	const char *why;

	return *text != '-' && name_normalise(text, name, &why) && name_labels(name) > 0 &&
	       (name_labels(name) > 1 || strchr(text, '.') != NULL) &&
	       !is_digit(*name_last_labels(name, 1)) &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.")] == '\0';
}

/* "192.0.2.1", "[192.0.2.1]", "[IPv6:2001:db8::1]" */
static bool
read_ip(struct arena *arena, const char *text, struct ip *ip)
{
	size_t len = strlen(text);

	if (*text == '[' && len > 2 && text[len - 1] == ']')
		text = arena_copy(arena, text + 1, len - 2);
	if (slice_begins(slice_of(text), "IPv6:"))
		text += 5;
	return ip_parse(ip, text);
}

/* Small letters of all scripts: an address may have any (RFC 6531). */
static char *
fold_letters(struct arena *arena, const char *text)
{
	locale_t letters = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	size_t len = strlen(text);
	struct buf out;
	char *folded;

	buf_init(&out, 4 * len + 1);
	for (size_t i = 0, n; i<len; i += n> 0 ? n : 1) {
		n = utf8_len(text + i, len - i);
		if (n > 1 && letters != (locale_t)0)
			unicode_put(
			    &out, (unsigned)towlower_l((wint_t)utf8_code(text + i, n), letters));
		else if (n > 1)
			buf_add(&out, text + i, n);
		else
			buf_putc(&out, to_lower(text[i]));
	}
	folded = arena_copy(arena, out.data, out.len);
	buf_release(&out);
	if (letters != (locale_t)0)
		freelocale(letters);
	return folded;
}

static bool
is_ascii(const char *text)
{
	while (*text != '\0' && (unsigned char)*text < 0x80)
		text++;
	return *text == '\0';
}

/* local@domain as it is compared: letters small, quotes undone, the domain in our form. NULL: it is
 * no address. */
static const char *
fold_address(struct arena *arena, const char *address)
{
	const char *at = strrchr(address, '@'), *from = address;
	char name[NAME_TEXT], text[IP_TEXT], *folded, *to;
	bool quoted = *address == '"' && at > address + 1 && at[-1] == '"';
	struct ip ip;

	if (at == NULL || at == address)
		return NULL;
	to = folded = arena_alloc(arena, strlen(address) + 1);
	for (from += quoted; from < at - quoted; from++) {
		if (quoted && *from == '\\' && from + 1 < at - quoted)
			from++;
		*to++ = to_lower(*from);
	}
	*to = '\0';
	if (!is_ascii(folded))
		folded = fold_letters(arena, folded);
	if (at[1] == '[' && read_ip(arena, at + 1, &ip))
		return arena_printf(arena, "%s@[%s]", folded, ip_text(&ip, text));
	return read_name(at + 1, name) ? arena_printf(arena, "%s@%s", folded, name) : NULL;
}

/* "mailto:x@example.com" and "x@example.com, y@example.com" are none. */
static bool
is_local_part(struct arena *arena, const char *address)
{
	const char *at = strrchr(address, '@'), *why;
	size_t unused;

	return address_valid(
	    arena_printf(arena, "%.*s@example.com", (int)(at - address), address), &unused, &why);
}

/* ---- the list */

static void
add_entry(struct skip_list *list, const char *key, const char *where)
{
	struct skip_entry *entry = arena_alloc(list->arena, sizeof *entry);

	*entry = (struct skip_entry){arena_string(list->arena, key), where};
	tsearch(entry, &list->entries, compare);
}

static void
add_net(struct skip_list *list, const struct ip *ip, unsigned bits, const char *where)
{
	struct skip_net *net = arena_push(list->arena, &list->nets, list->net_count, sizeof *net);

	list->net_count++;
	*net = (struct skip_net){*ip, bits, where};
}

static bool
add_network(struct skip_list *list, const char *text, const char *slash, const char *where)
{
	unsigned long bits;
	struct ip ip;

	if (!read_ip(list->arena, arena_copy(list->arena, text, (size_t)(slash - text)), &ip) ||
	    !slice_number(slice_of(slash + 1), ip_bits(&ip), &bits))
		return false;
	add_net(list, &ip, (unsigned)bits, where);
	return true;
}

static bool
add_name_or_address(struct skip_list *list, const char *text, const char *where)
{
	char name[NAME_TEXT];
	const char *key = name;

	/* "*.example.com", ".example.com", "@example.com" and "*@example.com" are ways to say all
	 * of example.com. */
	text += *text == '*' ? 1 : 0;
	text += (*text == '.' || *text == '@') && text[1] != '\0' ? 1 : 0;
	if (strchr(text, '@') != NULL)
		key = is_local_part(list->arena, text) ? fold_address(list->arena, text) : NULL;
	else if (!read_name(text, name))
		key = NULL;
	if (key != NULL)
		add_entry(list, key, where);
	return key != NULL;
}

bool
skip_add(struct skip_list *list, struct slice line, unsigned long number, const char **why)
{
	struct slice entry = entry_of(line);
	const char *text = slice_copy(entry, list->arena), *slash = strchr(text, '/'), *where;
	bool good = true;
	struct ip ip;

	if (entry.len == 0)
		return true;
	where = arena_printf(list->arena, "%s:%lu: %s", list->file, number, text);
	if (memchr(line.at, '\0', line.len) != NULL) {
		*why = "a NUL octet is in it: it is no text, or is UTF-16 without its mark";
		return false;
	}
	if (text_has_control(text))
		good = false;
	else if (slash != NULL)
		good = add_network(list, text, slash, where);
	else if (read_ip(list->arena, text, &ip))
		add_net(list, &ip, ip_bits(&ip), where);
	else
		good = add_name_or_address(list, text, where);
	if (!good)
		*why = arena_printf(list->arena, "%s: %s", text, expected);
	return good;
}

/* ---- the answers */

static const char *
find(const struct skip_list *list, const char *key)
{
	struct skip_entry wanted = {.key = key};
	struct skip_entry *const *found = tfind(&wanted, &list->entries, compare);

	return found != NULL ? (*found)->where : NULL;
}

const char *
skip_domain(const struct skip_list *list, const char *domain)
{
	const char *where = NULL;
	char name[NAME_TEXT];

	if (!read_name(domain, name))
		return NULL;
	for (const char *at = name; *at != '\0' && where == NULL; at = name_parent(at))
		where = find(list, at);
	return where;
}

const char *
skip_address(const struct skip_list *list, const char *address)
{
	struct arena *arena = arena_new();
	const char *key = fold_address(arena, address),
	           *where = key != NULL ? find(list, key) : NULL;

	while (where == NULL && (address = address_onward(address, arena)) != NULL) {
		key = fold_address(arena, address);
		where = key != NULL ? find(list, key) : NULL;
		if (where == NULL)
			where = skip_host(list, strrchr(address, '@') + 1);
	}
	arena_free(arena);
	return where;
}

static const char *
find_net(const struct skip_list *list, const struct ip *ip)
{
	for (size_t i = 0; i < list->net_count; i++)
		if (ip_within(ip, &list->nets[i].ip, list->nets[i].bits))
			return list->nets[i].where;
	return NULL;
}

const char *
skip_ip(const struct skip_list *list, const struct ip *ip)
{
	const char *where = find_net(list, ip);
	struct ip to;

	return where == NULL && ip_leads_to(ip, &to) ? find_net(list, &to) : where;
}

const char *
skip_host(const struct skip_list *list, const char *host)
{
	struct arena *arena = arena_new();
	struct ip ip;
	bool address = read_ip(arena, host, &ip);

	arena_free(arena);
	return address ? skip_ip(list, &ip) : skip_domain(list, host);
}
