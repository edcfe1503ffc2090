#include "report/tally.h"

#include <string.h>

#include "base/names.h"
#include "exit_status.h"

/* How a cell is made up: bits, from the lowest. The highest is always set. */
enum cell_part {
	PART_SITE,
	PART_SOURCE,
	PART_LIST,
	PART_STATUS,
	PART_STAGE,
	PART_CAUSE,
	PART_BASIS,
	PART_WHO,
	PART_TLS,
	PART_DIAGNOSED,
	PART_SERVED,
	PART_EXCUSED,
	PART_EXPLAINED,
	PART_POLICY,
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
    [PART_STAGE] = {36, 4},
    [PART_CAUSE] = {40, 6},
    [PART_BASIS] = {46, 3},
    [PART_WHO] = {49, 3},
    [PART_TLS] = {52, 3},
    [PART_DIAGNOSED] = {55, 1},
    [PART_SERVED] = {56, 1},
    [PART_EXCUSED] = {57, 1},
    [PART_EXPLAINED] = {58, 1},
    [PART_POLICY] = {59, 3}, /* bit 62 is for whoever keeps a cell */
};
static const uint64_t cell_mark = (uint64_t)1 << 63;

/* A name has its number, none has 0; one beyond those that are told apart has the last. */
enum { OTHER_SITES = (1 << 18) - 1, OTHER_SOURCES = (1 << 6) - 1, OTHER_LISTS = (1 << 8) - 1 };
_Static_assert((int)TALLY_SITES < (int)OTHER_SITES && (int)TALLY_SOURCES < (int)OTHER_SOURCES &&
                   (int)TALLY_LISTS < (int)OTHER_LISTS,
    "numbers of names must fit into a cell");
_Static_assert(WALK_COUNT <= 16 && STAGE_CLOSED <= 16 && CAUSE_COUNT <= 64 && BASIS_COUNT <= 8 &&
                   WHO_COUNT <= 8 && TALLY_TLS_COUNT <= 8 && POLICY_COUNT <= 8,
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
	uint64_t cell = cell_mark;

	pack(&cell, PART_SITE, number_of(tally->sites, entry->site, OTHER_SITES));
	pack(&cell, PART_SOURCE, number_of(tally->sources, entry->source, OTHER_SOURCES));
	pack(&cell, PART_LIST, number_of(tally->lists, entry->list, OTHER_LISTS));
	pack(&cell, PART_STATUS, entry->status);
	pack(&cell, PART_STAGE, entry->stage);
	pack(&cell, PART_CAUSE, entry->cause);
	pack(&cell, PART_BASIS, entry->basis);
	pack(&cell, PART_WHO, entry->who);
	pack(&cell, PART_TLS, entry->tls);
	pack(&cell, PART_DIAGNOSED, entry->diagnosed);
	pack(&cell, PART_SERVED, entry->served);
	pack(&cell, PART_EXCUSED, entry->excused);
	pack(&cell, PART_EXPLAINED, entry->explained);
	pack(&cell, PART_POLICY, entry->policy);
	return cell;
}

struct tally_entry
tally_entry(const struct tally *tally, uint64_t cell)
{
	return (struct tally_entry){.status = unpack(cell, PART_STATUS),
	    .stage = unpack(cell, PART_STAGE),
	    .diagnosed = unpack(cell, PART_DIAGNOSED),
	    .cause = unpack(cell, PART_CAUSE),
	    .basis = unpack(cell, PART_BASIS),
	    .who = unpack(cell, PART_WHO),
	    .served = unpack(cell, PART_SERVED),
	    .excused = unpack(cell, PART_EXCUSED),
	    .explained = unpack(cell, PART_EXPLAINED),
	    .tls = unpack(cell, PART_TLS),
	    .policy = unpack(cell, PART_POLICY),
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
tally_part(uint64_t cell, unsigned parts)
{
	static const enum cell_part site[] = {PART_SITE, PART_COUNT},
	                            source[] = {PART_SOURCE, PART_COUNT},
	                            trouble[] = {PART_STATUS, PART_CAUSE, PART_LIST, PART_DIAGNOSED,
	                                PART_COUNT};
	const enum cell_part *wanted[] = {(parts & TALLY_SITE) != 0 ? site : NULL,
	    (parts & TALLY_SOURCE) != 0 ? source : NULL,
	    (parts & TALLY_TROUBLE) != 0 ? trouble : NULL};
	uint64_t kept = 0;

	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
		for (const enum cell_part *part = wanted[i]; part != NULL && *part != PART_COUNT;
		     part++)
			pack(&kept, *part, unpack(cell, *part));
	return kept;
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
	    [POLICY_STS] = "MTA-STS",
	    [POLICY_STS_FAILS] = "MTA-STS, and it fails",
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

static enum tally_tls
tls_of(const struct attempt *attempt)
{
	const struct tls_facts *tls = attempt_tls(attempt);

	return tally_tls_of(attempt->tls_offered, attempt->tls_done, slice_of(tls->version),
	    slice_of(tls->verify), attempt->stage > STAGE_EHLO);
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
	    .tls = decisive != NULL ? tls_of(decisive) : TALLY_TLS_UNKNOWN,
	    .site = slice_of(journey->site),
	    .source = slice_of(source->family != 0 ? ip_text(source, ip) : NULL)};

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
	if (tally->status[WALK_REFUSED] > 0)
		return EXIT_REFUSED;
	if (tally->status[WALK_DEFERRED] > 0)
		return EXIT_DEFERRED;
	if (tally->status[WALK_LOCAL] > 0)
		return EXIT_LOCAL;
	if (tally->targets > tally->status[WALK_ACCEPTED] + tally->excused)
		return EXIT_UNDETERMINED;
	return end->input_failed || end->bad_input > 0 ? EXIT_DATA : EXIT_OK;
}
