#include "input/stream.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/arena.h"
#include "base/library.h"

#define ZLIB_FUNCTIONS(USE) USE(inflateInit2_) USE(inflate) USE(inflateReset) USE(inflateEnd)
#define ZSTD_FUNCTIONS(USE)                                                                        \
	USE(ZSTD_createDStream)                                                                    \
	USE(ZSTD_freeDStream)                                                                      \
	USE(ZSTD_decompressStream)                                                                 \
	USE(ZSTD_isError)                                                                          \
	USE(ZSTD_getErrorName)

#define MEMBER(name) __typeof__(name) *name;
struct libraries {
	ZLIB_FUNCTIONS(MEMBER)
	ZSTD_FUNCTIONS(MEMBER)
};
#undef MEMBER

#define FUNCTION(name) {#name, offsetof(struct libraries, name)},
static const struct library_function zlib_functions[] = {ZLIB_FUNCTIONS(FUNCTION){NULL, 0}},
                                     zstd_functions[] = {ZSTD_FUNCTIONS(FUNCTION){NULL, 0}};
#undef FUNCTION

enum stream_step { STREAM_ON, STREAM_WHOLE, STREAM_BAD };

struct stream {
	const struct stream_kind *kind;
	struct libraries library;
	stream_source *source;
	void *arg;
	const char *at; /* come, and not unpacked */
	size_t left;
	bool within; /* a member has begun and has not ended */
	bool full; /* there may be more of what is unpacked already */
	bool bad;
	z_stream zlib;
	ZSTD_DStream *zstd;
	const char *why;
};

struct stream_kind {
	const char *magic, *libraries[3]; /* here, on macOS, and NULL */
	const struct library_function *functions;
	bool (*begin)(struct stream *stream);
	/* Unpacks some of what has come, moves `at` and writes; WHOLE at the end of a member. */
	enum stream_step (*step)(struct stream *stream, char *out, size_t room, size_t *written);
	void (*end)(struct stream *stream);
	const char *torn;
};

/* ---- gzip */

static bool
gzip_begin(struct stream *stream)
{
	return stream->library.inflateInit2_(
	           &stream->zlib, 15 + 16, ZLIB_VERSION, sizeof stream->zlib) == Z_OK;
}

static enum stream_step
gzip_step(struct stream *stream, char *out, size_t room, size_t *written)
{
	z_stream *z = &stream->zlib;
	int result;

	z->next_in = (unsigned char *)stream->at; /* not written to */
	z->avail_in = (unsigned)stream->left;
	z->next_out = (unsigned char *)out;
	z->avail_out = (unsigned)room;
	result = stream->library.inflate(z, Z_SYNC_FLUSH);
	*written = room - z->avail_out;
	stream->at = (const char *)z->next_in;
	stream->left = z->avail_in;
	if (result == Z_STREAM_END)
		stream->library.inflateReset(z);
	if (result != Z_OK)
		stream->why = z->msg != NULL ? z->msg : "it is no gzip";
	return result == Z_STREAM_END                    ? STREAM_WHOLE
	       : result == Z_OK || result == Z_BUF_ERROR ? STREAM_ON
	                                                 : STREAM_BAD;
}

static void
gzip_end(struct stream *stream)
{
	stream->library.inflateEnd(&stream->zlib);
}

/* ---- zstd */

static bool
zstd_begin(struct stream *stream)
{
	return (stream->zstd = stream->library.ZSTD_createDStream()) != NULL;
}

static enum stream_step
zstd_step(struct stream *stream, char *out, size_t room, size_t *written)
{
	ZSTD_inBuffer from = {stream->at, stream->left, 0};
	ZSTD_outBuffer to = {out, room, 0};
	size_t result = stream->library.ZSTD_decompressStream(stream->zstd, &to, &from);

	*written = to.pos;
	stream->at += from.pos;
	stream->left -= from.pos;
	if (!stream->library.ZSTD_isError(result))
		return result == 0 ? STREAM_WHOLE : STREAM_ON;
	stream->why = stream->library.ZSTD_getErrorName(result);
	return STREAM_BAD;
}

static void
zstd_end(struct stream *stream)
{
	stream->library.ZSTD_freeDStream(stream->zstd);
}

/* ---- both */

static const struct stream_kind kinds[] = {
    {"\x1f\x8b\x08", {"libz.so.1", "libz.1.dylib", NULL}, zlib_functions, gzip_begin, gzip_step,
        gzip_end, "truncated gzip input"},
    {"\x28\xb5\x2f\xfd", {"libzstd.so.1", "libzstd.1.dylib", NULL}, zstd_functions, zstd_begin,
        zstd_step, zstd_end, "truncated zstd input"}};

static const struct stream_kind *
kind_of(struct slice head)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (slice_begins(head, kinds[i].magic))
			return &kinds[i];
	return NULL;
}

struct stream *
stream_new(struct slice head, stream_source *source, void *arg)
{
	const struct stream_kind *kind = kind_of(head);
	struct stream *stream;
	const char *why;

	if (kind == NULL)
		return NULL;
	stream = must_alloc(sizeof *stream);
	*stream = (struct stream){.kind = kind, .source = source, .arg = arg};
	if (library_load(kind->libraries, kind->functions, &stream->library, &why) &&
	    kind->begin(stream))
		return stream;
	free(stream);
	return NULL;
}

void
stream_free(struct stream *stream)
{
	stream->kind->end(stream);
	free(stream);
}

const char *
stream_why(const struct stream *stream)
{
	return stream->why;
}

/* False: no more comes. */
static bool
more(struct stream *stream)
{
	ssize_t n = stream->source(stream->arg, &stream->at);

	stream->left = n > 0 ? (size_t)n : 0;
	if (n > 0)
		return true;
	stream->why = n < 0 ? strerror(errno) : stream->within ? stream->kind->torn : NULL;
	return false;
}

/* Some fill up a file with octets that are nothing (tapes, file systems after a crash). */
static void
pass_nulls(struct stream *stream)
{
	while (!stream->within && stream->left > 0 && *stream->at == '\0') {
		stream->at++;
		stream->left--;
	}
}

/* Something to unpack, of a member. False: no more comes. */
static bool
ready(struct stream *stream)
{
	while (stream->left == 0 && !stream->full) {
		if (!more(stream))
			return false;
		pass_nulls(stream);
	}
	stream->within = true;
	return true;
}

ssize_t
stream_read(struct stream *stream, char *out, size_t room)
{
	size_t written = 0;
	enum stream_step step;

	while (written == 0) {
		if (stream->bad || !ready(stream))
			return stream->why != NULL ? -1 : 0;
		step = stream->kind->step(stream, out, room, &written);
		stream->full = written == room;
		stream->bad = step == STREAM_BAD;
		if (step == STREAM_WHOLE) {
			stream->within = stream->full = false;
			stream->why = NULL;
			pass_nulls(stream);
		}
	}
	return (ssize_t)written;
}
