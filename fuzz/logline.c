/* What holds replies: src/judge/{maillog,logline,bounce}.c. The input is a file of lines. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "expect.h"
#include "logs/maillog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct refusal *refusal, void *arg)
{
	struct arena *arena = arena_new();
	unsigned long *told = arg;
	const char *domain = logline_domain(refusal->recipient, arena);

	++*told;
	expect(refusal->text != NULL && memchr(refusal->text, '\0', refusal->len) == NULL &&
	       refusal->stage < STAGE_COUNT);
	expect(refusal->code == 0 || (refusal->code >= 200 && refusal->code <= 599));
	expect(refusal->relay == NULL || refusal->relay[0] != '\0');
	expect(domain == NULL ||
	       (*domain != '\0' && strlen(domain) <= 253 && strpbrk(domain, " @\t\n") == NULL));
	arena_free(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned long told = 0;
	struct maillog *log = maillog_new(check, &told);
	struct maillog_counts counts;
	const char *line = (const char *)data, *end = line + size;

	while (line < end) {
		const char *newline = memchr(line, '\n', (size_t)(end - line)),
		           *stop = newline != NULL ? newline : end;
		char *exact = malloc(
		    (size_t)(stop - line) + 1); /* so that a sanitizer sees what is read beyond */

		memcpy(exact, line, (size_t)(stop - line));
		maillog_line(log, exact, (size_t)(stop - line));
		free(exact);
		line = stop + 1;
	}
	maillog_end(log);
	counts = maillog_counts(log);
	expect(counts.told == told && counts.inbound <= told &&
	       counts.silent_mails <= counts.mails && counts.mails <= counts.lines &&
	       counts.silent + counts.unknown + counts.too_long <= counts.lines);
	maillog_free(log);
	return 0;
}
