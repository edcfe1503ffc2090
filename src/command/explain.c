/* explain: what refusals mean. Texts as arguments, or whatever holds replies on standard input; one
 * reply at a time, nothing is kept but counts. The network is only asked with --source. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "command/checker.h"
#include "command/command.h"
#include "command/output.h"
#include "command/sources.h"
#include "logs/maillog.h"
#include "report/explained.h"
#include "report/ndjson.h"
#include "report/text_explain.h"
#include "rules/rules.h"
#include "smtp/reply.h"

enum { PIECE = 65536 }; /* octets that are read at once, and at which the output is written */

struct explainer {
	const struct options *options;
	struct rulebook rulebook;
	struct checker *checker; /* NULL: no --source */
	struct output output;
	struct text_style style;
	struct buf out; /* not yet written */
	struct arena *arena; /* as long as one reply */
	struct explained explained;
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

static void
explain(const struct heard *heard, void *arg)
{
	struct explainer *explainer = arg;
	const struct options *options = explainer->options;
	char enhanced[12];
	struct said said = {.text = heard->text,
	    .len = heard->len,
	    .stage = heard->stage != STAGE_NONE ? heard->stage : options->stage,
	    .code = heard->code,
	    .enhanced = enhanced,
	    .mx = heard->relay != NULL ? heard->relay : options->mx};
	struct reading reading;
	struct setting setting = {0};
	struct counsel counsel;
	struct diagnosis diagnosis;
	struct explanation explanation = {.id = heard->id,
	    .text = heard->text,
	    .len = heard->len,
	    .stage = said.stage,
	    .relay = said.mx,
	    .reading = &reading};

	reply_enhanced(heard->enhanced != NULL ? heard->enhanced : "", enhanced);
	rules_read(explainer->rulebook.rules, &said, explainer->arena, &reading);
	if (reading.provider == NULL)
		reading.provider = heard->provider;
	explanation.recipient_domain = logline_domain(heard->recipient, explainer->arena);
	setting.domain = explanation.recipient_domain;
	counsel_make(explainer->rulebook.remedies, &reading, &setting, explainer->arena, &counsel);
	explanation.counsel = &counsel;
	if (explainer->checker != NULL) {
		checker_diagnose(explainer->checker,
		    &(struct diagnosis_query){.remedies = explainer->rulebook.remedies,
		        .reading = &reading,
		        .stage = said.stage,
		        .setting = setting},
		    explainer->arena, &diagnosis);
		explanation.diagnosis = &diagnosis;
	}
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

struct finding { /* what a log reader found in an argument */
	struct explainer *explainer;
	bool any;
};

static void
take_found(const struct heard *heard, void *arg)
{
	struct finding *finding = arg;

	finding->any = true;
	explain(heard, finding->explainer);
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
	struct finding finding = {explainer, false};
	const struct heard whole = {.text = text, .len = len};

	if (logline_code(text, len) == 0) {
		struct maillog *log = maillog_new(take_found, &finding);

		for (char *line = text, *end; line < text + len; line = end + 1) {
			end = memchr(line, '\n', (size_t)(text + len - line));
			if (end == NULL)
				end = text + len;
			maillog_line(log, line, (size_t)(end - line));
		}
		maillog_end(log);
		maillog_free(log);
	}
	if (!finding.any && is_refusal(text, len, number)) {
		explain(&whole, explainer);
		finding.any = true;
	}
	free(text);
	return finding.any;
}

/* ---- a stream */

struct lines { /* cuts what is read into lines */
	struct maillog *log;
	struct buf line; /* the beginning of a line whose end has not come */
	bool too_long; /* it is over the limit: its rest is thrown away */
};

static void
end_line(struct lines *lines, const char *rest, size_t len)
{
	if (lines->line.len == 0 && !lines->too_long) {
		maillog_line(lines->log, rest, len);
		return;
	}
	buf_add(&lines->line, rest, len);
	if (lines->too_long || lines->line.full)
		maillog_line(lines->log, "", MAILLOG_LINE_MAX + 1);
	else
		maillog_line(lines->log, lines->line.data, lines->line.len);
	buf_clear(&lines->line);
	lines->too_long = false;
}

static void
take_bytes(struct lines *lines, const char *bytes, size_t len)
{
	const char *end = bytes + len;

	for (const char *newline; bytes < end; bytes = newline + 1) {
		newline = memchr(bytes, '\n', (size_t)(end - bytes));
		if (newline != NULL) {
			end_line(lines, bytes, (size_t)(newline - bytes));
			continue;
		}
		buf_add(&lines->line, bytes, (size_t)(end - bytes));
		lines->too_long = lines->too_long || lines->line.full;
		break;
	}
}

/* Reads as bytes come, so that `tail -f mail.log | mxwalk explain` answers at once. */
static int
explain_file(struct explainer *explainer, int fd, const char *name)
{
	struct lines lines = {.log = maillog_new(explain, explainer)};
	struct maillog_counts counts;
	char *piece = must_alloc(PIECE);
	ssize_t n = 0;

	buf_init(&lines.line, MAILLOG_LINE_MAX);
	while (!explainer->lost && ((n = read(fd, piece, PIECE)) > 0 || (n < 0 && errno == EINTR)))
		if (n > 0) {
			take_bytes(&lines, piece, (size_t)n);
			flush(explainer);
		}
	if (!explainer->lost && n < 0)
		log_error("%s: %s", name, strerror(errno));
	if (lines.line.len > 0 || lines.too_long)
		end_line(&lines, "", 0);
	maillog_end(lines.log);
	counts = maillog_counts(lines.log);
	explainer->explained.passed_over = counts.silent + counts.unknown + counts.objects + counts.broken_json + counts.silent_mails;
	explainer->explained.too_long = counts.too_long;
	if (n == 0 && counts.told == 0)
		log_error("%s: nothing to explain: %s", name,
		    counts.lines == 0 ? "it is empty" : "no reply of a mail server in it");
	buf_release(&lines.line);
	maillog_free(lines.log);
	free(piece);
	return n == 0 && counts.told > 0 ? EXIT_OK : EXIT_DATA;
}

static int
explain_input(struct explainer *explainer)
{
	const char *name = explainer->options->input;
	int fd, status;

	if (name == NULL || strcmp(name, "-") == 0)
		return explain_file(explainer, STDIN_FILENO, "standard input");
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		log_error("%s: %s", name, strerror(errno));
		return EXIT_DATA;
	}
	status = explain_file(explainer, fd, name);
	close(fd);
	return status;
}

/* ---- all of it */

static void
sum_up(struct explainer *explainer)
{
	const struct explained *explained = &explainer->explained;

	if (explainer->options->summary && explained->replies > 0) {
		if (is_ndjson(explainer))
			record_explained(&explainer->out, &explainer->explained);
		else
			text_explained(&explainer->out, &explainer->style, &explainer->explained);
	}
	flush(explainer);
	if (explained->passed_over > 0 && !explainer->options->summary)
		log_note("%lu line%s passed over: no refusal in %s", explained->passed_over,
		    explained->passed_over == 1 ? "" : "s",
		    explained->passed_over == 1 ? "it" : "them");
	if (explained->too_long > 0 && !explainer->options->summary)
		log_note("%lu line%s passed over: more than %d octets", explained->too_long,
		    explained->too_long == 1 ? "" : "s", MAILLOG_LINE_MAX);
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
	for (size_t i = 0; i < rules_count(explainer->rulebook.rules) && !explainer->lost; i++) {
		struct rule_view rule = rules_at(explainer->rulebook.rules, i);

		for (size_t k = 0; k < rule.example_count; k++) {
			char *text = must_string(rule.examples[k]);
			const struct heard heard = {
			    .id = rule.id, .text = text, .len = unescape(text)};

			explain(&heard, explainer);
			free(text);
		}
	}
	flush(explainer);
	return EXIT_OK;
}

static int
list_rules(struct explainer *explainer)
{
	if (explainer->options->contested)
		return list_contested(explainer);
	for (size_t i = 0; i < rules_count(explainer->rulebook.rules) && !explainer->lost; i++) {
		struct rule_view rule = rules_at(explainer->rulebook.rules, i);

		if (is_ndjson(explainer))
			record_rule(&explainer->out, &rule);
		else
			text_rule(&explainer->out, &explainer->style, &rule);
		if (explainer->out.len >= PIECE)
			flush(explainer);
	}
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

	if (status == EXIT_OK)
		status = run(explainer);
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
