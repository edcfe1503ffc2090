/* apart: files that are written and read in one run are different files, whatever they are called.
 */
#ifndef COMMAND_APART_H
#define COMMAND_APART_H

struct options;

/* EXIT_OK, or EXIT_USAGE after saying which two are one. */
int files_apart(const struct options *options);

#endif
