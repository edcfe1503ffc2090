#include "command/message_file.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "command/sources.h"

void
message_file_take(struct read_message *out, struct slice bytes, struct arena *arena)
{
	struct buf mended;

	buf_init(&mended, 2 * bytes.len + 1);
	mailfile_read(bytes.at, bytes.len, &mended, &out->facts);
	out->message = (struct slice){arena_copy(arena, mended.data, mended.len), mended.len};
	buf_release(&mended);
}

bool
message_file_read(struct read_message *out, const char *name, struct arena *arena)
{
	size_t len;
	char *bytes = file_unpack(name, INPUT_OCTETS, MESSAGE_FILE_MAX, &len);

	if (bytes == NULL)
		return false;
	message_file_take(out, (struct slice){bytes, len}, arena);
	free(bytes);
	if (out->facts.more > 0)
		log_note("%s: an mbox with %zu messages; the first is looked at", name,
		    out->facts.more + 1);
	return true;
}
