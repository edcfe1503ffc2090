#include "report/order.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"

struct waiting_place {
	unsigned long place;
	size_t missing;
	struct buf text;
};

struct order { /* a ring: the first that waits at `first`, the places rise */
	struct waiting_place *places;
	size_t first, count, room; /* room: a power of two */
	size_t octets;
};

struct order *
order_new(void)
{
	return must_alloc(sizeof(struct order));
}

static struct waiting_place *
at(const struct order *order, size_t i)
{
	return &order->places[(order->first + i) & (order->room - 1)];
}

void
order_free(struct order *order)
{
	if (order == NULL)
		return;
	for (size_t i = 0; i < order->count; i++)
		buf_release(&at(order, i)->text);
	free(order->places);
	free(order);
}

static void
grow(struct order *order)
{
	size_t room = order->room > 0 ? order->room * 2 : 256;
	struct waiting_place *places = must_alloc(room * sizeof *places);

	for (size_t i = 0; i < order->count; i++)
		places[i] = *at(order, i);
	free(order->places);
	order->places = places;
	order->first = 0;
	order->room = room;
}

void
order_expect(struct order *order, unsigned long place, size_t texts)
{
	struct waiting_place *new;

	if (order->count == order->room)
		grow(order);
	new = at(order, order->count++);
	*new = (struct waiting_place){.place = place, .missing = texts};
	buf_init(&new->text, SIZE_MAX / 2);
}

/* NULL: nothing is expected of it. */
static struct waiting_place *
find(const struct order *order, unsigned long place)
{
	size_t low = 0, high = order->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (at(order, middle)->place < place)
			low = middle + 1;
		else
			high = middle;
	}
	return low < order->count && at(order, low)->place == place ? at(order, low) : NULL;
}

void
order_put(struct order *order, unsigned long place, const struct buf *text)
{
	struct waiting_place *waiting = find(order, place);

	if (waiting == NULL || waiting->missing == 0)
		return;
	waiting->missing--;
	buf_add(&waiting->text, text->data, text->len);
	order->octets += text->len;
}

bool
order_take(struct order *order, bool now, struct buf *out)
{
	struct waiting_place *next = order->count > 0 ? at(order, 0) : NULL;

	if (next == NULL || (next->missing > 0 && !now))
		return false;
	buf_add(out, next->text.data, next->text.len);
	order->octets -= next->text.len;
	buf_release(&next->text);
	order->first = (order->first + 1) & (order->room - 1);
	order->count--;
	return true;
}

size_t
order_octets(const struct order *order)
{
	return order->octets;
}
