#include "evidence/ptr.h"

#include <stdio.h>
#include <string.h>

#include "auth/alias.h"
#include "base/arena.h"
#include "base/ip.h"
#include "base/slice.h"
#include "dns/book.h"
#include "dns/name.h"
#include "evidence/ptr_words.h"

/* ---- does a name look as if made by a machine */

enum { FORM_TEXT = 80, NUMBERS_MAX = 64 };

struct number { /* a run of decimal digits in a name */
	unsigned value;
	size_t start, end; /* offsets */
};

/* The runs of at most three digits that could be octets. */
static size_t
find_numbers(const char *name, struct number numbers[NUMBERS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; name[i] != '\0' && count < NUMBERS_MAX; i += name[i] != '\0') {
		struct number number = {.start = i};

		for (; is_digit(name[i]); i++)
			if (i < number.start + 3)
				number.value = number.value * 10 + (unsigned)(name[i] - '0');
		number.end = i;
		if (number.end > number.start && number.end - number.start <= 3 &&
		    number.value <= 255)
			numbers[count++] = number;
	}
	return count;
}

static bool
apart_by_one(const char *name, const struct number *left, const struct number *right)
{
	return right->start == left->end + 1 && strchr("-._x", name[left->end]) != NULL;
}

/* How many octets of the address follow each other in the name: the longest part of "a-b-c-d", or
 * of "d-c-b-a". */
static size_t
octets_in_a_row(const char *name, const struct ip *ip, bool backward)
{
	struct number numbers[NUMBERS_MAX];
	size_t count = find_numbers(name, numbers), most = 0;

	for (size_t first = 0; first < count; first++)
		for (size_t octet = 0; octet < 4; octet++) {
			size_t row = 0;

			while (octet + row < 4 && first + row < count &&
			       numbers[first + row].value ==
			           ip->bytes[backward ? 3 - octet - row : octet + row] &&
			       (row == 0 || apart_by_one(name, &numbers[first + row - 1],
			                        &numbers[first + row])))
				row++;
			most = row > most ? row : most;
		}
	return most;
}

/* The ways to write an IPv4 address in one piece, forward or backward. */
static const struct style {
	bool hex;
	const char *between;
} styles[] = {
    {false, ""}, /* 192000002001 */
    {true, ""}, /* c0000201 */
    {true, "-"},
    {true, "."},
};

static bool
has_ip4(const char *name, const struct ip *ip)
{
	for (size_t i = 0; i < sizeof styles / sizeof *styles; i++)
		for (int backward = 0; backward < 2; backward++) {
			char text[FORM_TEXT] = "";
			size_t len = 0;

			for (size_t octet = 0; octet < 4; octet++) {
				unsigned value = ip->bytes[backward ? 3 - octet : octet];
				const char *between = octet < 3 ? styles[i].between : "";

				len += (size_t)snprintf(text + len, sizeof text - len,
				    styles[i].hex ? "%02x%s" : "%03u%s", value, between);
			}
			if (strstr(name, text) != NULL)
				return true;
		}
	return false;
}

/* All hexadecimal digits of an address, or of its interface's half if that is no mere ::1; in a
 * name without what divides its parts. */
static bool
has_ip6(const char *name, const struct ip *ip)
{
	char squeezed[NAME_TEXT], forward[33], backward[33], groups[FORM_TEXT] = "", text[IP_TEXT];
	size_t count = 0, len = 0, set = 0;

	for (const char *at = name; *at != '\0'; at++)
		if (*at != '-' && *at != '.' && *at != '_')
			squeezed[count++] = *at;
	squeezed[count] = '\0';
	for (size_t i = 0; i < 16; i++) {
		snprintf(forward + 2 * i, 3, "%02x", ip->bytes[i]);
		snprintf(
		    backward + 2 * i, 3, "%x%x", ip->bytes[15 - i] & 15, ip->bytes[15 - i] >> 4);
		set += i >= 8 && ip->bytes[i] != 0;
	}
	for (size_t i = 0; i < 16; i += 2)
		len += (size_t)snprintf(groups + len, sizeof groups - len, "%s%x", i > 0 ? "-" : "",
		    (unsigned)ip->bytes[i] << 8 | ip->bytes[i + 1]);
	ip_text(ip, text);
	for (char *colon = text; (colon = strchr(colon, ':')) != NULL;)
		*colon = '-';
	return strstr(squeezed, forward) != NULL || strstr(squeezed, backward) != NULL ||
	       strstr(name, groups) != NULL || (strlen(text) > 8 && strstr(name, text) != NULL) ||
	       (set >= 4 && strstr(squeezed, forward + 16) != NULL);
}

static enum ptr_word_kind
kind_of(struct slice word)
{
	for (const struct ptr_word *known = ptr_words; known->text != NULL; known++)
		if (slice_same(word, known->text))
			return known->kind;
	return PTR_WORD_NONE;
}

static struct slice
letters(const char *name, size_t len)
{
	size_t count = 0;

	while (count < len && is_alpha(name[count]))
		count++;
	return (struct slice){name, count};
}

/* The heaviest word in the first `len` characters; a word is a run of letters. */
static enum ptr_word_kind
heaviest(const char *name, size_t len)
{
	enum ptr_word_kind most = PTR_WORD_NONE, kind;

	for (size_t i = 0; i < len; i++) {
		struct slice word = letters(name + i, len - i);

		kind = word.len > 0 ? kind_of(word) : PTR_WORD_NONE;
		most = kind > most ? kind : most;
		i += word.len;
	}
	return most;
}

/* How much of a name stands before the domain that somebody registered, roughly: the last two
 * labels, three below such as "co.uk". What an owner is called says nothing about a host. */
static size_t
own_part(const char *name)
{
	const char *top = name_last_labels(name, 1), *second = name_last_labels(name, 2);
	size_t registered = strlen(top) == 2 && top - second <= 4 && name_labels(name) > 2 ? 3 : 2;

	return (size_t)(name_last_labels(name, registered) - name);
}

static bool
has_digits(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (is_digit(name[i]))
			return true;
	return false;
}

bool
ptr_is_generic(const char *given, const struct ip *ip)
{
	char name[NAME_TEXT];
	enum ptr_word_kind kind;
	size_t row = 0, own;

	if (!name_normalise(given, name, NULL))
		return false;
	if (ip->family == 6 ? has_ip6(name, ip) : has_ip4(name, ip))
		return true;
	if (ip->family == 4) {
		size_t forward = octets_in_a_row(name, ip, false),
		       backward = octets_in_a_row(name, ip, true);

		row = forward > backward ? forward : backward;
	}
	if (row >= 3)
		return true;
	own = own_part(name);
	/* "mail.dsl.example.net" was given by someone; so was "smtp-out3.example.com". */
	kind = kind_of(letters(name, strlen(name))) == PTR_WORD_MAIL ? PTR_WORD_NONE
	                                                             : heaviest(name, own);
	return kind == PTR_WORD_ALONE || (kind == PTR_WORD_WITH_DIGITS && has_digits(name, own)) ||
	       (kind >= PTR_WORD_WITH_OCTETS && row >= 2);
}

/* ---- looking up */

/* False: pending. */
static bool
confirm(struct book *book, struct arena *arena, const struct ip *ip, struct ptr_name *name)
{
	const struct answer *forward =
	    book_ask(book, name->name, ip->family == 6 ? DNS_AAAA : DNS_A);

	if (forward == NULL)
		return false;
	name->confirmed = answer_truth(forward) == UNKNOWN ? UNKNOWN : ABSENT;
	name->problem = name->confirmed == UNKNOWN
	                    ? arena_printf(arena, "%s: %s", dns_type_name(forward->type),
	                          dns_rcode_name(forward->rcode))
	                    : alias_gone(forward, arena);
	for (size_t i = 0; i < forward->count; i++)
		if (ip_equal(&forward->records[i].u.address, ip))
			name->confirmed = PRESENT;
	return true;
}

static bool
confirm_all(struct book *book, struct arena *arena, struct ptr *out)
{
	bool pending = false;

	for (size_t i = 0; i < out->count; i++)
		if (!confirm(book, arena, &out->ip, &out->names[i]))
			pending = true; /* but let the others ask, too */
	return !pending;
}

/* Of several, one that does not look generic, then the first by name: the DNS gives them in any
 * order, and what is made of them must not change with it. */
static bool
is_better(const struct ptr_name *name, const struct ptr_name *best)
{
	if (best == NULL || name->generic != best->generic)
		return best == NULL || best->generic;
	return strcmp(name->name, best->name) < 0;
}

/* One name that confirms is enough; that none does is known only when all were looked at and all
 * answered. */
static void
settle(struct ptr *out)
{
	const struct ptr_name *best = NULL;
	bool open = out->found == UNKNOWN || out->total > out->count;

	for (size_t i = 0; i < out->count; i++) {
		if (out->names[i].confirmed == PRESENT && is_better(&out->names[i], best))
			best = &out->names[i];
		open |= out->names[i].confirmed == UNKNOWN;
	}
	out->confirmed = best != NULL ? PRESENT : open ? UNKNOWN : ABSENT;
	out->confirmed_name = best != NULL ? best->name : NULL;
}

bool
ptr_look_up(struct book *book, struct arena *arena, const struct ip *ip, struct ptr *out)
{
	char question[NAME_TEXT];
	const struct answer *reverse;

	*out = (struct ptr){.ip = *ip};
	if (ip->family == 0 || !ip_reverse(ip, ip->family == 6 ? "ip6.arpa" : "in-addr.arpa",
	                           question, sizeof question))
		return true; /* no address: nothing is known of it */
	reverse = book_ask(book, question, DNS_PTR);
	if (reverse == NULL)
		return false;
	out->found = answer_truth(reverse);
	out->rcode = reverse->rcode;
	out->server = reverse->server;
	out->ttl = reverse->ttl;
	out->problem = alias_gone(reverse, arena);
	out->total = reverse->count;
	out->count = out->total < PTR_NAMES_MAX ? out->total : PTR_NAMES_MAX;
	out->names = arena_alloc(arena, out->count * sizeof *out->names);
	for (size_t i = 0; i < out->count; i++)
		out->names[i] =
		    (struct ptr_name){.name = arena_string(arena, reverse->records[i].u.name),
		        .generic = ptr_is_generic(reverse->records[i].u.name, ip)};
	if (!confirm_all(book, arena, out))
		return false;
	settle(out);
	if (out->confirmed == UNKNOWN && out->total > out->count)
		out->problem = arena_printf(arena,
		    "%zu of %zu names were looked at, and none of those leads back", out->count,
		    out->total);
	return true;
}

const char *
ptr_fcrdns_word(const struct ptr *ptr)
{
	if (ptr->found == ABSENT)
		return "none";
	if (ptr->found == UNKNOWN || ptr->confirmed == UNKNOWN)
		return "unknown";
	return ptr->confirmed == PRESENT ? "pass" : "fail";
}
