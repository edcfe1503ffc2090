#include "campaign/pace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "evidence/blocklist.h"
#include "evidence/route.h"

struct pace_operator {
	struct pace pace;
	bool regions; /* each is a site of its own */
};

struct mx_suffix { /* of the names of an operator's mail exchangers */
	const char *name;
	const struct pace_operator *owner;
};

struct paces {
	struct arena *arena;
	struct pace_wish wish;
	struct mx_suffix *suffixes; /* sorted by name */
	size_t count;
};

/* What the user asks for goes before what anybody says of a site. */
static void
fulfil(const struct pace_wish *wish, struct pace *pace)
{
	if (wish->connections > 0)
		pace->shallow = pace->deep = wish->connections;
	if (wish->rate_given)
		pace->rate = wish->rate;
}

static struct pace
ordinary(const struct paces *paces, const char *site)
{
	struct pace pace = {.site = site,
	    .shallow = PACE_SHALLOW,
	    .deep = PACE_DEEP,
	    .rate = PACE_RATE,
	    .transactions = PACE_TRANSACTIONS};

	if (paces != NULL)
		fulfil(&paces->wish, &pace);
	return pace;
}

struct paces *
paces_new(const struct pace_wish *wish)
{
	struct paces *paces = must_alloc(sizeof *paces);

	paces->arena = arena_new();
	paces->wish = *wish;
	return paces;
}

void
paces_free(struct paces *paces)
{
	if (paces == NULL)
		return;
	arena_free(paces->arena);
	free(paces);
}

/* ---- reading */

static bool
complain(struct stanza_error *error, unsigned line, const char *what)
{
	error->line = line;
	snprintf(error->reason, sizeof error->reason, "%s", what);
	return false;
}

static void
add_suffixes(struct paces *paces, const char *names, const struct pace_operator *owner)
{
	struct slice rest = slice_of(names), name;

	while (slice_word(&rest, " \t", &name)) {
		struct mx_suffix *suffix = arena_push(
		    paces->arena, &paces->suffixes, paces->count++, sizeof *paces->suffixes);

		*suffix = (struct mx_suffix){slice_copy(name, paces->arena), owner};
	}
}

static bool
take_field(struct paces *paces, const struct stanza_field *field, struct pace_operator *owner)
{
	struct pace *pace = &owner->pace;
	unsigned long number;
	bool is_number = slice_number(slice_of(field->value), 1000000, &number) && number > 0;

	if (strcmp(field->key, "mx") == 0)
		add_suffixes(paces, field->value, owner);
	else if (strcmp(field->key, "regions") == 0 && strcmp(field->value, "hyphen") == 0)
		owner->regions = true;
	else if (strcmp(field->key, "connections") == 0 && is_number)
		pace->shallow = pace->deep = (unsigned)number;
	else if (strcmp(field->key, "rate") == 0 && is_number)
		pace->rate = (unsigned)number;
	else if (strcmp(field->key, "transactions") == 0 && is_number)
		pace->transactions = (unsigned)number;
	else
		return strcmp(field->key, "source") == 0;
	return true;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct mx_suffix *)a)->name, ((const struct mx_suffix *)b)->name);
}

bool
paces_add(struct paces *paces, const char *text, size_t len, struct stanza_error *error)
{
	struct arena *scratch = arena_new();
	struct stanza *stanzas;
	size_t count, before = paces->count;
	bool good = stanza_read(text, len, scratch, &stanzas, &count, error);

	for (size_t i = 0; good && i < count; i++) {
		struct pace_operator *owner = arena_alloc(paces->arena, sizeof *owner);

		owner->pace = ordinary(paces, arena_string(paces->arena, stanzas[i].id));
		owner->pace.owner = owner;
		if (stanza_get(&stanzas[i], "mx") == NULL ||
		    stanza_get(&stanzas[i], "source") == NULL)
			good = complain(error, stanzas[i].line, "mx and source are missing");
		for (size_t k = 0; good && k < stanzas[i].count; k++)
			if (!take_field(paces, &stanzas[i].fields[k], owner))
				good = complain(error, stanzas[i].fields[k].line,
				    "not mx, connections, rate, transactions (numbers from 1), "
				    "regions = hyphen or source");
		fulfil(&paces->wish, &owner->pace);
	}
	arena_free(scratch);
	if (good)
		qsort(paces->suffixes, paces->count, sizeof *paces->suffixes, by_name);
	else
		paces->count = before;
	return good;
}

/* ---- finding */

/* Whose suffix is the longest that the name is, or is below. `*above`: the label over it, to the
 * suffix's end; NULL: there is none. */
static const struct pace_operator *
operator_of(const struct paces *paces, const char *host, const char **above)
{
	*above = NULL;
	while (host != NULL && *host != '\0' && paces != NULL && paces->count > 0) {
		const struct mx_suffix wanted = {.name = host},
		                       *found = bsearch(&wanted, paces->suffixes, paces->count,
		                           sizeof *paces->suffixes, by_name);

		if (found != NULL)
			return found->owner;
		*above = host;
		host = strchr(host, '.');
		host = host != NULL ? host + 1 : NULL;
	}
	return NULL;
}

void
pace_find(const struct paces *paces, const char *host, const struct ip *ip, struct arena *arena,
    struct pace *pace)
{
	const struct pace_operator *known;
	const char *above, *hyphen;
	char address[IP_TEXT];
	struct ip literal;

	if (host == NULL || *host == '\0' || ip_parse(&literal, host)) {
		*pace = ordinary(paces, arena_string(arena, ip_text(ip, address)));
		return;
	}
	known = operator_of(paces, host, &above);
	*pace = known != NULL ? known->pace : ordinary(paces, blocklist_registered(host));
	hyphen = known != NULL && known->regions && above != NULL ? strchr(above, '-') : NULL;
	if (hyphen != NULL && hyphen < strchr(above, '.') && hyphen > above)
		pace->site =
		    arena_printf(arena, "%.*s.%s", (int)(hyphen - above), above, known->pace.site);
}

const char *
pace_site(const struct paces *paces, const struct pace *pace, const struct route *route)
{
	const char *above;

	for (size_t i = 0; pace->owner != NULL && i < route->host_count; i++)
		if (operator_of(paces, route->hosts[i].name, &above) != pace->owner)
			return blocklist_registered(route->hosts[0].name);
	return pace->site;
}
