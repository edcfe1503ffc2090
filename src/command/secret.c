#include "command/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"

static void
be_private(bool private)
{
	prctl(PR_SET_DUMPABLE, private ? 0 : 1, 0, 0, 0);
}

static void
warn_of_readers(int fd, const char *file, const char *what)
{
	struct stat info;

	if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) &&
	    (info.st_mode & (S_IRGRP | S_IROTH)) != 0)
		log_warn("%s: the %s can be read by %s; chmod 600 is advised", file, what,
		    info.st_mode & S_IROTH ? "everybody" : "its group");
}

/* At most `size` octets; -1 with errno. */
static ssize_t
read_all(int fd, char *text, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size) {
		n = read(fd, text + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

static char *
read_from(int fd, const char *name, size_t max, size_t *len)
{
	char *text;
	ssize_t n;

	be_private(true);
	text = must_alloc(max + 1);
	n = read_all(fd, text, max + 1);
	if (n >= 0 && (size_t)n <= max) {
		*len = (size_t)n;
		return text;
	}
	if (n < 0)
		log_error("%s: %s", name, strerror(errno));
	else
		log_error("%s: over %zu octets", name, max);
	secret_forget(text, max);
	return NULL;
}

char *
secret_read(const char *file, const char *what, size_t max, size_t *len)
{
	bool standard = strcmp(file, "-") == 0;
	const char *name = standard ? "standard input" : file;
	int fd = standard ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
	char *text;

	if (fd < 0) {
		log_error("%s: %s", name, strerror(errno));
		return NULL;
	}
	text = read_from(fd, name, max, len);
	if (text != NULL && !standard)
		warn_of_readers(fd, file, what);
	if (!standard)
		close(fd);
	return text;
}

char *
secret_read_descriptor(int fd, size_t max, size_t *len)
{
	char name[32];
	char *text;

	snprintf(name, sizeof name, "descriptor %d", fd);
	text = read_from(fd, name, max, len);
	if (fd > STDERR_FILENO)
		close(fd);
	return text;
}

void
secret_forget(char *text, size_t max)
{
	if (text == NULL)
		return;
	OPENSSL_cleanse(text, max + 1);
	free(text);
}

void
secret_none(void)
{
	be_private(false);
}
