/* report: records of runs that are over → a report. Nothing is asked and nobody is connected to. */
#include "report/report.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/log.h"
#include "command/command.h"
#include "command/output.h"
#include "command/records.h"
#include "command/sources.h"
#include "evidence/lists.h"
#include "io/loop.h"
#include "judge/remedies.h"
#include "report/change.h"

struct reporting {
	const struct options *options;
	struct output output;
	struct remedies *remedies;
	struct lists *lists;
	struct changes *changes; /* NULL: not wanted */
	struct arena *arena;
	struct report report;
};

static const struct report_format *const formats[FORMAT_COUNT] = {[FORMAT_TEXT] = &report_text,
    [FORMAT_HTML] = &report_html,
    [FORMAT_CSV] = &report_csv,
    [FORMAT_DOMAINS] = &report_domains,
    [FORMAT_MARKDOWN] = &report_markdown,
    [FORMAT_PROMETHEUS] = &report_prometheus,
    [FORMAT_JUNIT] = &report_junit,
    [FORMAT_NAGIOS] = &report_nagios,
    [FORMAT_TLSRPT] = &report_tlsrpt};

static int
no_such_file(const char *name)
{
	log_error("%s: %s", name, strerror(errno));
	return EXIT_DATA;
}

static void
take(const struct record *record, void *arg)
{
	struct reporting *reporting = arg;

	report_take(record, &reporting->report);
	if (reporting->changes != NULL)
		changes_take(record, reporting->changes);
}

/* What changed is what the last file says that the others do not. */
static int
read_all(struct reporting *reporting)
{
	const struct strings *files = &reporting->options->operands;
	struct records_source source = {.taken = take,
	    .arg = reporting,
	    .whole = reporting->report.format->result != NULL,
	    .quiet = reporting->report.telling,
	    .stop = &reporting->report.failed};
	int status = EXIT_OK;

	for (size_t i = 0; i < files->count && status == EXIT_OK; i++) {
		if (reporting->changes != NULL && i + 1 == files->count)
			changes_of_new(reporting->changes);
		status = records_read_file(&source, files->items[i]);
	}
	if (status == EXIT_OK && source.records == 0) {
		log_error("no record of mxwalk in %s%s", files->items[0],
		    files->count > 1 ? " and the other files" : "");
		status = EXIT_DATA;
	}
	return status;
}

/* What is to be read twice cannot come through a pipe. */
static int
check_files(const struct options *options, const struct report_format *format)
{
	struct stat st;

	for (size_t i = 0; i < options->operands.count; i++) {
		const char *name = options->operands.items[i];

		if (strcmp(name, "-") != 0 && stat(name, &st) != 0)
			return no_such_file(name);
		if (!format->passes_again || (strcmp(name, "-") != 0 && S_ISREG(st.st_mode)))
			continue;
		log_error("%s: --format csv, domains and junit read each file twice: give a file, "
		          "no pipe",
		    strcmp(name, "-") == 0 ? "standard input" : name);
		return EXIT_USAGE;
	}
	return EXIT_OK;
}

static bool
write_out(struct buf *bytes, void *arg)
{
	return output_write(arg, bytes);
}

static int
open_remedies(struct reporting *reporting)
{
	struct stanza_error error;

	reporting->remedies = remedies_new();
	if (remedies_add_builtin(reporting->remedies, &error))
		return EXIT_OK;
	log_error("remedies.conf:%u: %s", error.line, error.reason);
	return EXIT_INTERNAL;
}

static const char *
command_line(const struct reporting *reporting)
{
	const struct strings *files = &reporting->options->operands;
	const char *words = "mxwalk report --format html";

	for (size_t i = 0; i < files->count; i++)
		words = arena_printf(reporting->arena, "%s %s", words, files->items[i]);
	return words;
}

static int
open_for_html(struct reporting *reporting)
{
	int status = EXIT_OK;

	if (reporting->options->format != FORMAT_HTML)
		return EXIT_OK;
	reporting->lists = lists_open(reporting->options, &status);
	if (reporting->options->operands.count > 1)
		reporting->changes = changes_new(NULL, loop_random());
	return status;
}

static int
make(struct reporting *reporting, const struct report_format *format)
{
	const struct options *o = reporting->options;
	struct report_plan plan = {.write = write_out,
	    .write_arg = &reporting->output,
	    .remedies = reporting->remedies,
	    .thresholds = &o->thresholds,
	    .veil = reporting->output.veil,
	    .lists = reporting->lists,
	    .changes = reporting->changes,
	    .command = command_line(reporting),
	    .style = output_style(&reporting->output, o),
	    .now = loop_wall_ms(),
	    .secret = loop_random()};
	int status = output_only(o, &plan.only);

	if (status != EXIT_OK)
		return status;
	report_init(&reporting->report, format, &plan);
	status = read_all(reporting);
	if (status == EXIT_OK && format->passes_again) {
		report_again(&reporting->report);
		status = read_all(reporting);
	}
	if (status == EXIT_OK)
		status = report_finish(&reporting->report);
	report_release(&reporting->report);
	return status;
}

int
command_report(const struct options *options)
{
	struct reporting reporting = {.options = options, .arena = arena_new()};
	const struct report_format *format = formats[options->format];
	int status = check_files(options, format);

	if (status == EXIT_OK)
		status = open_remedies(&reporting);
	if (status == EXIT_OK)
		status = open_for_html(&reporting);
	if (status == EXIT_OK)
		status = output_replace(&reporting.output, options);
	else
		reporting.output.fd = -1;
	reporting.output.records =
	    options->format != FORMAT_TEXT && options->format != FORMAT_NAGIOS;
	output_redact(&reporting.output, options);
	if (status == EXIT_OK)
		status = make(&reporting, format);
	status = output_close(&reporting.output, status);
	remedies_free(reporting.remedies);
	lists_free(reporting.lists);
	changes_free(reporting.changes);
	arena_free(reporting.arena);
	return status;
}
