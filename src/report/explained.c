#include "report/explained.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"

enum { LISTING_MAX = 600 }; /* octets of a name in `listings` */

static const char separator = '\x1f';

void
explained_init(struct explained *explained)
{
	*explained = (struct explained){.lists = counter_new(EXPLAINED_NAMES_MAX),
	    .providers = counter_new(EXPLAINED_NAMES_MAX),
	    .domains = counter_new(EXPLAINED_DOMAINS_MAX),
	    .listings = counter_new(EXPLAINED_NAMES_MAX)};
}

void
explained_release(struct explained *explained)
{
	counter_free(explained->lists);
	counter_free(explained->providers);
	counter_free(explained->domains);
	counter_free(explained->listings);
	free(explained->first);
	free(explained->last);
}

enum suppress
explained_suppress(const struct explanation *explanation)
{
	enum suppress suppress =
	    explanation->counsel != NULL ? explanation->counsel->suppress : SUPPRESS_NO;
	bool later = explanation->deferred || explanation->reading->code / 100 == 4;

	if (explanation->inbound)
		return SUPPRESS_NO;
	return later ? SUPPRESS_RETRY : suppress;
}

enum cause
explained_cause(const struct explanation *explanation)
{
	return explanation->diagnosis != NULL ? explanation->diagnosis->cause
	                                      : explanation->reading->cause;
}

/* Who runs the list, where we know it: "Spamhaus". */
static const char *
list_owner(const struct reading *reading)
{
	const struct list *list = reading->list_count > 0 ? reading->lists[0].list : NULL;

	if (list == NULL)
		return reading->list;
	return list->operator!= NULL ? list->operator: list->name;
}

static void
add_listing(struct explained *explained, const struct reading *reading, enum cause cause)
{
	const struct list *list = reading->lists[0].list;
	char name[LISTING_MAX];

	counter_add(explained->lists, list != NULL ? list->zone : reading->list);
	if (reading->listed != NULL &&
	    snprintf(name, sizeof name, "%u%c%s%c%s", (unsigned)cause, separator,
	        list_owner(reading), separator, reading->listed) < (int)sizeof name)
		counter_add(explained->listings, name);
}

static bool
is_before(const struct explained_place *a, const struct explained_place *b)
{
	return a->file != b->file ? a->file < b->file : a->line < b->line;
}

/* Replaces the string, without asking for memory each time. */
static void
set_time(char **time, const char *value)
{
	if (*time != NULL && strlen(*time) >= strlen(value)) {
		strcpy(*time, value);
		return;
	}
	free(*time);
	*time = must_string(value);
}

static void
add_time(struct explained *explained, const struct explanation *explanation)
{
	const struct explained_place at = {explained->files, explanation->line};

	if (explanation->time == NULL)
		return;
	if (explained->first == NULL || is_before(&at, &explained->first_at)) {
		set_time(&explained->first, explanation->time);
		explained->first_at = at;
	}
	if (explained->last == NULL || !is_before(&at, &explained->last_at)) {
		set_time(&explained->last, explanation->time);
		explained->last_at = at;
	}
}

bool
explained_passed(const struct explained *explained, struct buf *out)
{
	static const struct {
		const char *one, *many;
	} names[PASSED_COUNT] = {
	    [PASSED_SILENT] = {"line of a log that tells of no refusal",
	        "lines of a log that tell of no refusal"},
	    [PASSED_UNKNOWN] = {"line of no known form", "lines of no known form"},
	    [PASSED_TOO_LONG] = {"line that is too long", "lines that are too long"},
	    [PASSED_OBJECT] = {"JSON object without a refusal", "JSON objects without a refusal"},
	    [PASSED_BROKEN] = {"piece of broken JSON", "pieces of broken JSON"},
	    [PASSED_MAIL] = {"mail that tells of no refusal", "mails that tell of no refusal"},
	    [PASSED_PARTS] = {"mail with parts that are too many, or too deep",
	        "mails with parts that are too many, or too deep"},
	};
	bool any = false;

	for (unsigned i = 0; i < PASSED_COUNT; i++) {
		unsigned long n = explained->passed[i];

		if (n == 0)
			continue;
		buf_printf(
		    out, "%s%lu %s", any ? ", " : "", n, n == 1 ? names[i].one : names[i].many);
		any = true;
	}
	return any;
}

void
explained_add(struct explained *explained, const struct explanation *explanation)
{
	const struct reading *reading = explanation->reading;
	enum cause cause = explained_cause(explanation);

	explained->replies++;
	add_time(explained, explanation);
	if (reading->code >= 400           ? reading->code < 500
	    : reading->enhanced[0] != '\0' ? reading->enhanced[0] == '4'
	                                   : explanation->deferred)
		explained->deferred++;
	explained->cause[cause]++;
	if (reading->list_count > 0 && reading->list != NULL)
		add_listing(explained, reading, cause);
	if (reading->provider != NULL)
		counter_add(explained->providers, reading->provider);
	if (explanation->recipient_domain != NULL)
		counter_add(explained->domains, explanation->recipient_domain);
}

size_t
explained_causes(const struct explained *explained, enum cause causes[CAUSE_COUNT])
{
	size_t n = 0;

	for (unsigned cause = 0; cause < CAUSE_COUNT; cause++) {
		size_t at = n;

		if (explained->cause[cause] == 0)
			continue;
		for (n++; at > 0 && explained->cause[causes[at - 1]] < explained->cause[cause];
		     at--)
			causes[at] = causes[at - 1];
		causes[at] = (enum cause)cause;
	}
	return n;
}

static void
say_share(struct buf *out, unsigned long part, unsigned long whole)
{
	if (part == whole)
		buf_puts(out, "All of your refusals");
	else if (part * 100 < whole)
		buf_puts(out, "Less than 1 % of your refusals");
	else
		buf_printf(out, "%lu %% of your refusals", part * 100 / whole);
}

/* The listing that makes up most of the cause: NULL if none is half of it. */
static const struct count *
main_listing(struct explained *explained, enum cause cause)
{
	const struct count *list;
	size_t n = counter_list(explained->listings, &list);
	char prefix[16];

	snprintf(prefix, sizeof prefix, "%u%c", (unsigned)cause, separator);
	for (size_t i = 0; i < n; i++)
		if (strncmp(list[i].name, prefix, strlen(prefix)) == 0)
			return list[i].count * 2 >= explained->cause[cause] ? &list[i] : NULL;
	return NULL;
}

static void
say_listing(struct buf *out, const char *name)
{
	const char *owner = strchr(name, separator) + 1, *listed = strchr(owner, separator);

	buf_printf(out, " are one %.*s listing of %s.", (int)(listed - owner), owner, listed + 1);
}

void
explained_sentence(struct explained *explained, struct buf *out)
{
	enum cause causes[CAUSE_COUNT];
	const struct count *listing, *list;
	unsigned long most;

	if (explained_causes(explained, causes) == 0)
		return;
	most = explained->cause[causes[0]];
	listing = main_listing(explained, causes[0]);
	if (listing != NULL) {
		say_share(out, listing->count, explained->replies);
		say_listing(out, listing->name);
		return;
	}
	if (causes[0] == CAUSE_IP_BLOCKLIST && counter_list(explained->lists, &list) > 0 &&
	    list[0].count * 2 >= most) {
		say_share(out, list[0].count, explained->replies);
		buf_printf(out, " name one blocklist: %s.", list[0].name);
		return;
	}
	say_share(out, most, explained->replies);
	if (causes[0] == CAUSE_UNKNOWN)
		buf_puts(out, " do not say why.");
	else
		buf_printf(out, " have one cause: %s.", cause_words(causes[0]));
}
