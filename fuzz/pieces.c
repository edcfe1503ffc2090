/* A message taken apart and written with parts left out: isolate/pieces*.c. The input is 8 octets
 * that say which parts are sent, and the message. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/stanza.h"
#include "isolate/kinds.h"
#include "isolate/pieces.h"
#include "mail/message.h"

enum { ROOM = 4 * 1024 * 1024 };
#include "expect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What goes out ends its lines as it must, has a header of which nothing is repeated, and can be
 * taken apart again. */
static void
check_written(const struct pieces *pieces, const struct pieces_plan *plan)
{
	struct arena *arena = arena_new();
	struct buf out, mended;
	struct pieces again;
	const char *why = NULL;
	unsigned line;

	buf_init(&out, ROOM);
	buf_init(&mended, ROOM);
	pieces_write(pieces, plan, &out);
	expect(out.full || out.len > 0);
	if (!out.full && message_from_file(out.data, out.len, NULL, &mended, &why, &line)) {
		expect(mended.len == out.len && memcmp(mended.data, out.data, out.len) == 0);
		expect(pieces_read((struct slice){out.data, out.len}, arena, &again, &why) ||
		       why != NULL);
	}
	buf_release(&mended);
	buf_release(&out);
	arena_free(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct stanza_error error;
	struct kinds kinds;
	struct pieces pieces;
	struct pieces_plan plan = {
	    .to = "me@a.example", .message_id = "<1@a.example>", .tag = "1 1/2", .kinds = &kinds};
	struct buf message;
	const char *why;
	unsigned line;

	buf_init(&message, ROOM);
	expect(kinds_read(&kinds, arena, &error));
	if (size > sizeof plan.sent &&
	    message_from_file((const char *)data + sizeof plan.sent, size - sizeof plan.sent, NULL,
	        &message, &why, &line) &&
	    pieces_read((struct slice){message.data, message.len}, arena, &pieces, &why)) {
		expect(pieces.count > 0 && pieces.count <= SUSPECTS_MAX);
		memcpy(&plan.sent, data, sizeof plan.sent);
		check_written(&pieces, &plan);
		plan.bare = plan.sent;
		check_written(&pieces, &plan);
		plan.sent = UINT64_MAX;
		check_written(&pieces, &plan);
		plan.control = true;
		check_written(&pieces, &plan);
	}
	buf_release(&message);
	arena_free(arena);
	return 0;
}
