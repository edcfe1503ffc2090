/* argv in, exit status out. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "command/command.h"
#include "options/option_table.h"
#include "options/options.h"

static int (*const run[COMMAND_COUNT])(const struct options *options) = {
    [COMMAND_PROBE] = command_probe,
    [COMMAND_SELF] = command_self,
    [COMMAND_EXPLAIN] = command_explain,
    [COMMAND_CHECK] = command_check,
    [COMMAND_LAB] = command_lab,
    [COMMAND_HELP] = command_help,
    [COMMAND_VERSION] = command_version,
};

/* See command.h: a closed descriptor is filled, so that no socket gets its number, and stays
 * useless, so that nobody believes that output went anywhere. */
static void
fill_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) == -1 && errno == EBADF &&
		    open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
			exit(EXIT_INTERNAL);
}

/* What the first argument means: the command, and how many arguments are used up by naming it. */
static bool
choose(const char *word, enum command_id *command, int *used)
{
	*used = 2;
	if (command_find(word, command))
		return true;
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		*command = COMMAND_HELP;
	else if (strcmp(word, "--version") == 0)
		*command = COMMAND_VERSION;
	else if (*word != '-' && strpbrk(word, ".@[") == NULL)
		return false;
	else {
		*command = COMMAND_PROBE;
		*used = 1;
	}
	return true;
}

static int
run_command(enum command_id command, int argc, char **argv, struct arena *arena)
{
	struct options options;
	char error[OPTIONS_ERROR];

	if (!options_parse(&options, command, argc, argv, getenv("MXWALK_CONFIG"), arena, error)) {
		log_error("%s", error);
		return EXIT_USAGE;
	}
	log_quiet(options.quiet);
	if (options.help)
		return command_help(&options);
	if (options.version)
		return command_version(&options);
	return run[command](&options);
}

/* Results that nobody could read are no success. */
static int
finish_output(int status)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	if (status == EXIT_WRITE)
		return status; /* said already */
	log_error("standard output: %s", errno != 0 ? strerror(errno) : "write error");
	return EXIT_WRITE;
}

int
main(int argc, char **argv)
{
	struct arena *arena;
	enum command_id command;
	int used, status;

	fill_standard_descriptors();
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2) {
		help_usage(stderr);
		return EXIT_USAGE;
	}
	if (!choose(argv[1], &command, &used)) {
		log_error(
		    "\"%s\": neither a command nor a target (a target has a dot, an '@' or a '[')",
		    argv[1]);
		return EXIT_USAGE;
	}
	arena = arena_new();
	status = finish_output(run_command(command, argc - used, argv + used, arena));
	arena_free(arena);
	return status;
}
