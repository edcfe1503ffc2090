#include "judge/remedies.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "rules/builtin.h"

enum { FILLED_MAX = 4096, SIGN_MAX = 80 };

struct remedies {
	struct arena *arena;
	const struct remedy *facts[FACT_COUNT], *causes[CAUSE_COUNT];
	bool builtin; /* what is being added is complete, and has no row twice */
};

static const char prefix[] = "remedy:", cause_prefix[] = "cause/";

const char *
severity_name(enum severity severity)
{
	static const char *const names[SEVERITY_COUNT] = {
	    "refuses", "warns", "unknown", "info", "good"};

	return names[severity];
}

/* ---- placeholders */

static const struct {
	const char *name, *otherwise;
} places[VALUE_COUNT] = {
    [VALUE_IP] = {"ip", "ADDRESS"},
    [VALUE_OTHER] = {"other", "ADDRESS"},
    [VALUE_DOMAIN] = {"domain", "DOMAIN"},
    [VALUE_RECIPIENT] = {"recipient", "the recipient"},
    [VALUE_LIST] = {"list", "the list"},
    [VALUE_LISTED] = {"listed", "the listed name"},
    [VALUE_KIND] = {"kind", "address"},
    [VALUE_PROVIDER] = {"provider", "the receiver"},
    [VALUE_NAME] = {"name", "NAME"},
    [VALUE_TYPE] = {"type", "A or AAAA"},
    [VALUE_SENDER_DOMAIN] = {"sender-domain", "DOMAIN"},
    [VALUE_FROM] = {"from", "ADDRESS"},
};

/* The placeholder at the beginning of `text`, its length in `*len`; VALUE_COUNT: none. */
static enum value
place_at(const char *text, size_t *len)
{
	for (unsigned i = 0; i < VALUE_COUNT && text[0] == '{'; i++) {
		size_t n = strlen(places[i].name);

		*len = n + 2;
		if (strncmp(text + 1, places[i].name, n) == 0 && text[n + 1] == '}')
			return (enum value)i;
	}
	return VALUE_COUNT;
}

static bool
has_unknown_place(const char *text)
{
	size_t len;

	while ((text = strchr(text, '{')) != NULL) {
		if (place_at(text, &len) == VALUE_COUNT)
			return true;
		text += len;
	}
	return false;
}

/* How long the text is with its places filled; it is written to `filled`, unless that is NULL. */
static size_t
fill(const char *text, const struct values *values, char *filled)
{
	size_t len = 0;

	while (*text != '\0' && len + 1 < FILLED_MAX) {
		size_t skip, n;
		enum value value = place_at(text, &skip);
		const char *words = text;

		if (value == VALUE_COUNT) { /* as it stands, up to the next brace */
			skip = n = 1 + strcspn(text + 1, "{");
		} else {
			words = values->of[value];
			words = words != NULL && *words != '\0' ? words : places[value].otherwise;
			n = strlen(words);
		}
		n = n < FILLED_MAX - 1 - len ? n : FILLED_MAX - 1 - len;
		if (filled != NULL)
			memcpy(filled + len, words, n);
		len += n;
		text += skip;
	}
	return len;
}

const char *
remedy_fill(const char *text, const struct values *values, struct arena *arena)
{
	char *filled;

	if (text == NULL || strchr(text, '{') == NULL)
		return text;
	filled = arena_alloc(arena, fill(text, values, NULL) + 1);
	fill(text, values, filled);
	return filled;
}

/* ---- loading */

static bool
fail(struct stanza_error *error, unsigned line, const char *what, const char *reason)
{
	error->line = line;
	snprintf(error->reason, sizeof error->reason, "%.60s: %s", what, reason);
	return false;
}

const char *
suppress_name(enum suppress suppress)
{
	static const char *const names[] = {"no", "retry", "yes"};

	return names[suppress];
}

static bool
take_suppress(struct remedy *remedy, const char *value)
{
	for (enum suppress s = SUPPRESS_NO; s <= SUPPRESS_YES; s++)
		if (strcmp(suppress_name(s), value) == 0) {
			remedy->suppress = s;
			return true;
		}
	return false;
}

/* Several lines are one text. */
static void
append(struct arena *arena, const char **text, const char *more)
{
	*text = *text == NULL ? more : arena_printf(arena, "%s %s", *text, more);
}

static bool
take_severity(struct remedy *remedy, const char *value)
{
	for (unsigned i = 0; i < SEVERITY_COUNT; i++)
		if (strcmp(severity_name((enum severity)i), value) == 0) {
			remedy->severity = (enum severity)i;
			return true;
		}
	return false;
}

static bool
take_field(struct arena *arena, struct remedy *remedy, const struct stanza_field *field,
    struct stanza_error *error)
{
	const struct {
		const char *key, **text;
	} texts[] = {{"advice", &remedy->advice}, {"why", &remedy->why}, {"what", &remedy->what},
	    {"refusers", &remedy->refusers}, {"url", &remedy->url}, {"topic", &remedy->topic},
	    {"provider", &remedy->provider}, {"signs", &remedy->signs}};

	if (strcmp(field->key, "who") == 0)
		return who_parse(field->value, &remedy->who) ||
		       fail(error, field->line, field->key, "not sender, host, receiver or list");
	if (strcmp(field->key, "suppress") == 0)
		return take_suppress(remedy, field->value) ||
		       fail(error, field->line, field->key, "not yes, no or retry");
	if (strcmp(field->key, "severity") == 0)
		return take_severity(remedy, field->value) ||
		       fail(error, field->line, field->key,
		           "not refuses, warns, unknown, info or good");
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (strcmp(field->key, texts[i].key) == 0) {
			if (has_unknown_place(field->value))
				return fail(error, field->line, field->key,
				    "a placeholder that nothing fills");
			append(arena, texts[i].text, field->value);
			return true;
		}
	return fail(error, field->line, field->key, "no such key of a remedy");
}

/* Where a row of that id hangs; NULL: there is no such id. "@…" behind it is for people, the key
 * `provider` counts. */
static const struct remedy **
place_of(struct remedies *remedies, const char *id)
{
	struct slice name = slice_of(id);
	enum cause cause;
	enum fact_id fact;

	name.len = slice_until(name, "@");
	if (slice_begins(name, cause_prefix)) {
		name = slice_from(name, strlen(cause_prefix));
		return cause_parse(slice_copy(name, remedies->arena), &cause)
		           ? &remedies->causes[cause]
		           : NULL;
	}
	fact = fact_named(name.at, name.len);
	return fact != FACT_NONE ? &remedies->facts[fact] : NULL;
}

static bool
is_same_provider(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* False: this id has a row already, in a file that may have each once. */
static bool
hang(struct remedies *remedies, const struct remedy **place, struct remedy *remedy)
{
	while (*place != NULL && !is_same_provider((*place)->provider, remedy->provider))
		place = (const struct remedy **)&(*place)->next;
	if (*place != NULL && remedies->builtin)
		return false;
	remedy->next = *place != NULL ? (*place)->next : NULL;
	*place = remedy;
	return true;
}

static bool
is_whole(const struct remedy *remedy, const struct stanza *stanza, struct stanza_error *error)
{
	bool says = remedy->advice != NULL || remedy->why != NULL;

	if ((strchr(stanza->id, '@') != NULL) != (remedy->provider != NULL))
		return fail(error, stanza->line, stanza->id, "@ and a provider go together");
	if (remedy->advice != NULL && remedy->who == WHO_NOBODY)
		return fail(error, stanza->line, stanza->id, "advice, and nobody who acts on it");
	if ((remedy->severity != SEVERITY_COUNT) != (remedy->topic != NULL))
		return fail(error, stanza->line, stanza->id, "severity and topic go together");
	return says || remedy->topic != NULL ||
	       fail(error, stanza->line, stanza->id, "neither advice nor why, topic and severity");
}

static bool
load(struct remedies *remedies, const struct stanza *stanza, struct stanza_error *error)
{
	struct remedy *remedy = arena_alloc(remedies->arena, sizeof *remedy);
	const struct remedy **place;

	*remedy = (struct remedy){.id = stanza->id + strlen(prefix), .severity = SEVERITY_COUNT};
	place = place_of(remedies, remedy->id);
	if (place == NULL)
		return fail(error, stanza->line, stanza->id, "no cause or fact has this id");
	for (size_t i = 0; i < stanza->count; i++)
		if (!take_field(remedies->arena, remedy, &stanza->fields[i], error))
			return false;
	if (!is_whole(remedy, stanza, error))
		return false;
	return hang(remedies, place, remedy) ||
	       fail(error, stanza->line, stanza->id, "this id stands twice");
}

bool
remedies_add(struct remedies *remedies, const char *text, size_t len, struct stanza_error *error)
{
	struct stanza *stanzas;
	size_t count;

	if (!stanza_read(text, len, remedies->arena, &stanzas, &count, error))
		return false;
	for (size_t i = 0; i < count; i++) {
		bool ours = strncmp(stanzas[i].id, prefix, strlen(prefix)) == 0;

		if (!ours && remedies->builtin)
			return fail(error, stanzas[i].line, stanzas[i].id, "no remedy");
		if (ours && !load(remedies, &stanzas[i], error))
			return false;
	}
	return true;
}

/* The general row of a cause, which has others beside it. */
static bool
has_general(const struct remedy *remedy)
{
	while (remedy != NULL && remedy->provider != NULL)
		remedy = remedy->next;
	return remedy != NULL;
}

bool
remedies_add_builtin(struct remedies *remedies, struct stanza_error *error)
{
	remedies->builtin = true;
	if (!remedies_add(remedies, data_remedies, data_remedies_size, error))
		return false;
	remedies->builtin = false;
	for (unsigned i = FACT_NONE + 1; i < FACT_COUNT; i++)
		if (remedies->facts[i] == NULL)
			return fail(error, 0, fact_name((enum fact_id)i), "no row");
	for (unsigned i = 0; i < CAUSE_COUNT; i++)
		if (!has_general(remedies->causes[i]))
			return fail(error, 0, cause_name((enum cause)i), "no row");
	return true;
}

struct remedies *
remedies_new(void)
{
	struct remedies *remedies = must_alloc(sizeof *remedies);

	remedies->arena = arena_new();
	return remedies;
}

void
remedies_free(struct remedies *remedies)
{
	if (remedies == NULL)
		return;
	arena_free(remedies->arena);
	free(remedies);
}

/* ---- asking */

const struct remedy *
remedies_of(const struct remedies *remedies, enum fact_id id)
{
	return remedies->facts[id];
}

/* One of the signs, between bars, stands in the words. */
static bool
has_sign(const struct remedy *remedy, const char *words)
{
	struct slice rest = slice_of(remedy->signs), sign;

	while (slice_part(&rest, '|', &sign)) {
		char text[SIGN_MAX];

		sign = slice_trim(sign);
		if (sign.len == 0 || sign.len >= sizeof text)
			continue;
		memcpy(text, sign.at, sign.len);
		text[sign.len] = '\0';
		if (slice_find(slice_of(words), text) != NULL)
			return true;
	}
	return false;
}

const struct remedy *
remedies_of_end(const struct remedies *remedies, enum fact_id id, const char *words)
{
	size_t len = strlen(fact_name(id));

	for (unsigned i = FACT_NONE + 1; words != NULL && i < FACT_COUNT; i++) {
		const char *name = fact_name((enum fact_id)i);

		if (strncmp(name, fact_name(id), len) == 0 && name[len] == '.' &&
		    has_sign(remedies->facts[i], words))
			return remedies->facts[i];
	}
	return remedies->facts[id];
}

const struct remedy *
remedies_of_cause(const struct remedies *remedies, enum cause cause, const char *provider)
{
	const struct remedy *general = NULL;

	for (const struct remedy *r = remedies->causes[cause]; r != NULL; r = r->next) {
		if (r->provider == NULL)
			general = r;
		else if (provider != NULL && strcmp(r->provider, provider) == 0)
			return r;
	}
	return general;
}
