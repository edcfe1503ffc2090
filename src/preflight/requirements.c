#include "preflight/requirements.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "rules/builtin.h"

struct word_set {
	const char **items;
	size_t count;
	bool given;
};

struct requirements {
	struct arena *arena;
	struct requirement *checks[CHECK_COUNT];
	struct receiver receivers[PROVIDERS_MAX];
	size_t receiver_count;
	struct word_set words[WORDS_COUNT];
};

static const char *const list_names[WORDS_COUNT] = {
    [WORDS_UNSUBSCRIBE] = "unsubscribe",
    [WORDS_IMPRINT] = "imprint",
    [WORDS_SHORTENERS] = "shorteners",
    [WORDS_FREEMAIL] = "freemail",
    [WORDS_EXTENSIONS] = "extensions",
    [WORDS_EXTENSIONS_OUTLOOK] = "extensions-outlook",
    [WORDS_ARCHIVES] = "archives",
    [WORDS_MACRO_EXTENSIONS] = "macro-extensions",
    [WORDS_DOUBLE] = "double-extensions",
    [WORDS_TRACE] = "trace-fields",
    [WORDS_ONCE] = "single-fields",
};

const char *
demand_weight_name(enum demand_weight weight)
{
	static const char *const names[] = {"info", "warns", "refuses"};

	return names[weight];
}

static bool
fail(struct stanza_error *error, unsigned line, const char *what, const char *reason)
{
	error->line = line;
	snprintf(error->reason, sizeof error->reason, "%.60s: %s", what, reason);
	return false;
}

/* ---- words */

static void
add_words(struct requirements *r, struct word_set *set, const char *value, char separator)
{
	struct slice rest = slice_of(value), word;

	while (slice_part(&rest, separator, &word)) {
		word = slice_trim(word);
		if (word.len == 0)
			continue;
		*(const char **)arena_push(r->arena, &set->items, set->count, sizeof *set->items) =
		    slice_copy(word, r->arena);
		set->count++;
	}
}

static bool
add_list(struct requirements *r, const struct stanza *stanza, struct stanza_error *error)
{
	const char *name = stanza->id + strlen("words:");

	for (unsigned i = 0; i < WORDS_COUNT; i++) {
		if (strcmp(list_names[i], name) != 0)
			continue;
		if (r->words[i].given)
			return fail(error, stanza->line, name, "stands twice");
		r->words[i].given = true;
		for (size_t k = 0; k < stanza->count; k++) {
			if (strcmp(stanza->fields[k].key, "words") != 0)
				return fail(error, stanza->fields[k].line, stanza->fields[k].key,
				    "no such key");
			add_words(r, &r->words[i], stanza->fields[k].value, ',');
		}
		return true;
	}
	return fail(error, stanza->line, name, "no such list of words");
}

/* ---- receivers */

static const char *const *
names_of(struct requirements *r, const char *value)
{
	struct word_set set = {0};

	add_words(r, &set, value, ' ');
	arena_push(r->arena, &set.items, set.count, sizeof *set.items); /* NULL at the end */
	return set.items;
}

static bool
add_receiver(struct requirements *r, const struct stanza *stanza, struct stanza_error *error)
{
	static const char *const none[] = {NULL};
	struct receiver *receiver = &r->receivers[r->receiver_count];

	if (r->receiver_count == PROVIDERS_MAX)
		return fail(error, stanza->line, stanza->id, "too many providers");
	r->receiver_count++;
	*receiver = (struct receiver){
	    .id = stanza->id + strlen("provider:"), .domains = none, .hosts = none};
	for (size_t i = 0; i < stanza->count; i++) {
		const struct stanza_field *field = &stanza->fields[i];

		if (strcmp(field->key, "name") == 0)
			receiver->name = field->value;
		else if (strcmp(field->key, "domains") == 0)
			receiver->domains = names_of(r, field->value);
		else if (strcmp(field->key, "mx") == 0)
			receiver->hosts = names_of(r, field->value);
		else if (strcmp(field->key, "bulk") != 0 ||
		         !slice_number(slice_of(field->value), 100000000, &receiver->bulk))
			return fail(error, field->line, field->key, "no such key, or no number");
	}
	return receiver->name != NULL || fail(error, stanza->line, stanza->id, "no name");
}

/* ---- checks */

static size_t
find_receiver(const struct requirements *r, struct slice id)
{
	size_t i = 0;

	while (i < r->receiver_count && !slice_same(id, r->receivers[i].id))
		i++;
	return i;
}

static void
add_demand(
    struct requirements *r, struct requirement *check, size_t provider, const struct demand *demand)
{
	struct demand *one =
	    arena_push(r->arena, &check->of[provider], check->counts[provider], sizeof *one);

	check->counts[provider]++;
	*one = *demand;
}

/* "gmail,yahoo bulk 550 5.7.27" */
static bool
take_demand(struct requirements *r, struct requirement *check, enum demand_weight weight,
    const struct stanza_field *field, struct stanza_error *error)
{
	struct slice rest = slice_of(field->value), names, id, word, ahead;
	struct demand demand = {.weight = weight};

	if (!slice_word(&rest, " ", &names))
		return fail(error, field->line, field->key, "no provider");
	ahead = rest;
	if (slice_word(&ahead, " ", &word) && slice_same(word, "bulk")) {
		demand.bulk = true;
		rest = ahead;
	}
	rest = slice_trim(rest);
	demand.code = rest.len > 0 ? slice_copy(rest, r->arena) : NULL;
	if (slice_same(names, "*")) {
		check->general = demand;
		return true;
	}
	while (slice_part(&names, ',', &id)) {
		size_t provider = find_receiver(r, id);

		if (provider == r->receiver_count)
			return fail(error, field->line, field->value, "no such provider");
		add_demand(r, check, provider, &demand);
	}
	return true;
}

static bool
take_field(struct requirements *r, struct requirement *check, const struct stanza_field *field,
    struct stanza_error *error)
{
	for (unsigned weight = DEMAND_INFO; weight <= DEMAND_REFUSES; weight++)
		if (strcmp(field->key, demand_weight_name((enum demand_weight)weight)) == 0)
			return take_demand(r, check, (enum demand_weight)weight, field, error);
	if (strcmp(field->key, "about") == 0)
		check->about = field->value;
	else if (strcmp(field->key, "advice") == 0)
		check->advice = check->advice == NULL
		                    ? field->value
		                    : arena_printf(r->arena, "%s %s", check->advice, field->value);
	else if (strcmp(field->key, "url") == 0)
		check->url = field->value;
	else if (strcmp(field->key, "symbols") == 0)
		check->symbols = field->value;
	else
		return fail(error, field->line, field->key, "no such key");
	return true;
}

static bool
add_check(struct requirements *r, const struct stanza *stanza, struct stanza_error *error)
{
	const char *name = stanza->id + strlen("check:");
	enum check_id id = check_named(name, strlen(name));
	struct requirement *check;

	if (id == CHECK_COUNT)
		return fail(error, stanza->line, name, "no such check");
	if (r->checks[id] != NULL)
		return fail(error, stanza->line, name, "stands twice");
	check = r->checks[id] = arena_alloc(r->arena, sizeof *check);
	for (size_t i = 0; i < stanza->count; i++)
		if (!take_field(r, check, &stanza->fields[i], error))
			return false;
	return check->about != NULL || fail(error, stanza->line, name, "says not what it is about");
}

/* ---- loading */

struct requirements *
requirements_new(void)
{
	struct arena *arena = arena_new();
	struct requirements *r = arena_alloc(arena, sizeof *r);

	r->arena = arena;
	return r;
}

void
requirements_free(struct requirements *requirements)
{
	if (requirements != NULL)
		arena_free(requirements->arena);
}

bool
requirements_add(struct requirements *r, const char *text, size_t len, struct stanza_error *error)
{
	struct stanza *stanzas;
	size_t count;

	if (!stanza_read(text, len, r->arena, &stanzas, &count, error))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct slice id = slice_of(stanzas[i].id);
		bool good = slice_begins(id, "provider:") ? add_receiver(r, &stanzas[i], error)
		            : slice_begins(id, "check:")  ? add_check(r, &stanzas[i], error)
		            : slice_begins(id, "words:")
		                ? add_list(r, &stanzas[i], error)
		                : fail(error, stanzas[i].line, stanzas[i].id, "no such stanza");

		if (!good)
			return false;
	}
	return true;
}

bool
requirements_add_builtin(struct requirements *r, struct stanza_error *error)
{
	if (!requirements_add(r, data_preflight, data_preflight_size, error))
		return false;
	for (unsigned i = 0; i < CHECK_COUNT; i++)
		if (r->checks[i] == NULL)
			return fail(error, 0, check_name((enum check_id)i), "has no row");
	for (unsigned i = 0; i < WORDS_COUNT; i++)
		if (!r->words[i].given)
			return fail(error, 0, list_names[i], "has no list");
	return true;
}

/* ---- looking up */

const struct requirement *
requirements_of(const struct requirements *r, enum check_id id)
{
	return r->checks[id];
}

enum check_id
requirements_symbol(const struct requirements *r, const char *symbol)
{
	for (unsigned i = 0; i < CHECK_COUNT; i++) {
		struct slice rest = slice_of(r->checks[i]->symbols), word;

		while (slice_word(&rest, " ", &word))
			if (slice_same(word, symbol))
				return (enum check_id)i;
	}
	return CHECK_COUNT;
}

size_t
requirements_receivers(const struct requirements *r)
{
	return r->receiver_count;
}

const struct receiver *
requirements_receiver(const struct requirements *r, size_t i)
{
	return &r->receivers[i];
}

/* Of its own words the gravest that holds for such mail. */
struct demand
requirements_demand(const struct requirements *r, enum check_id id, size_t provider, bool bulk)
{
	const struct requirement *check = r->checks[id];
	struct demand demand = check->general;
	bool own = false;

	for (size_t i = 0; i < check->counts[provider]; i++) {
		const struct demand *one = &check->of[provider][i];

		if ((one->bulk && !bulk) || (own && one->weight <= demand.weight))
			continue;
		demand = *one;
		own = true;
	}
	if (!own && demand.bulk && !bulk)
		demand = (struct demand){.weight = DEMAND_INFO};
	return demand;
}

bool
requirements_has(
    const struct requirements *r, enum preflight_words list, const char *word, size_t len)
{
	struct slice slice = {word, len};

	for (size_t i = 0; i < r->words[list].count; i++)
		if (slice_is(slice, r->words[list].items[i]))
			return true;
	return false;
}

size_t
requirements_words(const struct requirements *r, enum preflight_words list)
{
	return r->words[list].count;
}

const char *
requirements_word(const struct requirements *r, enum preflight_words list, size_t i)
{
	return r->words[list].items[i];
}
