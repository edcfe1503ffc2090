#include "auth/dmarc_record.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/slice.h"

enum { QUOTE_MAX = 60 };

const char *
dmarc_policy_name(enum dmarc_policy policy)
{
	static const char *const names[] = {
	    [DMARC_NONE] = "none", [DMARC_QUARANTINE] = "quarantine", [DMARC_REJECT] = "reject"};

	return names[policy];
}

/* ---- the values */

static bool
read_policy(const char *value, enum dmarc_policy *policy)
{
	for (enum dmarc_policy p = DMARC_NONE; p <= DMARC_REJECT; p++)
		if (strcasecmp(value, dmarc_policy_name(p)) == 0) {
			*policy = p;
			return true;
		}
	return false;
}

/* One letter of `letters`, in any case. */
static bool
read_letter(const char *value, const char *letters, char *letter)
{
	char c = *value >= 'A' && *value <= 'Z' ? (char)(*value - 'A' + 'a') : *value;

	if (c == '\0' || value[1] != '\0' || strchr(letters, c) == NULL)
		return false;
	*letter = c;
	return true;
}

static bool
read_p(const char *value, struct arena *arena, struct dmarc_record *record)
{
	(void)arena;
	return read_policy(value, &record->p);
}

static bool
read_sp(const char *value, struct arena *arena, struct dmarc_record *record)
{
	(void)arena;
	if (read_policy(value, &record->sp))
		return true;
	record->bad_policy = record->bad_policy_old = true;
	return false;
}

static bool
read_np(const char *value, struct arena *arena, struct dmarc_record *record)
{
	(void)arena;
	if (read_policy(value, &record->np))
		return true;
	record->bad_policy = true;
	return false;
}

static bool
read_alignment(const char *value, bool *strict)
{
	char letter;

	if (!read_letter(value, "rs", &letter))
		return false;
	*strict = letter == 's';
	return true;
}

static bool
read_aspf(const char *value, struct arena *arena, struct dmarc_record *record)
{
	(void)arena;
	return read_alignment(value, &record->strict_spf);
}

static bool
read_adkim(const char *value, struct arena *arena, struct dmarc_record *record)
{
	(void)arena;
	return read_alignment(value, &record->strict_dkim);
}

static bool
read_psd(const char *value, struct arena *arena, struct dmarc_record *record)
{
	(void)arena;
	return read_letter(value, "ynu", &record->psd);
}

static bool
read_t(const char *value, struct arena *arena, struct dmarc_record *record)
{
	char letter;

	(void)arena;
	if (!read_letter(value, "yn", &letter))
		return false;
	record->testing = letter == 'y';
	return true;
}

/* Any URI by its outer form; a mailto has one address. */
static bool
is_uri(const char *uri)
{
	size_t scheme =
	    strspn(uri, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
	const char *at;

	if (scheme == 0 || strchr("0123456789+-.", uri[0]) != NULL || uri[scheme] != ':' ||
	    uri[scheme + 1] == '\0' || strpbrk(uri, " \t<>\"\\") != NULL)
		return false;
	if (strncasecmp(uri, "mailto:", 7) != 0)
		return true;
	at = strchr(uri, '@');
	return at != NULL && at > uri + 7 && at[1] != '\0' && at[1] != '?' &&
	       strchr(at + 1, '@') == NULL;
}

/* A comma-separated list of URIs; those that are well formed are kept when `keep` is set. False:
 * none is. */
static bool
read_uris(
    const char *tag, const char *value, bool keep, struct arena *arena, struct dmarc_record *record)
{
	char *list = arena_string(arena, value), *rest = NULL;
	size_t good = 0;

	for (char *uri = strtok_r(list, ",", &rest); uri != NULL;
	     uri = strtok_r(NULL, ",", &rest)) {
		char *size = strrchr(uri, '!');

		uri += strspn(uri, " \t");
		uri[strcspn(uri, " \t")] = '\0';
		if (size != NULL && size > uri) {
			notes_add(&record->warnings, arena, "dmarc-uri-size", tag,
			    "\"%s\" in %s: the size behind \"!\" is gone from DMARC (RFC 9990) and "
			    "may confuse",
			    size, tag);
			*size = '\0';
		}
		if (!is_uri(uri)) {
			notes_add(&record->warnings, arena, "dmarc-uri-bad", tag,
			    "\"%.*s\" in %s is no URI: \"mailto:ADDRESS\" is meant", QUOTE_MAX, uri,
			    tag);
			continue;
		}
		good++;
		if (keep && record->rua_count < DMARC_URIS_MAX)
			record->rua[record->rua_count++] = uri;
	}
	return good > 0;
}

static bool
read_rua(const char *value, struct arena *arena, struct dmarc_record *record)
{
	return read_uris("rua", value, true, arena, record);
}

static bool
read_ruf(const char *value, struct arena *arena, struct dmarc_record *record)
{
	return read_uris("ruf", value, false, arena, record);
}

static bool
read_fo(const char *value, struct arena *arena, struct dmarc_record *record)
{
	(void)arena, (void)record;
	return value[0] != '\0' && value[strspn(value, "01dsDS: \t")] == '\0';
}

static bool
read_pct(const char *value, struct arena *arena, struct dmarc_record *record)
{
	size_t digits = strspn(value, "0123456789");
	int pct = digits > 0 && digits <= 3 && value[digits] == '\0' ? atoi(value) : 101;

	if (pct > 100)
		return false;
	record->pct = pct;
	if (pct == 100)
		notes_add(&record->warnings, arena, "dmarc-pct", "pct",
		    "\"pct=100\" is gone from DMARC (RFC 9989) and says nothing: drop it");
	else
		notes_add(&record->warnings, arena, "dmarc-pct", "pct",
		    "\"pct=%d\" is gone from DMARC: receivers by RFC 9989 apply the policy to all "
		    "mail that fails, older ones to %d %% of it; t=y is the way "
		    "to test",
		    pct, pct);
	return true;
}

static bool
read_rf(const char *value, struct arena *arena, struct dmarc_record *record)
{
	notes_add(&record->warnings, arena, "dmarc-rf", "rf",
	    "\"rf=%.*s\" is gone from DMARC (RFC 9989): drop it", QUOTE_MAX, value);
	return true;
}

static bool
read_ri(const char *value, struct arena *arena, struct dmarc_record *record)
{
	notes_add(&record->warnings, arena, "dmarc-ri", "ri",
	    "\"ri=%.*s\" is gone from DMARC (RFC 9989): drop it", QUOTE_MAX, value);
	return true;
}

static bool
read_v(const char *value, struct arena *arena, struct dmarc_record *record)
{
	(void)value, (void)arena, (void)record;
	return false; /* the first one does not come here */
}

static const struct tag {
	const char *name;
	bool (*read)(const char *value, struct arena *arena, struct dmarc_record *record);
	const char *expected;
} tags[] = {
    {"v", read_v, "it stands once, at the beginning"},
    {"p", read_p, "none, quarantine or reject is needed"},
    {"sp", read_sp, "none, quarantine or reject is needed"},
    {"np", read_np, "none, quarantine or reject is needed"},
    {"aspf", read_aspf, "r or s is needed; it counts as r"},
    {"adkim", read_adkim, "r or s is needed; it counts as r"},
    {"psd", read_psd, "y, n or u is needed; it counts as u"},
    {"t", read_t, "y or n is needed; it counts as n"},
    {"rua", read_rua, "it names no address that reports could be sent to"},
    {"ruf", read_ruf, "it names no address that reports could be sent to"},
    {"fo", read_fo, "0, 1, d and s with colons between are needed; it counts as 0"},
    {"pct", read_pct, "a number from 0 to 100 is needed; it counts as 100"},
    {"rf", read_rf, ""},
    {"ri", read_ri, ""},
};

enum { TAG_V, TAG_P, TAGS = sizeof tags / sizeof *tags }; /* bits in a set of tags */

/* ---- the record */

static struct dns_text
trim(struct dns_text text)
{
	while (text.len > 0 && is_blank(text.bytes[0])) {
		text.bytes++;
		text.len--;
	}
	while (text.len > 0 && is_blank(text.bytes[text.len - 1]))
		text.len--;
	return text;
}

/* The next piece up to a ";" or the end. False: there is none. */
static bool
next_piece(struct dns_text *rest, struct dns_text *piece)
{
	const char *end;

	if (rest->len == 0)
		return false;
	end = memchr(rest->bytes, ';', rest->len);
	*piece =
	    (struct dns_text){rest->bytes, end != NULL ? (size_t)(end - rest->bytes) : rest->len};
	rest->bytes += piece->len + (end != NULL);
	rest->len -= piece->len + (end != NULL);
	*piece = trim(*piece);
	return true;
}

static bool
split_piece(struct dns_text piece, struct dns_text *name, struct dns_text *value)
{
	const char *equals = memchr(piece.bytes, '=', piece.len);

	if (equals == NULL)
		return false;
	*name = trim((struct dns_text){piece.bytes, (size_t)(equals - piece.bytes)});
	*value =
	    trim((struct dns_text){equals + 1, piece.len - (size_t)(equals + 1 - piece.bytes)});
	return name->len > 0;
}

bool
dmarc_record_is(struct dns_text text)
{
	struct dns_text piece, name, value;

	if (text.len == 0 || is_blank(text.bytes[0]) || !next_piece(&text, &piece) ||
	    !split_piece(piece, &name, &value))
		return false;
	return name.len == 1 && (name.bytes[0] == 'v' || name.bytes[0] == 'V') && value.len == 6 &&
	       memcmp(value.bytes, "DMARC1", 6) == 0;
}

/* A copy that is text: what is not printable becomes '?'. */
static const char *
printable(struct arena *arena, struct dns_text text)
{
	char *copy = arena_copy(arena, text.bytes, text.len);

	for (size_t i = 0; i < text.len; i++)
		if (copy[i] < ' ' || copy[i] > '~')
			copy[i] = '?';
	return copy;
}

static void
read_piece(struct dns_text piece, unsigned *seen, struct arena *arena, struct dmarc_record *record)
{
	struct dns_text name, value;
	const char *text;

	if (!split_piece(piece, &name, &value)) {
		notes_add(&record->warnings, arena, "dmarc-no-tag", NULL,
		    "\"%.*s\" is no tag: NAME=VALUE is needed", QUOTE_MAX, printable(arena, piece));
		return;
	}
	text = printable(arena, value);
	for (size_t i = 0; i < TAGS; i++) {
		if (strlen(tags[i].name) != name.len ||
		    strncasecmp(tags[i].name, name.bytes, name.len) != 0)
			continue;
		if (*seen & 1u << i)
			notes_add(&record->warnings, arena, "dmarc-tag-repeated", tags[i].name,
			    "the tag %s stands more than once; the first counts, but not for all "
			    "receivers",
			    tags[i].name);
		else if (!tags[i].read(text, arena, record))
			notes_add(&record->warnings, arena, "dmarc-tag-value", tags[i].name,
			    "\"%s=%.*s\": %s", tags[i].name, QUOTE_MAX, text, tags[i].expected);
		*seen |= 1u << i;
		return;
	}
	notes_add(&record->warnings, arena, "dmarc-tag-unknown", NULL,
	    "the tag \"%.*s\" is unknown and has no effect", QUOTE_MAX, printable(arena, name));
}

void
dmarc_record_parse(struct dns_text text, struct arena *arena, struct dmarc_record *out)
{
	struct dns_text piece;
	unsigned seen = 1u << TAG_V;

	memset(out, 0, sizeof *out);
	out->psd = 'u';
	out->pct = DMARC_PCT_UNSET;
	next_piece(&text, &piece);
	while (next_piece(&text, &piece))
		if (piece.len > 0)
			read_piece(piece, &seen, arena, out);
	if (out->p == DMARC_UNSET) {
		out->bad_policy = out->bad_policy_old = true;
		if (!(seen & 1u << TAG_P))
			notes_add(&out->warnings, arena, "dmarc-no-p", "p", "the tag p is missing");
	}
}
