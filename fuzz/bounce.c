/* A mail that came back: mail/{parts,transfer,charset,encoded_word,html}.c, logs/{bounce,dsn,
 * notice,transcript}.c. The input is the mail. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "expect.h"
#include "logs/bounce.h"
#include "logs/redact.h"
#include "mail/encoded_word.h"
#include "mail/html.h"
#include "mail/parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct refusal *refusal, void *arg)
{
	struct arena *arena = arena_new();
	struct slice text = {refusal->text, refusal->len};
	unsigned long *told = arg;

	++*told;
	expect(refusal->text != NULL && refusal->stage < STAGE_COUNT &&
	       refusal->said_by <= SAID_BY_LIST);
	expect(refusal->len > 0 || refusal->enhanced != NULL);
	expect(refusal->relay == NULL || refusal->relay[0] != '\0');
	expect(refusal->recipient == NULL || strlen(refusal->recipient) < 1000);
	expect(redact(text, arena).len <= text.len * 10);
	arena_free(arena);
}

static void
check_parts(struct slice mail, struct arena *arena)
{
	struct parts parts;

	parts_read(mail, arena, &parts);
	expect(parts.count >= 1 && parts.count <= PARTS_MAX);
	for (size_t i = 0; i < parts.count; i++) {
		const struct mail_part *part = &parts.items[i];

		expect(part->depth <= PARTS_DEPTH_MAX && part->parent <= i);
		expect(part->header.at >= mail.at && part->body.at >= part->header.at &&
		       part->body.at + part->body.len <= mail.at + mail.len);
	}
	expect(html_text(mail, arena).len <= mail.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	char *exact = malloc(size + 1); /* NUL-terminated, and no octet more */
	unsigned long told = 0;
	bool unread;
	char *words;

	memcpy(exact, data, size);
	exact[size] = '\0';
	check_parts((struct slice){exact, size}, arena);
	expect(bounce_read((struct slice){exact, size}, check, NULL, &told, &unread) == told);
	words = encoded_words_read(exact, arena);
	expect(words != NULL);
	free(exact);
	arena_free(arena);
	return 0;
}
