/* Packed input (src/input/stream.c): whatever a file holds, it comes to an end, and the same comes
 * of it in whatever pieces it is read, up to where it is broken. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "expect.h"
#include "input/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { UNPACKED_MAX = 1 << 20 }; /* of one input: a bomb goes on for long */

struct file {
	const char *at;
	size_t left, piece;
};

static ssize_t
give(void *arg, const char **octets)
{
	struct file *file = arg;
	size_t n = file->left < file->piece ? file->left : file->piece;

	*octets = file->at;
	file->at += n;
	file->left -= n;
	return (ssize_t)n;
}

/* False: it is of another kind. */
static bool
unpack(const uint8_t *data, size_t size, size_t piece, size_t room, struct buf *out, bool *whole)
{
	struct file file = {(const char *)data, size, piece};
	struct stream *stream = stream_new((struct slice){(const char *)data, size}, give, &file);
	char unpacked[4096];
	ssize_t n = 0;

	if (stream == NULL)
		return false;
	while (!out->full && (n = stream_read(stream, unpacked, room)) > 0) {
		expect((size_t)n <= room);
		buf_add(out, unpacked, (size_t)n);
	}
	if (n < 0)
		expect(stream_why(stream) != NULL);
	*whole = n == 0;
	stream_free(stream);
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf large, small;
	bool whole, also;

	buf_init(&large, UNPACKED_MAX);
	buf_init(&small, UNPACKED_MAX);
	if (unpack(data, size, size + 1, 4096, &large, &whole) && !large.full) {
		expect(unpack(data, size, 1 + size / 7, 1 + size % 61, &small, &also));
		expect(!whole || (also && small.len == large.len));
		expect(memcmp(small.data, large.data,
		           small.len < large.len ? small.len : large.len) == 0);
	}
	buf_release(&large);
	buf_release(&small);
	return 0;
}
