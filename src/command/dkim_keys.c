#include "command/dkim_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/dkim_sign.h"
#include "base/arena.h"
#include "base/log.h"
#include "command/command.h"

static void
warn_of_readers(const char *file)
{
	struct stat info;

	if (strcmp(file, "-") != 0 && stat(file, &info) == 0 && S_ISREG(info.st_mode) &&
	    (info.st_mode & (S_IRGRP | S_IROTH)) != 0)
		log_warn("%s: the private key can be read by %s; chmod 600 is advised", file,
		    info.st_mode & S_IROTH ? "everybody" : "its group");
}

/* Nobody gets a core of us, or looks into our memory, while there are keys in it. */
static void
be_private(bool private)
{
	prctl(PR_SET_DUMPABLE, private ? 0 : 1, 0, 0, 0);
}

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

static void
forget_key(char *text)
{
	OPENSSL_cleanse(text, DKIM_KEY_FILE_MAX + 1);
	free(text);
}

/* Into one place, without stdio, whose buffers keep what they held. */
static char *
read_key(const char *file, size_t *len)
{
	bool standard = strcmp(file, "-") == 0;
	const char *name = standard ? "standard input" : file;
	int fd = standard ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
	char *text;
	ssize_t n;

	if (fd < 0) {
		log_error("%s: %s", name, strerror(errno));
		return NULL;
	}
	be_private(true);
	text = must_alloc(DKIM_KEY_FILE_MAX + 1);
	n = read_all(fd, text, DKIM_KEY_FILE_MAX + 1);
	if (n < 0)
		log_error("%s: %s", name, strerror(errno));
	else if (n > DKIM_KEY_FILE_MAX)
		log_error("%s: over %d octets", name, (int)DKIM_KEY_FILE_MAX);
	if (!standard)
		close(fd);
	if (n < 0 || n > DKIM_KEY_FILE_MAX) {
		forget_key(text);
		return NULL;
	}
	*len = (size_t)n;
	warn_of_readers(file);
	return text;
}

struct evp_pkey_st *
dkim_pair_open(const char *file, struct arena *arena)
{
	struct evp_pkey_st *pair;
	const char *why;
	size_t len;
	char *text = read_key(file, &len);

	if (text == NULL)
		return NULL;
	pair = dkim_pair_read(text, len, arena, &why);
	forget_key(text);
	if (pair == NULL)
		log_error("%s: %s", file, why);
	return pair;
}

static struct dkim_signer *
open_signer(const struct signer *given, struct arena *arena)
{
	struct dkim_signer_plan plan = {.selector = given->selector,
	    .domain = given->domain,
	    .header = DKIM_RELAXED,
	    .body = DKIM_RELAXED};
	struct dkim_signer *signer;
	const char *why;
	char *text = read_key(given->file, &plan.key_len);

	if (text == NULL)
		return NULL;
	plan.key = text;
	signer = dkim_signer_new(&plan, arena, &why);
	forget_key(text);
	if (signer == NULL)
		log_error("--dkim-key %s: %s", given->file, why);
	else if (signer->warning != NULL)
		log_warn("%s: %s", given->file, signer->warning);
	return signer;
}

int
dkim_keys_open(struct dkim_keys *keys, const struct options *options, struct arena *arena)
{
	*keys = (struct dkim_keys){
	    .signers = arena_alloc(arena, options->signers.count * sizeof *keys->signers)};
	for (; keys->count < options->signers.count; keys->count++) {
		struct dkim_signer *signer =
		    open_signer(&options->signers.items[keys->count], arena);

		if (signer == NULL)
			return EXIT_DATA;
		keys->signers[keys->count] = signer;
	}
	return EXIT_OK;
}

void
dkim_keys_close(struct dkim_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		dkim_signer_free(keys->signers[i]);
	if (keys->count > 0)
		be_private(false);
	keys->count = 0;
}
