#include "command/parts_aside.h"

#include "base/arena.h"
#include "base/buf.h"
#include "input/archive.h"
#include "input/aside.h"
#include "io/loop.h"
#include "preflight/html.h"

enum {
	ASIDE_MS = 800, /* all in all */
	ASIDE_OCTETS = 8 * 1024 * 1024 /* that it may come to */
};

static void
digest_html(struct buf *out, void *arg)
{
	const struct slice *text = arg;

	html_digest(*text, out);
}

static void
list_archive(struct buf *out, void *arg)
{
	const struct slice *bytes = arg;

	archive_list(*bytes, out);
}

static struct slice
do_aside(struct arena *arena, aside_work *work, struct slice *on, int64_t end)
{
	struct slice found = {"", 0};
	int64_t left = end - loop_ms();
	struct buf out;

	buf_init(&out, ASIDE_OCTETS);
	if (left > 0 && aside_run(work, on, (long)left, &out))
		found = (struct slice){arena_copy(arena, out.data, out.len), out.len};
	buf_release(&out);
	return found;
}

void
parts_look_into(struct message_facts *facts, struct arena *arena)
{
	int64_t end = loop_ms() + ASIDE_MS;

	for (size_t i = 0; i < facts->part_count; i++) {
		struct body_part *part = &facts->parts[i];

		if (part->html_tried)
			part->html = do_aside(arena, digest_html, &part->text, end);
		else if (part_is_archive(part))
			part->listing = do_aside(arena, list_archive, &part->decoded, end);
	}
}
