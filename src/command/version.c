#include "config.h"

#include "command/command.h"

int
command_version(const struct options *options)
{
	(void)options;
	printf("mxwalk %s\n", PACKAGE_VERSION);
	return EXIT_OK;
}
