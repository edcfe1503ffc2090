#include "judge/facts.h"

#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "dns/name.h"

const char *
fact_name(enum fact_id id)
{
	static const char *const names[FACT_COUNT] = {
#define X(id, name) [FACT_##id] = (name),
	    FACTS(X)
#undef X
	};

	return names[id];
}

enum fact_id
fact_named(const char *name, size_t len)
{
	enum fact_id id = FACT_COUNT;

	do
		id--;
	while (id != FACT_NONE && !slice_same((struct slice){name, len}, fact_name(id)));
	return id;
}

const struct fact *
facts_find(const struct facts *facts, enum fact_id id, const char *about)
{
	for (size_t i = 0; i < facts->count; i++) {
		const struct fact *fact = &facts->items[i];

		if (fact->id == id &&
		    (about == NULL || (fact->about != NULL && strcmp(fact->about, about) == 0)))
			return fact;
	}
	return NULL;
}

struct gathering {
	const struct reading *reading; /* may be NULL, as in facts_gather */
	const struct sender *sender;
	struct arena *arena;
	struct facts *out;
};

/* Valid until the next one. */
static struct fact *
add(struct gathering *g, enum fact_id id, enum truth state, const char *subject)
{
	struct fact *fact = arena_push(g->arena, &g->out->items, g->out->count, sizeof *fact);

	g->out->count++;
	*fact = (struct fact){.id = id, .subject = subject, .state = state};
	return fact;
}

static void
show(struct gathering *g, struct fact *fact, const char *sentence)
{
	const char **evidence =
	    arena_push(g->arena, &fact->evidence, fact->evidence_count, sizeof *evidence);

	*evidence = sentence;
	fact->evidence_count++;
}

static void
add_listing(struct gathering *g, enum fact_id id, const struct listing *listing)
{
	enum truth state = listing->state == LIST_LISTED  ? ABSENT
	                   : listing->state == LIST_CLEAN ? PRESENT
	                                                  : UNKNOWN;
	struct fact *fact = add(g, id, state, listing->item);

	fact->about = listing->identity;
	fact->listing = listing;
	show(g, fact, listing_describe(listing, g->arena));
}

static const char *
our_ip(struct gathering *g)
{
	char text[IP_TEXT];

	return arena_string(g->arena, ip_text(&g->sender->ip, text));
}

static const char *
identity_words(const char *identity)
{
	static const struct {
		const char *identity, *words;
	} all[] = {
	    {"ip", "the address"},
	    {"helo", "the HELO name"},
	    {"mail-from", "the MAIL FROM domain"},
	    {"from", "the From domain"},
	    {"dkim", "the DKIM domain"},
	    {"ptr", "the PTR name"},
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (strcmp(identity, all[i].identity) == 0)
			return all[i].words;
	return identity;
}

/* ---- which identity a reply holds against us, and which of our look-ups were about it */

enum { IDENTITIES = 5 };

static const struct {
	enum listed_what what;
	const char *identities[IDENTITIES]; /* the likeliest first */
} about[] = {
    {LISTED_IP, {"ip"}},
    {LISTED_HELO, {"helo"}},
    {LISTED_SENDER, {"mail-from", "from"}},
    {LISTED_PTR, {"ptr", "helo"}}, /* a PTR name that is the HELO name is asked about once */
    {LISTED_URL, {"from", "mail-from", "dkim", "helo", "ptr"}},
};

static const struct {
	enum cause cause;
	enum listed_what what;
} meant_by[] = {
    {CAUSE_IP_BLOCKLIST, LISTED_IP},
    {CAUSE_IP_REPUTATION, LISTED_IP},
    {CAUSE_SENDER_BLOCKED, LISTED_SENDER},
    {CAUSE_SENDER_DOMAIN, LISTED_SENDER},
    {CAUSE_HELO, LISTED_HELO},
    {CAUSE_CONTENT_URL, LISTED_URL},
};

static enum listed_what
what_is_meant(const struct reading *reading)
{
	if (reading->what != LISTED_NOTHING && reading->what != LISTED_IP)
		return reading->what;
	for (size_t i = 0; i < sizeof meant_by / sizeof *meant_by; i++)
		if (reading->cause == meant_by[i].cause)
			return meant_by[i].what;
	return LISTED_IP;
}

static bool
takes_addresses(const struct list *list)
{
	return list->ask_ip4 || list->ask_ip6;
}

/* "Spamhaus" of a domain is not ZEN but the DBL: the operator's list that takes such a thing. */
static bool
is_list_meant(const struct list *named, const struct list *asked, bool is_ip)
{
	if (name_equal(named->zone, asked->zone))
		return true;
	return !is_ip && !named->ask_domain &&
	       named->operator!= NULL && asked->operator!= NULL &&
	           strcmp(named->operator, asked->operator) == 0;
}

/* Receivers never see a private address: what the DNS says about it says nothing about us. */
static bool
is_hidden(const struct sender *sender)
{
	const char *special = ip_special(&sender->ip);

	return special != NULL && !sender->exposed &&
	       (strcmp(special, "private") == 0 || strcmp(special, "shared") == 0 ||
	           strcmp(special, "link-local") == 0);
}

/* The reply may quote the very domain ("user@mail.example.com", "example.com"): then only look-ups
 * of that one speak of it. */
static bool
is_item_meant(const char *quoted, const char *item)
{
	const char *at = quoted != NULL ? strrchr(quoted, '@') : NULL;
	const char *domain = at != NULL ? at + 1 : quoted;

	return domain == NULL || strchr(domain, '.') == NULL || name_within(domain, item) ||
	       name_within(item, domain);
}

static const struct listing *
listing_of(
    const struct sender *sender, const struct list *list, const char *identity, const char *quoted)
{
	bool is_ip = strcmp(identity, "ip") == 0;

	for (size_t i = 0; i < sender->listing_count; i++) {
		const struct listing *listing = &sender->listings[i];

		if (strcmp(listing->identity, identity) == 0 &&
		    is_list_meant(list, listing->list, is_ip) &&
		    (is_ip ? !is_hidden(sender) : is_item_meant(quoted, listing->item)))
			return listing;
	}
	return NULL;
}

/* Of several identities a hit tells most, then a plain no. */
static int
weight_of_state(enum list_state state)
{
	return state == LIST_LISTED ? 2 : state == LIST_CLEAN ? 1 : 0;
}

static const struct listing *
listing_meant(
    const struct sender *sender, const struct list *list, enum listed_what what, const char *quoted)
{
	const struct listing *best = NULL;

	for (size_t i = 0; i < sizeof about / sizeof *about; i++)
		for (size_t k = 0;
		     about[i].what == what && k < IDENTITIES && about[i].identities[k] != NULL;
		     k++) {
			const struct listing *listing =
			    listing_of(sender, list, about[i].identities[k], quoted);

			if (listing != NULL && (best == NULL || weight_of_state(listing->state) >
			                                            weight_of_state(best->state)))
				best = listing;
		}
	return best;
}

static enum fact_id
named_id(const struct listing *listing)
{
	if (listing == NULL)
		return FACT_SAYS_LISTED_UNASKED;
	switch (listing->state) {
	case LIST_LISTED:
		return FACT_SAYS_LISTED;
	case LIST_CLEAN:
		return FACT_SAYS_LISTED_CLEAN;
	case LIST_UNKNOWN:
	case LIST_REFUSED:
	case LIST_BROKEN:
		break;
	}
	return FACT_SAYS_LISTED_UNKNOWN;
}

/* How telling one of several named lists is. */
static int
weight_of(const struct named_list *named, const struct listing *listing)
{
	if (listing != NULL)
		return listing->state == LIST_LISTED ? 4 : 3;
	if (named->dead != NULL)
		return 0;
	return named->list != NULL ? 2 : 1;
}

static void
add_unasked(struct gathering *g, const struct named_list *named)
{
	const char *listed = g->reading->listed;
	struct fact *fact = add(g, FACT_SAYS_LISTED_UNASKED, UNKNOWN, named->name);

	if (g->sender != NULL)
		show(g, fact,
		    arena_printf(g->arena, "%s was not asked%s%s%s.", named->name,
		        listed != NULL ? " about " : "", listed != NULL ? listed : "",
		        named->list == NULL ? " (it is no public list that we know)" : ""));
}

static void
add_named(struct gathering *g, const struct named_list *named, const struct listing *listing)
{
	if (named->dead != NULL)
		show(g, add(g, FACT_SAYS_DEAD_LIST, ABSENT, named->name),
		    arena_printf(g->arena, "The reply goes by %s, a list that is no more: %s.",
		        named->name, named->dead));
	else if (listing != NULL)
		add_listing(g, named_id(listing), listing);
	else
		add_unasked(g, named);
}

/* Lists of domains answer a question about an address with an error that looks like a hit. */
static void
find_wrong_kind(struct gathering *g, const struct named_list *named)
{
	struct ip ip;

	if (named->dead == NULL && named->list != NULL && !takes_addresses(named->list) &&
	    g->reading->what == LISTED_IP && g->reading->listed != NULL &&
	    ip_parse(&ip, g->reading->listed))
		show(g, add(g, FACT_SAYS_WRONG_LIST, ABSENT, named->name),
		    arena_printf(g->arena,
		        "The reply says that %s lists the address %s, but that is a list of "
		        "domains: "
		        "asked about an address it returns an error code, which the receiver took "
		        "for "
		        "a listing.",
		        named->name, g->reading->listed));
}

/* The page to which a list sends those whose query it refused: a receiver that quotes it has
 * refused mail because of its own resolver. */
static void
find_declined(struct gathering *g)
{
	for (size_t i = 0; i < g->reading->list_count; i++) {
		const struct list *list = g->reading->lists[i].list;

		if (list != NULL && list->declined_page != NULL && g->reading->url != NULL &&
		    slice_find(slice_of(g->reading->url), list->declined_page) != NULL) {
			add(g, FACT_SAYS_LIST_DECLINED, ABSENT, g->reading->lists[i].name);
			return;
		}
	}
}

/* Of several lists the one that tells most. */
static void
find_named(struct gathering *g)
{
	const struct reading *reading = g->reading;
	enum listed_what meant = what_is_meant(reading);
	const struct named_list *telling = NULL;
	const struct listing *its = NULL;
	int best = -1;

	for (size_t i = 0; i < reading->list_count; i++) {
		const struct named_list *named = &reading->lists[i];
		const struct listing *listing = NULL;
		enum listed_what what =
		    named->list != NULL && !takes_addresses(named->list) && meant == LISTED_IP
		        ? LISTED_URL
		        : meant; /* some domain, then */

		if (g->sender != NULL && named->list != NULL && named->list->kind != LIST_WHITE &&
		    named->dead == NULL)
			listing = listing_meant(g->sender, named->list, what,
			    reading->what == LISTED_IP ? NULL : reading->listed);
		if (weight_of(named, listing) > best) {
			best = weight_of(named, listing);
			telling = named;
			its = listing;
		}
	}
	if (telling == NULL)
		return;
	add_named(g, telling, its);
	find_wrong_kind(g, telling);
}

/* ---- the address that the receiver saw */

static void
find_address(struct gathering *g)
{
	const struct reading *reading = g->reading;
	struct ip *client = &g->out->client;
	char text[IP_TEXT];
	const char *other;

	*client = reading->client;
	if (client->family == 0 && reading->what == LISTED_IP && reading->listed != NULL)
		ip_parse(client, reading->listed);
	if (client->family == 0 || g->sender == NULL || g->sender->ip.family == 0 ||
	    ip_equal(client, &g->sender->ip))
		return;
	other = arena_string(g->arena, ip_text(client, text));
	if (is_hidden(g->sender))
		show(g, add(g, FACT_SAYS_HIDDEN_ADDRESS, UNKNOWN, other),
		    arena_printf(g->arena,
		        "The reply speaks of %s. This host sends from %s, a private address that "
		        "no "
		        "receiver sees: NAT changes it on the way, so nothing could be checked.",
		        other, our_ip(g)));
	else
		show(g, add(g, FACT_SAYS_OTHER_ADDRESS, UNKNOWN, other),
		    arena_printf(g->arena,
		        "The reply speaks of %s, but ours is %s: between here and the receiver the "
		        "address is changed, by NAT, a proxy or a relay (or the reply is an old "
		        "one).",
		        other, our_ip(g)));
}

/* ---- what the sender's own DNS shows, whatever the reply says */

static const struct listing *
first_of_weight(const struct sender *sender, const char *identity, char weight)
{
	for (size_t i = 0; i < sender->listing_count; i++) {
		const struct listing *listing = &sender->listings[i];

		if (listing->state == LIST_LISTED && listing->list->kind == LIST_BLACK &&
		    listing->list->weight == weight && strcmp(listing->identity, identity) == 0)
			return listing;
	}
	return NULL;
}

static void
find_grave(struct gathering *g)
{
	static const char *const identities[] = {"ip", "mail-from", "helo"};
	const struct listing *minor =
	    is_hidden(g->sender) ? NULL : first_of_weight(g->sender, "ip", 'B');

	for (size_t i = 0; i < sizeof identities / sizeof *identities; i++) {
		const struct listing *grave = i == 0 && is_hidden(g->sender)
		                                  ? NULL
		                                  : first_of_weight(g->sender, identities[i], 'A');

		if (grave != NULL)
			add_listing(g, FACT_LISTED_GRAVE, grave);
	}
	if (minor != NULL && facts_find(g->out, FACT_LISTED_GRAVE, "ip") == NULL)
		add_listing(g, FACT_LISTED_OFTEN, minor);
}

static bool
is_generic(const struct ptr *ptr)
{
	for (size_t i = 0; i < ptr->count; i++)
		if (ptr->names[i].confirmed == PRESENT && ptr->names[i].generic)
			return true;
	return false;
}

static void
find_ptr(struct gathering *g)
{
	const struct ptr *ptr = &g->sender->ptr;
	const char *name = ptr->confirmed_name != NULL ? ptr->confirmed_name
	                   : ptr->count > 0            ? ptr->names[0].name
	                                               : NULL;
	struct fact *fact;

	if (is_hidden(g->sender) || g->sender->unasked != NULL)
		return;
	if (ptr->found == ABSENT)
		fact = add(g, FACT_PTR_MISSING, ABSENT, NULL);
	else if (ptr->found == PRESENT && ptr->confirmed == ABSENT)
		fact = add(g, FACT_PTR_STRAY, ABSENT, name);
	else if (ptr->found != PRESENT || ptr->confirmed != PRESENT)
		fact = add(g, FACT_PTR_UNKNOWN, UNKNOWN, name);
	else if (is_generic(ptr))
		fact = add(g, FACT_PTR_GENERIC, ABSENT, name);
	else
		fact = add(g, FACT_PTR_GOOD, PRESENT, name);
	show(g, fact, ptr_describe(ptr, g->arena));
}

/* ---- what the look-ups leave open: what failed is not absent */

/* Lists from which a cause would be inferred, or nearly. */
static bool
is_open(const struct listing *listing)
{
	bool ip = strcmp(listing->identity, "ip") == 0,
	     name = strcmp(listing->identity, "mail-from") == 0 ||
	            strcmp(listing->identity, "helo") == 0;
	char weight = listing->list->weight;

	return listing->state != LIST_LISTED && listing->state != LIST_CLEAN &&
	       listing->list->kind == LIST_BLACK &&
	       ((ip && weight <= 'B') || (name && weight == 'A'));
}

static bool
is_same_failure(const struct listing *a, const struct listing *b)
{
	return is_open(a) && is_open(b) && strcmp(a->identity, b->identity) == 0 &&
	       strcmp(a->meaning, b->meaning) == 0;
}

/* All lists that failed in the same way about the same thing, once. */
static void
show_open(struct gathering *g, struct fact *fact, size_t first)
{
	const struct listing *listings = g->sender->listings, *one = &listings[first];
	const char *zones = one->list->zone;
	bool several = false;

	for (size_t i = 0; i < first; i++)
		if (is_same_failure(&listings[i], one))
			return;
	for (size_t i = first + 1; i < g->sender->listing_count; i++)
		if (is_same_failure(&listings[i], one)) {
			zones = arena_printf(g->arena, "%s, %s", zones, listings[i].list->zone);
			several = true;
		}
	show(g, fact,
	    arena_printf(g->arena, "Whether %s %s is on %s is not known: %s %s%s%s%s.",
	        identity_words(one->identity), one->item != NULL ? one->item : "?", zones,
	        several ? "each of them" : "it", one->meaning,
	        one->server != NULL ? " (resolver " : "", one->server != NULL ? one->server : "",
	        one->server != NULL ? ")" : ""));
}

static void
find_open(struct gathering *g)
{
	const struct sender *sender = g->sender;
	const struct fact *ptr = facts_find(g->out, FACT_PTR_UNKNOWN, NULL);
	const char *ptr_words = ptr != NULL ? ptr->evidence[0] : NULL;
	struct fact *fact;
	bool any = ptr != NULL;

	if (sender->unasked != NULL)
		show(g, add(g, FACT_SAYS_NOTHING_UNASKED, UNKNOWN, NULL), sender->unasked);
	for (size_t i = 0; i < sender->listing_count && !any; i++)
		any = is_open(&sender->listings[i]);
	if (!any || is_hidden(sender) || sender->unasked != NULL)
		return;
	fact = add(g, FACT_SAYS_NOTHING_OPEN, UNKNOWN, NULL);
	for (size_t i = 0; i < sender->listing_count; i++)
		if (is_open(&sender->listings[i]))
			show_open(g, fact, i);
	if (ptr_words != NULL)
		show(g, fact, ptr_words);
}

static enum fact_id
spf_id(enum spf_result result)
{
	switch (result) {
	case SPF_PASS:
		return FACT_SPF_GOOD;
	case SPF_TEMPERROR:
		return FACT_SPF_UNKNOWN;
	case SPF_NONE:
		return FACT_SPF_MISSING;
	case SPF_NEUTRAL:
	case SPF_SOFTFAIL:
		return FACT_SPF_WEAK;
	case SPF_FAIL:
		return FACT_SPF_FAIL;
	case SPF_PERMERROR:
		break;
	}
	return FACT_SPF_BROKEN;
}

static void
find_spf(struct gathering *g)
{
	const struct spf *spf = &g->sender->spf;
	const char *domain = spf->domain != NULL ? spf->domain : "?", *matched = "", *problem = "";
	enum truth state = spf->result == SPF_PASS        ? PRESENT
	                   : spf->result == SPF_TEMPERROR ? UNKNOWN
	                                                  : ABSENT;

	if (!g->sender->spf_known)
		return;
	if (spf->matched != NULL)
		matched = arena_printf(g->arena, ", by \"%s\" in the record of %s", spf->matched,
		    spf->matched_in != NULL ? spf->matched_in : "?");
	if (spf->problem != NULL)
		problem = arena_printf(g->arena, " (%s)", spf->problem);
	show(g, add(g, spf_id(spf->result), state, domain),
	    arena_printf(g->arena, "SPF of %s for %s is %s%s%s.", domain, our_ip(g),
	        spf_result_name(spf->result), matched, problem));
}

static bool
is_literal(const char *helo)
{
	return helo[0] == '[';
}

static const char *
helo_answer(struct gathering *g)
{
	const struct sender_helo *helo = &g->sender->helo_facts;

	return arena_printf(g->arena, "%s%s%s", dns_rcode_name(helo->rcode),
	    helo->server != NULL ? ", resolver " : "", helo->server != NULL ? helo->server : "");
}

static void
find_helo(struct gathering *g)
{
	const char *helo = g->sender->helo;
	const struct sender_helo *found = &g->sender->helo_facts;

	if (helo == NULL)
		return;
	if (is_literal(helo) || !name_is_host(helo))
		show(g,
		    add(g, is_literal(helo) ? FACT_HELO_LITERAL : FACT_HELO_INVALID, ABSENT, helo),
		    arena_printf(g->arena,
		        "The HELO name was \"%s\", which is no fully-qualified host name.", helo));
	else if (found->resolves == ABSENT)
		show(g, add(g, FACT_HELO_NOWHERE, ABSENT, helo),
		    arena_printf(
		        g->arena, "The HELO name %s has no address (%s).", helo, helo_answer(g)));
	else if (found->leads_back == PRESENT)
		show(g, add(g, FACT_HELO_GOOD, PRESENT, helo),
		    arena_printf(g->arena, "The HELO name %s is a full name and leads to %s (%s).",
		        helo, our_ip(g), helo_answer(g)));
	else if (found->leads_back == ABSENT &&
	         !is_hidden(g->sender)) /* of an address which no receiver sees that says nothing */
		show(g, add(g, FACT_HELO_ASTRAY, UNKNOWN, helo),
		    arena_printf(g->arena,
		        "The HELO name %s leads to other addresses than %s; whether that is what "
		        "the "
		        "receiver minds cannot be told.",
		        helo, our_ip(g)));
}

/* ---- DMARC, DKIM, and the domains of the sender */

/* By which of the two standards the receiver goes is not known: where they differ nothing is
 * concluded. */
static bool
standards_differ(const struct dmarc *dmarc)
{
	return dmarc->old_known &&
	       (dmarc->old.result == DMARC_PASS) != (dmarc->now.result == DMARC_PASS);
}

static enum fact_id
dmarc_id(const struct sender *sender)
{
	if (!sender->dmarc_known || sender->dmarc.now.result == DMARC_TEMPERROR)
		return FACT_DMARC_UNKNOWN;
	if (standards_differ(&sender->dmarc))
		return FACT_DMARC_DIFFERS;
	switch (sender->dmarc.now.result) {
	case DMARC_PASS:
		return FACT_DMARC_GOOD;
	case DMARC_FAIL:
		return sender->mail_known ? FACT_DMARC_FAIL : FACT_DMARC_BY_DKIM_ALONE;
	case DMARC_RESULT_NONE:
	case DMARC_PERMERROR:
	case DMARC_PUBLISHED: /* of no mail: not asked for here */
	case DMARC_TEMPERROR:
		break;
	}
	return FACT_DMARC_MISSING;
}

static void
show_dmarc(struct gathering *g, struct fact *fact)
{
	const struct sender *sender = g->sender;
	const struct dmarc_view *view = &sender->dmarc.now;
	const char *policy = dmarc_policy_name(view->policy);
	const char *signature = sender_dkim(sender) == PRESENT  ? "DKIM has a good signature"
	                        : sender_dkim(sender) == ABSENT ? "there is no good DKIM signature"
	                                                        : "of DKIM nothing is known";

	if (view->record == NULL)
		show(g, fact,
		    arena_printf(g->arena, "%s has no DMARC record that counts: %s.",
		        sender->author, view->problem != NULL ? view->problem : "none was found"));
	else
		show(g, fact,
		    arena_printf(g->arena,
		        "The DMARC record of %s (at _dmarc.%s, policy %s): \"%s\".", sender->author,
		        view->at, policy != NULL ? policy : "none", view->record));
	show(g, fact,
	    arena_printf(g->arena, "For this mail from %s SPF of %s is %s, and %s.", our_ip(g),
	        sender->spf.domain != NULL ? sender->spf.domain : "?",
	        spf_result_name(sender->spf.result), signature));
}

static void
find_dmarc(struct gathering *g)
{
	const struct dmarc *dmarc = &g->sender->dmarc;
	enum fact_id id = dmarc_id(g->sender);
	struct fact *fact;

	if (id == FACT_DMARC_UNKNOWN)
		return;
	fact = add(g, id,
	    id == FACT_DMARC_GOOD   ? PRESENT
	    : id == FACT_DMARC_FAIL ? ABSENT
	                            : UNKNOWN,
	    g->sender->author);
	show_dmarc(g, fact);
	if (id == FACT_DMARC_GOOD)
		show(g, fact, "This mail passes DMARC as seen from here.");
	else if (id == FACT_DMARC_FAIL)
		show(g, fact,
		    arena_printf(g->arena,
		        "Neither is good for %s: the mail fails DMARC as seen from here, too.",
		        g->sender->author));
	else if (dmarc->old_known && dmarc->old.result != dmarc->now.result)
		show(g, fact,
		    arena_printf(g->arena,
		        "By RFC 9989 that is %s, by RFC 7489, which many receivers still follow, "
		        "%s.",
		        dmarc_result_name(dmarc->now.result),
		        dmarc_result_name(dmarc->old.result)));
}

static void
show_keys(struct gathering *g, struct fact *fact)
{
	for (size_t i = 0; i < g->sender->key_count; i++) {
		const struct sender_key *key = &g->sender->keys[i];

		show(g, fact,
		    arena_printf(g->arena, "The DKIM key %s of %s is no good: %s.", key->selector,
		        key->domain,
		        key->matches == ABSENT
		            ? "what is published is not the other half of the private key"
		        : key->key.problem != NULL ? key->key.problem
		                                   : dkim_key_state_name(key->key.state)));
	}
}

static void
show_signatures(struct gathering *g, struct fact *fact)
{
	const struct dkim *dkim = &g->sender->dkim;

	for (size_t i = 0; g->sender->dkim_known && i < dkim->count; i++) {
		const struct dkim_verdict *verdict = &dkim->signatures[i];

		show(g, fact,
		    arena_printf(g->arena,
		        "The DKIM signature of %s does not verify here, either: %s.",
		        verdict->signature.domain != NULL ? verdict->signature.domain : "nobody",
		        verdict->reason != NULL ? verdict->reason : "?"));
	}
}

static void
find_dkim(struct gathering *g)
{
	const struct sender *sender = g->sender;
	enum truth good = sender_dkim(sender);
	struct fact *fact;

	if (good == PRESENT)
		show(g, add(g, FACT_DKIM_GOOD, PRESENT, sender->author),
		    "The DKIM signature of this mail is good as seen from here.");
	if (good != ABSENT)
		return;
	fact = add(g, FACT_DKIM_BROKEN, ABSENT, sender->author);
	if (sender->key_count == 0 && (!sender->dkim_known || sender->dkim.total == 0))
		show(g, fact, "This mail carries no DKIM signature.");
	show_keys(g, fact);
	show_signatures(g, fact);
}

static bool
takes_mail(const struct sender_domain *domain)
{
	return domain->name == NULL || (domain->known && (domain->route.kind == ROUTE_MX ||
	                                                     domain->route.kind == ROUTE_IMPLICIT));
}

static bool
takes_none(const struct sender_domain *domain)
{
	return domain->name != NULL && domain->known && domain->route.kind != ROUTE_DNS_ERROR &&
	       !takes_mail(domain);
}

static void
add_bad_domain(struct gathering *g, const struct sender_domain *domain)
{
	enum fact_id id = domain->route.kind == ROUTE_NULL_MX     ? FACT_DOMAIN_NULL_MX
	                  : domain->route.kind == ROUTE_NO_DOMAIN ? FACT_DOMAIN_MISSING
	                                                          : FACT_DOMAIN_MUTE;

	show(g, add(g, id, ABSENT, domain->name),
	    arena_printf(g->arena, "%s can take no mail (%s)%s%s", domain->name,
	        route_kind_name(domain->route.kind), domain->route.problem != NULL ? ": " : ".",
	        domain->route.problem != NULL ? domain->route.problem : ""));
}

/* MAIL FROM's, then From's. */
static void
find_domains(struct gathering *g)
{
	const struct sender_domain *from = &g->sender->from_domain,
	                           *author = &g->sender->author_domain;

	if (takes_none(from))
		add_bad_domain(g, from);
	else if (takes_none(author))
		add_bad_domain(g, author);
	else if (from->name != NULL && takes_mail(from) && takes_mail(author))
		show(g, add(g, FACT_DOMAIN_GOOD, PRESENT, from->name),
		    arena_printf(g->arena, "%s can take mail as seen from here (%s).", from->name,
		        route_kind_name(from->route.kind)));
}

void
facts_gather(const struct reading *reading, const struct sender *sender, struct arena *arena,
    struct facts *out)
{
	struct gathering g = {.reading = reading, .sender = sender, .arena = arena, .out = out};

	*out = (struct facts){0};
	if (reading != NULL) {
		find_named(&g);
		find_address(&g);
		find_declined(&g);
		if (reading->code >= 400 && reading->code < 500)
			add(&g, FACT_SAYS_LATER, UNKNOWN, NULL);
	}
	if (sender == NULL)
		return;
	find_grave(&g);
	find_ptr(&g);
	find_spf(&g);
	find_helo(&g);
	find_dmarc(&g);
	find_dkim(&g);
	find_domains(&g);
	find_open(&g);
}

/* ---- in words */

static const char *
codes_text(const struct listing *listing, struct arena *arena)
{
	const char *text = "";
	char ip[IP_TEXT];

	for (size_t i = 0; i < listing->code_count; i++)
		text = arena_printf(
		    arena, "%s%s%s", text, i > 0 ? ", " : "", ip_text(&listing->codes[i], ip));
	return text;
}

const char *
listing_describe(const struct listing *listing, struct arena *arena)
{
	const char *zone = listing->list->zone, *what = identity_words(listing->identity),
	           *item = listing->item != NULL ? listing->item : "?";
	const char *by =
	    listing->server != NULL ? arena_printf(arena, " (resolver %s)", listing->server) : "";

	if (listing->state == LIST_LISTED) {
		const char *reason =
		    listing->reason != NULL
		        ? arena_printf(arena, " The list says: \"%s\".", listing->reason)
		        : "";

		return arena_printf(arena, "%s lists %s %s: %s, %s%s.%s", zone, what, item,
		    codes_text(listing, arena), listing->meaning, by, reason);
	}
	if (listing->state == LIST_CLEAN)
		return arena_printf(arena,
		    "%s does not list %s %s%s; it passed its own tests, so this is believed.", zone,
		    what, item, by);
	return arena_printf(arena, "%s could not be checked for %s %s: it %s%s.", zone, what, item,
	    listing->meaning, by);
}

const char *
ptr_describe(const struct ptr *ptr, struct arena *arena)
{
	char ip[IP_TEXT];
	const char *name = ptr->confirmed_name != NULL ? ptr->confirmed_name
	                   : ptr->count > 0            ? ptr->names[0].name
	                                               : "";
	const char *by =
	    ptr->server != NULL ? arena_printf(arena, "; resolver %s", ptr->server) : "";

	ip_text(&ptr->ip, ip);
	if (ptr->found == ABSENT)
		return arena_printf(arena, "%s has no PTR record (%s%s)%s%s.", ip,
		    dns_rcode_name(ptr->rcode), by, ptr->problem != NULL ? "; " : "",
		    ptr->problem != NULL ? ptr->problem : "");
	if (ptr->found == UNKNOWN)
		return arena_printf(arena,
		    "The PTR record of %s could not be looked up (%s%s): nothing is known about "
		    "it.",
		    ip, dns_rcode_name(ptr->rcode), by);
	if (ptr->confirmed == ABSENT)
		return arena_printf(arena,
		    "%s has the PTR name %s, but that name does not lead back to it: its %s "
		    "records do not hold the address.",
		    ip, name, ptr->ip.family == 6 ? "AAAA" : "A");
	if (ptr->confirmed == UNKNOWN && ptr->problem != NULL)
		return arena_printf(
		    arena, "%s has too many PTR names to tell: %s.", ip, ptr->problem);
	if (ptr->confirmed == UNKNOWN)
		return arena_printf(arena,
		    "%s has the PTR name %s; whether that leads back could not be looked up.", ip,
		    name);
	return arena_printf(arena, "%s has the PTR name %s, and that leads back to it%s.", ip, name,
	    ptr->confirmed == PRESENT && is_generic(ptr)
	        ? ", but the name looks made by a machine, as of a dial-up or cloud pool"
	        : "");
}
