#include "command/isolate_resume.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "command/resume.h"
#include "input/input.h"

enum { FILE_MAX = 16 * 1024 * 1024 }; /* octets: some thirty records are far less */

static int
refuse(const struct options *options, const char *why, const char *help)
{
	log_error("--resume %s: %s%s", options->output, why, help);
	return EXIT_DATA;
}

static int
check(const struct options *options)
{
	const char *why = NULL;

	if (options->isolate_what != ISOLATE_MESSAGE)
		why = "--isolate envelope is done again from its start";
	else if (options->output == NULL || strcmp(options->output, "-") == 0)
		why = "the file is missing (--output FILE)";
	else if (options->format != FORMAT_NDJSON)
		why = "only records can be read again (--json)";
	if (why == NULL)
		return EXIT_OK;
	log_error("--resume: %s", why);
	return EXIT_USAGE;
}

/* ---- its lines */

/* NULL, or why it is no run of ours. */
static const char *
take(struct isolate_earlier *earlier, enum isolated_line kind, const struct isolated_record *record)
{
	if (kind == ISOLATED_FOREIGN || kind == ISOLATED_NONE)
		return "there is something else in it than a run of isolate";
	if (kind == ISOLATED_PLAN && earlier->any)
		return "there is more than one run in it";
	if (kind == ISOLATED_PLAN) {
		earlier->plan = *record;
		earlier->any = true;
		return NULL;
	}
	if (!earlier->any)
		return "it does not begin with a plan: an earlier version has written it";
	if (strcmp(record->run, earlier->plan.run) != 0)
		return "there is more than one run in it";
	earlier->ended = kind == ISOLATED_END;
	if (kind == ISOLATED_END) {
		earlier->end = record->end;
	} else {
		if (earlier->count == COURSE_BUDGET_MAX)
			return "there are more tests in it than a run has";
		earlier->tests[earlier->count++] = record->test;
	}
	return NULL;
}

/* A line without an end broke off, however it reads. */
static const char *
take_lines(struct isolate_earlier *earlier, struct slice text, struct arena *arena)
{
	struct slice rest = text;
	const char *end;

	while ((end = memchr(rest.at, '\n', rest.len)) != NULL) {
		struct slice line = {rest.at, (size_t)(end - rest.at)};
		struct isolated_record record;
		enum isolated_line kind = read_isolated(line, arena, &record);
		const char *why = take(earlier, kind, &record);

		/* the last may be what a crash of the machine has left */
		if (why != NULL && kind == ISOLATED_NONE && end + 1 == text.at + text.len)
			return earlier->any ? NULL : why;
		if (why != NULL)
			return why;
		rest = slice_from(rest, line.len + 1);
		earlier->good = (unsigned long long)(end + 1 - text.at);
	}
	return NULL;
}

/* Whether something is missing at its end does not matter: that is what is gone on with. */
static bool
read_octets(struct input *input, struct buf *text)
{
	enum input_state state;
	struct slice piece;

	while ((state = input_piece(input, &piece)) <= INPUT_WAIT) {
		if (state == INPUT_SOME)
			buf_add(text, piece.at, piece.len);
		else
			input_wait(input);
	}
	return !text->full;
}

int
isolate_resume_read(
    const struct options *options, struct arena *arena, struct isolate_earlier *earlier)
{
	int status = check(options);
	struct input *input;
	const char *why = NULL;
	struct buf text;

	*earlier = (struct isolate_earlier){0};
	if (status != EXIT_OK)
		return status;
	input = input_open(options->output, INPUT_OCTETS);
	if (input == NULL && errno == ENOENT)
		return EXIT_OK;
	if (input == NULL) {
		log_error("%s: %s", options->output, strerror(errno));
		return EXIT_CREATE;
	}
	buf_init(&text, FILE_MAX);
	if (!read_octets(input, &text))
		why = "it is larger than a run of isolate";
	else
		why = take_lines(earlier, (struct slice){text.data, text.len}, arena);
	earlier->packed = !input_is_plain(input);
	if (why == NULL && !earlier->any && text.len > 0 &&
	    !slice_begins((struct slice){text.data, text.len}, "{\"type\":\"isolate-plan\""))
		why = "there is no run in it that could be gone on with";
	input_close(input);
	buf_release(&text);
	return why == NULL ? EXIT_OK : refuse(options, why, "");
}

/* ---- the same run? */

int
isolate_resume_compare(const struct options *options, const struct isolate_earlier *earlier,
    const struct isolated *now)
{
	const struct isolated_record *plan = &earlier->plan;
	char why[RESUME_WHY] = "";

	if (!earlier->any)
		return EXIT_OK;
	if (plan->recipient == NULL || strcmp(plan->recipient, now->recipient) != 0)
		return refuse(options, "it is of a run to another recipient", "");
	if (plan->facts.given != now->facts.given)
		return refuse(options, "it is of a run with another message", "");
	if (plan->pieces != now->pieces->count)
		return refuse(options,
		    "it is of a run that took the message for other parts: "
		    "another version has written it",
		    "");
	if (earlier->count > now->course->budget)
		return refuse(options, "it has more messages than --isolate-max allows", "");
	if (!ip_equal(&plan->source, &now->source))
		return refuse(options, "it is of a run from another source", "");
	if (resume_differs(COMMAND_ISOLATE, &plan->facts, &now->facts, why) && !options->force)
		return refuse(options, why, "; --force goes on all the same");
	return EXIT_OK;
}

int
isolate_resume_mend(const struct isolate_earlier *earlier, struct output *output)
{
	if (resume_mend(output, earlier->good, earlier->packed && earlier->good > 0))
		return EXIT_OK;
	log_error("%s: %s", output->name, strerror(errno));
	return EXIT_CREATE;
}
