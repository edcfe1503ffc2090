#include "command/isolate_prior.h"

#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/stanza.h"
#include "command/filters.h"
#include "command/parts_aside.h"
#include "dns/book.h"
#include "io/loop.h"
#include "preflight/preflight.h"

/* Of the points that a filter refuses from, so many make a symbol one to go by. */
#define DECISIVE .25

struct prior {
	const struct isolate_prior_plan *plan;
	struct requirements *requirements;
	struct arena *arena; /* of the pinned one: for what stays */
	struct arena *work; /* emptied whenever the gathering starts again */
	struct message_facts facts;
	struct preflight_query query;
	struct preflight known;
	struct hints *hints;
};

/* ---- preflight */

static bool
gather(struct book *book, void *arg)
{
	struct prior *prior = arg;

	arena_reset(prior->work);
	return preflight_gather(book, prior->work, &prior->query, &prior->known);
}

static void
read_facts(struct prior *prior)
{
	const struct facts_query query = {.message = prior->plan->message,
	    .now = prior->query.now,
	    .requirements = prior->requirements};

	message_facts_read(&query, prior->arena, &prior->facts);
	parts_look_into(&prior->facts, prior->arena);
	message_facts_finish(&prior->facts);
}

static void
take_findings(struct prior *prior)
{
	static const struct mailing any;
	const struct finding *findings = preflight_judge(&prior->query, &prior->known, prior->work);
	struct ranked *ranked;
	size_t count = preflight_rank(prior->requirements, findings, &any, prior->work, &ranked);

	for (size_t i = 0; i < count; i++) {
		const struct finding *finding = ranked[i].finding;
		const struct clue clue = {.by = check_name(finding->id),
		    .words = arena_string(prior->arena, finding->words),
		    .line = finding->line,
		    .grave = ranked[i].weight == DEMAND_REFUSES};

		if (finding->result == FINDING_FAIL && ranked[i].weight >= DEMAND_WARNS)
			kinds_hint(prior->plan->kinds, prior->plan->pieces, &clue, prior->hints,
			    prior->arena);
	}
}

/* ---- filters */

/* A symbol that the data do not know is about what the check of preflight is about that it stands
 * for. */
static void
take_symbol(
    struct prior *prior, const struct component *component, const struct component_symbol *symbol)
{
	enum check_id check = requirements_symbol(prior->requirements, symbol->name);
	size_t before = prior->hints->count;
	struct clue clue = {.by = arena_string(prior->arena, symbol->name), .grave = true};

	clue.words = arena_printf(prior->arena, "%s gives %.1f of %.1f points for %s%s%s",
	    component_name(component->kind), symbol->score, component->threshold, symbol->name,
	    symbol->description != NULL ? ": " : "",
	    symbol->description != NULL ? symbol->description : "");
	kinds_hint(prior->plan->kinds, prior->plan->pieces, &clue, prior->hints, prior->arena);
	if (prior->hints->count > before || check == CHECK_COUNT)
		return;
	clue.by = check_name(check);
	kinds_hint(prior->plan->kinds, prior->plan->pieces, &clue, prior->hints, prior->arena);
}

static void
take_component(struct prior *prior, const struct component *component)
{
	const struct clue clue = {.grave = true,
	    .by = component_name(component->kind),
	    .words = arena_printf(prior->arena, "%s finds %s", component_name(component->kind),
	        component->action != NULL ? component->action : "something")};

	if (!component->known) {
		log_warn("%s at %s is not known: %s", component_name(component->kind),
		    component->at, component->problem);
		return;
	}
	for (size_t i = 0; i < component->symbol_count; i++)
		if (component->symbols[i].score >= DECISIVE * component->threshold)
			take_symbol(prior, component, &component->symbols[i]);
	if (component->kind == COMPONENT_CLAMD && component->spam)
		kinds_hint(
		    prior->plan->kinds, prior->plan->pieces, &clue, prior->hints, prior->arena);
}

static void
ask_filters(struct prior *prior)
{
	const struct pinned *pinned = prior->plan->pinned;
	const struct component_plan question = {.message = prior->plan->message,
	    .ip = prior->query.ip,
	    .helo = prior->query.helo,
	    .from = prior->query.from,
	    .hostname = prior->known.sender.ptr.confirmed_name,
	    .now = prior->query.now};
	const struct component *components;
	size_t count =
	    filters_ask(pinned->options, pinned->dns.base, &question, prior->work, &components);

	for (size_t i = 0; i < count; i++)
		take_component(prior, &components[i]);
}

/* ---- all of it */

static void
look(struct prior *prior)
{
	struct pinned *pinned = prior->plan->pinned;
	const struct options *o = pinned->options;
	struct ip ip = pinned->sender.source;
	struct book *book = book_new();

	prior->query = (struct preflight_query){.facts = &prior->facts,
	    .ip = o->public_ip.family == ip.family ? o->public_ip : ip,
	    .helo = pinned->sender.helo,
	    .from = pinned->sender.from,
	    .lists = o->dnsbl ? pinned->dns.lists : NULL,
	    .now = loop_wall_ms() / 1000};
	read_facts(prior);
	prior->known.complete = dns_consult(&pinned->dns, book, gather, prior, o->timeout_dns);
	take_findings(prior);
	ask_filters(prior);
	book_free(book);
}

int
isolate_prior(const struct isolate_prior_plan *plan, struct hints *hints)
{
	struct prior prior = {.plan = plan,
	    .requirements = requirements_new(),
	    .arena = plan->pinned->arena,
	    .work = arena_new(),
	    .hints = hints};
	struct stanza_error error;
	int status = EXIT_OK;

	*hints = (struct hints){0};
	if (requirements_add_builtin(prior.requirements, &error)) {
		look(&prior);
	} else {
		log_error("data/preflight.conf:%u: %s", error.line, error.reason);
		status = EXIT_INTERNAL;
	}
	requirements_free(prior.requirements);
	arena_free(prior.work);
	return status;
}
