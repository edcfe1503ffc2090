#include "input/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "input/libarchive.h"
#include "input/sniff.h"
#include "input/stream.h"

enum { PIECE = 64 * 1024 };
#ifdef __SANITIZE_ADDRESS__
static const rlim_t memory = RLIM_INFINITY; /* its shadow alone is more */
#else
static const rlim_t memory = (rlim_t)512 * 1024 * 1024;
#endif

/* ---- in the process that unpacks */

struct source {
	const struct libarchive *la;
	struct slice head;
	int fd;
	struct stream *stream; /* what is read is unpacked by it first; NULL: it is not */
	bool ended; /* all that there is was read, and more was wanted */
	char piece[PIECE], unpacked[PIECE];
};

static ssize_t
read_packed(void *arg, const char **piece)
{
	struct source *source = arg;
	ssize_t n = (ssize_t)source->head.len;

	*piece = source->head.at;
	source->head.len = 0;
	if (n > 0)
		return n;
	do
		n = read(source->fd, source->piece, sizeof source->piece);
	while (n < 0 && errno == EINTR);
	*piece = source->piece;
	return n;
}

static la_ssize_t
read_source(struct archive *archive, void *arg, const void **piece)
{
	struct source *source = arg;
	const char *octets, *why = NULL;
	ssize_t n;

	if (source->stream != NULL && source->head.len == 0) {
		octets = source->unpacked;
		n = stream_read(source->stream, source->unpacked, sizeof source->unpacked);
		why = stream_why(source->stream);
	} else {
		n = read_packed(source, &octets);
		why = strerror(errno);
	}
	if (n < 0)
		source->la->archive_set_error(archive, EIO, "%s", why);
	source->ended = n == 0;
	*piece = octets;
	return n;
}

static bool
write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

/* Only filters that are compiled in: none may start a program. */
static int
open_archive(const struct libarchive *la, struct archive *archive, struct source *source)
{
	struct archive_entry *entry;

	la->archive_read_support_format_empty(archive);
	la->archive_read_support_format_raw(archive);
	la->archive_read_support_filter_gzip(archive);
	la->archive_read_support_filter_bzip2(archive);
	la->archive_read_support_filter_compress(archive);
	la->archive_read_support_filter_xz(archive);
	la->archive_read_support_filter_lzma(archive);
	la->archive_read_support_filter_lzip(archive);
	la->archive_read_support_filter_lz4(archive);
	la->archive_read_support_filter_zstd(archive);
	la->archive_read_open(archive, source, NULL, read_source, NULL);
	return la->archive_read_next_header(archive, &entry);
}

/* 0 when all was well, else `*why` may say what was not. */
static int
unpack_all(const struct libarchive *la, struct source *source, int out, const char **why)
{
	struct archive *archive = la->archive_read_new();
	char piece[PIECE];
	la_ssize_t n;

	if (archive == NULL)
		return 1;
	if (open_archive(la, archive, source) == ARCHIVE_EOF)
		return 0;
	while ((n = la->archive_read_data(archive, piece, sizeof piece)) > 0)
		if (!write_all(out, piece, (size_t)n))
			return 1;
	if (n == 0 && la->archive_errno(archive) == 0)
		return 0;
	*why = source->ended ? "truncated compressed input" : la->archive_error_string(archive);
	return 1;
}

/* What is unpacked has its kind, too: it may be packed a second time. */
static bool
is_packed_again(struct source *source, char *head, size_t *len)
{
	const char *what;
	ssize_t n = 0;

	for (*len = 0; *len < SNIFF_MAX; *len += (size_t)n)
		if ((n = stream_read(source->stream, head + *len, SNIFF_MAX - *len)) <= 0)
			break;
	return *len > 0 && sniff((struct slice){head, *len}, n <= 0, &what) == SNIFF_PACKED;
}

static int
stream_all(struct source *source, struct slice head, int out, const char **why)
{
	ssize_t n = 1;

	if (head.len > 0 && !write_all(out, head.at, head.len))
		return 1;
	while ((n = stream_read(source->stream, source->unpacked, sizeof source->unpacked)) > 0)
		if (!write_all(out, source->unpacked, (size_t)n))
			return 1;
	*why = stream_why(source->stream);
	return n == 0 ? 0 : 1;
}

static void
unpack(struct slice head, int fd, int out, int words)
{
	static struct source source;
	static char start[SNIFF_MAX];
	const char *why = NULL;
	int status = 1;

	source.head = head;
	source.fd = fd;
	source.stream = stream_new(head, read_packed, &source);
	if (source.stream != NULL && !is_packed_again(&source, start, &head.len)) {
		head.at = start;
		status = stream_all(&source, head, out, &why);
	} else if ((source.la = libarchive(&why)) != NULL) {
		if (source.stream != NULL)
			source.head = (struct slice){start, head.len};
		status = unpack_all(source.la, &source, out, &why);
	}
	if (why != NULL)
		write_all(words, why, strlen(why));
	_exit(status);
}

static void
become_unpacker(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
	struct rlimit limit = {memory, memory};

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		signal(numbers[i], SIG_DFL);
	setrlimit(RLIMIT_DATA, &limit);
}

/* ---- in ours */

static void
close_pair(const int pair[2])
{
	close(pair[0]);
	close(pair[1]);
}

bool
unpack_start(struct unpack *unpacker, struct slice head, int fd)
{
	int out[2], words[2];

	if (pipe2(out, O_CLOEXEC) != 0)
		return false;
	if (pipe2(words, O_CLOEXEC) != 0) {
		close_pair(out);
		return false;
	}
	unpacker->pid = fork();
	if (unpacker->pid < 0) {
		close_pair(out);
		close_pair(words);
		unpacker->pid = 0;
		return false;
	}
	if (unpacker->pid == 0) {
		close(out[0]);
		close(words[0]);
		become_unpacker();
		unpack(head, fd, out[1], words[1]);
	}
	dup3(out[0], fd, O_CLOEXEC);
	close_pair(out);
	close(words[1]);
	unpacker->words = words[0];
	return true;
}

bool
unpack_end(struct unpack *unpacker, char why[UNPACK_WORDS])
{
	ssize_t n = read(unpacker->words, why, UNPACK_WORDS - 1);
	int status = 1;

	why[n > 0 ? n : 0] = '\0';
	while (waitpid(unpacker->pid, &status, 0) < 0 && errno == EINTR)
		;
	unpacker->pid = 0;
	close(unpacker->words);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	if (*why == '\0')
		snprintf(why, UNPACK_WORDS, "it could not be unpacked");
	return false;
}

void
unpack_stop(struct unpack *unpacker)
{
	char why[UNPACK_WORDS];

	if (unpacker->pid == 0)
		return;
	kill(unpacker->pid, SIGKILL);
	unpack_end(unpacker, why);
}
