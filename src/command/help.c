#include "command/command.h"

void
help_usage(FILE *out)
{
	fputs("usage: mxwalk [probe] [OPTION...] TARGET...\n", out);
	for (int i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "       mxwalk %s%s%s\n", commands[i].name, *commands[i].operands != '\0' ? " " : "", commands[i].operands);
}

int
command_help(const struct options *options)
{
	(void)options;
	help_usage(stdout);
	return EXIT_OK;
}
