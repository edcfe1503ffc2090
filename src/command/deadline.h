/* deadline: a check of a monitoring system ends before that gives it up, and says why, whatever it
 * waits for (--timeout-plugin). */
#ifndef COMMAND_DEADLINE_H
#define COMMAND_DEADLINE_H

struct options;

void deadline_begin(const struct options *options); /* of another format: nothing */

#endif
