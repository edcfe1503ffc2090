/* command: what main calls. Each command is one file; it gets all that the user asked and returns
 * the exit status.
 *
 * Output. main ignores SIGPIPE, and puts /dev/null in the place of a closed descriptor 0, 1 or 2,
 * opened the wrong way round: no socket ever gets such a number, and who writes to a closed
 * standard output gets EBADF, as if it still were closed. So a command needs no special case: it
 * checks its writes. When one fails (or fflush, or fclose of --output) it says so once with
 * log_error, naming the file or "standard output", stops, and returns EXIT_WRITE. What a command
 * leaves in stdout is flushed and checked by main.
 *
 * Input. A file that cannot be read, or holds what cannot be used: log_error with "FILE: …" or
 * "FILE:LINE: …", EXIT_DATA; not so a bad line in a list of targets, which is reported and passed
 * over. */
#ifndef COMMAND_COMMAND_H
#define COMMAND_COMMAND_H

#include <stdio.h>

#include "exit_status.h"
#include "options/options.h"

int command_probe(const struct options *options);
int command_self(const struct options *options);
int command_explain(const struct options *options);
struct tls_review;

/* A walk that is told as a check: `review` is of whom (report/check_tls.h); NULL: it is none. */
int probe_as(const struct options *options, struct tls_review *review);
int command_check_tls(const struct options *options); /* check dane, check tls */
int command_probe_audit(const struct options *options); /* probe --tls-audit: check tls does it */
int command_check(const struct options *options);
int command_report(const struct options *options);
int command_diff(const struct options *options);
int command_preflight(const struct options *options);
int command_isolate(const struct options *options);
int command_lab(const struct options *options);
int command_help(const struct options *options); /* `help`, and --help of any command */
int command_version(const struct options *options);

const char *check_form(
    size_t i); /* "spf --ip IP …": what each evaluator of check takes; NULL behind the last */
void help_usage(FILE *out); /* the short form, for who gave no arguments */

#endif
