#include "report/tally.h"

#include <string.h>

#include "base/names.h"
#include "exit_status.h"

/* How a cell is made up: bits, from the lowest. */
enum cell_part {
	PART_SITE,
	PART_SOURCE,
	PART_LIST,
	PART_STATUS, /* from 1, so that no cell is 0 */
	PART_ASIDE, /* excused, if it was skipped; else explained */
	PART_STAGE,
	PART_CAUSE, /* CAUSE_COUNT: not diagnosed */
	PART_JUDGED, /* basis and who */
	PART_TLS,
	PART_HYBRID,
	PART_NEAR_END,
	PART_POLICIES, /* of DANE and MTA-STS */
	PART_SERVED,
	PART_COUNT
};
/* Where in a cell each of them stands, and how many bits it has. */
static const struct part_place {
	unsigned char at, bits;
} part_places[PART_COUNT] = {
    [PART_SITE] = {0, 18},
    [PART_SOURCE] = {18, 6},
    [PART_LIST] = {24, 8},
    [PART_STATUS] = {32, 4},
    [PART_ASIDE] = {36, 1},
    [PART_STAGE] = {37, 4},
    [PART_CAUSE] = {41, 6},
    [PART_JUDGED] = {47, 5},
    [PART_TLS] = {52, 3},
    [PART_HYBRID] = {55, 1},
    [PART_NEAR_END] = {56, 1},
    [PART_POLICIES] = {57, 5},
    [PART_SERVED] = {62, 1}, /* bit 63 is for whoever keeps a cell */
};

/* A name has its number, none has 0; one beyond those that are told apart has the last. */
enum { OTHER_SITES = (1 << 18) - 1, OTHER_SOURCES = (1 << 6) - 1, OTHER_LISTS = (1 << 8) - 1 };
_Static_assert((int)TALLY_SITES < (int)OTHER_SITES && (int)TALLY_SOURCES < (int)OTHER_SOURCES &&
                   (int)TALLY_LISTS < (int)OTHER_LISTS,
    "numbers of names must fit into a cell");
_Static_assert(WALK_COUNT < 16 && STAGE_CLOSED <= 16 && CAUSE_COUNT < 64 &&
                   BASIS_COUNT * WHO_COUNT <= 32 && TALLY_TLS_COUNT <= 8 &&
                   TALLY_DANE_COUNT * TALLY_STS_COUNT <= 32,
    "what a result says must fit into a cell");

void
tally_init(struct tally *tally, uint64_t secret)
{
	*tally = (struct tally){.sites = names_new(TALLY_SITES, secret),
	    .sources = names_new(TALLY_SOURCES, secret),
	    .lists = names_new(TALLY_LISTS, secret),
	    .cells = ledger_new()};
}

void
tally_release(struct tally *tally)
{
	names_free(tally->sites);
	names_free(tally->sources);
	names_free(tally->lists);
	ledger_free(tally->cells);
	*tally = (struct tally){0};
}

static void
pack(uint64_t *cell, enum cell_part part, unsigned value)
{
	*cell |= (uint64_t)value << part_places[part].at;
}

static unsigned
unpack(uint64_t cell, enum cell_part part)
{
	const struct part_place *place = &part_places[part];

	return (unsigned)(cell >> place->at) & ((1u << place->bits) - 1);
}

static unsigned
number_of(struct names *names, struct slice name, unsigned others)
{
	unsigned number;

	if (name.len == 0)
		return 0;
	number = names_number(names, name);
	return number > 0 ? number : others;
}

static struct slice
name_of(const struct names *names, unsigned number, unsigned others)
{
	return slice_of(number == others ? TALLY_OTHERS : names_at(names, number));
}

static uint64_t
cell_of(struct tally *tally, const struct tally_entry *entry)
{
	uint64_t cell = 0;

	pack(&cell, PART_SITE, number_of(tally->sites, entry->site, OTHER_SITES));
	pack(&cell, PART_SOURCE, number_of(tally->sources, entry->source, OTHER_SOURCES));
	pack(&cell, PART_LIST, number_of(tally->lists, entry->list, OTHER_LISTS));
	pack(&cell, PART_STATUS, entry->status + 1);
	pack(&cell, PART_ASIDE, entry->excused || entry->explained);
	pack(&cell, PART_STAGE, entry->stage);
	pack(&cell, PART_CAUSE, entry->diagnosed ? entry->cause : CAUSE_COUNT);
	pack(&cell, PART_JUDGED, entry->basis + entry->who * BASIS_COUNT);
	pack(&cell, PART_TLS, entry->tls);
	pack(&cell, PART_HYBRID, entry->hybrid);
	pack(&cell, PART_NEAR_END, entry->near_end);
	pack(&cell, PART_POLICIES, entry->dane + entry->sts * TALLY_DANE_COUNT);
	pack(&cell, PART_SERVED, entry->served);
	return cell;
}

struct tally_entry
tally_entry(const struct tally *tally, uint64_t cell)
{
	enum walk_status status = unpack(cell, PART_STATUS) - 1;
	unsigned cause = unpack(cell, PART_CAUSE), judged = unpack(cell, PART_JUDGED),
	         policies = unpack(cell, PART_POLICIES);
	bool diagnosed = cause != CAUSE_COUNT, aside = unpack(cell, PART_ASIDE);

	return (struct tally_entry){.status = status,
	    .stage = unpack(cell, PART_STAGE),
	    .diagnosed = diagnosed,
	    .cause = diagnosed ? cause : 0,
	    .basis = judged % BASIS_COUNT,
	    .who = judged / BASIS_COUNT,
	    .served = unpack(cell, PART_SERVED),
	    .excused = aside && status == WALK_SKIPPED,
	    .explained = aside && status != WALK_SKIPPED,
	    .tls = unpack(cell, PART_TLS),
	    .hybrid = unpack(cell, PART_HYBRID),
	    .near_end = unpack(cell, PART_NEAR_END),
	    .dane = policies % TALLY_DANE_COUNT,
	    .sts = policies / TALLY_DANE_COUNT,
	    .site = name_of(tally->sites, unpack(cell, PART_SITE), OTHER_SITES),
	    .source = name_of(tally->sources, unpack(cell, PART_SOURCE), OTHER_SOURCES),
	    .list = name_of(tally->lists, unpack(cell, PART_LIST), OTHER_LISTS)};
}

/* `by`: 1, or -1 taken as what unsigned numbers make of it. */
static void
count(struct tally *tally, const struct tally_entry *entry, unsigned long by)
{
	if (entry->explained) {
		tally->explained += by;
	} else {
		tally->targets += by;
		tally->status[entry->status] += by;
		tally->excused += entry->excused ? by : 0;
		tally->served += entry->served ? by : 0;
	}
	if (entry->status == WALK_ACCEPTED && !entry->explained)
		tally->asked[entry->stage] += by;
	if (entry->diagnosed)
		tally->cause[entry->cause] += by;
}

uint64_t
tally_add(struct tally *tally, const struct tally_entry *entry)
{
	uint64_t cell = cell_of(tally, entry);
	bool fresh;

	count(tally, entry, 1);
	++*ledger_note(tally->cells, cell, &fresh);
	return cell;
}

void
tally_take_back(struct tally *tally, uint64_t cell)
{
	const struct tally_entry entry = tally_entry(tally, cell);
	bool fresh;

	count(tally, &entry, (unsigned long)-1);
	--*ledger_note(tally->cells, cell, &fresh);
}

uint64_t
tally_mask(unsigned parts)
{
	static const unsigned whole[PART_COUNT] = {[PART_SITE] = TALLY_SITE,
	    [PART_SOURCE] = TALLY_SOURCE,
	    [PART_STATUS] = TALLY_TROUBLE,
	    [PART_CAUSE] = TALLY_TROUBLE,
	    [PART_LIST] = TALLY_TROUBLE};
	uint64_t mask = 0;

	for (enum cell_part part = 0; part < PART_COUNT; part++)
		if ((whole[part] & parts) != 0)
			pack(&mask, part, (1u << part_places[part].bits) - 1);
	return mask;
}

unsigned
tally_site(uint64_t cell)
{
	unsigned site = unpack(cell, PART_SITE);

	return site == OTHER_SITES ? 0 : site;
}

bool
tally_next(const struct tally *tally, struct ledger_place *at, uint64_t *cell, unsigned long *count)
{
	uint64_t note;

	while (ledger_next(tally->cells, at, cell, &note))
		if (note > 0) {
			*count = (unsigned long)note;
			return true;
		}
	return false;
}

enum tally_tls
tally_tls_of(bool offered, bool done, struct slice version, struct slice verify, bool past_ehlo)
{
	bool good = slice_same(verify, "ok") || slice_same(verify, "unknown");

	if (!offered && !done)
		return past_ehlo ? TALLY_TLS_NONE : TALLY_TLS_UNKNOWN;
	if (!done)
		return TALLY_TLS_FAILED;
	if (slice_same(version, "TLSv1.3"))
		return good ? TALLY_TLS_13 : TALLY_TLS_13_UNTRUSTED;
	if (slice_same(version, "TLSv1.2"))
		return good ? TALLY_TLS_12 : TALLY_TLS_12_UNTRUSTED;
	return TALLY_TLS_OLD;
}

bool
tally_near_end(long long percent_left)
{
	enum { QUARTER = 25 };

	return percent_left > 0 && percent_left < QUARTER;
}

enum tally_dane
tally_dane_of(struct slice state, struct slice sender)
{
	if (slice_same(state, dane_state_name(DANE_USABLE)))
		return slice_same(sender, dane_effect_name(EFFECT_DELIVER)) ? TALLY_DANE_GOOD
		       : slice_same(sender, dane_effect_name(EFFECT_DEFER)) ? TALLY_DANE_FAILS
		                                                            : TALLY_DANE_UNTRIED;
	return slice_same(state, dane_state_name(DANE_NONE)) ||
	               slice_same(state, dane_state_name(DANE_INSECURE_MX))
	           ? TALLY_DANE_NONE
	           : TALLY_DANE_UNKNOWN;
}

enum tally_sts
tally_sts_of(struct slice state, struct slice mode, struct slice effect)
{
	if (slice_same(mode, sts_mode_name(STS_MODE_TESTING)))
		return TALLY_STS_TESTING;
	if (slice_same(mode, sts_mode_name(STS_MODE_ENFORCE)))
		return slice_same(effect, sts_effect_name(STS_DELIVERS))  ? TALLY_STS_GOOD
		       : slice_same(effect, sts_effect_name(STS_REFUSES)) ? TALLY_STS_FAILS
		                                                          : TALLY_STS_UNTRIED;
	return slice_same(state, sts_state_name(STS_ABSENT)) ||
	               slice_same(mode, sts_mode_name(STS_MODE_NONE))
	           ? TALLY_STS_NONE
	           : TALLY_STS_UNKNOWN;
}

/* DANE comes first (RFC 8461 section 2). */
enum tally_policy
tally_policy(enum tally_dane dane, enum tally_sts sts)
{
	static const enum tally_policy by_dane[TALLY_DANE_COUNT] = {[TALLY_DANE_GOOD] = POLICY_DANE,
	    [TALLY_DANE_FAILS] = POLICY_DANE_FAILS,
	    [TALLY_DANE_UNTRIED] = POLICY_DANE_UNTRIED};
	static const enum tally_policy by_sts[TALLY_STS_COUNT] = {[TALLY_STS_GOOD] = POLICY_STS,
	    [TALLY_STS_FAILS] = POLICY_STS_FAILS,
	    [TALLY_STS_UNTRIED] = POLICY_STS_UNTRIED,
	    [TALLY_STS_TESTING] = POLICY_STS_TESTING};

	if (by_dane[dane] != POLICY_NOT_SEEN)
		return by_dane[dane];
	if (by_sts[sts] != POLICY_NOT_SEEN)
		return by_sts[sts];
	return dane == TALLY_DANE_NONE && sts == TALLY_STS_NONE ? POLICY_NONE : POLICY_NOT_SEEN;
}

const char *
tally_tls_words(enum tally_tls tls)
{
	static const char *const words[TALLY_TLS_COUNT] = {[TALLY_TLS_UNKNOWN] = "not seen",
	    [TALLY_TLS_NONE] = "no TLS offered",
	    [TALLY_TLS_FAILED] = "TLS offered, and failed",
	    [TALLY_TLS_OLD] = "TLS before 1.2",
	    [TALLY_TLS_12] = "TLS 1.2",
	    [TALLY_TLS_12_UNTRUSTED] = "TLS 1.2, certificate not good",
	    [TALLY_TLS_13] = "TLS 1.3",
	    [TALLY_TLS_13_UNTRUSTED] = "TLS 1.3, certificate not good"};

	return words[tls];
}

const char *
tally_policy_words(enum tally_policy policy)
{
	static const char *const words[POLICY_COUNT] = {[POLICY_NOT_SEEN] = "not seen",
	    [POLICY_NONE] = "none",
	    [POLICY_DANE] = "DANE",
	    [POLICY_DANE_FAILS] = "DANE, and it fails",
	    [POLICY_DANE_UNTRIED] = "DANE, not tried",
	    [POLICY_STS] = "MTA-STS",
	    [POLICY_STS_FAILS] = "MTA-STS, and it fails",
	    [POLICY_STS_UNTRIED] = "MTA-STS, not tried",
	    [POLICY_STS_TESTING] = "MTA-STS, in testing"};

	return words[policy];
}

unsigned
tally_tls_rank(enum tally_tls tls)
{
	static const unsigned ranks[TALLY_TLS_COUNT] = {[TALLY_TLS_FAILED] = 0,
	    [TALLY_TLS_NONE] = 1,
	    [TALLY_TLS_UNKNOWN] = 2,
	    [TALLY_TLS_OLD] = 3,
	    [TALLY_TLS_12_UNTRUSTED] = 4,
	    [TALLY_TLS_13_UNTRUSTED] = 5,
	    [TALLY_TLS_12] = 6,
	    [TALLY_TLS_13] = 7};

	return ranks[tls];
}

/* What the attempt that decided shows of TLS, and the domain's policy with it. */
static void
note_tls(struct tally_entry *entry, const struct attempt *attempt, const struct mta_sts *sts)
{
	const struct tls_facts *tls = attempt_tls(attempt);
	const struct dane_meeting meeting = attempt_meeting(attempt);
	const char *word;

	entry->tls = tally_tls_of(attempt->tls_offered, attempt->tls_done, slice_of(tls->version),
	    slice_of(tls->verify), attempt->stage > STAGE_EHLO);
	entry->hybrid = attempt->tls_done && tls->hybrid;
	entry->near_end = attempt->tls_done && tls->lifetime > 0 &&
	                  tally_near_end(tls->remaining * 100 / tls->lifetime);
	if (attempt->dane != NULL)
		entry->dane = tally_dane_of(slice_of(dane_state_name(attempt->dane->state)),
		    slice_of(dane_effect_name(dane_sender(&meeting, &word))));
	if (sts != NULL)
		entry->sts = tally_sts_of(slice_of(sts_state_name(sts->state)),
		    slice_of(sts->state == STS_HELD ? sts_mode_name(sts->policy.mode) : NULL),
		    slice_of(sts_effect_name(attempt->sts)));
}

void
tally_result(struct tally *tally, const struct journey *journey)
{
	const struct attempt *decisive = journey->decisive;
	const struct diagnosis *diagnosis = &journey->diagnosis;
	const struct ip *source =
	    decisive != NULL && decisive->source.family != 0 ? &decisive->source : &journey->source;
	char ip[IP_TEXT];
	struct tally_entry entry = {.status = journey->status,
	    .stage = journey->status == WALK_ACCEPTED ? journey->asked : journey->stage,
	    .diagnosed = journey->diagnosed,
	    .who = journey->diagnosed ? diagnosis->who : journey->remedy.who,
	    .served = journey->target.served_by != NULL,
	    .excused = journey->excused,
	    .site = slice_of(journey->site),
	    .source = slice_of(source->family != 0 ? ip_text(source, ip) : NULL)};

	if (decisive != NULL)
		note_tls(&entry, decisive, journey->sts);
	if (decisive != NULL && decisive->smuggled > SMUGGLED_NOTHING)
		tally->smuggled++;
	if (journey->diagnosed) {
		entry.cause = diagnosis->cause;
		entry.basis = diagnosis->basis;
		entry.list = slice_of(diagnosis->list);
	}
	tally_add(tally, &entry);
}

int
tally_exit(const struct tally *tally, const struct run_end *end)
{
	if (end->failed)
		return EXIT_INTERNAL;
	if (end->interrupted)
		return EXIT_INTERRUPTED;
	if (end->stop != RUN_WENT_ON)
		return end->stop == RUN_OTHER_LIST ? EXIT_DATA : EXIT_LOCAL;
	if (end->input_failed) /* some were never asked, and nobody knows how many */
		return EXIT_DATA;
	if (tally->status[WALK_REFUSED] > 0 || tally->smuggled > 0)
		return EXIT_REFUSED;
	if (tally->status[WALK_DEFERRED] > 0)
		return EXIT_DEFERRED;
	if (tally->status[WALK_LOCAL] > 0)
		return EXIT_LOCAL;
	if (tally->targets > tally->status[WALK_ACCEPTED] + tally->excused)
		return EXIT_UNDETERMINED;
	return end->bad_input > 0 ? EXIT_DATA : EXIT_OK;
}
