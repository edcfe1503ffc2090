#include "report/overview.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

/* A cell, as far as places are concerned. */
struct piece {
	const char *site, *source, *list;
	enum walk_status status;
	enum cause cause;
	bool diagnosed;
	unsigned long count;
};

static int
by_words(const char *a, const char *b)
{
	if (a == b)
		return 0;
	return a == NULL ? -1 : b == NULL ? 1 : strcmp(a, b);
}

/* Pieces of one place stand together, and in it those of one trouble. Names are the tally's: equal
 * ones have one address, but the order must not hang on addresses. */
static int
by_place(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;
	int order = by_words(x->site, y->site);

	if (order == 0)
		order = by_words(x->source, y->source);
	if (order == 0 && x->status != y->status)
		order = x->status < y->status ? -1 : 1;
	if (order == 0 && x->cause != y->cause)
		order = x->cause < y->cause ? -1 : 1;
	return order != 0 ? order : by_words(x->list, y->list);
}

static int
by_size(const void *a, const void *b)
{
	const struct overview_place *x = a, *y = b;
	bool last_x = by_words(x->site, TALLY_OTHERS) == 0,
	     last_y = by_words(y->site, TALLY_OTHERS) == 0;
	int order;

	if (last_x != last_y)
		return last_x ? 1 : -1;
	if (x->targets != y->targets)
		return x->targets > y->targets ? -1 : 1;
	order = by_words(x->site, y->site);
	return order != 0 ? order : by_words(x->source, y->source);
}

/* Which trouble is told of: refusals before deferrals. */
static enum walk_status
trouble_of(const struct overview_place *place)
{
	return place->status[WALK_REFUSED] > 0 ? WALK_REFUSED : WALK_DEFERRED;
}

/* The trouble that most of its pieces have in common; they are sorted. */
static void
find_trouble(struct overview_place *place, const struct piece *pieces, size_t count)
{
	enum walk_status trouble = trouble_of(place);

	place->troubled = place->status[trouble];
	for (size_t i = 0, next; i < count; i = next) {
		unsigned long sum = 0;

		for (next = i; next < count && pieces[next].status == pieces[i].status &&
		               pieces[next].cause == pieces[i].cause &&
		               by_words(pieces[next].list, pieces[i].list) == 0;
		     next++)
			sum += pieces[next].count;
		if (pieces[i].status != trouble || !pieces[i].diagnosed || sum <= place->of_cause)
			continue;
		place->of_cause = sum;
		place->cause = pieces[i].cause;
		place->list = pieces[i].list;
	}
}

static void
add_place(struct overview_place *place, const char *site, const char *source,
    const struct piece *pieces, size_t count)
{
	*place = (struct overview_place){.site = site, .source = source};
	for (size_t i = 0; i < count; i++) {
		place->targets += pieces[i].count;
		place->status[pieces[i].status] += pieces[i].count;
	}
	find_trouble(place, pieces, count);
}

/* Which part of a place is looked at: the other is all. */
enum look { LOOK_SITE = 1, LOOK_SOURCE = 2 };

static size_t
gather(struct overview_place **places, const struct piece *all, size_t count, unsigned look,
    struct arena *arena)
{
	struct piece *pieces = must_alloc((count + 1) * sizeof *pieces);
	size_t kept = 0, n = 0;

	for (size_t i = 0; i < count; i++) {
		if ((look & LOOK_SITE) != 0 && all[i].site == NULL)
			continue;
		pieces[kept] = all[i];
		pieces[kept].site = (look & LOOK_SITE) != 0 ? all[i].site : NULL;
		pieces[kept].source = (look & LOOK_SOURCE) != 0 ? all[i].source : NULL;
		kept++;
	}
	qsort(pieces, kept, sizeof *pieces, by_place);
	*places = NULL;
	for (size_t i = 0, next; i < kept; i = next) {
		for (next = i + 1;
		     next < kept && by_words(pieces[next].site, pieces[i].site) == 0 &&
		     by_words(pieces[next].source, pieces[i].source) == 0;
		     next++)
			;
		add_place(arena_push(arena, places, n, sizeof **places), pieces[i].site,
		    pieces[i].source, &pieces[i], next - i);
		n++;
	}
	free(pieces);
	return n;
}

/* ---- causes and lists */

static int
by_frequency(const void *a, const void *b)
{
	const struct overview_list *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return by_words(x->name, y->name);
}

static void
count_list(struct overview_list **lists, size_t *n, const char *name, unsigned long count,
    struct arena *arena)
{
	size_t i = 0;

	while (i < *n && (*lists)[i].name != name)
		i++;
	if (i == *n) {
		*(struct overview_list *)arena_push(arena, lists, i, sizeof **lists) =
		    (struct overview_list){name, 0};
		++*n;
	}
	(*lists)[i].count += count;
}

static int
by_cause_count(const void *a, const void *b)
{
	const struct overview_cause *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return x->cause < y->cause ? -1 : x->cause > y->cause;
}

static void
sort_causes(struct overview *overview)
{
	struct overview_cause *causes = overview->causes;
	size_t n = 0;

	for (enum cause c = 0; c < CAUSE_COUNT; c++) {
		causes[c].cause = c;
		qsort(causes[c].lists, causes[c].list_count, sizeof *causes[c].lists, by_frequency);
	}
	qsort(causes, CAUSE_COUNT, sizeof *causes, by_cause_count);
	while (n < CAUSE_COUNT && causes[n].count > 0)
		n++;
	overview->cause_count = n;
	qsort(overview->lists, overview->list_count, sizeof *overview->lists, by_frequency);
}

static void
count_cause(struct overview *overview, const struct tally_entry *entry, unsigned long n,
    struct arena *arena)
{
	struct overview_cause *cause = &overview->causes[entry->cause];

	cause->count += n;
	cause->basis[entry->basis] += n;
	cause->who[entry->who] += n;
	if (entry->list.at == NULL)
		return;
	count_list(&cause->lists, &cause->list_count, entry->list.at, n, arena);
	count_list(&overview->lists, &overview->list_count, entry->list.at, n, arena);
}

/* ---- all of it */

static void
take_cells(struct overview *overview, struct piece **pieces, size_t *count, struct arena *arena)
{
	struct tally_entry entry;
	unsigned long n;

	for (size_t i = 0; tally_next(overview->tally, &i, &entry, &n);) {
		if (entry.served)
			continue;
		if (entry.diagnosed)
			count_cause(overview, &entry, n, arena);
		if (entry.explained)
			continue;
		overview->tls[entry.tls] += n;
		overview->with_site += entry.site.at != NULL ? n : 0;
		if (entry.status != WALK_ACCEPTED)
			overview->who[entry.who] += n;
		if ((*count & (*count - 1)) == 0)
			*pieces = must_realloc(*pieces, (*count * 2 + 1) * sizeof **pieces);
		(*pieces)[(*count)++] = (struct piece){.site = entry.site.at,
		    .source = entry.source.at,
		    .list = entry.list.at,
		    .status = entry.status,
		    .cause = entry.cause,
		    .diagnosed = entry.diagnosed,
		    .count = n};
	}
}

/* Pairs stand in the order of their sites, so that a table of them needs no search. */
static int
by_site(const void *a, const void *b)
{
	const struct overview_place *x = a, *y = b;
	int order = by_words(x->site, y->site);

	return order != 0 ? order : by_words(x->source, y->source);
}

void
overview_make(struct overview *overview, const struct tally *tally, struct arena *arena)
{
	struct piece *pieces = NULL;
	size_t n = 0;

	*overview = (struct overview){.tally = tally};
	take_cells(overview, &pieces, &n, arena);
	sort_causes(overview);
	overview->site_count = gather(&overview->sites, pieces, n, LOOK_SITE, arena);
	overview->source_count = gather(&overview->sources, pieces, n, LOOK_SOURCE, arena);
	overview->pair_count = gather(&overview->pairs, pieces, n, LOOK_SITE | LOOK_SOURCE, arena);
	free(pieces);
	qsort(overview->sites, overview->site_count, sizeof *overview->sites, by_size);
	qsort(overview->sources, overview->source_count, sizeof *overview->sources, by_size);
	qsort(overview->pairs, overview->pair_count, sizeof *overview->pairs, by_site);
}

const struct overview_place *
overview_pair(const struct overview *overview, const char *site, const char *source)
{
	const struct overview_place key = {.site = site, .source = source};

	return bsearch(
	    &key, overview->pairs, overview->pair_count, sizeof *overview->pairs, by_site);
}

size_t
overview_pairs_of(const struct overview *overview, const struct overview_place *site)
{
	size_t low = 0, high = overview->pair_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (by_words(overview->pairs[middle].site, site->site) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct overview_cause *
overview_first(const struct overview *overview)
{
	const struct overview_cause *first = NULL;
	unsigned long most = 0;

	for (size_t i = 0; i < overview->cause_count; i++) {
		const struct overview_cause *cause = &overview->causes[i];
		unsigned long own = cause->who[WHO_SENDER] + cause->who[WHO_HOST];

		if (own > most && cause->cause != CAUSE_UNKNOWN) {
			most = own;
			first = cause;
		}
	}
	return first;
}

unsigned long
overview_undetermined(const unsigned long status[WALK_COUNT])
{
	unsigned long n = 0;

	for (enum walk_status s = 0; s < WALK_COUNT; s++)
		if (s != WALK_ACCEPTED && s != WALK_REFUSED && s != WALK_DEFERRED)
			n += status[s];
	return n;
}
