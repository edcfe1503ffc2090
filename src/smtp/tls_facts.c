#include "smtp/tls_facts.h"

#include "base/arena.h"

/* The members of a string that is to live as long as the arena. */
static void
keep(const char **string, struct arena *arena)
{
	*string = arena_string(arena, *string);
}

static struct tls_certificate
copy_certificate(const struct tls_certificate *certificate, struct arena *arena)
{
	struct tls_certificate copy = *certificate;

	keep(&copy.subject, arena);
	keep(&copy.issuer, arena);
	keep(&copy.serial, arena);
	keep(&copy.not_before, arena);
	keep(&copy.not_after, arena);
	keep(&copy.key, arena);
	keep(&copy.signature, arena);
	keep(&copy.sha256, arena);
	keep(&copy.spki_sha256, arena);
	return copy;
}

static void
keep_session(struct tls_facts *facts, struct arena *arena)
{
	keep(&facts->version, arena);
	keep(&facts->cipher, arena);
	keep(&facts->group, arena);
	keep(&facts->sigalg, arena);
	keep(&facts->error, arena);
}

static void
keep_own(struct tls_facts *facts, struct arena *arena)
{
	keep(&facts->verify, arena);
	keep(&facts->problem, arena);
	keep(&facts->subject, arena);
	keep(&facts->issuer, arena);
	keep(&facts->usages, arena);
	keep(&facts->not_before, arena);
	keep(&facts->not_after, arena);
	keep(&facts->sha256, arena);
}

struct tls_facts
tls_facts_copy(const struct tls_facts *facts, struct arena *arena)
{
	struct tls_facts copy = *facts;

	keep_session(&copy, arena);
	keep_own(&copy, arena);
	copy.names = arena_alloc(arena, facts->name_count * sizeof *copy.names);
	for (size_t i = 0; i < facts->name_count; i++)
		copy.names[i] = arena_string(arena, facts->names[i]);
	copy.chain = arena_alloc(arena, facts->chain_count * sizeof *copy.chain);
	for (size_t i = 0; i < facts->chain_count; i++)
		copy.chain[i] = copy_certificate(&facts->chain[i], arena);
	for (size_t i = 0; i < facts->fault_count; i++) {
		keep(&copy.faults[i].word, arena);
		keep(&copy.faults[i].reason, arena);
		keep(&copy.faults[i].words, arena);
	}
	return copy;
}
