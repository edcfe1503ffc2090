#include "input/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "input/sniff.h"
#include "input/unicode.h"
#include "input/unpack.h"

enum { PIECE = 64 * 1024 }; /* octets read at once; as UTF-8, UTF-16 grows by half */

struct input {
	char *name;
	enum input_want want;
	int fd;
	bool regular;
	bool known; /* what it is: text, and no longer in need of being looked at */
	bool packed;
	struct unpack unpack;
	struct unicode unicode;
	struct buf raw; /* read, of a kind that is not known yet */
	struct buf text; /* what input_piece gave last */
	struct buf lines; /* what input_line has not given yet */
	size_t used;
	bool overlong; /* the line at hand is: all but its end is dropped */
	enum input_state state; /* END and BROKEN stay */
	char why[UNPACK_WORDS];
	char piece[PIECE];
};

struct input *
input_open(const char *name, enum input_want want)
{
	bool standard = strcmp(name, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
	struct input *input;
	struct stat st = {0};

	if (fd < 0 || fstat(fd, &st) != 0 || S_ISDIR(st.st_mode)) {
		int error = S_ISDIR(st.st_mode) ? EISDIR : errno;

		if (fd > STDIN_FILENO)
			close(fd);
		errno = error;
		return NULL;
	}
	input = must_alloc(sizeof *input);
	input->name = must_string(standard ? "standard input" : name);
	input->want = want;
	input->fd = fd;
	input->regular = S_ISREG(st.st_mode);
	buf_init(&input->raw, PIECE + SNIFF_MAX);
	buf_init(&input->text, INPUT_PIECE);
	buf_init(&input->lines, SIZE_MAX / 2);
	return input;
}

void
input_close(struct input *input)
{
	if (input == NULL)
		return;
	unpack_stop(&input->unpack);
	if (input->fd > STDIN_FILENO)
		close(input->fd);
	free(input->name);
	buf_release(&input->raw);
	buf_release(&input->text);
	buf_release(&input->lines);
	free(input);
}

int
input_fd(const struct input *input)
{
	return input->fd;
}

void
input_wait(const struct input *input)
{
	struct pollfd ready = {.fd = input_fd(input), .events = POLLIN};

	poll(&ready, 1, -1);
}

const char *
input_name(const struct input *input)
{
	return input->name;
}

const char *
input_why(const struct input *input)
{
	return input->why;
}

bool
input_is_plain(const struct input *input)
{
	return input->regular && !input->packed;
}

static enum input_state
broken(struct input *input, const char *why)
{
	if (why != input->why)
		strncpy(input->why, why, sizeof input->why - 1);
	return input->state = INPUT_BROKEN;
}

/* Not by O_NONBLOCK, which all that share the open file would get, such as the terminal that the
 * results go to. */
static enum input_state
read_piece(struct input *input, struct slice *piece)
{
	struct pollfd ready = {.fd = input_fd(input), .events = POLLIN};
	ssize_t n;

	if (poll(&ready, 1, 0) == 0)
		return INPUT_WAIT;
	n = read(ready.fd, input->piece, sizeof input->piece);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return INPUT_WAIT;
	if (n < 0)
		return broken(input, strerror(errno));
	*piece = (struct slice){input->piece, (size_t)n};
	if (n > 0)
		return INPUT_SOME;
	if (input->unpack.pid != 0 && !unpack_end(&input->unpack, input->why))
		return broken(input, input->why);
	return INPUT_END;
}

/* Gathers what is read until it is known what it is: then `*piece` is all of that. What was packed
 * is looked at again when it is unpacked. */
static enum input_state
find_kind(struct input *input, struct slice *piece, bool whole)
{
	const char *what;

	buf_add(&input->raw, piece->at, piece->len);
	*piece = (struct slice){input->raw.data, input->raw.len};
	switch (sniff(*piece, whole, &what)) {
	case SNIFF_MORE:
		return INPUT_WAIT;
	case SNIFF_OTHER:
		return broken(input, what);
	case SNIFF_PACKED:
		if (input->packed)
			break;
		if (!unpack_start(&input->unpack, *piece, input->fd))
			return broken(input, strerror(errno));
		input->packed = true;
		buf_clear(&input->raw);
		return INPUT_WAIT;
	case SNIFF_PLAIN:
		break;
	}
	input->known = true;
	return INPUT_SOME;
}

enum input_state
input_piece(struct input *input, struct slice *piece)
{
	buf_clear(&input->text);
	while (input->state == INPUT_SOME && input->text.len == 0) {
		struct slice raw = {NULL, 0};
		enum input_state state = read_piece(input, &raw);
		bool whole = state == INPUT_END;

		if (state != INPUT_SOME && !whole)
			return state;
		if (!input->known) {
			state = find_kind(input, &raw, whole);
			if (state == INPUT_WAIT)
				continue;
			if (state == INPUT_BROKEN)
				return state;
		}
		if (input->want == INPUT_TEXT)
			unicode_add(&input->unicode, raw, whole, &input->text);
		else
			buf_add(&input->text, raw.at, raw.len);
		if (whole)
			input->state = INPUT_END;
	}
	*piece = (struct slice){input->text.data, input->text.len};
	return input->text.len > 0 ? INPUT_SOME : input->state;
}

/* The first of the lines that are there. */
static bool
cut_line(struct input *input, size_t max, struct slice *line)
{
	struct slice rest = {input->lines.data + input->used, input->lines.len - input->used};
	const char *newline = rest.len > 0 ? memchr(rest.at, '\n', rest.len) : NULL;
	bool last =
	    newline == NULL && input->state == INPUT_END && (rest.len > 0 || input->overlong);

	if (newline == NULL && !last)
		return false;
	line->at = rest.at;
	line->len = newline != NULL ? (size_t)(newline - rest.at) : rest.len;
	input->used += line->len + (newline != NULL);
	if (line->len > 0 && line->at[line->len - 1] == '\r')
		line->len--;
	if (input->overlong || line->len > max)
		line->at = NULL;
	input->overlong = false;
	return true;
}

enum input_state
input_line(struct input *input, size_t max, struct slice *line)
{
	struct slice piece;
	enum input_state state;

	while (!cut_line(input, max, line)) {
		buf_drop(&input->lines, input->used);
		input->used = 0;
		if (input->lines.len > max + 1) { /* only its end is of interest */
			buf_clear(&input->lines);
			input->overlong = true;
		}
		state = input_piece(input, &piece);
		if (state == INPUT_SOME)
			buf_add(&input->lines, piece.at, piece.len);
		else if (state != INPUT_END || (input->lines.len == 0 && !input->overlong))
			return state;
	}
	return INPUT_SOME;
}
