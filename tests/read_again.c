/* Records on standard input, read into values and written again on standard output; what was passed
 * over on standard error. For tests/read_again.py. */
#include <stdio.h>

#include "base/buf.h"
#include "report/ndjson.h"
#include "report/read.h"

static struct buf out;

static void
taken(const struct record *record, void *arg)
{
	(void)arg;
	buf_clear(&out);
	record_again(&out, record);
	fwrite(out.data, 1, out.len, stdout);
}

int
main(void)
{
	struct records *records = records_new(taken, NULL);
	const struct records_read *read;
	char bytes[4096];
	size_t n;

	buf_init(&out, RECORD_MAX);
	while ((n = fread(bytes, 1, sizeof bytes, stdin)) > 0)
		records_feed(records, bytes, n);
	read = records_end(records);
	buf_clear(&out);
	records_words(&out, read);
	fprintf(stderr, "%s\n", out.data);
	records_free(records);
	buf_release(&out);
	return 0;
}
