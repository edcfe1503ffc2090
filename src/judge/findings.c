#include "judge/findings.h"

#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "dns/name.h"

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

	return special != NULL &&
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

static unsigned
state_finding(enum list_state state)
{
	switch (state) {
	case LIST_LISTED:
		return FOUND_LISTED;
	case LIST_CLEAN:
		return FOUND_CLEAN;
	case LIST_UNKNOWN:
	case LIST_REFUSED:
	case LIST_BROKEN:
		break;
	}
	return FOUND_NO_ANSWER;
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
find_named(const struct reading *reading, const struct sender *sender, struct findings *out)
{
	enum listed_what meant = what_is_meant(reading);
	int best = -1;

	for (size_t i = 0; i < reading->list_count; i++) {
		const struct named_list *named = &reading->lists[i];
		const struct listing *listing = NULL;
		enum listed_what what =
		    named->list != NULL && !takes_addresses(named->list) && meant == LISTED_IP
		        ? LISTED_URL
		        : meant; /* some domain, then */

		if (sender != NULL && named->list != NULL && named->list->kind != LIST_WHITE &&
		    named->dead == NULL)
			listing = listing_meant(sender, named->list, what,
			    reading->what == LISTED_IP ? NULL : reading->listed);
		if (weight_of(named, listing) > best) {
			best = weight_of(named, listing);
			out->named = named;
			out->listing = listing;
		}
	}
	if (out->named == NULL)
		return;
	if (out->named->dead != NULL)
		out->set |= FOUND_DEAD;
	else
		out->set |=
		    out->listing != NULL ? state_finding(out->listing->state) : FOUND_NOT_ASKED;
}

static bool
is_of_wrong_kind(const struct reading *reading, const struct named_list *named)
{
	struct ip ip;

	return named != NULL && named->dead == NULL && named->list != NULL &&
	       !takes_addresses(named->list) && reading->what == LISTED_IP &&
	       reading->listed != NULL && ip_parse(&ip, reading->listed);
}

/* ---- the address that the receiver saw */

static void
find_address(const struct reading *reading, const struct sender *sender, struct findings *out)
{
	out->client = reading->client;
	if (out->client.family == 0 && reading->what == LISTED_IP && reading->listed != NULL)
		ip_parse(&out->client, reading->listed);
	if (out->client.family == 0 || sender == NULL || sender->ip.family == 0 ||
	    ip_equal(&out->client, &sender->ip))
		return;
	out->set |= is_hidden(sender) ? FOUND_HIDDEN_ADDRESS : FOUND_OTHER_ADDRESS;
}

/* The pages to which Spamhaus and URIBL send those whose query they refused. A receiver that quotes
 * one has refused mail because of its own resolver. */
static bool
quotes_a_refusal(const char *url)
{
	static const char *const pages[] = {"spamhaus.org/returnc", "uribl.com/refused"};

	for (size_t i = 0; url != NULL && i < sizeof pages / sizeof *pages; i++)
		if (strcasestr(url, pages[i]) != NULL)
			return true;
	return false;
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
find_grave(const struct sender *sender, struct findings *out)
{
	out->grave_ip = is_hidden(sender) ? NULL : first_of_weight(sender, "ip", 'A');
	out->grave_sender = first_of_weight(sender, "mail-from", 'A');
	out->grave_helo = first_of_weight(sender, "helo", 'A');
	out->minor_ip =
	    out->grave_ip == NULL && !is_hidden(sender) ? first_of_weight(sender, "ip", 'B') : NULL;
	out->set |= out->grave_ip != NULL ? FOUND_GRAVE_IP : 0u;
	out->set |= out->grave_sender != NULL ? FOUND_GRAVE_SENDER : 0u;
	out->set |= out->grave_helo != NULL ? FOUND_GRAVE_HELO : 0u;
	out->set |= out->minor_ip != NULL ? FOUND_MINOR_IP : 0u;
}

static unsigned
ptr_finding(const struct ptr *ptr)
{
	if (ptr->found == ABSENT || (ptr->found == PRESENT && ptr->confirmed == ABSENT))
		return FOUND_PTR_BAD;
	if (ptr->found != PRESENT || ptr->confirmed != PRESENT)
		return 0;
	for (size_t i = 0; i < ptr->count; i++)
		if (ptr->names[i].confirmed == PRESENT && ptr->names[i].generic)
			return FOUND_PTR_GENERIC;
	return FOUND_PTR_GOOD;
}

/* Does the reply complain of how the address or its name looks, not of a record that is missing? It
 * may say so beside other words on reverse names. */
static bool
is_about_looks(const struct reading *reading)
{
	unsigned facts = reading != NULL ? reading->about : 0;

	for (size_t i = 0; reading != NULL && i < reading->also_count; i++)
		facts |= reading->also[i].about;
	return facts & ABOUT_LOOKS;
}

static unsigned
name_finding(const struct reading *reading, const struct sender *sender)
{
	unsigned found = is_hidden(sender) ? 0u : ptr_finding(&sender->ptr);

	if (is_about_looks(reading) && found == FOUND_PTR_GENERIC)
		return FOUND_LOOKS_AGREE;
	if (is_about_looks(reading) && found == FOUND_PTR_GOOD)
		return FOUND_LOOKS_OPEN;
	return found;
}

static unsigned
spf_finding(const struct spf *spf)
{
	switch (spf->result) {
	case SPF_PASS:
		return FOUND_SPF_GOOD;
	case SPF_TEMPERROR:
		return 0;
	case SPF_NONE:
	case SPF_NEUTRAL:
	case SPF_FAIL:
	case SPF_SOFTFAIL:
	case SPF_PERMERROR:
		break;
	}
	return FOUND_SPF_BAD;
}

/* By which of the two standards the receiver goes is not known: where they differ nothing is
 * concluded. */
static bool
standards_differ(const struct dmarc *dmarc)
{
	return dmarc->old_known &&
	       (dmarc->old.result == DMARC_PASS) != (dmarc->now.result == DMARC_PASS);
}

static unsigned
dmarc_finding(const struct sender *sender)
{
	if (!sender->dmarc_known)
		return 0;
	if (standards_differ(&sender->dmarc))
		return FOUND_DMARC_OPEN;
	switch (sender->dmarc.now.result) {
	case DMARC_PASS:
		return FOUND_DMARC_GOOD;
	case DMARC_FAIL:
		return sender->mail_known ? FOUND_DMARC_BAD : FOUND_DMARC_OPEN;
	case DMARC_RESULT_NONE:
	case DMARC_PERMERROR:
		return FOUND_DMARC_OPEN;
	case DMARC_TEMPERROR:
		break;
	}
	return 0;
}

static unsigned
dkim_finding(const struct sender *sender)
{
	static const unsigned findings[] = {
	    [UNKNOWN] = 0, [ABSENT] = FOUND_DKIM_BAD, [PRESENT] = FOUND_DKIM_GOOD};

	return findings[sender_dkim(sender)];
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

const struct sender_domain *
findings_bad_domain(const struct sender *sender)
{
	return takes_none(&sender->from_domain)     ? &sender->from_domain
	       : takes_none(&sender->author_domain) ? &sender->author_domain
	                                            : NULL;
}

static unsigned
domain_finding(const struct sender *sender)
{
	if (findings_bad_domain(sender) != NULL)
		return FOUND_DOMAIN_BAD;
	return sender->from_domain.name != NULL && takes_mail(&sender->from_domain) &&
	               takes_mail(&sender->author_domain)
	           ? FOUND_DOMAIN_GOOD
	           : 0u;
}

static bool
is_literal(const char *helo)
{
	return helo[0] == '[';
}

/* That a name does not lead to an address which no receiver sees says nothing; and of tastes and
 * lists the DNS does not know, only of what resolves. */
static unsigned
helo_finding(const struct reading *reading, const struct sender *sender)
{
	if (sender->helo == NULL)
		return 0;
	if (is_literal(sender->helo) || !name_is_host(sender->helo) ||
	    sender->helo_facts.resolves == ABSENT)
		return FOUND_HELO_BAD;
	if (sender->helo_facts.leads_back == PRESENT)
		return reading != NULL && reading->about & ABOUT_RESOLVING ? FOUND_HELO_GOOD : 0u;
	return sender->helo_facts.leads_back == ABSENT && !is_hidden(sender) ? FOUND_HELO_ASTRAY
	                                                                     : 0u;
}

void
findings_make(const struct reading *reading, const struct sender *sender, struct findings *out)
{
	*out = (struct findings){0};
	if (reading != NULL) {
		find_named(reading, sender, out);
		find_address(reading, sender, out);
		out->set |= is_of_wrong_kind(reading, out->named) ? FOUND_WRONG_KIND : 0u;
		out->set |= quotes_a_refusal(reading->url) ? FOUND_RECEIVER_REFUSED : 0u;
		out->set |= reading->code >= 400 && reading->code < 500 ? FOUND_LATER : 0u;
	}
	if (sender == NULL)
		return;
	find_grave(sender, out);
	out->set |= name_finding(reading, sender);
	out->set |= sender->spf_known ? spf_finding(&sender->spf) : 0u;
	out->set |= helo_finding(reading, sender);
	out->set |= dmarc_finding(sender);
	out->set |= dkim_finding(sender);
	out->set |= domain_finding(sender);
}

/* ---- in words */

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
		return arena_printf(
		    arena, "%s has no PTR record (%s%s).", ip, dns_rcode_name(ptr->rcode), by);
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
	if (ptr->confirmed == UNKNOWN)
		return arena_printf(arena,
		    "%s has the PTR name %s; whether that leads back could not be looked up.", ip,
		    name);
	return arena_printf(arena, "%s has the PTR name %s, and that leads back to it%s.", ip, name,
	    ptr_finding(ptr) == FOUND_PTR_GENERIC
	        ? ", but the name looks made by a machine, as of a dial-up or cloud pool"
	        : "");
}
