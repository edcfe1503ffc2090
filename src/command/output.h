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
	char *replaces, *temporary; /* see output_replace; NULL: nothing */
};

/* A file to be written, which holds nothing yet, or may be written over. -1 after saying why not.
 */
int output_create(const char *name, bool force);
int output_open(struct output *output,
    const struct options *options); /* EXIT_OK, or EXIT_CREATE after saying why */
/* The same for what can be made again at any time: --output is only replaced when all of it is
 * written, at a stroke, and is whole or as it was at any time. What may be records is not replaced
 * without --force. */
int output_replace(struct output *output, const struct options *options);
struct text_style output_style(const struct output *output, const struct options *options);
/* The words of --only, as bits 1 << walk_status; 0: it was not given. EXIT_OK, or EXIT_USAGE after
 * saying why. */
int output_only(const struct options *options, unsigned *bits);
bool output_write(struct output *output, struct buf *bytes); /* to the end, at once, after
 shown_guard; false after saying why */
/* What goes on, on the last line of the terminal of standard error, as much as fits on it. */
void output_progress(const char *line);
/* The exit status: `status`, or EXIT_WRITE when something was lost. What output_replace began is
 * dropped when the status is one of our own troubles (64 and above). */
int output_close(struct output *output, int status);

#endif
