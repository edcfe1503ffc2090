/* One reply, read by the rules: the words choose the candidates, the order of belief chooses among
 * them, and the rest is taken from the text. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "evidence/blocklist.h"
#include "rules/extract.h"
#include "rules/rulebase.h"

enum { ALSO_MAX = 2, LISTS_MAX = 6 };

struct reading_job { /* one reading under way */
	const struct rules *rules;
	const struct said *said;
	struct arena *arena;
	struct reading *out;
	struct unwrapped text;
	struct scope scope;
	uint64_t *found; /* for each entry of the rule base four bits: the choices whose words stand
	                    in the text */
	struct reworded
	    words; /* `text.bare` in the rules' own words; text NULL: no other than as it is */
	const struct rule *best;
	struct match match; /* places in text.whole */
};

static uint64_t *
find_words(
    const struct reading_job *job, const char *text, size_t len, const struct reworded *reworded)
{
	const struct rules *rules = job->rules;
	uint64_t *found = arena_alloc(job->arena, (rules->entry_count / 16 + 1) * sizeof *found);

	memcpy(found, rules->given, (rules->entry_count / 16 + 1) * sizeof *found);
	words_scan(rules->words, text, len, found);
	if (reworded != NULL && reworded->text != NULL)
		words_scan(rules->words, reworded->text, reworded->len, found);
	return found;
}

/* The next of the entries [from, end) all of whose choices were found: sixteen are looked at
 * together, four bits each. */
static size_t
next_found(const struct rules *rules, const uint64_t *found, size_t from, size_t end)
{
	const uint64_t lowest = UINT64_C(0x1111111111111111);

	for (size_t w = from / 16; w * 16 < end; w++) {
		uint64_t any = found[w], lacking = ~found[w] & rules->needs[w];

		if (any == 0)
			continue;
		any |= any >> 2;
		any |= any >> 1;
		lacking |= lacking >> 2;
		lacking |= lacking >> 1;
		any &= ~lacking & lowest;
		if (w == from / 16)
			any &= UINT64_MAX << (from % 16 * 4);
		if (any != 0) {
			size_t i = w * 16 + (size_t)__builtin_ctzll(any) / 4;

			return i < end ? i : end;
		}
	}
	return end;
}

/* ---- who says it */

/* The dot before the suffix and its first letter are looked at first: for most suffixes that is
 * all. */
static bool
host_within(const char *host, size_t n, const struct suffix *suffix)
{
	if (n < suffix->len)
		return false;
	host += n - suffix->len;
	return (n == suffix->len || host[-1] == '.') &&
	       (*host | 0x20) == (suffix->text[0] | 0x20) &&
	       strncasecmp(host, suffix->text, suffix->len) == 0;
}

static const struct provider *
provider_by_host(const struct rules *rules, const char *host)
{
	size_t n = strlen(host);

	if (n > 0 && host[n - 1] == '.')
		n--;
	for (size_t i = 0; i < rules->provider_count; i++)
		for (size_t k = 0; k < rules->providers[i]->mx_count; k++)
			if (host_within(host, n, &rules->providers[i]->mx[k]))
				return rules->providers[i];
	return NULL;
}

static const struct provider *
provider_by_text(const struct reading_job *job, const char *text, size_t len, const uint64_t *found)
{
	const struct rules *rules = job->rules;
	struct match match;

	for (size_t i = rules->provider_entry;
	     (i = next_found(rules, found, i, rules->unless_entry)) < rules->unless_entry; i++)
		if (pattern_match(rules->entries[i].pattern, rules->matcher, text, len, &match))
			return rules->providers[rules->entries[i].owner];
	return NULL;
}

static const struct provider *
find_provider(struct reading_job *job)
{
	const struct provider *provider = NULL;
	const char *greeting = job->said->greeting;

	if (job->said->mx != NULL)
		provider = provider_by_host(job->rules, job->said->mx);
	if (provider == NULL)
		provider = provider_by_text(job, job->text.marked, job->text.len, job->found);
	if (provider == NULL && greeting != NULL && greeting[0] != '\0') {
		uint64_t *found = find_words(job, greeting, strlen(greeting), NULL);

		provider = provider_by_text(job, mark_dots(greeting, strlen(greeting), job->arena),
		    strlen(greeting), found);
	}
	return provider;
}

/* ---- which rule */

static void
add_also(struct reading_job *job, const struct rule *rule)
{
	struct reading *out = job->out;

	if (rule->cause == job->best->cause || rule->cause == CAUSE_UNKNOWN ||
	    rule->class > CLASS_GENERIC)
		return;
	for (size_t i = 0; i < out->also_count; i++)
		if (out->also[i].cause == rule->cause)
			return;
	struct also *also = arena_push(job->arena, &out->also, out->also_count, sizeof *also);
	*also = (struct also){rule->cause, rule->id, rule->about};
	out->also_count++;
}

/* A text that rules are held against: all of `bare` or `words` from `start` on. */
struct part {
	const char *text;
	size_t len, start;
	const struct reworded *words; /* NULL: the text as it is */
};

static struct span
place(const struct part *part, struct span span)
{
	if (span.start == span.end)
		return span;
	span.start += part->start;
	span.end += part->start;
	return part->words != NULL ? (struct span){reworded_start(part->words, span.start),
	                                 reworded_end(part->words, span.end)}
	                           : span;
}

static void
take_rule(struct reading_job *job, const struct rule *rule, const struct match *match,
    const struct part *part)
{
	if (job->best != NULL) {
		add_also(job, rule);
		return;
	}
	job->best = rule;
	job->match.all = place(part, match->all);
	for (unsigned i = 0; i < GROUP_COUNT; i++)
		job->match.group[i] = place(part, match->group[i]);
}

static bool
is_excepted(const struct reading_job *job, const struct rule *rule, const char *text, size_t len)
{
	const struct rules *rules = job->rules;
	struct match ignored;

	for (size_t i = rule->unless_entry, end = i + rule->unless_count;
	     (i = next_found(rules, job->found, i, end)) < end; i++)
		if (pattern_match(rules->entries[i].pattern, rules->matcher, text, len, &ignored))
			return true;
	return false;
}

/* The first rule that matches is the best, those behind it are other readings. */
static void
read_text(struct reading_job *job, const struct part *part)
{
	const struct rules *rules = job->rules;

	for (size_t i = 0;
	     (i = next_found(rules, job->found, i, rules->brand_entry)) < rules->brand_entry; i++) {
		const struct rule *rule = rules->ranked[rules->entries[i].owner];
		struct match match = {.all = {0, 0}};

		if (job->best != NULL &&
		    (rule->class > job->best->class || rule->class > CLASS_GENERIC ||
		        job->out->also_count == ALSO_MAX))
			return;
		if ((job->best != NULL && job->best->cause == rule->cause) ||
		    !rule_in_scope(rule, &job->scope))
			continue;
		if (rules->entries[i].pattern != NULL &&
		    !pattern_match(
		        rules->entries[i].pattern, rules->matcher, part->text, part->len, &match))
			continue;
		if (!is_excepted(job, rule, part->text, part->len))
			take_rule(job, rule, &match, part);
	}
}

/* From `start` on: in the rules' own words, and unless those leave one reading, as it is; the
 * sharper of both. */
static void
read_part(struct reading_job *job, size_t start)
{
	struct part as_it_is = {job->text.bare + start, job->text.len - start, start, NULL};
	const struct rule *best;
	struct match match;
	struct also *also;
	size_t also_count;

	if (job->words.text == NULL) {
		read_text(job, &as_it_is);
		return;
	}
	size_t at = reworded_find(&job->words, start);
	struct part reworded = {job->words.text + at, job->words.len - at, at, &job->words};

	read_text(job, &reworded);
	best = job->best;
	if (best != NULL && best->class <= CLASS_SPECIFIC)
		return;
	match = job->match;
	also = job->out->also;
	also_count = job->out->also_count;
	job->best = NULL;
	job->out->also = NULL;
	job->out->also_count = 0;
	read_text(job, &as_it_is);
	if (best == NULL || (job->best != NULL && job->best->class < best->class))
		return;
	job->best = best;
	job->match = match;
	job->out->also = also;
	job->out->also_count = also_count;
}

static void
add_wordless(struct reading_job *job)
{
	const struct rules *rules = job->rules;

	for (size_t i = 0; i < rules->wordless_count; i++) {
		size_t entry = rules->wordless[i];

		if (rule_in_scope(rules->ranked[rules->entries[entry].owner], &job->scope))
			job->found[entry / 16] |= UINT64_C(15) << (entry % 16 * 4);
	}
}

/* The carried reason first, then the quoted reply whole, then all of it: the inner word is the
 * cause, unless it says nothing. */
static void
choose_rule(struct reading_job *job)
{
	size_t starts[] = {job->text.reason, job->text.inner, 0};
	const struct rule *best = NULL;
	struct match match = {.all = {0, 0}};

	for (unsigned i = 0; i < 3; i++) {
		if (i > 0 && starts[i] == starts[i - 1])
			continue;
		job->best = NULL;
		if (best != NULL)
			job->out->also_count = 0;
		read_part(job, starts[i]);
		if (i == 2 && job->text.inner > 0 && job->best != NULL &&
		    job->best->class >= CLASS_GENERIC)
			break; /* "refused to talk to me:" is who quotes, not the reason */
		if (job->best != NULL && (best == NULL || job->best->class < best->class)) {
			best = job->best;
			match = job->match;
		}
		if (best != NULL && best->class <= CLASS_GENERIC)
			break;
	}
	job->best = best;
	job->match = match;
}

/* ---- what it names */

static const char *
copy_span(const struct reading_job *job, struct span span)
{
	const char *text = job->text.whole;

	while (span.end > span.start && strchr(".,;:-", text[span.end - 1]) != NULL)
		span.end--;
	return span.end > span.start
	           ? arena_copy(job->arena, text + span.start, span.end - span.start)
	           : NULL;
}

static bool
same_name(const char *a, const char *b)
{
	return strcasecmp(a, b) == 0;
}

/* Before a zone that is asked with a key, as those of Spamhaus's DQS and of Abusix are, stands the
 * receiver's: the list is what follows. */
static const char *
without_key(const char *name)
{
	static const char *const keyed[] = {".dq.spamhaus.net", ".mail.abusix.zone"};
	size_t len = strlen(name);

	for (size_t i = 0; i < sizeof keyed / sizeof keyed[0]; i++) {
		size_t n = strlen(keyed[i]), start = len > n ? len - n : 0;

		if (start == 0 || !same_name(name + start, keyed[i]))
			continue;
		while (start > 0 && name[start - 1] != '.')
			start--;
		return name + start;
	}
	return name;
}

static void
add_list(struct reading_job *job, const char *name)
{
	struct reading *out = job->out;
	const struct lists *lists = job->rules->lists;

	name = without_key(name);
	for (size_t i = 0; i < out->list_count; i++)
		if (same_name(out->lists[i].name, name))
			return;
	if (out->list_count == LISTS_MAX)
		return;
	struct named_list *list =
	    arena_push(job->arena, &out->lists, out->list_count, sizeof *list);
	out->list_count++;
	list->name = name;
	if (lists != NULL) {
		list->list = lists_find(lists, name);
		list->dead = lists_dead(lists, name);
	}
}

/* "Microsoft {ref}" */
static const char *
fill_list(const struct reading_job *job, const char *name)
{
	const char *mark = strstr(name, "{ref}"),
	           *ref = copy_span(job, job->match.group[GROUP_REF]);

	if (mark == NULL)
		return name;
	if (ref == NULL)
		return mark > name
		           ? arena_copy(job->arena, name, (size_t)(mark - name) - (mark[-1] == ' '))
		           : NULL;
	return arena_printf(job->arena, "%.*s%s%s", (int)(mark - name), name, ref, mark + 5);
}

/* Lists by their names anywhere in the text. A product's bare name adds nothing where one of its
 * family is named already. */
static void
add_brands(struct reading_job *job)
{
	const struct rules *rules = job->rules;
	const char *families[LISTS_MAX];
	size_t family_count = 0;

	for (size_t i = rules->brand_entry;
	     (i = next_found(rules, job->found, i, rules->provider_entry)) < rules->provider_entry;
	     i++) {
		const struct brand *brand = rules->brands[rules->entries[i].owner];
		struct match match;
		bool known = false;

		if (!pattern_match(rules->entries[i].pattern, rules->matcher, job->text.marked,
		        job->text.len, &match))
			continue;
		for (size_t k = 0; k < family_count && !known; k++)
			known = same_name(families[k], brand->family);
		for (size_t k = 0; k < job->out->list_count && !known; k++)
			known = strcasestr(job->out->lists[k].name, brand->family) != NULL;
		if (known)
			continue;
		if (family_count < LISTS_MAX)
			families[family_count++] = brand->family;
		if (job->out->what == LISTED_NOTHING)
			job->out->what = brand->what;
		add_list(job, match.group[GROUP_LIST].end > 0
		                  ? copy_span(job, match.group[GROUP_LIST])
		                  : brand->name);
	}
}

static bool
may_name_lists(enum cause cause)
{
	return cause == CAUSE_IP_BLOCKLIST || cause == CAUSE_SENDER_BLOCKED ||
	       cause == CAUSE_HELO || cause == CAUSE_CONTENT_URL ||
	       cause == CAUSE_RECEIVER_MISCONFIGURED;
}

static void
name_lists(struct reading_job *job)
{
	const struct rule *rule = job->best;
	struct reading *out = job->out;
	const char *name = copy_span(job, job->match.group[GROUP_LIST]);

	out->what = rule->what;
	out->listed = copy_span(job, job->match.group[GROUP_ITEM]);
	if (name != NULL)
		add_list(job, name);
	name = rule->list != NULL ? fill_list(job, rule->list) : NULL;
	if (name != NULL && out->list_count == 0)
		add_list(job, name);
	if (may_name_lists(rule->cause))
		add_brands(job);
	if (out->list_count > 0)
		out->list = out->lists[0].name;
	if (out->what == LISTED_NOTHING && rule->cause == CAUSE_IP_BLOCKLIST)
		out->what = LISTED_IP;
}

static void
identify(struct reading_job *job)
{
	struct reading *out = job->out;
	char text[IP_TEXT];

	if (out->what == LISTED_IP && out->listed == NULL && out->client.family != 0)
		out->listed = arena_string(job->arena, ip_text(&out->client, text));
	if (out->what == LISTED_SENDER && out->listed == NULL)
		out->listed = extract_mailbox(job->text.whole, job->text.len, job->arena);
}

/* ---- what to do */

static void
advise(struct reading_job *job)
{
	struct reading *out = job->out;
	const struct rule *rule = job->best;

	if (rule == NULL)
		return;
	out->advice = rule->advice;
	out->who = rule->who;
	if (out->url == NULL)
		out->url = rule->url;
}

/* ---- all of it */

static void
set_codes(struct reading_job *job)
{
	struct reading *out = job->out;
	const struct said *said = job->said;
	const struct unwrapped *text = &job->text;
	const char *enhanced =
	    said->enhanced != NULL && said->enhanced[0] != '\0' ? said->enhanced : text->enhanced;

	out->code = said->code != 0 ? said->code : text->code;
	out->enhanced = arena_string(job->arena, enhanced);
	out->enhanced_note = text->note;
	if (enhanced != text->enhanced)
		out->enhanced_note = out->code != 0 && enhanced[0] - '0' != out->code / 100
		                         ? "its class contradicts the code"
		                         : NULL;
	job->scope.code = text->inner_code != 0 ? text->inner_code : out->code;
	enhanced_parse(text->inner_enhanced[0] != '\0' ? text->inner_enhanced : enhanced,
	    &job->scope.enhanced);
	job->scope.stage = said->stage != STAGE_NONE ? said->stage : text->stage;
	job->scope.carrier = text->carrier;
}

void
rules_read(
    const struct rules *rules, const struct said *said, struct arena *arena, struct reading *out)
{
	struct reading_job job = {.rules = rules, .said = said, .arena = arena, .out = out};

	*out = (struct reading){.cause = CAUSE_UNKNOWN};
	unwrap(said->text, said->len, arena, &job.text);
	set_codes(&job);
	if (rules->synonyms == NULL ||
	    !synonyms_reword(rules->synonyms, job.text.bare, job.text.len, arena, &job.words))
		job.words.text = NULL;
	job.found = find_words(&job, job.text.whole, job.text.len, &job.words);
	job.scope.provider = find_provider(&job);
	if (job.scope.provider != NULL)
		out->provider = job.scope.provider->name;
	add_wordless(&job);
	choose_rule(&job);

	out->client = extract_ip(job.text.whole, job.text.len, &said->client);
	out->url = extract_url(job.text.whole, job.text.len, arena);
	out->contact = extract_contact(job.text.whole, job.text.len, arena);
	if (job.best != NULL) {
		out->cause = job.best->cause;
		out->rule = job.best->id;
		out->about = job.best->about;
		out->matched = copy_span(&job, job.match.all);
		out->reference = copy_span(&job, job.match.group[GROUP_REF]);
		if (out->provider == NULL)
			out->provider = job.best->provider;
		name_lists(&job);
		identify(&job);
	}
	if (out->reference == NULL)
		out->reference = extract_reference(job.text.whole, job.text.len, arena);
	advise(&job);
}
