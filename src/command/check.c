#include "base/log.h"
#include "command/command.h"

int
command_check(const struct options *options)
{
	log_error("%s: not built yet", commands[options->command].name);
	return EXIT_INTERNAL;
}
