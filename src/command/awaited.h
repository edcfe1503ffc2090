/* awaited: nobody is to sit before a terminal that says nothing. */
#ifndef COMMAND_AWAITED_H
#define COMMAND_AWAITED_H

#include "options/options.h"

/* Where a command will read its standard input, and that is a terminal: what it waits for, and how
 * that ends. */
void awaited_tell(const struct options *options);

#endif
