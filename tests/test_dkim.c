/* DKIM: the vectors of RFC 8463 and of the suite (when it is there), each corner of the canonical
 * forms, broken records and signatures, what tampering does, and the limits. */
#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/dkim.h"
#include "auth/dkim_sign.h"
#include "auth/dkim_tags.h"
#include "base/arena.h"
#include "base/buf.h"
#include "dkim_keys.h"
#include "dns/book.h"
#include "mail/mailfile.h"

static struct arena *arena;

static void
setup(void)
{
	arena = arena_new();
}

static void
teardown(void)
{
	arena_free(arena);
}

TestSuite(dkim, .init = setup, .fini = teardown);

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* ---- helpers */

static const char *
crlf(const char *text) /* LF → CRLF */
{
	struct buf out;
	char *copy;

	buf_init(&out, 1000000);
	for (; *text != '\0'; text++)
		buf_puts(&out, *text == '\n' ? "\r\n" : (char[]){*text, '\0'});
	copy = arena_copy(arena, out.data, out.len);
	buf_release(&out);
	return copy;
}

static const char *
replace(const char *text, const char *old, const char *new) /* the first, which must be there */
{
	const char *at = strstr(text, old);

	cr_assert_not_null(at, "no \"%s\" in \"%s\"", old, text);
	return arena_printf(arena, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
}

static void
put_txt(struct book *book, const char *name, enum dns_rcode rcode, const char *const *texts,
    size_t count)
{
	struct dns_record records[4] = {0};
	struct dns_text strings[4];

	for (size_t i = 0; i < count; i++) {
		strings[i] = (struct dns_text){texts[i], strlen(texts[i])};
		records[i].u.txt.strings = &strings[i];
		records[i].u.txt.count = 1;
		records[i].u.txt.joined = strings[i];
	}
	book_put(book, &(struct answer){.name = name,
	                   .type = DNS_TXT,
	                   .rcode = rcode,
	                   .canonical = name,
	                   .records = records,
	                   .count = count});
}

static void
publish(struct book *book, const char *name, const char *record)
{
	put_txt(book, name, DNS_NOERROR, &record, 1);
}

static struct book *
closed_book(const char *name, const char *record)
{
	struct book *book = book_new();

	publish(book, name, record);
	book_close(book);
	return book;
}

static struct dkim
verify(struct book *book, const char *message, long long now)
{
	struct dkim_query query = {.message = message, .len = strlen(message), .now = now};
	struct dkim dkim;

	cr_assert(dkim_verify(book, arena, &query, &dkim));
	return dkim;
}

static bool
any_has(const struct notes *notes, const char *part)
{
	for (size_t i = 0; i < notes->count; i++)
		if (strstr(notes->items[i].words, part) != NULL)
			return true;
	return false;
}

static struct dkim_signer *
signer_of(const char *key, enum dkim_canon header, enum dkim_canon body, long long lifetime)
{
	struct dkim_signer_plan plan = {.key = key,
	    .key_len = strlen(key),
	    .selector = "sel",
	    .domain = "example.org",
	    .header = header,
	    .body = body,
	    .lifetime = lifetime};
	const char *why = "";
	struct dkim_signer *signer = dkim_signer_new(&plan, arena, &why);

	cr_assert_not_null(signer, "%s", why);
	return signer;
}

static const char *
sign(const struct dkim_signer *signer, const char *message, long long now) /* the field alone */
{
	const char *why = "", *field;
	struct buf out;

	buf_init(&out, 100000);
	cr_assert(
	    dkim_sign(signer, NULL, message, strlen(message), now, arena, &out, &why), "%s", why);
	field = arena_copy(arena, out.data, out.len);
	buf_release(&out);
	return field;
}

static const char *
sign_with(const char *key, enum dkim_canon header, enum dkim_canon body,
    const char *message) /* the whole message */
{
	struct dkim_signer *signer = signer_of(key, header, body, 0);
	const char *field = sign(signer, message, 1000000000);

	dkim_signer_free(signer);
	return arena_printf(arena, "%s%s", field, message);
}

static const char *
record_of(const char *key)
{
	const char *why = "", *record;
	EVP_PKEY *pair = dkim_pair_read(key, strlen(key), arena, &why);

	cr_assert_not_null(pair, "%s", why);
	record = dkim_pair_record(pair, arena);
	EVP_PKEY_free(pair);
	return record;
}

static const char *
suite(const char *name) /* NULL: the suite is not here */
{
	const char *path = arena_printf(arena, "%s/../shared/suites/dkim/%s", TOP, name);
	FILE *file = fopen(getenv("DKIM_SUITE") != NULL
	                       ? arena_printf(arena, "%s/%s", getenv("DKIM_SUITE"), name)
	                       : path,
	    "rb");
	char *text = arena_alloc(arena, 65536);

	if (file == NULL)
		return NULL;
	text[fread(text, 1, 65535, file)] = '\0';
	fclose(file);
	return text;
}

static const char seed[] =
    "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=\n"; /* RFC 8463 appendix A.2 */
static const char seed_record[] =
    "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

static const char plain[] = "From: A <a@example.org>\n"
                            "To: b@example.net\n"
                            "Subject: One\n"
                            "\ttwo\n"
                            "Date: Sat, 08 Sep 2001 21:46:40 -0400\n"
                            "Message-ID: <1@example.org>\n"
                            "X-Unsigned: yes\n"
                            "\n"
                            "A first  line.\n"
                            "\n"
                            "A last line.\n";

/* ---- canonical forms (RFC 6376 section 3.4) */

static const struct {
	const char *field, *simple, *relaxed;
} field_cases[] = {
    {"A: X", "A: X", "a:X"},
    {"B : Y\t\r\n\tZ  ", "B : Y\t\r\n\tZ  ", "b:Y Z"},
    {"SUBJect:\r\n  folded\r\n  twice", "SUBJect:\r\n  folded\r\n  twice", "subject:folded twice"},
    {"Empty:", "Empty:", "empty:"},
    {"Blank: \t \r\n ", "Blank: \t \r\n ", "blank:"},
    {"Colons: a:b : c", "Colons: a:b : c", "colons:a:b : c"},
    {"Bare: a\nb\rc", "Bare: a\nb\rc", "bare:a\nb\rc"},
    {"Tabs:\ta\t\tb", "Tabs:\ta\t\tb", "tabs:a b"},
};

Test(dkim, fields)
{
	for (size_t i = 0; i < COUNT(field_cases); i++)
		for (enum dkim_canon canon = DKIM_SIMPLE; canon <= DKIM_RELAXED; canon++) {
			struct buf out;

			buf_init(&out, strlen(field_cases[i].field));
			dkim_canon_field(
			    canon, field_cases[i].field, strlen(field_cases[i].field), &out);
			cr_expect_str_eq(out.data,
			    canon == DKIM_SIMPLE ? field_cases[i].simple : field_cases[i].relaxed);
			cr_expect(!out.full);
			buf_release(&out);
		}
}

static const struct {
	const char *body, *simple, *relaxed;
} body_cases[] = {
    {"", "\r\n", ""},
    {"\r\n", "\r\n", ""},
    {"\r\n\r\n\r\n", "\r\n", ""},
    {" \t\r\n", " \t\r\n", ""},
    {"a", "a\r\n", "a\r\n"},
    {"a\r\n", "a\r\n", "a\r\n"},
    {"a\r\n\r\n\r\n", "a\r\n", "a\r\n"},
    {"a\r\n \r\n\t\r\n", "a\r\n \r\n\t\r\n", "a\r\n"},
    {"\r\n\r\na\r\n\r\nb\r\n", "\r\n\r\na\r\n\r\nb\r\n", "\r\n\r\na\r\n\r\nb\r\n"},
    {" C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n"},
    {"a \t", "a \t\r\n", "a\r\n"},
    {"\ta\r\n", "\ta\r\n", " a\r\n"},
    {"a\rb\nc\r\n", "a\rb\nc\r\n", "a\rb\nc\r\n"},
    {"a\r", "a\r\r\n", "a\r\r\n"},
    {"a\r\r\n", "a\r\r\n", "a\r\r\n"},
    {"a\n\n", "a\n\n\r\n", "a\n\n\r\n"},
    {".\r\n..\r\n", ".\r\n..\r\n", ".\r\n..\r\n"},
};

Test(dkim, bodies)
{
	for (size_t i = 0; i < COUNT(body_cases); i++)
		for (enum dkim_canon canon = DKIM_SIMPLE; canon <= DKIM_RELAXED; canon++) {
			struct buf out;

			buf_init(&out, strlen(body_cases[i].body) + 2);
			dkim_canon_body(
			    canon, body_cases[i].body, strlen(body_cases[i].body), &out);
			cr_expect_str_eq(out.data,
			    canon == DKIM_SIMPLE ? body_cases[i].simple : body_cases[i].relaxed,
			    "%s body %zu: \"%s\"", dkim_canon_name(canon), i, out.data);
			cr_expect(!out.full);
			buf_release(&out);
		}
}

Test(dkim, empty_bodies) /* the hashes that RFC 6376 sections 3.4.3 and 3.4.4 print */
{
	static const char *const sha256[] = {"frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=",
	    "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="};

	for (enum dkim_canon canon = DKIM_SIMPLE; canon <= DKIM_RELAXED; canon++) {
		struct mail_fields message = {.body = "", .body_len = 0};
		unsigned char hash[DKIM_HASH];
		unsigned long long total;

		cr_assert(dkim_hash_body(&message, canon, NULL, hash, &total));
		cr_expect_str_eq(dkim_base64_encode(hash, sizeof hash, arena), sha256[canon]);
		cr_expect_eq(total, canon == DKIM_SIMPLE ? 2 : 0);
	}
}

static const struct {
	const char *message;
	size_t fields, body; /* body: octets */
	const char *why; /* NULL: it can be read */
} split_cases[] = {
    {"", 0, 0, NULL}, {"\r\nbody", 0, 4, NULL}, {"A: b\r\n\r\nbody\r\n", 1, 6, NULL},
    {"A: b\r\n c\r\nD: e\r\n\r\n", 2, 0, NULL}, {"A: b\r\nC: d", 2, 0, NULL},
    {"A: b\r\n\r", 1, 0, "line 2 of the header"}, {"A : b\r\n", 1, 0, NULL},
    {" A: b\r\n", 0, 0, "line 1 of the header"},
    {"A: b\r\n c\r\nnonsense\r\n\r\n", 0, 0, "line 3 of the header"}, {": b\r\n", 0, 0, "line 1"},
    {"A b: c\r\n", 0, 0, "line 1"}, {"A: b\nC: d\n\nbody", 1, 0, NULL}, /* a bare LF ends nothing */
};

Test(dkim, split)
{
	for (size_t i = 0; i < COUNT(split_cases); i++) {
		struct mail_fields message;
		const char *why = NULL;
		bool good = fields_read(
		    split_cases[i].message, strlen(split_cases[i].message), arena, &message, &why);

		if (split_cases[i].why != NULL) {
			cr_expect(
			    !good && strstr(why, split_cases[i].why) != NULL, "%zu: %s", i, why);
			continue;
		}
		cr_expect(good && message.count == split_cases[i].fields &&
		              message.body_len == split_cases[i].body,
		    "%zu: %zu fields, %zu octets of body", i, message.count, message.body_len);
	}
}

Test(dkim, header_order) /* from the last of a name upwards, each once, the absent as nothing (RFC
                            6376 section 5.4.2) */
{
	static const char bytes[] = "A: 1\r\nB: 2\r\nA: 3\r\nC: 4\r\n\r\n",
	                  signed_text[] = "a:3\r\nb:2\r\na:1\r\nown:b=";
	const char *names[] = {"a", "X", "B", "A", "a", "b"}, *why;
	unsigned char hash[DKIM_HASH], expected[DKIM_HASH];
	struct mail_fields message;

	cr_assert(fields_read(bytes, strlen(bytes), arena, &message, &why));
	cr_assert(dkim_hash_header(
	    &message, DKIM_RELAXED, names, COUNT(names), &message.items[3], "Own: b=", 7, hash));
	cr_assert(EVP_Digest(signed_text, strlen(signed_text), expected, NULL, EVP_sha256(), NULL));
	cr_expect_arr_eq(hash, expected, DKIM_HASH);
}

static const struct {
	const char *file, *mended;
} mend_cases[] = {
    {"", ""},
    {"A: b\n\nc\n", "A: b\r\n\r\nc\r\n"},
    {"A: b\r\n\r\nc\r\n", "A: b\r\n\r\nc\r\n"},
    {"A: b\r\n\nc", "A: b\r\n\r\nc"},
    {"From x y\nA: b\n", "A: b\r\n"},
    {"From: x\n", "From: x\r\n"},
    {"From x", ""},
    {"a\rb\r\r\n\n", "a\rb\r\r\n\r\n"},
    {"From x Mon Nov 30 17:02:11 2026\nA: b\n\nc\n\nFrom x Mon Nov 30 17:02:12 2026\nA: d\n",
        "A: b\r\n\r\nc\r\n\r\n"}, /* the first of an mbox */
    {"A: b\n\nc\n\nFrom x Mon Nov 30 17:02:12 2026\n",
        "A: b\r\n\r\nc\r\n\r\nFrom x Mon Nov 30 17:02:12 2026\r\n"},
};

Test(dkim, mend)
{
	for (size_t i = 0; i < COUNT(mend_cases); i++) {
		struct mailfile facts;
		struct buf out;

		buf_init(&out, 2 * strlen(mend_cases[i].file));
		mailfile_read(mend_cases[i].file, strlen(mend_cases[i].file), &out, &facts);
		cr_expect_str_eq(out.data, mend_cases[i].mended);
		cr_expect(!out.full);
		buf_release(&out);
	}
}

/* ---- tags, lists, base64 */

static const struct {
	const char *text, *name, *value; /* value NULL: absent */
	const char *why;
} tag_cases[] = {
    {"a=b", "a", "b", NULL},
    {" a = b ; c\t=\r\n d e\t;\r\n ", "c", "d e", NULL},
    {"a=b;", "a", "b", NULL},
    {"a=;b=c", "a", "", NULL},
    {"a=b=c==", "a", "b=c==", NULL},
    {"a=b", "A", NULL, NULL},
    {"a_1=b", "a_1", "b", NULL},
    {"a=\303\266", "a", "\303\266", NULL},
    {"", "", NULL, "it is empty"},
    {" \r\n ", "", NULL, "it is empty"},
    {"a", "", NULL, "no \"=\" in the tag at octet 1"},
    {"a=b; c", "", NULL, "no \"=\" in the tag at octet 6"},
    {"a=b;;c=d", "", NULL, "an empty tag at octet 5"},
    {";a=b", "", NULL, "an empty tag at octet 1"},
    {"=b", "", NULL, "no tag name at octet 1"},
    {"1a=b", "", NULL, "no tag name"},
    {"a-b=c", "", NULL, "no tag name"},
    {"a b=c", "", NULL, "no tag name"},
    {"a=b; a=c", "", NULL, "a= stands there twice (octet 6)"},
    {"a=b\001c", "", NULL, "the octet 0x01 in a=, at octet 4"},
};

Test(dkim, tags)
{
	for (size_t i = 0; i < COUNT(tag_cases); i++) {
		struct dkim_tags tags;
		const char *why = NULL, *value;
		bool good = dkim_tags_parse(
		    tag_cases[i].text, strlen(tag_cases[i].text), arena, &tags, &why);

		if (tag_cases[i].why != NULL) {
			cr_expect(!good && strstr(why, tag_cases[i].why) != NULL, "\"%s\": %s",
			    tag_cases[i].text, why);
			continue;
		}
		value = good ? dkim_tags_value(&tags, tag_cases[i].name) : "?";
		cr_expect(good && (value == NULL ? tag_cases[i].value == NULL
		                                 : tag_cases[i].value != NULL &&
		                                       strcmp(value, tag_cases[i].value) == 0),
		    "\"%s\": %s", tag_cases[i].text, value);
	}
}

Test(dkim, tag_nul)
{
	struct dkim_tags tags;
	const char *why = NULL;

	cr_expect(!dkim_tags_parse("a=b\0c", 5, arena, &tags, &why));
	cr_expect(strstr(why, "0x00") != NULL);
}

static const struct {
	const char *text, *bytes, *why;
} base64_cases[] = {
    {"", "", NULL},
    {"YQ==", "a", NULL},
    {"YWI=", "ab", NULL},
    {"YWJj", "abc", NULL},
    {" Y W\r\n\tJ j ", "abc", NULL},
    {"YWJjZA==", "abcd", NULL},
    {"+/+/", "\373\377\277", NULL},
    {"Y", NULL, "cut short"},
    {"YQ", NULL, "cut short"},
    {"YQ=", NULL, "cut short"},
    {"YWJj=", NULL, "cut short"},
    {"Y===", NULL, "cut short"},
    {"YQ==YQ==", NULL, "'Y' at octet 5 stands behind the end"},
    {"YW-j", NULL, "'-' at octet 3 is not base64"},
    {"YW\"j", NULL, "'\"' at octet 3 is not base64"},
};

Test(dkim, base64)
{
	for (size_t i = 0; i < COUNT(base64_cases); i++) {
		const unsigned char *bytes;
		const char *why = NULL;
		size_t len;
		bool good = dkim_base64_decode(base64_cases[i].text, arena, &bytes, &len, &why);

		if (base64_cases[i].bytes == NULL)
			cr_expect(!good && strstr(why, base64_cases[i].why) != NULL, "\"%s\": %s",
			    base64_cases[i].text, why);
		else
			cr_expect(good && len == strlen(base64_cases[i].bytes) &&
			              memcmp(bytes, base64_cases[i].bytes, len) == 0,
			    "\"%s\"", base64_cases[i].text);
	}
}

/* ---- key records */

static const struct {
	const char *head, *key; /* the record is both */
	enum dkim_key_state state;
	unsigned bits;
	const char *says; /* part of the problem or of a warning; NULL: there must be neither */
} key_cases[] = {
    {"v=DKIM1; k=rsa; p=", rsa2048_public, DKIM_KEY_OK, 2048, NULL},
    {"p=", rsa2048_public, DKIM_KEY_OK, 2048, NULL},
    {" v = DKIM1 ;\tp = ", rsa2048_public, DKIM_KEY_OK, 2048, NULL},
    {"v=DKIM1; k=rsa; h=sha1:sha256; s=*; t=s:x; n=a note; z=unknown; p=", rsa2048_public,
        DKIM_KEY_OK, 2048, NULL},
    {"v=DKIM1; s=tlsrpt:email; p=", rsa2048_public, DKIM_KEY_OK, 2048, NULL},
    {"v=DKIM1; t=y; p=", rsa2048_public, DKIM_KEY_TESTING, 2048, NULL},
    {"v=DKIM1; t=s : y; p=", rsa2048_public, DKIM_KEY_TESTING, 2048, NULL},
    {"v=DKIM1; g=*; p=", rsa2048_public, DKIM_KEY_OK, 2048, NULL},
    {"v=DKIM1; g=bob; p=", rsa2048_public, DKIM_KEY_OK, 2048, "g= is of an older standard"},
    {"v=DKIM1; p=", rsa2048_bare, DKIM_KEY_OK, 2048, "bare RSAPublicKey"},
    {"v=DKIM1; p=", rsa1024_public, DKIM_KEY_OK, 1024, "an RSA key of 1024 bits: 2048 are advised"},
    {"v=DKIM1; p=", rsa512_public, DKIM_KEY_BAD, 512,
        "an RSA key of 512 bits: verifiers refuse less than 1024"},
    {"v=DKIM1; p=", ec_public, DKIM_KEY_BAD, 0, "not an RSA one"},
    {"v=DKIM1; k=ed25519; p=", "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", DKIM_KEY_OK, 256,
        NULL},
    {"v=DKIM1; k=ed25519; p=", ed25519_spki, DKIM_KEY_BAD, 0, "bare 32 octets"},
    {"v=DKIM1; k=ed25519; p=", "AAAA", DKIM_KEY_BAD, 0, "p= has 3 octets; an ed25519 key has 32"},
    {"v=DKIM1; p=", "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", DKIM_KEY_BAD, 0,
        "no k=ed25519"},
    {"v=DKIM1; k=ed25519-sha256; p=", rsa1024_public, DKIM_KEY_BAD, 0,
        "k=ed25519-sha256: no such key type; it is written k=ed25519"},
    {"v=DKIM1; k=RSA; p=", rsa2048_public, DKIM_KEY_BAD, 0, "k=RSA: no such key type"},
    {"v=DKIM1; k=dsa; p=", rsa2048_public, DKIM_KEY_BAD, 0, "k=dsa: no such key type"},
    {"v=DKIM1; p=", "", DKIM_KEY_REVOKED, 0, "the key was revoked"},
    {"v=DKIM1; k=ed25519; p=", " ", DKIM_KEY_REVOKED, 0, "the key was revoked"},
    {"v=DKIM1; k=rsa", "", DKIM_KEY_BAD, 0, "there is no p="},
    {"v=spf1 -all", "", DKIM_KEY_BAD, 0, "v=spf1 -all: it has to be DKIM1"},
    {"v=DKIM1: k=rsa; p=", rsa2048_public, DKIM_KEY_BAD, 0, "v=DKIM1: k=rsa: it has to be DKIM1"},
    {"v=dkim1; p=", rsa2048_public, DKIM_KEY_BAD, 0, "v=dkim1"},
    {"k=rsa; v=DKIM1; p=", rsa2048_public, DKIM_KEY_BAD, 0, "v= is not the first tag"},
    {"v=DKIM1; s=tlsrpt; p=", rsa2048_public, DKIM_KEY_BAD, 0, "the key is not for email"},
    {"v=DKIM1; h=sha1; p=", rsa2048_public, DKIM_KEY_BAD, 0, "the key is not for sha256"},
    {"v=DKIM1; p=", "MIIBIjANBg", DKIM_KEY_BAD, 0, "the base64 is cut short"},
    {"v=DKIM1; p=", "MIIBIjANBgkq", DKIM_KEY_BAD, 0, "no RSA public key (cut off?)"},
    {"v=DKIM1; p=", "MIIB\" \"IjANBgkq", DKIM_KEY_BAD, 0,
        "the quotes between its strings were published"},
    {"\"v=DKIM1; p=", "MIIBIjANBgkq\"", DKIM_KEY_BAD, 0, "quotation marks"},
    {"v=DKIM1\\; p=", rsa2048_public, DKIM_KEY_BAD, 0, "a backslash before a semicolon"},
    {"v=DKIM1; p=", "AAAA; p=AAAA", DKIM_KEY_BAD, 0, "p= stands there twice"},
    {"v=DKIM1;; p=", rsa2048_public, DKIM_KEY_BAD, 0, "an empty tag at octet 9"},
    {"", "", DKIM_KEY_BAD, 0, "it is empty"},
};

static bool
key_says(const struct dkim_key *key, const char *part)
{
	if (part == NULL)
		return key->problem == NULL && key->warnings.count == 0;
	return (key->problem != NULL && strstr(key->problem, part) != NULL) ||
	       any_has(&key->warnings, part);
}

Test(dkim, key_records)
{
	for (size_t i = 0; i < COUNT(key_cases); i++) {
		const char *record =
		    arena_printf(arena, "%s%s", key_cases[i].head, key_cases[i].key);
		struct dkim_key key = {0};

		dkim_key_read(record, strlen(record), arena, &key);
		cr_expect(key.state == key_cases[i].state, "%s: %s (%s)", record,
		    dkim_key_state_name(key.state), key.problem);
		cr_expect_eq(key.bits, key_cases[i].bits, "%s: %u bits", record, key.bits);
		cr_expect(key_says(&key, key_cases[i].says), "%s: %s; %s", record, key.problem,
		    key.warnings.count > 0 ? key.warnings.items[0].words : "");
		cr_expect_eq(key.problem == NULL, dkim_key_usable(&key));
	}
}

Test(dkim, key_trailing)
{
	const char *why, *record;
	const unsigned char *bytes;
	unsigned char longer[1000];
	struct dkim_key key = {0};
	size_t len;

	cr_assert(dkim_base64_decode(rsa2048_public, arena, &bytes, &len, &why));
	memcpy(longer, bytes, len);
	memset(longer + len, 0, 3);
	record = arena_printf(arena, "p=%s", dkim_base64_encode(longer, len + 3, arena));
	dkim_key_read(record, strlen(record), arena, &key);
	cr_expect(key.state == DKIM_KEY_OK && any_has(&key.warnings, "3 octets more than the key"));
}

Test(dkim, key_look_up)
{
	const char *two[] = {"v=spf1 -all", seed_record}, *bad[] = {"v=DKIM1; p=", "p=?"},
	           *first[] = {"v=spf1 -all", seed_record, "p=?"};
	struct book *book = book_new();
	struct dkim_key key;

	publish(book, "good._domainkey.example.org", seed_record);
	put_txt(book, "two._domainkey.example.org", DNS_NOERROR, two, 2);
	put_txt(book, "first._domainkey.example.org", DNS_NOERROR, first, 3);
	put_txt(book, "bad._domainkey.example.org", DNS_NOERROR, bad, 2);
	put_txt(book, "none._domainkey.example.org", DNS_NOERROR, NULL, 0);
	put_txt(book, "gone._domainkey.example.org", DNS_NXDOMAIN, NULL, 0);
	put_txt(book, "ill._domainkey.example.org", DNS_SERVFAIL, NULL, 0);
	put_txt(book, "slow._domainkey.example.org", DNS_TIMEOUT, NULL, 0);

	cr_expect(dkim_key_look_up(book, arena, "GOOD", "Example.ORG.", &key) &&
	          key.state == DKIM_KEY_OK &&
	          strcmp(key.name, "good._domainkey.example.org") == 0 && key.type == DKIM_ED25519);
	cr_expect(dkim_key_look_up(book, arena, "two", "example.org", &key) &&
	          key.state == DKIM_KEY_OK && any_has(&key.warnings, "has 2 TXT records"));
	cr_expect(dkim_key_look_up(book, arena, "first", "example.org", &key) &&
	          key.state == DKIM_KEY_OK && any_has(&key.warnings, "has 3 TXT records"));
	cr_expect(dkim_key_look_up(book, arena, "bad", "example.org", &key) &&
	          key.state == DKIM_KEY_REVOKED && key.warnings.count == 1);
	cr_expect(dkim_key_look_up(book, arena, "none", "example.org", &key) &&
	          key.state == DKIM_KEY_ABSENT && strstr(key.problem, "has no TXT record") != NULL);
	cr_expect(dkim_key_look_up(book, arena, "gone", "example.org", &key) &&
	          key.state == DKIM_KEY_ABSENT && strstr(key.problem, "does not exist") != NULL);
	cr_expect(dkim_key_look_up(book, arena, "ill", "example.org", &key) &&
	          key.state == DKIM_KEY_UNKNOWN && strstr(key.problem, "SERVFAIL") != NULL);
	cr_expect(dkim_key_look_up(book, arena, "slow", "example.org", &key) &&
	          key.state == DKIM_KEY_UNKNOWN && key.rcode == DNS_TIMEOUT);
	cr_expect(dkim_key_look_up(book, arena, "a..b", "example.org", &key) &&
	          key.state == DKIM_KEY_BAD && strstr(key.problem, "is no domain name") != NULL);
	cr_expect_eq(book_wanted(book), 0);
	cr_expect(!dkim_key_look_up(book, arena, "new", "example.org", &key));
	cr_assert_eq(book_wanted(book), 1);
	cr_expect_str_eq(book_want(book, 0).name, "new._domainkey.example.org");
	book_free(book);
}

/* ---- private keys */

static const struct {
	const char *what, *key, *why; /* why NULL: it can sign */
} pair_cases[] = {
    {"PKCS#1", rsa2048_pkcs1, NULL},
    {"PKCS#8", rsa2048_pkcs8, NULL},
    {"1024 bits", rsa1024_pkcs1, NULL},
    {"ed25519 PKCS#8", ed25519_pkcs8, NULL},
    {"ed25519 seed", seed, NULL},
    {"seed and blanks", " \n nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=\r\n\n", NULL},
    {"512 bits", rsa512_pkcs1, "an RSA key of 512 bits: less than 1024 must not sign"},
    {"EC", ec_pem, "neither"},
    {"locked", ed25519_locked, "locked with a passphrase"},
    {"public", rsa2048_public_pem, "it is a public key"},
    {"certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "it is a certificate"},
    {"torn", "-----BEGIN PRIVATE KEY-----\nMIIE\n", "no PEM private key that can be read"},
    {"31 octets", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==", "neither a PEM private key"},
    {"no base64", "secret!", "neither a PEM private key"},
    {"empty", "", "neither a PEM private key"},
};

Test(dkim, private_keys)
{
	for (size_t i = 0; i < COUNT(pair_cases); i++) {
		const char *why = NULL;
		EVP_PKEY *pair =
		    dkim_pair_read(pair_cases[i].key, strlen(pair_cases[i].key), arena, &why);

		cr_expect_eq(
		    pair != NULL, pair_cases[i].why == NULL, "%s: %s", pair_cases[i].what, why);
		cr_expect(pair != NULL || strstr(why, pair_cases[i].why) != NULL, "%s: %s",
		    pair_cases[i].what, why);
		EVP_PKEY_free(pair);
	}
}

Test(dkim, published_matches_private)
{
	static const char *const keys[] = {rsa2048_pkcs1, rsa1024_pkcs1, ed25519_pkcs8, seed};

	for (size_t i = 0; i < COUNT(keys); i++)
		for (size_t j = 0; j < COUNT(keys); j++) {
			const char *record = record_of(keys[i]), *why;
			EVP_PKEY *pair = dkim_pair_read(keys[j], strlen(keys[j]), arena, &why);
			struct dkim_key key = {0};

			dkim_key_read(record, strlen(record), arena, &key);
			cr_expect_eq(dkim_key_matches(&key, pair), i == j, "%zu %zu", i, j);
			EVP_PKEY_free(pair);
		}
	cr_expect_str_eq(record_of(seed), seed_record);
	cr_expect_str_eq(
	    record_of(rsa2048_pkcs8), arena_printf(arena, "v=DKIM1; k=rsa; p=%s", rsa2048_public));
}

Test(dkim, signers)
{
	struct dkim_signer_plan plan = {.key = rsa1024_pkcs1,
	    .key_len = strlen(rsa1024_pkcs1),
	    .selector = "S1.Sub",
	    .domain = "EXAMPLE.org."};
	const char *why = NULL;
	struct dkim_signer *signer = dkim_signer_new(&plan, arena, &why);

	cr_assert_not_null(signer);
	cr_expect_str_eq(signer->selector, "s1.sub");
	cr_expect_str_eq(signer->domain, "example.org");
	cr_expect(signer->type == DKIM_RSA && signer->bits == 1024 &&
	          strstr(signer->warning, "1024 bits: 2048 are advised") != NULL);
	dkim_signer_free(signer);
	plan.selector = "a..b";
	cr_expect(dkim_signer_new(&plan, arena, &why) == NULL &&
	          strstr(why, "\"a..b\" is no name") != NULL);
	plan.selector = "";
	cr_expect(
	    dkim_signer_new(&plan, arena, &why) == NULL && strstr(why, "it is empty") != NULL);
	plan.selector = "a";
	plan.domain = "x y";
	cr_expect(dkim_signer_new(&plan, arena, &why) == NULL &&
	          strstr(why, "\"x y\" is no name: a character") != NULL);
	signer = signer_of(seed, DKIM_RELAXED, DKIM_RELAXED, 0);
	cr_expect_null(signer->warning);
	dkim_signer_free(signer);
}

/* ---- vectors */

static const char vector[] = /* RFC 8463 appendix A.3 */
    "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\n"
    " d=football.example.com; i=@football.example.com;\n"
    " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\n"
    " subject : date : message-id : from : subject : date;\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n"
    " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\n"
    " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\n"
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\n"
    " d=football.example.com; i=@football.example.com;\n"
    " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\n"
    " date : message-id : from : subject : date;\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n"
    " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\n"
    " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\n"
    " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\n"
    "From: Joe SixPack <joe@football.example.com>\n"
    "To: Suzie Q <suzie@shopping.example.net>\n"
    "Subject: Is dinner ready?\n"
    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\n"
    "Message-ID: <20030712040037.46341.5F8J@football.example.com>\n"
    "\n"
    "Hi.\n"
    "\n"
    "We lost the game. Are you hungry yet?\n"
    "\n"
    "Joe.\n";

static const char vector_rsa[] =
    "v=DKIM1; k=rsa; "
    "p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/"
    "J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+"
    "PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB";

static struct book *
football(void)
{
	struct book *book = book_new();

	publish(book, "brisbane._domainkey.football.example.com", seed_record);
	publish(book, "test._domainkey.football.example.com", vector_rsa);
	book_close(book);
	return book;
}

/* Signs what signature `which` of a message signs, with `key`: is it the very signature? */
static void
expect_same_seal(const char *text, size_t which, const char *key)
{
	struct mail_fields message;
	struct dkim_signature signature;
	const struct mail_field *field = NULL;
	unsigned char hash[DKIM_HASH];
	const unsigned char *seal;
	const char *why = "", *own;
	EVP_PKEY *pair = dkim_pair_read(key, strlen(key), arena, &why);
	size_t len;

	cr_assert(
	    pair != NULL && fields_read(text, strlen(text), arena, &message, &why), "%s", why);
	for (size_t i = 0, seen = 0; i < message.count; i++)
		if (field_is(&message.items[i], "DKIM-Signature") && seen++ == which)
			field = &message.items[i];
	cr_assert(
	    field != NULL && dkim_signature_read(DKIM_OF_MESSAGE, field, arena, &signature, &why),
	    "%s", why);
	own = arena_printf(arena, "%.*s%.*s", (int)signature.value_start, field->at,
	    (int)(field->len - signature.value_end), field->at + signature.value_end);
	cr_assert(dkim_hash_header(&message, signature.header, signature.names,
	    signature.name_count, field, own, strlen(own), hash));
	seal = dkim_seal(pair, hash, arena, &len);
	cr_expect(
	    seal != NULL && len == signature.value_len && memcmp(seal, signature.value, len) == 0);
	EVP_PKEY_free(pair);
}

static void
expect_all_pass(struct book *book, const char *message, size_t count)
{
	struct dkim dkim = verify(book, message, 1600000000);

	cr_expect_eq(dkim.result, DKIM_PASS);
	cr_assert_eq(dkim.count, count);
	for (size_t i = 0; i < count; i++)
		cr_expect(
		    dkim.signatures[i].result == DKIM_PASS && dkim.signatures[i].reason == NULL,
		    "signature %zu: %s", i, dkim.signatures[i].reason);
}

Test(dkim, rfc8463)
{
	struct book *book = football();
	const char *message = crlf(vector);

	expect_all_pass(book, message, 2);
	expect_same_seal(message, 0, seed);
	book_free(book);
}

Test(dkim, suite_vectors)
{
	const char *message = suite("rfc6376.signed.msg"), *key = suite("test.private");
	struct book *book = football();

	if (message == NULL || key == NULL)
		cr_skip_test("the DKIM suite is not here");
	message = crlf(message);
	expect_all_pass(book, message, 2);
	expect_same_seal(message, 0, seed);
	expect_same_seal(message, 1, key);
	expect_same_seal(crlf(vector), 1, key);
	book_free(book);
}

Test(dkim, suite_records)
{
	static const struct {
		const char *file;
		enum dkim_key_state state;
	} cases[] = {{"test.txt", DKIM_KEY_OK}, {"ed25519test.dns", DKIM_KEY_OK},
	    {"badk.txt", DKIM_KEY_BAD}, {"badversion.txt", DKIM_KEY_BAD}};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *record = suite(cases[i].file);
		struct dkim_key key = {0};

		if (record == NULL)
			cr_skip_test("the DKIM suite is not here");
		dkim_key_read(record, strlen(record), arena, &key);
		cr_expect_eq(key.state, cases[i].state, "%s: %s", cases[i].file, key.problem);
	}
}

/* ---- signing */

static const char *const sign_keys[] = {rsa2048_pkcs1, rsa1024_pkcs1, ed25519_pkcs8, seed};

static const char *const bodies[] = {
    "", "\n", "\n\n\n", "a", "a\n\n\n", " a \t b \n \n", "\n\na\n", "\303\266\n"};

Test(dkim, signed_verifies)
{
	for (size_t k = 0; k < COUNT(sign_keys); k++) {
		struct book *book =
		    closed_book("sel._domainkey.example.org", record_of(sign_keys[k]));

		for (enum dkim_canon header = DKIM_SIMPLE; header <= DKIM_RELAXED; header++)
			for (enum dkim_canon body = DKIM_SIMPLE; body <= DKIM_RELAXED; body++)
				for (size_t b = 0; b < COUNT(bodies); b++) {
					const char *message = crlf(arena_printf(arena,
					    "From: a@example.org\nSubject : x\n\t y \nReply-To: "
					    "c@example.org\nTO:b\n\n%s",
					    bodies[b]));

					expect_all_pass(book,
					    sign_with(sign_keys[k], header, body, message), 1);
				}
		expect_all_pass(book,
		    sign_with(sign_keys[k], DKIM_RELAXED, DKIM_RELAXED,
		        crlf("From: a@example.org\nTo: b")),
		    1); /* no empty line, no last line end */
		book_free(book);
	}
}

Test(dkim, signature_text)
{
	struct dkim_signer *signer = signer_of(seed, DKIM_RELAXED, DKIM_SIMPLE, 604800);

	cr_expect_str_eq(sign(signer, crlf(plain), 1000000000),
	    "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/simple; d=example.org;\r\n"
	    "\ts=sel; t=1000000000; x=1000604800; h=From:From:Subject:Subject:Date:\r\n"
	    "\tDate:To:To:Message-ID:Message-ID;\r\n"
	    "\tbh=T9I1ORv4niyH616G3ll43Hya8zlIKhM/x5ZAOd1wPnk=; b=JrQKYegsLx42Ry9qV\r\n"
	    "\tX9JIqt77hhoCJnP9eBMy/xdDWeLgd5DOVocFQ5tkCVShfpzOcUKSfI/FgN/Ilz/J1EdA\r\n"
	    "\tQ==\r\n");
	dkim_signer_free(signer);
}

Test(dkim, signed_names)
{
	static const struct {
		const char *header, *names;
	} cases[] = {
	    {"From: a\n", "From:From:Subject:Date:To"},
	    {"From: a\nTo: b\nSubject: c\nDate: d\nX-Other: e\nReceived: f\n",
	        "From:From:Subject:Subject:Date:Date:To:To"},
	    {"from: a\nFROM: b\nTo: b\n", "From:From:From:Subject:Date:To:To"},
	    {"From: a\nReply-To: b\nCc: c\nMIME-Version: 1.0\nContent-Type: "
	     "text/plain\nContent-Transfer-Encoding: 7bit\nMessage-ID: <d>\n",
	        "From:From:Subject:Date:To:Reply-To:Reply-To:Cc:Cc:Message-ID:Message-ID:MIME-"
	        "Version:MIME-Version:Content-Type:Content-Type:Content-Transfer-Encoding"},
	    {"From: a\nList-Unsubscribe: <b>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n",
	        "From:From:Subject:Date:To:List-Unsubscribe:List-Unsubscribe:List-Unsubscribe-Post:"
	        "List-Unsubscribe-Post"},
	};
	struct dkim_signer *signer = signer_of(seed, DKIM_RELAXED, DKIM_RELAXED, 0);

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *field = sign(
		               signer, crlf(arena_printf(arena, "%s\nbody\n", cases[i].header)), 1),
		           *at = strstr(field, "h=") + 2;
		char names[1000] = "";

		for (size_t len = 0; *at != ';'; at++)
			if (strchr("\r\n\t ", *at) == NULL)
				names[len++] = *at;
		cr_expect_str_eq(names, cases[i].names);
	}
	dkim_signer_free(signer);
}

Test(dkim, signature_lines)
{
	static const char *const forms[] = {"From: a@example.org\n\n", plain};

	for (size_t k = 0; k < COUNT(sign_keys); k++)
		for (size_t i = 0; i < COUNT(forms); i++) {
			const char *field =
			    sign_with(sign_keys[k], DKIM_SIMPLE, DKIM_SIMPLE, crlf(forms[i]));

			cr_expect_null(strstr(field, " l="));
			for (const char *end; strncmp(field, "From:", 5) != 0; field = end + 2) {
				end = strstr(field, "\r\n");
				cr_expect(
				    end - field <= 72 || (*field != '\t' && end - field <= 76),
				    "%.*s", (int)(end - field), field); /* a tab is eight columns */
			}
		}
}

Test(dkim, domain_of_the_message)
{
	struct dkim_signer_plan plan = {.key = seed,
	    .key_len = strlen(seed),
	    .selector = "sel",
	    .header = DKIM_RELAXED,
	    .body = DKIM_RELAXED};
	const char *why = NULL, *message = crlf(plain);
	struct dkim_signer *signer = dkim_signer_new(&plan, arena, &why);
	struct buf out;

	buf_init(&out, 10000);
	cr_assert(dkim_sign(signer, "M\303\274nchen.Example", message, strlen(message), 1, arena,
	              &out, &why),
	    "%s", why);
	cr_expect(strstr(out.data, "d=xn--mnchen-3ya.example;") != NULL, "%s", out.data);
	buf_clear(&out);
	cr_expect(!dkim_sign(signer, NULL, message, strlen(message), 1, arena, &out, &why) &&
	          strstr(why, "it is empty") != NULL);
	cr_expect(!dkim_sign(signer, "a b", message, strlen(message), 1, arena, &out, &why) &&
	          strstr(why, "\"a b\" is no name: a character") != NULL);
	cr_expect_eq(out.len, 0);
	buf_release(&out);
	dkim_signer_free(signer);
}

Test(dkim, cannot_sign)
{
	struct dkim_signer *signer = signer_of(seed, DKIM_RELAXED, DKIM_RELAXED, 0);
	const char *why = NULL, *message = crlf(plain);
	struct buf out;

	buf_init(&out, 100);
	cr_expect(!dkim_sign(signer, NULL, message, strlen(message), 1, arena, &out, &why) &&
	          strstr(why, "too large") != NULL);
	cr_expect(!dkim_sign(signer, NULL, "To: a\r\n\r\n", 9, 1, arena, &out, &why) &&
	          strstr(why, "no From") != NULL);
	cr_expect(!dkim_sign(signer, NULL, "From\r\n\r\n", 8, 1, arena, &out, &why) &&
	          strstr(why, "line 1 of the header") != NULL);
	cr_expect_eq(out.len, 0);
	buf_release(&out);
	dkim_signer_free(signer);
}

Test(dkim, too_many_to_sign)
{
	struct dkim_signer *signer = signer_of(seed, DKIM_RELAXED, DKIM_RELAXED, 0);
	const char *why = NULL;
	struct buf message, out;

	buf_init(&message, 100000);
	buf_init(&out, 100000);
	buf_puts(&message, "From: a\r\n");
	for (size_t i = 0; i < DKIM_NAMES_MAX - 5;
	     i++) /* with From, From, Subject, Date, To it is one too many */
		buf_puts(&message, "Cc: b\r\n");
	cr_expect(!dkim_sign(signer, NULL, message.data, message.len, 1, arena, &out, &why) &&
	              strstr(why, "501 fields") != NULL,
	    "%s", why);
	message.len -= 7;
	cr_expect(
	    dkim_sign(signer, NULL, message.data, message.len, 1, arena, &out, &why), "%s", why);
	buf_release(&message);
	buf_release(&out);
	dkim_signer_free(signer);
}

/* ---- what happens on the way */

static const struct tamper {
	const char *what, *old, *new; /* in the signed message */
	enum dkim_step relaxed, simple; /* where it then fails */
} tampers[] = {
    {"nothing", "X-Unsigned: yes", "X-Unsigned: yes", DKIM_STEP_NONE, DKIM_STEP_NONE},
    {"an unsigned field", "X-Unsigned: yes", "X-Unsigned: no", DKIM_STEP_NONE, DKIM_STEP_NONE},
    {"an unsigned field less", "X-Unsigned: yes\r\n", "", DKIM_STEP_NONE, DKIM_STEP_NONE},
    {"a trace field above", "DKIM-Signature", "Received: from x by y; date\r\nDKIM-Signature",
        DKIM_STEP_NONE, DKIM_STEP_NONE},
    {"a line at the end of the body", "last line.\r\n", "last line.\r\n\r\n\r\n", DKIM_STEP_NONE,
        DKIM_STEP_NONE},
    {"no line end at the end of the body", "last line.\r\n", "last line.", DKIM_STEP_NONE,
        DKIM_STEP_NONE},
    {"a blank at the end of a line", "first  line.", "first  line. ", DKIM_STEP_NONE,
        DKIM_STEP_BODY_HASH},
    {"blanks become one", "first  line", "first line", DKIM_STEP_NONE, DKIM_STEP_BODY_HASH},
    {"blanks vanish", "first  line", "firstline", DKIM_STEP_BODY_HASH, DKIM_STEP_BODY_HASH},
    {"an empty line less", "line.\r\n\r\nA", "line.\r\nA", DKIM_STEP_BODY_HASH,
        DKIM_STEP_BODY_HASH},
    {"a letter in the body", "A last", "a last", DKIM_STEP_BODY_HASH, DKIM_STEP_BODY_HASH},
    {"a line added", "last line.\r\n", "last line.\r\n--\r\nlist footer\r\n", DKIM_STEP_BODY_HASH,
        DKIM_STEP_BODY_HASH},
    {"cut short", "A last line.\r\n", "", DKIM_STEP_BODY_HASH, DKIM_STEP_BODY_HASH},
    {"unfolded", "One\r\n\ttwo", "One two", DKIM_STEP_NONE, DKIM_STEP_SIGNATURE},
    {"folded elsewhere", "b@example.net", "\r\n b@example.net", DKIM_STEP_NONE,
        DKIM_STEP_SIGNATURE},
    {"a name in capitals", "Subject: One", "SUBJECT: One", DKIM_STEP_NONE, DKIM_STEP_SIGNATURE},
    {"a blank before the colon", "Subject: One", "Subject : One", DKIM_STEP_NONE,
        DKIM_STEP_SIGNATURE},
    {"a word in the subject", "Subject: One", "Subject: [list] One", DKIM_STEP_SIGNATURE,
        DKIM_STEP_SIGNATURE},
    {"a signed field less", "Date: Sat, 08 Sep 2001 21:46:40 -0400\r\n", "", DKIM_STEP_SIGNATURE,
        DKIM_STEP_SIGNATURE},
    {"a second subject above", "From: A", "Subject: other\r\nFrom: A", DKIM_STEP_SIGNATURE,
        DKIM_STEP_SIGNATURE},
    {"a second subject below", "X-Unsigned: yes\r\n", "X-Unsigned: yes\r\nSubject: other\r\n",
        DKIM_STEP_SIGNATURE, DKIM_STEP_SIGNATURE},
    {"a second From above", "DKIM-Signature", "From: evil@example.com\r\nDKIM-Signature",
        DKIM_STEP_SIGNATURE, DKIM_STEP_SIGNATURE},
    {"another time of signing", "t=1000000000", "t=1000000001", DKIM_STEP_SIGNATURE,
        DKIM_STEP_SIGNATURE},
    {"a name less in h=", "h=From:From", "h=From", DKIM_STEP_SIGNATURE, DKIM_STEP_SIGNATURE},
    {"a tag behind", "\r\nFrom: A", "; z=x\r\nFrom: A", DKIM_STEP_SIGNATURE, DKIM_STEP_SIGNATURE},
    {"blanks in b=", " b=", " b= \r\n\t ", DKIM_STEP_NONE, DKIM_STEP_NONE},
};

Test(dkim, tampered)
{
	static const char *const keys[] = {rsa2048_pkcs1, seed};

	for (size_t k = 0; k < COUNT(keys); k++) {
		struct book *book = closed_book("sel._domainkey.example.org", record_of(keys[k]));

		for (size_t i = 0; i < COUNT(tampers); i++)
			for (enum dkim_canon canon = DKIM_SIMPLE; canon <= DKIM_RELAXED; canon++) {
				const struct tamper *t = &tampers[i];
				const char *message = replace(
				    sign_with(keys[k], canon, canon, crlf(plain)), t->old, t->new);
				struct dkim_verdict *verdict =
				    verify(book, message, 1000000000).signatures;
				enum dkim_step step = canon == DKIM_SIMPLE ? t->simple : t->relaxed;

				cr_expect_eq(verdict->failed, step, "%s, %s: %s",
				    dkim_canon_name(canon), t->what, verdict->reason);
				cr_expect_eq(verdict->result,
				    step == DKIM_STEP_NONE ? DKIM_PASS : DKIM_FAIL);
			}
		book_free(book);
	}
}

Test(dkim, every_octet_counts)
{
	struct book *book = closed_book("sel._domainkey.example.org", record_of(seed));
	const char *message = sign_with(
	    seed, DKIM_SIMPLE, DKIM_SIMPLE, replace(crlf(plain), "X-Unsigned: yes\r\n", ""));
	size_t len = strlen(message), body = (size_t)(strstr(message, "\r\n\r\n") + 4 - message);

	for (size_t i = 0; i < len; i++) {
		char *changed = arena_copy(arena, message, len);
		struct dkim dkim;

		changed[i] ^= 1;
		dkim = verify(book, changed, 1000000000);
		cr_expect(dkim.result != DKIM_PASS, "octet %zu, '%c'", i, message[i]);
		if (i >= body)
			cr_expect(
			    dkim.count == 1 && dkim.signatures[0].failed == DKIM_STEP_BODY_HASH,
			    "octet %zu", i);
	}
	for (size_t i = 0; i + 2 < len;
	     i++) { /* without its last line end, an empty one is added */
		const char *cut = arena_copy(arena, message, i);

		cr_expect(verify(book, cut, 1000000000).result != DKIM_PASS, "cut at %zu", i);
	}
	book_free(book);
}

Test(dkim, several_signatures)
{
	struct book *book = book_new();
	const char *message = crlf(plain), *both;
	struct dkim dkim;

	publish(book, "sel._domainkey.example.org", record_of(seed));
	publish(book, "rsa._domainkey.example.org", record_of(rsa2048_pkcs1));
	book_close(book);
	both = sign_with(
	    rsa2048_pkcs1, DKIM_RELAXED, DKIM_RELAXED, message); /* its s=sel has the other key */
	both = arena_printf(arena, "%.*s%s", (int)(strstr(both, "\nFrom:") + 1 - both), both,
	    sign_with(seed, DKIM_RELAXED, DKIM_RELAXED, message));
	dkim = verify(book, both, 1000000000);
	cr_expect_eq(dkim.total, 2);
	cr_expect_eq(dkim.result, DKIM_PASS);
	cr_expect(dkim.signatures[0].result == DKIM_PERMERROR &&
	              strstr(dkim.signatures[0].reason, "is of type ed25519") != NULL,
	    "%s", dkim.signatures[0].reason);
	cr_expect_eq(dkim.signatures[1].result, DKIM_PASS);
	book_free(book);
}

Test(dkim, limit)
{
	struct book *book = football();
	struct buf message;
	struct dkim dkim;

	buf_init(&message, 1000000);
	for (size_t i = 0; i < DKIM_SIGNATURES_MAX + 2; i++)
		buf_puts(&message, "DKIM-Signature: v=1\r\n");
	buf_puts(&message, "From: a\r\n\r\n");
	dkim = verify(book, message.data, 1);
	cr_expect(dkim.total == DKIM_SIGNATURES_MAX + 2 && dkim.count == DKIM_SIGNATURES_MAX &&
	          dkim.result == DKIM_PERMERROR);
	cr_expect(
	    strstr(dkim.problem, "12 signatures; only the first 10") != NULL, "%s", dkim.problem);
	buf_clear(&message);
	for (size_t i = 0; i <= FIELDS_MAX; i++)
		buf_puts(&message, "A: b\r\n");
	dkim = verify(book, message.data, 1);
	cr_expect(
	    dkim.result == DKIM_PERMERROR && strstr(dkim.problem, "more than 1000 fields") != NULL);
	cr_expect_eq(verify(book, "From: a\r\n\r\n", 1).result, DKIM_NONE);
	buf_release(&message);
	book_free(book);
}

Test(dkim, waits_for_all_keys)
{
	struct book *book = book_new();
	const char *message = crlf(vector);
	struct dkim_query query = {.message = message, .len = strlen(message), .now = 1600000000};
	struct dkim dkim;

	cr_expect(!dkim_verify(book, arena, &query, &dkim));
	cr_assert_eq(book_wanted(book), 2);
	publish(book, "brisbane._domainkey.football.example.com", seed_record);
	cr_expect(!dkim_verify(book, arena, &query, &dkim));
	cr_expect(dkim.result == DKIM_PASS && dkim.signatures[0].result == DKIM_PASS &&
	          dkim.signatures[1].result == DKIM_TEMPERROR &&
	          strstr(dkim.signatures[1].reason, "has not ended") != NULL);
	publish(book, "test._domainkey.football.example.com", vector_rsa);
	cr_expect(dkim_verify(book, arena, &query, &dkim) && dkim.result == DKIM_PASS);
	book_free(book);
}

/* ---- signature fields */

#define BH "bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="
#define GOOD "v=1; a=rsa-sha256; d=e.example; s=s; h=from; " BH "; b=YQ=="

static const struct {
	const char *old, *new; /* in GOOD */
	const char *reason;
} broken[] = {
    {"v=1; ", "", "there is no v="},
    {"v=1", "v=2", "v=2: it has to be 1"},
    {"a=rsa-sha256; ", "", "there is no a="},
    {"rsa-sha256", "rsa-sha1", "a=rsa-sha1 must not be used any more"},
    {"rsa-sha256", "rsa-sha512", "a=rsa-sha512: no such algorithm"},
    {"d=e.example; ", "", "there is no d="},
    {"d=e.example", "d=", "d= is empty"},
    {"d=e.example", "d=e..example", "d=e..example is no domain name"},
    {"d=e.example", "d=.", "d= is the root"},
    {"s=s; ", "", "there is no s="},
    {"s=s", "s=s; i=nobody", "i=nobody has no \"@\""},
    {"s=s", "s=s; i=a@other.example", "neither at d=e.example nor below it"},
    {"s=s", "s=s; i=a@note.example", "neither at d=e.example nor below it"},
    {"s=s", "s=s; c=relax", "c=relax: no such canonicalization"},
    {"s=s", "s=s; c=relaxed/", "no such canonicalization"},
    {"s=s", "s=s; c=simple/nowsp", "no such canonicalization"},
    {"h=from; ", "", "there is no h="},
    {"h=from", "h=to:subject", "h= does not have From"},
    {"h=from", "h=from::to", "h= has an empty name"},
    {BH "; ", "", "there is no bh="},
    {BH, "bh=YQ==", "bh= has 1 octets"},
    {BH, "bh=?", "bh=: '?' at octet 1 is not base64"},
    {"; b=YQ==", "", "there is no b="},
    {"b=YQ==", "b=", "b= is empty"},
    {"b=YQ==", "b=YQ", "b=: the base64 is cut short"},
    {"s=s", "s=s; l=x", "l=x is no number"},
    {"s=s", "s=s; l=-1", "l=-1 is no number"},
    {"s=s", "s=s; t=5; x=5", "x= (expiry) is not behind t="},
    {"s=s", "s=s; t=", "t= is no number"},
    {"s=s", "s=s; q=dns/other", "q=dns/other: no way to ask"},
    {"s=s", "s=s; s=s", "s= stands there twice"},
    {"s=s", "s=s; nonsense", "no \"=\" in the tag"},
};

Test(dkim, broken_signatures)
{
	struct book *book = closed_book("x.example", "x");

	for (size_t i = 0; i < COUNT(broken); i++) {
		const char *message = arena_printf(arena, "DKIM-Signature: %s\r\nFrom: a\r\n\r\n",
		    replace(GOOD, broken[i].old, broken[i].new));
		struct dkim dkim = verify(book, message, 1);

		cr_assert_eq(dkim.count, 1);
		cr_expect(dkim.result == DKIM_PERMERROR &&
		              dkim.signatures[0].failed == DKIM_STEP_SYNTAX &&
		              strstr(dkim.signatures[0].reason, broken[i].reason) != NULL,
		    "%s -> %s: %s", broken[i].old, broken[i].new, dkim.signatures[0].reason);
	}
	cr_expect_eq(book_used(book), 0, "a key was asked for");
	book_free(book);
}

static const struct {
	const char *record; /* NULL: none */
	enum dns_rcode rcode;
	const char *extra; /* in the signature */
	enum dkim_result result;
	const char *reason;
} key_verdicts[] = {
    {NULL, DNS_NXDOMAIN, "", DKIM_PERMERROR, "no key: s._domainkey.e.example does not exist"},
    {NULL, DNS_NOERROR, "", DKIM_PERMERROR, "no key: s._domainkey.e.example has no TXT record"},
    {NULL, DNS_SERVFAIL, "", DKIM_TEMPERROR,
        "the look-up of TXT s._domainkey.e.example failed: SERVFAIL"},
    {NULL, DNS_TIMEOUT, "", DKIM_TEMPERROR, "TIMEOUT"},
    {"v=DKIM1; p=", DNS_NOERROR, "", DKIM_PERMERROR, "no usable key: p= is empty"},
    {"v=DKIM1; p=?", DNS_NOERROR, "", DKIM_PERMERROR, "no usable key: p=: '?'"},
    {seed_record, DNS_NOERROR, "", DKIM_PERMERROR,
        "a=rsa-sha256, but the key at s._domainkey.e.example is of type ed25519"},
    {"512", DNS_NOERROR, "", DKIM_POLICY, "an RSA key of 512 bits"},
    {"t=s", DNS_NOERROR, "; i=a@sub.e.example", DKIM_PERMERROR, "allows only d= itself (t=s)"},
    {"t=s", DNS_NOERROR, "; i=a@E.example", DKIM_FAIL, "the body hash does not match"},
    {"t=s", DNS_NOERROR, "; l=3", DKIM_FAIL, "l=3, but the body has 2 octets: it was cut short"},
    {"t=s", DNS_NOERROR, "; l=99999999999999999999999999999999", DKIM_FAIL, "it was cut short"},
};

Test(dkim, key_verdicts)
{
	for (size_t i = 0; i < COUNT(key_verdicts); i++) {
		const char *record = key_verdicts[i].record,
		           *message = arena_printf(arena, "DKIM-Signature: %s%s\r\nFrom: a\r\n\r\n",
		               GOOD, key_verdicts[i].extra);
		struct book *book = book_new();
		struct dkim dkim;

		if (record != NULL && strcmp(record, "512") == 0)
			record = arena_printf(arena, "p=%s", rsa512_public);
		else if (record != NULL && strcmp(record, "t=s") == 0)
			record = arena_printf(arena, "t=s; p=%s", rsa2048_public);
		put_txt(
		    book, "s._domainkey.e.example", key_verdicts[i].rcode, &record, record != NULL);
		dkim = verify(book, message, 1);
		cr_expect(dkim.result == key_verdicts[i].result &&
		              strstr(dkim.signatures[0].reason, key_verdicts[i].reason) != NULL,
		    "%zu: %s: %s", i, dkim_result_name(dkim.result), dkim.signatures[0].reason);
		book_free(book);
	}
}

Test(dkim, expiry_and_clock)
{
	struct book *book = closed_book("sel._domainkey.example.org", record_of(seed));
	struct dkim_signer *signer = signer_of(seed, DKIM_RELAXED, DKIM_RELAXED, 100);
	const char *message = crlf(plain),
	           *whole = arena_printf(arena, "%s%s", sign(signer, message, 1000000), message);
	struct dkim_verdict *verdict;

	cr_expect(verify(book, whole, 1000100).result == DKIM_PASS);
	verdict = verify(book, whole, 1000101).signatures;
	cr_expect(verdict->result == DKIM_FAIL && verdict->failed == DKIM_STEP_EXPIRED &&
	          verdict->expired && strstr(verdict->reason, "expired 1 seconds ago") != NULL);
	verdict = verify(book, replace(whole, "A last", "a last"), 1000101).signatures;
	cr_expect(verdict->failed == DKIM_STEP_BODY_HASH && verdict->expired);
	verdict = verify(book, whole, 1000000 - DKIM_CLOCK_SKEW).signatures;
	cr_expect(verdict->result == DKIM_PASS && verdict->warnings.count == 0);
	verdict = verify(book, whole, 1000000 - DKIM_CLOCK_SKEW - 1).signatures;
	cr_expect(verdict->result == DKIM_PASS &&
	          any_has(&verdict->warnings, "t= lies 301 seconds ahead"));
	dkim_signer_free(signer);
	book_free(book);
}

/* A signature that we never make: with l=, and with names as others write them. */
static const char *
seal_by_hand(const char *tags, const char *rest)
{
	struct mail_fields message;
	unsigned char hash[DKIM_HASH];
	unsigned long long total, limit = 7;
	const char *why = "", *own, *names[] = {"from", "x-absent", "subject", "subject"};
	EVP_PKEY *pair = dkim_pair_read(seed, strlen(seed), arena, &why);
	const unsigned char *value;
	size_t len;

	cr_assert(fields_read(rest, strlen(rest), arena, &message, &why) &&
	          dkim_hash_body(&message, DKIM_SIMPLE, &limit, hash, &total));
	own = arena_printf(arena,
	    "dkim-SIGNATURE: v=1; b=; a=ed25519-sha256; d=example.org; s=sel; h= from :x-absent: "
	    "subject:subject; bh=%s%s;",
	    dkim_base64_encode(hash, DKIM_HASH, arena), tags);
	cr_assert(dkim_hash_header(&message, DKIM_SIMPLE, names, 4, NULL, own, strlen(own), hash));
	value = dkim_seal(pair, hash, arena, &len);
	EVP_PKEY_free(pair);
	return arena_printf(arena, "%s\r\n%s",
	    replace(
	        own, "b=;", arena_printf(arena, "b=%s;", dkim_base64_encode(value, len, arena))),
	    rest);
}

Test(dkim, others_signatures)
{
	struct book *book =
	    closed_book("sel._domainkey.example.org", arena_printf(arena, "%s; t=y", seed_record));
	const char *message =
	    seal_by_hand("; l=7", "Subject: a\r\nSubject: b\r\nFrom: c\r\n\r\n12345\r\nadded\r\n");
	struct dkim_verdict *verdict = verify(book, message, 1).signatures;

	cr_expect_eq(verdict->result, DKIM_PASS, "%s", verdict->reason);
	cr_expect_eq(verdict->key.state, DKIM_KEY_TESTING);
	cr_expect_eq(verdict->unsigned_octets, 7);
	cr_expect(any_has(&verdict->warnings, "l=7 leaves 7 octets of the body unsigned"));
	verdict = verify(book,
	    replace(replace(message, "Subject: a", "Subject: B"), "Subject: b", "Subject: a"), 1)
	              .signatures; /* the order of those of one name is signed */
	cr_expect_eq(verdict->failed, DKIM_STEP_SIGNATURE);
	verdict =
	    verify(book, replace(message, "From: c", "From: c\r\nX-Absent: now"), 1).signatures;
	cr_expect_eq(verdict->failed, DKIM_STEP_SIGNATURE);
	verdict = verify(book, replace(message, "added", "changed"), 1).signatures;
	cr_expect_eq(verdict->result, DKIM_PASS);
	book_free(book);
}

Test(dkim, result_names)
{
	for (enum dkim_result i = DKIM_NONE; i <= DKIM_PASS; i++) {
		enum dkim_result back;

		cr_expect(dkim_result_parse(dkim_result_name(i), &back) && back == i);
	}
	cr_expect(!dkim_result_parse("passed", &(enum dkim_result){DKIM_NONE}));
}
