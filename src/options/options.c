/* From arguments and files to a value: what sets an option, which of two wins, what does not go
 * together. */
#include "options/options.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/slice.h"
#include "options/config.h"
#include "options/option_table.h"
#include "options/swaks.h"
#include "options/take.h"
#include "options/target.h"

enum {
	SHOWN_MAX = 80, /* octets of a value in an error */
	SUBMISSIONS_PORT = 465,
	LMTP_PORT = 24
};

void
strings_add(struct strings *strings, struct arena *arena, const char *string)
{
	*(const char **)arena_push(arena, &strings->items, strings->count, sizeof *strings->items) =
	    string;
	strings->count++;
}

/* ---- finding an option */

bool
option_belongs(const struct option *option, enum command_id command)
{
	return (option->commands & 1u << command) != 0;
}

static bool
has_name(const struct option *option, const char *name, size_t len)
{
	for (const char *s = option->names; *s != '\0'; s += *s == ' ') {
		size_t n = strcspn(s, " ");

		if (n == len && memcmp(s, name, n) == 0)
			return true;
		s += n;
	}
	return false;
}

static const struct option *
find_name(const char *name, size_t len, enum command_id command)
{
	for (const struct option *option = option_table; option < option_table + option_count;
	     option++)
		if (option_belongs(option, command) && has_name(option, name, len))
			return option;
	return NULL;
}

/* "no-all" undoes "all", and "dnsbl" undoes "no-dnsbl". */
const struct option *
option_find(const char *name, size_t len, enum command_id command, bool *negated)
{
	const struct option *option = find_name(name, len, command);
	char other[64];

	*negated = false;
	if (option != NULL || len + 3 >= sizeof other)
		return option;
	*negated = true;
	if (len > 3 && memcmp(name, "no-", 3) == 0) {
		option = find_name(name + 3, len - 3, command);
	} else {
		memcpy(other, "no-", 3);
		memcpy(other + 3, name, len);
		option = find_name(other, len + 3, command);
	}
	return option != NULL && option->value == NULL && !option->not_in_file ? option : NULL;
}

static const struct option *
find_letter(char letter, enum command_id command)
{
	for (const struct option *option = option_table; option < option_table + option_count;
	     option++)
		if (option_belongs(option, command) && option->letter == letter)
			return option;
	return NULL;
}

/* Does the argument behind this one belong to it? No name and no letter takes a value in one
 * command and none in another (tests/test_options.c), but --list: that is taken for the lab's, a
 * flag, where no command stands before it. */
static bool
takes_next(const char *argument)
{
	size_t len = strlen(argument);
	bool takes = false;

	for (const struct option *option = option_table; option < option_table + option_count;
	     option++) {
		if (argument[1] == '-' ? !has_name(option, argument + 2, len - 2)
		                       : option->letter == 0 || argument[len - 1] != option->letter)
			continue;
		if (option->value == NULL)
			return false;
		takes = true;
	}
	return takes;
}

int
options_first_word(int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0)
			return argc;
		if (argv[i][0] != '-' || argv[i][1] == '\0')
			return i;
		i += takes_next(argv[i]);
	}
	return argc;
}

/* Which other command has it, COMMAND_COUNT if none. */
static enum command_id
find_owner(const char *name, size_t len)
{
	bool negated;
	int command = 0;

	while (command < COMMAND_COUNT &&
	       option_find(name, len, (enum command_id)command, &negated) == NULL)
		command++;
	return (enum command_id)command;
}

/* ---- reading */

struct option_parse {
	struct options *options;
	struct arena *arena;
	char *error;
	const char *file; /* being read; NULL: the arguments */
	unsigned line;
	unsigned rank; /* of what is being read: the arguments above every file, a later file above
	                  an earlier one */
	unsigned ranks[OPTION_MAX]; /* who set an option last */
	unsigned files;
	struct assignment { /* all that was set, in this order */
		const struct option *option;
		unsigned rank;
		const char *words; /* "port=2525" */
		const char *file; /* NULL: the arguments */
	} * settings;
	size_t setting_count;
};

static bool __attribute__((format(printf, 2, 3)))
fail(struct option_parse *parse, const char *format, ...)
{
	va_list ap;
	size_t len = 0;

	if (parse->file != NULL)
		len = (size_t)snprintf(
		    parse->error, OPTIONS_ERROR / 2, "%s:%u: ", parse->file, parse->line);
	if (len >= OPTIONS_ERROR / 2)
		len = OPTIONS_ERROR / 2 - 1;
	va_start(ap, format);
	vsnprintf(parse->error + len, OPTIONS_ERROR - len, format, ap);
	va_end(ap);
	return false;
}

/* May this option be set from here? What was set from below is wiped, a list as a whole. */
static bool
claim(struct option_parse *parse, const struct option *option)
{
	bool fresh = false;

	if (parse->ranks[option - option_table] > parse->rank)
		return false;
	for (size_t i = 0; i < option_count; i++) {
		if (option_table[i].at != option->at)
			continue;
		fresh |= parse->ranks[i] < parse->rank;
		parse->ranks[i] = parse->rank;
	}
	if (fresh)
		memset((char *)parse->options + option->at, 0, option->size);
	return true;
}

static void
note(struct option_parse *parse, const struct option *option, const char *words)
{
	struct assignment *setting =
	    arena_push(parse->arena, &parse->settings, parse->setting_count, sizeof *setting);

	parse->setting_count++;
	*setting = (struct assignment){option, parse->rank, words, parse->file};
}

/* For the record of the run: what is in force. What was set and then set again, or from a higher
 * place, is not. */
static void
list_given(struct option_parse *parse)
{
	for (size_t i = 0; i < parse->setting_count; i++) {
		const struct assignment *setting = &parse->settings[i];
		bool replaced = setting->rank < parse->ranks[setting->option - option_table];

		for (size_t k = i + 1; k < parse->setting_count && !setting->option->many; k++)
			replaced |= parse->settings[k].rank == setting->rank &&
			            parse->settings[k].option->at == setting->option->at;
		if (!replaced && setting->option->at == offsetof(struct options, nameservers))
			parse->options->nameserver_file = setting->file;
		if (!replaced)
			strings_add(&parse->options->given, parse->arena, setting->words);
	}
}

static void
store_flag(const struct option_parse *parse, const struct option *option, int value)
{
	bool truth = value != 0;

	memcpy((char *)parse->options + option->at,
	    option->size == sizeof truth ? (void *)&truth : (void *)&value, option->size);
}

/* What holds when nobody says anything; all that is said wipes it (claim). */
static void
preset(struct option_parse *parse)
{
	for (size_t i = 0; i < option_count; i++) {
		const struct option *option = &option_table[i];
		char *at = (char *)parse->options + option->at;

		if (!option_belongs(option, parse->options->command) || option->preset == NULL)
			continue;
		if (option->take != NULL)
			option->take(parse->arena, option, option->preset, at);
		else
			store_flag(parse, option,
			    strcmp(option->preset, "on") == 0 ? option->on : option->off);
	}
}

static bool
set_flag(struct option_parse *parse, const struct option *option, bool negated)
{
	bool is_no = strncmp(option->names, "no-", 3) == 0;
	int len = (int)strcspn(option->names, " ");

	if (!claim(parse, option))
		return true;
	store_flag(parse, option, negated ? option->off : option->on);
	note(parse, option,
	    arena_printf(parse->arena, "%s%.*s", negated && !is_no ? "no-" : "",
	        negated && is_no ? len - 3 : len, option->names + (negated && is_no ? 3 : 0)));
	return true;
}

static bool read_file(struct option_parse *parse, const char *file);

/* `given`: the option as it was written, for the error. */
static bool
set_value(
    struct option_parse *parse, const struct option *option, const char *given, const char *value)
{
	struct options unused;
	const char *problem =
	    *value == '\0' && option->take != take_content ? "the value is empty" : NULL;
	char *at = (char *)parse->options;

	if (problem == NULL && option->size == 0)
		return read_file(parse, value);
	if (problem == NULL) {
		if (claim(parse, option)) {
			note(parse, option,
			    arena_printf(parse->arena, "%.*s=%.*s",
			        (int)strcspn(option->names, " "), option->names, SHOWN_MAX,
			        option->secret ? "..." : value));
		} else { /* it is checked all the same */
			memset(&unused, 0, sizeof unused);
			at = (char *)&unused;
		}
		problem = option->take(parse->arena, option, value, at + option->at);
	}
	if (problem == NULL)
		return true;
	if (option->secret || *value == '\0')
		return fail(parse, "%s: %s", given, problem);
	return fail(parse, "%s %.*s%s: %s", given, SHOWN_MAX, value,
	    strlen(value) > SHOWN_MAX ? "..." : "", problem);
}

/* `name`: as it was written, without dashes. What people who know swaks meant is said. */
static bool
unknown(struct option_parse *parse, const char *given, const char *name, size_t len)
{
	enum command_id command = parse->options->command, owner = find_owner(name, len);
	const struct swaks_option *swaks = swaks_find(name, len);

	if (owner != COMMAND_COUNT && len > 1)
		return fail(parse, "%s: an option of \"%s\", not of \"%s\"", given,
		    commands[owner].name, commands[command].name);
	if (command == COMMAND_PROBE && swaks != NULL && swaks->ours != NULL)
		return fail(parse, "%s: no such option (write %s)", given, swaks->ours);
	if (command == COMMAND_PROBE && swaks != NULL)
		return fail(parse, "%s: no such option (%s)", given, swaks->why);
	if (len == 1)
		return fail(parse, "%s: no such option of \"%s\"", given, commands[command].name);
	return fail(parse, "%s: no such option", given);
}

/* Sets what stands alone: a flag, or an option whose value is missing. */
static bool
set_alone(struct option_parse *parse, const struct option *option, bool negated, const char *given)
{
	const char *alone = option->alone;

	if (option->value == NULL)
		return set_flag(parse, option, negated);
	if (alone != NULL)
		return set_flag(
		    parse, find_name(alone, strlen(alone), parse->options->command), false);
	return fail(parse, "%s: needs a value (%s)", given, option->value);
}

/* Each reader of one argument returns how many more it used, or -1. */

/* swaks's "--h-Subject TEXT" is "--header 'Subject: TEXT'". */
static int
set_header(struct option_parse *parse, const char *given, const char *argument, size_t len,
    const char *next)
{
	const struct option *header = find_name("header", 6, parse->options->command);
	bool joined = argument[2 + len] == '=';
	const char *name = swaks_header(argument + 2, len), *end = argument + 2 + len,
	           *value = joined ? end + 1 : next;

	if (header == NULL)
		return unknown(parse, given, argument + 2, len) ? 0 : -1;
	if (value == NULL)
		return fail(parse, "%s: needs a value (TEXT)", given) ? 0 : -1;
	value = arena_printf(parse->arena, "%.*s: %s", (int)(end - name), name, value);
	if (!set_value(parse, header, given, value))
		return -1;
	return joined ? 0 : 1;
}

static int
read_long(struct option_parse *parse, const char *argument, const char *next)
{
	size_t len = strcspn(argument + 2, "=");
	const char *given = arena_copy(parse->arena, argument, len + 2);
	bool negated, joined = argument[2 + len] == '=';
	const struct option *option =
	    option_find(argument + 2, len, parse->options->command, &negated);

	if (option == NULL && swaks_header(argument + 2, len) != NULL)
		return set_header(parse, given, argument, len, next);
	if (option == NULL)
		return unknown(parse, given, argument + 2, len) ? 0 : -1;
	if (option->value == NULL && joined)
		return fail(parse, "%s: takes no value", given) ? 0 : -1;
	if (joined)
		return set_value(parse, option, given, argument + 2 + len + 1) ? 0 : -1;
	if (option->value == NULL || next == NULL)
		return set_alone(parse, option, negated, given) ? 0 : -1;
	return set_value(parse, option, given, next) ? 1 : -1;
}

/* A name behind one dash, as swaks takes it ("-tls", "-server mx.example"): the letters would say
 * something else. */
static bool
is_name(const struct option_parse *parse, const char *word, size_t len)
{
	bool negated;

	return len > 1 &&
	       (option_find(word, len, parse->options->command, &negated) != NULL ||
	           (parse->options->command == COMMAND_PROBE && swaks_find(word, len) != NULL));
}

static bool
refuse_name(struct option_parse *parse, const char *given, const char *word, size_t len)
{
	bool negated;

	if (option_find(word, len, parse->options->command, &negated) != NULL)
		return fail(parse, "%s: no such option (write -%s)", given, given);
	return unknown(parse, given, word, len);
}

/* Two letters have another meaning in swaks, and there take a value. */
static bool
check_letter(struct option_parse *parse, char letter, const char *next)
{
	bool probe = parse->options->command == COMMAND_PROBE;

	if (letter == 'q' && probe && next != NULL && swaks_stage(next))
		return fail(parse,
		    "-q %s: -q is --quiet here (for swaks's -q write --quit-after %s)", next, next);
	if (letter == 'h' && probe && next != NULL && *next != '-')
		return fail(parse, "-h %.*s: -h is --help here (for swaks's -h write -H or --ehlo)",
		    SHOWN_MAX, next);
	return true;
}

static int
read_letters(struct option_parse *parse, const char *argument, const char *next)
{
	size_t len = strcspn(argument + 1, "=");

	if (is_name(parse, argument + 1, len))
		return refuse_name(
		           parse, arena_copy(parse->arena, argument, len + 1), argument + 1, len)
		           ? 0
		           : -1;
	for (const char *s = argument + 1; *s != '\0'; s++) {
		const struct option *option = find_letter(*s, parse->options->command);
		const char given[3] = {'-', *s, '\0'};

		if (option == NULL)
			return unknown(parse, given, s, 1) ? 0 : -1;
		if (!check_letter(parse, *s, s[1] == '\0' ? next : NULL))
			return -1;
		if (option->value != NULL && s[1] != '\0')
			return set_value(parse, option, given, s + 1) ? 0 : -1;
		if (option->value != NULL && next != NULL)
			return set_value(parse, option, given, next) ? 1 : -1;
		if (!set_alone(parse, option, false, given))
			return -1;
	}
	return 0;
}

static bool
read_arguments(struct option_parse *parse, int argc, char **argv)
{
	struct options *options = parse->options;
	bool ended = false;

	for (int i = 0; i < argc && !options->help && !options->version; i++) {
		const char *argument = argv[i], *next = i + 1 < argc ? argv[i + 1] : NULL;
		int used = 0;

		if (ended || argument[0] != '-' || argument[1] == '\0') {
			strings_add(&options->operands, parse->arena, argument);
			ended |= commands[options->command].operands_end_options;
		} else if (strcmp(argument, "--") == 0) {
			ended = true;
		} else {
			used = argument[1] == '-' ? read_long(parse, argument, next)
			                          : read_letters(parse, argument, next);
		}
		if (used < 0)
			return false;
		i += used;
	}
	return true;
}

static bool
set_line(struct option_parse *parse, const struct config_line *line)
{
	enum command_id command = parse->options->command;
	const char *name = line->name, *value = line->value;
	const struct option *option;
	bool negated;
	size_t len = strlen(name);

	option = option_find(name, len, command, &negated);
	if ((option == NULL && find_owner(name, len) != COMMAND_COUNT) ||
	    (option != NULL && option->line_only))
		return true; /* another command's */
	if (option == NULL)
		return unknown(parse, name, name, len);
	if (option->not_in_file)
		return fail(parse, "%s: has no place in a file", name);
	if (option->value == NULL && value != NULL)
		return fail(parse, "%s: takes no value", name);
	if (option->value != NULL && value == NULL)
		return fail(parse, "%s: needs a value (%s)", name, option->value);
	return value == NULL ? set_flag(parse, option, negated)
	                     : set_value(parse, option, name, value);
}

static bool
read_file(struct option_parse *parse, const char *file)
{
	unsigned rank = parse->rank;
	struct config config;
	struct config_line line;
	const char *why;
	bool good = config_open(&config, file, parse->arena, &why);

	if (!good)
		return fail(parse, "%s: %s", file, why);
	parse->file = file;
	parse->rank = ++parse->files;
	while (good && config_next(&config, parse->arena, &line)) {
		parse->line = line.number;
		good = set_line(parse, &line);
	}
	parse->file = NULL;
	parse->rank = rank;
	return good;
}

/* ---- what does not go together */

/* self looks at the published key alone when the private one is not at hand. */
static bool
check_signers(struct option_parse *parse)
{
	const struct signers *signers = &parse->options->signers;
	bool file_needed = parse->options->command == COMMAND_PROBE;

	for (size_t i = 0; i < signers->count; i++)
		if ((file_needed && signers->items[i].file == NULL) ||
		    signers->items[i].selector == NULL)
			return fail(parse, "a signature needs both --dkim-key and --dkim-selector");
	return true;
}

static bool
check_sources(struct option_parse *parse)
{
	const struct options *options = parse->options;
	unsigned char family = options->family == ROUTE_V4 ? 4 : 6;
	char text[IP_TEXT];

	for (size_t i = 0; i < options->sources.count && options->family != ROUTE_BOTH; i++)
		if (options->sources.items[i].family != family)
			return fail(parse,
			    "--source %s: not an IPv%d address, and -%d asks for these only",
			    ip_text(&options->sources.items[i], text), family, family);
	if (options->command != COMMAND_PROBE && options->family != ROUTE_BOTH &&
	    options->public_ip.family != 0 && options->public_ip.family != family)
		return fail(parse,
		    "--public-ip %s: not an IPv%d address, and -%d asks for these only",
		    ip_text(&options->public_ip, text), family, family);
	return true;
}

/* Of two EHLOs the one under TLS is meant, where TLS is asked for, as in swaks, unless it was
 * "first-ehlo". */
static void
choose_ehlo(struct option_parse *parse)
{
	struct options *o = parse->options;
	const struct option *tls = find_name("tls", strlen("tls"), o->command);
	bool asked = o->tls_verify || (tls != NULL && parse->ranks[tls - option_table] != 0);

	if (o->quit_after == STAGE_EHLO && asked && o->tls != TLS_NEVER && !o->tls_on_connect)
		o->quit_after = STAGE_STARTTLS;
	if (o->quit_after == STAGE_HELO)
		o->quit_after = STAGE_EHLO;
}

/* What is insisted on has to be asked for. */
static bool
check_depth(struct option_parse *parse)
{
	const struct options *o = parse->options;
	const char *name = o->tls_verify ? "--tls-verify" : "--tls";

	if (o->command != COMMAND_PROBE || o->tls_on_connect ||
	    (!o->tls_verify && o->tls != TLS_MUST) || o->quit_after == STAGE_NONE ||
	    o->quit_after >= STAGE_STARTTLS)
		return true;
	return fail(parse, "%s: --quit-after %s ends before STARTTLS", name,
	    o->quit_after == STAGE_EHLO ? "first-ehlo" : stage_name(o->quit_after));
}

static bool
is_standard(const char *file)
{
	return file != NULL && strcmp(file, "-") == 0;
}

static bool
check_message(struct option_parse *parse)
{
	const struct options *options = parse->options;
	const char *files[] = {options->data.file, options->body.file, options->html.file,
	    options->input, options->auth_password_file, options->auth_token_file};
	unsigned readers = (options->auth_password_fd == 1) + (options->auth_token_fd == 1);

	if (options->attach.name != NULL)
		return fail(parse, "--attach-name: there is no --attach behind it");
	if (options->dump_mail && options->input != NULL)
		return fail(parse, "--dump-mail: not with --input: no message goes to a list");
	for (size_t i = 0; i < options->attach.count; i++)
		readers += strcmp(options->attach.items[i].file, "-") == 0;
	for (size_t i = 0; i < options->attach.body_count; i++)
		readers += is_standard(options->attach.bodies[i].content.file);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		readers += is_standard(files[i]);
	return readers < 2 || fail(parse, "standard input can be read only once (--input, --data, "
	                                  "--body, --html, --attach, --auth-...)");
}

bool
options_log_in(const struct options *o)
{
	return o->auth != 0 || o->auth_user != NULL || o->auth_password_file != NULL ||
	       o->auth_password_fd != 0 || o->auth_token_file != NULL || o->auth_token_fd != 0;
}

/* A server at a socket is the only one. */
static bool
check_socket(struct option_parse *parse)
{
	const struct options *o = parse->options;
	struct target target = {0};
	const char *why;

	if (o->socket == NULL)
		return true;
	if (o->operands.count > 0)
		target_parse(o->operands.items[0], parse->arena, &target, &why);
	if (o->server.host != NULL || target.host != NULL)
		return fail(parse, "--socket: another server is named, too");
	if (o->input != NULL || o->operands.count > 1 || o->to.count > 1)
		return fail(parse, "--socket: not with several targets");
	return o->sources.count < 2 ||
	       fail(parse, "--socket: not with several sources: it is on this host");
}

/* A test of what is one's own: it may deliver mail that nobody asked for. */
static bool
check_raw_eol(struct option_parse *parse)
{
	const struct options *o = parse->options;

	if (o->raw_eol == RAW_NONE)
		return true;
	if (!o->allow_private)
		return fail(
		    parse, "--raw-eol: only with --allow-private, for a server of your own");
	if (o->input != NULL || o->chunking)
		return fail(
		    parse, "--raw-eol: not with %s", o->chunking ? "--chunking" : "--input");
	return o->quit_after == STAGE_NONE || o->quit_after == STAGE_MESSAGE ||
	       fail(parse, "--raw-eol: --quit-after %s ends before the message",
	           stage_name(o->quit_after));
}

/* What goes with a login: a password, or a token, or neither. */
static bool
check_secrets(struct option_parse *parse)
{
	const unsigned token = 1u << MECHANISM_OAUTHBEARER | 1u << MECHANISM_XOAUTH2,
	               none = 1u << MECHANISM_EXTERNAL;
	const struct options *o = parse->options;
	bool has_password = o->auth_password_file != NULL || o->auth_password_fd != 0,
	     has_token = o->auth_token_file != NULL || o->auth_token_fd != 0;

	if (o->auth_password_file != NULL && o->auth_password_fd != 0)
		return fail(parse, "--auth-password-fd: --auth-password-file names it, too");
	if (o->auth_token_file != NULL && o->auth_token_fd != 0)
		return fail(parse, "--auth-token-fd: --auth-token-file names it, too");
	if (o->auth_user == NULL && (o->auth & ~none) != 0)
		return fail(parse, "--auth: the name is missing (--auth-user)");
	if (o->auth_user == NULL && o->auth == 0)
		return fail(parse, "a login needs a name (--auth-user)");
	if (has_token ? o->auth == 0 || (o->auth & (token | none)) != 0
	              : has_password && (o->auth == 0 || (o->auth & ~token) != 0))
		return true;
	if ((o->auth & none) != 0)
		return true;
	if (o->auth != 0 && (o->auth & ~token) == 0)
		return fail(parse, "--auth: the token is missing (--auth-token-file)");
	return has_token && has_password
	           ? true
	           : fail(parse, "--auth: the password is missing (--auth-password-file)");
}

/* To whom, and over what, a secret may go. */
static bool
check_login(struct option_parse *parse)
{
	const struct options *o = parse->options;
	struct target target = {0};
	const char *why;

	if (o->command != COMMAND_PROBE || !options_log_in(o))
		return true;
	if (o->input != NULL)
		return fail(parse, "--auth: not with --input: a login is for one target");
	if (o->operands.count > 1 || o->to.count > 1)
		return fail(parse, "--auth: not with several targets: a login is for one");
	if (o->operands.count == 1)
		target_parse(o->operands.items[0], parse->arena, &target, &why);
	if (o->server.host == NULL && o->socket == NULL && target.host == NULL)
		return fail(parse, "--auth: the server is missing (--server): a login is for one, "
		                   "and not for whoever the MX records name");
	if (o->protocol == PROTOCOL_SMTP)
		return fail(parse, "--auth: --protocol smtp has no AUTH");
	if (o->quit_after != STAGE_NONE && o->quit_after < STAGE_AUTH)
		return fail(
		    parse, "--auth: --quit-after %s ends before AUTH", stage_name(o->quit_after));
	if (o->tls == TLS_NEVER && !o->tls_on_connect && !o->auth_insecure && o->socket == NULL)
		return fail(parse, "--auth: not with --no-tls, but with --auth-insecure: others "
		                   "could read it");
	return check_secrets(parse);
}

/* What is not SMTP's has another port (RFC 8314, RFC 2033), unless one was named. */
static void
choose_port(struct option_parse *parse)
{
	struct options *options = parse->options;
	const struct option *port = find_name("port", strlen("port"), options->command);

	if (port == NULL || parse->ranks[port - option_table] != 0)
		return;
	if (options->tls_on_connect)
		options->port = SUBMISSIONS_PORT;
	else if (options->protocol == PROTOCOL_LMTP)
		options->port = LMTP_PORT;
}

static bool
check_tls(struct option_parse *parse)
{
	const struct options *options = parse->options;

	if (options->tls_key != NULL && options->tls_cert == NULL)
		return fail(parse, "--tls-key: its certificate is missing (--tls-cert)");
	if (options->tls_audit &&
	    (options->tls_choice.versions != 0 || options->tls_choice.ciphers != NULL))
		return fail(parse, "--tls-audit: it chooses by itself (no --tls-protocol, no "
		                   "--tls-cipher)");
	return !options->tls_on_connect || options->tls != TLS_NEVER ||
	       options->command != COMMAND_PROBE ||
	       fail(parse, "--tls-on-connect: --no-tls asks for the opposite");
}

static bool
check_target(struct option_parse *parse, const char *text, bool first)
{
	struct target target;
	const char *why;

	if (strcmp(text, "-") == 0)
		return fail(parse, "-: not a target (--input - reads targets from standard input)");
	if (!target_parse(text, parse->arena, &target, &why)) {
		bool word = first && *text != '\0' && !text_has_control(text) &&
		            strpbrk(text, ".@[:") == NULL;

		if (word)
			why =
			    "neither a command nor a target (a target has a dot, an '@' or a '[')";
		return fail(parse, "\"%.*s%s\": %s%s", SHOWN_MAX, text,
		    strlen(text) > SHOWN_MAX ? "..." : "", word ? "" : "not a target: ", why);
	}
	if (parse->options->to.count > 0 && target.rcpt != NULL)
		return fail(parse, "%.*s: has a recipient of its own: --to has no place here",
		    SHOWN_MAX, text);
	return true;
}

static bool
check_targets(struct option_parse *parse)
{
	const struct options *options = parse->options;

	if (options->operands.count == 0 && options->input == NULL && options->to.count == 0)
		return fail(parse, "no target (try \"mxwalk help probe\")");
	if (options->to.count > 0 && options->input != NULL)
		return fail(parse, "--to: not with --input: a list is walked without recipients");
	for (size_t i = 0; i < options->operands.count; i++)
		if (!check_target(parse, options->operands.items[i], i == 0))
			return false;
	return true;
}

static bool
is_code(const char *word)
{
	return word[0] >= '2' && word[0] <= '5' && is_digit(word[1]) && is_digit(word[2]) &&
	       word[3] == '\0';
}

/* Words that the shell took apart are one reply again: all of them when none has a blank, unless
 * each is a reply of its own ("554 550"); else a code joins what is behind it. */
static void
join_words(struct option_parse *parse)
{
	struct strings *texts = &parse->options->operands, joined = {0};
	bool apart = false, codes = true;

	for (size_t i = 0; i < texts->count; i++) {
		apart |= texts->items[i][strcspn(texts->items[i], " \t\n")] != '\0';
		codes &= is_code(texts->items[i]);
	}
	for (size_t i = 0; i < texts->count; i++) {
		bool joins = i > 0 && !codes && (!apart || is_code(texts->items[i - 1]));

		if (!joins)
			strings_add(&joined, parse->arena, texts->items[i]);
		else
			joined.items[joined.count - 1] = arena_printf(
			    parse->arena, "%s %s", joined.items[joined.count - 1], texts->items[i]);
	}
	*texts = joined;
}

/* "550", "5.7.1" */
static bool
begins_with_code(const char *at)
{
	size_t digits = strspn(at, "0123456789");

	if (*at < '2' || *at > '5')
		return false;
	return (digits == 3 && !is_alnum(at[3])) ||
	       (digits == 1 && at[1] == '.' && is_digit(at[2]));
}

/* "bounce.eml", "logs/mail.log": a word with a dot or a slash within, and no code. */
static bool
looks_like_file(const char *word)
{
	bool parted = false;

	for (const char *at = word; *at != '\0'; at++) {
		bool begins = at == word || !is_alnum(at[-1]);

		if (!is_alnum(*at) && (unsigned char)*at < 0x80 &&
		    strchr("._-/\\~+@:", *at) == NULL)
			return false;
		if (begins && begins_with_code(at))
			return false;
		parted |= *at == '/' || *at == '\\' || (*at == '.' && is_alnum(at[1]));
	}
	return parted && strstr(word, "://") == NULL;
}

/* What names a file that is not there would be read as a reply that says nothing. */
static bool
are_no_files(struct option_parse *parse)
{
	const struct strings *texts = &parse->options->operands;

	for (size_t i = 0; i < texts->count; i++)
		if (!looks_like_file(texts->items[i]))
			return true;
	return texts->count == 0 ||
	       fail(parse, "%.*s: no such file, and no reply: a file is read with --input FILE",
	           SHOWN_MAX, texts->items[0]);
}

static bool
check_texts(struct option_parse *parse)
{
	const struct strings *texts = &parse->options->operands;

	for (size_t i = 0; i < texts->count; i++) {
		const char *text = texts->items[i];

		if (strcmp(text, "-") != 0 && access(text, F_OK) == 0)
			return fail(parse, "%.*s: a file is read with --input %.*s", SHOWN_MAX,
			    text, SHOWN_MAX, text);
		if (parse->options->input != NULL)
			return fail(parse, "%.*s: --input is read, so a text is one too many",
			    SHOWN_MAX, text);
	}
	if (!are_no_files(parse))
		return false;
	join_words(parse);
	return true;
}

static bool
check_operands(struct option_parse *parse)
{
	const struct strings *operands = &parse->options->operands;
	const struct command_row *command = &commands[parse->options->command];

	if (operands->count > command->max_operands)
		return fail(parse, "%.*s: \"%s\" takes no such argument", SHOWN_MAX,
		    operands->items[command->max_operands], command->name);
	if (operands->count < command->min_operands)
		return fail(parse, "%s: needs an argument: %s", command->name, command->operands);
	return true;
}

static bool
check_files(struct option_parse *parse)
{
	const struct options *options = parse->options;
	unsigned readers = options->recipients != NULL && strcmp(options->recipients, "-") == 0;

	for (size_t i = 0; i < options->operands.count; i++)
		readers += strcmp(options->operands.items[i], "-") == 0;
	return readers < 2 || fail(parse, "standard input can be read only once");
}

static bool
check(struct option_parse *parse)
{
	enum command_id command = parse->options->command;

	if (!check_operands(parse))
		return false;
	if (command == COMMAND_PROBE && !check_targets(parse))
		return false;
	if (command == COMMAND_EXPLAIN && !check_texts(parse))
		return false;
	if (command == COMMAND_PREFLIGHT)
		return check_files(parse) && check_sources(parse) && check_signers(parse);
	if (command != COMMAND_PROBE && command != COMMAND_SELF && command != COMMAND_ISOLATE)
		return true;
	choose_port(parse);
	choose_ehlo(parse);
	return check_depth(parse) && check_message(parse) && check_tls(parse) &&
	       check_socket(parse) && check_raw_eol(parse) && check_login(parse) &&
	       check_sources(parse) && check_signers(parse);
}

bool
options_parse(struct options *options, enum command_id command, int argc, char **argv,
    const char *environment, struct arena *arena, char error[OPTIONS_ERROR])
{
	struct option_parse parse = {.options = options,
	    .arena = arena,
	    .error = error,
	    .rank = (unsigned)argc + 2,
	    .files = 1};
	bool negated;

	*options = (struct options){.command = command};
	preset(&parse);
	if (!read_arguments(&parse, argc, argv))
		return false;
	if (options->help || options->version)
		return true;
	parse.files = 0; /* below those of --config */
	if (environment != NULL && *environment != '\0' &&
	    option_find("config", 6, command, &negated) != NULL && !read_file(&parse, environment))
		return false;
	list_given(&parse);
	return check(&parse);
}

bool
command_find(const char *word, enum command_id *command)
{
	for (int i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(commands[i].name, word) != 0)
			continue;
		*command = (enum command_id)i;
		return true;
	}
	return false;
}

/* Which of the --timeout-… options a stage obeys. */
static long
stage_timeout(const struct options *options, enum stage stage)
{
	switch ((int)stage) {
	case STAGE_CONNECT:
		return options->timeout_connect;
	case STAGE_GREETING:
		return options->timeout_greeting;
	case STAGE_DATA:
		return options->timeout_data;
	case STAGE_MESSAGE:
		return options->timeout_message;
	default:
		return options->timeout_command;
	}
}

void
options_deadlines(const struct options *options, long ms[STAGE_COUNT])
{
	for (int stage = 0; stage < STAGE_COUNT; stage++) {
		long usual = 1000L * stages[stage].seconds,
		     given = stage_timeout(options, (enum stage)stage);

		ms[stage] = usual;
		if (options->timeout == TIMEOUT_RFC)
			ms[stage] = 1000L * stages[stage].rfc_seconds;
		else if (options->timeout > 0)
			ms[stage] = options->timeout;
		if (given > 0)
			ms[stage] = given;
		if (stage == STAGE_QUIT &&
		    ms[stage] > usual) /* what is said to QUIT changes nothing */
			ms[stage] = usual;
	}
}

bool
options_color(const struct options *options, int fd)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (options->color != COLOR_AUTO)
		return options->color == COLOR_ALWAYS;
	return (no_color == NULL || *no_color == '\0') &&
	       (term == NULL || strcmp(term, "dumb") != 0) && isatty(fd);
}
