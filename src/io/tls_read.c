/* What a handshake showed: the session, the server's certificate, and its chain. */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/ip.h"
#include "base/slice.h"
#include "base/utf8.h"
#include "io/tls.h"
#include "io/tls_resume.h"
#include "smtp/tls_facts.h"

enum {
	SUBJECT_SHOWN = 512,
	NAME_SHOWN = 1024,
	SERIAL_MAX = 64, /* octets */
	USAGES_MAX = 512,
};

static const char *
time_words(struct arena *arena, const ASN1_TIME *time)
{
	struct tm tm;

	if (time == NULL || ASN1_TIME_to_tm(time, &tm) != 1)
		return NULL;
	return arena_printf(arena, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* As much of it as is shown, without half a character at the end. */
static size_t
shown(const char *text, size_t len)
{
	size_t end = 0, step;

	while (end < len && end < SUBJECT_SHOWN) {
		step = utf8_len(text + end, len - end);
		if (step == 0)
			step = 1;
		if (end + step > SUBJECT_SHOWN)
			break;
		end += step;
	}
	return end;
}

const char *
tls_name_words(struct arena *arena, const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	const char *words = NULL;
	char *data;
	long len;

	if (bio != NULL &&
	    X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0) {
		len = BIO_get_mem_data(bio, &data);
		words = arena_copy(arena, data, len < 0 ? 0 : shown(data, (size_t)len));
	}
	BIO_free(bio);
	return words;
}

/* What cannot be in a name is escaped as RFC 1035 section 5.1 does: \DDD. So a NUL ends no name,
 * and a blank makes no two of one. */
static const char *
dns_name(struct arena *arena, const ASN1_STRING *string)
{
	const unsigned char *at = ASN1_STRING_get0_data(string);
	size_t len = (size_t)ASN1_STRING_length(string);
	struct buf name;
	const char *words;

	buf_init(&name, NAME_SHOWN);
	for (size_t i = 0; i < len && !name.full; i++)
		if (at[i] <= ' ' || at[i] >= 0x7f || at[i] == '\\')
			buf_printf(&name, "\\%03u", at[i]);
		else
			buf_putc(&name, (char)at[i]);
	words = arena_copy(arena, name.data, name.len);
	buf_release(&name);
	return words;
}

static const char *
ip_name(struct arena *arena, const ASN1_OCTET_STRING *string)
{
	struct ip ip = {.family = 0};
	int len = ASN1_STRING_length(string);
	char text[IP_TEXT];

	if (len != 4 && len != 16)
		return NULL;
	ip.family = len == 4 ? 4 : 6;
	memcpy(ip.bytes, ASN1_STRING_get0_data(string), (size_t)len);
	return arena_string(arena, ip_text(&ip, text));
}

static const char *
hex_words(struct arena *arena, const unsigned char *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	char *hex = arena_alloc(arena, 2 * len + 1);

	for (size_t i = 0; i < len; i++) {
		hex[2 * i] = digits[bytes[i] >> 4];
		hex[2 * i + 1] = digits[bytes[i] & 15];
	}
	return hex;
}

static const char *
digest_words(struct arena *arena, const void *bytes, size_t len)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	EVP_Digest(bytes, len, digest, &size, EVP_sha256(), NULL);
	return hex_words(arena, digest, size);
}

static const char *
fingerprint(struct arena *arena, const X509 *certificate)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (X509_digest(certificate, EVP_sha256(), digest, &len) != 1)
		return NULL;
	return hex_words(arena, digest, len);
}

/* ---- names and uses */

static void
read_name(const GENERAL_NAME *name, struct arena *arena, struct tls_facts *facts)
{
	const char *words = NULL;

	if (name->type == GEN_DNS && ASN1_STRING_length(name->d.dNSName) > 1 &&
	    memcmp(ASN1_STRING_get0_data(name->d.dNSName), "*.", 2) == 0)
		facts->wildcard = true;
	if (name->type != GEN_DNS && name->type != GEN_IPADD)
		return;
	facts->name_total++;
	if (facts->name_count == TLS_NAMES_MAX)
		return;
	words = name->type == GEN_DNS ? dns_name(arena, name->d.dNSName)
	                              : ip_name(arena, name->d.iPAddress);
	if (words != NULL)
		*(const char **)arena_push(
		    arena, &facts->names, facts->name_count++, sizeof *facts->names) = words;
}

static void
read_names(const X509 *certificate, struct arena *arena, struct tls_facts *facts)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
		read_name(sk_GENERAL_NAME_value(names, i), arena, facts);
	GENERAL_NAMES_free(names);
}

static const char *
usage_words(const X509 *certificate, struct arena *arena)
{
	EXTENDED_KEY_USAGE *usages = X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);
	const char *copy = NULL;
	struct buf words;
	char oid[80];

	if (usages == NULL)
		return NULL;
	buf_init(&words, USAGES_MAX);
	for (int i = 0; i < sk_ASN1_OBJECT_num(usages); i++) {
		const ASN1_OBJECT *usage = sk_ASN1_OBJECT_value(usages, i);
		int nid = OBJ_obj2nid(usage);

		OBJ_obj2txt(oid, sizeof oid, usage, 1);
		buf_printf(
		    &words, "%s%s", i > 0 ? " " : "", nid != NID_undef ? OBJ_nid2sn(nid) : oid);
	}
	copy = arena_copy(arena, words.data, words.len);
	buf_release(&words);
	EXTENDED_KEY_USAGE_free(usages);
	return copy;
}

static long
seconds_to(const ASN1_TIME *from, const ASN1_TIME *to)
{
	int days = 0, seconds = 0;

	return ASN1_TIME_diff(&days, &seconds, from, to) == 1 ? days * 86400L + seconds : 0;
}

/* ---- the chain */

static const char *
key_words(const X509 *certificate, struct arena *arena)
{
	EVP_PKEY *key = X509_get0_pubkey(certificate);
	const char *type = key != NULL ? EVP_PKEY_get0_type_name(key) : NULL;
	char group[64];

	ERR_clear_error();
	if (type == NULL)
		return NULL;
	if (strcmp(type, "EC") == 0 &&
	    EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1) {
		const char *nist = EC_curve_nid2nist(OBJ_sn2nid(group));

		return arena_printf(arena, "EC %s", nist != NULL ? nist : group);
	}
	if (strcmp(type, "RSA") == 0 || strcmp(type, "RSA-PSS") == 0 || strcmp(type, "DSA") == 0)
		return arena_printf(arena, "%s %d", type, EVP_PKEY_get_bits(key));
	return arena_string(arena, type);
}

static const char *
serial_words(const X509 *certificate, struct arena *arena)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
	size_t len = serial != NULL ? (size_t)ASN1_STRING_length(serial) : 0;

	if (len == 0 || len > SERIAL_MAX)
		return NULL;
	return hex_words(arena, ASN1_STRING_get0_data(serial), len);
}

static const char *
key_fingerprint(const X509 *certificate, struct arena *arena)
{
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
	const char *words = len > 0 ? digest_words(arena, der, (size_t)len) : NULL;

	OPENSSL_free(der);
	return words;
}

static bool
is_by_itself(X509 *certificate)
{
	return X509_NAME_cmp(
	           X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) == 0 &&
	       X509_check_issued(certificate, certificate) == X509_V_OK;
}

/* The first is the server's own, which is described beside the chain, too. */
static void
read_certificate(X509 *certificate, const struct tls_facts *own, size_t i, struct arena *arena,
    struct tls_certificate *out)
{
	int digest = NID_undef;

	X509_get_signature_info(certificate, &digest, NULL, NULL, NULL);
	*out = (struct tls_certificate){
	    .subject =
	        i == 0 ? own->subject : tls_name_words(arena, X509_get_subject_name(certificate)),
	    .issuer =
	        i == 0 ? own->issuer : tls_name_words(arena, X509_get_issuer_name(certificate)),
	    .serial = serial_words(certificate, arena),
	    .not_before =
	        i == 0 ? own->not_before : time_words(arena, X509_get0_notBefore(certificate)),
	    .not_after =
	        i == 0 ? own->not_after : time_words(arena, X509_get0_notAfter(certificate)),
	    .key = key_words(certificate, arena),
	    .signature = digest != NID_undef ? arena_string(arena, OBJ_nid2sn(digest)) : NULL,
	    .sha256 = i == 0 ? own->sha256 : fingerprint(arena, certificate),
	    .spki_sha256 = key_fingerprint(certificate, arena),
	    .ca = X509_check_ca(certificate) > 0,
	    .self_signed = is_by_itself(certificate)};
}

static X509 *
issuer_in(const STACK_OF(X509) * chain, X509 *certificate)
{
	for (int i = 0; i < sk_X509_num(chain); i++) {
		X509 *other = sk_X509_value(chain, i);

		if (other != certificate && X509_check_issued(other, certificate) == X509_V_OK)
			return other;
	}
	return NULL;
}

/* The last certificate that was sent on the way up says where its issuer's is to be had: so there
 * is one, and the server has left it out. */
static bool
lacks_issuer(const STACK_OF(X509) * chain)
{
	X509 *top = sk_X509_value(chain, 0), *next = top;

	for (int i = 0; i < sk_X509_num(chain) && next != NULL; i++)
		if ((next = issuer_in(chain, top)) != NULL)
			top = next;
	return !is_by_itself(top) && X509_get_ext_by_NID(top, NID_info_access, -1) >= 0;
}

static bool
has_error(const struct tls_check *check, int error)
{
	for (size_t i = 0; i < check->error_count; i++)
		if (check->errors[i].error == error)
			return true;
	return false;
}

static void
read_chain(const struct tls_check *check)
{
	const STACK_OF(X509) *chain = check->chain;
	struct tls_facts *facts = check->wish.facts;
	size_t count = (size_t)sk_X509_num(chain);

	facts->chain_sent = count;
	facts->chain_count = count < TLS_CHAIN_MAX ? count : TLS_CHAIN_MAX;
	facts->chain = arena_alloc(check->wish.arena, facts->chain_count * sizeof *facts->chain);
	for (size_t i = 0; i < count; i++) {
		X509 *certificate = sk_X509_value(chain, (int)i);

		if (i < facts->chain_count)
			read_certificate(
			    certificate, facts, i, check->wish.arena, &facts->chain[i]);
		if (i > 0 && is_by_itself(certificate))
			facts->root_sent = true;
		if (i > 0 && X509_NAME_cmp(X509_get_issuer_name(sk_X509_value(chain, (int)i - 1)),
		                 X509_get_subject_name(certificate)) != 0)
			facts->disordered = true;
	}
	facts->issuer_missing = (has_error(check, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY) ||
	                            has_error(check, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE)) &&
	                        lacks_issuer(chain);
}

static void
read_own(const struct tls_check *check)
{
	struct tls_facts *facts = check->wish.facts;
	struct arena *arena = check->wish.arena;
	X509 *certificate = sk_X509_value(check->chain, 0);

	facts->subject = tls_name_words(arena, X509_get_subject_name(certificate));
	facts->issuer = tls_name_words(arena, X509_get_issuer_name(certificate));
	read_names(certificate, arena, facts);
	facts->usages = usage_words(certificate, arena);
	facts->not_before = time_words(arena, X509_get0_notBefore(certificate));
	facts->not_after = time_words(arena, X509_get0_notAfter(certificate));
	facts->lifetime =
	    seconds_to(X509_get0_notBefore(certificate), X509_get0_notAfter(certificate));
	facts->remaining = seconds_to(NULL, X509_get0_notAfter(certificate));
	facts->sha256 = fingerprint(arena, certificate);
}

/* ---- the session */

static const char *
group_words(SSL *ssl, struct arena *arena)
{
	int nid = (int)SSL_get_negotiated_group(ssl);
	const char *name = nid != NID_undef ? SSL_group_to_name(ssl, nid) : NULL;
	EVP_PKEY *key = NULL;
	char words[64];

	if (name == NULL && SSL_get_peer_tmp_key(ssl, &key) == 1) {
		if (EVP_PKEY_get_group_name(key, words, sizeof words, NULL) == 1)
			name = words;
		else
			name = EVP_PKEY_get0_type_name(key);
	}
	name = arena_string(arena, name);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return name;
}

/* Of a key exchange that has a classical half beside ML-KEM. */
static bool
is_hybrid(const char *group)
{
	const struct slice name = slice_of(group);

	return slice_find(name, "MLKEM") != NULL && !slice_begins(name, "MLKEM");
}

static const char *
signature_words(SSL *ssl, struct arena *arena)
{
	int digest = NID_undef, type = NID_undef;
	const char *key;

	if (SSL_get_peer_signature_type_nid(ssl, &type) != 1 || type == NID_undef)
		return NULL;
	key = type == EVP_PKEY_RSA       ? "rsa"
	      : type == EVP_PKEY_RSA_PSS ? "rsa-pss"
	      : type == EVP_PKEY_EC      ? "ecdsa"
	                                 : OBJ_nid2sn(type);
	if (SSL_get_peer_signature_nid(ssl, &digest) != 1 || digest == NID_undef)
		return arena_string(arena, key);
	return arena_printf(arena, "%s/%s", key, OBJ_nid2sn(digest));
}

/* RFC 9266: below TLS 1.3 only where the session is bound to its handshake (RFC 7627). */
static void
read_binding(SSL *ssl, struct tls_facts *facts)
{
	static const char label[] = "EXPORTER-Channel-Binding";

	if (SSL_version(ssl) < TLS1_3_VERSION && SSL_get_extms_support(ssl) != 1)
		return;
	facts->bound = SSL_export_keying_material(ssl, facts->binding, sizeof facts->binding, label,
	                   strlen(label), NULL, 0, 1) == 1;
}

/* Of an exchange in a finite field, whose group the server makes up. */
static int
dh_bits(SSL *ssl)
{
	EVP_PKEY *key = NULL;
	int bits = 0;

	if (SSL_version(ssl) < TLS1_3_VERSION && SSL_get_peer_tmp_key(ssl, &key) == 1 &&
	    EVP_PKEY_get_base_id(key) == EVP_PKEY_DH)
		bits = EVP_PKEY_get_bits(key);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return bits;
}

static void
read_session(SSL *ssl, const struct tls_check *check)
{
	struct tls_facts *facts = check->wish.facts;
	struct arena *arena = check->wish.arena;

	facts->version = arena_string(arena, SSL_get_version(ssl));
	facts->cipher = arena_string(arena, SSL_get_cipher_name(ssl));
	facts->group = group_words(ssl, arena);
	facts->hybrid = facts->group != NULL && is_hybrid(facts->group);
	facts->sigalg = signature_words(ssl, arena);
	if (check->wish.bind)
		read_binding(ssl, facts);
	facts->dh_bits = dh_bits(ssl);
	facts->renegotiates =
	    SSL_version(ssl) < TLS1_3_VERSION && SSL_get_secure_renegotiation_support(ssl) == 0;
}

void
tls_facts_read(SSL *ssl, struct tls_check *check)
{
	if (SSL_is_init_finished(ssl))
		read_session(ssl, check);
	if (check->seen_here != NULL && SSL_is_init_finished(ssl) && SSL_session_reused(ssl)) {
		tls_resume_read(check);
		tls_dane_read(ssl, check);
		return;
	}
	tls_check_read(check);
	if (check->chain == NULL)
		return;
	read_own(check);
	read_chain(check);
	tls_dane_read(ssl, check);
}
