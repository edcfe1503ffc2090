#include "campaign/shared.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/table.h"
#include "campaign/verdict.h"
#include "smtp/reply.h"

struct sharing {
	struct shared_key key; /* its strings are below */
	uint64_t hash;
	bool claimed, known;
	struct attempt *attempt;
	struct arena *arena; /* that it is in, held; NULL: none */
	int64_t at;
	struct shared_waiter *first, **last;
	char words[];
};

struct shared {
	struct table outcomes;
	uint64_t secret;
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

/* ---- the table */

static bool
is_outcome(const void *item, const void *wanted)
{
	const struct shared_key *a = &((const struct sharing *)item)->key, *b = wanted;

	return memcmp(&a->ip, &b->ip, sizeof a->ip) == 0 &&
	       memcmp(&a->source, &b->source, sizeof a->source) == 0 && a->port == b->port &&
	       a->depth == b->depth && a->demand == b->demand && strcmp(a->host, b->host) == 0 &&
	       strcmp(a->helo, b->helo) == 0;
}

/* What else there is of a key is nearly always the same for all. */
static uint64_t
hash_of(const struct shared *shared, const struct shared_key *key)
{
	return hash_secret(
	    hash_secret(shared->secret, key->host, strlen(key->host)), &key->ip, sizeof key->ip);
}

static void
free_outcome(struct sharing *outcome)
{
	arena_free(outcome->arena);
	free(outcome);
}

struct shared *
shared_new(uint64_t secret)
{
	struct shared *shared = must_alloc(sizeof *shared);

	shared->secret = secret;
	shared->arena = arena_new();
	return shared;
}

void
shared_free(struct shared *shared)
{
	struct sharing *outcome;
	size_t at = 0;

	if (shared == NULL)
		return;
	while ((outcome = table_next(&shared->outcomes, &at)) != NULL)
		free_outcome(outcome);
	table_release(&shared->outcomes);
	arena_free(shared->arena);
	free(shared);
}

struct sharing *
shared_find(struct shared *shared, const struct shared_key *key)
{
	uint64_t hash = hash_of(shared, key);
	struct sharing *found = table_find(&shared->outcomes, hash, is_outcome, key);
	size_t host_size, helo_size;

	if (found != NULL)
		return found;
	host_size = strlen(key->host) + 1;
	helo_size = strlen(key->helo) + 1;
	found = must_alloc(sizeof *found + host_size + helo_size);
	found->key = *key;
	found->key.host = memcpy(found->words, key->host, host_size);
	found->key.helo = memcpy(found->words + host_size, key->helo, helo_size);
	found->hash = hash;
	found->last = &found->first;
	table_put(&shared->outcomes, hash, found);
	return found;
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

/* All begins anew. */
static void
make_room(struct shared *shared)
{
	struct sharing *outcome;
	size_t at = 0;

	if (arena_size(shared->arena) + shared->octets < SHARED_OCTETS)
		return;
	while ((outcome = table_next(&shared->outcomes, &at)) != NULL)
		forget(outcome);
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
		table_take(&shared->outcomes, outcome->hash, outcome);
		free_outcome(outcome);
	}
	for (; waiter != NULL; waiter = next) {
		next = waiter->next;
		waiter->told(waiter->arg);
	}
}
