#include "command/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/shown.h"
#include "base/slice.h"
#include "base/utf8.h"
#include "base/veil.h"
#include "command/own_host.h"
#include "command/standard.h"
#include "io/loop.h"
#include "journey.h"
#include "logs/redact.h"
#include "report/ndjson.h"

enum { COLUMNS = 100, COLUMNS_MIN = 40, WAITING_MAX = OUTPUT_PACK_OCTETS + RECORD_MAX };

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

/* To be gone on with; one that is not there is made. Of two that would write to it, one does. */
static int
open_again(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
		log_error("%s: it is no file, and only a file can be gone on with", name);
	else if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	else
		log_error("%s: %s", name,
		    fd >= 0 && errno == EWOULDBLOCK ? "another run is writing to it"
		                                    : strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

int
output_open(struct output *output, const struct options *options)
{
	const char *name = options->output, *why;
	struct stat st;

	*output = (struct output){.fd = STDOUT_FILENO,
	    .name = "standard output",
	    .on_terminal = isatty(STDOUT_FILENO),
	    .records = options->format == FORMAT_NDJSON};
	buf_init(&output->waiting, WAITING_MAX);
	if (name == NULL || strcmp(name, "-") == 0)
		return EXIT_OK;
	output->pack = pack_of(name);
	if (output->pack != PACK_NONE && !pack_ready(&why)) {
		log_error("%s: %s", name, why);
		return EXIT_CREATE;
	}
	output->fd = options->resume ? open_again(name) : output_create(name, options->force);
	output->name = name;
	output->on_terminal = false;
	output->regular = output->fd >= 0 && fstat(output->fd, &st) == 0 && S_ISREG(st.st_mode);
	return output->fd >= 0 ? EXIT_OK : EXIT_CREATE;
}

static bool
fail(struct output *output)
{
	if (!output->failed)
		log_error("%s: %s", output->name, strerror(errno));
	output->failed = true;
	return false;
}

/* ---- a file that is replaced at a stroke */

enum { SIGN = 6 }; /* octets that tell what a file is */

/* Records, as they are or packed: what a slip of the hand must not wipe. */
static bool
may_be_records(const char *name)
{
	static const struct {
		const char *at;
		size_t len;
	} signs[] = {{"{\"type\"", SIGN}, {"\037\213", 2}, {"\050\265\057\375", 4}};
	char start[SIGN] = "";
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool found = false;

	if (fd < 0)
		return false;
	if (read(fd, start, sizeof start) > 0)
		for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
			found |= memcmp(start, signs[i].at, signs[i].len) == 0;
	close(fd);
	return found;
}

static int
create_failed(struct output *output, const char *why)
{
	log_error("%s: %s", output->name, why);
	if (output->fd >= 0) {
		close(output->fd);
		unlink(output->temporary);
	}
	output->fd = -1;
	free(output->temporary);
	free(output->replaces);
	output->temporary = output->replaces = NULL;
	return EXIT_CREATE;
}

/* Beside it, for a file cannot be moved to another system of files at a stroke. */
static int
open_beside(struct output *output, mode_t mode)
{
	output->temporary = must_alloc(strlen(output->replaces) + sizeof ".XXXXXX");
	sprintf(output->temporary, "%s.XXXXXX", output->replaces);
	output->fd = mkostemp(output->temporary, O_CLOEXEC);
	if (output->fd >= 0 && fchmod(output->fd, mode) == 0)
		return EXIT_OK;
	return create_failed(output, strerror(errno));
}

int
output_replace(struct output *output, const struct options *options)
{
	const char *name = options->output;
	struct stat st;
	mode_t mask = umask(0);

	umask(mask);
	if (name == NULL || strcmp(name, "-") == 0)
		return output_open(output, options);
	*output = (struct output){.fd = -1, .name = name};
	if (stat(name, &st) != 0) {
		if (errno != ENOENT)
			return create_failed(output, strerror(errno));
		output->replaces = must_string(name);
		return open_beside(output, 0666 & ~mask);
	}
	if (!S_ISREG(st.st_mode)) /* a device, a pipe */
		return output_open(output, options);
	if (!options->force && may_be_records(name))
		return create_failed(
		    output, "there are records in it, it seems; --force replaces it");
	if (access(name, W_OK) != 0)
		return create_failed(output, strerror(errno));
	output->replaces = realpath(name, NULL); /* not a link to it */
	if (output->replaces == NULL)
		return create_failed(output, strerror(errno));
	return open_beside(output, st.st_mode & 0777);
}

static void
end_replacing(struct output *output, bool good)
{
	if (good && !output->failed &&
	    (fsync(output->fd) != 0 || rename(output->temporary, output->replaces) != 0))
		fail(output);
	if (!good || output->failed)
		unlink(output->temporary);
	free(output->temporary);
	free(output->replaces);
	output->temporary = output->replaces = NULL;
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

int
output_only(const struct options *options, unsigned *bits)
{
	for (size_t i = 0; i < options->only.count; i++) {
		struct slice word = slice_of(options->only.items[i]);
		enum walk_status s = 0;
		struct buf words;

		while (s < WALK_COUNT && !slice_is(word, walk_status_name(s)))
			s++;
		if (s < WALK_COUNT) {
			*bits |= 1u << s;
			continue;
		}
		buf_init(&words, 1000);
		for (s = 0; s < WALK_COUNT; s++)
			buf_printf(&words, "%s%s", s > 0 ? ", " : "", walk_status_name(s));
		log_error("--only %s: not one of %s", options->only.items[i], words.data);
		buf_release(&words);
		return EXIT_USAGE;
	}
	return EXIT_OK;
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

/* A part of it is worse than nothing: what is behind it could not be read. */
static bool
write_whole(struct output *output, const char *bytes, size_t len)
{
	if (standard_write(output->fd, bytes, len)) {
		output->whole += (off_t)len;
		return true;
	}
	fail(output);
	if (output->regular && ftruncate(output->fd, output->whole) != 0)
		log_error("%s: %s", output->name, strerror(errno));
	return false;
}

bool
output_flush(struct output *output)
{
	struct slice waiting = {output->waiting.data, output->waiting.len};
	struct buf packed;
	const char *why;
	bool good;

	if (waiting.len == 0 || output->failed)
		return !output->failed;
	buf_init(&packed, 2 * WAITING_MAX);
	good = pack_member(output->pack, waiting, &packed, &why);
	if (!good) {
		log_error("%s: %s", output->name, why);
		output->failed = true;
	}
	good = good && write_whole(output, packed.data, packed.len);
	buf_release(&packed);
	buf_clear(&output->waiting);
	return good;
}

void
output_redact(struct output *output, const struct options *options)
{
	struct ip own[OWN_SOURCES];

	if (!options->redact)
		return;
	output->veil = must_alloc(sizeof *output->veil);
	for (size_t i = 0; i < options->sources.count; i++)
		veil_add(output->veil, &options->sources.items[i]);
	veil_add(output->veil, &options->public_ip);
	veil_add(output->veil, &options->ip);
	for (size_t i = 0, n = own_sources(options, own); i < n; i++)
		veil_add(output->veil, &own[i]);
}

static void
redact_bytes(const struct output *output, struct buf *bytes)
{
	struct arena *arena = arena_new();
	struct slice text = redact((struct slice){bytes->data, bytes->len}, arena);
	struct buf veiled;

	buf_init(&veiled, SIZE_MAX / 2);
	veil_text(output->veil, &veiled, text);
	buf_release(bytes);
	*bytes = veiled;
	arena_free(arena);
}

bool
output_write(struct output *output, struct buf *bytes)
{
	if (output->veil != NULL)
		redact_bytes(output, bytes);
	if (!output->records)
		shown_guard(bytes);
	if (output->on_terminal)
		log_progress(NULL);
	if (output->pack == PACK_NONE)
		return write_whole(output, bytes->data, bytes->len);
	if (output->waiting.len == 0)
		output->since = loop_ms();
	buf_add(&output->waiting, bytes->data, bytes->len);
	if (output->waiting.len < OUTPUT_PACK_OCTETS && loop_ms() - output->since < OUTPUT_PACK_MS)
		return !output->failed;
	return output_flush(output);
}

int
output_close(struct output *output, int status)
{
	output_flush(output);
	buf_release(&output->waiting);
	if (output->temporary != NULL && output->fd >= 0)
		end_replacing(output, status < EXIT_USAGE);
	if (output->fd > STDOUT_FILENO && close(output->fd) != 0)
		fail(output);
	free(output->veil);
	output->veil = NULL;
	return output->failed ? EXIT_WRITE : status;
}
