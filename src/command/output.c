#include "command/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/shown.h"
#include "base/utf8.h"

enum { COLUMNS = 100, COLUMNS_MIN = 40 };

/* What an earlier run found out is not wiped by a slip of the hand. */
int
output_create(const char *name, bool force)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	struct stat st;

	if (fd < 0) {
		log_error("%s: %s", name, strerror(errno));
		return -1;
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
		return fd;
	if (force && ftruncate(fd, 0) == 0)
		return fd;
	log_error("%s: %s", name,
	    force ? strerror(errno) : "there is something in it already; --force writes over it");
	close(fd);
	return -1;
}

int
output_open(struct output *output, const struct options *options)
{
	const char *name = options->output;

	*output = (struct output){.fd = STDOUT_FILENO,
	    .name = "standard output",
	    .on_terminal = isatty(STDOUT_FILENO),
	    .records = options->format == FORMAT_NDJSON};
	if (name == NULL || strcmp(name, "-") == 0)
		return EXIT_OK;
	output->fd = output_create(name, options->force);
	output->name = name;
	output->on_terminal = false;
	return output->fd >= 0 ? EXIT_OK : EXIT_CREATE;
}

static unsigned
columns(int fd)
{
	struct winsize size;

	if (isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= COLUMNS_MIN)
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
	return (struct text_style){.colour = options_color(options, output->fd),
	    .verbose = options->verbose,
	    .width = columns(output->fd),
	    .time = local_time};
}

/* A line that wraps could not be erased. */
void
output_progress(const char *line)
{
	unsigned room = columns(STDERR_FILENO) - 1;
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

/* A descriptor that another program has made non-blocking, and that is slow, is waited for. */
static bool
write_all(int fd, const char *bytes, size_t len)
{
	struct pollfd ready = {.fd = fd, .events = POLLOUT};

	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			poll(&ready, 1, -1);
		else if (n < 0 && errno != EINTR)
			return false;
		bytes += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

bool
output_write(struct output *output, struct buf *bytes)
{
	if (!output->records)
		shown_guard(bytes);
	if (output->on_terminal)
		log_progress(NULL);
	return write_all(output->fd, bytes->data, bytes->len) || fail(output);
}

int
output_close(struct output *output, int status)
{
	if (output->fd > STDOUT_FILENO && close(output->fd) != 0)
		fail(output);
	return output->failed ? EXIT_WRITE : status;
}
