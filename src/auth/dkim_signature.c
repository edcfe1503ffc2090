#include "auth/dkim_signature.h"

#include <string.h>
#include <strings.h>

#include "auth/dkim_tags.h"
#include "base/arena.h"
#include "dns/name.h"

struct signature_reader {
	struct arena *arena;
	const struct dkim_tags *tags;
	struct dkim_signature *out;
	const char *why;
};

static bool
wrong(struct signature_reader *reader, const char *why)
{
	reader->why = why;
	return false;
}

/* The value of a tag that has to be there. */
static bool
need(struct signature_reader *reader, const char *name, const char **value)
{
	*value = dkim_tags_value(reader->tags, name);
	if (*value != NULL && **value != '\0')
		return true;
	return wrong(reader,
	    arena_printf(reader->arena, *value == NULL ? "there is no %s=" : "%s= is empty", name));
}

static bool
read_version(struct signature_reader *reader)
{
	const char *version;

	if (!need(reader, "v", &version))
		return false;
	return strcmp(version, "1") == 0 ||
	       wrong(reader, arena_printf(reader->arena, "v=%.40s: it has to be 1", version));
}

/* d= s=. */
static bool
read_signer(struct signature_reader *reader)
{
	struct dkim_signature *out = reader->out;
	char name[NAME_TEXT];
	const char *why;

	if (!need(reader, "d", &out->domain) || !need(reader, "s", &out->selector))
		return false;
	out->identity = arena_printf(reader->arena, "@%s", out->domain);
	if (!name_normalise(out->domain, name, &why))
		return wrong(reader,
		    arena_printf(reader->arena, "d=%.80s is no domain name: %s", out->domain, why));
	return *name != '\0' || wrong(reader, "d= is the root");
}

static bool
read_identity(struct signature_reader *reader)
{
	struct dkim_signature *out = reader->out;
	const char *value = dkim_tags_value(reader->tags, "i"), *at;

	if (value != NULL)
		out->identity = value;
	at = strrchr(out->identity, '@');
	if (at == NULL)
		return wrong(
		    reader, arena_printf(reader->arena, "i=%.80s has no \"@\"", out->identity));
	return name_within(at + 1, out->domain) ||
	       wrong(
	           reader, arena_printf(reader->arena, "i=%.80s is neither at d=%.80s nor below it",
	                       out->identity, out->domain));
}

static bool
read_algorithm(struct signature_reader *reader)
{
	struct dkim_signature *out = reader->out;

	if (!need(reader, "a", &out->algorithm))
		return false;
	if (strcasecmp(out->algorithm, "rsa-sha1") == 0)
		return wrong(reader, "a=rsa-sha1 must not be used any more (RFC 8301)");
	out->type = strcasecmp(out->algorithm, "ed25519-sha256") == 0 ? DKIM_ED25519 : DKIM_RSA;
	return out->type == DKIM_ED25519 || strcasecmp(out->algorithm, "rsa-sha256") == 0 ||
	       wrong(reader,
	           arena_printf(reader->arena, "a=%.40s: no such algorithm", out->algorithm));
}

static bool
canon_parse(const char *text, size_t len, enum dkim_canon *canon)
{
	for (*canon = DKIM_SIMPLE; *canon <= DKIM_RELAXED; ++*canon)
		if (strlen(dkim_canon_name(*canon)) == len &&
		    strncasecmp(text, dkim_canon_name(*canon), len) == 0)
			return true;
	return false;
}

static bool
read_canon(struct signature_reader *reader)
{
	const char *value = dkim_tags_value(reader->tags, "c");
	size_t len;

	if (value == NULL)
		return true; /* simple/simple */
	len = strcspn(value, "/");
	if (canon_parse(value, len, &reader->out->header) &&
	    (value[len] == '\0' ||
	        canon_parse(value + len + 1, strlen(value + len + 1), &reader->out->body)))
		return true;
	return wrong(
	    reader, arena_printf(reader->arena, "c=%.40s: no such canonicalization", value));
}

static bool
read_names(struct signature_reader *reader)
{
	struct dkim_signature *out = reader->out;
	const char *value, *name, **names = NULL;
	bool from = false;

	if (!need(reader, "h", &value))
		return false;
	while (dkim_list_next(&value, reader->arena, &name)) {
		if (*name == '\0')
			return wrong(reader, "h= has an empty name");
		if (out->name_count == DKIM_NAMES_MAX)
			return wrong(reader, arena_printf(reader->arena,
			                         "h= has more than %d names", DKIM_NAMES_MAX));
		*(const char **)arena_push(reader->arena, &names, out->name_count, sizeof name) =
		    name;
		out->names = names;
		out->name_count++;
		from |= strcasecmp(name, "From") == 0;
	}
	return from || wrong(reader, "h= does not have From, which must be signed");
}

static bool
read_body_hash(struct signature_reader *reader)
{
	struct dkim_signature *out = reader->out;
	const char *hash, *why;
	size_t len;

	if (!need(reader, "bh", &hash))
		return false;
	if (!dkim_base64_decode(hash, reader->arena, &out->body_hash, &len, &why))
		return wrong(reader, arena_printf(reader->arena, "bh=: %s", why));
	return len == DKIM_HASH ||
	       wrong(reader, arena_printf(reader->arena, "bh= has %zu octets, and a sha256 %d", len,
	                         DKIM_HASH));
}

static bool
read_value(struct signature_reader *reader)
{
	const struct dkim_tag *tag = dkim_tags_find(reader->tags, "b");
	struct dkim_signature *out = reader->out;
	const char *value, *why;

	if (!need(reader, "b", &value))
		return false;
	out->value_start = tag->start;
	out->value_end = tag->end;
	return dkim_base64_decode(value, reader->arena, &out->value, &out->value_len, &why) ||
	       wrong(reader, arena_printf(reader->arena, "b=: %s", why));
}

/* 76 digits are allowed (l=); more than 18 are more than any body or clock can have, and become
 * that. */
static bool
read_number(struct signature_reader *reader, const char *name, const unsigned long long **number)
{
	const char *value = dkim_tags_value(reader->tags, name);
	unsigned long long *out;

	if (value == NULL)
		return true;
	if (*value == '\0' || value[strspn(value, "0123456789")] != '\0')
		return wrong(
		    reader, arena_printf(reader->arena, "%s=%.40s is no number", name, value));
	while (*value == '0')
		value++;
	out = arena_alloc(reader->arena, sizeof *out);
	for (size_t i = 0; value[i] != '\0'; i++)
		*out = i < 18 ? *out * 10 + (unsigned long long)(value[i] - '0')
		              : 999999999999999999ULL;
	*number = out;
	return true;
}

static bool
read_numbers(struct signature_reader *reader)
{
	struct dkim_signature *out = reader->out;

	if (!read_number(reader, "l", &out->limit) || !read_number(reader, "t", &out->time) ||
	    !read_number(reader, "x", &out->expires))
		return false;
	return out->time == NULL || out->expires == NULL || *out->expires > *out->time ||
	       wrong(reader, "x= (expiry) is not behind t= (time of signing)");
}

static bool
read_query(struct signature_reader *reader)
{
	const char *value = dkim_tags_value(reader->tags, "q");

	return value == NULL || dkim_list_has(value, reader->arena, "dns/txt") ||
	       wrong(reader, arena_printf(reader->arena,
	                         "q=%.40s: no way to ask for the key that verifiers know", value));
}

/* ---- ARC */

static bool
read_set(struct signature_reader *reader)
{
	struct dkim_signature *out = reader->out;
	const unsigned long long *set = NULL;

	if (!read_number(reader, "i", &set))
		return false;
	if (set == NULL || *set < 1 || *set > ARC_SETS_MAX)
		return wrong(
		    reader, arena_printf(reader->arena,
		                "it does not say which set it belongs to (i=, from 1 to %d)",
		                ARC_SETS_MAX));
	out->set = (unsigned)*set;
	return true;
}

/* A seal says what became of the chain before it, and not what it covers. */
static bool
read_chain(struct signature_reader *reader)
{
	struct dkim_signature *out = reader->out;

	if (!need(reader, "cv", &out->chain))
		return false;
	if (strcasecmp(out->chain, "none") != 0 && strcasecmp(out->chain, "pass") != 0 &&
	    strcasecmp(out->chain, "fail") != 0)
		return wrong(reader, arena_printf(reader->arena,
		                         "cv=%.40s: it has to be none, pass or fail", out->chain));
	return dkim_tags_find(reader->tags, "h") == NULL ||
	       wrong(reader, "it has h=, which makes the chain fail");
}

/* Its own fields are what the seal is for. */
static bool
read_names_arc(struct signature_reader *reader)
{
	const struct dkim_signature *out = reader->out;

	if (!read_names(reader))
		return false;
	for (size_t i = 0; i < out->name_count; i++)
		if (strcasecmp(out->names[i], "ARC-Seal") == 0)
			return wrong(reader, "h= has ARC-Seal, which must not be signed");
	return true;
}

bool
dkim_signature_read(enum dkim_kind kind, const struct mail_field *field, struct arena *arena,
    struct dkim_signature *out, const char **why)
{
	/* Who signed, or which set it is, comes first: a complaint can then name it. */
	static bool (*const readers[][10])(struct signature_reader *) = {
	    [DKIM_OF_MESSAGE] = {read_version, read_signer, read_identity, read_algorithm,
	        read_canon, read_names, read_body_hash, read_value, read_numbers, read_query},
	    [DKIM_ARC_MESSAGE] = {read_set, read_signer, read_algorithm, read_canon, read_names_arc,
	        read_body_hash, read_value, read_numbers, read_query},
	    [DKIM_ARC_SEAL] = {read_set, read_signer, read_algorithm, read_value, read_chain},
	};
	size_t value = field->colon + 1, count = sizeof readers[kind] / sizeof *readers[kind];
	struct dkim_tags tags;
	struct signature_reader reader = {.arena = arena, .tags = &tags, .out = out};

	*out = (struct dkim_signature){0};
	if (!dkim_tags_parse(field->at + value, field->len - value, arena, &tags, why))
		return false;
	if (kind == DKIM_ARC_SEAL)
		out->header = DKIM_RELAXED;
	for (size_t i = 0; i < count && readers[kind][i] != NULL; i++)
		if (!readers[kind][i](&reader)) {
			*why = reader.why;
			return false;
		}
	out->value_start += value;
	out->value_end += value;
	return true;
}
