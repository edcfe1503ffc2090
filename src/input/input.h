/* input: what a user hands over in a file or on standard input: as it comes, unpacked if it is
 * compressed (gzip, bzip2, xz, zstd and their like), and, where text is wanted, as UTF-8: a byte
 * order mark is taken off, UTF-16 is rewritten.
 *
 * Memory is bounded whatever comes: a piece is at most INPUT_PIECE octets, a line at most what the
 * caller says. Unpacking is done by a process of its own, so that a slow or hostile file holds up
 * nobody. */
#ifndef INPUT_INPUT_H
#define INPUT_INPUT_H

#include "base/slice.h"

enum { INPUT_PIECE = 128 * 1024 };
enum input_want { INPUT_TEXT, INPUT_OCTETS };
enum input_state {
	INPUT_SOME,
	INPUT_WAIT, /* nothing has come yet: watch input_fd, or input_wait */
	INPUT_END,
	INPUT_BROKEN, /* input_why says why: "a zip archive: …", "truncated gzip input" */
};

struct input;

/* `name` "-": standard input. NULL: it cannot be opened, and errno says why. */
struct input *input_open(const char *name, enum input_want want);
void input_close(struct input *input); /* NULL is fine */

/* The next octets, until the next call; never waits. */
enum input_state input_piece(struct input *input, struct slice *piece);

/* The next line without its end (LF or CRLF), until the next call; never waits. Of one that is
 * longer than `max` `line->at` is NULL. Not to be mixed with input_piece. */
enum input_state input_line(struct input *input, size_t max, struct slice *line);

void input_wait(const struct input *input);
int input_fd(const struct input *input);
const char *input_name(const struct input *input); /* "standard input", or the file's */
const char *input_why(const struct input *input);
bool input_is_plain(const struct input *input); /* a file that can be read twice */

#endif
