/* A DNS message, as a response to its own question and as a query. What can be read of it must come
 * through a book's line unchanged, and through a message of ours. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "dns/book.h"
#include "dns/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

/* The message's own question, whichever way its QR bit stands. */
static void
find_question(const uint8_t *data, size_t size, struct wire_question *question)
{
	uint8_t *copy = malloc(size + 1);

	memcpy(copy, data, size);
	if (size > 2)
		copy[2] &= 0x07;
	if (!wire_question_read(copy, size, question))
		*question =
		    (struct wire_question){.name = "example.com", .type = DNS_TXT, .payload = 512};
	free(copy);
}

static void
write_filed(const struct answer *answer, struct buf *out)
{
	struct book *book = book_new();

	book_put(book, answer);
	book_close(book);
	book_write_line(book_ask(book, answer->name, answer->type), out);
	book_free(book);
}

static void
check_line(const struct answer *answer)
{
	struct book *book = book_new();
	struct buf first, second;
	char reason[200];

	buf_init(&first, 16 << 20);
	buf_init(&second, 16 << 20);
	write_filed(answer, &first);
	for (size_t at = 0, len; at < first.len; at += len + 1) {
		len = strcspn(first.data + at, "\n");
		must(book_read_line(book, first.data + at, len, reason, sizeof reason));
	}
	book_close(book);
	book_write_line(book_ask(book, answer->name, answer->type), &second);
	must(first.full ||
	     (first.len == second.len && memcmp(first.data, second.data, first.len) == 0));
	buf_release(&first);
	buf_release(&second);
	book_free(book);
}

static void
check_message(
    const struct wire_question *question, const struct answer *answer, struct arena *arena)
{
	struct answer again;
	struct buf out;
	const char *why;
	bool truncated;

	buf_init(&out, 1 << 20);
	wire_answer(&out, question, answer, WIRE_MAX);
	must(out.len <= WIRE_MAX);
	must(wire_response(
	    out.data, out.len, answer->name, answer->type, arena, &again, &truncated, &why));
	must(truncated || answer->count == again.count);
	must(truncated || strcmp(answer->canonical, again.canonical) == 0);
	buf_release(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct wire_question question;
	struct answer answer;
	const char *why;
	bool truncated;

	find_question(data, size, &question);
	if (wire_response(data, size, question.name, (enum dns_type)question.type, arena, &answer,
	        &truncated, &why) &&
	    strcmp(dns_type_name(answer.type), "TYPE") != 0) {
		answer.server = "192.0.2.53";
		check_line(&answer);
		check_message(&question, &answer, arena);
	}
	arena_free(arena);
	return 0;
}
