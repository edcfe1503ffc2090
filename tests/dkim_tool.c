/* Signs the message on standard input, line ends mended, and writes it to standard output: what
 * tests/dkim_peers.py gives to other verifiers.
 *
 * dkim_tool KEYFILE SELECTOR DOMAIN simple|relaxed simple|relaxed TIME [LIFETIME] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/dkim_sign.h"
#include "base/arena.h"
#include "base/buf.h"
#include "mail/mailfile.h"

enum { MESSAGE = 1000000 };

static void
read_all(FILE *file, struct buf *out)
{
	char piece[4096];
	size_t len;

	while (file != NULL && (len = fread(piece, 1, sizeof piece, file)) > 0)
		buf_add(out, piece, len);
}

static int
sign(const struct dkim_signer_plan *plan, long long now, const struct buf *message)
{
	struct arena *arena = arena_new();
	const char *why = NULL;
	struct dkim_signer *signer = dkim_signer_new(plan, arena, &why);
	struct buf field;
	bool good;

	buf_init(&field, DKIM_FIELD_MAX);
	good = signer != NULL &&
	       dkim_sign(signer, NULL, message->data, message->len, now, arena, &field, &why);
	if (good)
		good = fwrite(field.data, 1, field.len, stdout) == field.len &&
		       fwrite(message->data, 1, message->len, stdout) == message->len;
	else
		fprintf(stderr, "%s\n", why);
	buf_release(&field);
	dkim_signer_free(signer);
	arena_free(arena);
	return good ? 0 : 1;
}

int
main(int argc, char **argv)
{
	struct dkim_signer_plan plan = {.key = NULL};
	struct buf key, file, message;
	struct mailfile facts;
	FILE *key_file;
	int status;

	if (argc < 7)
		return 64;
	buf_init(&key, DKIM_KEY_FILE_MAX);
	buf_init(&file, MESSAGE);
	buf_init(&message, 2 * MESSAGE);
	key_file = fopen(argv[1], "rb");
	read_all(key_file, &key);
	if (key_file != NULL)
		fclose(key_file);
	read_all(stdin, &file);
	mailfile_read(file.data, file.len, &message, &facts);
	plan.key = key.data;
	plan.key_len = key.len;
	plan.selector = argv[2];
	plan.domain = argv[3];
	plan.header = strcmp(argv[4], "relaxed") == 0 ? DKIM_RELAXED : DKIM_SIMPLE;
	plan.body = strcmp(argv[5], "relaxed") == 0 ? DKIM_RELAXED : DKIM_SIMPLE;
	plan.lifetime = argc > 7 ? atoll(argv[7]) : 0;
	status = sign(&plan, atoll(argv[6]), &message);
	buf_release(&key);
	buf_release(&file);
	buf_release(&message);
	return status;
}
