/* stream: gzip and zstd, unpacked piece by piece. What has come is given before it is said that the
 * rest is missing: libarchive gives whole blocks only, and drops what it has of the last one when a
 * file is torn off. The libraries are loaded, as libarchive is (input/libarchive.h). */
#ifndef INPUT_STREAM_H
#define INPUT_STREAM_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/slice.h"

struct stream;

/* Where it reads from: 0: no more; -1: errno says why. The octets are borrowed until the next call.
 */
typedef ssize_t stream_source(void *arg, const char **octets);

/* NULL: of another kind, by its head, or the library is not there. */
struct stream *stream_new(struct slice head, stream_source *source, void *arg);
void stream_free(struct stream *stream);
/* How many octets were written to `out`; 0: no more; -1: stream_why says why not all came. */
ssize_t stream_read(struct stream *stream, char *out, size_t room);
const char *stream_why(const struct stream *stream);

#endif
