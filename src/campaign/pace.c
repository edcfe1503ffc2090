#include "campaign/pace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "evidence/blocklist.h"

struct mx_suffix { /* of the names of an operator's mail exchangers */
	const char *name;
	const struct pace *pace;
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
add_suffixes(struct paces *paces, const char *names, const struct pace *pace)
{
	struct slice rest = slice_of(names), name;

	while (slice_word(&rest, " \t", &name)) {
		struct mx_suffix *suffix = arena_push(
		    paces->arena, &paces->suffixes, paces->count++, sizeof *paces->suffixes);

		*suffix = (struct mx_suffix){slice_copy(name, paces->arena), pace};
	}
}

static bool
take_field(struct paces *paces, const struct stanza_field *field, struct pace *pace)
{
	unsigned long number;
	bool is_number = slice_number(slice_of(field->value), 1000000, &number) && number > 0;

	if (strcmp(field->key, "mx") == 0)
		add_suffixes(paces, field->value, pace);
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
		struct pace *pace = arena_alloc(paces->arena, sizeof *pace);

		*pace = ordinary(paces, arena_string(paces->arena, stanzas[i].id));
		if (stanza_get(&stanzas[i], "mx") == NULL ||
		    stanza_get(&stanzas[i], "source") == NULL)
			good = complain(error, stanzas[i].line, "mx and source are missing");
		for (size_t k = 0; good && k < stanzas[i].count; k++)
			if (!take_field(paces, &stanzas[i].fields[k], pace))
				good = complain(error, stanzas[i].fields[k].line,
				    "not mx, connections, rate, transactions (numbers from 1) or "
				    "source");
		fulfil(&paces->wish, pace);
	}
	arena_free(scratch);
	if (good)
		qsort(paces->suffixes, paces->count, sizeof *paces->suffixes, by_name);
	else
		paces->count = before;
	return good;
}

/* ---- finding */

/* The longest suffix that the name is, or is below. */
static const struct pace *
operator_of(const struct paces *paces, const char *host)
{
	while (host != NULL && *host != '\0' && paces != NULL && paces->count > 0) {
		const struct mx_suffix wanted = {.name = host},
		                       *found = bsearch(&wanted, paces->suffixes, paces->count,
		                           sizeof *paces->suffixes, by_name);

		if (found != NULL)
			return found->pace;
		host = strchr(host, '.');
		host = host != NULL ? host + 1 : NULL;
	}
	return NULL;
}

void
pace_find(const struct paces *paces, const char *host, const struct ip *ip, struct arena *arena,
    struct pace *pace)
{
	const struct pace *known;
	char address[IP_TEXT];
	struct ip literal;

	if (host == NULL || *host == '\0' || ip_parse(&literal, host)) {
		*pace = ordinary(paces, arena_string(arena, ip_text(ip, address)));
		return;
	}
	known = operator_of(paces, host);
	*pace = known != NULL ? *known : ordinary(paces, blocklist_registered(host));
}
