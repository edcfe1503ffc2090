/* Texts come in any order, and go out in that of their places. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/order.h"

static void
put(struct order *order, unsigned long place, const char *text)
{
	struct buf buf;

	buf_init(&buf, 64);
	buf_puts(&buf, text);
	order_put(order, place, &buf);
	buf_release(&buf);
}

static void
take_all(struct order *order, bool now, struct buf *out)
{
	while (order_take(order, now, out))
		continue;
}

Test(order, places_and_gaps)
{
	struct order *order = order_new();
	struct buf out;

	buf_init(&out, 1000);
	order_expect(order, 2, 1);
	order_expect(order, 5, 2);
	order_expect(order, 6, 1);
	put(order, 6, "six ");
	put(order, 5, "five ");
	take_all(order, false, &out);
	cr_expect_eq(out.len, 0);
	cr_expect_eq(order_octets(order), 9);
	put(order, 2, "");
	take_all(order, false, &out);
	cr_expect_eq(out.len, 0);
	put(order, 5, "FIVE ");
	put(order, 5, "once too often");
	put(order, 3, "nobody expects it");
	take_all(order, false, &out);
	cr_expect_str_eq(out.data, "five FIVE six ");
	order_expect(order, 9, 2);
	order_expect(order, 10, 1);
	put(order, 10, "ten");
	put(order, 9, "nine ");
	take_all(order, true, &out);
	cr_expect_str_eq(out.data, "five FIVE six nine ten", "at the end, whatever there is");
	cr_expect_eq(order_octets(order), 0);
	order_expect(order, 11, 1);
	put(order, 11, "is lost with it");
	order_free(order);
	buf_release(&out);
}

Test(order, many_by_chance)
{
	enum { MANY = 5000, AHEAD = 300 };
	struct order *order = order_new();
	struct buf out;
	unsigned long window[AHEAD], next = 1, wanted = 1;
	size_t held = 0;

	srand(7);
	buf_init(&out, 64);
	while (wanted <= MANY) {
		while (held < AHEAD && next <= MANY) {
			order_expect(order, next, 1);
			window[held++] = next++;
		}
		size_t which = (size_t)rand() % held;
		char text[16];

		snprintf(text, sizeof text, "%lu", window[which]);
		put(order, window[which], text);
		window[which] = window[--held];
		buf_clear(&out);
		while (order_take(order, false, &out)) {
			cr_assert_eq(strtoul(out.data, NULL, 10), wanted);
			wanted++;
			buf_clear(&out);
		}
	}
	cr_expect_eq(held, 0);
	order_free(order);
	buf_release(&out);
}
