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
	struct ip open; /* all was asked about it; family 0: about none yet */
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

/* May the address be asked about? Lists know no others, and receivers see no others. */
static bool
is_askable(const struct checker *checker, const struct ip *ip)
{
	return ip_is_public(ip) || (ip->family != 0 && checker->options->allow_private);
}

/* NULL: there is no address. */
static const char *
why_unasked(const struct ip *ip, struct arena *arena)
{
	const char *special = ip_special(ip);
	char text[IP_TEXT];

	return special == NULL ? NULL
	                       : arena_printf(arena,
	                             "%s is a %s address, so nothing was looked up about it: "
	                             "receivers see another one, which --source wants "
	                             "(--allow-private asks about this one all the same).",
	                             ip_text(ip, text), special);
}

static void
add_listing(struct arena *arena, struct sender *sender, const struct listing *listing)
{
	struct listing *new;

	if (listing == NULL)
		return;
	new = arena_push(arena, &sender->listings, sender->listing_count, sizeof *new);
	sender->listing_count++;
	*new = *listing;
}

/* The lists that the reply names, about what it says that they list. */
static void
ask_named_lists(struct checker *checker, const struct reading *reading, struct arena *arena,
    struct sender *sender)
{
	bool address = reading->what == LISTED_IP || reading->what == LISTED_NOTHING;
	const char *domain = listed_domain(reading, arena);
	char text[IP_TEXT];

	for (size_t i = 0; i < reading->list_count; i++) {
		struct list_question q = {.checker = checker, .list = reading->lists[i].list};

		if (q.list == NULL || reading->lists[i].dead != NULL)
			continue;
		if (address && is_askable(checker, &sender->ip)) {
			q.ip = &sender->ip;
			q.item = ip_text(&sender->ip, text);
			q.identity = "ip";
			add_listing(arena, sender, ask(checker, &q));
		} else if (!address && domain != NULL) {
			q.item = domain;
			q.identity = identity_of(reading->what);
			add_listing(arena, sender, ask(checker, &q));
		}
	}
}

/* Does it leave open what an address was refused for? Then all that a walk would ask about the
 * address may be the reason. */
static bool
leaves_open(const struct reading *reading)
{
	switch ((int)reading->cause) {
	case CAUSE_UNKNOWN:
	case CAUSE_IP_BLOCKLIST:
	case CAUSE_IP_REPUTATION:
	case CAUSE_ACCESS_DENIED:
	case CAUSE_NO_SERVICE:
	case CAUSE_POLICY:
		return reading->list_count == 0;
	default:
		return false;
	}
}

/* All at once, so that silence is waited for once; what is asked then one by one is in the book. */
static bool
open_step(struct book *book, void *arg)
{
	struct list_question *q = arg;
	const struct lists *lists = q->checker->dns->lists;
	struct ptr ptr;
	bool known = ptr_look_up(book, q->checker->arena, q->ip, &ptr);

	for (size_t i = 0; lists != NULL && i < lists_count(lists); i++) {
		const struct list *list = lists_at(lists, i);

		if (list->on && blocklist_takes(list, q->ip) &&
		    !blocklist_look_up(
		        book, q->checker->arena, list, q->ip, NULL, q->identity, &q->answer))
			known = false;
	}
	return known;
}

static void
ask_all_lists(struct checker *checker, struct arena *arena, struct sender *sender)
{
	const struct lists *lists = checker->dns->lists;
	struct list_question all = {.checker = checker, .ip = &sender->ip, .identity = "ip"};
	char text[IP_TEXT];

	if (!ip_equal(&checker->open, &sender->ip))
		dns_consult(
		    checker->dns, checker->book, open_step, &all, checker->options->timeout_dns);
	checker->open = sender->ip;
	for (size_t i = 0; lists != NULL && i < lists_count(lists); i++) {
		struct list_question q = {.checker = checker,
		    .list = lists_at(lists, i),
		    .ip = &sender->ip,
		    .item = ip_text(&sender->ip, text),
		    .identity = "ip"};

		if (q.list->on)
			add_listing(arena, sender, ask(checker, &q));
	}
}

/* Asked once a run: the book keeps the answer. */
static void
ask_ptr(struct checker *checker, struct sender *sender)
{
	struct reverse reverse = {checker, sender->ptr};

	dns_consult(
	    checker->dns, checker->book, reverse_step, &reverse, checker->options->timeout_dns);
	sender->ptr = reverse.answer;
}

void
checker_diagnose(struct checker *checker, const struct diagnosis_query *query, struct arena *arena,
    struct diagnosis *out)
{
	struct diagnosis_query whole = *query;
	const struct reading *reading = query->reading;
	struct sender *sender = arena_alloc(arena, sizeof *sender);
	bool open = leaves_open(reading), askable;

	*sender = (struct sender){.ip = *our_address(checker, reading),
	    .complete = true,
	    .exposed = checker->options->allow_private};
	sender->ptr.ip = sender->ip;
	askable = is_askable(checker, &sender->ip);
	sender->unasked = askable ? NULL : why_unasked(&sender->ip, arena);
	if (open && askable && checker->options->dnsbl)
		ask_all_lists(checker, arena, sender);
	else
		ask_named_lists(checker, reading, arena, sender);
	if (askable && (open || reading->cause == CAUSE_REVERSE_DNS))
		ask_ptr(checker, sender);
	whole.sender = sender;
	whole.setting.client = sender->ip;
	diagnose(&whole, arena, out);
}
