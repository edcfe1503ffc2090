/* check dane, check tls: every address of every mail exchanger is walked to the EHLO under TLS, and
 * what that comes to is told as a check. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/slice.h"
#include "command/audit.h"
#include "command/command.h"
#include "report/check_tls.h"

enum { AT_ONCE = 8 };

/* HOST:PORT is a server, whatever its MX records say; so is [HOST]. */
static const char *
target_of(const char *operand, struct arena *arena)
{
	const char *colon = strrchr(operand, ':');
	bool server = colon != NULL && strchr(operand, ':') == colon && *operand != '[' &&
	              strchr(operand, '@') == NULL && colon[1] != '\0' &&
	              strspn(colon + 1, "0123456789") == strlen(colon + 1);

	return server ? arena_printf(arena, "[%.*s]%s", (int)(colon - operand), operand, colon)
	              : operand;
}

/* What a walk is asked, where a check has no option for it, is what probe asks by itself, or by the
 * configuration that $MXWALK_CONFIG names. */
static bool
walk_options(const struct options *check, struct arena *arena, struct options *out)
{
	char error[OPTIONS_ERROR];
	char **argv = arena_alloc(arena, (check->operands.count + 1) * sizeof *argv);
	int argc = 0;

	for (size_t i = 1; i < check->operands.count; i++)
		argv[argc++] = arena_string(arena, target_of(check->operands.items[i], arena));
	if (!options_parse(out, COMMAND_PROBE, argc, argv, getenv("MXWALK_CONFIG"), arena, error)) {
		log_error("check %s: %s", check->operands.items[0], error);
		return false;
	}
	out->port = check->port;
	out->family = check->family;
	out->allow_private = check->allow_private;
	out->ehlo = check->ehlo;
	out->from = check->from;
	out->trust_ad = check->trust_ad;
	out->tls_ca = check->tls_ca;
	out->nameservers = check->nameservers;
	out->dns_record = check->dns_record;
	out->dns_replay = check->dns_replay;
	out->dns_concurrency = check->dns_concurrency;
	out->cache_size = check->cache_size;
	out->timeout_dns = check->timeout_dns;
	out->thresholds = check->thresholds;
	out->output = check->output;
	out->force = check->force;
	out->format = check->format;
	out->color = check->color;
	out->verbose = check->verbose;
	out->quiet = check->quiet;
	out->audit_interval = check->audit_interval;
	out->all = true;
	out->ordered = true;
	out->quit_after = STAGE_STARTTLS;
	if (out->site_concurrency == 0)
		out->site_concurrency = AT_ONCE;
	out->dnsbl = false;
	out->mta_sts = false;
	if (check->ip.family != 0) {
		out->sources.items = arena_alloc(arena, sizeof check->ip);
		out->sources.items[0] = check->ip;
		out->sources.count = 1;
	}
	return true;
}

/* Each question is a connection: one host bears that, and its operator understands it. */
static const char *
why_no_audit(const struct options *options)
{
	if (strcmp(options->operands.items[0], "tls") != 0)
		return "is of check tls alone";
	return options->operands.count != 2 ? "asks one host, and takes one operand" : NULL;
}

int
command_probe_audit(const struct options *options)
{
	struct options check = *options;
	const char *operands[2] = {"tls", NULL};

	if (options->input != NULL || options->operands.count != 1) {
		log_error("--tls-audit: asks one host: no list, and one target");
		return EXIT_USAGE;
	}
	if (options->format != FORMAT_TEXT && options->format != FORMAT_NDJSON &&
	    options->format != FORMAT_NAGIOS) {
		log_error("--tls-audit: knows the formats text, ndjson and nagios");
		return EXIT_USAGE;
	}
	operands[1] = options->operands.items[0];
	check.operands = (struct strings){.items = operands, .count = 2};
	return command_check_tls(&check);
}

int
command_check_tls(const struct options *options)
{
	const char *name = options->operands.items[0];
	struct tls_review review = {.kind = strcmp(name, "dane") == 0 ? REVIEW_DANE : REVIEW_TLS,
	    .least = options->warn_lifetime};
	const char *why = options->tls_audit ? why_no_audit(options) : NULL;
	struct arena *arena = arena_new();
	struct tls_audit audit;
	struct options walk;
	int status = EXIT_OK;

	if (options->operands.count < 2)
		log_error("check %s: an argument is missing", name);
	else if (why != NULL)
		log_error("check %s: --tls-audit %s", name, why);
	if (options->operands.count < 2 || why != NULL || !walk_options(options, arena, &walk))
		status = EXIT_USAGE;
	else if (options->tls_audit)
		status = audit_ask(&walk, walk.operands.items[0], arena, &audit);
	if (status == EXIT_OK) {
		review.audit = options->tls_audit && audit.host != NULL ? &audit : NULL;
		status = probe_as(&walk, &review);
	}
	arena_free(arena);
	return status;
}
