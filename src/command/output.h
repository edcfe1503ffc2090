/* output: where results go (--output), packed or not, and how they are dressed.
 *
 * What is in a file is whole at any moment: a record that could not be written to its end is taken
 * back. So a run that ended, however it did, can be gone on with (command/resume.h). */
#ifndef COMMAND_OUTPUT_H
#define COMMAND_OUTPUT_H

#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "command/command.h"
#include "input/pack.h"
#include "report/text.h"

struct output {
	int fd; /* of `name`; -1: not open */
	const char *name; /* "standard output", or the file's */
	bool on_terminal;
	bool records; /* NDJSON: each string in it is escaped already */
	bool failed;
	struct veil *veil; /* --redact: whom to hide; NULL: nobody is */
	char *replaces, *temporary; /* see output_replace; NULL: nothing */
	bool regular; /* a file, whose first `whole` octets are good */
	off_t whole;
	enum pack pack;
	struct buf waiting; /* to be packed … */
	int64_t since; /* … since then (loop_ms) */
};

/* A file to be written, which holds nothing yet, or may be written over. -1 after saying why not.
 */
int output_create(const char *name, bool force);
/* EXIT_OK, or EXIT_CREATE after saying why. With --resume the file may hold something, and is left
 * as it is until it was read (command/resume.h). */
int output_open(struct output *output, const struct options *options);
/* The same for what can be made again at any time: --output is only replaced when all of it is
 * written, at a stroke, and is whole or as it was at any time. What may be records is not replaced
 * without --force. */
int output_replace(struct output *output, const struct options *options);
struct text_style output_style(const struct output *output, const struct options *options);
/* The words of --only, as bits 1 << walk_status; 0: it was not given. EXIT_OK, or EXIT_USAGE after
 * saying why. */
int output_only(const struct options *options, unsigned *bits);
/* To the end, at once, or where it is packed within OUTPUT_PACK_MS and the next call of one of
 * these two; after shown_guard. False after saying why. */
bool output_write(struct output *output, struct buf *bytes);
bool output_flush(struct output *output);
enum { OUTPUT_PACK_MS = 1000, OUTPUT_PACK_OCTETS = 1 << 20 };
/* What goes on, on the last line of the terminal of standard error, as much as fits on it. */
void output_progress(const char *line);
/* --redact: from here on local parts of mail addresses are left out, and what is in the veil. */
void output_redact(struct output *output, const struct options *options);
/* The exit status: `status`, or EXIT_WRITE when something was lost. What output_replace began is
 * dropped when the status is one of our own troubles (64 and above). */
int output_close(struct output *output, int status);

#endif
