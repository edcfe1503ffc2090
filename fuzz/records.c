/* Records read back (src/report/read.c): whatever a file holds, what is taken can be written again,
 * and read again to the same. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "expect.h"
#include "report/ndjson.h"
#include "report/read.h"
#include "report/text.h"
#include "report/text_result.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
keep(const struct record *record, void *arg)
{
	struct buf words, *out = arg;
	size_t start = out->len;

	record_again(out, record);
	expect(out->len == start || out->data[out->len - 1] == '\n');
	if (out->len > start)
		expect(strcspn(out->data + start, "\n") == out->len - start - 1);
	if (record->type != RECORD_RESULT)
		return;
	buf_init(&words, RECORD_MAX);
	text_result(&words, &(struct text_style){.verbose = true, .width = 80}, &record->result);
	buf_release(&words);
}

static unsigned long
read_all(const char *bytes, size_t len, size_t piece, struct buf *out)
{
	struct records *records = records_new(keep, out);
	unsigned long taken;

	for (size_t i = 0; i < len; i += piece)
		records_feed(records, bytes + i, len - i < piece ? len - i : piece);
	taken = records_end(records)->records;
	records_free(records);
	return taken;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf once, twice;
	unsigned long taken;

	buf_init(&once, RECORD_MAX);
	buf_init(&twice, RECORD_MAX);
	taken = read_all((const char *)data, size, 1 + size / 3, &once);
	if (!once.full) {
		expect(read_all(once.data, once.len, 4096, &twice) == taken);
		expect(twice.len == once.len && memcmp(twice.data, once.data, once.len) == 0);
	}
	buf_release(&once);
	buf_release(&twice);
	return 0;
}
