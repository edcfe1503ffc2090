/* A hash table of names; at each name a short list of slots, one a type. A slot has what was filed
 * and what came of it, which differ when CNAMEs were followed. */
#include "dns/book.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "dns/name.h"

enum { LINKS_MAX = 8, BUCKETS_MIN = 64 };

struct slot { /* one question */
	struct slot *next;
	struct book_name *entry;
	enum dns_type type;
	const struct answer *filed; /* NULL: nothing yet */
	const struct answer *result; /* the last that book_ask gave out, NULL if it never did */
	bool wanted;
};

struct book_name { /* one name */
	struct book_name *next;
	const char *name;
	uint64_t hash;
	bool exists; /* by what is filed for it, or below it (RFC 8020) */
	struct slot *slots;
};

struct book {
	struct arena *arena;
	bool closed;
	struct book_name **buckets;
	size_t bucket_count, entry_count;
	struct slot **wants, **uses;
	size_t want_count, use_count;
};

struct book *
book_new(void)
{
	struct book *book = must_alloc(sizeof *book);

	book->arena = arena_new();
	return book;
}

void
book_free(struct book *book)
{
	if (book == NULL)
		return;
	arena_free(book->arena);
	free(book);
}

void
book_close(struct book *book)
{
	book->closed = true;
}

/* The bucket of a hash: there are a power of two. */
static struct book_name **
bucket_of(struct book_name **buckets, size_t count, uint64_t hash)
{
	return &buckets[hash & (count - 1)];
}

static void
grow(struct book *book)
{
	size_t count = book->bucket_count > 0 ? book->bucket_count * 2 : BUCKETS_MIN;
	struct book_name **buckets = arena_alloc(book->arena, count * sizeof *buckets);

	for (size_t i = 0; i < book->bucket_count; i++)
		for (struct book_name *entry = book->buckets[i], *next; entry != NULL;
		     entry = next) {
			struct book_name **bucket = bucket_of(buckets, count, entry->hash);

			next = entry->next;
			entry->next = *bucket;
			*bucket = entry;
		}
	book->buckets = buckets;
	book->bucket_count = count;
}

static struct book_name *
entry_at(struct book *book, const char *name) /* makes it if need be */
{
	size_t len = strlen(name);
	uint64_t hash = hash_add(0, name, len);
	struct book_name *entry, **bucket;

	if (book->entry_count == book->bucket_count)
		grow(book);
	bucket = bucket_of(book->buckets, book->bucket_count, hash);
	entry = *bucket;
	while (entry != NULL && (entry->hash != hash || strcmp(entry->name, name) != 0))
		entry = entry->next;
	if (entry != NULL)
		return entry;
	book->entry_count++;
	entry = arena_alloc(book->arena, sizeof *entry);
	entry->name = arena_copy(book->arena, name, len);
	entry->hash = hash;
	entry->next = *bucket;
	*bucket = entry;
	return entry;
}

static struct slot *
slot_at(struct book *book, struct book_name *entry, enum dns_type type) /* makes it if need be */
{
	struct slot *slot = entry->slots;

	while (slot != NULL && slot->type != type)
		slot = slot->next;
	if (slot != NULL)
		return slot;
	slot = arena_alloc(book->arena, sizeof *slot);
	slot->entry = entry;
	slot->type = type;
	slot->next = entry->slots;
	entry->slots = slot;
	return slot;
}

/* ---- asking */

static void
want(struct book *book, struct slot *slot)
{
	if (slot->wanted)
		return;
	slot->wanted = true;
	*(struct slot **)arena_push(
	    book->arena, &book->wants, book->want_count, sizeof *book->wants) = slot;
	book->want_count++;
}

/* Where an answer sends us on to: the end of a chain that left its message. NULL: it is the last
 * word, as all that a closed book holds: what was recorded is whole. */
static const char *
open_end(const struct book *book, const struct answer *answer)
{
	bool open = !book->closed && answer->rcode == DNS_NOERROR && answer->count == 0 &&
	            strcmp(answer->canonical, answer->name) != 0;

	return open ? answer->canonical : NULL;
}

/* What is filed for the question at one name: itself, or the CNAME there. `*next` is where to go
 * on, NULL when this is the last word. */
static const struct answer *
one_link(struct book *book, struct slot *slot, const char **next)
{
	const struct answer *alias;

	*next = NULL;
	if (slot->filed != NULL) {
		*next = open_end(book, slot->filed);
		return slot->filed;
	}
	alias = slot_at(book, slot->entry, DNS_CNAME)->filed;
	if (alias == NULL || alias->rcode != DNS_NOERROR || alias->count == 0)
		return NULL;
	*next = alias->records[0].u.name;
	return alias;
}

/* Follows the CNAMEs from `slot` on. False: something is wanted first. */
static bool
follow(struct book *book, struct slot *slot, struct answer *out)
{
	uint32_t ttl = UINT32_MAX;

	*out = (struct answer){.name = slot->entry->name, .type = slot->type, .authentic = true};
	for (unsigned links = 0; links <= LINKS_MAX; links++) {
		const char *next;
		const struct answer *link = one_link(book, slot, &next);

		if (link == NULL && !book->closed) {
			want(book, slot);
			return false;
		}
		if (link == NULL) { /* the book's own word */
			out->authentic = false;
			out->server = "replay";
			out->canonical = slot->entry->name;
			out->rcode = slot->entry->exists ? DNS_NOERROR : DNS_NXDOMAIN;
			return true;
		}
		ttl = link->ttl < ttl ? link->ttl : ttl;
		out->authentic = out->authentic && link->authentic;
		out->server = link->server;
		if (next == NULL) {
			out->rcode = link->rcode;
			out->ttl = ttl;
			out->canonical = link->canonical;
			out->records = link->records;
			out->count = link->count;
			return true;
		}
		slot = slot_at(book, entry_at(book, next), slot->type);
	}
	out->authentic = false;
	out->canonical = out->name;
	out->rcode = DNS_SERVFAIL;
	return true;
}

static bool
same_server(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
same_answer(const struct answer *a, const struct answer *b) /* to the same question */
{
	return a->rcode == b->rcode && a->authentic == b->authentic && a->ttl == b->ttl &&
	       a->records == b->records && a->count == b->count &&
	       strcmp(a->canonical, b->canonical) == 0 && same_server(a->server, b->server);
}

/* Keeps `answer` as what the question's asker has seen; the same answer again is the same pointer.
 */
static const struct answer *
give(struct book *book, struct slot *slot, const struct answer *answer)
{
	struct answer *kept;

	if (slot->result != NULL && same_answer(slot->result, answer))
		return slot->result;
	kept = arena_alloc(book->arena, sizeof *kept);
	*kept = *answer;
	slot->result = kept;
	return kept;
}

/* A text that is no name cannot be asked, and is no use of the DNS: it is kept at an entry of its
 * own, where no name can be (a name's form is its own). */
static const struct answer *
no_such_name(struct book *book, const char *text, enum dns_type type)
{
	struct slot *slot = slot_at(book, entry_at(book, text), type);

	return give(book, slot,
	    &(struct answer){.name = slot->entry->name,
	        .type = type,
	        .rcode = DNS_NXDOMAIN,
	        .canonical = slot->entry->name});
}

const struct answer *
book_ask(struct book *book, const char *name, enum dns_type type)
{
	char text[NAME_TEXT];
	struct answer answer;
	struct slot *slot;

	if (!name_normalise(name, text, NULL))
		return no_such_name(book, name, type);
	slot = slot_at(book, entry_at(book, text), type);
	if (!follow(book, slot, &answer))
		return NULL;
	if (slot->result == NULL) {
		*(struct slot **)arena_push(
		    book->arena, &book->uses, book->use_count, sizeof *book->uses) = slot;
		book->use_count++;
	}
	return give(book, slot, &answer);
}

size_t
book_wanted(const struct book *book)
{
	return book->want_count;
}

struct question
book_want(const struct book *book, size_t i)
{
	return (struct question){.name = book->wants[i]->entry->name, .type = book->wants[i]->type};
}

void
book_forget_wants(struct book *book)
{
	for (size_t i = 0; i < book->want_count; i++)
		book->wants[i]->wanted = false;
	book->want_count = 0;
}

size_t
book_used(const struct book *book)
{
	return book->use_count;
}

const struct answer *
book_use(const struct book *book, size_t i)
{
	return book->uses[i]->result;
}

/* ---- filing */

static void
note_name(struct book *book, const char *name) /* and those above it (RFC 8020) */
{
	for (; *name != '\0'; name = name_parent(name))
		entry_at(book, name)->exists = true;
}

/* Only NXDOMAIN for the very name leaves it in doubt; that a name above it exists follows only from
 * what the DNS has said of it. */
static void
note_existence(struct book *book, struct book_name *entry, const struct answer *answer)
{
	bool alias = strcmp(answer->canonical, answer->name) != 0;

	if (answer->rcode == DNS_NOERROR || alias)
		note_name(book, entry->name);
	if (answer->rcode == DNS_NOERROR && alias)
		note_name(book, answer->canonical);
	if (answer->rcode != DNS_NXDOMAIN)
		entry->exists = true;
}

static void
forget_want(struct book *book, struct slot *slot)
{
	size_t i = 0;

	if (!slot->wanted)
		return;
	while (book->wants[i] != slot)
		i++;
	memmove(
	    &book->wants[i], &book->wants[i + 1], (--book->want_count - i) * sizeof *book->wants);
	slot->wanted = false;
}

void
book_put(struct book *book, const struct answer *answer)
{
	char name[NAME_TEXT];
	struct book_name *entry;
	struct slot *slot;
	struct answer *copy;

	if (!name_normalise(answer->name, name, NULL))
		return; /* nobody can ask for it */
	entry = entry_at(book, name);
	slot = slot_at(book, entry, answer->type);
	copy = arena_alloc(book->arena, sizeof *copy);
	*copy = *answer;
	copy->name = entry->name;
	copy->server = arena_string(book->arena, answer->server);
	copy->canonical = answer->canonical == NULL || name_equal(answer->canonical, name)
	                      ? entry->name
	                      : arena_string(book->arena, answer->canonical);
	copy->records = answer_records(answer, book->arena);
	slot->filed = copy;
	note_existence(book, entry, copy);
	forget_want(book, slot);
}
