/* TLSA records and OpenSSL. It takes usages 0 and 1, and matches them against the trust store:
 * those are kept from it. Its verdict is the first fault only where verifying stops at it, and is
 * silent where none of the records was of use: so it is read off the faults. */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "evidence/dane.h"
#include "io/tls.h"
#include "io/tls_words.h"
#include "smtp/tls_facts.h"

enum {
	LEVEL = 1, /* as Postfix has it: no SHA-1 above the server's own certificate */
	CANDIDATES_MAX = 500, /* trusted authorities that a record is compared with */
};

static bool
add_records(SSL *ssl, const struct dane *dane)
{
	bool any = false;

	for (size_t i = 0; i < dane->record_count; i++) {
		const struct dane_record *record = &dane->records[i];

		if (record->fault == NULL &&
		    SSL_dane_tlsa_add(ssl, record->usage, record->selector, record->matching,
		        (const unsigned char *)record->data.bytes, record->data.len) > 0)
			any = true;
	}
	ERR_clear_error();
	return any;
}

void
tls_dane_begin(SSL *ssl, struct tls_check *check)
{
	const struct dane *dane = check->wish.dane;

	if (dane == NULL || dane->usable == 0 || SSL_dane_enable(ssl, dane->base) <= 0)
		return;
	SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	for (size_t i = 1; i < dane->name_count; i++)
		SSL_add1_host(ssl, dane->names[i]);
	check->by_dane = add_records(ssl, dane);
}

static int
gather_dane(int ok, X509_STORE_CTX *store)
{
	struct tls_check *check = tls_check_of(store);

	if (!ok)
		tls_error_keep(check->dane_errors, &check->dane_error_count, store);
	return 1;
}

/* ---- what is known without verifying twice */

static bool
names_certificate(const struct dane_record *record, const X509 *certificate)
{
	unsigned char *der = NULL, digest[EVP_MAX_MD_SIZE];
	int len = record->selector == 0 ? i2d_X509(certificate, &der)
	                                : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
	unsigned size = 0;
	bool same;

	if (len > 0)
		EVP_Digest(der, (size_t)len, digest, &size,
		    record->matching == 1 ? EVP_sha256() : EVP_sha512(), NULL);
	same =
	    size > 0 && size == record->data.len && memcmp(digest, record->data.bytes, size) == 0;
	OPENSSL_free(der);
	return same;
}

static bool
was_sent(const struct tls_check *check, const X509 *certificate)
{
	for (int i = 0; i < sk_X509_num(check->chain); i++)
		if (X509_cmp(sk_X509_value(check->chain, i), certificate) == 0)
			return true;
	return false;
}

bool
tls_dane_known(X509_STORE_CTX *good, struct tls_check *check)
{
	const struct dane *dane = check->wish.dane;
	const STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(good);

	if (check->blind || strcmp(dane->base, check->wish.name) != 0)
		return false;
	for (size_t i = 0; i < dane->record_count; i++) {
		const struct dane_record *record = &dane->records[i];

		if (record->fault != NULL || record->outranked || record->usage != 2 ||
		    record->matching == 0)
			continue;
		for (int depth = 1; depth < sk_X509_num(chain); depth++) {
			const X509 *certificate = sk_X509_value(chain, depth);

			if (!names_certificate(record, certificate) ||
			    !was_sent(check, certificate))
				continue;
			check->dane_record = i;
			check->dane_depth = depth;
			check->dane_name = check->wish.name;
			check->dane_tried = true;
			return true;
		}
	}
	return false;
}

bool
tls_dane_verify(X509_STORE_CTX *store, struct tls_check *check)
{
	X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(store), LEVEL);
	X509_STORE_CTX_set_verify_cb(store, gather_dane);
	if (X509_verify_cert(store) <= 0 && check->dane_error_count == 0)
		tls_error_keep(check->dane_errors, &check->dane_error_count, store);
	check->dane_tried = true;
	if (check->dane_error_count > 0)
		return false;
	X509_STORE_CTX_set_error(store, X509_V_OK); /* else OpenSSL does not tell what matched */
	return true;
}

/* ---- what came of it */

static struct dns_text
whole_of(const X509 *certificate, struct arena *arena)
{
	unsigned char *der = NULL;
	int len = i2d_X509(certificate, &der);
	struct dns_text text = {
	    len > 0 ? arena_copy(arena, (char *)der, (size_t)len) : "", len > 0 ? (size_t)len : 0};

	OPENSSL_free(der);
	return text;
}

static struct dns_text
key_of(const X509 *certificate, struct arena *arena)
{
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
	struct dns_text text = {
	    len > 0 ? arena_copy(arena, (char *)der, (size_t)len) : "", len > 0 ? (size_t)len : 0};

	OPENSSL_free(der);
	return text;
}

static void
add_candidate(
    struct dane_certificate **all, size_t *count, X509 *certificate, bool sent, struct arena *arena)
{
	*(struct dane_certificate *)arena_push(arena, all, *count, sizeof **all) =
	    (struct dane_certificate){.whole = whole_of(certificate, arena),
	        .key = key_of(certificate, arena),
	        .subject = tls_name_words(arena, X509_get_subject_name(certificate)),
	        .sent = sent};
	(*count)++;
}

/* Behind those that were sent those that this host trusts: a root that is not sent is a usual thing
 * to publish. */
static void
add_trusted(
    SSL *ssl, bool by_name, struct dane_certificate **all, size_t *count, struct arena *arena)
{
	SSL_CTX *ctx = SSL_get_SSL_CTX(ssl);
	STACK_OF(X509) * trusted;

	if (by_name) /* none of them was needed yet */
		tls_trust_system(ctx);
	trusted = X509_STORE_get1_all_certs(SSL_CTX_get_cert_store(ctx));

	for (int i = 0; i < sk_X509_num(trusted) && i < CANDIDATES_MAX; i++)
		add_candidate(all, count, sk_X509_value(trusted, i), false, arena);
	sk_X509_pop_free(trusted, X509_free);
}

static void
read_published(SSL *ssl, const struct tls_check *check)
{
	const struct dane *dane = check->wish.dane;
	struct arena *arena = check->wish.arena, *scratch = arena_new();
	struct dane_certificate *all = NULL;
	struct dane_published *published =
	    arena_alloc(arena, dane->record_count * sizeof *published);
	bool wrong = !check->wish.met->matches;
	size_t count = 0;

	for (int i = 0; i < sk_X509_num(check->chain) && i < TLS_CHAIN_MAX; i++)
		add_candidate(&all, &count, sk_X509_value(check->chain, i), true, scratch);
	if (wrong)
		add_trusted(ssl, check->by_name, &all, &count, scratch);
	dane_publishes(dane->records, dane->record_count, all, count, wrong, published);
	for (size_t i = 0; i < dane->record_count; i++)
		published[i].subject = arena_string(arena, published[i].subject);
	check->wish.met->published = published;
	arena_free(scratch);
}

static bool
is_record(const struct dane_record *record, uint8_t usage, uint8_t selector, uint8_t matching,
    const unsigned char *data, size_t len)
{
	return record->usage == usage && record->selector == selector &&
	       record->matching == matching && record->data.len == len &&
	       memcmp(record->data.bytes, data, len) == 0;
}

void
tls_dane_keep(SSL *ssl, struct tls_check *check)
{
	const struct dane *dane = check->wish.dane;
	const unsigned char *data = NULL;
	uint8_t usage, selector, matching;
	size_t len = 0;

	if (check->dane_known)
		return;
	check->dane_known = true;
	check->dane_record = 0;
	check->dane_name = NULL;
	check->dane_depth = SSL_get0_dane_tlsa(ssl, &usage, &selector, &matching, &data, &len);
	if (check->dane_depth < 0)
		return;
	while (check->dane_record < dane->record_count &&
	       !is_record(&dane->records[check->dane_record], usage, selector, matching, data, len))
		check->dane_record++;
	if (usage == 2)
		check->dane_name = arena_string(check->wish.arena, SSL_get0_peername(ssl));
}

static void
read_match(const struct tls_check *check)
{
	struct dane_met *met = check->wish.met;

	met->matches = true;
	met->record = check->dane_record;
	met->depth = check->dane_depth;
	met->name = check->dane_name;
}

/* No match at all speaks before what follows from it. */
static void
read_fault(const struct tls_check *check)
{
	const struct dane *dane = check->wish.dane;
	struct dane_met *met = check->wish.met;
	const struct tls_error *worst = &check->dane_errors[0];
	char words[TLS_WORDS];

	for (size_t i = 0; i < check->dane_error_count; i++)
		if (check->dane_errors[i].error == X509_V_ERR_DANE_NO_MATCH)
			worst = &check->dane_errors[i];
	met->word = tls_error_word(worst->error);
	met->reason = tls_error_name(worst->error);
	tls_fault_words(worst->error, words);
	met->words = worst->error != X509_V_ERR_DANE_NO_MATCH
	                 ? arena_string(check->wish.arena, words)
	             : dane->unseen == 0
	                 ? "no TLSA record matches its certificates"
	                 : arena_printf(check->wish.arena,
	                       "of %zu TLSA records %zu were looked at, and none of those matches "
	                       "its certificates",
	                       dane->record_total, dane->record_count);
}

static const char *
record_now(const struct tls_check *check, size_t depth, const char *what)
{
	const struct tls_facts *facts = check->wish.facts;

	return depth < facts->chain_count && facts->chain[depth].spki_sha256 != NULL
	           ? arena_printf(check->wish.arena, "%s %s", what, facts->chain[depth].spki_sha256)
	           : NULL;
}

static bool
all_right(const struct tls_check *check)
{
	for (size_t i = 0; i < check->wish.dane->record_count; i++)
		if (check->wish.dane->records[i].fault != NULL)
			return false;
	return check->wish.met->matches && check->wish.dane->record_count == 1;
}

void
tls_dane_read(SSL *ssl, struct tls_check *check)
{
	struct dane_met *met = check->wish.met;

	if (met == NULL)
		return;
	met->now = record_now(check, 0, "3 1 1");
	met->now_issuer = record_now(check, 1, "2 1 1");
	if (check->wish.dane == NULL || check->wish.dane->record_count == 0)
		return;
	met->tried = check->dane_tried;
	if (check->dane_tried && check->dane_error_count == 0) {
		tls_dane_keep(ssl, check);
		read_match(check);
	} else if (check->dane_tried) {
		read_fault(check);
	}
	if (!all_right(check))
		read_published(ssl, check);
}
