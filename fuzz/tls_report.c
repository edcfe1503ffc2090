/* Exercises logs/tls_report.c and report/tls_failures.c: the input is a report on TLS (RFC 8460),
 * which is put together with itself and told, in words and as records. */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "judge/remedies.h"
#include "logs/tls_report.h"
#include "report/tls_failures.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
take(const struct refusal *refusal, void *arg)
{
	must(refusal->tls != NULL);
	tls_failures_add(arg, refusal->tls);
}

/* No control character gets out, and each record is one of JSON. */
static void
check(const struct buf *text, const struct buf *records)
{
	struct slice rest = {records->data, records->len}, line;

	for (size_t i = 0; i < text->len; i++)
		must((unsigned char)text->data[i] >= ' ' || text->data[i] == '\n');
	while (slice_line(&rest, &line)) {
		json_t *record = json_loadb(line.at, line.len, 0, NULL);

		must(json_is_object(record));
		json_decref(record);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct remedies *remedies;
	struct text_style style = {.width = 80};
	struct tls_failures failures = {.arena = NULL};
	json_t *report = json_loadb((const char *)data, size, JSON_ALLOW_NUL, NULL);
	struct buf text, records;

	if (remedies == NULL) {
		struct stanza_error error;

		remedies = remedies_new();
		must(remedies_add_builtin(remedies, &error));
	}
	if (report == NULL)
		return 0;
	buf_init(&text, 1 << 24);
	buf_init(&records, 1 << 24);
	if (tls_report_is(report)) {
		long told = tls_report_read(report, take, &failures);

		must(told >= 0 && tls_report_read(report, take, &failures) == told);
		must(failures.count <= TLS_FAILURES_MAX && failures.count <= (size_t)told);
		text_tls_failures(&text, &style, remedies, &failures);
		record_tls_failures(&records, remedies, &failures);
		check(&text, &records);
	}
	tls_failures_release(&failures);
	buf_release(&text);
	buf_release(&records);
	json_decref(report);
	return 0;
}
