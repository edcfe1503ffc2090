#include "report/overview.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/names.h"

/* A cell, as far as places and their troubles are concerned. */
struct piece {
	uint64_t cell, place; /* those parts of it that pieces are gathered by */
	unsigned long count;
};

/* Pieces of one place stand together, and in it those of one trouble. */
static int
by_place(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	return x->cell < y->cell ? -1 : x->cell > y->cell;
}

static int
by_words(const char *a, const char *b)
{
	if (a == b)
		return 0;
	return a == NULL ? -1 : b == NULL ? 1 : strcmp(a, b);
}

static int
by_size(const void *a, const void *b)
{
	const struct overview_place *x = a, *y = b;
	int order;

	if (x->targets != y->targets)
		return x->targets > y->targets ? -1 : 1;
	order = by_words(x->site, y->site);
	return order != 0 ? order : by_words(x->source, y->source);
}

/* The trouble that most of its pieces have in common: of its refusals, or, where it refuses
 * nobody, of its deferrals. Equal cells stand together; of two that are as frequent, the cause that
 * comes first. */
static void
find_trouble(const struct tally *tally, struct overview_place *place, const struct piece *pieces,
    size_t count)
{
	enum walk_status trouble = place->status[WALK_REFUSED] > 0 ? WALK_REFUSED : WALK_DEFERRED;

	place->troubled = place->status[trouble];
	for (size_t i = 0, next; place->troubled > 0 && i < count; i = next) {
		const struct tally_entry entry = tally_entry(tally, pieces[i].cell);
		unsigned sum = 0;

		for (next = i; next < count && pieces[next].cell == pieces[i].cell; next++)
			sum += (unsigned)pieces[next].count;
		if (entry.status != trouble || !entry.diagnosed || sum < place->of_cause ||
		    (sum == place->of_cause && entry.cause >= place->cause))
			continue;
		place->of_cause = sum;
		place->cause = entry.cause;
		place->list = entry.list.at;
	}
}

static void
add_place(const struct tally *tally, struct overview_place *place, const struct piece *pieces,
    size_t count)
{
	*place = (struct overview_place){0};
	for (size_t i = 0; i < count; i++) {
		const struct tally_entry entry = tally_entry(tally, pieces[i].cell);

		place->site = entry.site.at;
		place->source = entry.source.at;
		place->targets += (unsigned)pieces[i].count;
		place->status[entry.status] += (unsigned)pieces[i].count;
	}
	find_trouble(tally, place, pieces, count);
}

static size_t
count_places(const struct piece *pieces, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += i == 0 || pieces[i].place != pieces[i - 1].place;
	return n;
}

/* `parts`: what a place is, TALLY_SITE and TALLY_SOURCE. What has no site is at none. */
static size_t
gather(const struct tally *tally, struct overview_place **places, const struct piece *all,
    size_t count, unsigned parts, struct arena *arena)
{
	const uint64_t site = tally_mask(TALLY_SITE), place = tally_mask(parts),
	               kept_parts = place | tally_mask(TALLY_TROUBLE);
	struct piece *pieces = must_alloc((count + 1) * sizeof *pieces);
	size_t kept = 0, n = 0;

	for (size_t i = 0; i < count; i++)
		if ((parts & TALLY_SITE) == 0 || (all[i].cell & site) != 0)
			pieces[kept++] = (struct piece){
			    all[i].cell & kept_parts, all[i].cell & place, all[i].count};
	qsort(pieces, kept, sizeof *pieces, by_place);
	*places = arena_alloc(arena, (count_places(pieces, kept) + 1) * sizeof **places);
	for (size_t i = 0, next; i < kept; i = next) {
		for (next = i + 1; next < kept && pieces[next].place == pieces[i].place; next++)
			;
		add_place(tally, &(*places)[n++], &pieces[i], next - i);
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
		if (causes[c].list_count > 0)
			qsort(causes[c].lists, causes[c].list_count, sizeof *causes[c].lists,
			    by_frequency);
	}
	qsort(causes, CAUSE_COUNT, sizeof *causes, by_cause_count);
	while (n < CAUSE_COUNT && causes[n].count > 0)
		n++;
	overview->cause_count = n;
	if (overview->list_count > 0)
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
	struct ledger_place at = {0};
	unsigned long n;
	uint64_t cell;

	while (tally_next(overview->tally, &at, &cell, &n)) {
		const struct tally_entry entry = tally_entry(overview->tally, cell);

		if (entry.diagnosed)
			count_cause(overview, &entry, n, arena);
		if (entry.explained)
			continue;
		overview->tls[entry.tls] += entry.served ? 0 : n;
		overview->policy[tally_policy(entry.dane, entry.sts)] += entry.served ? 0 : n;
		overview->with_site += entry.site.at != NULL ? n : 0;
		if (entry.status != WALK_ACCEPTED)
			overview->who[entry.who] += n;
		if ((*count & (*count - 1)) == 0)
			*pieces = must_realloc(*pieces, (*count * 2 + 1) * sizeof **pieces);
		(*pieces)[(*count)++] = (struct piece){.cell = cell, .count = n};
	}
}

/* ---- sites by their TLS */

static const struct {
	const char *name, *words;
} site_traits[SITE_TRAITS] = {[SITE_TLS_SEEN] = {"seen", "TLS, or none, that was seen"},
    [SITE_TLS_13] = {"tls13", "TLS 1.3"},
    [SITE_HYBRID] = {"hybrid", "a hybrid key exchange"},
    [SITE_NEAR_END] = {"certificate_near_end", "a certificate near its end"},
    [SITE_DANE] = {"dane", "DANE"},
    [SITE_DANE_FAILS] = {"dane_fails", "DANE that fails"},
    [SITE_STS] = {"mta_sts", "MTA-STS"},
    [SITE_STS_FAILS] = {"mta_sts_fails", "MTA-STS that fails"},
    [SITE_STS_TESTING] = {"mta_sts_testing", "MTA-STS in testing"}};

const char *
overview_trait_name(enum overview_trait trait)
{
	return site_traits[trait].name;
}

const char *
overview_trait_words(enum overview_trait trait)
{
	return site_traits[trait].words;
}

static unsigned
traits_of(const struct tally_entry *entry)
{
	enum {
		DANE = 1 << SITE_DANE,
		DANE_FAILS = DANE | 1 << SITE_DANE_FAILS,
		STS = 1 << SITE_STS,
		STS_FAILS = STS | 1 << SITE_STS_FAILS,
	};
	static const unsigned of_dane[TALLY_DANE_COUNT] = {
	    [TALLY_DANE_GOOD] = DANE, [TALLY_DANE_FAILS] = DANE_FAILS, [TALLY_DANE_UNTRIED] = DANE};
	static const unsigned of_sts[TALLY_STS_COUNT] = {[TALLY_STS_GOOD] = STS,
	    [TALLY_STS_FAILS] = STS_FAILS,
	    [TALLY_STS_UNTRIED] = STS,
	    [TALLY_STS_TESTING] = 1 << SITE_STS_TESTING};
	bool tls13 = entry->tls == TALLY_TLS_13 || entry->tls == TALLY_TLS_13_UNTRUSTED;

	return (unsigned)(entry->tls != TALLY_TLS_UNKNOWN) << SITE_TLS_SEEN |
	       (unsigned)tls13 << SITE_TLS_13 | (unsigned)entry->hybrid << SITE_HYBRID |
	       (unsigned)entry->near_end << SITE_NEAR_END | of_dane[entry->dane] |
	       of_sts[entry->sts];
}

static void
count_traits(struct overview *overview, struct arena *arena)
{
	size_t sites = names_count(overview->tally->sites) + 1;
	unsigned *traits = arena_alloc(arena, sites * sizeof *traits);
	struct ledger_place at = {0};
	unsigned long n;
	uint64_t cell;

	memset(traits, 0, sites * sizeof *traits);
	while (tally_next(overview->tally, &at, &cell, &n)) {
		const struct tally_entry entry = tally_entry(overview->tally, cell);

		traits[tally_site(cell)] |= traits_of(&entry);
	}
	for (size_t i = 1; i < sites; i++)
		for (enum overview_trait t = 0; t < SITE_TRAITS; t++)
			overview->tls_sites[t] += traits[i] >> t & 1;
}

/* Pairs stand in the order of their sites, so that a table of them needs no search. */
static int
by_site(const void *a, const void *b)
{
	const struct overview_place *x = a, *y = b;
	int order = by_words(x->site, y->site);

	return order != 0 ? order : by_words(x->source, y->source);
}

/* "(others)" is the last, however many they are. */
static void
sort_sites(struct overview_place *sites, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (by_words(sites[i].site, TALLY_OTHERS) == 0) {
			const struct overview_place others = sites[i];

			sites[i] = sites[--count];
			sites[count] = others;
		}
	qsort(sites, count, sizeof *sites, by_size);
}

void
overview_make(struct overview *overview, const struct tally *tally, struct arena *arena)
{
	struct piece *pieces = NULL;
	size_t n = 0;

	*overview = (struct overview){.tally = tally};
	take_cells(overview, &pieces, &n, arena);
	count_traits(overview, arena);
	sort_causes(overview);
	overview->site_count = gather(tally, &overview->sites, pieces, n, TALLY_SITE, arena);
	overview->source_count = gather(tally, &overview->sources, pieces, n, TALLY_SOURCE, arena);
	free(pieces);
	sort_sites(overview->sites, overview->site_count);
	qsort(overview->sources, overview->source_count, sizeof *overview->sources, by_size);
}

void
overview_make_pairs(struct overview *overview, struct arena *arena)
{
	struct overview again = {.tally = overview->tally};
	struct piece *pieces = NULL;
	size_t n = 0;

	take_cells(&again, &pieces, &n, arena);
	overview->pair_count =
	    gather(overview->tally, &overview->pairs, pieces, n, TALLY_SITE | TALLY_SOURCE, arena);
	free(pieces);
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

const char *
overview_source_of(const struct overview *overview, enum cause cause, unsigned long *count)
{
	unsigned long *of = must_alloc((overview->source_count + 1) * sizeof *of), n;
	struct ledger_place at = {0};
	const char *name = NULL;
	uint64_t cell;

	memset(of, 0, (overview->source_count + 1) * sizeof *of);
	while (tally_next(overview->tally, &at, &cell, &n)) {
		const struct tally_entry entry = tally_entry(overview->tally, cell);

		for (size_t i = 0; i < overview->source_count; i++)
			if (entry.diagnosed && !entry.explained && entry.cause == cause &&
			    overview->sources[i].source == entry.source.at)
				of[i] += n;
	}
	*count = 0;
	for (size_t i = 0; i < overview->source_count; i++)
		if (of[i] > *count && overview->sources[i].source != NULL) {
			*count = of[i];
			name = overview->sources[i].source;
		}
	free(of);
	return name;
}

unsigned
overview_undetermined(const unsigned status[WALK_COUNT])
{
	unsigned n = 0;

	for (enum walk_status s = 0; s < WALK_COUNT; s++)
		if (s != WALK_ACCEPTED && s != WALK_REFUSED && s != WALK_DEFERRED)
			n += status[s];
	return n;
}
