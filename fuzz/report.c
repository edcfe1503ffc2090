/* Reports (src/report/report.c): whatever the records say, each format takes them, a page has no
 * element of theirs, and a row of CSV is one line. Twice the same records give the same. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "expect.h"
#include "report/change.h"
#include "report/ndjson.h"
#include "report/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
keep(struct buf *bytes, void *arg)
{
	buf_add(arg, bytes->data, bytes->len);
	return true;
}

static void
pass(const uint8_t *data, size_t size, record_taken *taken, void *arg)
{
	struct records *records = records_new_scanning(taken, arg);

	records_feed(records, (const char *)data, size);
	records_end(records);
	records_free(records);
}

static void
make(const struct report_format *format, const uint8_t *data, size_t size, struct buf *out)
{
	const struct report_plan plan = {.write = keep, .write_arg = out, .command = ""};
	struct report report;

	report_init(&report, format, &plan);
	pass(data, size, report_take, &report);
	if (format->passes_again) {
		report_again(&report);
		pass(data, size, report_take, &report);
	}
	report_finish(&report);
	report_release(&report);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct report_format *const formats[] = {&report_text, &report_csv,
	    &report_domains, &report_markdown, &report_prometheus, &report_junit, &report_nagios,
	    &report_html};
	struct changes *changes = changes_new(NULL, 1);
	struct buf out;

	buf_init(&out, 1 << 26);
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
		buf_clear(&out);
		make(formats[i], data, size, &out);
		if (formats[i] == &report_html)
			expect(strstr(out.data, "<img") == NULL &&
			       strstr(out.data, "<iframe") == NULL);
	}
	pass(data, size, changes_take, changes);
	changes_of_new(changes);
	pass(data, size, changes_take, changes);
	expect(changes_tell(changes, NULL, NULL).worse == 0);
	changes_free(changes);
	buf_release(&out);
	return 0;
}
