#include "evidence/dane.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "dns/book.h"
#include "dns/name.h"
#include "evidence/route.h"

struct dane_search {
	struct book *book;
	struct arena *arena;
	const struct route *route;
	const struct route_host *host;
	bool trust_ad;
	struct dane *out;
};

static const char *const state_names[DANE_STATE_COUNT] = {
    [DANE_NOT_APPLICABLE] = "not-applicable",
    [DANE_NOT_EVALUABLE] = "not-evaluable",
    [DANE_DNS_ERROR] = "dns-error",
    [DANE_INSECURE_MX] = "insecure-mx",
    [DANE_NONE] = "none",
    [DANE_LOOKUP_FAILED] = "lookup-failed",
    [DANE_UNUSABLE] = "unusable",
    [DANE_USABLE] = "usable",
};

const char *
dane_state_name(enum dane_state state)
{
	return state_names[state];
}

bool
dane_state_named(const char *name, enum dane_state *state)
{
	for (int i = 0; i < DANE_STATE_COUNT; i++)
		if (state_names[i] != NULL && strcmp(state_names[i], name) == 0) {
			*state = (enum dane_state)i;
			return true;
		}
	return false;
}

bool
dane_binds(const struct dane *dane)
{
	return dane->host == DANE_USABLE;
}

bool
dane_demands_tls(const struct dane *dane)
{
	return dane->host == DANE_USABLE || dane->host == DANE_UNUSABLE;
}

/* ---- whom to believe */

static const char stranger[] =
    "the resolver is not on this host, so that its word on DNSSEC is not believed";

/* "127.0.0.1", "127.0.0.1:5300", "[::1]:5300" */
static bool
is_loopback(const char *server)
{
	struct slice text = slice_of(server);
	struct ip ip;
	bool bracket = *server == '[';
	size_t len = bracket ? slice_until(slice_from(text, 1), "]") : slice_until(text, ":");
	char address[IP_TEXT];

	if (ip_parse(&ip, server))
		return ip_special(&ip) != NULL && strcmp(ip_special(&ip), "loopback") == 0;
	if (len >= sizeof address)
		return false;
	memcpy(address, server + bracket, len);
	address[len] = '\0';
	return ip_parse(&ip, address) && is_loopback(address);
}

bool
dane_trusts(const struct answer *answer, bool trust_ad)
{
	return trust_ad || answer->server == NULL || strcmp(answer->server, "replay") == 0 ||
	       is_loopback(answer->server);
}

/* ---- a record */

static bool
is_certificate(const struct dns_text *data)
{
	const unsigned char *at = (const unsigned char *)data->bytes, *end = at + data->len;
	X509 *certificate = d2i_X509(NULL, &at, (long)data->len);
	bool good = certificate != NULL && at == end && X509_get0_pubkey(certificate) != NULL;

	X509_free(certificate);
	ERR_clear_error();
	return good;
}

static bool
is_public_key(const struct dns_text *data)
{
	const unsigned char *at = (const unsigned char *)data->bytes, *end = at + data->len;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)data->len);
	bool good = key != NULL && at == end;

	EVP_PKEY_free(key);
	ERR_clear_error();
	return good;
}

const char *
dane_record_fault(const struct dane_record *record)
{
	static const size_t lengths[] = {0, 32, 64};

	if (record->usage == 0 || record->usage == 1)
		return "usages 0 and 1 are not for mail (RFC 7672 section 3.1.3)";
	if (record->usage > 3)
		return "no such usage";
	if (record->selector > 1)
		return "no such selector";
	if (record->matching > 2)
		return "no such matching type";
	if (record->data.len == 0)
		return "it has no data";
	if (record->matching > 0)
		return record->data.len == lengths[record->matching]
		           ? NULL
		           : "its digest has a wrong length";
	if (record->selector == 0)
		return is_certificate(&record->data) ? NULL : "its data is no certificate";
	return is_public_key(&record->data) ? NULL : "its data is no public key";
}

const char *
dane_record_text(const struct dane_record *record, struct arena *arena)
{
	struct buf text;
	const char *copy;

	buf_init(&text, 2 * record->data.len + 16);
	buf_printf(&text, "%u %u %u ", record->usage, record->selector, record->matching);
	for (size_t i = 0; i < record->data.len; i++)
		buf_printf(&text, "%02x", (unsigned char)record->data.bytes[i]);
	copy = arena_copy(arena, text.data, text.len);
	buf_release(&text);
	return copy;
}

/* ---- the set */

static int
in_order(const void *left, const void *right)
{
	const struct dane_record *a = left, *b = right;
	size_t len = a->data.len < b->data.len ? a->data.len : b->data.len;
	int order = (a->usage << 16 | a->selector << 8 | a->matching) -
	            (b->usage << 16 | b->selector << 8 | b->matching);

	if (order == 0 && len > 0)
		order = memcmp(a->data.bytes, b->data.bytes, len);
	return order != 0 ? order : (a->data.len > b->data.len) - (a->data.len < b->data.len);
}

/* Full data is no digest: it is outranked by none. */
static bool
is_outranked(const struct dane_record *records, size_t count, const struct dane_record *record)
{
	if (record->fault != NULL || record->matching == 0)
		return false;
	for (size_t i = 0; i < count; i++)
		if (records[i].fault == NULL && records[i].usage == record->usage &&
		    records[i].selector == record->selector &&
		    records[i].matching > record->matching)
			return true;
	return false;
}

/* Looks at one, and keeps it behind those that are kept. */
static void
take_record(struct dane *out, struct dane_record *records, struct dane_record record, size_t *whole)
{
	record.fault = dane_record_fault(&record);
	if (record.fault == NULL && record.matching == 0 && ++*whole > DANE_WHOLE_MAX) {
		out->unseen++;
		return;
	}
	out->usable += record.fault == NULL;
	records[out->record_count++] = record;
}

static void
take_records(struct dane_search *search, const struct answer *tlsa)
{
	struct dane *out = search->out;
	struct dane_record *records = arena_alloc(search->arena, tlsa->count * sizeof *records);
	size_t whole = 0;

	for (size_t i = 0; i < tlsa->count; i++)
		records[i] = (struct dane_record){.usage = tlsa->records[i].u.tlsa.usage,
		    .selector = tlsa->records[i].u.tlsa.selector,
		    .matching = tlsa->records[i].u.tlsa.matching,
		    .data = tlsa->records[i].u.tlsa.data};
	qsort(records, tlsa->count, sizeof *records, in_order);
	out->record_total = tlsa->count;
	for (size_t i = 0; i < tlsa->count; i++)
		take_record(out, records, records[i], &whole);
	for (size_t i = 0; i < out->record_count; i++) {
		struct dns_text *data = &records[i].data;

		data->bytes = arena_copy(search->arena, data->bytes, data->len);
		records[i].outranked = is_outranked(records, out->record_count, &records[i]);
	}
	out->records = records;
	out->ttl = tlsa->ttl;
}

static void
add_name(struct dane *out, const char *name)
{
	for (size_t i = 0; i < out->name_count; i++)
		if (strcmp(out->names[i], name) == 0)
			return;
	if (out->name_count < DANE_NAMES_MAX)
		out->names[out->name_count++] = name;
}

/* RFC 7672 section 3.2.2: the domain's own names count where DNSSEC led from it to the host. */
static void
take_names(struct dane_search *search)
{
	const struct route *route = search->route;

	add_name(search->out, search->out->base);
	if (route->kind != ROUTE_FIXED && !route->authentic)
		return;
	add_name(search->out, route->domain);
	add_name(search->out, route->canonical);
}

/* ---- the host's own state */

static bool
conclude(struct dane_search *search, enum dane_state state, const char *why)
{
	search->out->host = state;
	search->out->why = why;
	return true;
}

/* A look-up has failed. SERVFAIL is what a resolver says that got nothing it could believe; with
 * all else it says that it did not look. Where it says nothing, the zone's servers may be silent,
 * or it is itself. */
static bool
fail(struct dane_search *search, enum dane_state state, const struct answer *answer,
    const char *what)
{
	const char *rcode = dns_rcode_name(answer->rcode), *server = answer->server;

	search->out->unanswered = answer->rcode != DNS_SERVFAIL;
	if (answer->rcode == DNS_SERVFAIL)
		return conclude(search, state,
		    arena_printf(search->arena, "the %s look-up of %s ended in %s", what,
		        answer->name, rcode));
	return conclude(search, state,
	    answer->rcode == DNS_TIMEOUT
	        ? arena_printf(search->arena, "the %s look-up of %s had no answer in time", what,
	              answer->name)
	        : arena_printf(search->arena, "our resolver%s%s met the %s look-up of %s with %s",
	              server != NULL ? " " : "", server != NULL ? server : "", what, answer->name,
	              rcode));
}

/* At the names in turn: the first with records that are authentic has the say. */
static bool
find_records(struct dane_search *search, const char *const *bases, size_t count)
{
	struct dane *out = search->out;

	out->signable = true;
	for (size_t i = 0; i < count; i++) {
		const char *owner = arena_printf(search->arena, "_%u._tcp.%s", out->port, bases[i]);
		const struct answer *tlsa = book_ask(search->book, owner, DNS_TLSA);

		if (tlsa == NULL)
			return false;
		if (answer_truth(tlsa) == UNKNOWN)
			return fail(search, DANE_LOOKUP_FAILED, tlsa, "TLSA");
		if (!dane_trusts(tlsa, search->trust_ad))
			return conclude(search, DANE_NOT_EVALUABLE, stranger);
		if (tlsa->count == 0 || !tlsa->authentic)
			continue;
		out->base = bases[i];
		take_records(search, tlsa);
		take_names(search);
		return conclude(search, out->usable > 0 ? DANE_USABLE : DANE_UNUSABLE,
		    out->usable > 0 ? "its TLSA records are signed"
		                    : "none of its TLSA records is of use for mail");
	}
	return conclude(search, DANE_NONE, "it has no TLSA records that are signed");
}

/* RFC 7672 section 2.2.2: an alias that is signed may have records at its own name, even if what it
 * leads to is not signed. */
static bool
find_of_alias(struct dane_search *search, const char *name)
{
	const struct answer *alias = book_ask(search->book, name, DNS_CNAME);

	if (alias == NULL)
		return false;
	if (answer_truth(alias) == UNKNOWN)
		return fail(search, DANE_LOOKUP_FAILED, alias, "CNAME");
	if (alias->count == 0 || !alias->authentic)
		return conclude(search, DANE_NONE, "it is an alias that is not signed");
	return find_records(search, &name, 1);
}

struct dane_addresses { /* what the look-ups of a host's addresses come to */
	const struct answer *any; /* one that has some */
	const struct answer *failed;
	bool authentic, believed, pending;
};

static void
look_at(struct dane_search *search, enum dns_type type, struct dane_addresses *addresses)
{
	const struct answer *answer = book_ask(search->book, search->host->name, type);

	if (answer == NULL) {
		addresses->pending = true;
		return;
	}
	if (answer_truth(answer) == UNKNOWN)
		addresses->failed = answer;
	if (answer->count == 0)
		return;
	addresses->any = answer;
	addresses->authentic = addresses->authentic && answer->authentic;
	addresses->believed = addresses->believed && dane_trusts(answer, search->trust_ad);
}

static bool
find_of_host(struct dane_search *search)
{
	const struct route_host *host = search->host;
	struct dane_addresses addresses = {.authentic = true, .believed = true};
	const char *bases[3];
	size_t count = 0;
	struct ip literal;

	if (ip_parse(&literal, host->name))
		return conclude(
		    search, DANE_NOT_APPLICABLE, "the mail exchanger is an address, not a name");
	for (size_t i = 0; i < 2; i++)
		if (host->asked[i])
			look_at(search, i == 0 ? DNS_A : DNS_AAAA, &addresses);
	if (addresses.pending)
		return false;
	if (addresses.any == NULL && addresses.failed != NULL)
		return fail(search, DANE_DNS_ERROR, addresses.failed, "address");
	if (addresses.any == NULL)
		return conclude(search, DANE_NONE, "it has no address");
	if (!addresses.believed)
		return conclude(search, DANE_NOT_EVALUABLE, stranger);
	if (!addresses.authentic)
		return host->alias ? find_of_alias(search, host->name)
		                   : conclude(search, DANE_NONE, "its addresses are not signed");
	if (host->alias)
		bases[count++] = host->canonical;
	bases[count++] = host->name;
	if (search->out->implicit && strcmp(search->route->domain, host->name) != 0)
		bases[count++] = search->route->domain;
	return find_records(search, bases, count);
}

/* ---- with the MX */

static bool
not_evaluable(struct dane *out, const char *why)
{
	out->state = out->host = DANE_NOT_EVALUABLE;
	out->why = why;
	return true;
}

/* That nothing is authentic says something only where the resolver looks: then the root's records
 * are. A book that was written by hand need not hold them. */
static bool
believe_insecure(struct dane_search *search)
{
	const struct answer *root = book_ask(search->book, "", DNS_SOA);

	if (root == NULL)
		return false;
	if (root->count == 0 || root->authentic)
		return true;
	return not_evaluable(search->out,
	    arena_printf(search->arena,
	        "the resolver (%s) does not validate: it calls not even the root authentic",
	        root->server != NULL ? root->server : "?"));
}

bool
dane_find(struct book *book, struct arena *arena, const struct route *route,
    const struct route_host *host, uint16_t port, bool trust_ad, struct dane *out)
{
	struct dane_search search = {book, arena, route, host, trust_ad, out};
	const struct answer mx = {.server = route->server};
	bool fixed = route->kind == ROUTE_FIXED;

	*out = (struct dane){.port = port, .implicit = route->kind == ROUTE_IMPLICIT};
	if (!fixed && !dane_trusts(&mx, trust_ad))
		return not_evaluable(out, stranger);
	if (!find_of_host(&search))
		return false;
	out->state = out->host;
	if (!fixed && !route->authentic && out->host >= DANE_NONE) {
		out->state = DANE_INSECURE_MX;
		if (out->host == DANE_NONE)
			out->why = "the MX records of the domain are not signed";
	}
	if (out->host != DANE_NONE)
		return true;
	return believe_insecure(&search);
}
