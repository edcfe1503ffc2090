/* All that the DNS has to say about a message and its sender, asked at once. */
#include <string.h>

#include "base/arena.h"
#include "dns/book.h"
#include "dns/name.h"
#include "preflight/preflight.h"

struct preflight_gathering {
	struct book *book;
	struct arena *arena;
	const struct preflight_query *query;
	struct preflight *out;
	bool done;
};

/* ---- domains on lists */

/* Those that receivers of weight go by: DBL, SURBL, URIBL. */
static bool
is_for_links(const struct list *list)
{
	return list->on && list->kind == LIST_BLACK && list->weight <= 'B' &&
	       blocklist_takes(list, NULL);
}

static void
ask_lists(struct preflight_gathering *g, const char *name, const char *identity,
    struct listing **listings, size_t *count)
{
	const struct lists *lists = g->query->lists;
	struct ip ip;

	if (name == NULL || ip_parse(&ip, name) || !name_is_host(name))
		return;
	for (size_t i = 0; lists != NULL && i < lists_count(lists); i++) {
		const struct list *list = lists_at(lists, i);
		struct listing *one;

		if (!is_for_links(list))
			continue;
		one = arena_push(g->arena, listings, *count, sizeof *one);
		++*count;
		if (!blocklist_look_up(g->book, g->arena, list, NULL, name, identity, one))
			g->done = false;
	}
}

static void
ask_lists_about_names(struct preflight_gathering *g)
{
	const struct message_facts *facts = g->query->facts;
	struct preflight *out = g->out;

	if (facts->reply_domain != NULL &&
	    (facts->author == NULL || !name_equal(facts->reply_domain, facts->author)))
		ask_lists(g, facts->reply_domain, "reply-to", &out->names, &out->name_count);
	if (facts->msgid_domain != NULL &&
	    (facts->author == NULL || !name_equal(facts->msgid_domain, facts->author)))
		ask_lists(g, facts->msgid_domain, "message-id", &out->names, &out->name_count);
}

/* ---- hosts of links */

static bool
knows_host(const struct preflight *out, const char *name)
{
	for (size_t i = 0; i < out->host_count; i++)
		if (strcmp(out->hosts[i].name, name) == 0)
			return true;
	return false;
}

static bool
knows_domain(const struct preflight *out, const char *registered)
{
	for (size_t i = 0; i < out->host_count; i++)
		if (strcmp(out->hosts[i].registered, registered) == 0)
			return true;
	return false;
}

static void
resolve_host(struct preflight_gathering *g, struct checked_host *host)
{
	const struct answer *a = book_ask(g->book, host->name, DNS_A);
	const struct answer *aaaa = book_ask(g->book, host->name, DNS_AAAA);
	enum truth four, six;

	if (a == NULL || aaaa == NULL) {
		g->done = false;
		return;
	}
	host->complete = true;
	four = answer_truth(a);
	six = answer_truth(aaaa);
	host->resolves = four == PRESENT || six == PRESENT   ? PRESENT
	                 : four == UNKNOWN || six == UNKNOWN ? UNKNOWN
	                                                     : ABSENT;
}

/* Both the host and the domain that is registered; those lists that cut names themselves are asked
 * once. */
static void
ask_about_host(struct preflight_gathering *g, const struct checked_host *host)
{
	ask_lists(g, host->name, "link", &g->out->links, &g->out->link_count);
	if (strcmp(host->registered, host->name) != 0)
		ask_lists(g, host->registered, "link", &g->out->links, &g->out->link_count);
}

static void
check_hosts(struct preflight_gathering *g)
{
	const struct message_facts *facts = g->query->facts;
	struct preflight *out = g->out;
	struct ip ip;

	for (size_t i = 0; i < facts->link_count; i++) {
		const struct message_link *link = &facts->links[i];
		struct checked_host *host;
		const char *registered;

		if (link->host == NULL || ip_parse(&ip, link->host) || !name_is_host(link->host) ||
		    knows_host(out, link->host))
			continue;
		registered = blocklist_registered(link->host);
		if (!knows_domain(out, registered)) {
			if (out->domains == FACTS_DOMAINS_MAX) {
				out->domains_left_out++;
				continue;
			}
			out->domains++;
		}
		if (out->host_count == 2 * FACTS_DOMAINS_MAX)
			continue;
		host = arena_push(g->arena, &out->hosts, out->host_count, sizeof *host);
		out->host_count++;
		*host = (struct checked_host){
		    .name = link->host, .registered = registered, .link = link};
		resolve_host(g, host);
		ask_about_host(g, host);
	}
}

/* ---- Reply-To: can it be answered? */

static bool
receives(const struct sender_domain *domain)
{
	return domain->known &&
	       (domain->route.kind == ROUTE_MX || domain->route.kind == ROUTE_IMPLICIT);
}

static void
check_reply(struct preflight_gathering *g)
{
	const struct message_facts *facts = g->query->facts;
	struct sender_domain *reply = &g->out->reply;
	const char *name = facts->reply_domain, *org;
	struct route route;

	if (name == NULL || (facts->author != NULL && name_equal(name, facts->author)))
		return;
	reply->name = name;
	reply->known = route_find(g->book, g->arena, name, ROUTE_BOTH, 0, &reply->route);
	if (!reply->known) {
		g->done = false;
		return;
	}
	org = blocklist_registered(name);
	if (receives(reply) || strcmp(org, name) == 0)
		return;
	if (!route_find(g->book, g->arena, org, ROUTE_BOTH, 0, &route))
		g->done = false;
	else
		g->out->reply_org_receives = route.kind == ROUTE_MX || route.kind == ROUTE_IMPLICIT;
}

/* ---- BIMI */

/* False: pending. */
static bool
find_bimi(struct preflight_gathering *g, const char *domain, enum truth *found)
{
	const char *name = arena_printf(g->arena, "default._bimi.%s", domain);
	const struct answer *answer =
	    strlen(name) <= NAME_MAX_OCTETS ? book_ask(g->book, name, DNS_TXT) : NULL;

	if (answer == NULL)
		return strlen(name) > NAME_MAX_OCTETS;
	*found = answer_truth(answer) == UNKNOWN ? UNKNOWN : ABSENT;
	for (size_t i = 0; i < answer->count; i++) {
		const struct dns_text *text = &answer->records[i].u.txt.joined;

		if (text->len < 7 || memcmp(text->bytes, "v=BIMI1", 7) != 0)
			continue;
		*found = PRESENT;
		g->out->bimi = text->bytes;
		g->out->bimi_at = name;
		break;
	}
	return true;
}

static void
check_bimi(struct preflight_gathering *g)
{
	const char *author = g->query->facts->author, *org;
	enum truth own = ABSENT, above = ABSENT;

	if (author == NULL) {
		g->out->bimi_found = ABSENT;
		return;
	}
	org = blocklist_registered(author);
	if (!find_bimi(g, author, &own))
		g->done = false;
	else if (own == ABSENT && strcmp(org, author) != 0 && !find_bimi(g, org, &above))
		g->done = false;
	g->out->bimi_found = own == PRESENT || above == PRESENT   ? PRESENT
	                     : own == UNKNOWN || above == UNKNOWN ? UNKNOWN
	                                                          : ABSENT;
}

/* ---- all of it */

bool
preflight_gather(struct book *book, struct arena *arena, const struct preflight_query *query,
    struct preflight *out)
{
	struct preflight_gathering g = {
	    .book = book, .arena = arena, .query = query, .out = out, .done = true};
	const struct message_facts *facts = query->facts;
	struct sender_query sender = {.ip = query->ip,
	    .helo = query->helo,
	    .from = query->from,
	    .author = facts->author != NULL ? facts->author : "",
	    .lists = query->lists,
	    .now = query->now,
	    .signers = query->signers,
	    .signer_count = query->signer_count,
	    .survey = true};
	struct slice mail = query->signed_copy.len > 0 ? query->signed_copy : facts->message;

	*out = (struct preflight){.is_signed = query->signed_copy.len > 0 ||
	                                       facts_field(facts, "DKIM-Signature") != NULL};
	if (out->is_signed) {
		sender.message = mail.at;
		sender.message_len = mail.len;
	}
	if (!sender_gather(book, arena, &sender, &out->sender))
		g.done = false;
	if (!arc_verify(book, arena,
	        &(struct dkim_query){
	            .message = facts->message.at, .len = facts->message.len, .now = query->now},
	        &out->arc))
		g.done = false;
	ask_lists_about_names(&g);
	check_hosts(&g);
	check_reply(&g);
	check_bimi(&g);
	out->complete = g.done;
	return g.done;
}
