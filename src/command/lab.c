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

static const char *
why_unusable(const struct lab_domain *domain, bool ip6)
{
	return domain->ip6 && !ip6 ? no_ip6 : NULL;
}

static void
list_json(bool ip6)
{
	struct buf line;
	struct json json;
	char name[256];

	buf_init(&line, LINE_MAX_OCTETS);
	for (size_t i = 0; i < lab_domain_count; i++) {
		snprintf(name, sizeof name, "%s." LAB_ZONE, lab_domains[i].name);
		buf_clear(&line);
		json_start(&json, &line);
		json_object_begin(&json, NULL);
		json_cstring(&json, "domain", name);
		json_cstring(&json, "does", lab_domains[i].does);
		json_text(&json, "skip", why_unusable(&lab_domains[i], ip6));
		json_object_end(&json);
		buf_putc(&line, '\n');
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
		const char *why = why_unusable(domain, ip6);

		printf("%-*s  %s%s%s%s\n", width, name, domain->does, why != NULL ? " (" : "",
		    why != NULL ? why : "", why != NULL ? ")" : "");
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
