#include "command/dkim_keys.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "auth/dkim_sign.h"
#include "base/arena.h"
#include "base/log.h"
#include "command/command.h"
#include "command/sources.h"

static void
warn_of_readers(const char *file)
{
	struct stat info;

	if (strcmp(file, "-") != 0 && stat(file, &info) == 0 && S_ISREG(info.st_mode) &&
	    (info.st_mode & (S_IRGRP | S_IROTH)) != 0)
		log_warn("%s: the private key can be read by %s; chmod 600 is advised", file,
		    info.st_mode & S_IROTH ? "everybody" : "its group");
}

static char *
read_key(const char *file, size_t *len)
{
	char *text = file_read(file, DKIM_KEY_FILE_MAX, len);

	if (text != NULL)
		warn_of_readers(file);
	return text;
}

static void
forget_key(char *text, size_t len)
{
	OPENSSL_cleanse(text, len);
	free(text);
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
	forget_key(text, len);
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
	forget_key(text, plan.key_len);
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
	keys->count = 0;
}
