/* isolate: which part of a message earns the refusal, found with few messages to one's own mailbox:
 * the options → a pinned server, a sender, the parts; then one walk after the other as
 * isolate/course.h says, spaced, each on a connection of its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/stanza.h"
#include "campaign/delay.h"
#include "command/command.h"
#include "command/isolate_envelope.h"
#include "command/isolate_prior.h"
#include "command/isolate_resume.h"
#include "command/message_file.h"
#include "command/output.h"
#include "command/pinned.h"
#include "io/loop.h"
#include "report/isolated.h"
#include "report/ndjson.h"
#include "report/sink.h"

enum {
	INTERVAL_MIN_MS = 10000, /* towards servers of others */
	TAG = 32
};

/* A third more or less: a filter knows a machine by its clock. */
#define JITTER .3

struct isolate { /* all that lives as long as the command */
	const struct options *options;
	struct arena *arena;
	struct pinned pinned;
	struct output output;
	struct text_style style;
	struct buf message; /* as it goes out, line ends mended */
	struct buf text; /* of the test that is under way */
	struct kinds kinds;
	struct pieces pieces;
	struct course course;
	struct isolated_test tests[COURSE_BUDGET_MAX];
	struct isolated said;
	char run[TAG / 2], tag[2 * TAG];
	enum cause cause; /* of the whole message's refusal */
	int code;
	uint64_t seed; /* from message and recipient: the same course for the same answers */
	struct hints hints; /* what was found before anything was sent */
	struct isolate_earlier earlier; /* --resume */
};

static void
show_wait(long seconds, void *arg)
{
	const struct isolate *isolate = arg;
	struct suspect best = suspects_best(isolate->course.suspects);
	char line[200];

	snprintf(line, sizeof line, "message %u of at most %u in %ld s; likeliest, %.0f %%: %s",
	    isolate->course.count + 1, isolate->course.budget, seconds, best.share * 100,
	    isolated_suspect(&isolate->said, &best, isolate->arena));
	output_progress(line);
}

/* Between two messages: --isolate-interval, give or take, and what the course asks beyond. */
static long
spacing(const struct isolate *isolate, const struct course_step *step)
{
	double chance = (double)(loop_random() >> 11) / 9007199254740992.0;
	long ms =
	    (long)((double)isolate->options->isolate_interval * (1 - JITTER + 2 * JITTER * chance));
	int64_t since;

	if (isolate->course.count == 0)
		return 0;
	since = loop_wall_ms() - isolate->tests[isolate->course.count - 1].at;
	ms = step->wait_ms > ms ? step->wait_ms : ms;
	return since <= 0 ? ms : since >= ms ? 0 : ms - (long)since;
}

/* ---- one message */

static void
write_message(struct isolate *isolate, const struct course_step *step)
{
	char id[128];
	struct pieces_plan plan = {.sent = step->sent,
	    .bare = step->say == COURSE_BARE ? step->sent : 0,
	    .control = step->say == COURSE_CONTROL,
	    .to = isolate->pinned.target.rcpt,
	    .message_id = id,
	    .tag = isolate->tag,
	    .kinds = &isolate->kinds};

	snprintf(id, sizeof id, "<%016llx.%u@%.80s>", (unsigned long long)loop_random(),
	    isolate->course.count + 1, isolate->pinned.sender.helo);
	snprintf(isolate->tag, sizeof isolate->tag, "%s %u/%u", isolate->run,
	    isolate->course.count + 1, isolate->course.budget);
	buf_clear(&isolate->text);
	pieces_write(&isolate->pieces, &plan, &isolate->text);
	isolate->pinned.plan.letter.own = isolate->text.data;
	isolate->pinned.plan.letter.own_len = isolate->text.len;
}

/* The same refusal as the whole message's: by code and cause. */
static enum course_outcome
outcome_of_refusal(
    struct isolate *isolate, const struct journey *journey, const struct course_step *step)
{
	const struct attempt *attempt = journey->decisive;
	enum cause cause = journey->diagnosed ? journey->diagnosis.cause : CAUSE_UNKNOWN;

	if (attempt->stage != STAGE_MESSAGE)
		return COURSE_EARLIER;
	if (step->say == COURSE_WHOLE) {
		isolate->cause = cause;
		isolate->code = attempt->reply.code;
		return COURSE_REFUSED;
	}
	if (step->say == COURSE_CONTROL)
		return COURSE_REFUSED;
	return cause == isolate->cause && attempt->reply.code == isolate->code ? COURSE_REFUSED
	                                                                       : COURSE_OTHERWISE;
}

static enum course_outcome
outcome_of(struct isolate *isolate, const struct journey *journey, const struct course_step *step)
{
	enum course_outcome outcome = pinned_outcome(journey);

	return outcome == COURSE_REFUSED ? outcome_of_refusal(isolate, journey, step) : outcome;
}

/* What stays known when the errand is gone. */
static void
keep_test(struct isolate *isolate, const struct journey *journey, const struct course_step *step,
    enum course_outcome outcome)
{
	struct isolated_test *test = &isolate->tests[isolate->course.count];
	const struct attempt *attempt = journey->decisive;

	sink_note_own(isolate->output.veil, journey);

	*test = (struct isolated_test){
	    .say = step->say, .sent = step->sent, .outcome = outcome, .at = loop_wall_ms()};
	if (attempt == NULL)
		return;
	if (attempt->reply.code >= 500 && journey->diagnosed)
		test->cause = cause_name(journey->diagnosis.cause);
	test->stage = attempt->stage;
	test->detail = arena_string(isolate->arena, attempt->detail);
	test->reply = pinned_keep_reply(&isolate->pinned, &attempt->reply);
}

static void
refresh(struct isolate *isolate)
{
	isolate->said.likely_count =
	    suspects_list(isolate->course.suspects, isolate->said.likely, ISOLATED_LIKELY);
}

static bool
tell_test(struct isolate *isolate)
{
	unsigned number = isolate->course.count - 1;
	struct buf out;
	bool written = true;

	buf_init(&out, RECORD_MAX);
	if (isolate->options->format == FORMAT_NDJSON)
		record_isolate_test(&out, &isolate->said, number);
	else if (!isolate->options->quiet)
		text_isolate_test(&out, &isolate->style, &isolate->said, number, isolate->arena);
	if (out.len > 0)
		written = output_write(&isolate->output, &out);
	buf_release(&out);
	return written;
}

/* "Greylisted for 300 seconds": 0 where the reply names no time. */
static long
named_delay(const struct isolated_test *test)
{
	return test->reply == NULL
	           ? 0
	           : (long)delay_named(test->reply->text, strlen(test->reply->text));
}

/* What the server said to the whole message tells where to look first, or that it is no part. */
static void
learn_cause(struct isolate *isolate)
{
	const struct isolated_test *test = &isolate->tests[isolate->course.count - 1];
	const struct spoken spoken = {
	    &isolate->hints, test->cause, test->reply != NULL ? test->reply->text : ""};
	double *weights = kinds_weigh(&isolate->kinds, &isolate->pieces, &spoken, isolate->arena);

	isolate->course.suspects =
	    suspects_new(weights, isolate->pieces.count, isolate->seed, isolate->arena);
	if (kinds_is_about_likeness(&isolate->kinds, spoken.reply))
		suspects_spare(isolate->course.suspects);
	isolate->said.cause = test->cause;
	if (test->cause != NULL && kinds_is_about_sender(&isolate->kinds, test->cause))
		isolate->course.end = COURSE_NOT_NEEDED;
}

/* The test that is at the end of the list. */
static void
note_test(struct isolate *isolate, const struct course_step *step)
{
	const struct isolated_test *test = &isolate->tests[isolate->course.count];

	course_note(&isolate->course, step, test->outcome, named_delay(test));
	if (step->say == COURSE_WHOLE && test->outcome == COURSE_REFUSED)
		learn_cause(isolate);
	refresh(isolate);
}

/* EXIT_OK: go on. */
static int
try_one(struct isolate *isolate, const struct course_step *step)
{
	struct errand *errand;
	enum course_outcome outcome;
	bool local;

	pinned_wait(&isolate->pinned, spacing(isolate, step));
	if (isolate->pinned.interrupted)
		return EXIT_INTERRUPTED;
	write_message(isolate, step);
	errand = pinned_walk(&isolate->pinned);
	outcome = outcome_of(isolate, &errand->journey, step);
	local = errand->journey.status == WALK_LOCAL;
	if (isolate->pinned.interrupted && errand->journey.attempt_count == 0) {
		errand_free(errand);
		return EXIT_INTERRUPTED;
	}
	keep_test(isolate, &errand->journey, step, outcome);
	errand_free(errand);
	note_test(isolate, step);
	if (!tell_test(isolate))
		return EXIT_WRITE;
	return local ? EXIT_LOCAL : EXIT_OK;
}

/* ---- the whole course */

static int
exit_of(enum course_end end)
{
	static const int statuses[] = {[COURSE_GOES_ON] = EXIT_INTERRUPTED,
	    [COURSE_FOUND] = EXIT_REFUSED,
	    [COURSE_NOT_REFUSED] = EXIT_OK,
	    [COURSE_NOT_REACHED] = EXIT_REFUSED,
	    [COURSE_NOT_CONTENT] = EXIT_REFUSED,
	    [COURSE_NOT_NEEDED] = EXIT_REFUSED,
	    [COURSE_NO_PART] = EXIT_REFUSED,
	    [COURSE_SPENT] = EXIT_UNDETERMINED,
	    [COURSE_UNTOLD] = EXIT_UNDETERMINED,
	    [COURSE_TOO_FAST] = EXIT_DEFERRED,
	    [COURSE_DRIFTED] = EXIT_UNDETERMINED};

	return statuses[end];
}

static bool
tell_end(struct isolate *isolate)
{
	struct buf out;
	bool written;

	buf_init(&out, RECORD_MAX);
	if (isolate->options->format == FORMAT_NDJSON) {
		record_isolate(&out, &isolate->said, isolate->arena);
	} else {
		if (isolate->said.course->count > 0 && !isolate->options->quiet)
			buf_putc(&out, '\n');
		text_isolate(&out, &isolate->style, &isolate->said, isolate->arena);
	}
	written = output_write(&isolate->output, &out);
	buf_release(&out);
	return written;
}

/* The message with these parts alone, for --save-culprit and --save-clean: nothing of a test. */
static int
save(struct isolate *isolate, const char *name, part_set sent)
{
	struct pieces_plan plan = {.sent = sent, .kinds = &isolate->kinds};
	int fd, status = EXIT_OK;

	if (name == NULL)
		return EXIT_OK;
	fd = output_create(name, isolate->options->force);
	if (fd == -1)
		return EXIT_CREATE;
	buf_clear(&isolate->text);
	pieces_write(&isolate->pieces, &plan, &isolate->text);
	if (write(fd, isolate->text.data, isolate->text.len) != (ssize_t)isolate->text.len) {
		log_error("%s: it could not be written whole", name);
		status = EXIT_WRITE;
	}
	close(fd);
	return status;
}

/* Before anything is sent: can they be made, and are they two? */
static int
check_files(const struct options *o)
{
	const char *names[] = {o->save_culprit, o->save_clean};

	if (names[0] != NULL && names[1] != NULL && strcmp(names[0], names[1]) == 0) {
		log_error("--save-clean %s: --save-culprit writes there", names[1]);
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < 2; i++) {
		const char *data = o->data.file != NULL ? o->data.file : "";
		bool is_new;
		int fd;

		if (names[i] == NULL)
			continue;
		if (strcmp(names[i], data) == 0 ||
		    (o->output != NULL && strcmp(names[i], o->output) == 0)) {
			log_error("%s: it is read, or written, by another option", names[i]);
			return EXIT_USAGE;
		}
		is_new = access(names[i], F_OK) != 0;
		if (!is_new && o->force && access(names[i], W_OK) == 0)
			continue; /* what is in it stays until there is something better */
		fd = output_create(names[i], o->force);
		if (fd == -1)
			return EXIT_CREATE;
		close(fd);
		if (is_new)
			unlink(names[i]);
	}
	return EXIT_OK;
}

static int
save_both(struct isolate *isolate)
{
	const struct suspect *best = &isolate->said.likely[0];
	part_set all = suspects_all(isolate->course.suspects), parts = suspect_parts(best);
	part_set rest = all & ~(best->kind == SUSPICION_BOTH ? (part_set)1 << best->first : parts);
	int status;

	if (isolate->said.end != COURSE_FOUND)
		return EXIT_OK;
	status = save(isolate, isolate->options->save_culprit, parts);
	return status == EXIT_OK ? save(isolate, isolate->options->save_clean, rest) : status;
}

static void
begin(struct isolate *isolate)
{
	const struct pieces *pieces = &isolate->pieces;
	const struct spoken spoken = {&isolate->hints, NULL, ""};
	double *weights = kinds_weigh(&isolate->kinds, pieces, &spoken, isolate->arena);
	part_set links = 0;

	for (size_t i = 0; i < pieces->count; i++)
		if (pieces->items[i].kind == PIECE_LINK)
			links |= (part_set)1 << i;
	course_begin(&isolate->course,
	    suspects_new(weights, pieces->count, isolate->seed, isolate->arena), links,
	    isolate->options->isolate_max);
	refresh(isolate);
}

static bool
tell_plan(struct isolate *isolate)
{
	struct buf out;
	bool written = true;

	buf_init(&out, RECORD_MAX);
	if (isolate->options->format == FORMAT_NDJSON)
		record_isolate_plan(&out, &isolate->said);
	else if (!isolate->options->quiet)
		text_isolate_plan(&out, &isolate->style, &isolate->said, isolate->arena);
	if (out.len > 0)
		written = output_write(&isolate->output, &out);
	buf_release(&out);
	return written;
}

/* What an earlier run has sent, and how it was answered, is as if it had been now. */
static void
replay(struct isolate *isolate)
{
	const struct isolate_earlier *earlier = &isolate->earlier;

	for (unsigned i = 0; i < earlier->count; i++) {
		const struct isolated_test *test = &earlier->tests[i];
		struct course_step step;

		course_again(&isolate->course);
		step = course_next(&isolate->course);
		step.say = test->say;
		step.sent = test->sent;
		isolate->tests[i] = *test;
		if (test->say == COURSE_WHOLE && test->outcome == COURSE_REFUSED) {
			isolate->code = test->reply != NULL ? test->reply->code : 0;
			isolate->cause = CAUSE_UNKNOWN;
			if (test->cause != NULL)
				cause_parse(test->cause, &isolate->cause);
		}
		note_test(isolate, &step);
	}
	course_again(&isolate->course);
	log_note("%s: %u messages are there already", isolate->options->output, earlier->count);
}

/* An earlier run has told how it ended, and nothing has come since. */
static bool
is_told(const struct isolate *isolate)
{
	const struct isolate_earlier *earlier = &isolate->earlier;

	return earlier->ended && earlier->count == isolate->course.count &&
	       earlier->end == isolate->said.end;
}

static int
go(struct isolate *isolate)
{
	struct course_step step;
	int status = EXIT_OK, saved;

	while (status == EXIT_OK && (step = course_next(&isolate->course)).end == COURSE_GOES_ON)
		status = try_one(isolate, &step);
	isolate->said.end = isolate->course.end;
	if (isolate->said.end == COURSE_NOT_CONTENT && isolate->said.cause != NULL &&
	    slice_begins(slice_of(isolate->said.cause), "content-"))
		isolate->said.cause = cause_name(CAUSE_UNKNOWN); /* the control has refuted it */
	if (status == EXIT_WRITE)
		return status;
	if (is_told(isolate))
		log_note("%s: this run is at its end: %s", isolate->options->output,
		    course_end_name(isolate->said.end));
	else if (!tell_end(isolate))
		return EXIT_WRITE;
	if (status != EXIT_OK)
		return status;
	saved = save_both(isolate);
	return saved != EXIT_OK ? saved : exit_of(isolate->said.end);
}

/* ---- what it takes */

static int
read_message(struct isolate *isolate)
{
	const struct message_plan tokens = {.version = PACKAGE_NAME " " PACKAGE_VERSION,
	    .from = isolate->pinned.sender.from,
	    .to = isolate->pinned.target.rcpt,
	    .helo = isolate->pinned.sender.helo,
	    .now = loop_wall_ms() / 1000,
	    .random = {loop_random(), loop_random()}};
	const char *name, *why;
	struct slice bytes;
	unsigned line = 0;

	if (!message_file_content(&isolate->options->data, isolate->arena, &bytes, &name))
		return EXIT_DATA;
	isolate->seed = hash_add(hash_add(0, bytes.at, bytes.len), tokens.to, strlen(tokens.to));
	if (message_from_file(bytes.at, bytes.len, isolate->options->data_as_is ? NULL : &tokens,
	        &isolate->message, &why, &line) &&
	    pieces_read((struct slice){isolate->message.data, isolate->message.len}, isolate->arena,
	        &isolate->pieces, &why))
		return EXIT_OK;
	log_error("%s:%u: %s", name, line, why);
	return EXIT_DATA;
}

static int
read_kinds(struct isolate *isolate)
{
	struct stanza_error error;

	if (kinds_read(&isolate->kinds, isolate->arena, &error))
		return EXIT_OK;
	log_error("isolate.conf:%u: %s", error.line, error.reason);
	return EXIT_INTERNAL;
}

/* What this command may do to others is little, and is said beforehand. */
static int
check_consent(const struct options *o)
{
	if (o->to.count != 1)
		log_error("--to: isolate takes one recipient, whose mailbox is your own");
	else if (!o->own_mailbox)
		log_error(
		    "--own-mailbox is missing: up to %u messages go to %s, and those that are "
		    "accepted are delivered; say so if the mailbox is yours",
		    o->isolate_max, o->to.items[0]);
	else if (o->sources.count > (o->isolate_what == ISOLATE_MESSAGE ? 1 : 2))
		log_error("--source: one, for all messages are to come from it (a second is for "
		          "--isolate envelope)");
	else if (o->isolate_interval < INTERVAL_MIN_MS && !o->allow_private)
		log_error("--isolate-interval: at least 10s towards the servers of others");
	else if (o->isolate_what == ISOLATE_MESSAGE && o->data.file == NULL && o->data.text == NULL)
		log_error("--data @FILE is missing: the message that is refused");
	else
		return EXIT_OK;
	return EXIT_USAGE;
}

static void
describe(struct isolate *isolate)
{
	const struct pinned *pinned = &isolate->pinned;

	snprintf(isolate->run, sizeof isolate->run, "%08x", (unsigned)loop_random());
	if (isolate->earlier.any)
		snprintf(isolate->run, sizeof isolate->run, "%s", isolate->earlier.plan.run);
	isolate->said = (struct isolated){.run = isolate->run,
	    .facts = {.version = PACKAGE_VERSION,
	        .started = loop_wall_ms(),
	        .options = isolate->options->given.items,
	        .option_count = isolate->options->given.count,
	        .given = isolate->seed,
	        .given_known = true},
	    .hints = &isolate->hints,
	    .is_unsigned = isolate->pieces.was_signed && pinned->keys.count == 0,
	    .recipient = pinned->target.rcpt,
	    .mx = pinned->destination->host,
	    .ip = pinned->destination->ip,
	    .source = pinned->sender.source,
	    .port = pinned->route->port,
	    .pieces = &isolate->pieces,
	    .kinds = &isolate->kinds,
	    .course = &isolate->course,
	    .tests = isolate->tests};
}

/* What is known beforehand: from the plan of the run that is gone on with, or found now. */
static int
look_beforehand(struct isolate *isolate)
{
	const struct isolate_prior_plan prior = {.pinned = &isolate->pinned,
	    .message = {isolate->message.data, isolate->message.len},
	    .kinds = &isolate->kinds,
	    .pieces = &isolate->pieces};

	if (!isolate->earlier.any)
		return isolate_prior(&prior, &isolate->hints);
	isolate->hints = isolate->earlier.plan.hints;
	return EXIT_OK;
}

static int
start(struct isolate *isolate)
{
	if (isolate->earlier.any)
		replay(isolate);
	else if (!tell_plan(isolate))
		return EXIT_WRITE;
	return go(isolate);
}

static int
isolate_message(struct isolate *isolate)
{
	int status = read_kinds(isolate);

	if (status == EXIT_OK)
		status = read_message(isolate);
	if (status == EXIT_OK)
		status = look_beforehand(isolate);
	if (status != EXIT_OK)
		return status;
	describe(isolate);
	begin(isolate);
	status = isolate_resume_compare(isolate->options, &isolate->earlier, &isolate->said);
	if (status == EXIT_OK && isolate->options->resume)
		status = isolate_resume_mend(&isolate->earlier, &isolate->output);
	if (status != EXIT_OK)
		return status;
	if (!isolate->options->quiet && isatty(STDERR_FILENO)) {
		isolate->pinned.wait_shown = show_wait;
		isolate->pinned.arg = isolate;
	}
	return start(isolate);
}

int
command_isolate(const struct options *options)
{
	struct isolate isolate = {.options = options, .arena = arena_new()};
	int status = check_consent(options);

	if (status == EXIT_OK)
		status = check_files(options);
	if (status == EXIT_OK && options->resume)
		status = isolate_resume_read(options, isolate.arena, &isolate.earlier);

	buf_init(&isolate.message, MESSAGE_MAX);
	buf_init(&isolate.text, MESSAGE_MAX);
	if (status == EXIT_OK) {
		status = pinned_open(&isolate.pinned, options,
		    isolate.earlier.any ? &isolate.earlier.plan.ip : NULL, isolate.arena);
		isolate.pinned.target.depth = STAGE_MESSAGE;
		if (status == EXIT_OK)
			status = output_open(&isolate.output, options);
		if (status == EXIT_OK) {
			isolate.style = output_style(&isolate.output, options);
			output_redact(&isolate.output, options);
			status = options->isolate_what == ISOLATE_MESSAGE
			             ? isolate_message(&isolate)
			             : isolate_envelope(
			                   &isolate.pinned, &isolate.output, &isolate.style);
			status = output_close(&isolate.output, status);
		}
		status = pinned_close(&isolate.pinned, status);
	}
	buf_release(&isolate.text);
	buf_release(&isolate.message);
	arena_free(isolate.arena);
	return status;
}
