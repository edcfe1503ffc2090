#include "command/status_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

enum { PATH_OCTETS = 4096 };

static const char sign[] = "{\"type\":\"progress\"";

/* What stands there may be replaced: a status of before, or nothing. A device, a pipe, another file
 * are somebody's. */
static bool
is_ours(const char *name)
{
	char start[sizeof sign - 1];
	struct stat st;
	ssize_t len;
	int fd;

	if (lstat(name, &st) != 0)
		return errno == ENOENT;
	if (!S_ISREG(st.st_mode)) {
		errno = S_ISDIR(st.st_mode) ? EISDIR : EEXIST;
		return false;
	}
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return false;
	len = read(fd, start, sizeof start);
	close(fd);
	errno = EEXIST;
	return len == 0 || (len == (ssize_t)sizeof start && memcmp(start, sign, sizeof start) == 0);
}

static int
open_beside(const char *name, char beside[PATH_OCTETS])
{
	int fd;

	if (!is_ours(name))
		return -1;
	if (snprintf(beside, PATH_OCTETS, "%s.XXXXXX", name) >= PATH_OCTETS) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd >= 0)
		fchmod(fd, 0644);
	return fd;
}

bool
status_file_try(const char *name)
{
	char beside[PATH_OCTETS];
	int fd = open_beside(name, beside);

	return fd >= 0 && close(fd) == 0 && unlink(beside) == 0;
}

bool
status_file_write(const char *name, const struct buf *text)
{
	char beside[PATH_OCTETS];
	int fd = open_beside(name, beside), error = 0;
	ssize_t len;

	if (fd < 0)
		return false;
	len = write(fd, text->data, text->len);
	if (len != (ssize_t)text->len)
		error = len < 0 ? errno : ENOSPC;
	if (close(fd) != 0 && error == 0)
		error = errno;
	if (error == 0 && rename(beside, name) == 0)
		return true;
	error = error != 0 ? error : errno;
	unlink(beside);
	errno = error;
	return false;
}
