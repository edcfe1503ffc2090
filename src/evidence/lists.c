#include "evidence/lists.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/slice.h"
#include "dns/name.h"

enum { FOLDED_TEXT = 256, VALUES_MAX = 1024 };

static const char dead_prefix[] = "dead:";

struct alias {
	const char *folded; /* see fold() */
	const struct list *list;
	const char *dead; /* why, when it is the name of a dead list */
};

struct dead {
	const char *zone;
	bool below; /* and all that is below it */
	const char *why;
};

struct lists {
	struct arena *arena;
	struct list **lists;
	size_t count;
	struct dead *dead;
	size_t dead_count;
	struct alias *aliases;
	size_t alias_count;
};

struct lists *
lists_new(void)
{
	struct lists *lists = must_alloc(sizeof *lists);

	lists->arena = arena_new();
	return lists;
}

void
lists_free(struct lists *lists)
{
	if (lists == NULL)
		return;
	arena_free(lists->arena);
	free(lists);
}

/* ---- names as replies write them */

/* "https://www.Spamhaus.org/query/" and "SPAMHAUS-XBL" become "spamhaus.org/query" and "spamhaus
 * xbl": no scheme, no "www.", lower case, hyphens and underscores as spaces, no punctuation at the
 * end. */
static bool
fold(const char *in, char out[FOLDED_TEXT])
{
	const char *scheme = strstr(in, "://");
	size_t len = 0;

	if (scheme != NULL)
		in = scheme + 3;
	if (strncasecmp(in, "www.", 4) == 0)
		in += 4;
	for (; *in != '\0'; in++) {
		char c = *in;

		if (len == FOLDED_TEXT - 1)
			return false;
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		else if (c == '-' || c == '_')
			c = ' ';
		out[len++] = c;
	}
	while (len > 0 && strchr("./ ,;:", out[len - 1]) != NULL)
		len--;
	out[len] = '\0';
	return len > 0;
}

static bool
is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.';
}

/* The alias that `folded` is, or begins with on a word's boundary; the longest wins, of equals the
 * first. */
static const struct alias *
find_alias(const struct lists *lists, const char *folded)
{
	const struct alias *best = NULL;
	size_t best_len = 0;

	for (size_t i = 0; i < lists->alias_count; i++) {
		const char *alias = lists->aliases[i].folded;
		size_t len;

		if (*alias != *folded) /* most of them */
			continue;
		len = strlen(alias);
		if (len > best_len && strncmp(folded, alias, len) == 0 &&
		    !is_word_byte(folded[len])) {
			best = &lists->aliases[i];
			best_len = len;
		}
	}
	return best;
}

static void
add_alias(struct lists *lists, const char *name, const struct list *list, const char *dead)
{
	char folded[FOLDED_TEXT];
	struct alias *alias;

	if (!fold(name, folded))
		return;
	alias = arena_push(lists->arena, &lists->aliases, lists->alias_count, sizeof *alias);
	lists->alias_count++;
	alias->folded = arena_string(lists->arena, folded);
	alias->list = list;
	alias->dead = dead;
}

static void
forget_aliases(struct lists *lists, const struct list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < lists->alias_count; i++)
		if (lists->aliases[i].list != list)
			lists->aliases[kept++] = lists->aliases[i];
	lists->alias_count = kept;
}

/* The host part of a name or URL as a domain name; false if it is none. */
static bool
host_of(const char *name, char host[NAME_TEXT])
{
	const char *scheme = strstr(name, "://");
	char text[FOLDED_TEXT];
	const char *why;
	size_t len;

	if (scheme != NULL)
		name = scheme + 3;
	len = strcspn(name, "/?#:");
	if (len == 0 || len >= sizeof text)
		return false;
	memcpy(text, name, len);
	text[len] = '\0';
	return name_normalise(text, host, &why) && name_labels(host) >= 2;
}

static const char *
dead_zone(const struct lists *lists, const char *host)
{
	for (size_t i = 0; i < lists->dead_count; i++) {
		const struct dead *dead = &lists->dead[i];

		if (name_equal(host, dead->zone) || (dead->below && name_within(host, dead->zone)))
			return dead->why;
	}
	return NULL;
}

const char *
lists_dead(const struct lists *lists, const char *name)
{
	char host[NAME_TEXT], folded[FOLDED_TEXT];
	const struct alias *alias;
	const char *why = NULL;

	if (host_of(name, host))
		why = dead_zone(lists, host);
	if (why != NULL || !fold(name, folded))
		return why;
	alias = find_alias(lists, folded);
	return alias != NULL ? alias->dead : NULL;
}

static struct list *
by_zone(const struct lists *lists, const char *zone)
{
	for (size_t i = 0; i < lists->count; i++)
		if (name_equal(lists->lists[i]->zone, zone))
			return lists->lists[i];
	return NULL;
}

const struct list *
lists_asked(const struct lists *lists, const char *dns_name)
{
	const struct list *best = NULL;
	size_t best_labels = 0;

	for (size_t i = 0; i < lists->count; i++) {
		const struct list *list = lists->lists[i];
		const char *zones[] = {list->zone,
		    list->key_zone != NULL ? strchr(list->key_zone, '.') + 1 : list->zone};

		for (size_t z = 0; z < sizeof zones / sizeof *zones; z++)
			if (name_within(dns_name, zones[z]) &&
			    name_labels(zones[z]) > best_labels) {
				best = list;
				best_labels = name_labels(zones[z]);
			}
	}
	return best;
}

const struct list *
lists_find(const struct lists *lists, const char *name)
{
	char host[NAME_TEXT], folded[FOLDED_TEXT];
	const struct alias *alias;
	const struct list *list = NULL;

	if (!fold(name, folded))
		return NULL;
	alias = find_alias(lists, folded);
	if (alias != NULL)
		return alias->list;
	/* "2.0.0.127.zen.spamhaus.org", "key.zen.dq.spamhaus.net" */
	if (host_of(name, host))
		list = lists_asked(lists, host);
	return list;
}

/* ---- reading the data */

struct lists_reader {
	struct arena *arena;
	struct list *list;
	struct list_value *last; /* of the last `value` line: what url, who and advice speak of */
	size_t last_count; /* a range stands for several */
};

typedef const char *read_field(struct lists_reader *reader, size_t offset,
    const char *value); /* NULL, or what is wrong with it */

static const char *
read_text(struct lists_reader *reader, size_t offset, const char *value)
{
	memcpy((char *)reader->list + offset, &value, sizeof value);
	return NULL;
}

static const char *
read_flag(struct lists_reader *reader, size_t offset, const char *value)
{
	bool yes = strcmp(value, "yes") == 0;

	if (!yes && strcmp(value, "no") != 0)
		return "yes or no is expected";
	memcpy((char *)reader->list + offset, &yes, sizeof yes);
	return NULL;
}

static const char *
check_url(const char *value)
{
	const char *percent = strchr(value, '%');

	if (strncmp(value, "https://", 8) != 0 && strncmp(value, "http://", 7) != 0)
		return "an URL begins with https:// or http://";
	if (percent != NULL && (percent[1] != 's' || strchr(percent + 1, '%') != NULL))
		return "\"%s\" may stand in an URL once, and no other \"%\"";
	return NULL;
}

static const char *
read_url(struct lists_reader *reader, size_t offset, const char *value)
{
	const char *wrong = check_url(value);

	return wrong != NULL ? wrong : read_text(reader, offset, value);
}

static const char *
read_name(struct lists_reader *reader, size_t offset, const char *value)
{
	char name[NAME_TEXT];
	const char *why;

	if (!name_normalise(value, name, &why) || name[0] == '\0')
		return "not a domain name";
	return read_text(reader, offset, arena_string(reader->arena, name));
}

static const char *
read_key_zone(struct lists_reader *reader, size_t offset, const char *value)
{
	char name[NAME_TEXT];
	const char *why;

	if (strncmp(value, "%s.", 3) != 0 || !name_normalise(value + 3, name, &why) ||
	    name[0] == '\0')
		return "a key-zone is \"%s.\" and a domain name";
	return read_text(reader, offset, arena_printf(reader->arena, "%%s.%s", name));
}

static const char *
read_kind(struct lists_reader *reader, size_t offset, const char *value)
{
	(void)offset;
	for (enum list_kind kind = LIST_BLACK; kind <= LIST_INFO; kind++)
		if (strcmp(value, list_kind_name(kind)) == 0) {
			reader->list->kind = kind;
			return NULL;
		}
	return "black, white or info is expected";
}

static const char *
read_weight(struct lists_reader *reader, size_t offset, const char *value)
{
	(void)offset;
	if (value[0] < 'A' || value[0] > 'D' || value[1] != '\0')
		return "A, B, C or D is expected";
	reader->list->weight = value[0];
	return NULL;
}

/* Takes the next word of `*text` if it is `word`. */
static bool
take_word(const char **text, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*text, word, len) != 0 || ((*text)[len] != '\0' && (*text)[len] != ' '))
		return false;
	*text += len;
	*text += strspn(*text, " ");
	return true;
}

static const char *
read_ask(struct lists_reader *reader, size_t offset, const char *value)
{
	struct list *list = reader->list;

	(void)offset;
	while (*value != '\0') {
		if (take_word(&value, "ip4"))
			list->ask_ip4 = true;
		else if (take_word(&value, "ip6"))
			list->ask_ip6 = true;
		else if (take_word(&value, "domain"))
			list->ask_domain = true;
		else if (take_word(&value, "registered-domain"))
			list->ask_domain = list->registered = true;
		else
			return "ip4, ip6, domain or registered-domain is expected";
	}
	return NULL;
}

static const char *
read_positive(struct lists_reader *reader, size_t offset, const char *value)
{
	size_t len = strcspn(value, " ");
	const char *answer = value + len + strspn(value + len, " ");

	if (*answer != '\0' && !ip_parse(&reader->list->positive_answer, answer))
		return "an address is expected behind the name";
	return read_name(reader, offset, arena_copy(reader->arena, value, len));
}

struct range {
	unsigned low, high;
};

/* Three digits at most. */
static bool
read_bound(const char **text, unsigned *bound)
{
	const char *start = *text;

	for (*bound = 0; is_digit(**text) && *text - start < 3; ++*text)
		*bound = *bound * 10 + (unsigned)(**text - '0');
	return *text > start;
}

/* "127.0.2-9.3" → four ranges; `*text` is moved behind it. */
static bool
read_ranges(const char **text, struct range octets[4])
{
	for (int i = 0; i < 4; i++) {
		unsigned bounds[2];

		if (i > 0 && *(*text)++ != '.')
			return false;
		if (!read_bound(text, &bounds[0]))
			return false;
		bounds[1] = bounds[0];
		if (**text == '-') {
			++*text;
			if (!read_bound(text, &bounds[1]))
				return false;
		}
		if (bounds[0] > bounds[1] || bounds[1] > 255)
			return false;
		octets[i] = (struct range){bounds[0], bounds[1]};
	}
	return octets[0].low == 127 && octets[0].high == 127;
}

static void
add_values(
    struct lists_reader *reader, const struct range octets[4], const struct list_value *common)
{
	struct list *list = reader->list;

	reader->last_count = 0;
	for (unsigned b = octets[1].low; b <= octets[1].high; b++)
		for (unsigned c = octets[2].low; c <= octets[2].high; c++)
			for (unsigned d = octets[3].low; d <= octets[3].high; d++) {
				struct list_value *value = arena_push(
				    reader->arena, &list->values, list->value_count, sizeof *value);

				*value = *common;
				value->answer = (struct ip){
				    4, {127, (unsigned char)b, (unsigned char)c, (unsigned char)d}};
				list->value_count++;
				reader->last = value;
				reader->last_count++;
			}
}

static size_t
count_values(const struct range octets[4])
{
	size_t count = 1;

	for (int i = 0; i < 4; i++)
		count *= octets[i].high - octets[i].low + 1;
	return count;
}

static const char *
read_value(struct lists_reader *reader, size_t offset, const char *value)
{
	struct list_value common = {.who = "sender"};
	struct range octets[4];

	(void)offset;
	if (!read_ranges(&value, octets) || *value != ' ')
		return "an answer within 127.0.0.0/8 is expected (127.0.0.2, 127.0.0.4-7)";
	if (count_values(octets) > VALUES_MAX - reader->list->value_count)
		return "too many answers in one list";
	value += strspn(value, " ");
	if (take_word(&value, "listed"))
		common.state = LIST_LISTED;
	else if (take_word(&value, "clean"))
		common.state = LIST_CLEAN;
	else if (take_word(&value, "refused"))
		common.state = LIST_REFUSED;
	else
		return "listed, clean or refused is expected behind the answer";
	if (*value == '\0')
		return "the meaning is missing";
	common.meaning = value;
	add_values(reader, octets, &common);
	return NULL;
}

static struct list_value *
last_values(struct lists_reader *reader)
{
	return reader->last -
	       (reader->last_count - 1); /* add_values pushed them one behind the other; a move of
	                                    the array takes all of them along */
}

static const char *
read_value_url(struct lists_reader *reader, size_t offset, const char *value)
{
	const char *wrong = check_url(value);

	(void)offset;
	if (reader->last_count == 0)
		return "there is no value above it";
	for (size_t i = 0; wrong == NULL && i < reader->last_count; i++)
		last_values(reader)[i].delist = value;
	return wrong;
}

static const char *
read_who(struct lists_reader *reader, size_t offset, const char *value)
{
	(void)offset;
	if (reader->last_count == 0)
		return "there is no value above it";
	if (strcmp(value, "sender") != 0 && strcmp(value, "host") != 0)
		return "sender or host is expected";
	for (size_t i = 0; i < reader->last_count; i++)
		last_values(reader)[i].who = value;
	return NULL;
}

/* Of the value above it, or of the list where there is none yet. */
static const char *
read_advice(struct lists_reader *reader, size_t offset, const char *value)
{
	if (reader->last_count == 0)
		return read_text(reader, offset, value);
	for (size_t i = 0; i < reader->last_count; i++)
		if (offset == offsetof(struct list, removal))
			last_values(reader)[i].removal = value;
		else
			last_values(reader)[i].advice = value;
	return NULL;
}

static const char *
read_alias(struct lists_reader *reader, size_t offset, const char *value)
{
	(void)reader;
	(void)offset;
	return value[strspn(value, " ,")] == '\0' ? "a name is expected"
	                                          : NULL; /* entered when the list is */
}

static const struct field {
	const char *key;
	read_field *read;
	size_t offset;
	bool again; /* may come several times */
} fields[] = {
    {"name", read_text, offsetof(struct list, name), false},
    {"operator", read_text, offsetof(struct list, operator), false},
    {"kind", read_kind, 0, false},
    {"ask", read_ask, 0, false},
    {"on", read_flag, offsetof(struct list, on), false},
    {"weight", read_weight, 0, false},
    {"policy", read_text, offsetof(struct list, policy), false},
    {"key-zone", read_key_zone, offsetof(struct list, key_zone), false},
    {"key-needed", read_flag, offsetof(struct list, key_needed), false},
    {"lookup", read_url, offsetof(struct list, lookup), false},
    {"delist", read_url, offsetof(struct list, delist), false},
    {"bitmask", read_flag, offsetof(struct list, bitmask), false},
    {"value", read_value, 0, true},
    {"url", read_value_url, 0, true},
    {"who", read_who, 0, true},
    {"advice", read_advice, offsetof(struct list, advice), true},
    {"removal", read_advice, offsetof(struct list, removal), true},
    {"positive", read_positive, offsetof(struct list, positive), false},
    {"negative", read_name, offsetof(struct list, negative), false},
    {"txt-must-have", read_text, offsetof(struct list, txt_must_have), false},
    {"declined-page", read_text, offsetof(struct list, declined_page), false},
    {"alias", read_alias, 0, true},
};
enum { FIELDS = sizeof fields / sizeof *fields };

static bool
fail(struct stanza_error *error, unsigned line, const char *what, const char *reason)
{
	error->line = line;
	snprintf(error->reason, sizeof error->reason, "%s: %s", what, reason);
	return false;
}

static bool
read_line(struct lists_reader *reader, const struct stanza_field *field, bool seen[FIELDS],
    struct stanza_error *error)
{
	const char *wrong;

	for (size_t i = 0; i < FIELDS; i++) {
		if (strcmp(field->key, fields[i].key) != 0)
			continue;
		if (seen[i] && !fields[i].again)
			return fail(error, field->line, field->key, "given twice");
		seen[i] = true;
		wrong = fields[i].read(reader, fields[i].offset, field->value);
		return wrong == NULL || fail(error, field->line, field->key, wrong);
	}
	return fail(error, field->line, field->key, "no such key");
}

static const char *
what_is_missing(const struct list *list)
{
	if (list->name == NULL)
		return "\"name\" is missing";
	if (!list->ask_ip4 && !list->ask_ip6 && !list->ask_domain)
		return "\"ask\" is missing";
	if (list->weight == '\0')
		return "\"weight\" is missing";
	if (list->value_count == 0)
		return "\"value\" is missing";
	if (list->on && list->key_needed)
		return "a list that needs a key cannot be on by default";
	for (size_t i = 0; list->bitmask && i < list->value_count; i++) {
		unsigned bit = list->values[i].answer.bytes[3];

		if (bit == 0 || (bit & (bit - 1)) != 0)
			return "a value of a bitmask is one bit";
	}
	return NULL;
}

/* RFC 5782 sections 2.4 and 5: 127.0.0.2 and 127.0.0.1, ::FFFF:7F00:2 and ::FFFF:7F00:1, TEST and
 * INVALID. */
static void
default_points(struct list *list)
{
	static const char six_positive[] =
	    "2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0";
	static const char six_negative[] =
	    "1.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0";

	_Static_assert(sizeof six_positive == 64 && sizeof six_negative == 64, "32 nibbles");
	if (list->positive == NULL)
		list->positive = list->ask_ip4   ? "2.0.0.127"
		                 : list->ask_ip6 ? six_positive
		                                 : "test";
	if (list->negative == NULL)
		list->negative = list->ask_ip4   ? "1.0.0.127"
		                 : list->ask_ip6 ? six_negative
		                                 : "invalid";
}

static struct list *
read_list(const struct lists *lists, struct arena *arena, const struct stanza *stanza,
    struct stanza_error *error)
{
	struct lists_reader reader = {
	    .arena = arena, .list = arena_alloc(arena, sizeof *reader.list)};
	bool seen[FIELDS] = {false};
	char zone[NAME_TEXT];
	const char *why;

	if (!name_normalise(stanza->id, zone, &why) || name_labels(zone) < 2)
		return fail(error, stanza->line, stanza->id, "not the name of a zone"), NULL;
	if ((why = dead_zone(lists, zone)) != NULL)
		return fail(error, stanza->line, stanza->id, why), NULL;
	reader.list->zone = arena_string(arena, zone);
	for (size_t i = 0; i < stanza->count; i++)
		if (!read_line(&reader, &stanza->fields[i], seen, error))
			return NULL;
	if ((why = what_is_missing(reader.list)) != NULL)
		return fail(error, stanza->line, stanza->id, why), NULL;
	default_points(reader.list);
	return reader.list;
}

static bool
read_dead(
    struct arena *arena, const struct stanza *stanza, struct dead *dead, struct stanza_error *error)
{
	const char *id = stanza->id + strlen(dead_prefix), *why;
	char zone[NAME_TEXT];

	dead->below = strncmp(id, "*.", 2) == 0;
	if (!name_normalise(dead->below ? id + 2 : id, zone, &why) || name_labels(zone) < 2)
		return fail(error, stanza->line, stanza->id, "not the name of a zone");
	dead->zone = arena_string(arena, zone);
	for (size_t i = 0; i < stanza->count; i++)
		if (strcmp(stanza->fields[i].key, "why") != 0 &&
		    strcmp(stanza->fields[i].key, "alias") != 0)
			return fail(
			    error, stanza->fields[i].line, stanza->fields[i].key, "no such key");
	dead->why = stanza_get(stanza, "why");
	return dead->why != NULL || fail(error, stanza->line, stanza->id, "\"why\" is missing");
}

static void
enter_aliases(
    struct lists *lists, const struct stanza *stanza, const struct list *list, const char *dead)
{
	for (size_t i = 0; i < stanza->count; i++) {
		const char *names = stanza->fields[i].value;

		if (strcmp(stanza->fields[i].key, "alias") != 0)
			continue;
		while (names[strspn(names, ", ")] != '\0') {
			size_t len;

			names += strspn(names, ", ");
			len = strcspn(names, ",");
			add_alias(lists, arena_copy(lists->arena, names, len), list, dead);
			names += len;
		}
	}
}

static void
enter_list(struct lists *lists, const struct stanza *stanza, struct list *list)
{
	size_t at = 0;

	while (at < lists->count && strcmp(lists->lists[at]->zone, list->zone) != 0)
		at++;
	if (at == lists->count) {
		arena_push(lists->arena, &lists->lists, lists->count, sizeof *lists->lists);
		lists->count++;
	} else {
		forget_aliases(lists, lists->lists[at]);
	}
	lists->lists[at] = list;
	add_alias(lists, list->zone, list, NULL);
	add_alias(lists, list->name, list, NULL);
	enter_aliases(lists, stanza, list, NULL);
}

static void
enter_dead(struct lists *lists, const struct stanza *stanza, const struct dead *dead)
{
	for (size_t i = lists->count; i-- > 0;)
		if (name_equal(lists->lists[i]->zone, dead->zone) ||
		    (dead->below && name_within(lists->lists[i]->zone, dead->zone)))
			lists_drop(lists, lists->lists[i]->zone);
	*(struct dead *)arena_push(
	    lists->arena, &lists->dead, lists->dead_count, sizeof *lists->dead) = *dead;
	lists->dead_count++;
	enter_aliases(lists, stanza, NULL, dead->why);
}

/* "[zone]" and "on = yes" alone, of a zone that is known: the rest of it stays as it is. */
static bool
is_switch(const struct lists *lists, const struct stanza *stanza)
{
	return stanza->count == 1 && strcmp(stanza->fields[0].key, "on") == 0 &&
	       by_zone(lists, stanza->id) != NULL;
}

static bool
read_switch(const struct lists *lists, const struct stanza *stanza, struct stanza_error *error)
{
	const struct list *list = by_zone(lists, stanza->id);
	const char *value = stanza->fields[0].value;

	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		return fail(error, stanza->fields[0].line, "on", "yes or no is expected");
	return strcmp(value, "no") == 0 || !list->key_needed ||
	       fail(error, stanza->fields[0].line, list->zone,
	           "it is asked with a key only, and the key switches it on");
}

bool
lists_add(struct lists *lists, const char *text, size_t len, struct stanza_error *error)
{
	char *copy = arena_copy(lists->arena, text, len);
	struct stanza *stanzas;
	struct list **read; /* all are read before any is entered: all or nothing */
	struct dead *dead;
	size_t count;

	if (!stanza_read(copy, len, lists->arena, &stanzas, &count, error))
		return false;
	read = arena_alloc(lists->arena, count * sizeof *read);
	dead = arena_alloc(lists->arena, count * sizeof *dead);
	for (size_t i = 0; i < count; i++) {
		bool is_dead = strncmp(stanzas[i].id, dead_prefix, strlen(dead_prefix)) == 0;

		if (is_switch(lists, &stanzas[i])) {
			if (!read_switch(lists, &stanzas[i], error))
				return false;
			continue;
		}
		if (is_dead
		        ? !read_dead(lists->arena, &stanzas[i], &dead[i], error)
		        : (read[i] = read_list(lists, lists->arena, &stanzas[i], error)) == NULL)
			return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (read[i] != NULL)
			enter_list(lists, &stanzas[i], read[i]);
		else if (dead[i].zone != NULL)
			enter_dead(lists, &stanzas[i], &dead[i]);
		else if (by_zone(lists, stanzas[i].id) != NULL)
			by_zone(lists, stanzas[i].id)->on =
			    strcmp(stanzas[i].fields[0].value, "yes") == 0;
	}
	return true;
}

/* ---- what the user wants of them */

bool
lists_drop(struct lists *lists, const char *zone)
{
	struct list *list = by_zone(lists, zone);
	size_t kept = 0;

	if (list == NULL)
		return false;
	for (size_t i = 0; i < lists->count; i++)
		if (lists->lists[i] != list)
			lists->lists[kept++] = lists->lists[i];
	lists->count = kept;
	forget_aliases(lists, list);
	return true;
}

static bool
is_label(const char *key)
{
	size_t len = strlen(key);

	return len > 0 && len <= LABEL_MAX_OCTETS &&
	       strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
	           len;
}

const char *
lists_without_key(const struct lists *lists, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < lists->count; i++) {
		/* "%s.zen.dq.spamhaus.net": all that are kept there go by ".dq.spamhaus.net" */
		const char *zone = lists->lists[i]->key_zone,
		           *rest = zone != NULL ? strchr(zone + 3, '.') : NULL;
		size_t n = rest != NULL ? strlen(rest) : 0, start = len > n ? len - n : 0;

		if (n == 0 || start == 0 || strcasecmp(name + start, rest) != 0)
			continue;
		while (start > 0 && name[start - 1] != '.')
			start--;
		return name + start;
	}
	return name;
}

bool
lists_key(struct lists *lists, const char *zone, const char *key)
{
	struct list *list = by_zone(lists, zone);

	if (list == NULL || list->key_zone == NULL || !is_label(key))
		return false;
	list->key = arena_string(lists->arena, key);
	list->key_asked = arena_printf(lists->arena, "%s%s", key, list->key_zone + 2);
	list->on = true;
	return true;
}

void
lists_replay(struct lists *lists)
{
	for (size_t i = 0; i < lists->count; i++)
		if (lists->lists[i]->key != NULL)
			lists->lists[i]->key_asked = lists->lists[i]->zone;
}

size_t
lists_count(const struct lists *lists)
{
	return lists->count;
}

const struct list *
lists_at(const struct lists *lists, size_t i)
{
	return lists->lists[i];
}

const char *
list_zone_asked(const struct list *list)
{
	return list->key_asked != NULL ? list->key_asked : list->zone;
}

const char *
list_state_name(enum list_state state)
{
	static const char *const names[] = {"unknown", "clean", "listed", "refused", "broken"};

	return names[state];
}

const char *
list_kind_name(enum list_kind kind)
{
	static const char *const names[] = {"black", "white", "info"};

	return names[kind];
}
