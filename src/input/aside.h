/* aside: work on what is not to be trusted, done by a process of its own whose time and memory the
 * kernel bounds: for libraries that cannot be bounded from within (libarchive, gumbo). What it
 * finds out comes back as octets; whatever becomes of it, we go on. */
#ifndef INPUT_ASIDE_H
#define INPUT_ASIDE_H

#include <stdbool.h>

struct buf;

typedef void aside_work(struct buf *out, void *arg); /* in the child; `arg` is its own copy */

/* Waits for it, `ms` milliseconds at most. `out` gets what it wrote, as much as there is room for.
 * False: it did not come to its end (time, memory, a fault), or there was no process to be had;
 * what it wrote until then is lost. */
bool aside_run(aside_work *work, void *arg, long ms, struct buf *out);

#endif
