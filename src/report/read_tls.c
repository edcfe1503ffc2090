/* The way back of ndjson_tls.c. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "report/read_value.h"

static long
read_signed(const json_t *object, const char *key)
{
	return (long)json_integer_value(json_object_get(object, key));
}

static void
read_certificate(const json_t *object, struct tls_certificate *certificate)
{
	*certificate = (struct tls_certificate){.subject = read_word(object, "subject"),
	    .issuer = read_word(object, "issuer"),
	    .serial = read_word(object, "serial"),
	    .not_before = read_word(object, "not_before"),
	    .not_after = read_word(object, "not_after"),
	    .key = read_word(object, "key"),
	    .signature = read_word(object, "signature"),
	    .sha256 = read_word(object, "sha256"),
	    .spki_sha256 = read_word(object, "spki_sha256"),
	    .ca = read_bool(object, "ca"),
	    .self_signed = read_bool(object, "self_signed")};
}

static void
read_faults(const json_t *array, struct tls_facts *tls)
{
	for (size_t i = 0; i < json_array_size(array) && i < TLS_FAULTS_MAX; i++) {
		const json_t *object = json_array_get(array, i);

		tls->faults[tls->fault_count++] =
		    (struct tls_fault){.word = read_word(object, "result_type"),
		        .reason = read_word(object, "reason"),
		        .words = read_word(object, "words"),
		        .depth = (int)read_signed(object, "depth")};
	}
}

static void
read_chain(const json_t *object, struct arena *arena, struct tls_facts *tls)
{
	const json_t *chain = json_object_get(object, "chain");

	tls->chain = arena_alloc(arena, (json_array_size(chain) + 1) * sizeof *tls->chain);
	for (size_t i = 0; i < json_array_size(chain) && i < TLS_CHAIN_MAX; i++)
		read_certificate(json_array_get(chain, i), &tls->chain[tls->chain_count++]);
	tls->chain_sent = read_number(object, "chain_sent");
	tls->disordered = read_bool(object, "disordered");
	tls->root_sent = read_bool(object, "root_sent");
	tls->issuer_missing = read_bool(object, "issuer_missing");
}

void
read_tls(const json_t *object, struct arena *arena, struct attempt *attempt)
{
	struct tls_facts *tls = arena_alloc(arena, sizeof *tls);

	attempt->tls = tls;
	attempt->tls_offered = read_bool(object, "offered");
	attempt->tls_done = tls->done = read_bool(object, "done");
	tls->version = read_word(object, "version");
	tls->cipher = read_word(object, "cipher");
	tls->group = read_word(object, "group");
	tls->hybrid = read_bool(object, "hybrid");
	tls->sigalg = read_word(object, "sigalg");
	tls->resumed = read_bool(object, "resumed");
	tls->small = read_bool(object, "handshake_size");
	tls->verify = read_word(object, "verify");
	tls->problem = read_word(object, "problem");
	read_faults(json_object_get(object, "faults"), tls);
	tls->subject = read_word(object, "subject");
	tls->issuer = read_word(object, "issuer");
	tls->names = read_words(object, "names", arena, &tls->name_count);
	tls->name_total = read_number(object, "name_total");
	if (tls->name_total < tls->name_count)
		tls->name_total = tls->name_count;
	tls->wildcard = read_bool(object, "wildcard");
	tls->usages = read_word(object, "usages");
	tls->not_before = read_word(object, "not_before");
	tls->not_after = read_word(object, "not_after");
	tls->lifetime = read_signed(object, "lifetime");
	tls->remaining = read_signed(object, "remaining");
	tls->sha256 = read_word(object, "sha256");
	read_chain(object, arena, tls);
	tls->error = read_word(object, "error");
}

/* ---- DANE */

static int
hex_value(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "3 1 1 0123…", as far as it is one. */
static void
read_record_text(const char *text, struct arena *arena, struct dane_record *record)
{
	struct slice rest = slice_of(text), word;
	uint8_t *fields[] = {&record->usage, &record->selector, &record->matching};
	unsigned long number = 0;
	char *bytes;

	for (size_t i = 0; i < 3 && slice_word(&rest, " ", &word); i++) {
		slice_number(word, 255, &number);
		*fields[i] = (uint8_t)number;
	}
	rest = slice_trim(rest);
	bytes = arena_alloc(arena, rest.len / 2 + 1);
	for (size_t i = 0; i + 1 < rest.len; i += 2)
		bytes[i / 2] = (char)(hex_value(rest.at[i]) << 4 | hex_value(rest.at[i + 1]));
	record->data = (struct dns_text){bytes, rest.len / 2};
}

static enum published
read_published_name(const char *name)
{
	for (int i = 0; name != NULL && i < PUBLISHED_COUNT; i++)
		if (strcmp(published_name((enum published)i), name) == 0)
			return (enum published)i;
	return PUBLISHED_UNKNOWN;
}

static void
read_published(const json_t *object, struct arena *arena, struct dane_published *published)
{
	struct dane_record as = {0};

	published->what = read_published_name(read_word(object, "is"));
	published->depth = read_number(object, "depth");
	published->subject = read_word(object, "subject");
	if (read_word(object, "as") == NULL)
		return;
	read_record_text(read_word(object, "as"), arena, &as);
	published->usage = as.usage;
	published->selector = as.selector;
	published->matching = as.matching;
}

static void
read_records(const json_t *object, struct arena *arena, struct dane *dane, struct dane_met *met)
{
	const json_t *array = json_object_get(object, "records");
	size_t count = json_array_size(array);
	struct dane_record *records = arena_alloc(arena, (count + 1) * sizeof *records);
	struct dane_published *published = arena_alloc(arena, (count + 1) * sizeof *published);

	for (size_t i = 0; i < count; i++) {
		const json_t *item = json_array_get(array, i);

		read_record_text(read_word(item, "record"), arena, &records[i]);
		if (!read_bool(item, "usable"))
			records[i].fault =
			    read_word(item, "problem") != NULL ? read_word(item, "problem") : "?";
		records[i].outranked = read_bool(item, "outranked");
		dane->usable += records[i].fault == NULL;
		if (json_object_get(item, "is") != NULL)
			met->published = published;
		read_published(item, arena, &published[i]);
	}
	dane->records = records;
	dane->record_count = count;
	dane->record_total = read_number(object, "record_total");
	dane->unseen = read_number(object, "unseen");
	dane->ttl = (uint32_t)read_number(object, "ttl");
}

static void
read_met(const json_t *object, struct arena *arena, struct dane_met *met)
{
	const char **now;
	size_t count;

	met->tried = json_object_get(object, "matches") != NULL;
	met->matches = read_bool(object, "matches");
	met->record = read_number(object, "matched");
	met->depth = (int)read_signed(object, "depth");
	met->name = read_word(object, "name");
	met->reason = read_word(object, "reason");
	met->words = read_word(object, "words");
	met->word = met->words != NULL ? read_word(object, "result_type") : NULL;
	now = read_words(object, "tlsa_now", arena, &count);
	met->now = count > 0 ? now[0] : NULL;
	met->now_issuer = count > 1 ? now[1] : NULL;
}

void
read_dane(const json_t *object, struct arena *arena, struct attempt *attempt)
{
	struct dane_met *met = arena_alloc(arena, sizeof *met);
	struct dane *dane;
	const char *state = read_word(object, "state"), *host = read_word(object, "host");
	const char **names;
	size_t count;

	if (state == NULL)
		return;
	dane = arena_alloc(arena, sizeof *dane);
	if (!dane_state_named(state, &dane->state))
		return;
	if (host == NULL || !dane_state_named(host, &dane->host))
		dane->host = dane->state;
	dane->why = read_word(object, "why");
	dane->unanswered = read_bool(object, "unanswered");
	dane->base = read_word(object, "base");
	dane->port = attempt->port;
	names = read_words(object, "names", arena, &count);
	for (size_t i = 0; i < count && i < DANE_NAMES_MAX; i++)
		dane->names[dane->name_count++] = names[i];
	read_records(object, arena, dane, met);
	read_met(object, arena, met);
	attempt->met = met;
	attempt->dane = dane;
}
