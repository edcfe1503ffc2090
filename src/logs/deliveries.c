#include "logs/deliveries.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

enum { BUCKETS = 16384 };

struct delivery { /* a slot of the ring; `refusal` and its strings are one block */
	struct refusal *refusal; /* NULL: the slot is free */
	size_t hash;
	unsigned next; /* in its bucket: slot + 1; 0: the last */
};

struct deliveries {
	refusal_take *take;
	void *arg;
	struct delivery *slots; /* a ring of DELIVERIES_MAX, the oldest at `first` */
	unsigned *buckets; /* both NULL: nothing was deferred yet */
	unsigned first, count; /* count: with those that were freed between */
};

struct deliveries *
deliveries_new(refusal_take *take, void *arg)
{
	struct deliveries *deliveries = must_alloc(sizeof *deliveries);

	deliveries->take = take;
	deliveries->arg = arg;
	return deliveries;
}

void
deliveries_free(struct deliveries *deliveries)
{
	if (deliveries == NULL)
		return;
	for (unsigned i = 0; deliveries->slots != NULL && i < DELIVERIES_MAX; i++)
		free(deliveries->slots[i].refusal);
	free(deliveries->slots);
	free(deliveries->buckets);
	free(deliveries);
}

static size_t
hash_of(const char *queue_id, const char *recipient)
{
	size_t hash = 14695981039346656037U; /* FNV-1a */

	for (const char *p = queue_id; *p != '\0'; p++)
		hash = (hash ^ (unsigned char)*p) * 1099511628211U;
	hash = (hash ^ 0xff) * 1099511628211U;
	for (const char *p = recipient; *p != '\0'; p++)
		hash = (hash ^ (unsigned char)*p) * 1099511628211U;
	return hash;
}

static bool
is_it(const struct delivery *delivery, size_t hash, const char *queue_id, const char *recipient)
{
	const struct refusal *refusal = delivery->refusal;

	return delivery->hash == hash && strcmp(refusal->queue_id, queue_id) == 0 &&
	       strcmp(refusal->recipient != NULL ? refusal->recipient : "", recipient) == 0;
}

static unsigned *
find(struct deliveries *deliveries, const char *queue_id, const char *recipient)
{
	size_t hash = hash_of(queue_id, recipient);
	unsigned *link = &deliveries->buckets[hash % BUCKETS];

	while (*link != 0 && !is_it(&deliveries->slots[*link - 1], hash, queue_id, recipient))
		link = &deliveries->slots[*link - 1].next;
	return link;
}

/* Takes a delivery out; the caller owns it. NULL: it is not held. */
static struct refusal *
forget(struct deliveries *deliveries, const char *queue_id, const char *recipient)
{
	unsigned *link = deliveries->count > 0 ? find(deliveries, queue_id, recipient) : NULL;
	struct delivery *delivery;
	struct refusal *refusal;

	if (link == NULL || *link == 0)
		return NULL;
	delivery = &deliveries->slots[*link - 1];
	refusal = delivery->refusal;
	*link = delivery->next;
	*delivery = (struct delivery){0};
	return refusal;
}

static void
tell_oldest(struct deliveries *deliveries)
{
	struct refusal *refusal = deliveries->slots[deliveries->first].refusal;

	if (refusal != NULL) {
		forget(deliveries, refusal->queue_id,
		    refusal->recipient != NULL ? refusal->recipient : "");
		deliveries->take(refusal, deliveries->arg);
		free(refusal);
	}
	deliveries->first = (deliveries->first + 1) % DELIVERIES_MAX;
	deliveries->count--;
}

void
deliveries_flush(struct deliveries *deliveries)
{
	while (deliveries->count > 0)
		tell_oldest(deliveries);
}

static void
copy_string(const char **string, char **room)
{
	size_t size;

	if (*string == NULL)
		return;
	size = strlen(*string) + 1;
	memcpy(*room, *string, size);
	*string = *room;
	*room += size;
}

/* One block: the struct, then its strings. */
static struct refusal *
copy_refusal(const struct refusal *refusal)
{
	const char *const strings[] = {refusal->enhanced, refusal->recipient, refusal->relay,
	    refusal->relay_ip, refusal->reporter, refusal->queue_id, refusal->time, refusal->id};
	size_t size = sizeof *refusal + refusal->len + 1;
	struct refusal *copy;
	char *room;

	for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++)
		size += strings[i] != NULL ? strlen(strings[i]) + 1 : 0;
	copy = must_alloc(size);
	*copy = *refusal;
	room = (char *)(copy + 1);
	memcpy(room, refusal->text, refusal->len);
	copy->text = room;
	room += refusal->len + 1;
	copy_string(&copy->enhanced, &room);
	copy_string(&copy->recipient, &room);
	copy_string(&copy->relay, &room);
	copy_string(&copy->relay_ip, &room);
	copy_string(&copy->reporter, &room);
	copy_string(&copy->queue_id, &room);
	copy_string(&copy->time, &room);
	copy_string(&copy->id, &room);
	copy->provider = NULL;
	return copy;
}

static void
hold(struct deliveries *deliveries, const struct refusal *refusal)
{
	const char *recipient = refusal->recipient != NULL ? refusal->recipient : "";
	unsigned *link, slot;
	struct delivery *delivery;

	if (deliveries->slots == NULL) {
		deliveries->slots = must_alloc(DELIVERIES_MAX * sizeof *deliveries->slots);
		deliveries->buckets = must_alloc(BUCKETS * sizeof *deliveries->buckets);
	}
	link = find(deliveries, refusal->queue_id, recipient);
	if (*link != 0) {
		delivery = &deliveries->slots[*link - 1];
		free(delivery->refusal);
		delivery->refusal = copy_refusal(refusal);
		return;
	}
	if (deliveries->count == DELIVERIES_MAX) {
		tell_oldest(deliveries);
		link = find(deliveries, refusal->queue_id, recipient);
	}
	slot = (deliveries->first + deliveries->count) % DELIVERIES_MAX;
	deliveries->count++;
	delivery = &deliveries->slots[slot];
	*delivery = (struct delivery){
	    .refusal = copy_refusal(refusal), .hash = hash_of(refusal->queue_id, recipient)};
	*link = slot + 1;
}

void
deliveries_take(struct deliveries *deliveries, const struct refusal *refusal)
{
	if (refusal->queue_id == NULL || refusal->inbound) {
		deliveries->take(refusal, deliveries->arg);
		return;
	}
	if (refusal->recipient !=
	    NULL) /* what one host said is superseded by the delivery's word */
		free(forget(deliveries, refusal->queue_id, ""));
	if (refusal->deferred) {
		hold(deliveries, refusal);
		return;
	}
	if (refusal->recipient != NULL)
		free(forget(deliveries, refusal->queue_id, refusal->recipient));
	deliveries->take(refusal, deliveries->arg);
}

bool
deliveries_sent(struct deliveries *deliveries, const char *queue_id, const char *recipient)
{
	struct refusal *attempt = forget(deliveries, queue_id, ""),
	               *held = recipient != NULL ? forget(deliveries, queue_id, recipient) : NULL;
	bool had = attempt != NULL || held != NULL;

	free(attempt);
	free(held);
	return had;
}
