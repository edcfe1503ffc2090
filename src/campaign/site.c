#include "campaign/site.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/heap.h"
#include "base/table.h"
#include "campaign/pace.h"
#include "campaign/window.h"

enum { STEPS = 8 }; /* in which a site comes back to what it had */

enum gate_kind { GATE_SITE, GATE_ADDRESS, GATE_NETWORK, GATES };

struct gate {
	enum gate_kind kind;
	struct ip ip; /* of an address, a network */
	unsigned shallow, deep; /* that may be inside */
	unsigned rate; /* that may begin in a minute; 0: any number */
	unsigned full_rate; /* … when it does not complain */
	unsigned inside; /* of those, `ahead` have not begun yet */
	unsigned ahead;
	unsigned lanes; /* that lead through it */
	struct window window; /* who began */
	int64_t not_before;
	int64_t worked; /* of an address: when something good came of it */
	unsigned slowed; /* what it had when it complained; 0: it has not */
	unsigned strikes, good; /* how often it complained; good ends since */
	unsigned waiting;
	unsigned long begun, followed; /* connections; who came by one that was there */
	/* Of a site: */
	unsigned expected; /* who waits elsewhere */
	struct site_job *ready, *last_ready; /* those that are through their gates, but not begun */
	size_t ready_slot;
	/* Of all: */
	struct lane *first, *last; /* those that wait for it */
	int64_t wakes; /* when it is to be looked at */
	struct heap *in; /* one of those of `sites`; NULL: none */
	size_t slot;
	uint64_t hash;
	char name[]; /* of a site */
};

struct lane { /* all jobs of one site for one address */
	struct gate *gates[GATES];
	uint64_t hash;
	size_t inside;
	struct site_job *first, *last; /* who waits */
	struct gate *at; /* that it waits for; NULL: nobody waits */
	struct lane *previous, *next; /* there */
};

struct sites {
	struct site_limits limits;
	unsigned walks; /* that this host can have at once */
	unsigned good; /* good ends since it could not */
	int64_t rests; /* until then none begins */
	char slowest[IP_TEXT]; /* its name, if it is an address */
	struct window window; /* of all walks */
	struct table gates, lanes;
	uint64_t secret;
	struct heap shut; /* gates that somebody waits for, by when they may open */
	struct heap fading; /* gates that nobody waits for, by when they may be forgotten */
	struct heap ready; /* sites where somebody is through all gates, the largest first */
	unsigned long order;
	size_t waiting, ready_count, running;
};

static bool
wakes_before(const void *a, const void *b)
{
	return ((const struct gate *)a)->wakes < ((const struct gate *)b)->wakes;
}

static size_t
size_of(const struct gate *site)
{
	return (size_t)site->waiting + site->expected;
}

static bool
begins_before(const void *left, const void *right)
{
	const struct gate *a = left, *b = right;

	return size_of(a) != size_of(b) ? size_of(a) > size_of(b)
	                                : a->ready->order < b->ready->order;
}

/* ---- the tables */

struct gate_key {
	enum gate_kind kind;
	const char *name; /* of a site, else "" */
	struct ip ip; /* of an address, a network */
	uint64_t hash;
};

static bool
is_gate(const void *item, const void *wanted)
{
	const struct gate *gate = item;
	const struct gate_key *key = wanted;

	return gate->kind == key->kind && strcmp(gate->name, key->name) == 0 &&
	       memcmp(&gate->ip, &key->ip, sizeof gate->ip) == 0;
}

static struct gate_key
site_key(const struct sites *sites, const struct pace *pace)
{
	return (struct gate_key){.kind = GATE_SITE,
	    .name = pace->site,
	    .hash = hash_secret(sites->secret, pace->site, strlen(pace->site))};
}

static struct gate_key
ip_key(const struct sites *sites, enum gate_kind kind, const struct ip *ip)
{
	return (struct gate_key){.kind = kind,
	    .name = "",
	    .ip = *ip,
	    .hash = hash_secret(sites->secret + kind, ip, sizeof *ip)};
}

/* NULL: there is none. */
static struct gate *
find_gate(const struct sites *sites, const struct gate_key *key)
{
	return table_find(&sites->gates, key->hash, is_gate, key);
}

static struct gate *
add_gate(struct sites *sites, const struct gate_key *key, unsigned shallow, unsigned deep)
{
	size_t len = strlen(key->name) + 1;
	struct gate *gate = must_alloc(sizeof *gate + len);

	gate->kind = key->kind;
	memcpy(gate->name, key->name, len);
	gate->ip = key->ip;
	gate->shallow = shallow;
	gate->deep = deep;
	gate->not_before = gate->worked = INT64_MIN;
	gate->hash = key->hash;
	table_put(&sites->gates, gate->hash, gate);
	return gate;
}

/* NULL: there is none. */
static struct gate *
find_site(const struct sites *sites, const struct pace *pace)
{
	const struct gate_key key = site_key(sites, pace);

	return find_gate(sites, &key);
}

static struct gate *
find_address(const struct sites *sites, const struct ip *ip)
{
	const struct gate_key key = ip_key(sites, GATE_ADDRESS, ip);

	return find_gate(sites, &key);
}

static struct gate *
site_gate(struct sites *sites, const struct pace *pace)
{
	const struct gate_key key = site_key(sites, pace);
	struct gate *gate = find_gate(sites, &key);

	if (gate == NULL) {
		gate = add_gate(sites, &key, pace->shallow, pace->deep);
		gate->rate = gate->full_rate = pace->rate;
	}
	return gate;
}

/* Vanity names at one hoster are many sites: its address feels them all. */
static struct gate *
address_gate(struct sites *sites, const struct pace *pace, const struct ip *ip)
{
	const struct gate_key key = ip_key(sites, GATE_ADDRESS, ip);
	struct gate *gate = find_gate(sites, &key);

	if (gate == NULL) {
		gate = add_gate(sites, &key, sites->limits.address, sites->limits.address);
		gate->rate = gate->full_rate = pace->rate;
	}
	if (gate->full_rate > 0 && (pace->rate == 0 || pace->rate > gate->full_rate)) {
		gate->full_rate = pace->rate; /* who bears most of those there, bears it, too */
		if (gate->slowed == 0)
			gate->rate = pace->rate;
	}
	return gate;
}

static struct gate *
network_gate(struct sites *sites, const struct ip *ip)
{
	size_t kept = ip->family == 6 ? 6 : 3;
	struct ip network = *ip;
	struct gate_key key;
	struct gate *gate;

	memset(network.bytes + kept, 0, sizeof network.bytes - kept);
	key = ip_key(sites, GATE_NETWORK, &network);
	gate = find_gate(sites, &key);
	return gate != NULL ? gate
	                    : add_gate(sites, &key, sites->limits.network, sites->limits.network);
}

static bool
is_lane(const void *item, const void *gates)
{
	return memcmp(((const struct lane *)item)->gates, gates, GATES * sizeof(struct gate *)) ==
	       0;
}

static struct lane *
lane_of(struct sites *sites, const struct pace *pace, const struct ip *ip)
{
	struct gate *gates[GATES] = {[GATE_SITE] = site_gate(sites, pace),
	    [GATE_ADDRESS] = address_gate(sites, pace, ip),
	    [GATE_NETWORK] = network_gate(sites, ip)};
	uint64_t hash = gates[GATE_SITE]->hash ^ gates[GATE_ADDRESS]->hash;
	struct lane *lane = table_find(&sites->lanes, hash, is_lane, gates);

	if (lane != NULL)
		return lane;
	lane = must_alloc(sizeof *lane);
	memcpy(lane->gates, gates, sizeof gates);
	lane->hash = hash;
	table_put(&sites->lanes, hash, lane);
	for (size_t i = 0; i < GATES; i++)
		gates[i]->lanes++;
	return lane;
}

static void
free_gate(struct gate *gate)
{
	window_release(&gate->window);
	free(gate);
}

/* ---- the time of a gate */

/* When the next may begin, as far as the time is concerned. */
static int64_t
opens(struct gate *gate, const struct site_job *job, int64_t now)
{
	int64_t at = window_opens(
	    &gate->window, gate->rate, gate->ahead, gate->slowed > 0 && !job->goes_on, now);

	return !job->goes_on && gate->not_before > at ? gate->not_before : at;
}

/* Until when it is to be remembered what was begun there, and what it said. */
static int64_t
remembered(const struct gate *gate)
{
	int64_t until = window_last(&gate->window);

	if (gate->worked > until)
		until = gate->worked;
	if (until != INT64_MIN)
		until += WINDOW_MS;
	if (gate->not_before > until)
		until = gate->not_before;
	if (gate->slowed > 0 && gate->not_before + SITES_PAUSE_MAX > until)
		until = gate->not_before + SITES_PAUSE_MAX;
	return until;
}

/* Looked at again when the time may have opened it or it may be forgotten; gone when it may be. */
static void
settle(struct sites *sites, struct gate *gate, int64_t now)
{
	struct heap *heap = gate->first != NULL ? &sites->shut : &sites->fading;
	int64_t wakes =
	    gate->first != NULL ? opens(gate, gate->first->first, now) : remembered(gate);

	if (gate->in != NULL && (gate->in != heap || wakes <= now)) {
		heap_remove(gate->in, gate);
		gate->in = NULL;
	}
	if (wakes > now) {
		gate->wakes = wakes;
		gate->in = heap;
		heap_put(heap, gate);
		return;
	}
	if (gate->lanes > 0 || gate->expected > 0)
		return;
	table_take(&sites->gates, gate->hash, gate);
	free_gate(gate);
}

static void
drop_lane(struct sites *sites, struct lane *lane, int64_t now)
{
	if (lane->first != NULL || lane->inside > 0)
		return;
	table_take(&sites->lanes, lane->hash, lane);
	for (size_t i = 0; i < GATES; i++) {
		lane->gates[i]->lanes--;
		settle(sites, lane->gates[i], now);
	}
	free(lane);
}

/* ---- through the gates */

/* A site that complained has one connection at a time until it is as fast as before. */
static bool
has_room(struct gate *gate, const struct site_job *job, int64_t now)
{
	unsigned limit = gate->slowed > 0 ? 1 : job->deep ? gate->deep : gate->shallow;

	return gate->inside < limit && opens(gate, job, now) <= now;
}

static void
wait_at(struct sites *sites, struct lane *lane, struct gate *gate, int64_t now)
{
	lane->at = gate;
	lane->next = NULL;
	lane->previous = gate->last;
	*(gate->last != NULL ? &gate->last->next : &gate->first) = lane;
	gate->last = lane;
	settle(sites, gate, now);
}

static void
wait_first_at(struct lane *lane, struct gate *gate)
{
	lane->at = gate;
	lane->previous = NULL;
	lane->next = gate->first;
	*(gate->first != NULL ? &gate->first->previous : &gate->last) = lane;
	gate->first = lane;
}

static void
wait_no_more(struct lane *lane)
{
	struct gate *gate = lane->at;

	*(lane->previous != NULL ? &lane->previous->next : &gate->first) = lane->next;
	*(lane->next != NULL ? &lane->next->previous : &gate->last) = lane->previous;
	lane->at = NULL;
}

static void
put_ready(struct sites *sites, struct gate *site, struct site_job *job)
{
	job->next = NULL;
	job->order = sites->order++;
	*(site->ready != NULL ? &site->last_ready->next : &site->ready) = job;
	site->last_ready = job;
	sites->ready_count++;
	heap_put(&sites->ready, site);
}

static struct site_job *
take_ready(struct sites *sites)
{
	struct gate *site = heap_first(&sites->ready);
	struct site_job *job = site->ready;

	heap_remove(&sites->ready, site);
	site->ready = job->next;
	job->next = NULL;
	sites->ready_count--;
	if (site->ready != NULL)
		heap_put(&sites->ready, site);
	return job;
}

/* The size of a site has changed: so may have whose turn it is. */
static void
resized(struct sites *sites, struct gate *site)
{
	if (heap_has(&sites->ready, site))
		heap_put(&sites->ready, site);
}

/* So many more, or fewer, wait for its gates. */
static void
count_waiting(struct sites *sites, struct lane *lane, long more)
{
	for (size_t i = 0; i < GATES; i++)
		lane->gates[i]->waiting = (unsigned)((long)lane->gates[i]->waiting + more);
	sites->waiting = (size_t)((long)sites->waiting + more);
	resized(sites, lane->gates[GATE_SITE]);
}

static void
let_in(struct sites *sites, struct lane *lane, struct site_job *job)
{
	put_ready(sites, lane->gates[GATE_SITE], job);
	lane->inside++;
	for (size_t i = 0; i < GATES; i++) {
		lane->gates[i]->inside++;
		lane->gates[i]->ahead++;
	}
}

/* As many of the lane as there is room for; the others wait at the gate that has none. */
static void
advance(struct sites *sites, struct lane *lane, int64_t now)
{
	while (lane->first != NULL) {
		struct site_job *job = lane->first;

		for (size_t i = 0; i < GATES; i++)
			if (!has_room(lane->gates[i], job, now)) {
				wait_at(sites, lane, lane->gates[i], now);
				return;
			}
		lane->first = job->next;
		let_in(sites, lane, job);
	}
}

static void
wake(struct sites *sites, struct gate *gate, int64_t now)
{
	struct lane *lane;

	while ((lane = gate->first) != NULL && has_room(gate, lane->first, now)) {
		wait_no_more(lane);
		advance(sites, lane, now);
	}
}

static void
leave(struct sites *sites, struct lane *lane, int64_t now)
{
	for (size_t i = 0; i < GATES; i++)
		lane->gates[i]->inside--;
	for (size_t i = 0; i < GATES; i++) {
		wake(sites, lane->gates[i], now);
		settle(sites, lane->gates[i], now);
	}
}

/* ---- from outside */

struct sites *
sites_new(const struct site_limits *limits, uint64_t secret)
{
	struct sites *sites = must_alloc(sizeof *sites);

	sites->limits = *limits;
	sites->secret = secret;
	sites->walks = limits->walks;
	sites->rests = INT64_MIN;
	sites->shut = sites->fading =
	    (struct heap){.before = wakes_before, .slot = offsetof(struct gate, slot)};
	sites->ready =
	    (struct heap){.before = begins_before, .slot = offsetof(struct gate, ready_slot)};
	return sites;
}

void
sites_free(struct sites *sites)
{
	struct gate *gate;
	size_t at = 0;
	void *lane;

	if (sites == NULL)
		return;
	while ((lane = table_next(&sites->lanes, &at)) != NULL)
		free(lane);
	at = 0;
	while ((gate = table_next(&sites->gates, &at)) != NULL)
		free_gate(gate);
	table_release(&sites->lanes);
	table_release(&sites->gates);
	heap_release(&sites->shut);
	heap_release(&sites->fading);
	heap_release(&sites->ready);
	window_release(&sites->window);
	free(sites);
}

/* One whose target is there already does not stand behind others. */
static bool
goes_through(struct sites *sites, struct lane *lane, struct site_job *job, int64_t now)
{
	for (size_t i = 0; i < GATES; i++)
		if (!has_room(lane->gates[i], job, now))
			return false;
	let_in(sites, lane, job);
	return true;
}

void
sites_add(struct sites *sites, struct site_job *job, const struct pace *pace, const struct ip *ip,
    int64_t now)
{
	struct lane *lane = lane_of(sites, pace, ip);
	bool stands = lane->at != NULL; /* others of it wait already */

	job->lane = lane;
	job->next = NULL;
	count_waiting(sites, lane, 1);
	if (job->goes_on && goes_through(sites, lane, job, now))
		return;
	*(stands ? &lane->last->next : &lane->first) = job;
	lane->last = job;
	if (!stands)
		advance(sites, lane, now);
}

/* The gate that was closed after the job had been let in; NULL: none was. */
static struct gate *
held_by(const struct site_job *job, int64_t now)
{
	for (size_t i = 0; !job->goes_on && i < GATES; i++)
		if (job->lane->gates[i]->not_before > now)
			return job->lane->gates[i];
	return NULL;
}

/* Back to where it would stand now, first. */
static void
send_back(struct sites *sites, struct site_job *job, struct gate *gate, int64_t now)
{
	struct lane *lane = job->lane;

	for (size_t i = 0; i < GATES; i++)
		lane->gates[i]->ahead--;
	if (lane->at == NULL) {
		lane->last = job;
		wait_first_at(lane, gate);
	}
	job->next = lane->first;
	lane->first = job;
	lane->inside--;
	leave(sites, lane, now);
}

static void
begin(struct sites *sites, struct site_job *job, int64_t now)
{
	struct lane *lane = job->lane;

	sites->running++;
	if (sites->limits.rate > 0)
		window_note(&sites->window, now);
	count_waiting(sites, lane, -1);
	for (size_t i = 0; i < GATES; i++) {
		struct gate *gate = lane->gates[i];

		gate->ahead--;
		gate->begun++;
		if (gate->kind == GATE_SITE || gate->rate > 0)
			window_note(&gate->window, now);
	}
}

static void
wake_those_of_now(struct sites *sites, int64_t now)
{
	struct gate *gate;

	while ((gate = heap_first(&sites->shut)) != NULL && gate->wakes <= now) {
		wake(sites, gate, now);
		settle(sites, gate, now);
	}
	while ((gate = heap_first(&sites->fading)) != NULL && gate->wakes <= now)
		settle(sites, gate, now);
}

struct site_job *
sites_next(struct sites *sites, int64_t now, int64_t *when)
{
	struct site_job *job;
	struct gate *gate;

	wake_those_of_now(sites, now);
	*when = SITES_NEVER;
	if (sites->running >= sites->walks)
		return NULL;
	if (sites->rests > now) {
		*when = sites->rests;
		return NULL;
	}
	while (sites->ready_count > 0) {
		*when = window_opens(&sites->window, sites->limits.rate, 0, false, now);
		if (*when > now)
			return NULL;
		job = take_ready(sites);
		gate = held_by(job, now);
		if (gate != NULL) {
			send_back(sites, job, gate, now);
			continue;
		}
		begin(sites, job, now);
		return job;
	}
	gate = heap_first(&sites->shut);
	*when = gate != NULL ? gate->wakes : SITES_NEVER;
	return NULL;
}

/* The lane, and with it its gates, is there to the end. */
static void
take_leave(struct sites *sites, struct lane *lane, int64_t now)
{
	leave(sites, lane, now);
	lane->inside--;
	drop_lane(sites, lane, now);
}

void
sites_done(struct sites *sites, struct site_job *job, int64_t now)
{
	struct lane *lane = job->lane;

	job->lane = NULL;
	sites->running--;
	take_leave(sites, lane, now);
}

struct site_job *
sites_follow(struct sites *sites, struct site_job *job,
    bool (*fits)(const struct site_job *next, const struct site_job *job), int64_t now)
{
	struct lane *lane = job->lane;
	struct site_job *next = lane->first;

	if (next == NULL || held_by(next, now) != NULL || !fits(next, job))
		return NULL;
	lane->first = next->next;
	next->next = NULL;
	if (lane->first == NULL)
		wait_no_more(lane);
	job->lane = NULL;
	for (size_t i = 0; i < GATES; i++)
		lane->gates[i]->followed++;
	count_waiting(sites, lane, -1);
	return next;
}

/* Out of a list; `*last` is its last. False: it is not in it. */
static bool
take_out(struct site_job **first, struct site_job **last, struct site_job *job)
{
	struct site_job **at = first, *before = NULL;

	for (; *at != NULL && *at != job; at = &(*at)->next)
		before = *at;
	if (*at == NULL)
		return false;
	*at = job->next;
	if (*last == job)
		*last = before;
	job->next = NULL;
	return true;
}

/* One that was through its gates gives its room back. */
static void
withdraw_ready(struct sites *sites, struct site_job *job, int64_t now)
{
	struct lane *lane = job->lane;
	struct gate *site = lane->gates[GATE_SITE];

	if (!take_out(&site->ready, &site->last_ready, job))
		return;
	sites->ready_count--;
	if (site->ready == NULL)
		heap_remove(&sites->ready, site);
	else
		heap_put(&sites->ready, site);
	for (size_t i = 0; i < GATES; i++)
		lane->gates[i]->ahead--;
	take_leave(sites, lane, now);
}

void
sites_withdraw(struct sites *sites, struct site_job *job, int64_t now)
{
	struct lane *lane = job->lane;

	count_waiting(sites, lane, -1);
	if (!take_out(&lane->first, &lane->last, job)) {
		withdraw_ready(sites, job, now);
	} else if (lane->first == NULL) {
		struct gate *gate = lane->at;

		wait_no_more(lane);
		settle(sites, gate, now);
		drop_lane(sites, lane, now);
	}
	job->lane = NULL;
}

/* ---- what sites say */

static void
close_until(struct gate *gate, int64_t not_before)
{
	if (not_before > gate->not_before)
		gate->not_before = not_before;
}

void
sites_hold(struct sites *sites, const struct pace *pace, int64_t not_before, int64_t now)
{
	struct gate *gate = site_gate(sites, pace);

	close_until(gate, not_before);
	settle(sites, gate, now);
}

/* What it had until now: where there was no limit, what it got. */
static unsigned
slow_down(struct gate *gate, int64_t now)
{
	unsigned had = gate->rate, got = window_count(&gate->window, now);

	if (had == 0)
		had = got > PACE_RATE ? got : PACE_RATE;
	gate->rate = had > 1 ? had / 2 : 1;
	return had;
}

static int64_t
pause_of(const struct sites *sites, const struct gate *gate, int64_t named)
{
	int64_t pause = named > 0 ? named : sites->limits.pause;

	for (unsigned i = 0; named == 0 && i < gate->strikes && pause < SITES_PAUSE_MAX; i++)
		pause *= 2;
	return pause < SITES_PAUSE_MAX ? pause : SITES_PAUSE_MAX;
}

/* Returns when it may be passed again. */
static int64_t
slow_gate(struct sites *sites, struct gate *gate, int64_t named, int64_t now)
{
	bool again = gate->not_before > now; /* from a connection of the same time */
	int64_t until;

	if (sites->limits.pause == 0) {
		settle(sites, gate, now);
		return now;
	}
	gate->good = 0;
	if (!again || named > 0)
		close_until(gate, now + pause_of(sites, gate, named));
	if (!again) {
		gate->slowed = slow_down(gate, now);
		gate->strikes++;
	}
	until = gate->not_before;
	settle(sites, gate, now);
	return until;
}

int64_t
sites_slow(
    struct sites *sites, const struct pace *pace, const struct ip *ip, int64_t named, int64_t now)
{
	int64_t until = slow_gate(sites, site_gate(sites, pace), named, now);

	if (ip != NULL)
		slow_gate(sites, address_gate(sites, pace, ip), named, now);
	return until;
}

bool
sites_worked(const struct sites *sites, const struct ip *ip, int64_t now)
{
	const struct gate *gate = find_address(sites, ip);

	return gate != NULL && gate->worked != INT64_MIN && gate->worked + WINDOW_MS > now;
}

/* It comes back to what it had in steps. */
static void
restore(struct sites *sites, struct gate *gate, int64_t now)
{
	if (gate == NULL || gate->slowed == 0 || gate->not_before > now ||
	    ++gate->good < SITES_GOOD)
		return;
	gate->good = 0;
	gate->rate += gate->slowed / STEPS + 1;
	if (gate->rate >= gate->slowed) {
		gate->rate = gate->full_rate;
		gate->slowed = gate->strikes = 0;
	}
	wake(sites, gate, now);
	settle(sites, gate, now);
}

void
sites_good(struct sites *sites, const struct pace *pace, const struct ip *ip, int64_t now)
{
	struct gate *address = find_address(sites, ip);

	if (address != NULL)
		address->worked = now;
	if (sites->walks < sites->limits.walks && ++sites->good % SITES_GOOD == 0)
		sites->walks++;
	restore(sites, find_site(sites, pace), now);
	restore(sites, address, now);
}

unsigned
sites_minute(struct sites *sites, const struct pace *pace, int64_t now)
{
	struct gate *gate = find_site(sites, pace);

	return gate != NULL ? window_count(&gate->window, now) : 0;
}

size_t
sites_size(const struct sites *sites, const struct pace *pace)
{
	const struct gate *gate = find_site(sites, pace);

	return gate != NULL ? size_of(gate) : 0;
}

void
sites_expect(struct sites *sites, const char *site, long more, int64_t now)
{
	const struct pace pace = {.site = site};
	struct gate *gate = find_site(sites, &pace);

	if (gate == NULL) /* nobody is there: it is nobody's turn */
		return;
	gate->expected = (unsigned)((long)gate->expected + more);
	resized(sites, gate);
	settle(sites, gate, now);
}

void
sites_held(const struct sites *sites, int64_t now,
    void (*held)(const char *site, int64_t until, void *arg), void *arg)
{
	const struct heap *heaps[] = {&sites->shut, &sites->fading};

	for (size_t h = 0; h < sizeof heaps / sizeof *heaps; h++)
		for (size_t i = 1; i <= heaps[h]->count; i++) {
			const struct gate *gate = heaps[h]->items[i];

			if (gate->kind == GATE_SITE && gate->not_before > now)
				held(gate->name, gate->not_before, arg);
		}
}

/* Until the last of those that are known to wait has begun. A connection serves as many as it did
 * so far. */
static int64_t
time_for(const struct gate *gate, int64_t now)
{
	int64_t pause = gate->not_before > now ? gate->not_before - now : 0;
	double each = gate->begun > 0 ? 1 + (double)gate->followed / (double)gate->begun : 1;

	if (gate->rate == 0)
		return pause;
	return pause + (int64_t)((double)size_of(gate) * WINDOW_MS / (gate->rate * each));
}

/* Of a site and its only address, which take the same time, it is the site that says more. */
static bool
is_slower(const struct gate *gate, int64_t ms, int64_t than)
{
	return ms > than || (ms == than && ms > 0 && gate->kind == GATE_SITE);
}

bool
sites_slowest(struct sites *sites, int64_t now, const char **site, int64_t *ms)
{
	const struct heap *heaps[] = {&sites->shut, &sites->fading, &sites->ready};

	*ms = 0;
	for (size_t h = 0; h < sizeof heaps / sizeof *heaps; h++)
		for (size_t i = 1; i <= heaps[h]->count; i++) {
			const struct gate *gate = heaps[h]->items[i];

			if (gate->kind == GATE_NETWORK || size_of(gate) == 0 ||
			    !is_slower(gate, time_for(gate, now), *ms))
				continue;
			*ms = time_for(gate, now);
			*site = gate->kind == GATE_SITE ? gate->name
			                                : ip_text(&gate->ip, sites->slowest);
		}
	return *ms > 0;
}

void
sites_rest(struct sites *sites, unsigned walks, int64_t until)
{
	if (walks < sites->walks)
		sites->walks = walks > 0 ? walks : 1;
	sites->good = 0;
	sites->rests = until;
}

bool
sites_rests(const struct sites *sites, int64_t now)
{
	return sites->rests > now;
}

size_t
sites_waiting(const struct sites *sites)
{
	return sites->waiting;
}

size_t
sites_ready(const struct sites *sites)
{
	return sites->ready_count;
}

size_t
sites_running(const struct sites *sites)
{
	return sites->running;
}

bool
site_is_deep(enum stage depth)
{
	return depth >= STAGE_MAIL;
}
