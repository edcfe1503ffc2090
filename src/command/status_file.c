#include "command/status_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"

enum { PATH_OCTETS = 4096 };

static int
open_beside(const char *name, char beside[PATH_OCTETS])
{
	if (snprintf(beside, PATH_OCTETS, "%s.new", name) >= PATH_OCTETS) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
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
	int fd = open_beside(name, beside), error;
	bool written;

	if (fd < 0)
		return false;
	errno = ENOSPC; /* of a write that is not whole */
	written = write(fd, text->data, text->len) == (ssize_t)text->len;
	error = errno;
	written = close(fd) == 0 && written && rename(beside, name) == 0;
	if (written)
		return true;
	error = error != 0 ? error : errno;
	unlink(beside);
	errno = error;
	return false;
}
