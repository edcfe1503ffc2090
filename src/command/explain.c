/* explain: what refusals mean. Texts as arguments, or whatever holds replies on standard input; one
 * reply at a time, nothing is kept but counts. The network is only asked with --source. */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/veil.h"
#include "command/checker.h"
#include "command/command.h"
#include "command/output.h"
#include "command/sources.h"
#include "input/input.h"
#include "logs/events.h"
#include "logs/maillog.h"
#include "logs/pasted.h"
#include "logs/redact.h"
#include "report/explained.h"
#include "report/ndjson.h"
#include "report/text_explain.h"
#include "report/tls_failures.h"
#include "rules/recall.h"
#include "rules/rules.h"
#include "smtp/reply.h"

enum {
	PIECE = 65536, /* octets at which the output is written */
	TLS_REPORT_MAX = 20 << 20, /* octets of a report on TLS, unpacked */
	IDLE_MS = 1000, /* without input, until what is held back is told */
	PROGRESS_FILES = 500 /* of a folder, between two lines of progress */
};

struct explainer {
	const struct options *options;
	struct rulebook rulebook;
	struct recall *recall; /* of what was read by the rulebook's rules */
	struct checker *checker; /* NULL: no --source */
	struct output output;
	struct text_style style;
	struct buf out; /* not yet written */
	struct arena *arena; /* as long as one reply */
	struct explained explained;
	struct tls_failures tls; /* what reports on TLS tell, until the end */
	const char *file; /* that is being read; NULL: none */
	bool lost; /* the output takes no more */
};

static bool
is_ndjson(const struct explainer *explainer)
{
	return explainer->options->format == FORMAT_NDJSON;
}

static void
flush(struct explainer *explainer)
{
	if (explainer->out.len > 0 && !explainer->lost)
		explainer->lost = !output_write(&explainer->output, &explainer->out);
	buf_clear(&explainer->out);
}

static void
show(struct explainer *explainer, const struct explanation *explanation)
{
	if (is_ndjson(explainer)) {
		record_explanation(&explainer->out, explanation);
	} else {
		if (explainer->explained.replies > 0)
			buf_putc(&explainer->out, '\n');
		text_explanation(&explainer->out, &explainer->style, explanation);
	}
	if (explainer->out.len >= PIECE)
		flush(explainer);
}

/* ---- one refusal */

static const char *
said_by_name(enum said_by said_by)
{
	static const char *const names[] = {
	    [SAID_BY_SERVER] = "server", [SAID_BY_SENDER] = "sender", [SAID_BY_LIST] = "list"};

	return names[said_by];
}

/* With a reply's code before it, only what no receiving server says is a sending system's. */
static bool
read_verdict(
    struct explainer *explainer, const struct said *said, bool coded, struct reading *reading)
{
	rules_read(explainer->rulebook.verdicts, said, explainer->arena, reading);
	if (reading->rule == NULL)
		return false;
	return !coded || reading->cause == CAUSE_RECIPIENT_DOMAIN ||
	       reading->cause == CAUSE_UNREACHABLE || reading->cause == CAUSE_ROUTING_LOOP;
}

/* Reads the words by who said them: a sending system's own are not those of a server. Where it is
 * not known who spoke, a notice's are taken for its system's if they can be, others only where they
 * are no server's. */
static void
read_words(struct explainer *explainer, const struct refusal *refusal, struct said *said,
    struct reading *reading, enum said_by *said_by)
{
	bool coded = said->code != 0 || logline_code(said->text, said->len) != 0,
	     own = refusal->said_by == SAID_BY_UNKNOWN && refusal->reporter != NULL;

	*said_by = refusal->said_by;
	if ((own || *said_by == SAID_BY_SENDER || *said_by == SAID_BY_LIST) &&
	    read_verdict(explainer, said, coded && own, reading)) {
		*said_by = own ? SAID_BY_SENDER : *said_by;
		return;
	}
	recall_read(explainer->recall, said, explainer->arena, reading);
	if (*said_by == SAID_BY_UNKNOWN && (coded || reading->code != 0)) {
		*said_by = SAID_BY_SERVER;
	} else if (*said_by == SAID_BY_UNKNOWN && reading->rule == NULL) {
		struct reading verdict;

		if (read_verdict(explainer, said, false, &verdict)) {
			*reading = verdict;
			*said_by = SAID_BY_SENDER;
		}
	}
	if (reading->provider == NULL)
		reading->provider = refusal->provider;
}

static void
judge(struct explainer *explainer, struct explanation *explanation, const struct reading *reading,
    struct counsel *counsel, struct diagnosis *diagnosis)
{
	const struct circumstances setting = {.domain = explanation->recipient_domain,
	    .recipient = explanation->recipient,
	    .own = explanation->said_by != NULL && strcmp(explanation->said_by, "server") != 0};

	if (explainer->output.veil != NULL && !explanation->inbound) {
		veil_add(explainer->output.veil, &reading->client);
		veil_add_text(explainer->output.veil, slice_of(reading->listed));
	}
	*counsel = (struct counsel){.who = WHO_NOBODY};
	explanation->counsel = counsel;
	if (explanation->inbound || /* nothing is to be done about what we refuse to others */
	    (explainer->options->summary && explainer->checker == NULL))
		return;
	counsel_make(explainer->rulebook.remedies, reading, &setting, explainer->arena, counsel);
	if (explainer->checker == NULL || /* what the DNS shows explains no other system's words */
	    (setting.own && reading->cause == CAUSE_UNKNOWN))
		return;
	checker_diagnose(explainer->checker,
	    &(struct diagnosis_query){.remedies = explainer->rulebook.remedies,
	        .reading = reading,
	        .stage = explanation->stage,
	        .setting = setting},
	    explainer->arena, diagnosis);
	explanation->diagnosis = diagnosis;
}

/* A status that was told beside the words; the one in the words is nearer to what was said. */
static void
given_enhanced(const struct refusal *refusal, char enhanced[12])
{
	struct slice text = {refusal->text, refusal->len};

	if (logline_code(text.at, text.len) != 0)
		text = slice_from(text, 4);
	text = slice_from(text, slice_span(text, " #"));
	reply_enhanced(text.len > 4 ? text.at : "", enhanced);
	if (*enhanced == '\0' && refusal->enhanced != NULL)
		reply_enhanced(refusal->enhanced, enhanced);
}

static const char *
recipient_of(struct explainer *explainer, const struct refusal *refusal)
{
	if (refusal->recipient == NULL || *refusal->recipient == '@' ||
	    strchr(refusal->recipient, '@') == NULL)
		return NULL;
	if (!explainer->options->redact)
		return refusal->recipient;
	return slice_copy(redact(slice_of(refusal->recipient), explainer->arena), explainer->arena);
}

static void explain(const struct refusal *refusal, void *arg);

/* The file of a compressed report, as if it had been handed over; "" where it cannot be read. */
static void
unpack(struct slice packed, struct buf *out)
{
	int fd = memfd_create("report", MFD_CLOEXEC);
	char name[40];
	struct input *input;
	enum input_state state = INPUT_SOME;
	struct slice piece;

	snprintf(name, sizeof name, "/dev/fd/%d", fd);
	if (fd >= 0 && write(fd, packed.at, packed.len) == (ssize_t)packed.len &&
	    (input = input_open(name, INPUT_TEXT)) != NULL) {
		while ((state == INPUT_SOME || state == INPUT_WAIT) && !out->full) {
			state = input_piece(input, &piece);
			if (state == INPUT_SOME)
				buf_add(out, piece.at, piece.len);
			else if (state == INPUT_WAIT)
				input_wait(input);
		}
		if (state == INPUT_BROKEN)
			log_error("a report on TLS: %s", input_why(input));
		input_close(input);
	}
	if (out->full)
		log_error("a report on TLS: it is longer than %d MB", TLS_REPORT_MAX >> 20);
	if (fd >= 0)
		close(fd);
}

/* Of a report on TLS: told at the end, put together with others. */
static void
explain_packed(struct explainer *explainer, struct slice packed)
{
	struct buf text;

	buf_init(&text, TLS_REPORT_MAX);
	unpack(packed, &text);
	if (!text.full &&
	    events_read(text.data, text.len, explainer->arena, explain, explainer) < 0)
		log_error("a report on TLS: there is no JSON in it");
	buf_release(&text);
}

static void
explain(const struct refusal *refusal, void *arg)
{
	struct explainer *explainer = arg;
	const struct options *options = explainer->options;
	struct slice text = {refusal->text, refusal->len};
	enum said_by said_by;
	char enhanced[12];
	struct said said;
	struct reading reading;
	struct counsel counsel;
	struct diagnosis diagnosis;
	struct explanation explanation;

	if (refusal->tls != NULL)
		tls_failures_add(&explainer->tls, refusal->tls);
	if (refusal->packed.len > 0)
		explain_packed(explainer, refusal->packed);
	if (refusal->tls != NULL || refusal->packed.len > 0)
		return;
	if (options->inbound && !refusal->inbound)
		return;
	if (options->summary && refusal->inbound && !options->inbound) {
		explainer->explained.inbound++;
		return;
	}
	if (options->redact)
		text = redact(text, explainer->arena);
	said = (struct said){.text = text.at,
	    .len = text.len,
	    .stage = refusal->stage != STAGE_NONE ? refusal->stage : options->stage,
	    .code = refusal->code,
	    .enhanced = enhanced,
	    .mx = refusal->relay != NULL ? refusal->relay : options->mx};
	explanation = (struct explanation){.id = refusal->id,
	    .text = text.at,
	    .len = text.len,
	    .stage = said.stage,
	    .inbound = refusal->inbound,
	    .deferred = refusal->deferred,
	    .recipient = recipient_of(explainer, refusal),
	    .recipient_domain = logline_domain(refusal->recipient, explainer->arena),
	    .relay = said.mx != NULL ? said.mx : refusal->reporter,
	    .relay_ip = refusal->relay_ip,
	    .queue_id = refusal->queue_id,
	    .time = refusal->time,
	    .file = explainer->file,
	    .line = refusal->line,
	    .reading = &reading};
	given_enhanced(refusal, enhanced);
	read_words(explainer, refusal, &said, &reading, &said_by);
	explanation.said_by = said_by_name(said_by);
	judge(explainer, &explanation, &reading, &counsel, &diagnosis);
	if (!options->summary && (!options->contested || reading.rival != NULL))
		show(explainer, &explanation);
	explained_add(&explainer->explained, &explanation);
	arena_reset(explainer->arena);
}

/* ---- arguments */

/* The two characters \n are a line end: a shell's '…' keeps them apart. */
static size_t
unescape(char *text)
{
	char *out = text;

	for (const char *p = text; *p != '\0'; p++) {
		bool newline = p[0] == '\\' && p[1] == 'n';

		*out++ = newline ? '\n' : *p;
		p += newline;
	}
	*out = '\0';
	return (size_t)(out - text);
}

struct argument_found { /* what a log reader found in an argument */
	struct explainer *explainer;
	bool any;
};

static void
take_found(const struct refusal *refusal, void *arg)
{
	struct argument_found *found = arg;

	found->any = true;
	explain(refusal, found->explainer);
}

/* A log line or a bounce is read as one; anything else is the reply, whole. */
/* A text of the command line is a refusal, code or none; but an empty one is not, nor is a reply
 * that agrees. */
static bool
is_refusal(const char *text, size_t len, size_t number)
{
	const char *start = text + strspn(text, " \t\r\n");

	if (start == text + len)
		log_error("text %zu: it is empty", number);
	else if (strspn(start, "0123456789") == 3 && (*start == '2' || *start == '3'))
		log_error("text %zu: %.3s is no refusal", number, start);
	else
		return true;
	return false;
}

static bool
explain_argument(struct explainer *explainer, const char *argument, size_t number)
{
	char *text = must_string(argument);
	size_t len = unescape(text);
	struct argument_found found = {explainer, false};
	struct arena *arena = arena_new();
	struct slice joined = reply_bare(reply_unjoin((struct slice){text, len}, arena));
	const struct refusal whole = {.text = joined.at, .len = joined.len, .stage = STAGE_NONE};

	if (logline_code(text, len) == 0) {
		struct maillog *log = maillog_new(take_found, &found);

		for (char *line = text, *end; line < text + len; line = end + 1) {
			end = memchr(line, '\n', (size_t)(text + len - line));
			if (end == NULL)
				end = text + len;
			maillog_line(log, line, (size_t)(end - line));
		}
		maillog_end(log);
		maillog_free(log);
	}
	if (!found.any && is_refusal(text, len, number)) {
		explain(&whole, explainer);
		found.any = true;
	}
	arena_free(arena);
	free(text);
	return found.any;
}

/* ---- files */

/* What a reader passed over, added to what was passed over before. */
static void
add_counts(struct explained *explained, const struct maillog_counts *counts)
{
	const unsigned long passed[PASSED_COUNT] = {[PASSED_SILENT] = counts->silent,
	    [PASSED_UNKNOWN] = counts->unknown,
	    [PASSED_TOO_LONG] = counts->too_long,
	    [PASSED_OBJECT] = counts->objects,
	    [PASSED_BROKEN] = counts->broken_json,
	    [PASSED_MAIL] = counts->silent_mails,
	    [PASSED_PARTS] = counts->unread_mails};

	for (unsigned i = 0; i < PASSED_COUNT; i++)
		explained->passed[i] += passed[i];
	explained->sent_later += counts->sent_later;
}

/* More input came, or there was none for a while: so that `tail -f mail.log | mxwalk explain`
 * answers at once, what is held back is told then. */
static void
wait_for_input(struct explainer *explainer, struct maillog *log, const struct input *input)
{
	struct pollfd ready = {.fd = input_fd(input), .events = POLLIN};

	flush(explainer);
	if (poll(&ready, 1, IDLE_MS) != 0)
		return;
	maillog_flush(log);
	flush(explainer);
	input_wait(input);
}

static enum input_state
read_lines(struct explainer *explainer, struct maillog *log, struct input *input)
{
	enum input_state state = INPUT_SOME;
	struct slice line;

	while (!explainer->lost && state != INPUT_END && state != INPUT_BROKEN) {
		state = input_line(input, MAILLOG_JSON_MAX, &line);
		if (state == INPUT_WAIT)
			wait_for_input(explainer, log, input);
		else if (state == INPUT_SOME && line.at == NULL)
			maillog_line(log, "", MAILLOG_JSON_MAX + 1);
		else if (state == INPUT_SOME)
			maillog_line(log, line.at, line.len);
	}
	return state;
}

static void
tell_nothing(const char *name, const struct maillog_counts *counts)
{
	const char *why = "no reply of a mail server in it";

	if (counts->lines == 0)
		why = "it is empty";
	else if (counts->mails > 0 && counts->mails == counts->silent_mails)
		why = counts->mails == 1 ? "a mail that tells of no refusal"
		                         : "mails that tell of no refusal";
	log_error("%s: nothing to explain: %s", name, why);
}

/* `part`: of a folder, of which not every file has to hold a refusal. */
static int
explain_file(struct explainer *explainer, const char *name, bool part)
{
	struct input *input = input_open(name, INPUT_TEXT);
	struct maillog *log;
	struct maillog_counts counts;
	enum input_state state;

	if (input == NULL) {
		log_error("%s: %s", name, strerror(errno));
		return EXIT_DATA;
	}
	explainer->file = strcmp(name, "-") == 0 ? NULL : name;
	log = maillog_new(explain, explainer);
	state = read_lines(explainer, log, input);
	maillog_end(log);
	counts = maillog_counts(log);
	add_counts(&explainer->explained, &counts);
	explainer->explained.files++;
	if (state == INPUT_BROKEN)
		log_error("%s: %s", input_name(input), input_why(input));
	else if (counts.told == 0 && !explainer->lost && !part)
		tell_nothing(input_name(input), &counts);
	explainer->file = NULL;
	input_close(input);
	maillog_free(log);
	return state != INPUT_BROKEN && (counts.told > 0 || part) ? EXIT_OK : EXIT_DATA;
}

struct folder { /* of mails, one a file: a maildir, or any other */
	struct explainer *explainer;
	unsigned long files, unreadable;
	bool progress; /* somebody watches */
};

static void
show_progress(const struct folder *folder)
{
	char line[100];

	if (!folder->progress || folder->files % PROGRESS_FILES != 0)
		return;
	snprintf(line, sizeof line, "%lu files read, %lu refusals", folder->files,
	    folder->explainer->explained.replies);
	log_progress(line);
}

static void
explain_entry(struct folder *folder, const char *top, const char *name)
{
	struct arena *arena = arena_new();
	const char *path = arena_printf(arena, "%s/%s", top, name);
	struct stat about;

	if (stat(path, &about) == 0 && S_ISREG(about.st_mode)) {
		folder->files++;
		if (explain_file(folder->explainer, path, true) != EXIT_OK)
			folder->unreadable++;
		show_progress(folder);
	}
	arena_free(arena);
}

static bool
explain_entries(struct folder *folder, const char *top)
{
	DIR *entries = opendir(top);
	struct dirent *entry;

	if (entries == NULL)
		return false;
	while (!folder->explainer->lost && (entry = readdir(entries)) != NULL)
		if (entry->d_name[0] != '.')
			explain_entry(folder, top, entry->d_name);
	closedir(entries);
	return true;
}

/* The files of a folder; of a maildir, those of cur and new. */
static int
explain_folder(struct explainer *explainer, const char *name)
{
	static const char *const parts[] = {"new", "cur"};
	struct folder folder = {.explainer = explainer,
	    .progress = isatty(STDERR_FILENO) && !explainer->options->quiet};
	struct arena *arena = arena_new();
	bool opened = explain_entries(&folder, name);

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		explain_entries(&folder, arena_printf(arena, "%s/%s", name, parts[i]));
	arena_free(arena);
	log_progress(NULL);
	if (!opened)
		log_error("%s: %s", name, strerror(errno));
	else if (folder.files == 0)
		log_error("%s: nothing to explain: no file in it", name);
	else if (explainer->explained.replies + explainer->explained.inbound == 0 &&
	         explainer->tls.count == 0)
		log_error("%s: nothing to explain: no refusal in its %lu file%s", name,
		    folder.files, folder.files == 1 ? "" : "s");
	else
		return folder.unreadable == 0 ? EXIT_OK : EXIT_DATA;
	return EXIT_DATA;
}

static int
explain_input(struct explainer *explainer)
{
	const char *name = explainer->options->input;
	struct stat about;

	if (name == NULL)
		name = "-";
	if (strcmp(name, "-") != 0 && stat(name, &about) == 0 && S_ISDIR(about.st_mode))
		return explain_folder(explainer, name);
	return explain_file(explainer, name, false);
}

/* ---- all of it */

/* What to do about the largest causes, as far as causes go. */
static void
counsel_causes(struct explainer *explainer)
{
	struct explained *explained = &explainer->explained;
	enum cause causes[CAUSE_COUNT];
	size_t n = explained_causes(explained, causes);

	for (size_t i = 0; i < n && i < EXPLAINED_REMEDIES; i++) {
		const struct reading reading = {.cause = causes[i]};
		const struct circumstances setting = {0};

		explained->remedies[i].cause = causes[i];
		counsel_make(explainer->rulebook.remedies, &reading, &setting, explainer->arena,
		    &explained->remedies[i].counsel);
		explained->remedy_count = i + 1;
	}
}

static void
tell_tls_failures(struct explainer *explainer)
{
	if (is_ndjson(explainer))
		record_tls_failures(&explainer->out, explainer->rulebook.remedies, &explainer->tls);
	else
		text_tls_failures(&explainer->out, &explainer->style, explainer->rulebook.remedies,
		    &explainer->tls);
	tls_failures_release(&explainer->tls);
}

static void
sum_up(struct explainer *explainer)
{
	struct explained *explained = &explainer->explained;
	struct buf passed;

	tell_tls_failures(explainer);

	if (explainer->options->summary && explained->replies + explained->inbound > 0) {
		if (!explainer->options->inbound)
			counsel_causes(explainer);
		if (is_ndjson(explainer))
			record_explained(&explainer->out, explained);
		else
			text_explained(&explainer->out, &explainer->style, explained);
	}
	flush(explainer);
	buf_init(&passed, 1000);
	if (!explainer->options->summary && explained_passed(explained, &passed))
		log_note("passed over: %s", passed.data);
	buf_release(&passed);
}

static int
explain_all(struct explainer *explainer)
{
	const struct strings *texts = &explainer->options->operands;
	int status = EXIT_OK;

	explained_init(&explainer->explained);
	if (texts->count == 0 || (texts->count == 1 && strcmp(texts->items[0], "-") == 0))
		status = explain_input(explainer);
	else
		for (size_t i = 0; i < texts->count && !explainer->lost; i++)
			if (!explain_argument(explainer, texts->items[i], i + 1))
				status = EXIT_DATA;
	sum_up(explainer);
	explained_release(&explainer->explained);
	return status;
}

/* The rules' own examples, those among them that hang on a rule's place in the file. */
static int
list_contested(struct explainer *explainer)
{
	struct arena *arena = arena_new();

	explained_init(&explainer->explained);
	for (size_t i = 0; i < rules_count(explainer->rulebook.rules) && !explainer->lost; i++) {
		struct rule_view rule = rules_at(explainer->rulebook.rules, i, arena);

		for (size_t k = 0; k < rule.example_count; k++) {
			char *text = must_string(rule.examples[k]);
			const struct refusal refusal = {.said_by = SAID_BY_SERVER,
			    .id = rule.id,
			    .text = text,
			    .len = unescape(text)};

			explain(&refusal, explainer);
			free(text);
		}
		arena_reset(arena);
	}
	arena_free(arena);
	explained_release(&explainer->explained);
	flush(explainer);
	return EXIT_OK;
}

static int
list_rules(struct explainer *explainer)
{
	struct arena *arena;

	if (explainer->options->contested)
		return list_contested(explainer);
	arena = arena_new();
	for (size_t i = 0; i < rules_count(explainer->rulebook.rules) && !explainer->lost; i++) {
		struct rule_view rule = rules_at(explainer->rulebook.rules, i, arena);

		if (is_ndjson(explainer))
			record_rule(&explainer->out, &rule);
		else
			text_rule(&explainer->out, &explainer->style, &rule);
		if (explainer->out.len >= PIECE)
			flush(explainer);
		arena_reset(arena);
	}
	arena_free(arena);
	flush(explainer);
	return EXIT_OK;
}

static int
run(struct explainer *explainer)
{
	int status = output_open(&explainer->output, explainer->options);

	if (status != EXIT_OK)
		return status;
	explainer->style = output_style(&explainer->output, explainer->options);
	output_redact(&explainer->output, explainer->options);
	explainer->arena = arena_new();
	buf_init(&explainer->out, RECORD_MAX);
	status = explainer->options->list_rules ? list_rules(explainer) : explain_all(explainer);
	buf_release(&explainer->out);
	arena_free(explainer->arena);
	return output_close(&explainer->output, status);
}

static bool
wants_dns(const struct options *options)
{
	return (options->sources.count > 0 || options->ip.family != 0) && !options->list_rules;
}

static int
explain_with(struct explainer *explainer, const struct lists *lists)
{
	int status = rulebook_open(&explainer->rulebook, explainer->options, lists);

	if (status == EXIT_OK) {
		explainer->recall = recall_new(explainer->rulebook.rules);
		status = run(explainer);
		recall_free(explainer->recall);
	}
	rulebook_close(&explainer->rulebook);
	return status;
}

static int
explain_with_dns(struct explainer *explainer)
{
	struct dns_access dns;
	int status = dns_open(&dns, explainer->options), closed;

	if (status == EXIT_OK) {
		explainer->checker = checker_new(&dns, explainer->options);
		status = explain_with(explainer, dns.lists);
		checker_free(explainer->checker);
		dns_warn_if_dead(&dns);
	}
	closed = dns_close(&dns);
	return status == EXIT_OK ? closed : status;
}

int
command_explain(const struct options *options)
{
	struct explainer explainer = {.options = options};
	struct lists *lists;
	int status;

	if (wants_dns(options))
		return explain_with_dns(&explainer);
	lists = lists_open(options, &status);
	if (lists != NULL)
		status = explain_with(&explainer, lists);
	lists_free(lists);
	return status;
}
