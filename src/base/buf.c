#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

enum { SIZE_MIN = 128, PRINTED = 100 };

static char empty[1]; /* never written: size 0 says so */

void
buf_init(struct buf *buf, size_t max)
{
	*buf = (struct buf){.data = empty, .max = max};
}

void
buf_release(struct buf *buf)
{
	if (buf->size > 0)
		free(buf->data);
	buf_init(buf, buf->max);
}

void
buf_cut(struct buf *buf, size_t len)
{
	buf->full = false;
	if (buf->size == 0)
		return;
	buf->len = len;
	buf->data[len] = '\0';
}

void
buf_clear(struct buf *buf)
{
	buf_cut(buf, 0);
}

static bool
make_room(struct buf *buf, size_t len)
{
	size_t size;

	if (len < buf->size - buf->len) /* mostly; `size` is never more than max + 1 */
		return true;
	if (len > buf->max - buf->len) {
		buf->full = true;
		return false;
	}
	size = buf->size > 0 ? buf->size : SIZE_MIN;
	while (size <= buf->len + len)
		size *= 2;
	if (size > buf->max && buf->max < SIZE_MAX)
		size = buf->max + 1;
	buf->data = must_realloc(buf->size > 0 ? buf->data : NULL, size);
	buf->size = size;
	return true;
}

char *
buf_grow(struct buf *buf, size_t len)
{
	char *added;

	if (len == 0 || !make_room(buf, len))
		return NULL;
	added = buf->data + buf->len;
	buf->len += len;
	added[len] = '\0';
	return added;
}

void
buf_add(struct buf *buf, const void *bytes, size_t len)
{
	char *added = buf_grow(buf, len);

	if (added != NULL)
		memcpy(added, bytes, len);
}

void
buf_puts(struct buf *buf, const char *string)
{
	buf_add(buf, string, strlen(string));
}

void
buf_putc(struct buf *buf, char c)
{
	char *added = buf_grow(buf, 1);

	if (added != NULL)
		*added = c;
}

/* Room is made for what it will nearly always be, so that the text is made but once. */
void
buf_printf(struct buf *buf, const char *format, ...)
{
	size_t room;
	va_list ap;
	char *end;
	int len;

	if (buf->max - buf->len >= PRINTED)
		make_room(buf, PRINTED);
	room = buf->size > 0 ? buf->size - buf->len : 0;
	end = room > 0 ? buf->data + buf->len : NULL;
	va_start(ap, format);
	len = vsnprintf(end, room, format, ap);
	va_end(ap);
	if (len <= 0 || !make_room(buf, (size_t)len)) {
		if (end != NULL)
			*end = '\0';
		return;
	}
	if ((size_t)len >= room) {
		va_start(ap, format);
		vsnprintf(buf->data + buf->len, (size_t)len + 1, format, ap);
		va_end(ap);
	}
	buf->len += (size_t)len;
}

void
buf_drop(struct buf *buf, size_t len)
{
	if (len > buf->len)
		len = buf->len;
	if (len == 0)
		return;
	memmove(buf->data, buf->data + len, buf->len - len);
	buf->len -= len;
	buf->data[buf->len] = '\0';
}
