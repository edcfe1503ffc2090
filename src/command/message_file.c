#include "command/message_file.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "command/sources.h"
#include "options/options.h"

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
message_file_content(
    const struct content *data, struct arena *arena, struct slice *bytes, const char **name)
{
	size_t len;
	char *file;

	*name = data->file != NULL ? data->file : "--data";
	*bytes = slice_of(data->text);
	if (data->file == NULL)
		return true;
	file = file_unpack(data->file, INPUT_OCTETS, MESSAGE_FILE_MAX, &len);
	if (file == NULL)
		return false;
	*bytes = (struct slice){arena_copy(arena, file, len), len};
	free(file);
	return true;
}

bool
message_file_read(struct read_message *out, const char *name, struct arena *arena)
{
	const struct content content = {.file = name};
	struct slice bytes;

	if (!message_file_content(&content, arena, &bytes, &name))
		return false;
	message_file_take(out, bytes, arena);
	if (out->facts.more > 0)
		log_note("%s: an mbox with %zu messages; the first is looked at", name,
		    out->facts.more + 1);
	return true;
}
