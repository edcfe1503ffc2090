#include "judge/advice.h"

#include <string.h>

#include "base/arena.h"
#include "dns/name.h"
#include "judge/facts.h"

enum { TXT_STRING = 255, QUOTE_MAX = 600 };
enum { NETWORK_SHARE = 5 }; /* a fifth of its neighbours listed: it is the network */

struct review {
	const struct advice_query *query;
	const struct sender *sender;
	struct arena *arena;
	struct advice *found[SEVERITY_COUNT];
	size_t count[SEVERITY_COUNT];
	const char *ip;
	struct values values; /* what the remedies speak of */
};

static void
set_value(struct review *review, enum value value, const char *words)
{
	review->values.of[value] = words;
}

/* What the row of that fact says is to be done. */
static void
act(struct review *review, struct advice *advice, enum fact_id id)
{
	const struct remedy *remedy = remedies_of(review->query->remedies, id);

	advice->who = remedy->who;
	advice->kind = fact_name(id);
	advice->advice = remedy_fill(remedy->advice, &review->values, review->arena);
}

/* `what` NULL: the row of the fact has the words. Valid until the next one of that severity. */
static struct advice *
add(struct review *review, enum fact_id id, const char *what)
{
	const struct remedy *remedy = remedies_of(review->query->remedies, id);
	enum severity severity = remedy->severity;
	struct advice *advice = arena_push(
	    review->arena, &review->found[severity], review->count[severity], sizeof *advice);

	review->count[severity]++;
	*advice = (struct advice){.id = fact_name(id),
	    .topic = remedy->topic,
	    .severity = severity,
	    .what = what != NULL ? what : remedy_fill(remedy->what, &review->values, review->arena),
	    .refused_by = remedy->refusers};
	act(review, advice, id);
	return advice;
}

/* ---- domains that are not there */

static bool
is_missing(const struct sender_domain *domain)
{
	return domain->name != NULL && domain->known && domain->route.kind == ROUTE_NO_DOMAIN;
}

/* Of a domain that does not exist nothing else is worth a word: no record can be published in it,
 * and whatever takes its place has records of its own. */
static bool
is_missing_domain(const struct review *review, const char *name)
{
	const struct sender_domain *domains[] = {
	    &review->sender->from_domain, &review->sender->author_domain};

	for (size_t i = 0; i < sizeof domains / sizeof *domains; i++)
		if (name != NULL && is_missing(domains[i]) && name_equal(domains[i]->name, name))
			return true;
	return false;
}

/* ---- words and records */

static const char *
by(struct review *review, const char *server)
{
	return server != NULL ? arena_printf(review->arena, " (resolver %s)", server) : "";
}

/* As a zone file has it: strings of 255 octets at most, quotes and backslashes escaped (RFC 1035
 * section 5.1). */
static const char *
txt_record(struct review *review, const char *name, const char *text)
{
	size_t len = strlen(text), at = 0;
	char *out = arena_alloc(review->arena, len * 2 + (len / TXT_STRING + 1) * 3 + 1);

	for (size_t i = 0; i < len || i == 0; i++) {
		if (i % TXT_STRING == 0) {
			memcpy(out + at, i == 0 ? "\"" : "\" \"", i == 0 ? 1 : 3);
			at += i == 0 ? 1 : 3;
		}
		if (text[i] == '"' || text[i] == '\\')
			out[at++] = '\\';
		if (text[i] != '\0')
			out[at++] = text[i];
	}
	out[at] = '"';
	return arena_printf(review->arena, "%s. TXT %s", name, out);
}

static const char *
address_record(struct review *review, const char *name)
{
	return arena_printf(review->arena, "%s. %s %s", name,
	    review->sender->ip.family == 6 ? "AAAA" : "A", review->ip);
}

static const char *
ptr_record(struct review *review, const char *name)
{
	char reverse[NAME_TEXT];

	if (!ip_reverse(&review->sender->ip,
	        review->sender->ip.family == 6 ? "ip6.arpa" : "in-addr.arpa", reverse,
	        sizeof reverse))
		return NULL;
	return arena_printf(review->arena, "%s. PTR %s.", reverse, name);
}

static const char *
quote(struct review *review, const char *text)
{
	return strlen(text) > QUOTE_MAX ? arena_printf(review->arena, "%.*s...", QUOTE_MAX, text)
	                                : text;
}

/* ---- the address that others saw */

static const char *
seen_evidence(struct review *review, const struct received *seen, const char *ip)
{
	return arena_printf(review->arena, "Received: from %s (%s [%s]) by %s.",
	    seen->helo != NULL ? seen->helo : "?", seen->ptr != NULL ? seen->ptr : "no name given",
	    ip, seen->by != NULL ? seen->by : "?");
}

/* A message that has come by another family is no contradiction: mail takes either way. */
static void
judge_seen(struct review *review)
{
	const struct received *seen = review->query->seen;
	const char *server;
	struct advice *advice;
	char ip[IP_TEXT];

	if (seen == NULL)
		return;
	server = seen->by != NULL ? seen->by : "the server that received it";
	ip_text(&seen->client, ip);
	set_value(review, VALUE_OTHER, arena_string(review->arena, ip));
	if (ip_equal(&seen->client, &review->sender->ip)) {
		add(review, FACT_SEEN_HERE,
		    arena_printf(review->arena, "The message came from %s, as %s saw it.",
		        review->ip, server));
		return;
	}
	if (seen->client.family != review->sender->ip.family) {
		advice = add(review, FACT_SEEN_OTHER_FAMILY,
		    arena_printf(review->arena,
		        "The message came by IPv%u from %s, as %s saw it; that address is not "
		        "judged here.",
		        seen->client.family, ip, server));
		advice->evidence = seen_evidence(review, seen, ip);
		return;
	}
	advice = add(review, FACT_SEEN_ELSEWHERE,
	    arena_printf(review->arena,
	        "The message came from %s, not from %s, as %s saw it: it did not judge %s, of "
	        "which the rest speaks.",
	        ip, review->ip, server, review->ip));
	advice->evidence = seen_evidence(review, seen, ip);
}

/* ---- a resolver that makes addresses up */

static void
judge_resolver(struct review *review)
{
	const struct sender *sender = review->sender;
	struct advice *advice;
	char ip[IP_TEXT];

	if (review->query->silent_resolver != NULL)
		add(review, FACT_RESOLVER_SILENT,
		    arena_printf(review->arena,
		        "No name server has answered anything: %s. What is not known here is no "
		        "fault of the domain.",
		        review->query->silent_resolver));
	if (sender->made_up == NULL)
		return;
	advice = add(review, FACT_RESOLVER_LIES,
	    arena_printf(review->arena,
	        "The resolver %s has addresses for names that do not exist: whatever hangs on an "
	        "address is in doubt.",
	        sender->made_up));
	advice->evidence = arena_printf(review->arena, "%s A %s%s.", SENDER_NO_NAME,
	    ip_text(&sender->made_up_ip, ip), by(review, sender->made_up));
}

/* ---- blocklists */

static const char *
spoken(const char *identity)
{
	static const struct {
		const char *identity, *words;
	} all[] = {{"ip", "The address"}, {"helo", "The HELO name"},
	    {"mail-from", "The MAIL FROM domain"}, {"from", "The From domain"},
	    {"dkim", "The DKIM domain"}, {"ptr", "The PTR name"}};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (strcmp(all[i].identity, identity) == 0)
			return all[i].words;
	return identity;
}

/* The same list was asked about the same thing in another role: HELO name and MAIL FROM domain may
 * be one, or be cut to one. */
static bool
is_repeated(const struct review *review, const struct listing *listing)
{
	for (const struct listing *before = review->sender->listings; before < listing; before++)
		if (before->list == listing->list && before->item != NULL &&
		    listing->item != NULL && strcmp(before->item, listing->item) == 0)
			return true;
	return false;
}

static enum fact_id
id_of_hit(const struct list *list)
{
	if (list->kind == LIST_WHITE)
		return FACT_LISTED_WHITE;
	if (list->kind == LIST_INFO || list->weight > 'B')
		return FACT_LISTED_MINOR;
	return list->weight == 'A' ? FACT_LISTED_GRAVE : FACT_LISTED_OFTEN;
}

static void
tell_hit(struct review *review, const struct listing *listing)
{
	const struct list_value *value = listing->value;
	enum fact_id id = id_of_hit(listing->list);
	const char *own = blocklist_advice(listing, NULL, review->arena), *words;
	struct advice *advice = add(review, id,
	    arena_printf(review->arena, "%s %s is %s %s (%s).",
	        listing->list->registered ? "The domain" : spoken(listing->identity), listing->item,
	        id == FACT_LISTED_WHITE ? "known as good to" : "on the blocklist",
	        listing->list->name, listing->list->zone));

	advice->evidence = listing_describe(listing, review->arena);
	words = blocklist_advice(listing, advice->advice, review->arena);
	advice->kind =
	    arena_printf(review->arena, "%s %s", listing->list->zone, own != NULL ? own : "");
	if (id == FACT_LISTED_WHITE)
		return;
	advice->url = listing->url;
	if (id == FACT_LISTED_MINOR)
		return; /* information, no cause for anything */
	if (words != NULL)
		advice->advice = words;
	if (value != NULL && value->who != NULL)
		who_parse(value->who, &advice->who);
}

/* A grave list that says nothing leaves the main question open; the others are named in one line.
 */
static void
tell_silent(struct review *review)
{
	const char *others = NULL;

	for (size_t i = 0; i < review->sender->listing_count; i++) {
		const struct listing *listing = &review->sender->listings[i];
		struct advice *advice;

		if (listing->state == LIST_LISTED || listing->state == LIST_CLEAN ||
		    listing->list->kind != LIST_BLACK || is_repeated(review, listing))
			continue;
		if (listing->list->weight != 'A') {
			others =
			    arena_printf(review->arena, "%s%s%s (%s)", others != NULL ? others : "",
			        others != NULL ? ", " : "", listing->list->zone, listing->item);
			continue;
		}
		advice = add(review, FACT_LIST_SILENT,
		    arena_printf(review->arena, "Whether %s is on %s could not be found out.",
		        listing->item, listing->list->zone));
		advice->kind = listing->list->zone;
		advice->evidence =
		    listing->list->policy != NULL
		        ? arena_printf(review->arena, "%s Who may ask: %s",
		              listing_describe(listing, review->arena), listing->list->policy)
		        : listing_describe(listing, review->arena);
	}
	if (others != NULL)
		add(review, FACT_LISTS_SILENT,
		    arena_printf(review->arena, "Could not be asked: %s.", others));
}

static void
tell_resolver(struct review *review)
{
	bool refused = false;

	for (size_t i = 0; i < review->sender->listing_count; i++)
		refused |= review->sender->listings[i].state == LIST_REFUSED ||
		           review->sender->listings[i].state == LIST_BROKEN;
	if (review->query->public_resolver == NULL || !refused)
		return;
	add(review, FACT_PUBLIC_RESOLVER,
	    arena_printf(review->arena,
	        "The lists were asked through %s, an open resolver: many refuse to answer "
	        "those, or answer wrongly.",
	        review->query->public_resolver));
}

static bool
is_clean(const struct listing *listing)
{
	return listing->state == LIST_CLEAN && listing->list->kind == LIST_BLACK;
}

/* One line for each thing that was asked about, in whatever role. */
static void
tell_clean(struct review *review, size_t first)
{
	const struct listing *listings = review->sender->listings;
	const char *zones = listings[first].list->zone;

	for (size_t i = 0; i < first; i++)
		if (is_clean(&listings[i]) && strcmp(listings[i].item, listings[first].item) == 0)
			return; /* told */
	for (size_t i = first + 1; i < review->sender->listing_count; i++)
		if (is_clean(&listings[i]) && strcmp(listings[i].item, listings[first].item) == 0 &&
		    strcmp(listings[i].identity, listings[first].identity) == 0)
			zones =
			    arena_printf(review->arena, "%s, %s", zones, listings[i].list->zone);
	add(review, FACT_LISTS_CLEAN,
	    arena_printf(review->arena, "%s is not on %s.", listings[first].item, zones));
}

static void
judge_lists(struct review *review)
{
	tell_resolver(review);
	for (size_t i = 0; i < review->sender->listing_count; i++)
		if (review->sender->listings[i].state == LIST_LISTED &&
		    !is_repeated(review, &review->sender->listings[i]))
			tell_hit(review, &review->sender->listings[i]);
	tell_silent(review);
	for (size_t i = 0; i < review->sender->listing_count; i++)
		if (is_clean(&review->sender->listings[i]))
			tell_clean(review, i);
}

/* ---- PTR */

/* The name to give the address: the HELO name, when that was told or leads back. */
static const char *
own_name(struct review *review)
{
	const struct sender *sender = review->sender;

	return sender->helo_facts.valid &&
	               (review->query->helo_given || sender->helo_facts.leads_back == PRESENT)
	           ? sender->helo
	           : NULL;
}

static void
tell_no_ptr(struct review *review)
{
	struct advice *advice = add(review, FACT_PTR_MISSING,
	    arena_printf(review->arena, "%s has no PTR record, so no name.", review->ip));
	const char *name = own_name(review);

	advice->evidence = ptr_describe(&review->sender->ptr, review->arena);
	if (name == NULL)
		return;
	advice->records[0] = ptr_record(review, name);
	advice->records[1] =
	    review->sender->helo_facts.leads_back == ABSENT ? address_record(review, name) : NULL;
}

static void
tell_stray_ptr(struct review *review)
{
	const struct ptr *ptr = &review->sender->ptr;
	struct advice *advice;

	set_value(review, VALUE_NAME, ptr->names[0].name);
	advice = add(review, FACT_PTR_STRAY,
	    arena_printf(review->arena, "%s has the PTR name %s, which does not lead back to it.",
	        review->ip, ptr->names[0].name));
	advice->evidence = ptr_describe(ptr, review->arena);
	advice->records[0] = address_record(review, ptr->names[0].name);
}

static const char *
generic_name(const struct ptr *ptr)
{
	for (size_t i = 0; i < ptr->count; i++)
		if (ptr->names[i].confirmed == PRESENT && ptr->names[i].generic)
			return ptr->names[i].name;
	return NULL;
}

static void
tell_generic_ptr(struct review *review)
{
	const char *generic = generic_name(&review->sender->ptr), *name = own_name(review);
	struct advice *advice = add(review, FACT_PTR_GENERIC,
	    arena_printf(review->arena,
	        "The PTR name %s leads back to %s, but looks as a dial-up or cloud pool gives it.",
	        generic, review->ip));

	if (name != NULL && !name_equal(name, generic))
		advice->records[0] = ptr_record(review, name);
}

static void
judge_ptr(struct review *review)
{
	const struct ptr *ptr = &review->sender->ptr;

	if (ptr->found == ABSENT)
		tell_no_ptr(review);
	else if (ptr->found == PRESENT && ptr->confirmed == ABSENT)
		tell_stray_ptr(review);
	else if (ptr->found == UNKNOWN || ptr->confirmed == UNKNOWN)
		add(review, FACT_PTR_UNKNOWN, ptr_describe(ptr, review->arena));
	else if (generic_name(ptr) != NULL)
		tell_generic_ptr(review);
	else
		add(review, FACT_PTR_GOOD, ptr_describe(ptr, review->arena));
	if (ptr->total > 1)
		add(review, FACT_PTR_MANY,
		    arena_printf(review->arena,
		        "%s has %zu PTR names: some receivers look at the first that comes, or "
		        "at none.",
		        review->ip, ptr->total));
}

/* ---- HELO */

static const char *
helo_evidence(struct review *review)
{
	const struct sender_helo *helo = &review->sender->helo_facts;

	return arena_printf(review->arena, "%s %s: %s%s%s%s.", review->sender->helo,
	    review->sender->ip.family == 6 ? "AAAA" : "A", dns_rcode_name(helo->rcode),
	    helo->alias != NULL ? "; " : "", helo->alias != NULL ? helo->alias : "",
	    by(review, helo->server));
}

static void
tell_nowhere(struct review *review)
{
	struct advice *advice;

	set_value(review, VALUE_NAME, review->sender->helo);
	advice = add(review, FACT_HELO_NOWHERE,
	    arena_printf(review->arena, "The HELO name %s has no address.", review->sender->helo));
	advice->evidence = helo_evidence(review);
	advice->records[0] = address_record(review, review->sender->helo);
}

static void
tell_astray(struct review *review)
{
	struct advice *advice;

	set_value(review, VALUE_NAME, review->sender->ptr.confirmed_name);
	advice = add(review, FACT_HELO_ASTRAY,
	    arena_printf(review->arena, "The HELO name %s has an address, but not %s.",
	        review->sender->helo, review->ip));
	advice->evidence = helo_evidence(review);
	if (review->sender->ptr.confirmed_name == NULL)
		act(review, advice, FACT_HELO_ASTRAY_NAMELESS);
}

static void
tell_not_ptr(struct review *review)
{
	const struct ptr *ptr = &review->sender->ptr;
	struct advice *advice = add(review, FACT_HELO_NOT_PTR,
	    arena_printf(review->arena, "The HELO name %s leads to %s, but its PTR name is %s.",
	        review->sender->helo, review->ip, ptr->names[0].name));

	advice->records[0] = ptr_record(review, review->sender->helo);
}

static void
judge_helo(struct review *review)
{
	const struct sender *sender = review->sender;
	const struct sender_helo *helo = &sender->helo_facts;

	if (!review->query->helo_given && !review->query->helo_is_ptr) {
		add(review, FACT_HELO_ASSUMED, NULL);
		return;
	}
	if (helo->literal)
		add(review, FACT_HELO_LITERAL,
		    arena_printf(review->arena, "EHLO says an address, %s, instead of a name.",
		        sender->helo));
	else if (!helo->valid)
		add(review, FACT_HELO_INVALID,
		    arena_printf(
		        review->arena, "The HELO name \"%s\" is no full host name.", sender->helo));
	else if (helo->resolves == ABSENT)
		tell_nowhere(review);
	else if (helo->resolves == UNKNOWN)
		add(review, FACT_HELO_UNKNOWN,
		    arena_printf(review->arena,
		        "Whether the HELO name %s has an address could not be found out: %s%s.",
		        sender->helo, dns_rcode_name(helo->rcode), by(review, helo->server)));
	else if (helo->leads_back == ABSENT)
		tell_astray(review);
	else if (helo->is_ptr == ABSENT && sender->ptr.found == PRESENT)
		tell_not_ptr(review);
	else
		add(review, FACT_HELO_GOOD,
		    arena_printf(review->arena, "The HELO name %s leads to %s%s.", sender->helo,
		        review->ip, helo->is_ptr == PRESENT ? " and is its PTR name" : ""));
}

/* Bounces have no reverse-path: then the HELO name is what SPF is about (RFC 7208 section 2.4). */
static void
judge_helo_spf(struct review *review)
{
	const struct sender *sender = review->sender;
	struct advice *advice;

	if (!sender->helo_spf_known ||
	    (!review->query->helo_given && !review->query->helo_is_ptr) ||
	    sender->helo_facts.resolves != PRESENT)
		return; /* a name has to lead somewhere first */
	switch (sender->helo_spf.result) {
	case SPF_PASS:
		add(review, FACT_HELO_SPF_GOOD,
		    arena_printf(review->arena,
		        "SPF of the HELO name %s passes: bounces from here are covered.",
		        sender->helo));
		break;
	case SPF_NONE:
	case SPF_NEUTRAL:
		advice = add(review, FACT_HELO_SPF_NONE,
		    arena_printf(review->arena,
		        "The HELO name %s %s: bounces from this host, whose reverse-path is empty, "
		        "have nothing that SPF could pass.",
		        sender->helo,
		        sender->helo_spf.result == SPF_NONE
		            ? "has no SPF record"
		            : "has an SPF record that says nothing about this address"));
		if (sender->helo_spf.result == SPF_NONE)
			advice->records[0] = txt_record(review, sender->helo, "v=spf1 a -all");
		break;
	case SPF_FAIL:
	case SPF_SOFTFAIL:
	case SPF_PERMERROR:
		advice = add(review, FACT_HELO_SPF_BAD,
		    arena_printf(review->arena,
		        "SPF of the HELO name %s is %s: bounces from this host will be refused by "
		        "many.",
		        sender->helo, spf_result_name(sender->helo_spf.result)));
		advice->evidence =
		    sender->helo_spf.record != NULL
		        ? arena_printf(review->arena, "%s TXT \"%s\"%s%s", sender->helo,
		              quote(review, sender->helo_spf.record),
		              sender->helo_spf.problem != NULL ? "; " : "",
		              sender->helo_spf.problem != NULL ? sender->helo_spf.problem : "")
		        : sender->helo_spf.problem;
		break;
	case SPF_TEMPERROR:
		break;
	}
}

/* ---- the domains of MAIL FROM and From */

/* A reverse-path without a domain that anything could be looked up about; one that was only assumed
 * is nobody's fault. */
static void
judge_reverse_path(struct review *review)
{
	const char *from = review->sender->from, *at = from != NULL ? strrchr(from, '@') : NULL;

	if (!review->query->from_given || from == NULL || *from == '\0' ||
	    review->sender->from_domain.name != NULL)
		return;
	if (at != NULL && at[1] == '[')
		add(review, FACT_DOMAIN_LITERAL,
		    arena_printf(review->arena,
		        "The reverse-path <%s> has an address in the place of a domain: "
		        "neither SPF nor DMARC has anything to go by.",
		        from));
	else
		add(review, FACT_DOMAIN_NOT_FULL,
		    arena_printf(review->arena,
		        "The reverse-path <%s> has no full domain, which others could look up.",
		        from));
}

static void
tell_missing(struct review *review, const struct sender_domain *domain, const char *role)
{
	struct advice *advice = add(review, FACT_DOMAIN_MISSING,
	    arena_printf(review->arena, "The %s domain %s does not exist.", role, domain->name));

	advice->evidence = domain->route.problem;
}

static void
tell_mute(struct review *review, const struct sender_domain *domain, const char *role)
{
	add(review, FACT_DOMAIN_MUTE,
	    arena_printf(review->arena, "The %s domain %s can receive no mail: %s", role,
	        domain->name,
	        domain->route.problem != NULL ? domain->route.problem
	                                      : "it has neither MX nor address."));
}

static void
judge_domain(struct review *review, const struct sender_domain *domain, const char *role)
{
	const struct route *route = &domain->route;

	if (domain->name == NULL)
		return;
	set_value(review, VALUE_SENDER_DOMAIN, domain->name);
	if (!domain->known || route->kind == ROUTE_DNS_ERROR) {
		add(review, FACT_DOMAIN_UNKNOWN,
		    arena_printf(review->arena,
		        "Whether the %s domain %s can receive mail could not be found out%s%s",
		        role, domain->name, domain->known && route->problem != NULL ? ": " : ".",
		        domain->known && route->problem != NULL ? route->problem : ""));
		return;
	}
	if (is_missing(domain))
		tell_missing(review, domain, role);
	else if (route->kind == ROUTE_NULL_MX)
		add(review, FACT_DOMAIN_NULL_MX,
		    arena_printf(review->arena,
		        "The %s domain %s declares that it takes no mail (null MX, \"MX 0 "
		        ".\").",
		        role, domain->name));
	else if (route->kind == ROUTE_NO_ADDRESS)
		tell_mute(review, domain, role);
	else if (domain->soa == ABSENT)
		add(review, FACT_DOMAIN_NO_ZONE,
		    arena_printf(review->arena,
		        "The %s domain %s is in no zone: there is no SOA record at it or "
		        "above.",
		        role, domain->name));
	else if (route->problem != NULL)
		add(review, FACT_DOMAIN_ODD,
		    arena_printf(review->arena, "The MX records of the %s domain %s: %s", role,
		        domain->name, route->problem));
	else
		add(review, FACT_DOMAIN_GOOD,
		    arena_printf(review->arena, "The %s domain %s can receive mail (%s)%s%s%s.",
		        role, domain->name,
		        route->kind == ROUTE_MX ? "MX" : "no MX, but an address",
		        domain->zone != NULL ? ", zone " : "",
		        domain->zone != NULL ? domain->zone : "",
		        domain->zone != NULL ? " has a SOA" : ""));
}

/* ---- SPF */

static const char *
spf_evidence(struct review *review)
{
	const struct spf *spf = &review->sender->spf;
	const char *text =
	    arena_printf(review->arena, "%s TXT", spf->domain != NULL ? spf->domain : "?");

	if (spf->record != NULL)
		text = arena_printf(review->arena, "%s \"%s\"", text, quote(review, spf->record));
	if (spf->matched != NULL)
		text = arena_printf(review->arena, "%s; decided by \"%s\"", text, spf->matched);
	if (spf->matched != NULL && spf->matched_in != NULL && spf->domain != NULL &&
	    !name_equal(spf->matched_in, spf->domain))
		text = arena_printf(review->arena, "%s in the record of %s", text, spf->matched_in);
	if (spf->problem != NULL)
		text = arena_printf(review->arena, "%s: %s", text, spf->problem);
	return arena_printf(review->arena, "%s; %u of %d look-ups%s.", text, spf->lookups,
	    SPF_LOOKUPS_MAX, by(review, review->sender->spf.server));
}

/* The record with this address let in; in front, so that it costs no look-up and nothing before it
 * can decide. */
static const char *
spf_with_address(struct review *review)
{
	const struct spf *spf = &review->sender->spf;
	const char *rest = spf->record != NULL && strlen(spf->record) > 6
	                       ? spf->record + 6
	                       : " -all"; /* behind "v=spf1" */

	return txt_record(review, spf->domain,
	    arena_printf(
	        review->arena, "v=spf1 ip%d:%s%s", review->sender->ip.family, review->ip, rest));
}

static void
tell_spf(struct review *review, enum fact_id id)
{
	const struct spf *spf = &review->sender->spf;
	struct advice *advice = add(review, id,
	    arena_printf(review->arena, "SPF of %s for %s is %s.",
	        spf->domain != NULL ? spf->domain : "?", review->ip, spf_result_name(spf->result)));

	advice->evidence = spf_evidence(review);
	if (id == FACT_SPF_BROKEN && spf->record == NULL) /* none was taken: there are several */
		act(review, advice, FACT_SPF_SEVERAL);
	if (id != FACT_SPF_BROKEN && id != FACT_SPF_UNKNOWN && spf->domain != NULL &&
	    name_is_host(spf->domain))
		advice->records[0] = spf_with_address(review);
}

static void
judge_spf(struct review *review)
{
	const struct spf *spf = &review->sender->spf;

	if (!review->sender->spf_known || review->sender->from == NULL ||
	    is_missing_domain(review, spf->domain))
		return;
	switch (spf->result) {
	case SPF_PASS:
		add(review, FACT_SPF_GOOD,
		    arena_printf(review->arena, "SPF of %s passes for %s, by \"%s\".", spf->domain,
		        review->ip, spf->matched != NULL ? spf->matched : "?"));
		break;
	case SPF_FAIL:
		tell_spf(review, FACT_SPF_FAIL);
		break;
	case SPF_SOFTFAIL:
	case SPF_NEUTRAL:
		tell_spf(review, FACT_SPF_WEAK);
		break;
	case SPF_NONE:
		if (spf->domain != NULL && name_is_host(spf->domain))
			tell_spf(review, FACT_SPF_MISSING);
		break;
	case SPF_PERMERROR:
		tell_spf(review, FACT_SPF_BROKEN);
		break;
	case SPF_TEMPERROR:
		tell_spf(review, FACT_SPF_UNKNOWN);
		break;
	}
	for (size_t i = 0; i < spf->warnings.count; i++)
		add(review, FACT_SPF_FRAGILE,
		    arena_printf(review->arena, "SPF: %s.", spf->warnings.items[i].words));
}

/* ---- DKIM */

static const char *
key_evidence(struct review *review, const struct sender_key *key)
{
	const char *text = arena_printf(review->arena, "%s TXT", key->key.name);

	if (key->key.record != NULL)
		text =
		    arena_printf(review->arena, "%s \"%s\"", text, quote(review, key->key.record));
	else
		text = arena_printf(review->arena, "%s: %s", text, dns_rcode_name(key->key.rcode));
	return arena_printf(review->arena, "%s%s%s%s.", text, key->key.alias != NULL ? "; " : "",
	    key->key.alias != NULL ? key->key.alias : "", by(review, key->key.server));
}

/* The selector has another key, in use or once in use: its record stays as it is. */
static bool
is_taken(const struct sender_key *key)
{
	return key->key.state == DKIM_KEY_REVOKED ||
	       (dkim_key_usable(&key->key) && key->matches == ABSENT);
}

static void
tell_bad_key(struct review *review, enum fact_id id, const struct sender_key *key, const char *what)
{
	struct advice *advice = add(review, id, what);

	advice->evidence = key_evidence(review, key);
	if (key->key.state == DKIM_KEY_REVOKED)
		act(review, advice, FACT_DKIM_KEY_REVOKED);
	else if (id == FACT_DKIM_KEY_BAD && key->key.weak)
		act(review, advice, FACT_DKIM_KEY_WEAK);
	if (key->wanted != NULL)
		advice->records[0] = txt_record(review,
		    is_taken(key)
		        ? arena_printf(review->arena, "ANOTHER-SELECTOR._domainkey.%s", key->domain)
		        : key->key.name,
		    key->wanted);
}

static void
judge_key(struct review *review, const struct sender_key *key)
{
	const char *named =
	    arena_printf(review->arena, "DKIM key %s of %s", key->selector, key->domain);
	const char *problem = key->key.problem != NULL ? key->key.problem : "it cannot be used";

	if (!key->known ||
	    (key->key.state == DKIM_KEY_ABSENT && is_missing_domain(review, key->domain)))
		return;
	if (key->key.state == DKIM_KEY_UNKNOWN) {
		add(review, FACT_DKIM_KEY_UNKNOWN,
		    arena_printf(review->arena,
		        "Whether the %s is published could not be found out.", named))
		    ->evidence = key_evidence(review, key);
		return;
	}
	if (key->key.state == DKIM_KEY_ABSENT)
		tell_bad_key(review, FACT_DKIM_KEY_MISSING, key,
		    arena_printf(review->arena,
		        "The %s is not published: no signature with it can be verified.", named));
	else if (key->key.state == DKIM_KEY_REVOKED)
		tell_bad_key(review, FACT_DKIM_KEY_BAD, key,
		    arena_printf(review->arena, "The %s is revoked.", named));
	else if (key->key.state == DKIM_KEY_BAD)
		tell_bad_key(review, FACT_DKIM_KEY_BAD, key,
		    arena_printf(review->arena, "The %s is no good: %s.", named, problem));
	else if (key->matches == ABSENT)
		tell_bad_key(review, FACT_DKIM_KEY_MISMATCH, key,
		    arena_printf(review->arena,
		        "The %s that is published is not the other half of the private key: no "
		        "signature will be good.",
		        named));
	else if (key->key.state == DKIM_KEY_TESTING)
		tell_bad_key(review, FACT_DKIM_KEY_TESTING, key,
		    arena_printf(review->arena,
		        "The %s is marked as a test (t=y): some receivers take its signatures for "
		        "none.",
		        named));
	else
		add(review, FACT_DKIM_KEY_GOOD,
		    arena_printf(review->arena, "The %s is published (%s, %u bits)%s.", named,
		        dkim_type_name(key->key.type), key->key.bits,
		        key->matches == PRESENT ? " and is the other half of the private key"
		                                : ""));
	for (size_t i = 0; i < key->key.warnings.count; i++)
		add(review, FACT_DKIM_KEY_FRAGILE,
		    arena_printf(
		        review->arena, "The %s: %s.", named, key->key.warnings.items[i].words));
}

static bool
signature_passes(const struct sender *sender)
{
	return sender->dkim_known && sender->dkim.result == DKIM_PASS;
}

/* The row that says how to mend what failed; FACT_COUNT: the general one does. */
static enum fact_id
fault_of(enum dkim_step failed)
{
	switch (failed) {
	case DKIM_STEP_KEY:
		return FACT_DKIM_NO_KEY;
	case DKIM_STEP_BODY_HASH:
		return FACT_DKIM_BODY_CHANGED;
	case DKIM_STEP_SIGNATURE:
		return FACT_DKIM_HEADER_CHANGED;
	case DKIM_STEP_SYNTAX:
		return FACT_DKIM_SYNTAX;
	case DKIM_STEP_EXPIRED:
	case DKIM_STEP_NONE:
		break;
	}
	return FACT_COUNT;
}

static void
tell_bad_signature(struct review *review, const struct dkim_verdict *verdict, const char *named)
{
	enum fact_id id = verdict->failed == DKIM_STEP_EXPIRED ? FACT_DKIM_EXPIRED
	                  : signature_passes(review->sender)   ? FACT_DKIM_BROKEN_TOO
	                                                       : FACT_DKIM_BROKEN,
	             fault = fault_of(verdict->failed);
	struct advice *advice = add(review, id,
	    arena_printf(review->arena, "The %s does not verify (%s): %s.", named,
	        dkim_result_name(verdict->result), verdict->reason));

	if (fault != FACT_COUNT)
		act(review, advice, fault);
}

static void
judge_signature(struct review *review, const struct dkim_verdict *verdict)
{
	const struct dkim_signature *signature = &verdict->signature;
	const char *named = arena_printf(review->arena, "DKIM signature of %s (selector %s)",
	    signature->domain != NULL ? signature->domain : "nobody",
	    signature->selector != NULL ? signature->selector : "none");

	if (verdict->result == DKIM_PASS)
		add(review, FACT_DKIM_GOOD, arena_printf(review->arena, "The %s is good.", named));
	else if (verdict->result == DKIM_TEMPERROR)
		add(review, FACT_DKIM_UNKNOWN,
		    arena_printf(review->arena,
		        "Whether the %s is good could not be found out: %s.", named,
		        verdict->reason));
	else
		tell_bad_signature(review, verdict, named);
	for (size_t i = 0; i < verdict->warnings.count; i++)
		add(review, FACT_DKIM_FRAGILE,
		    arena_printf(
		        review->arena, "The %s: %s.", named, verdict->warnings.items[i].words));
}

static void
judge_dkim(struct review *review)
{
	const struct sender *sender = review->sender;
	bool spf_bad = sender->spf_known && sender->spf.result != SPF_PASS &&
	               sender->spf.result != SPF_TEMPERROR;

	if (spf_bad && sender_dkim(sender) == ABSENT &&
	    !is_missing_domain(review, sender->spf.domain) &&
	    !is_missing_domain(review, sender->author))
		add(review, FACT_AUTH_NOTHING,
		    "Neither SPF nor DKIM passes: nothing tells a receiver that this mail is "
		    "yours.");
	for (size_t i = 0; i < sender->key_count; i++)
		judge_key(review, &sender->keys[i]);
	for (size_t i = 0; sender->dkim_known && i < sender->dkim.count; i++)
		judge_signature(review, &sender->dkim.signatures[i]);
	if (sender->mail_known && sender->key_count == 0 &&
	    (!sender->dkim_known || sender->dkim.total == 0))
		add(review, FACT_DKIM_UNSIGNED, "The message has no DKIM signature.");
	if (!sender->mail_known)
		add(review, FACT_DKIM_NOT_TOLD, NULL);
}

/* ---- DMARC */

static const char *
policy_words(enum dmarc_policy policy)
{
	const char *name = dmarc_policy_name(policy);

	return name != NULL ? name : "none";
}

static const char *
dmarc_evidence(struct review *review)
{
	const struct dmarc_view *view = &review->sender->dmarc.now;

	if (view->record == NULL)
		return arena_printf(review->arena, "_dmarc.%s TXT: %s%s.", review->sender->author,
		    view->problem != NULL ? view->problem : "no record",
		    by(review, review->sender->dmarc.now.server));
	return arena_printf(review->arena, "_dmarc.%s TXT \"%s\"%s%s%s.", view->at,
	    quote(review, view->record), view->problem != NULL ? ": " : "",
	    view->problem != NULL ? view->problem : "",
	    by(review, review->sender->dmarc.now.server));
}

/* Where a first record is best put: at the organizational domain, which then speaks for all below
 * it. */
static const char *
organizational(const struct sender *sender)
{
	const struct dmarc *dmarc = &sender->dmarc;

	if (dmarc->old_known && dmarc->old.org_domain != NULL)
		return dmarc->old.org_domain;
	return dmarc->now.org_domain != NULL ? dmarc->now.org_domain : sender->author;
}

static void
tell_no_dmarc(struct review *review)
{
	const struct dmarc_view *view = &review->sender->dmarc.now;
	size_t records = review->sender->dmarc.records;
	bool broken = view->record != NULL || records > 0 || view->result == DMARC_PERMERROR;
	const char *org = organizational(review->sender);
	struct advice *advice;

	if (records > 1)
		advice = add(review, FACT_DMARC_BROKEN,
		    arena_printf(review->arena, "%s has %zu DMARC records: none of them counts.",
		        review->sender->author, records));
	else if (broken)
		advice = add(review, FACT_DMARC_BROKEN,
		    arena_printf(review->arena, "The DMARC record of %s does not work%s%s.",
		        review->sender->author, view->problem != NULL ? ": " : "",
		        view->problem != NULL ? view->problem : ""));
	else
		advice = add(review, FACT_DMARC_MISSING,
		    arena_printf(review->arena,
		        "%s has no DMARC record, nor has a domain above it.",
		        review->sender->author));
	advice->evidence = dmarc_evidence(review);
	advice->records[0] = txt_record(review, arena_printf(review->arena, "_dmarc.%s", org),
	    arena_printf(review->arena, "v=DMARC1; p=none; rua=mailto:dmarc-reports@%s", org));
}

static const char *
why_unaligned(struct review *review)
{
	const struct sender *sender = review->sender;
	const struct dmarc_view *view = &sender->dmarc.now;
	const char *spf = "SPF was not asked";

	if (sender->spf_known && sender->spf.result != SPF_PASS)
		spf = arena_printf(review->arena, "SPF is %s", spf_result_name(sender->spf.result));
	else if (sender->spf_known && view->spf.domain == NULL)
		spf = "SPF has no reverse-path to go by";
	else if (sender->spf_known)
		spf = arena_printf(review->arena, "SPF passes for %s, which is not aligned with %s",
		    sender->spf.domain, sender->author);
	if (!sender->mail_known)
		return spf;
	if (view->dkim_count == 0)
		return arena_printf(review->arena, "%s; there is no DKIM signature", spf);
	return arena_printf(review->arena, "%s; %s", spf,
	    sender_dkim(sender) == PRESENT ? "DKIM passes for another domain only"
	                                   : "no DKIM signature is good");
}

static void
tell_dmarc_fail(struct review *review)
{
	const struct dmarc_view *view = &review->sender->dmarc.now;
	enum fact_id id = !review->sender->mail_known        ? FACT_DMARC_BY_DKIM_ALONE
	                  : view->policy == DMARC_REJECT     ? FACT_DMARC_REJECT
	                  : view->policy == DMARC_QUARANTINE ? FACT_DMARC_QUARANTINE
	                                                     : FACT_DMARC_FAIL;
	const char *author = review->sender->author, *policy = policy_words(view->policy),
	           *why = why_unaligned(review);
	struct advice *advice;

	if (id == FACT_DMARC_BY_DKIM_ALONE)
		advice = add(review, id,
		    arena_printf(review->arena,
		        "Mail in the name of %s from here fails DMARC (policy %s) unless a DKIM "
		        "signature of that domain saves it: %s.",
		        author, policy, why));
	else
		advice = add(review, id,
		    arena_printf(review->arena, "This mail fails DMARC of %s (policy %s): %s.",
		        author, policy, why));
	advice->evidence = dmarc_evidence(review);
}

static void
tell_dmarc_pass(struct review *review)
{
	const struct dmarc_view *view = &review->sender->dmarc.now;
	const char *by_what = view->spf_aligned == PRESENT && view->dkim_aligned == PRESENT
	                          ? "SPF and DKIM"
	                      : view->spf_aligned == PRESENT ? "SPF"
	                                                     : "DKIM";

	add(review, FACT_DMARC_GOOD,
	    arena_printf(review->arena, "DMARC of %s passes, by %s; its policy is %s.",
	        review->sender->author, by_what, policy_words(view->policy)));
	if (view->dkim_count > 0 && view->dkim_aligned == ABSENT &&
	    sender_dkim(review->sender) == PRESENT)
		add(review, FACT_DKIM_ASTRAY,
		    arena_printf(review->arena,
		        "No good DKIM signature is of the From domain %s: DMARC hangs on SPF, "
		        "which does not survive forwarding.",
		        review->sender->author));
	if (view->spf_aligned == ABSENT && review->sender->spf_known &&
	    review->sender->spf.result == SPF_PASS && view->spf.domain != NULL)
		add(review, FACT_SPF_ASTRAY,
		    arena_printf(review->arena,
		        "SPF passes for %s, which is not aligned with the From domain %s: DMARC "
		        "hangs on DKIM.",
		        review->sender->spf.domain, review->sender->author));
}

static void
judge_dmarc(struct review *review)
{
	const struct sender *sender = review->sender;

	set_value(review, VALUE_SENDER_DOMAIN, organizational(sender));
	if (!sender->dmarc_known ||
	    (is_missing_domain(review, sender->author) &&
	        (!sender->mail_known || sender->dmarc.now.result != DMARC_FAIL)))
		return; /* a policy from above for names that do not exist (np=) is another matter,
		           when this mail fails by it */
	switch (sender->dmarc.now.result) {
	case DMARC_PASS:
		tell_dmarc_pass(review);
		break;
	case DMARC_FAIL:
		tell_dmarc_fail(review);
		break;
	case DMARC_TEMPERROR:
		add(review, FACT_DMARC_UNKNOWN,
		    arena_printf(review->arena,
		        "Whether mail from here passes DMARC of %s could not be found out: %s.",
		        sender->author,
		        sender->dmarc.now.problem != NULL ? sender->dmarc.now.problem
		                                          : "a look-up failed"));
		break;
	case DMARC_RESULT_NONE:
	case DMARC_PERMERROR:
	case DMARC_PUBLISHED: /* of no mail: not asked for here */
		tell_no_dmarc(review);
		break;
	}
	for (size_t i = 0; i < sender->dmarc.warnings.count; i++)
		add(review, FACT_DMARC_ODD,
		    arena_printf(review->arena, "%s%s.",
		        strncmp(sender->dmarc.warnings.items[i].words, "DMARC", 5) == 0 ? ""
		                                                                        : "DMARC: ",
		        sender->dmarc.warnings.items[i].words));
}

/* ---- all of it */

static void
judge_author(struct review *review)
{
	if (review->query->author_problem == NULL)
		return;
	add(review, FACT_AUTHOR_BAD,
	    arena_printf(review->arena, "The message does not say whose it is: %s.",
	        review->query->author_problem));
}

/* Whether mail can leave at all. */
static void
judge_egress(struct review *review)
{
	const struct advice_query *query = review->query;
	struct advice *advice;

	if (query->egress_tried == NULL)
		return;
	if (query->egress_answered != NULL) {
		add(review, FACT_EGRESS_OPEN,
		    arena_printf(
		        review->arena, "%s took a connection from here.", query->egress_answered));
		return;
	}
	if (!query->egress_refused) { /* no address, or one that is left alone */
		add(review, FACT_EGRESS_UNKNOWN,
		    arena_printf(review->arena, "Port 25 could not be tried: %s.",
		        query->egress_problem != NULL ? query->egress_problem
		                                      : query->egress_tried));
		return;
	}
	advice = add(review, FACT_EGRESS_CLOSED,
	    arena_printf(
	        review->arena, "No server took a connection from here: %s.", query->egress_tried));
	advice->evidence = query->egress_problem;
}

/* Is it this address, or its network? Where most could not be told, nothing is said. */
static void
judge_neighbours(struct review *review)
{
	const struct neighbours *n = review->query->neighbours;
	unsigned known;

	if (n == NULL || n->list == NULL || n->unknown * 2 > n->asked)
		return;
	known = n->asked - n->unknown;
	add(review,
	    n->listed * NETWORK_SHARE >= known ? FACT_NEIGHBOURS_LISTED : FACT_NEIGHBOURS_CLEAN,
	    arena_printf(review->arena, "Of %u other addresses of %s, a sample, %u %s on %s, too.",
	        known, n->net, n->listed, n->listed == 1 ? "is" : "are", n->list->zone));
}

void
advise(const struct advice_query *query, struct arena *arena, struct advice **out, size_t *count)
{
	struct review review = {.query = query, .sender = query->sender, .arena = arena};
	char ip[IP_TEXT];

	review.ip = arena_string(arena, ip_text(&query->sender->ip, ip));
	set_value(&review, VALUE_IP, review.ip);
	set_value(&review, VALUE_TYPE, query->sender->ip.family == 6 ? "AAAA" : "A");
	set_value(&review, VALUE_FROM, query->sender->from);
	if (!query->sender->complete)
		add(&review, FACT_TIME_OUT, NULL);
	judge_egress(&review);
	judge_seen(&review);
	judge_resolver(&review);
	judge_lists(&review);
	judge_neighbours(&review);
	judge_ptr(&review);
	judge_helo(&review);
	judge_helo_spf(&review);
	if (!query->from_given)
		add(&review, FACT_FROM_ASSUMED, NULL);
	judge_reverse_path(&review);
	judge_domain(&review, &query->sender->from_domain, "MAIL FROM");
	judge_spf(&review);
	judge_domain(&review, &query->sender->author_domain, "From");
	judge_author(&review);
	judge_dkim(&review);
	judge_dmarc(&review);

	*out = NULL;
	*count = 0;
	for (enum severity s = 0; s < SEVERITY_COUNT; s++)
		for (size_t i = 0; i < review.count[s]; i++)
			*(struct advice *)arena_push(arena, out, (*count)++, sizeof **out) =
			    review.found[s][i];
}

static const char *
copy_of(struct arena *arena, const char *words)
{
	return words != NULL ? arena_string(arena, words) : NULL;
}

struct advice
advice_copy(struct arena *arena, const struct advice *advice)
{
	struct advice copy = *advice;

	copy.what = copy_of(arena, advice->what);
	copy.evidence = copy_of(arena, advice->evidence);
	copy.advice = copy_of(arena, advice->advice);
	for (size_t i = 0; i < ADVICE_RECORDS; i++)
		copy.records[i] = copy_of(arena, advice->records[i]);
	copy.url = copy_of(arena, advice->url);
	copy.kind = copy_of(arena, advice->kind);
	return copy;
}
