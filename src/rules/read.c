/* One reply, read by the rules: the words choose the candidates, the order of belief chooses among
 * them, and the rest is taken from the text. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "evidence/blocklist.h"
#include "rules/choose.h"
#include "rules/extract.h"
#include "rules/rulebase.h"

enum { LISTS_MAX = 6 };

struct view { /* of a reply */
	const char *text;
	size_t len;
	struct reworded words; /* the same in the rules' own words; text NULL: no other */
};

struct reading_job { /* one reading under way */
	const struct rules *rules;
	const struct said *said;
	struct arena *arena;
	struct reading *out;
	struct unwrapped text;
	struct scope scope;
	struct found_words found; /* for each entry of the rule base four bits: the choices whose
	                             words stand in the text */
	struct clauses *clauses;
	struct view all;
	struct candidate *candidates; /* CANDIDATES_MAX of them */
	size_t candidate_count;
	struct choice choice;
	const struct rule *best;
	struct match match; /* places in text.whole */
	const struct rule *rival, *also[ALSO_MAX];
	size_t also_count;
};

static struct found_words
find_words(
    const struct reading_job *job, const char *text, size_t len, const struct reworded *reworded)
{
	const struct rules *rules = job->rules;
	size_t bits = (rules->entry_count / 16 + 1) * sizeof *rules->given;
	struct found_words found = {arena_alloc(job->arena, bits),
	    arena_alloc(job->arena, words_seen(&rules->words) * sizeof *rules->given)};

	memcpy(found.bits, rules->given, bits);
	words_scan(&rules->words, text, len, &found);
	if (reworded != NULL && reworded->text != NULL)
		words_scan(&rules->words, reworded->text, reworded->len, &found);
	return found;
}

/* The next of the entries [from, end) all of whose choices were found: sixteen are looked at
 * together, four bits each. */
static size_t
next_found(const struct rules *rules, const struct found_words *found, size_t from, size_t end)
{
	const uint64_t lowest = UINT64_C(0x1111111111111111);

	for (size_t w = from / 16; w * 16 < end; w++) {
		uint64_t any = found->bits[w], lacking = ~any & rules->needs[w];

		if (any == 0) /* mostly */
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

static void
make_words(struct reading_job *job, struct view *view)
{
	if (!synonyms_reword(
	        &job->rules->synonyms, view->text, view->len, job->arena, &view->words))
		view->words.text = NULL;
}

/* The same is put out of sight in the rules' own words as in the text. */
static void
hide_words(struct reading_job *job, struct view *view)
{
	const struct reworded *words = &job->all.words;
	char *text;

	if (words->text == NULL)
		return;
	text = arena_copy(job->arena, words->text, words->len);
	for (size_t i = 0; i < words->len; i++) {
		size_t at = words->from[i];

		if (view->text[at] != job->all.text[at])
			text[i] = view->text[at];
	}
	view->words = (struct reworded){text, words->len, words->from};
}

/* ---- who says it */

uint32_t
rules_provider(const struct rules *rules, const char *host)
{
	size_t n = strlen(host), first = rules->provider_count, hash = 0;

	if (n > 0 && host[n - 1] == '.')
		n--;
	for (size_t i = n; i-- > 0;) {
		uint32_t at;

		hash = suffix_hash(hash, host[i]);
		if (i > 0 && host[i - 1] != '.')
			continue;
		for (at = rules->suffix_buckets[hash % SUFFIX_BUCKETS]; at > 0;
		     at = rules->suffixes[at - 1].next) {
			const struct suffix *suffix = &rules->suffixes[at - 1];

			if (suffix->provider < first && suffix->len == n - i &&
			    strncasecmp(host + i, rules_text(rules, suffix->text), suffix->len) ==
			        0)
				first = suffix->provider;
		}
	}
	return first < rules->provider_count ? (uint32_t)first + 1 : 0;
}

static uint32_t
provider_by_text(
    const struct reading_job *job, const char *text, size_t len, const struct found_words *found)
{
	const struct rules *rules = job->rules;
	struct match match;

	for (size_t i = rules->provider_entry;
	     (i = next_found(rules, found, i, rules->unless_entry)) < rules->unless_entry; i++)
		if (rules_match(rules, rules->entries[i].pattern, text, len, &match))
			return rules->entries[i].owner + 1;
	return 0;
}

static uint32_t
find_provider(struct reading_job *job)
{
	uint32_t provider = 0;
	const char *greeting = job->said->greeting;

	if (job->said->mx != NULL)
		provider = rules_provider(job->rules, job->said->mx);
	if (provider == 0)
		provider = provider_by_text(job, job->text.marked, job->text.len, &job->found);
	if (provider == 0 && greeting != NULL && greeting[0] != '\0') {
		struct found_words found = find_words(job, greeting, strlen(greeting), NULL);

		provider = provider_by_text(job, mark_dots(greeting, strlen(greeting), job->arena),
		    strlen(greeting), &found);
	}
	return provider;
}

/* ---- which rule */

/* A text that rules are held against: the reply, or what is left of it when its asides are put out
 * of sight, as it is or in the rules' own words; all of it from `start` on. */
struct part {
	const char *text;
	size_t len, start;
	const struct reworded *words; /* NULL: the text as it is */
};

static struct text_span
place(const struct part *part, struct text_span span)
{
	if (span.start == span.end)
		return span;
	span.start += part->start;
	span.end += part->start;
	return part->words != NULL ? (struct text_span){reworded_start(part->words, span.start),
	                                 reworded_end(part->words, span.end)}
	                           : span;
}

/* Where in the part something of the reply stands. */
static size_t
find_place(const struct part *part, size_t at)
{
	if (part->words != NULL)
		at = reworded_find(part->words, at);
	if (at < part->start)
		return 0;
	return at - part->start < part->len ? at - part->start : part->len;
}

/* A rule's exceptions look at the clauses that its match is in, and no further. */
static bool
is_excepted(const struct reading_job *job, const struct ranked_rule *ranked,
    const struct part *part, const struct match *match)
{
	const struct rules *rules = job->rules;
	const struct clause *list = job->clauses->list;
	struct match ignored;
	size_t start = 0, end = part->len, i = ranked->unless_entry,
	       last = i + rules->rules[ranked->rule].unless.count;

	i = next_found(rules, &job->found, i, last);
	if (i == last)
		return false;
	if (match->all.end > match->all.start && job->clauses->count > 0) {
		start = find_place(part, list[clauses_at(job->clauses, match->all.start)].start);
		end = find_place(part, list[clauses_at(job->clauses, match->all.end - 1)].end);
	}
	for (; i < last; i = next_found(rules, &job->found, i + 1, last))
		if (rules_match(rules, rules->entries[i].pattern, part->text + start, end - start,
		        &ignored))
			return true;
	return false;
}

static bool
is_candidate(const struct reading_job *job, const struct rule *rule)
{
	for (size_t i = 0; i < job->candidate_count; i++)
		if (job->candidates[i].rule == rule)
			return true;
	return false;
}

static void
try_entry(struct reading_job *job, const struct rule_entry *entry, const struct part *part)
{
	const struct rules *rules = job->rules;
	const struct ranked_rule *ranked = &rules->ranked[entry->owner];
	const struct rule *rule = &rules->rules[ranked->rule];
	struct match match = {.all = {0, 0}};
	struct candidate *candidate;

	if (job->candidate_count == CANDIDATES_MAX || !rule_in_scope(rule, &job->scope) ||
	    is_candidate(job, rule))
		return;
	if (entry->pattern != NO_PATTERN &&
	    !rules_match(rules, entry->pattern, part->text, part->len, &match))
		return;
	match.all = place(part, match.all);
	if (is_excepted(job, ranked, part, &match))
		return;
	for (unsigned i = 0; i < GROUP_COUNT; i++)
		match.group[i] = place(part, match.group[i]);
	candidate = &job->candidates[job->candidate_count++];
	*candidate = (struct candidate){
	    rule, match, clauses_at(job->clauses, match.all.start), ranked->yields_beyond};
}

static void
try_class(struct reading_job *job, enum rule_class class, const struct part *part)
{
	const struct rules *rules = job->rules;

	for (size_t i = rules->class_entry[class], end = rules->class_entry[class + 1];
	     (i = next_found(rules, &job->found, i, end)) < end; i++)
		try_entry(job, &rules->entries[i], part);
}

static bool
all_yield_beyond(const struct reading_job *job)
{
	for (size_t i = 0; i < job->candidate_count; i++)
		if (!job->candidates[i].yields_beyond)
			return false;
	return true;
}

static struct part
part_of(const struct view *view, size_t start, bool reworded)
{
	size_t at;

	if (!reworded)
		return (struct part){view->text + start, view->len - start, start, NULL};
	at = reworded_find(&view->words, start);
	return (struct part){view->words.text + at, view->words.len - at, at, &view->words};
}

/* Class by class, until one speaks. Tags, lists and their links are looked for in all of the reply,
 * words in what is left of it in `view`. */
static void
read_part(struct reading_job *job, size_t start, const struct view *view)
{
	job->candidate_count = 0;
	for (unsigned class = 0; class < CLASS_COUNT; class ++) {
		const struct view *text =
		    class <= CLASS_LIST || class == CLASS_TABLE ? &job->all : view;
		struct part as_it_is = part_of(text, start, false);
		size_t before = job->candidate_count;

		if (job->candidate_count > 0 && (class > CLASS_SPECIFIC || !all_yield_beyond(job)))
			break;
		if (text->words.text != NULL) {
			struct part reworded = part_of(text, start, true);

			try_class(job, class, &reworded);
		}
		if (job->candidate_count == before)
			try_class(job, class, &as_it_is);
	}
	choose(job->rules, job->candidates, job->candidate_count, &job->choice);
}

static void
take_choice(struct reading_job *job)
{
	const struct candidate *best = job->choice.best;

	if (best == NULL || (job->best != NULL && best->rule->class >= job->best->class))
		return;
	job->best = best->rule;
	job->match = best->match;
	job->rival = job->choice.rival;
	memcpy(job->also, job->choice.also, sizeof job->also);
	job->also_count = job->choice.also_count;
}

static void
set_found(const struct found_words *found, size_t entry)
{
	found->bits[entry / 16] |= UINT64_C(15) << (entry % 16 * 4);
}

static void
add_wordless(struct reading_job *job)
{
	const struct rules *rules = job->rules;

	for (size_t i = 0; i < rules->wordless_count; i++) {
		size_t entry = rules->wordless[i];
		uint32_t rule = rules->ranked[rules->entries[entry].owner].rule;

		if (rule_in_scope(&rules->rules[rule], &job->scope))
			set_found(&job->found, entry);
	}
}

/* The carried reason first, then the quoted reply whole, then all of it: the inner word is the
 * cause, unless it says nothing. */
static void
read_view(struct reading_job *job, const struct view *view)
{
	size_t starts[] = {job->text.reason, job->text.inner, 0};

	for (unsigned i = 0; i < 3; i++) {
		if (i > 0 && starts[i] == starts[i - 1])
			continue;
		read_part(job, starts[i], view);
		if (i == 2 && job->text.inner > 0 && job->choice.best != NULL &&
		    job->choice.best->rule->class >= CLASS_GENERIC)
			break; /* "refused to talk to me:" is who quotes, not the reason */
		take_choice(job);
		if (job->best != NULL && job->best->class <= CLASS_GENERIC)
			break;
	}
}

static void
keep_others(struct reading_job *job)
{
	struct reading *out = job->out;

	for (size_t i = 0; i < job->also_count; i++) {
		struct also *also =
		    arena_push(job->arena, &out->also, out->also_count, sizeof *also);

		*also = (struct also){job->also[i]->cause, rules_text(job->rules, job->also[i]->id),
		    job->also[i]->about};
		out->also_count++;
	}
}

/* What the reply says happened is asked first; what it advises, only when that says nothing; and
 * where its links lead, last. What a host is called says nothing at all. */
static void
choose_rule(struct reading_job *job)
{
	static const unsigned hide[] = {
	    HIDE_NAMES | HIDE_LINKS | HIDE_ASIDES, HIDE_NAMES | HIDE_LINKS, HIDE_NAMES};

	for (size_t i = 0; i < sizeof hide / sizeof *hide; i++) {
		struct view view = {.len = job->text.len};

		if (i > 0 && job->best != NULL && job->best->class < CLASS_FALLBACK)
			break;
		if (i > 0 &&
		    !clauses_say_nothing(&job->rules->openings, job->clauses, job->text.bare))
			break;
		view.text =
		    clauses_hide(job->clauses, job->text.bare, job->text.len, hide[i], job->arena);
		if (view.text == NULL) {
			read_view(job, &job->all);
			break;
		}
		hide_words(job, &view);
		if (i == 0 && memchr(job->text.bare, '_', job->text.len) != NULL)
			words_scan(&job->rules->words, view.text, view.len, &job->found);
		read_view(job, &view);
	}
	keep_others(job);
}

/* ---- what it names */

static const char *
copy_span(const struct reading_job *job, struct text_span span)
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

static void
add_list(struct reading_job *job, const char *name)
{
	struct reading *out = job->out;
	const struct lists *lists = job->rules->lists;

	if (lists != NULL)
		name = lists_without_key(lists, name);
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
	     (i = next_found(rules, &job->found, i, rules->provider_entry)) < rules->provider_entry;
	     i++) {
		const struct brand *brand = &rules->brands[rules->entries[i].owner];
		const char *family = rules_text(rules, brand->family);
		struct match match;
		bool known = false;

		if (!rules_match(
		        rules, rules->entries[i].pattern, job->text.marked, job->text.len, &match))
			continue;
		for (size_t k = 0; k < family_count && !known; k++)
			known = same_name(families[k], family);
		for (size_t k = 0; k < job->out->list_count && !known; k++)
			known = strcasestr(job->out->lists[k].name, family) != NULL;
		if (known)
			continue;
		if (family_count < LISTS_MAX)
			families[family_count++] = family;
		if (job->out->what == LISTED_NOTHING)
			job->out->what = brand->what;
		add_list(job, match.group[GROUP_LIST].end > 0
		                  ? copy_span(job, match.group[GROUP_LIST])
		                  : rules_text(rules, brand->name));
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
	name = rule->list != 0 ? fill_list(job, rules_text(job->rules, rule->list)) : NULL;
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
	out->advice = rules_text(job->rules, rule->advice);
	out->who = rule->who;
	if (out->url == NULL)
		out->url = rules_text(job->rules, rule->url);
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

/* A mailbox that the reply refuses is nobody to write to, even if it is called postmaster. */
static bool
is_about_mailbox(const struct reading_job *job)
{
	enum cause cause = job->out->cause;

	return job->text.carrier == CARRIER_RECIPIENT || job->text.carrier == CARRIER_SENDER ||
	       cause == CAUSE_RECIPIENT_UNKNOWN || cause == CAUSE_RECIPIENT_DISABLED ||
	       cause == CAUSE_MAILBOX_FULL;
}

void
rules_read(
    const struct rules *rules, const struct said *said, struct arena *arena, struct reading *out)
{
	struct candidate candidates[CANDIDATES_MAX];
	struct clauses clauses;
	struct reading_job job = {.rules = rules,
	    .said = said,
	    .arena = arena,
	    .out = out,
	    .clauses = &clauses,
	    .candidates = candidates};

	*out = (struct reading){.cause = CAUSE_UNKNOWN};
	unwrap(said->text, said->len, arena, &job.text);
	set_codes(&job);
	job.all = (struct view){.text = job.text.bare, .len = job.text.len};
	make_words(&job, &job.all);
	clauses_cut(&rules->openings, job.text.bare, job.text.len, &clauses);
	job.found = find_words(&job, job.text.whole, job.text.len, &job.all.words);
	job.scope.provider = find_provider(&job);
	if (job.scope.provider != 0)
		out->provider = rules_text(rules, rules->providers[job.scope.provider - 1].name);
	add_wordless(&job);
	choose_rule(&job);

	out->client = extract_ip(rules->signs, job.text.whole, job.text.len, &said->client);
	out->url = extract_url(job.text.whole, job.text.len, arena);
	if (job.best != NULL) {
		out->cause = job.best->cause;
		out->rule = rules_text(rules, job.best->id);
		out->about = job.best->about;
		out->rival = job.rival != NULL ? rules_text(rules, job.rival->id) : NULL;
		out->matched = copy_span(&job, job.match.all);
		out->reference = copy_span(&job, job.match.group[GROUP_REF]);
		if (out->provider == NULL)
			out->provider = rules_text(rules, job.best->provider);
		name_lists(&job);
		identify(&job);
	}
	out->contact = extract_contact(
	    rules->signs, job.text.whole, job.text.len, is_about_mailbox(&job), arena);
	if (out->reference == NULL)
		out->reference =
		    extract_reference(rules->signs, job.text.whole, job.text.len, arena);
	advise(&job);
}
