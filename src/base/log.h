/* log: what the program has to say about itself, on standard error, one line each, "mxwalk: "
 * before it. What must not reach a terminal is shown as base/shown.h has it. Results never come
 * this way. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

void log_quiet(bool quiet); /* warnings and notes are left out; errors never are */
/* What goes on, on the last line of the terminal; NULL erases it. Whatever else is said takes its
 * place; results that go to the same terminal must erase it first. */
void log_progress(const char *line);
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_answer(const char *line); /* what somebody asked for: told even so */
void log_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
