#include "report/tally.h"

#include "exit_status.h"

enum {
	TALLY_NAMES = 200, /* that a summary lists */
	TALLY_SITES = 50000, /* that are told apart */
};

void
tally_init(struct tally *tally)
{
	*tally =
	    (struct tally){.lists = counter_new(TALLY_NAMES), .sites = counter_new(TALLY_SITES)};
	counter_show(tally->sites, TALLY_NAMES); /* the largest, whenever they come */
}

void
tally_release(struct tally *tally)
{
	counter_free(tally->lists);
	counter_free(tally->sites);
	*tally = (struct tally){0};
}

void
tally_result(struct tally *tally, const struct journey *journey)
{
	tally->targets++;
	tally->status[journey->status]++;
	tally->excused += journey->excused;
	if (journey->target.served_by != NULL) {
		tally->served++;
		return;
	}
	if (journey->status == WALK_ACCEPTED)
		tally->asked[journey->asked]++;
	if (journey->diagnosed)
		tally->cause[journey->diagnosis.cause]++;
	if (journey->diagnosed && journey->diagnosis.list != NULL)
		counter_add(tally->lists, journey->diagnosis.list);
	if (journey->decisive != NULL && journey->site != NULL)
		counter_add(tally->sites, journey->site);
}

int
tally_exit(const struct tally *tally, const struct run_end *end)
{
	if (end->failed)
		return EXIT_INTERNAL;
	if (end->interrupted)
		return EXIT_INTERRUPTED;
	if (end->stop != RUN_WENT_ON)
		return EXIT_LOCAL;
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
