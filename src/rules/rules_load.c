/* From stanzas to rules: each key a row of a table, each error with its line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "rules/rulebase.h"

static const char *const class_names[CLASS_COUNT] = {
    [CLASS_TAG] = "tag",
    [CLASS_LIST] = "list",
    [CLASS_SPECIFIC] = "specific",
    [CLASS_TABLE] = "table",
    [CLASS_SHARP] = "sharp",
    [CLASS_GENERIC] = "generic",
    [CLASS_POLICY] = "policy",
    [CLASS_FALLBACK] = "fallback",
};

enum list_key { KEY_PATTERN, KEY_UNLESS, KEY_YIELDS, KEY_WORD, KEY_EXAMPLE, LIST_KEY_COUNT };

struct refs { /* one list under way: those of a rule grow side by side */
	uint32_t *list;
	size_t count;
};

struct load {
	struct rules *rules;
	struct rule *rule;
	struct refs lists[LIST_KEY_COUNT];
	const struct stanza_field *field;
	struct stanza_error *error;
};

static bool
fail(struct stanza_error *error, unsigned line, const char *what, const char *reason)
{
	error->line = line;
	snprintf(
	    error->reason, sizeof error->reason, "%s%s%s", what, *what != '\0' ? ": " : "", reason);
	return false;
}

static bool
refuse(const struct load *load, const char *reason)
{
	return fail(load->error, load->field->line, load->field->key, reason);
}

static text_ref
add_text(struct rules *rules, const char *text)
{
	size_t len = strlen(text) + 1;
	text_ref at = (text_ref)rules->text_len;

	if (rules->text_room - rules->text_len < len) {
		size_t room = 2 * rules->text_room + len;
		char *grown = arena_alloc(rules->arena, room);

		if (rules->text_len > 0)
			memcpy(grown, rules->texts, rules->text_len);
		rules->texts = grown;
		rules->text_room = room;
	}
	memcpy((char *)rules->texts + at, text, len); /* there is room, so it is a copy of ours */
	rules->text_len += len;
	return at;
}

static void
push_ref(struct rules *rules, struct refs *refs, uint32_t ref)
{
	*(uint32_t *)arena_push(rules->arena, &refs->list, refs->count, sizeof *refs->list) = ref;
	refs->count++;
}

static struct ref_list
keep_refs(struct rules *rules, const struct refs *refs)
{
	struct ref_list list = {(uint32_t)rules->ref_count, (uint32_t)refs->count};

	for (size_t i = 0; i < refs->count; i++) {
		*(uint32_t *)arena_push(rules->arena, &rules->refs, rules->ref_count,
		    sizeof *rules->refs) = refs->list[i];
		rules->ref_count++;
	}
	return list;
}

/* The next word of a value, NULL at its end. */
static char *
next_word(char **rest)
{
	char *word = *rest + strspn(*rest, " \t,");

	if (*word == '\0')
		return NULL;
	*rest = word + strcspn(word, " \t,");
	if (**rest != '\0')
		*(*rest)++ = '\0';
	return word;
}

/* What a program carries is compiled when it is needed; what a user brings, at once, so that its
 * faults are told. */
static bool
add_pattern(struct rules *rules, const char *source, const struct stanza_field *field,
    struct stanza_error *error, uint32_t *number)
{
	struct pattern pattern;
	struct pattern_row *row;
	const char *why = "";
	bool well = pattern_read(&pattern, source, rules->arena, &why);

	pattern.number = *number = (uint32_t)rules->pattern_count;
	row = arena_push(rules->arena, &rules->patterns, rules->pattern_count, sizeof *row);
	rules->pattern_count++;
	if (!well || (!rules->builtin && !pattern_compile(&pattern, rules->matcher, &why)))
		return fail(error, field->line, field->key, why);
	row->source = add_text(rules, source);
	row->choice_count = pattern.choice_count;
	for (const char *word = pattern.words; pattern.choice_count > 0; word += strlen(word) + 1) {
		text_ref at = add_text(rules, word);

		if (row->words == 0)
			row->words = at;
		pattern.choice_count -= *word == '\0';
	}
	return true;
}

static const struct word_class *
find_class(const struct rules *rules, struct slice name)
{
	for (size_t i = rules->class_count; i-- > 0;)
		if (slice_same(name, rules_text(rules, rules->classes[i].name)))
			return &rules->classes[i];
	return NULL;
}

/* "{refused} by {machine}" with the words of those classes; NULL: there is no such class. */
static const char *
put_classes_in(struct rules *rules, const char *source)
{
	struct slice rest = slice_of(source);
	const char *out = "";

	for (;;) {
		size_t brace = slice_until(rest, "{"), n;
		const struct word_class *class;
		struct slice name;

		if (brace == rest.len)
			return *out != '\0' ? arena_printf(rules->arena, "%s%s", out, rest.at)
			                    : source;
		name = slice_from(rest, brace + 1);
		n = slice_span(name, "abcdefghijklmnopqrstuvwxyz-");
		if (n == 0 || n == name.len || name.at[n] != '}') { /* {0,20} */
			out = arena_printf(rules->arena, "%s%.*s", out, (int)brace + 1, rest.at);
			rest = name;
			continue;
		}
		class = find_class(rules, (struct slice){name.at, n});
		if (class == NULL)
			return NULL;
		out = arena_printf(rules->arena, "%s%.*s(?:%s)", out, (int)brace, rest.at,
		    rules_text(rules, class->words));
		rest = slice_from(name, n + 1);
	}
}

/* The alternatives of one `pattern` key. */
static bool
take_patterns(struct rules *rules, struct refs *refs, const struct stanza_field *field,
    struct stanza_error *error)
{
	const char **parts, *source = put_classes_in(rules, field->value);
	uint32_t number;
	size_t n;

	if (source == NULL)
		return fail(error, field->line, field->key, "no [words:…] of a name in braces");
	if (!rules->builtin && !add_pattern(rules, source, field, error,
	                           &number)) /* as a whole, that its fault be told as a whole */
		return false;
	n = pattern_split(source, rules->arena, &parts);
	for (size_t i = 0; i < n; i++) {
		if (!add_pattern(rules, parts[i], field, error, &number))
			return false;
		push_ref(rules, refs, number);
	}
	return true;
}

/* ---- the keys of a rule */

static bool
load_class(struct load *load)
{
	for (unsigned i = 0; i < CLASS_COUNT; i++)
		if (strcmp(class_names[i], load->field->value) == 0) {
			load->rule->class = (enum rule_class)i;
			return true;
		}
	return refuse(load, "not tag, list, specific, table, sharp, generic, policy or fallback");
}

static bool
load_cause(struct load *load)
{
	return cause_parse(load->field->value, &load->rule->cause) || refuse(load, "no such cause");
}

static bool
load_who(struct load *load)
{
	return who_parse(load->field->value, &load->rule->who) ||
	       refuse(load, "not sender, host, receiver or list");
}

static bool
parse_what(const char *name, enum listed_what *what)
{
	for (unsigned i = LISTED_IP; i <= LISTED_PTR; i++)
		if (strcmp(listed_what_name((enum listed_what)i), name) == 0) {
			*what = (enum listed_what)i;
			return true;
		}
	return false;
}

static bool
load_what(struct load *load)
{
	return parse_what(load->field->value, &load->rule->what) ||
	       refuse(load, "not ip, helo, sender, url or ptr");
}

static bool
load_stage(struct load *load)
{
	char *rest = arena_string(load->rules->arena, load->field->value);
	enum stage stage;

	load->rule->stage_text = add_text(load->rules, load->field->value);
	for (char *word; (word = next_word(&rest)) != NULL;) {
		if (strcmp(word, "none") == 0)
			stage = STAGE_NONE;
		else if (!stage_parse(word, &stage))
			return refuse(load, "no such stage");
		load->rule->stages |= 1U << stage;
	}
	return true;
}

static bool
load_carrier(struct load *load)
{
	char *rest = arena_string(load->rules->arena, load->field->value);

	for (char *word; (word = next_word(&rest)) != NULL;) {
		unsigned i = strcmp(word, "none") == 0 ? CARRIER_NONE : CARRIER_CLIENT;

		while (i != CARRIER_NONE && i < CARRIER_COUNT &&
		       strcmp(carrier_name((enum carrier)i), word) != 0)
			i++;
		if (i == CARRIER_COUNT)
			return refuse(load, "not client, helo, sender, recipient, other or none");
		load->rule->carriers |= 1U << i;
	}
	return true;
}

static bool
load_about(struct load *load)
{
	char *rest = arena_string(load->rules->arena, load->field->value);

	for (char *word; (word = next_word(&rest)) != NULL;) {
		if (strcmp(word, "looks") == 0)
			load->rule->about |= ABOUT_LOOKS;
		else if (strcmp(word, "resolving") == 0)
			load->rule->about |= ABOUT_RESOLVING;
		else
			return refuse(load, "not looks or resolving");
	}
	return true;
}

static uint32_t
hash_id(const char *id)
{
	uint32_t hash = 0;

	while (*id != '\0')
		hash = hash * 31 + (unsigned char)*id++;
	return hash;
}

static const struct rule *
find_rule(const struct rules *rules, const char *id)
{
	uint32_t hash = hash_id(id);

	for (size_t i = 0; i < rules->count; i++)
		if (rules->rules[i].id_hash == hash &&
		    strcmp(rules_text(rules, rules->rules[i].id), id) == 0)
			return &rules->rules[i];
	return NULL;
}

/* Causes, or ids of rules: whatever is no cause's name is one, and may stand further down
 * (rule_check_yields). */
static bool
load_yields(struct load *load)
{
	char *rest = arena_string(load->rules->arena, load->field->value);

	for (char *word; (word = next_word(&rest)) != NULL;) {
		enum cause cause;

		if (cause_parse(word, &cause))
			load->rule->yields_to |= UINT64_C(1) << cause;
		else
			push_ref(
			    load->rules, &load->lists[KEY_YIELDS], add_text(load->rules, word));
	}
	return true;
}

/* "554", "500-599", several */
static bool
load_code(struct load *load)
{
	struct rule *rule = load->rule;
	char *rest = arena_string(load->rules->arena, load->field->value);

	for (char *word; (word = next_word(&rest)) != NULL;) {
		char *end;
		long least = strtol(word, &end, 10),
		     most = *end == '-' ? strtol(end + 1, &end, 10) : least;

		if (*end != '\0' || least < 200 || most > 599 || least > most)
			return refuse(load, "not a reply code or a range of them");
		if (rule->code_count == RANGES_MAX)
			return refuse(load, "too many");
		rule->codes[rule->code_count++] = (struct code_range){(int)least, (int)most};
	}
	return true;
}

/* "5.7.1", "x.7.25" (any class), "5.7.606-649", several */
static bool
load_enhanced(struct load *load)
{
	struct rule *rule = load->rule;
	char *rest = arena_string(load->rules->arena, load->field->value);

	for (char *word; (word = next_word(&rest)) != NULL;) {
		struct enhanced_range range = {0};
		char *end = word + 1;

		if (*word != 'x' && (*word < '2' || *word > '7'))
			return refuse(load, "not like 5.7.1, x.7.25 or 5.7.606-649");
		range.class = *word == 'x' ? 0 : *word - '0';
		if (*end == '.')
			range.subject = (int)strtol(end + 1, &end, 10);
		if (*end != '.')
			return refuse(load, "not like 5.7.1, x.7.25 or 5.7.606-649");
		range.least = range.most = (int)strtol(end + 1, &end, 10);
		if (*end == '-')
			range.most = (int)strtol(end + 1, &end, 10);
		if (*end != '\0' || range.most < range.least)
			return refuse(load, "not like 5.7.1, x.7.25 or 5.7.606-649");
		if (rule->enhanced_count == RANGES_MAX)
			return refuse(load, "too many");
		rule->enhanced[rule->enhanced_count++] = range;
	}
	return true;
}

static bool
load_pattern(struct load *load)
{
	if (load->rule->source == 0)
		load->rule->source = add_text(load->rules, load->field->value);
	return take_patterns(load->rules, &load->lists[KEY_PATTERN], load->field, load->error);
}

static bool
load_unless(struct load *load)
{
	return take_patterns(load->rules, &load->lists[KEY_UNLESS], load->field, load->error);
}

static bool
load_word(struct load *load)
{
	char *word = arena_string(load->rules->arena, load->field->value);

	if (strlen(word) < WORD_MIN)
		return refuse(load, "shorter than three letters");
	for (char *p = word; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	push_ref(load->rules, &load->lists[KEY_WORD], add_text(load->rules, word));
	return true;
}

static bool
load_example(struct load *load)
{
	push_ref(load->rules, &load->lists[KEY_EXAMPLE], add_text(load->rules, load->field->value));
	return true;
}

static bool
load_only(struct load *load)
{
	for (uint32_t i = 0; i < load->rules->provider_count; i++) {
		text_ref name = load->rules->providers[i].name;

		if (strcmp(rules_text(load->rules, name), load->field->value) != 0)
			continue;
		load->rule->only = i + 1;
		load->rule->provider = name;
		return true;
	}
	return refuse(load, "no [provider:…] of that name stands before it");
}

static bool
load_list(struct load *load)
{
	load->rule->list = add_text(load->rules, load->field->value);
	return true;
}
static bool
load_provider(struct load *load)
{
	load->rule->provider = add_text(load->rules, load->field->value);
	return true;
}
static bool
load_url(struct load *load)
{
	load->rule->url = add_text(load->rules, load->field->value);
	return true;
}
static bool
load_advice(struct load *load)
{
	load->rule->advice = add_text(load->rules, load->field->value);
	return true;
}

static const struct {
	const char *key;
	bool (*load)(struct load *load);
} keys[] = {
    {"class", load_class},
    {"cause", load_cause},
    {"pattern", load_pattern},
    {"unless", load_unless},
    {"word", load_word},
    {"example", load_example},
    {"stage", load_stage},
    {"carrier", load_carrier},
    {"code", load_code},
    {"enhanced", load_enhanced},
    {"provider", load_provider},
    {"only", load_only},
    {"list", load_list},
    {"what", load_what},
    {"about", load_about},
    {"yields", load_yields},
    {"who", load_who},
    {"advice", load_advice},
    {"url", load_url},
};

static bool
check_example(struct load *load, const char *example)
{
	struct arena *arena = arena_new();
	struct unwrapped text;
	struct match match;
	bool found;

	unwrap(example, strlen(example), arena, &text);
	found = rule_matches(load->rules, load->rule, text.bare + text.reason,
	            text.len - text.reason, &match) ||
	        rule_matches(load->rules, load->rule, text.bare + text.inner, text.len - text.inner,
	            &match) ||
	        rule_matches(load->rules, load->rule, text.bare, text.len, &match);
	arena_free(arena);
	return found;
}

static bool
have_words(const struct rules *rules, struct ref_list patterns)
{
	for (size_t i = 0; i < patterns.count; i++)
		if (rules->patterns[rules_ref(rules, patterns, i)].choice_count == 0)
			return false;
	return true;
}

/* Has it all that a rule must have? */
static bool
check_rule(struct load *load, const struct stanza *stanza)
{
	struct rule *rule = load->rule;

	if (stanza_get(stanza, "cause") == NULL)
		return fail(load->error, stanza->line, stanza->id, "no cause");
	if (rule->examples.count == 0)
		return fail(load->error, stanza->line, stanza->id, "no example");
	if (rule->patterns.count == 0 && rule->enhanced_count == 0 && rule->carriers == 0)
		return fail(load->error, stanza->line, stanza->id,
		    "no pattern, and neither an enhanced code nor a carrier in its place");
	if (rule->patterns.count > 0 && !have_words(load->rules, rule->patterns) &&
	    rule->words.count == 0 && rule->carriers == 0 && rule->enhanced_count == 0)
		return fail(load->error, stanza->line, stanza->id,
		    "no word of three letters is sure to stand in a match; give it with word =");
	for (size_t i = 0; i < rule->examples.count && !load->rules->builtin; i++)
		if (!check_example(
		        load, rules_text(load->rules, rules_ref(load->rules, rule->examples, i))))
			return fail(load->error, stanza->line, stanza->id,
			    "an example that its own patterns do not match");
	return true;
}

/* One with the same id in an earlier file gives way, and its place is kept. */
static bool
keep_rule(
    struct rules *rules, struct rule *rule, const struct stanza *stanza, struct stanza_error *error)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *old = &rules->rules[i];

		if (old->id_hash != rule->id_hash ||
		    strcmp(rules_text(rules, old->id), stanza->id) != 0)
			continue;
		if (old->file == rule->file)
			return fail(
			    error, stanza->line, stanza->id, "this id stands twice in the file");
		rule->number = old->number;
		((struct rule *)rules->rules)[i] = *rule; /* a copy of ours: rules_add() */
		return true;
	}
	*(struct rule *)arena_push(
	    rules->arena, &rules->rules, rules->count, sizeof *rules->rules) = *rule;
	rules->count++;
	return true;
}

static bool
load_rule(struct rules *rules, const struct stanza *stanza, struct stanza_error *error)
{
	struct rule rule = {.id = add_text(rules, stanza->id),
	    .id_hash = hash_id(stanza->id),
	    .class = CLASS_SPECIFIC,
	    .number = (uint32_t)rules->count,
	    .file = rules->files};
	struct load load = {.rules = rules, .rule = &rule, .error = error};
	bool well = true;

	for (size_t i = 0; well && i < stanza->count; i++) {
		size_t k = 0;

		load.field = &stanza->fields[i];
		while (
		    k < sizeof keys / sizeof keys[0] && strcmp(keys[k].key, load.field->key) != 0)
			k++;
		well = k < sizeof keys / sizeof keys[0] ? keys[k].load(&load)
		                                        : refuse(&load, "no such key");
	}
	rule.patterns = keep_refs(rules, &load.lists[KEY_PATTERN]);
	rule.unless = keep_refs(rules, &load.lists[KEY_UNLESS]);
	rule.yields = keep_refs(rules, &load.lists[KEY_YIELDS]);
	rule.words = keep_refs(rules, &load.lists[KEY_WORD]);
	rule.examples = keep_refs(rules, &load.lists[KEY_EXAMPLE]);
	return well && check_rule(&load, stanza) && keep_rule(rules, &rule, stanza, error);
}

/* ---- the other sorts: [provider:…], [brand:…], [same:…] */

static void
push_suffix(struct rules *rules, struct provider *provider, const char *text)
{
	struct suffix *suffix =
	    arena_push(rules->arena, &rules->suffixes, rules->suffix_count, sizeof *suffix);
	size_t len = strlen(text), hash = 0;

	for (size_t i = len; i-- > 0;)
		hash = suffix_hash(hash, text[i]);
	hash %= SUFFIX_BUCKETS;
	*suffix = (struct suffix){add_text(rules, text), (uint32_t)len,
	    (uint32_t)rules->provider_count, rules->suffix_buckets[hash]};
	rules->suffix_count++;
	rules->suffix_buckets[hash] = (uint32_t)rules->suffix_count;
	if (provider->mx == 0)
		provider->mx = suffix->text;
}

static bool
load_provider_field(struct rules *rules, struct provider *provider, struct refs *patterns,
    const struct stanza_field *field, struct stanza_error *error)
{
	char *rest = arena_string(rules->arena, field->value);

	if (strcmp(field->key, "name") == 0)
		provider->name = add_text(rules, field->value);
	else if (strcmp(field->key, "url") == 0)
		provider->url = add_text(rules, field->value);
	else if (strcmp(field->key, "mx") == 0)
		for (char *word; (word = next_word(&rest)) != NULL;)
			push_suffix(rules, provider, word);
	else if (strcmp(field->key, "pattern") == 0)
		return take_patterns(rules, patterns, field, error);
	else
		return fail(error, field->line, field->key, "no such key of a provider");
	return true;
}

static bool
load_provider_stanza(struct rules *rules, const struct stanza *stanza, struct stanza_error *error)
{
	struct provider provider = {.id = add_text(rules, stanza->id)};
	struct refs patterns = {.count = 0};

	for (size_t i = 0; i < stanza->count; i++) {
		const struct stanza_field *field = &stanza->fields[i];

		if (!load_provider_field(rules, &provider, &patterns, field, error))
			return false;
		provider.patterns = keep_refs(rules, &patterns);
		if (strcmp(field->key, "pattern") == 0 && !have_words(rules, provider.patterns))
			return fail(error, field->line, field->key,
			    "no word of three letters is sure to stand in a match");
	}
	*(struct provider *)arena_push(rules->arena, &rules->providers, rules->provider_count,
	    sizeof *rules->providers) = provider;
	rules->provider_count++;
	return provider.name != 0 || fail(error, stanza->line, stanza->id, "no name");
}

static bool
load_brand_field(struct rules *rules, struct brand *brand, struct refs *patterns,
    const struct stanza_field *field, struct stanza_error *error)
{
	if (strcmp(field->key, "name") == 0)
		brand->name = add_text(rules, field->value);
	else if (strcmp(field->key, "family") == 0)
		brand->family = add_text(rules, field->value);
	else if (strcmp(field->key, "url") == 0)
		brand->url = add_text(rules, field->value);
	else if (strcmp(field->key, "what") == 0)
		return parse_what(field->value, &brand->what) ||
		       fail(error, field->line, field->key, "not ip, helo, sender, url or ptr");
	else if (strcmp(field->key, "pattern") == 0)
		return take_patterns(rules, patterns, field, error);
	else
		return fail(error, field->line, field->key, "no such key of a brand");
	return true;
}

static bool
load_brand(struct rules *rules, const struct stanza *stanza, struct stanza_error *error)
{
	struct brand brand = {.id = add_text(rules, stanza->id), .what = LISTED_IP};
	struct refs patterns = {.count = 0};

	for (size_t i = 0; i < stanza->count; i++)
		if (!load_brand_field(rules, &brand, &patterns, &stanza->fields[i], error))
			return false;
	brand.patterns = keep_refs(rules, &patterns);
	if (brand.patterns.count == 0 || !have_words(rules, brand.patterns))
		return fail(
		    error, stanza->line, stanza->id, "no pattern with a word of three letters");
	if (brand.name == 0 && strstr(stanza_get(stanza, "pattern"), "(?<list>") == NULL)
		return fail(error, stanza->line, stanza->id, "neither a name nor a group <list>");
	if (brand.family == 0)
		brand.family = brand.name != 0 ? brand.name : brand.id;
	*(struct brand *)arena_push(
	    rules->arena, &rules->brands, rules->brand_count, sizeof *rules->brands) = brand;
	rules->brand_count++;
	return true;
}

/* [same:…]: `say`, and the `words` that it stands for, between bars. */
static bool
load_same(struct rules *rules, const struct stanza *stanza, struct stanza_error *error)
{
	const char *say = stanza_get(stanza, "say");
	text_ref instead;

	if (say == NULL)
		return fail(error, stanza->line, stanza->id, "nothing to say instead");
	instead = add_text(rules, say);
	for (size_t i = 0; i < stanza->count; i++) {
		const struct stanza_field *field = &stanza->fields[i];

		if (strcmp(field->key, "say") == 0)
			continue;
		if (strcmp(field->key, "words") != 0)
			return fail(error, field->line, field->key,
			    "no such key of words that mean the same");
		for (const char *at = field->value, *bar; at != NULL;
		     at = bar != NULL ? bar + 1 : NULL) {
			size_t len;

			bar = strchr(at, '|');
			at += strspn(at, " ");
			len = bar != NULL ? (size_t)(bar - at) : strlen(at);
			while (len > 0 && at[len - 1] == ' ')
				len--;
			if (len < WORD_MIN)
				return fail(error, field->line, field->key,
				    "a word of less than three octets");
			struct same *same = arena_push(
			    rules->arena, &rules->sames, rules->same_count, sizeof *same);
			*same = (struct same){
			    add_text(rules, arena_copy(rules->arena, at, len)), instead};
			rules->same_count++;
		}
	}
	return true;
}

/* [aside:…]: phrases that begin what is no reason, and those that only look like it. */
static bool
load_asides(struct rules *rules, const struct stanza *stanza, struct stanza_error *error)
{
	static const struct {
		const char *key;
		enum opening kind;
	} kinds[] = {{"words", OPENS_ASIDE}, {"anywhere", OPENS_ANYWHERE},
	    {"purpose", OPENS_PURPOSE}, {"stock", OPENS_STOCK}, {"except", OPENS_REASON},
	    {"nothing", SAYS_NOTHING}};

	for (size_t i = 0; i < stanza->count; i++) {
		const struct stanza_field *field = &stanza->fields[i];
		struct slice rest = slice_of(field->value), phrase;
		size_t k = 0;

		while (k < sizeof kinds / sizeof *kinds && strcmp(kinds[k].key, field->key) != 0)
			k++;
		if (k == sizeof kinds / sizeof *kinds)
			return fail(error, field->line, field->key, "no such key of asides");
		while (slice_part(&rest, '|', &phrase)) {
			phrase = slice_trim(phrase);
			if (phrase.len < 2)
				return fail(error, field->line, field->key,
				    "a phrase of less than two octets");
			*(struct aside *)arena_push(rules->arena, &rules->asides,
			    rules->aside_count, sizeof *rules->asides) = (struct aside){
			    add_text(rules, slice_copy(phrase, rules->arena)), kinds[k].kind};
			rules->aside_count++;
		}
	}
	return true;
}

/* [words:NAME]: what {NAME} stands for in the patterns that come after. */
static bool
load_word_class(struct rules *rules, const struct stanza *stanza, struct stanza_error *error)
{
	const char *words = stanza_get(stanza, "words");
	struct pattern ignored;
	const char *why = "";

	if (words == NULL || stanza->count != 1)
		return fail(error, stanza->line, stanza->id, "one line of words, and no more");
	if (!pattern_read(&ignored, words, rules->arena, &why))
		return fail(error, stanza->line, stanza->id, why);
	*(struct word_class *)arena_push(rules->arena, &rules->classes, rules->class_count,
	    sizeof *rules->classes) = (struct word_class){
	    add_text(rules, stanza->id + strlen("words:")), add_text(rules, words)};
	rules->class_count++;
	return true;
}

/* [sign:SORT]: words between bars. */
static bool
load_signs(struct rules *rules, const struct stanza *stanza, struct stanza_error *error)
{
	for (size_t i = 0; i < stanza->count; i++) {
		const struct stanza_field *field = &stanza->fields[i];
		struct slice rest = slice_of(field->value), phrase;

		if (strcmp(field->key, "words") != 0)
			return fail(error, field->line, field->key, "no such key of a sign");
		while (slice_part(&rest, '|', &phrase)) {
			phrase = slice_trim(phrase);
			const char *sort = stanza->id + strlen("sign:"),
			           *word = slice_copy(phrase, rules->arena);

			if (phrase.len == 0 || !signs_add(rules->signs, sort, word))
				return fail(error, field->line, stanza->id,
				    "an empty word, or no such sort of sign");
			*(struct sign_word *)arena_push(rules->arena, &rules->sign_words,
			    rules->sign_word_count, sizeof *rules->sign_words) =
			    (struct sign_word){add_text(rules, sort), add_text(rules, word)};
			rules->sign_word_count++;
		}
	}
	return true;
}

bool
rule_check_yields(
    const struct rules *rules, const struct stanza *stanza, struct stanza_error *error)
{
	for (size_t i = 0; i < stanza->count; i++) {
		char *rest;

		if (strcmp(stanza->fields[i].key, "yields") != 0)
			continue;
		rest = arena_string(rules->arena, stanza->fields[i].value);
		for (char *word; (word = next_word(&rest)) != NULL;) {
			enum cause cause;

			if (!cause_parse(word, &cause) && find_rule(rules, word) == NULL)
				return fail(error, stanza->fields[i].line, "yields",
				    arena_printf(
				        rules->arena, "\"%.60s\" is no cause, and no rule", word));
			if (strcmp(word, stanza->id) == 0)
				return fail(error, stanza->fields[i].line, "yields",
				    "a rule cannot yield to itself");
		}
	}
	return true;
}

bool
rule_load(struct rules *rules, const struct stanza *stanza, struct stanza_error *error)
{
	if (strncmp(stanza->id, "provider:", 9) == 0)
		return load_provider_stanza(rules, stanza, error);
	if (strncmp(stanza->id, "brand:", 6) == 0)
		return load_brand(rules, stanza, error);
	if (strncmp(stanza->id, "remedy:", 7) == 0)
		return true; /* judge/remedies takes those */
	if (strncmp(stanza->id, "same:", 5) == 0)
		return load_same(rules, stanza, error);
	if (strncmp(stanza->id, "aside:", 6) == 0)
		return load_asides(rules, stanza, error);
	if (strncmp(stanza->id, "words:", 6) == 0)
		return load_word_class(rules, stanza, error);
	if (strncmp(stanza->id, "sign:", 5) == 0)
		return load_signs(rules, stanza, error);
	return load_rule(rules, stanza, error);
}
