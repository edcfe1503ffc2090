/* unpack: a process that unpacks what comes from a descriptor, so that nobody waits for it and its
 * memory is bounded by the kernel. */
#ifndef INPUT_UNPACK_H
#define INPUT_UNPACK_H

#include <sys/types.h>

#include "base/slice.h"

enum { UNPACK_WORDS = 200 };

struct unpack {
	pid_t pid; /* 0: not running */
	int words; /* where it says why it broke off */
};

/* `head` has been read from `fd` already. From now on `fd` gives what was unpacked. False: errno
 * says why. */
bool unpack_start(struct unpack *unpack, struct slice head, int fd);
/* At the end of that: true when all was well, else `why` says what was not. */
bool unpack_end(struct unpack *unpack, char why[UNPACK_WORDS]);
void unpack_stop(struct unpack *unpack); /* before the end, or after it */

#endif
