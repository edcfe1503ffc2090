#include "auth/author.h"

#include <string.h>

#include "base/arena.h"
#include "dns/name.h"
#include "mail/address.h"
#include "mail/fields.h"

enum { DOMAINS_MAX = 4 }; /* domains of authors that are told apart, and named */

struct author_set {
	const char *domains[DOMAINS_MAX + 1]; /* in the order of the alphabet */
	size_t count; /* DOMAINS_MAX + 1: there are more */
};

static void
add_domain(struct author_set *set, const char *name)
{
	size_t place = 0;

	while (place < set->count && strcmp(set->domains[place], name) < 0)
		place++;
	if (set->count > DOMAINS_MAX ||
	    (place < set->count && strcmp(set->domains[place], name) == 0))
		return;
	memmove(&set->domains[place + 1], &set->domains[place],
	    (set->count - place) * sizeof *set->domains);
	set->domains[place] = name;
	set->count++;
}

static bool
take_author(
    const struct mailbox *mailbox, struct arena *arena, struct author_set *set, const char **why)
{
	char name[NAME_TEXT];

	if (mailbox->domain[0] == '[') {
		*why = arena_printf(arena,
		    "\"%.80s@%.80s\" has an address literal, not a domain that could vouch for it",
		    mailbox->local, mailbox->domain);
		return false;
	}
	if (!name_normalise(mailbox->domain, name, why))
		return false;
	if (!name_is_host(name)) {
		*why = arena_printf(arena, "\"%.80s\" is no full domain name", mailbox->domain);
		return false;
	}
	add_domain(set, arena_string(arena, name));
	return true;
}

/* The domains but the last, which may be one too many to be named. */
static const char *
several(const struct author_set *set, struct arena *arena)
{
	bool more = set->count > DOMAINS_MAX;
	const char *text = set->domains[0];

	for (size_t i = 1; i + more < set->count; i++)
		text = arena_printf(arena, "%s%s%s", text,
		    !more && i + 1 == set->count ? " and " : ", ", set->domains[i]);
	return arena_printf(arena,
	    "it has authors of several domains (%s%s): receivers refuse such mail, judge it by the "
	    "strictest of their DMARC policies, or leave DMARC out (RFC 9989 sections 5.3.1 and "
	    "11.5, RFC 7489 section 6.6.1)",
	    text, more ? " and more" : "");
}

bool
author_read(
    const char *value, size_t len, struct arena *arena, const char **domain, const char **why)
{
	struct author_set set = {0};
	struct mailbox_list list;

	*domain = NULL;
	if (!address_list_read((struct slice){value, len}, arena, &list, why))
		return false;
	for (size_t i = 0; i < list.count; i++)
		if (!take_author(&list.items[i], arena, &set, why))
			return false;
	if (set.count == 1) {
		*domain = set.domains[0];
		return true;
	}
	*why = set.count == 0 ? "it has no address" : several(&set, arena);
	return false;
}

bool
author_domain(
    const char *message, size_t len, struct arena *arena, const char **domain, const char **why)
{
	struct mail_fields fields;
	size_t count;
	struct slice value = {0};

	*domain = NULL;
	if (!fields_read(message, len, arena, &fields, why))
		return false;
	count = fields_count(&fields, "From");
	if (count != 1) {
		*why = count == 0
		           ? "there is no From field"
		           : "there is more than one From field (RFC 5322 section 3.6 allows one)";
		return false;
	}
	for (size_t i = 0; i < fields.count; i++)
		if (field_is(&fields.items[i], "From"))
			value = field_value(&fields.items[i]);
	if (author_read(value.at, value.len, arena, domain, why))
		return true;
	*why = arena_printf(arena, "the From field: %s", *why);
	return false;
}
