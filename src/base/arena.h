/* arena: memory that is freed in one stroke.
 *
 * One arena lives as long as one job (a probe, an evaluation, a line of a log); nobody asks who
 * frees what is in it. Out of memory ends the program with status 70: there is nothing sensible
 * that a probe could still report. Nothing here is thread-safe. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *arena); /* NULL is allowed */
struct arena *arena_hold(struct arena *arena); /* it is there until one more arena_free */
void arena_reset(struct arena *arena); /* forgets everything, keeps one block for the next round */
size_t arena_size(const struct arena *arena); /* bytes of memory that it holds */

void *arena_alloc(struct arena *arena, size_t size); /* zeroed, aligned for any object */
char *arena_copy(
    struct arena *arena, const char *bytes, size_t len); /* NUL-terminated behind the copy */
char *arena_string(struct arena *arena, const char *string); /* NULL stays NULL */
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Room for one more element in an array that grows by doubling: `*items` (elements of `size` bytes,
 * `count` in use) is moved when it is full. Returns the zeroed new element; the caller raises its
 * count. The capacity is the next power of two, so none needs to be kept. */
void *arena_push(struct arena *arena, void *items, size_t count, size_t size);

/* The same promise outside arenas: malloc and friends that do not return NULL. */
void *must_alloc(size_t size); /* zeroed */
void *must_realloc(void *old, size_t size);
char *must_string(const char *string); /* NULL stays NULL */

#endif
