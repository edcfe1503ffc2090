#include "evidence/route.h"

#include <stdlib.h>
#include <string.h>

#include "auth/alias.h"
#include "base/arena.h"
#include "dns/book.h"
#include "dns/name.h"

enum { HOSTS_MAX = 64, ADDRESSES_MAX = 16, NAMED_MAX = 3 };

static const struct family {
	const char *missing; /* what a host without it lacks */
	bool ask[2]; /* A, AAAA */
	const char *others; /* what a host of the other one has */
} families[] = {
    [ROUTE_BOTH] = {"no address", {true, true}, NULL},
    [ROUTE_V4] = {"no IPv4 address", {true, false},
        "IPv6 addresses only, and only IPv4 was to be asked"},
    [ROUTE_V6] = {"no IPv6 address", {false, true},
        "IPv4 addresses only, and only IPv6 was to be asked"},
};

static const enum dns_type types[2] = {DNS_A, DNS_AAAA};

struct route_search {
	struct book *book;
	struct arena *arena;
	const struct family *family;
	struct route *out;
};

/* "SERVFAIL from 192.0.2.53" */
static const char *
said(struct arena *arena, const struct answer *answer)
{
	const char *rcode = dns_rcode_name(answer->rcode);

	return answer->server != NULL ? arena_printf(arena, "%s from %s", rcode, answer->server)
	                              : rcode;
}

static void
warn(struct route_search *search, const char *what)
{
	struct route *out = search->out;

	out->problem =
	    out->problem == NULL ? what : arena_printf(search->arena, "%s; %s", out->problem, what);
}

/* ---- the hosts of a set of MX records */

static int
by_name(const void *left, const void *right)
{
	const struct route_host *a = left, *b = right;
	int order = strcmp(a->name, b->name);

	return order != 0 ? order
	                  : (a->preference > b->preference) - (a->preference < b->preference);
}

static int
by_preference(const void *left, const void *right)
{
	const struct route_host *a = left, *b = right;

	return a->preference != b->preference
	           ? (a->preference > b->preference) - (a->preference < b->preference)
	           : strcmp(a->name, b->name);
}

static uint64_t
next_random(uint64_t *state) /* splitmix64 */
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static void
shuffle(struct route_host *hosts, size_t count, uint64_t *state)
{
	for (size_t left = count; left > 1; left--) {
		size_t chosen = (size_t)(next_random(state) % left);
		struct route_host last = hosts[left - 1];

		hosts[left - 1] = hosts[chosen];
		hosts[chosen] = last;
	}
}

/* A host that is named twice counts by its better preference. */
static size_t
drop_repeated(struct route_host *hosts, size_t count)
{
	size_t kept = 0;

	qsort(hosts, count, sizeof *hosts, by_name);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || strcmp(hosts[kept - 1].name, hosts[i].name) != 0)
			hosts[kept++] = hosts[i];
	return kept;
}

/* By preference, equal ones at random; from a fixed order first, so that the seed alone decides,
 * not the order in which they came. */
static void
put_in_order(struct route_host *hosts, size_t count, uint64_t seed)
{
	qsort(hosts, count, sizeof *hosts, by_preference);
	for (size_t first = 0, end; first < count; first = end) {
		for (end = first + 1;
		     end < count && hosts[end].preference == hosts[first].preference;)
			end++;
		shuffle(hosts + first, end - first, &seed);
	}
}

static void
take_hosts(struct route_search *search, const struct answer *mx, uint64_t seed)
{
	struct route *out = search->out;
	struct route_host *hosts = arena_alloc(search->arena, mx->count * sizeof *hosts);
	size_t count = 0;

	for (size_t i = 0; i < mx->count; i++)
		if (*mx->records[i].u.mx.host != '\0')
			hosts[count++] = (struct route_host){
			    .name = arena_string(search->arena, mx->records[i].u.mx.host),
			    .preference = mx->records[i].u.mx.preference};
	out->null_mx_mixed = count > 0 && count < mx->count;
	count = drop_repeated(hosts, count);
	put_in_order(hosts, count, seed);
	if (out->null_mx_mixed)
		warn(search, "a null MX stands among other MX records (RFC 7505 section 3)");
	if (count > HOSTS_MAX)
		warn(search, arena_printf(search->arena, "%zu mail exchangers, %d are looked at",
		                 count, HOSTS_MAX));
	out->hosts = hosts;
	out->host_count = count < HOSTS_MAX ? count : HOSTS_MAX;
}

/* ---- a host's addresses */

static bool
has(const struct ip *addresses, size_t count, const struct ip *ip)
{
	for (size_t i = 0; i < count; i++)
		if (ip_equal(&addresses[i], ip))
			return true;
	return false;
}

/* Adds what an answer holds, up to `max` in all. Returns how many were left out. */
static size_t
add_addresses(
    struct route_host *host, struct ip *addresses, const struct answer *answer, size_t max)
{
	size_t left_out = 0;

	for (size_t i = 0; i < answer->count; i++) {
		const struct ip *ip = &answer->records[i].u.address;

		if (has(addresses, host->address_count, ip))
			continue;
		if (host->address_count < max)
			addresses[host->address_count++] = *ip;
		else
			left_out++;
	}
	return left_out;
}

/* IPv6 first, but neither family takes more than its half while the other needs its own. */
static void
take_addresses(
    struct route_search *search, struct route_host *host, const struct answer *answers[2])
{
	struct ip *addresses = arena_alloc(search->arena, ADDRESSES_MAX * sizeof *addresses);
	size_t half = ADDRESSES_MAX / 2, wanted4 = answers[0] != NULL ? answers[0]->count : 0,
	       left_out = 0;

	if (answers[1] != NULL)
		left_out += add_addresses(
		    host, addresses, answers[1], ADDRESSES_MAX - (wanted4 < half ? wanted4 : half));
	if (answers[0] != NULL)
		left_out += add_addresses(host, addresses, answers[0], ADDRESSES_MAX);
	host->addresses = addresses;
	if (left_out > 0)
		warn(search, arena_printf(search->arena, "%s has %zu addresses, %zu are looked at",
		                 host->name, host->address_count + left_out, host->address_count));
}

/* "A: SERVFAIL, AAAA: TIMEOUT"; NULL when both look-ups said something. */
static const char *
failures(struct arena *arena, const struct answer *answers[2])
{
	const char *text = NULL;

	for (size_t i = 0; i < 2; i++)
		if (answers[i] != NULL && answer_truth(answers[i]) == UNKNOWN)
			text = arena_printf(arena, "%s%s%s: %s", text != NULL ? text : "",
			    text != NULL ? ", " : "", dns_type_name(types[i]),
			    dns_rcode_name(answers[i]->rcode));
	return text;
}

static const char *
lack(struct route_search *search, const struct answer *answers[2])
{
	const char *failed = failures(search->arena, answers);

	if (failed != NULL)
		return failed;
	for (size_t i = 0; i < 2; i++)
		if (answers[i] != NULL && alias_gone(answers[i], search->arena) != NULL)
			return alias_gone(answers[i], search->arena);
	for (size_t i = 0; i < 2; i++)
		if (answers[i] != NULL && answers[i]->rcode != DNS_NXDOMAIN)
			return search->family->missing;
	return "no such name";
}

/* Where the look-up failed, or the name does not exist, its other addresses say no more. */
static bool
is_bare(const struct route_host *host)
{
	if (host->address_count > 0 || (!host->asked[0] && !host->asked[1]))
		return false;
	for (size_t i = 0; i < 2; i++)
		if (host->asked[i] && host->rcode[i] != DNS_NOERROR)
			return false;
	return true;
}

/* False: pending. */
static bool
look_up_host(struct route_search *search, struct route_host *host)
{
	const struct answer *answers[2] = {NULL, NULL};
	struct ip literal;
	bool pending = false;

	host->canonical = host->name;
	if (ip_parse(&literal, host->name)) { /* RFC 5321 section 5.1 wants a name; looking up its
		                                 digits would only trouble the root */
		host->problem = "an address instead of a name";
		return true;
	}
	for (size_t i = 0; i < 2; i++) {
		host->asked[i] = search->family->ask[i];
		if (!host->asked[i])
			continue;
		answers[i] = book_ask(search->book, host->name, types[i]);
		if (answers[i] == NULL) {
			pending = true;
			continue;
		}
		host->rcode[i] = answers[i]->rcode;
		if (strcmp(answers[i]->canonical, answers[i]->name) != 0) {
			host->alias = true;
			host->canonical = arena_string(search->arena, answers[i]->canonical);
		}
	}
	if (pending)
		return false;
	take_addresses(search, host, answers);
	host->problem =
	    host->address_count == 0 ? lack(search, answers) : failures(search->arena, answers);
	return true;
}

static bool
look_up_hosts(struct route_search *search)
{
	bool pending = false;

	for (size_t i = 0; i < search->out->host_count; i++)
		if (!look_up_host(search, &search->out->hosts[i]))
			pending = true; /* but let the others ask, too */
	return !pending;
}

/* Whether hosts without an address of the one family have any of the other: then it is not they who
 * lack something. False: pending. */
static bool
look_beyond(struct route_search *search, bool *others)
{
	bool pending = false;

	*others = false;
	for (size_t i = 0; i < search->out->host_count && search->family->others != NULL; i++) {
		struct route_host *host = &search->out->hosts[i];
		const struct answer *answers[2] = {NULL, NULL};
		size_t left_out = search->family->ask[0] ? 1 : 0;

		if (!is_bare(host))
			continue;
		answers[left_out] = book_ask(search->book, host->name, types[left_out]);
		if (answers[left_out] == NULL) {
			pending = true;
			continue;
		}
		host->asked[left_out] = true;
		host->rcode[left_out] = answers[left_out]->rcode;
		if (answers[left_out]->count > 0)
			*others = true;
		else if (failures(search->arena, answers) != NULL)
			host->problem = failures(search->arena, answers);
		else
			host->problem = families[ROUTE_BOTH].missing;
	}
	return !pending;
}

/* ---- the verdict */

static bool
failed(const struct route_host *host)
{
	for (size_t i = 0; i < 2; i++)
		if (host->rcode[i] != DNS_NOERROR && host->rcode[i] != DNS_NXDOMAIN)
			return true;
	return false;
}

/* "mx1.example.com: no such name, mx2.example.com: no address", a few of them. */
static const char *
complaints(struct route_search *search)
{
	const struct route *out = search->out;
	const char *text = "";

	size_t count = 0;

	for (size_t i = 0; i < out->host_count; i++)
		if (out->hosts[i].problem != NULL && count++ < NAMED_MAX)
			text = arena_printf(search->arena, "%s%s%s: %s", text,
			    count > 1 ? ", " : "", out->hosts[i].name, out->hosts[i].problem);
	return count > NAMED_MAX
	           ? arena_printf(search->arena, "%s, and %zu more", text, count - NAMED_MAX)
	           : text;
}

static bool
any_address(const struct route *route)
{
	for (size_t i = 0; i < route->host_count; i++)
		if (route->hosts[i].address_count > 0)
			return true;
	return false;
}

/* Others can be asked; but a sender that does not know of them would have gone here first, and one
 * whose look-up does not fail still does. */
static void
warn_of_some(struct route_search *search)
{
	const char *text = complaints(search);

	if (*text != '\0')
		warn(search, arena_printf(search->arena,
		                 "not all addresses of the mail exchangers of %s can be found (%s)",
		                 search->out->domain, text));
}

/* Why none can be connected to, in words. */
static const char *
why_none(struct route_search *search, bool implicit)
{
	const struct route *out = search->out;
	struct arena *arena = search->arena;
	const char *of_own = families[ROUTE_BOTH].missing;

	if (out->kind == ROUTE_DNS_ERROR)
		return arena_printf(arena,
		    "no address of a mail exchanger of %s could be found out (%s)", out->domain,
		    complaints(search));
	if (out->kind == ROUTE_OTHER_FAMILY && implicit)
		return arena_printf(
		    arena, "%s, which has no MX, has %s", out->domain, search->family->others);
	if (out->kind == ROUTE_OTHER_FAMILY)
		return arena_printf(arena, "the mail exchangers of %s have %s", out->domain,
		    search->family->others);
	if (implicit && strcmp(out->canonical, out->domain) != 0)
		return arena_printf(arena, "%s is an alias of %s, which has no MX and %s",
		    out->domain, out->canonical, of_own);
	if (implicit)
		return arena_printf(arena, "%s has no MX and %s", out->domain, of_own);
	return arena_printf(arena, "no mail exchanger of %s can be connected to (%s)", out->domain,
	    complaints(search));
}

static bool
any_failed(const struct route *route)
{
	for (size_t i = 0; i < route->host_count; i++)
		if (failed(&route->hosts[i]))
			return true;
	return false;
}

/* What it means that none has an address of those that were wanted: one look-up that failed makes
 * it unknown. False: pending. */
static bool
judge_none(struct route_search *search)
{
	struct route *out = search->out;
	bool others = false;

	out->kind = ROUTE_DNS_ERROR;
	if (any_failed(out))
		return true;
	if (!look_beyond(search, &others))
		return false;
	if (others)
		out->kind = ROUTE_OTHER_FAMILY;
	else if (!any_failed(out))
		out->kind = ROUTE_NO_ADDRESS;
	return true;
}

static bool
settle(struct route_search *search, enum route_kind reachable)
{
	search->out->kind = reachable;
	if (any_address(search->out)) {
		warn_of_some(search);
		return true;
	}
	if (!judge_none(search))
		return false;
	warn(search, why_none(search, reachable == ROUTE_IMPLICIT));
	return true;
}

static bool
conclude(struct route_search *search, enum route_kind kind, const char *problem)
{
	search->out->kind = kind;
	search->out->problem = problem;
	return true;
}

static bool
takes_no_mail(const struct answer *mx)
{
	for (size_t i = 0; i < mx->count; i++)
		if (*mx->records[i].u.mx.host != '\0')
			return false;
	return true;
}

static void
only_host(struct arena *arena, const char *name, struct route *out)
{
	out->hosts = arena_alloc(arena, sizeof *out->hosts);
	out->hosts[0].name = name;
	out->host_count = 1;
}

/* No MX: the domain is its own exchanger (RFC 5321 section 5.1). */
static bool
find_implicit(struct route_search *search)
{
	struct route *out = search->out;

	only_host(search->arena, out->canonical, out);
	return look_up_hosts(search) && settle(search, ROUTE_IMPLICIT);
}

static bool
find_explicit(struct route_search *search, const struct answer *mx, uint64_t seed)
{
	if (takes_no_mail(mx))
		return conclude(search, ROUTE_NULL_MX,
		    arena_printf(search->arena, "%s takes no mail (null MX, RFC 7505)",
		        search->out->domain));
	take_hosts(search, mx, seed);
	return look_up_hosts(search) && settle(search, ROUTE_MX);
}

static const char *
no_domain(struct route_search *search, const struct answer *mx)
{
	const struct route *out = search->out;

	const char *alias = alias_gone(mx, search->arena);

	if (alias != NULL)
		return arena_printf(search->arena, "%s leads nowhere: %s (%s)", out->domain, alias,
		    said(search->arena, mx));
	return arena_printf(
	    search->arena, "%s does not exist (%s)", out->domain, said(search->arena, mx));
}

bool
route_find(struct book *book, struct arena *arena, const char *domain, enum route_family family,
    uint64_t seed, struct route *out)
{
	struct route_search search = {
	    .book = book, .arena = arena, .family = &families[family], .out = out};
	const struct answer *mx;
	char name[NAME_TEXT];
	const char *why;

	*out = (struct route){.kind = ROUTE_DNS_ERROR};
	if (!name_normalise(domain, name, &why)) {
		out->domain = out->canonical = arena_string(arena, domain);
		return conclude(&search, ROUTE_NO_DOMAIN,
		    arena_printf(arena, "\"%s\" is no domain name: %s", domain, why));
	}
	out->domain = out->canonical = arena_string(arena, name);
	mx = book_ask(book, name, DNS_MX);
	if (mx == NULL)
		return false;
	out->authentic = mx->authentic;
	out->server = arena_string(arena, mx->server);
	out->ttl = mx->ttl;
	out->canonical = arena_string(arena, mx->canonical);
	if (answer_truth(mx) == UNKNOWN)
		return conclude(&search, ROUTE_DNS_ERROR,
		    arena_printf(arena, "MX look-up of %s: %s", name, said(arena, mx)));
	if (mx->rcode == DNS_NXDOMAIN)
		return conclude(&search, ROUTE_NO_DOMAIN, no_domain(&search, mx));
	return mx->count == 0 ? find_implicit(&search) : find_explicit(&search, mx, seed);
}

static void
take_literal(struct arena *arena, struct route_host *host, const struct ip *ip)
{
	struct ip *address = arena_alloc(arena, sizeof *address);

	*address = *ip;
	host->addresses = address;
	host->address_count = 1;
}

bool
route_fixed(struct book *book, struct arena *arena, const char *host, enum route_family family,
    struct route *out)
{
	struct route_search search = {
	    .book = book, .arena = arena, .family = &families[family], .out = out};
	struct ip literal;

	*out = (struct route){.kind = ROUTE_FIXED};
	out->domain = out->canonical = arena_string(arena, host);
	only_host(arena, out->domain, out);
	if (ip_parse(&literal, host)) {
		if (search.family->ask[literal.family == 6 ? 1 : 0])
			take_literal(arena, out->hosts, &literal);
		else
			conclude(&search, ROUTE_OTHER_FAMILY,
			    arena_printf(arena,
			        "%s is an IPv%u address, and only IPv%u was to be asked", host,
			        literal.family, literal.family == 4 ? 6 : 4));
		return true;
	}
	if (!look_up_hosts(&search))
		return false;
	if (out->hosts[0].address_count > 0) {
		if (out->hosts[0].problem != NULL)
			warn(&search,
			    arena_printf(arena, "look-up of %s %s", host, out->hosts[0].problem));
		return true;
	}
	if (!judge_none(&search))
		return false;
	out->problem = out->kind == ROUTE_DNS_ERROR
	                   ? arena_printf(arena, "look-up of %s %s", host, out->hosts[0].problem)
	                   : arena_printf(arena, "%s has %s", host,
	                         out->kind == ROUTE_OTHER_FAMILY ? search.family->others
	                                                         : families[ROUTE_BOTH].missing);
	return true;
}

const char *
route_kind_name(enum route_kind kind)
{
	static const char *const names[] = {
	    [ROUTE_MX] = "mx",
	    [ROUTE_IMPLICIT] = "implicit-mx",
	    [ROUTE_NULL_MX] = "null-mx",
	    [ROUTE_NO_DOMAIN] = "nxdomain",
	    [ROUTE_NO_ADDRESS] = "no-address",
	    [ROUTE_OTHER_FAMILY] = "other-family",
	    [ROUTE_FIXED] = "fixed",
	    [ROUTE_DNS_ERROR] = "dns-error",
	};

	return names[kind];
}
