/* archive: which files an archive holds, by libarchive; nothing is written anywhere. Archives
 * within it are looked into as well, to a depth. To be run aside (input/aside.h). */
#ifndef INPUT_ARCHIVE_H
#define INPUT_ARCHIVE_H

#include "base/slice.h"

struct buf;

enum {
	ARCHIVE_DEPTH_MAX = 3,
	ARCHIVE_ENTRIES_MAX = 2000,
	ARCHIVE_OCTETS_MAX = 64 * 1024 * 1024, /* unpacked to be looked into, in all */
	ARCHIVE_NAME_MAX = 1024
};

/* For each entry a digit (how deep it lies), a letter, and its name with a NUL: f a file; p one
 * that is a program by its first octets; e one that is encrypted. At the end "0." and an empty
 * name, or "0!" and why it could not be read to its end. */
void archive_list(struct slice bytes, struct buf *out);

#endif
