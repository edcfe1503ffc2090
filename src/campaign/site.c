/* Sites, addresses and lanes stand in balanced trees, not in hash tables: their names come from
 * strangers, who could choose them to collide. */
#include "campaign/site.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "evidence/blocklist.h"

enum { GATES = 2 }; /* that a job goes through */
enum gate_kind { GATE_SITE, GATE_ADDRESS };

struct gate {
	enum gate_kind kind;
	char *name; /* of a site */
	struct ip ip; /* of an address */
	unsigned inside;
	int64_t not_before;
	size_t lanes; /* that lead through it; at 0 it can go */
	struct lane *first, *last; /* those that wait for it */
	size_t slot; /* where it stands among those that wait for the time, from 1; 0: it does not
	              */
};

struct lane { /* all jobs of one site for one address */
	struct gate *gates[GATES];
	size_t inside;
	struct site_job *first, *last; /* who waits */
	struct lane *next; /* at the gate that it waits for */
};

struct sites {
	struct site_limits limits;
	void *gates, *lanes;
	struct gate **held; /* a heap from 1, the earliest on top */
	size_t held_count, held_room;
	struct site_job *first, *last; /* those who are through their gates, but not begun */
	size_t waiting, ready, running;
};

/* ---- the trees */

static int
by_kind_and_key(const void *left, const void *right)
{
	const struct gate *a = left, *b = right;

	if (a->kind != b->kind)
		return (int)a->kind - (int)b->kind;
	return a->kind == GATE_SITE ? strcmp(a->name, b->name)
	                            : memcmp(&a->ip, &b->ip, sizeof a->ip);
}

static int
by_gates(const void *left, const void *right)
{
	const struct lane *a = left, *b = right;

	for (size_t i = 0; i < GATES; i++)
		if (a->gates[i] != b->gates[i])
			return (uintptr_t)a->gates[i] < (uintptr_t)b->gates[i] ? -1 : 1;
	return 0;
}

/* What equals `key`, or a copy of it that is put in; `*is_new` says which. */
static void *
find_or_add(void **tree, const void *key, size_t size, int (*compare)(const void *, const void *),
    bool *is_new)
{
	void **node = tsearch(key, tree, compare);

	if (node == NULL)
		abort(); /* base/arena.h: out of memory ends the program */
	*is_new = *node == key;
	if (*is_new)
		*node = memcpy(must_alloc(size), key, size);
	return *node;
}

static struct gate *
site_gate(struct sites *sites, const char *name)
{
	struct gate key = {.kind = GATE_SITE, .name = (char *)name, .not_before = INT64_MIN}, *gate;
	bool is_new;

	gate = find_or_add(&sites->gates, &key, sizeof key, by_kind_and_key, &is_new);
	if (is_new)
		gate->name = must_string(name);
	return gate;
}

static struct gate *
address_gate(struct sites *sites, const struct ip *ip)
{
	struct gate key = {.kind = GATE_ADDRESS, .ip = *ip, .not_before = INT64_MIN};
	bool is_new;

	return find_or_add(&sites->gates, &key, sizeof key, by_kind_and_key, &is_new);
}

static struct lane *
lane_of(struct sites *sites, const char *site, const struct ip *ip)
{
	struct lane key = {.gates = {site_gate(sites, site), address_gate(sites, ip)}}, *lane;
	bool is_new;

	lane = find_or_add(&sites->lanes, &key, sizeof key, by_gates, &is_new);
	for (size_t i = 0; is_new && i < GATES; i++)
		lane->gates[i]->lanes++;
	return lane;
}

static void
free_gate(void *node)
{
	struct gate *gate = node;

	free(gate->name);
	free(gate);
}

static void
drop_gate(struct sites *sites, struct gate *gate)
{
	if (gate->lanes > 0 || gate->slot > 0)
		return;
	tdelete(gate, &sites->gates, by_kind_and_key);
	free_gate(gate);
}

static void
drop_lane(struct sites *sites, struct lane *lane)
{
	if (lane->first != NULL || lane->inside > 0)
		return;
	tdelete(lane, &sites->lanes, by_gates);
	for (size_t i = 0; i < GATES; i++) {
		lane->gates[i]->lanes--;
		drop_gate(sites, lane->gates[i]);
	}
	free(lane);
}

/* ---- the heap of those that wait for the time */

static void
put_held(struct sites *sites, size_t slot, struct gate *gate)
{
	sites->held[slot] = gate;
	gate->slot = slot;
}

static void
sift_up(struct sites *sites, struct gate *gate)
{
	size_t slot = gate->slot;

	for (; slot > 1 && sites->held[slot / 2]->not_before > gate->not_before; slot /= 2)
		put_held(sites, slot, sites->held[slot / 2]);
	put_held(sites, slot, gate);
}

static void
sift_down(struct sites *sites, struct gate *gate)
{
	size_t slot = gate->slot, child;

	for (; (child = slot * 2) <= sites->held_count; slot = child) {
		if (child < sites->held_count &&
		    sites->held[child + 1]->not_before < sites->held[child]->not_before)
			child++;
		if (sites->held[child]->not_before >= gate->not_before)
			break;
		put_held(sites, slot, sites->held[child]);
	}
	put_held(sites, slot, gate);
}

static void
hold(struct sites *sites, struct gate *gate)
{
	if (gate->slot > 0) { /* only ever moved to a later time */
		sift_down(sites, gate);
		return;
	}
	if (sites->held_count + 1 >= sites->held_room) {
		sites->held_room = sites->held_room * 2 + 16;
		sites->held = must_realloc(sites->held, sites->held_room * sizeof *sites->held);
	}
	put_held(sites, ++sites->held_count, gate);
	sift_up(sites, gate);
}

static struct gate *
take_earliest(struct sites *sites)
{
	struct gate *gate = sites->held[1], *last = sites->held[sites->held_count--];

	gate->slot = 0;
	if (last != gate) {
		last->slot = 1;
		sift_down(sites, last);
	}
	return gate;
}

/* ---- through the gates */

static bool
has_room(
    const struct sites *sites, const struct gate *gate, const struct site_job *job, int64_t now)
{
	unsigned limit = gate->kind == GATE_ADDRESS ? sites->limits.address
	                 : job->deep                ? sites->limits.deep
	                                            : sites->limits.shallow;

	return gate->inside < limit && gate->not_before <= now;
}

static void
wait_at(struct sites *sites, struct lane *lane, struct gate *gate, int64_t now)
{
	lane->next = NULL;
	*(gate->first != NULL ? &gate->last->next : &gate->first) = lane;
	gate->last = lane;
	if (gate->not_before > now && gate->slot == 0)
		hold(sites, gate);
}

static void
let_in(struct sites *sites, struct lane *lane)
{
	struct site_job *job = lane->first;

	lane->first = job->next;
	job->next = NULL;
	*(sites->first != NULL ? &sites->last->next : &sites->first) = job;
	sites->last = job;
	sites->ready++;
	lane->inside++;
	for (size_t i = 0; i < GATES; i++)
		lane->gates[i]->inside++;
}

/* As many of the lane as there is room for; the others wait at the gate that has none. */
static void
advance(struct sites *sites, struct lane *lane, int64_t now)
{
	while (lane->first != NULL) {
		for (size_t i = 0; i < GATES; i++)
			if (!has_room(sites, lane->gates[i], lane->first, now)) {
				wait_at(sites, lane, lane->gates[i], now);
				return;
			}
		let_in(sites, lane);
	}
}

static void
wake(struct sites *sites, struct gate *gate, int64_t now)
{
	struct lane *lane;

	while ((lane = gate->first) != NULL && has_room(sites, gate, lane->first, now)) {
		gate->first = lane->next;
		advance(sites, lane, now);
	}
}

static void
leave(struct sites *sites, struct lane *lane, int64_t now)
{
	lane->inside--;
	for (size_t i = 0; i < GATES; i++)
		lane->gates[i]->inside--;
	for (size_t i = 0; i < GATES; i++)
		wake(sites, lane->gates[i], now);
}

/* ---- from outside */

struct sites *
sites_new(const struct site_limits *limits)
{
	struct sites *sites = must_alloc(sizeof *sites);

	sites->limits = *limits;
	return sites;
}

void
sites_free(struct sites *sites)
{
	if (sites == NULL)
		return;
	tdestroy(sites->lanes, free);
	tdestroy(sites->gates, free_gate);
	free(sites->held);
	free(sites);
}

void
sites_add(
    struct sites *sites, struct site_job *job, const char *site, const struct ip *ip, int64_t now)
{
	struct lane *lane = lane_of(sites, site, ip);
	bool stands = lane->first != NULL; /* others of it wait already */

	job->lane = lane;
	job->next = NULL;
	*(stands ? &lane->last->next : &lane->first) = job;
	lane->last = job;
	sites->waiting++;
	if (!stands)
		advance(sites, lane, now);
}

static struct gate *
closed_gate(const struct lane *lane, int64_t now)
{
	for (size_t i = 0; i < GATES; i++)
		if (lane->gates[i]->not_before > now)
			return lane->gates[i];
	return NULL;
}

/* The gate was closed after the job had been let in: back to where it would stand now, first. */
static void
send_back(struct sites *sites, struct site_job *job, struct gate *gate, int64_t now)
{
	struct lane *lane = job->lane;

	if (lane->first == NULL) { /* else the lane stands somewhere already */
		lane->last = job;
		lane->next = gate->first;
		gate->first = lane;
		if (lane->next == NULL)
			gate->last = lane;
	}
	job->next = lane->first;
	lane->first = job;
	leave(sites, lane, now);
}

struct site_job *
sites_next(struct sites *sites, int64_t now, int64_t *when)
{
	struct site_job *job;
	struct gate *gate;

	while (sites->held_count > 0 && sites->held[1]->not_before <= now) {
		gate = take_earliest(sites);
		wake(sites, gate, now);
		drop_gate(sites, gate);
	}
	*when = SITES_NEVER;
	if (sites->running >= sites->limits.walks)
		return NULL;
	while ((job = sites->first) != NULL) {
		sites->first = job->next;
		sites->ready--;
		job->next = NULL;
		gate = closed_gate(job->lane, now);
		if (gate != NULL) {
			send_back(sites, job, gate, now);
			continue;
		}
		sites->waiting--;
		sites->running++;
		return job;
	}
	if (sites->held_count > 0)
		*when = sites->held[1]->not_before;
	return NULL;
}

void
sites_done(struct sites *sites, struct site_job *job, int64_t now)
{
	struct lane *lane = job->lane;

	job->lane = NULL;
	sites->running--;
	leave(sites, lane, now);
	drop_lane(sites, lane);
}

void
sites_hold(struct sites *sites, const char *site, int64_t not_before, int64_t now)
{
	struct gate *gate = site_gate(sites, site);

	if (not_before > gate->not_before)
		gate->not_before = not_before;
	if (gate->not_before > now)
		hold(sites, gate);
	else
		drop_gate(sites, gate);
}

void
sites_lower(struct sites *sites, unsigned walks)
{
	if (walks < sites->limits.walks)
		sites->limits.walks = walks > 0 ? walks : 1;
}

size_t
sites_waiting(const struct sites *sites)
{
	return sites->waiting;
}

size_t
sites_ready(const struct sites *sites)
{
	return sites->ready;
}

size_t
sites_running(const struct sites *sites)
{
	return sites->running;
}

const char *
site_name(const char *host, const struct ip *ip, struct arena *arena)
{
	char address[IP_TEXT];
	struct ip literal;

	if (host == NULL || *host == '\0' || ip_parse(&literal, host))
		return arena_string(arena, ip_text(ip, address));
	return blocklist_registered(host);
}

bool
site_is_deep(enum stage depth)
{
	return depth >= STAGE_MAIL;
}
