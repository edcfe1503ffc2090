#include "lab/lab.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "command/command.h"
#include "lab/domains.h"
#include "lab/maild.h"

enum { LINE_MAX_OCTETS = 4096 };

static const char no_ip6[] = "this machine has no ::1";

/* ---- the list */

static int
exit_of(const char *status)
{
	static const struct {
		const char *status;
		int exit;
	} table[] = {{"accepted", EXIT_OK}, {"refused", EXIT_REFUSED}, {"deferred", EXIT_DEFERRED}};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (strcmp(status, table[i].status) == 0)
			return table[i].exit;
	return EXIT_UNDETERMINED;
}

static bool
needs_ip6(const struct lab_domain *domain, const struct lab_case *foretold)
{
	return domain->ip6 || strstr(foretold->args, "::1") != NULL;
}

/* A walk past EHLO needs a recipient; a case that does not name one is given one. */
static bool
needs_recipient(const struct lab_case *foretold)
{
	static const char *const past_ehlo[] = {"mail", "rcpt", "data", "message"};

	if (foretold->stage == NULL || strstr(foretold->args, "--to") != NULL)
		return false;
	for (size_t i = 0; i < sizeof past_ehlo / sizeof *past_ehlo; i++)
		if (strcmp(foretold->stage, past_ehlo[i]) == 0)
			return true;
	return false;
}

static void
list_args(struct json *json, const struct lab_domain *domain, const struct lab_case *foretold)
{
	char word[256];
	const char *rest = foretold->args;

	json_array_begin(json, "args");
	while (*rest != '\0') {
		size_t len = strcspn(rest, " "), name = strcspn(rest, "{");

		if (name < len)
			snprintf(
			    word, sizeof word, "%.*s%s." LAB_ZONE, (int)name, rest, domain->name);
		else
			snprintf(word, sizeof word, "%.*s", (int)len, rest);
		json_cstring(json, NULL, word);
		rest += len + (rest[len] == ' ');
	}
	if (needs_recipient(foretold)) {
		snprintf(word, sizeof word, "user@%s." LAB_ZONE, domain->name);
		json_cstring(json, NULL, "--to");
		json_cstring(json, NULL, word);
	}
	json_array_end(json);
}

static void
list_case(
    struct buf *line, const struct lab_domain *domain, const struct lab_case *foretold, bool ip6)
{
	struct json json;
	char name[256];

	snprintf(name, sizeof name, "%s." LAB_ZONE, domain->name);
	buf_clear(line);
	json_start(&json, line);
	json_object_begin(&json, NULL);
	json_cstring(&json, "domain", name);
	json_cstring(&json, "does", domain->does);
	list_args(&json, domain, foretold);
	if (!ip6 && needs_ip6(domain, foretold))
		json_cstring(&json, "skip", no_ip6);
	json_object_begin(&json, "expect");
	json_cstring(&json, "status", foretold->status);
	json_text(&json, "stage", foretold->stage);
	if (foretold->code > 0)
		json_number(&json, "code", foretold->code);
	else if (foretold->code < 0)
		json_none(&json, "code");
	json_text(&json, "cause", foretold->cause);
	json_text(&json, "basis", foretold->basis);
	json_text(&json, "list", foretold->list);
	json_number(&json, "exit", exit_of(foretold->status));
	json_object_end(&json);
	json_object_end(&json);
	buf_putc(line, '\n');
}

static void
list_json(bool ip6)
{
	struct buf line;

	buf_init(&line, LINE_MAX_OCTETS);
	for (size_t i = 0; i < lab_domain_count; i++)
		for (const struct lab_case *foretold = lab_domains[i].cases;
		     foretold < lab_domains[i].cases + LAB_CASES && foretold->args != NULL;
		     foretold++) {
			list_case(&line, &lab_domains[i], foretold, ip6);
			fwrite(line.data, 1, line.len, stdout);
		}
	buf_release(&line);
}

static void
list_text(bool ip6)
{
	int width = 0;

	for (size_t i = 0; i < lab_domain_count; i++)
		width = (int)strlen(lab_domains[i].name) > width ? (int)strlen(lab_domains[i].name)
		                                                 : width;
	width += (int)strlen("." LAB_ZONE);
	for (size_t i = 0; i < lab_domain_count; i++) {
		const struct lab_domain *domain = &lab_domains[i];
		char name[256];

		snprintf(name, sizeof name, "%s." LAB_ZONE, domain->name);
		printf("%-*s  %s%s%s%s\n", width, name, domain->does,
		    domain->ip6 && !ip6 ? " (" : "", domain->ip6 && !ip6 ? no_ip6 : "",
		    domain->ip6 && !ip6 ? ")" : "");
	}
}

/* ---- running */

static int
run(const struct options *options, struct lab *lab)
{
	struct arena *arena;
	char **command;
	int status;

	if (options->operands.count == 0) {
		if (lab_serve(lab, options->quiet ? NULL : stdout))
			return EXIT_OK;
		log_error("standard output: %s", strerror(errno));
		return EXIT_WRITE;
	}
	arena = arena_new();
	command = arena_alloc(arena, (options->operands.count + 1) * sizeof *command);
	for (size_t i = 0; i < options->operands.count; i++)
		command[i] = arena_string(arena, options->operands.items[i]);
	status = lab_serve_command(lab, command);
	arena_free(arena);
	return status;
}

int
command_lab(const struct options *options)
{
	static const int faults[] = {[LAB_NO_NETWORK] = EXIT_INTERNAL, [LAB_NO_FILE] = EXIT_CREATE};
	const struct lab_plan plan = {options->lab_log, options->lab_port, options->lab_dns_port};
	struct lab *lab;
	enum lab_fault fault;
	char why[512];
	int status;

	if (options->lab_list) {
		(options->format == FORMAT_NDJSON ? list_json : list_text)(maild_ip6_possible());
		return EXIT_OK;
	}
	fault = lab_new(&lab, &plan, why, sizeof why);
	if (fault != LAB_FINE) {
		log_error("lab: %s", why);
		return faults[fault];
	}
	status = run(options, lab);
	lab_free(lab);
	return status;
}
