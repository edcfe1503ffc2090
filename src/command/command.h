/* command: what main calls. Each command is one file; it gets all that the user asked and returns the exit status.
 *
 * Output. main ignores SIGPIPE, and puts /dev/null in the place of a closed descriptor 0, 1 or 2, opened the wrong way round: no socket ever gets such a number, and who writes to a closed standard output gets EBADF, as if it
 * still were closed. So a command needs no special case: it checks its writes. When one fails (or fflush, or fclose of --output) it says so once with log_error, naming the file or "standard output", stops, and returns
 * EXIT_WRITE. What a command leaves in stdout is flushed and checked by main.
 *
 * Input. A file that cannot be read, or holds what cannot be used: log_error with "FILE: …" or "FILE:LINE: …", EXIT_DATA; not so a bad line in a list of targets, which is reported and passed over. */
#ifndef COMMAND_COMMAND_H
#define COMMAND_COMMAND_H

#include <stdio.h>

#include "options.h"

enum exit_status {
	EXIT_OK = 0, /* every target reached the depth asked for; nothing found against the sender */
	EXIT_REFUSED = 1, /* some were refused (5yz); self: something that refuses mail */
	EXIT_DEFERRED = 2, /* some were deferred, none refused; self: warnings only */
	EXIT_UNDETERMINED = 3, /* neither, but something could not be told */
	EXIT_USAGE = 64,
	EXIT_DATA = 65, /* input that cannot be read or used */
	EXIT_INTERNAL = 70,
	EXIT_CREATE = 73, /* an output file cannot be made */
	EXIT_WRITE = 74, /* output cannot be written */
	EXIT_INTERRUPTED = 130,
};

/* --format nagios has the plugins' own numbers. */
enum nagios_status { NAGIOS_OK = 0, NAGIOS_WARNING = 1, NAGIOS_CRITICAL = 2, NAGIOS_UNKNOWN = 3 };

int command_probe(const struct options *options);
int command_self(const struct options *options);
int command_explain(const struct options *options);
int command_check(const struct options *options);
int command_lab(const struct options *options);
int command_help(const struct options *options); /* `help`, and --help of any command */
int command_version(const struct options *options);

void help_usage(FILE *out); /* the short form, for who gave no arguments */

#endif
