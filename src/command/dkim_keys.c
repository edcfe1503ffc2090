#include "command/dkim_keys.h"

#include "auth/dkim_sign.h"
#include "base/arena.h"
#include "base/log.h"
#include "command/command.h"
#include "command/secret.h"

static const char what[] = "private key";

struct evp_pkey_st *
dkim_pair_open(const char *file, struct arena *arena)
{
	struct evp_pkey_st *pair;
	const char *why;
	size_t len;
	char *text = secret_read(file, what, DKIM_KEY_FILE_MAX, &len);

	if (text == NULL)
		return NULL;
	pair = dkim_pair_read(text, len, arena, &why);
	secret_forget(text, DKIM_KEY_FILE_MAX);
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
	char *text = secret_read(given->file, what, DKIM_KEY_FILE_MAX, &plan.key_len);

	if (text == NULL)
		return NULL;
	plan.key = text;
	signer = dkim_signer_new(&plan, arena, &why);
	secret_forget(text, DKIM_KEY_FILE_MAX);
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
dkim_keys_close(struct dkim_keys *keys, bool others)
{
	for (size_t i = 0; i < keys->count; i++)
		dkim_signer_free(keys->signers[i]);
	if (keys->count > 0 && !others)
		secret_none();
	keys->count = 0;
}
