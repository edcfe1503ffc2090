/* message_file: a message that a user hands over, for those that judge one: self --data, check
 * dkim, preflight. Unpacked, and with CRLF line ends; nothing else is mended (mail/mailfile.h). */
#ifndef COMMAND_MESSAGE_FILE_H
#define COMMAND_MESSAGE_FILE_H

#include <stdbool.h>

#include "base/slice.h"
#include "mail/mailfile.h"

struct arena;
struct content;

enum { MESSAGE_FILE_MAX = 64 * 1024 * 1024 }; /* octets */

struct read_message {
	struct slice message; /* in the arena, NUL-terminated */
	struct mailfile facts;
};

/* "-": standard input. False after saying why. Of several messages in an mbox, a note says that the
 * first was taken. */
bool message_file_read(struct read_message *out, const char *name, struct arena *arena);
/* The octets of --data, file or text, as they are, in the arena; `name` is what to call them. False
 * after saying why. */
bool message_file_content(
    const struct content *data, struct arena *arena, struct slice *bytes, const char **name);
void message_file_take(struct read_message *out, struct slice bytes, struct arena *arena);

#endif
