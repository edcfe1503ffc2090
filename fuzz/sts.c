/* Exercises evidence/sts_grammar.c, tls_rpt.c and sts_book.c: the input is a policy, a record of
 * MTA-STS, one of TLS-RPT, and a line of --sts-replay. */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "evidence/sts_book.h"
#include "evidence/sts_grammar.h"
#include "evidence/tls_rpt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct slice text = {(const char *)data, size};
	struct sts_policy policy;
	struct tls_rpt rpt = {0};
	struct notes notes = {0};
	char id[STS_ID_MAX + 1];
	struct sts_book book = {0};
	struct buf out;
	char reason[200];
	unsigned line;
	const char *why;

	if (sts_policy_parse(text, arena, &policy, &notes, &line, &why))
		sts_policy_covers(&policy, "mx.example.com");
	if (sts_record_is(text))
		sts_record_parse(text, arena, id);
	if (tls_rpt_is(text))
		tls_rpt_parse(text, arena, &rpt);
	if (sts_book_read_line(&book, arena, text, reason, sizeof reason)) {
		buf_init(&out, 1 << 20);
		sts_book_close(&book);
		sts_book_write_line(book.entries[0].domain, &book.entries[0].fetched, &out);
		buf_release(&out);
	}
	arena_free(arena);
	return 0;
}
