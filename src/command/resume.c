#include "command/resume.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "input/input.h"
#include "options/option_table.h"
#include "report/read.h"

/* A list is never as long as this: a record that says so is none of ours. */
enum { PLACE_MAX = 100 * 1000 * 1000 };

struct resuming {
	const struct resume_plan *plan;
	unsigned long runs, results, without_line;
	char why[RESUME_WHY]; /* it is of another run, and how that is known; "": it is not */
};

/* ---- is it the same run? */

/* An option that says nothing of whom is asked, how far, and as whom. `words`: "name=value". */
static bool
is_passing(enum command_id command, const char *words)
{
	bool negated;
	const struct option *option = option_find(words, strcspn(words, "="), command, &negated);

	return option != NULL && option->passing;
}

/* The next of them that matters, from `*i` on; NULL: there is none. */
static const char *
next_option(enum command_id command, const struct run_facts *run, size_t *i)
{
	while (*i < run->option_count) {
		const char *words = run->options[(*i)++];

		if (!is_passing(command, words))
			return words;
	}
	return NULL;
}

/* The order counts: of some options the later wins. */
bool
resume_differs(enum command_id command, const struct run_facts *earlier,
    const struct run_facts *now, char why[RESUME_WHY])
{
	const char *was, *is;
	size_t i = 0, k = 0;

	do {
		was = next_option(command, earlier, &i);
		is = next_option(command, now, &k);
	} while (was != NULL && is != NULL && strcmp(was, is) == 0);
	if (was == NULL && is == NULL)
		return false;
	snprintf(why, RESUME_WHY, "it is of a run with other options: there %s%s, here %s%s",
	    was != NULL ? "--" : "", was != NULL ? was : "no more", is != NULL ? "--" : "",
	    is != NULL ? is : "no more");
	return true;
}

static void
compare(struct resuming *resuming, const struct record *record)
{
	const struct run_facts *earlier = &record->run, *now = resuming->plan->run;

	resuming->runs++;
	if (resuming->why[0] != '\0')
		return;
	if (record->schema > 1)
		snprintf(resuming->why, RESUME_WHY, "a later version (%s) has written it",
		    earlier->version != NULL ? earlier->version : "unknown");
	else if (earlier->given_known && now->given_known && earlier->given != now->given)
		snprintf(resuming->why, RESUME_WHY,
		    "it is of a run over other targets, or the list has changed since");
	else
		resume_differs(COMMAND_PROBE, earlier, now, resuming->why);
}

/* ---- what is done */

/* The walk of that target from that source; of one that is given twice, the first that is open. */
static bool
find_walk(const struct resuming *resuming, const struct journey *journey, unsigned long *walk)
{
	const struct addresses *sources = &resuming->plan->options->sources;
	size_t count = sources->count > 0 ? sources->count : 1;
	unsigned long first = (journey->target.place - 1) * count + 1;

	for (size_t i = 0; i < count; i++) {
		*walk = first + i;
		if (sources->count > 0 && !ip_equal(&sources->items[i], &journey->source))
			continue;
		if (!verdicts_has(resuming->plan->verdicts, *walk))
			return true;
	}
	return false;
}

/* That which was left out was left out for every source. */
static void
note_walks(struct resuming *resuming, const struct journey *journey)
{
	const struct addresses *sources = &resuming->plan->options->sources;
	struct verdicts *verdicts = resuming->plan->verdicts;
	unsigned long walk;

	if (sources->count > 0 && journey->source.family == 0)
		for (size_t i = 1; i <= sources->count; i++)
			verdicts_put(
			    verdicts, (journey->target.place - 1) * sources->count + i, journey);
	else if (find_walk(resuming, journey, &walk))
		verdicts_put(verdicts, walk, journey);
}

static void
on_record(const struct record *record, void *arg)
{
	struct resuming *resuming = arg;
	const struct journey *journey = &record->result;

	if (record->type == RECORD_RUN)
		compare(resuming, record);
	if (record->type != RECORD_RESULT)
		return;
	resuming->results++;
	if (journey->started + journey->ms > *resuming->plan->ended)
		*resuming->plan->ended = journey->started + journey->ms;
	if (journey->target.place == 0 || journey->target.place > PLACE_MAX) {
		resuming->without_line++;
		return;
	}
	note_walks(resuming, journey);
	verdicts_put_text(resuming->plan->verdicts, journey->target.place, journey->target.text);
	sink_known(resuming->plan->sink, journey);
}

/* ---- the file */

static int
refuse(const struct resume_plan *plan, const char *why, const char *help)
{
	log_error("--resume %s: %s%s", plan->options->output, why, help);
	return EXIT_DATA;
}

/* A plain file that broke off within its first record; a packed one is believed. */
static bool
begins_as_run(const struct output *output)
{
	static const char sign[] = "{\"type\":\"run\"";
	char start[sizeof sign - 1];
	ssize_t len = pread(output->fd, start, sizeof start, 0);

	return output->pack != PACK_NONE || (len > 0 && memcmp(start, sign, (size_t)len) == 0);
}

static int
judge(const struct resuming *resuming, const struct records_read *read, bool packed)
{
	const struct resume_plan *plan = resuming->plan;

	if (read->good == 0 && read->records == 0 && !read->torn)
		return EXIT_OK; /* nothing has been written yet */
	if (resuming->runs == 0 && read->records + read->foreign == 0 &&
	    !begins_as_run(plan->output))
		return refuse(plan, "there is no run in it that could be gone on with", "");
	if (packed != (plan->output->pack != PACK_NONE))
		return refuse(plan,
		    packed ? "it is packed, and its name does not say so"
		           : "it is not packed, and its name says so",
		    "");
	if (resuming->runs == 0 && read->records + read->foreign > 0)
		return refuse(plan, "there is no run in it that could be gone on with", "");
	if (resuming->without_line > 0)
		return refuse(plan,
		    "its results do not say of which line they are: an earlier "
		    "version has written it",
		    "");
	if (resuming->why[0] != '\0' && !plan->options->force)
		return refuse(plan, resuming->why, "; --force goes on all the same");
	return EXIT_OK;
}

/* A plain file: what stands behind its last whole line goes. */
static bool
cut(struct output *output, off_t good)
{
	char last = '\n';

	if (ftruncate(output->fd, good) != 0 || lseek(output->fd, good, SEEK_SET) != good ||
	    (good > 0 && pread(output->fd, &last, 1, good - 1) != 1) ||
	    (last != '\n' && write(output->fd, "\n", 1) != 1))
		return false;
	output->whole = good + (last != '\n');
	return true;
}

/* Its first `good` octets, unpacked, into another file, packed. */
static bool
pack_again(const char *name, struct output *into, unsigned long long good)
{
	struct input *input = input_open(name, INPUT_OCTETS);
	enum input_state state = INPUT_SOME;
	struct slice piece;
	bool written = input != NULL;

	while (written && good > 0 && state <= INPUT_WAIT) {
		state = input_piece(input, &piece);
		if (state == INPUT_WAIT)
			input_wait(input);
		if (state != INPUT_SOME)
			continue;
		if (piece.len > good)
			piece.len = (size_t)good;
		good -= piece.len;
		buf_add(&into->waiting, piece.at, piece.len);
		written = into->waiting.len < OUTPUT_PACK_OCTETS || output_flush(into);
	}
	input_close(input);
	return written && good == 0 && output_flush(into) && fdatasync(into->fd) == 0;
}

/* One that is packed cannot be cut: it is written again, and takes the old one's place when it is
 * there. Always: not every libarchive tells a member that breaks off from one that ends. */
static bool
write_again(struct output *output, unsigned long long good)
{
	struct output into = *output;
	char name[4096];
	bool done;

	if (snprintf(name, sizeof name, "%s.resuming", output->name) >= (int)sizeof name) {
		errno = ENAMETOOLONG;
		return false;
	}
	into.fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	into.whole = 0;
	buf_init(&into.waiting, output->waiting.max);
	done = into.fd >= 0 && pack_again(output->name, &into, good) &&
	       rename(name, output->name) == 0;
	if (done) {
		dup3(into.fd, output->fd, O_CLOEXEC);
		output->whole = into.whole;
	} else {
		unlink(name);
	}
	buf_release(&into.waiting);
	if (into.fd >= 0)
		close(into.fd);
	return done;
}

bool
resume_mend(struct output *output, unsigned long long good, bool packed)
{
	return packed ? write_again(output, good) : cut(output, (off_t)good);
}

/* Whether something is missing at its end is known only when it is read: a file that breaks off is
 * what is expected here. */
static bool
read_all(struct input *input, struct records *records)
{
	enum input_state state;
	struct slice piece;

	while ((state = input_piece(input, &piece)) <= INPUT_WAIT) {
		if (state == INPUT_SOME)
			records_feed(records, piece.at, piece.len);
		else
			input_wait(input);
	}
	return state == INPUT_END;
}

int
resume_read(const struct resume_plan *plan)
{
	struct resuming resuming = {.plan = plan};
	struct input *input = input_open(plan->output->name, INPUT_OCTETS);
	struct records *records = records_new(on_record, &resuming);
	const struct records_read *read;
	bool whole, packed;
	int status = EXIT_CREATE;

	if (input == NULL) {
		log_error("%s: %s", plan->output->name, strerror(errno));
		records_free(records);
		return status;
	}
	whole = read_all(input, records);
	packed = !input_is_plain(input);
	read = records_end(records);
	status = judge(&resuming, read, packed && read->good > 0);
	if (status == EXIT_OK && !resume_mend(plan->output, read->good, packed)) {
		log_error("%s: %s", plan->output->name, strerror(errno));
		status = EXIT_CREATE;
	}
	if (status == EXIT_OK && resuming.results > 0)
		log_note("%s: %lu result%s there already%s", plan->output->name, resuming.results,
		    resuming.results == 1 ? " is" : "s are",
		    !whole || read->torn ? "; what was torn at its end is off" : "");
	input_close(input);
	records_free(records);
	return status;
}
