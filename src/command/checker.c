#include "command/checker.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "dns/book.h"
#include "dns/name.h"
#include "evidence/blocklist.h"
#include "evidence/ptr.h"

struct checker {
	struct dns_access *dns;
	const struct options *options;
	struct arena *arena; /* as long as the run */
	struct book *book;
	struct listing *listings; /* asked already */
	size_t count;
};

struct list_question {
	struct checker *checker;
	const struct list *list;
	const struct ip *ip; /* NULL: a domain */
	const char *item, *identity;
	struct listing answer;
};

struct checker *
checker_new(struct dns_access *dns, const struct options *options)
{
	struct checker *checker = must_alloc(sizeof *checker);

	*checker = (struct checker){
	    .dns = dns, .options = options, .arena = arena_new(), .book = book_new()};
	return checker;
}

void
checker_free(struct checker *checker)
{
	if (checker == NULL)
		return;
	book_free(checker->book);
	arena_free(checker->arena);
	free(checker);
}

static bool
step(struct book *book, void *arg)
{
	struct list_question *q = arg;

	return blocklist_look_up(book, q->checker->arena, q->list, q->ip,
	    q->ip == NULL ? q->item : NULL, q->identity, &q->answer);
}

struct reverse {
	struct checker *checker;
	struct ptr answer;
};

static bool
reverse_step(struct book *book, void *arg)
{
	struct reverse *reverse = arg;
	struct ip ip = reverse->answer.ip;

	return ptr_look_up(book, reverse->checker->arena, &ip, &reverse->answer);
}

static const struct listing *
find(const struct checker *checker, const struct list_question *q)
{
	for (size_t i = 0; i < checker->count; i++) {
		const struct listing *known = &checker->listings[i];

		if (known->list == q->list && strcmp(known->identity, q->identity) == 0 &&
		    strcmp(known->item, q->item) == 0)
			return known;
	}
	return NULL;
}

/* NULL: there is nothing to ask. */
static const struct listing *
ask(struct checker *checker, struct list_question *q)
{
	const struct listing *known;
	struct listing *new;

	if (!blocklist_takes(q->list, q->ip))
		return NULL;
	known = find(checker, q);
	if (known != NULL || checker->count == CHECKER_LOOKUPS_MAX)
		return known;
	q->item = arena_string(checker->arena, q->item);
	dns_consult(checker->dns, checker->book, step, q, checker->options->timeout_dns);
	if (checker->count + 1 == CHECKER_LOOKUPS_MAX)
		log_warn("--source: %d things were asked about; other listings are not checked",
		    CHECKER_LOOKUPS_MAX);
	new = arena_push(checker->arena, &checker->listings, checker->count, sizeof *new);
	checker->count++;
	*new = q->answer;
	return new;
}

/* Of several addresses the one that the reply speaks of, else the first. */
static const struct ip *
our_address(const struct checker *checker, const struct reading *reading)
{
	const struct options *o = checker->options;

	for (size_t i = 0; i < o->sources.count; i++)
		if (ip_equal(&o->sources.items[i], &reading->client))
			return &o->sources.items[i];
	return o->sources.count > 0 ? &o->sources.items[0] : &o->ip;
}

/* The listed thing, if it is a domain. */
static const char *
listed_domain(const struct reading *reading, struct arena *arena)
{
	const char *at = reading->listed != NULL ? strrchr(reading->listed, '@') : NULL,
	           *name = at != NULL ? at + 1 : reading->listed;
	struct ip ip;

	if (name == NULL || ip_parse(&ip, name) || strchr(name, '.') == NULL || !name_is_host(name))
		return NULL;
	return arena_string(arena, name);
}

static const char *
identity_of(enum listed_what what)
{
	static const char *const names[] = {[LISTED_NOTHING] = "from",
	    [LISTED_IP] = "ip",
	    [LISTED_HELO] = "helo",
	    [LISTED_SENDER] = "mail-from",
	    [LISTED_URL] = "from",
	    [LISTED_PTR] = "ptr"};

	return names[what];
}

void
checker_diagnose(struct checker *checker, const struct diagnosis_query *query, struct arena *arena,
    struct diagnosis *out)
{
	struct diagnosis_query whole = *query;
	const struct reading *reading = query->reading;
	const struct ip *ip = our_address(checker, reading);
	struct listing *listings = NULL;
	size_t count = 0;
	const char *domain = listed_domain(reading, arena);
	char text[IP_TEXT];

	for (size_t i = 0; i < reading->list_count; i++) {
		struct list_question q = {.checker = checker, .list = reading->lists[i].list};
		const struct listing *answer = NULL;

		if (q.list == NULL || reading->lists[i].dead != NULL)
			continue;
		if (reading->what == LISTED_IP || reading->what == LISTED_NOTHING) {
			q.ip = ip;
			q.item = ip_text(ip, text);
			q.identity = "ip";
			answer = ip_is_public(ip) ? ask(checker, &q) : NULL;
		} else if (domain != NULL) {
			q.item = domain;
			q.identity = identity_of(reading->what);
			answer = ask(checker, &q);
		}
		if (answer != NULL) {
			*(struct listing *)arena_push(arena, &listings, count, sizeof *listings) =
			    *answer;
			count++;
		}
	}
	struct sender *sender = arena_alloc(arena, sizeof *sender);
	*sender = (struct sender){
	    .ip = *ip, .listings = listings, .listing_count = count, .complete = true};
	sender->ptr.ip = *ip;
	if (reading->cause == CAUSE_REVERSE_DNS &&
	    ip_is_public(ip)) { /* asked once a run: the book keeps the answer */
		struct reverse reverse = {checker, sender->ptr};

		dns_consult(checker->dns, checker->book, reverse_step, &reverse,
		    checker->options->timeout_dns);
		sender->ptr = reverse.answer;
	}
	whole.sender = sender;
	whole.setting.client = *ip;
	diagnose(&whole, arena, out);
}
