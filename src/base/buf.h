/* buf: a growing string of bytes that is born with its maximum.
 *
 * What does not fit is not added and `full` stays set: the caller reads it once at the end and
 * gives the excess a name. `data` is always NUL-terminated behind `len` bytes (bytes may hold NULs
 * of their own). */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data; /* owned; "" when empty */
	size_t len, size, max;
	bool full; /* something was left out for lack of room */
};

void buf_init(struct buf *buf, size_t max); /* max: bytes, without the NUL */
void buf_release(struct buf *buf);
void buf_cut(struct buf *buf, size_t len); /* back to its first `len` bytes, not full */
void buf_clear(struct buf *buf); /* empty again, not full; keeps its memory */

void buf_add(struct buf *buf, const void *bytes, size_t len); /* all or nothing */
/* As many more bytes, for the caller to fill; NULL: none, or no room. */
char *buf_grow(struct buf *buf, size_t len);
void buf_puts(struct buf *buf, const char *string);
void buf_putc(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_drop(struct buf *buf, size_t len); /* removes the first `len` bytes */

#endif
