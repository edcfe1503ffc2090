#include "campaign/window.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

static int64_t
at(const struct window *window, unsigned i)
{
	return window->times != NULL ? window->times[(window->first + i) % window->room]
	                             : window->only;
}

static void
forget(struct window *window, int64_t now)
{
	while (window->count > 0 && at(window, 0) <= now - WINDOW_MS) {
		window->first = window->room > 0 ? (window->first + 1) % window->room : 0;
		window->count--;
	}
}

static void
grow(struct window *window)
{
	unsigned room = window->room > 0 ? window->room * 2 : 2;
	int64_t *times = must_alloc(room * sizeof *times);

	for (unsigned i = 0; i < window->count; i++)
		times[i] = at(window, i);
	free(window->times);
	window->times = times;
	window->first = 0;
	window->room = room;
}

void
window_release(struct window *window)
{
	free(window->times);
	*window = (struct window){0};
}

void
window_note(struct window *window, int64_t now)
{
	forget(window, now);
	if (window->times == NULL && window->count == 0) {
		window->only = now;
		window->count = 1;
		return;
	}
	if (window->times == NULL || window->count == window->room)
		grow(window);
	window->times[(window->first + window->count++) % window->room] = now;
}

unsigned
window_count(struct window *window, int64_t now)
{
	forget(window, now);
	return window->count;
}

int64_t
window_last(const struct window *window)
{
	return window->count > 0 ? at(window, window->count - 1) : INT64_MIN;
}

int64_t
window_opens(struct window *window, unsigned rate, unsigned ahead, bool evenly, int64_t now)
{
	unsigned used = window_count(window, now) + ahead;
	int64_t opens = now;

	if (rate == 0 || used == 0)
		return now;
	if (used >= rate) /* so many must be a minute old */
		opens = (used - rate < window->count ? at(window, used - rate) : now) + WINDOW_MS;
	if (evenly || used >= (rate + 1) / 2) {
		int64_t spread = (ahead > 0 ? now : window_last(window)) + WINDOW_MS / rate;

		opens = spread > opens ? spread : opens;
	}
	return opens;
}
