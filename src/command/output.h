/* output: where results go (--output), and how they are dressed. */
#ifndef COMMAND_OUTPUT_H
#define COMMAND_OUTPUT_H

#include "command/command.h"
#include "report/text.h"

struct buf;

struct output {
	int fd; /* of `name`; -1: not open */
	const char *name; /* "standard output", or the file's */
	bool on_terminal;
	bool records; /* NDJSON: each string in it is escaped already */
	bool failed;
};

/* A file to be written, which holds nothing yet, or may be written over. -1 after saying why not.
 */
int output_create(const char *name, bool force);
int output_open(struct output *output,
    const struct options *options); /* EXIT_OK, or EXIT_CREATE after saying why */
struct text_style output_style(const struct output *output, const struct options *options);
bool output_write(struct output *output, struct buf *bytes); /* to the end, at once, after
 shown_guard; false after saying why */
/* What goes on, on the last line of the terminal of standard error, as much as fits on it. */
void output_progress(const char *line);
int output_close(struct output *output,
    int status); /* the exit status: `status`, or EXIT_WRITE when something was lost */

#endif
