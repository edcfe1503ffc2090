#include "report/change.h"

#include <string.h>

#include "base/arena.h"
#include "base/veil.h"
#include "report/ledger.h"
#include "report/read.h"
#include "report/report_senders.h"

enum { TEXT_KEPT = 300 }; /* octets of a reply */

struct compared {
	const char *target, *source;
	struct change_state old, new;
};

struct changes {
	bool later; /* which run is read */
	bool by_source;
	struct arena *arena, *line;
	struct ledger *places; /* of a key: its item's index, and one */
	struct compared *items;
	size_t count;
	struct names *lists;
	struct report others[2]; /* senders, checks */
	struct report_plan plan;
};

const char *
change_name(enum change_kind kind)
{
	static const char *const names[CHANGE_COUNT] = {[CHANGE_REFUSED] = "newly-refused",
	    [CHANGE_DEFERRED] = "newly-deferred",
	    [CHANGE_FAILED] = "newly-failed",
	    [CHANGE_LISTED] = "newly-found",
	    [CHANGE_CAUSE] = "cause",
	    [CHANGE_LIST] = "list",
	    [CHANGE_TEXT] = "text",
	    [CHANGE_TLS] = "tls",
	    [CHANGE_BETTER] = "better",
	    [CHANGE_CLEARED] = "cleared",
	    [CHANGE_NEW] = "new",
	    [CHANGE_GONE] = "gone",
	    [CHANGE_NOT_TOLD] = "not-told"};

	return names[kind];
}

const char *
change_words(enum change_kind kind)
{
	static const char *const words[CHANGE_COUNT] = {[CHANGE_REFUSED] = "newly refused",
	    [CHANGE_DEFERRED] = "newly deferred",
	    [CHANGE_FAILED] = "newly failing",
	    [CHANGE_LISTED] = "newly held against the sender",
	    [CHANGE_CAUSE] = "refused for another cause",
	    [CHANGE_LIST] = "refused by another list",
	    [CHANGE_TEXT] = "refused in other words",
	    [CHANGE_TLS] = "other TLS",
	    [CHANGE_BETTER] = "better, not yet good",
	    [CHANGE_CLEARED] = "cleared",
	    [CHANGE_NEW] = "not there before",
	    [CHANGE_GONE] = "not there any more",
	    [CHANGE_NOT_TOLD] = "could not be told this time"};

	return words[kind];
}

const char *
subject_name(enum change_subject subject)
{
	static const char *const names[SUBJECT_COUNT] = {[SUBJECT_TARGET] = "target",
	    [SUBJECT_SENDER] = "sender",
	    [SUBJECT_LISTING] = "listing",
	    [SUBJECT_FINDING] = "finding",
	    [SUBJECT_CHECK] = "check"};

	return names[subject];
}

struct changes *
changes_new(struct veil *veil, uint64_t secret)
{
	struct changes *changes = must_alloc(sizeof *changes);

	changes->arena = arena_new();
	changes->line = arena_new();
	changes->places = ledger_new();
	changes->plan.veil = veil;
	changes->plan.secret = secret;
	for (size_t i = 0; i < 2; i++)
		report_init(&changes->others[i], &report_text, &changes->plan);
	return changes;
}

void
changes_free(struct changes *changes)
{
	if (changes == NULL)
		return;
	for (size_t i = 0; i < 2; i++)
		report_release(&changes->others[i]);
	ledger_free(changes->places);
	arena_free(changes->arena);
	arena_free(changes->line);
	free(changes->items);
	free(changes);
}

void
changes_of_new(struct changes *changes)
{
	changes->later = true;
	changes->by_source = false;
}

/* ---- what is read */

static const char *
copy(struct changes *changes, struct slice text, size_t max)
{
	if (text.len == 0)
		return NULL;
	return slice_copy((struct slice){text.at, text.len > max ? max : text.len}, changes->arena);
}

/* Nothing was found out about the target: our own look-up failed, this host could not, it was not
 * tried. */
static bool
is_untold(enum walk_status status)
{
	return status == WALK_DNS_ERROR || status == WALK_LOCAL || status == WALK_SKIPPED;
}

static struct compared *
find_item(struct changes *changes, const struct result_row *row)
{
	bool fresh;
	uint64_t *place = ledger_note(changes->places, row_key(row, changes->by_source), &fresh);
	struct compared *item;

	if (!fresh)
		return &changes->items[*place - 1];
	if ((changes->count & (changes->count - 1)) == 0)
		changes->items =
		    must_realloc(changes->items, (changes->count * 2 + 1) * sizeof *changes->items);
	item = &changes->items[changes->count++];
	*place = changes->count;
	*item = (struct compared){.target = copy(changes, row->target, SIZE_MAX),
	    .source = changes->by_source ? copy(changes, row->source, SIZE_MAX) : NULL};
	return item;
}

static void
take_row(struct changes *changes, const struct record *record)
{
	struct result_row row;
	struct compared *item;
	struct change_state *state;

	arena_reset(changes->line);
	if (record->type != RECORD_RESULT || !row_read(&row, record, ROW_WHOLE, changes->line) ||
	    row.target.len == 0)
		return;
	if (changes->plan.veil != NULL)
		veil_add_text(changes->plan.veil, row.source);
	item = find_item(changes, &row);
	state = changes->later ? &item->new : &item->old;
	if (state->known && is_untold(row.status) && !is_untold(state->status))
		return;
	*state = (struct change_state){.known = true,
	    .status = row.status,
	    .stage = row.status == WALK_ACCEPTED ? row.asked : row.stage,
	    .code = (int)row.code,
	    .diagnosed = row.diagnosed,
	    .cause = row.cause,
	    .tls = row.tls_class,
	    .list = copy(changes, row.list, TEXT_KEPT)};
	if (row.status != WALK_ACCEPTED)
		state->text = copy(changes, row.text.at != NULL ? row.text : row.note, TEXT_KEPT);
}

void
changes_take(const struct record *record, void *arg)
{
	struct changes *changes = arg;
	struct report *others = &changes->others[changes->later];

	if (record->type == RECORD_RESULT)
		take_row(changes, record);
	else if (record->type != RECORD_EXPLANATION)
		report_take(record, others);
	if (record->type == RECORD_RUN)
		changes->by_source = others->by_source;
}

/* ---- targets compared */

static enum change_kind
trouble_kind(enum walk_status status)
{
	return status == WALK_REFUSED    ? CHANGE_REFUSED
	       : status == WALK_DEFERRED ? CHANGE_DEFERRED
	                                 : CHANGE_FAILED;
}

/* The next word that has no digit; empty at the end. */
static struct slice
next_word(struct slice *rest)
{
	struct slice word;

	while (slice_word(rest, " \t\r\n", &word)) {
		size_t i = 0;

		while (i < word.len && !is_digit(word.at[i]))
			i++;
		if (i == word.len)
			return word;
	}
	return (struct slice){NULL, 0};
}

static bool
same_text(const char *a, const char *b)
{
	struct slice x = slice_of(a), y = slice_of(b);

	for (;;) {
		struct slice one = next_word(&x), other = next_word(&y);

		if (one.len != other.len || (one.len > 0 && memcmp(one.at, other.at, one.len) != 0))
			return false;
		if (one.len == 0)
			return true;
	}
}

static bool
same_name(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* The same status: is anything else another? False: nothing. */
static bool
compare_details(const struct change_state *old, const struct change_state *new,
    enum change_kind *kind, bool *worse)
{
	*worse = false;
	if (old->diagnosed != new->diagnosed || old->cause != new->cause)
		*kind = CHANGE_CAUSE;
	else if (!same_name(old->list, new->list))
		*kind = CHANGE_LIST;
	else if (!same_text(old->text, new->text))
		*kind = CHANGE_TEXT;
	else if (old->tls != new->tls &&
	         old->tls != TALLY_TLS_UNKNOWN &&new->tls != TALLY_TLS_UNKNOWN)
		*kind = CHANGE_TLS;
	else
		return false;
	*worse = *kind == CHANGE_TLS && tally_tls_rank(new->tls) < tally_tls_rank(old->tls);
	return true;
}

/* It was refused at a stage to which the later walk did not go. */
static bool
was_not_asked(const struct change_state *old, const struct change_state *new)
{
	return new->status == WALK_ACCEPTED &&
	       (old->status == WALK_REFUSED || old->status == WALK_DEFERRED) &&
	       new->stage < old->stage;
}

/* Of two troubles, "later" alone is better than what was: that a server cannot be reached any more
 * does not mean that it would not refuse. */
static bool
is_better(enum walk_status old, enum walk_status new)
{
	return new == WALK_DEFERRED &&old != WALK_ACCEPTED && !is_untold(old);
}

/* False: nothing changed. */
static bool
compare(const struct change_state *old, const struct change_state *new, enum change_kind *kind,
    bool *worse)
{
	*worse = false;
	if (!new->known) {
		*kind = CHANGE_GONE;
	} else if (!old->known) {
		*kind = CHANGE_NEW;
	} else if (is_untold(new->status)) {
		*kind = CHANGE_NOT_TOLD;
		return !is_untold(old->status);
	} else if (was_not_asked(old, new)) {
		*kind = CHANGE_NOT_TOLD;
	} else if (old->status == new->status) {
		return compare_details(old, new, kind, worse);
	} else if (new->status == WALK_ACCEPTED) {
		*kind = CHANGE_CLEARED;
	} else if (is_better(old->status, new->status)) {
		*kind = CHANGE_BETTER;
	} else {
		*kind = trouble_kind(new->status);
		*worse = true;
	}
	return true;
}

/* ---- senders and checks compared */

struct telling {
	change_told *told;
	void *arg;
	enum change_kind kind; /* that is told now */
	struct change_count count;
};

static void
tell(struct telling *telling, const struct change *change)
{
	if (telling->told != NULL) {
		if (change->kind == telling->kind)
			telling->told(change, telling->arg);
		return;
	}
	telling->count.of[change->kind]++;
	telling->count.worse += change->worse;
}

static unsigned
count_senders(const struct report *report, const char *ip)
{
	unsigned count = 0;

	for (size_t i = 0; i < report->sender_count; i++)
		count += strcmp(report->senders[i].ip, ip) == 0;
	return count;
}

/* `wanted`, which stands in `its`, in the other run: the same address, name and reverse-path; or,
 * where both runs judged the address but once, whatever it was judged as. */
static const struct report_sender *
same_sender(
    const struct report *report, const struct report *its, const struct report_sender *wanted)
{
	bool once = count_senders(report, wanted->ip) == 1 && count_senders(its, wanted->ip) == 1;

	for (size_t i = 0; i < report->sender_count; i++) {
		const struct report_sender *sender = &report->senders[i];

		if (strcmp(sender->ip, wanted->ip) == 0 &&
		    (once || (strcmp(sender->helo, wanted->helo) == 0 &&
		                 strcmp(sender->from, wanted->from) == 0)))
			return sender;
	}
	return NULL;
}

static const struct report_listing *
same_listing(const struct report_sender *sender, const struct report_listing *wanted)
{
	for (size_t i = 0; i < sender->listing_count; i++)
		if (strcmp(sender->listings[i].list, wanted->list) == 0 &&
		    strcmp(sender->listings[i].item, wanted->item) == 0)
			return &sender->listings[i];
	return NULL;
}

static bool
is_listed(const struct report_listing *listing)
{
	return listing != NULL && strcmp(listing->state, "listed") == 0;
}

static bool
is_told(const struct report_listing *listing)
{
	return is_listed(listing) || strcmp(listing->state, "clean") == 0;
}

static void
tell_same(struct telling *telling, enum change_subject subject)
{
	telling->count.same[subject]++;
}

static void
compare_listing(
    struct telling *telling, const struct report_listing *old, const struct report_listing *new)
{
	bool was = is_listed(old), is = is_listed(new), good = is != new->black;
	char name[600];
	struct change change = {.subject = SUBJECT_LISTING,
	    .name = name,
	    .was = old != NULL ? old->state : NULL,
	    .is = new->state};

	snprintf(name, sizeof name, "%.250s on %.250s", new->item, new->list);
	if (old == NULL) /* it was not asked then */
		change.kind = CHANGE_NEW;
	else if (is_told(old) && !is_told(new))
		change.kind = CHANGE_NOT_TOLD;
	else
		change.kind = good ? CHANGE_CLEARED : CHANGE_LISTED;
	if (was == is && change.kind != CHANGE_NOT_TOLD) {
		if (old != NULL)
			tell_same(telling, SUBJECT_LISTING);
		return;
	}
	change.worse = change.kind == CHANGE_LISTED;
	tell(telling, &change);
}

static bool
is_bad(const struct report_finding *finding)
{
	return strcmp(finding->severity, "refuses") == 0 || strcmp(finding->severity, "warns") == 0;
}

/* One id may be found of several names, each with a state of its own: it is bad when one of them
 * is. */
static bool
has_bad(const struct report_sender *sender, const char *id)
{
	for (size_t i = 0; i < sender->finding_count; i++)
		if (strcmp(sender->findings[i].id, id) == 0 && is_bad(&sender->findings[i]))
			return true;
	return false;
}

/* Is there anything about the topic that could not be found out? */
static bool
is_open(const struct report_sender *sender, const char *topic)
{
	for (size_t i = 0; i < sender->finding_count; i++)
		if (strcmp(sender->findings[i].topic, topic) == 0 &&
		    strcmp(sender->findings[i].severity, "unknown") == 0)
			return true;
	return !sender->complete;
}

static void
compare_findings(struct telling *telling, const struct report_sender *old,
    const struct report_sender *new, bool backwards)
{
	const struct report_sender *from = backwards ? old : new, *other = backwards ? new : old;

	for (size_t i = 0; i < from->finding_count; i++) {
		const struct report_finding *finding = &from->findings[i];
		struct change change = {
		    .subject = SUBJECT_FINDING, .name = finding->id, .source = from->ip};

		/* Those of lists are told by list. */
		if (!is_bad(finding) || strcmp(finding->topic, "blocklist") == 0)
			continue;
		if (has_bad(other, finding->id)) {
			if (!backwards)
				tell_same(telling, SUBJECT_FINDING);
			continue;
		}
		change.was = backwards ? finding->what : NULL;
		change.is = backwards ? NULL : finding->what;
		change.worse = !backwards;
		change.kind = !backwards                       ? CHANGE_LISTED
		              : is_open(other, finding->topic) ? CHANGE_NOT_TOLD
		                                               : CHANGE_CLEARED;
		tell(telling, &change);
	}
}

static void
compare_sender(
    struct telling *telling, const struct report_sender *old, const struct report_sender *new)
{
	for (size_t i = 0; i < new->listing_count; i++)
		compare_listing(telling, same_listing(old, &new->listings[i]), &new->listings[i]);
	if (old->finding_count > 0 && new->finding_count > 0) {
		compare_findings(telling, old, new, false);
		compare_findings(telling, old, new, true);
	}
}

/* One that only one of the runs judged: what holds against it, in a few words. */
static void
tell_sender(struct telling *telling, const struct report_sender *sender, enum change_kind kind)
{
	size_t refuses = 0, listed = 0;
	char words[100];
	struct change change = {.kind = kind, .subject = SUBJECT_SENDER, .name = sender->ip};

	for (size_t i = 0; i < sender->finding_count; i++)
		refuses += strcmp(sender->findings[i].severity, "refuses") == 0;
	for (size_t i = 0; i < sender->listing_count; i++)
		listed += sender->listings[i].black && is_listed(&sender->listings[i]);
	snprintf(words, sizeof words, "listed %zu time%s, %zu finding%s for which it is refused",
	    listed, listed == 1 ? "" : "s", refuses, refuses == 1 ? "" : "s");
	change.was = kind == CHANGE_GONE ? words : NULL;
	change.is = kind == CHANGE_NEW ? words : NULL;
	tell(telling, &change);
}

/* A run without any says nothing of senders: it was of another kind. */
static void
compare_senders(struct telling *telling, const struct changes *changes)
{
	const struct report *old = &changes->others[0], *new = &changes->others[1];

	if (old->sender_count == 0 || new->sender_count == 0)
		return;
	for (size_t i = 0; i < new->sender_count; i++) {
		const struct report_sender *before = same_sender(old, new, &new->senders[i]);

		if (before != NULL)
			compare_sender(telling, before, &new->senders[i]);
		else
			tell_sender(telling, &new->senders[i], CHANGE_NEW);
	}
	for (size_t i = 0; i < old->sender_count; i++)
		if (same_sender(new, old, &old->senders[i]) == NULL)
			tell_sender(telling, &old->senders[i], CHANGE_GONE);
}

static const struct report_check *
same_check(const struct report *report, const struct report_check *wanted)
{
	for (size_t i = 0; i < report->check_count; i++)
		if (strcmp(report->checks[i].check, wanted->check) == 0 &&
		    strcmp(report->checks[i].subject, wanted->subject) == 0)
			return &report->checks[i];
	return NULL;
}

static enum change_kind
check_kind(const struct report_check *old, const struct report_check *new)
{
	enum walk_status was, is;

	if (old == NULL || new == NULL)
		return old == NULL ? CHANGE_NEW : CHANGE_GONE;
	was = old->status;
	is = new->status;
	return is_untold(is)         ? CHANGE_NOT_TOLD
	       : is == was           ? CHANGE_CAUSE
	       : is == WALK_ACCEPTED ? CHANGE_CLEARED
	       : is_better(was, is)  ? CHANGE_BETTER
	                             : CHANGE_LISTED;
}

/* NULL: that run did not make it. */
static void
compare_check(
    struct telling *telling, const struct report_check *old, const struct report_check *new)
{
	const struct report_check *any = new != NULL ? new : old;
	char name[600];
	struct change change = {.kind = check_kind(old, new),
	    .subject = SUBJECT_CHECK,
	    .name = name,
	    .was = old != NULL ? old->result : NULL,
	    .is = new != NULL ? new->result : NULL};

	snprintf(name, sizeof name, "%.50s %.500s", any->check, any->subject);
	if (old != NULL && new != NULL && strcmp(old->result, new->result) == 0) {
		tell_same(telling, SUBJECT_CHECK);
		return;
	}
	change.worse = change.kind == CHANGE_LISTED;
	tell(telling, &change);
}

/* A run without any says nothing of checks. */
static void
compare_checks(struct telling *telling, const struct changes *changes)
{
	const struct report *old = &changes->others[0], *new = &changes->others[1];

	if (old->check_count == 0 || new->check_count == 0)
		return;
	for (size_t i = 0; i < new->check_count; i++)
		compare_check(telling, same_check(old, &new->checks[i]), &new->checks[i]);
	for (size_t i = 0; i < old->check_count; i++)
		if (same_check(new, &old->checks[i]) == NULL)
			compare_check(telling, &old->checks[i], NULL);
}

static void
compare_all(struct telling *telling, const struct changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		const struct compared *item = &changes->items[i];
		struct change change = {.subject = SUBJECT_TARGET,
		    .name = item->target,
		    .source = item->source,
		    .old = &item->old,
		    .new = &item->new};

		if (compare(&item->old, &item->new, &change.kind, &change.worse))
			tell(telling, &change);
		else
			tell_same(telling, SUBJECT_TARGET);
	}
	compare_senders(telling, changes);
	compare_checks(telling, changes);
}

struct change_count
changes_tell(const struct changes *changes, change_told *told, void *arg)
{
	struct telling telling = {.told = NULL};

	compare_all(&telling, changes);
	if (told == NULL)
		return telling.count;
	telling.told = told;
	telling.arg = arg;
	for (enum change_kind kind = 0; kind < CHANGE_COUNT; kind++) {
		telling.kind = kind;
		if (telling.count.of[kind] > 0)
			compare_all(&telling, changes);
	}
	return telling.count;
}
