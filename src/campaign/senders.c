#include "campaign/senders.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "dns/book.h"
#include "evidence/blocklist.h"

struct waiter {
	struct waiter *next;
	senders_done *done;
	void *arg;
};

struct found {
	struct sender_entry entry; /* first: what the outside sees */
	struct found *next;
	struct senders *senders;
	struct arena *arena;
	struct book *book;
	struct consult *consult;
	struct waiter *waiters;
	struct identity identity;
	struct ip about; /* what the evidence is about */
	struct watch { /* of its standing, later on */
		struct arena *arena;
		struct book *book;
		struct consult *consult; /* NULL: it is not being looked at */
		struct listing *listings;
		const struct list **told, **clean; /* lists that it came onto; that it was not on */
		size_t told_count, clean_count;
	} watch;
};

struct senders {
	struct senders_plan plan;
	struct found *all;
	senders_gathered *gathered;
	void *arg;
	struct event *look; /* NULL: nobody watches */
	senders_listed *listed;
	void *listed_arg;
};

struct senders *
senders_new(const struct senders_plan *plan, senders_gathered *gathered, void *arg)
{
	struct senders *senders = must_alloc(sizeof *senders);

	senders->plan = *plan;
	senders->gathered = gathered;
	senders->arg = arg;
	return senders;
}

static void
free_waiters(struct waiter *waiter)
{
	while (waiter != NULL) {
		struct waiter *next = waiter->next;

		free(waiter);
		waiter = next;
	}
}

static void
stop_watching(struct found *found)
{
	struct watch *watch = &found->watch;

	if (watch->consult != NULL)
		consult_cancel(watch->consult);
	book_free(watch->book);
	arena_free(watch->arena);
	watch->consult = NULL;
	watch->book = NULL;
	watch->arena = NULL;
}

void
senders_free(struct senders *senders)
{
	if (senders == NULL)
		return;
	for (struct found *found = senders->all, *next; found != NULL; found = next) {
		next = found->next;
		if (found->consult != NULL)
			consult_cancel(found->consult);
		stop_watching(found);
		free_waiters(found->waiters);
		book_free(found->book);
		arena_free(found->arena);
		free(found);
	}
	if (senders->look != NULL)
		event_free(senders->look);
	free(senders);
}

/* Waiters may ask to wait again while they are called: the list is taken off first. */
static void
wake(struct found *found)
{
	struct waiter *waiter = found->waiters, *next;

	found->waiters = NULL;
	for (; waiter != NULL; waiter = next) {
		senders_done *done = waiter->done;
		void *arg = waiter->arg;

		next = waiter->next;
		free(waiter);
		done(arg);
	}
}

static bool
gather_step(struct book *book, void *arg)
{
	struct found *found = arg;
	const struct senders_plan *plan = &found->senders->plan;
	struct sender_query query = {.ip = found->about,
	    .helo = found->entry.helo,
	    .from = found->entry.from,
	    .author = plan->author,
	    .lists = plan->lists,
	    .signers = plan->signers,
	    .signer_count = plan->signer_count,
	    .mail_known = plan->mail_known};

	return sender_gather(book, found->arena, &query, &found->entry.evidence);
}

static void
gather_done(bool complete, void *arg)
{
	struct found *found = arg;

	found->consult = NULL;
	found->entry.evidence.complete = complete;
	found->entry.gathered = found->entry.evident = true;
	found->senders->gathered(&found->entry, found->senders->arg);
	wake(found);
}

static void
gather(struct found *found)
{
	const struct senders_plan *plan = &found->senders->plan;
	const char *special = ip_special(&found->about);

	if (special != NULL && !plan->allow_private) {
		char text[IP_TEXT];

		found->entry.note = arena_printf(found->arena,
		    "%s is a %s address, so nothing was looked up about it: receivers see another "
		    "one (--public-ip tells which)",
		    ip_text(&found->about, text), special);
		found->entry.evidence.ip = found->about;
		found->entry.evidence.helo = found->entry.helo;
		found->entry.evidence.from = found->entry.from;
		found->entry.evidence.ptr = found->identity.ptr;
		found->entry.gathered = true;
		found->senders->gathered(&found->entry, found->senders->arg);
		wake(found);
		return;
	}
	found->consult = consult_start(
	    plan->base, &plan->who, found->book, gather_step, gather_done, found, plan->dns_ms);
}

static struct identity_query
who(const struct found *found)
{
	const struct senders_plan *plan = &found->senders->plan;

	return (struct identity_query){
	    .ip = found->about, .helo = plan->helo, .from = plan->from, .hostname = plan->hostname};
}

static bool
identify_step(struct book *book, void *arg)
{
	struct found *found = arg;
	struct identity_query query = who(found);

	return identify(book, found->arena, &query, &found->identity);
}

static void
identified(bool complete, void *arg)
{
	struct found *found = arg;
	struct identity_query query = who(found);

	found->consult = NULL;
	if (!complete)
		identity_settle(&query, found->arena, &found->identity);
	found->entry.helo = found->identity.helo;
	found->entry.origin = found->identity.origin;
	found->entry.from = found->identity.from;
	found->entry.identified = true;
	wake(found);
	gather(found);
}

const struct sender_entry *
senders_find(struct senders *senders, const struct ip *source)
{
	const struct senders_plan *plan = &senders->plan;
	struct found *found;

	for (found = senders->all; found != NULL; found = found->next)
		if (ip_equal(&found->entry.source, source))
			return &found->entry;
	found = must_alloc(sizeof *found);
	found->senders = senders;
	found->arena = arena_new();
	found->book = book_new();
	found->entry.source = *source;
	found->about = plan->public_ip.family == source->family ? plan->public_ip : *source;
	found->next = senders->all;
	senders->all = found;
	if (identify_step(found->book, found)) /* nothing to ask: HELO was given */
		identified(true, found);
	else
		found->consult = consult_start(plan->base, &plan->who, found->book, identify_step,
		    identified, found, plan->dns_ms);
	return &found->entry;
}

void
senders_await(
    struct senders *senders, const struct sender_entry *entry, senders_done *done, void *arg)
{
	struct waiter *waiter = must_alloc(sizeof *waiter);

	(void)senders;
	*waiter =
	    (struct waiter){.next = ((struct found *)entry)->waiters, .done = done, .arg = arg};
	((struct found *)entry)->waiters = waiter;
}

bool
senders_pending(const struct senders *senders)
{
	for (const struct found *found = senders->all; found != NULL; found = found->next)
		if (!found->entry.gathered)
			return true;
	return false;
}

void
senders_forget(struct senders *senders, void *arg)
{
	for (struct found *found = senders->all; found != NULL; found = found->next)
		for (struct waiter **at = &found->waiters; *at != NULL;) {
			struct waiter *waiter = *at;

			if (waiter->arg != arg) {
				at = &waiter->next;
				continue;
			}
			*at = waiter->next;
			free(waiter);
		}
}

/* ---- their standing while a run goes on */

static bool
asks(const struct list *list, const struct ip *ip)
{
	return list->kind == LIST_BLACK && blocklist_takes(list, ip);
}

static bool
watch_step(struct book *book, void *arg)
{
	struct found *found = arg;
	const struct lists *lists = found->senders->plan.lists;
	struct watch *watch = &found->watch;
	bool complete = true;

	for (size_t i = 0; i < lists_count(lists); i++)
		if (asks(lists_at(lists, i), &found->about))
			complete = blocklist_look_up(book, watch->arena, lists_at(lists, i),
			               &found->about, NULL, "ip", &watch->listings[i]) &&
			           complete;
	return complete;
}

static bool
is_among(const struct list *const *lists, size_t count, const struct list *list)
{
	for (size_t i = 0; i < count; i++)
		if (lists[i] == list)
			return true;
	return false;
}

/* What could not be told before is no news. */
static bool
was_clean(const struct found *found, const struct list *list)
{
	const struct sender *evidence = &found->entry.evidence;

	for (size_t i = 0; i < evidence->listing_count; i++)
		if (evidence->listings[i].list == list &&
		    strcmp(evidence->listings[i].identity, "ip") == 0 &&
		    evidence->listings[i].state == LIST_CLEAN)
			return true;
	return is_among(found->watch.clean, found->watch.clean_count, list);
}

static void
note_standing(struct found *found, const struct listing *listing)
{
	struct watch *watch = &found->watch;
	struct senders *senders = found->senders;

	if (listing->state == LIST_CLEAN && !was_clean(found, listing->list))
		*(const struct list **)arena_push(found->arena, &watch->clean, watch->clean_count++,
		    sizeof *watch->clean) = listing->list;
	if (listing->state != LIST_LISTED || !was_clean(found, listing->list) ||
	    is_among(watch->told, watch->told_count, listing->list))
		return;
	*(const struct list **)arena_push(
	    found->arena, &watch->told, watch->told_count++, sizeof *watch->told) = listing->list;
	senders->listed(&found->about, listing->list, senders->listed_arg);
}

static void
watch_done(bool complete, void *arg)
{
	struct found *found = arg;
	const struct lists *lists = found->senders->plan.lists;

	(void)complete; /* what is missing is UNKNOWN */
	found->watch.consult = NULL;
	for (size_t i = 0; i < lists_count(lists); i++)
		if (found->watch.listings[i].list != NULL)
			note_standing(found, &found->watch.listings[i]);
	stop_watching(found);
}

static void
look(struct found *found)
{
	const struct senders_plan *plan = &found->senders->plan;
	struct watch *watch = &found->watch;

	if (!found->entry.evident || watch->consult != NULL)
		return;
	watch->arena = arena_new();
	watch->book = book_new();
	watch->listings =
	    arena_alloc(watch->arena, lists_count(plan->lists) * sizeof *watch->listings);
	watch->consult = consult_start(
	    plan->base, &plan->who, watch->book, watch_step, watch_done, found, plan->dns_ms);
}

static void
on_look(evutil_socket_t fd, short what, void *arg)
{
	struct senders *senders = arg;

	(void)fd;
	(void)what;
	for (struct found *found = senders->all; found != NULL; found = found->next)
		look(found);
}

void
senders_watch(struct senders *senders, long ms, senders_listed *listed, void *arg)
{
	struct timeval period = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	if (senders->plan.lists == NULL || ms == 0)
		return;
	senders->listed = listed;
	senders->listed_arg = arg;
	senders->look = event_new(senders->plan.base, -1, EV_PERSIST, on_look, senders);
	event_add(senders->look, &period);
}

struct ip
senders_source(const struct ip *destination)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(25)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(25)};
	bool v4 = destination->family == 4;
	struct sockaddr *address = v4 ? (struct sockaddr *)&in : (struct sockaddr *)&in6;
	socklen_t len = v4 ? sizeof in : sizeof in6;
	struct ip source = {0};
	int fd = socket(address->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	int error;

	if (fd < 0)
		return source;
	memcpy(v4 ? (void *)&in.sin_addr : (void *)&in6.sin6_addr, destination->bytes, v4 ? 4 : 16);
	if (connect(fd, address, len) == 0 &&
	    getsockname(fd, address, &len) == 0) { /* UDP: only a route is looked up */
		source.family = destination->family;
		memcpy(
		    source.bytes, v4 ? (void *)&in.sin_addr : (void *)&in6.sin6_addr, v4 ? 4 : 16);
	}
	error = errno;
	close(fd);
	errno = error;
	return source;
}

struct ip
senders_way_out(unsigned char family)
{
	struct ip ip, none = {0};

	return ip_parse(&ip, family == 4 ? "198.41.0.4" : "2001:503:ba3e::2:30")
	           ? senders_source(&ip)
	           : none;
}

int
senders_bind(const struct ip *source)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	bool v4 = source->family == 4;
	struct sockaddr *address = v4 ? (struct sockaddr *)&in : (struct sockaddr *)&in6;
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), error = 0;

	memcpy(v4 ? (void *)&in.sin_addr : (void *)&in6.sin6_addr, source->bytes, v4 ? 4 : 16);
	if (fd < 0 || bind(fd, address, v4 ? sizeof in : sizeof in6) != 0)
		error = errno;
	if (fd >= 0)
		close(fd);
	return error;
}
