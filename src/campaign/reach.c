#include "campaign/reach.h"

#include <event2/event.h>

#include "base/arena.h"
#include "campaign/errand.h"
#include "campaign/senders.h"
#include "campaign/walk.h"
#include "io/loop.h"
#include "report/run.h"

enum { SMTP_PORT = 25, HOST_MS = 30000 };

struct search {
	const struct reach_plan *plan;
	struct arena *arena;
	struct reach *out;
	struct errand_rules rules;
	struct walk_plan walk_plan;
	struct sender_entry sender; /* nothing is said to anybody but QUIT */
	struct errand *errand;
	int64_t began; /* with this host */
	struct walk *walk; /* NULL: none yet */
	struct destination *destination; /* of the walk */
	size_t next;
};

static void ask_next_host(struct search *search);
static void ask_next_address(struct search *search);

static void
note(struct search *search, const struct attempt *attempt)
{
	char ip[IP_TEXT];
	const char *who = arena_printf(
	    search->arena, "%s [%s]:%u", attempt->mx, ip_text(&attempt->ip, ip), attempt->port);

	search->out->tried = search->out->tried || attempt->status == WALK_UNREACHABLE;
	if (attempt->source.family != 0)
		search->out->answered = who;
	else
		search->out->why = arena_printf(search->arena, "%s: %s", who,
		    attempt->detail != NULL ? attempt->detail : "no connection");
}

static void
on_walk_done(void *arg)
{
	struct search *search = arg;
	const struct journey *journey = &search->errand->journey;

	search->walk = NULL;
	note(search, &journey->attempts[journey->attempt_count - 1]);
	if (search->out->answered != NULL)
		loop_stop(search->plan->base);
	else
		ask_next_address(search);
}

static void
ask_next_address(struct search *search)
{
	struct journey *journey = &search->errand->journey;

	search->destination = errand_next(search->errand);
	if (search->destination != NULL) {
		search->walk = walk_start(&search->walk_plan, search->errand, search->destination,
		    &search->sender, &(struct walk_calls){.done = on_walk_done}, search);
		return;
	}
	if (journey->attempt_count > 0)
		note(search, &journey->attempts[journey->attempt_count - 1]);
	else
		search->out->why = arena_string(search->arena, journey->note);
	ask_next_host(search);
}

static bool
route_step(struct book *book, void *arg)
{
	struct search *search = arg;

	(void)book; /* the errand's own */
	return errand_route(search->errand);
}

static void
on_route(bool complete, void *arg)
{
	struct search *search = arg;

	errand_routed(search->errand, complete);
	ask_next_address(search);
}

static void
ask_next_host(struct search *search)
{
	const struct reach_plan *plan = search->plan;
	struct target target = {.depth = STAGE_GREETING};
	const char *why;

	errand_free(search->errand);
	search->errand = NULL;
	if (search->next == plan->count) {
		loop_stop(plan->base);
		return;
	}
	target.text = plan->hosts[search->next++];
	if (!target_server(target.text, search->arena, &target.host, &target.port, &why)) {
		search->out->why = why;
		ask_next_host(search);
		return;
	}
	target.domain = target.host;
	search->began = loop_ms();
	search->errand =
	    errand_new(&search->rules, &target, &plan->source, SMTP_PORT, loop_random());
	consult_start(plan->base, &plan->who, search->errand->book, route_step, on_route, search,
	    plan->dns_ms);
}

static void
show_life(int fd, short what, void *arg)
{
	const struct search *search = arg;
	struct run_progress progress = {.total = 1, .walk_ms = loop_ms() - search->began};

	(void)fd, (void)what;
	if (search->errand == NULL)
		return;
	progress.target = search->errand->journey.target.text;
	if (search->walk != NULL) {
		progress.mx = search->destination->host;
		progress.ip = search->destination->ip;
		progress.port = search->errand->port;
		progress.stage = walk_stage(search->walk);
	}
	search->plan->life(&progress, search->plan->arg);
}

static void
run(struct search *search)
{
	static const struct timeval second = {.tv_sec = 1};
	struct event *life = NULL;

	if (search->plan->life != NULL) {
		life = loop_event(search->plan->base, -1, EV_PERSIST, show_life, search);
		event_add(life, &second);
	}
	loop_run(search->plan->base);
	if (life != NULL)
		event_free(life);
}

void
reach_any(const struct reach_plan *plan, struct arena *arena, struct reach *out)
{
	struct search search = {.plan = plan,
	    .arena = arena,
	    .out = out,
	    .rules = {.paces = NULL, .allow_private = plan->allow_private, .target_ms = HOST_MS},
	    .walk_plan = {.base = plan->base, .tls_want = TLS_NEVER},
	    .sender = {.helo = "localhost", .from = ""}};

	*out = (struct reach){0};
	for (enum stage s = STAGE_CONNECT; s < STAGE_COUNT; s++)
		search.walk_plan.ms[s] = (long)stages[s].seconds * 1000;
	if (plan->count == 0)
		return;
	ask_next_host(&search);
	run(&search);
	errand_free(search.errand);
}
