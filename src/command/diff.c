/* diff: what is another between the records of two runs. */
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/veil.h"
#include "command/command.h"
#include "command/output.h"
#include "command/records.h"
#include "io/loop.h"
#include "report/change.h"
#include "report/ndjson.h"

enum { PIECE = 65536 }; /* octets at which the output is written */

struct differ {
	const struct options *options;
	struct output output;
	struct text_style style;
	struct change_count count;
	struct buf out;
	enum change_kind kind; /* that was told last; CHANGE_COUNT: none was */
	bool lost; /* the output cannot be written */
};

static void
flush(struct differ *differ, size_t least)
{
	if (differ->out.len >= least && differ->out.len > 0 && !differ->lost)
		differ->lost = !output_write(&differ->output, &differ->out);
	if (differ->out.len >= least)
		buf_clear(&differ->out);
}

static void
tell(const struct change *change, void *arg)
{
	struct differ *differ = arg;

	if (differ->options->format == FORMAT_NDJSON) {
		record_change(&differ->out, change);
	} else {
		if (change->kind != differ->kind)
			change_text_heading(&differ->out, &differ->style, change->kind,
			    differ->count.of[change->kind]);
		differ->kind = change->kind;
		change_text(&differ->out, change);
	}
	flush(differ, PIECE);
}

/* -q: silent when nothing changed, for those who are mailed what is said. */
static int
tell_all(struct differ *differ, const struct changes *changes)
{
	bool records = differ->options->format == FORMAT_NDJSON;
	const struct change_count *count = &differ->count;
	unsigned long n = 0;

	differ->count = changes_tell(changes, NULL, NULL);
	for (enum change_kind kind = 0; kind < CHANGE_NOT_TOLD; kind++)
		n += count->of[kind];
	if (!records && (n > 0 || !differ->options->quiet))
		change_text_count(&differ->out, &differ->style, count);
	if (records || n > 0 || !differ->options->quiet)
		changes_tell(changes, tell, differ);
	if (records)
		record_changes(&differ->out, count);
	flush(differ, 0);
	return differ->lost ? EXIT_WRITE : count->worse > 0 ? EXIT_REFUSED : EXIT_OK;
}

static int
read_both(const struct options *options, struct changes *changes)
{
	struct records_source source = {.taken = changes_take, .arg = changes};
	int status = EXIT_OK;

	for (size_t i = 0; i < 2 && status == EXIT_OK; i++) {
		source.records = 0;
		if (i == 1)
			changes_of_new(changes);
		status = records_read_file(&source, options->operands.items[i]);
		if (status == EXIT_OK && source.records == 0) {
			log_error("%s: no record of mxwalk in it", options->operands.items[i]);
			status = EXIT_DATA;
		}
	}
	return status;
}

int
command_diff(const struct options *options)
{
	struct differ differ = {.options = options, .kind = CHANGE_COUNT};
	struct veil *veil = options->redact ? must_alloc(sizeof *veil) : NULL;
	struct changes *changes = changes_new(veil, loop_random());
	int status = read_both(options, changes);

	buf_init(&differ.out, RECORD_MAX);
	if (status == EXIT_OK)
		status = output_replace(&differ.output, options);
	else
		differ.output.fd = -1;
	differ.output.veil = veil;
	if (status == EXIT_OK) {
		differ.style = output_style(&differ.output, options);
		status = tell_all(&differ, changes);
	}
	status = output_close(&differ.output, status);
	buf_release(&differ.out);
	changes_free(changes);
	return status;
}
