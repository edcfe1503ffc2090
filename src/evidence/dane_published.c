/* What is it that somebody published? A record that matches nothing is most often the right value
 * of the wrong thing, so it is tried as everything that we can think of. */
#include <openssl/evp.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "evidence/dane.h"

enum { CUT_MIN = 8, LINE = 64 };

const char *
published_name(enum published published)
{
	static const char *const names[PUBLISHED_COUNT] = {
	    [PUBLISHED_UNKNOWN] = "unknown",
	    [PUBLISHED_RIGHT] = "right",
	    [PUBLISHED_USAGE] = "wrong-usage",
	    [PUBLISHED_SELECTOR] = "wrong-selector",
	    [PUBLISHED_MATCHING] = "wrong-matching-type",
	    [PUBLISHED_UNSENT] = "not-sent",
	    [PUBLISHED_CUT] = "cut-short",
	    [PUBLISHED_PEM] = "of-pem-text",
	    [PUBLISHED_BITS] = "of-bare-key",
	    [PUBLISHED_EMPTY] = "of-nothing",
	    [PUBLISHED_ZEROS] = "placeholder",
	};

	return names[published];
}

struct dane_value { /* of a matching type */
	unsigned char digest[EVP_MAX_MD_SIZE];
	const void *bytes;
	size_t len;
};

struct dane_values { /* all that a record of a certificate may hold, made once */
	struct dane_value of[2][3]; /* selector, matching type */
};

static void
make_value(const struct dns_text *of, unsigned matching, struct dane_value *value)
{
	unsigned len = 0;

	value->bytes = of->bytes;
	value->len = of->len;
	if (matching == 0)
		return;
	EVP_Digest(of->bytes, of->len, value->digest, &len,
	    matching == 1 ? EVP_sha256() : EVP_sha512(), NULL);
	value->bytes = value->digest;
	value->len = len;
}

static void
make_values(const struct dane_certificate *certificate, struct dane_values *values)
{
	for (unsigned matching = 0; matching < 3; matching++) {
		make_value(&certificate->whole, matching, &values->of[0][matching]);
		make_value(&certificate->key, matching, &values->of[1][matching]);
	}
}

static bool
is_value(const struct dns_text *data, const struct dane_value *value)
{
	return data->len == value->len && data->len > 0 &&
	       memcmp(data->bytes, value->bytes, data->len) == 0;
}

static bool
is_made_of(const struct dns_text *data, const struct dns_text *of, unsigned matching)
{
	struct dane_value value;

	make_value(of, matching, &value);
	return is_value(data, &value);
}

/* Usage 3 is of the server's own certificate, usage 2 of an issuer's. */
static enum published
in_its_place(const struct dane_record *record, const struct dane_published *found, bool sent)
{
	if (found->selector != record->selector)
		return PUBLISHED_SELECTOR;
	if (found->matching != record->matching)
		return PUBLISHED_MATCHING;
	if (found->usage != record->usage)
		return PUBLISHED_USAGE;
	return sent ? PUBLISHED_RIGHT : PUBLISHED_UNSENT;
}

static bool
is_of(const struct dane_record *record, const struct dane_certificate *certificate,
    const struct dane_values *values, size_t depth, struct dane_published *out)
{
	for (uint8_t selector = 0; selector < 2; selector++)
		for (uint8_t matching = 0; matching < 3; matching++) {
			if (!is_value(&record->data, &values->of[selector][matching]))
				continue;
			*out = (struct dane_published){.usage = depth == 0 ? 3 : 2,
			    .selector = selector,
			    .matching = matching,
			    .depth = depth,
			    .subject = certificate->subject};
			out->what = in_its_place(record, out, certificate->sent);
			return true;
		}
	return false;
}

/* ---- slips of the hand */

static bool
is_cut(const struct dns_text *data, const struct dns_text *of)
{
	for (unsigned matching = 1; matching < 3; matching++) {
		struct dane_value value;

		make_value(of, matching, &value);
		if (data->len >= CUT_MIN && data->len < value.len &&
		    memcmp(data->bytes, value.bytes, data->len) == 0)
			return true;
	}
	return false;
}

/* As "openssl x509" and "openssl pkey -pubout" write it. */
static void
put_pem(struct buf *out, const struct dns_text *of, const char *title)
{
	size_t start, len = (of->len + 2) / 3 * 4;
	struct buf line;
	char *base64;

	buf_init(&line, len + 1);
	base64 = buf_grow(&line, len + 1);
	EVP_EncodeBlock((unsigned char *)base64, (const unsigned char *)of->bytes, (int)of->len);
	buf_printf(out, "-----BEGIN %s-----\n", title);
	for (start = 0; start < len; start += LINE) {
		buf_add(out, base64 + start, len - start < LINE ? len - start : LINE);
		buf_putc(out, '\n');
	}
	buf_printf(out, "-----END %s-----\n", title);
	buf_release(&line);
}

static bool
is_of_pem(const struct dns_text *data, const struct dns_text *of, const char *title)
{
	struct dns_text text;
	struct buf pem;
	bool found;

	buf_init(&pem, 2 * of->len + 200);
	put_pem(&pem, of, title);
	text = (struct dns_text){pem.data, pem.len};
	found = is_made_of(data, &text, 1) || is_made_of(data, &text, 2);
	buf_release(&pem);
	return found;
}

/* The BIT STRING of a SubjectPublicKeyInfo, which is at its end: what "x509 -fingerprint" of a key
 * and some libraries give. */
static bool
is_of_bits(const struct dns_text *data, const struct dns_text *key)
{
	for (size_t at = 4; at < key->len && at < 40; at++) {
		struct dns_text rest = {key->bytes + at, key->len - at};

		if (key->bytes[at - 1] == '\0' &&
		    (is_made_of(data, &rest, 1) || is_made_of(data, &rest, 2)))
			return true;
	}
	return false;
}

static enum published
slip_of(const struct dns_text *data, const struct dane_certificate *certificate)
{
	if (is_cut(data, &certificate->whole) || is_cut(data, &certificate->key))
		return PUBLISHED_CUT;
	if (is_of_pem(data, &certificate->whole, "CERTIFICATE") ||
	    is_of_pem(data, &certificate->key, "PUBLIC KEY"))
		return PUBLISHED_PEM;
	return is_of_bits(data, &certificate->key) ? PUBLISHED_BITS : PUBLISHED_UNKNOWN;
}

static bool
is_of_nothing(const struct dns_text *data)
{
	const struct dns_text nothing = {"", 0}, line = {"\n", 1};

	return is_made_of(data, &nothing, 1) || is_made_of(data, &nothing, 2) ||
	       is_made_of(data, &line, 1) || is_made_of(data, &line, 2);
}

static bool
is_placeholder(const struct dns_text *data)
{
	for (size_t i = 1; i < data->len; i++)
		if (data->bytes[i] != data->bytes[0])
			return false;
	return data->len > 1;
}

static void
find_slip(const struct dns_text *data, const struct dane_certificate *chain, size_t count,
    struct dane_published *out)
{
	if (is_of_nothing(data))
		out->what = PUBLISHED_EMPTY;
	else if (is_placeholder(data))
		out->what = PUBLISHED_ZEROS;
	for (size_t i = 0; i < count && out->what == PUBLISHED_UNKNOWN; i++) {
		if (!chain[i].sent)
			continue;
		out->what = slip_of(data, &chain[i]);
		out->depth = i;
		out->subject = chain[i].subject;
	}
	if (out->what == PUBLISHED_UNKNOWN)
		*out = (struct dane_published){.what = PUBLISHED_UNKNOWN};
}

static bool
is_of_any(const struct dane_record *record, const struct dane_certificate *chain,
    const struct dane_values *values, size_t count, struct dane_published *out)
{
	for (size_t i = 0; i < count; i++)
		if (is_of(record, &chain[i], &values[i], i, out))
			return true;
	return false;
}

void
dane_publishes(const struct dane_record *records, size_t record_count,
    const struct dane_certificate *chain, size_t count, bool slips, struct dane_published *out)
{
	struct arena *scratch = arena_new();
	struct dane_values *values = arena_alloc(scratch, (count + 1) * sizeof *values);

	for (size_t i = 0; i < count; i++)
		make_values(&chain[i], &values[i]);
	for (size_t i = 0; i < record_count; i++) {
		out[i] = (struct dane_published){.what = PUBLISHED_UNKNOWN};
		if (!is_of_any(&records[i], chain, values, count, &out[i]) && slips &&
		    i < DANE_SLIPS_MAX)
			find_slip(&records[i].data, chain, count, &out[i]);
	}
	arena_free(scratch);
}
