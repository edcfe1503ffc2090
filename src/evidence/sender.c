#include "evidence/sender.h"

#include <libpsl.h>
#include <string.h>

#include "auth/alias.h"
#include "auth/dkim_sign.h"
#include "base/arena.h"
#include "dns/book.h"
#include "dns/name.h"

struct sender_gathering {
	struct book *book;
	struct arena *arena;
	const struct sender_query *query;
	const struct lists *lists;
	struct sender *out;
	bool done; /* nothing was pending so far */
};

static void
ask_list(struct sender_gathering *g, const struct list *list, const struct ip *ip,
    const char *domain, const char *identity)
{
	struct listing *listing =
	    arena_push(g->arena, &g->out->listings, g->out->listing_count, sizeof *listing);

	g->out->listing_count++;
	if (!blocklist_look_up(g->book, g->arena, list, ip, domain, identity, listing))
		g->done = false;
}

static void
ask_lists(struct sender_gathering *g, const struct ip *ip, const char *domain, const char *identity)
{
	for (size_t i = 0; g->lists != NULL && i < lists_count(g->lists); i++)
		if (lists_at(g->lists, i)->on && blocklist_takes(lists_at(g->lists, i), ip))
			ask_list(g, lists_at(g->lists, i), ip, domain, identity);
}

/* `name` is a domain or an address; no list knows literals, single labels or the null reverse-path.
 */
static void
ask_lists_about_name(struct sender_gathering *g, const char *name, const char *identity)
{
	const char *at = name != NULL ? strrchr(name, '@') : NULL, *why;
	char domain[NAME_TEXT];

	if (name == NULL || !name_normalise(at != NULL ? at + 1 : name, domain, &why) ||
	    !name_is_host(domain))
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
ask_lists_about_ptr(struct sender_gathering *g, const struct ptr *ptr, const char *helo, bool known)
{
	const char *name = ptr_name(ptr);

	if (!known && ptr->count > 1)
		return; /* which one it will be is not decided yet */
	if (name != NULL && (helo == NULL || !name_equal(name, helo)))
		ask_lists_about_name(g, name, "ptr");
}

/* ---- a resolver that has addresses for names that do not exist (a provider's search page): what
 * such an address seems to show is not known */

static void
find_made_up(struct sender_gathering *g)
{
	const struct answer *answer;

	if (!g->query->survey)
		return;
	answer = book_ask(g->book, SENDER_NO_NAME, DNS_A);
	if (answer == NULL) {
		g->done = false;
	} else if (answer_truth(answer) == PRESENT) {
		g->out->made_up = answer->server != NULL ? answer->server : "?";
		g->out->made_up_ip = answer->records[0].u.address;
	}
}

static bool
is_made_up(const struct sender_gathering *g, const struct ip *ip)
{
	return g->out->made_up != NULL && ip_equal(ip, &g->out->made_up_ip);
}

/* ---- HELO */

static enum truth
is_among(const struct answer *answer, const struct ip *ip)
{
	if (answer_truth(answer) != PRESENT)
		return answer_truth(answer);
	for (size_t i = 0; i < answer->count; i++)
		if (ip_equal(&answer->records[i].u.address, ip))
			return PRESENT;
	return ABSENT;
}

static enum truth
is_ptr_name(const struct ptr *ptr, const char *helo)
{
	for (size_t i = 0; i < ptr->count; i++)
		if (name_equal(ptr->names[i].name, helo))
			return PRESENT;
	return ptr->found == UNKNOWN || ptr->total > ptr->count ? UNKNOWN : ABSENT;
}

static void
check_helo(struct sender_gathering *g, bool ptr_known)
{
	struct sender_helo *helo = &g->out->helo_facts;
	const char *name = g->query->helo;
	const struct answer *answer;

	if (name == NULL)
		return;
	helo->literal = name[0] == '[';
	helo->valid = !helo->literal && name_is_host(name);
	if (!helo->valid)
		return;
	helo->is_ptr = ptr_known ? is_ptr_name(&g->out->ptr, name) : UNKNOWN;
	answer = book_ask(g->book, name, g->query->ip.family == 6 ? DNS_AAAA : DNS_A);
	if (answer == NULL) {
		g->done = false;
		return;
	}
	helo->rcode = answer->rcode;
	helo->alias = alias_gone(answer, g->arena);
	helo->server = answer->server;
	helo->ttl = answer->ttl;
	helo->resolves = answer->count > 0 && is_made_up(g, &answer->records[0].u.address)
	                     ? UNKNOWN
	                     : answer_truth(answer);
	if (helo->resolves == UNKNOWN)
		return;
	helo->leads_back = is_among(answer, &g->query->ip);
}

/* ---- domains */

/* The domain of an address, or a domain, in our form; NULL where no mail domain is. */
static const char *
domain_of(struct sender_gathering *g, const char *address)
{
	const char *at = address != NULL ? strrchr(address, '@') : NULL, *why;
	char name[NAME_TEXT];

	if (address == NULL || *address == '\0' ||
	    !name_normalise(at != NULL ? at + 1 : address, name, &why) || !name_is_host(name))
		return NULL;
	return arena_string(g->arena, name);
}

/* From the name upwards, all asked at once. The top is left out: that "com" is a zone says nothing
 * about a domain. */
static void
find_zone(struct sender_gathering *g, struct sender_domain *domain)
{
	bool open = false;

	domain->soa = ABSENT;
	for (const char *name = domain->name; name_labels(name) >= 2; name = name_parent(name)) {
		const struct answer *answer = book_ask(g->book, name, DNS_SOA);
		enum truth truth = answer != NULL ? answer_truth(answer) : UNKNOWN;

		open |= answer == NULL;
		if (truth == PRESENT && domain->zone == NULL)
			domain->zone = name;
		else if (truth == UNKNOWN)
			domain->soa = UNKNOWN;
	}
	if (domain->zone != NULL)
		domain->soa = PRESENT;
	if (open)
		g->done = false;
}

static void
check_domain(struct sender_gathering *g, const char *name, struct sender_domain *domain)
{
	domain->name = name;
	if (name == NULL)
		return;
	domain->known = route_find(g->book, g->arena, name, ROUTE_BOTH, 0, &domain->route);
	if (!domain->known)
		g->done = false;
	else if (domain->route.kind == ROUTE_IMPLICIT && domain->route.hosts[0].address_count > 0 &&
	         is_made_up(g, &domain->route.hosts[0].addresses[0]))
		domain->known = false; /* for good: the address is the resolver's */
	if (g->query->survey)
		find_zone(g, domain);
}

/* ---- SPF */

static void
check_spf(struct sender_gathering *g)
{
	const struct sender_query *query = g->query;
	struct spf_query spf = {.ip = query->ip,
	    .from = query->from,
	    .helo = query->helo,
	    .now = query->now,
	    .survey = query->survey};

	g->out->spf_known = spf_check(g->book, g->arena, &spf, &g->out->spf);
	if (!g->out->spf_known)
		g->done = false;
	if (!query->survey || query->from == NULL || *query->from == '\0' ||
	    !g->out->helo_facts.valid)
		return;
	spf.from = "";
	spf.survey = false;
	g->out->helo_spf_known = spf_check(g->book, g->arena, &spf, &g->out->helo_spf);
	if (!g->out->helo_spf_known)
		g->done = false;
}

/* ---- DKIM */

static void
check_key(struct sender_gathering *g, const struct sender_signer *signer)
{
	const char *domain = signer->domain != NULL ? signer->domain : g->out->author;
	struct sender_key *key;

	if (domain == NULL)
		return;
	key = arena_push(g->arena, &g->out->keys, g->out->key_count, sizeof *key);
	g->out->key_count++;
	*key = (struct sender_key){.selector = signer->selector, .domain = domain};
	key->wanted = signer->pair != NULL ? dkim_pair_record(signer->pair, g->arena) : NULL;
	key->known = dkim_key_look_up(g->book, g->arena, key->selector, key->domain, &key->key);
	if (!key->known) {
		g->done = false;
		return;
	}
	if (signer->pair != NULL && key->key.public_key != NULL)
		key->matches = dkim_key_matches(&key->key, signer->pair) ? PRESENT : ABSENT;
}

bool
sender_key_passes(const struct sender_key *key)
{
	return key->known && dkim_key_usable(&key->key) && key->matches != ABSENT;
}

enum truth
sender_dkim(const struct sender *sender)
{
	enum truth truth = sender->mail_known ? ABSENT : UNKNOWN;

	if (sender->dkim_known && sender->dkim.result == DKIM_PASS)
		return PRESENT;
	if (sender->dkim_known && sender->dkim.result == DKIM_TEMPERROR)
		truth = UNKNOWN;
	for (size_t i = 0; i < sender->key_count; i++) {
		if (sender_key_passes(&sender->keys[i]))
			return PRESENT;
		if (!sender->keys[i].known || sender->keys[i].key.state == DKIM_KEY_UNKNOWN)
			truth = UNKNOWN;
	}
	return truth;
}

static void
check_message(struct sender_gathering *g)
{
	struct dkim_query query = {
	    .message = g->query->message, .len = g->query->message_len, .now = g->query->now};

	if (query.message == NULL)
		return;
	g->out->dkim_known = dkim_verify(g->book, g->arena, &query, &g->out->dkim);
	if (!g->out->dkim_known)
		g->done = false;
}

/* ---- DMARC */

static const char *
registrable_domain(const char *name, const void *list)
{
	return psl_registrable_domain(list, name);
}

static enum dmarc_auth
auth_of(bool pass, bool unknown)
{
	return pass ? DMARC_AUTH_PASS : unknown ? DMARC_AUTH_TEMPERROR : DMARC_AUTH_FAIL;
}

static void
add_identifier(
    struct sender_gathering *g, struct dmarc_query *query, const char *domain, enum dmarc_auth auth)
{
	struct dmarc_identifier *dkim = (struct dmarc_identifier *)query->dkim, *one;

	if (domain == NULL)
		return;
	one = arena_push(g->arena, &dkim, query->dkim_count, sizeof *one);
	*one = (struct dmarc_identifier){domain, auth};
	query->dkim = dkim;
	query->dkim_count++;
}

/* What is not known yet is asked about as if it had passed, so that what depends on it is asked at
 * once. */
static void
check_dmarc(struct sender_gathering *g)
{
	struct dmarc_query query = {
	    .from = g->out->author, .org_domain_arg = psl_builtin(), .survey = g->query->survey};
	struct dmarc_identifier spf = {domain_of(g, g->query->from),
	    auth_of(!g->out->spf_known || g->out->spf.result == SPF_PASS,
	        g->out->spf_known && g->out->spf.result == SPF_TEMPERROR)};
	bool known = g->out->spf_known && (g->query->message == NULL || g->out->dkim_known);

	if (query.from == NULL)
		return;
	query.org_domain = query.org_domain_arg != NULL ? registrable_domain : NULL;
	query.spf = spf.domain != NULL ? &spf : NULL;
	for (size_t i = 0; i < g->out->key_count; i++) {
		const struct sender_key *key = &g->out->keys[i];

		known &= key->known;
		add_identifier(g, &query, key->domain,
		    auth_of(
		        !key->known || sender_key_passes(key), key->key.state == DKIM_KEY_UNKNOWN));
	}
	for (size_t i = 0; g->out->dkim_known && i < g->out->dkim.count; i++)
		add_identifier(g, &query, g->out->dkim.signatures[i].signature.domain,
		    auth_of(g->out->dkim.signatures[i].result == DKIM_PASS,
		        g->out->dkim.signatures[i].result == DKIM_TEMPERROR));
	g->out->dmarc_known = dmarc_check(g->book, g->arena, &query, &g->out->dmarc) && known;
	if (!g->out->dmarc_known)
		g->done = false;
}

/* ---- all of it */

/* Its lists were not asked yet: neither as the author's domain, nor for an earlier signer. */
static bool
is_new_signer(const struct sender_gathering *g, const char *domain)
{
	char name[NAME_TEXT];

	if (domain == NULL || !name_normalise(domain, name, NULL) ||
	    (g->out->author != NULL && name_equal(g->out->author, name)))
		return false;
	for (size_t i = 0; i < g->out->listing_count; i++)
		if (strcmp(g->out->listings[i].identity, "dkim") == 0 &&
		    g->out->listings[i].item != NULL && name_equal(g->out->listings[i].item, name))
			return false;
	return true;
}

static void
ask_lists_about_signer(struct sender_gathering *g, const char *domain)
{
	if (is_new_signer(g, domain))
		ask_lists_about_name(g, domain, "dkim");
}

/* A signature that does not verify makes nobody look its domain up. */
static void
ask_lists_about_signers(struct sender_gathering *g)
{
	for (size_t i = 0; g->query->dkim != NULL && g->query->dkim[i] != NULL; i++)
		ask_lists_about_name(g, g->query->dkim[i], "dkim");
	for (size_t i = 0; i < g->out->key_count; i++)
		ask_lists_about_signer(g, g->out->keys[i].domain);
	for (size_t i = 0; g->query->message != NULL && i < g->out->dkim.count; i++)
		if (g->out->dkim.signatures[i].result == DKIM_PASS ||
		    g->out->dkim.signatures[i].result == DKIM_TEMPERROR)
			ask_lists_about_signer(g, g->out->dkim.signatures[i].signature.domain);
}

bool
sender_gather(
    struct book *book, struct arena *arena, const struct sender_query *query, struct sender *out)
{
	struct sender_gathering g = {.book = book,
	    .arena = arena,
	    .query = query,
	    .lists = query->lists,
	    .out = out,
	    .done = true};
	const char *from, *author;
	bool ptr_known;

	*out = (struct sender){
	    .ip = query->ip, .helo = query->helo, .from = query->from, .ptr = {.ip = query->ip}};
	out->mail_known = query->mail_known || query->signer_count > 0 || query->message != NULL;
	ptr_known = ptr_look_up(book, arena, &query->ip, &out->ptr);
	g.done = ptr_known;
	from = domain_of(&g, query->from);
	author = domain_of(&g, query->author);
	out->author = query->author != NULL                         ? author
	              : query->from != NULL && *query->from != '\0' ? from
	                                                            : domain_of(&g, query->helo);

	find_made_up(&g);
	ask_lists(&g, &query->ip, NULL, "ip");
	ask_lists_about_name(&g, query->helo, "helo");
	ask_lists_about_name(&g, query->from, "mail-from");
	ask_lists_about_name(&g, query->author, "from");
	check_helo(&g, ptr_known);
	check_domain(&g, from, &out->from_domain);
	if (author != NULL && (from == NULL || !name_equal(author, from)))
		check_domain(&g, author, &out->author_domain);
	check_spf(&g);
	for (size_t i = 0; i < query->signer_count; i++)
		check_key(&g, &query->signers[i]);
	check_message(&g);
	ask_lists_about_signers(&g);
	ask_lists_about_ptr(&g, &out->ptr, query->helo, ptr_known);
	check_dmarc(&g);
	out->complete = g.done;
	return g.done;
}
