#include "dns/sender.h"

#include <string.h>

#include "base/arena.h"
#include "dns/name.h"

struct gathering {
	struct book *book;
	struct arena *arena;
	const struct lists *lists;
	struct sender *out;
	bool done; /* nothing was pending so far */
};

static void
ask_list(struct gathering *g, const struct list *list, const struct ip *ip, const char *domain, const char *identity)
{
	struct listing *listing = arena_push(g->arena, &g->out->listings, g->out->listing_count, sizeof *listing);

	g->out->listing_count++;
	if (!blocklist_look_up(g->book, g->arena, list, ip, domain, identity, listing))
		g->done = false;
}

static void
ask_lists(struct gathering *g, const struct ip *ip, const char *domain, const char *identity)
{
	for (size_t i = 0; g->lists != NULL && i < lists_count(g->lists); i++)
		if (lists_at(g->lists, i)->on && blocklist_takes(lists_at(g->lists, i), ip))
			ask_list(g, lists_at(g->lists, i), ip, domain, identity);
}

/* `name` is a domain or an address; no list knows literals, single labels or the null reverse-path. */
static void
ask_lists_about_name(struct gathering *g, const char *name, const char *identity)
{
	const char *at = name != NULL ? strrchr(name, '@') : NULL, *why;
	char domain[NAME_TEXT];

	if (name == NULL || !name_normalise(at != NULL ? at + 1 : name, domain, &why) || !name_is_host(domain))
		return;
	ask_lists(g, NULL, arena_string(g->arena, domain), identity);
}

/* The name that receivers go by: the confirmed one, else the first. */
static const char *
ptr_name(const struct ptr *ptr)
{
	if (ptr->confirmed_name != NULL)
		return ptr->confirmed_name;
	return ptr->count > 0 ? ptr->names[0].name : NULL;
}

static void
ask_lists_about_ptr(struct gathering *g, const struct ptr *ptr, const char *helo, bool known)
{
	const char *name = ptr_name(ptr);

	if (!known && ptr->count > 1)
		return; /* which one it will be is not decided yet */
	if (name != NULL && (helo == NULL || !name_equal(name, helo)))
		ask_lists_about_name(g, name, "ptr");
}

static void
check_spf(struct gathering *g, const struct sender_query *query)
{
	struct spf_query spf = {.ip = query->ip, .from = query->from, .helo = query->helo, .now = query->now};

	g->out->spf_known = spf_check(g->book, g->arena, &spf, &g->out->spf);
	if (!g->out->spf_known)
		g->done = false;
}

bool
sender_gather(struct book *book, struct arena *arena, const struct sender_query *query, struct sender *out)
{
	struct gathering g = {.book = book, .arena = arena, .lists = query->lists, .out = out, .done = true};
	bool ptr_known;

	*out = (struct sender){.ip = query->ip, .helo = query->helo, .from = query->from, .ptr = {.ip = query->ip}};
	ptr_known = ptr_look_up(book, arena, &query->ip, &out->ptr);
	g.done = ptr_known;
	ask_lists(&g, &query->ip, NULL, "ip");
	ask_lists_about_name(&g, query->helo, "helo");
	ask_lists_about_name(&g, query->from, "mail-from");
	ask_lists_about_name(&g, query->author, "from");
	for (size_t i = 0; query->dkim != NULL && query->dkim[i] != NULL; i++)
		ask_lists_about_name(&g, query->dkim[i], "dkim");
	ask_lists_about_ptr(&g, &out->ptr, query->helo, ptr_known);
	check_spf(&g, query);
	out->complete = g.done;
	return g.done;
}
