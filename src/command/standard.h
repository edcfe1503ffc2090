/* standard: standard output and error, so that whatever prints there waits for a slow reader, also
 * where another program has made the descriptor non-blocking. */
#ifndef COMMAND_STANDARD_H
#define COMMAND_STANDARD_H

#include <stdbool.h>
#include <stddef.h>

bool standard_open(void); /* false: no memory */
/* All of it; false with errno when the descriptor takes no more. */
bool standard_write(int fd, const char *bytes, size_t len);

#endif
