/* Exercises evidence/sts_grammar.c and tls_rpt.c: the input is a policy, a record of MTA-STS, and
 * one of TLS-RPT. */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
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
	unsigned line;
	const char *why;

	if (sts_policy_parse(text, arena, &policy, &notes, &line, &why))
		sts_policy_covers(&policy, "mx.example.com");
	if (sts_record_is(text))
		sts_record_parse(text, arena, id);
	if (tls_rpt_is(text))
		tls_rpt_parse(text, arena, &rpt);
	arena_free(arena);
	return 0;
}
