#include "evidence/sts_grammar.h"

#include <stddef.h>
#include <string.h>

#include "auth/near_miss.h"
#include "base/arena.h"
#include "base/ip.h"
#include "base/utf8.h"
#include "dns/name.h"
#include "evidence/txt_fields.h"

enum { QUOTE_MAX = 80, AGE_DIGITS = 10 };

static const char version[] = "v=STSv1";

/* ---- the record */

bool
sts_record_is(struct slice text)
{
	size_t len = strlen(version);

	return text.len > len && memcmp(text.at, version, len) == 0 && text.at[len] == ';';
}

static const char *
take_id(struct slice value, char id[STS_ID_MAX + 1])
{
	if (value.len > STS_ID_MAX)
		return "its id is longer than 32 characters";
	for (size_t i = 0; i < value.len; i++)
		if (!is_alnum(value.at[i]))
			return "its id holds something other than letters and digits";
	memcpy(id, value.at, value.len);
	id[value.len] = '\0';
	return NULL;
}

/* The first id counts; what else there is has to be well formed, and is ignored. */
const char *
sts_record_parse(struct slice text, struct arena *arena, char id[STS_ID_MAX + 1])
{
	struct slice rest = slice_from(text, strlen(version)), name, value;
	const char *why;

	*id = '\0';
	while (txt_field(&rest, &name, &value, &why)) {
		if (*id == '\0' && slice_same(name, "id"))
			why = take_id(value, id);
		else if (!txt_value_is(value))
			why = arena_printf(arena,
			    "the value of its field \"%s\" holds a blank or another character "
			    "that may not stand there",
			    near_quote(name, QUOTE_MAX, arena));
		if (why != NULL)
			return why;
	}
	return why != NULL ? why : *id == '\0' ? "it has no id" : NULL;
}

/* ---- the policy */

const char *
sts_mode_name(enum sts_mode mode)
{
	static const char *const names[] = {[STS_MODE_NONE] = "none",
	    [STS_MODE_TESTING] = "testing",
	    [STS_MODE_ENFORCE] = "enforce"};

	return names[mode];
}

struct policy_reader {
	struct arena *arena;
	struct sts_policy *policy;
	struct notes *notes;
	bool version, mode, max_age; /* there was one */
};

typedef const char *read_value(struct policy_reader *reader, struct slice value);

static const char *
quoted(struct policy_reader *reader, struct slice text)
{
	return near_quote(text, QUOTE_MAX, reader->arena);
}

static const char *
read_version(struct policy_reader *reader, struct slice value)
{
	return slice_same(value, "STSv1")
	           ? NULL
	           : arena_printf(reader->arena, "\"version: %s\" is not \"version: STSv1\"",
	                 quoted(reader, value));
}

static const char *
read_mode(struct policy_reader *reader, struct slice value)
{
	for (int mode = STS_MODE_NONE; mode <= STS_MODE_ENFORCE; mode++)
		if (slice_same(value, sts_mode_name((enum sts_mode)mode))) {
			reader->policy->mode = (enum sts_mode)mode;
			return NULL;
		}
	return arena_printf(reader->arena,
	    "\"mode: %s\" is none of enforce, testing and none (in lower case)",
	    quoted(reader, value));
}

static const char *
read_max_age(struct policy_reader *reader, struct slice value)
{
	if (value.len <= AGE_DIGITS && slice_number(value, STS_AGE_MAX, &reader->policy->max_age))
		return NULL;
	return arena_printf(reader->arena,
	    "\"max_age: %s\" is no number of seconds up to %d, which is a year",
	    quoted(reader, value), STS_AGE_MAX);
}

/* One or more labels of letters, digits and hyphens (RFC 5321 section 4.1.2, Domain). */
static bool
is_domain(struct slice name)
{
	size_t octets = 0;
	char last = '.';

	for (size_t i = 0; i < name.len; i++) {
		char c = name.at[i];
		bool edge = last == '.' || i + 1 == name.len || name.at[i + 1] == '.';

		if (c == '.' ? last == '.' : !is_alnum(c) && (c != '-' || edge))
			return false;
		octets = c == '.' ? 0 : octets + 1;
		if (octets > LABEL_MAX_OCTETS)
			return false;
		last = c;
	}
	return last != '.' && name.len <= NAME_MAX_OCTETS;
}

static bool
is_number(struct slice label)
{
	return label.len > 0 && slice_span(label, "0123456789") == label.len;
}

static struct slice
last_label(struct slice name)
{
	for (size_t i = name.len; i > 0; i--)
		if (name.at[i - 1] == '.')
			return slice_from(name, i);
	return name;
}

/* What is wrong with a pattern, in the words that help most. */
static const char *
pattern_fault(struct slice pattern, struct arena *arena)
{
	bool star = pattern.len > 2 && pattern.at[0] == '*' && pattern.at[1] == '.';
	struct slice name = star ? slice_from(pattern, 2) : pattern;
	struct ip ip;

	if (memchr(pattern.at, ',', pattern.len) != NULL || slice_until(pattern, " ") < pattern.len)
		return "each host needs a line \"mx:\" of its own";
	if (ip_parse(&ip, slice_copy(pattern, arena)) || pattern.at[0] == '[')
		return "an address is no name of a host";
	if (!slice_is_ascii(pattern))
		return "an internationalized name stands in its form with \"xn--\"";
	if (memchr(name.at, '*', name.len) != NULL)
		return "a \"*\" stands for the leftmost label alone, and as all of it";
	if (name.len > 0 && name.at[name.len - 1] == '.')
		return "no dot stands at the end";
	if (!is_domain(name))
		return "it is no domain name";
	if (is_number(last_label(name)))
		return "the last label of a name is no number";
	return NULL;
}

static const char *
read_mx(struct policy_reader *reader, struct slice value)
{
	struct sts_policy *policy = reader->policy;
	const char *why = pattern_fault(value, reader->arena);
	char *pattern;

	if (why != NULL)
		return arena_printf(reader->arena, "\"mx: %s\": %s", quoted(reader, value), why);
	policy->mx_total++;
	if (policy->mx_count == STS_MX_MAX)
		return NULL;
	pattern = slice_copy(value, reader->arena);
	for (char *p = pattern; *p != '\0'; p++)
		*p = to_lower(*p);
	*(const char **)arena_push(
	    reader->arena, &policy->mx, policy->mx_count, sizeof *policy->mx) = pattern;
	policy->mx_count++;
	return NULL;
}

static const struct key {
	const char *name;
	read_value *read;
	size_t seen; /* of struct policy_reader; 0: it may stand several times */
} keys[] = {
    {"version", read_version, offsetof(struct policy_reader, version)},
    {"mode", read_mode, offsetof(struct policy_reader, mode)},
    {"max_age", read_max_age, offsetof(struct policy_reader, max_age)},
    {"mx", read_mx, 0},
};

/* Printable, in UTF-8, single spaces and many of them within. */
static const char *
value_fault(struct slice value)
{
	if (value.len == 0)
		return "a value is missing";
	for (size_t i = 0; i < value.len; i++) {
		if (value.at[i] == '\0')
			return "there is a NUL in it";
		if (value.at[i] == '\r')
			return "there is a CR in it that ends no line";
		if ((unsigned char)value.at[i] < ' ' || value.at[i] == '\x7f')
			return "there is a control character in it";
	}
	return utf8_valid(value.at, value.len) ? NULL : "it is not in UTF-8";
}

/* One letter more, less, or another: "nmx", "Mode", "max-age". */
static bool
is_like(struct slice name, const char *key)
{
	size_t len = strlen(key), head = 0, tail = 0, least;

	while (head < name.len && head < len && to_lower(name.at[head]) == key[head])
		head++;
	least = (name.len < len ? name.len : len) - head;
	while (tail < least && to_lower(name.at[name.len - 1 - tail]) == key[len - 1 - tail])
		tail++;
	return name.len - head - tail <= 1 && len - head - tail <= 1;
}

static const char *
read_unknown(struct policy_reader *reader, struct slice name)
{
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (is_like(name, keys[i].name)) {
			notes_add(reader->notes, reader->arena, "sts-key-like", "policy",
			    "the key \"%s\" is unknown and has no effect; \"%s\" may be meant",
			    quoted(reader, name), keys[i].name);
			return NULL;
		}
	return NULL;
}

static const char *
read_field(struct policy_reader *reader, struct slice name, struct slice value)
{
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		bool *seen = (bool *)((char *)reader + keys[i].seen);

		if (!slice_same(name, keys[i].name))
			continue;
		if (keys[i].seen == 0)
			return keys[i].read(reader, value);
		if (!*seen) {
			*seen = true;
			return keys[i].read(reader, value);
		}
		notes_add(reader->notes, reader->arena, "sts-key-repeated", "policy",
		    "the key \"%s\" stands more than once; the first counts", keys[i].name);
		return NULL;
	}
	return read_unknown(reader, name);
}

static const char *
no_field(struct policy_reader *reader, struct slice line)
{
	if (line.len == 0)
		return "it is empty";
	if (slice_begins(line, "\xef\xbb\xbf"))
		return "a byte order mark stands before it";
	if (line.at[0] == '<')
		return "it is HTML";
	if (line.len > 1 && line.at[0] == '\x1f' && (unsigned char)line.at[1] == 0x8b)
		return "it is compressed (gzip), which nobody asked for";
	if (is_blank(line.at[0]))
		return "a blank stands at its beginning";
	return arena_printf(reader->arena, "\"%s\" is no \"key: value\"", quoted(reader, line));
}

static const char *
read_line(struct policy_reader *reader, struct slice line)
{
	struct slice name = {line.at, slice_until(line, ":")}, value;
	const char *why;

	if (name.len == line.len || !txt_name_is(name))
		return no_field(reader, line);
	value = slice_from(line, name.len + 1);
	value = slice_from(value, slice_span(value, " \t"));
	while (value.len > 0 && is_blank(value.at[value.len - 1]))
		value.len--;
	why = value_fault(value);
	if (why != NULL)
		return arena_printf(reader->arena, "%.*s: %s", (int)name.len, name.at, why);
	return read_field(reader, name, value);
}

static const char *
missing(const struct policy_reader *reader)
{
	if (!reader->version)
		return "the key \"version\" is missing";
	if (!reader->mode)
		return "the key \"mode\" is missing";
	if (!reader->max_age)
		return "the key \"max_age\" is missing";
	if (reader->policy->mx_count == 0 && reader->policy->mode != STS_MODE_NONE)
		return "it names no mail exchanger (\"mx\")";
	return NULL;
}

bool
sts_policy_parse(struct slice text, struct arena *arena, struct sts_policy *policy,
    struct notes *notes, unsigned *line, const char **why)
{
	struct policy_reader reader = {.arena = arena, .policy = policy, .notes = notes};
	struct slice one;

	*policy = (struct sts_policy){0};
	*line = 0;
	*why = text.len == 0                   ? "it is empty"
	       : text.len > STS_POLICY_MAX     ? "it is longer than 64 KiB"
	       : text.at[text.len - 1] == '\r' ? "a CR without an LF stands at its end"
	                                       : NULL;
	while (*why == NULL && slice_line(&text, &one)) {
		++*line;
		*why = read_line(&reader, one);
	}
	if (*why != NULL)
		return false;
	*line = 0;
	*why = missing(&reader);
	return *why == NULL;
}

/* ---- which hosts it covers */

bool
sts_pattern_covers(const char *pattern, const char *host)
{
	const char *dot;

	if (pattern[0] != '*' || pattern[1] != '.')
		return name_equal(pattern, host);
	dot = strchr(host, '.');
	return dot != NULL && dot != host && name_equal(pattern + 2, dot + 1);
}

bool
sts_policy_covers(const struct sts_policy *policy, const char *host)
{
	for (size_t i = 0; i < policy->mx_count; i++)
		if (sts_pattern_covers(policy->mx[i], host))
			return true;
	return false;
}
