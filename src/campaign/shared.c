#include "campaign/shared.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "campaign/verdict.h"
#include "smtp/reply.h"

struct sharing {
	struct shared_key key; /* strings are its own */
	bool claimed, known;
	struct attempt *attempt;
	struct arena *arena; /* that it is in, held; NULL: none */
	int64_t at;
	struct shared_waiter *first, **last;
};

struct shared {
	void *outcomes; /* a tree: names come from strangers */
	struct arena *arena; /* of attempts without a handshake: those are copied */
	size_t octets; /* of the arenas that are held for the others */
};

/* ---- copies */

static struct reply
copy_reply(const struct reply *reply, struct arena *arena)
{
	struct reply copy = *reply;

	copy.lines = arena_alloc(arena, reply->count * sizeof *copy.lines);
	for (size_t i = 0; i < reply->count; i++)
		copy.lines[i] = (struct reply_line){
		    arena_copy(arena, reply->lines[i].bytes, reply->lines[i].len),
		    reply->lines[i].len};
	copy.text = arena_string(arena, reply->text);
	return copy;
}

static struct ehlo
copy_ehlo(const struct ehlo *ehlo, struct arena *arena)
{
	struct ehlo copy = *ehlo;

	copy.host = arena_string(arena, ehlo->host);
	copy.greets = arena_string(arena, ehlo->greets);
	copy.auth = arena_string(arena, ehlo->auth);
	copy.limits = arena_string(arena, ehlo->limits);
	copy.keywords = arena_alloc(arena, ehlo->keyword_count * sizeof *copy.keywords);
	for (size_t i = 0; i < ehlo->keyword_count; i++)
		copy.keywords[i] = arena_string(arena, ehlo->keywords[i]);
	return copy;
}

/* Without what the transcript holds beside. */
static struct attempt
abridge(const struct attempt *attempt)
{
	struct attempt short_one = *attempt;

	short_one.asked = verdict_last_asked(attempt);
	short_one.transcript = (struct transcript){.count = 0};
	short_one.dane = NULL;
	return short_one;
}

/* Of one without a handshake. */
static struct attempt
copy_attempt(const struct attempt *attempt, struct arena *arena)
{
	struct attempt copy = abridge(attempt);

	copy.mx = arena_string(arena, attempt->mx);
	copy.greeting = copy_reply(&attempt->greeting, arena);
	copy.reply = copy_reply(&attempt->reply, arena);
	copy.starttls = copy_reply(&attempt->starttls, arena);
	copy.ehlo = copy_ehlo(&attempt->ehlo, arena);
	copy.detail = arena_string(arena, attempt->detail);
	copy.shared_from = arena_string(arena, attempt->shared_from);
	return copy;
}

struct attempt
attempt_keep(
    const struct attempt *attempt, struct arena *own, struct arena *into, struct arena **kept)
{
	bool whole = attempt->tls != NULL;

	*kept = arena_hold(whole ? own : into);
	return whole ? abridge(attempt) : copy_attempt(attempt, into);
}

/* ---- the tree */

static int
compare(const void *left, const void *right)
{
	const struct shared_key *a = &((const struct sharing *)left)->key,
	                        *b = &((const struct sharing *)right)->key;
	int order = strcmp(a->host, b->host);

	if (order == 0)
		order = memcmp(&a->ip, &b->ip, sizeof a->ip);
	if (order == 0)
		order = memcmp(&a->source, &b->source, sizeof a->source);
	if (order == 0)
		order = (int)a->port - (int)b->port;
	if (order == 0)
		order = (int)a->depth - (int)b->depth;
	if (order == 0)
		order = (int)a->demand - (int)b->demand;
	return order != 0 ? order : strcmp(a->helo, b->helo);
}

static void
free_outcome(void *node)
{
	struct sharing *outcome = node;

	arena_free(outcome->arena);
	free((char *)outcome->key.host);
	free((char *)outcome->key.helo);
	free(outcome);
}

struct shared *
shared_new(void)
{
	struct shared *shared = must_alloc(sizeof *shared);

	shared->arena = arena_new();
	return shared;
}

void
shared_free(struct shared *shared)
{
	if (shared == NULL)
		return;
	tdestroy(shared->outcomes, free_outcome);
	arena_free(shared->arena);
	free(shared);
}

struct sharing *
shared_find(struct shared *shared, const struct shared_key *key)
{
	struct sharing wanted = {.key = *key}, **node, *new;

	node = tsearch(&wanted, &shared->outcomes, compare);
	if (node == NULL)
		abort(); /* base/arena.h: out of memory ends the program */
	if (*node != &wanted)
		return *node;
	new = must_alloc(sizeof *new);
	new->key = *key;
	new->key.host = must_string(key->host);
	new->key.helo = must_string(key->helo);
	new->last = &new->first;
	return *node = new;
}

bool
sharing_take(
    const struct sharing *outcome, int64_t now, struct arena **arena, struct attempt *attempt)
{
	if (!outcome->known || now - outcome->at > SHARED_MS)
		return false;
	*attempt = *outcome->attempt;
	*arena = outcome->arena;
	return true;
}

bool
sharing_claim(struct sharing *outcome)
{
	if (outcome->claimed)
		return false;
	return outcome->claimed = true;
}

void
sharing_await(struct sharing *outcome, struct shared_waiter *waiter)
{
	waiter->next = NULL;
	*outcome->last = waiter;
	outcome->last = &waiter->next;
}

static void
forget(struct sharing *outcome)
{
	arena_free(outcome->arena);
	outcome->arena = NULL;
	outcome->known = false;
}

static void
forget_each(const void *node, VISIT visit, void *arg)
{
	(void)arg;
	if (visit == postorder || visit == leaf)
		forget(*(struct sharing *const *)node);
}

/* All begins anew. */
static void
make_room(struct shared *shared)
{
	if (arena_size(shared->arena) + shared->octets < SHARED_OCTETS)
		return;
	twalk_r(shared->outcomes, forget_each, NULL);
	arena_free(shared->arena);
	shared->arena = arena_new();
	shared->octets = 0;
}

void
sharing_keep(struct shared *shared, struct sharing *outcome, const struct attempt *attempt,
    struct arena *arena, const char *target, int64_t now)
{
	struct attempt kept;

	make_room(shared);
	forget(outcome);
	kept = attempt_keep(attempt, arena, shared->arena, &outcome->arena);
	outcome->attempt = arena_alloc(outcome->arena, sizeof *outcome->attempt);
	*outcome->attempt = kept;
	outcome->attempt->shared_from = arena_string(outcome->arena, target);
	if (outcome->arena == arena)
		shared->octets += arena_size(arena);
	outcome->known = true;
	outcome->at = now;
}

void
sharing_tell(struct shared *shared, struct sharing *outcome)
{
	struct shared_waiter *waiter = outcome->first, *next;

	outcome->claimed = false;
	outcome->first = NULL;
	outcome->last = &outcome->first;
	if (waiter == NULL && !outcome->known) {
		tdelete(outcome, &shared->outcomes, compare);
		free_outcome(outcome);
	}
	for (; waiter != NULL; waiter = next) {
		next = waiter->next;
		waiter->told(waiter->arg);
	}
}
