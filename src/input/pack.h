/* pack: what goes to a file, compressed: members of gzip or frames of zstd, each whole in itself,
 * so that a file of them is good up to the last that was written. */
#ifndef INPUT_PACK_H
#define INPUT_PACK_H

#include "base/slice.h"

struct buf;

enum pack { PACK_NONE, PACK_GZIP, PACK_ZSTD };

enum pack pack_of(const char *file); /* by the end of its name: .gz, .zst */
bool pack_ready(const char **why); /* false: it cannot be done here, and why (static) */
/* One member, added to `out`. False: `*why` (static) says why not. */
bool pack_member(enum pack pack, struct slice octets, struct buf *out, const char **why);

#endif
