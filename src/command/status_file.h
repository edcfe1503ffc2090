/* status_file: a small file that always says how things stand: it is replaced at a stroke, and so
 * never half written. */
#ifndef COMMAND_STATUS_FILE_H
#define COMMAND_STATUS_FILE_H

#include <stdbool.h>

struct buf;

bool status_file_try(
    const char *name); /* can it be written? Nothing is. false: errno says why not */
bool status_file_write(const char *name, const struct buf *text); /* false: errno says why not */

#endif
