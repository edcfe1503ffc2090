/* window: what was begun in the last minute, and when another one may be. Pure.
 *
 * No minute has more beginnings than the rate, wherever it starts. The first half of them may come
 * at once, so that a small list waits for nothing; the others are spread. */
#ifndef CAMPAIGN_WINDOW_H
#define CAMPAIGN_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

enum { WINDOW_MS = 60000 };

struct window { /* {0}: nothing was begun. Its size is that of what was in the last minute */
	int64_t *times; /* a ring, the earliest at `first`; NULL: there is room for one only */
	int64_t only; /* … this */
	unsigned first, count, room;
};

void window_release(struct window *window);
void window_note(struct window *window, int64_t now); /* one begins */
unsigned window_count(struct window *window, int64_t now);
int64_t window_last(const struct window *window); /* INT64_MIN: none */
/* When one more may begin, beside `ahead` others who may begin at any moment; a time that is not
 * after `now`: now. rate 0: at any time. `evenly`: spread all of them. */
int64_t window_opens(
    struct window *window, unsigned rate, unsigned ahead, bool evenly, int64_t now);

#endif
