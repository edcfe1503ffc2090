#include "command/output.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/shown.h"
#include "base/utf8.h"

enum { COLUMNS = 100, COLUMNS_MIN = 40 };

int
output_open(struct output *output, const struct options *options)
{
	const char *name = options->output;

	*output = (struct output){.file = stdout,
	    .name = "standard output",
	    .on_terminal = isatty(STDOUT_FILENO),
	    .records = options->format == FORMAT_NDJSON};
	if (name == NULL || strcmp(name, "-") == 0)
		return EXIT_OK;
	output->file = fopen(name, "we");
	output->name = name;
	output->on_terminal = false;
	if (output->file != NULL)
		return EXIT_OK;
	log_error("%s: %s", name, strerror(errno));
	return EXIT_CREATE;
}

static unsigned
columns(FILE *file)
{
	struct winsize size;

	if (isatty(fileno(file)) && ioctl(fileno(file), TIOCGWINSZ, &size) == 0 &&
	    size.ws_col >= COLUMNS_MIN)
		return size.ws_col;
	return COLUMNS;
}

static void
local_time(int64_t ms, char text[TEXT_TIME])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

	*text = '\0';
	if (localtime_r(&seconds, &tm) != NULL)
		strftime(text, TEXT_TIME, "%Y-%m-%d %H:%M:%S %z", &tm);
}

struct text_style
output_style(const struct output *output, const struct options *options)
{
	return (struct text_style){.colour = options_color(options, fileno(output->file)),
	    .verbose = options->verbose,
	    .width = columns(output->file),
	    .time = local_time};
}

/* A line that wraps could not be erased. */
void
output_progress(const char *line)
{
	unsigned room = columns(stderr) - 1;
	struct buf short_line;
	const char *end = line;

	for (size_t left = strlen(line), n; left > 0 && room > 0; left -= n, end += n, room--)
		n = utf8_len(end, left) > 0 ? utf8_len(end, left) : 1;
	buf_init(&short_line, strlen(line));
	buf_add(&short_line, line, (size_t)(end - line));
	log_progress(short_line.data);
	buf_release(&short_line);
}

static bool
fail(struct output *output)
{
	if (!output->failed)
		log_error("%s: %s", output->name, strerror(errno));
	output->failed = true;
	return false;
}

bool
output_write(struct output *output, struct buf *bytes)
{
	if (!output->records)
		shown_guard(bytes);
	if (output->on_terminal)
		log_progress(NULL);
	if (fwrite(bytes->data, 1, bytes->len, output->file) != bytes->len ||
	    fflush(output->file) != 0)
		return fail(output);
	return true;
}

int
output_close(struct output *output, int status)
{
	if (output->file != NULL && output->file != stdout && fclose(output->file) != 0)
		fail(output);
	return output->failed ? EXIT_WRITE : status;
}
