#include "preflight/audience.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "dns/book.h"
#include "dns/name.h"

enum { FIRST_SIZE = 1024, OTHERS = -1, NOT_KNOWN = -2 };

struct list_domain {
	const char *name;
	unsigned long recipients;
	int receiver; /* its number, OTHERS or NOT_KNOWN */
};

struct audience {
	const struct requirements *requirements;
	struct arena *arena;
	struct list_domain *domains;
	size_t count;
	size_t *table; /* places in `domains`, from 1; 0: free */
	size_t size;
	struct audience_share share; /* of those that need no look-up */
};

struct audience *
audience_new(const struct requirements *requirements)
{
	struct audience *audience = must_alloc(sizeof *audience);

	audience->requirements = requirements;
	audience->arena = arena_new();
	audience->size = FIRST_SIZE;
	audience->table = must_alloc(audience->size * sizeof *audience->table);
	return audience;
}

void
audience_free(struct audience *audience)
{
	if (audience == NULL)
		return;
	arena_free(audience->arena);
	free(audience->table);
	free(audience);
}

/* ---- domains, each once */

static size_t *
find(const struct audience *audience, const char *name)
{
	uint64_t hash = 14695981039346656037u;
	size_t at;

	for (const char *p = name; *p != '\0'; p++)
		hash = (hash ^ (unsigned char)*p) * 1099511628211u;
	at = (size_t)(hash ^ hash >> 32) & (audience->size - 1);
	while (audience->table[at] != 0 &&
	       strcmp(audience->domains[audience->table[at] - 1].name, name) != 0)
		at = (at + 1) & (audience->size - 1);
	return &audience->table[at];
}

static void
grow(struct audience *audience)
{
	free(audience->table);
	audience->size *= 2;
	audience->table = must_alloc(audience->size * sizeof *audience->table);
	for (size_t i = 0; i < audience->count; i++)
		*find(audience, audience->domains[i].name) = i + 1;
}

static void
count_domain(struct audience *audience, const char *name)
{
	size_t *place = find(audience, name);
	struct list_domain *domain;

	if (*place != 0) {
		audience->domains[*place - 1].recipients++;
		return;
	}
	if (audience->count == AUDIENCE_DOMAINS_MAX) {
		audience->share.unknown++;
		return;
	}
	domain = arena_push(audience->arena, &audience->domains, audience->count, sizeof *domain);
	*place = ++audience->count;
	*domain = (struct list_domain){arena_string(audience->arena, name), 1, NOT_KNOWN};
	if (2 * audience->count > audience->size)
		grow(audience);
}

/* ---- whose they are */

static int
receiver_of_domain(const struct audience *audience, const char *name)
{
	for (size_t i = 0; i < requirements_receivers(audience->requirements); i++) {
		const struct receiver *one = requirements_receiver(audience->requirements, i);

		for (const char *const *domain = one->domains; *domain != NULL; domain++)
			if (strcmp(*domain, name) == 0)
				return (int)i;
	}
	return OTHERS;
}

static int
receiver_of_host(const struct audience *audience, const char *host)
{
	for (size_t i = 0; i < requirements_receivers(audience->requirements); i++) {
		const struct receiver *one = requirements_receiver(audience->requirements, i);

		for (const char *const *mx = one->hosts; *mx != NULL; mx++)
			if (name_within(host, *mx))
				return (int)i;
	}
	return OTHERS;
}

void
audience_add(struct audience *audience, struct slice line)
{
	char name[NAME_TEXT], written[NAME_TEXT];
	const char *why, *at;
	int receiver;

	line = slice_trim(line);
	line.len = slice_until(line, " \t,;");
	if (line.len == 0 || line.at[0] == '#')
		return;
	for (at = line.at + line.len; at > line.at && at[-1] != '@'; at--)
		;
	line = slice_from(line, (size_t)(at - line.at));
	memcpy(written, line.at, line.len < NAME_TEXT ? line.len : NAME_TEXT - 1);
	written[line.len < NAME_TEXT ? line.len : NAME_TEXT - 1] = '\0';
	if (!name_normalise(written, name, &why) || !name_is_host(name)) {
		audience->share.bad++;
		return;
	}
	audience->share.recipients++;
	receiver = receiver_of_domain(audience, name);
	if (receiver >= 0)
		audience->share.of[receiver]++;
	else
		count_domain(audience, name);
}

size_t
audience_domains(const struct audience *audience)
{
	return audience->count;
}

bool
audience_look_up(struct audience *audience, struct book *book, size_t first, size_t end)
{
	bool done = true;

	for (size_t i = first; i < end && i < audience->count; i++) {
		struct list_domain *domain = &audience->domains[i];
		const struct answer *answer = book_ask(book, domain->name, DNS_MX);

		if (answer == NULL) {
			done = false;
			continue;
		}
		domain->receiver = answer_truth(answer) == UNKNOWN ? NOT_KNOWN : OTHERS;
		for (size_t k = 0; k < answer->count && domain->receiver < 0; k++)
			domain->receiver = receiver_of_host(audience, answer->records[k].u.mx.host);
	}
	return done;
}

struct audience_share
audience_shares(const struct audience *audience)
{
	struct audience_share share = audience->share;

	for (size_t i = 0; i < audience->count; i++) {
		const struct list_domain *domain = &audience->domains[i];

		*(domain->receiver >= 0          ? &share.of[domain->receiver]
		    : domain->receiver == OTHERS ? &share.others
		                                 : &share.unknown) += domain->recipients;
	}
	return share;
}
