#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/shown.h"

static bool is_quiet, line_open;

void
log_quiet(bool quiet)
{
	is_quiet = quiet;
}

void
log_progress(const char *line)
{
	if (line == NULL && !line_open)
		return;
	fprintf(stderr, "\r\033[K%s", line != NULL ? line : "");
	fflush(stderr);
	line_open = line != NULL;
}

static void __attribute__((format(printf, 2, 0)))
say(const char *prefix, const char *format, va_list ap)
{
	char line[2048];

	vsnprintf(line, sizeof line, format, ap);
	log_progress(NULL);
	fputs(prefix, stderr);
	for (size_t i = 0, len = strlen(line); i < len;) {
		char escape[SHOWN_ESCAPE];
		size_t n = shown_next(line + i, len - i, escape);

		if (*escape != '\0')
			fputs(escape, stderr);
		else
			fwrite(line + i, 1, n, stderr);
		i += n;
	}
	putc('\n', stderr);
}

void
log_error(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say("mxwalk: ", format, ap);
	va_end(ap);
}

void
log_warn(const char *format, ...)
{
	va_list ap;

	if (is_quiet)
		return;
	va_start(ap, format);
	say("mxwalk: warning: ", format, ap);
	va_end(ap);
}

void
log_note(const char *format, ...)
{
	va_list ap;

	if (is_quiet)
		return;
	va_start(ap, format);
	say("mxwalk: ", format, ap);
	va_end(ap);
}

static void __attribute__((format(printf, 1, 2))) say_all(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say("mxwalk: ", format, ap);
	va_end(ap);
}

void
log_answer(const char *line)
{
	say_all("%s", line);
}
