/* Exercises auth/dkim.c and arc.c, dkim_check.c, dkim_tags.c, dkim_canon.c, dkim_key.c,
 * dkim_signature.c, dkim_sign.c. The first byte says what the rest is: a key record, a private key,
 * a message to be verified, or one to be signed; what was signed must verify. */
#include <openssl/evp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "auth/arc.h"
#include "auth/dkim.h"
#include "auth/dkim_sign.h"
#include "base/arena.h"
#include "base/buf.h"
#include "dns/book.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char seed[] =
    "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="; /* RFC 8463 appendix A.2 */
static const char record[] = "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

static void
expect(bool holds)
{
	if (!holds)
		abort();
}

static void
fuzz_record(struct arena *arena, const char *bytes, size_t len)
{
	struct dkim_key key = {0};

	dkim_key_read(bytes, len, arena, &key);
	expect((key.problem == NULL) == dkim_key_usable(&key));
	expect(!dkim_key_usable(&key) || (key.typed && key.bits >= 256));
	if (dkim_key_usable(&key)) {
		EVP_PKEY *opened = dkim_key_open(&key);

		expect(opened != NULL && dkim_key_matches(&key, opened));
		EVP_PKEY_free(opened);
	}
}

static void
fuzz_pair(struct arena *arena, const char *bytes, size_t len)
{
	const char *why = NULL;
	EVP_PKEY *pair = dkim_pair_read(bytes, len, arena, &why);

	expect(pair != NULL || why != NULL);
	EVP_PKEY_free(pair);
}

/* Every selector has the same key. */
static struct dkim
verify(struct book *book, struct arena *arena, const char *bytes, size_t len)
{
	const struct dns_text text = {record, sizeof record - 1};
	const struct dns_record txt = {.u.txt = {.strings = &text, .count = 1, .joined = text}};
	struct dkim_query query = {.message = bytes, .len = len, .now = 1};
	unsigned rounds = 0;
	struct dkim dkim;
	struct arc arc;

	for (;;) {
		bool known = dkim_verify(book, arena, &query, &dkim);

		known &= arc_verify(book, arena, &query, &arc);
		if (known)
			break;
		expect(++rounds <= 2 && book_wanted(book) > 0);
		for (size_t i = 0, count = book_wanted(book); i < count; i++) {
			struct question question = book_want(book, 0);

			book_put(book, &(struct answer){.name = question.name,
			                   .type = question.type,
			                   .canonical = question.name,
			                   .records = &txt,
			                   .count = 1});
		}
	}
	expect((arc.state == ARC_FAIL || arc.state == ARC_UNKNOWN) == (arc.reason != NULL));
	expect(arc.state != ARC_PASS || (arc.sets > 0 && arc.signer != NULL && arc.line > 0));
	expect(dkim.count <= DKIM_SIGNATURES_MAX && dkim.count <= dkim.total);
	for (size_t i = 0; i < dkim.count; i++)
		expect((dkim.signatures[i].result == DKIM_PASS) ==
		       (dkim.signatures[i].reason == NULL));
	return dkim;
}

static void
fuzz_sign(struct book *book, struct arena *arena, unsigned canons, const char *bytes, size_t len)
{
	struct dkim_signer_plan plan = {.key = seed,
	    .key_len = sizeof seed - 1,
	    .selector = "s",
	    .domain = "d.example",
	    .header = canons & 1 ? DKIM_RELAXED : DKIM_SIMPLE,
	    .body = canons & 2 ? DKIM_RELAXED : DKIM_SIMPLE};
	const char *why = NULL;
	struct dkim_signer *signer = dkim_signer_new(&plan, arena, &why);
	struct dkim dkim;
	struct buf out;

	buf_init(&out, DKIM_FIELD_MAX + len);
	expect(signer != NULL);
	if (dkim_sign(signer, NULL, bytes, len, 1, arena, &out, &why)) {
		buf_add(&out, bytes, len);
		dkim = verify(book, arena, out.data, out.len);
		expect(dkim.count > 0 ? dkim.signatures[0].result == DKIM_PASS
		                      : dkim.problem != NULL); /* ours may be one field too many */
	} else {
		expect(why != NULL && out.len == 0);
	}
	buf_release(&out);
	dkim_signer_free(signer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct book *book = book_new();
	const char *bytes = (const char *)data + 1;

	if (size > 0 && data[0] == 'k')
		fuzz_record(arena, bytes, size - 1);
	else if (size > 0 && data[0] == 'p')
		fuzz_pair(arena, bytes, size - 1);
	else if (size > 0 && data[0] == 'v')
		verify(book, arena, bytes, size - 1);
	else if (size > 0)
		fuzz_sign(book, arena, data[0], bytes, size - 1);
	book_free(book);
	arena_free(arena);
	return 0;
}
