#include "command/records.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "exit_status.h"
#include "input/input.h"

static void
say_passed(const char *name, const struct records_read *read)
{
	struct buf words;

	buf_init(&words, 1000);
	records_words(&words, read);
	if (words.len > 0)
		log_warn("%s: %s", name, words.data);
	buf_release(&words);
}

int
records_read_file(struct records_source *source, const char *name)
{
	struct input *input = input_open(name, INPUT_TEXT);
	const struct records_read *read;
	struct records *records;
	enum input_state state;
	struct slice piece;

	if (input == NULL) {
		log_error("%s: %s", name, strerror(errno));
		return EXIT_DATA;
	}
	records = (source->whole ? records_new : records_new_scanning)(source->taken, source->arg);
	while ((source->stop == NULL || !*source->stop) &&
	       (state = input_piece(input, &piece)) != INPUT_END && state != INPUT_BROKEN) {
		if (state == INPUT_WAIT)
			input_wait(input);
		else
			records_feed(records, piece.at, piece.len);
	}
	if (*input_why(input) != '\0' && !source->quiet)
		log_warn("%s: %s", input_name(input), input_why(input));
	read = records_end(records);
	if (!source->quiet)
		say_passed(input_name(input), read);
	source->records += read->records;
	records_free(records);
	input_close(input);
	return EXIT_OK;
}
