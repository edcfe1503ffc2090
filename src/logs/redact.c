#include "logs/redact.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "logs/notice.h"

static const char hidden[] = "redacted";

struct slice
redact(struct slice text, struct arena *arena)
{
	struct slice rest = text, address, out;
	struct buf buf;

	if (text.len == 0 || memchr(text.at, '@', text.len) == NULL)
		return text;
	buf_init(&buf, text.len * (sizeof hidden + 1));
	while ((address = notice_address(rest)).len > 0) {
		const char *at = memrchr(address.at, '@', address.len);
		size_t before = (size_t)(address.at - rest.at);

		buf_add(&buf, rest.at, before);
		buf_puts(&buf, hidden);
		buf_add(&buf, at, (size_t)(address.at + address.len - at));
		rest = slice_from(rest, before + address.len);
	}
	buf_add(&buf, rest.at, rest.len);
	out = (struct slice){arena_copy(arena, buf.data, buf.len), buf.len};
	buf_release(&buf);
	return out;
}
