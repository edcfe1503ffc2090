#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

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
	for (const char *s = line; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < 0x20 || c == 0x7f)
			fprintf(stderr, "\\x%02x", c);
		else
			putc(c, stderr);
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
