/* campaign/site over a world that no machine here holds: how long a run takes at the limits of the
 * sites, with a clock that jumps from one event to the next.
 *
 * usage: sites DOMAINS ehlo|rcpt [CONCURRENCY]
 *
 * The world is shaped as reference figures have it (one count over the generic top-level domains):
 * of the domains with mail 34 % have Google's exchangers, 14 % GoDaddy's, 13.5 % Namecheap's, 4.7 %
 * Microsoft's, where each has a name of its own; 2,000 other names serve a third of the rest, the
 * larger ones more; the others have a name of their own, of which twenty share an address. A
 * connection takes a second up to EHLO, half of one more for each recipient; one server in ten is
 * dead, and takes 15 s to show it. The list is shuffled, as the program does. Up to EHLO what a
 * server says is asked once (shared.h); with recipients a connection serves as many as the site
 * bears.
 *
 * Printed: connections, hours to the end and to 99 % of the domains, who is last, the most
 * connections at once and in any minute at one site with its limits, and the time this took. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/arena.h"
#include "base/heap.h"
#include "campaign/pace.h"
#include "campaign/site.h"
#include "campaign/window.h"
#include "rules/builtin.h"

enum {
	CROWD = 64, /* places.h */
	WAITING = 20000, /* that are known at a time, beside those that are parked */
	WALK_MS = 1000,
	RECIPIENT_MS = 500,
	DEAD_MS = 15000,
	HOSTERS = 2000,
	LARGE = 4 + HOSTERS
};

struct visit { /* a job; also a connection */
	struct site_job job;
	struct visit *free;
	size_t slot;
	int64_t ends;
	int large; /* index of its site; -1: a small one */
	unsigned domains; /* that this answers */
	unsigned transactions;
	bool dead;
};

struct large_site {
	struct pace pace;
	char name[40];
	unsigned hosts; /* names, and addresses, that it has; 0: one for each domain */
	unsigned long domains, parked, answered;
	unsigned present, at_once, most_at_once, most_a_minute;
	bool *known; /* of each host: it was asked (up to EHLO) */
	struct window window;
	int64_t last;
};

static struct large_site large[LARGE];
static struct paces *paces;
static struct arena *arena;
static struct sites *sites;
static struct heap running;
static struct visit *unused;
static unsigned long made, answered, connections, total;
static bool deep;
static uint64_t state = 88172645463325252u;

static double
uniform(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (double)(state >> 11) / 9007199254740992.0;
}

static bool
ends_before(const void *a, const void *b)
{
	return ((const struct visit *)a)->ends < ((const struct visit *)b)->ends;
}

static struct visit *
visit_new(void)
{
	struct visit *visit = unused;

	if (visit == NULL)
		return must_alloc(sizeof *visit);
	unused = visit->free;
	memset(visit, 0, sizeof *visit);
	return visit;
}

static void
visit_free(struct visit *visit)
{
	visit->free = unused;
	unused = visit;
}

static void
name_large(size_t i, const char *mx, unsigned hosts)
{
	struct ip none = {0};

	pace_find(paces, mx, &none, arena, &large[i].pace);
	snprintf(large[i].name, sizeof large[i].name, "%s", large[i].pace.site);
	large[i].pace.site = large[i].name;
	large[i].hosts = hosts;
	large[i].known = hosts > 0 ? must_alloc(hosts) : NULL;
}

static void
make_world(void)
{
	name_large(0, "aspmx.l.google.com", 5);
	name_large(1, "smtp.secureserver.net", 2);
	name_large(2, "eforward1.registrar-servers.com", 5);
	name_large(3, "x.mail.protection.outlook.com", 0);
	for (size_t i = 4; i < LARGE; i++) {
		char mx[40];

		snprintf(mx, sizeof mx, "mx.hoster%zu.com", i);
		name_large(i, mx, 2);
	}
}

/* Whose a domain is: the index of a large site, or -1. */
static int
draw(void)
{
	static const double shares[] = {0.34, 0.14, 0.135, 0.047};
	double u = uniform();

	for (int i = 0; i < 4; i++) {
		if (u < shares[i])
			return i;
		u -= shares[i];
	}
	if (u > 0.338 / 3)
		return -1;
	u = uniform(); /* the larger ones more */
	return 4 + (int)(u * u * u * (HOSTERS - 1));
}

static void
answer(int site, unsigned long domains, int64_t now)
{
	answered += domains;
	if (site < 0)
		return;
	large[site].answered += domains;
	large[site].last = now;
}

static void
put(struct visit *visit, const struct pace *pace, uint32_t address, int64_t now)
{
	struct ip ip = {.family = 4};

	memcpy(ip.bytes, &address, sizeof address);
	visit->job.arg = visit;
	visit->job.deep = deep;
	sites_add(sites, &visit->job, pace, &ip, now);
}

/* One domain of a large site comes in. */
static void
visit_large(int index, int64_t now)
{
	struct large_site *site = &large[index];
	unsigned host = site->hosts > 0 ? (unsigned)(uniform() * site->hosts) : 0;
	struct visit *visit;

	if (!deep && site->hosts > 0 && site->known[host]) {
		answer(index, 1, now);
		return;
	}
	if (site->present >= CROWD) {
		site->parked++;
		sites_expect(sites, site->name, 1, now);
		return;
	}
	if (site->hosts > 0)
		site->known[host] = true;
	site->present++;
	visit = visit_new();
	visit->large = index;
	/* Microsoft's tenants are on some hundred addresses. */
	put(visit, &site->pace,
	    0x0a000000u + (uint32_t)index * 977u +
	        (site->hosts > 0 ? host : (unsigned)(uniform() * 500)) * 65537u,
	    now);
}

static void
visit_small(int64_t now)
{
	unsigned long number = made;
	struct visit *visit = visit_new();
	struct pace pace;
	char mx[40];
	struct ip none = {0};

	snprintf(mx, sizeof mx, "mail.d%lu.com", number);
	arena_reset(arena);
	pace_find(paces, mx, &none, arena, &pace);
	visit->large = -1;
	visit->dead = uniform() < 0.1;
	/* Twenty at an address, and they do not come one behind the other. */
	put(visit, &pace,
	    (uint32_t)((unsigned long)(uniform() * (double)(total / 60 + 1)) * 2654435761u), now);
}

static void
fill(int64_t now)
{
	while (made < total && sites_waiting(sites) < WAITING) {
		int index = draw();

		made++;
		if (index < 0) {
			visit_small(now);
			continue;
		}
		large[index].domains++;
		visit_large(index, now);
	}
}

static void
begin(struct visit *visit, int64_t now)
{
	connections++;
	visit->transactions = 1;
	visit->ends = now + (visit->dead ? DEAD_MS : WALK_MS + (deep ? RECIPIENT_MS : 0));
	heap_put(&running, visit);
	if (visit->large < 0)
		return;
	struct large_site *site = &large[visit->large];

	if (++site->at_once > site->most_at_once)
		site->most_at_once = site->at_once;
	window_note(&site->window, now);
	if (window_count(&site->window, now) > site->most_a_minute)
		site->most_a_minute = window_count(&site->window, now);
	if (site->at_once > (deep ? site->pace.deep : site->pace.shallow) ||
	    window_count(&site->window, now) > site->pace.rate) {
		printf("LIMIT PASSED at %s\n", site->name);
		exit(1);
	}
}

static bool
any(const struct site_job *next, const struct site_job *job)
{
	return next != job;
}

static void
come_in(int index, int64_t now)
{
	struct large_site *site = &large[index];

	site->present--;
	while (site->parked > 0 && site->present < CROWD) {
		site->parked--;
		sites_expect(sites, site->name, -1, now);
		visit_large(index, now);
	}
}

static void
end(struct visit *visit, int64_t now)
{
	int index = visit->large;
	struct site_job *next = NULL;

	heap_remove(&running, visit);
	answer(index, 1, now);
	if (index >= 0 && deep && visit->transactions < large[index].pace.transactions)
		next = sites_follow(sites, &visit->job, any, now);
	if (next != NULL) {
		struct visit *follower = next->arg;

		follower->transactions = visit->transactions + 1;
		follower->ends = now + RECIPIENT_MS;
		heap_put(&running, follower);
	} else {
		if (index >= 0)
			large[index].at_once--;
		sites_done(sites, &visit->job, now);
	}
	visit_free(visit);
	if (index >= 0)
		come_in(index, now);
}

static void
report(int64_t now, int64_t most, double cpu)
{
	struct large_site *last = &large[0], *busiest = &large[0];
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	for (size_t i = 0; i < LARGE; i++) {
		last = large[i].last > last->last ? &large[i] : last;
		busiest = large[i].most_a_minute > busiest->most_a_minute ? &large[i] : busiest;
	}
	printf("%lu domains, %s: %lu connections, %.2f h; 99 %% of them in %.2f h; last %s (%lu "
	       "domains)\n",
	    total, deep ? "rcpt" : "ehlo", connections, (double)now / 3600000,
	    (double)most / 3600000, last->name, last->domains);
	for (size_t i = 0; i < 5; i++)
		printf("  %-32s %9lu domains, done after %7.2f h; at most %u of %u at once, %u of "
		       "%u in a minute\n",
		    large[i].name, large[i].domains, (double)large[i].last / 3600000,
		    large[i].most_at_once, deep ? large[i].pace.deep : large[i].pace.shallow,
		    large[i].most_a_minute, large[i].pace.rate);
	printf("  no site over its limits; %.1f s of CPU, %.2f us a domain, %ld MB\n", cpu,
	    cpu * 1e6 / (double)total, usage.ru_maxrss / 1024);
}

int
main(int argc, char **argv)
{
	struct site_limits limits = {
	    .walks = 2000, .address = 1, .network = SITES_NETWORK, .pause = 60000};
	struct stanza_error error;
	int64_t now = 0, when, most = 0;
	struct visit *visit;
	struct site_job *job;

	if (argc < 3) {
		fputs("usage: sites DOMAINS ehlo|rcpt [CONCURRENCY]\n", stderr);
		return 64;
	}
	total = strtoul(argv[1], NULL, 10);
	deep = strcmp(argv[2], "rcpt") == 0;
	if (argc > 3)
		limits.walks = (unsigned)strtoul(argv[3], NULL, 10);
	arena = arena_new();
	paces = paces_new(&(struct pace_wish){.connections = 0});
	if (!paces_add(paces, data_sites, data_sites_size, &error))
		return 70;
	running = (struct heap){.before = ends_before, .slot = offsetof(struct visit, slot)};
	sites = sites_new(&limits, 1);
	make_world();
	for (;;) {
		fill(now);
		while ((job = sites_next(sites, now, &when)) != NULL) {
			begin(job->arg, now);
			fill(now);
		}
		if (most == 0 && answered >= total - total / 100)
			most = now;
		visit = heap_first(&running);
		if (visit == NULL && when == SITES_NEVER)
			break;
		if (visit == NULL || when < visit->ends) {
			now = when;
			continue;
		}
		now = visit->ends;
		while ((visit = heap_first(&running)) != NULL && visit->ends <= now)
			end(visit, now);
	}
	if (answered != total)
		printf("LOST: %lu of %lu\n", total - answered, total);
	report(now, most, (double)clock() / CLOCKS_PER_SEC);
	return answered == total ? 0 : 1;
}
