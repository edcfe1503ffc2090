/* secret: keys, passwords and tokens from files: read into one place, without stdio, whose buffers
 * keep what they held, and wiped behind their use. While one is held, nobody gets a core of us, or
 * looks into our memory. */
#ifndef COMMAND_SECRET_H
#define COMMAND_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* All of the file; "-" is standard input. NULL after saying why: it cannot be read, or is over
 * `max` octets. A file that others may read is warned of, as `what` ("private key"). To be given to
 * secret_forget, with the same `max`. */
char *secret_read(const char *file, const char *what, size_t max, size_t *len);
/* The same of a descriptor that somebody has opened for us; it is closed. */
char *secret_read_descriptor(int fd, size_t max, size_t *len);
void secret_forget(char *text, size_t max); /* NULL is allowed */

/* The last that was held is gone, libraries' copies of it, too. */
void secret_none(void);

#endif
