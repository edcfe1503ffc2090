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
#include "command/apart.h"
#include "command/awaited.h"
#include "command/command.h"
#include "command/deadline.h"
#include "command/standard.h"
#include "options/option_table.h"
#include "options/options.h"

static int (*const run[COMMAND_COUNT])(const struct options *options) = {
    [COMMAND_PROBE] = command_probe,
    [COMMAND_SELF] = command_self,
    [COMMAND_EXPLAIN] = command_explain,
    [COMMAND_CHECK] = command_check,
    [COMMAND_REPORT] = command_report,
    [COMMAND_DIFF] = command_diff,
    [COMMAND_PREFLIGHT] = command_preflight,
    [COMMAND_ISOLATE] = command_isolate,
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

/* What is asked: the first word that is no option names the command if it is one, and is taken out
 * of the arguments; else all of them are those of probe. `mxwalk --help` is the help on everything.
 */
static enum command_id
choose(int *argc, char **argv)
{
	enum command_id command = COMMAND_PROBE;
	int word = options_first_word(*argc, argv);

	if (word < *argc && command_find(argv[word], &command)) {
		memmove(argv + word, argv + word + 1, (size_t)(*argc - word) * sizeof *argv);
		--*argc;
	} else if (strcmp(argv[0], "--version") == 0 && *argc == 1) {
		command = COMMAND_VERSION;
	} else if (strcmp(argv[0], "--help") == 0 || (strcmp(argv[0], "-h") == 0 && *argc == 1)) {
		command = COMMAND_HELP;
		memmove(argv, argv + 1, (size_t)*argc * sizeof *argv);
		--*argc;
	}
	return command;
}

static int
run_command(enum command_id command, int argc, char **argv, struct arena *arena)
{
	struct options options;
	char error[OPTIONS_ERROR];
	int status;

	if (!options_parse(&options, command, argc, argv, getenv("MXWALK_CONFIG"), arena, error)) {
		log_error("%s", error);
		return EXIT_USAGE;
	}
	log_quiet(options.quiet);
	if (options.help)
		return command_help(&options);
	if (options.version)
		return command_version(&options);
	status = files_apart(&options);
	if (status != EXIT_OK)
		return status;
	awaited_tell(&options);
	deadline_begin(&options);
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
	static const char no_memory[] = "mxwalk: out of memory\n";
	struct arena *arena;
	enum command_id command;
	int status;

	fill_standard_descriptors();
	if (!standard_open()) {
		standard_write(STDERR_FILENO, no_memory, sizeof no_memory - 1);
		return EXIT_INTERNAL;
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is one that cannot be written */
	if (argc < 2) {
		help_usage(stderr);
		return EXIT_USAGE;
	}
	arena = arena_new();
	argc--, argv++;
	command = choose(&argc, argv);
	status = finish_output(run_command(command, argc, argv, arena));
	arena_free(arena);
	return status;
}
