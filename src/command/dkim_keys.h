/* dkim_keys: the private keys of --dkim-key, read from their files. */
#ifndef COMMAND_DKIM_KEYS_H
#define COMMAND_DKIM_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "options/options.h"

struct arena;
struct dkim_signer;
struct evp_pkey_st;

struct dkim_keys {
	struct dkim_signer **signers;
	size_t count;
};

/* Signers (relaxed/relaxed) for all that --dkim-key, --dkim-selector and --dkim-domain say.
 * EXIT_OK, or the exit status after saying why. Either way dkim_keys_close is to be called, before
 * `arena` goes. */
int dkim_keys_open(struct dkim_keys *keys, const struct options *options, struct arena *arena);
void dkim_keys_close(struct dkim_keys *keys, bool others); /* others: there were more secrets,
                                                              that libraries may have kept */

/* One key pair; a file that others may read is warned of. NULL after saying why; to be freed with
 * EVP_PKEY_free. */
struct evp_pkey_st *dkim_pair_open(const char *file, struct arena *arena);

#endif
